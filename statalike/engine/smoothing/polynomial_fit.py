"""A polynomial through points, with the limits of its confidence ([R] regress, [R] predict)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class FittedCurve:
    """Values of a fitted polynomial and their standard errors at given points, each (m,).

    ``mean_error`` is the standard error of the fitted mean, ``forecast_error`` that of a new
    observation; ``degrees`` are the residual degrees of freedom.
    """

    fitted: np.ndarray
    mean_error: np.ndarray
    forecast_error: np.ndarray
    degrees: int

    def limits(self, level: float, *, forecast: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Limits of the confidence interval of ``level`` percent, with Student's t."""
        errors = self.forecast_error if forecast else self.mean_error
        reach = special.stdtrit(self.degrees, 0.5 + level / 200) * errors
        return self.fitted - reach, self.fitted + reach


def fit_polynomial(
    y: np.ndarray,
    x: np.ndarray,
    points: np.ndarray,
    degree: int,
    weights: np.ndarray | None = None,
) -> FittedCurve:
    """Least squares of ``y`` (n,) on 1, x, …, x^degree, evaluated at ``points`` (m,).

    ``weights`` (n,) are analytic: scaled to sum to n.  Terms that add nothing (x constant) are
    left out, as by a pivoted regression.  With fewer observations than terms the residual
    variance, and so the errors, are not defined (nan).
    """
    n = len(y)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    centre = (w * x).sum() / w.sum()
    scale = np.abs(x - centre).max() or 1.0
    design = np.vander((x - centre) / scale, degree + 1, increasing=True)
    at = np.vander((points - centre) / scale, degree + 1, increasing=True)
    cross = design.T @ (w[:, None] * design)
    inverse = np.linalg.pinv(cross, rcond=1e-12, hermitian=True)
    coefficients = inverse @ (design.T @ (w * y))
    rank = int(np.linalg.matrix_rank(cross, tol=1e-12 * np.abs(cross).max(), hermitian=True))
    residuals = y - design @ coefficients
    degrees = n - rank
    variance = float((w * residuals**2).sum()) / degrees if degrees > 0 else np.nan
    leverage = np.einsum("ij,jk,ik->i", at, inverse, at)
    return FittedCurve(
        at @ coefficients,
        np.sqrt(variance * leverage),
        np.sqrt(variance * (1 + leverage)),
        degrees,
    )
