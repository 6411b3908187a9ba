"""``tabulate`` of two variables: what the cells hold, a key to it, and tests below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.output.frequency_table import frequency_text, stub_width
from statalike.output.number_columns import trimmed
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import wrap_words

NARROWEST_STUB, WIDEST_STUB = 10, 21
CELL = 11
COLUMN_LABEL = 9
_TEST = 25


@dataclass(frozen=True)
class CellContent:
    """One number in each cell: its name in the key and values (r + 1, c + 1), totals last.

    ``format`` is ``""`` for frequencies.
    """

    name: str
    values: np.ndarray
    format: str = ""


@dataclass(frozen=True)
class CrossTable:
    """Two variables' titles and labels, and what is shown in the cells."""

    row_title: str
    column_title: str
    rows: Sequence[str]
    columns: Sequence[str]
    contents: Sequence[CellContent]
    whole: bool = True


def key_box(contents: Sequence[CellContent]) -> list[Line]:
    """The box that tells what the cells hold."""
    names = [content.name for content in contents]
    inner = max(map(len, names)) + 2
    edge = line(f"+{'-' * inner}+")
    lines = [edge, line(f"|{' Key':<{inner}}|"), line(f"|{'-' * inner}|")]
    for name in names:
        left = (inner - len(name)) // 2
        lines.append(line(f"|{' ' * left}{name:<{inner - left}}|"))
    return [*lines, edge]


def cross_table(table: CrossTable, *, linesize: int = 79, wrap: bool = True) -> list[Line]:
    """The table, cut into panels of columns when it is wider than the line."""
    width = stub_width(table.rows, NARROWEST_STUB, WIDEST_STUB)
    room = max((linesize - width - 13) // CELL, 1) if wrap else len(table.columns)
    lines: list[Line] = []
    for first in range(0, len(table.columns), room):
        if lines:
            lines.append(BLANK)
        lines += _panel(table, width, range(first, min(first + room, len(table.columns))))
    return lines


def _panel(table: CrossTable, width: int, columns: range) -> list[Line]:
    inner = CELL * len(columns)
    divider = line(f"{'-' * (width + 1)}+{'-' * inner}+{'-' * (CELL - 1)}")
    lines = [*_heading(table, width, columns), divider]
    several = len(table.contents) > 1
    last = len(table.rows)
    for i, label in enumerate([*table.rows, "Total"]):
        if i and (several or i == last):
            lines.append(divider)
        for j, content in enumerate(table.contents):
            stub = label[:width] if j == 0 else ""
            texts = [_text(content, i, column, table.whole) for column in [*columns, -1]]
            cells = "".join(f"{text:>10} " for text in texts[:-1])
            lines.append(
                line(f"{stub:>{width}} |", result(cells), "|", result(f"{texts[-1]:>10} "))
            )
    return lines


def _text(content: CellContent, row: int, column: int, whole: bool) -> str:
    value = float(content.values[row, column])
    return trimmed(value, content.format) if content.format else frequency_text(value, whole)


def _heading(table: CrossTable, width: int, columns: range) -> list[Line]:
    """Titles of rows and columns, the last line of the former beside the labels of columns."""
    inner = CELL * len(columns)
    stub = wrap_words(table.row_title, width)
    over = wrap_words(table.column_title, inner - 1)
    height = max(len(over), len(stub) - 1)
    over = [""] * (height - len(over)) + over
    stub = [""] * (height + 1 - len(stub)) + stub
    lines = []
    for title, text in zip(stub, over, strict=False):
        blanks = " " * -(-(inner - len(text)) // 2) if text else ""
        lines.append(line(f"{title:>{width}} |{blanks}{text}"))
    labels = "".join(f"{table.columns[i][:COLUMN_LABEL]:>10} " for i in columns)
    lines.append(line(f"{stub[-1]:>{width}} |{labels}|{'Total':>10}"))
    return lines


def test_line(name: str, value: float, *, format: str = "%8.4f", remark: str = "") -> Line:
    """``Pearson chi2(4) =  27.2640   Pr = 0.000``, names ending in one column."""
    text = trimmed(value, format)
    size = int(format[1:].partition(".")[0])
    return line(f"{name:>{_TEST}} = ", result(f"{text:>{size}}"), remark)
