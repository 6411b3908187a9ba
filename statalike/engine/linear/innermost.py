"""The innermost random effects: their cross-products factored once and, where possible, pooled.

With ``A = R'R`` and ``B = R' b`` for each group, the elimination of effects with covariance D (in
units of the residual variance) is ``C = I + R D R'`` and adds ``log |C|`` to the log determinant;
the cross-products of the columns to the right become ``(T'T - b'b) + b' C^-1 b``, whose first part
never changes.  Nothing is subtracted, D may be singular, and so may A.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.stacked_matrices import (
    SMALL,
    add_identity,
    groups_first,
    groups_last,
    log_determinant_sum,
    lower_cholesky,
    lower_inverse,
    multiply_common,
    semidefinite_root,
    solve_lower,
    solve_root_transpose,
)

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

RANK_TOLERANCE = 1e-13

# Blocks of groups keep the arrays of a pass within the processor's cache.
BLOCK_ENTRIES = 40_000


@dataclass(frozen=True)
class InnermostLevel:
    """``root`` R (q, q, U) for U distinct designs, ``multiplicity`` (U,) groups of each, or their
    weight (None: one); ``right`` b (q, r, G) for G groups or pooled groups, whose design is
    ``pattern`` (G,) (None: each its own).
    """

    root: Array
    right: Array
    multiplicity: Array | None = None
    pattern: Positions | None = None

    def expand(self, stack: Array) -> Array:
        """A stack over designs as a stack over (pooled) groups."""
        return stack if self.pattern is None else stack[..., self.pattern]


@dataclass(frozen=True)
class InnermostElimination:
    """What derivatives need of the innermost elimination at some D.

    ``factor`` L (q, q, U), ``C = L L'``; ``reduced`` E = L^-1 b (q, r, G); ``log_determinant`` is
    the sum of ``log |C|`` over groups.
    """

    factor: Array
    reduced: Array
    log_determinant: Array


def innermost_level(products: Array, pool: bool, weights: Array | None = None) -> InnermostLevel:
    """Factor ``products`` (q, q + r, G), the matrices ``[A, B]``.

    With ``pool``, groups with an identical A are pooled: they enter only through the sum of the
    outer products of their b, so that more than q r of them are replaced by q r groups with the
    same sum, from an orthogonal-triangular decomposition.  ``weights`` (G,) are how often each
    group counts in the log determinant.
    """
    size = len(products)
    left, right = products[:, :size], products[:, size:]
    designs = _distinct_designs(left) if pool else None
    capacity = size * right.shape[1]
    if designs is None or not np.any(designs[2] > capacity):
        root, inverses = semidefinite_root(left, RANK_TOLERANCE)
        return InnermostLevel(root, solve_root_transpose(root, inverses, right), weights)
    first, pattern, counts = designs
    roots, inverses = semidefinite_root(left[:, :, first], RANK_TOLERANCE)
    order = np.argsort(pattern, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(counts)])
    pieces: list[Array] = []
    owners: list[Positions] = []
    for u in np.flatnonzero(counts > capacity):
        block = right if len(counts) == 1 else right[:, :, order[bounds[u] : bounds[u + 1]]]
        solved = solve_root_transpose(roots[:, :, u : u + 1], inverses[:, u : u + 1], block)
        triangle: Array = np.asarray(np.linalg.qr(solved.reshape(capacity, -1).T, mode="r"))
        pieces.append(triangle.T.reshape(size, right.shape[1], -1))
        owners.append(np.full(pieces[-1].shape[2], u))
    few = counts <= capacity
    if np.any(few):
        members = order[np.repeat(few, counts)]
        owner = pattern[members]
        block = right[:, :, members]
        pieces.append(solve_root_transpose(roots[:, :, owner], inverses[:, owner], block))
        owners.append(owner)
    multiplicity = counts.astype(np.float64)
    if weights is not None:
        multiplicity = np.bincount(pattern, weights, minlength=len(counts)).astype(np.float64)
    return InnermostLevel(
        roots, np.concatenate(pieces, axis=2), multiplicity, np.concatenate(owners)
    )


def _distinct_designs(left: Array) -> tuple[Positions, Positions, Positions] | None:
    """First group with each distinct A, the design of each group, and groups of each design.

    None when designs hardly repeat, as with a covariate that varies continuously.
    """
    size, groups = len(left), left.shape[2]
    last = left[size - 1, size - 1]
    sample = last[: min(groups, 256)]
    if groups > 16 and len(np.unique(sample)) > 0.9 * len(sample):
        return None
    rows, columns = np.triu_indices(size)
    if bool(np.all(left == left[:, :, :1])):
        everywhere = np.zeros(groups, dtype=np.intp)
        return np.zeros(1, dtype=np.intp), everywhere, np.array([groups])
    if size == 1:
        keys: NDArray[np.void] | Array = last
    else:
        entries = np.ascontiguousarray(left[rows, columns].T)
        keys = entries.view(np.dtype((np.void, entries.dtype.itemsize * entries.shape[1])))[:, 0]
    _, first, pattern, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    return first, pattern, counts


def eliminate_innermost(level: InnermostLevel, covariance: Array) -> InnermostElimination:
    """Eliminate the innermost effects with covariance D (..., q, q)."""
    factor = _core_factor(level.root, covariance)
    reduced = solve_lower(level.expand(factor), level.right)
    return InnermostElimination(factor, reduced, log_determinant_sum(factor, level.multiplicity))


def _core_factor(root: Array, covariance: Array) -> Array:
    """The lower Cholesky factor of ``I + R D R'`` for each group."""
    if len(root) == 1:
        return np.asarray(np.sqrt(1.0 + covariance[..., None] * (root * root)))
    return lower_cholesky(_core(root, covariance))


