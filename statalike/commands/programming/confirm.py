"""``confirm``: check that something is what a program takes it for ([P] confirm)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from statalike.commands.registry import command
from statalike.data.formats import Format
from statalike.data.names import has_wildcard, is_name
from statalike.errors import (
    StataError,
    already_defined,
    file_could_not_be_opened,
    file_exists,
    file_not_found,
    invalid_syntax,
    option_not_allowed,
)
from statalike.language.parser import split_comma, split_name, split_words
from statalike.language.quoting import unquoted
from statalike.state import State

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|\.[a-z]?")
_TYPES = re.compile(r"byte|int|long|float|double|str\d+|strL|numeric|string|str")
_MAY_HAVE = ["numeric", "string", "date", "business"]


def _not_found_where(text: str, expected: str) -> StataError:
    return StataError(7, f"'{text}' found where {expected} expected")


@command(
    "confirm",
    "conf",
    form="text",
    help="check that something exists or is of a kind",
    section="Programming",
)
def confirm(state: State, text: str) -> None:
    """Nothing when it is so; otherwise r(6), r(7), r(109) to r(111), r(601) to r(603)."""
    first, rest = split_name(text)
    rest = rest.strip()
    second, after = split_name(rest)
    after = after.strip()
    simple: dict[str, Callable[[State, str], None]] = {
        "existence": _existence,
        "e": _existence,
        "file": _file,
        "f": _file,
        "name": _names,
        "names": _names,
        "number": _number,
        "n": _number,
        "matrix": _matrix,
        "mat": _matrix,
        "scalar": _scalar,
        "sca": _scalar,
        "format": _format,
        "frame": _frame,
    }
    if first == "integer" and "number".startswith(second or "?"):
        _integer(after)
    elif first == "new":
        _new(state, second, after)
    elif first in _MAY_HAVE and second == "format":
        _format(state, after, first)
    elif first in simple:
        simple[first](state, rest)
    elif _TYPES.fullmatch(first) and _is_variable(second):
        _variables(state, after, first)
    elif _is_variable(first):
        _variables(state, rest, "")
    else:
        raise invalid_syntax()


def _is_variable(word: str) -> bool:
    return len(word) >= 1 and ("variables".startswith(word) or word == "vars")


def _existence(state: State, text: str) -> None:
    if not text.strip():
        raise StataError(6, "'' found where something expected")


def _file(state: State, text: str) -> None:
    path = unquoted(text)
    if not os.path.isfile(os.path.expanduser(path)):
        raise file_not_found(path)


def _new(state: State, kind: str, rest: str) -> None:
    if kind and "file".startswith(kind):
        path = unquoted(rest)
        full = os.path.expanduser(path)
        if os.path.exists(full):
            raise file_exists(path)
        if not os.path.isdir(os.path.dirname(full) or "."):
            raise file_could_not_be_opened(path)
    elif kind == "frame":
        name = rest.strip()
        if name == state.memory.frame or name in state.memory.frames:
            raise StataError(110, f"frame {name} already defined")
    elif _is_variable(kind):
        words = rest.split()
        if not words:
            raise _not_found_where("", "new variable name")
        for word in words:
            if not is_name(word):
                raise _not_found_where(word, "new variable name")
            if word in state.data:
                raise already_defined(word)
    else:
        raise invalid_syntax()


def _names(state: State, text: str) -> None:
    words = text.split()
    if not words:
        raise _not_found_where("", "name")
    for word in words:
        if not is_name(word):
            raise _not_found_where(word, "name")


def _number(state: State, text: str) -> None:
    if not _NUMBER.fullmatch(text.strip()):
        raise _not_found_where(text.strip(), "number")


def _integer(text: str) -> None:
    found = _NUMBER.fullmatch(text)
    if not found or text.startswith(".") or not float(text).is_integer():
        raise _not_found_where(text, "integer")


def _matrix(state: State, text: str) -> None:
    name = text.strip()
    stored = re.fullmatch(r"([er])\((\w+)\)", name)
    results = {"e": state.e, "r": state.r}
    if stored and stored[2] in results[stored[1]].matrices:
        return
    if name not in state.memory.matrices:
        raise StataError(111, f"matrix {name} not found")


def _scalar(state: State, text: str) -> None:
    name = text.strip()
    if name not in state.memory.scalars:
        raise StataError(111, f"scalar {name} not found")


def _frame(state: State, text: str) -> None:
    name = text.strip()
    if name != state.memory.frame and name not in state.memory.frames:
        raise StataError(111, f"frame {name} not found")


def _format(state: State, text: str, kind: str = "") -> None:
    expected = f"{kind} format".strip()
    try:
        form = Format.parse(text.strip())
    except StataError:
        raise _not_found_where(text.strip(), expected) from None
    if (kind == "string") != form.is_string and kind in ("string", "numeric"):
        raise _not_found_where(text.strip(), expected)


def _variables(state: State, text: str, kind: str) -> None:
    listed, options = split_comma(text)
    exact = (options or "").strip()
    if exact and not ("exact".startswith(exact) and len(exact) > 1):
        raise option_not_allowed(exact, ("exact",))
    words = split_words(listed)
    if not words:
        raise _not_found_where("", f"{kind} variable".strip())
    abbreviations = not exact and state.settings.varabbrev == "on"
    names: list[str] = []
    for word in words:
        if not (word[0].isalpha() or word[0] == "_" or has_wildcard(word)):
            raise _not_found_where(word, "variable name")
        names += state.data.expand([word], abbreviations=abbreviations)
    for name in names:
        storage = state.data.variable(name).storage
        fits = {
            "": True,
            "numeric": storage.is_numeric,
            "string": storage.is_string,
            "str": storage.is_string,
        }.get(kind, storage.name == kind)
        if not fits:
            raise _not_found_where(name, f"{kind} variable")
