"""The likelihood of the linearised model, its derivatives and its steps, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.linear.residual_fit import JointObjective, estimation_gradient
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.fit import NonlinearFitOptions, fit_nonlinear_mixed_model
from statalike.engine.nonlinear.grouped_observations import grouped_observations
from statalike.engine.nonlinear.linearisation import Linearisation, linearise
from statalike.engine.nonlinear.model import Method, NonlinearMixedModel
from statalike.engine.nonlinear.parameters import from_estimates, to_estimates
from statalike.engine.nonlinear.penalised_least_squares import gauss_newton_step
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener, whitened_products
from statalike.engine.nonlinear.residuals import ResidualModel
from statalike.engine.nonlinear.variance_step import (
    LinearisedModel,
    VarianceEstimates,
    linearised_model,
)
from tests.engine.nonlinear import dense
from tests.engine.nonlinear.examples import Array
from tests.engine.nonlinear.simulated import STRUCTURES, simulated

METHODS: tuple[Method, ...] = ("ml", "reml")
NAMES = list(STRUCTURES)
START = np.array([3.0, 1.0, 0.9])


def at(
    model: NonlinearMixedModel,
) -> tuple[ResidualWhitener, Linearisation, VarianceEstimates, LinearisedModel]:
    """A linearisation about arbitrary effects, and variance parameters off their start."""
    observations = grouped_observations(model)
    whitener = ResidualWhitener(observations)
    rng = np.random.default_rng(3)
    effects = [0.2 * rng.normal(size=own.shape) for own in observations.no_effects()]
    here = linearise(observations, np.array([2.8, 1.1, 0.95]), effects)
    search = whitener.model.to_search(whitener.model.start(here.mean))
    residual = whitener.model.from_search(search + 0.2)[0]
    relative = np.array([1.7, 0.9, 0.6, 0.2])[: parameter_count(model)]
    values = VarianceEstimates(relative, 0.13, residual)
    linearised = linearised_model(whitener, here, residual, here.mean)
    return whitener, here, values, linearised


def parameter_count(model: NonlinearMixedModel) -> int:
    return sum(b.structure.parameter_count for level in model.levels for b in level.blocks)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_likelihood_is_multivariate_normal(name: str, method: Method) -> None:
    for levels in (0, 1, 2):
        model = simulated(STRUCTURES[name], method, levels)
        _, here, values, linearised = at(model)
        parts = linearised.parts(values)
        best = VarianceEstimates(values.relative, parts.residual_variance, values.residual)
        expected = dense.log_likelihood(model, here, best, here.mean)
        assert parts.profile_value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_that_of_differences(name: str, method: Method) -> None:
    model = simulated(STRUCTURES[name], method)
    _, here, values, linearised = at(model)
    own = to_estimates(model, values)
    own[len(own) - len(values.residual) :] = values.residual
    gradient = estimation_gradient(linearised.likelihood, linearised.scales, own)

    def value(point: Array) -> float:
        count = len(values.relative)
        reported = linearised.scales.values_from_estimation(point[:count])
        scale = float(np.exp(2.0 * point[count]))
        moved = VarianceEstimates(reported / scale, scale, point[count + 1 :])
        return dense.log_likelihood(model, here, moved, here.mean)

    step = 1e-5
    moves = step * np.eye(len(own))
    expected = [(value(own + move) - value(own - move)) / (2.0 * step) for move in moves]
    assert gradient == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_step_is_generalised_least_squares(name: str) -> None:
    model = simulated(STRUCTURES[name])
    whitener, here, values, _ = at(model)
    whitening = whitener.at(values.residual, here.mean)
    products = whitened_products(here, whitening)
    step = gauss_newton_step(products, values.relative)
    v = dense.covariance(model, here, values, here.mean)
    inverse = np.linalg.inv(v)
    x = here.fixed_design
    change = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ here.outcome)
    error = here.outcome - x @ change
    assert step.fixed == pytest.approx(change, rel=1e-8)
    assert step.expected == pytest.approx(error @ inverse @ error, rel=1e-9)
    weighted = inverse @ error
    outer = values.relative[0] * np.bincount(
        model.levels[0].groups, here.effects_design[:, 0] * weighted
    )
    assert step.effects[0][:, 0] == pytest.approx(outer, rel=1e-8)
    matrix = model.levels[1].blocks[0].structure.matrix(values.relative[1:])
    scores = np.stack(
        [np.bincount(model.levels[1].groups, here.effects_design[:, k] * weighted) for k in (1, 2)],
        axis=1,
    )
    assert step.effects[1] == pytest.approx(scores @ matrix, rel=1e-8)


@pytest.mark.parametrize("name", ["constant", "exponential", "autoregressive", "distinct"])
@pytest.mark.parametrize("method", METHODS)
def test_information_is_that_of_differences_with_fixed_effects_held(
    name: str, method: Method
) -> None:
    model = simulated(STRUCTURES[name], method, 1)
    fit = fit_nonlinear_mixed_model(model, START)
    observations = grouped_observations(model)
    here = linearise(observations, fit.fixed, fit.effects)

    def value(point: Array) -> float:
        values = from_estimates(model, point)
        return dense.log_likelihood(model, here, values, here.mean, hold_fixed=True)

    step = 1e-3
    moves = step * np.eye(len(fit.estimates))
    hessian = np.array(
        [
            [
                value(fit.estimates + a + b)
                - value(fit.estimates + a - b)
                - value(fit.estimates - a + b)
                + value(fit.estimates - a - b)
                for b in moves
            ]
            for a in moves
        ]
    ) / (4.0 * step**2)
    errors = np.sqrt(np.diagonal(np.linalg.inv(-hessian)))
    found = np.sqrt(np.diagonal(fit.parameter_covariance))
    assert found == pytest.approx(errors, rel=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_fits_end_where_both_steps_stay(name: str) -> None:
    model = simulated(STRUCTURES[name], levels=1)
    rules = ConvergenceRules(iterations=200, parameter_tolerance=1e-9, value_tolerance=0.0)
    fit = fit_nonlinear_mixed_model(model, START, NonlinearFitOptions(rules))
    assert fit.converged
    observations = grouped_observations(model)
    whitener = ResidualWhitener(observations)
    here = linearise(observations, fit.fixed, fit.effects)
    values = from_estimates(model, fit.estimates)
    products = whitened_products(here, whitener.at(values.residual, here.mean))
    step = gauss_newton_step(products, values.relative)
    assert np.max(np.abs(step.fixed)) < 1e-4
    assert np.max(np.abs(step.effects[0] - fit.effects[0])) < 1e-4
    linearised = linearised_model(whitener, here, values.residual, here.mean)
    objective = JointObjective(linearised.likelihood, linearised.scales, "square_root")
    working = linearised.scales.to_working @ values.relative
    gradient = objective.gradient(objective.parameters(working, values.residual))[1]
    assert np.max(np.abs(gradient)) < 1e-2


def test_variance_functions_have_their_derivatives() -> None:
    mean = np.linspace(0.5, 4.0, 36)
    for residuals in STRUCTURES.values():
        variance = residuals.variance
        point = variance.start(mean) + 0.3
        slopes = variance.slopes(point, mean)
        for k, move in enumerate(1e-6 * np.eye(len(point))):
            ahead, behind = (
                variance.log_scale(point + move, mean),
                variance.log_scale(point - move, mean),
            )
            assert slopes[k] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-8)


def test_reported_parameters_return() -> None:
    residuals = STRUCTURES["continuous time"]
    point = np.array([0.4, -0.2, 1.3])
    values, slopes = residuals.to_reported(point)
    assert values[2] == pytest.approx(1.0 / (1.0 + np.exp(-1.3)))
    assert slopes[2] == pytest.approx(values[2] * (1.0 - values[2]))
    assert residuals.from_reported(values) == pytest.approx(point)
    assert [p.kind for p in residuals.reported_parameters] == ["delta", "ln_cons", "corr"]
    assert ResidualModel().parameters == ()
