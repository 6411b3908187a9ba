"""What loops run over, and how they are left."""

from __future__ import annotations

import re
from collections.abc import Iterable

from statalike.errors import StataError, invalid_syntax
from statalike.language.numlist import number_text, read_numlist, read_range
from statalike.language.parser import split_name, split_words
from statalike.language.variable_lists import new_variables
from statalike.state import State


class ExitRequest(Exception):
    """``exit``: leave the do-file or, at the prompt, the program, with a return code.

    With ``leaves_program`` (``exit, STATA``) the program is left from within do-files too.
    """

    def __init__(self, code: int = 0, *, leaves_program: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.leaves_program = leaves_program


class LoopControl(Exception):
    """``continue`` (the next turn) or ``continue, break`` (the end of the loop)."""

    def __init__(self, leaves: bool) -> None:
        super().__init__(leaves)
        self.leaves = leaves


def misplaced_continue() -> StataError:
    """``continue`` where no loop is running."""
    return StataError(198, "continue is allowed only inside foreach, forvalues and while")


_MACRO_NAME = re.compile(r"\w{1,31}")


def loop_values(state: State, word: str, header: str) -> tuple[str, Iterable[str]]:
    """The macro and the texts that ``foreach`` or ``forvalues`` runs over, from its header."""
    if word.startswith("forv"):
        name, equals, rest = header.partition("=")
        name = name.strip()
        if not equals or not _MACRO_NAME.fullmatch(name):
            raise invalid_syntax()
        try:
            return name, read_range(rest).texts()
        except StataError:
            raise invalid_syntax() from None
    name, rest = split_name(header)
    kind, rest = split_name(rest)
    if not _MACRO_NAME.fullmatch(name) or kind not in ("in", "of"):
        raise invalid_syntax()
    if kind == "in":
        return name, split_words(rest)
    source, rest = split_name(rest)
    match source:
        case "local":
            return name, split_words(state.macros.get(rest.strip(), ""))
        case "global":
            return name, split_words(state.globals.get(rest.strip(), ""))
        case "varlist":
            return name, state.data.expand(rest)
        case "newlist":
            return name, [made.name for made in new_variables(rest.strip(), state.data)]
        case "numlist":
            return name, [number_text(value) for value in read_numlist(rest.strip())]
    raise invalid_syntax()
