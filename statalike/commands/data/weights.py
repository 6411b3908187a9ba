"""Weights of commands: their values, and what Stata says about them."""

from __future__ import annotations

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.language.arguments import Arguments, WeightArgument
from statalike.language.expressions import evaluate
from statalike.language.values import as_numbers
from statalike.state import State

WEIGHT_NAMES = {
    "fweight": "frequency",
    "aweight": "analytic",
    "pweight": "sampling",
    "iweight": "importance",
}


def weights_of(
    state: State, arguments: Arguments, mask: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """The weights (n,) of all rows, None without weights, and the mask of the rows that have one.

    See :func:`evaluated_weights`.
    """
    given = arguments.weight
    return (None, mask) if given is None else evaluated_weights(state, given, mask)


def evaluated_weights(
    state: State, given: WeightArgument, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The weights (n,) of all rows, and the mask of the rows that have one.

    Rows with missing or zero weight drop out.  r(401) for frequency weights that are not whole,
    r(402) for negative weights.  Prints the note on a kind that was assumed.
    """
    if given.assumed:
        state.console.print(f"({WEIGHT_NAMES[given.kind]} weights assumed)")
    weights = all_weights(state, given)
    used = mask & (weights < MISSING)
    chosen = weights[used]
    if (chosen < 0).any() and given.kind != "iweight":
        raise StataError(402, "negative weights encountered")
    if given.kind == "fweight" and (chosen != np.trunc(chosen)).any():
        raise StataError(401, "may not use noninteger frequency weights")
    return weights, used & (weights != 0)


def all_weights(state: State, given: WeightArgument) -> np.ndarray:
    """The weights (n,) of all rows as they are, unchecked."""
    return as_numbers(evaluate(given.expression, StateContext(state)), state.data.n)
