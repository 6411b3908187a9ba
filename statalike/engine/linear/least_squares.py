"""Weighted least squares from an orthogonal decomposition ([R] regress, Methods and formulas).

With weights w the estimates minimise ``sum w (y - X b)^2``:

    b = (X'WX)^-1 X'Wy,        Var(b) = s^2 (X'WX)^-1,        s^2 = sum w e^2 / (N - p).

``W^(1/2) X = Q R`` is found by Householder reflections and never squared, and the coefficients are
corrected once by the projection of the residual, so that the digits lost are those of the
condition number of X and not of its square (Golub and Van Loan 2013, section 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from statalike.engine.errors import EstimationError

Array = NDArray[np.float64]

#: residuals below this part of the outcome's size are rounding
NO_RESIDUAL = 1e-14


@dataclass(frozen=True)
class LeastSquaresFit:
    """Least squares of n observations on p columns.

    ``coefficients`` (p,); ``unscaled_covariance`` (p, p) is ``(X'WX)^-1``; ``residuals`` (n,) are
    ``y - X b``; ``leverages`` (n,) the diagonal of ``W^(1/2) X (X'WX)^-1 X' W^(1/2)``;
    ``residual_ss`` and ``total_ss`` are weighted sums of squares, the latter about the weighted
    mean when the columns contain the constant.
    """

    coefficients: Array
    unscaled_covariance: Array
    residuals: Array
    leverages: Array
    residual_ss: float
    total_ss: float


def fit_least_squares(
    outcome: Array, columns: Array, weights: Array | None = None, *, centred: bool = True
) -> LeastSquaresFit:
    """The fit of ``outcome`` (n,) on linearly independent ``columns`` (n, p), p at most n.

    ``weights`` (n,) are positive; ``centred`` measures the total about the mean.  Sums of squares
    that are rounding alone are zero: the fit is perfect, or the outcome constant.  Raises
    :class:`EstimationError` for values that are not finite and for dependent columns.
    """
    observations, count = columns.shape
    if not (np.isfinite(outcome).all() and np.isfinite(columns).all()):
        raise EstimationError("not_finite", "the data contain values that are not finite")
    w = np.ones(observations) if weights is None else weights
    centre = float(w @ outcome) / float(np.sum(w)) if centred else 0.0
    rounding = NO_RESIDUAL**2 * max(count, 1) * float(w @ np.square(outcome))
    total = float(w @ np.square(outcome - centre))
    total = total if total > rounding else 0.0
    if not count:
        everything = float(w @ np.square(outcome))
        none = np.zeros((0, 0))
        return LeastSquaresFit(
            np.zeros(0), none, outcome.copy(), np.zeros(observations), everything, total
        )
    root = np.sqrt(w)
    largest = np.max(np.abs(columns), axis=0)
    scale = np.where(largest > 0, largest, 1.0)
    scaled = columns / scale
    basis, triangle = np.linalg.qr(scaled * root[:, None])
    size = np.abs(np.diagonal(triangle))
    if np.any(size <= 1e-15 * np.linalg.norm(triangle, axis=0)):
        raise EstimationError("collinear_fixed_effects", "the columns are linearly dependent")
    coefficients = np.zeros(count)
    residuals = outcome.astype(np.float64, copy=True)
    for _ in range(2):
        step = solve_triangular(triangle, basis.T @ (root * residuals))
        coefficients = coefficients + step
        residuals = outcome - scaled @ coefficients
    residual_ss = float(w @ np.square(residuals))
    if residual_ss <= rounding:
        residuals, residual_ss = np.zeros(observations), 0.0
    inverse = solve_triangular(triangle, np.eye(count)) / scale[:, None]
    return LeastSquaresFit(
        coefficients / scale,
        np.asarray(inverse @ inverse.T),
        residuals,
        np.minimum(np.einsum("ij,ij->i", basis, basis), 1.0),
        residual_ss,
        total,
    )


def log_likelihood(residual_ss: float, weights: Array | None, observations: float) -> float:
    """The normal log likelihood at the maximum,

        (sum ln w - N (ln 2 pi + 1 - ln N + ln sum w e^2)) / 2,

    with the weights of analytic weighting, none for frequency weights that only count; nan for a
    perfect fit.
    """
    if not residual_ss > 0 or not observations > 0:
        return float("nan")
    own = 0.0 if weights is None else float(np.sum(np.log(weights)))
    constant = np.log(2 * np.pi) + 1 - np.log(observations)
    return float(0.5 * (own - observations * (constant + np.log(residual_ss))))
