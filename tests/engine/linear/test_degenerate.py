"""Boundaries and bad data: what is estimated where there is little to estimate, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import (
    CovarianceStructure,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.errors import EstimationError
from statalike.engine.linear.fit import FitOptions, LinearMixedFit, Method, fit_linear_mixed_model
from statalike.engine.linear.information import covariance_from_hessian
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects

Array = NDArray[np.float64]

GROUP = np.repeat(np.arange(30), 6)
TIME = np.tile(np.arange(6.0), 30)
ONE = np.ones((180, 1))
LINE = np.column_stack([TIME, ONE[:, 0]])
NOISE = np.random.default_rng(1).normal(size=180)


def model(
    outcome: Array,
    fixed: Array = ONE,
    groups: NDArray[np.integer] = GROUP,
    effects: Array = ONE,
    structure: CovarianceStructure | None = None,
) -> LinearMixedModel:
    equation = RandomEffects(effects, structure or Identity(effects.shape[1]))
    return LinearMixedModel(outcome, fixed, (Level(groups, (equation,)),))


def fit(method: Method = "ml", **parts: Any) -> LinearMixedFit:
    return fit_linear_mixed_model(model(**parts), method)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_a_variance_of_zero_converges_to_linear_regression(method: Method) -> None:
    """Outcomes balanced within groups, so that group means do not vary at all."""
    means = np.bincount(GROUP, NOISE) / 6
    result = fit(method, outcome=NOISE - means[GROUP])
    assert result.converged
    assert result.covariances[0][0][0, 0] < 1e-8
    assert result.log_likelihood == pytest.approx(result.linear.log_likelihood, abs=1e-6)
    assert result.residual_variance == pytest.approx(result.linear.residual_variance, rel=1e-6)
    assert np.isfinite(result.estimates).all()
    error = np.sqrt(result.parameter_covariance[0, 0])
    assert np.isnan(error) or error > 100
    assert np.isfinite(result.parameter_covariance[1, 1])


def test_slopes_that_do_not_vary() -> None:
    rng = np.random.default_rng(2)
    outcome = NOISE + rng.normal(size=30)[GROUP]
    outcome = outcome - TIME * (np.bincount(GROUP, (TIME - 2.5) * outcome) / 105)[GROUP] * 0.999
    result = fit(outcome=outcome, fixed=LINE, effects=LINE, structure=Independent(2))
    assert result.converged
    assert result.covariances[0][0][0, 0] < 1e-6


def test_a_correlation_of_one() -> None:
    rng = np.random.default_rng(3)
    outcome = rng.normal(size=30)[GROUP] * (1 + 0.5 * TIME) + NOISE
    result = fit(outcome=outcome, fixed=LINE, effects=LINE, structure=Unstructured(2))
    assert result.converged
    matrix = result.covariances[0][0]
    assert matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]) > 0.9
    assert np.linalg.eigvalsh(matrix)[0] > -1e-12


def test_groups_of_one_do_not_tell_the_variances_apart() -> None:
    result = fit(outcome=NOISE, groups=np.arange(180))
    total = result.covariances[0][0][0, 0] + result.residual_variance
    assert total == pytest.approx(result.linear.residual_variance, rel=1e-6)
    assert result.log_likelihood == pytest.approx(result.linear.log_likelihood, abs=1e-8)


def test_a_single_group() -> None:
    result = fit(outcome=NOISE, groups=np.zeros(180, dtype=np.intp))
    assert result.covariances[0][0][0, 0] < 1e-8
    assert result.log_likelihood == pytest.approx(result.linear.log_likelihood, abs=1e-8)


@pytest.mark.parametrize("structure", [Independent(2), Unstructured(2)])
def test_equal_columns_of_random_effects_end_without_convergence(
    structure: CovarianceStructure,
) -> None:
    outcome = NOISE + np.random.default_rng(4).normal(size=30)[GROUP] * TIME
    twice = np.column_stack([TIME, TIME])
    result = fit(outcome=outcome, fixed=LINE, effects=twice, structure=structure)
    once = fit(outcome=outcome, fixed=LINE, effects=LINE[:, :1])
    assert not result.converged or result.singular
    assert result.log_likelihood == pytest.approx(once.log_likelihood, abs=1e-6)
    assert np.sum(result.covariances[0][0]) == pytest.approx(once.covariances[0][0][0, 0], rel=1e-4)


def test_a_column_of_zeros_leaves_its_variance_undetermined() -> None:
    zero = np.column_stack([np.zeros(180), ONE[:, 0]])
    result = fit(outcome=NOISE, fixed=LINE, effects=zero, structure=Unstructured(2))
    assert result.singular
    assert np.isnan(result.parameter_covariance[0, 0])


def test_almost_no_residual_variation() -> None:
    between = np.random.default_rng(5).normal(size=30)
    result = fit(outcome=between[GROUP] + 1e-6 * NOISE)
    assert result.converged
    assert result.covariances[0][0][0, 0] == pytest.approx(np.var(between), rel=1e-4)
    assert result.residual_variance == pytest.approx(1e-12 * 1.0, rel=0.3)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("no_residual_variation", {"outcome": np.ones(180)}),
        ("collinear_fixed_effects", {"outcome": NOISE, "fixed": np.hstack([LINE, 2 * LINE])}),
        ("collinear_fixed_effects", {"outcome": NOISE, "fixed": np.hstack([LINE, 0 * ONE])}),
        ("not_finite", {"outcome": np.where(TIME == 3, np.nan, NOISE)}),
        ("not_finite", {"outcome": NOISE, "fixed": np.where(LINE == 3, np.inf, LINE)}),
        ("not_finite", {"outcome": NOISE, "effects": np.where(ONE > 0, np.inf, ONE)}),
        ("nonconformable", {"outcome": NOISE[:100]}),
        ("nonconformable", {"outcome": NOISE, "groups": GROUP[:100]}),
        ("nonconformable", {"outcome": NOISE, "effects": LINE, "structure": Identity(3)}),
        ("nonconformable", {"outcome": NOISE, "effects": np.zeros((180, 0))}),
    ],
)
def test_refusals(kind: str, parts: dict[str, Any]) -> None:
    with np.errstate(all="ignore"), pytest.raises(EstimationError) as failure:
        fit(**parts)
    assert failure.value.kind == kind
    assert failure.value.message


def test_too_few_observations() -> None:
    few = slice(0, 2)
    small = model(NOISE[few], LINE[few], GROUP[few], ONE[few])
    with pytest.raises(EstimationError) as failure:
        fit_linear_mixed_model(small)
    assert failure.value.kind == "insufficient_observations"
    with pytest.raises(EstimationError) as failure:
        LinearMixedModel(np.zeros(0), np.zeros((0, 1)))
    assert failure.value.kind == "no_observations"


def test_outcome_constant_within_groups_has_no_likelihood() -> None:
    with np.errstate(all="ignore"), pytest.raises(EstimationError) as failure:
        fit(outcome=np.random.default_rng(6).normal(size=30)[GROUP])
    assert failure.value.kind in ("likelihood_undefined", "no_residual_variation")


def test_undetermined_parameters_are_missing_and_others_are_not() -> None:
    hessian = -np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 4.0]])
    covariance, singular = covariance_from_hessian(hessian)
    assert singular
    np.testing.assert_allclose(np.diagonal(covariance)[[0, 2]], [0.5, 0.25])
    assert np.isnan(covariance[1]).all() and np.isnan(covariance[:, 1]).all()
    together = -np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    covariance, singular = covariance_from_hessian(together)
    assert singular and np.isnan(np.diagonal(covariance)).tolist() == [True, True, False]
    covariance, singular = covariance_from_hessian(-np.diag([1e-12, 1e12]))
    assert not singular
    np.testing.assert_allclose(np.diagonal(covariance), [1e12, 1e-12])


def test_logarithm_scale_near_zero_variance() -> None:
    means = np.bincount(GROUP, NOISE) / 6
    options = FitOptions(scale="logarithm")
    result = fit_linear_mixed_model(model(NOISE - means[GROUP]), "ml", options)
    assert result.log_likelihood == pytest.approx(result.linear.log_likelihood, abs=1e-4)
