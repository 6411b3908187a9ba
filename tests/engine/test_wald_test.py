"""Wald tests against explicit inverses, other formulas of the tails and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from statalike.engine.wald_test import independent_restrictions, wald_test

RANDOM = np.random.default_rng(7)
FACTOR = RANDOM.normal(size=(5, 9))
V = FACTOR @ FACTOR.T
B = RANDOM.normal(size=5)


def test_chi_squared_statistic_and_tail() -> None:
    R = np.array([[1.0, -1, 0, 0, 0], [0, 0, 1, 2, 0]])
    r = np.array([0.5, -1.0])
    found = wald_test(B, V, R, r)
    d = R @ B - r
    expected = d @ np.linalg.inv(R @ V @ R.T) @ d
    assert found.statistic == pytest.approx(expected)
    assert found.p == pytest.approx(math.exp(-expected / 2))
    assert (found.df, found.denominator, found.dropped) == (2, None, ())


def test_f_statistic_and_tail() -> None:
    R = np.eye(5)[:3]
    found = wald_test(B, V, R, np.zeros(3), denominator=12.5)
    expected = B[:3] @ np.linalg.inv(V[:3, :3]) @ B[:3] / 3
    assert found.statistic == pytest.approx(expected)
    assert found.p == pytest.approx(special.betainc(6.25, 1.5, 12.5 / (12.5 + 3 * expected)))


def test_dependent_and_empty_restrictions_are_dropped() -> None:
    covariance = V.copy()
    covariance[2] = covariance[:, 2] = 0
    R = np.array(
        [
            [0.0, 0, 1, 0, 0],
            [1, 0, 0, 0, 0],
            [0, 1, 0, 0, 0],
            [3, -2, 0, 0, 0],
            [0, 0, 0, 0, 0],
        ]
    )
    found = wald_test(B, covariance, R, np.zeros(5))
    assert found.dropped == (0, 3, 4)
    assert found.df == 2
    assert found.statistic == pytest.approx(B[:2] @ np.linalg.inv(V[:2, :2]) @ B[:2])


def test_nothing_left_to_test() -> None:
    found = wald_test(B, np.zeros((5, 5)), np.eye(5), np.zeros(5))
    assert found.df == 0
    assert math.isnan(found.statistic) and math.isnan(found.p)
    assert found.dropped == (0, 1, 2, 3, 4)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(1e-8, 1e8))
def test_scales_and_bases_do_not_matter(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    R = random.normal(size=(3, 5))
    r = random.normal(size=3)
    mixing = np.linalg.qr(random.normal(size=(3, 3)))[0]
    plain = wald_test(B, V, R, r)
    turned = wald_test(B, V, mixing @ R, mixing @ r)
    scaled = wald_test(B * scale, V * scale**2, R, r * scale)
    assert turned.statistic == pytest.approx(plain.statistic, rel=1e-8)
    assert scaled.statistic == pytest.approx(plain.statistic, rel=1e-8)
    assert plain.df == turned.df == scaled.df == 3


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_the_rank_is_found(seed: int, rank: int) -> None:
    random = np.random.default_rng(seed)
    R = random.normal(size=(7, rank)) @ random.normal(size=(rank, 5))
    kept = independent_restrictions(R @ V @ R.T)
    assert kept.sum() == np.linalg.matrix_rank(R)
    assert kept[0]
