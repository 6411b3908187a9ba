"""Do-files that tests write and run."""

from __future__ import annotations

from pathlib import Path

from statalike.language.source import read_source
from statalike.session import Session
from tests.commands.typed import session


def log_of(command: str, made: Session | None = None) -> str:
    """What a prompt shows of a command, its error included."""
    made = made or session()
    with made.state.console.captured() as capture:
        for unit in read_source(command):
            made.run_unit(unit)
    return capture.text


def do_file(folder: Path, text: str, name: str = "file.do") -> str:
    """The ``do`` command for a do-file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return f'do "{path}"'
