"""The commands typed before, kept between sessions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

LARGEST_FILE = 2_000_000


class CommandHistory(FileHistory):
    """Commands in a file that only its owner can read.

    When the file cannot be read or written the history lasts as long as the session.
    """

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except OSError:
            return


def open_history(path: Path) -> History:
    """The history kept in ``path``, whose folder is made; in memory where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600))
        _shorten(path)
    except OSError:
        return InMemoryHistory()
    return CommandHistory(str(path))


def _shorten(path: Path) -> None:
    """Keep the newer half of a file that has grown too large; entries begin with ``#``."""
    if path.stat().st_size <= LARGEST_FILE:
        return
    kept = path.read_bytes()[-LARGEST_FILE // 2 :]
    beside = path.with_name(f"{path.name}.new")
    handle = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(kept[kept.find(b"\n# ") + 1 :])
    os.replace(beside, path)
