"""Fits within linear constraints, from other starting values, and by other techniques."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from statalike.engine.covariance import Exchangeable, Identity, Unstructured
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.constrained import LinearConstraints
from statalike.engine.generalized.fit import (
    GeneralizedFit,
    GeneralizedFitOptions,
    fit_generalized_mixed_model,
)
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.starting_values import GridAxis, StartingValues
from statalike.engine.linear.model import Level, RandomEffects
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.patterned_covariance import Patterned
from statalike.engine.quasi_newton import Technique, TechniquePhase
from tests.engine.generalized.simulated_models import logistic_model

TIGHT = ConvergenceRules(parameter_tolerance=1e-9, value_tolerance=1e-12)


@cache
def intercepts() -> GeneralizedMixedModel:
    return logistic_model((Identity(1),), groups=(30,), size=12)


@cache
def slopes() -> GeneralizedMixedModel:
    return logistic_model((Unstructured(2),), groups=(30,), size=12)


@cache
def free_fit() -> GeneralizedFit:
    return fit_generalized_mixed_model(intercepts(), GeneralizedFitOptions(rules=TIGHT), 0)


def fit_with(
    weights: list[list[float]], constants: list[float], numerical: bool = False
) -> GeneralizedFit:
    constraints = LinearConstraints(np.array(weights), np.array(constants))
    options = GeneralizedFitOptions(rules=TIGHT, constraints=constraints, numerical=numerical)
    return fit_generalized_mixed_model(intercepts(), options, 0)


def test_a_fixed_coefficient_is_an_offset() -> None:
    model = intercepts()
    found = fit_with([[0.0, 1.0, 0.0, 0.0]], [0.5])
    wanted = fit_generalized_mixed_model(
        replace(model, fixed=model.fixed[:, [0, 2]], offset=0.5 * model.fixed[:, 1]),
        GeneralizedFitOptions(rules=TIGHT),
        0,
    )
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(found.estimates[[0, 2, 3]], wanted.estimates, rtol=1e-6)
    others = np.ix_([0, 2, 3], [0, 2, 3])
    np.testing.assert_allclose(found.covariance[others], wanted.covariance, rtol=1e-5)
    np.testing.assert_array_equal(found.covariance[1], 0.0)
    assert found.fixed is not None
    assert wanted.fixed is not None
    assert found.fixed.log_likelihood == pytest.approx(wanted.fixed.log_likelihood, abs=1e-8)


def test_equal_coefficients_are_the_coefficient_of_a_sum() -> None:
    model = intercepts()
    found = fit_with([[0.0, 1.0, -1.0, 0.0]], [0.0])
    summed = np.column_stack([model.fixed[:, 0], model.fixed[:, 1] + model.fixed[:, 2]])
    wanted = fit_generalized_mixed_model(
        replace(model, fixed=summed), GeneralizedFitOptions(rules=TIGHT), 0
    )
    np.testing.assert_allclose(found.coefficients[1:], wanted.coefficients[1], rtol=1e-6)
    np.testing.assert_allclose(found.covariance[1, 2], wanted.covariance[1, 1], rtol=1e-5)


def test_a_constraint_at_the_maximum_leaves_it_there() -> None:
    free = free_fit()
    found = fit_with([[0.0, 0.0, 0.0, 1.0]], [float(free.reported[0])])
    assert found.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(found.coefficients, free.coefficients, rtol=1e-5)
    # Given one estimate, the others vary as the information about them alone says.
    information = np.linalg.inv(free.covariance)[:3, :3]
    np.testing.assert_allclose(found.covariance[:3, :3], np.linalg.inv(information), rtol=1e-4)


def test_a_variance_may_be_tied_to_a_coefficient() -> None:
    found = fit_with([[0.0, -1.0, 0.0, 1.0]], [0.25])
    assert found.reported[0] == pytest.approx(found.coefficients[1] + 0.25, abs=1e-10)
    assert found.converged


def test_patterns_are_named_structures() -> None:
    model = slopes()
    level = model.levels[0]

    def fit(structure: Exchangeable | Patterned) -> GeneralizedFit:
        effects = RandomEffects(level.effects[0].covariates, structure)
        changed = replace(model, levels=(Level(level.groups, (effects,)),))
        return fit_generalized_mixed_model(changed, GeneralizedFitOptions(rules=TIGHT), 0)

    found, wanted = fit(Patterned(2, (0, 1, 0))), fit(Exchangeable(2))
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(found.estimates, wanted.estimates, rtol=1e-4)
    np.testing.assert_allclose(found.covariance, wanted.covariance, rtol=1e-3)


@pytest.mark.parametrize("technique", ["bfgs", "dfp", "bhhh"])
def test_techniques_find_the_same_maximum(technique: Technique) -> None:
    rules = replace(TIGHT, techniques=(TechniquePhase(technique),))
    found = fit_generalized_mixed_model(intercepts(), GeneralizedFitOptions(rules=rules), 0)
    assert found.log_likelihood == pytest.approx(free_fit().log_likelihood, abs=1e-6)
    np.testing.assert_allclose(found.estimates, free_fit().estimates, rtol=1e-2)


@pytest.mark.parametrize("constrained", [False, True])
def test_differences_find_the_same_maximum(constrained: bool) -> None:
    if constrained:
        weights = [[0.0, 1.0, 0.0, 0.0]]
        found, wanted = fit_with(weights, [0.5], numerical=True), fit_with(weights, [0.5])
    else:
        options = GeneralizedFitOptions(numerical=True)
        found, wanted = fit_generalized_mixed_model(intercepts(), options, 0), free_fit()
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(found.estimates, wanted.estimates, rtol=1e-3)
    np.testing.assert_allclose(found.covariance, wanted.covariance, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize(
    "start",
    [
        StartingValues("zero"),
        StartingValues("constantonly"),
        StartingValues(iterations=1),
        StartingValues(given=np.array([np.nan, 1.0, -1.0, 2.5])),
        StartingValues(grid=(GridAxis(3, (0.3, 0.9)),)),
    ],
)
def test_the_maximum_does_not_depend_on_the_start(start: StartingValues) -> None:
    options = GeneralizedFitOptions(rules=TIGHT, start=start)
    found = fit_generalized_mixed_model(intercepts(), options, 0)
    np.testing.assert_allclose(found.estimates, free_fit().estimates, rtol=1e-5)


def test_a_search_begins_at_the_best_node() -> None:
    nodes: list[tuple[int, float]] = []
    begun: list[float] = []
    axes = (GridAxis(3, (0.1, 0.5, 2.0)), GridAxis(1, (0.0, 0.6)))
    fit_generalized_mixed_model(
        intercepts(),
        GeneralizedFitOptions(start=StartingValues(grid=axes)),
        0,
        on_grid_node=lambda number, value: nodes.append((number, value)),
        on_iteration=lambda record: begun.append(record.value),
    )
    assert [number for number, _ in nodes] == list(range(7))
    assert begun[0] == pytest.approx(max(value for _, value in nodes), rel=1e-10)


def test_starting_values_outside_the_parameter_space() -> None:
    given = np.array([np.nan, np.nan, np.nan, 0.0])
    grid = (GridAxis(3, (-1.0, -2.0)),)
    options = GeneralizedFitOptions(start=StartingValues(given=given, grid=grid))
    with pytest.raises(EstimationError) as caught:
        fit_generalized_mixed_model(intercepts(), options, 0)
    assert caught.value.kind == "likelihood_undefined"


def test_iterations_are_told_as_estimates() -> None:
    told: list[np.ndarray] = []
    found = fit_generalized_mixed_model(
        intercepts(), None, 0, on_iteration=lambda record: told.append(record.parameters)
    )
    np.testing.assert_allclose(told[-1], found.estimates)


def test_a_model_without_random_effects() -> None:
    model = replace(intercepts(), levels=())
    found = fit_generalized_mixed_model(model, GeneralizedFitOptions(rules=TIGHT), 0)
    p = 1.0 / (1.0 + np.exp(-model.fixed @ found.coefficients))
    residual = model.outcome[0] - p
    np.testing.assert_allclose(model.fixed.T @ residual, 0.0, atol=1e-6)
    np.testing.assert_allclose(found.group_scores, (model.fixed * residual[:, None]).T)
    information = (model.fixed.T * (p * (1.0 - p))) @ model.fixed
    np.testing.assert_allclose(found.covariance, np.linalg.inv(information), rtol=1e-6)
