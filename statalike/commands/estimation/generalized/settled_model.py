"""A requested model settled on the data: its columns, its sample, its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statalike.commands.estimation.covariance_patterns import settled_pattern
from statalike.commands.estimation.fixed_design import settled_design
from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.model_request import ModelRequest
from statalike.commands.estimation.generalized.outcomes import PreparedOutcome, prepare_outcome
from statalike.commands.estimation.generalized.reported_estimates import (
    ParameterMap,
    parameter_map,
)
from statalike.commands.estimation.linear_mixed import RandomEffectsEquation
from statalike.commands.estimation.mixed import random_effects_equation
from statalike.commands.estimation.mixed_weights import ModelWeights, model_weights
from statalike.commands.estimation.perfect_predictors import without_perfect_predictors
from statalike.commands.estimation.random_categories import RandomCategories
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.errors import StataError
from statalike.state import State


@dataclass(frozen=True)
class SettledModel:
    """A model with its outcome and fixed-effects ``matrix`` on the ``sample`` (a mask), and the
    names of its estimates.  ``held`` (P,) are the values at which covariance structures hold
    estimates, nan where these are free.
    """

    description: GeneralizedDescription
    prepared: PreparedOutcome
    matrix: np.ndarray
    sample: np.ndarray
    weights: ModelWeights | None
    mapped: ParameterMap
    held: np.ndarray

    def engine_model(self, state: State) -> GeneralizedMixedModel | CrossedGeneralizedModel:
        """The arrays that the engine takes."""
        description, data = self.description, state.data
        if description.crossed:
            return description.crossed_model(data, self.sample, self.prepared, self.matrix)
        return description.engine_model(data, self.sample, self.prepared, self.matrix, self.weights)


def settled_model(state: State, request: ModelRequest, options: Mapping[str, Any]) -> SettledModel:
    """Collinear covariates and perfect predictors are left out, with notes; r(459), r(2000)."""
    data, sample, outcome = state.data, request.sample, request.outcome
    prepared = prepare_outcome(outcome, data, sample)
    collinear = bool(options.get("collinear"))
    design, matrix = settled_design(
        state, request.terms, sample, constant=request.constant, collinear=collinear
    )
    if outcome.family == "bernoulli" and not options.get("asis"):
        design, matrix, sample = without_perfect_predictors(
            state, design, matrix, prepared.rows[0], sample
        )
        prepared = prepare_outcome(outcome, data, sample)
    patterned = [
        _with_pattern(
            state, random_effects_equation(state, replace(e, collinear=collinear), sample)
        )
        for e in request.equations
    ]
    description = GeneralizedDescription(
        outcome,
        design,
        tuple(equation for equation, _ in patterned),
        request.offset,
        request.exposure,
    )
    weights = None
    if request.weights is not None:
        with_effects = [name for name, _ in description.levels]
        for name, weight in zip(request.level_names, request.weights.levels, strict=True):
            if weight is not None and name not in with_effects:
                raise StataError(198, f"weights not allowed for {name}, without random effects")
        codes = description.codes(data, sample)
        weights = model_weights(state, request.weights, sample, request.level_names, codes)
    mapped = parameter_map(description, prepared)
    held = np.full(mapped.count, np.nan)
    of_structures = [values for equation, values in patterned if not equation.empty]
    if of_structures:
        values = np.concatenate(of_structures)
        held[mapped.count - len(values) :] = values
    return SettledModel(description, prepared, matrix, sample, weights, mapped, held)


def _with_pattern(
    state: State, equation: RandomEffectsEquation
) -> tuple[RandomEffectsEquation, np.ndarray]:
    """An equation with the structure that its matrix describes, and the values at which its
    parameters are held, nan where they are free."""
    if isinstance(equation, RandomCategories):
        return equation, np.full(1, np.nan)
    if "(" not in equation.structure:
        return equation, np.full(equation.covariance().parameter_count, np.nan)
    structure, held = settled_pattern(state, equation.structure, equation.count)
    return replace(equation, structure=structure), held
