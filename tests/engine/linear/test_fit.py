"""Fits against printed and published results."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import Exchangeable, Identity, Unstructured
from statalike.engine.linear.fit import (
    FitOptions,
    LinearMixedFit,
    Method,
    StartingValues,
    fit_linear_mixed_model,
)
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.regression import fit_regression
from statalike.engine.newton_raphson import ConvergenceRules, IterationRecord
from tests.engine.linear import dense
from tests.engine.linear.examples import (
    dyestuff,
    pastes,
    pig,
    productivity,
    sleepstudy,
    veneer,
    winer,
)
from tests.shared import needs_shared

Array = NDArray[np.float64]

Z95 = 1.959963984540054


def variances(fit: LinearMixedFit) -> tuple[Array, Array, Array, Array]:
    """Variances with delta-method standard errors and intervals built on the log scale."""
    keep = [k for k, p in enumerate(fit.parameters) if p.kind == "lnsd"]
    log_sd = fit.estimates[keep]
    error = np.sqrt(np.diagonal(fit.parameter_covariance))[keep]
    value = np.exp(2 * log_sd)
    ends = [np.exp(2 * (log_sd + sign * Z95 * error)) for sign in (-1, 1)]
    return value, 2 * value * error, ends[0], ends[1]


def printed(values: Array) -> list[float]:
    """As a column of nine characters shows them: seven digits, seven decimals at most."""
    return [
        float(f"{value:.7g}") if abs(value) >= 1 else round(float(value), 7) for value in values
    ]


@needs_shared
def test_pig_random_intercept_to_every_printed_digit() -> None:
    """[ME] me, example 1."""
    fit = fit_linear_mixed_model(pig("intercept"))
    assert fit.log_likelihood == pytest.approx(-1014.9268, abs=5e-5)
    assert printed(fit.coefficients) == [6.209896, 19.35561]
    errors = np.sqrt(np.diagonal(fit.coefficient_covariance))
    assert printed(errors) == [0.0390124, 0.5974059]
    value, error, low, high = variances(fit)
    assert printed(value) == [14.81751, 4.383264]
    assert printed(error) == [3.124225, 0.3163348]
    assert printed(low) == [9.801716, 3.805112]
    assert printed(high) == [22.40002, 5.04926]
    assert 2 * (fit.log_likelihood - fit.linear.log_likelihood) == pytest.approx(472.65, abs=5e-3)


@needs_shared
def test_pig_random_slope_reml_to_every_printed_digit() -> None:
    """[ME] mixed, Likelihood versus restricted likelihood."""
    fit = fit_linear_mixed_model(pig("independent"), "reml")
    assert fit.log_likelihood == pytest.approx(-870.51473, abs=5e-6)
    assert fit.optimum is not None
    log = [(entry.iteration, f"{entry.value:.5f}") for entry in fit.optimum.log]
    assert log == [(0, "-870.51473"), (1, "-870.51473")]
    errors = np.sqrt(np.diagonal(fit.coefficient_covariance))
    assert printed(errors) == [0.0916387, 0.4021144]
    value, error, low, high = variances(fit)
    assert printed(value) == [0.3764405, 6.917604, 1.598784]
    assert printed(error) == [0.0827027, 1.593247, 0.1234011]
    assert printed(low) == [0.2447317, 4.404624, 1.374328]
    assert printed(high) == [0.5790317, 10.86432, 1.859898]


@needs_shared
def test_pig_unstructured_to_every_printed_digit() -> None:
    """[ME] mixed postestimation, example 1, with estat sd's correlation."""
    fit = fit_linear_mixed_model(pig("unstructured"))
    assert fit.log_likelihood == pytest.approx(-868.96185, abs=5e-6)
    value, error, low, high = variances(fit)
    assert printed(value) == [0.3715251, 6.823363, 1.596829]
    assert printed(error) == [0.0812958, 1.566194, 0.123198]
    assert printed(low) == [0.2419532, 4.351297, 1.372735]
    assert printed(high) == [0.570486, 10.69986, 1.857505]
    assert fit.covariances[0][0][0, 1] == pytest.approx(-0.0984378, abs=5e-8)
    kinds = [(p.kind, p.i, p.j) for p in fit.parameters]
    assert kinds == [("lnsd", 0, 0), ("lnsd", 1, 1), ("atanhcorr", 0, 1), ("lnsd", 0, 0)]
    assert np.tanh(fit.estimates[2]) == pytest.approx(-0.0618257, abs=5.1e-8)
    slope = 1 - np.tanh(fit.estimates[2]) ** 2
    error_of_correlation = slope * np.sqrt(fit.parameter_covariance[2, 2])
    assert error_of_correlation == pytest.approx(0.1575911, abs=1e-7)


