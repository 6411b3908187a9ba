"""Estimable functions of two-way layouts with and without empty cells."""

from __future__ import annotations

import numpy as np

from statalike.engine.estimability import dependence_of_columns, estimable


def two_way(cells: list[tuple[int, int]]) -> np.ndarray:
    """Columns a1 a2, b1 b2, a1b1 a1b2 a2b1 a2b2, constant; three rows for each cell."""
    rows = []
    for a, b in cells * 3:
        row = np.zeros(9)
        row[[a - 1, 1 + b, 4 + 2 * (a - 1) + b - 1, 8]] = 1
        rows.append(row)
    return np.array(rows)


A2_LESS_A1 = np.array([-1, 1, 0, 0, -0.5, -0.5, 0.5, 0.5, 0])
A1_ALONE = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0])
CELL_22 = np.array([0, 1.0, 0, 1, 0, 0, 0, 1, 1])
ALL = [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_full_layout() -> None:
    estimated = np.array([0, 1, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    columns = two_way(ALL)
    dependence = dependence_of_columns([columns[:5], columns[5:]], estimated)
    np.testing.assert_allclose(
        columns[:, ~estimated], columns[:, estimated] @ dependence, atol=1e-12
    )
    found = estimable(np.array([A2_LESS_A1, A1_ALONE, CELL_22]), dependence, estimated, 1e-5)
    assert found.tolist() == [True, False, True]


def test_empty_cell() -> None:
    """Without the cell (2, 2) neither its mean nor a mean over it is estimable."""
    estimated = np.array([0, 1, 0, 1, 0, 0, 0, 0, 1], dtype=bool)
    dependence = dependence_of_columns([two_way(ALL[:3])], estimated)
    within_b1 = np.array([-1, 1, 0, 0, -1, 0, 1, 0, 0.0])
    found = estimable(np.array([A2_LESS_A1, CELL_22, within_b1]), dependence, estimated, 1e-5)
    assert found.tolist() == [False, False, True]
