"""Normal outcomes of which some are known only to lie below, above or between limits.

[ME] metobit and [ME] meintreg, Methods and formulas.
"""

from __future__ import annotations

import numpy as np

from statalike.engine.families.distribution_interval import (
    log_normal_interval,
    normal_interval_derivatives,
)
from statalike.engine.families.family import Array, Derivatives, Family, Positions
from statalike.engine.families.location_scale import (
    interval_in_location_and_scale,
    point_derivatives,
    scattered,
    standardised,
)
from statalike.engine.families.normal_tails import (
    LOG_ROOT_TWO_PI,
    log_probability_below,
    probability_below_derivatives,
)
from statalike.engine.families.working_regression import (
    WorkingRegression,
)


class CensoredGaussian(Family):
    """Mean eta and variance sigma^2; own parameter log sigma.

    An observation lies between its limits: the value itself where they are equal, left-censored
    where the lower one is minus infinity, right-censored where the upper one is infinity.  A tobit
    outcome is laid down the same way.
    """

    outcome_rows = ("lower limit", "upper limit")

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("lnsigma",)

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        lower, upper = outcome
        precision = np.exp(-quantities[0])
        kinds = _kinds(outcome)
        parts = []
        for kind, columns in kinds:
            everything = len(kinds) == 1
            own = eta if everything else eta[..., columns]
            scale = precision[columns]
            if kind == "interval":
                a = standardised(lower[columns], own, scale)
                value = log_normal_interval(a, standardised(upper[columns], own, scale))
            elif kind == "point":
                value = standardised(lower[columns], own, scale)
                np.square(value, out=value)
                value *= -0.5
                value += np.log(scale) - LOG_ROOT_TWO_PI
            elif kind == "left":
                value = log_probability_below(standardised(upper[columns], own, scale))
            else:
                value = log_probability_below(-standardised(lower[columns], own, scale))
            if everything:
                return value
            parts.append((columns, value))
        found = np.empty(eta.shape)
        for columns, value in parts:
            found[..., columns] = value
        return found

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(outcome, eta, quantities, True)

    @staticmethod
    def _derivatives(outcome: Array, eta: Array, quantities: Array, third: bool) -> Derivatives:
        lower, upper = outcome
        precision = np.exp(-quantities[0])
        kinds = _kinds(outcome)
        parts: list[tuple[Positions, Derivatives]] = []
        for kind, columns in kinds:
            own = eta if len(kinds) == 1 else eta[..., columns]
            scale = precision[columns]
            nothing = np.zeros(len(scale))
            if kind == "interval":
                a = standardised(lower[columns], own, scale)
                b = standardised(upper[columns], own, scale)
                interval = normal_interval_derivatives(a, b, third)
                found = interval_in_location_and_scale(a, b, scale, interval)
            elif kind == "point":
                z = standardised(lower[columns], own, scale)
                found = point_derivatives(z, scale, _normal_density(z, third), nothing + 1.0)
            elif kind == "left":
                z = standardised(upper[columns], own, scale)
                below = probability_below_derivatives(z, third)
                found = point_derivatives(z, scale, below, nothing)
            else:
                z = standardised(lower[columns], own, scale)
                found = point_derivatives(z, scale, normal_survivor(z, third), nothing)
            parts.append((columns, found))
        return scattered(eta.shape, parts)

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        value = known_value(outcome)
        total = float(np.sum(weights))
        mean = float(weights @ value) / total
        deviation = float(np.sqrt(weights @ np.square(value - mean) / total))
        return mean, np.array([np.log(deviation if deviation > 0.0 else 1.0)])

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression:
        value = known_value(outcome)
        return WorkingRegression(value, np.ones_like(value))


def known_value(outcome: Array) -> Array:
    """The limit of an observation, or the middle of its two limits (n,); zero without any."""
    below, above = np.isfinite(outcome[0]), np.isfinite(outcome[1])
    lower, upper = np.where(below, outcome[0], 0.0), np.where(above, outcome[1], 0.0)
    return np.asarray((lower + upper) / np.maximum(1.0, below.astype(np.float64) + above))


def normal_survivor(z: Array, third: bool) -> tuple[Array, ...]:
    """``log{1 - Phi(z)}`` with two or three derivatives."""
    parts = probability_below_derivatives(-z, third)
    for odd in parts[1::2]:
        np.negative(odd, out=odd)
    return parts


def _normal_density(z: Array, third: bool) -> tuple[Array, ...]:
    parts = -0.5 * np.square(z) - LOG_ROOT_TWO_PI, -z, np.full_like(z, -1.0)
    return (*parts, np.zeros_like(z)) if third else parts


def _kinds(outcome: Array) -> list[tuple[str, Positions]]:
    """Kinds of observations that occur, with the positions of each."""
    lower, upper = outcome
    left, right = np.isneginf(lower), np.isposinf(upper)
    point = lower == upper
    masks = {
        "point": point,
        "left": left & ~right,
        "right": right & ~left,
        "interval": ~(point | (left ^ right)),
    }
    return [(kind, np.flatnonzero(mask)) for kind, mask in masks.items() if mask.any()]
