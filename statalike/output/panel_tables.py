"""The tables of ``xtsum``, ``xttab`` and ``xtdescribe``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.output.styled import Line, line, result
from statalike.output.text_width import abbreviate


@dataclass(frozen=True)
class PanelSummary:
    """A variable overall, between panels and within panels.

    ``overall`` is (mean, sd, min, max); ``between`` and ``within`` are (sd, min, max).
    ``observations``, ``panels`` and ``average`` are N, n and T; ``average`` is the mean size of the
    panels, or their common size when ``balanced``.
    """

    name: str
    overall: tuple[float, float, float, float]
    between: tuple[float, float, float]
    within: tuple[float, float, float]
    observations: float
    panels: float
    average: float
    balanced: bool


def panel_summary_table(rows: Sequence[PanelSummary]) -> list[Line]:
    """``xtsum``: three lines for each variable."""
    lines = [
        line("Variable         |      Mean   Std. dev.       Min        Max |    Observations"),
        line("-" * 17 + "+" + "-" * 44 + "+" + "-" * 16),
    ]
    for number, row in enumerate(rows):
        if number:
            lines.append(line(" " * 17 + "|" + " " * 44 + "|"))
        name = abbreviate(row.name, 8)
        average = "T" if row.balanced else "T-bar"
        size = f"{row.average:.0f}" if row.balanced else format_value(row.average, "%8.0g").strip()
        shown = (
            (f"{name:<8} overall", row.overall, "N", f"{row.observations:.0f}"),
            (" " * 9 + "between", (None, *row.between), "n", f"{row.panels:.0f}"),
            (" " * 9 + "within ", (None, *row.within), average, size),
        )
        for title, numbers, symbol, count in shown:
            cells = "".join(
                " " * width if value is None else f"{_number(value):>{width}}"
                for value, width in zip(numbers, (10, 11, 11, 11), strict=True)
            )
            lines.append(
                line(f"{title} |", result(cells), f" |{symbol:>6} =", result(f"{count:>8}"))
            )
    return lines


def _number(value: float) -> str:
    return format_value(value, "%9.0g").strip()


@dataclass(frozen=True)
class PanelFrequency:
    """A value: its observations, the panels that ever have it, and the mean percentage of
    observations with it in those panels."""

    label: str
    observations: float
    panels: float
    within: float


def panel_frequency_table(
    name: str, rows: Sequence[PanelFrequency], panels: int, within: float
) -> list[Line]:
    """``xttab``: frequencies overall, between and within panels."""
    total = sum(row.observations for row in rows)
    between = sum(row.panels for row in rows)
    divider = line("-" * 10 + "+" + "-" * 53)
    lines = [
        line("                  Overall             Between            Within"),
        line(f"{abbreviate(name, 8):>9} |    Freq.  Percent      Freq.  Percent        Percent"),
        divider,
    ]

    def shown(label: str, n: float, ever: float, percent: float) -> Line:
        cells = (
            f"{n:8.0f}{100 * n / total:10.2f}{ever:10.0f}{100 * ever / panels:10.2f}{percent:15.2f}"
        )
        return line(f"{abbreviate(label, 8):>9} |", result(cells))

    lines += [shown(row.label, row.observations, row.panels, row.within) for row in rows]
    lines += [divider, shown("Total", total, between, within)]
    lines.append(line(f"{f'(n = {panels})':>40}"))
    return lines
