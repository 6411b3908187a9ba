"""Derivatives of statistics against differences, and integrals against adaptive quadrature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from statalike.engine.families.accelerated_failure_time import Loglogistic, Lognormal, WeibullTime
from statalike.engine.families.gaussian import Gaussian
from statalike.engine.families.logistic import BinomialLogit
from statalike.engine.families.ordinal import OrdinalCloglog, OrdinalLogit, OrdinalProbit
from statalike.engine.families.poisson import Poisson
from statalike.engine.families.weibull import Exponential, WeibullHazard
from statalike.engine.generalized.statistic_slopes import (
    StatisticSlopes,
    category_probability,
    mean_time,
    median_time,
    outcome_mean,
    within_limits,
)

ETA = np.array([-1.5, -0.2, 0.4, 2.0])
VARIANCE = np.array([0.3, 1.0, 2.0, 0.01])
CUTS = np.array([-1.0, 0.3, 1.4])

Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray], StatisticSlopes]


def rows(trials: float) -> np.ndarray:
    return np.array([[0.0], [trials]])


def limited(kind: str, lower: float, upper: float) -> Statistic:
    def statistic(eta: np.ndarray, variance: np.ndarray, own: np.ndarray) -> StatisticSlopes:
        ends = np.array([lower]), np.array([upper])
        return within_limits(kind, *ends, float(own[0]), eta, variance)

    return statistic


STATISTICS: dict[str, tuple[Statistic, np.ndarray]] = {
    "logit": (lambda e, v, _: outcome_mean(BinomialLogit(), rows(3.0), e, v, 20), np.zeros(0)),
    "poisson": (lambda e, v, _: outcome_mean(Poisson(), rows(1.0), e, v, 7), np.zeros(0)),
    "ordered logit": (
        lambda e, v, own: category_probability(OrdinalLogit(4), 1, own, e, v, 15),
        CUTS,
    ),
    "ordered probit": (
        lambda e, v, own: category_probability(OrdinalProbit(4), 3, own, e, v, 15),
        CUTS,
    ),
    "ordered cloglog": (
        lambda e, v, own: category_probability(OrdinalCloglog(4), 0, own, e, v, 15),
        CUTS,
    ),
    "exponential": (lambda e, v, own: mean_time(Exponential(), own, e, v), np.zeros(0)),
    "weibull hazard": (lambda e, v, own: mean_time(WeibullHazard(), own, e, v), np.array([0.4])),
    "weibull time": (lambda e, v, own: mean_time(WeibullTime(), own, e, v), np.array([0.4])),
    "lognormal": (lambda e, v, own: mean_time(Lognormal(), own, e, v), np.array([-0.3])),
    "loglogistic": (lambda e, v, own: mean_time(Loglogistic(), own, e, v), np.array([-0.8])),
    "median": (lambda e, _, own: median_time(WeibullHazard(), own, e), np.array([0.4])),
    "pr": (limited("pr", -1.0, 1.2), np.array([0.2])),
    "e": (limited("e", -1.0, 1.2), np.array([0.2])),
    "ystar": (limited("ystar", -1.0, 1.2), np.array([0.2])),
    "pr below": (limited("pr", -np.inf, 0.5), np.array([0.2])),
    "e above": (limited("e", 0.5, np.inf), np.array([0.2])),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_derivatives(name: str) -> None:
    statistic, own = STATISTICS[name]
    found = statistic(ETA, VARIANCE, own)
    h = 1e-5

    def difference(up: StatisticSlopes, down: StatisticSlopes) -> np.ndarray:
        return (up.value - down.value) / (2 * h)

    by_eta = difference(statistic(ETA + h, VARIANCE, own), statistic(ETA - h, VARIANCE, own))
    np.testing.assert_allclose(found.predictor, by_eta, rtol=1e-6, atol=1e-9)
    by_variance = difference(statistic(ETA, VARIANCE + h, own), statistic(ETA, VARIANCE - h, own))
    np.testing.assert_allclose(found.variance, by_variance, rtol=2e-6, atol=1e-9)
    for k in range(len(own)):
        step = np.zeros(len(own))
        step[k] = h
        moved = difference(
            statistic(ETA, VARIANCE, own + step), statistic(ETA, VARIANCE, own - step)
        )
        np.testing.assert_allclose(found.own[k], moved, rtol=1e-6, atol=1e-9)


def test_many_points_are_the_integral() -> None:
    def integrated(eta: float, variance: float) -> float:
        def integrand(v: float) -> float:
            return float(norm.pdf(v) / (1 + np.exp(-eta - np.sqrt(variance) * v)))

        return integrate.quad(integrand, -12, 12, epsabs=1e-13)[0]

    found = outcome_mean(BinomialLogit(), rows(1.0), ETA, VARIANCE, 100)
    expected = [integrated(*pair) for pair in zip(ETA.tolist(), VARIANCE.tolist(), strict=True)]
    np.testing.assert_allclose(found.value, expected, atol=1e-10)


def test_closed_forms_are_the_integral() -> None:
    """exp(eta + v/2), and a normal outcome within limits."""
    found = outcome_mean(Poisson(), rows(1.0), ETA, VARIANCE, 7)
    np.testing.assert_allclose(found.value, np.exp(ETA + 0.5 * VARIANCE))
    plain = outcome_mean(Gaussian(), rows(1.0), ETA, VARIANCE, 7)
    np.testing.assert_array_equal(plain.value, ETA)
    inside = within_limits("pr", np.array([-1.0]), np.array([1.0]), 0.0, ETA, VARIANCE)
    s = np.sqrt(1 + VARIANCE)
    np.testing.assert_allclose(inside.value, norm.cdf((1 - ETA) / s) - norm.cdf((-1 - ETA) / s))


def test_no_variance_is_the_limit_of_small_ones() -> None:
    """A random part that is zero, as that of a slope where its covariate is, has derivatives."""
    zero = outcome_mean(BinomialLogit(), rows(1.0), ETA, np.zeros(4), 20)
    without = outcome_mean(BinomialLogit(), rows(1.0), ETA, None, 20)
    np.testing.assert_allclose(zero.value, without.value, rtol=1e-9)
    small = outcome_mean(BinomialLogit(), rows(1.0), ETA, np.full(4, 1e-6), 20)
    np.testing.assert_allclose(zero.variance, small.variance, rtol=1e-4, atol=1e-7)
