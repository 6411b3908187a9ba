"""The fixed-effects design made orthonormal, and the outcome's least-squares residual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError

Array = NDArray[np.float64]

WELL_CONDITIONED = 1e5
SINGULAR = 1e-14
NO_VARIATION = 1e-13


@dataclass(frozen=True)
class FixedDesign:
    """``X = W R`` with R (p, p) upper triangular and ``W R_w^-1`` orthonormal.

    ``rows`` (p, n) are the columns of W, contiguous; ``within`` (p, p) is R_w, upper triangular,
    so that ``Q = W R_w^-1`` is the orthonormal basis; for a well-conditioned X, W is X itself and
    the observations are never transformed.  ``factor`` (p, p) has ``X = Q factor``.
    ``least_squares`` (p,) are the coefficients on X, ``residual`` (n,) is ``y - X b``.
    """

    rows: Array
    within: Array
    factor: Array
    least_squares: Array
    residual: Array

    @property
    def log_determinant(self) -> float:
        """``log |X'X|``."""
        return 2.0 * float(np.sum(np.log(np.abs(np.diagonal(self.factor)))))

    def original_coefficients(self, orthonormal: Array) -> Array:
        """Coefficients on X of the whole outcome from those of the residual on Q."""
        return self.least_squares + np.linalg.solve(self.factor, orthonormal)

    def original_covariance(self, orthonormal: Array) -> Array:
        """``factor^-1 V factor^-T``."""
        inverse = np.linalg.inv(self.factor)
        return np.asarray(inverse @ orthonormal @ inverse.T)


def orthonormalise(outcome: Array, fixed: Array) -> FixedDesign:
    """Decompose the fixed design and take the outcome's residual.

    Cross-products suffice when the columns, scaled to unit length, have a condition number whose
    square is below 1e5; otherwise the observations are decomposed by Householder reflections.
    Raises :class:`EstimationError` for non-finite values, dependent columns, p >= n, and an
    outcome that is a linear combination of the columns but for rounding.
    """
    observations, count = fixed.shape
    if observations <= count:
        raise EstimationError(
            "insufficient_observations", f"{observations} observations for {count} coefficients"
        )
    columns = np.asfortranarray(fixed, dtype=np.float64)
    outcome = np.ascontiguousarray(outcome, dtype=np.float64)
    rows = columns.T
    if not count:
        empty = np.zeros((0, 0))
        _require_finite(outcome)
        _require_variation(outcome, outcome)
        return FixedDesign(rows, empty, empty, np.zeros(0), outcome)
    gram = rows @ rows.T
    squares = np.diagonal(gram)
    if not np.all(np.isfinite(squares)):
        _require_finite(columns)
    ordinary = np.all((squares > 1e-200) & (squares < 1e200))
    scale = np.sqrt(np.where(squares > 0.0, squares, 1.0))
    if ordinary:
        eigenvalues = np.linalg.eigvalsh(gram / np.outer(scale, scale))
    if ordinary and eigenvalues[0] * WELL_CONDITIONED > eigenvalues[-1]:
        factor = np.linalg.cholesky(gram / np.outer(scale, scale)).T * scale
        coefficients = np.asarray(
            np.linalg.solve(gram / scale[:, None], (rows @ outcome) / scale), dtype=np.float64
        )
        residual = outcome - columns @ coefficients
        within, working = factor, rows
    else:
        largest = np.max(np.abs(columns), axis=0)
        if not np.all(largest > 0.0):
            raise EstimationError("collinear_fixed_effects", "a fixed-effects column is zero")
        basis, triangle = np.linalg.qr(columns / largest)
        size = np.abs(np.diagonal(triangle))
        if np.any(size < SINGULAR**0.5 * 1e-3 * np.linalg.norm(triangle, axis=0)):
            raise EstimationError(
                "collinear_fixed_effects", "the fixed-effects columns are linearly dependent"
            )
        factor = triangle * largest
        working = np.ascontiguousarray(basis.T)
        first = working @ outcome
        residual = outcome - basis @ first
        second = working @ residual
        residual = residual - basis @ second
        coefficients = np.asarray(np.linalg.solve(factor, first + second), dtype=np.float64)
        within = np.eye(count)
    if not np.all(np.isfinite(coefficients)):
        _require_finite(outcome)
    _require_variation(outcome, residual)
    return FixedDesign(working, within, factor, coefficients, residual)


def _require_variation(outcome: Array, residual: Array) -> None:
    whole, left = float(outcome @ outcome), float(residual @ residual)
    if not left > NO_VARIATION**2 * whole and np.isfinite(whole):
        raise EstimationError("no_residual_variation", "the outcome has no residual variation")


def _require_finite(values: Array) -> None:
    if not np.all(np.isfinite(values)):
        raise EstimationError("not_finite", "the data contain values that are not finite")
