"""The list of named expressions above a table of nonlinear estimates."""

from __future__ import annotations

from collections.abc import Mapping

from statalike.output.styled import Line, line, result

NAME_WIDTH = 12
TEXT_WIDTH = 62


def expression_legend(expressions: Mapping[str, str]) -> list[Line]:
    """``phi1:  i.female U0[id]``, names right-aligned, long texts continued below their begin."""
    lines: list[Line] = []
    for name, text in expressions.items():
        label = f"{name.rjust(NAME_WIDTH)}:  "
        first, *rest = _pieces(text)
        lines.append(line(label, result(first)))
        lines += [line(" " * len(label), result(piece)) for piece in rest]
    return lines


def _pieces(text: str) -> list[str]:
    """A text cut at blanks where it has them, anywhere where it has none."""
    pieces: list[str] = []
    while len(text) > TEXT_WIDTH:
        cut = text.rfind(" ", 0, TEXT_WIDTH + 1)
        cut = cut if cut > 0 else TEXT_WIDTH
        pieces.append(text[:cut])
        text = text[cut:].lstrip()
    return [*pieces, text]
