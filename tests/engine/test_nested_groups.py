from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.nested_groups import nested_groups


def codes(*values: list[int]) -> list[NDArray[np.int64]]:
    return [np.array(value) for value in values]


def test_sorted_codes() -> None:
    groups = nested_groups(codes([3, 3, 3, 5, 5], [1, 1, 2, 1, 1]))
    assert groups.starts is not None and groups.starts.tolist() == [0, 2, 3]
    assert groups.counts == (2, 3)
    assert [size.tolist() for size in groups.sizes] == [[3, 2], [2, 1, 2]]
    assert groups.parents[1].tolist() == [0, 0, 1]
    assert groups.group(0).tolist() == [0, 0, 0, 1, 1]
    assert groups.group(1).tolist() == [0, 0, 1, 2, 2]
    assert groups.run_starts(1, 0).tolist() == [0, 2]


def test_codes_of_a_lower_level_need_not_be_unique() -> None:
    groups = nested_groups(codes([1, 2, 1, 2], [7, 7, 7, 8]))
    assert groups.starts is None
    assert groups.counts == (2, 3)
    assert groups.group(1).tolist() == [0, 1, 0, 2]


def test_sparse_and_negative_codes() -> None:
    groups = nested_groups(codes([10**15, -5, 10**15, 0], [1, 1, 2, 10**12]))
    assert groups.group(0).tolist() == [2, 0, 2, 1]
    assert groups.counts == (3, 4)


def test_sums_by_group_in_either_order() -> None:
    rows = np.arange(12.0).reshape(2, 6)
    ordered = nested_groups(codes([0, 0, 1, 2, 2, 2]))
    np.testing.assert_array_equal(ordered.sums(rows), [[1, 2, 12], [13, 8, 30]])
    shuffled = nested_groups(codes([2, 0, 2, 0, 1, 2]))
    np.testing.assert_array_equal(shuffled.sums(rows), [[4, 4, 7], [16, 10, 25 - 6 + 6]])


def test_refusals() -> None:
    with pytest.raises(EstimationError) as empty:
        nested_groups(codes([]))
    assert empty.value.kind == "no_observations"
    with pytest.raises(EstimationError):
        nested_groups(codes([1, 2], [1]))
    with pytest.raises(EstimationError):
        nested_groups([])


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 3), st.integers(1, 40), st.booleans())
def test_groups_are_the_distinct_chains_of_codes(
    seed: int, levels: int, n: int, ordered: bool
) -> None:
    rng = np.random.default_rng(seed)
    values = [rng.integers(-2, 3, n) * int(rng.choice([1, 1000, 10**9])) for _ in range(levels)]
    if ordered:
        order = np.lexsort(values[::-1])
        values = [value[order] for value in values]
    groups = nested_groups(values)
    for level in range(levels):
        chains = np.column_stack(values[: level + 1])
        expected = np.unique(chains, axis=0, return_inverse=True)[1].ravel()
        np.testing.assert_array_equal(groups.group(level), expected)
        np.testing.assert_array_equal(groups.sizes[level], np.bincount(expected))
        assert np.all(np.diff(groups.parents[level]) >= 0)
        if level:
            above = groups.parents[level][groups.group(level)]
            np.testing.assert_array_equal(above, groups.group(level - 1))
