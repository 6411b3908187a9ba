"""Making the session in the background, so that the prompt need not wait for its imports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from statalike.session import Session


def load_session(colour: str = "auto") -> Session:
    """A session that writes to the screen, with all that its first commands need imported."""
    from statalike.commands.registry import load_commands
    from statalike.language.parser import parse_command_line
    from statalike.output.console import Console
    from statalike.output.sinks import Screen, wants_colour
    from statalike.session import Session

    screen = Screen(colour=colour)
    if wants_colour(screen.stream, colour):
        import rich.console
        import rich.text  # noqa: F401
    load_commands()
    parse_command_line("display 1")
    return Session(Console(screen))


class SessionLoader:
    """Makes a session in a thread of its own; :meth:`session` waits for it."""

    def __init__(self, make: Callable[[], Session]) -> None:
        self._make = make
        self._thread: threading.Thread | None = None
        self._made: Session | None = None
        self._problem: BaseException | None = None
        self._done = threading.Event()

    def start(self, when_done: Callable[[], object] = lambda: None) -> None:
        """Begin, unless it has begun; ``when_done`` is called in the thread at the end."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, args=(when_done,))
            self._thread.start()

    def _load(self, when_done: Callable[[], object]) -> None:
        try:
            self._made = self._make()
        except BaseException as problem:
            self._problem = problem
        self._done.set()
        when_done()

    @property
    def ready(self) -> Session | None:
        """The session if it has been made already."""
        return self._made

    def session(self) -> Session:
        """The session, after waiting for it; raises what making it raised."""
        self.start()
        self._done.wait()
        if self._problem is not None:
            raise self._problem
        assert self._made is not None
        return self._made
