"""The rank of the fixed and random design taken together, ``rank [X, Z]``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.crossed_products import reduce_crossed_model
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


def crossed_design_rank(model: CrossedEffectsModel) -> int:
    """``rank [X, Z]`` of a model with crossed random effects.

    The term with most effects is projected out unit by unit; what remains of the other columns is
    factored by Cholesky's method with pivots.
    """
    products = reduce_crossed_model(model)
    groups, size = products.own.shape[:2]
    width, p = len(products.others), products.fixed_count
    rank, k = 0, products.own
    if groups:
        lengths = np.sqrt(np.diagonal(products.own, axis1=1, axis2=2)).T
        rank, root = _inverse_root(groups_last(products.own), lengths)
        half = groups_first(root)
        k = np.matmul(half.swapaxes(1, 2), half)
    own_right = products.own_right[:, :p]
    weighted = np.matmul(k, own_right.reshape(groups, size, p)).reshape(own_right.shape)
    remaining = np.empty((width + p, width + p))
    remaining[:width, :width] = products.others - products.cells.weighted(k)
    across = products.others_right[:, :p] - products.cells.transpose_times(weighted)
    remaining[:width, width:], remaining[width:, :width] = across, across.T
    remaining[width:, width:] = products.right[:p, :p] - own_right.T @ weighted
    lengths = np.sqrt(np.append(np.diagonal(products.others), np.ones(p)))
    inverse = 1.0 / np.where(lengths > 0.0, lengths, 1.0)
    scaled = remaining * inverse * inverse[:, None]
    # The first pivot counts for the factorisation however small it is.
    if not np.max(np.diagonal(scaled), initial=0.0) > TOLERANCE:
        return rank
    return rank + int(lapack.dpstrf(scaled, tol=TOLERANCE)[2])


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
