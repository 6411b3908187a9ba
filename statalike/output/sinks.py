"""Where output goes: a screen, a list in memory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol, TextIO

from statalike.output.styled import Line, Style, plain

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

#: rich styles of the roles; text keeps the terminal's own colour
THEME: dict[Style, str] = {
    Style.TEXT: "",
    Style.RESULT: "bold",
    Style.COMMAND: "bold cyan",
    Style.INPUT: "bold",
    Style.ERROR: "red",
    Style.HEADING: "bold",
    Style.NOTE: "",
}


class Sink(Protocol):
    """Takes styled text; ``end`` is a line end or nothing."""

    def write(self, styled: Line, end: str = "\n") -> None: ...

    def flush(self) -> None: ...


class Capture:
    """Output kept in memory, as lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._open: Line = ()

    def write(self, styled: Line, end: str = "\n") -> None:
        self._open = self._open + styled
        if end:
            self.lines.append(self._open)
            self._open = ()

    def flush(self) -> None:
        if self._open:
            self.lines.append(self._open)
            self._open = ()

    @property
    def text(self) -> str:
        """All that was written, plain."""
        done = "".join(plain(styled) + "\n" for styled in self.lines)
        return done + plain(self._open)


def wants_colour(stream: TextIO, choice: str = "auto") -> bool:
    """Whether a stream is to be coloured.

    ``choice`` is ``always``, ``never`` or ``auto``: on a terminal that is not dumb, unless the
    environment has NO_COLOR.
    """
    if choice != "auto":
        return choice == "always"
    # The stream first: the environment takes longer to ask, and this is asked at every line.
    if not is_terminal(stream):
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


class Screen:
    """A terminal or a pipe.

    ``stream`` None means whatever ``sys.stdout`` is at the moment of writing.  Lines are written
    as they are: layout is done before, nothing is wrapped or interpreted here.
    """

    def __init__(self, stream: TextIO | None = None, *, colour: str = "auto") -> None:
        self._stream = stream
        self._choice = colour
        self._rich: RichConsole | None = None
        self._rich_stream: TextIO | None = None

    @property
    def stream(self) -> TextIO:
        return self._stream if self._stream is not None else sys.stdout

    def write(self, styled: Line, end: str = "\n") -> None:
        stream = self.stream
        if not wants_colour(stream, self._choice):
            _write(stream, plain(styled) + end)
            return
        from rich.text import Text

        text = Text(end=end)
        for segment in styled:
            text.append(segment.text, THEME[segment.style])
        self._console(stream).print(text, end=end)

    def _console(self, stream: TextIO) -> RichConsole:
        if self._rich is None or self._rich_stream is not stream:
            from rich.console import Console as RichConsole

            self._rich = RichConsole(
                file=stream,
                force_terminal=True,
                markup=False,
                emoji=False,
                highlight=False,
                soft_wrap=True,
            )
            self._rich_stream = stream
        return self._rich

    def flush(self) -> None:
        self.stream.flush()


def _write(stream: TextIO, text: str) -> None:
    """Write, replacing characters that the stream's encoding does not have."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
