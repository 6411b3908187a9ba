"""The output of ``codebook``: one block for each variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.output.number_columns import trimmed
from statalike.output.styled import BLANK, Line, line, placed, result, rule
from statalike.output.text_width import shorten_label

LABEL_WIDTH = 22
VALUES = 24


@dataclass(frozen=True)
class CodebookTabulation:
    """Frequencies of the values of a variable with few of them; ``labels`` may be empty texts."""

    frequencies: Sequence[int]
    values: Sequence[str]
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class CodebookEntry:
    """What ``codebook`` tells of a variable.

    A numeric variable has ``range`` and ``units``, and a tabulation or moments with percentiles
    (10, 25, 50, 75, 90); a string variable has a tabulation or ``examples``.  ``missing`` counts
    ``.`` or empty strings, ``extended`` the missing values ``.a`` to ``.z``.
    """

    name: str
    label: str
    type: str
    observations: int
    unique: int
    missing: int
    value_label: str = ""
    range: tuple[float, float] | None = None
    units: str = ""
    extended: int = 0
    extended_kinds: int = 0
    mean: float | None = None
    standard_deviation: float | None = None
    percentiles: Sequence[float] = ()
    tabulation: CodebookTabulation | None = None
    examples: Sequence[str] = ()
    warning: str = ""


def codebook_entry(entry: CodebookEntry, linesize: int = 79) -> list[Line]:
    """The heading between rules and everything known of the variable."""
    room = linesize - len(entry.name) - 2
    label = entry.label or "(unlabeled)"
    lines = [
        rule(linesize),
        line(result(entry.name), f"{shorten_label(label, room):>{linesize - len(entry.name)}}"),
        rule(linesize),
        BLANK,
        _item("Type", entry.type),
    ]
    if entry.value_label:
        lines.append(_item("Label", entry.value_label))
    lines.append(BLANK)
    if entry.range is not None:
        low, high = (trimmed(value, "%10.0g") for value in entry.range)
        lines.append(_items(("Range", f"[{low},{high}]"), ("Units", entry.units)))
    numeric = entry.range is not None or not entry.type.startswith("String")
    sign = "." if numeric else '""'
    count = f"{entry.missing:,}/{entry.observations:,}"
    lines.append(_items(("Unique values", f"{entry.unique:,}"), (f"Missing {sign}", count)))
    if entry.extended:
        count = f"{entry.extended:,}/{entry.observations:,}"
        lines.append(_items(("Unique mv codes", str(entry.extended_kinds)), ("Missing .*", count)))
    return [*lines, *_distribution(entry)]


def _item(name: str, value: str) -> Line:
    return line(f"{name:>{LABEL_WIDTH}}: ", result(value))


def _items(left: tuple[str, str], right: tuple[str, str]) -> Line:
    """Two items in a line; the colon of the second stands at column 59."""
    return placed(
        (0, f"{left[0]:>{LABEL_WIDTH}}: "),
        (VALUES, result(left[1])),
        (59 - len(right[0]), f"{right[0]}: "),
        (61, result(right[1])),
    )


def _distribution(entry: CodebookEntry) -> list[Line]:
    lines: list[Line] = []
    if entry.tabulation is not None:
        lines += [BLANK, *_tabulation(entry.tabulation)]
    elif entry.mean is not None and entry.standard_deviation is not None:
        moments = [trimmed(x, "%8.0g") for x in (entry.mean, entry.standard_deviation)]
        width = max(len(text) for text in moments)
        lines += [
            BLANK,
            _item("Mean", moments[0].rjust(width)),
            _item("Std. dev.", moments[1].rjust(width)),
        ]
    if entry.percentiles and entry.tabulation is None:
        numbers = "".join(trimmed(x, "%8.0g").rjust(10) for x in entry.percentiles)
        shares = "".join(f"{share}%".rjust(10) for share in (10, 25, 50, 75, 90))
        lines += [
            BLANK,
            line(f"{'Percentiles':>{LABEL_WIDTH}}:", shares[2:]),
            line(" " * (VALUES - 3), result(numbers)),
        ]
    if entry.examples:
        first, *others = (f'"{example}"' for example in entry.examples)
        lines += [BLANK, _item("Examples", first)]
        lines += [line(" " * VALUES, result(example)) for example in others]
    if entry.warning:
        lines += [BLANK, _item("Warning", entry.warning)]
    return lines


def _tabulation(table: CodebookTabulation) -> list[Line]:
    labelled = any(table.labels)
    title = "Freq.   Numeric  Label" if labelled else "Freq.  Value"
    lines = [line(f"{'Tabulation':>{LABEL_WIDTH}}: {title}")]
    labels = table.labels or [""] * len(table.values)
    for frequency, value, label in zip(table.frequencies, table.values, labels, strict=True):
        text = f"{value:>10}  {label}" if labelled else f"  {value}"
        lines.append(line(result(f"{frequency:>{VALUES + 5},}{text}".rstrip())))
    return lines
