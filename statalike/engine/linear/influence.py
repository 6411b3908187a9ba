"""Residuals and influence of single observations in linear regression.

With leverage h, residual e, residual standard deviation s, n observations and p coefficients
([R] regress postestimation, Methods and formulas; Belsley, Kuh and Welsch 1980, chapter 2):

    standardized residual   r = e / (s sqrt(1 - h))
    s without it            s_(i)^2 = (s^2 (n - p) - e^2 / (1 - h)) / (n - p - 1)
    studentized residual    t = e / (s_(i) sqrt(1 - h))
    Cook's distance         D = r^2 h / (p (1 - h))
    DFITS                   t sqrt(h / (1 - h))
    Welsch's distance       DFITS sqrt((n - 1) / (1 - h))
    COVRATIO                (s_(i)^2 / s^2)^p / (1 - h)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Influence:
    """What the diagnostics of n observations are made of; ``residuals`` and ``leverages`` (n,)."""

    residuals: Array
    leverages: Array
    residual_variance: float
    observations: float
    coefficients: int

    def standardized_residuals(self) -> Array:
        return self._over_error(self.residuals, np.full(1, self.residual_variance))

    def studentized_residuals(self) -> Array:
        return self._over_error(self.residuals, self._variance_without())

    def cooks_distances(self) -> Array:
        standardized = self.standardized_residuals()
        return np.square(standardized) * self._odds() / self.coefficients

    def dfits(self) -> Array:
        return self.studentized_residuals() * np.sqrt(self._odds())

    def welsch_distances(self) -> Array:
        return self.dfits() * np.sqrt((self.observations - 1) / (1 - self.leverages))

    def covariance_ratios(self) -> Array:
        ratio = self._variance_without() / self.residual_variance
        return np.asarray(ratio**self.coefficients / (1 - self.leverages))

    def _odds(self) -> Array:
        return self.leverages / (1 - self.leverages)

    def _over_error(self, residuals: Array, variance: Array) -> Array:
        return np.asarray(residuals / np.sqrt(variance * (1 - self.leverages)))

    def _variance_without(self) -> Array:
        freedom = self.observations - self.coefficients
        own = np.square(self.residuals) / (1 - self.leverages)
        return (self.residual_variance * freedom - own) / (freedom - 1)


def quadratic_forms(columns: Array, matrix: Array) -> Array:
    """``x' A x`` for each row x of ``columns`` (n, p)."""
    return np.asarray(np.einsum("ij,ij->i", columns @ matrix, columns))
