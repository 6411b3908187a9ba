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
    ``(omitted)`` or ``(base)`` instead.  ``label`` is shown in place of the name; ``formats`` are
    those of the row where they are not the table's.
    """

    name: str
    quantities: Sequence[Sequence[float]]
    stars: Sequence[str] = ()
    text: Sequence[str] = ()
    parameter: bool = False
    label: str = ""
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComparedSection:
    """Rows under the name of their equation; ``statistics`` such as N are not estimates."""

    rows: tuple[ComparedRow, ...]
    title: str = ""
    statistics: bool = False


@dataclass(frozen=True)
class EstimatesTable:
    """Models by name; sections for equations and for statistics such as N.

    ``formats`` are those of the quantities, in order; ``legend`` stands under the table.
    ``style`` is ``oneline`` (a line after the names), ``columns`` (one between models too) or
    ``noline``; with ``new_panel`` statistics follow in a table of their own.
    """

    models: tuple[str, ...]
    sections: tuple[ComparedSection, ...]
    formats: tuple[str, ...] = ("%10.0g",)
    starred: bool = False
    legend: str = ""
    labels: Labels = field(default=no_labels)
    title: str = ""
    name_width: int = NAME_WIDTH - 1
    model_width: int = 0
    style: str = "oneline"
    new_panel: bool = False

    @property
    def stub(self) -> int:
        """The width of the column of names with the blank after them."""
        return self.name_width + 1

    @property
    def cell(self) -> int:
        """The width of a number."""
        widest = max(Format.parse(shape).width for shape in self.formats)
        return max(widest, self.model_width)

    @property
    def bar(self) -> str:
        """What stands between names and numbers."""
        return " " if self.style == "noline" else "|"

    @property
    def between(self) -> str:
        """What stands between models."""
        return "|" if self.style == "columns" else ""


def estimates_table(table: EstimatesTable, linesize: int = 79) -> list[Line]:
    """The table, in panels of as many models as fit in the line, and its legend."""
    cell = table.cell
    width = 1 + cell + (3 if table.starred else 0) + 2 + len(table.between)
    fit = max((linesize - table.stub - 1) // width, 1)
    lines: list[Line] = [line(table.title)] if table.title else []
    for start in range(0, len(table.models), fit):
        if start:
            lines.append(BLANK)
        models = range(start, min(start + fit, len(table.models)))
        lines += _panel(table, models, cell, width)
    if table.legend:
        shown = table.stub + 1 + width * min(fit, len(table.models))
        lines.append(line(table.legend.rjust(shown)))
    return lines


def _panel(table: EstimatesTable, models: range, cell: int, width: int) -> list[Line]:
    total = width * len(models) - len(table.between)
    outer = rule(table.stub + 1 + total)
    abbreviated = [abbreviate(table.models[m], 12) for m in models]
    titles = table.between.join(_centre(name, width - len(table.between)) for name in abbreviated)
    lines = [outer, line(f"{'Variable':>{table.name_width}} {table.bar}{titles}")]
    crossing = "-" if table.style == "noline" else "+"
    parts = ["-" * (width - len(table.between)) for _ in models]
    inner = line("-" * table.stub + crossing + table.between.replace("|", "+").join(parts))
    for section in table.sections:
        if section.statistics and table.new_panel:
            lines += [outer, BLANK, outer]
        else:
            lines.append(inner)
        if section.title:
            title = abbreviate(section.title, table.name_width)
            lines.append(line(f"{title:<{table.stub}}{table.bar}"))
        lines += _section(table, section, models, cell)
    return [*lines, outer]


def _centre(text: str, width: int) -> str:
    return (" " * ((width - len(text)) // 2) + text).ljust(width)


def _section(
    table: EstimatesTable, section: ComparedSection, models: range, cell: int
) -> list[Line]:
    plain_rows = [i for i, row in enumerate(section.rows) if not row.parameter]
    lines: list[Line] = []
    width, bar = table.name_width, table.bar
    blank = line(" " * table.stub + bar)
    previous = None
    for block in blocks_of([section.rows[i].name for i in plain_rows], table.labels):
        if previous is not None and (block.blank_before or previous.blank_after):
            lines.append(blank)
        previous = block
        if block.header:
            *above, last = _broken("#".join(block.header), width)
            lines += [line(f"{text:>{table.stub}}{bar}") for text in above]
            lines.append(line(f"{last:>{width}} {bar}"))
        for member, pieces in zip(block.members, block.labels, strict=True):
            row = section.rows[plain_rows[member]]
            text = row.label or "#".join(pieces)
            stub = (
                f"{shorten_label(text, width - 1):>{width - 1}}  {bar}"
                if block.is_level and not row.label
                else f"{abbreviate(text, width):>{width}} {bar}"
            )
            lines += _quantities(table, row, stub, models, cell)
    for row in section.rows:
        if row.parameter:
            *above, stub = _parameter_stubs(row.name, width, bar)
            lines += [line(text) for text in above]
            lines += _quantities(table, row, stub, models, cell)
    return lines


def _broken(name: str, width: int) -> list[str]:
    """A header, broken after ``#`` when it does not fit."""
    if len(name) <= width:
        return [name]
    *pieces, last = name.split("#")
    return [f"{abbreviate(piece, width)}#" for piece in pieces] + [abbreviate(last, width)]


def _parameter_stubs(name: str, width: int, bar: str) -> list[str]:
    """``var(_cons[id])`` at the bar; broken after its parenthesis when it is too long."""
    if len(name) <= width:
        return [f"{name:>{width}} {bar}"]
    opening, parenthesis, inner = name.partition("(")
    if not parenthesis:
        return [f"{abbreviate(name, width):>{width}} {bar}"]
    before, bracket, group = inner.removesuffix(")").partition("[")
    end = "])" if bracket else ")"
    if bracket:
        room = width - len(before) - len(end)
        inner = f"{before}[{abbreviate(group.removesuffix(']'), room)}{end}"
    return [f"{opening + '(':>{width}} {bar}", f"{inner:>{width + 1}}{bar}"]


def _quantities(
    table: EstimatesTable, row: ComparedRow, stub: str, models: range, cell: int
) -> list[Line]:
    lines: list[Line] = []
    shapes = row.formats or table.formats
    for k, shape in enumerate(shapes):
        cells: list[str] = []
        for m in models:
            numbers = row.quantities[m]
            value = numbers[k] if k < len(numbers) else MISSING
            text = row.text[m] if k == 0 and row.text else ""
            if not text and value < MISSING:
                text = format_value(value, shape).strip()
            stars = row.stars[m] if k == 0 and row.stars else ""
            mark = f"{stars:<3}" if table.starred else ""
            cells.append(f" {text:>{cell}}{mark}  ")
        if k == 0 or "".join(cells).strip():
            lead = stub if k == 0 else " " * table.stub + table.bar
            lines.append(line(lead, result(table.between.join(cells))))
    return lines
