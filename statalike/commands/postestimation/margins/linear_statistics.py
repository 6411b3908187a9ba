"""Margins of the linear prediction after ``mixed``, ``regress`` and ``anova``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.commands.postestimation.margins.statistics import (
    LinearPrediction,
    Statistic,
    margins_statistics,
    refuse_options,
)
from statalike.design.columns import Column
from statalike.state import State


@margins_statistics("regress", "anova")
def statistics_of_regression(
    state: State, options: Mapping[str, Any], text: str
) -> tuple[Statistic, ...]:
    """``xb``, the only one ([R] regress postestimation)."""
    refuse_options(options, ("xb",))
    return (_linear_prediction(state, "", "Linear prediction", text),)


@margins_statistics("mixed")
def statistics_of_mixed(
    state: State, options: Mapping[str, Any], text: str
) -> tuple[Statistic, ...]:
    """``xb``, the only one ([ME] mixed postestimation)."""
    refuse_options(options, ("xb",))
    label = "Linear prediction, fixed portion"
    return (_linear_prediction(state, state.e.macros["depvar"], label, text),)


def _linear_prediction(state: State, equation: str, label: str, text: str) -> LinearPrediction:
    b = state.e.matrices["b"]
    chosen = [k for k, stripe in enumerate(b.columns) if stripe.equation == equation]
    columns = tuple(Column.parse(b.columns[k].name) for k in chosen)
    return LinearPrediction(
        label, text, columns, b.values[0, chosen], len(b.columns), chosen[0] if chosen else 0
    )
