"""``save``: the dataset in memory into a file ([D] save)."""

from __future__ import annotations

import os

from statalike.commands.registry import command
from statalike.errors import StataError, no_variables_defined
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.state import State

#: formats that older Statas read, by the version given to ``saveold``
_RELEASES = {11: 114, 12: 115, 13: 117, 14: 118, 15: 118, 16: 118, 17: 118, 18: 118}


def _path(state: State, arguments: Arguments) -> str:
    """The file named, or the one that the data came from."""
    words = split_words(arguments.body)
    if len(words) > 1:
        raise StataError(198, "invalid file specification")
    path = words[0] if words else state.data.filename
    if not path or "://" in path:
        raise StataError(198, "invalid file specification")
    path = os.path.expanduser(path)
    return path if os.path.splitext(path)[1] else f"{path}.dta"


def _check_there_is_data(state: State, *, empty_ok: bool) -> None:
    if not state.data.variables and not empty_ok:
        raise no_variables_defined()


@command(
    "save",
    "sa",
    syntax="[anything] [, replace emptyok NOLabel ORPhans all]",
    help="write the dataset to a file",
    section="Files",
)
def save(state: State, arguments: Arguments) -> None:
    from statalike.data.dta import save as save_dta

    _check_there_is_data(state, empty_ok=arguments.flag("emptyok"))
    path = _path(state, arguments)
    replaces = arguments.flag("replace")
    if replaces and not os.path.exists(path):
        state.console.print(f"(file {path} not found)")
    path = save_dta(
        state.data,
        path,
        replace=replaces,
        value_labels=not arguments.flag("nolabel"),
        all_value_labels=arguments.flag("orphans"),
    )
    state.console.print(f"file {path} saved")


@command(
    "saveold",
    "saveold",
    syntax="anything [, replace NOLabel Version(integer 13)]",
    help="write the dataset in the format of an older Stata",
    section="Files",
)
def saveold(state: State, arguments: Arguments) -> None:
    from statalike.data.dta import write_dta

    _check_there_is_data(state, empty_ok=False)
    release = _RELEASES.get(arguments.integer("version") or 0)
    if release is None:
        raise StataError(198, "version() must be between 11 and 18")
    path = write_dta(
        state.data,
        _path(state, arguments),
        replace=arguments.flag("replace"),
        release=release,
        value_labels=not arguments.flag("nolabel"),
    )
    state.console.print(f"file {path} saved")
