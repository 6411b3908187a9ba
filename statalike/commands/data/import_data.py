"""``import``: data of other programs ([D] import spss, import sas)."""

from __future__ import annotations

import os
from collections.abc import Callable

from statalike.commands.data.use import check_unsaved, load
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.state import State

_SYNTAX = "[anything] [using/] [, clear case(string)]"


@command("import", "import", form="family", help="read data of other programs", section="Files")
def import_(state: State, text: str) -> None:
    """Chooses ``import spss`` and so on."""


@command(
    "import spss",
    "import spss",
    syntax=_SYNTAX,
    unsupported="zsav encoding(string)",
    help="read an SPSS file",
    section="Files",
)
def import_spss(state: State, arguments: Arguments) -> None:
    from statalike.data.foreign import read_spss

    _read(state, arguments, read_spss, ".sav")


@command(
    "import sas",
    "import sas",
    syntax=_SYNTAX,
    unsupported="bcat(string) encoding(string)",
    help="read a SAS file",
    section="Files",
)
def import_sas(state: State, arguments: Arguments) -> None:
    from statalike.data.foreign import read_sas

    _read(state, arguments, read_sas, ".sas7bdat")


def _read(
    state: State, arguments: Arguments, reader: Callable[[str], Dataset], extension: str
) -> None:
    words = split_words(arguments.body)
    if arguments.using is not None:
        path = arguments.using
    elif len(words) == 1:
        path, words = words[0], []
    else:
        raise StataError(198, "invalid file specification")
    case = arguments.string("case") or "preserve"
    if case not in ("lower", "upper", "preserve"):
        raise StataError(198, f"case({case}) invalid")
    check_unsaved(state, clear=arguments.flag("clear"))
    path = os.path.expanduser(path)
    if not os.path.splitext(path)[1]:
        path += extension
    data = reader(path)
    if words:
        data.keep(data.expand(words))
    if case != "preserve":
        change = str.lower if case == "lower" else str.upper
        data.rename_all({name: change(name) for name in data.names})
    data.changed = True
    load(state, data)
    k = len(data.variables)
    state.console.print(f"({k:,} var{'' if k == 1 else 's'}, {data.n:,} obs)")


def _refuse(kind: str) -> None:
    @command(f"import {kind}", form="text", help="not supported", section="Files")
    def refused(state: State, text: str) -> None:
        raise StataError(198, f"import {kind} not yet supported")


for _kind in ("dbase", "fred", "haver", "sasxport5", "sasxport8"):
    _refuse(_kind)
