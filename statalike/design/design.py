"""A fixed design: columns under their names, and their values on any data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import CONSTANT, Column
from statalike.design.factor_columns import term_columns
from statalike.design.terms import Term


@dataclass(frozen=True)
class Design:
    """The columns of a linear predictor, omitted ones included, in e(b)'s order."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def estimated(self) -> np.ndarray:
        """Which columns have a coefficient to estimate: a boolean mask (k,)."""
        return np.array([not column.omitted for column in self.columns], dtype=bool)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for c in self.columns for name in c.variables))

    def matrix(self, data: Dataset, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The estimated columns on the chosen rows: (n, number of estimated columns)."""
        wanted = [column for column in self.columns if not column.omitted]
        size = len(np.empty(data.n, dtype=np.int8)[rows])
        values = np.empty((size, len(wanted)), order="F")
        for position, column in enumerate(wanted):
            values[:, position] = column.evaluate(data, rows)
        return values

    def complete_matrix(self, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """The estimated columns on all observations, zero in those where one of them is missing,
        and a mask (n,) of these."""
        matrix = self.matrix(data)
        missing = np.zeros(data.n, dtype=bool)
        for column in matrix.T:
            missing |= column >= MISSING
        if missing.any():
            matrix[missing] = 0.0
        return matrix, missing

    def without(self, dependent: np.ndarray) -> Design:
        """The design with collinear columns marked as omitted.

        ``dependent`` is a mask over the estimated columns.
        """
        drop = iter(dependent)
        return Design(
            tuple(
                column if column.omitted or not next(drop) else column.left_out()
                for column in self.columns
            )
        )


def build_design(
    terms: Iterable[Term], data: Dataset, rows: np.ndarray, *, constant: bool
) -> Design:
    """The design of the terms on an estimation sample, with the constant last if there is one."""
    columns = term_columns(terms, data, rows)
    return Design((*columns, CONSTANT) if constant else tuple(columns))


def design_from_names(names: Iterable[str]) -> Design:
    """The design that stored column names stand for, for example those of e(b)."""
    return Design(tuple(Column.parse(name) for name in names))
