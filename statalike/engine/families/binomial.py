"""Successes in independent trials, and a single trial: what does not depend on the link."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import bdtr, betaln, xlog1py, xlogy

from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.generalized_linear import (
    GeneralizedLinearFamily,
    anscombe_integral,
)
from statalike.engine.families.working_regression import (
    WorkingRegression,
)


class BinomialFamily(GeneralizedLinearFamily):
    """``P(y) = C(r, y) p^y (1 - p)^(r - y)`` of y successes in r trials, p the inverse link of
    eta."""

    outcome_rows: tuple[str, ...] = ("successes", "trials")

    def trials(self, outcome: Array) -> Array:
        """The number of trials (n,)."""
        return outcome[1]

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        successes = outcome[0]
        failures = self.trials(outcome) - successes
        value = self.kernel(successes, failures, eta)
        value += self._constant(outcome)
        return value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        successes = outcome[0]
        failures = self.trials(outcome) - successes
        found = self.kernel_derivatives(successes, failures, eta, False)
        np.add(found.value, self._constant(outcome), out=found.value)
        return found

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        successes = outcome[0]
        failures = self.trials(outcome) - successes
        found = self.kernel_derivatives(successes, failures, eta, True)
        np.add(found.value, self._constant(outcome), out=found.value)
        return found

    def prepared(self, outcome: Array) -> Array:
        if len(self.outcome_rows) == 1:
            return outcome
        return np.concatenate([outcome, self._constant(outcome)[None]])

    def _constant(self, outcome: Array) -> Array:
        """``log C(r, y)`` (n,), from the last row of an outcome that is prepared."""
        if len(outcome) > 2:
            return outcome[2]
        return log_combinations(outcome[0], self.trials(outcome) - outcome[0])

    @abstractmethod
    def kernel(self, successes: Array, failures: Array, eta: Array) -> Array:
        """``y log p + (r - y) log(1 - p)``, a new array (..., n)."""

    @abstractmethod
    def kernel_derivatives(
        self, successes: Array, failures: Array, eta: Array, third: bool
    ) -> Derivatives:
        """:meth:`kernel` with derivatives, the third if ``third``."""

    @abstractmethod
    def linear_predictor(self, probability: Array) -> Array:
        """The link: eta of probabilities."""

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        successes = float(weights @ outcome[0])
        trials = float(np.sum(weights * self.trials(outcome)))
        share = np.asarray((successes + 0.5) / (trials + 1.0))
        return float(self.linear_predictor(share)), np.zeros(0)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        trials = self.trials(outcome)
        mean = (outcome[0] + 0.5) / (trials + 1.0)
        eta = self.linear_predictor(mean)
        slope = self.link.slope(eta)
        precision = trials * np.square(slope) / (mean * (1.0 - mean))
        return WorkingRegression(eta + (outcome[0] / trials - mean) / slope, precision)

    def mean(self, outcome: Array, eta: Array) -> Array:
        return self.trials(outcome) * self.link.mean(eta)

    def mean_slope(self, outcome: Array, eta: Array) -> Array:
        return self.trials(outcome) * self.link.slope(eta)

    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return mean * (1.0 - mean / self.trials(outcome))

    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        return self.variance_function(outcome, mean, quantities)

    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        trials = self.trials(outcome)
        return np.asarray(bdtr(outcome[0], trials.astype(np.intp), self.link.mean(eta)))

    def squared_deviance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        successes, trials = outcome[0], self.trials(outcome)
        failures = trials - successes
        at_zero = xlogy(failures, failures) - xlogy(failures, trials)
        at_one = xlogy(successes, successes) - xlogy(successes, trials)
        share = mean / trials
        return np.asarray(
            2.0 * (at_zero + at_one - xlogy(successes, share) - xlog1py(failures, -share))
        )

    def anscombe_residual(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        successes, trials = outcome[0], self.trials(outcome)
        observed = np.cbrt(np.square(successes)) * anscombe_integral(successes / trials)
        expected = np.cbrt(np.square(mean)) * anscombe_integral(mean / trials)
        scale = self.variance_function(outcome, mean, quantities) ** (1.0 / 6.0)
        return np.asarray(1.5 * (observed - expected) / scale)


def log_combinations(successes: Array, failures: Array) -> Array:
    """``log C(r, y)`` (n,), zero where there is nothing to choose."""
    if not np.any((successes > 0.0) & (failures > 0.0)):
        return np.zeros_like(successes)
    trials = successes + failures
    return np.asarray(-np.log1p(trials) - betaln(successes + 1.0, failures + 1.0))
