"""Signs of life while a long command works: on a terminal only, and wiped when it is done."""

from __future__ import annotations

import time
from typing import TextIO

from statalike.output.sinks import is_terminal


class Progress:
    """A status line that is rewritten in place.

    Nothing is written before ``delay`` seconds have passed, nor oftener than ten times a second,
    nor when the stream is no terminal.
    """

    def __init__(self, stream: TextIO | None, *, delay: float = 1.0) -> None:
        self._stream = stream if stream is not None and is_terminal(stream) else None
        self._next = time.monotonic() + delay
        self._shown = 0

    def update(self, text: str) -> None:
        """Show ``text``, such as ``iteration 3`` or ``42%``."""
        if self._stream is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.1
        self._stream.write("\r" + text.ljust(self._shown))
        self._stream.flush()
        self._shown = len(text)

    def fraction(self, done: int, total: int) -> None:
        """Show how much of the work is done, in percent."""
        self.update(f"{100 * done // max(total, 1)}%")

    def clear(self) -> None:
        """Wipe the line."""
        if self._stream is not None and self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._stream.flush()
            self._shown = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        self.clear()
