"""Outcomes with a normal distribution, with an identity or a log link."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.links import IDENTITY, LOG
from statalike.engine.families.normal_tails import LOG_ROOT_TWO_PI
from statalike.engine.families.working_regression import (
    WorkingRegression,
    halfway_to_mean,
    log_link_regression,
)

# Beyond this the square of exp(eta) would overflow.
_LARGEST_ETA = 300.0


class Gaussian(GeneralizedLinearFamily):
    """Mean eta and variance sigma^2; own parameter log sigma."""

    link = IDENTITY

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("lnsigma",)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        value = self._standardised(outcome[0], self._mean(eta), quantities[0])
        np.square(value, out=value)
        value *= -0.5
        value -= quantities[0] + LOG_ROOT_TWO_PI
        return value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        z = self._standardised(outcome[0], eta, quantities[0])
        precision = np.exp(-quantities[0])
        square = z * z
        value = -0.5 * square
        value -= quantities[0] + LOG_ROOT_TWO_PI
        z *= precision
        curvature = np.broadcast_to(-np.square(precision), eta.shape).copy()
        second = {(0, 0): curvature, (0, 1): -2.0 * z, (1, 1): -2.0 * square}
        square -= 1.0
        return Derivatives(value, (z, square), second)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        found = self.derivatives(outcome, eta, quantities)
        third = (np.zeros_like(eta), -2.0 * found.second[0, 0])
        return Derivatives(found.value, found.first, found.second, third)

    @staticmethod
    def _mean(eta: Array) -> Array:
        return eta

    @staticmethod
    def _standardised(value: Array, mean: Array, log_scale: Array) -> Array:
        z = value - mean
        z *= np.exp(-log_scale)
        return z

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        mean, log_scale = _moments(outcome[0], weights)
        return mean, np.array([log_scale])

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        return WorkingRegression(outcome[0], np.ones_like(outcome[0]))

    def own_given(self, outcome: Array, eta: Array, weights: Array) -> Array:
        return np.array([_log_deviation(outcome[0] - self._mean(eta), weights)])

    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.ones_like(mean)

    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.broadcast_to(np.exp(2.0 * quantities[0]), mean.shape).copy()

    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        z = self._standardised(outcome[0], self.mean(outcome, eta), quantities[0])
        return np.asarray(ndtr(z))

    def squared_deviance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.square(outcome[0] - mean)

    def anscombe_residual(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.asarray(outcome[0] - mean)


class GaussianLog(Gaussian):
    """Mean exp(eta) and variance sigma^2; own parameter log sigma."""

    link = LOG

    @staticmethod
    def _mean(eta: Array) -> Array:
        return np.exp(np.minimum(eta, _LARGEST_ETA))

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._chained(outcome, eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._chained(outcome, eta, quantities, True)

    def _chained(self, outcome: Array, eta: Array, quantities: Array, third: bool) -> Derivatives:
        """With ``w = mu / sigma`` and ``z = (y - mu) / sigma``, whose derivatives in eta are w
        and -w."""
        mean = self._mean(eta)
        z = self._standardised(outcome[0], mean, quantities[0])
        mean *= np.exp(-quantities[0])
        square = z * z
        value = -0.5 * square
        value -= quantities[0] + LOG_ROOT_TWO_PI
        first = z * mean
        curvature = z - mean
        curvature *= mean
        second = {(0, 0): curvature, (0, 1): -2.0 * first, (1, 1): -2.0 * square}
        square -= 1.0
        last: tuple[Array, ...] = ()
        if third:
            last = ((z - 3.0 * mean) * mean, -2.0 * curvature)
        return Derivatives(value, (first, square), second, last)

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        mean, log_scale = _moments(outcome[0], weights)
        positive = max(mean, 0.01 * float(np.exp(log_scale)))
        return float(np.log(positive)), np.array([log_scale])

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        mean = halfway_to_mean(outcome[0], weights)
        smallest = 0.01 * float(np.exp(_moments(outcome[0], weights)[1]))
        return log_link_regression(outcome[0], np.maximum(mean, smallest), 1.0)


def _moments(value: Array, weights: Array) -> tuple[float, float]:
    """Weighted mean and log standard deviation."""
    mean = float(weights @ value) / float(np.sum(weights))
    return mean, _log_deviation(value - mean, weights)


def _log_deviation(residual: Array, weights: Array) -> float:
    """Log of the root mean square of residuals, kept from minus infinity."""
    square = float(weights @ np.square(residual)) / float(np.sum(weights))
    return 0.5 * float(np.log(max(square, 1e-30)))
