"""Survival times: outcomes (t, t0, d) of the end of an observation, its entry and failure.

The density of an observation is ``{g(t) / S(t0)}^d {S(t) / S(t0)}^(1-d)`` with g the density of
t itself, not of its log ([ME] mestreg, Methods and formulas, Survival models).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

import numpy as np

from statalike.engine.families.family import Array, Family

#: coefficients multiply the hazard, or the time
Metric = Literal["hazard", "time"]


class SurvivalFamily(Family):
    """A distribution of survival times t > 0, with predictions.

    In predictions ``time`` is (n,), eta (..., n) and ``quantities`` (M, n) as in the likelihood.
    """

    outcome_rows = ("time", "entry time", "failure")

    @abstractmethod
    def mean(self, eta: Array, quantities: Array) -> Array:
        """Mean survival time (..., n); infinite where the integral of the survivor function is."""

    def mean_slope(self, eta: Array, quantities: Array) -> Array:
        """Derivative of :meth:`mean` in eta: the mean is an exponential function of eta."""
        return self.mean(eta, quantities)

    @abstractmethod
    def median(self, eta: Array, quantities: Array) -> Array:
        """The time (..., n) at which the survivor function is one half."""

    def log_survivor(self, time: Array, eta: Array, quantities: Array) -> Array:
        """``log S(t)`` (..., n)."""
        return self.log_density(self._since_zero(time, 0.0), eta, quantities)

    def density(self, time: Array, eta: Array, quantities: Array) -> Array:
        """g(t) (..., n)."""
        return np.exp(self.log_density(self._since_zero(time, 1.0), eta, quantities))

    def distribution(self, time: Array, eta: Array, quantities: Array) -> Array:
        """``1 - S(t)`` (..., n)."""
        return -np.expm1(self.log_survivor(time, eta, quantities))

    def hazard(self, time: Array, eta: Array, quantities: Array) -> Array:
        """``g(t) / S(t)`` (..., n)."""
        log_density = self.log_density(self._since_zero(time, 1.0), eta, quantities)
        return np.exp(log_density - self.log_survivor(time, eta, quantities))

    @staticmethod
    def _since_zero(time: Array, failure: float) -> Array:
        """Outcomes (3, n) observed from time zero."""
        return np.stack([time, np.zeros_like(time), np.full_like(time, failure)])


def failure_rate(outcome: Array, weights: Array) -> float:
    """Failures by time observed, kept above zero: the estimate of a constant hazard."""
    time, entry, failed = outcome
    return (float(weights @ failed) + 0.5) / float(weights @ (time - entry))
