"""The parameters and random effects of a generalized mixed model, from e() and the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.outcomes import PreparedOutcome, prepare_outcome
from statalike.commands.estimation.generalized.reported_estimates import RESIDUAL_VARIANCE
from statalike.commands.estimation.linear_mixed import RandomEffectsEquation
from statalike.commands.estimation.random_categories import RandomCategories
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.commands.postestimation.spread_effects import (
    fitted_sample,
    stored_model_weights,
)
from statalike.data.missing import MISSING
from statalike.design.sample import drop_missing
from statalike.engine.covariance import block_diagonal_matrix
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.posterior import (
    Estimate,
    PosteriorEffects,
    PosteriorRules,
    crossed_posterior_modes,
    posterior_effects,
)
from statalike.engine.nested_groups import nested_groups
from statalike.errors import StataError
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class SpreadEffect:
    """One random effect for every observation, with its standard error and covariate: (n,).

    Missing where the observation's group was not in the estimation sample.
    """

    name: str
    values: np.ndarray
    standard_errors: np.ndarray
    covariate: np.ndarray


def estimated_point(results: Results, description: GeneralizedDescription) -> Point:
    """Coefficients, own parameters and Cholesky factors that e(b) holds.

    Raises ``LinAlgError`` where a covariance matrix is not positive definite.
    """
    b = results.matrices["b"]
    values = b.values[0]
    fixed = len(description.fixed.names)
    estimated = np.fromiter(description.fixed.estimated, dtype=bool)
    entries = {str(entry.stripe): entry for entry in description.variance_entries()}
    own: list[float] = []
    reported: dict[int, float] = {}
    for stripe, value in zip(b.columns[fixed:], values[fixed:].tolist(), strict=True):
        entry = entries.get(str(stripe))
        if entry is not None:
            reported[entry.parameter] = value
        elif stripe.name.startswith(RESIDUAL_VARIANCE):
            own.append(0.5 * float(np.log(value)))
        else:
            own.append(value)
    roots: list[np.ndarray] = []
    position = 0
    for _, equations in description.levels:
        blocks: list[np.ndarray] = []
        for equation in equations:
            structure = equation.covariance()
            count = structure.parameter_count
            phi = np.array([reported[position + k] for k in range(count)])
            position += count
            blocks.append(_root(structure.matrix(phi)))
        if description.crossed:
            roots += blocks
        else:
            roots.append(block_diagonal_matrix(blocks))
    return Point(values[:fixed][estimated], np.array(own), tuple(roots))


def _root(matrix: np.ndarray) -> np.ndarray:
    """The Cholesky factor; of a matrix on the boundary that of one next to it."""
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        eigenvalues, vectors = np.linalg.eigh(matrix)
        least = 1e-14 * max(float(eigenvalues[-1]), 1e-14)
        near = (vectors * np.maximum(eigenvalues, least)) @ vectors.T
        return np.asarray(np.linalg.cholesky(near))


def spread_effects(
    state: State,
    description: GeneralizedDescription,
    estimate: Estimate,
    rules: PosteriorRules | None = None,
) -> list[SpreadEffect]:
    """Predicted random effects, carried to all observations of their groups."""
    sample = fitted_sample(state)
    check_unchanged(state.data, state.e, sample)
    data = state.data
    prepared = prepare_outcome(description.outcome, data, sample)
    point = estimated_point(state.e, description)
    try:
        predicted = _predicted(state, description, prepared, sample, point, estimate, rules)
    except (EstimationError, np.linalg.LinAlgError):
        raise StataError(430, "the posterior of the random effects could not be found") from None
    cells_needed = [name for name in description.level_names if name != "_all"]
    cells_needed += [
        name
        for equation in description.equations
        if isinstance(equation, RandomCategories)
        for name in equation.variables
    ]
    present = drop_missing(data, np.ones(data.n, dtype=bool), cells_needed)
    found: list[SpreadEffect] = []
    groups = nested_groups(description.codes(data, present))
    terms = iter(predicted)
    for name, equations in description.levels:
        path = groups.group(description.level_names.index(name))
        level = None if description.crossed else next(terms)
        column = 0
        for equation in equations:
            effects = next(terms) if level is None else level
            first = 0 if level is None else column
            cells, labels, covariates = _cells(state, description, equation, path, present)
            row_of_cell = np.full(int(cells.max()) + 1, -1)
            row_of_cell[cells[sample[present]]] = effects.group
            row = np.full(data.n, -1)
            row[present] = row_of_cell[cells]
            known, at = row >= 0, np.maximum(row, 0)
            for k, (label, covariate) in enumerate(zip(labels, covariates, strict=True), first):
                values = np.where(known, effects.effects[at, k], MISSING)
                errors = np.where(known, effects.standard_errors[at, k], MISSING)
                found.append(SpreadEffect(label, values, errors, covariate))
            column += len(labels)
    return found


def _cells(
    state: State,
    description: GeneralizedDescription,
    equation: RandomEffectsEquation,
    path: np.ndarray,
    present: np.ndarray,
) -> tuple[np.ndarray, list[str], list[np.ndarray]]:
    """What forms the groups of an equation's effects among the rows ``present``, the names of the
    effects, and their covariates for every observation.
    """
    data, above = state.data, description.path(equation.level)
    if isinstance(equation, RandomCategories):
        values = data.numbers(equation.variable)[present]
        categories = np.unique(values, return_inverse=True)[1].ravel()
        cells = path * (int(categories.max()) + 1) + categories
        return cells, [f"_cons[{above}>{equation.variable}]"], [np.ones(data.n)]
    labels = [f"{effect_name(column)}[{above}]" for column in equation.columns]
    return path, labels, [column.evaluate(data) for column in equation.columns]


def _predicted(
    state: State,
    description: GeneralizedDescription,
    prepared: PreparedOutcome,
    sample: np.ndarray,
    point: Point,
    estimate: Estimate,
    rules: PosteriorRules | None,
) -> list[PosteriorEffects]:
    if description.crossed:
        model = description.crossed_model(state.data, sample, prepared)
        return crossed_posterior_modes(model, point, rules)
    weights = stored_model_weights(state, description, sample)
    nested = description.engine_model(state.data, sample, prepared, weights=weights)
    return posterior_effects(nested, point, estimate, rules)