@needs_shared
def test_productivity_three_levels() -> None:
    """[ME] mixed, example 4."""
    fit = fit_linear_mixed_model(productivity())
    assert fit.log_likelihood == pytest.approx(1430.5017, abs=5e-5)
    expected = [0.2671484, 0.754072, 0.0709767, 0.0761187, -0.0999955, -0.0058983, 2.128823]
    np.testing.assert_allclose(fit.coefficients, expected, atol=2e-7)
    errors = [0.0212591, 0.0261868, 0.023041, 0.0139248, 0.0169366, 0.0009031, 0.1543854]
    found = np.sqrt(np.diagonal(fit.coefficient_covariance))
    np.testing.assert_allclose(found, errors, atol=1.1e-7)
    value, error, low, high = variances(fit)
    np.testing.assert_allclose(value, [0.0014506, 0.0062757, 0.0013461], atol=5.1e-8)
    np.testing.assert_allclose(error, [0.0012995, 0.0014871, 0.0000689], atol=5.1e-8)
    np.testing.assert_allclose(low, [0.0002506, 0.0039442, 0.0012176], atol=5.1e-8)
    np.testing.assert_allclose(high, [0.0083957, 0.0099855, 0.0014882], atol=5.1e-8)
    assert [len(sizes) for sizes in fit.group_sizes] == [9, 48]
    test = 2 * (fit.log_likelihood - fit.linear.log_likelihood)
    assert test == pytest.approx(1154.73, abs=5e-3)


@needs_shared
def test_winer_reml_to_every_printed_digit() -> None:
    """[ME] mixed, example 13."""
    fit = fit_linear_mixed_model(winer(), "reml")
    assert fit.log_likelihood == pytest.approx(-49.640099, abs=5e-7)
    errors = np.sqrt(np.diagonal(fit.coefficient_covariance))
    assert printed(errors) == [1.939072, 1.939072, 1.939072, 3.149604]
    value, error, low, high = variances(fit)
    assert printed(value) == [40.20004, 9.399997]
    assert printed(error) == [30.10272, 3.837532]
    assert printed(low) == [9.264606, 4.22305]
    assert printed(high) == [174.4319, 20.92325]


@needs_shared
def test_veneer_three_levels_reml() -> None:
    """[ME] mixed, example 7, without the residual structure."""
    fit = fit_linear_mixed_model(veneer(), "reml")
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(-420.92761, abs=5e-6)
    coefficients = [0.3009815, -0.0183127, -0.329303, -0.5773932, 45.73862]
    np.testing.assert_allclose(fit.coefficients, coefficients, rtol=2e-6, atol=1e-7)
    errors = [1.936863, 0.1433094, 0.5292525, 0.2139656, 12.55497]
    found = np.sqrt(np.diagonal(fit.coefficient_covariance))
    np.testing.assert_allclose(found, errors, rtol=2e-6)
    value, error, low, high = variances(fit)
    np.testing.assert_allclose(value, [41.88772, 524.9851, 47.45738, 48.86704], rtol=5e-6)
    np.testing.assert_allclose(error, [18.79997, 253.0205, 16.63034, 10.50523], rtol=1e-5)
    np.testing.assert_allclose(low, [17.38009, 204.1287, 23.8792, 32.06479], rtol=1e-5)
    np.testing.assert_allclose(high, [100.9535, 1350.175, 94.3165, 74.47382], rtol=1e-5)
    assert fit.covariances[0][0][0, 1] == pytest.approx(-140.4229, rel=5e-6)


