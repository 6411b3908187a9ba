"""Sums of squares of the terms of a linear model ([R] anova; Goodnight 1980).

The columns of all terms, one for each level of every factor, are X (n, p) of rank r, and
``X = U S V'``.  An estimable linear function of the coefficients is ``l = V c``; those of a term E
are the l that are zero outside E and the terms that contain it, and orthogonal to the functions of
the containing terms alone.  Testing that they are zero gives the partial (type III) sum of squares,
which does not depend on the order of the terms nor on how the factors are parameterised.  The
sequential (type I) sum of squares is what E adds to the terms before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RANK_TOLERANCE = 1e-10
SPACE_TOLERANCE = 1e-8


@dataclass(frozen=True)
class TermColumns:
    """The columns (n, k) of one term, and the positions of the terms that contain it."""

    columns: Array
    containing: frozenset[int]


@dataclass(frozen=True)
class SumOfSquares:
    value: float
    df: int


def partial_sums_of_squares(
    outcome: Array, constant: Array, terms: Sequence[TermColumns]
) -> list[SumOfSquares]:
    """Type III sums of squares of the terms.

    ``outcome`` (n,) and all columns are multiplied by the square roots of the weights beforehand;
    ``constant`` (n, 1), or (n, 0) for a model without.
    """
    triangle, projected, bounds = _triangle(outcome, constant, terms)
    left, values, right = np.linalg.svd(triangle)
    rank = int(np.count_nonzero(values > RANK_TOLERANCE * values[:1].sum()))
    coordinates = left[:, :rank].T @ projected
    loadings = right[:rank].T
    found: list[SumOfSquares] = []
    for number, term in enumerate(terms):
        inside = np.zeros(len(loadings), dtype=bool)
        own = slice(*bounds[number])
        inside[own] = True
        for other in term.containing:
            inside[slice(*bounds[other])] = True
        free = _null_space(loadings[~inside])
        _, size, directions = np.linalg.svd(loadings[own] @ free, full_matrices=False)
        functions = free @ directions[size > SPACE_TOLERANCE].T
        found.append(_explained(functions / values[:rank, None], coordinates))
    return found


def sequential_sums_of_squares(
    outcome: Array, constant: Array, terms: Sequence[TermColumns]
) -> list[SumOfSquares]:
    """Type I sums of squares, each term after those before it; arrays as for partial ones."""
    triangle, projected, bounds = _triangle(outcome, constant, terms)
    start = bounds[0][0] if bounds else 0
    basis, size, _ = np.linalg.svd(triangle[:, :start], full_matrices=False)
    basis = basis[:, size > 0]
    found: list[SumOfSquares] = []
    for first, last in bounds:
        block = triangle[:, first:last]
        scale = np.linalg.norm(block, axis=0)
        for _ in range(2):
            block = block - basis @ (basis.T @ block)
        block = block / np.where(scale > 0, scale, 1.0)
        added, size, _ = np.linalg.svd(block, full_matrices=False)
        added = added[:, size > SPACE_TOLERANCE]
        found.append(SumOfSquares(float(np.square(added.T @ projected).sum()), added.shape[1]))
        basis = np.column_stack((basis, added))
    return found


def _triangle(
    outcome: Array, constant: Array, terms: Sequence[TermColumns]
) -> tuple[Array, Array, list[tuple[int, int]]]:
    """R of ``[constant, terms] = Q R``, ``Q'y``, and where the columns of each term begin and end.

    Columns that do not fit beside each other in a square are padded with rows of zeros, so that R
    is (p, p) also for n < p.
    """
    columns = np.column_stack([constant, *(term.columns for term in terms)])
    count = columns.shape[1]
    if len(columns) < count:
        columns = np.vstack((columns, np.zeros((count - len(columns), count))))
        outcome = np.append(outcome, np.zeros(count - len(outcome)))
    basis, triangle = np.linalg.qr(columns)
    ends = np.cumsum([constant.shape[1], *(term.columns.shape[1] for term in terms)])
    bounds = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    return triangle, basis.T @ outcome, bounds


def _null_space(rows: Array) -> Array:
    """An orthonormal basis (r, d) of the vectors that are orthogonal to all ``rows`` (m, r)."""
    if not len(rows):
        return np.eye(rows.shape[1])
    _, size, directions = np.linalg.svd(rows)
    return directions[int(np.count_nonzero(size > SPACE_TOLERANCE)) :].T


def _explained(functions: Array, coordinates: Array) -> SumOfSquares:
    """The squared length of the projection of ``coordinates`` (r,) on the columns (r, d)."""
    if not functions.shape[1]:
        return SumOfSquares(0.0, 0)
    basis, _ = np.linalg.qr(functions / np.linalg.norm(functions, axis=0))
    return SumOfSquares(float(np.square(basis.T @ coordinates).sum()), functions.shape[1])
