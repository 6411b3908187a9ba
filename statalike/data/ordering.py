"""Sorting: the permutation that puts observations in Stata's order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from statalike.data.variable import Variable


def row_order(
    keys: Sequence[Variable],
    descending: Collection[str] = (),
    *,
    missing_first: bool = False,
) -> np.ndarray:
    """Row indices, shape (n,), that sort by ``keys``; ties keep their order.

    Numbers ascend with missing values last (``.`` < ``.a`` < ... < ``.z``), strings go by their
    UTF-8 bytes.  Keys named in ``descending`` run the other way, their missing values still last
    unless ``missing_first`` ([D] gsort).
    """
    columns: list[np.ndarray] = []
    for variable in keys:
        if variable.name in descending:
            columns.extend(_descending(variable, missing_first))
        else:
            columns.append(_comparable(variable))
    if len(columns) == 1:
        return np.argsort(columns[0], kind="stable")
    return np.lexsort(columns[::-1])


def _comparable(variable: Variable) -> np.ndarray:
    if variable.storage.is_long_string:
        distinct = {text: rank for rank, text in enumerate(sorted(set(variable.values.tolist())))}
        ranks = [distinct[text] for text in variable.values.tolist()]
        return np.array(ranks, dtype=np.int64)
    return variable.values


def _descending(variable: Variable, missing_first: bool) -> list[np.ndarray]:
    values = _comparable(variable)
    if values.dtype.kind == "S":
        values = np.unique(values, return_inverse=True)[1]
    missing = variable.missing()
    if values.dtype.kind == "f":
        reversed_values = -values
    else:
        reversed_values = -values.astype(np.int64)
    return [~missing if missing_first else missing, reversed_values]


def is_sorted(keys: Sequence[Variable]) -> bool:
    """Whether the rows already ascend by ``keys``."""
    if not keys or len(keys[0]) < 2:
        return True
    undecided = np.ones(len(keys[0]) - 1, dtype=bool)
    for variable in keys:
        values = _comparable(variable)
        before, after = values[:-1], values[1:]
        if (undecided & (before > after)).any():
            return False
        undecided &= before == after
        if not undecided.any():
            return True
    return True