def test_sleepstudy_reml() -> None:
    """Bates, Maechler, Bolker and Walker (2015), J. Stat. Soft. 67(1), section 5."""
    fit = fit_linear_mixed_model(sleepstudy(), "reml")
    assert -2 * fit.log_likelihood == pytest.approx(1743.6, abs=0.05)
    assert fit.log_likelihood == pytest.approx(-871.8141, abs=5e-5)
    np.testing.assert_allclose(fit.coefficients, [10.467, 251.405], atol=5e-4)
    errors = np.sqrt(np.diagonal(fit.coefficient_covariance))
    np.testing.assert_allclose(errors, [1.546, 6.825], atol=6e-4)
    sd = np.sqrt(np.diagonal(fit.covariances[0][0]))
    np.testing.assert_allclose(sd, [5.922, 24.740], atol=2e-3)
    assert fit.covariances[0][0][0, 1] / np.prod(sd) == pytest.approx(0.07, abs=5e-3)
    assert np.sqrt(fit.residual_variance) == pytest.approx(25.592, abs=5e-4)


def test_dyestuff() -> None:
    """Balanced one-way data: closed forms (Searle, Casella and McCulloch 1992, section 3.8), and
    the deviance 327.3271 that the lme4 and MixedModels packages document.
    """
    model = dyestuff()
    table = model.outcome.reshape(6, 5)
    within = np.sum((table - table.mean(axis=1, keepdims=True)) ** 2) / 24
    between = 5 * np.sum((table.mean(axis=1) - table.mean()) ** 2)
    exact = FitOptions(finite_differences=False)
    ml = fit_linear_mixed_model(model, "ml", exact)
    assert ml.residual_variance == pytest.approx(within, rel=1e-7)
    assert ml.covariances[0][0][0, 0] == pytest.approx((between / 6 - within) / 5, rel=1e-6)
    assert -2 * ml.log_likelihood == pytest.approx(327.3271, abs=5e-5)
    reml = fit_linear_mixed_model(model, "reml", exact)
    assert reml.covariances[0][0][0, 0] == pytest.approx((between / 5 - within) / 5, rel=1e-6)
    assert -2 * reml.log_likelihood == pytest.approx(319.6543, abs=5e-5)


