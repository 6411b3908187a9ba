"""pr(a,b), e(a,b) and ystar(a,b) after ``metobit`` and ``meintreg``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from statalike.commands.postestimation.outcome_statistics import (
    EstimatedOutcome,
    OutcomeStatistic,
)
from statalike.data.missing import MISSING
from statalike.engine.families.family import Array
from statalike.engine.families.truncated_normal import (
    censored_mean,
    interval_probability,
    truncated_mean,
)
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_expression, split_comma
from statalike.language.values import as_numbers
from statalike.state import State

_FUNCTIONS: dict[str, tuple[str, Callable[[Array, Array, Array, Array], Array]]] = {
    "pr": ("Pr({})", interval_probability),
    "e": ("E(y|{})", truncated_mean),
    "ystar": ("E(y*|{})", censored_mean),
}


@dataclass(frozen=True)
class Limits:
    """Two limits (n,), infinite where there is none, and the label of what lies between them."""

    lower: Array
    upper: Array
    label: str


def typed_limits(state: State, name: str, text: str) -> Limits:
    """The two limits, expressions, of the statistic ``name``; a missing one is infinite; r(198)."""
    first, second = split_comma(text)
    if not first or not second:
        raise StataError(198, f"option {name}() incorrectly specified")
    lower, upper = _limit(state, first, -np.inf), _limit(state, second, np.inf)
    below = "" if np.all(np.isneginf(lower)) else f"{first}<"
    above = "" if np.all(np.isposinf(upper)) else f"<{second}"
    return Limits(lower, upper, _FUNCTIONS[name][0].format(f"{below}y{above}"))


def statistic_within_limits(
    state: State, name: str, limits: str, outcome: EstimatedOutcome
) -> OutcomeStatistic:
    """The statistic ``name`` between the two limits typed, expressions, or r(198).

    A limit that is missing is infinite, observation by observation ([ME] metobit postestimation).
    With random effects integrated out the outcome is normal with the variance of its residual and
    of Zu together, so that no quadrature is needed.
    """
    found = typed_limits(state, name, limits)
    lower, upper = found.lower, found.upper
    function = _FUNCTIONS[name][1]
    residual = float(np.exp(outcome.own[0]))
    return OutcomeStatistic(
        found.label,
        lambda eta: function(lower, upper, eta, np.full_like(eta, residual)),
        lambda fixed, deviation: function(lower, upper, fixed, np.hypot(deviation, residual)),
        np.ones(outcome.data.n, dtype=bool),
        by_quadrature=False,
        shows_points=False,
    )


def _limit(state: State, text: str, none: float) -> Array:
    """The values (n,) of a limit; ``none`` stands for a missing one."""
    found = evaluate(parse_expression(text), StateContext(state))
    values = as_numbers(found, state.data.n)
    return np.where(values < MISSING, values, none)
