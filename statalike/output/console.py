"""The console: where a session's output goes, and whether it is shown at all.

Everything a command prints passes here once, as styled lines, and is sent to the sinks: the
screen, the logs that are open, and captures in memory.  ``quietly``, ``noisily`` and ``capture``
are context managers that switch showing off and on, in any nesting.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from statalike.output.log_file import LogFile, Logs, closing, echo_lines, opening
from statalike.output.progress import Progress
from statalike.output.sinks import Capture, Screen, Sink, is_terminal
from statalike.output.styled import Line, Segment, Style, line, lines_of, width

LINESIZE_IN_BATCH = 79
SMALLEST_LINESIZE = 40
LARGEST_LINESIZE = 255


def terminal_linesize() -> int:
    """The width of the terminal, between 80 and 255."""
    columns = shutil.get_terminal_size((80, 24)).columns
    return max(80, min(columns, LARGEST_LINESIZE))


class Console:
    """Output of one session.

    ``linesize`` is ``c(linesize)``; without one it is that of the terminal, and 79 where the
    screen is no terminal.
    """

    def __init__(self, screen: Sink | None = None, *, linesize: int | None = None) -> None:
        self.screen = screen
        self.logs = Logs()
        self.captures: list[Capture] = []
        self.column = 0
        self._shown = True
        self._errors_shown = True
        if linesize is None:
            interactive = isinstance(screen, Screen) and is_terminal(screen.stream)
            linesize = terminal_linesize() if interactive else LINESIZE_IN_BATCH
        self.linesize = linesize

    # --- printing -----------------------------------------------------------------------------

    @property
    def shown(self) -> bool:
        """Whether ordinary output is shown at the moment."""
        return self._shown

    def print(self, styled: Line | str = (), style: Style = Style.TEXT, *, end: str = "\n") -> None:
        """Print a line, or a text of one or several lines in one style.

        With ``end=""`` the line stays open and what comes next continues it.
        """
        if self._shown:
            self._send(styled, style, end)

    def print_lines(self, lines: Iterable[Line]) -> None:
        """Print lines, such as a table."""
        if self._shown:
            for styled in lines:
                self._send(styled, Style.TEXT, "\n")

    def error(self, styled: Line | str, *, end: str = "\n") -> None:
        """Print an error message: also inside ``quietly``, but not inside ``capture``."""
        if self._shown or self._errors_shown:
            self._send(styled, Style.ERROR, end)

    def result(self, text: str, *, end: str = "\n") -> None:
        self.print(text, Style.RESULT, end=end)

    def echo(self, command: str, *, prompt: str = ". ", typed: bool = False) -> None:
        """Show a command after its prompt, wrapped at the end of the line.

        ``typed`` commands stand on the screen already: they go to the logs only.
        """
        self.finish_line()
        for text in command.split("\n"):
            for styled in echo_lines(text, prompt, self.linesize):
                if typed:
                    self._to_logs(styled, "\n")
                elif self._shown:
                    self._send(styled, Style.INPUT, "\n")
            prompt = "> "
        if typed and self.logs.commands is not None:
            self.logs.commands.write_command(command)

    def finish_line(self) -> None:
        """End the line that was left open, if one was."""
        if self.column:
            self._send((), Style.TEXT, "\n")

    def _send(self, styled: Line | str, style: Style, end: str) -> None:
        if isinstance(styled, str):
            if "\n" in styled:
                *head, last = lines_of(styled, style)
                for row in head:
                    self._send(row, style, "\n")
                styled = last
            else:
                styled = line(Segment(styled, style))
        if self.screen is not None:
            self.screen.write(styled, end)
        for capture in self.captures:
            capture.write(styled, end)
        self._to_logs(styled, end)
        self.column = 0 if end else self.column + width(styled)

    def _to_logs(self, styled: Line, end: str) -> None:
        for log in self.logs.files.values():
            log.write(styled, end)

    def flush(self) -> None:
        """Hand everything on: called after each command."""
        if self.screen is not None:
            self.screen.flush()
        for log in self.logs.all():
            log.flush()

    # --- quietly, noisily, capture ------------------------------------------------------------

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing is shown but errors."""
        with self._showing(False, self._errors_shown):
            yield

    @contextmanager
    def noisy(self) -> Iterator[None]:
        """Everything is shown again, inside ``quietly`` and ``capture`` too."""
        with self._showing(True, True):
            yield

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing is shown, not even errors: the body of ``capture``."""
        with self._showing(False, False):
            yield

    def show_again(self) -> None:
        """Show everything, whatever was left unfinished: after a Break."""
        self._shown = self._errors_shown = True

    @contextmanager
    def _showing(self, shown: bool, errors: bool) -> Iterator[None]:
        before = self._shown, self._errors_shown
        self._shown, self._errors_shown = shown, errors
        try:
            yield
        finally:
            self._shown, self._errors_shown = before

    # --- captures and progress ----------------------------------------------------------------

    @contextmanager
    def captured(self, *, screen: bool = False) -> Iterator[Capture]:
        """Keep what is printed, for notebooks, tests and the Python API.

        ``screen`` says whether it is shown on the screen as well.
        """
        capture = Capture()
        kept = self.screen
        if not screen:
            self.screen = None
        self.captures.append(capture)
        try:
            yield capture
        finally:
            self.captures.remove(capture)
            self.screen = kept
            capture.flush()

    def progress(self) -> Progress:
        """A status line for long work; use it in a ``with`` statement."""
        stream = self.screen.stream if isinstance(self.screen, Screen) and self._shown else None
        return Progress(stream)

    # --- logs ---------------------------------------------------------------------------------

    def open_log(
        self,
        path: Path,
        name: str = "<unnamed>",
        *,
        append: bool = False,
        replace: bool = False,
        commands_only: bool = False,
    ) -> LogFile:
        """Open a log, print its opening on the screen and into it.

        Errors: r(602) the file exists, r(603) it cannot be opened, r(604) already open.
        """
        path = path.absolute()
        self.logs.require_unused(name, path, commands_only=commands_only)
        log = LogFile.open(path, name, append=append, replace=replace, commands_only=commands_only)
        if commands_only:
            self.print(f"(cmdlog {path} opened)")
            self.logs.commands = log
            return log
        lines = opening(log, self.linesize, self.logs.clock())
        self.print_lines(lines[:-1])
        for styled in lines:
            log.write(styled)
        self.logs.files[name] = log
        return log

    def close_log(self, name: str = "<unnamed>") -> None:
        """Close a log after printing its closing; r(606) when it is not open."""
        log = self.logs.named(name)
        log.paused = False
        lines = closing(log, self.linesize, self.logs.clock())
        self.print_lines(lines)
        if not self._shown:
            for styled in lines:
                log.write(styled)
        log.close()
        del self.logs.files[name]

    def close_command_log(self) -> None:
        """Close the log of commands; r(606) when none is open."""
        log = self.logs.commands
        if log is None:
            raise self.logs.not_open()
        self.print(f"(cmdlog {log.path} closed)")
        log.close()
        self.logs.commands = None

    def pause_log(self, log: LogFile, paused: bool) -> None:
        """``log off`` and ``log on``: print the status, and stop or go on writing."""
        moment = self.logs.clock()
        log.paused = False
        self.print_lines(log.status("paused" if paused else "resumed", moment))
        log.paused = paused

    def close_all_logs(self) -> None:
        """Close every log, as at the end of a session."""
        for name in list(self.logs.files):
            self.close_log(name)
        if self.logs.commands is not None:
            self.close_command_log()
