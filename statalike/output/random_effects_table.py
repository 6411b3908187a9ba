"""The table of random-effects parameters of ``mixed``: one block for each level, then residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.number_columns import NumberFormats
from statalike.output.styled import Line, line, result
from statalike.output.text_width import abbreviate

NAME_WIDTH = 29
TABLE_WIDTH = 78


@dataclass(frozen=True)
class RandomEffectsRow:
    """A variance, covariance, standard deviation, correlation or other parameter."""

    name: str
    estimate: float
    standard_error: float = MISSING
    lower: float = MISSING
    upper: float = MISSING
    legend: str = ""


@dataclass(frozen=True)
class RandomEffectsBlock:
    """The parameters of one level.

    ``heading`` is ``id: Unstructured``, ``Residual: AR(1)``, or empty for ``var(Residual)`` alone;
    ``subheading`` is ``by girl`` when residuals differ between groups.  A block without rows says
    ``(empty)``.
    """

    heading: str
    rows: tuple[RandomEffectsRow, ...] = ()
    subheading: str = ""


@dataclass(frozen=True)
class RandomEffectsTable:
    """All blocks; ``legend`` shows how each parameter is written in place of its precision.

    ``error_method`` is the word above the standard errors (``Robust``, ``Bootstrap``).
    """

    blocks: tuple[RandomEffectsBlock, ...]
    error_method: str = ""
    level: float = 95.0
    formats: NumberFormats = field(default_factory=NumberFormats)
    interval: bool = True
    legend: bool = False


def random_effects_table(table: RandomEffectsTable) -> list[Line]:
    """The lines of the table, from its first rule to its last."""
    numbers = 48 if table.interval or table.legend else 23
    interval = f"[{table.level:g}% conf. interval]".rjust(25) if table.interval else ""
    error = "std. err." if table.error_method else "Std. err."
    outer = line("-" * (NAME_WIDTH + 1 + numbers))
    lines = [outer]
    if table.error_method:
        above = " " * (18 - len(table.error_method) // 2) + table.error_method
        lines.append(line(" " * NAME_WIDTH + "|" + above.ljust(32)))
    titles = "  Legend" if table.legend else f"   {error}{interval}"
    lines.append(line(f"  Random-effects parameters  |   Estimate{titles}"))
    separator = line("-" * NAME_WIDTH + "+" + "-" * numbers)
    for block in table.blocks:
        lines += [separator, *_block_lines(block, table)]
    return [*lines, outer]


def _block_lines(block: RandomEffectsBlock, table: RandomEffectsTable) -> list[Line]:
    if not block.rows:
        name = abbreviate(block.heading.removesuffix(":"), 18) + ":"
        return [line(f"{name}{'(empty)'.rjust(28 - len(name))} |")]
    lines: list[Line] = []
    if block.heading:
        lines.append(line(f"{_fitted_heading(block.heading)} |"))
    if block.subheading:
        lines.append(line(f"{'    ' + block.subheading:<28.28} |"))
    return lines + [_row(row, table) for row in block.rows]


def _fitted_heading(heading: str) -> str:
    name, colon, structure = heading.partition(":")
    if len(heading) > 28 and colon:
        name = abbreviate(name, max(28 - len(structure) - 1, 5))
        heading = f"{name}:{structure}"
    return heading[:28].ljust(28)


def _row(row: RandomEffectsRow, table: RandomEffectsTable) -> Line:
    number = table.formats.coefficient
    text = format_value(row.estimate, number).rjust(11)
    if table.legend:
        return line(f"{fitted_parameter(row.name, 28):>28} |", result(text), f"  {row.legend}")
    text += format_value(row.standard_error, number).rjust(11)
    if table.interval:
        text += format_value(row.lower, number).rjust(14)
        text += format_value(row.upper, number).rjust(12)
    return line(f"{fitted_parameter(row.name, 28):>28} |", result(text))


def fitted_parameter(name: str, width: int) -> str:
    """``cov(a,b)`` with its variables abbreviated until it fits in ``width`` characters."""
    if len(name) <= width:
        return name
    opening, parenthesis, rest = name.partition("(")
    if not parenthesis or not rest.endswith(")"):
        return abbreviate(name, width)
    separator = "," if "," in rest else " "
    variables = rest[:-1].split(separator)
    room = width - len(opening) - 2 - (len(variables) - 1)
    return f"{opening}({separator.join(_shared(variables, room))})"


def _shared(names: Sequence[str], room: int) -> list[str]:
    """Names abbreviated to fit in ``room`` altogether; short ones keep their length."""
    longest = max(len(name) for name in names)
    while longest > 5 and sum(min(len(name), longest) for name in names) > room:
        longest -= 1
    return [abbreviate(name, longest) for name in names]
