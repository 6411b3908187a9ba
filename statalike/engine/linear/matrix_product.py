"""Products of dense matrices.

NumPy and SciPy come with a BLAS each, whose threads wait for more work in a loop: using both by
turns, each in the other's way, takes several times as long as either alone.  So SciPy's, which has
the factorisations, multiplies large matrices too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

Array = NDArray[np.float64]

# Where no dimension is larger, factorisations need no threads, and NumPy calls them sooner.
SMALL = 250
# Multiplications in one call, which cannot be interrupted: a tenth of a second.
MULTIPLICATIONS = 1_000_000_000


def product(left: Array, right: Array) -> Array:
    """``A B`` for matrices (i, j) and (j, k)."""
    rows, inner, columns = *left.shape, right.shape[1]
    if max(rows, inner, columns) <= SMALL or not min(rows, inner, columns):
        return np.asarray(left @ right)
    together = max(SMALL, MULTIPLICATIONS // (inner * columns))
    if together >= rows:
        return _whole_product(left, right)
    result = np.empty((rows, columns))
    for start in range(0, rows, together):
        part = slice(start, start + together)
        result[part] = _whole_product(left[part], right)
    return result


def _whole_product(left: Array, right: Array) -> Array:
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
