"""Counts with a Poisson distribution and a log link."""

from __future__ import annotations

import numpy as np
from scipy.special import pdtr, xlogy

from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.fourth_derivatives import FourthDerivatives
from statalike.engine.families.gamma_function import log_factorials, with_log_factorials
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.links import LARGEST_EXPONENT, LOG
from statalike.engine.families.working_regression import (
    WorkingRegression,
    halfway_to_mean,
    log_link_regression,
)


class Poisson(GeneralizedLinearFamily):
    """``P(y) = exp(-mu) mu^y / y!`` with ``mu = exp(eta)`` ([ME] mepoisson)."""

    link = LOG

    def prepared(self, outcome: Array) -> Array:
        return with_log_factorials(outcome)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        count = outcome[0]
        value = np.minimum(eta, LARGEST_EXPONENT)
        np.exp(value, out=value)
        np.subtract(count * eta, value, out=value)
        value -= log_factorials(outcome)
        return value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        count = outcome[0]
        mean = np.minimum(eta, LARGEST_EXPONENT)
        np.exp(mean, out=mean)
        value = count * eta
        value -= mean
        value -= log_factorials(outcome)
        first = count - mean
        return Derivatives(value, (first,), {(0, 0): np.negative(mean, out=mean)})

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        found = self.derivatives(outcome, eta, quantities)
        return Derivatives(found.value, found.first, found.second, (found.second[0, 0],))

    def fourth_derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: Derivatives
    ) -> FourthDerivatives:
        return FourthDerivatives(third.second[0, 0])

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        total = float(weights @ outcome[0])
        return float(np.log((total + 0.5) / (float(np.sum(weights)) + 0.5))), np.zeros(0)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        """With V left at one: the step Stata's logs show."""
        mean = halfway_to_mean(outcome[0], weights)
        return log_link_regression(outcome[0], np.maximum(mean, 1e-3), 1.0)

    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return mean

    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return mean

    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        return np.asarray(pdtr(outcome[0], self.mean(outcome, eta)))

    def squared_deviance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        count = outcome[0]
        return np.asarray(2.0 * (xlogy(count, count) - xlogy(count, mean) - (count - mean)))

    def anscombe_residual(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        observed, expected = np.cbrt(np.square(outcome[0])), np.cbrt(np.square(mean))
        return np.asarray(1.5 * (observed - expected) / mean ** (1.0 / 6.0))
