"""Which columns of a design matrix are linearly dependent on earlier ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEPENDENT = 1e-13
DOUBTFUL = 1e-6
CONSTANT = 1e-26
CLEAR = 1e-4


def independent_columns(columns: Array, constant: bool = True) -> NDArray[np.bool_]:
    """Mask (p,) of the columns of an (n, p) matrix to keep, in their order.

    A column is dropped when the part of it orthogonal to the columns kept before it has a squared
    length below 1e-13 of its own (measured about its mean when the model has a ``constant``
    besides these columns, which is always kept, so that a column without variation goes).
    Decisions come from the cross-products; a pivot that they cannot settle is computed again from
    the observations by twice-repeated Gram-Schmidt.
    """
    observations, count = columns.shape
    keep = np.zeros(count, dtype=bool)
    if not count or not observations:
        return keep
    columns = np.asfortranarray(columns, dtype=np.float64)
    if _clearly_independent(columns, constant):
        return ~keep
    # A common scale first, so that squares neither overflow nor vanish.
    largest = np.max(np.abs(columns), axis=0)
    scale = np.where(largest > 0.0, largest, 1.0)
    centre = np.mean(columns, axis=0) if constant else np.zeros(count)
    residual = (columns - centre) / scale
    squares = np.einsum("ij,ij->j", residual, residual)
    raw = squares + observations * (centre / scale) ** 2
    varying = squares > (CONSTANT * raw if constant else 0.0)
    norms = np.sqrt(np.where(varying, squares, 1.0))
    gram = (residual.T @ residual) / norms[:, None] / norms[None, :]
    orthonormal: list[Array] | None = None
    rows: list[Array] = []
    swept = gram.copy()
    for j in range(count):
        if not varying[j]:
            continue
        pivot = float(swept[j, j])
        if pivot < DOUBTFUL:
            if orthonormal is None:
                orthonormal = _orthonormalise(residual[:, keep])
            remainder = residual[:, j] / norms[j]
            for _ in range(2):
                for direction in orthonormal:
                    remainder = remainder - (direction @ remainder) * direction
            pivot = float(remainder @ remainder)
            if pivot < DEPENDENT:
                continue
            orthonormal.append(remainder / np.sqrt(pivot))
            row = (gram[j] - sum((r[j] * r for r in rows), np.zeros(count))) / np.sqrt(pivot)
        else:
            row = swept[j] / np.sqrt(pivot)
            if orthonormal is not None:
                orthonormal = None
        keep[j] = True
        rows.append(row)
        swept = swept - np.outer(row, row)
    return keep


def _clearly_independent(columns: Array, constant: bool) -> bool:
    """Whether plain cross-products show, with digits to spare, that no column is dependent."""
    observations = len(columns)
    with np.errstate(over="ignore", invalid="ignore"):
        gram = columns.T @ columns
        squares = np.diagonal(gram).copy()
        if constant:
            sums = np.sum(columns, axis=0)
            gram = gram - np.outer(sums, sums) / observations
        left = np.diagonal(gram)
        usable = np.isfinite(gram).all() and np.all((squares > 1e-200) & (left > CLEAR * squares))
    if not usable:
        return False
    size = np.sqrt(left)
    return bool(np.linalg.eigvalsh(gram / np.outer(size, size))[0] > CLEAR)


def _orthonormalise(columns: Array) -> list[Array]:
    directions: list[Array] = []
    for column in columns.T:
        remainder = column / np.sqrt(column @ column)
        for _ in range(2):
            for direction in directions:
                remainder = remainder - (direction @ remainder) * direction
        directions.append(remainder / np.sqrt(remainder @ remainder))
    return directions
