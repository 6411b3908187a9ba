"""Random effects, means and residuals at given estimates, of the fitted or of other data.

Random effects are the modes of their density given the outcomes, found by penalised least squares
from zero with the fixed effects held; their standard errors are those of best linear unbiased
prediction in the model linearised there ([ME] menl postestimation, Methods and formulas; Bates and
Pinheiro 1998, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.prediction import eliminated_levels, predictions_of_levels
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.grouped_observations import (
    GroupedObservations,
    grouped_observations,
)
from statalike.engine.nonlinear.linearisation import Linearisation, linearise
from statalike.engine.nonlinear.model import NonlinearMixedModel
from statalike.engine.nonlinear.parameters import from_estimates, random_effects_scales
from statalike.engine.nonlinear.penalised_least_squares import (
    penalised_least_squares,
    working_covariances,
)
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener, whitened_products
from statalike.engine.nonlinear.variance_step import VarianceEstimates

Array = NDArray[np.float64]

PREDICTION_RULES = ConvergenceRules(iterations=10)


@dataclass(frozen=True)
class EmpiricalBayes:
    """``effects[level]`` (G, q_l), columns in the order of the level's blocks, with their standard
    errors; ``groups[level]`` (n,) gives each observation its row.

    A group without an outcome has effects of zero, whose standard errors are their standard
    deviations.
    """

    effects: tuple[Array, ...]
    standard_errors: tuple[Array, ...]
    groups: tuple[NDArray[np.intp], ...]
    converged: bool


def predict_effects(
    model: NonlinearMixedModel,
    fixed: Array,
    estimates: Array,
    rules: ConvergenceRules = PREDICTION_RULES,
) -> EmpiricalBayes:
    """Predictions at ``fixed`` (p,) and variance parameters ``estimates`` (K,) that need not be
    those of ``model``'s own data.

    By REML the standard errors count the uncertainty of the fixed effects.  Raises
    :class:`EstimationError` where the mean is not defined.
    """
    values = from_estimates(model, estimates)
    if not model.levels:
        return EmpiricalBayes((), (), (), True)
    observations = grouped_observations(model)
    whitener = ResidualWhitener(observations)
    with np.errstate(all="ignore"):
        start = linearise(observations, fixed, observations.no_effects(), hold_fixed=True)
        here, converged = _modes(observations, whitener, start, values, rules)
        errors = _standard_errors(observations, whitener, here, values)
    deviations = _deviations(model, values)
    filled = []
    for own, present, sizes, spread in zip(
        errors, observations.present, observations.all_sizes, deviations, strict=True
    ):
        result = np.tile(spread, (len(sizes), 1))
        result[present] = own
        filled.append(result)
    return EmpiricalBayes(
        observations.of_all_groups(here.effects),
        tuple(filled),
        observations.members,
        converged,
    )


def _modes(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    start: Linearisation,
    values: VarianceEstimates,
    rules: ConvergenceRules,
) -> tuple[Linearisation, bool]:
    """Penalised least squares; a variance function of the mean takes that of each iteration."""
    if not whitener.model.variance.depends_on_mean:
        found = penalised_least_squares(
            observations, whitener, start, values, start.mean, rules, hold_fixed=True
        )
        return found.linearisation, found.converged
    here = start
    single = replace(rules, iterations=1)
    for _ in range(rules.iterations):
        found = penalised_least_squares(
            observations, whitener, here, values, here.mean, single, hold_fixed=True
        )
        here = found.linearisation
        measures = found.log[-1].measures
        if measures is not None and measures.parameters <= rules.parameter_tolerance:
            return here, True
    return here, False


def _standard_errors(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    here: Linearisation,
    values: VarianceEstimates,
) -> list[Array]:
    restricted = observations.model.method == "reml"
    full = linearise(observations, here.fixed, here.effects, hold_fixed=not restricted)
    whitening = whitener.at(values.residual, full.mean)
    if whitening is None:
        raise EstimationError("likelihood_undefined", "the residual covariance is singular")
    products = whitened_products(full, whitening)
    crossproduct, levels = eliminated_levels(
        products, working_covariances(products, values.relative)
    )
    none = np.zeros(products.fixed_count)
    predicted = predictions_of_levels(
        products, crossproduct, levels, none, values.scale, restricted and len(none) > 0
    )
    return [level.standard_errors for level in predicted]


def _deviations(model: NonlinearMixedModel, values: VarianceEstimates) -> list[Array]:
    """Standard deviations of each level's random effects."""
    scales = random_effects_scales(model)
    matrices = iter(scales.matrices(values.scale * values.relative))
    variances = [
        np.concatenate([np.diagonal(next(matrices)) for _ in level.blocks])
        for level in model.levels
    ]
    return [np.sqrt(np.maximum(own, 0.0)) for own in variances]


def observation_effects(
    model: NonlinearMixedModel,
    effects: Sequence[Array],
    levels: int | None = None,
) -> Array:
    """The (n, q) argument of the mean function from predictions by group; with ``levels`` only
    those of so many levels, outermost first, and zero for the rest.
    """
    result = np.zeros((len(model.outcome), model.effect_count))
    groups = grouped_observations(model).members
    chosen = list(zip(model.levels, effects, groups, strict=True))
    for level, own, group in chosen if levels is None else chosen[:levels]:
        result[:, list(level.columns)] = own[group]
    return result


def standardised_residuals(
    model: NonlinearMixedModel, fixed: Array, estimates: Array, effects: Array
) -> Array:
    """``s^-1 Lambda^-1/2 (y - mu)``, (n,), at ``effects`` (n, q); nan without an outcome.

    The root is that of Cholesky, within groups in the order of time.
    """
    values = from_estimates(model, estimates)
    observations = grouped_observations(model)
    whitener = ResidualWhitener(observations)
    with np.errstate(all="ignore"):
        mean = observations.chosen(model.mean_function.evaluate(fixed, effects))
        whitening = whitener.at(values.residual, mean)
        if whitening is None:
            raise EstimationError("likelihood_undefined", "the residual covariance is singular")
        own = whitening(observations.outcome - mean) / np.sqrt(values.scale)
    if observations.rows is None:
        return own
    result = np.full(len(model.outcome), np.nan)
    result[observations.rows] = own
    return result
