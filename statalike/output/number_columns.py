"""The numbers of estimation output: which display format each kind of column has."""

from __future__ import annotations

from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import is_missing


@dataclass(frozen=True)
class NumberFormats:
    """Display formats of coefficient tables: ``cformat``, ``sformat`` and ``pformat``.

    ``coefficient`` also governs standard errors and confidence limits.
    """

    coefficient: str = "%9.0g"
    statistic: str = "%8.2f"
    p: str = "%5.3f"


def trimmed(value: float, display_format: str) -> str:
    """A number in a format, without the blanks that fill its width."""
    return format_value(value, display_format).strip()


def count_text(value: float) -> str:
    """A count with commas between thousands, ``5,179``."""
    return "." if bool(is_missing(value)) else f"{round(value):,}"


def probability_text(value: float, decimals: int = 4) -> str:
    """A p-value as test lines print it, ``0.0000``."""
    return trimmed(value, f"%{decimals + 2}.{decimals}f")


def degrees_of_freedom_text(value: float) -> str:
    """Degrees of freedom inside parentheses: ``62``, or ``27.90`` when they are not whole."""
    if bool(is_missing(value)):
        return "."
    return str(int(value)) if value == int(value) else f"{value:.2f}"
