"""A dot for each replication of a command, as it is done, and ``x`` for one that failed."""

from __future__ import annotations

from statalike.output.console import Console
from statalike.output.styled import Style

PER_ROW = 50
HEADING = "----+--- 1 ---+--- 2 ---+--- 3 ---+--- 4 ---+--- 5 "


class CountedDots:
    """``Bootstrap replications (50): .........10.........20... done``, wrapped at the line's end.

    ``every`` replications make one sign; 0 shows none.
    """

    def __init__(self, console: Console, title: str, count: int, every: int = 1) -> None:
        self._console = console
        self._every = every
        self._done = 0
        self._signs = 0
        if every:
            console.print()
            self._column = 0
            self._put(f"{title} ({count:,}): ")

    def add(self, succeeded: bool) -> None:
        """Show that one more has been done."""
        self._done += 1
        if not self._every or self._done % self._every:
            return
        self._signs += 1
        if not succeeded:
            self._put("x", Style.ERROR)
        elif self._signs % 10 == 0:
            self._put(f"{self._done:,}")
        else:
            self._put(".")

    def finish(self) -> None:
        """End the line."""
        if self._every:
            self._put(" done")
            self._console.print()

    def _put(self, text: str, style: Style = Style.TEXT) -> None:
        for character in text:
            if self._column >= self._console.linesize:
                self._console.print()
                self._console.print("> ", end="")
                self._column = 2
            self._console.print(character, style, end="")
            self._column += 1
        self._console.flush()


class RowsOfDots:
    """Rows of fifty dots, each ending with how many there have been, under a heading."""

    def __init__(self, console: Console, title: str, *, shown: bool = True) -> None:
        self._console = console
        self._done = 0
        self._shown = shown
        if shown:
            console.print()
            console.print(title)
            console.print(HEADING)

    def add(self, succeeded: bool) -> None:
        """Show that one more has been done."""
        self._done += 1
        if not self._shown:
            return
        sign, style = (".", Style.TEXT) if succeeded else ("x", Style.ERROR)
        self._console.print(sign, style, end="")
        if self._done % PER_ROW == 0:
            self._console.print(f"{self._done:>6}")
        self._console.flush()

    def finish(self) -> None:
        """End a row that is not full."""
        if self._shown and self._done % PER_ROW:
            self._console.print()
