"""The output of ``hausman``: coefficients of both estimators, then the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from statalike.data.formats import format_value
from statalike.output.coefficient_names import simplified
from statalike.output.number_columns import probability_text, trimmed
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import abbreviate

WIDTH = 78


class Test(Protocol):
    """Hausman's statistic."""

    @property
    def statistic(self) -> float: ...
    @property
    def df(self) -> int: ...
    @property
    def p(self) -> float: ...
    @property
    def positive(self) -> bool: ...


@dataclass(frozen=True)
class HausmanRow:
    """A coefficient: both estimates, their difference and its standard error."""

    name: str
    consistent: float
    efficient: float
    difference: float
    error: float


@dataclass(frozen=True)
class HausmanSection:
    """Coefficients of an equation, under its name where there are several."""

    title: str
    rows: tuple[HausmanRow, ...]


def hausman_table(
    sections: Sequence[HausmanSection],
    names: tuple[str, str],
    producers: tuple[str, str],
    test: Test,
) -> list[Line]:
    """Table, legend and test; a negative statistic is explained in the place of a p-value."""
    first, second = (abbreviate(name, 12) for name in names)
    rule = line("-" * 13 + "+" + "-" * (WIDTH - 14))
    lines = [
        line(f"{'':17}---- Coefficients ----"),
        line(f"{'|':>14}{'(b)':>9}{'(B)':>13}{'(b-B)':>16}{'sqrt(diag(V_b-V_B))':>24}"),
        line(f"{'|':>14}{first:^16}{second:^11}{'Difference':>14}{'Std. err.':>17}"),
    ]
    for section in sections:
        lines.append(rule)
        if section.title:
            lines.append(line(f"{abbreviate(section.title, 12):<13}|"))
        for row in section.rows:
            numbers = (
                f"{format_value(row.consistent, '%9.0g'):>12}"
                f"{format_value(row.efficient, '%9.0g'):>13}"
                f"{format_value(row.difference, '%9.0g'):>16}"
                f"{format_value(row.error, '%9.0g'):>17}"
            )
            name = abbreviate(simplified(row.name), 12)
            lines.append(line(f"{name:>12} |", result(numbers)))
    lines += [
        line("-" * WIDTH),
        line(f"b = Consistent under H0 and Ha; obtained from {producers[0]}.".rjust(WIDTH)),
        line(
            f"B = Inconsistent under Ha, efficient under H0; obtained from {producers[1]}.".rjust(
                WIDTH
            )
        ),
        BLANK,
        line("Test of H0: Difference in coefficients not systematic"),
        BLANK,
    ]
    name = f"chi2({test.df})"
    lines.append(line(f"{name:>11} = (b-B)'[(V_b-V_B)^(-1)](b-B)"))
    lines.append(line(" " * 12 + "= ", result(trimmed(test.statistic, "%8.2f"))))
    if np.isfinite(test.p):
        lines.append(line("Prob > chi2 = ", result(probability_text(test.p))))
        if not test.positive:
            lines.append(line("(V_b-V_B is not positive definite)"))
    else:
        lines += [
            BLANK,
            line("Warning: chi2 < 0 ==> model fitted on these data"),
            line("         fails to meet the asymptotic assumptions"),
            line("         of the Hausman test; see suest for a"),
            line("         generalized test."),
        ]
    return lines
