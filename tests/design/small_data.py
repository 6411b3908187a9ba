"""Datasets of a few variables for tests of design matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.storage import storage_type
from statalike.design.columns import Column
from statalike.design.factor_columns import term_columns
from statalike.design.terms import model_terms
from statalike.language.parser import parse_varlist


def dataset(**columns: Sequence[float] | Sequence[str] | np.ndarray) -> Dataset:
    """Numeric variables are doubles, missing values given as MISSING; texts are str8."""
    data = Dataset()
    for name, values in columns.items():
        text = isinstance(values[0], str)
        data.add(name, np.asarray(values), storage_type("str8" if text else "double"))
    return data


def factorial() -> Dataset:
    """a in 1, 2, 3 by b in 0, 1, each cell twice, and two continuous variables."""
    a = np.repeat([1.0, 2.0, 3.0], 4)
    b = np.tile([0.0, 0.0, 1.0, 1.0], 3)
    x = np.arange(12.0) ** 1.5
    return dataset(a=a, b=b, x=x, z=np.cos(x))


def columns(text: str, data: Dataset, rows: np.ndarray | None = None) -> list[Column]:
    mask = np.ones(data.n, dtype=bool) if rows is None else rows
    return term_columns(model_terms(parse_varlist(text), data), data, mask)


def names(text: str, data: Dataset, rows: np.ndarray | None = None) -> str:
    """The names of the columns that a variable list makes, separated by blanks."""
    return " ".join(column.name for column in columns(text, data, rows))
