"""``list``: observations in a table, boxed or clean, or one box for each when they are too wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import (
    abbreviate,
    columns_of,
    left_justified,
    right_justified,
)

GAP = 3


@dataclass(frozen=True)
class ListColumn:
    """A variable: its name and its values as text, one for each observation listed."""

    name: str
    cells: Sequence[str]
    left: bool = False


@dataclass(frozen=True)
class ListOptions:
    """How observations are listed.

    ``breaks`` marks the rows that have a rule before them (``sepby``); without it there is a rule
    every ``separator`` rows, none when that is 0.  ``layout`` is ``auto``, ``table`` or
    ``display``; ``header_every`` repeats the names after so many rows.
    """

    linesize: int = 79
    abbreviation: int = 8
    clean: bool = False
    numbers: bool = True
    separator: int = 5
    breaks: Sequence[bool] | None = None
    header: bool = True
    header_every: int = 0
    divider: bool = False
    layout: str = "auto"


@dataclass(frozen=True)
class _Column:
    """A column ready to be printed: all its texts have their final width but for padding."""

    title: str
    cells: Sequence[str]
    width: int
    left: bool

    def padded(self, text: str) -> str:
        return (left_justified if self.left else right_justified)(text, self.width)


def listing(
    columns: Sequence[ListColumn], numbers: Sequence[int], options: ListOptions | None = None
) -> Iterator[Line]:
    """The lines of a list of the observations ``numbers`` (counted from 1).

    Columns are as wide as their longest value or name.  A table that does not fit in the line
    becomes a box for each observation unless ``layout`` is ``table``.
    """
    options = options or ListOptions()
    ready = [_prepared(column, options) for column in columns]
    if not numbers or not ready:
        return
    digits = max(3, len(str(max(numbers))))
    if options.clean:
        yield from _clean(ready, numbers, digits, options)
        return
    margin = digits + 2 if options.numbers else 2
    inner = sum(column.width for column in ready) + GAP * (len(ready) - 1) + 2
    too_wide = margin + inner + 2 > options.linesize
    if options.layout == "display" or (options.layout == "auto" and too_wide):
        yield from _boxes(ready, numbers, digits, options)
    else:
        yield from _table(ready, numbers, digits, options)


def _prepared(column: ListColumn, options: ListOptions) -> _Column:
    title = abbreviate(column.name, options.abbreviation)
    cells = [cell.rstrip() if column.left else cell.strip() for cell in column.cells]
    width = max((columns_of(cell) for cell in cells), default=0)
    return _Column(title, cells, max(width, columns_of(title)), column.left)


def _margin(number: int | None, digits: int, options: ListOptions) -> str:
    if not options.numbers:
        return "  "
    return " " * (digits + 2) if number is None else f"{number:>{digits}}. "


def _rule_before(row: int, options: ListOptions) -> bool:
    if options.breaks is not None:
        return bool(options.breaks[row])
    return options.separator > 0 and row % options.separator == 0


def _clean(
    columns: Sequence[_Column], numbers: Sequence[int], digits: int, options: ListOptions
) -> Iterator[Line]:
    gap = " " * GAP
    blank = " " * (digits + 4) if options.numbers else "    "
    titles = line(blank, gap.join(c.padded(c.title) for c in columns), "  ")
    if options.header:
        yield titles
    for row, number in enumerate(numbers):
        if row and options.header_every and row % options.header_every == 0:
            yield titles
        start = f"{number:>{digits}}.{gap}" if options.numbers else blank
        yield line(start, result(gap.join(c.padded(c.cells[row]) for c in columns)), "  ")


def _table(
    columns: Sequence[_Column], numbers: Sequence[int], digits: int, options: ListOptions
) -> Iterator[Line]:
    gap = " | " if options.divider else " " * GAP
    margin = _margin(None, digits, options)
    crossing = "+" if options.divider else "-"
    bar = crossing.join("-" * (column.width + 2) for column in columns)
    outer = line(f"{margin}+{'-' * len(bar)}+")
    inner = line(f"{margin}|{bar}|")
    titles = line(f"{margin}| {gap.join(c.padded(c.title) for c in columns)} |")
    yield outer
    if options.header:
        yield titles
        yield inner
    for row, number in enumerate(numbers):
        if row and options.header_every and row % options.header_every == 0 and options.header:
            yield inner
            yield titles
            yield inner
        elif row and _rule_before(row, options):
            yield inner
        cells = gap.join(column.padded(column.cells[row]) for column in columns)
        yield line(f"{_margin(number, digits, options)}| ", result(cells), " |")
    yield outer


# --- one box for each observation ---------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    column: _Column
    padding: int

    @property
    def width(self) -> int:
        return self.column.width + self.padding

    def padded(self, text: str) -> str:
        return self.column.padded(text) + " " * self.padding


def _boxes(
    columns: Sequence[_Column], numbers: Sequence[int], digits: int, options: ListOptions
) -> Iterator[Line]:
    margin = _margin(None, digits, options)
    rows = _rows_of_cells(columns, options.linesize - len(margin))
    inner = sum(cell.width + GAP for cell in rows[0]) - 1
    outer = line(f"{margin}+{'-' * inner}+")
    rules = [line(f"{margin}|{_crossed(above, below)}|") for above, below in pairwise(rows)]
    for i, number in enumerate(numbers):
        if i:
            yield BLANK
        yield outer
        for j, cells in enumerate(rows):
            if j:
                yield rules[j - 1]
            start = _margin(number, digits, options) if j == 0 else margin
            titles = " | ".join(cell.padded(cell.column.title) for cell in cells)
            yield line(f"{start}| {titles} |")
            parts = " | ".join(cell.padded(cell.column.cells[i]) for cell in cells)
            yield line(f"{margin}| ", result(parts), " |")
        yield outer


def _rows_of_cells(columns: Sequence[_Column], room: int) -> list[list[_Cell]]:
    """Columns shared out to as many rows as they need, all rows padded to the same width.

    What a row lacks is given to its columns from the right, one blank each in turn.
    """
    rows: list[list[_Column]] = [[]]
    used = 1
    for column in columns:
        if rows[-1] and used + column.width + GAP > room:
            rows.append([])
            used = 1
        rows[-1].append(column)
        used += column.width + GAP
    widest = max(sum(column.width + GAP for column in row) for row in rows)
    return [
        [
            _Cell(column, padding)
            for column, padding in zip(
                row, _padding(len(row), widest - sum(c.width + GAP for c in row)), strict=True
            )
        ]
        for row in rows
    ]


def _padding(columns: int, blanks: int) -> list[int]:
    share, rest = divmod(blanks, columns)
    return [share + (1 if i >= columns - rest else 0) for i in range(columns)]


def _crossed(above: Sequence[_Cell], below: Sequence[_Cell]) -> str:
    """A rule between two rows of cells: ``+`` where a bar goes through it."""
    edges = [set(_edges(cells)) for cells in (above, below)]
    length = sum(cell.width + GAP for cell in above) - 1
    return "".join("+" if all(i in e for e in edges) else "-" for i in range(length))


def _edges(cells: Sequence[_Cell]) -> list[int]:
    positions: list[int] = []
    position = -1
    for cell in cells[:-1]:
        position += cell.width + GAP
        positions.append(position)
    return positions
