"""Notes under tables, wrapped to the line."""

from __future__ import annotations

from statalike.output.styled import Line, Segment, Style, line
from statalike.output.text_width import wrap_paragraph


def note(text: str, linesize: int = 79) -> list[Line]:
    """``Note: ...``, its further lines indented under the first word."""
    return wrapped(f"Note: {text}", linesize, indent=6)


def warning(text: str, linesize: int = 79) -> list[Line]:
    """``Warning: ...``, shown as an error is but without stopping anything."""
    return [
        line(Segment(row, Style.ERROR)) for row in wrap_paragraph(f"Warning: {text}", linesize, 9)
    ]


def wrapped(text: str, linesize: int, *, indent: int) -> list[Line]:
    """A paragraph wrapped to the line, further lines indented."""
    return [line(Segment(row, Style.NOTE)) for row in wrap_paragraph(text, linesize, indent)]
