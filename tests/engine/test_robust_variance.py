"""Robust covariance matrices of scores, and the scaling of sampling weights."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.robust_variance import outer_product_variance, robust_variance
from statalike.engine.weight_scaling import scaled_weights

GROUP = np.array([0, 0, 0, 1, 1])
WITHIN = np.array([1.0, 2.0, 3.0, 4.0, 4.0])
OF_GROUPS = np.array([5.0, 5.0, 5.0, 2.0, 2.0])


def test_sandwich() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(12, 3))
    bread = np.diag([1.0, 2.0, 3.0]) + 0.1
    found = robust_variance(bread, scores)
    wanted = sum((np.outer(s, s) for s in scores), start=np.zeros((3, 3)))
    np.testing.assert_allclose(found.covariance, 12 / 11 * bread @ wanted @ bread)
    assert found.units == 12


def test_clusters_are_units() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(12, 2))
    clusters = np.arange(12) % 4
    found = robust_variance(np.eye(2), scores, clusters)
    summed = np.stack([scores[clusters == c].sum(axis=0) for c in range(4)])
    np.testing.assert_allclose(found.covariance, robust_variance(np.eye(2), summed).covariance)
    assert found.units == 4


def test_frequencies_are_copies() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(6, 2))
    copies = np.array([1, 3, 2, 1, 1, 4])
    found = robust_variance(np.eye(2), scores * copies[:, None], frequencies=copies.astype(float))
    wanted = robust_variance(np.eye(2), np.repeat(scores, copies, axis=0))
    np.testing.assert_allclose(found.covariance, wanted.covariance)
    assert found.units == wanted.units == 12


def test_one_unit_tells_nothing() -> None:
    found = robust_variance(np.eye(2), np.array([[1.0, 2.0]]))
    assert found.units == 1
    np.testing.assert_array_equal(found.covariance, np.zeros((2, 2)))


def test_size() -> None:
    within, of_groups = scaled_weights("size", WITHIN, OF_GROUPS, GROUP)
    np.testing.assert_allclose(np.bincount(GROUP, within), [3.0, 2.0])
    np.testing.assert_allclose(within, [0.5, 1.0, 1.5, 1.0, 1.0])
    np.testing.assert_array_equal(of_groups, OF_GROUPS)


def test_effective() -> None:
    within, of_groups = scaled_weights("effective", WITHIN, OF_GROUPS, GROUP)
    np.testing.assert_allclose(np.bincount(GROUP, within), [36 / 14, 2.0])
    np.testing.assert_allclose(within[:3] / WITHIN[:3], 6 / 14)
    np.testing.assert_array_equal(of_groups, OF_GROUPS)


def test_graubard_and_korn() -> None:
    within, of_groups = scaled_weights("gk", WITHIN, OF_GROUPS, GROUP)
    np.testing.assert_array_equal(within, np.ones(5))
    np.testing.assert_allclose(of_groups, [10.0, 10.0, 10.0, 8.0, 8.0])


@pytest.mark.parametrize("scaling", ["size", "effective"])
def test_scaling_forgets_factors_of_groups(scaling: str) -> None:
    factors = np.array([7.0, 0.2])[GROUP]
    first = scaled_weights(scaling, WITHIN, OF_GROUPS, GROUP)  # type: ignore[arg-type]
    second = scaled_weights(scaling, factors * WITHIN, OF_GROUPS, GROUP)  # type: ignore[arg-type]
    np.testing.assert_allclose(first[0], second[0])


def test_outer_products() -> None:
    scores = np.random.default_rng(4).normal(size=(12, 3))
    found = outer_product_variance(np.diag([1.0, 4.0, 9.0]) + 0.1, scores)
    np.testing.assert_allclose(found, np.linalg.inv(scores.T @ scores))


def test_outer_products_within_constraints() -> None:
    scores = np.random.default_rng(5).normal(size=(12, 3))
    basis = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = outer_product_variance(basis @ np.diag([2.0, 0.01]) @ basis.T, scores)
    reduced = scores @ basis
    np.testing.assert_allclose(found, basis @ np.linalg.inv(reduced.T @ reduced) @ basis.T)


def test_outer_products_of_copies() -> None:
    scores = np.random.default_rng(6).normal(size=(6, 2))
    copies = np.array([1, 3, 2, 1, 1, 4])
    weighted = scores * copies[:, None]
    found = outer_product_variance(np.eye(2), weighted, copies.astype(float))
    repeated = outer_product_variance(np.eye(2), np.repeat(scores, copies, axis=0))
    np.testing.assert_allclose(found, repeated)
