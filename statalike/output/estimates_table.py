"""``estimates table``: the coefficients of several models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from statalike.data.formats import Format, format_value
from statalike.data.missing import MISSING
from statalike.output.coefficient_names import Labels, blocks_of, no_labels
from statalike.output.styled import BLANK, Line, line, result, rule
from statalike.output.text_width import abbreviate, shorten_label

NAME_WIDTH = 13


@dataclass(frozen=True)
class ComparedRow:
    """A coefficient in all models.

    ``quantities`` has for each model its numbers (coefficient, standard error, ...), all missing
    where the model does not have it; ``stars`` the stars after the coefficient; ``text`` says
    ``(omitted)`` or ``(base)`` instead.
    """

    name: str
    quantities: Sequence[Sequence[float]]
    stars: Sequence[str] = ()
    text: Sequence[str] = ()
    parameter: bool = False


@dataclass(frozen=True)
class ComparedSection:
    rows: tuple[ComparedRow, ...]
    title: str = ""


@dataclass(frozen=True)
class EstimatesTable:
    """Models by name; sections for equations and for statistics such as N.

    ``formats`` are those of the quantities, in order; ``legend`` stands under the table.
    """

    models: tuple[str, ...]
    sections: tuple[ComparedSection, ...]
    formats: tuple[str, ...] = ("%10.0g",)
    starred: bool = False
    legend: str = ""
    labels: Labels = field(default=no_labels)


def estimates_table(table: EstimatesTable, linesize: int = 79) -> list[Line]:
    """The table, in panels of as many models as fit in the line, and its legend."""
    cell = max(Format.parse(shape).width for shape in table.formats)
    width = 1 + cell + (3 if table.starred else 0) + 2
    fit = max((linesize - NAME_WIDTH - 1) // width, 1)
    lines: list[Line] = []
    for start in range(0, len(table.models), fit):
        if start:
            lines.append(BLANK)
        models = range(start, min(start + fit, len(table.models)))
        lines += _panel(table, models, cell, width)
    if table.legend:
        shown = NAME_WIDTH + 1 + width * min(fit, len(table.models))
        lines.append(line(table.legend.rjust(shown)))
    return lines


def _panel(table: EstimatesTable, models: range, cell: int, width: int) -> list[Line]:
    outer = rule(NAME_WIDTH + 1 + width * len(models))
    titles = "".join(_centre(abbreviate(table.models[m], 12), width) for m in models)
    lines = [outer, line(f"{'Variable':>12} |{titles}")]
    inner = line("-" * NAME_WIDTH + "+" + "-" * (width * len(models)))
    for section in table.sections:
        lines.append(inner)
        if section.title:
            lines.append(line(f"{abbreviate(section.title, 12):<{NAME_WIDTH}}|"))
        lines += _section(table, section, models, cell)
    return [*lines, outer]


def _centre(text: str, width: int) -> str:
    return (" " * ((width - len(text)) // 2) + text).ljust(width)


def _section(
    table: EstimatesTable, section: ComparedSection, models: range, cell: int
) -> list[Line]:
    plain_rows = [i for i, row in enumerate(section.rows) if not row.parameter]
    lines: list[Line] = []
    blank = line(" " * NAME_WIDTH + "|")
    previous = None
    for block in blocks_of([section.rows[i].name for i in plain_rows], table.labels):
        if previous is not None and (block.blank_before or previous.blank_after):
            lines.append(blank)
        previous = block
        if block.header:
            *above, last = _broken("#".join(block.header))
            lines += [line(f"{text:>{NAME_WIDTH}}|") for text in above]
            lines.append(line(f"{last:>12} |"))
        for member, pieces in zip(block.members, block.labels, strict=True):
            text = "#".join(pieces)
            stub = (
                f"{shorten_label(text, 11):>11}  |"
                if block.is_level
                else f"{abbreviate(text, 12):>12} |"
            )
            lines += _quantities(table, section.rows[plain_rows[member]], stub, models, cell)
    for row in section.rows:
        if row.parameter:
            *above, stub = _parameter_stubs(row.name)
            lines += [line(text) for text in above]
            lines += _quantities(table, row, stub, models, cell)
    return lines


def _broken(name: str) -> list[str]:
    """A header, broken after ``#`` when it does not fit."""
    if len(name) < NAME_WIDTH:
        return [name]
    *pieces, last = name.split("#")
    return [f"{abbreviate(piece, 12)}#" for piece in pieces] + [abbreviate(last, 12)]


def _parameter_stubs(name: str) -> list[str]:
    """``var(_cons[id])`` at the bar; broken after its parenthesis when it is too long."""
    if len(name) < NAME_WIDTH:
        return [f"{name:>12} |"]
    opening, parenthesis, inner = name.partition("(")
    if not parenthesis:
        return [f"{abbreviate(name, 12):>12} |"]
    before, bracket, group = inner.removesuffix(")").partition("[")
    end = "])" if bracket else ")"
    if bracket:
        room = NAME_WIDTH - len(before) - 1 - len(end)
        inner = f"{before}[{abbreviate(group.removesuffix(']'), room)}{end}"
    return [f"{opening + '(':>12} |", f"{inner:>{NAME_WIDTH}}|"]


def _quantities(
    table: EstimatesTable, row: ComparedRow, stub: str, models: range, cell: int
) -> list[Line]:
    lines: list[Line] = []
    for k, shape in enumerate(table.formats):
        cells = ""
        for m in models:
            numbers = row.quantities[m]
            value = numbers[k] if k < len(numbers) else MISSING
            text = row.text[m] if k == 0 and row.text else ""
            if not text and value < MISSING:
                text = format_value(value, shape).strip()
            stars = row.stars[m] if k == 0 and row.stars else ""
            mark = f"{stars:<3}" if table.starred else ""
            cells += f" {text:>{cell}}{mark}  "
        if k == 0 or cells.strip():
            lines.append(line(stub if k == 0 else " " * NAME_WIDTH + "|", result(cells)))
    return lines
