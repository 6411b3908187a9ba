"""Positive outcomes with a gamma distribution and a log link."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc

from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.gamma_function import stirling_remainder
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.links import LOG
from statalike.engine.families.normal_tails import LOG_ROOT_TWO_PI
from statalike.engine.families.working_regression import (
    WorkingRegression,
    halfway_to_mean,
    log_link_regression,
)

# So that a product with a shape of up to 1e60 is still a number.
LARGEST_LOG_RATIO = 500.0


def shape_terms(log_scale: Array, order: int) -> tuple[Array, ...]:
    """The terms of a gamma log density in its shape ``k = 1 / s^2``, s the scale parameter: k, then
    ``k log k - log Gamma(k) - k`` and, with ``order`` above 0, its two derivatives in ``log k``."""
    log_shape = np.clip(-2.0 * log_scale, -130.0, 130.0)
    shape = np.exp(log_shape)
    remainder = stirling_remainder(shape, 2 if order else 0)
    value = 0.5 * log_shape - LOG_ROOT_TWO_PI - remainder[0]
    if not order:
        return shape, value
    return shape, value, 0.5 - remainder[1], -remainder[1] - remainder[2]


def gamma_log_density(value: Array, eta: Array, log_scale: Array, order: int) -> Derivatives:
    """Log densities of positive ``value`` (n,) with mean exp(eta) and scale s, with derivatives.

    With ``z = log y - eta`` and ``k = 1 / s^2`` the log density is
    ``k (z + 1 - exp(z)) + {k log k - log Gamma(k) - k} - log y``.  ``order`` 0 leaves derivatives
    out, 2 has first and second, 3 those of the second in eta, too; the parameter is log s.
    """
    log = np.log(value)
    shape, constant, *slopes = shape_terms(log_scale, order)
    z = log - eta
    np.minimum(z, LARGEST_LOG_RATIO, out=z)
    excess = np.expm1(z)
    z -= excess
    z *= shape
    density = z + (constant - log)
    if order == 0:
        return Derivatives(density, (), {})
    excess *= shape  # k (exp(z) - 1)
    bend = excess + shape
    own = z + slopes[0]
    own *= -2.0  # log k = -2 log s
    z += slopes[1]
    z *= 4.0
    second = {(0, 0): -bend, (0, 1): -2.0 * excess, (1, 1): z}
    third = (bend, 2.0 * bend) if order > 2 else ()
    return Derivatives(density, (excess, own), second, third)


class Gamma(GeneralizedLinearFamily):
    """Mean mu = exp(eta) and variance ``s^2 mu^2``; own parameter log s."""

    link = LOG

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("logs",)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        return gamma_log_density(outcome[0], eta, quantities[0], 0).value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return gamma_log_density(outcome[0], eta, quantities[0], 2)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return gamma_log_density(outcome[0], eta, quantities[0], 3)

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        mean = float(weights @ outcome[0]) / float(np.sum(weights))
        return float(np.log(mean)), np.zeros(1)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        mean = halfway_to_mean(outcome[0], weights)
        return log_link_regression(outcome[0], mean, np.square(mean))

    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.square(mean)

    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.asarray(np.exp(2.0 * quantities[0]) * np.square(mean))

    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        shape = np.exp(-2.0 * quantities[0])
        return np.asarray(gammainc(shape, shape * outcome[0] / self.mean(outcome, eta)))

    def squared_deviance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        excess = (outcome[0] - mean) / mean
        return np.asarray(-2.0 * (np.log1p(excess) - excess))

    def anscombe_residual(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return np.asarray(3.0 * (np.cbrt(outcome[0] / mean) - 1.0))
