from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.engine.collinearity import independent_columns


def kept(*columns: object, constant: bool = True) -> list[bool]:
    matrix = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
    return [bool(keep) for keep in independent_columns(matrix, constant)]


RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 50))


def test_earlier_columns_stay_and_later_ones_go() -> None:
    assert kept(A, B, A + B, C) == [True, True, False, True]
    assert kept(A, 2 * A, -A + 3) == [True, False, False]


def test_without_variation_a_column_goes_before_the_constant() -> None:
    assert kept(A, np.full(50, 7.0)) == [True, False]
    assert kept(A, np.full(50, 7.0), constant=False) == [True, True]
    assert kept(A, A + 1, constant=False) == [True, True]
    assert kept(A, A + 1) == [True, False]
    assert kept(np.zeros(50), A, constant=False) == [False, True]


def test_a_full_set_of_dummies() -> None:
    group = np.arange(50) % 4
    dummies = [group == level for level in range(4)]
    assert kept(*dummies) == [True, True, True, False]
    assert kept(*dummies, constant=False) == [True] * 4


def test_years_and_their_squares_are_not_collinear() -> None:
    year = 1970.0 + np.arange(50) % 17
    assert kept(year, year**2) == [True, True]
    assert kept(year, year**2, year**2 - 3940 * year) == [True, True, False]


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e150])
def test_units_do_not_matter(scale: float) -> None:
    assert kept(scale * A, B, scale * A + 1e-3 * scale * B, C) == [True, True, False, True]
    assert kept(A, scale * (A + 1e-3 * B)) == [True, True]


def test_single_precision_sums_are_collinear() -> None:
    total = (A.astype(np.float32) + B.astype(np.float32)).astype(np.float64)
    first, second = A.astype(np.float32), B.astype(np.float32)
    assert kept(first, second, total) == [True, True, False]


def test_nearly_collinear_but_told_apart() -> None:
    assert kept(A, A + 1e-5 * B) == [True, True]
    assert kept(A, A + 1e-9 * B) == [True, False]


def test_more_columns_than_observations_and_none() -> None:
    assert sum(independent_columns(RNG.normal(size=(4, 9)), True)) == 3
    assert sum(independent_columns(RNG.normal(size=(4, 9)), False)) == 4
    assert independent_columns(np.zeros((5, 0))).shape == (0,)
    assert not independent_columns(np.zeros((0, 2))).any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 4))
def test_the_kept_columns_are_a_basis(seed: int, columns: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = rng.integers(-3, 4, (25, rank)), rng.integers(-2, 3, (rank, columns))
    matrix = np.asarray(left @ right, dtype=np.float64)
    mask = independent_columns(matrix, False)
    assert mask.sum() == np.linalg.matrix_rank(matrix)
    for j in range(columns):
        before = np.linalg.matrix_rank(matrix[:, :j]) if j else 0
        assert mask[j] == (np.linalg.matrix_rank(matrix[:, : j + 1]) > before)
