"""``preserve`` and ``restore``: the data as they were, brought back ([P] preserve)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.errors import StataError, invalid_syntax, option_not_allowed
from statalike.language.parser import split_comma
from statalike.programs import Preserved
from statalike.state import State


@command("preserve", "preserve", form="text", help="keep the data as they are for restore")
def preserve(state: State, text: str) -> None:
    """Keep a copy that shares its columns with the data; r(621) when there is one already.

    The copy comes back when the program or do-file ends, whether well or with an error.
    """
    given, options = split_comma(text)
    for word in (options or "").split():
        if word not in ("changed", "memory"):
            raise option_not_allowed(word, ("changed",))
    if given:
        raise invalid_syntax()
    if state.call.preserved is not None:
        raise StataError(621, "already preserved")
    state.call.preserved = Preserved(state.data.copy(), state.memory.frame)


@command("restore", "restore", form="text", help="bring back the data that preserve kept")
def restore(state: State, text: str) -> None:
    """``restore``; with ``not`` the copy is forgotten, with ``preserve`` it is kept; r(622)."""
    given, options = split_comma(text)
    word = (options or "").strip()
    if given:
        raise invalid_syntax()
    if word not in ("", "not", "preserve"):
        raise option_not_allowed(word, ("not", "preserve"))
    kept = state.call.preserved
    if kept is None:
        raise StataError(622, "nothing to restore")
    if word == "not":
        state.call.preserved = None
        return
    state.restore_preserved(state.call)
    if word == "preserve":
        state.call.preserved = Preserved(kept.data.copy(), kept.frame)
