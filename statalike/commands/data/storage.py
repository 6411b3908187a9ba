"""``format``, ``recast`` and ``compress``: how values are shown and kept ([D] format, ...)."""

from __future__ import annotations

from dataclasses import replace

from statalike.commands.registry import command
from statalike.data.formats import Format
from statalike.data.storage import storage_type
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.styled import line, result
from statalike.output.text_width import abbreviate
from statalike.state import State

_WIDEST_NAME = 12


@command("format", "form", syntax="[anything]", help="set how variables are shown", section="Data")
def format_(state: State, arguments: Arguments) -> None:
    words = arguments.body.split()
    formats = [word for word in words if word.startswith("%")]
    names = state.data.expand([word for word in words if not word.startswith("%")])
    if len(formats) > 1:
        raise StataError(198, "invalid syntax")
    if not formats:
        _show_formats(state, names or state.data.names)
        return
    if not names:
        raise StataError(100, "varlist required")
    form = Format.parse(formats[0])
    for name in names:
        if state.data.variable(name).is_string != form.is_string:
            raise StataError(120, f"invalid %format for {_kind(state, name)} variable {name}")
    for name in names:
        state.data.update(name, lambda variable: replace(variable, format=formats[0]))


def _kind(state: State, name: str) -> str:
    return "string" if state.data.variable(name).is_string else "numeric"


def _show_formats(state: State, names: list[str]) -> None:
    state.console.print()
    state.console.print("  variable name   display format")
    state.console.print("  ------------------------------")
    for name in names:
        shown = abbreviate(name, _WIDEST_NAME)
        state.console.print(line(f"  {shown:<16}", result(state.data.variable(name).format)))


@command("recast", "recast", syntax="anything [, force]", help="change storage types")
def recast(state: State, arguments: Arguments) -> None:
    word, _, rest = arguments.body.partition(" ")
    kind = storage_type(word)
    names = state.data.expand(rest)
    if not names:
        raise StataError(100, "varlist required")
    for name in names:
        if state.data.variable(name).is_string != kind.is_string:
            old = state.data.variable(name).storage
            raise StataError(109, f"{name} is {old}; it cannot be {kind}")
    force = arguments.flag("force")
    for name in names:
        lost = state.data.recast(name, kind, force=force)
        if lost:
            values = "value" if lost == 1 else "values"
            done = "changed" if force else "would be changed; not changed"
            if kind.is_string:
                done = "truncated" if force else "would be truncated; not changed"
            state.console.print(line(result(f"{name}:"), f"  {lost:,} {values} {done}"))


@command("compress", "compress", syntax="[varlist]", help="use the smallest storage types")
def compress(state: State, arguments: Arguments) -> None:
    n, before = state.data.n, state.data.record_width
    for old, new in state.data.compress(arguments.varlist):
        state.console.print(f"  variable {old.name} was {old.storage} now {new.storage}")
    saved = n * (before - state.data.record_width)
    state.console.print(f"  ({saved:,} byte{'' if saved == 1 else 's'} saved)")
