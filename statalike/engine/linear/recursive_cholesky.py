"""Factorisation and inversion of large positive definite matrices by halves.

A call of LAPACK for a matrix of some thousand rows lasts for seconds, in which nothing can
interrupt it.  Halved again and again, the work consists of products of matrices and of LAPACK calls
for small ones (Golub and Van Loan 2013, Matrix Computations, section 4.2.7).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statalike.engine.linear.matrix_product import product

Array = NDArray[np.float64]

# Rows up to which LAPACK takes a matrix as a whole: about a quarter of a second.
WHOLE = 2_500
# Right-hand sides that are solved for together.
TOGETHER = 256


def lower_factor(matrix: Array) -> Array | None:
    """L (m, m), lower triangular in Fortran order, with ``A = L L'``; None unless A is positive
    definite.

    A is symmetric in C order, and may be overwritten.
    """
    count = len(matrix)
    if count <= WHOLE:
        lower, failed = lapack.dpotrf(matrix.T, lower=1, clean=1, overwrite_a=1)
        return None if failed else np.asarray(lower, dtype=np.float64)
    half = count // 2
    first = lower_factor(np.ascontiguousarray(matrix[:half, :half]))
    if first is None:
        return None
    result = np.zeros((count, count), order="F")
    result[:half, :half] = first
    across = matrix[:half, half:]
    for start in range(0, count - half, TOGETHER):
        columns = slice(start, start + TOGETHER)
        solved, _ = lapack.dtrtrs(first, across[:, columns], lower=1)
        result[half:, :half][columns] = solved.T
    below = result[half:, :half]
    second = lower_factor(np.ascontiguousarray(matrix[half:, half:] - product(below, below.T)))
    if second is None:
        return None
    result[half:, half:] = second
    return result


def inverse_from_lower(lower: Array) -> Array:
    """``(L L')^-1`` (m, m) of a lower triangular L in Fortran order, symmetric to the last bit."""
    if len(lower) <= WHOLE:
        inverse, _ = lapack.dpotri(lower, lower=1)
        return _symmetric(np.asarray(inverse, dtype=np.float64))
    return _gram(_inverse_of_lower(lower))


def _inverse_of_lower(lower: Array) -> Array:
    count = len(lower)
    if count <= WHOLE:
        inverse, _ = lapack.dtrtri(np.asfortranarray(lower), lower=1)
        return np.asarray(inverse, dtype=np.float64)
    half = count // 2
    result = np.zeros((count, count), order="F")
    first = _inverse_of_lower(lower[:half, :half])
    second = _inverse_of_lower(lower[half:, half:])
    result[:half, :half], result[half:, half:] = first, second
    result[half:, :half] = -product(second, product(lower[half:, :half], first))
    return result


def _gram(lower: Array) -> Array:
    """``X' X`` of a lower triangular X, leaving the products with its zeros aside."""
    count = len(lower)
    if count <= WHOLE:
        gram, _ = lapack.dlauum(np.asfortranarray(lower), lower=1)
        return _symmetric(np.asarray(gram, dtype=np.float64))
    half = count // 2
    below, second = lower[half:, :half], lower[half:, half:]
    result = np.empty((count, count))
    result[:half, :half] = _gram(lower[:half, :half]) + product(below.T, below)
    result[half:, :half] = product(second.T, below)
    result[:half, half:] = result[half:, :half].T
    result[half:, half:] = _gram(second)
    return result


def _symmetric(lower: Array) -> Array:
    """A symmetric matrix, in C order, in the place of its lower triangle; zeros are above that."""
    diagonal = np.diagonal(lower).copy()
    lower += lower.T
    np.fill_diagonal(lower, diagonal)
    return lower.T
