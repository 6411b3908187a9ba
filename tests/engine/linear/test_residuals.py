"""Structured residuals: likelihood, gradient and fits against the whole matrix V and nlme."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.data.recipes import build
from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.fit import FitOptions, LinearMixedFit, fit_linear_mixed_model
from statalike.engine.linear.information import log_likelihood
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.prediction import predict_random_effects
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.residual_likelihood import ResidualLikelihood
from statalike.engine.linear.variance_parameters import variance_parameters
from statalike.engine.linear.whitening import residual_covariance, standardised_residuals
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    BandedResiduals,
    ExchangeableResiduals,
    ExponentialResiduals,
    IndependentResiduals,
    MovingAverageResiduals,
    ResidualStructure,
    ToeplitzResiduals,
    UnstructuredResiduals,
)
from tests.engine.linear import dense

Array = NDArray[np.float64]

STRUCTURES: dict[str, ResidualStructure] = {
    "independent": IndependentResiduals(),
    "exchangeable": ExchangeableResiduals(),
    "exponential": ExponentialResiduals(),
    "ar1": AutoregressiveResiduals(1),
    "ar2": AutoregressiveResiduals(2),
    "ma2": MovingAverageResiduals(2),
    "toeplitz": ToeplitzResiduals((1, 2)),
    "unstructured": UnstructuredResiduals(8, 7),
    "banded": BandedResiduals(8, 1),
}
# Whether there are random effects of regions and of people, and whether times are balanced.
DESIGNS = {
    "marginal, balanced": (False, False, True),
    "marginal, gaps": (False, False, False),
    "slopes of people, balanced": (False, True, True),
    "slopes of people, gaps": (False, True, False),
    "three levels": (True, True, False),
    "regions only": (True, False, False),
}


def make(
    structure: ResidualStructure, regions: bool, people: bool, balanced: bool, by_count: int = 2
) -> LinearMixedModel:
    """30 people in 5 regions at up to 8 times, in random order."""
    rng = np.random.default_rng(3)
    rows: list[tuple[int, int, int, int]] = []
    for person in range(30):
        times = np.arange(4)
        if not balanced:
            times = np.sort(rng.choice(8, rng.integers(1, 6), replace=False))
        rows += [(person // 6, person, int(t), person % by_count) for t in times]
    region, person, time, by = np.array(rows)[rng.permutation(len(rows))].T
    n = len(rows)
    if structure.by_observation:
        by = rng.integers(0, by_count, n)
    x = rng.normal(size=n)
    fixed = np.column_stack([np.ones(n), x, time])
    outcome = fixed @ [1.0, 2.0, 0.1] + rng.normal(size=5)[region] + rng.normal(size=30)[person]
    levels = []
    if regions:
        levels.append(Level(region, (RandomEffects(np.ones((n, 1)), Identity(1)),)))
    if people:
        z = np.column_stack([np.ones(n), time if balanced else x])
        levels.append(Level(person, (RandomEffects(z, Unstructured(2)),)))
    groups = (region, person) if regions else (person,)
    errors = ResidualErrors(ResidualFamily(structure, by_count), groups, time.astype(float), by)
    return LinearMixedModel(outcome + rng.normal(size=n), fixed, tuple(levels), errors)


def whole_matrix(
    model: LinearMixedModel, covariances: list[list[Array]], variance: float, parameters: Array
) -> Array:
    """V, with Lambda built pair by pair of observations."""
    errors = model.errors
    assert errors is not None and errors.times is not None and errors.by is not None
    n = model.observations
    key = np.zeros(n, dtype=int)
    for codes in errors.groups:
        key = np.unique(np.column_stack([key, codes]), axis=0, return_inverse=True)[1].ravel()
    if errors.family.structure.by_observation:
        key = np.arange(n)
    v = dense.covariance_of_outcome(model, covariances, variance) - variance * np.eye(n)
    for number in np.unique(key):
        rows = np.flatnonzero(key == number)
        block = errors.family.covariance(parameters, errors.by[rows[:1]], errors.times[rows][None])
        v[np.ix_(rows, rows)] += variance * block[0]
    return v


def dense_value(model: LinearMixedModel, v: Array, restricted: bool) -> float:
    x, y = model.fixed, model.outcome
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    e = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    freedom = len(y) - (x.shape[1] if restricted else 0)
    value = freedom * np.log(2 * np.pi) + np.linalg.slogdet(v)[1] + e @ inverse @ e
    if restricted:
        value += np.linalg.slogdet(information)[1]
    return float(-0.5 * value)


def covariances_of(model: LinearMixedModel) -> list[list[Array]]:
    two = np.array([[0.5, 0.1], [0.1, 0.3]])
    return [[two if level.effect_count == 2 else np.array([[0.4]])] for level in model.levels]


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS.keys())
@pytest.mark.parametrize("restricted", [False, True], ids=["ml", "reml"])
def test_likelihood_and_gradient(
    structure: ResidualStructure, design: tuple[bool, bool, bool], restricted: bool
) -> None:
    model = make(structure, *design)
    assert model.errors is not None
    family = model.errors.family
    rng = np.random.default_rng(5)
    parameters = family.from_search(family.start() + 0.1 * rng.normal(size=family.count))[0]
    products = reduce_to_cross_products(model)
    scales = variance_parameters(products.levels)
    covariances, variance = covariances_of(model), 1.3
    working = np.zeros(0)
    if model.levels:
        flat = [matrix for level in covariances for matrix in level]
        working = scales.to_working @ scales.relative(flat, variance)
    likelihood = ResidualLikelihood(products, model.errors, restricted)
    at = likelihood.at(parameters)
    assert at is not None
    parts = at.linear.evaluate(working, 2)
    log_sd = 0.5 * np.log(variance)
    freedom = parts.degrees_of_freedom
    found = log_likelihood(freedom, parts.log_determinant, parts.sum_of_squares, log_sd)

    def expected(x: Array) -> float:
        return dense_value(model, whole_matrix(model, covariances, variance, x), restricted)

    assert found == pytest.approx(expected(parameters), abs=1e-9)
    determinants, sums = likelihood.values(parameters[None], working[None])
    assert log_likelihood(freedom, determinants, sums, log_sd)[0] == pytest.approx(found, abs=1e-9)
    gradient = at.residual_gradient(working, parts, 1.0 / variance)
    for k in rng.permutation(family.count)[:3]:
        move = np.zeros(family.count)
        move[k] = 1e-4
        slope = (expected(parameters + move) - expected(parameters - move)) / 2e-4
        assert gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-5)


def test_lambda_that_is_not_positive_definite_is_outside() -> None:
    model = make(ToeplitzResiduals((1, 2)), False, False, True, by_count=1)
    assert model.errors is not None
    likelihood = ResidualLikelihood(reduce_to_cross_products(model), model.errors, False)
    assert likelihood.at(np.arctanh([0.9, -0.9])) is None
    assert np.isnan(likelihood.values(np.arctanh([[0.9, -0.9]]), np.zeros((1, 0)))[0][0])


@pytest.mark.parametrize("name", ["exponential", "ar2", "ma2", "toeplitz", "exchangeable"])
@pytest.mark.parametrize("method", ["ml", "reml"])
def test_the_gradient_vanishes_at_the_fit(name: str, method: str) -> None:
    model = make(STRUCTURES[name], False, False, False)
    fit = fit_linear_mixed_model(
        model, "reml" if method == "reml" else "ml", FitOptions(finite_differences=False)
    )
    assert fit.converged
    residual = fit.estimates[1:]

    def value(log_sd: float, parameters: Array) -> float:
        v = whole_matrix(model, [], np.exp(2 * log_sd), parameters)
        return dense_value(model, v, method == "reml")

    best = value(fit.estimates[0], residual)
    assert best == pytest.approx(fit.log_likelihood, abs=1e-9)
    for k in range(len(residual)):
        for step in (-0.01, 0.01):
            moved = residual.copy()
            moved[k] += step
            assert value(fit.estimates[0], moved) < best


def test_standard_errors_are_those_of_the_dense_hessian() -> None:
    model = make(AutoregressiveResiduals(2), True, False, False, by_count=1)
    fit = fit_linear_mixed_model(model, "reml", FitOptions(finite_differences=False))

    def value(x: Array) -> float:
        covariance = np.array([[np.exp(2 * x[0])]])
        v = whole_matrix(model, [[covariance]], float(np.exp(2 * x[1])), x[2:])
        return dense_value(model, v, True)

    count, step = len(fit.estimates), 1e-3
    hessian = np.empty((count, count))
    moves = step * np.eye(count)
    x = fit.estimates
    for i in range(count):
        for j in range(count):
            a, b = moves[i], moves[j]
            hessian[i, j] = (
                value(x + a + b) - value(x + a - b) - value(x - a + b) + value(x - a - b)
            ) / (4 * step**2)
    expected = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    np.testing.assert_allclose(np.sqrt(np.diag(fit.parameter_covariance)), expected, rtol=1e-3)


def test_predictions_are_those_of_the_dense_formula() -> None:
    model = make(AutoregressiveResiduals(1), True, True, False)
    assert model.errors is not None
    parameters = np.array([0.3, 0.5, -0.2])
    covariances, variance = covariances_of(model), 1.3
    v = whole_matrix(model, covariances, variance, parameters)
    inverse = np.linalg.inv(v)
    x = model.fixed
    information = np.linalg.inv(x.T @ inverse @ x)
    b = information @ x.T @ inverse @ model.outcome
    found = predict_random_effects(model, b, covariances, variance, True, parameters)
    p = inverse - inverse @ x @ information @ x.T @ inverse
    keys = dense.nested_keys(model)
    for level, key, covariance, effects in zip(model.levels, keys, covariances, found, strict=True):
        z = dense.level_design(level)
        for i in range(0, model.observations, 7):
            own = z * (key == key[i])[:, None] @ covariance[0]
            np.testing.assert_allclose(
                effects.effects[effects.group[i]],
                own.T @ inverse @ (model.outcome - x @ b),
                atol=1e-9,
            )
            errors = np.sqrt(np.diag(covariance[0] - own.T @ p @ own))
            np.testing.assert_allclose(effects.standard_errors[effects.group[i]], errors, atol=1e-9)


def test_standardised_residuals() -> None:
    model = make(AutoregressiveResiduals(1), False, False, False)
    assert model.errors is not None
    parameters = np.array([0.3, 0.5, -0.2])
    covariance = whole_matrix(model, [], 2.0, parameters)
    n = model.observations
    np.testing.assert_allclose(residual_covariance(model.errors, parameters, 2.0, n), covariance)
    e = model.outcome
    found = standardised_residuals(model.errors, parameters, 2.0, e)
    assert found @ found == pytest.approx(e @ np.linalg.solve(covariance, e))


def test_order_of_observations_does_not_matter() -> None:
    model = make(AutoregressiveResiduals(1), True, True, False)
    errors = model.errors
    assert errors is not None and errors.times is not None and errors.by is not None
    order = np.argsort(errors.groups[1] * 100 + errors.times)
    sorted_model = LinearMixedModel(
        model.outcome[order],
        model.fixed[order],
        tuple(
            Level(
                level.groups[order],
                tuple(replace(e, covariates=e.covariates[order]) for e in level.effects),
            )
            for level in model.levels
        ),
        ResidualErrors(
            errors.family,
            tuple(codes[order] for codes in errors.groups),
            errors.times[order],
            errors.by[order],
        ),
    )
    first, second = fit_linear_mixed_model(model), fit_linear_mixed_model(sorted_model)
    assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=1e-6)


def test_residuals_of_equal_variance_by_heteroskedastic_structure() -> None:
    """Banded matrices of order 0 and independent residuals by time are the same model."""
    banded = make(BandedResiduals(8, 0), False, False, False, by_count=1)
    assert banded.errors is not None and banded.errors.times is not None
    codes = np.unique(banded.errors.times, return_inverse=True)[1]
    errors = ResidualErrors(ResidualFamily(IndependentResiduals(), 8), banded.errors.groups)
    independent = replace(banded, errors=replace(errors, by=codes))
    first, second = fit_linear_mixed_model(banded), fit_linear_mixed_model(independent)
    assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(first.estimates, second.estimates, atol=1e-5)


# --- nlme 3.1.162 (R 4.2.2), lme() and gls() with tolerances of 1e-12 -----------------------------


def ovary(structure: ResidualStructure, method: str, random: bool = True) -> LinearMixedFit:
    data = build("ovary")
    n = data.n
    mare = data.numbers("mare").astype(int)
    fixed = np.column_stack([np.ones(n), data.numbers("sin1"), data.numbers("cos1")])
    effects = (RandomEffects(np.ones((n, 1)), Identity(1)),)
    model = LinearMixedModel(
        data.numbers("follicles"),
        fixed,
        (Level(mare, effects),) if random else (),
        ResidualErrors(ResidualFamily(structure), (mare,), data.numbers("time")),
    )
    return fit_linear_mixed_model(model, "reml" if method == "reml" else "ml")


@pytest.mark.parametrize(
    ("order", "method", "value", "sine", "error", "random", "variance", "correlations"),
    [
        (1, "reml", -775.223348784, -2.947282762, 0.502589518, 7.8807524, 13.4355246, [0.60744228]),
        (1, "ml", -776.517310890, -2.958618894, 0.493505500, 7.0954714, 13.0809774, [0.597466468]),
        (
            2, "reml", -772.598553692, -2.899227183, 0.511078623, 7.0925959, 14.2510436,
            [0.538610493, 0.144671229],
        ),
        (
            2, "ml", -773.965417012, -2.908494694, 0.503190026, 6.3719592, 13.8154980,
            [0.530446365, 0.142710532],
        ),
    ],
)  # fmt: skip
def test_autoregressive_residuals_of_ovary(
    order: int,
    method: str,
    value: float,
    sine: float,
    error: float,
    random: float,
    variance: float,
    correlations: list[float],
) -> None:
    fit = ovary(AutoregressiveResiduals(order), method)
    assert fit.log_likelihood == pytest.approx(value, abs=2e-6)
    assert fit.coefficients[1] == pytest.approx(sine, abs=1e-5)
    assert np.sqrt(fit.coefficient_covariance[1, 1]) == pytest.approx(error, abs=1e-5)
    assert fit.covariances[0][0][0, 0] == pytest.approx(random, rel=1e-4)
    assert fit.residual_variance == pytest.approx(variance, rel=1e-5)
    found = np.tanh(fit.estimates[2:]) if order == 1 else fit.estimates[2:]
    np.testing.assert_allclose(found, correlations, atol=2e-5)


def test_moving_average_residuals_of_ovary() -> None:
    fit = ovary(MovingAverageResiduals(2), "reml")
    assert fit.log_likelihood == pytest.approx(-780.447550271, abs=2e-5)
    assert fit.covariances[0][0][0, 0] == pytest.approx(8.7436121, rel=2e-4)
    np.testing.assert_allclose(fit.estimates[2:], [0.51505024, 0.28874606], atol=5e-5)


def test_exchangeable_residuals_of_ovary() -> None:
    fit = ovary(ExchangeableResiduals(), "reml", random=False)
    assert fit.log_likelihood == pytest.approx(-829.680150155, abs=2e-6)
    assert fit.residual_variance == pytest.approx(20.812941041, rel=1e-4)
    assert np.tanh(fit.estimates[1]) == pytest.approx(0.444424189, abs=1e-4)


# Distances (mm) from pituitary to pterygomaxillary fissure at ages 8, 10, 12, 14: 16 boys, 11 girls
# (Potthoff and Roy 1964).
_GROWTH = """
    26 25 29 31  21.5 22.5 23 26.5  23 22.5 24 27.5  25.5 27.5 26.5 27  20 23.5 22.5 26
    24.5 25.5 27 28.5  22 22 24.5 26.5  24 21.5 24.5 25.5  23 20.5 31 26  27.5 28 31 31.5
    23 23 23.5 25  21.5 23.5 24 28  17 24.5 26 29.5  22.5 25.5 25.5 26  23 24.5 26 30
    22 21.5 23.5 25  21 20 21.5 23  21 21.5 24 25.5  20.5 24 24.5 26  23.5 24.5 25 26.5
    21.5 23 22.5 23.5  20 21 21 22.5  21.5 22.5 23 25  23 23 23.5 24  20 21 22 21.5
    16.5 19 19 19.5  24.5 25 28 28
