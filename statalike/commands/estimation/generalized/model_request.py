"""What a command line asks to be fitted, and on which observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from statalike.commands.estimation.fixed_design import refuse_strings
from statalike.commands.estimation.generalized.integration import integration_method
from statalike.commands.estimation.generalized.option_rules import check_model_options
from statalike.commands.estimation.generalized.outcome_reading import (
    check_entry,
    check_exposure,
    outcome_sample,
    read_offset,
    read_outcome,
    settled_limits,
)
from statalike.commands.estimation.generalized.outcomes import Distribution, OutcomeRequest
from statalike.commands.estimation.mixed_weights import (
    WeightRequest,
    read_weights,
    weighted_sample,
)
from statalike.commands.estimation.random_effects import (
    RandomEquation,
    read_random_equation,
    settle_repeated_levels,
)
from statalike.commands.estimation.variance_estimator import (
    VarianceEstimator,
    requested_variance,
)
from statalike.design.sample import drop_missing, drop_missing_terms
from statalike.design.terms import Term
from statalike.engine.generalized.objective import IntegrationMethod
from statalike.errors import StataError
from statalike.evaluation import observations_mask, some_observations
from statalike.language.arguments import Arguments
from statalike.state import State


@dataclass(frozen=True)
class ModelRequest:
    """A model before the data have had their say: ``sample`` are the observations without missing
    values, a mask; ``offset`` is the variable of ``offset()``, or of ``exposure()``.
    """

    outcome: OutcomeRequest
    terms: tuple[Term, ...]
    constant: bool
    equations: tuple[RandomEquation, ...]
    sample: np.ndarray
    method: IntegrationMethod
    weights: WeightRequest | None
    variance: VarianceEstimator
    offset: str
    exposure: bool

    @property
    def level_names(self) -> tuple[str, ...]:
        """The variables that form groups, each once."""
        return tuple(dict.fromkeys(equation.level for equation in self.equations))


def read_model_request(
    state: State, arguments: Arguments, distribution: Distribution
) -> ModelRequest:
    """The request of a command line; r(100), r(198), r(459), r(2000) and more."""
    data, options = state.data, arguments.options
    column, distribution, rest = read_outcome(distribution, arguments.terms, data)
    equations = settle_repeated_levels(
        [read_random_equation(state, equation, by_matrix=True) for equation in arguments.equations]
    )
    categories = [equation.categories for equation in equations if equation.categories]
    family, link = distribution.family, distribution.link
    method = integration_method(options, family, link, bool(categories))
    check_model_options(options, family, method)
    if categories and options.get("intmethod") is None:
        state.console.print(
            "note: crossed random-effects model specified; option intmethod(laplace)"
        )
        state.console.print("      implied.")
    sample = observations_mask(state, arguments.condition, arguments.observations)
    used = [*rest, *(term for equation in equations for term in equation.terms)]
    variables = [name for term in used for name in term.variables]
    variables += [name for name in column.variables if name in data]
    refuse_strings(data, [*variables, *categories])
    sample = drop_missing_terms(data, sample, used)
    level_names = list(dict.fromkeys(equation.level for equation in equations))
    weights = read_weights(arguments, level_names)
    variance = requested_variance(options, data, ("oim", "opg"))
    if weights is not None:
        _check_weights(weights, method, bool(categories), options)
        sample = weighted_sample(state, weights, sample)
        if weights.sampling and not variance.robust:
            variance = VarianceEstimator("robust")
    offset, exposure = read_offset(options)
    needed = [name for name in level_names if name != "_all"] + categories
    needed += [name for name in (offset, variance.cluster) if name]
    sample = some_observations(drop_missing(data, sample, needed))
    outcome = OutcomeRequest.of(column, distribution)
    sample = outcome_sample(state, outcome, sample)
    check_exposure(state, offset, exposure, sample)
    if distribution.model == "survival":
        check_entry(state, sample)
    return ModelRequest(
        settled_limits(outcome, data, sample),
        tuple(rest),
        # The cutpoints of an ordinal outcome take the place of the constant.
        not options.get("noconstant") and family != "ordinal",
        equations,
        sample,
        method,
        weights,
        variance,
        offset,
        exposure,
    )


def _check_weights(
    request: WeightRequest, method: str, crossed: bool, options: Mapping[str, Any]
) -> None:
    """r(198) for weights together with what they do not go with."""
    if crossed:
        raise StataError(198, "weights not allowed with crossed random effects")
    if method in ("laplace", "pclaplace"):
        raise StataError(198, f"weights not allowed with intmethod({method})")
    if len({weight.kind for weight in request.given}) > 1:
        raise StataError(198, "only one kind of weights is allowed")
    if request.sampling and options.get("vce") in ("oim", "opg"):
        raise StataError(198, f"vce({options['vce']}) not allowed with sampling weights")
