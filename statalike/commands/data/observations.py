"""``count``, ``assert`` and ``expand``: observations counted, checked and repeated."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.errors import StataError, already_defined
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate, evaluate_condition, is_true
from statalike.language.parser import parse_clause, parse_expression
from statalike.language.values import as_numbers
from statalike.output.styled import line, result
from statalike.results.stores import Results
from statalike.state import State

MOST_COPIES = 2_000_000_000


@command("count", "count", syntax="[if] [in]", help="count observations", by="each")
def count(state: State, arguments: Arguments) -> None:
    mask = observations_mask(state, arguments.condition, arguments.observations)
    counted = int(np.count_nonzero(mask))
    state.console.print(line(result(f"  {counted:,}")))
    state.r = Results(scalars={"N": float(counted)})


@command("assert", "as", form="text", help="stop unless a condition holds", by="once")
def assert_(state: State, text: str) -> None:
    clause = parse_clause(text)
    for option in clause.options:
        if option.name not in ("null", "fast", "rc0"):
            raise StataError(198, f"option {option.name} not allowed")
    if clause.assignment is not None:
        raise StataError(198, "invalid syntax; use == to compare")
    given = parse_expression(clause.body)
    if not state.data.n:
        if not is_true(given, StateContext(state)):
            raise StataError(9, "assertion is false")
        return
    mask = observations_mask(state, clause.condition, clause.observations)
    chosen = int(np.count_nonzero(mask))
    true = evaluate_condition(given, StateContext(state), mask)
    wrong = chosen - int(np.count_nonzero(true))
    if wrong:
        contradictions = "contradiction" if wrong == 1 else "contradictions"
        observations = "observation" if chosen == 1 else "observations"
        report = f"{wrong:,} {contradictions} in {chosen:,} {observations}"
        raise StataError(9, f"{report}\nassertion is false")


@command(
    "expand",
    "expand",
    syntax="anything(equalok) [if] [in] [, GENerate(name)]",
    help="repeat observations",
    section="Data",
)
def expand(state: State, arguments: Arguments) -> None:
    generated = arguments.string("generate")
    if generated is not None:
        check_name(generated)
        if generated in state.data:
            raise already_defined(generated)
    given = parse_expression(arguments.body.removeprefix("=").strip())
    mask = observations_mask(state, arguments.condition, arguments.observations)
    chosen = int(np.count_nonzero(mask))
    wanted = as_numbers(evaluate(given, StateContext(state), mask), chosen)
    nonpositive = int(np.count_nonzero((wanted < MISSING) & (wanted < 1)))
    if nonpositive:
        state.console.print(f"({_amount(nonpositive, 'nonpositive count')} ignored)")
    missing = int(np.count_nonzero(wanted >= MISSING))
    if missing:
        state.console.print(f"({_amount(missing, 'missing count')} ignored)")
    copies = np.ones(state.data.n)
    copies[mask] = np.where((wanted < MISSING) & (wanted >= 1), np.floor(wanted), 1)
    if copies.sum() > MOST_COPIES:
        raise StataError(902, "no room to add more observations")
    extra = np.repeat(np.arange(state.data.n), (copies - 1).astype(np.int64))
    n = state.data.n
    state.data.take_rows(np.concatenate((np.arange(n), extra)))
    if generated is not None:
        state.data.add(generated, np.arange(n + len(extra)) >= n)
    state.console.print(f"({_amount(len(extra), 'observation')} created)")


def _amount(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
