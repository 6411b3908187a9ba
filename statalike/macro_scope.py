"""The macros of a session as expansion sees them, and the extended macro functions."""

from __future__ import annotations

import re

from statalike.data.formats import full_precision
from statalike.displayed_text import displayed_text
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression, quoted_words, split_name
from statalike.language.quoting import unquoted
from statalike.state import State

_STORED = re.compile(r"([ersc])\((\w+)\)")


class Macros:
    """Local and global macros of a state; implements what :func:`expand` asks for."""

    def __init__(self, state: State) -> None:
        self._state = state

    def local(self, name: str) -> str | None:
        """A local macro, or a stored result such as ``e(cmd)`` in a local macro's place."""
        if name[-1:] == ")":
            return self._stored(name)
        return self._state.macros.get(name)

    def _stored(self, name: str) -> str | None:
        found = _STORED.fullmatch(name)
        if not found:
            return None
        value = StateContext(self._state).stored(found[1], found[2])
        if isinstance(value, float):
            return full_precision(value).strip()
        return value if isinstance(value, str) else None

    def global_(self, name: str) -> str | None:
        return self._state.globals.get(name)

    def evaluate(self, text: str) -> str:
        """The value of an expression as a macro holds it: full precision, no blanks."""
        return evaluated_text(self._state, text)

    def increment(self, name: str, step: int, before: bool) -> str:
        """Add to a local macro; its value after that, or until then when ``before`` is False."""
        current = self._state.macros.get(name, "")
        changed = evaluated_text(self._state, f"({current or '.'}) + ({step})")
        self._state.macros[name] = changed
        return changed if before else current

    def extended(self, text: str) -> str:
        return extended_function(self._state, text)


def evaluated_text(state: State, text: str) -> str:
    """An expression's value as text, numbers in full precision."""
    value = evaluate_scalar(parse_expression(text.strip()), StateContext(state))
    return value if isinstance(value, str) else full_precision(value).strip()


def extended_function(state: State, text: str) -> str:
    """An extended macro function such as ``word count a b`` or ``variable label x``."""
    name, rest = split_name(text.strip())
    rest = rest.strip()
    match name:
        case "word":
            second, words = split_name(rest)
            found = [unquoted(word) for word in quoted_words(words.strip())]
            if second == "count":
                return str(len(found))
            number, of, words = rest.partition(" of ")
            found = [unquoted(word) for word in quoted_words(words.strip())]
            index = _integer(state, number)
            return found[index - 1] if of and 1 <= index <= len(found) else ""
        case "variable":
            _, variable = split_name(rest)
            return state.data.variable(state.data.unabbreviate(variable.strip())).label
        case "type":
            return state.data.variable(state.data.unabbreviate(rest)).storage.name
        case "format":
            return state.data.variable(state.data.unabbreviate(rest)).format
        case "value":
            _, variable = split_name(rest)
            return state.data.variable(state.data.unabbreviate(variable.strip())).value_label
        case "label":
            return _label(state, rest)
        case "data":
            return state.data.label
        case "sortedby":
            return " ".join(state.data.sorted_by)
        case "length" | "strlen":
            return str(len(_named_macro(state, rest).encode()))
        case "display":
            return displayed_text(state, rest)
    raise StataError(198, f"{name} not a known extended macro function")


def _named_macro(state: State, text: str) -> str:
    """The contents of ``local name`` or ``global name``; r(198) for anything else."""
    kind, name = split_name(text)
    macros = {"local": state.macros, "loc": state.macros, "global": state.globals}.get(kind)
    if macros is None or not name.strip():
        raise invalid_syntax()
    return macros.get(name.strip(), "")


def _label(state: State, text: str) -> str:
    """``label (variable) #`` or ``label labelname #``."""
    name, _, number = text.rpartition(" ")
    name = name.strip()
    value = _integer(state, number)
    if name.startswith("("):
        variable = state.data.unabbreviate(name.strip("() "))
        return state.data.label_of(variable, value) or str(value)
    label = state.data.value_labels.get(name)
    return (label.text(float(value)) if label else None) or str(value)


def _integer(state: State, text: str) -> int:
    value = evaluate_scalar(parse_expression(text.strip()), StateContext(state))
    if isinstance(value, str) or value != int(value):
        raise StataError(198, f"{text} found where a whole number was expected")
    return int(value)