"""
GROWTH = np.array(_GROWTH.split(), dtype=float)
AGE = np.tile([8.0, 10.0, 12.0, 14.0], 27)
CHILD = np.repeat(np.arange(27), 4)


@pytest.mark.parametrize(
    ("method", "value", "slope", "error", "variance", "ratios", "correlations"),
    [
        (
            "ml", -215.853859439, 0.674650686, 0.0695632515, 5.77319348646,
            [0.882232212, 1.150768977, 1.131009181],
            [0.615574423, 0.707547119, 0.600459306, 0.633585997, 0.755360950, 0.794580556],
        ),
        (
            "reml", -217.624633955, 0.674650990, 0.0702290313, 5.93352867718,
            [0.885471648, 1.149609692, 1.136140040],
            [0.625236287, 0.709496678, 0.600645984, 0.642609615, 0.758604925, 0.799485501],
        ),
    ],
)  # fmt: skip
def test_unstructured_residuals_of_growth(
    method: str,
    value: float,
    slope: float,
    error: float,
    variance: float,
    ratios: list[float],
    correlations: list[float],
) -> None:
    errors = ResidualErrors(ResidualFamily(UnstructuredResiduals(4, 3)), (CHILD,), (AGE - 8) / 2)
    fixed = np.column_stack([np.ones(108), AGE])
    model = LinearMixedModel(GROWTH, fixed, (), errors)
    fit = fit_linear_mixed_model(model, "reml" if method == "reml" else "ml")
    assert fit.log_likelihood == pytest.approx(value, abs=1e-6)
    assert fit.coefficients[1] == pytest.approx(slope, abs=1e-5)
    # gls() divides by n - p in standard errors, by maximum likelihood too.
    inflation = np.sqrt(108 / 106) if method == "ml" else 1.0
    found = inflation * np.sqrt(fit.coefficient_covariance[1, 1])
    assert found == pytest.approx(error, rel=1e-4)
    assert fit.residual_variance == pytest.approx(variance, rel=1e-4)
    np.testing.assert_allclose(np.exp(fit.estimates[1:4]), ratios, rtol=1e-4)
    np.testing.assert_allclose(np.tanh(fit.estimates[4:]), correlations, atol=1e-4)


def test_heteroskedastic_residuals_of_growth() -> None:
    girl = (CHILD >= 16).astype(int)
    fixed = np.column_stack([np.ones(108), AGE, girl, AGE * girl])
    errors = ResidualErrors(ResidualFamily(IndependentResiduals(), 2), (CHILD,), None, girl)
    effects = (RandomEffects(np.ones((108, 1)), Identity(1)),)
    model = LinearMixedModel(GROWTH, fixed, (Level(CHILD, effects),), errors)
    fit = fit_linear_mixed_model(model, "reml")
    assert fit.log_likelihood == pytest.approx(-207.610239786, abs=1e-6)
    assert fit.covariances[0][0][0, 0] == pytest.approx(3.41351661, rel=1e-4)
    assert fit.residual_variance == pytest.approx(2.78830882, rel=1e-4)
    assert np.exp(fit.estimates[2]) == pytest.approx(0.46789442, rel=1e-4)
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.coefficient_covariance)),
        [1.1450944884, 0.0933459430, 1.4039841794, 0.1071827951],
        rtol=1e-4,
    )
