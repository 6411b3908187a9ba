"""Exponential and Weibull survival times, with coefficients on the hazard or on the time."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.survival import Metric, SurvivalFamily, failure_rate
from statalike.engine.families.working_regression import (
    WorkingRegression,
    halfway_to_mean,
    log_link_regression,
)

# From cumulative hazards smaller than the square of this Newton's step is too long to be shortened.
LEAST_MEAN_TIME = 1e-5
# So that cumulative hazards, times a square of their logs, add up to a number.
LARGEST_LOG_HAZARD = 600.0


class Exponential(SurvivalFamily):
    """Constant hazard ``exp(eta)``, or ``exp(-eta)`` where coefficients act on the time."""

    def __init__(self, metric: Metric = "hazard") -> None:
        self.sign = 1.0 if metric == "hazard" else -1.0

    def _cumulative_hazard(self, outcome: Array, eta: Array) -> Array:
        time, entry, _ = outcome
        hazard = eta * self.sign
        np.minimum(hazard, LARGEST_LOG_HAZARD, out=hazard)
        np.exp(hazard, out=hazard)
        hazard *= time - entry
        return hazard

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        value = self._cumulative_hazard(outcome, eta)
        return np.subtract(self.sign * outcome[2] * eta, value, out=value)

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        hazard = self._cumulative_hazard(outcome, eta)
        failed = outcome[2]
        value = (self.sign * failed) * eta
        value -= hazard
        first = failed - hazard
        first *= self.sign
        return Derivatives(value, (first,), {(0, 0): np.negative(hazard, out=hazard)})

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        found = self.derivatives(outcome, eta, quantities)
        third = self.sign * found.second[0, 0]
        return Derivatives(found.value, found.first, found.second, (third,))

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        return self.sign * float(np.log(failure_rate(outcome, weights))), np.zeros(0)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression | None:
        return mean_time_regression(outcome, weights)

    def mean(self, eta: Array, quantities: Array) -> Array:
        return np.exp(np.clip(-self.sign * eta, -700.0, 700.0))

    def mean_slope(self, eta: Array, quantities: Array) -> Array:
        return -self.sign * self.mean(eta, quantities)

    def median(self, eta: Array, quantities: Array) -> Array:
        return float(np.log(2.0)) * self.mean(eta, quantities)


class WeibullHazard(SurvivalFamily):
    """Hazard ``p t^(p-1) exp(eta)``; own parameter log p.

    The cumulative hazard from entry is ``exp(eta) (t^p - t0^p)``: of its derivatives in eta and
    log p only the factor exp(eta) differs between the points at which eta is taken.
    """

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("ln_p",)

    @staticmethod
    def _cumulative_hazard(outcome: Array, eta: Array, power: Array) -> tuple[Array, Array]:
        """``exp(eta) t^p`` (..., n) and ``(t0 / t)^p`` (n,)."""
        time, entry, _ = outcome
        log = power * np.log(time)
        hazard = eta + log
        np.minimum(hazard, LARGEST_LOG_HAZARD, out=hazard)
        np.exp(hazard, out=hazard)
        return hazard, (entry / time) ** power

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        time, _, failed = outcome
        power = np.exp(quantities[0])
        value, share = self._cumulative_hazard(outcome, eta, power)
        value *= share - 1.0
        value += failed * eta
        value += failed * (quantities[0] + (power - 1.0) * np.log(time))
        return value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, True)

    def _derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: bool
    ) -> Derivatives:
        time, entry, failed = outcome
        power = np.exp(quantities[0])
        hazard, share = self._cumulative_hazard(outcome, eta, power)
        log = np.log(time)
        own = power * log
        at_entry = power * np.log(np.where(entry > 0.0, entry, 1.0))
        # Derivatives of t^p - t0^p in log p, over t^p
        slope = own - share * at_entry
        bend = own * (1.0 + own) - share * at_entry * (1.0 + at_entry)
        lost = (share - 1.0) * hazard
        value = failed * eta
        value += lost
        value += failed * (quantities[0] + (power - 1.0) * log)
        mixed = -slope * hazard
        second = {(0, 0): lost, (0, 1): mixed, (1, 1): failed * own - bend * hazard}
        first = (failed + lost, failed * (1.0 + own) + mixed)
        return Derivatives(value, first, second, (lost, mixed) if third else ())

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        return float(np.log(failure_rate(outcome, weights))), np.zeros(1)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression | None:
        return mean_time_regression(outcome, weights)

    def mean(self, eta: Array, quantities: Array) -> Array:
        inverse = np.exp(-quantities[0])
        return np.exp(np.clip(gammaln(1.0 + inverse) - eta * inverse, -700.0, 700.0))

    def mean_slope(self, eta: Array, quantities: Array) -> Array:
        return np.asarray(-np.exp(-quantities[0]) * self.mean(eta, quantities))

    def median(self, eta: Array, quantities: Array) -> Array:
        log = (float(np.log(np.log(2.0))) - eta) * np.exp(-quantities[0])
        return np.exp(np.clip(log, -700.0, 700.0))


def mean_time_regression(outcome: Array, weights: Array) -> WorkingRegression | None:
    """The step towards a regression of the mean time, whatever the coefficients multiply.

    With coefficients on the hazard this begins on the wrong side, from which Newton-Raphson
    returns; Stata's logs begin there.  None where it would not return, from very small times.
    """
    mean = halfway_to_mean(outcome[0], weights)
    if np.max(mean) < LEAST_MEAN_TIME:
        return None
    return log_link_regression(outcome[0], mean, 1.0)
