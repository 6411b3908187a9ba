"""The negative Hessian of the random effects of a block, eliminated level by level.

Groups of one level that do not contain each other are independent given those above, so that the
Hessian has a block for each group of each level; groups are eliminated from the inside ([ME]
meglm, Methods and formulas, Laplacian approximation; Pinheiro and Chao 2006, Journal of
Computational and Graphical Statistics 15: 58-81).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.sorted_model import Block
from statalike.engine.stacked_matrices import (
    SMALL,
    add_identity,
    groups_first,
    groups_last,
    lower_cholesky,
    lower_inverse,
    multiply,
    transpose_multiply,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BlockElimination:
    """A Hessian with pivots P and, in the rows of level l, couplings C with the levels above.

    ``roots[l]`` (q_l, q_l, G_l) are lower triangular F with ``F F' = P^-1``, ``halves[l]``
    (q_l, Q_(l-1), G_l) are ``F'C``.
    """

    block: Block
    roots: list[Array]
    halves: list[Array]

    def solve(self, right: list[Array]) -> list[Array]:
        """Solutions x_l (q_l, k, G_l) of ``A x = right``, given by level in the same shapes."""
        levels = len(right)
        reduced: list[Array] = []
        carried: Array | None = None
        for level in reversed(range(levels)):
            own = right[level]
            if carried is not None:
                above = carried.shape[0] - own.shape[0]
                own = own + carried[above:]
                carried = carried[:above]
            scaled = transpose_multiply(self.roots[level], own)
            reduced.append(scaled)
            if level:
                sent = transpose_multiply(self.halves[level], scaled)
                total = -sent if carried is None else carried - sent
                carried = self.block.sums(level - 1, total)
        reduced.reverse()
        solved: list[Array] = []
        chain: Array | None = None
        for level in range(levels):
            own = reduced[level]
            if chain is not None:
                chain = np.repeat(chain, self.block.member_counts[level - 1], axis=-1)
                own = own - multiply(self.halves[level], chain)
            found = multiply(self.roots[level], own)
            solved.append(found)
            chain = found if chain is None else np.concatenate([chain, found])
        return solved

    def loadings(self) -> list[Array]:
        """Rows of the inverse's lower triangular Cholesky factor by level: (q_l, Q_l, G_l)."""
        found: list[Array] = []
        chain: Array | None = None
        for level, root in enumerate(self.roots):
            rows = root
            if chain is not None:
                chain = np.repeat(chain, self.block.member_counts[level - 1], axis=-1)
                upper = multiply(root, multiply(self.halves[level], chain))
                rows = np.concatenate([-upper, root], axis=1)
            found.append(rows)
            chain = extended_chain(chain, rows)
        return found

    def half_log_determinant(self) -> float:
        """``log |A| / 2``."""
        total = 0.0
        for root in self.roots:
            diagonal = np.arange(root.shape[0])
            total -= float(np.sum(np.log(root[diagonal, diagonal])))
        return total


def extended_chain(chain: Array | None, rows: Array) -> Array:
    """The Cholesky factor (Q, Q, G) with the rows (q, Q, G) of one level more."""
    if chain is None:
        return rows
    above, total = chain.shape[0], rows.shape[1]
    wider = np.zeros((total, total, rows.shape[2]))
    wider[:above, :above] = chain
    wider[above:] = rows
    return wider


def eliminate(
    block: Block, negative_hessian: Array, effect_counts: tuple[int, ...]
) -> BlockElimination:
    """Eliminate ``I - sum_i l''_i a_i a_i'`` of sums by innermost group, (Q, Q, G).

    Raises ``LinAlgError`` where it is not positive definite.
    """
    remaining = negative_hessian
    roots: list[Array] = []
    halves: list[Array] = []
    for level in reversed(range(len(effect_counts))):
        above = remaining.shape[0] - effect_counts[level]
        pivot = remaining[above:, above:].copy()
        add_identity(pivot)
        root = inverse_root(pivot)
        half = transpose_multiply(root, remaining[above:, :above])
        roots.append(root)
        halves.append(half)
        if level:
            schur = remaining[:above, :above] - transpose_multiply(half, half)
            remaining = block.sums(level - 1, schur)
    return BlockElimination(block, roots[::-1], halves[::-1])


def inverse_root(stack: Array) -> Array:
    """Lower triangular F (q, q, G) with ``F F'`` the inverses of positive definite matrices.

    With the rows and columns in reverse order, ``P = K K'`` has ``K^-T`` in that order as F.
    Raises ``LinAlgError`` where a matrix is not positive definite.
    """
    size = stack.shape[0]
    turned = stack[::-1, ::-1]
    if size > SMALL:
        factor = np.linalg.cholesky(groups_first(turned))
        inverse = groups_last(np.asarray(np.linalg.inv(factor), dtype=np.float64))
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            inverse = lower_inverse(lower_cholesky(turned))
    diagonal = np.arange(size)
    if not np.all(np.isfinite(inverse[diagonal, diagonal])):
        raise np.linalg.LinAlgError("not positive definite")
    for i in range(size):
        inverse[i, i + 1 :] = 0.0
    return np.ascontiguousarray(inverse[::-1, ::-1].swapaxes(0, 1))
