"""Gamma survival times, with coefficients on the time."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaincinv

from statalike.engine.families.accelerated_failure_time import subtract_entry
from statalike.engine.families.family import Array, Derivatives, Positions
from statalike.engine.families.gamma import gamma_log_density
from statalike.engine.families.incomplete_gamma import log_upper_gamma, log_upper_gamma_ratio
from statalike.engine.families.location_scale import scattered
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.families.working_regression import (
    WorkingRegression,
    halfway_to_mean,
    log_link_regression,
)

_LARGEST_LOG_RATIO = 150.0


class GammaTime(SurvivalFamily):
    """Mean exp(eta) and standard deviation ``s exp(eta)``; own parameter log s.

    The survivor function is ``Q(k, k t exp(-eta))`` with ``k = 1 / s^2`` and Q the upper
    incomplete gamma ratio.
    """

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("logs",)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        return self._parts(outcome, eta, quantities, 0).value

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._parts(outcome, eta, quantities, 2)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._parts(outcome, eta, quantities, 3)

    @staticmethod
    def _parts(outcome: Array, eta: Array, quantities: Array, order: int) -> Derivatives:
        time, entry, failed = outcome
        log_scale = quantities[0]
        parts: list[tuple[Positions, Derivatives]] = []
        for columns, term in (
            (np.flatnonzero(failed > 0.0), gamma_log_density),
            (np.flatnonzero(failed == 0.0), gamma_log_survivor),
        ):
            if columns.size == len(time):
                parts = [(columns, term(time, eta, log_scale, order))]
            elif columns.size:
                own = time[columns], eta[..., columns], log_scale[columns]
                parts.append((columns, term(*own, order)))
        found = scattered(eta.shape, parts)
        late = np.flatnonzero(entry > 0.0)
        if late.size:
            at_entry = entry[late], eta[..., late], log_scale[late]
            subtract_entry(found, gamma_log_survivor(*at_entry, order), late)
        return found

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        mean = float(weights @ outcome[0]) / float(np.sum(weights))
        return float(np.log(mean)), np.zeros(1)

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        mean = halfway_to_mean(outcome[0], weights)
        return log_link_regression(outcome[0], mean, np.square(mean))

    def mean(self, eta: Array, quantities: Array) -> Array:
        return np.exp(np.clip(eta, -700.0, 700.0))

    def median(self, eta: Array, quantities: Array) -> Array:
        shape = np.exp(-2.0 * quantities[0])
        return np.asarray(self.mean(eta, quantities) * gammaincinv(shape, 0.5) / shape)


def gamma_log_survivor(time: Array, eta: Array, log_scale: Array, order: int) -> Derivatives:
    """``log S(t)`` with derivatives in eta and log s; ``order`` as in
    :func:`~statalike.engine.families.gamma.gamma_log_density`.

    With ``L = log x = log k + log t - eta`` and the hazard ``h = -d log Q / dL`` the derivative of
    h in L is ``h (k - x + h)`` and in k ``h (L - psi(k) - d log Q / dk)``.
    """
    log_shape = np.clip(-2.0 * log_scale, -30.0, 30.0)
    log_x = np.log(time) + log_shape - eta
    np.clip(log_x, -_LARGEST_LOG_RATIO, _LARGEST_LOG_RATIO, out=log_x)
    shape = np.broadcast_to(np.exp(log_shape), eta.shape)
    x = np.exp(log_x)
    if order == 0:
        return Derivatives(log_upper_gamma(shape, x, log_x), (), {})
    ratio = log_upper_gamma_ratio(shape, x, log_x)
    hazard = ratio.hazard
    gap = shape - x + hazard
    slope = hazard * gap
    in_shape = hazard * (log_x - digamma(shape) - ratio.first)
    scaled = shape * ratio.first
    own = scaled - hazard
    own_second = scaled + np.square(shape) * ratio.second - 2.0 * shape * in_shape - slope
    # log k is -2 log s.
    second = {
        (0, 0): -slope,
        (0, 1): -2.0 * (shape * in_shape + slope),
        (1, 1): 4.0 * own_second,
    }
    third: tuple[Array, ...] = ()
    if order > 2:
        bend = slope * gap + hazard * (slope - x)
        slope_in_shape = in_shape * gap + hazard * (1.0 + in_shape)
        third = (bend, 2.0 * (shape * slope_in_shape + bend))
    return Derivatives(ratio.value, (hazard, -2.0 * own), second, third)
