"""Runs without a prompt: do-files, commands of the command line, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from statalike.control_flow import ExitRequest
from statalike.language.source import SourceReader, Unit, read_source
from statalike.output.console import Console
from statalike.output.sinks import Screen
from statalike.session import Session
from statalike.shell.ending import close_logs, exit_status, requested_status, write_status
from statalike.shell.internal_errors import guarded, run_guarded
from statalike.shell.places import profile
from statalike.shell.profile import run_profile

Job = Callable[[Session], int]


def run_job(
    job: Job,
    *,
    colour: str = "auto",
    log: Path | None = None,
    with_profile: bool = True,
    status_file: Path | None = None,
) -> int:
    """Run a job in a session of its own and return the status the process is to end with.

    The log of what happens goes to standard output or, with ``log``, to that file and nowhere
    else (batch mode).  After an error its return code is the last line of standard error.
    Raises OSError when ``log`` or ``status_file`` cannot be written.
    """
    if log is None:
        return _run(job, Screen(colour=colour), "", with_profile, status_file)
    with log.open("w", encoding="utf-8", buffering=1) as stream:
        return _run(job, Screen(stream, colour="never"), "batch", with_profile, status_file)


def _run(job: Job, screen: Screen, mode: str, with_profile: bool, status_file: Path | None) -> int:
    session = Session(Console(screen))
    session.state.mode = mode
    found = profile() if with_profile else None
    if found is not None:
        run_profile(session, found, announced=False)
    requested = 0
    try:
        job(session)
        status = exit_status(session.failure)
    except ExitRequest as request:
        requested = request.code
        status = requested_status(requested)
    close_logs(session)
    session.state.console.flush()
    if status_file is not None:
        write_status(status_file, session.failure, code=requested)
    if session.failure is not None and not mode and not _same_place(screen.stream, sys.stderr):
        print(f"r({session.failure.code});", file=sys.stderr)
    return status


def _same_place(one: TextIO, other: TextIO) -> bool:
    """Whether two streams end in the same file or terminal, where one line is enough."""
    try:
        return os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError):
        return False


def do_file_job(path: str, arguments: list[str], *, shown: bool = True) -> Job:
    """``do path arguments``; with ``shown`` false ``run``, which shows nothing."""
    command = " ".join(["do", *(_as_word(text) for text in (path, *arguments))])

    def job(session: Session) -> int:
        console = session.state.console

        def run() -> None:
            if shown:
                console.echo(command)
                console.print()
                session.interpreter.run_file(path, arguments, echo=True, stop=True, new_scope=True)
                return
            with console.quiet():
                session.interpreter.run_file(path, arguments, echo=False, stop=True, new_scope=True)

        return guarded(session, lambda: session.attempt(run))

    return job


def _as_word(text: str) -> str:
    return f'"{text}"' if " " in text else text


def commands_job(text: str) -> Job:
    """Commands, one a line, whose output alone is shown."""

    def job(session: Session) -> int:
        units = list(read_source(text))
        return guarded(
            session,
            lambda: session.attempt(lambda: session.interpreter.run_units(units, echo=False)),
        )

    return job


def stream_job(lines: Iterable[str]) -> Job:
    """Commands that come line by line and are run as they come; shown as a do-file's are."""

    def job(session: Session) -> int:
        reader = SourceReader()
        code = 0
        for line in lines:
            code = _run_units(session, reader.feed(line))
            if code:
                return code
        return _run_units(session, reader.finish())

    return job


def _run_units(session: Session, units: list[Unit]) -> int:
    """Run units until one fails; the return code of that one."""
    for unit in units:
        code = run_guarded(session, unit, echo=True)
        if code:
            session.state.console.print()
            return code
    return 0
