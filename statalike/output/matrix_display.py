"""Matrices: as ``matrix list`` shows them, and between rules as ``matlist`` and ``estat`` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.formats import Format, format_value
from statalike.output.coefficient_names import components_of
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import abbreviate
from statalike.results.matrix import NamedMatrix, Stripe

STUB_WIDTH = 12
GAP = 2


@dataclass(frozen=True)
class RuledMatrix:
    """A matrix in a table with row names on the left.

    ``lower`` leaves out what is above the diagonal.  ``rule_to_end`` draws the rule under the
    blank after the last column too, as ``estat recovariance`` does.
    """

    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    corner: str = ""
    display_format: str = "%9.0g"
    lower: bool = False
    rule_to_end: bool = False


def ruled_matrix(matrix: RuledMatrix, linesize: int = 79) -> list[Line]:
    """The table, in panels of as many columns as fit in the line."""
    cell = Format.parse(matrix.display_format).width
    fit = max((linesize - STUB_WIDTH - 2 - 1) // (cell + GAP), 1)
    count = len(matrix.columns)
    lines: list[Line] = []
    for start in range(0, count, fit):
        end = min(start + fit, count)
        if start:
            lines.append(BLANK)
        titles = [abbreviate(name, min(cell, 12)).rjust(cell) for name in matrix.columns[start:end]]
        length = 1 + (cell + GAP) * (end - start) - GAP + (1 if matrix.rule_to_end else 0)
        lines += [
            line(f"{abbreviate(matrix.corner, STUB_WIDTH):>{STUB_WIDTH}} | {_row(titles)} "),
            line("-" * (STUB_WIDTH + 1) + "+" + "-" * length),
        ]
        for i, name in enumerate(matrix.rows):
            if matrix.lower and i < start:
                continue
            cells = [
                " " * cell
                if matrix.lower and j > i
                else format_value(float(matrix.values[i, j]), matrix.display_format)
                for j in range(start, end)
            ]
            stub = f"{abbreviate(name, STUB_WIDTH):>{STUB_WIDTH}} | "
            lines.append(line(stub, result(_row(cells)), " "))
    return lines


def _row(cells: Sequence[str]) -> str:
    return (" " * GAP).join(cells)


# --- matrix list --------------------------------------------------------------------------------


def matrix_list(
    name: str,
    matrix: NamedMatrix,
    *,
    display_format: str = "%10.0g",
    title: str = "",
    header: bool = True,
    names: bool = True,
    half: bool = True,
    linesize: int = 79,
) -> list[Line]:
    """``matrix list``: dimensions, column names above, row names on the left.

    A symmetric matrix of more than one row is shown by its lower triangle, with ``half`` false
    in full.  All columns are as
    wide as the longest number or name; those that do not fit in the line follow in further panels.
    """
    values = matrix.values
    symmetric = _is_symmetric(matrix)
    lines: list[Line] = []
    if header:
        kind = "symmetric " if symmetric else ""
        heading = f"{kind}{name}[{matrix.shape[0]},{matrix.shape[1]}]"
        lines.append(line(heading + (f":  {title}" if title else "")))
    symmetric = symmetric and half
    stubs = _row_stubs(matrix.rows) if names else [""] * matrix.shape[0]
    stub = max((len(text) for text in stubs), default=0)
    pieces = [_name_pieces(column.name) for column in matrix.columns]
    texts = [
        [format_value(float(value), display_format).strip() for value in row] for row in values
    ]
    cell = max(
        *(len(text) for row in texts for text in row),
        *(len(text.rstrip(".#")) for column in pieces for text in column),
        *(len(column.equation) for column in matrix.columns),
    )
    fit = max((linesize - stub - 1) // (cell + GAP), 1)
    for start in range(0, matrix.shape[1], fit):
        end = min(start + fit, matrix.shape[1])
        if start:
            lines.append(BLANK)
        if names:
            lines += _column_headings(matrix.columns[start:end], pieces[start:end], stub, cell)
        for i in range(matrix.shape[0]):
            if symmetric and i < start:
                continue
            stop = min(end, i + 1) if symmetric else end
            cells = "".join(text.rjust(cell + GAP) for text in texts[i][start:stop])
            lines.append(line(stubs[i].rjust(stub), result(cells)))
    return lines


def _is_symmetric(matrix: NamedMatrix) -> bool:
    values = matrix.values
    rows, columns = matrix.shape
    return rows == columns and rows > 1 and bool(np.array_equal(values, values.T))


def _row_stubs(stripes: Sequence[Stripe]) -> list[str]:
    equations = max((len(stripe.equation) for stripe in stripes), default=0)
    names = max((len(stripe.name) for stripe in stripes), default=0)
    if not equations:
        return [stripe.name.rjust(names) for stripe in stripes]
    return [f"{stripe.equation:>{equations}}:{stripe.name:>{names}}" for stripe in stripes]


def _name_pieces(name: str) -> list[str]:
    """A column name over several lines: the operator, then the variable; ``#`` between terms."""
    components = components_of(name)
    if "." not in name and "#" not in name:
        return [name]
    pieces: list[str] = []
    for i, part in enumerate(name.split("#")):
        tail = "#" if i < len(components) - 1 else ""
        prefix, dot, variable = part.rpartition(".")
        if tail:
            pieces.append(part + tail)
        else:
            pieces += [prefix + dot, variable] if dot else [variable]
    return pieces


def _column_headings(
    columns: Sequence[Stripe], pieces: Sequence[list[str]], stub: int, cell: int
) -> list[Line]:
    lines: list[Line] = []
    if any(column.equation for column in columns):
        lines.append(_sticking_out([f"{column.equation}:" for column in columns], stub, cell))
    depth = max(len(texts) for texts in pieces)
    for level in range(depth):
        texts = [
            texts[level - (depth - len(texts))] if level >= depth - len(texts) else ""
            for texts in pieces
        ]
        lines.append(_sticking_out(texts, stub, cell))
    return lines


def _sticking_out(texts: Sequence[str], stub: int, cell: int) -> Line:
    """Texts right-aligned over their columns; a final ``:``, ``.`` or ``#`` goes one further."""
    row = ""
    for j, text in enumerate(texts):
        end = stub + (cell + GAP) * (j + 1) + (1 if text.endswith((":", ".", "#")) else 0)
        if text:
            row += text.rjust(end - len(row))
    return line(row)
