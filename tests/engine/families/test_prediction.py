"""Means, variances, distribution functions and residuals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.genmod.families as peers
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import truncnorm

from statalike.engine.families.family import Family
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.negative_binomial import (
    NegativeBinomialConstant,
    NegativeBinomialMean,
)
from statalike.engine.families.ordinal import OrdinalFamily
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.families.truncated_normal import (
    censored_mean,
    interval_probability,
    truncated_mean,
)
from tests.engine.families.examples import EXAMPLES, Example, slopes

Array = NDArray[np.float64]

ETA = np.array([-1.1, 0.2, 0.9])


def of_kind(kind: Callable[..., Family]) -> list[Example]:
    assert isinstance(kind, type)
    return [example for example in EXAMPLES if isinstance(example.family, kind)]


COUNTED = [
    example
    for example in of_kind(GeneralizedLinearFamily)
    if example.name.startswith(("bern", "bin", "pois", "neg"))
]


@pytest.mark.parametrize("example", COUNTED, ids=lambda e: e.name)
def test_moments_and_distribution_of_counts_are_sums_of_the_density(example: Example) -> None:
    family = example.family
    assert isinstance(family, GeneralizedLinearFamily)
    if example.name.startswith("bern"):
        rows = np.array([[0.0, 1.0]])
    elif example.name.startswith("bin"):
        rows = np.array([np.arange(8.0), np.full(8, 7.0)])
    else:
        rows = np.arange(400.0)[None]
    count = rows.shape[-1]
    own = np.full((family.quantity_count, count), example.own[0] if example.own.size else 0.0)
    for eta in ETA:
        here = np.full(count, eta)
        density = np.exp(family.log_density(rows, here, own))
        assert density.sum() == pytest.approx(1.0, abs=1e-9)
        mean = family.mean(rows, here)
        assert mean[0] == pytest.approx(density @ rows[0], rel=1e-7)
        square = density @ np.square(rows[0] - mean[0])
        assert family.variance(rows, mean, own)[0] == pytest.approx(square, rel=1e-6)
        np.testing.assert_allclose(
            family.distribution(rows, here, own), np.cumsum(density), rtol=1e-9
        )


@pytest.mark.parametrize(
    "example",
    [e for e in of_kind(GeneralizedLinearFamily) if e.name.startswith("ga")],
    ids=lambda e: e.name,
)
def test_moments_and_distribution_of_continuous_outcomes_are_integrals(example: Example) -> None:
    family = example.family
    assert isinstance(family, GeneralizedLinearFamily)
    own, eta = example.own[:, None], np.array([0.3])
    lowest = 0.0 if example.name.startswith("gamma") else -20.0

    def integral(power: int, upper: float) -> float:
        def integrand(y: float) -> float:
            value = family.log_density(np.array([[y]]), eta, own)[0]
            return float(y**power * np.exp(value))

        return float(quad(integrand, lowest, upper, limit=400, points=[1.0])[0])

    mean = family.mean(np.ones((1, 1)), eta)
    assert mean[0] == pytest.approx(integral(1, 60.0), rel=1e-6)
    variance = family.variance(np.ones((1, 1)), mean, own)[0]
    assert variance == pytest.approx(integral(2, 60.0) - mean[0] ** 2, rel=1e-5)
    found = family.distribution(np.array([[1.7]]), eta, own)[0]
    assert found == pytest.approx(integral(0, 1.7), rel=1e-7)


@pytest.mark.parametrize("example", of_kind(GeneralizedLinearFamily), ids=lambda e: e.name)
def test_slopes_of_means(example: Example) -> None:
    family = example.family
    assert isinstance(family, GeneralizedLinearFamily)
    eta = np.linspace(-1.0, 1.0, example.outcome.shape[-1])
    expected = slopes(lambda by: family.mean(example.outcome, eta + by), 0.01)
    np.testing.assert_allclose(family.mean_slope(example.outcome, eta), expected, rtol=1e-9)


@pytest.mark.parametrize("example", of_kind(GeneralizedLinearFamily), ids=lambda e: e.name)
def test_residuals_agree_with_statsmodels(example: Example) -> None:
    family, outcome = example.family, example.outcome
    assert isinstance(family, GeneralizedLinearFamily)
    name = example.name.split()[0].rstrip(",")
    own = example.quantities()
    eta = np.linspace(-0.8, 0.9, outcome.shape[-1])
    mean, value = family.mean(outcome, eta), outcome[0]
    if isinstance(family, NegativeBinomialConstant):
        np.testing.assert_allclose(
            family.residual("pearson", outcome, eta, own),
            (value - mean) / np.sqrt(mean * (1.0 + np.exp(example.own[0]))),
        )
        assert family.residual_kinds == ("pearson",)
        return
    if name in ("bernoulli", "binomial"):
        trials = np.ones_like(value) if name == "bernoulli" else outcome[1]
        peer = peers.Binomial()
        peer.n = trials
        arguments = value / trials, mean / trials
        raw = (value - mean) / np.sqrt(mean * (1.0 - mean / trials))
    else:
        alpha = float(np.exp(example.own[0])) if name == "negative" else 1.0
        peer = {
            "poisson": peers.Poisson,
            "negative": lambda: peers.NegativeBinomial(alpha=alpha),
            "gamma": peers.Gamma,
            "gaussian": peers.Gaussian,
        }[name]()
        arguments = value, mean
        raw = (value - mean) / np.sqrt(peer.variance(mean))
    np.testing.assert_allclose(family.residual("pearson", outcome, eta, own), raw, rtol=1e-9)
    np.testing.assert_allclose(
        family.residual("deviance", outcome, eta, own), peer.resid_dev(*arguments), rtol=1e-7
    )
    if name in ("bernoulli", "poisson", "gamma"):
        found = family.residual("anscombe", outcome, eta, own)
        np.testing.assert_allclose(found, peer.resid_anscombe(*arguments), rtol=1e-6)


def test_anscombe_residuals_of_the_negative_binomial_are_the_manuals() -> None:
    alpha, y, mean = 0.5, 6.0, 2.5
    found = NegativeBinomialMean().residual(
        "anscombe", np.array([[y]]), np.log([mean]), np.log([[alpha]])
    )

    def h(t: float) -> float:
        return float(hyp2f1(2 / 3, 1 / 3, 5 / 3, t))

    top = h(-alpha * y) - h(-alpha * mean) + 1.5 * (y ** (2 / 3) - mean ** (2 / 3))
    assert found[0] == pytest.approx(top / (mean + alpha * mean**2) ** (1 / 6))


@pytest.mark.parametrize("example", of_kind(OrdinalFamily), ids=lambda e: e.name)
def test_category_probabilities(example: Example) -> None:
    family = example.family
    assert isinstance(family, OrdinalFamily)
    found = family.probabilities(ETA, example.own)
    assert found.shape == (4, 3)
    expected = slopes(lambda by: family.probabilities(ETA + by, example.own), 0.01)
    np.testing.assert_allclose(
        family.probability_slopes(ETA, example.own), expected, rtol=1e-7, atol=1e-12
    )
    outcome = np.array([[1.0, 3.0, 0.0]])
    quantities = family.quantities(example.own, family.quantity_positions(outcome))
    below = family.distribution(ETA, quantities)
    together = [found[:2, 0].sum(), 1.0, found[0, 2]]
    np.testing.assert_allclose(below, together, rtol=1e-12)


@pytest.mark.parametrize("example", of_kind(SurvivalFamily), ids=lambda e: e.name)
def test_survival_predictions(example: Example) -> None:
    family = example.family
    assert isinstance(family, SurvivalFamily)
    own = example.own[:, None]
    eta = np.array([0.4])

    def log_survivor(time: float) -> float:
        return float(family.log_survivor(np.array([time]), eta, own)[0])

    total = quad(lambda u: np.exp(u + log_survivor(np.exp(u))), -60.0, 60.0, limit=400)[0]
    assert family.mean(eta, own)[0] == pytest.approx(total, rel=1e-6)
    median = family.median(eta, own)[0]
    assert np.exp(log_survivor(median)) == pytest.approx(0.5, rel=1e-10)
    time = np.array([1.4])
    hazard = -slopes(lambda by: np.array([log_survivor(1.4 + by)]), 0.01)
    np.testing.assert_allclose(family.hazard(time, eta, own), hazard, rtol=1e-8)
    density = family.density(time, eta, own)
    np.testing.assert_allclose(density, hazard * np.exp(log_survivor(1.4)), rtol=1e-8)
    distribution = family.distribution(time, eta, own)
    np.testing.assert_allclose(distribution, 1.0 - np.exp(log_survivor(1.4)), rtol=1e-12)
    expected = slopes(lambda by: family.mean(eta + by, own), 0.01)
    np.testing.assert_allclose(family.mean_slope(eta, own), expected, rtol=1e-8)


def test_predictions_within_limits() -> None:
    lower = np.array([-np.inf, 0.2, 1.0, -np.inf, 8.0])
    upper = np.array([0.7, 1.9, np.inf, np.inf, 9.0])
    mean, deviation = np.array([0.4, -0.3, 2.0, 1.5, 0.0]), np.array([1.3, 0.8, 0.5, 2.0, 1.0])
    ends = (lower - mean) / deviation, (upper - mean) / deviation
    peer = truncnorm(*ends, loc=mean, scale=deviation)
    np.testing.assert_allclose(truncated_mean(lower, upper, mean, deviation), peer.mean(), 1e-8)

    def censored(number: int) -> float:
        m, s = mean[number], deviation[number]

        def integrand(y: float) -> float:
            density = np.exp(-0.5 * ((y - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))
            return float(min(max(y, lower[number]), upper[number]) * density)

        corners = [end for end in (lower[number], upper[number]) if np.isfinite(end)]
        bounds = m - 12 * s, m + 12 * s
        return float(quad(integrand, *bounds, points=corners or None, limit=200)[0])

    found = censored_mean(lower, upper, mean, deviation)
    np.testing.assert_allclose(found, [censored(number) for number in range(5)], rtol=1e-8)
    probability = interval_probability(lower, upper, mean, deviation)
    assert probability[3] == pytest.approx(1.0)
    # Abramowitz and Stegun, table 26.2: the upper tail at 8 is 6.22096e-16, at 9 1.12859e-19.
    assert probability[4] == pytest.approx(6.22096e-16 - 1.12859e-19, rel=1e-5)


def test_limits_out_of_order_have_no_probability() -> None:
    one, two, mean, deviation = (np.array([x]) for x in (1.0, 2.0, 0.0, 1.0))
    assert interval_probability(two, one, mean, deviation)[0] == 0.0
    assert np.isnan(truncated_mean(two, one, mean, deviation)[0])
    assert np.isnan(censored_mean(two, one, mean, deviation)[0])
    assert censored_mean(one, one, mean, deviation)[0] == pytest.approx(1.0)
