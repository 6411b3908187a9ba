"""The macros of a session as expansion sees them, and where extended macro functions start."""

from __future__ import annotations

import re

from statalike.data.formats import full_precision
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression
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
        if name == "*":
            return " ".join(positional(self._state.macros))
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


def positional(macros: dict[str, str]) -> list[str]:
    """The contents of the macros ``1``, ``2``, ... up to the last that there is."""
    last = max((int(name) for name in macros if name.isdigit()), default=0)
    words = (macros.get(str(number), "") for number in range(1, last + 1))
    return [f'`"{word}"\'' if " " in word else word for word in words]


def evaluated_text(state: State, text: str) -> str:
    """An expression's value as text, numbers in full precision."""
    value = evaluate_scalar(parse_expression(text.strip()), StateContext(state))
    return value if isinstance(value, str) else full_precision(value).strip()


def extended_function(state: State, text: str) -> str:
    """The value of an extended macro function; see
    :mod:`statalike.extended_macro_functions`, which is read when one is first used."""
    from statalike.extended_macro_functions import extended_macro_function

    return extended_macro_function(state, text)
