"""``tempvar``, ``tempname``, ``tempfile``: names that no one else uses ([P] macro); ``erase``."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from pathlib import Path

from statalike.commands.registry import command
from statalike.errors import StataError, file_not_found, invalid_name
from statalike.language.parser import split_words
from statalike.state import State

_numbers = itertools.count()
_folder: list[Path] = []


def temporary_folder() -> Path:
    """A folder for temporary files of this process, removed when it ends."""
    if not _folder:
        _folder.append(Path(tempfile.mkdtemp(prefix="statalike-")))
        atexit.register(shutil.rmtree, _folder[0], True)
    return _folder[0]


def _assign(state: State, text: str, prefix: str) -> list[str]:
    """Give each local macro a name of its own; the names."""
    names = text.split()
    for name in names:
        if not name.isidentifier():
            raise invalid_name(name)
    for name in names:
        state.macros[name] = f"{prefix}{next(_numbers):06d}"
    return [state.macros[name] for name in names]


def temporary_variable(state: State, macro: str) -> str:
    """A name for a temporary variable, also in a local macro."""
    (name,) = _assign(state, macro, "__")
    state.temporary_names[-1].append(name)
    return name


@command("tempvar", "tempvar", form="text", help="names for temporary variables")
def tempvar(state: State, text: str) -> None:
    state.temporary_names[-1] += _assign(state, text, "__")


@command("tempname", "tempname", form="text", help="names for temporary scalars and matrices")
def tempname(state: State, text: str) -> None:
    state.temporary_names[-1] += _assign(state, text, "__")


@command("tempfile", "tempfile", form="text", help="names for temporary files")
def tempfile_(state: State, text: str) -> None:
    state.temporary_names[-1] += _assign(state, text, f"{temporary_folder()}/ST_")


@command("erase", "erase", form="text", help="delete a file")
@command("rm", "rm", form="text", help="delete a file")
def erase(state: State, text: str) -> None:
    words = split_words(text)
    if len(words) != 1:
        raise StataError(198, "invalid file specification")
    path = os.path.expanduser(words[0])
    if not os.path.isfile(path):
        raise file_not_found(words[0])
    try:
        os.unlink(path)
    except OSError:
        raise StataError(608, f"file {words[0]} cannot be modified or erased") from None
