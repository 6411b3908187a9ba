"""The likelihood and its derivatives against the whole matrix V."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.likelihood import LinearLikelihood
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.variance_parameters import variance_parameters
from tests.engine.linear import dense

Array = NDArray[np.float64]
Levels = Sequence[tuple[int, Sequence[CovarianceStructure]]]

DESIGNS: dict[str, Levels] = {
    "intercept": [(9, [Identity(1)])],
    "independent slopes": [(9, [Independent(2)])],
    "unstructured": [(9, [Unstructured(3)])],
    "unstructured, groups of one or two": [(35, [Unstructured(2)])],
    "exchangeable": [(6, [Exchangeable(4)])],
    "two equations": [(9, [Independent(2), Exchangeable(3)])],
    "two levels of slopes": [(5, [Unstructured(2)]), (4, [Independent(2)])],
    "three levels": [(3, [Identity(1)]), (3, [Unstructured(2)]), (3, [Exchangeable(2)])],
    "four levels": [
        (3, [Identity(1)]),
        (2, [Identity(1)]),
        (2, [Unstructured(2), Identity(1)]),
        (2, [Identity(1)]),
    ],
    "many effects above": [(2, [Identity(10)]), (4, [Identity(1)])],
    "many effects below": [(2, [Independent(2)]), (3, [Independent(9)])],
    "many effects alone": [(3, [Exchangeable(10)])],
}

cases = pytest.mark.parametrize("levels", DESIGNS.values(), ids=DESIGNS.keys())
restrictions = pytest.mark.parametrize("restricted", [False, True], ids=["ml", "reml"])


def working_parameters(
    likelihood: LinearLikelihood, covariances: Sequence[Sequence[Array]]
) -> Array:
    scales = variance_parameters(likelihood.products.levels)
    matrices = [matrix for level in covariances for matrix in level]
    return np.asarray(scales.to_working @ scales.relative(matrices, 1.0))


def scaled(covariances: Sequence[Sequence[Array]], factor: float) -> list[list[Array]]:
    return [[factor * matrix for matrix in level] for level in covariances]


@cases
@restrictions
@pytest.mark.parametrize("ordered", [True, False], ids=["sorted", "unsorted"])
def test_value_is_that_of_the_multivariate_normal(
    levels: Levels, restricted: bool, ordered: bool
) -> None:
    rng = np.random.default_rng(4)
    model = dense.random_model(rng, levels, ordered=ordered)
    covariances = dense.random_covariances(rng, model)
    likelihood = LinearLikelihood(reduce_to_cross_products(model), restricted)
    working = working_parameters(likelihood, covariances)
    parts = likelihood.evaluate(working, 0)
    variance = parts.residual_variance
    expected = dense.log_likelihood(model, scaled(covariances, variance), variance, restricted)
    assert parts.profile_value == pytest.approx(expected, abs=1e-9)
    # No other residual variance gives a higher likelihood for these relative covariances.
    for other in (0.9 * variance, 1.1 * variance):
        assert dense.log_likelihood(model, scaled(covariances, other), other, restricted) < expected


@cases
@restrictions
def test_derivatives_are_those_of_differences(levels: Levels, restricted: bool) -> None:
    rng = np.random.default_rng(5)
    model = dense.random_model(rng, levels)
    likelihood = LinearLikelihood(reduce_to_cross_products(model), restricted)
    working = working_parameters(likelihood, dense.random_covariances(rng, model))
    parts = likelihood.evaluate(working, 2)
    first_order = likelihood.evaluate(working, 1)
    np.testing.assert_allclose(first_order.profile_gradient, parts.profile_gradient, atol=1e-10)
    for k in range(len(working)):
        step = np.zeros(len(working))
        step[k] = 1e-5 * max(abs(working[k]), 0.1)
        above, below = (likelihood.evaluate(working + s * step, 1) for s in (1, -1))
        width = 2.0 * step[k]
        slope = (above.profile_value - below.profile_value) / width
        assert parts.profile_gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        row = (above.profile_gradient - below.profile_gradient) / width
        size = np.max(np.abs(parts.profile_hessian))
        np.testing.assert_allclose(parts.profile_hessian[:, k], row, rtol=1e-6, atol=1e-7 * size)


@cases
@restrictions
def test_values_at_several_points_at_once(levels: Levels, restricted: bool) -> None:
    rng = np.random.default_rng(6)
    model = dense.random_model(rng, levels)
    likelihood = LinearLikelihood(reduce_to_cross_products(model), restricted)
    working = working_parameters(likelihood, dense.random_covariances(rng, model))
    points = working * rng.uniform(0.95, 1.05, (5, 1))
    determinants, sums = likelihood.values(points)
    for point, determinant, total in zip(points, determinants, sums, strict=True):
        single = likelihood.evaluate(point, 0)
        assert determinant == pytest.approx(single.log_determinant, rel=1e-11)
        assert total == pytest.approx(single.sum_of_squares, rel=1e-11)


@cases
def test_singular_covariances_have_a_likelihood_and_derivatives(levels: Levels) -> None:
    rng = np.random.default_rng(7)
    model = dense.random_model(rng, levels)
    covariances = scaled(dense.random_covariances(rng, model), 0.0)
    likelihood = LinearLikelihood(reduce_to_cross_products(model), False)
    working = working_parameters(likelihood, covariances)
    parts = likelihood.evaluate(working, 2)
    variance = parts.residual_variance
    expected = dense.log_likelihood(model, covariances, variance, False)
    assert parts.profile_value == pytest.approx(expected, abs=1e-9)
    # One-sided, towards positive definite matrices: there are none on the other side.
    direction = working_parameters(likelihood, dense.random_covariances(rng, model))
    first, second = (likelihood.evaluate(k * 1e-5 * direction, 0) for k in (1, 2))
    rise = 4 * first.profile_value - second.profile_value - 3 * parts.profile_value
    slope = float(parts.profile_gradient @ direction)
    assert slope == pytest.approx(rise / 2e-5, rel=1e-4, abs=1e-4)


def test_pooled_groups_of_equal_design_count_as_separate_ones() -> None:
    """Balanced data, where groups are pooled, against the same data with one group told apart."""
    rng = np.random.default_rng(8)
    groups, size = 40, 5
    code = np.repeat(np.arange(groups), size)
    week = np.tile(np.arange(1.0, size + 1.0), groups)
    one = np.ones(len(code))
    slopes = np.column_stack([week, one])
    outcome = (slopes * rng.normal(size=(groups, 2))[code]).sum(axis=1) + rng.normal(size=len(code))
    for kept in (len(code), len(code) - 1, len(code) - 60):
        design = slopes[:kept]
        effects = RandomEffects(design, Unstructured(2))
        model = LinearMixedModel(outcome[:kept], design, (Level(code[:kept], (effects,)),))
        likelihood = LinearLikelihood(reduce_to_cross_products(model), True)
        covariances = [[np.array([[0.5, 0.1], [0.1, 0.8]])]]
        parts = likelihood.evaluate(working_parameters(likelihood, covariances), 0)
        variance = parts.residual_variance
        expected = dense.log_likelihood(model, scaled(covariances, variance), variance, True)
        assert parts.profile_value == pytest.approx(expected, abs=1e-9)


def test_models_without_fixed_effects() -> None:
    rng = np.random.default_rng(9)
    model = dense.random_model(rng, DESIGNS["two levels of slopes"])
    model = LinearMixedModel(model.outcome, np.zeros((model.observations, 0)), model.levels)
    covariances = dense.random_covariances(rng, model)
    likelihood = LinearLikelihood(reduce_to_cross_products(model), True)
    parts = likelihood.evaluate(working_parameters(likelihood, covariances), 2)
    variance = parts.residual_variance
    expected = dense.log_likelihood(model, scaled(covariances, variance), variance, True)
    assert parts.profile_value == pytest.approx(expected, abs=1e-9)


def test_a_covariance_without_a_likelihood_is_nan_not_an_error() -> None:
    rng = np.random.default_rng(10)
    model = dense.random_model(rng, DESIGNS["intercept"])
    likelihood = LinearLikelihood(reduce_to_cross_products(model), False)
    with np.errstate(invalid="ignore"):
        assert np.isnan(likelihood.evaluate(np.array([-50.0]), 2).profile_value)
        assert np.isnan(likelihood.values(np.array([[-50.0], [1.0]]))[1]).tolist() == [True, False]
