"""Predictions that are integrated over the distribution of the random effects.

An observation's random effects enter its prediction through ``Zu`` alone, which is normal with mean
zero and variance ``z'Dz``.  So whatever the number of levels and effects, the integral of
f(eta) is one-dimensional ([ME] meglm postestimation, option ``marginal``):

    integral of f(xb + s v) phi(v) dv,  s = sqrt(z'Dz),

by an ordinary Gauss-Hermite rule, or in closed form where there is one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.generalized.quadrature_rules import gauss_hermite

Array = NDArray[np.float64]

#: inverse links for which the mean of a normal linear predictor is known
CLOSED_FORMS = ("identity", "log", "probit")


def prior_expectation(
    prediction: Callable[[Array], Array], predictor: Array, deviation: Array, points: int
) -> Array:
    """Expected ``prediction(predictor + deviation v)`` for standard normal v.

    ``predictor`` and ``deviation`` are (n,); the result has the shape of a prediction.  The rule
    has ``points`` points and does not adapt.
    """
    rule = gauss_hermite(points, 1)
    weights = np.exp(rule.log_weights)
    total = weights[0] * prediction(predictor + rule.abscissas[0, 0] * deviation)
    for weight, abscissa in zip(weights[1:], rule.abscissas[0, 1:], strict=True):
        total += weight * prediction(predictor + abscissa * deviation)
    return total


def has_closed_form(family: GeneralizedLinearFamily) -> bool:
    """Whether :func:`marginal_mean` needs no quadrature."""
    return family.link.name in CLOSED_FORMS


def marginal_mean(
    family: GeneralizedLinearFamily,
    outcome: Array,
    predictor: Array,
    deviation: Array,
    points: int,
) -> Array:
    """Expected outcome (n,) with random effects integrated out.

    With s the deviation: ``xb`` for the identity, ``exp(xb + s^2/2)`` for the logarithm and
    ``Phi{xb / sqrt(1 + s^2)}`` for the normal distribution function, times the number of trials.
    """
    if not has_closed_form(family):
        return prior_expectation(
            lambda eta: family.mean(outcome, eta), predictor, deviation, points
        )
    mean = family.mean(outcome, predictor)
    if family.link.name == "log":
        mean = mean * np.exp(0.5 * np.square(deviation))
    if family.link.name == "probit":
        mean = family.mean(outcome, predictor / np.sqrt(1.0 + np.square(deviation)))
    return mean


def marginal_mean_time(
    family: SurvivalFamily, predictor: Array, quantities: Array, deviation: Array
) -> Array:
    """Mean survival time (n,) times ``exp(s^2 / 2)``, with random effects integrated out.

    Exact where coefficients act on the time and for exponential times.  For Weibull times with
    coefficients on the hazard, whose mean depends on ``exp(-eta / p)``, the factor of the printed
    results of [ME] mestreg postestimation, example 1, is this one too and not
    ``exp{s^2 / (2 p^2)}``.
    """
    mean = family.mean(predictor, quantities)
    return np.asarray(mean * np.exp(0.5 * np.square(deviation)))


def marginal_hazard(
    family: SurvivalFamily,
    time: Array,
    predictor: Array,
    quantities: Array,
    deviation: Array,
    points: int,
) -> Array:
    """The hazard (n,) of the marginal distribution: its density over its survivor function."""

    def both(eta: Array) -> Array:
        survivor = np.exp(family.log_survivor(time, eta, quantities))
        return np.stack([family.density(time, eta, quantities), survivor])

    density, survivor = prior_expectation(both, predictor, deviation, points)
    return np.divide(density, survivor, out=np.full_like(density, np.nan), where=survivor > 0.0)
