"""The output of ``testnl``: the hypotheses, one test of all, and tests of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from statalike.data.formats import format_value
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import wrap_paragraph

#: the methods of ``mtest()`` and the notes under the table
ADJUSTMENTS: Final = {
    "noadjust": "Unadjusted p-values",
    "bonferroni": "Bonferroni-adjusted p-values",
    "holm": "Holm-adjusted p-values",
    "sidak": "Sidak-adjusted p-values",
}


class Test(Protocol):
    """A Wald statistic."""

    @property
    def statistic(self) -> float: ...
    @property
    def df(self) -> int: ...
    @property
    def p(self) -> float: ...
    @property
    def denominator(self) -> float | None: ...


@dataclass(frozen=True)
class NonlinearTest:
    """Hypotheses as typed, the test of all, and with ``mtest()`` those of each with p-values."""

    hypotheses: tuple[str, ...]
    whole: Test
    singles: Sequence[Test] = ()
    p: tuple[float, ...] = ()
    adjustment: str = ""


def nonlinear_test(test: NonlinearTest, linesize: int = 79) -> list[Line]:
    """Hypotheses by number, then the test or the table of tests."""
    lines: list[Line] = []
    for number, text in enumerate(test.hypotheses, 1):
        start = f"  ({number})  "
        first, *others = wrap_paragraph(text, max(linesize - len(start), 20), 0)
        lines.append(line(start, result(first)))
        lines += [line(" " * len(start), result(row)) for row in others]
    lines.append(BLANK)
    if test.adjustment:
        return [*lines, *_table(test)]
    whole = test.whole
    if whole.denominator is None:
        name, probability = f"chi2({whole.df})", "Prob > chi2"
    else:
        name, probability = f"F({whole.df}, {whole.denominator:g})", "Prob > F"
    return [
        *lines,
        line(f"{name:>22} =", result(format_value(whole.statistic, "%12.2f"))),
        line(f"{probability:>22} =", result(format_value(whole.p, "%14.4f"))),
    ]


def _table(test: NonlinearTest) -> list[Line]:
    whole = test.whole
    by_f = whole.denominator is not None
    statistic = f"F(df,{whole.denominator:g})" if by_f else "chi2"
    p_title = "p > F" if by_f else "p > chi2"
    rule = "-" * 39
    inner = line("-" * 7 + "+" + "-" * 31)
    mark = "" if test.adjustment == "noadjust" else " #"
    lines = [line(rule), line(f"{'|':>8}{statistic:>12}{'df':>7}{p_title:>11}"), inner]

    def row(name: str, each: Test, p: float, sign: str) -> Line:
        value = format_value(each.statistic, "%12.2f")
        shown = f"{value}{each.df:>7}{format_value(p, '%10.4f')}{sign}"
        return line(f"{name:<7}|", result(shown))

    for number, (each, p) in enumerate(zip(test.singles, test.p, strict=True), 1):
        lines.append(row(f"  ({number})", each, p, mark))
    lines += [inner, row("  All", whole, whole.p, ""), line(rule)]
    if mark:
        lines.append(line(f"{'# ' + ADJUSTMENTS[test.adjustment]:>39}"))
    return lines
