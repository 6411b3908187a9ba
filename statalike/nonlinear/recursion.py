"""Nodes that follow time, evaluated period by period with their derivatives in every direction.

The observations are put in the order of their periods, so that each period is a slice, and the
derivatives of a node in all D directions are one matrix (D, N).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statalike.language.derivative_rules import Array, Rule, Value

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class PeriodLayout:
    """``order`` (N,) are the rows period by period, ``bounds`` (T + 1,) where the periods begin,
    and ``before[t]`` where in that order the observations of period t were one period earlier.
    """

    order: Rows
    bounds: tuple[int, ...]
    before: tuple[Rows, ...]

    @classmethod
    def of(cls, periods: Sequence[Rows], previous: Rows) -> PeriodLayout:
        """The layout of ``periods``; ``previous`` (N,) is the row of the period before."""
        order = np.concatenate(periods)
        bounds = (0, *np.cumsum([len(rows) for rows in periods]).tolist())
        place = np.empty(len(previous), dtype=np.intp)
        place[order] = np.arange(len(order))
        before = [np.zeros(0, dtype=np.intp), *(place[previous[rows]] for rows in periods[1:])]
        return cls(order, bounds, tuple(before))


@dataclass(frozen=True)
class SequentialNode:
    """A node that follows time: a rule at its operands, or, without a rule, the value one period
    before of the operand chosen by whether that is the first period: ``(initial, target)``.
    """

    number: int
    rule: Rule | None
    operands: tuple[int, ...]


def evaluate_recursion(
    nodes: Sequence[SequentialNode],
    layout: PeriodLayout,
    known: Callable[[int], tuple[Value, Mapping[int, Value]]],
    directions: Sequence[int],
    *,
    slopes: bool,
) -> tuple[dict[int, Array], dict[int, Array]]:
    """Values (N,) and derivatives (D, N) of the nodes, in the order of the rows.

    ``known`` gives the values and slopes of nodes that do not follow time.
    """
    size = len(layout.order)
    own = {node.number for node in nodes}
    values: dict[int, Any] = {number: np.full(size, np.nan) for number in own}
    matrices: dict[int, Array] = {}
    if slopes:
        matrices = {number: np.zeros((len(directions), size)) for number in own}
    position = {direction: row for row, direction in enumerate(directions)}
    for node in nodes:
        for operand in node.operands:
            if operand in values:
                continue
            value, slope = known(operand)
            values[operand] = _ordered(value, layout)
            if slopes and slope:
                matrix = np.zeros((len(directions), size))
                for direction, entries in slope.items():
                    matrix[position[direction]] = _ordered(entries, layout)
                matrices[operand] = matrix
    for period, (start, end) in enumerate(zip(layout.bounds[:-1], layout.bounds[1:], strict=True)):
        for node in nodes:
            if node.rule is not None:
                _apply(node.number, node.rule, node.operands, values, matrices, slice(start, end))
            elif period:
                initial, target = node.operands
                source = initial if period == 1 else target
                before = layout.before[period]
                values[node.number][start:end] = _at(values[source], before)
                if source in matrices:
                    matrices[node.number][:, start:end] = matrices[source][:, before]
    return (
        {number: _by_row(values[number], layout) for number in own},
        {number: _by_row(matrices[number], layout) for number in own} if slopes else {},
    )


def _apply(
    number: int,
    rule: Rule,
    operands: tuple[int, ...],
    values: dict[int, Any],
    matrices: dict[int, Array],
    period: slice,
) -> None:
    """One rule in one period, by the chain rule."""
    arguments = tuple(_at(values[operand], period) for operand in operands)
    value = rule.value(*arguments)
    values[number][period] = value
    if number not in matrices:
        return
    total: Array | None = None
    for operand, partial in zip(operands, rule.slopes, strict=True):
        if partial is None or operand not in matrices:
            continue
        factor = partial(arguments, value)
        below = matrices[operand][:, period]
        term = np.where(np.equal(factor, 0.0), 0.0, below) if rule.selects else factor * below
        total = term if total is None else total + term
    if total is not None:
        matrices[number][:, period] = total


def _at(value: Any, rows: Rows | slice) -> Any:
    return value[rows] if isinstance(value, np.ndarray) and value.ndim else value


def _ordered(value: Value, layout: PeriodLayout) -> Value:
    found: Value = _at(value, layout.order)
    return found


def _by_row(values: Array, layout: PeriodLayout) -> Array:
    result = np.empty_like(values)
    result[..., layout.order] = values
    return result
