"""Combinations of factor levels without observations, and estimability ([R] margins).

A margin is a linear combination z of the columns of the design, or a function of such.  It can be
estimated when z is a combination of rows of the design X, ``z = z H`` with ``H = (X'X)^- X'X``
(Searle 1971, Linear Models, 5.4): a combination of levels that nobody has is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.commands.postestimation.margins.statistics import Array, LinearPrediction
from statalike.data.dataset import Dataset
from statalike.design.columns import Column, Continuous, FactorLevel
from statalike.design.covariate_values import CovariateValues

TOLERANCE = 1e-5
BLOCK = 1 << 16


def unomitted(column: Column) -> Column:
    """The column as if its coefficient were estimated."""
    parts: list[FactorLevel | Continuous] = []
    for part in column.parts:
        if isinstance(part, FactorLevel):
            parts.append(FactorLevel(part.variable, part.level))
        else:
            parts.append(Continuous(part.variable, part.operators))
    return Column(tuple(parts))


def may_be_inestimable(columns: Sequence[Column]) -> bool:
    """Whether a design has empty cells or columns left out for collinearity."""
    return any(
        column.omitted and any(getattr(part, "mark", "o") != "b" for part in column.parts)
        for column in columns
    )


def whole_design(columns: Sequence[Column]) -> LinearPrediction:
    """A linear prediction whose derivatives are the means of all columns, omitted ones too."""
    k = len(columns)
    return LinearPrediction("", "", tuple(unomitted(c) for c in columns), np.zeros(k), k)


def inestimable(
    rows: Array, columns: Sequence[Column], data: Dataset, sample: np.ndarray
) -> NDArray[np.bool_]:
    """Which combinations of columns, ``rows`` (m, k), are not estimable: a mask (m,)."""
    whole = [unomitted(column) for column in columns]
    positions = np.flatnonzero(sample)
    gram = np.zeros((len(whole), len(whole)))
    for start in range(0, len(positions), BLOCK):
        block = positions[start : start + BLOCK]
        X = np.stack([column.evaluate(data, block) for column in whole], axis=1)
        gram += X.T @ X
    scale = np.sqrt(np.maximum(np.diag(gram), 0.0))
    scale[scale == 0.0] = 1.0
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    null = vectors[:, values <= 1e-10 * max(float(values[-1]), 1.0)]
    # In scaled columns a row is z / scale up to the metric of the null space: X n = 0.
    directions = null / scale[:, None]
    directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-300)
    size = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)
    return np.asarray(np.abs(rows @ directions).max(axis=1, initial=0.0) > TOLERANCE * size)


@dataclass(frozen=True)
class OccurringCells:
    """The combinations of levels that occur, for each set of factors that the model has together.

    ``cells`` maps the names of factors to the codes of their combinations, by ``levels``.
    """

    cells: dict[tuple[str, ...], np.ndarray]

    @classmethod
    def of(cls, columns: Sequence[Column], data: Dataset, sample: np.ndarray) -> OccurringCells:
        """Those of the interactions of a design in the estimation sample."""
        found: dict[tuple[str, ...], np.ndarray] = {}
        for column in columns:
            names = tuple(dict.fromkeys(part.variable for part in column.factor_levels))
            if len(names) > 1 and names not in found:
                table = np.stack([data.numbers(name)[sample] for name in names], axis=1)
                found[names] = np.unique(table, axis=0)
        return cls(found)

    def occurring(self, values: CovariateValues, n: int) -> Array:
        """One for observations (n,) whose combinations of levels all occur, zero for others.

        Balanced factors count with the share of their combinations that occur.
        """
        result = np.ones(n)
        for names, table in self.cells.items():
            own = [values.measures[name] for name in names]
            matches = [
                np.equal.outer(np.broadcast_to(v, (n,)), table[:, j]) for j, v in enumerate(own)
            ]
            both = matches[0]
            for other in itertools.islice(matches, 1, None):
                both = both & other
            result *= both.any(axis=1)
        return result
