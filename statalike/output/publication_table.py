"""Tables of estimates for publication, as data and as text; files are made from them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.output.styled import Line, Segment, Style, line, result


@dataclass(frozen=True)
class PublicationRow:
    """A label, indented under a heading by ``indent`` steps, and a text for each column."""

    label: str
    cells: tuple[str, ...] = ()
    indent: int = 0


@dataclass(frozen=True)
class PublicationTable:
    """``blocks`` of rows with rules between them under the ``columns``; title and notes."""

    columns: tuple[str, ...]
    blocks: tuple[tuple[PublicationRow, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[PublicationRow, ...]:
        return tuple(row for block in self.blocks for row in block)


def publication_lines(table: PublicationTable) -> list[Line]:
    """The table as text: labels on the left, numbers on the right of their columns."""
    stub = max((len(_indented(row)) for row in table.rows), default=0)
    widths = [
        max(len(title), *(len(row.cells[j]) for row in table.rows if row.cells), 1)
        for j, title in enumerate(table.columns)
    ]
    rule = line("-" * (stub + sum(width + 2 for width in widths)))
    lines: list[Line] = [line(Segment(table.title, Style.HEADING))] if table.title else []
    heads = "".join(f" {title:^{w}} " for title, w in zip(table.columns, widths, strict=True))
    lines += [rule, line(" " * stub + heads), rule]
    for block in table.blocks:
        for row in block:
            cells = row.cells or ("",) * len(widths)
            numbers = "".join(f" {cell:>{w}} " for cell, w in zip(cells, widths, strict=True))
            lines.append(line(_indented(row).ljust(stub), result(numbers)))
    lines.append(rule)
    return [*lines, *(line(note) for note in table.notes)]


def _indented(row: PublicationRow) -> str:
    return "  " * row.indent + row.label


def with_aligned_stars(texts: Sequence[str], stars: Sequence[str], width: int) -> list[str]:
    """Numbers followed by stars, and by blanks up to ``width`` of them, so that digits align."""
    if not width:
        return list(texts)
    return [
        f"{text} {star:<{width}}" if text else "" for text, star in zip(texts, stars, strict=True)
    ]
