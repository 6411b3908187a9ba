"""The lower triangle that ``correlate`` and ``pwcorr`` print."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.data.formats import format_value
from statalike.data.missing import is_missing
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import abbreviate

COLUMN_WIDTH = 9


def correlation_table(
    names: Sequence[str],
    values: np.ndarray,
    *,
    display_format: str = "%9.4f",
    pairwise: bool = False,
    stars: np.ndarray | None = None,
    below: Sequence[tuple[np.ndarray, str]] = (),
    linesize: int = 79,
) -> list[Line]:
    """Correlations or covariances (k, k), in panels of as many columns as fit in the line.

    ``pairwise`` gives every number a place for a star after it, as ``pwcorr`` does; ``below`` are
    further matrices with their formats (significance levels, numbers of observations), printed
    under each row; missing entries of theirs are left blank.
    """
    column = COLUMN_WIDTH if pairwise or display_format == "%9.4f" else COLUMN_WIDTH + 1
    fit = max((linesize - 14) // column, 1)
    lines: list[Line] = []
    for start in range(0, len(names), fit):
        end = min(start + fit, len(names))
        if start:
            lines.append(BLANK)
        titles = "".join(f"{abbreviate(name, 8):>{column}}" for name in names[start:end])
        lines += [
            line(" " * 13 + "|" + titles),
            line("-" * 13 + "+" + "-" * (column * (end - start))),
        ]
        for i in range(start, len(names)):
            stop = min(i + 1, end)
            cells = [
                _cell(float(values[i, j]), display_format).rjust(column)
                + _mark(stars, i, j, pairwise)
                for j in range(start, stop)
            ]
            text = _joined(cells, pairwise)
            lines.append(line(f"{abbreviate(names[i], 12):>12} |", result(text)))
            for matrix, shape in below:
                further = [
                    _optional(float(matrix[i, j]), shape, column) for j in range(start, stop)
                ]
                lines.append(line(" " * 13 + "|", result("".join(further).rstrip())))
            if below:
                lines.append(line(" " * 13 + "|"))
    return lines


def _cell(value: float, display_format: str) -> str:
    """A correlation; nothing for one that is not to be shown, nan."""
    return "" if value != value else format_value(value, display_format).strip()


def _mark(stars: np.ndarray | None, i: int, j: int, pairwise: bool) -> str:
    if not pairwise:
        return ""
    return "*" if stars is not None and bool(stars[i, j]) else " "


def _joined(cells: Sequence[str], pairwise: bool) -> str:
    """Cells side by side; the mark after a number takes the first blank of the next one."""
    if not pairwise or not cells:
        return "".join(cells)
    return cells[0] + "".join(cell[1:] for cell in cells[1:])


def _optional(value: float, display_format: str, column: int) -> str:
    if bool(is_missing(value)):
        return " " * column
    return format_value(value, display_format).strip().rjust(column)
