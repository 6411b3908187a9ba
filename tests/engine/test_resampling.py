"""Bootstrap, jackknife and permutation arithmetic against plain loops and published numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special

from statalike.engine import resampling
from statalike.engine.permutation import binomial_interval, permutation_tests, permuted_within

RANDOM = np.random.default_rng(1)

#: survival times of the mouse data, Efron and Tibshirani (1993), table 2.1
TREATED = np.array([94.0, 197, 16, 38, 99, 141, 23])


def test_units_are_drawn_within_their_strata() -> None:
    strata = np.array([0, 1, 0, 1, 1, 2])
    sizes = np.array([4, 3, 2])
    drawn = resampling.drawn_units(RANDOM.random(9), strata, sizes)
    assert strata[drawn].tolist() == [0] * 4 + [1] * 3 + [2] * 2
    many = resampling.drawn_units(RANDOM.random(60000), np.zeros(6, int), np.array([60000]))
    assert np.bincount(many) / 10000 == pytest.approx(1, abs=0.05)


def test_jackknife_error_of_a_mean_is_the_classical_one() -> None:
    replicates = np.array([np.delete(TREATED, i).mean() for i in range(7)])[:, None]
    found = resampling.jackknife_covariance(replicates, TREATED.mean(keepdims=True))
    assert found[0, 0] == pytest.approx(TREATED.var(ddof=1) / 7)


def test_jackknife_within_strata_adds_up() -> None:
    strata = np.array([0, 0, 0, 1, 1, 1, 1])
    replicates = RANDOM.normal(size=(7, 2))
    expected = sum(
        (n - 1) / n * np.cov(replicates[strata == h].T, bias=True) * n for h, n in ((0, 3), (1, 4))
    )
    found = resampling.jackknife_covariance(replicates, np.zeros(2), strata)
    np.testing.assert_allclose(found, expected)


def test_bootstrap_covariance_about_mean_and_about_observed() -> None:
    replicates, observed = RANDOM.normal(size=(20, 3)), np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(
        resampling.replicate_covariance(replicates, observed), np.cov(replicates.T)
    )
    d = replicates - observed
    np.testing.assert_allclose(
        resampling.replicate_covariance(replicates, observed, about_observed=True), d.T @ d / 20
    )


def test_complete_bootstrap_of_a_mean() -> None:
    """All 3^3 samples of three numbers: the exact bootstrap error of their mean."""
    values = np.array([1.0, 2.0, 6.0])
    means = np.array([np.mean(s) for s in itertools.product(values, repeat=3)])[:, None]
    found = resampling.replicate_covariance(means, np.array([3.0]), about_observed=True)
    assert found[0, 0] == pytest.approx(values.var() / 3)


def test_intervals_against_their_definitions() -> None:
    replicates = np.sort(RANDOM.gamma(2, size=(200, 1)), axis=0)
    observed, error = np.array([1.7]), np.array([1.0])
    a = 0.05
    found = resampling.bootstrap_intervals(replicates, observed, error, 90, np.array([a]))
    z0 = special.ndtri(np.mean(replicates <= 1.7))
    z = special.ndtri(0.95)
    np.testing.assert_allclose(
        found.percentile[:, 0],
        np.quantile(replicates[:, 0], [0.05, 0.95], method="averaged_inverted_cdf"),
    )
    for limits, value in ((found.bias_corrected, 0.0), (found.accelerated, a)):
        points = [special.ndtr(z0 + (z0 + s) / (1 - value * (z0 + s))) for s in (-z, z)]
        np.testing.assert_allclose(
            limits[:, 0],
            np.quantile(replicates[:, 0], points, method="averaged_inverted_cdf"),
        )
    np.testing.assert_allclose(found.normal[:, 0], [1.7 - z, 1.7 + z])


def test_acceleration_of_the_mean_is_a_sixth_of_the_skewness() -> None:
    """For the mean a = skewness / (6 sqrt n), Efron and Tibshirani (1993), section 14.3."""
    replicates = np.array([np.delete(TREATED, i).mean() for i in range(7)])[:, None]
    d = TREATED - TREATED.mean()
    expected = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    assert resampling.acceleration(replicates)[0] == pytest.approx(expected)
    assert resampling.acceleration(np.ones((4, 1)))[0] == 0


def test_permutations_stay_within_strata() -> None:
    strata = np.array([1, 0, 1, 0, 0])
    moved = permuted_within(RANDOM.random(5), strata)
    assert sorted(moved) == list(range(5))
    assert (strata[moved] == strata).all()
    firsts = [permuted_within(RANDOM.random(3), np.zeros(3, int))[0] for _ in range(6000)]
    assert np.bincount(firsts) / 2000 == pytest.approx(1, abs=0.1)


def test_permutation_counts_and_exact_intervals() -> None:
    values = np.array([[1.0], [2.0], [2.0], [3.0], [np.nan]])
    found = permutation_tests(values, np.array([2.0]), 95, 1e-7)
    assert found.replications[0] == 4
    assert (found.lower_count[0], found.upper_count[0]) == (3, 3)
    assert found.two_sided[0] == 1
    # Clopper and Pearson's limits for 3 of 10, as in tables: .0667 to .6525
    limits = binomial_interval(np.array([3.0]), np.array([10.0]), 95)[:, 0]
    np.testing.assert_allclose(limits, [0.06673951, 0.65245285], rtol=1e-6)
    assert binomial_interval(np.array([0.0, 5.0]), np.array([5.0, 5.0]), 95)[0, 0] == 0
