"""``notes``: remarks kept with the data ([D] notes)."""

from __future__ import annotations

import re

from statalike.commands.registry import command
from statalike.data.notes import add_note, drop_notes, notes_of, renumber_notes, replace_note
from statalike.errors import StataError, invalid_syntax
from statalike.language.numlist import read_numlist
from statalike.language.parser import split_name
from statalike.language.quoting import unquoted
from statalike.output.styled import line, result
from statalike.output.text_width import wrap_words
from statalike.state import State

_NEW = re.compile(r"\s*([\w~]*)\s*:(.*)", re.DOTALL)
_NUMBERED = re.compile(r"(.*?)(?:\bin\s+(.+))?", re.DOTALL)


@command("notes", "note", form="text", help="keep remarks with the data", section="Data")
def notes(state: State, text: str) -> None:
    """``notes: text``, ``notes x: text``, ``notes``, ``notes list``, ``notes drop``, ..."""
    added = _NEW.fullmatch(text)
    if added:
        owner = _owner(state, added[1] or "_dta")
        given = unquoted(added[2].strip())
        if not given:
            raise invalid_syntax()
        add_note(state.data.characteristics_of(owner), given)
        state.data.changed = True
        return
    word, rest = split_name(text.strip())
    match word:
        case "drop":
            _drop(state, rest)
        case "replace":
            _replace(state, rest)
        case "renumber":
            renumber_notes(state.data.characteristics_of(_owner(state, rest.strip())))
            state.data.changed = True
        case "list" | "l" | "li" | "lis":
            _list(state, rest)
        case "search":
            raise StataError(198, "notes search not yet supported")
        case _:
            _list(state, text)


def _owner(state: State, name: str) -> str:
    return name if name == "_dta" else state.data.unabbreviate(name)


def _owners_and_numbers(state: State, text: str) -> tuple[list[str], set[int] | None]:
    """``x y in 1/2``: who the notes belong to (all when none is named) and their numbers."""
    found = _NUMBERED.fullmatch(text.strip())
    assert found is not None
    given, numbers = found[1], found[2]
    words = given.split()
    owners: list[str] = []
    for word in words:
        owners += ["_dta"] if word == "_dta" else state.data.expand([word])
    if not numbers:
        return owners, None
    return owners, {int(number) for number in read_numlist(numbers)}


def _list(state: State, text: str) -> None:
    owners, numbers = _owners_and_numbers(state, text)
    for owner in owners or ["_dta", *state.data.names]:
        kept = notes_of(state.data.characteristics.get(owner, {}))
        shown = [(number, note) for number, note in kept if numbers is None or number in numbers]
        if not shown:
            continue
        state.console.print()
        state.console.print(line(result(owner), ":"))
        for number, note in shown:
            first, *others = wrap_words(note, state.console.linesize - 6)
            state.console.print(f"{number:3d}.  {first}")
            for other in others:
                state.console.print(f"      {other}")


def _drop(state: State, text: str) -> None:
    owners, numbers = _owners_and_numbers(state, text)
    if not owners:
        raise StataError(100, "varlist required")
    dropped = 0
    for owner in owners:
        texts = state.data.characteristics_of(owner)
        before = len(notes_of(texts))
        drop_notes(texts, numbers)
        dropped += before - len(notes_of(texts))
    if dropped:
        state.data.changed = True
    state.console.print(f"  ({dropped} note{'' if dropped == 1 else 's'} dropped)")


def _replace(state: State, text: str) -> None:
    found = re.fullmatch(r"\s*(\w+)\s+in\s+(\d+)\s*:(.*)", text, re.DOTALL)
    if found is None:
        raise invalid_syntax()
    owner = _owner(state, found[1])
    replace_note(state.data.characteristics_of(owner), int(found[2]), unquoted(found[3].strip()))
    state.data.changed = True
    state.console.print("  (note replaced)")
