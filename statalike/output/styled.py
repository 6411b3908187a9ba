"""Styled text: a line is a sequence of segments, each with the role its text plays.

Roles, not colours: the console gives each role its colour on a screen, and drops them in a log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Style(Enum):
    """What a piece of text is, in Stata's own terms."""

    TEXT = "text"
    RESULT = "result"
    COMMAND = "command"
    INPUT = "input"
    ERROR = "error"
    HEADING = "heading"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text in one style."""

    text: str
    style: Style = Style.TEXT


Line = tuple[Segment, ...]
"""One line of output, without its line end; the empty tuple is a blank line."""

BLANK: Line = ()


def result(text: str) -> Segment:
    return Segment(text, Style.RESULT)


def line(*parts: str | Segment) -> Line:
    """A line of its parts; a plain string has the style of text, and empty parts are left out."""
    segments = (Segment(part) if isinstance(part, str) else part for part in parts)
    return tuple(segment for segment in segments if segment.text)


def error_line(text: str) -> Line:
    return line(Segment(text, Style.ERROR))


def lines_of(text: str, style: Style = Style.TEXT) -> list[Line]:
    """The lines of a text, all in one style."""
    return [line(Segment(row, style)) for row in text.split("\n")]


def width(styled: Line) -> int:
    return sum(len(segment.text) for segment in styled)


def plain(styled: Line) -> str:
    """The characters of a line."""
    return "".join(segment.text for segment in styled)


def plain_text(lines: Iterable[Line]) -> str:
    """The characters of several lines, joined by line ends."""
    return "\n".join(plain(styled) for styled in lines)


def placed(*parts: tuple[int, str | Segment]) -> Line:
    """A line whose parts start at the columns given (0 is the first).

    A part whose column is already taken follows at once.
    """
    segments: list[Segment] = []
    position = 0
    for column, part in parts:
        segment = Segment(part) if isinstance(part, str) else part
        if not segment.text:
            continue
        if column > position:
            segments.append(Segment(" " * (column - position)))
            position = column
        segments.append(segment)
        position += len(segment.text)
    return tuple(segments)


def rule(width_: int) -> Line:
    """A horizontal rule."""
    return line("-" * width_)
