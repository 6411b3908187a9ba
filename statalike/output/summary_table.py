"""``summarize``: one line for each variable, or a page with percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.missing import MISSING
from statalike.output.number_columns import count_text, trimmed
from statalike.output.styled import Line, line, result, rule
from statalike.output.text_width import abbreviate, centered

NAME_WIDTH = 12
DETAIL_WIDTH = 61


@dataclass(frozen=True)
class SummaryRow:
    """Moments of one variable; nothing but the name and a zero when ``n`` is 0."""

    name: str
    n: int
    mean: float = MISSING
    standard_deviation: float = MISSING
    minimum: float = MISSING
    maximum: float = MISSING
    weight: float | None = None
    format: str = "%9.0g"


def summary_table(
    rows: Sequence[SummaryRow], *, separator: int = 5, weighted: bool = False
) -> list[Line]:
    """The table of ``summarize``, with a rule after every ``separator`` variables.

    ``weighted`` adds the column of the sum of weights, as for analytic weights.
    """
    if weighted:
        head = f"{'Obs':>8}{'Weight':>12}{'Mean':>12}{'Std. dev.':>12}{'Min':>10}{'Max':>11}"
    else:
        head = f"{'Obs':>11}{'Mean':>12}{'Std. dev.':>13}{'Min':>10}{'Max':>11}"
    divider = line(f"{'-' * (NAME_WIDTH + 1)}+{'-' * len(head)}")
    lines = [line(f"{'Variable':>{NAME_WIDTH}} |{head}"), divider]
    for i, row in enumerate(rows):
        if i and separator > 0 and i % separator == 0:
            lines.append(divider)
        name = abbreviate(row.name, NAME_WIDTH)
        lines.append(line(f"{name:>{NAME_WIDTH}} |", result(_cells(row, weighted))))
    return lines


def _cells(row: SummaryRow, weighted: bool) -> str:
    widths = (8, 12, 12, 11, 11, 11) if weighted else (11, 12, 12, 11, 11)
    cells = [count_text(row.n)]
    if row.n:
        if weighted:
            cells.append(trimmed(row.weight or 0.0, "%10.0g"))
        moments = (row.mean, row.standard_deviation, row.minimum, row.maximum)
        cells += [trimmed(value, row.format) for value in moments]
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False))


@dataclass(frozen=True)
class SummaryPage:
    """One variable in detail; the percentiles are 1, 5, 10, 25, 50, 75, 90, 95 and 99."""

    title: str
    n: int
    weight: float
    mean: float
    standard_deviation: float
    variance: float
    skewness: float
    kurtosis: float
    percentiles: Sequence[float]
    smallest: Sequence[float]
    largest: Sequence[float]
    format: str = "%9.0g"


def empty_summary_page(title: str) -> list[Line]:
    """The page of a variable without observations."""
    return [line(centered(title, DETAIL_WIDTH)), rule(DETAIL_WIDTH), line("no observations")]


def summary_page(page: SummaryPage) -> list[Line]:
    """The page of ``summarize, detail``."""

    def number(value: float) -> str:
        return trimmed(value, page.format)

    def row(
        percent: str, percentile: float, extreme: str, label: str = "", value: str = ""
    ) -> Line:
        moment = f"       {label}" if label else ""
        end = result(f"{value:>{23 - len(label)}}") if label else ""
        first = result(f"{number(percentile):>13}{extreme:>15}")
        return line(f"{percent:>3}", first, moment, end)

    p, low, high = page.percentiles, page.smallest, page.largest
    deviation = number(page.standard_deviation)
    return [
        line(centered(page.title, DETAIL_WIDTH)),
        rule(DETAIL_WIDTH),
        line("      Percentiles      Smallest"),
        row("1%", p[0], number(low[0])),
        row("5%", p[1], number(low[1])),
        row("10%", p[2], number(low[2]), "Obs", count_text(page.n)),
        row("25%", p[3], number(low[3]), "Sum of wgt.", _weight_text(page.weight)),
        (),
        row("50%", p[4], "", "Mean", number(page.mean)),
        line(f"{'Largest':>31}       Std. dev.", result(f"{deviation:>14}")),
        row("75%", p[5], number(high[0])),
        row("90%", p[6], number(high[1]), "Variance", number(page.variance)),
        row("95%", p[7], number(high[2]), "Skewness", number(page.skewness)),
        row("99%", p[8], number(high[3]), "Kurtosis", number(page.kurtosis)),
    ]


def _weight_text(weight: float) -> str:
    return count_text(round(weight)) if weight == round(weight) else trimmed(weight, "%9.0g")
