"""The output of ``testnl``: the hypotheses, one test of all, and tests of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.output.separate_tests import WaldTestResult, separate_tests
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import wrap_paragraph


@dataclass(frozen=True)
class NonlinearTest:
    """Hypotheses as typed, the test of all, and with ``mtest()`` those of each with p-values."""

    hypotheses: tuple[str, ...]
    whole: WaldTestResult
    singles: Sequence[WaldTestResult] = ()
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
    whole = test.whole
    if test.adjustment:
        return [*lines, *separate_tests(whole, test.singles, test.p, test.adjustment)]
    if whole.denominator is None:
        name, probability = f"chi2({whole.df})", "Prob > chi2"
    else:
        name, probability = f"F({whole.df}, {whole.denominator:g})", "Prob > F"
    return [
        *lines,
        line(f"{name:>22} =", result(format_value(whole.statistic, "%12.2f"))),
        line(f"{probability:>22} =", result(format_value(whole.p, "%14.4f"))),
    ]
