"""What ``margins`` and its relatives print above their tables: title, statistic, fixed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.formats import format_value
from statalike.output.estimation_header import HEADER_WIDTH
from statalike.output.number_columns import count_text
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import wrap_paragraph

#: column at which texts after ``Expression:`` and ``Over:`` begin
TEXT_COLUMN = 12


@dataclass(frozen=True)
class FixedValue:
    """A covariate of the legend of ``at()``: its value, nan where it varies, and a note."""

    name: str
    value: float
    note: str = ""


@dataclass(frozen=True)
class FixedGroup:
    """Values fixed in a group of observations; ``name`` is empty where all groups share them."""

    name: str
    values: tuple[FixedValue, ...]


@dataclass(frozen=True)
class MarginsHeading:
    """The block above a table of margins.

    ``expressions`` are texts, one for each statistic; ``facts`` are further lines such as
    ``dy/dx wrt:`` and ``Over:``; ``points`` the values that each ``at()`` fixes, group by group.
    """

    title: str
    observations: float
    subpopulation: float | None = None
    model_variance: str = ""
    expressions: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    points: tuple[tuple[FixedGroup, ...], ...] = ()


def margins_heading(
    heading: MarginsHeading, *, legend: bool = True, at_legend: bool = True, linesize: int = 79
) -> list[Line]:
    """The lines of the block, without blank lines before or after."""
    count = f"Number of obs = {count_text(heading.observations)}"
    lines = [_with_count(heading.title, count)]
    if heading.subpopulation is not None:
        lines.append(_with_count("", f"Subpop. no. obs = {count_text(heading.subpopulation)}"))
    if heading.model_variance:
        lines.append(line("Model VCE: ", result(heading.model_variance)))
    body: list[Line] = []
    width = max(HEADER_WIDTH, linesize - 1)
    if legend:
        several = len(heading.expressions) > 1
        for number, text in enumerate(heading.expressions, 1):
            start = f"{number}._predict: " if several else "Expression: "
            body += _wrapped(start, text, width)
        for name, text in heading.facts:
            body += _wrapped(f"{name}:".ljust(TEXT_COLUMN), text, width)
    if at_legend and legend:
        body += _point_lines(heading.points)
    return [*lines, BLANK, *body] if body else lines


def _with_count(title: str, count: str) -> Line:
    name, _, number = count.partition(" = ")
    text = title.ljust(HEADER_WIDTH - len(count))
    return line(f"{text}{name} = ", result(number))


def _wrapped(start: str, text: str, width: int) -> list[Line]:
    rows = wrap_paragraph(text, width - len(start), 0)
    return [line(start if not i else " " * len(start), result(row)) for i, row in enumerate(rows)]


def _point_lines(points: Sequence[Sequence[FixedGroup]]) -> list[Line]:
    if not any(group.values for groups in points for group in groups):
        return []
    lines: list[Line] = []
    for number, groups in enumerate(points, 1):
        start = f"{number}._at: " if len(points) > 1 else "At: "
        rows: list[str] = []
        for group in groups:
            if group.name:
                rows.append(group.name)
            indent = "    " if group.name else ""
            rows += [f"{indent}{row}" for row in _value_texts(group.values)]
        for i, row in enumerate(rows or ["(asobserved)"]):
            lines.append(line(start if not i else " " * len(start), result(row)))
    return lines


def _value_texts(values: Sequence[FixedValue]) -> list[str]:
    """``age = 42.5 (mean)``: names and numbers in columns."""
    if not values:
        return ["(asobserved)"]
    numbers = [
        "" if np.isnan(each.value) else format_value(each.value, "%9.0g").strip() for each in values
    ]
    name_width = max(len(each.name) for each in values)
    number_width = max(len(number) for number in numbers)
    texts: list[str] = []
    for each, number in zip(values, numbers, strict=True):
        name = each.name.ljust(name_width)
        if number:
            text = f"{name} = {number.rjust(number_width)}"
            texts.append(f"{text} {each.note}" if each.note else text)
        elif each.note.startswith("("):
            texts.append(f"{name} {each.note}")
        else:
            texts.append(f"{name} = {each.note}")
    return texts
