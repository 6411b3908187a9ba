"""Small-sample inference with structured residuals, against the whole matrix V."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.errors import EstimationError
from statalike.engine.linear.fit import fit_linear_mixed_model
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.residual_small_sample import residual_small_sample_inference
from statalike.engine.linear.small_sample import small_sample_inference
from statalike.engine.linear.whitening import residual_covariance
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    ExchangeableResiduals,
    ExponentialResiduals,
    IndependentResiduals,
    ResidualStructure,
    ToeplitzResiduals,
    UnstructuredResiduals,
)
from tests.engine.linear.dense import covariance_of_outcome
from tests.engine.linear.dense_small_sample import DenseSmallSample

Array = NDArray[np.float64]

STRUCTURES: dict[str, ResidualStructure] = {
    "independent": IndependentResiduals(),
    "exchangeable": ExchangeableResiduals(),
    "exponential": ExponentialResiduals(),
    "ar1": AutoregressiveResiduals(1),
    "toeplitz": ToeplitzResiduals((1, 2)),
    "unstructured": UnstructuredResiduals(8, 7),
}


def make(structure: ResidualStructure, regions: bool, people: bool, by: int) -> LinearMixedModel:
    """12 people in 4 regions at up to 8 times, in random order."""
    rng = np.random.default_rng(3)
    rows: list[tuple[int, int, int, int]] = []
    for person in range(12):
        times = np.sort(rng.choice(8, rng.integers(2, 6), replace=False))
        rows += [(person // 3, person, int(t), person % by) for t in times]
    region, person, time, kind = np.array(rows)[rng.permutation(len(rows))].T
    n = len(rows)
    fixed = np.column_stack([np.ones(n), rng.normal(size=n), time])
    levels = []
    if regions:
        levels.append(Level(region, (RandomEffects(np.ones((n, 1)), Identity(1)),)))
    if people:
        slopes = np.column_stack([np.ones(n), rng.normal(size=n)])
        levels.append(Level(person, (RandomEffects(slopes, Unstructured(2)),)))
    errors = ResidualErrors(
        ResidualFamily(structure, by), (region, person), time.astype(np.float64), kind
    )
    return LinearMixedModel(rng.normal(size=n), fixed, tuple(levels), errors)


def dense(
    model: LinearMixedModel, covariances: list[list[Array]], variance: float, residual: Array
) -> DenseSmallSample:
    """The formulas, with differences of V in the residual parameters."""
    errors = model.errors
    assert errors is not None
    n, x = model.observations, model.fixed

    def error_covariance(parameters: Array) -> Array:
        return residual_covariance(errors, parameters, variance, n)

    zeros = [[np.zeros_like(matrix) for matrix in level] for level in covariances]
    slopes = []
    for number, level in enumerate(model.levels):
        for position, equation in enumerate(level.effects):
            for part in equation.structure.basis:
                matrices = [list(own) for own in zeros]
                matrices[number][position] = part
                slopes.append(covariance_of_outcome(model, matrices, 0.0))
    slopes.append(error_covariance(residual) / variance)
    for step in 1e-5 * np.eye(len(residual)):
        change = error_covariance(residual + step) - error_covariance(residual - step)
        slopes.append(change / 2e-5)
    v = covariance_of_outcome(model, covariances, 0.0) + error_covariance(residual)
    inverse = np.linalg.inv(v)
    phi: Array = np.asarray(np.linalg.inv(x.T @ inverse @ x), dtype=np.float64)
    of_inverse = [-inverse @ slope @ inverse for slope in slopes]
    p = [x.T @ part @ x for part in of_inverse]
    q = [[x.T @ first @ v @ second @ x for second in of_inverse] for first in of_inverse]
    count = len(slopes)
    double = np.empty((count, count))
    for i in range(count):
        for j in range(count):
            double[i, j] = np.trace(of_inverse[i] @ v @ of_inverse[j] @ v) - np.trace(
                2 * phi @ q[i][j] - phi @ p[i] @ phi @ p[j]
            )
    weights: Array = np.asarray(np.linalg.inv(0.5 * double), dtype=np.float64)
    return DenseSmallSample(phi, p, q, weights)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize(("regions", "people"), [(False, False), (False, True), (True, False)])
def test_dense_formulas(name: str, regions: bool, people: bool) -> None:
    structure = STRUCTURES[name]
    if people and name in ("exchangeable", "unstructured", "toeplitz"):
        people, regions = False, True
    model = make(structure, regions, people, 1 if name == "unstructured" else 2)
    errors = model.errors
    assert errors is not None
    rng = np.random.default_rng(5)
    residual = errors.family.start() + 0.1 * rng.random(errors.family.count)
    covariances = [[np.array([[0.7]])]] if regions else []
    if people:
        covariances.append([np.array([[0.8, 0.1], [0.1, 0.5]])])
    found = residual_small_sample_inference(model, covariances, 1.3, residual)
    expected = dense(model, covariances, 1.3, residual)
    np.testing.assert_allclose(found.covariance, expected.phi, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.adjusted, expected.adjusted, rtol=1e-5, atol=1e-8)
    for c in np.eye(3):
        assert found.degrees_of_freedom(c[None])[0] == pytest.approx(
            expected.satterthwaite(c), rel=1e-5
        )
    contrasts = np.eye(3)[1:]
    assert found.kenward_roger(contrasts, np.ones(2)).denominator == pytest.approx(
        expected.kenward_roger(contrasts)[0], rel=1e-5
    )


def test_compound_symmetry_both_ways() -> None:
    """Exchangeable residuals are a random intercept."""
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(15), rng.integers(2, 6, 15))
    n = len(group)
    x = np.column_stack([rng.normal(size=n), np.ones(n)])
    y = rng.normal(size=15)[group] + rng.normal(size=n)
    intercepts = (Level(group, (RandomEffects(np.ones((n, 1)), Identity(1)),)),)
    random = LinearMixedModel(y, x, intercepts)
    fit = fit_linear_mixed_model(random, "reml")
    variance, own = fit.residual_variance, fit.covariances[0][0][0, 0]
    errors = ResidualErrors(ResidualFamily(ExchangeableResiduals()), (group,))
    marginal = LinearMixedModel(y, x, (), errors)
    correlation = np.arctanh(own / (own + variance))
    found = residual_small_sample_inference(marginal, [], own + variance, np.array([correlation]))
    expected = small_sample_inference(random, fit.covariances, variance)
    np.testing.assert_allclose(
        found.degrees_of_freedom(np.eye(2)), expected.degrees_of_freedom(np.eye(2)), rtol=1e-7
    )
    np.testing.assert_allclose(found.adjusted, expected.adjusted, rtol=1e-7, atol=1e-12)


def test_observed_information_is_that_of_the_estimates() -> None:
    rng = np.random.default_rng(8)
    group = np.repeat(np.arange(25), 4)
    x = np.column_stack([rng.normal(size=100), np.ones(100)])
    y = rng.normal(size=25)[group] + rng.normal(size=100)
    levels = (Level(group, (RandomEffects(np.ones((100, 1)), Identity(1)),)),)
    plain = LinearMixedModel(y, x, levels)
    fit = fit_linear_mixed_model(plain, "reml")
    expected = small_sample_inference(plain, fit.covariances, fit.residual_variance, "observed")
    errors = ResidualErrors(ResidualFamily(IndependentResiduals()), (group,))
    found = residual_small_sample_inference(
        replace(plain, errors=errors),
        fit.covariances,
        fit.residual_variance,
        np.zeros(0),
        fit.parameter_covariance,
    )
    np.testing.assert_allclose(
        found.degrees_of_freedom(np.eye(2)), expected.degrees_of_freedom(np.eye(2)), rtol=1e-4
    )


def test_structured_residuals_need_their_own_parameters() -> None:
    model = make(AutoregressiveResiduals(1), False, True, 1)
    with pytest.raises(EstimationError):
        small_sample_inference(model, [[np.eye(2)]], 1.0)
