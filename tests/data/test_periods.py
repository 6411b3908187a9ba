"""Declared time: the period as Stata and people write it, lags as polynomials."""

from __future__ import annotations

import pytest

from statalike.data.formats import format_value
from statalike.data.periods import lag_polynomial, read_delta


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("+1.0000000000000X+000", 1.0), ("+1.0000000000000X-002", 0.25), ("1", 1.0), ("7", 7.0),
        ("+1.dcd6500000000X+01d", 1e9), ("", 1.0), ("nonsense", 1.0),
    ],
)  # fmt: skip
def test_period(text: str, period: float) -> None:
    assert read_delta(text) == period


@pytest.mark.parametrize("period", [1.0, 2.0, 0.1, 3600000.0])
def test_period_as_it_is_kept(period: float) -> None:
    assert read_delta(format_value(period, "%21x")) == period


@pytest.mark.parametrize(
    ("operators", "lags"),
    [
        ("", {0: 1}), ("L", {1: 1}), ("l2", {2: 1}), ("F", {-1: 1}), ("D", {0: 1, 1: -1}),
        ("D2", {0: 1, 1: -2, 2: 1}), ("S12", {0: 1, 12: -1}), ("LD", {1: 1, 2: -1}),
        ("F2S3", {-2: 1, 1: -1}),
    ],
)  # fmt: skip
def test_operators_as_polynomials(operators: str, lags: dict[int, float]) -> None:
    assert lag_polynomial(operators) == lags


def test_no_operator() -> None:
    assert lag_polynomial("q") is None
