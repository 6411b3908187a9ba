"""``mark``, ``marksample``, ``markout``: which observations a program is to use ([P] mark)."""

from __future__ import annotations

import numpy as np

from statalike.commands.programming.temporary import temporary_variable
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.data.storage import BYTE
from statalike.errors import invalid_name, invalid_syntax
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_clause, parse_varlist, split_comma, split_options
from statalike.language.specification import Specification
from statalike.language.values import as_numbers
from statalike.language.variable_lists import names_in, with_full_names
from statalike.state import State

_OPTIONS = Specification.parse("[, noVARlist STRok ZEROweight noBY]")


def _selected(state: State, text: str) -> np.ndarray:
    """The observations of ``if``, ``in``, weights above zero and the group under ``by``."""
    clause = parse_clause(text)
    if clause.body:
        raise invalid_syntax()
    mask = observations_mask(state, clause.condition, clause.observations)
    if clause.weight is not None:
        n = state.data.n
        weights = as_numbers(evaluate(clause.weight.expression, StateContext(state)), n)
        mask &= (weights < MISSING) & (weights != 0)
    return mask


def _complete(state: State, names: list[str], *, strings: bool) -> np.ndarray:
    """Where no variable is missing; text variables leave nothing unless ``strings`` are okay."""
    mask = np.ones(state.data.n, dtype=bool)
    for name in names:
        variable = state.data.variable(name)
        if variable.is_string and not strings:
            return np.zeros(state.data.n, dtype=bool)
        mask &= ~variable.missing()
    return mask


def _names(state: State, text: str) -> list[str]:
    return list(names_in(with_full_names(parse_varlist(text), state.data)))


@command(
    "marksample",
    "marksample",
    form="text",
    help="mark the observations that a program is to use",
    section="Programming",
)
def marksample(state: State, text: str) -> None:
    """A temporary variable that is 1 where ``if``, ``in``, the weights and the variables that
    ``syntax`` read select an observation, and 0 elsewhere."""
    name, options = split_comma(text)
    if not name.isidentifier():
        raise invalid_name(name) if name else invalid_syntax()
    clause = Clause("", options=split_options(options or ""))
    given = _OPTIONS.read(CommandLine("marksample", clause), state.data)
    macros = state.macros
    weight = macros.get("weight", "")
    shown = f"[{weight} {_with_equals(macros.get('exp', ''))}]" if weight else ""
    condition = " ".join((macros.get("if", ""), macros.get("in", ""))).strip()
    mask = _selected(state, f"{condition} {'' if given.flag('zeroweight') else shown}".strip())
    if not given.flag("novarlist"):
        listed = macros.get("varlist", "")
        mask &= _complete(state, _names(state, listed), strings=given.flag("strok"))
    rows = state.call.by_rows
    if rows is not None and not given.flag("noby"):
        outside = np.ones(state.data.n, dtype=bool)
        outside[rows] = False
        mask &= ~outside
    state.data.add(temporary_variable(state, name), mask.astype(np.int8), BYTE)


def _with_equals(expression: str) -> str:
    expression = expression.strip()
    return expression if expression.startswith("=") else f"= {expression}"


@command("mark", "mark", form="text", help="mark observations that a program is to use")
def mark(state: State, text: str) -> None:
    """``mark newvar [if] [in] [weight]``."""
    clause = parse_clause(text)
    name = clause.body.strip()
    mask = _selected(state, text[len(clause.body) :] if text.startswith(clause.body) else "")
    state.data.add(name, mask.astype(np.int8), BYTE)


@command(
    "markout",
    "markout",
    syntax="anything [, STRok]",
    unsupported="SYSMISSok",
    help="unmark observations with missing values",
    section="Programming",
)
def markout(state: State, arguments: Arguments) -> None:
    """Set the first variable to 0 where one of the others is missing."""
    first, *others = arguments.body.split(None, 1)
    name = state.data.unabbreviate(first)
    names = _names(state, others[0]) if others else []
    complete = _complete(state, names, strings=arguments.flag("strok"))
    state.data.replace(name, np.zeros(int(np.count_nonzero(~complete))), ~complete)
