"""The table of ``estat bootstrap``: bias, standard error and intervals of several kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.output.coefficient_names import simplified
from statalike.output.styled import Line, line, result
from statalike.output.text_width import abbreviate

WIDTH = 78


@dataclass(frozen=True)
class BootstrapRow:
    """A statistic: observed value, bias, standard error, and (sign, lower, upper) of intervals."""

    equation: str
    name: str
    observed: float
    bias: float
    error: float
    intervals: tuple[tuple[str, float, float], ...]


def bootstrap_table(
    rows: Sequence[BootstrapRow],
    keys: Sequence[tuple[str, str]],
    dependent: str,
    level: float,
) -> list[Line]:
    """A line for each interval, and the key of their signs."""
    rule, inner = line("-" * WIDTH), line("-" * 13 + "+" + "-" * (WIDTH - 14))
    several = len({row.equation for row in rows}) > 1
    corner = abbreviate("" if several else dependent, 12)
    lines = [
        rule,
        line(f"{'|':>14}{'Observed':>12}{'Bootstrap':>26}"),
        line(
            f"{corner:>12} |{'coefficient':>12}{'Bias':>15}{'std. err.':>11}"
            f"  [{level:g}% conf. interval]"
        ),
        inner,
    ]
    equation = rows[0].equation if rows else ""
    if several:
        lines.append(line(f"{abbreviate(equation, 12):<13}|"))
    for row in rows:
        if several and row.equation != equation:
            equation = row.equation
            lines += [inner, line(f"{abbreviate(equation, 12):<13}|")]
        for i, (sign, lower, upper) in enumerate(row.intervals):
            first = i == 0
            name = abbreviate(simplified(row.name), 12) if first else ""
            numbers = (
                f"{format_value(row.observed, '%9.0g'):>12}{format_value(row.bias, '%9.0g'):>15}"
                f"{format_value(row.error, '%9.0g'):>11}"
                if first
                else " " * 38
            )
            limits = f"{format_value(lower, '%9.0g'):>12}{format_value(upper, '%9.0g'):>11}"
            lines.append(line(f"{name:>12} |", result(numbers + limits), f"{f'({sign})':>6}"))
    lines.append(rule)
    for i, (sign, meaning) in enumerate(keys):
        lines.append(line(f"{'Key:' if i == 0 else '':<4}{sign:>3}: {meaning}"))
    return lines
