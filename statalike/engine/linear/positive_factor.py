"""The Cholesky factor of a dense positive definite matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statalike.engine.linear.matrix_product import SMALL
from statalike.engine.linear.recursive_cholesky import inverse_from_lower, lower_factor

Array = NDArray[np.float64]


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
        if len(self.lower) <= SMALL:
            root, _ = lapack.dtrtri(self.lower, lower=1)
            return np.asarray(root.T @ root, dtype=np.float64)
        return inverse_from_lower(self.lower)


def positive_factor(matrix: Array) -> PositiveFactor | None:
    """Factor a symmetric matrix (m, m), which may be overwritten; None unless positive definite."""
    if not len(matrix):
        return PositiveFactor(matrix)
    lower = lower_factor(matrix)
    return None if lower is None else PositiveFactor(lower)
