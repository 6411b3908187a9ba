"""``constraint``: linear constraints that option ``constraints()`` refers to ([R] constraint)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.errors import StataError, invalid_syntax
from statalike.language.numlist import NumlistRule, read_numlist
from statalike.language.parser import split_name
from statalike.output.styled import line, result
from statalike.results.stores import Results
from statalike.state import State

MOST_CONSTRAINTS = 1999
#: the numbers that constraints may have
CONSTRAINT_NUMBERS = NumlistRule(
    minimum=1, integer=True, limits=((">=", 1.0), ("<=", float(MOST_CONSTRAINTS)))
)


@command(
    "constraint",
    "cons",
    form="family",
    default="define",
    help="define, list and drop linear constraints",
)
def constraint(state: State, text: str) -> None:
    """Chooses ``constraint define`` and the like."""


@command(
    "constraint define",
    "constraint de",
    form="text",
    help="define a linear constraint on coefficients",
    section="Estimation",
)
def constraint_define(state: State, text: str) -> None:
    """``constraint [define] # [exp=exp | coefficients]``, kept as typed until it is used."""
    number, contents = split_name(text)
    if not contents.strip():
        raise invalid_syntax()
    state.memory.constraints[_number(number)] = " ".join(contents.split())


@command("constraint dir", "constraint di", form="text", help="list constraints")
@command(
    "constraint list",
    "constraint l",
    form="text",
    help="list constraints",
    section="Estimation",
)
def constraint_list(state: State, text: str) -> None:
    known = state.memory.constraints
    for number in _chosen(state, text) if text.strip() else sorted(known):
        if number in known:
            state.console.print(line(f"{number:6d}:  ", result(known[number])))


@command(
    "constraint drop",
    "constraint drop",
    form="text",
    help="drop constraints",
    section="Estimation",
)
def constraint_drop(state: State, text: str) -> None:
    for number in _chosen(state, text):
        state.memory.constraints.pop(number, None)


@command(
    "constraint get",
    "constraint get",
    form="text",
    help="return the contents of a constraint in r()",
    section="Estimation",
)
def constraint_get(state: State, text: str) -> None:
    contents = state.memory.constraints.get(_number(text.strip()))
    state.r = Results(scalars={"defined": float(contents is not None)})
    if contents is not None:
        state.r.macros["contents"] = contents


@command(
    "constraint free",
    "constraint free",
    form="text",
    help="return a free number for a constraint in r()",
    section="Estimation",
)
def constraint_free(state: State, text: str) -> None:
    if text.strip():
        raise invalid_syntax()
    known = state.memory.constraints
    free = [number for number in range(1, MOST_CONSTRAINTS + 1) if number not in known]
    if not free:
        raise StataError(198, f"all {MOST_CONSTRAINTS} constraints are defined")
    state.r = Results(scalars={"free": float(free[0])})


def _number(typed: str) -> int:
    """The number of a constraint; r(198)."""
    if not typed.isdigit():
        raise StataError(198, f"'{typed}' found where a constraint number expected")
    if not 1 <= int(typed) <= MOST_CONSTRAINTS:
        raise StataError(
            198, f"constraint number must be an integer between 1 and {MOST_CONSTRAINTS}"
        )
    return int(typed)


def _chosen(state: State, text: str) -> list[int]:
    """The numbers of a list or of ``_all``; r(100), r(121)."""
    if text.strip() == "_all":
        return sorted(state.memory.constraints)
    return constraint_numbers(text)


def constraint_numbers(text: str) -> list[int]:
    """The numbers of ``1 3/5`` or, as constraints may be written, ``1,3-5``; r(121) to r(126)."""
    numbers = read_numlist(text.replace("-", "/"), CONSTRAINT_NUMBERS)
    return list(dict.fromkeys(int(number) for number in numbers))
