"""Tests of several hypotheses one by one, and of all of them (option ``mtest()``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from statalike.data.formats import format_value
from statalike.output.styled import Line, line, result

#: the methods of ``mtest()`` and the notes under the table
ADJUSTMENTS: Final = {
    "noadjust": "Unadjusted p-values",
    "bonferroni": "Bonferroni-adjusted p-values",
    "holm": "Holm-adjusted p-values",
    "sidak": "Sidak-adjusted p-values",
}


class WaldTestResult(Protocol):
    """A Wald statistic."""

    @property
    def statistic(self) -> float: ...
    @property
    def df(self) -> int: ...
    @property
    def p(self) -> float: ...
    @property
    def denominator(self) -> float | None: ...


def separate_tests(
    whole: WaldTestResult,
    singles: Sequence[WaldTestResult],
    p: Sequence[float],
    adjustment: str,
) -> list[Line]:
    """The table: each test with its p-value ``p``, adjusted by a method, and that of all."""
    by_f = whole.denominator is not None
    statistic = f"F(df,{whole.denominator:g})" if by_f else "chi2"
    p_title = "p > F" if by_f else "p > chi2"
    rule = "-" * 39
    inner = line("-" * 7 + "+" + "-" * 31)
    mark = "" if adjustment == "noadjust" else " #"
    lines = [line(rule), line(f"{'|':>8}{statistic:>12}{'df':>7}{p_title:>11}"), inner]

    def row(name: str, each: WaldTestResult, p: float, sign: str) -> Line:
        value = format_value(each.statistic, "%12.2f")
        shown = f"{value}{each.df:>7}{format_value(p, '%10.4f')}{sign}"
        return line(f"{name:<7}|", result(shown))

    for number, (each, value) in enumerate(zip(singles, p, strict=True), 1):
        lines.append(row(f"  ({number})", each, value, mark))
    lines += [inner, row("  All", whole, whole.p, ""), line(rule)]
    if mark:
        lines.append(line(f"{'# ' + ADJUSTMENTS[adjustment]:>39}"))
    return lines
