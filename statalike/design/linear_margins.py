"""Margins of a linear predictor as linear combinations of its coefficients.

A margin belongs to a cell of the term's factors.  In it every column that has the term's continuous
variables, and no others, counts with the weight that its other factors' levels have: the same for
every level (balanced) or as they occur (observed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import Column, Continuous, FactorLevel

#: the factors of a term in order, each with its levels
Grid = Sequence[tuple[str, Sequence[int]]]

OtherWeight = Callable[[tuple[FactorLevel, ...]], float]


def levels_in(columns: Sequence[Column]) -> dict[str, tuple[int, ...]]:
    """The levels of every factor that the columns have, in ascending order."""
    found: dict[str, set[int]] = {}
    for column in columns:
        for part in column.factor_levels:
            found.setdefault(part.variable, set()).add(part.level)
    return {variable: tuple(sorted(levels)) for variable, levels in found.items()}


def base_levels(columns: Sequence[Column]) -> dict[str, int]:
    """The base level of every factor that has one."""
    return {
        part.variable: part.level
        for column in reversed(columns)
        for part in column.factor_levels
        if part.mark == "b"
    }


def margin_weights(
    columns: Sequence[Column],
    grid: Grid,
    measures: Sequence[tuple[str, str]],
    other_weight: OtherWeight,
) -> np.ndarray:
    """The margins of all cells of a grid as combinations of the columns' coefficients: (cells, k).

    ``measures`` are the term's continuous variables as (operators, name); ``other_weight`` gives
    the weight of levels of factors outside the grid.  The last factor of the grid runs fastest.
    """
    shape = tuple(len(levels) for _, levels in grid)
    axes = {variable: axis for axis, (variable, _) in enumerate(grid)}
    weights = np.zeros((*shape, len(columns)))
    wanted = Counter(measures)
    for position, column in enumerate(columns):
        if continuous_parts(column) != wanted:
            continue
        inside: list[FactorLevel] = []
        outside: list[FactorLevel] = []
        for part in column.factor_levels:
            (inside if part.variable in axes else outside).append(part)
        block = np.full(shape, other_weight(tuple(outside)) if outside else 1.0)
        for part in inside:
            axis = axes[part.variable]
            indicator = np.asarray(grid[axis][1]) == part.level
            block = block * indicator.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        weights[..., position] = block
    return weights.reshape(-1, len(columns))


def continuous_parts(column: Column) -> Counter[tuple[str, str]]:
    """The continuous variables of a column as (operators, name), with how often each occurs."""
    return Counter(
        (part.operators, part.variable) for part in column.parts if isinstance(part, Continuous)
    )


def balanced(levels: Mapping[str, Sequence[int]]) -> OtherWeight:
    """Every level of a factor has the same weight."""

    def weight(parts: tuple[FactorLevel, ...]) -> float:
        if len({part.variable for part in parts}) < len({(p.variable, p.level) for p in parts}):
            return 0.0
        return float(np.prod([1.0 / len(levels[name]) for name in {p.variable for p in parts}]))

    return weight


def observed(data: Dataset, rows: np.ndarray, frequencies: np.ndarray | None) -> OtherWeight:
    """Levels have the weights with which they occur in the sample, a mask ``rows`` (n,).

    ``frequencies`` are weights of the sample's observations, None for equal ones.
    """

    def weight(parts: tuple[FactorLevel, ...]) -> float:
        occurs = np.ones(int(rows.sum()), dtype=bool)
        for part in parts:
            occurs &= data.numbers(part.variable)[rows] == part.level
        return float(np.average(occurs, weights=frequencies))

    return weight


def reweighted_margins(
    columns: Sequence[Column],
    grid: Grid,
    measures: Sequence[tuple[str, str]],
    occurring: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Like :func:`margin_weights`, with the same weight for all combinations that occur in a cell.

    ``occurring`` holds the levels (u,) of every factor in the u combinations of levels that occur;
    margins of cells that do not are nan.
    """
    count = len(next(iter(occurring.values())))
    values = np.zeros((count, len(columns)))
    wanted = Counter(measures)
    for position, column in enumerate(columns):
        if continuous_parts(column) == wanted:
            product = np.ones(count)
            for part in column.factor_levels:
                product = product * (occurring[part.variable] == part.level)
            values[:, position] = product
    cells = np.zeros(count, dtype=np.intp)
    for variable, levels in grid:
        cells = cells * len(levels) + np.searchsorted(levels, occurring[variable])
    sums = np.zeros((int(np.prod([len(levels) for _, levels in grid])), len(columns)))
    np.add.at(sums, cells, values)
    counts = np.bincount(cells, minlength=len(sums))[:, None]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))