def _core(root: Array, covariance: Array) -> Array:
    """``I + R D R'`` for each group; only the lower triangle when R is small."""
    size = len(root)
    if size > SMALL:
        rows = groups_first(root)
        core = groups_last(rows @ covariance[..., None, :, :] @ rows.swapaxes(1, 2))
        add_identity(core)
        return core
    turned = multiply_common(covariance, root.swapaxes(0, 1))
    core = np.empty((*covariance.shape[:-2], *root.shape))
    for a in range(size):
        for b in range(a + 1):
            # Row a of R begins at column a.
            entry = np.multiply(turned[..., a, b, :], root[a, a], out=core[..., a, b, :])
            for c in range(a + 1, size):
                entry += turned[..., c, b, :] * root[a, c]
        core[..., a, a, :] += 1.0
    return core


def eliminated_crossproducts(level: InnermostLevel, covariances: Array) -> tuple[Array, Array]:
    """``sum log |C|`` (m,) and ``sum b' C^-1 b`` (m, r, r) for m covariances (m, q, q).

    Runs over blocks of groups: the outer products of the rows of b are formed once for all
    covariances, so that each costs no more than a weighted sum of them, a matrix product.
    """
    size, width, groups = level.right.shape
    points = len(covariances)
    log_determinants = np.zeros(points)
    total = np.zeros((points, width * width))
    entries = max(width * width, points * size * size)
    step = groups if level.pattern is not None else max(64, BLOCK_ENTRIES // entries)
    for start in range(0, groups, step):
        block = slice(start, start + step)
        root, multiplicity = level.root, level.multiplicity
        if level.pattern is None:
            root = root[:, :, block]
            multiplicity = None if multiplicity is None else multiplicity[block]
        factor = _core_factor(root, covariances)
        log_determinants += log_determinant_sum(factor, multiplicity)
        inverse = lower_inverse(factor)
        right = level.right[:, :, block]
        for a in range(size):
            for b in range(a + 1):
                weights = inverse[:, a, a] * inverse[:, a, b]
                for k in range(a + 1, size):
                    weights += inverse[:, k, a] * inverse[:, k, b]
                outer = right[a, :, None] * right[b, None]
                if a != b:
                    outer += outer.swapaxes(0, 1)
                total += level.expand(weights) @ outer.reshape(width * width, -1).T
    return log_determinants, total.reshape(points, width, width)
