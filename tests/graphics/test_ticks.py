"""Round values for axes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.graphics.graph import Ticks
from statalike.graphics.ticks import round_logarithms, round_values, tick_texts, tick_values


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (12, 41, (10, 20, 30, 40)),
        (1760, 4840, (2000, 3000, 4000, 5000)),
        (3291, 15906, (0, 5000, 10000, 15000)),
        (1.5, 5, (1, 2, 3, 4, 5)),
        (2.19, 3.89, (2, 2.5, 3, 3.5, 4)),
        (1, 9, (0, 2, 4, 6, 8, 10)),
        (0, 0.08, (0, 0.02, 0.04, 0.06, 0.08)),
        (-2.2, 3, (-2, -1, 0, 1, 2, 3)),
    ],
)
def test_labels_as_stata_places_them(low: float, high: float, values: tuple[float, ...]) -> None:
    """The labels of variables of the automobile data and the pigs in Stata's own graphs."""
    assert round_values(low, high, 5) == pytest.approx(values)


@given(
    st.floats(-1e9, 1e9, allow_subnormal=False),
    st.floats(1e-3, 1e9),
    st.integers(2, 12),
)
def test_values_are_round_even_and_near_the_count(low: float, width: float, count: int) -> None:
    high = low + width
    values = round_values(low, high, count)
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert len(values) >= 1
    if steps and width > 1e-6 * abs(low):
        assert max(steps) == pytest.approx(min(steps), rel=1e-4)
        assert low - max(steps) <= values[0] and values[-1] <= high + max(steps)


def test_one_value_is_its_own_label() -> None:
    assert round_values(3, 3, 5) == (3,)


def test_logarithms() -> None:
    assert round_logarithms(1, 1000, 5) == (1, 10, 100, 1000)
    assert all(value > 0 for value in round_logarithms(2, 9, 5))


def test_values_and_texts_of_an_axis() -> None:
    ticks = Ticks(values=(1.0, 2.5), texts=("one", None), count=3, minmax=True)
    values = tick_values(ticks, 0.0, 10.0)
    assert values == [1.0, 2.5, 0.0, 5.0, 10.0]
    assert tick_texts(ticks, values, "%4.1f") == ["one", "2.5", "0.0", "5.0", "10.0"]
    assert tick_texts(ticks, [2.5], "%9s") == ["2.5"]
