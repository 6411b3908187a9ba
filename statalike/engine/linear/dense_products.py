"""Products and factorisations of dense matrices.

NumPy and SciPy come with a BLAS each, whose threads wait for more work in a loop: using both by
turns, each in the other's way, takes several times as long as either alone.  So SciPy's, which has
the factorisations, multiplies large matrices too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

Array = NDArray[np.float64]

# Where no dimension is larger, factorisations need no threads, and NumPy calls them sooner.
SMALL = 250


def product(left: Array, right: Array) -> Array:
    """``A B`` for matrices (i, j) and (j, k)."""
    if max(*left.shape, right.shape[1]) <= SMALL or not min(*left.shape, right.shape[1]):
        return np.asarray(left @ right)
    # (A B)' = B'A', since the transpose of an array in C order is in Fortran's.
    first, first_turned = _fortran(right)
    second, second_turned = _fortran(left)
    turned = blas.dgemm(1.0, first, second, trans_a=not first_turned, trans_b=not second_turned)
    return np.asarray(turned).T


def _fortran(matrix: Array) -> tuple[Array, bool]:
    """The matrix or its transpose in Fortran order, and whether it is the transpose."""
    if matrix.flags.f_contiguous and not matrix.flags.c_contiguous:
        return matrix, False
    return np.ascontiguousarray(matrix).T, True


@dataclass(frozen=True)
class PositiveFactor:
    """The lower Cholesky factor of a positive definite matrix (m, m)."""

    lower: Array

    @property
    def log_determinant(self) -> float:
        return 2.0 * float(np.sum(np.log(np.diagonal(self.lower))))

    def solve(self, right: Array) -> Array:
        """``A^-1 B``."""
        if not len(self.lower):
            return right
        solution, _ = lapack.dpotrs(self.lower, right, lower=1)
        return np.asarray(solution, dtype=np.float64)

    def inverse(self) -> Array:
        """``A^-1``, symmetric to the last bit."""
        if not len(self.lower):
            return self.lower
        inverse, _ = lapack.dpotri(self.lower, lower=1)
        # Only one triangle is computed; the other holds zeros.
        diagonal = np.diagonal(inverse).copy()
        inverse += inverse.T
        np.fill_diagonal(inverse, diagonal)
        return np.asarray(inverse.T, dtype=np.float64)


def positive_factor(matrix: Array) -> PositiveFactor | None:
    """Factor a symmetric matrix (m, m), which may be overwritten; None unless positive definite."""
    if not len(matrix):
        return PositiveFactor(matrix)
    lower, failed = lapack.dpotrf(matrix.T, lower=1, clean=1, overwrite_a=1)
    return None if failed else PositiveFactor(np.asarray(lower, dtype=np.float64))
