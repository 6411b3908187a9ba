"""Log densities against scipy.stats and sums by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, ndtr

from statalike.engine.families.accelerated_failure_time import (
    Loglogistic,
    Lognormal,
    WeibullTime,
)
from statalike.engine.families.binomial import BinomialFamily
from statalike.engine.families.censored_gaussian import CensoredGaussian
from statalike.engine.families.complementary_log_log import BernoulliCloglog, BinomialCloglog
from statalike.engine.families.family import Family
from statalike.engine.families.gamma import Gamma
from statalike.engine.families.gamma_function import log_rising_factorial
from statalike.engine.families.gamma_survival import GammaTime
from statalike.engine.families.gaussian import Gaussian, GaussianLog
from statalike.engine.families.logistic import BernoulliLogit, BinomialLogit
from statalike.engine.families.negative_binomial import (
    NegativeBinomialConstant,
    NegativeBinomialMean,
)
from statalike.engine.families.ordinal import (
    OrdinalCloglog,
    OrdinalFamily,
    OrdinalLogit,
    OrdinalProbit,
)
from statalike.engine.families.poisson import Poisson
from statalike.engine.families.probit import BernoulliProbit, BinomialProbit
from statalike.engine.families.weibull import Exponential, WeibullHazard

Array = NDArray[np.float64]


class Distribution(Protocol):
    """A distribution of scipy.stats with its parameters."""

    def cdf(self, x: Array, /) -> Array: ...
    def logpdf(self, x: Array, /) -> Array: ...
    def logsf(self, x: Array, /) -> Array: ...


ETA = np.linspace(-2.5, 2.0, 7)


def log_density(family: Family, outcome: Array, eta: Array, own: list[float]) -> Array:
    positions = family.quantity_positions(outcome)
    return family.log_density(outcome, eta, family.quantities(np.array(own), positions))


@pytest.mark.parametrize(
    ("family", "single", "share"),
    [
        (BinomialLogit(), BernoulliLogit(), expit),
        (BinomialProbit(), BernoulliProbit(), ndtr),
        (BinomialCloglog(), BernoulliCloglog(), lambda eta: 1.0 - np.exp(-np.exp(eta))),
    ],
)
def test_binomial(
    family: BinomialFamily, single: BinomialFamily, share: Callable[[Array], Array]
) -> None:
    probability = share(ETA)
    for successes in (0.0, 4.0, 9.0):
        outcome = np.array([[successes], [9.0]]) * np.ones(len(ETA))
        expected = stats.binom.logpmf(successes, 9, probability)
        np.testing.assert_allclose(log_density(family, outcome, ETA, []), expected, rtol=1e-11)
    for value in (0.0, 1.0):
        outcome = np.full((1, len(ETA)), value)
        expected = stats.bernoulli.logpmf(value, probability)
        np.testing.assert_allclose(log_density(single, outcome, ETA, []), expected, rtol=1e-11)


@pytest.mark.parametrize("count", [0.0, 1.0, 6.0, 400.0])
@pytest.mark.parametrize("log_dispersion", [-4.0, -0.3, 1.5])
def test_counts(count: float, log_dispersion: float) -> None:
    outcome, mean = np.full((1, len(ETA)), count), np.exp(ETA)
    found = log_density(Poisson(), outcome, ETA, [])
    np.testing.assert_allclose(found, stats.poisson.logpmf(count, mean), rtol=1e-11)
    dispersion = np.exp(log_dispersion)
    found = log_density(NegativeBinomialMean(), outcome, ETA, [log_dispersion])
    expected = stats.nbinom.logpmf(count, 1.0 / dispersion, 1.0 / (1.0 + dispersion * mean))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    found = log_density(NegativeBinomialConstant(), outcome, ETA, [log_dispersion])
    expected = stats.nbinom.logpmf(count, mean / dispersion, 1.0 / (1.0 + dispersion))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_hardly_dispersed_counts_are_poisson_counts() -> None:
    outcome = np.array([[0.0, 3.0, 50.0, 2000.0]])
    eta = np.array([0.3, 1.2, 4.0, 7.5])
    poisson = log_density(Poisson(), outcome, eta, [])
    for family in (NegativeBinomialMean(), NegativeBinomialConstant()):
        for log_dispersion in (-30.0, -200.0):
            found = log_density(family, outcome, eta, [log_dispersion])
            np.testing.assert_allclose(found, poisson, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("log_shape", [-8.0, 0.0, 2.4, 2.6, 8.0, 25.0])
@pytest.mark.parametrize("count", [1, 7, 1_000_000])
def test_rising_factorials_are_products(count: int, log_shape: float) -> None:
    shares = np.arange(count) * np.exp(-log_shape)
    found = log_rising_factorial(np.array([float(count)]), np.array([log_shape]), 3)
    # The terms are log(1 + k / r) with derivatives -x / (1 + x), ... in log r, x = k / r.
    terms = shares / (1.0 + shares)
    rest = 1.0 - terms
    scale = 1e-15 * count + 1e-13
    np.testing.assert_allclose(found[0], np.sum(np.log1p(shares)), rtol=1e-12, atol=scale)
    np.testing.assert_allclose(found[1], -np.sum(terms), rtol=1e-11, atol=scale)
    np.testing.assert_allclose(found[2], np.sum(terms * rest), rtol=1e-10, atol=4 * scale)
    expected = -np.sum(terms * rest * (rest - terms))
    np.testing.assert_allclose(found[3], expected, rtol=1e-9, atol=10 * scale)


def test_positive_and_real_outcomes() -> None:
    value = np.array([0.03, 0.4, 1.0, 1.3, 2.0, 7.0, 30.0])
    outcome, mean = value[None], np.exp(ETA)
    shape = np.exp(2.0 * 0.4)
    expected = stats.gamma.logpdf(value, shape, scale=mean / shape)
    np.testing.assert_allclose(log_density(Gamma(), outcome, ETA, [-0.4]), expected, rtol=1e-11)
    scale = np.exp(0.3)
    expected = stats.norm.logpdf(value, ETA, scale)
    np.testing.assert_allclose(log_density(Gaussian(), outcome, ETA, [0.3]), expected, rtol=1e-11)
    expected = stats.norm.logpdf(value, mean, scale)
    found = log_density(GaussianLog(), outcome, ETA, [0.3])
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_a_gamma_with_a_huge_shape_is_nearly_normal() -> None:
    found = log_density(Gamma(), np.array([[1.0, 1.00001]]), np.zeros(2), [np.log(1e-5)])
    assert found[0] == pytest.approx(stats.norm.logpdf(0.0, scale=1e-5), abs=1e-8)
    assert found[0] - found[1] == pytest.approx(0.5, abs=2e-5)


@pytest.mark.parametrize(
    ("family", "distribution"),
    [
        (OrdinalLogit(5), stats.logistic()),
        (OrdinalProbit(5), stats.norm()),
        (OrdinalCloglog(5), stats.gumbel_l()),
    ],
)
class TestOrdinal:
    cutpoints = np.array([-1.0, -0.99, 0.4, 2.0])

    def test_differences_of_distribution_functions(
        self, family: OrdinalFamily, distribution: Distribution
    ) -> None:
        ends = np.array([-np.inf, *self.cutpoints, np.inf])
        for category in range(5):
            outcome = np.full((1, len(ETA)), float(category))
            lower, upper = ends[category] - ETA, ends[category + 1] - ETA
            expected = distribution.cdf(upper) - distribution.cdf(lower)
            found = np.exp(log_density(family, outcome, ETA, list(self.cutpoints)))
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-16)
        together = family.probabilities(ETA, self.cutpoints).sum(axis=0)
        np.testing.assert_allclose(together, 1.0, rtol=1e-13)

    def test_far_tails_are_accurate(
        self, family: OrdinalFamily, distribution: Distribution
    ) -> None:
        """A narrow interval has the density at its middle times its width."""
        eta = np.array([-30.0, -5.0, 5.0, 30.0])
        small = type(family)(3)
        found = log_density(small, np.ones((1, 4)), eta, [-1e-4, 1e-4])
        expected = distribution.logpdf(-eta) + np.log(2e-4)
        # Where the log density itself is vast the interval is no longer narrow for it.
        narrow = np.abs(expected) < 1e3
        np.testing.assert_allclose(found[narrow], expected[narrow], rtol=2e-6)

    @settings(max_examples=40, deadline=None)
    @given(centre=st.floats(-1e3, 1e3))
    def test_probabilities_are_finite_everywhere(
        self, family: OrdinalFamily, distribution: Distribution, centre: float
    ) -> None:
        outcome = np.arange(5.0)[None]
        found = log_density(family, outcome, np.full(5, centre), list(self.cutpoints))
        assert np.all(np.isfinite(found)) and np.all(found <= 1e-12)


def test_censored_gaussian() -> None:
    lower = np.array([0.7, -np.inf, 0.3, -0.4, 9.0, -np.inf])
    upper = np.array([0.7, 0.2, np.inf, 1.1, 9.5, np.inf])
    eta = np.array([0.1, -0.4, 1.2, 0.3, -2.0, 0.0])
    normal = stats.norm(eta, np.exp(0.2))
    found = log_density(CensoredGaussian(), np.stack([lower, upper]), eta, [0.2])
    expected = [
        normal.logpdf(lower)[0],
        normal.logcdf(upper)[1],
        normal.logsf(lower)[2],
        np.log((normal.cdf(upper) - normal.cdf(lower))[3]),
        np.log((normal.sf(lower) - normal.sf(upper))[4]),
        0.0,
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    points = np.array([0.4, 0.5])
    one_kind = log_density(CensoredGaussian(), np.stack([points, points]), eta[:2], [0.2])
    np.testing.assert_allclose(one_kind, stats.norm.logpdf(points, eta[:2], np.exp(0.2)))


TIMES = np.array([[0.4, 3.0, 1.7, 8.0], [0.0, 0.0, 0.9, 2.0], [1.0, 0.0, 1.0, 0.0]])
TIME_ETA = np.array([0.2, -0.3, 0.8, 1.1])


@pytest.mark.parametrize(
    ("family", "own", "distribution"),
    [
        (Exponential("hazard"), [], stats.expon(scale=np.exp(-TIME_ETA))),
        (Exponential("time"), [], stats.expon(scale=np.exp(TIME_ETA))),
        (
            WeibullHazard(),
            [0.3],
            stats.weibull_min(np.exp(0.3), scale=np.exp(-TIME_ETA / np.exp(0.3))),
        ),
        (WeibullTime(), [0.3], stats.weibull_min(np.exp(0.3), scale=np.exp(TIME_ETA))),
        (Lognormal(), [-0.2], stats.lognorm(np.exp(-0.2), scale=np.exp(TIME_ETA))),
        (Loglogistic(), [-0.2], stats.fisk(np.exp(0.2), scale=np.exp(TIME_ETA))),
        (GammaTime(), [-0.2], stats.gamma(np.exp(0.4), scale=np.exp(TIME_ETA) / np.exp(0.4))),
    ],
)
def test_survival(family: Family, own: list[float], distribution: Distribution) -> None:
    time, entry, failed = TIMES
    expected = np.where(failed > 0.0, distribution.logpdf(time), distribution.logsf(time))
    expected -= distribution.logsf(entry)
    np.testing.assert_allclose(log_density(family, TIMES, TIME_ETA, own), expected, rtol=1e-10)


@pytest.mark.parametrize("log_scale", [-4.0, -1.0, 0.0, 1.5])
def test_gamma_survivors_of_all_shapes(log_scale: float) -> None:
    shape = np.exp(-2.0 * log_scale)
    time = np.array([1e-3, 0.3, 0.97, 1.0, 1.03, 1.5, 4.0])
    outcome = np.stack([time, np.zeros(7), np.zeros(7)])
    found = log_density(GammaTime(), outcome, np.zeros(7), [log_scale])
    expected = stats.gamma.logsf(time, shape, scale=1.0 / shape)
    seen = np.isfinite(expected)
    np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-9, atol=1e-14)
    assert np.all(np.isfinite(found)) and np.all(np.diff(found) <= 0.0)
