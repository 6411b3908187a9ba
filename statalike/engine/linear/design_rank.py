"""The rank of the fixed and random design taken together, ``rank [X, Z]``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.elimination import NodeColumns
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.stacked_matrices import groups_first, groups_last, multiply

Array = NDArray[np.float64]

# A direction counts when this part of its squared length is not explained by the columns before.
TOLERANCE = 1e-9


def design_rank(model: LinearMixedModel) -> int:
    """``rank [X, Z]``, Z holding a column for each random effect of each group.

    Levels are projected out from the inside as for the likelihood, with generalised inverses of
    the cross-products in the place of ``(D^-1 + Z'Z)^-1``.
    """
    if not model.levels:
        return int(np.linalg.matrix_rank(model.fixed)) if model.fixed_count else 0
    products = reduce_to_cross_products(model)
    nodes = NodeColumns(products)
    blocks = [block.copy() for block in products.blocks]
    lengths = [
        np.sqrt(np.diagonal(block[: len(block), : len(block)]).T) for block in products.blocks
    ]
    total = 0
    for node in range(nodes.depth, 0, -1):
        size = nodes.sizes[node]
        rank, root = _inverse_root(blocks[node][:, :size], lengths[node])
        total += rank
        reduced = multiply(root, blocks[node][:, size:])
        for above in range(node):
            blocks[above] -= nodes.to_node(above, reduced, reduced, node)
    p = products.fixed_count
    # The fixed design is orthonormal at first.
    remaining = np.linalg.eigvalsh(blocks[0][:p, :p, 0])
    return total + int(np.sum(remaining > TOLERANCE))


def _inverse_root(stack: Array, lengths: Array) -> tuple[int, Array]:
    """The sum of the ranks of what is left, (q, q, G), of columns that had the ``lengths`` (q, G),
    and J (q, q, G) with J'J generalised inverses.
    """
    size = np.where(lengths > 0.0, lengths, 1.0)
    scaled = stack / (size[:, None] * size[None, :])
    eigenvalues, vectors = np.linalg.eigh(groups_first(scaled))
    kept = eigenvalues > TOLERANCE
    weights = np.where(kept, 1.0 / np.sqrt(np.where(kept, eigenvalues, 1.0)), 0.0)
    root = groups_last(weights[:, :, None] * vectors.swapaxes(1, 2))
    return int(np.sum(kept)), root / size[None, :]
