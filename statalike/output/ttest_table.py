"""The tables of tests of means: groups, their difference, and the three alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.styled import Line, line, result
from statalike.output.text_width import abbreviate

WIDTH = 78
_CENTERS = (10.5, 39.5, 69.5)


@dataclass(frozen=True)
class MeanRow:
    """A group, a variable or a difference; ``n`` and the deviation are missing for a difference
    of groups."""

    name: str
    n: float
    mean: float
    standard_error: float
    deviation: float
    lower: float
    upper: float


@dataclass(frozen=True)
class MeansTest:
    """The hypothesis in words, its statistic and what is said of its distribution.

    ``difference`` and ``hypothesis`` stand before the statistic and before the degrees of freedom.
    ``alternatives`` are the three relations, ``p`` the probabilities to the left, on both sides
    and to the right.
    """

    difference: str
    hypothesis: str
    statistic: str
    value: float
    df_title: str
    df_text: str
    alternatives: Sequence[str]
    p: tuple[float, float, float]


def means_and_test(
    title: str, head: str, blocks: Sequence[Sequence[MeanRow]], level: float, test: MeansTest
) -> list[Line]:
    """The whole output of a test of means; each block of rows stands between two rules."""
    rule, divider = line("-" * WIDTH), line("-" * 9 + "+" + "-" * (WIDTH - 10))
    interval = f"[{level:g}% conf. interval]"
    lines = [
        line(title),
        rule,
        line(f"{head:>8} |{'Obs':>8}{'Mean':>12}{'Std. err.':>13}{'Std. dev.':>12}{interval:>23}"),
    ]
    for block in blocks:
        lines.append(divider)
        lines += [_row(row) for row in block]
    lines += [rule, *_test_lines(test)]
    return lines


def _row(row: MeanRow) -> Line:
    count = f"{row.n:>8,.0f}" if row.n < MISSING else " " * 8
    numbers = (row.mean, row.standard_error, row.deviation, row.lower, row.upper)
    cells = [
        " " * 12
        if value >= MISSING and position == 2 and row.n >= MISSING
        else f"{format_value(value, '%9.0g').strip():>12}"
        for position, value in enumerate(numbers)
    ]
    return line(f"{abbreviate(row.name, 8):>8} |", result(count + "".join(cells)))


def _test_lines(test: MeansTest) -> list[Line]:
    statistic = f"{test.statistic} = {format_value(test.value, '%8.4f').strip():>8}"
    df = f"{test.df_title} = {test.df_text:>8}"
    tails = {"t": ("Pr(T < t)", "Pr(|T| > |t|)", "Pr(T > t)")}.get(
        test.statistic, ("Pr(Z < z)", "Pr(|Z| > |z|)", "Pr(Z > z)")
    )
    shown = [f"{tail} = {p:.4f}" for tail, p in zip(tails, test.p, strict=True)]
    lines = [line(test.difference + statistic.rjust(WIDTH - len(test.difference)))]
    if test.df_title:
        lines.append(line(test.hypothesis + df.rjust(WIDTH - len(test.hypothesis))))
    else:
        lines.append(line(test.hypothesis))
    alternatives = [f"Ha: {text}" for text in test.alternatives]
    return [*lines, line(""), line(_centered(alternatives)), line(_centered(shown))]


def _centered(texts: Sequence[str]) -> str:
    row = ""
    for text, center in zip(texts, _CENTERS, strict=True):
        start = ceil(center - (len(text) - 1) / 2)
        row = f"{row:<{start - 1}}{text}"
    return row
