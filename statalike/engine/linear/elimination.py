"""Random effects eliminated level by level, from the innermost outwards.

With ``V = I + sum_l Z_l D_l Z_l'`` in units of the residual variance, the likelihood depends on
the data through ``log |V|`` and ``S = T' V^-1 T``, where T holds the fixed design and the outcome
(Pinheiro and Bates 2000, chapter 2; [ME] mixed, Methods and formulas, equations 11 to 13).
Eliminating a level whose cross-products are A = Z'Z and B = Z'[outer columns], as the lower levels
left them, adds ``log |I + A D|`` and subtracts ``B' K B``, ``K = (D^-1 + A)^-1``, from the
cross-products of every level above.  D may be singular throughout.

Nodes are numbered from the outside: node 0 is T itself, node l the l-th level of groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.innermost import (
    InnermostElimination,
    InnermostLevel,
    eliminate_innermost,
    innermost_level,
)
from statalike.engine.stacked_matrices import (
    add_identity,
    log_determinant_sum,
    lower_cholesky,
    multiply,
    multiply_common,
    solve_lower,
    sum_to_parents,
)

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class UpperElimination:
    """A level at some D: ``a`` (q, q, G) and ``b`` (q, r, G) as the lower levels left them,
    ``half`` J (q, q, G) with ``K = J'J``, ``reduced`` J b (q, r, G) and the sum of
    ``log |I + A D|``.
    """

    a: Array
    b: Array
    half: Array
    reduced: Array
    log_determinant: Array


@dataclass(frozen=True)
class NestedElimination:
    """All levels eliminated: S (p + 1, p + 1), ``log |V|``, and each level's intermediate values;
    ``upper[l]`` is node l, for l from 1 to the last but one.
    """

    crossproduct: Array
    log_determinant: Array
    innermost: InnermostElimination
    upper: dict[int, UpperElimination]


class NodeColumns:
    """The nodes of a model and their columns.

    Right of a node's own columns come those of the nodes above it, nearest first, T last.
    """

    def __init__(self, products: CrossProducts) -> None:
        self.depth = len(products.levels)
        self.sizes = [products.fixed_count + 1, *(lv.effect_count for lv in products.levels)]
        groups = products.groups
        self._starts: list[list[Positions | None]] = [
            [None, *(groups.run_starts(node - 1, above - 1) for above in range(1, node))]
            for node in range(self.depth + 1)
        ]

    def outer_width(self, node: int) -> int:
        """How many columns of random effects stand right of a node's own."""
        return sum(self.sizes[1:node])

    def to_node(self, above: int, left: Array, right: Array, node: int) -> Array:
        """``sum left' right`` of a node's groups within each group of a node above.

        ``left`` and ``right`` (q, r, G) hold the columns right of the node's own; the result has
        the rows of ``above`` and its columns onward.
        """
        offset = sum(self.sizes[above + 1 : node])
        rows = slice(offset, offset + self.sizes[above] if above else None)
        return sum_to_parents(left[..., rows, :], right[..., offset:, :], self._starts[node][above])


class Nesting(NodeColumns):
    """A model's nodes with their cross-products, the innermost already factored.

    ``weights[l - 1]`` (G,) are how often the groups of node l count in the log determinant.
    """

    def __init__(self, products: CrossProducts, innermost: InnermostLevel | None = None) -> None:
        super().__init__(products)
        if innermost is None:
            innermost = innermost_level(
                products.blocks[-1],
                pool=self.depth == 1,
                weights=products.level_weights(self.depth - 1),
            )
        self.weights = [products.level_weights(level) for level in range(self.depth)]
        self.innermost: InnermostLevel = innermost
        right = self.innermost.right
        self.constant = [
            products.blocks[above] - self.to_node(above, right, right, self.depth)
            for above in range(self.depth)
        ]


def eliminate(nesting: Nesting, covariances: Sequence[Array]) -> NestedElimination:
    """Eliminate every level; ``covariances`` are the D of the levels, outermost first.

    With D of shape (..., q, q) the results have the same leading axes.
    """
    depth = nesting.depth
    inner = eliminate_innermost(nesting.innermost, covariances[-1])
    reduced = inner.reduced
    blocks = [
        nesting.constant[above] + nesting.to_node(above, reduced, reduced, depth)
        for above in range(depth)
    ]
    log_determinant = inner.log_determinant
    upper: dict[int, UpperElimination] = {}
    for node in range(depth - 1, 0, -1):
        level = eliminate_level(blocks[node], covariances[node - 1], nesting.weights[node - 1])
        log_determinant = log_determinant + level.log_determinant
        upper[node] = level
        for above in range(node):
            blocks[above] -= nesting.to_node(above, level.reduced, level.reduced, node)
    return NestedElimination(blocks[0][..., 0], log_determinant, inner, upper)


def eliminate_level(
    block: Array, covariance: Array, weights: Array | None = None
) -> UpperElimination:
    """Eliminate effects with cross-products ``[A, B]`` (q, q + r, G) and covariance D (q, q).

    ``weights`` (G,) are how often each group counts in the log determinant.
    """
    size = block.shape[-3]
    a, b = block[..., :size, :], block[..., size:, :]
    if size == 1:
        spread = covariance[..., None]
        factor = np.sqrt(1.0 + spread * a)
        half = np.sqrt(np.maximum(spread, 0.0)) / factor
        return UpperElimination(a, b, half, half * b, log_determinant_sum(factor, weights))
    root = covariance_root(covariance)
    transposed = root.swapaxes(-1, -2)
    core = multiply_common(transposed, multiply(a, root[..., None]))
    add_identity(core)
    factor = lower_cholesky(core)
    half = solve_lower(factor, np.broadcast_to(transposed[..., None], core.shape))
    return UpperElimination(a, b, half, multiply(half, b), log_determinant_sum(factor, weights))


def covariance_root(covariance: Array) -> Array:
    """A square matrix with ``root root' = D``, for D (..., q, q) positive semidefinite."""
    diagonal = np.diagonal(covariance, axis1=-2, axis2=-1)
    if np.count_nonzero(covariance) == np.count_nonzero(diagonal):
        size = np.eye(covariance.shape[-1])
        return np.asarray(size * np.sqrt(np.maximum(diagonal, 0.0))[..., None, :])
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(eigenvalues, 0.0))[..., None, :])
