"""The table of ``estat df``: degrees of freedom of each coefficient, one column for a method."""

from __future__ import annotations

from collections.abc import Sequence

from statalike.data.formats import format_value
from statalike.output.coefficient_names import Labels, blocks_of, no_labels
from statalike.output.styled import Line, line, result, rule
from statalike.output.text_width import abbreviate, shorten_label

COLUMN_WIDTH = 16


def degrees_of_freedom_table(
    dependent: str,
    names: Sequence[str],
    columns: Sequence[tuple[str, Sequence[float]]],
    labels: Labels = no_labels,
) -> list[Line]:
    """``columns`` are pairs of a method's title and its degrees of freedom, one for each name."""
    width = COLUMN_WIDTH * len(columns)
    lines = [
        rule(14 + width),
        line(" " * 13 + "|" + "".join(f"{title:>{COLUMN_WIDTH}}" for title, _ in columns)),
        line("-" * 13 + "+" + "-" * width),
        line(f"{abbreviate(dependent, 12):<13}|"),
    ]
    blank = line(" " * 13 + "|")
    previous = None
    for block in blocks_of(names, labels):
        if previous is not None and (block.blank_before or previous.blank_after):
            lines.append(blank)
        previous = block
        if block.header:
            lines.append(line(f"{abbreviate('#'.join(block.header), 12):>12} |"))
        for member, pieces in zip(block.members, block.labels, strict=True):
            text = "#".join(pieces)
            stub = f"{shorten_label(text, 11):>11}  |" if block.is_level else ""
            numbers = "".join(
                format_value(values[member], "%9.0g").rjust(COLUMN_WIDTH) for _, values in columns
            )
            lines.append(line(stub or f"{abbreviate(text, 12):>12} |", result(numbers)))
    return [*lines, rule(14 + width)]
