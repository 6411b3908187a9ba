"""Predicted random effects against Henderson's equations solved at full size."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import Identity
from statalike.engine.errors import EstimationError
from statalike.engine.linear.fit import fit_linear_mixed_model
from statalike.engine.linear.prediction import fitted_values, predict_random_effects
from tests.engine.linear import dense
from tests.engine.linear.examples import pig
from tests.engine.linear.test_likelihood import Levels, cases, restrictions
from tests.shared import needs_shared


@cases
@restrictions
@pytest.mark.parametrize("ordered", [True, False], ids=["sorted", "unsorted"])
def test_effects_and_errors(levels: Levels, restricted: bool, ordered: bool) -> None:
    rng = np.random.default_rng(14)
    model = dense.random_model(rng, levels, ordered=ordered)
    covariances = dense.random_covariances(rng, model)
    coefficients = rng.normal(size=3)
    expected = dense.henderson(model, coefficients, covariances, 1.7, restricted)
    predicted = predict_random_effects(model, coefficients, covariances, 1.7, restricted)
    fitted = model.fixed @ coefficients
    assert fitted_values(model, coefficients, predicted, -1) == pytest.approx(fitted)
    for number, level in enumerate(model.levels):
        effects = predicted[number].effects[predicted[number].group]
        errors = predicted[number].standard_errors[predicted[number].group]
        np.testing.assert_allclose(effects, expected.effects[number], atol=1e-9)
        np.testing.assert_allclose(errors, expected.errors[number], atol=1e-8)
        fitted = fitted + np.sum(dense.level_design(level) * effects, axis=1)
        through = fitted_values(model, coefficients, predicted, number)
        np.testing.assert_allclose(through, fitted, atol=1e-9)
    np.testing.assert_allclose(fitted_values(model, coefficients, predicted), fitted, atol=1e-9)


def test_zero_variance_predicts_zero() -> None:
    rng = np.random.default_rng(15)
    model = dense.random_model(rng, [(4, [Identity(1)]), (3, [Identity(1)])])
    covariances = [[np.zeros((1, 1))], [np.ones((1, 1))]]
    predicted = predict_random_effects(model, np.zeros(3), covariances, 1.0, True)
    assert np.all(predicted[0].effects == 0.0)
    assert np.all(predicted[0].standard_errors == 0.0)
    assert np.all(predicted[1].standard_errors > 0.0)


def test_a_residual_variance_must_be_positive() -> None:
    model = dense.random_model(np.random.default_rng(16), [(4, [Identity(1)])])
    with pytest.raises(EstimationError):
        predict_random_effects(model, np.zeros(3), [[np.eye(1)]], 0.0, False)


@needs_shared
def test_printed_predictions_of_the_pigs() -> None:
    """[ME] mixed postestimation, example 1: u1 (week) and u0 (constant) of pigs 1 to 10."""
    model = pig("unstructured")
    fit = fit_linear_mixed_model(model)
    predicted = predict_random_effects(
        model, fit.coefficients, fit.covariances, fit.residual_variance, False
    )[0]
    first = [0.2369444, -1.584127, -3.526551, 1.964378, 1.299236]
    slopes = [-0.3957636, 0.510038, 0.3200372, -0.7719702, -0.9241479]
    np.testing.assert_allclose(predicted.effects[:5, 1], first, atol=1e-6)
    np.testing.assert_allclose(predicted.effects[:5, 0], slopes, atol=1e-6)
    residual = model.outcome - fitted_values(model, fit.coefficients, [predicted])
    standardised = residual / np.sqrt(fit.residual_variance)
    assert standardised.std(ddof=1) == pytest.approx(0.8929356, abs=1e-6)
    assert standardised.min() == pytest.approx(-3.621446, abs=2e-6)
    assert standardised.max() == pytest.approx(3.000929, abs=2e-6)
