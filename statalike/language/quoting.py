"""Quotes and brackets of a line: what is inside them and whether they match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from statalike.errors import StataError

_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = frozenset(")]}")
_STOPS: Final = re.compile(r'`"|"|[()\[\]{}:,]|\|\|')
_INSIDE_COMPOUND: Final = re.compile(r"`\"|\"'")


def closing_quote(text: str, start: int) -> int:
    """The position after the string that opens at ``start``, or -1 when it does not close."""
    if text.startswith('"', start):
        return text.find('"', start + 1) + 1 or -1
    depth, position = 1, start + 2
    while depth:
        found = _INSIDE_COMPOUND.search(text, position)
        if found is None:
            return -1
        depth += 1 if found[0] == '`"' else -1
        position = found.end()
    return position


def marks(text: str) -> Iterator[tuple[str, int, int]]:
    """Brackets, colons, commas and ``||`` outside quotes: the mark, its position, its depth.

    A bracket has the depth of what stands before it or, when it closes, after it.  Scanning ends
    silently at a string that does not close.
    """
    depth, position = 0, 0
    while (found := _STOPS.search(text, position)) is not None:
        mark, position = found[0], found.end()
        if mark in ('"', '`"'):
            position = closing_quote(text, found.start())
            if position < 0:
                return
            continue
        if mark in _CLOSING:
            depth -= 1
        yield mark, found.start(), depth
        if mark in _OPENING:
            depth += 1


def check_balance(text: str) -> StataError | None:
    """The error for a quote or bracket without its partner, r(132), or None."""
    open_marks: list[tuple[str, int]] = []
    position = 0
    while (found := _STOPS.search(text, position)) is not None:
        mark, start, position = found[0], found.start(), found.end()
        if mark in ('"', '`"'):
            position = closing_quote(text, start)
            if position < 0:
                return StataError(132, "too few quotes", span=(start, len(text)))
        elif mark in _OPENING:
            open_marks.append((mark, start))
        elif mark in _CLOSING:
            if not open_marks or _OPENING[open_marks[-1][0]] != mark:
                return _too_many(mark, start)
            open_marks.pop()
    return _too_many(*open_marks[-1]) if open_marks else None


def _too_many(mark: str, start: int) -> StataError:
    span = (start, start + 1)
    if mark in "()[]":
        kinds = "')' or ']'" if mark in ")]" else "'(' or '['"
        return StataError(132, f"too many {kinds}", span=span)
    return StataError(
        198, "unmatched close brace" if mark == "}" else "unmatched open brace", span=span
    )


def unquoted(text: str) -> str:
    """Text without the quotes around it, plain or compound; other text as it is."""
    text = text.strip()
    if len(text) >= 4 and text.startswith('`"') and closing_quote(text, 0) == len(text):
        return text[2:-2]
    if len(text) >= 2 and text[0] == '"' and closing_quote(text, 0) == len(text):
        return text[1:-1]
    return text
