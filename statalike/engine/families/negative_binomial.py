"""Counts with a negative binomial distribution and a log link, in both parameterisations.

[ME] menbreg, Methods and formulas.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, expit, xlogy

from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.fourth_derivatives import FourthDerivatives
from statalike.engine.families.gamma_function import (
    common_rising_factorial,
    log_factorials,
    log_rising_factorial,
    with_log_factorials,
)
from statalike.engine.families.generalized_linear import (
    GeneralizedLinearFamily,
    Residual,
    anscombe_integral,
)
from statalike.engine.families.links import LARGEST_EXPONENT, LOG
from statalike.engine.families.working_regression import (
    WorkingRegression,
    halfway_to_mean,
    log_link_regression,
)

_LARGEST_LOG_DISPERSION = 500.0
# Of variance and mean, up to which the search begins from a variance twice the mean.
LARGEST_ORDINARY_RATIO = 100.0


def _distribution(count: Array, shape: Array, odds: Array) -> Array:
    """``P(Y <= y)`` of r = ``shape`` and ``p = 1 / (1 + odds)``: an incomplete beta function."""
    return np.asarray(betainc(shape, np.floor(count) + 1.0, 1.0 / (1.0 + odds)))


class NegativeBinomialMean(GeneralizedLinearFamily):
    """Mean mu = exp(eta) and variance ``mu (1 + alpha mu)``; own parameter log alpha.

    The log density is ``R - log y! + y eta - (y + 1/alpha) log(1 + alpha mu)`` with
    ``R = sum_{k < y} log(1 + alpha k)``, which does not depend on eta
    (:func:`log_rising_factorial` with shape ``1/alpha``).
    """

    link = LOG

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("lnalpha",)

    def prepared(self, outcome: Array) -> Array:
        return with_log_factorials(outcome)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        count, log_alpha = outcome[0], self._log_dispersion(quantities)
        constant = common_rising_factorial(count, -log_alpha, 0)[0] - log_factorials(outcome)
        return self._log_density(count, eta, log_alpha, constant)[0]

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, True)

    @staticmethod
    def _log_dispersion(quantities: Array) -> Array:
        return np.clip(quantities[0], -_LARGEST_LOG_DISPERSION, _LARGEST_LOG_DISPERSION)

    def predictor_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        count, log_alpha = outcome[0], self._log_dispersion(quantities)
        constant = common_rising_factorial(count, -log_alpha, 0)[0] - log_factorials(outcome)
        value, u, log = self._log_density(count, eta, log_alpha, constant)
        share, rest = self._shares(u, log)
        share *= count + np.exp(-log_alpha)
        first = count - share
        share *= rest
        return Derivatives(value, (first,), {(0, 0): np.negative(share, out=share)})

    def fourth_derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: Derivatives
    ) -> FourthDerivatives:
        log_alpha = self._log_dispersion(quantities)
        shape = np.exp(-log_alpha)
        share = np.asarray(expit(np.minimum(eta, LARGEST_EXPONENT) + log_alpha))
        slope = share * (1.0 - share)
        bend = third.second[0, 0] * (1.0 - 6.0 * slope)
        scaled = shape * slope
        turned = scaled * (1.0 - 2.0 * share)
        return FourthDerivatives(
            bend,
            (turned + bend,),
            {(1, 1): third.third[0] - shape * share + 2.0 * scaled},
            {(1, 1): bend - scaled + 2.0 * turned},
        )

    @staticmethod
    def _log_density(
        count: Array, eta: Array, log_alpha: Array, constant: Array
    ) -> tuple[Array, Array, Array]:
        """The log density, ``u = log(alpha mu)`` and ``log(1 + alpha mu)``."""
        u = np.minimum(eta, LARGEST_EXPONENT)
        u += log_alpha
        log = np.abs(u)
        np.negative(log, out=log)
        np.exp(log, out=log)
        np.log1p(log, out=log)
        log += np.maximum(u, 0.0)
        value = count * eta
        value -= (count + np.exp(-log_alpha)) * log
        value += constant
        return value, u, log

    @staticmethod
    def _shares(u: Array, log: Array) -> tuple[Array, Array]:
        """``alpha mu / (1 + alpha mu)`` and ``1 / (1 + alpha mu)``; u is lost."""
        u -= log
        return np.exp(u, out=u), np.exp(-log)

    def _derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: bool
    ) -> Derivatives:
        count, log_alpha = outcome[0], self._log_dispersion(quantities)
        shape = np.exp(-log_alpha)
        rising = common_rising_factorial(count, -log_alpha, 2)
        constant = rising[0] - log_factorials(outcome)
        value, u, log = self._log_density(count, eta, log_alpha, constant)
        share, rest = self._shares(u, log)
        mean = shape * share  # mu / (1 + alpha mu)
        weight = count * share
        weight += mean
        first = count * rest
        first -= mean
        lost = weight * rest
        second = -lost
        log *= shape
        # R is a function of log r = -log alpha.
        own = log - weight
        own -= rising[1]
        mixed = mean - lost
        own_second = 2.0 * mean
        own_second -= lost
        own_second -= log
        own_second += rising[2]
        last: tuple[Array, ...] = ()
        if third:
            bend = 1.0 - 2.0 * share
            bend *= lost
            np.negative(bend, out=bend)
            mean *= rest
            mean += bend
            last = (bend, mean)
        return Derivatives(
            value, (first, own), {(0, 0): second, (0, 1): mixed, (1, 1): own_second}, last
        )

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        return _log_mean(outcome[0], weights), np.zeros(1)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        mean = np.maximum(halfway_to_mean(outcome[0], weights), 1e-3)
        return log_link_regression(outcome[0], mean, mean * (1.0 + mean))

    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return mean * (1.0 + np.exp(quantities[0]) * mean)

    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return self.variance_function(outcome, mean, quantities)

    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        alpha = np.exp(self._log_dispersion(quantities))
        return _distribution(outcome[0], 1.0 / alpha, alpha * self.mean(outcome, eta))

    def squared_deviance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        count, alpha = outcome[0], np.exp(quantities[0])
        # log{(1 + alpha y) / (1 + alpha mu)} without cancellation
        log = np.log1p(alpha * (count - mean) / (1.0 + alpha * mean))
        unscaled = xlogy(count, count) - xlogy(count, mean) - (count + 1.0 / alpha) * log
        return np.asarray(2.0 * unscaled)

    def anscombe_residual(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        """As [ME] meglm postestimation has it."""
        count, alpha = outcome[0], np.exp(quantities[0])
        difference = anscombe_integral(-alpha * count) - anscombe_integral(-alpha * mean)
        difference += 1.5 * (np.cbrt(np.square(count)) - np.cbrt(np.square(mean)))
        return np.asarray(difference / (mean + alpha * np.square(mean)) ** (1.0 / 6.0))


class NegativeBinomialConstant(GeneralizedLinearFamily):
    """Mean mu = exp(eta) and variance ``mu (1 + delta)``; own parameter log delta.

    With ``r = mu / delta`` the log density is
    ``R(y, r) + y eta - (r + y) log(1 + delta) - log y!``, where
    ``R = log Gamma(y + r) - log Gamma(r) - y log r`` (:func:`log_rising_factorial`).
    """

    link = LOG
    residual_kinds: tuple[Residual, ...] = ("pearson",)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("lndelta",)

    def prepared(self, outcome: Array) -> Array:
        return with_log_factorials(outcome)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        count, log_delta = outcome[0], quantities[0]
        log_shape = self._log_shape(eta, log_delta)
        value = log_rising_factorial(count, log_shape, 0)[0]
        value += count * eta
        value -= self._scaled_log(eta, log_delta)
        value -= count * self._log_variance_ratio(log_delta) + log_factorials(outcome)
        return value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, True)

    @staticmethod
    def _log_shape(eta: Array, log_delta: Array) -> Array:
        return np.clip(eta - log_delta, -600.0, 600.0)

    @staticmethod
    def _log_variance_ratio(log_delta: Array) -> Array:
        """``log(1 + delta)`` (n,)."""
        return np.logaddexp(0.0, log_delta)

    def _scaled_log(self, eta: Array, log_delta: Array) -> Array:
        """``r log(1 + delta)``, which is mu without overdispersion, whatever becomes of r."""
        delta = np.exp(np.clip(log_delta, -_LARGEST_LOG_DISPERSION, _LARGEST_LOG_DISPERSION))
        found = np.minimum(eta, LARGEST_EXPONENT)
        np.exp(found, out=found)
        found *= self._log_variance_ratio(np.log(delta)) / delta
        return found

    def _derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: bool
    ) -> Derivatives:
        count, log_delta = outcome[0], quantities[0]
        log_shape = self._log_shape(eta, log_delta)
        rising = log_rising_factorial(count, log_shape, 3 if third else 2)
        log = self._log_variance_ratio(log_delta)
        share = np.exp(log_delta - log)  # delta / (1 + delta)
        shape = np.exp(log_shape)
        scaled_log, scaled_share = self._scaled_log(eta, log_delta), shape * share
        value = rising[0] + count * eta - scaled_log - count * log - log_factorials(outcome)
        slope = rising[1] - scaled_log
        weight = scaled_share + count * share
        curvature = rising[2] - scaled_log
        second = {
            (0, 0): curvature,
            (0, 1): -scaled_share - curvature,
            (1, 1): curvature + 2.0 * scaled_share - weight * (1.0 - share),
        }
        last: tuple[Array, ...] = ()
        if third:
            bend = rising[3] - scaled_log
            last = (bend, -scaled_share - bend)
        return Derivatives(value, (slope + count, -slope - weight), second, last)

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        eta = _log_mean(outcome[0], weights)
        return eta, self.own_given(outcome, np.full(outcome.shape[-1], eta), weights)

    def own_given(self, outcome: Array, eta: Array, weights: Array) -> Array:
        """Log delta of zero, unless the variance is hundreds of times the mean."""
        mean = np.exp(np.minimum(eta, LARGEST_EXPONENT))
        squares = np.square(outcome[0] - mean) / mean
        ratio = float(weights @ squares) / float(np.sum(weights))
        return np.array([np.log(ratio) if ratio > LARGEST_ORDINARY_RATIO else 0.0])

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        mean = np.maximum(halfway_to_mean(outcome[0], weights), 1e-3)
        return log_link_regression(outcome[0], mean, 2.0 * mean)

    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return mean * (1.0 + np.exp(quantities[0]))

    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return self.variance_function(outcome, mean, quantities)

    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        delta = np.exp(quantities[0])
        return _distribution(outcome[0], self.mean(outcome, eta) / delta, delta)


def _log_mean(count: Array, weights: Array) -> float:
    """Log of the weighted mean, kept above zero."""
    return float(np.log((float(weights @ count) + 0.5) / (float(np.sum(weights)) + 0.5)))
