"""``local``, ``global``, ``macro``, ``scalar``: names for texts and numbers ([P] macro)."""

from __future__ import annotations

import re

from statalike.commands.registry import command
from statalike.data.formats import display_number
from statalike.data.names import check_name
from statalike.errors import StataError, invalid_name, invalid_syntax
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression, split_name
from statalike.language.quoting import unquoted
from statalike.macro_scope import evaluated_text, extended_function
from statalike.state import State

_NAME = re.compile(r"(\+\+|--)?(\w+)(\+\+|--)?(?=[\s=:\"`]|$)")
LONGEST_LOCAL = 31
LONGEST_GLOBAL = 32


@command("local", "loc", form="text", help="define a local macro", indivisible=True)
def local(state: State, text: str) -> None:
    name, value = macro_definition(state, text, state.macros)
    if len(name) > LONGEST_LOCAL:
        raise invalid_name(name)
    _define(state.macros, name, value)


@command("global", "gl", form="text", help="define a global macro", indivisible=True)
def global_(state: State, text: str) -> None:
    name, value = macro_definition(state, text, state.globals)
    if len(name) > LONGEST_GLOBAL or name[0].isdigit():
        raise invalid_name(name)
    _define(state.globals, name, value)


def _define(macros: dict[str, str], name: str, value: str) -> None:
    """A macro without contents is one that does not exist."""
    if value:
        macros[name] = value
    else:
        macros.pop(name, None)


def macro_definition(state: State, text: str, known: dict[str, str]) -> tuple[str, str]:
    """The name and the value of ``name text``, ``name = exp``, ``name : function``."""
    found = _NAME.match(text)
    if not found:
        raise invalid_syntax()
    name, rest = found[2], text[found.end() :]
    step = {"++": 1, "--": -1}.get(found[1] or found[3] or "", 0)
    if step:
        if rest.strip():
            raise invalid_syntax()
        current = evaluated_text(state, known.get(name, "") or ".")
        return name, evaluated_text(state, f"{current} + ({step})")
    rest = rest.strip()
    if rest.startswith("=") and not rest.startswith("=="):
        return name, evaluated_text(state, rest[1:])
    if rest.startswith(":"):
        return name, extended_function(state, rest[1:].strip())
    return name, unquoted(rest)


@command("macro drop", "macro drop", form="text", help="forget global macros")
def macro_drop(state: State, text: str) -> None:
    if text.strip() == "_all":
        state.globals.clear()
        return
    for pattern in text.split():
        match = re.compile(re.escape(pattern).replace(r"\*", ".*") + r"\Z")
        for name in [name for name in state.globals if match.match(name)]:
            del state.globals[name]


@command("macro list", "macro l", form="text", help="show macros")
@command("macro dir", "macro di", form="text", help="show macros")
def macro_list(state: State, text: str) -> None:
    wanted = set(text.split())
    shown = [(name, value) for name, value in state.globals.items()]
    shown += [(f"_{name}", value) for name, value in state.macros.items()]
    for name, value in shown:
        if not wanted or name in wanted:
            state.console.print(f"{name + ':':16}{value}")


@command("macro", "ma", form="family", help="list and drop macros")
def macro(state: State, text: str) -> None:
    """Chooses ``macro list`` or ``macro drop``."""


_LIST = ("list", "dir", "l", "li", "lis", "di")
_DEFINE = ("define", "defin", "defi", "def", "de")


@command("scalar", "sca", form="text", help="define, list and drop scalars")
def scalar(state: State, text: str) -> None:
    word, rest = split_name(text)
    scalars = state.memory.scalars
    if word == "drop" and "=" not in text:
        _drop_scalars(state, rest.split())
        return
    if not text or (word in _LIST and "=" not in text):
        for name in rest.split() or list(reversed(scalars)):
            if name not in scalars:
                raise StataError(111, f"{name} not found")
            value = scalars[name]
            shown = value if isinstance(value, str) else display_number(value)
            state.console.print(f"{name:>12} = {shown:>10}")
        return
    if word in _DEFINE and not rest.lstrip().startswith("="):
        text = rest.strip()
    name, equals, expression = text.partition("=")
    name = name.strip()
    if not equals:
        raise invalid_syntax()
    check_name(name)
    scalars[name] = evaluate_scalar(parse_expression(expression.strip()), StateContext(state))


def _drop_scalars(state: State, names: list[str]) -> None:
    scalars = state.memory.scalars
    if not names:
        raise invalid_syntax()
    for name in list(scalars) if names == ["_all"] else names:
        if name not in scalars:
            raise StataError(111, f"scalar {name} not found")
        del scalars[name]
