"""The table of ``estat icc``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.output.styled import Line, line, result, rule
from statalike.output.text_width import abbreviate


@dataclass(frozen=True)
class IntraclassCorrelation:
    """The correlation of two observations of one group; ``level`` is ``id`` or ``id|school``."""

    level: str
    estimate: float
    standard_error: float
    lower: float
    upper: float


def intraclass_correlation_table(
    rows: Sequence[IntraclassCorrelation], level: float = 95.0
) -> list[Line]:
    """The table, without the title above it.  Its numbers do not follow ``set cformat``."""
    interval = f"[{level:g}% conf. interval]".rjust(25)
    lines = [
        rule(78),
        line(f"{'Level':>28} |        ICC   Std. err.{interval}"),
        line("-" * 29 + "+" + "-" * 48),
    ]
    for row in rows:
        numbers = (
            format_value(row.estimate, "%9.0g").rjust(11)
            + format_value(row.standard_error, "%9.0g").rjust(11)
            + format_value(row.lower, "%9.0g").rjust(14)
            + format_value(row.upper, "%9.0g").rjust(12)
        )
        lines.append(line(f"{abbreviate(row.level, 28):>28} |", result(numbers)))
    return [*lines, rule(78)]
