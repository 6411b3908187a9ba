"""Completion of file names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LARGEST_LIST = 500


@dataclass(frozen=True)
class FileCandidate:
    """A file or folder: what is put in for what was typed, and the name to show."""

    text: str
    shown: str


def file_candidates(
    typed: str,
    folder: Path,
    *,
    suffixes: tuple[str, ...] = (),
    folders_only: bool = False,
    quoted: bool = False,
) -> list[FileCandidate]:
    """The files and folders that begin as ``typed`` does, seen from ``folder``.

    With ``suffixes`` files of other kinds are left out.  A name with a blank gets a quote before
    it, unless there is one (``quoted``); a file in quotes gets the closing one.  Hidden files are
    shown when a dot was typed.
    """
    head, name = os.path.split(typed)
    given = typed[: len(typed) - len(name)]
    hidden = name.startswith(".")
    try:
        with os.scandir(folder / os.path.expanduser(head)) as entries:
            found = [
                (entry.name, entry.is_dir())
                for entry in entries
                if entry.name.startswith(name) and entry.name.startswith(".") <= hidden
            ]
    except OSError:
        return []
    candidates = []
    for known, is_folder in sorted(found)[:LARGEST_LIST]:
        if not is_folder and (folders_only or (suffixes and not known.endswith(suffixes))):
            continue
        text = f"{given}{known}{'/' if is_folder else ''}"
        opening = '"' if " " in text and not quoted else ""
        closing = '"' if (opening or quoted) and not is_folder else ""
        shown = f"{known}/" if is_folder else known
        candidates.append(FileCandidate(f"{opening}{text}{closing}", shown))
    return candidates
