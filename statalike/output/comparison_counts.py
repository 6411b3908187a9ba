"""How many comparisons of each term are adjusted together, above tables of adjusted results."""

from __future__ import annotations

from collections.abc import Sequence

from statalike.output.number_columns import count_text
from statalike.output.styled import Line, line, result, rule

NAME_WIDTH = 13


def comparison_counts(
    sections: Sequence[tuple[str, Sequence[tuple[str, int]]]], what: str
) -> list[Line]:
    """A table of the terms of each equation with their numbers of ``what``, for example
    ``comparisons``."""
    names = [len(name) + 1 for title, terms in sections for name in (title, *(t for t, _ in terms))]
    width = max(NAME_WIDTH, *names)
    outer = rule(width + 14)
    lines = [outer]
    lines += [line(" " * width + "|" + text.rjust(13)) for text in ("Number of", what)]
    for title, terms in sections:
        lines.append(line("-" * width + "+" + "-" * 13))
        if title:
            lines.append(line(f"{title:<{width}}|"))
        for name, count in terms:
            lines.append(line(f"{name:>{width - 1}} |", result(count_text(count).rjust(13))))
    return [*lines, outer]
