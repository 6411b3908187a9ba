"""What loops run over, and how they are left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from statalike.data.formats import full_precision
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.numlist import read_numlist
from statalike.language.parser import parse_expression, quoted_words, split_name
from statalike.language.quoting import unquoted
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


def loop_values(state: State, word: str, header: str) -> tuple[str, Iterable[str]]:
    """The macro and the texts that ``foreach`` or ``forvalues`` runs over, from its header."""
    if word.startswith("forv"):
        name, equals, rest = header.partition("=")
        if not equals or not name.strip():
            raise invalid_syntax()
        return name.strip(), _number_range(state, rest.strip())
    name, rest = split_name(header)
    if not name:
        raise invalid_syntax()
    kind, rest = split_name(rest)
    if kind == "in":
        return name, [unquoted(word) for word in quoted_words(rest.strip())]
    if kind != "of":
        raise invalid_syntax()
    source, rest = split_name(rest)
    match source:
        case "local":
            text = state.macros.get(rest.strip(), "")
            return name, [unquoted(word) for word in quoted_words(text)]
        case "global":
            text = state.globals.get(rest.strip(), "")
            return name, [unquoted(word) for word in quoted_words(text)]
        case "varlist":
            return name, state.data.expand(rest)
        case "newlist":
            return name, rest.split()
        case "numlist":
            return name, [full_precision(value).strip() for value in read_numlist(rest.strip())]
    raise invalid_syntax()


def _number_range(state: State, text: str) -> Iterator[str]:
    """``1/5``, ``1(2)9``, ``1 3 to 9`` or ``1 3:9``, the ends any expressions."""
    first: float
    step: float
    if "/" in text and "(" not in text.partition("/")[0]:
        low, _, high = text.partition("/")
        first, step, last = _number(state, low), 1.0, _number(state, high)
    elif "(" in text:
        low, _, rest = text.partition("(")
        middle, closing, high = rest.rpartition(")")
        if not closing:
            raise invalid_syntax()
        first, step, last = _number(state, low), _number(state, middle), _number(state, high)
    else:
        words = text.replace(":", " ").replace(" to ", " ").split()
        if len(words) != 3:
            raise invalid_syntax()
        first, second, last = (_number(state, word) for word in words)
        step = second - first
    if step == 0:
        raise StataError(198, "invalid syntax; the step of forvalues is zero")

    def values() -> Iterator[str]:
        count = int((last - first) / step + 1e-10) if (last - first) * step >= 0 else -1
        for turn in range(count + 1):
            yield full_precision(first + turn * step).strip()

    return values()


def _number(state: State, text: str) -> float:
    value = evaluate_scalar(parse_expression(text.strip()), StateContext(state))
    if isinstance(value, str):
        raise invalid_syntax()
    return value
