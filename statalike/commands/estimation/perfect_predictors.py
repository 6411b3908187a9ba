"""Leaving out covariates that predict a binary outcome perfectly, as [R] logit does."""

from __future__ import annotations

import numpy as np

from statalike.design.columns import Column
from statalike.design.design import Design
from statalike.engine.collinearity import independent_columns
from statalike.engine.perfect_prediction import PerfectPrediction, perfect_prediction
from statalike.errors import StataError
from statalike.language.numlist import number_text
from statalike.state import State


def without_perfect_predictors(
    state: State, design: Design, matrix: np.ndarray, outcome: np.ndarray, sample: np.ndarray
) -> tuple[Design, np.ndarray, np.ndarray]:
    """The design, its matrix and the sample (a mask) less perfect predictors and the observations
    whose outcome they determine, with a note about each; r(2000) where one determines all.

    ``matrix`` has the estimated columns on the ``outcome`` (n,).
    """
    columns = [column for column in design.columns if not column.omitted]
    used = np.ones(len(outcome), dtype=bool)
    dropped = np.zeros(len(columns), dtype=bool)
    for position, column in enumerate(columns):
        if column.constant:
            continue
        found = perfect_prediction(matrix[used, position], outcome[used])
        if found is None:
            continue
        if found.kind == "separated":
            raise StataError(2000, f"{_rule(column, found)} predicts data perfectly")
        for line in _note(column, found):
            state.console.print(line)
        used[used] = ~found.predicted
        dropped[position] = True
    if not dropped.any():
        return design, matrix, sample
    matrix = matrix[used]
    constant = bool(columns) and columns[-1].constant
    kept = independent_columns(matrix[:, :-1] if constant else matrix, constant=constant)
    kept = np.append(kept, True) if constant else kept
    for column, keep, gone in zip(columns, kept, dropped, strict=True):
        if not (keep or gone):
            state.console.print(f"note: {column.label} omitted because of collinearity.")
    dropped |= ~kept
    sample = sample.copy()
    sample[sample] = used
    return design.without(dropped), np.asfortranarray(matrix[:, ~dropped]), sample


def _rule(column: Column, found: PerfectPrediction) -> str:
    sign = ">" if found.success else "<="
    return f"outcome = {column.label} {sign} {number_text(found.threshold)}"


def _note(column: Column, found: PerfectPrediction) -> list[str]:
    name, value = column.label, number_text(found.threshold)
    count = f"{int(found.predicted.sum()):,}"
    last = f"      {name} omitted and {count} obs not used."
    if found.kind == "value":
        outcome = "success" if found.success else "failure"
        return [f"note: {name} != {value} predicts {outcome} perfectly;", last]
    return [
        f"note: {_rule(column, found)} predicts data perfectly except for",
        f"      {name} == {value} subsample;",
        last,
    ]
