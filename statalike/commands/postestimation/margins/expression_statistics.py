"""``expression()``: margins of an expression of predictions, coefficients and variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from statalike.commands.postestimation.margins.statistics import (
    Array,
    Evaluation,
    Statistic,
    requested_statistics,
    weighted_sum,
)
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.storage import DOUBLE
from statalike.design.columns import Column, Continuous
from statalike.design.covariate_values import CovariateValues
from statalike.errors import StataError
from statalike.evaluation import StateContext, find_coefficient
from statalike.language.ast import Coefficient, Expression, Name, Node, Prediction
from statalike.language.expressions import evaluate, walk
from statalike.language.parser import parse_expression
from statalike.language.values import as_numbers
from statalike.state import State

#: relative distance of the points that derivatives of the expression are differences of
STEP = 1e-3
SMALLEST = 1e-4
PREDICTION = "prediction__{}"


class _ReplacedContext(StateContext):
    """The session with other data and other coefficients."""

    def __init__(self, state: State, data: Dataset, coefficients: Array) -> None:
        super().__init__(state)
        self._data = data
        self._coefficients = coefficients

    @property
    def dataset(self) -> Dataset:
        return self._data

    def coefficient(self, kind: str, equation: str, name: str) -> float:
        if kind != "b":
            return super().coefficient(kind, equation, name)
        position = find_coefficient(self._state.e.matrices["b"], equation, name)
        return float(self._coefficients[position])


@dataclass(frozen=True)
class ExpressionStatistic:
    """An expression of ``predictions``, which are variables of it by position, of ``variables`` of
    the data and of coefficients, whose ``positions`` in e(b) are given.

    Its derivatives are exact in the predictions' own; in the expression they are differences over
    five points, with a relative error of about 1e-11.
    """

    state: State
    label: str
    expression: Expression
    predictions: tuple[Statistic, ...]
    variables: tuple[str, ...]
    positions: tuple[int, ...]
    columns: tuple[Column, ...]
    size: int
    options: str = ""
    linear: bool = False

    @property
    def random_columns(self) -> tuple[Column, ...]:
        return tuple(c for each in self.predictions for c in each.random_columns)

    @property
    def needed(self) -> tuple[Column, ...]:
        own = tuple(Column((Continuous(name),)) for name in self.variables)
        return (*self.columns, *(c for each in self.predictions for c in each.needed), *own)

    def evaluate(self, values: CovariateValues) -> Evaluation:
        found = [each.evaluate(values) for each in self.predictions]
        b = self.state.e.matrices["b"].values[0]
        parts = [each.values for each in found]
        total = self._value(values, parts, b)

        def gradient(weights: Array) -> Array:
            result = np.zeros(self.size)
            for number, prediction in enumerate(found):
                step = STEP * np.maximum(np.abs(parts[number]), SMALLEST)
                moved = [
                    self._value(
                        values,
                        [*parts[:number], parts[number] + k * step, *parts[number + 1 :]],
                        b,
                    )
                    for k in (-2.0, -1.0, 1.0, 2.0)
                ]
                result += prediction.gradient(weights * (_difference(moved) / step))
            for position in self.positions:
                unit = np.zeros(len(b))
                unit[position] = STEP * max(abs(float(b[position])), SMALLEST)
                moved = [self._value(values, parts, b + k * unit) for k in (-2.0, -1.0, 1.0, 2.0)]
                result[position] += weighted_sum(weights, _difference(moved) / unit[position])
            return result

        return Evaluation(total, gradient)

    def _value(self, values: CovariateValues, parts: list[Array], b: Array) -> Array:
        """The expression (n,), or (1,) where nothing in it varies; nan where it is missing."""
        columns = {name: values.measures[name] for name in self.variables}
        columns |= {PREDICTION.format(k): part for k, part in enumerate(parts)}
        n = max((len(column) for column in columns.values()), default=1)
        data = Dataset()
        for name, column in columns.items():
            data.add(name, np.broadcast_to(column, (n,)).copy(), DOUBLE)
        data.n = n
        found = as_numbers(evaluate(self.expression, _ReplacedContext(self.state, data, b)), n)
        return np.where(found < MISSING, found, np.nan)


def _difference(moved: Sequence[Array]) -> Array:
    """The derivative by steps at zero, from values two and one steps before and after it."""
    far_before, before, after, far_after = moved
    return np.asarray((8.0 * (after - before) - (far_after - far_before)) / 12.0)


def expression_statistic(state: State, text: str) -> ExpressionStatistic:
    """The statistic that ``expression()`` asks for; r(198), r(322)."""
    expression = parse_expression(text)
    texts: dict[str, Statistic] = {}
    for node in walk(expression):
        options = _prediction_options(node)
        if options is not None and options not in texts:
            chosen = requested_statistics(state, options)
            if len(chosen) != 1:
                raise StataError(
                    198, f"predict({options}) in expression() gives more than one prediction"
                )
            texts[options] = chosen[0]
    names = {options: PREDICTION.format(k) for k, options in enumerate(texts)}
    replaced = _with_names(expression, names)
    b = state.e.matrices["b"]
    positions: dict[int, None] = {}
    variables: dict[str, None] = {}
    for node in walk(expression):
        if isinstance(node, Coefficient) and node.kind == "b":
            positions[find_coefficient(b, node.equation, node.name)] = None
        if isinstance(node, Name) and node.name in state.data:
            variables[node.name] = None
    default = next(iter(texts.values()), None) or requested_statistics(state, "")[0]
    return ExpressionStatistic(
        state,
        text,
        replaced,
        tuple(texts.values()),
        tuple(variables),
        tuple(positions),
        default.columns,
        len(b.columns),
    )


def _prediction_options(node: Node) -> str | None:
    """The options of ``predict()`` in an expression; None for anything else."""
    return node.options if isinstance(node, Prediction) else None


def _with_names(node: Any, names: dict[str, str]) -> Any:
    """An expression with a name in the place of each prediction."""
    options = _prediction_options(node)
    if options is not None:
        return Name(names[options], span=node.span)
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changed[field.name] = _with_names(value, names)
        elif isinstance(value, tuple) and any(isinstance(part, Node) for part in value):
            changed[field.name] = tuple(_with_names(part, names) for part in value)
    return replace(node, **changed) if changed else node
