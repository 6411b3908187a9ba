"""The output of ``test`` and ``testparm``: the restrictions, then F or chi-squared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import is_missing
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import wrap_paragraph

LABEL_WIDTH = 21


@dataclass(frozen=True)
class WaldTest:
    """A test of linear restrictions.

    ``restrictions`` are their texts, ``[weight]week = 0``; ``dropped`` the numbers (from 1) of
    those that depend on others.  ``denominator`` is None for the chi-squared test.
    """

    restrictions: tuple[str, ...]
    df: float
    statistic: float
    p: float
    denominator: float | None = None
    dropped: tuple[int, ...] = ()


def restriction_lines(restrictions: Sequence[str], linesize: int = 79) -> list[Line]:
    """`` ( 1)  x = 0``, one for each restriction; long ones go on under their first word."""
    lines: list[Line] = []
    for number, text in enumerate(restrictions, start=1):
        start = f" ({number:2d})  "
        wrapped = wrap_paragraph(text, max(linesize - len(start), 20), 0)
        lines.append(line(start, result(wrapped[0])))
        lines += [line(" " * len(start), result(row)) for row in wrapped[1:]]
    return lines


def wald_test(test: WaldTest, linesize: int = 79) -> list[Line]:
    """Restrictions, a blank line and the test."""
    lines = restriction_lines(test.restrictions, linesize)
    lines += [line(f"       Constraint {number} dropped") for number in test.dropped]
    if test.denominator is None:
        name, probability = f"chi2({test.df:3.0f})", "Prob > chi2"
    else:
        name = f"F({test.df:3.0f},{_denominator(test.denominator)})"
        probability = "Prob > F"
    return [
        *lines,
        BLANK,
        line(f"{name:>{LABEL_WIDTH - 1}} =", result(format_value(test.statistic, "%8.2f"))),
        line(f"{probability:>{LABEL_WIDTH - 1}} =", result(format_value(test.p, "%10.4f"))),
    ]


def _denominator(value: float) -> str:
    if bool(is_missing(value)):
        return f"{'.':>6}"
    return f"{value:6.0f}" if value == int(value) else f"{value:6.2f}"
