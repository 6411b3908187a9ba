"""Log files: everything shown, or only the commands, written to a text file."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TextIO

from statalike.errors import StataError, file_could_not_be_opened, file_exists
from statalike.output.styled import Line, Segment, Style, line, plain, result, rule

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def log_time(moment: datetime) -> str:
    """`` 4 Oct 2021, 12:04:17``, the day in two columns."""
    return f"{moment.day:2d} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M:%S}"


class LogFile:
    """An open log.

    ``commands_only`` makes it what ``cmdlog`` writes: commands as typed, without prompts or
    output.  ``paused`` logs take nothing.
    """

    def __init__(
        self, path: Path, name: str, stream: TextIO, *, commands_only: bool = False
    ) -> None:
        self.path = path
        self.name = name
        self.stream = stream
        self.commands_only = commands_only
        self.paused = False

    @classmethod
    def open(
        cls,
        path: Path,
        name: str = "<unnamed>",
        *,
        append: bool = False,
        replace: bool = False,
        commands_only: bool = False,
    ) -> LogFile:
        """Open a log; r(602) when the file exists and neither append nor replace is said.

        r(603) when it cannot be opened.
        """
        if os.path.exists(path) and not (append or replace):
            raise file_exists(str(path))
        try:
            stream = path.open("a" if append else "w", encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            raise file_could_not_be_opened(str(path)) from None
        return cls(path, name, stream, commands_only=commands_only)

    def write(self, styled: Line, end: str = "\n") -> None:
        if not (self.paused or self.commands_only):
            self.stream.write(plain(styled) + end)

    def write_command(self, text: str) -> None:
        """A command typed, for a log of commands only."""
        if self.commands_only and not self.paused:
            self.stream.write(text + "\n")

    def flush(self) -> None:
        self.stream.flush()

    def close(self) -> None:
        self.stream.close()

    def status(self, event: str, moment: datetime) -> list[Line]:
        """The four lines that tell a log's name, file, type and what happened when.

        ``event`` is ``opened``, ``closed``, ``paused`` or ``resumed``.
        """
        rows = [
            ("name", self.name),
            ("log", str(self.path)),
            ("log type", "text"),
            (f"{event} on", log_time(moment)),
        ]
        return [line(f"{label:>10}:  ", result(value)) for label, value in rows]


class Logs:
    """The logs that are open, by name; the log of commands has no name."""

    def __init__(self, clock: Callable[[], datetime] = datetime.now) -> None:
        self.clock = clock
        self.files: dict[str, LogFile] = {}
        self.commands: LogFile | None = None

    def __bool__(self) -> bool:
        return bool(self.files) or self.commands is not None

    def all(self) -> list[LogFile]:
        extra = [self.commands] if self.commands is not None else []
        return [*self.files.values(), *extra]

    def named(self, name: str) -> LogFile:
        """The log of that name; r(606) when none is open."""
        if name not in self.files:
            raise self.not_open(name)
        return self.files[name]

    @staticmethod
    def not_open(name: str = "<unnamed>") -> StataError:
        if name == "<unnamed>":
            return StataError(606, "no log file open")
        return StataError(606, f"log {name} not open")

    def require_unused(self, name: str, path: Path, *, commands_only: bool = False) -> None:
        """r(604) when the name or the file is in use by an open log."""
        taken = self.commands is not None if commands_only else name in self.files
        if taken or any(log.path == path for log in self.all()):
            raise StataError(604, "log file already open")


def opening(log: LogFile, linesize: int, moment: datetime) -> list[Line]:
    """The lines at the start of a log: a rule, its status and a blank line."""
    return [rule(linesize), *log.status("opened", moment), ()]


def closing(log: LogFile, linesize: int, moment: datetime) -> list[Line]:
    """The lines at the end of a log: its status and a rule."""
    return [*log.status("closed", moment), rule(linesize)]


def echo_lines(text: str, prompt: str, linesize: int) -> list[Line]:
    """A command after its prompt, broken at the end of the line and continued after ``> ``."""
    rest = prompt + text
    lines = [rest[:linesize]]
    rest = rest[linesize:]
    while rest:
        lines.append("> " + rest[: linesize - 2])
        rest = rest[linesize - 2 :]
    return [line(Segment(row, Style.INPUT)) for row in lines]
