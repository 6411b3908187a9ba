"""Statistics of outcomes with their derivatives, for standard errors by the delta method.

A statistic is a function of the linear predictor eta without random effects, of the variance
``v = z'Dz`` of the random part, over which it is integrated, and of the family's own parameters.
With random effects integrated out by a rule of abscissas a and weights w,

    f(eta, v) = sum of w g(eta + a sqrt(v)),

its derivatives are ``sum of w g'`` and ``sum of w a g' / (2 sqrt(v))``; those of a closed form,
where there is one, are exact ([ME] meglm postestimation, Methods and formulas).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from statalike.engine.families.family import Array
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.ordinal import OrdinalFamily
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.families.truncated_normal import (
    censored_mean,
    interval_probability,
    truncated_mean,
)
from statalike.engine.generalized.quadrature_rules import gauss_hermite

#: below it a variance is taken for this one, where derivatives in it are quotients of small numbers
SMALLEST_VARIANCE = 1e-10
STEP = 1e-3


@dataclass(frozen=True)
class StatisticSlopes:
    """A statistic (n,), its derivatives (n,) in the linear predictor and in the variance of the
    random part, and those (p, n) in the family's own parameters.
    """

    value: Array
    predictor: Array
    variance: Array
    own: Array


def linear_predictor(eta: Array, variance: Array | None) -> StatisticSlopes:
    """eta itself: random effects have mean zero."""
    return StatisticSlopes(eta, np.ones_like(eta), np.zeros_like(eta), np.zeros((0, 1)))


def outcome_mean(
    family: GeneralizedLinearFamily,
    outcome: Array,
    eta: Array,
    variance: Array | None,
    points: int,
) -> StatisticSlopes:
    """The mean of an outcome; ``outcome`` holds the rows of the family, of which only those such
    as the number of trials matter.  ``variance`` None is for no random effects.
    """
    none = np.zeros((0, 1))
    if variance is None:
        slope = family.mean_slope(outcome, eta)
        return StatisticSlopes(family.mean(outcome, eta), slope, np.zeros_like(slope), none)
    match family.link.name:
        case "identity":
            slope = family.mean_slope(outcome, eta)
            return StatisticSlopes(family.mean(outcome, eta), slope, np.zeros_like(slope), none)
        case "log":
            factor = np.exp(0.5 * variance)
            value = family.mean(outcome, eta) * factor
            return StatisticSlopes(
                value, family.mean_slope(outcome, eta) * factor, 0.5 * value, none
            )
        case "probit":
            shrunk = 1.0 / np.sqrt(1.0 + variance)
            slope = family.mean_slope(outcome, eta * shrunk)
            return StatisticSlopes(
                family.mean(outcome, eta * shrunk),
                slope * shrunk,
                -0.5 * slope * eta * shrunk**3,
                none,
            )
    return _integrated(
        lambda at: (family.mean(outcome, at), family.mean_slope(outcome, at), none),
        eta,
        variance,
        points,
    )


def category_probability(
    family: OrdinalFamily,
    category: int,
    cutpoints: Array,
    eta: Array,
    variance: Array | None,
    points: int,
) -> StatisticSlopes:
    """The probability of an ordinal category, ``F(kappa_k - eta) - F(kappa_(k-1) - eta)``."""
    rows = np.full((1, 1), float(category))
    quantities = family.quantities(cutpoints, family.quantity_positions(rows))

    def given(at: Array) -> tuple[Array, Array, Array]:
        own = np.zeros((len(cutpoints), len(at)))
        if category < len(cutpoints):
            own[category] = family.density_function(cutpoints[category] - at)
        if category > 0:
            own[category - 1] = -family.density_function(cutpoints[category - 1] - at)
        value = np.exp(family.log_density(np.broadcast_to(rows, (1, len(at))), at, quantities))
        return value, -own.sum(axis=0), own

    if variance is None:
        value, slope, own = given(eta)
        return StatisticSlopes(value, slope, np.zeros_like(slope), own)
    return _integrated(given, eta, variance, points)


def mean_time(
    family: SurvivalFamily, own: Array, eta: Array, variance: Array | None
) -> StatisticSlopes:
    """Mean survival time, with random effects integrated out times ``exp(v / 2)``
    (:func:`~statalike.engine.generalized.marginal_prediction.marginal_mean_time`).
    """
    factor: Array | float = 1.0 if variance is None else np.exp(0.5 * variance)

    def value(parameters: Array) -> Array:
        return np.asarray(family.mean(eta, _time_quantities(family, parameters, len(eta))) * factor)

    found = value(own)
    slope = family.mean_slope(eta, _time_quantities(family, own, len(eta))) * factor
    by_variance = np.zeros_like(found) if variance is None else 0.5 * found
    return StatisticSlopes(found, slope, by_variance, _own_derivatives(value, own))


def median_time(family: SurvivalFamily, own: Array, eta: Array) -> StatisticSlopes:
    """Median survival time without random effects, an exponential function of eta."""

    def value(parameters: Array) -> Array:
        return family.median(eta, _time_quantities(family, parameters, len(eta)))

    found = value(own)
    quantities = _time_quantities(family, own, len(eta))
    rate = np.log(family.median(eta + 1.0, quantities) / found)
    return StatisticSlopes(found, rate * found, np.zeros_like(found), _own_derivatives(value, own))


def within_limits(
    kind: str, lower: Array, upper: Array, log_residual: float, eta: Array, variance: Array | None
) -> StatisticSlopes:
    """``pr``, ``e`` or ``ystar`` of a normal outcome between two limits, which may be infinite.

    With mean m, deviation s, a and b the standardised limits, and ``p = Phi(b) - Phi(a)``:

        dp/dm = (phi(a) - phi(b)) / s,   dp/ds = (a phi(a) - b phi(b)) / s,
        E = m + s r with r = (phi(a) - phi(b)) / p,
        dE/dm = 1 - r^2 + q,  dE/ds = r (1 - q) + (a^2 phi(a) - b^2 phi(b)) / p,
        q = (a phi(a) - b phi(b)) / p,
        dY/dm = p,  dY/ds = phi(a) - phi(b) for Y = E{max(a, min(y, b))}.
    """
    residual = float(np.exp(2.0 * log_residual))
    total = np.asarray(residual if variance is None else residual + variance)
    deviation = np.sqrt(total) * np.ones_like(eta)
    a, b = (lower - eta) / deviation, (upper - eta) / deviation
    density_a, density_b = _normal_density(a), _normal_density(b)
    first_a, first_b = _times(a, density_a), _times(b, density_b)
    probability = interval_probability(lower, upper, eta, deviation)
    difference, weighted = density_a - density_b, first_a - first_b
    if kind == "pr":
        value = probability
        by_mean, by_deviation = difference / deviation, weighted / deviation
    elif kind == "e":
        value = truncated_mean(lower, upper, eta, deviation)
        r = (value - eta) / deviation
        with np.errstate(divide="ignore", invalid="ignore"):
            q = weighted / probability
            square = (_times(a, first_a) - _times(b, first_b)) / probability
        by_mean, by_deviation = 1.0 - np.square(r) + q, r * (1.0 - q) + square
    else:
        value = censored_mean(lower, upper, eta, deviation)
        by_mean, by_deviation = probability, difference
    by_total = 0.5 * by_deviation / deviation
    by_variance = np.zeros_like(by_total) if variance is None else by_total
    return StatisticSlopes(value, by_mean, by_variance, (2.0 * residual * by_total)[None])


def _normal_density(x: Array) -> Array:
    return np.exp(-0.5 * np.square(x)) / np.sqrt(2.0 * np.pi)


def _times(x: Array, density: Array) -> Array:
    """The product, zero where x is infinite and the density zero."""
    return np.where(np.isfinite(x), x, 0.0) * density


def _time_quantities(family: SurvivalFamily, own: Array, n: int) -> Array:
    return family.quantities(own, family.quantity_positions(np.ones((3, n))))


def _own_derivatives(value: Callable[[Array], Array], own: Array) -> Array:
    """Derivatives (p, n) in own parameters: differences over five points, with an error of about
    1e-13 of the value (Abramowitz and Stegun 1965, 25.3.6).
    """
    found: list[Array] = []
    for k in range(len(own)):
        step = np.zeros(len(own))
        step[k] = STEP
        near = value(own + step) - value(own - step)
        far = value(own + 2.0 * step) - value(own - 2.0 * step)
        found.append((8.0 * near - far) / (12.0 * STEP))
    return np.stack(found) if found else np.zeros((0, 1))


def _integrated(
    given: Callable[[Array], tuple[Array, Array, Array]],
    eta: Array,
    variance: Array,
    points: int,
) -> StatisticSlopes:
    """The expectation of a statistic over normal random effects by Gauss-Hermite quadrature.

    ``given`` takes linear predictors to values, their slopes and those in own parameters.
    """
    eta, variance = np.broadcast_arrays(eta, np.maximum(variance, SMALLEST_VARIANCE))
    deviation = np.sqrt(variance)
    rule = gauss_hermite(points, 1)
    value, predictor, by_deviation = (np.zeros_like(deviation) for _ in range(3))
    own: Array | None = None
    for weight, abscissa in zip(np.exp(rule.log_weights), rule.abscissas[0], strict=True):
        at, slope, parameters = given(eta + abscissa * deviation)
        value += weight * at
        predictor += weight * slope
        by_deviation += (weight * abscissa) * slope
        own = weight * parameters if own is None else own + weight * parameters
    assert own is not None
    return StatisticSlopes(value, predictor, 0.5 * by_deviation / deviation, own)