def test_pastes_nested() -> None:
    """The Pastes data as documented with lme4 and MixedModels: deviance 247.9945."""
    fit = fit_linear_mixed_model(pastes())
    assert -2 * fit.log_likelihood == pytest.approx(247.9945, abs=5e-5)
    sd = [np.sqrt(level[0][0, 0]) for level in fit.covariances]
    np.testing.assert_allclose(sd, [1.095070, 2.904069], atol=5e-5)
    assert np.sqrt(fit.residual_variance) == pytest.approx(0.823409, abs=2e-5)
    assert fit.coefficients[0] == pytest.approx(60.0533, abs=5e-5)
    assert np.sqrt(fit.coefficient_covariance[0, 0]) == pytest.approx(0.642136, abs=5e-5)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_no_nearby_parameters_do_better(method: Method) -> None:
    rng = np.random.default_rng(21)
    model = dense.random_model(rng, [(20, [Unstructured(2)]), (3, [Identity(1)])], observations=150)
    fit = fit_linear_mixed_model(model, method, FitOptions(finite_differences=False))
    assert fit.converged
    best = dense.log_likelihood(model, fit.covariances, fit.residual_variance, method == "reml")
    assert fit.log_likelihood == pytest.approx(best, abs=1e-8)
    for _ in range(20):
        root = np.linalg.cholesky(fit.covariances[0][0]) + 0.05 * rng.normal(size=(2, 2))
        moved = [[root @ root.T], [fit.covariances[1][0] * rng.uniform(0.8, 1.2)]]
        variance = fit.residual_variance * rng.uniform(0.9, 1.1)
        assert dense.log_likelihood(model, moved, variance, method == "reml") < best


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_standard_errors_from_the_dense_likelihood(method: Method) -> None:
    """Observed information by differences of the dense likelihood on the estimation scale."""
    rng = np.random.default_rng(22)
    model = dense.random_model(rng, [(10, [Unstructured(2)]), (4, [Identity(1)])], observations=120)
    exact = fit_linear_mixed_model(model, method, FitOptions(finite_differences=False))
    structures = [level.effects[0].structure for level in model.levels]

    def value(x: Array) -> float:
        first = structures[0].matrix(structures[0].values_from_estimation(x[:3]))
        second = structures[1].matrix(structures[1].values_from_estimation(x[3:4]))
        return dense.log_likelihood(model, [[first], [second]], np.exp(2 * x[4]), method == "reml")

    count = len(exact.estimates)
    step = 1e-3
    hessian = np.empty((count, count))
    unit = step * np.eye(count)
    for i in range(count):
        for j in range(count):
            corners = [
                value(exact.estimates + a * unit[i] + b * unit[j])
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            hessian[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    expected = np.linalg.inv(-hessian)
    size = np.sqrt(np.diagonal(expected))
    difference = (exact.parameter_covariance - expected) / np.outer(size, size)
    assert np.max(np.abs(difference)) < 1e-3
    differenced = fit_linear_mixed_model(model, method)
    difference = (differenced.parameter_covariance - expected) / np.outer(size, size)
    assert np.max(np.abs(difference)) < 1e-3
    assert np.max(np.abs(differenced.estimates - exact.estimates) / size) < 1e-4


def test_both_scales_arrive_at_the_same_maximum() -> None:
    rng = np.random.default_rng(23)
    model = dense.random_model(rng, [(12, [Unstructured(3)])], observations=240)
    roots = fit_linear_mixed_model(model, "reml", FitOptions(finite_differences=False))
    logarithms = fit_linear_mixed_model(
        model, "reml", FitOptions(scale="logarithm", finite_differences=False)
    )
    assert logarithms.log_likelihood == pytest.approx(roots.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(logarithms.estimates, roots.estimates, atol=1e-4)


def test_given_starting_values_are_where_em_begins() -> None:
    model = sleepstudy()
    fit = fit_linear_mixed_model(model)
    start = StartingValues(fit.covariances, fit.residual_variance)
    again = fit_linear_mixed_model(model, "ml", FitOptions(start=start))
    assert again.em.values[0] == pytest.approx(fit.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(again.estimates, fit.estimates, rtol=1e-6)


def test_em_alone_climbs_to_the_maximum_without_standard_errors() -> None:
    model = sleepstudy()
    whole = fit_linear_mixed_model(model)
    lines: list[tuple[int, float]] = []
    options = FitOptions(em_only=True, em_iterations=2000)
    fit = fit_linear_mixed_model(model, "ml", options, lambda i, v: lines.append((i, v)))
    assert fit.converged and fit.optimum is None
    assert np.all(np.diff(fit.em.values) > -1e-9)
    assert [value for _, value in lines] == list(fit.em.values)
    assert fit.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-4)
    assert np.all(np.isnan(fit.parameter_covariance))


def test_newton_raphson_alone_arrives_too() -> None:
    fit = fit_linear_mixed_model(sleepstudy(), "reml", FitOptions(em_iterations=0))
    assert fit.converged and not fit.em.values
    assert fit.log_likelihood == pytest.approx(-871.8141, abs=5e-5)


def test_iterations_are_limited_and_reported() -> None:
    seen: list[IterationRecord] = []
    rules = ConvergenceRules(iterations=1)
    options = FitOptions(em_iterations=0, rules=rules)
    fit = fit_linear_mixed_model(sleepstudy(), "ml", options, on_iteration=seen.append)
    assert not fit.converged
    assert [entry.iteration for entry in seen] == [0, 1]


def test_interrupting_leaves_nothing_behind() -> None:
    def stop(record: IterationRecord) -> None:
        raise KeyboardInterrupt

    model = sleepstudy()
    with pytest.raises(KeyboardInterrupt):
        fit_linear_mixed_model(model, on_iteration=stop)
    assert fit_linear_mixed_model(model).converged


def test_no_standard_errors_when_not_wanted() -> None:
    fit = fit_linear_mixed_model(sleepstudy(), "ml", FitOptions(standard_errors=False))
    assert np.all(np.isnan(fit.parameter_covariance)) and not fit.singular
    assert np.all(np.isfinite(fit.coefficient_covariance))


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_without_levels_it_is_linear_regression(method: Method) -> None:
    rng = np.random.default_rng(24)
    model = dense.random_model(rng, [])
    fit = fit_linear_mixed_model(model, method)
    expected = dense.log_likelihood(model, [], fit.residual_variance, method == "reml")
    assert fit.log_likelihood == pytest.approx(expected, abs=1e-9)
    regression = fit_regression(model.outcome, model.fixed, method == "reml")
    assert regression.log_likelihood == fit.log_likelihood
    ordinary = np.linalg.lstsq(model.fixed, model.outcome, rcond=None)[0]
    np.testing.assert_allclose(fit.coefficients, ordinary)
    step = 1e-4
    second = sum(
        sign
        * dense.log_likelihood(model, [], np.exp(2 * (fit.estimates[0] + move)), method == "reml")
        for move, sign in ((step, 1), (0.0, -2), (-step, 1))
    )
    assert fit.parameter_covariance[0, 0] == pytest.approx(-(step**2) / second, rel=1e-5)


def test_crossed_effects_as_many_effects_of_one_group() -> None:
    """``|| _all: R.a || b:`` against the dense likelihood."""
    rng = np.random.default_rng(25)
    n, rows, columns = 180, 12, 15
    a, b = rng.integers(0, rows, n), rng.integers(0, columns, n)
    y = rng.normal(size=rows)[a] + 0.7 * rng.normal(size=columns)[b] + rng.normal(size=n)
    one = np.ones((n, 1))
    model = LinearMixedModel(
        y,
        one,
        (
            Level(np.zeros(n, dtype=np.intp), (RandomEffects(np.eye(rows)[a], Identity(rows)),)),
            Level(b, (RandomEffects(one, Identity(1)),)),
        ),
    )
    fit = fit_linear_mixed_model(model)
    assert fit.converged
    best = dense.log_likelihood(model, fit.covariances, fit.residual_variance, False)
    assert fit.log_likelihood == pytest.approx(best, abs=1e-8)
    for factor in (0.8, 1.25):
        for level in (0, 1):
            moved = [
                [matrix * (factor if k == level else 1.0) for matrix in matrices]
                for k, matrices in enumerate(fit.covariances)
            ]
            assert dense.log_likelihood(model, moved, fit.residual_variance, False) < best


def test_exchangeable_parameters_are_shared() -> None:
    rng = np.random.default_rng(26)
    model = dense.random_model(rng, [(25, [Exchangeable(3)])], observations=250)
    fit = fit_linear_mixed_model(model)
    matrix = fit.covariances[0][0]
    assert [p.kind for p in fit.parameters] == ["lnsd", "atanhcorr", "lnsd"]
    assert matrix[0, 0] == matrix[2, 2] and matrix[0, 1] == matrix[1, 2]
    assert matrix[0, 1] / matrix[0, 0] == pytest.approx(np.tanh(fit.estimates[1]))
