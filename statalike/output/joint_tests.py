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
    heading.
    """

    term: str
    df: float = MISSING
    statistic: float = MISSING
    p: float = MISSING
    denominator: float = MISSING
    level: bool = False


def joint_tests(
    sections: Sequence[tuple[str, Sequence[JointTest]]], *, f: bool = False, ddf: bool = False
) -> list[Line]:
    """The table: an equation's name and its tests in each section.

    ``f`` gives F and P>F in place of chi2, ``ddf`` a column of denominator degrees of freedom.
    """
    rows = [row for _, tests in sections for row in tests]
    names = [len(row.term) + (2 if row.level else 1) for row in rows]
    width = max(NAME_WIDTH, *names, *(len(title) + 1 for title, _ in sections))
    numbers = 46 if ddf else 34
    statistic, p = ("F", "P>F") if f else ("chi2", "P>chi2")
    more = f"{'ddf':>12}" if ddf else ""
    titles = f"{'df':>11}{more}{statistic:>12}{p:>11}"
    outer = rule(width + 1 + numbers)
    lines = [outer, line(" " * width + "|" + titles)]
    for title, tests in sections:
        lines.append(line("-" * width + "+" + "-" * numbers))
        if title:
            lines.append(line(f"{title:<{width}}|"))
        for i, row in enumerate(tests):
            if i and not row.level:
                lines.append(line(" " * width + "|"))
            lines.append(_test_line(row, width, ddf))
    return [*lines, outer]


def _test_line(row: JointTest, width: int, ddf: bool) -> Line:
    stub = f"{row.term:>{width - 2}}  |" if row.level else f"{row.term:>{width - 1}} |"
    if row.df >= MISSING:
        return line(stub)
    text = f"{count_text(row.df):>11}"
    if ddf:
        text += format_value(row.denominator, "%9.2f").strip().rjust(12)
    text += format_value(row.statistic, "%9.2f").strip().rjust(12)
    return line(stub, result(text + format_value(row.p, "%6.4f").strip().rjust(11)))
