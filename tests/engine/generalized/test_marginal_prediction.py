"""Predictions with random effects integrated out, against adaptive integration by SciPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate

from statalike.engine.families.accelerated_failure_time import WeibullTime
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.logistic import BernoulliLogit, BinomialLogit
from statalike.engine.families.poisson import Poisson
from statalike.engine.families.probit import BernoulliProbit, BinomialProbit
from statalike.engine.families.weibull import Exponential, WeibullHazard
from statalike.engine.generalized.marginal_prediction import (
    marginal_hazard,
    marginal_mean,
    marginal_mean_time,
    prior_expectation,
)

PREDICTOR = np.array([-1.3, 0.2, 0.9])
DEVIATION = np.array([0.4, 1.1, 0.8])


def expectation(function: Callable[[float], float], mean: float, deviation: float) -> float:
    def integrand(v: float) -> float:
        return function(mean + deviation * v) * float(np.exp(-0.5 * v * v) / np.sqrt(2 * np.pi))

    return float(integrate.quad(integrand, -12.0, 12.0, epsabs=1e-13)[0])


@pytest.mark.parametrize(
    ("family", "outcome"),
    [
        (BernoulliLogit(), np.ones((1, 3))),
        (BinomialLogit(), np.array([[1.0, 1.0, 1.0], [4.0, 7.0, 2.0]])),
        (BernoulliProbit(), np.ones((1, 3))),
        (BinomialProbit(), np.array([[1.0, 1.0, 1.0], [4.0, 7.0, 2.0]])),
        (Poisson(), np.ones((1, 3))),
    ],
)
def test_marginal_means(family: GeneralizedLinearFamily, outcome: np.ndarray) -> None:
    found = marginal_mean(family, outcome, PREDICTOR, DEVIATION, 40)
    for i in range(3):
        own = outcome[:, i : i + 1]

        def mean(eta: float, own: np.ndarray = own) -> float:
            return float(family.mean(own, np.array([eta]))[0])

        assert found[i] == pytest.approx(expectation(mean, PREDICTOR[i], DEVIATION[i]), rel=1e-7)


def test_rules_are_exact_for_polynomials() -> None:
    found = prior_expectation(lambda eta: eta**4, PREDICTOR, DEVIATION, 3)
    m, s = PREDICTOR, DEVIATION
    assert found == pytest.approx(m**4 + 6 * m**2 * s**2 + 3 * s**4, rel=1e-12)


def test_one_point_is_the_prediction_without_random_effects() -> None:
    found = prior_expectation(np.exp, PREDICTOR, DEVIATION, 1)
    assert found == pytest.approx(np.exp(PREDICTOR), rel=1e-14)


def test_mean_survival_times() -> None:
    """Exact but for Weibull times with coefficients on the hazard, which follow printed results."""
    shape = np.full((1, 3), np.log(1.4))
    for family, quantities in (
        (WeibullTime(), shape),
        (Exponential("hazard"), np.zeros((0, 3))),
        (Exponential("time"), np.zeros((0, 3))),
    ):
        found = marginal_mean_time(family, PREDICTOR, quantities, DEVIATION)
        for i in range(3):

            def mean(
                eta: float,
                family: WeibullTime | Exponential = family,
                own: np.ndarray = quantities[:, i : i + 1],
            ) -> float:
                return float(family.mean(np.array([eta]), own)[0])

            expected = expectation(mean, PREDICTOR[i], DEVIATION[i])
            assert found[i] == pytest.approx(expected, rel=1e-9)
    hazard = WeibullHazard()
    found = marginal_mean_time(hazard, PREDICTOR, shape, DEVIATION)
    factor = np.exp(0.5 * DEVIATION**2)
    assert found == pytest.approx(hazard.mean(PREDICTOR, shape) * factor, rel=1e-14)


def test_marginal_hazard_is_that_of_the_mixture() -> None:
    family, shape, time = WeibullHazard(), np.full((1, 3), 0.3), np.array([0.4, 1.0, 2.5])
    found = marginal_hazard(family, time, PREDICTOR, shape, DEVIATION, 40)
    for i in range(3):
        own, t = shape[:, i : i + 1], time[i : i + 1]

        def survivor(eta: float, t: np.ndarray = t, own: np.ndarray = own) -> float:
            return float(np.exp(family.log_survivor(t, np.array([eta]), own))[0])

        def log_marginal(step: float, i: int = i, own: np.ndarray = own) -> float:
            at = np.array([time[i] + step])
            mean, deviation = float(PREDICTOR[i]), float(DEVIATION[i])
            return float(np.log(expectation(lambda eta: survivor(eta, at, own), mean, deviation)))

        slope = (log_marginal(-1e-5) - log_marginal(1e-5)) / 2e-5
        assert found[i] == pytest.approx(slope, rel=1e-6)
