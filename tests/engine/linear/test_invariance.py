"""What must not change a fit: order, labels, units, and ill-conditioned columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from statalike.engine.covariance import Identity, Independent, Unstructured
from statalike.engine.linear.fit import FitOptions, LinearMixedFit, Method, fit_linear_mixed_model
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from tests.engine.linear import dense

Array = NDArray[np.float64]

EXACT = FitOptions(finite_differences=False)


def fit(model: LinearMixedModel, method: Method = "ml") -> LinearMixedFit:
    return fit_linear_mixed_model(model, method, EXACT)


def growth(seed: int = 3, groups: int = 25) -> LinearMixedModel:
    """Six occasions for each group, some missing, random intercepts and slopes."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(groups), 6)
    time = np.tile(np.arange(6.0), groups)
    design = np.column_stack([time, np.ones(len(code))])
    slopes = rng.normal(size=(groups, 2)) * [0.5, 1.0]
    outcome = (design * (slopes + np.array([1.0, 3.0]))[code]).sum(axis=1) + rng.normal(
        size=len(code)
    )
    keep = rng.random(len(code)) > 0.15
    effects = RandomEffects(design[keep], Unstructured(2))
    return LinearMixedModel(outcome[keep], design[keep], (Level(code[keep], (effects,)),))


def replaced(
    model: LinearMixedModel,
    outcome: Array | None = None,
    fixed: Array | None = None,
    effects: Array | None = None,
    groups: NDArray[np.integer] | None = None,
) -> LinearMixedModel:
    level = model.levels[0]
    equation = level.effects[0]
    covariates = equation.covariates if effects is None else effects
    return LinearMixedModel(
        model.outcome if outcome is None else outcome,
        model.fixed if fixed is None else fixed,
        (
            Level(
                level.groups if groups is None else groups,
                (RandomEffects(covariates, equation.structure),),
            ),
        ),
    )


def assert_same(first: LinearMixedFit, second: LinearMixedFit, tolerance: float = 1e-6) -> None:
    assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=tolerance)
    np.testing.assert_allclose(first.estimates, second.estimates, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        first.parameter_covariance, second.parameter_covariance, rtol=1e-4, atol=1e-7
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_observations_and_names_of_groups(seed: int) -> None:
    model = growth()
    rng = np.random.default_rng(seed)
    order = rng.permutation(model.observations)
    names = rng.permutation(1000)
    level = model.levels[0]
    shuffled = LinearMixedModel(
        model.outcome[order],
        model.fixed[order],
        (
            Level(
                names[level.groups][order],
                (RandomEffects(level.effects[0].covariates[order], Unstructured(2)),),
            ),
        ),
    )
    assert_same(fit(shuffled), fit(model))


def test_lower_codes_repeated_in_higher_groups() -> None:
    model = dense.random_model(
        np.random.default_rng(4), [(6, [Identity(1)]), (4, [Identity(1)])], 120, ordered=False
    )
    unique = model.levels[0].groups * 100 + model.levels[1].groups
    other = LinearMixedModel(
        model.outcome, model.fixed, (model.levels[0], Level(unique, model.levels[1].effects))
    )
    assert_same(fit(other), fit(model))


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_unit_of_the_outcome(method: Method, unit: float) -> None:
    model = growth()
    first, second = fit(model, method), fit(replaced(model, outcome=unit * model.outcome), method)
    freedom = model.observations - (2 if method == "reml" else 0)
    assert second.log_likelihood == pytest.approx(
        first.log_likelihood - freedom * np.log(unit), abs=1e-6
    )
    np.testing.assert_allclose(second.coefficients / unit, first.coefficients, rtol=1e-7)
    relative = second.covariances[0][0] / unit**2
    np.testing.assert_allclose(relative, first.covariances[0][0], rtol=1e-5)
    np.testing.assert_allclose(
        second.parameter_covariance, first.parameter_covariance, rtol=1e-4, atol=1e-8
    )


@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_unit_of_a_covariate(unit: float) -> None:
    model = growth()
    scale = np.array([unit, 1.0])
    scaled = model.fixed * scale
    first, second = fit(model), fit(replaced(model, fixed=scaled, effects=scaled))
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(second.coefficients * scale, first.coefficients, rtol=1e-7)
    matrix = second.covariances[0][0] * np.outer(scale, scale)
    np.testing.assert_allclose(matrix, first.covariances[0][0], rtol=1e-5)
    np.testing.assert_allclose(
        second.parameter_covariance, first.parameter_covariance, rtol=1e-4, atol=1e-8
    )


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_origin_of_time(method: Method) -> None:
    """Calendar years: the slopes stay, the intercepts are those 1970 years before."""
    model = growth()
    years = model.fixed + np.array([1970.0, 0.0])
    first, second = fit(model, method), fit(replaced(model, fixed=years, effects=years), method)
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-6)
    assert second.coefficients[0] == pytest.approx(first.coefficients[0], rel=1e-8)
    assert second.covariances[0][0][0, 0] == pytest.approx(first.covariances[0][0][0, 0], rel=1e-5)
    moved = np.array([[1.0, 0.0], [-1970.0, 1.0]])
    expected = moved @ first.covariances[0][0] @ moved.T
    np.testing.assert_allclose(second.covariances[0][0], expected, rtol=1e-4)
    assert second.residual_variance == pytest.approx(first.residual_variance, rel=1e-6)


def test_origin_of_the_outcome() -> None:
    model = growth()
    first, second = fit(model), fit(replaced(model, outcome=model.outcome + 1e8))
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-5)
    assert second.coefficients[1] - 1e8 == pytest.approx(first.coefficients[1], abs=1e-6)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_order_of_columns(method: Method) -> None:
    model = growth()
    turned = replaced(model, fixed=model.fixed[:, ::-1], effects=model.fixed[:, ::-1])
    first, second = fit(model, method), fit(turned, method)
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(second.coefficients[::-1], first.coefficients, rtol=1e-8)
    np.testing.assert_allclose(
        second.covariances[0][0][::-1, ::-1], first.covariances[0][0], rtol=1e-5
    )


def test_memory_layout() -> None:
    model = growth()
    other = replaced(
        model, fixed=np.asfortranarray(model.fixed), effects=np.asfortranarray(model.fixed)
    )
    assert_same(fit(other), fit(model), 1e-10)


def test_equations_side_by_side_are_one_independent_equation() -> None:
    model = growth()
    level = model.levels[0]
    together = LinearMixedModel(
        model.outcome,
        model.fixed,
        (Level(level.groups, (RandomEffects(model.fixed, Independent(2)),)),),
    )
    apart = LinearMixedModel(
        model.outcome,
        model.fixed,
        (
            Level(
                level.groups,
                tuple(RandomEffects(model.fixed[:, k : k + 1], Identity(1)) for k in (0, 1)),
            ),
        ),
    )
    assert_same(fit(apart, "reml"), fit(together, "reml"))


def test_a_level_that_repeats_another_splits_its_variance() -> None:
    """Only the sum is determined; the likelihood is that of the single level."""
    rng = np.random.default_rng(6)
    model = dense.random_model(rng, [(20, [Identity(1)])], 150)
    twice = LinearMixedModel(model.outcome, model.fixed, (model.levels[0], model.levels[0]))
    first, second = fit(model), fit(twice)
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-6)
    total = second.covariances[0][0] + second.covariances[1][0]
    np.testing.assert_allclose(total, first.covariances[0][0], rtol=1e-3)
