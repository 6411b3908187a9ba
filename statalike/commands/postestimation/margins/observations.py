"""The observations that ``margins`` averages over: sample, weights and groups of ``over()``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.data.weights import evaluated_weights
from statalike.commands.postestimation.margins.statistics import Array
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.covariate_values import CovariateValues
from statalike.errors import StataError, no_observations
from statalike.evaluation import StateContext, estimation_sample, observations_mask
from statalike.language.arguments import Arguments, WeightArgument
from statalike.language.ast import Expression
from statalike.language.expressions import evaluate, evaluate_condition
from statalike.language.parser import parse_clause, parse_expression
from statalike.language.values import as_numbers
from statalike.state import State


@dataclass(frozen=True)
class ObservationGroup:
    """The observations of a group of ``over()``, positions (n,) in the data, with their weights.

    ``levels`` are the values of the variables of ``over()``.
    """

    levels: tuple[int, ...]
    positions: np.ndarray
    weights: Array


@dataclass(frozen=True)
class MarginsSample:
    """The groups of observations; ``over`` names the variables that make them, of which ``within``
    are those of that option.

    ``observations`` counts those of the whole sample, and ``selected`` those of the
    subpopulation.
    """

    groups: tuple[ObservationGroup, ...]
    over: tuple[str, ...]
    observations: float
    selected: float
    weight_kind: str = ""
    weight_text: str = ""
    within: tuple[str, ...] = ()

    def values(
        self, state: State, group: ObservationGroup, columns: Sequence[Column]
    ) -> CovariateValues:
        """The covariates of columns as observed in a group."""
        return CovariateValues.observed(columns, state.data, group.positions)

    def evaluator(self, state: State, group: ObservationGroup) -> Callable[[Expression], Array]:
        """Expressions of the data, on the observations of a group."""

        def values(expression: Expression) -> Array:
            found = as_numbers(evaluate(expression, StateContext(state)), state.data.n)
            return found[group.positions].astype(np.float64)

        return values


def margins_sample(state: State, arguments: Arguments, columns: Sequence[Column]) -> MarginsSample:
    """The estimation sample, or all observations with ``noesample``, as far as ``if``, ``in``,
    ``subpop()`` and missing values leave it.  r(322) without an estimation sample; r(2000).
    """
    data = state.data
    mask = observations_mask(state, arguments.condition, arguments.observations)
    if not arguments.flag("noesample"):
        sample = estimation_sample(state)
        if sample is None or not sample.any():
            raise StataError(322, "e(sample) does not identify the estimation sample")
        mask = mask & sample
    for column in columns:
        mask = mask & (column.evaluate(data) < MISSING)
    weights, mask, given = _weights(state, arguments, mask)
    selected = mask & _subpopulation(state, arguments)
    over = (*arguments.variables("over"), *arguments.variables("within"))
    codes: list[np.ndarray] = []
    for name in over:
        values = data.numbers(name)
        selected = selected & (values < MISSING)
        present = values[selected]
        if np.any(present < 0) or np.any(present != np.floor(present)):
            raise StataError(459, f"over() variable {name} must contain nonnegative integer values")
        codes.append(values)
    if not selected.any():
        raise no_observations()

    def count(chosen: np.ndarray) -> float:
        if given is not None and given.kind == "fweight":
            return float(weights[chosen].sum())
        return float(np.count_nonzero(chosen))

    positions = np.flatnonzero(selected)
    groups = []
    if codes:
        table = np.stack([values[positions] for values in codes], axis=1).astype(np.int64)
        found, member = np.unique(table, axis=0, return_inverse=True)
        for number, levels in enumerate(found.tolist()):
            own = positions[member.ravel() == number]
            groups.append(ObservationGroup(tuple(levels), own, weights[own]))
    else:
        groups.append(ObservationGroup((), positions, weights[positions]))
    return MarginsSample(
        tuple(groups),
        over,
        count(mask if arguments.typed("subpop") else selected),
        count(selected),
        "" if given is None else given.kind,
        "" if given is None else given.text,
        arguments.variables("within"),
    )


def _weights(
    state: State, arguments: Arguments, mask: np.ndarray
) -> tuple[Array, np.ndarray, WeightArgument | None]:
    """Weights (n,) of all observations: those typed, or those of the estimation."""
    macros = state.e.macros
    given = arguments.weight
    if given is None and not arguments.flag("noweights"):
        for kind, text in (("wtype", "wexp"), ("marginswtype", "marginswexp")):
            if macros.get(kind):
                source = macros[text].removeprefix("=").strip()
                given = WeightArgument(macros[kind], parse_expression(source), source)
    if given is None:
        return np.ones(state.data.n), mask, None
    values, mask = evaluated_weights(state, given, mask)
    return np.where(values < MISSING, values, 0.0).astype(np.float64), mask, given


def _subpopulation(state: State, arguments: Arguments) -> np.ndarray:
    """What ``subpop([varname] [if])`` selects, a mask (n,)."""
    text = arguments.string("subpop")
    everything = np.ones(state.data.n, dtype=bool)
    if text is None:
        return everything
    clause = parse_clause(text)
    if clause.body:
        values = state.data.numbers(state.data.unabbreviate(clause.body.strip()))
        everything &= (values != 0) & (values < MISSING)
    if clause.condition is not None:
        everything &= evaluate_condition(clause.condition, StateContext(state))
    return everything
