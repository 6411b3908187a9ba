"""Survival times whose log is ``eta + s e``: Weibull, lognormal and loglogistic.

[ME] mestreg, Introduction, with ``z = (log t - eta) / s``.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import expit, gammaln

from statalike.engine.families.censored_gaussian import normal_survivor
from statalike.engine.families.family import Array, Derivatives, Positions
from statalike.engine.families.location_scale import point_derivatives, standardised
from statalike.engine.families.normal_tails import LOG_ROOT_TWO_PI, log_probability_below
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.families.weibull import LARGEST_LOG_HAZARD, mean_time_regression
from statalike.engine.families.working_regression import (
    WorkingRegression,
)


class AcceleratedFailureTime(SurvivalFamily):
    """Errors e of a distribution with scale one; own parameter the log of the scale s.

    ``scale_sign`` is -1 where the own parameter is ``-log s`` instead.
    """

    scale_sign = 1.0

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("logs",)

    @abstractmethod
    def errors(self, z: Array, failed: Array, order: int) -> tuple[Array, ...]:
        """The log density of e at z (..., n) where ``failed`` (n,) is one and its log survivor
        function where it is zero, with derivatives in z up to ``order``."""

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        time, entry, failed = outcome
        log_scale = self.scale_sign * quantities[0]
        precision = np.exp(-log_scale)
        log = np.log(time)
        value = self.errors(standardised(log, eta, precision), failed, 0)[0]
        value -= failed * (log + log_scale)
        late = np.flatnonzero(entry > 0.0)
        if late.size:
            z = standardised(np.log(entry[late]), eta[..., late], precision[late])
            value[..., late] -= self.errors(z, np.zeros(late.size), 0)[0]
        return value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, 2)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, 3)

    def _derivatives(
        self, outcome: Array, eta: Array, quantities: Array, order: int
    ) -> Derivatives:
        time, entry, failed = outcome
        precision = np.exp(-self.scale_sign * quantities[0])
        log = np.log(time)
        z = standardised(log, eta, precision)
        found = point_derivatives(z, precision, self.errors(z, failed, order), failed)
        np.subtract(found.value, failed * log, out=found.value)
        late = np.flatnonzero(entry > 0.0)
        if late.size:
            z = standardised(np.log(entry[late]), eta[..., late], precision[late])
            nothing = np.zeros(late.size)
            before = point_derivatives(z, precision[late], self.errors(z, nothing, order), nothing)
            subtract_entry(found, before, late)
        if self.scale_sign < 0.0:
            odd = [found.first[1], found.second[0, 1], *found.third[1:]]
            for part in odd:
                np.negative(part, out=part)
        return found

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        log = np.log(outcome[0])
        return float(weights @ log) / float(np.sum(weights)), np.zeros(1)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression | None:
        return mean_time_regression(outcome, weights)


def subtract_entry(found: Derivatives, before: Derivatives, late: Positions) -> None:
    """Take the log survivor function at entry, known for columns ``late``, off in place."""
    found.value[..., late] -= before.value
    for whole, part in zip(found.first, before.first, strict=True):
        whole[..., late] -= part
    for pair, whole in found.second.items():
        whole[..., late] -= before.second[pair]
    for whole, part in zip(found.third, before.third, strict=True):
        whole[..., late] -= part


class WeibullTime(AcceleratedFailureTime):
    """e has the density ``exp(z - exp(z))``; own parameter ``log p = -log s``."""

    scale_sign = -1.0

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("ln_p",)

    def errors(self, z: Array, failed: Array, order: int) -> tuple[Array, ...]:
        hazard = np.minimum(z, LARGEST_LOG_HAZARD)
        np.exp(hazard, out=hazard)
        value = failed * z
        value -= hazard
        if order == 0:
            return (value,)
        slope = failed - hazard
        np.negative(hazard, out=hazard)
        return (value, slope, hazard, hazard)[: order + 1]

    def mean(self, eta: Array, quantities: Array) -> Array:
        return np.exp(np.clip(eta + gammaln(1.0 + np.exp(-quantities[0])), -700.0, 700.0))

    def median(self, eta: Array, quantities: Array) -> Array:
        log = eta + float(np.log(np.log(2.0))) * np.exp(-quantities[0])
        return np.exp(np.clip(log, -700.0, 700.0))


class Lognormal(AcceleratedFailureTime):
    """e is standard normal."""

    def errors(self, z: Array, failed: Array, order: int) -> tuple[Array, ...]:
        if failed.all():
            return self._log_density(z, order)
        if not failed.any():
            return self._log_survivor(z, order)
        found = np.empty((order + 1, *z.shape))
        ends = np.flatnonzero(failed > 0.0), np.flatnonzero(failed == 0.0)
        for columns, parts in zip(ends, (self._log_density, self._log_survivor), strict=True):
            for row, part in enumerate(parts(z[..., columns], order)):
                found[row][..., columns] = part
        return tuple(found)

    @staticmethod
    def _log_density(z: Array, order: int) -> tuple[Array, ...]:
        value = np.square(z)
        value *= -0.5
        value -= LOG_ROOT_TWO_PI
        if order == 0:
            return (value,)
        return (value, -z, np.full_like(z, -1.0), np.zeros_like(z))[: order + 1]

    @staticmethod
    def _log_survivor(z: Array, order: int) -> tuple[Array, ...]:
        if order == 0:
            return (log_probability_below(-z),)
        return normal_survivor(z, order > 2)

    def mean(self, eta: Array, quantities: Array) -> Array:
        return np.exp(np.clip(eta + 0.5 * np.exp(2.0 * quantities[0]), -700.0, 700.0))

    def median(self, eta: Array, quantities: Array) -> Array:
        return np.exp(np.clip(eta, -700.0, 700.0))


class Loglogistic(AcceleratedFailureTime):
    """e is standard logistic: ``S(t) = 1 / (1 + exp(z))``."""

    def errors(self, z: Array, failed: Array, order: int) -> tuple[Array, ...]:
        count = 1.0 + failed
        value = np.abs(z)
        np.negative(value, out=value)
        np.exp(value, out=value)
        np.log1p(value, out=value)
        # log(1 + exp(z)) is this and the positive part of z, of which a failure takes z off once.
        value *= -count
        value -= np.maximum(z, 0.0)
        value += failed * np.minimum(z, 0.0)
        if order == 0:
            return (value,)
        share = np.asarray(expit(z))
        rest = 1.0 - share
        slope = failed * rest
        slope -= share
        rest *= share
        rest *= -count
        if order < 3:
            return value, slope, rest
        return value, slope, rest, rest * (1.0 - 2.0 * share)

    def mean(self, eta: Array, quantities: Array) -> Array:
        """Infinite where the scale is one or more."""
        scale = np.exp(quantities[0])
        finite = scale < 1.0
        angle = np.pi * np.where(finite, scale, 0.5)
        factor = np.where(finite, angle / np.sin(angle), np.inf)
        return np.exp(np.clip(eta, -700.0, 700.0)) * factor

    def median(self, eta: Array, quantities: Array) -> Array:
        return np.exp(np.clip(eta, -700.0, 700.0))
