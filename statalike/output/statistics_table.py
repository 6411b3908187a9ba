"""The tables of ``tabstat``: statistics of variables, for groups or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.output.styled import BLANK, Line, line, result, rule
from statalike.output.text_width import abbreviate

CELL = 10
LEAST_STUB = 8
NAME_STUB = 12


@dataclass(frozen=True)
class StatisticsGroup:
    """The numbers of one group: a row (list) for each printed row, missing ones Stata's."""

    name: str
    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class StatisticsTable:
    """``columns`` are variables or statistics; the rows of each group are the others, named by
    ``row_names`` where there are no groups.

    ``formats`` has one display format for each row and column.  The last group is the total when
    ``total`` says so; ``stub_title`` is the grouping variable.
    """

    columns: tuple[str, ...]
    groups: tuple[StatisticsGroup, ...]
    formats: tuple[tuple[str, ...], ...]
    row_names: tuple[str, ...] = ()
    stub_title: str = ""
    stub_width: int = 0
    total: bool = False
    separated: bool = True


def statistics_table(table: StatisticsTable, linesize: int = 79) -> list[Line]:
    """The table, in panels of as many columns as fit in the line."""
    width = _stub_width(table)
    fit = max((linesize - width - 2) // CELL, 1)
    lines: list[Line] = []
    for start in range(0, len(table.columns), fit):
        if start:
            lines.append(BLANK)
        lines += _panel(table, width, range(start, min(start + fit, len(table.columns))))
    return lines


def _stub_width(table: StatisticsTable) -> int:
    if table.stub_width:
        return table.stub_width
    names = [table.stub_title, *(group.name for group in table.groups)]
    return min(max(LEAST_STUB, *(len(name) for name in names)), 16)


def _panel(table: StatisticsTable, width: int, columns: range) -> list[Line]:
    titles = "".join(abbreviate(table.columns[j], 8).rjust(CELL) for j in columns)
    divider = line("-" * (width + 1) + "+" + "-" * (CELL * len(columns)))
    lines = [line(f"{abbreviate(table.stub_title, width):>{width}} |{titles}"), divider]
    for number, group in enumerate(table.groups):
        last = number == len(table.groups) - 1
        several = len(group.rows) > 1 and table.separated
        if number and (several or (last and table.total)):
            lines.append(divider)
        for i, row in enumerate(group.rows):
            name = table.row_names[i] if table.row_names else group.name if i == 0 else ""
            cells = [format_value(row[j], table.formats[i][j]).strip().rjust(CELL) for j in columns]
            stub = abbreviate(name, width).rjust(width)
            lines.append(line(f"{stub} |", result("".join(cells))))
    return [*lines, rule(width + 2 + CELL * len(columns))]


def statistics_heading(
    names: Sequence[str], variables: bool, group: str, group_label: str
) -> list[Line]:
    """What is shown for which groups; ``variables`` tells that the names are those of variables."""
    what = "Summary for variables" if variables else "Summary statistics"
    separator = " " if variables else ", "
    label = f" ({group_label})" if group_label else ""
    return [line(f"{what}: {separator.join(names)}"), line(f"Group variable: {group}{label}")]
