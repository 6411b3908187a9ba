"""Elements of matrices in expressions: ``A[1, 2]``, ``e(V)["x", "x"]``, ``el(A, i, j)``."""

from __future__ import annotations

import numpy as np

from statalike.data.missing import MISSING
from statalike.language.context import Matrix
from statalike.language.values import Numbers, Value, numbers


def position(names: tuple[object, ...], name: str) -> float:
    """Where a row or column of this name stands, from 1, or ``.``.

    A name without equation fits the first row of that name, with or without an equation.
    """
    wanted = name.strip()
    written = [str(known) for known in names]
    if wanted in written:
        return float(written.index(wanted) + 1)
    endings = [text.rpartition(":")[2] for text in written]
    if ":" not in wanted and wanted in endings:
        return float(endings.index(wanted) + 1)
    return MISSING


def element(matrix: Matrix, row: Value, column: Value) -> Value:
    """The elements at the given rows and columns, counted from 1; missing outside."""
    if isinstance(row, str):
        row = position(matrix.rows, row)
    if isinstance(column, str):
        column = position(matrix.columns, column)
    i, j = numbers(row), numbers(column)
    values = np.asarray(matrix.values, dtype=np.float64)
    if isinstance(i, float) and isinstance(j, float):
        if 1 <= i < values.shape[0] + 1 and 1 <= j < values.shape[1] + 1:
            return float(values[int(i) - 1, int(j) - 1])
        return MISSING
    i, inside_rows = _index(i, values.shape[0])
    j, inside_columns = _index(j, values.shape[1])
    return np.where(inside_rows & inside_columns, values[i, j], MISSING)


def _index(index: Numbers, size: int) -> tuple[np.ndarray, np.ndarray]:
    inside = np.asarray((index >= 1) & (index < size + 1))
    return np.where(inside, index, 1.0).astype(np.int64) - 1, inside
