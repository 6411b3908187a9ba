"""A matrix whose rows and columns belong to equations, with lines between these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from statalike.data.formats import Format, format_value
from statalike.output.coefficient_names import simplified
from statalike.output.matrix_display import GAP, STUB_WIDTH
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import abbreviate
from statalike.results.matrix import Stripe


@dataclass(frozen=True)
class EquationMatrix:
    """``values`` (r, c) between named rows and columns.

    ``lower`` leaves out what is above the diagonal; ``lines`` draws lines between equations.
    """

    values: np.ndarray
    rows: tuple[Stripe, ...]
    columns: tuple[Stripe, ...]
    corner: str = ""
    display_format: str = "%9.0g"
    lower: bool = True
    lines: bool = True


def equation_matrix(matrix: EquationMatrix, linesize: int = 79) -> list[Line]:
    """The table, in panels of as many columns as fit in the line."""
    cell = Format.parse(matrix.display_format).width
    fit = max((linesize - STUB_WIDTH - 4) // (cell + GAP + 1), 1)
    lines: list[Line] = []
    for start in range(0, len(matrix.columns), fit):
        if start:
            lines.append(BLANK)
        columns = range(start, min(start + fit, len(matrix.columns)))
        lines += _panel(matrix, list(columns), cell)
    return lines


def _panel(matrix: EquationMatrix, columns: list[int], cell: int) -> list[Line]:
    blocks = [list(own) for _, own in groupby(columns, lambda j: matrix.columns[j].equation)]
    between = "|" if matrix.lines else " "

    def joined(texts: Sequence[str]) -> str:
        return between.join(texts)

    names = [
        "".join(
            abbreviate(simplified(matrix.columns[j].name), min(cell, 12)).rjust(cell + GAP)
            for j in block
        )[1:]
        + " "
        for block in blocks
    ]
    width = [len(name) for name in names]
    titles = [
        f" {abbreviate(matrix.columns[block[0]].equation, size - 2)}".ljust(size)
        for block, size in zip(blocks, width, strict=True)
    ]
    crossing = "+" if matrix.lines else "-"
    rule = line("-" * (STUB_WIDTH + 1) + "+" + crossing.join("-" * size for size in width))
    corner = f"{abbreviate(matrix.corner, STUB_WIDTH):>{STUB_WIDTH}} |"
    lines = [
        line(corner + joined(titles)),
        line(" " * (STUB_WIDTH + 1) + "|" + joined(names)),
        rule,
    ]
    blank_cells = joined([" " * size for size in width])
    equation = None
    shown_any = False
    for i, stripe in enumerate(matrix.rows):
        if matrix.lower and i < columns[0]:
            continue
        if stripe.equation != equation:
            equation = stripe.equation
            if shown_any and matrix.lines:
                lines.append(rule)
            title = abbreviate(equation, STUB_WIDTH)
            lines.append(line(f"{title:<{STUB_WIDTH + 1}}|{blank_cells}"))
        shown_any = True
        texts = [
            "".join(_number(matrix, i, j, cell).rjust(cell + GAP) for j in block)[1:] + " "
            for block in blocks
        ]
        name = abbreviate(simplified(stripe.name), STUB_WIDTH)
        lines.append(line(f"{name:>{STUB_WIDTH}} |", result(joined(texts))))
    return lines


def _number(matrix: EquationMatrix, i: int, j: int, cell: int) -> str:
    if matrix.lower and j > i:
        return " " * cell
    return format_value(float(matrix.values[i, j]), matrix.display_format)
