"""The conversation at the prompt: read an entry, run it, show what comes of it, until the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from statalike import __version__
from statalike.shell import places
from statalike.shell.configuration import Configuration
from statalike.shell.entry import leaves_blank_line, read_entry
from statalike.shell.loading import SessionLoader, load_session
from statalike.shell.plain_prompt import PlainPrompt, Prompt
from statalike.shell.terminal import without_control_echo

STOPPED_BY_ERROR = 1

if TYPE_CHECKING:
    from statalike.language.source import Unit
    from statalike.session import Session

BANNER = f"""statalike {__version__}: Stata syntax for multilevel mixed-effects models
Type help for the commands, exit to leave; Tab completes, Ctrl-C stops a command.
"""


def interact(
    configuration: Configuration,
    *,
    history_file: Path | None = None,
    with_profile: bool = True,
    status_file: Path | None = None,
) -> int:
    """Show the prompt and run what is typed, until the user leaves.

    Returns the status the process is to end with; raises OSError when ``status_file`` cannot be
    written.
    """
    if configuration.banner:
        print(BANNER, flush=True)
    loader = SessionLoader(lambda: load_session(configuration.color))
    found = places.profile() if with_profile else None
    conversation = Conversation(make_prompt(configuration, loader, history_file), loader)
    if found is not None:
        conversation.run_profile(found)
    with without_control_echo():
        status = conversation.run()
    if status_file is not None:
        from statalike.shell.ending import write_status

        write_status(status_file, None, code=status)
    return status


def make_prompt(
    configuration: Configuration, loader: SessionLoader, history_file: Path | None
) -> Prompt:
    """The prompt that the terminal allows."""
    if os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return PlainPrompt()
    from statalike.output.sinks import wants_colour
    from statalike.shell.history import open_history
    from statalike.shell.prompt import TerminalPrompt

    configured = (
        Path(configuration.history_file).expanduser() if configuration.history_file else None
    )
    return TerminalPrompt(
        loader,
        open_history(history_file or configured or places.history_file()),
        editing_mode=configuration.editing_mode,
        suggestions=configuration.suggestions,
        colour=wants_colour(sys.stdout, configuration.color),
    )


class Conversation:
    """Entries from a prompt, run one after the other in one session.

    Ctrl-C gives up the line or breaks the command; Ctrl-D leaves, once it has warned of data that
    are not saved.  Nothing that fails ends it.
    """

    def __init__(self, prompt: Prompt, loader: SessionLoader) -> None:
        self._prompt = prompt
        self._loader = loader
        self._delimiter = "cr"
        self._warned = False
        self._width = 0

    def run(self) -> int:
        """Run entries until the user leaves; the status the process is to end with."""
        status: int | None = None
        while status is None:
            try:
                status = self._turn()
            except KeyboardInterrupt:
                continue
        self._close()
        return status

    def run_profile(self, path: Path) -> None:
        from statalike.shell.profile import run_profile

        run_profile(self._loader.session(), path, announced=True)

    def _turn(self) -> int | None:
        """Read an entry and run it; None to go on, or the status to end with."""
        try:
            text = self._prompt.read(self._delimiter)
        except EOFError:
            return self._leave()
        except Exception as problem:
            from statalike.shell.error_report import report_request

            print(f"unexpected internal error of the prompt; {report_request(problem)}")
            if isinstance(self._prompt, PlainPrompt):
                return STOPPED_BY_ERROR
            self._prompt = PlainPrompt()
            return None
        if not text.strip():
            return None
        self._warned = False
        session = self._loader.session()
        session.state.interactive = True
        from statalike.control_flow import ExitRequest
        from statalike.shell.ending import requested_status

        self._follow_terminal(session)
        units, self._delimiter = read_entry(text, self._delimiter)
        try:
            self._run_units(session, units)
        except ExitRequest as request:
            return requested_status(request.code)
        return None

    def _run_units(self, session: Session, units: list[Unit]) -> None:
        """Run an entry's commands until one fails; of several each is shown before its output."""
        from statalike.shell.internal_errors import run_guarded

        commands = [unit for unit in units if unit.text or unit.problem]
        for unit in units:
            shown = len(commands) > 1
            if not shown:
                echo_typed(session, unit)
            code = run_guarded(session, unit, echo=shown)
            if code or (leaves_blank_line(unit) and not shown):
                session.state.console.print()
                session.state.console.flush()
            if code:
                return

    def _leave(self) -> int | None:
        """Ctrl-D: leave, or warn of unsaved data the first time."""
        session = self._loader.ready
        if session is None or not session.state.data.changed or self._warned:
            return 0
        from statalike.errors import no_data_lost_unsaved

        warning = no_data_lost_unsaved()
        warning.hint = "press Ctrl-D again to leave without saving"
        session.interpreter.show_error(warning)
        session.state.console.print()
        session.state.console.flush()
        self._warned = True
        return None

    def _follow_terminal(self, session: Session) -> None:
        """Keep the line size that of the terminal, unless ``set linesize`` has changed it."""
        from statalike.output.console import terminal_linesize

        console, settings = session.state.console, session.state.settings
        if self._width in (0, settings.linesize):
            self._width = terminal_linesize()
            console.linesize = settings.linesize = self._width

    def _close(self) -> None:
        session = self._loader.ready
        if session is not None:
            from statalike.shell.ending import close_logs

            close_logs(session)


def echo_typed(session: Session, unit: Unit) -> None:
    """Write a command that stands on the screen to the logs, as a do-file's is shown."""
    from statalike.echo import echoed

    for prompt, text in echoed(unit):
        session.state.console.echo(text, prompt=prompt, typed=True)
