"""Expected tables as text, and rows of numbers typed as they are printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from statalike.data.missing import MISSING
from statalike.output.coefficient_table import CoefficientRow
from statalike.output.number_columns import NumberFormats
from statalike.output.random_effects_table import RandomEffectsRow
from statalike.output.styled import Line, plain_text

FOLDER = Path(__file__).parent / "expected"
TWO_DECIMALS = NumberFormats(coefficient="%9.2f")


def expected(name: str) -> str:
    """The text a table is to have, exactly."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").removesuffix("\n")


def printed(lines: Iterable[Line]) -> str:
    return plain_text(lines)


def number(text: str) -> float:
    return MISSING if text == "." else float(text)


def typed(text: str) -> list[tuple[str, list[float]]]:
    """Lines of a name, ``|`` and numbers."""
    rows = []
    for row in text.strip().splitlines():
        name, numbers = row.split("|")
        rows.append((name.strip(), [number(word) for word in numbers.split()]))
    return rows


def coefficient(name: str, numbers: list[float]) -> CoefficientRow:
    b, se, statistic, p, lower, upper = (numbers + [MISSING] * 6)[:6]
    return CoefficientRow(name, b, se, statistic, p, lower, upper)


def coefficient_rows(text: str, heading: str = "") -> tuple[CoefficientRow, ...]:
    """Coefficient, standard error, statistic, p and limits; with a heading, names are labels."""
    rows = (coefficient(name, numbers) for name, numbers in typed(text))
    return tuple(replace(row, heading=heading, label=row.name if heading else "") for row in rows)


def parameter_rows(text: str) -> tuple[CoefficientRow, ...]:
    """Estimate, standard error and limits of ``var(_cons)`` and the like."""
    return tuple(
        CoefficientRow(
            name, b, se, lower=lower, upper=upper, tested=False, parameter=not name.startswith("/")
        )
        for name, (b, se, lower, upper) in typed(text)
    )


def random_effects_rows(text: str) -> tuple[RandomEffectsRow, ...]:
    return tuple(
        RandomEffectsRow(name, estimate, se, lower, upper)
        for name, (estimate, se, lower, upper) in typed(text)
    )
