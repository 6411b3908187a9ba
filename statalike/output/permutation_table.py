"""The table of ``permute``: counts, p-values and their Monte Carlo errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.estimation_header import Entry, HeaderRow, compact_header
from statalike.output.number_columns import count_text
from statalike.output.styled import Line, line, result
from statalike.output.text_width import abbreviate

WIDTH = 79


class Tests(Protocol):
    """Permutation tests of several statistics, an entry for each."""

    @property
    def replications(self) -> np.ndarray: ...
    @property
    def lower_count(self) -> np.ndarray: ...
    @property
    def upper_count(self) -> np.ndarray: ...
    @property
    def lower(self) -> np.ndarray: ...
    @property
    def upper(self) -> np.ndarray: ...
    @property
    def two_sided(self) -> np.ndarray: ...
    @property
    def lower_interval(self) -> np.ndarray: ...
    @property
    def upper_interval(self) -> np.ndarray: ...
    @property
    def two_sided_interval(self) -> np.ndarray: ...


def permutation_header(title: str, variable: str, observations: int, count: int) -> list[Line]:
    """What was permuted, and how often."""
    return compact_header(
        [
            HeaderRow(title, Entry("Number of observations", count_text(observations))),
            HeaderRow(
                f"Permutation variable: {variable}",
                Entry("Number of permutations", count_text(count)),
            ),
        ],
        WIDTH,
    )


def permutation_table(
    names: Sequence[str], observed: np.ndarray, tests: Tests, level: float, side: str = ""
) -> list[Line]:
    """Three rows for each statistic, or the one of ``side`` (``lower``, ``upper``)."""
    rule, inner = line("-" * WIDTH), line("-" * 13 + "+" + "-" * (WIDTH - 14))
    lines = [
        rule,
        line(f"{'|':>14}{'Monte Carlo error':>64}"),
        line(f"{'|':>14}{'-' * 19:>65}"),
        line(
            f"{'T |':>14}{'T(obs)':>10}{'Test':>11}{'c':>8}{'n':>8}{'p':>7}{'SE(p)':>7}"
            f"{f'[{level:g}% CI(p)]':>14}"
        ),
    ]
    for i, name in enumerate(names):
        lines.append(inner)
        rows = [
            ("lower", tests.lower_count[i], tests.lower[i], tests.lower_interval[:, i]),
            ("upper", tests.upper_count[i], tests.upper[i], tests.upper_interval[:, i]),
            ("two-sided", None, tests.two_sided[i], tests.two_sided_interval[:, i]),
        ]
        shown = [row for row in rows if not side or row[0] == side]
        for number, (test, count, p, interval) in enumerate(shown):
            n = tests.replications[i]
            error = float(np.sqrt(p * (1 - p) / n)) if n else MISSING
            value = format_value(float(observed[i]), "%9.0g") if number == 0 else ""
            stub = abbreviate(name, 12) if number == 0 else ""
            counts = "" if count is None else f"{count:,.0f}"
            text = f"{value:>10}{test:>11}{counts:>8}{f'{n:,.0f}' if count is not None else '':>8}"
            numbers = "".join(
                f"{format_value(float(each), '%6.4f'):>7}" for each in (p, error, *interval)
            )
            lines.append(line(f"{stub:>12} |", result(text + numbers)))
    lines.append(rule)
    notes = {
        "lower": "For lower one-sided test, c = #{T <= T(obs)} and p = p_lower = c/n.",
        "upper": "For upper one-sided test, c = #{T >= T(obs)} and p = p_upper = c/n.",
        "two": "For two-sided test, p = 2*min(p_lower, p_upper); SE and CI approximate.",
    }
    chosen = [notes[side]] if side else list(notes.values())
    lead = "Note: " if len(chosen) == 1 else "Notes: "
    return lines + [
        line((lead if k == 0 else " " * len(lead)) + text) for k, text in enumerate(chosen)
    ]
