"""The outcome of a command line: its variables, its limits, and the observations that have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.commands.data.stset import declared_survival
from statalike.commands.estimation.fixed_design import outcome_column
from statalike.commands.estimation.generalized.outcomes import (
    EXTREME,
    Distribution,
    OutcomeRequest,
)
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.sample import drop_missing
from statalike.design.terms import Term, model_terms
from statalike.errors import StataError
from statalike.evaluation import some_observations
from statalike.language.ast import VariableList
from statalike.state import State


def read_outcome(
    distribution: Distribution, items: VariableList, data: Dataset
) -> tuple[Column, Distribution, list[Term]]:
    """The outcome variable, the distribution with the second one of interval data, and the other
    terms of a variable list; r(100), r(102)."""
    terms = model_terms(items, data)
    if distribution.model == "survival":
        return Column.parse("_t"), distribution, list(terms)
    if not terms:
        raise StataError(100, "varlist required")
    column = outcome_column(terms[0])
    if distribution.model != "interval":
        return column, distribution, list(terms[1:])
    # Both limits may be the same variable.
    repeated = [term for item in items for term in model_terms((item,), data)]
    if len(repeated) < 2:
        raise StataError(102, "too few variables specified")
    upper = outcome_column(repeated[1]).name
    rest = dict.fromkeys(repeated[2:])
    return column, replace(distribution, upper=upper), list(rest)


def settled_limits(outcome: OutcomeRequest, data: Dataset, sample: np.ndarray) -> OutcomeRequest:
    """Limits of a tobit model that are the least or greatest outcome, as numbers."""
    if EXTREME not in (outcome.lower, outcome.upper):
        return outcome
    values = outcome.column.evaluate(data, sample)
    lower = f"{values.min():.16g}" if outcome.lower == EXTREME else outcome.lower
    upper = f"{values.max():.16g}" if outcome.upper == EXTREME else outcome.upper
    return replace(outcome, lower=lower, upper=upper)


def outcome_sample(state: State, outcome: OutcomeRequest, sample: np.ndarray) -> np.ndarray:
    """The sample less observations whose outcome is missing; r(2000)."""
    data = state.data
    if outcome.model == "interval":
        known = np.zeros(data.n, dtype=bool)
        for name in (outcome.column.name, outcome.upper):
            known |= data.numbers(name) < MISSING
        return some_observations(sample & known)
    needed = [*outcome.column.variables]
    needed += [outcome.trials] if outcome.trials in data else []
    if outcome.model == "survival":
        needed = ["_t", "_t0", "_d"]
        sample = sample & (data.numbers("_st") == 1)
    return some_observations(drop_missing(data, sample, needed))


def read_offset(options: Mapping[str, Any]) -> tuple[str, bool]:
    """The variable of ``offset()`` or ``exposure()``, and whether it is the latter; r(198)."""
    offset, exposure = options.get("offset"), options.get("exposure")
    if offset and exposure:
        raise StataError(198, "only one of offset() or exposure() is allowed")
    return str(offset or exposure or ""), bool(exposure)


def check_exposure(state: State, offset: str, exposure: bool, sample: np.ndarray) -> None:
    """r(459) for an exposure that is not positive."""
    if exposure and np.any(state.data.numbers(offset)[sample] <= 0):
        raise StataError(459, f"exposure() must be greater than zero: {offset}")


def check_entry(state: State, sample: np.ndarray) -> None:
    """r(459) when subjects of the ``sample`` (a mask) come under observation late."""
    start = state.data.numbers("_t0")[sample]
    identifier = declared_survival(state.data).identifier
    if identifier:
        known = state.data.variable(identifier).values[sample]
        subject = np.unique(known, return_inverse=True)[1].ravel()
        earliest = np.full(int(subject.max()) + 1, np.inf)
        np.minimum.at(earliest, subject, start)
        start = earliest
    if np.any(start > 0):
        raise StataError(459, "delayed entry is not allowed with mestreg")
