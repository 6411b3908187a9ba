"""Joint tests of terms, as ``contrast`` prints them: degrees of freedom, statistic and p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.number_columns import count_text
from statalike.output.styled import Line, line, result, rule

NAME_WIDTH = 13


@dataclass(frozen=True)
class JointTest:
    """The test of one term; ``level`` marks a row under the term's own name (``Joint``, ``1``).

    ``denominator`` is missing for chi-squared tests.  A row without degrees of freedom is a
    heading, or shows its ``note`` in the place of numbers.  ``adjusted`` is the p-value adjusted
    for several tests.
    """

    term: str
    df: float = MISSING
    statistic: float = MISSING
    p: float = MISSING
    denominator: float = MISSING
    level: bool = False
    note: str = ""
    adjusted: float = MISSING


def joint_tests(
    sections: Sequence[tuple[str, Sequence[JointTest]]],
    *,
    f: bool = False,
    ddf: bool = False,
    denominator: float = MISSING,
    adjustment: str = "",
    squish: bool = False,
) -> list[Line]:
    """The table: an equation's name and its tests in each section.

    ``f`` gives F and P>F in place of chi2, ``ddf`` a column of denominator degrees of freedom;
    ``denominator`` are those that all tests share, in a row of their own.  ``adjustment`` names the
    method of a further column of adjusted p-values; ``squish`` leaves out blank lines.
    """
    rows = [row for _, tests in sections for row in tests]
    names = [len(row.term) + (2 if row.level else 1) for row in rows]
    width = max(NAME_WIDTH, *names, *(len(title) + 1 for title, _ in sections))
    numbers = (45 if ddf else 34) + (12 if adjustment else 0)
    statistic, p = ("F", "P>F") if f else ("chi2", "P>chi2")
    more = f"{'ddf':>11}" if ddf else ""
    titles = f"{'df':>11}{more}{statistic:>12}{p:>11}" + (f"{p:>12}" if adjustment else "")
    outer = rule(width + 1 + numbers)
    blank = line(" " * width + "|")
    lines = [outer]
    if adjustment:
        lines.append(line(" " * width + "|" + adjustment.rjust(numbers)))
    lines.append(line(" " * width + "|" + titles))
    for title, tests in sections:
        lines.append(line("-" * width + "+" + "-" * numbers))
        if title:
            lines.append(line(f"{title:<{width}}|"))
        for i, row in enumerate(tests):
            if i and not row.level and not squish:
                lines.append(blank)
            lines.append(_test_line(row, width, ddf, bool(adjustment)))
    if denominator < MISSING:
        if not squish:
            lines.append(blank)
        df = format_value(denominator, "%9.0g").strip().rjust(11)
        lines.append(line(f"{'Denominator':>{width - 1}} |", result(df)))
    return [*lines, outer]


def _test_line(row: JointTest, width: int, ddf: bool, adjusted: bool) -> Line:
    stub = f"{row.term:>{width - 2}}  |" if row.level else f"{row.term:>{width - 1}} |"
    if row.note:
        return line(f"{stub}  {row.note}")
    if row.df >= MISSING:
        return line(stub)
    text = f"{count_text(row.df):>11}"
    if ddf:
        text += format_value(row.denominator, "%9.2f").strip().rjust(11)
    text += format_value(row.statistic, "%9.2f").strip().rjust(12)
    text += format_value(row.p, "%6.4f").strip().rjust(11)
    if adjusted and row.adjusted < MISSING:
        text += format_value(row.adjusted, "%6.4f").strip().rjust(12)
    return line(stub, result(text))
