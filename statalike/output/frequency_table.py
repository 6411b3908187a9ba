"""``tabulate`` of one variable: frequencies, percentages and their running sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.missing import MISSING
from statalike.output.number_columns import count_text, trimmed
from statalike.output.styled import Line, line, result
from statalike.output.text_width import wrap_words

NARROWEST_STUB, WIDEST_STUB = 11, 39


@dataclass(frozen=True)
class FrequencyTable:
    """One variable's distribution; ``whole`` tells that frequencies are counts."""

    title: str
    labels: Sequence[str]
    frequencies: Sequence[float]
    whole: bool = True


def frequency_text(frequency: float, whole: bool) -> str:
    """``1,234`` for a count, ``%10.0g`` for a sum of weights."""
    return count_text(frequency) if whole else trimmed(frequency, "%10.0g")


def frequency_table(table: FrequencyTable) -> list[Line]:
    """The table of a one-way ``tabulate``."""
    width = stub_width(table.labels, NARROWEST_STUB, WIDEST_STUB)
    titles = wrap_words(table.title, width)
    head = f"{'Freq.':>11}{'Percent':>12}{'Cum.':>12}"
    divider = line("-" * (width + 1), "+", "-" * len(head))
    lines = [line(f"{title:>{width}} |") for title in titles[:-1]]
    lines += [line(f"{titles[-1]:>{width}} |{head}"), divider]
    total = sum(table.frequencies)
    running = 0.0
    for label, frequency in zip(table.labels, table.frequencies, strict=True):
        running += frequency
        cells = [100 * value / total if total else MISSING for value in (frequency, running)]
        text = f"{frequency_text(frequency, table.whole):>11}"
        text += "".join(f"{trimmed(cell, '%6.2f'):>12}" for cell in cells)
        lines.append(line(f"{label[:width]:>{width}} |", result(text)))
    lines.append(divider)
    text = f"{frequency_text(total, table.whole):>11}{trimmed(100, '%6.2f'):>12}"
    lines.append(line(f"{'Total':>{width}} |", result(text)))
    return lines


def stub_width(labels: Sequence[str], narrowest: int, widest: int) -> int:
    """The width of the column of row labels."""
    return min(max([narrowest, *map(len, labels)]), widest)


@dataclass(frozen=True)
class MeansTable:
    """``tabulate, summarize()``: a variable's moments within the rows of another, all last."""

    title: str
    summarized: str
    labels: Sequence[str]
    means: Sequence[float]
    standard_deviations: Sequence[float]
    frequencies: Sequence[float]
    whole: bool = True


def means_table(
    table: MeansTable, *, means: bool = True, deviations: bool = True, frequencies: bool = True
) -> list[Line]:
    """Means, standard deviations and frequencies; the last row is the total."""
    width = stub_width(table.labels, NARROWEST_STUB, WIDEST_STUB)
    shown = [
        (title, column)
        for title, column, wanted in (
            ("Mean", [trimmed(x, "%10.0g") for x in table.means], means),
            (
                "Std. dev.",
                ["." if x >= MISSING else trimmed(x, "%10.0g") for x in table.standard_deviations],
                deviations,
            ),
            ("Freq.", [frequency_text(x, table.whole) for x in table.frequencies], frequencies),
        )
        if wanted
    ]
    head = "".join(f"{title:>12}" for title, _ in shown)
    divider = line("-" * (width + 1), "+", "-" * len(head))
    summarized = f"Summary of {table.summarized}"
    over = wrap_words(summarized, len(head) - 1)
    titles = wrap_words(table.title, width)
    height = max(len(over), len(titles) - 1)
    over = [""] * (height - len(over)) + over
    titles = [""] * (height + 1 - len(titles)) + titles
    lines = []
    for title, text in zip(titles, over, strict=False):
        blanks = " " * -(-(len(head) - len(text)) // 2) if text else ""
        lines.append(line(f"{title:>{width}} |{blanks}{text}"))
    lines += [line(f"{titles[-1]:>{width}} |{head}"), divider]
    for i, label in enumerate([*table.labels, "Total"]):
        if label == "Total" and i == len(table.labels):
            lines.append(divider)
        cells = "".join(f"{column[i]:>12}" for _, column in shown)
        lines.append(line(f"{label[:width]:>{width}} |", result(cells)))
    return lines
