"""Fits without random effects against statsmodels and the reference logs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import optimize
from statsmodels.discrete.discrete_model import Logit, NegativeBinomial, Probit
from statsmodels.genmod.families import Poisson as PoissonPeer
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.miscmodels.ordinal_model import OrderedModel

from statalike.engine.errors import EstimationError
from statalike.engine.families.accelerated_failure_time import WeibullTime
from statalike.engine.families.censored_gaussian import CensoredGaussian
from statalike.engine.families.complementary_log_log import BernoulliCloglog
from statalike.engine.families.family import Family
from statalike.engine.families.gamma_survival import GammaTime
from statalike.engine.families.gaussian import Gaussian
from statalike.engine.families.logistic import BernoulliLogit, BinomialLogit
from statalike.engine.families.negative_binomial import (
    NegativeBinomialConstant,
    NegativeBinomialMean,
)
from statalike.engine.families.ordinal import OrdinalLogit, OrdinalProbit
from statalike.engine.families.poisson import Poisson
from statalike.engine.families.probit import BernoulliProbit
from statalike.engine.families.weibull import WeibullHazard
from statalike.engine.generalized.fixed_effects import (
    FixedEffectsFit,
    FixedEffectsObjective,
    fit_fixed_effects,
)
from statalike.engine.newton_raphson import ConvergenceRules
from tests.engine.families.examples import EXAMPLES, Example, slopes
from tests.shared import needs_shared, shared_path

Array = NDArray[np.float64]


def fit(
    family: Family,
    outcome: Array,
    design: Array,
    offset: Array | None = None,
    weights: Array | None = None,
) -> FixedEffectsFit:
    ones = np.flatnonzero(np.all(design == 1.0, axis=0))
    constant = int(ones[0]) if ones.size else None
    return fit_fixed_effects(family, outcome, design, offset, weights, constant, ConvergenceRules())


@pytest.fixture(scope="module")
def design() -> Array:
    random = np.random.default_rng(7)
    return np.column_stack([random.normal(size=(400, 2)), np.ones(400)])


COEFFICIENTS = np.array([0.5, -0.7, 0.4])


def test_binary_outcomes(design: Array) -> None:
    random = np.random.default_rng(8)
    y = (design @ COEFFICIENTS + random.logistic(size=400) > 0.0).astype(float)
    for family, peer in ((BernoulliLogit(), Logit), (BernoulliProbit(), Probit)):
        found = fit(family, y[None], design)
        expected = peer(y, design).fit(disp=0)
        np.testing.assert_allclose(found.coefficients, expected.params, rtol=1e-6)
        assert found.log_likelihood == pytest.approx(expected.llf, rel=1e-10)
        assert found.converged


def test_counts(design: Array) -> None:
    random = np.random.default_rng(9)
    offset = random.normal(size=400) / 2
    y = random.negative_binomial(2.0, 1 / (1 + np.exp(design @ COEFFICIENTS + offset) / 2.0))
    weights = random.integers(1, 4, size=400).astype(float)
    outcome = y[None].astype(float)
    found = fit(Poisson(), outcome, design, offset, weights)
    expected = GLM(y, design, PoissonPeer(), offset=offset, freq_weights=weights).fit()
    np.testing.assert_allclose(found.coefficients, expected.params, rtol=1e-6)
    assert found.log_likelihood == pytest.approx(expected.llf, rel=1e-10)
    for family, kind in ((NegativeBinomialMean(), "nb2"), (NegativeBinomialConstant(), "nb1")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer = NegativeBinomial(y, design, loglike_method=kind, offset=offset)
            expected = peer.fit(disp=0, method="bfgs", maxiter=500, gtol=1e-8)
        found = fit(family, outcome, design, offset)
        np.testing.assert_allclose(found.coefficients, expected.params[:-1], rtol=1e-4)
        assert np.exp(found.own[0]) == pytest.approx(expected.params[-1], rel=1e-4)
        assert found.log_likelihood == pytest.approx(expected.llf, rel=1e-9)


def test_ordered_categories(design: Array) -> None:
    random = np.random.default_rng(10)
    latent = design[:, :2] @ COEFFICIENTS[:2] + random.logistic(size=400)
    y = np.digitize(latent, [-1.0, 0.2, 1.5])
    for family, name in ((OrdinalLogit(4), "logit"), (OrdinalProbit(4), "probit")):
        found = fit(family, y[None].astype(float), design[:, :2])
        peer = OrderedModel(y, design[:, :2], distr=name)
        expected = peer.fit(disp=0, method="bfgs", gtol=1e-8)
        assert found.log_likelihood == pytest.approx(expected.llf, rel=1e-9)
        np.testing.assert_allclose(found.coefficients, expected.params[:2], rtol=1e-4)
        cutpoints = peer.transform_threshold_params(expected.params[2:])[1:-1]
        np.testing.assert_allclose(found.own, cutpoints, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_gradient_and_hessian_are_exact(example: Example) -> None:
    outcome = np.tile(example.outcome, 3)
    random = np.random.default_rng(11)
    n = outcome.shape[-1]
    matrix = np.column_stack([random.normal(size=n), np.ones(n)])
    offset = random.normal(0.0, 0.3, size=(n,))
    weights = random.uniform(0.5, 2.0, size=(n,))
    objective = FixedEffectsObjective(example.family, outcome, matrix, offset, weights)
    at = np.concatenate([[0.3, 0.1], example.own])
    value, gradient, hessian = objective(at, True)
    assert value == pytest.approx(objective(at, False)[0], rel=1e-12)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-13)
    for k, direction in enumerate(np.eye(len(at))):

        def moved(by: float, direction: Array = direction) -> Array:
            trial = objective(at + by * direction, True)
            return np.array([trial[0], *trial[1]])

        expected = slopes(moved, 0.004)
        scale = 1.0 + abs(value)
        np.testing.assert_allclose(gradient[k], expected[0], rtol=1e-6, atol=1e-8 * scale)
        size = 1.0 + float(np.max(np.abs(gradient)))
        np.testing.assert_allclose(hessian[k], expected[1:], rtol=1e-6, atol=1e-6 * size)


def test_a_gamma_regression_of_times_is_where_the_likelihood_is_largest(design: Array) -> None:
    random = np.random.default_rng(12)
    time = random.gamma(1.8, np.exp(design @ COEFFICIENTS) / 1.8)
    limit = random.exponential(3.0, size=400)
    outcome = np.stack([np.minimum(time, limit), 0.0 * time, (time <= limit).astype(float)])
    found = fit(GammaTime(), outcome, design)
    objective = FixedEffectsObjective(GammaTime(), outcome, design, None, None)

    def negative(parameters: Array) -> float:
        return -objective(parameters, False)[0]

    start = np.add([*found.coefficients, *found.own], 0.1)
    peer = optimize.minimize(negative, start, method="Nelder-Mead", options={"xatol": 1e-6})
    assert found.log_likelihood >= -float(peer.fun) - 1e-6
    np.testing.assert_allclose([*found.coefficients, *found.own], peer.x, atol=1e-3)


def test_without_a_constant_and_without_covariates() -> None:
    y = np.array([[0.0, 1.0, 1.0, 0.0, 1.0]])
    found = fit(BernoulliLogit(), y, np.zeros((5, 0)))
    assert found.log_likelihood == pytest.approx(5 * np.log(0.5))
    one = fit(BernoulliLogit(), y, np.array([[1.0], [2.0], [0.5], [-1.0], [-0.2]]))
    assert one.converged and one.coefficients.shape == (1,)


def test_an_impossible_outcome_is_an_error() -> None:
    with np.errstate(all="ignore"), pytest.raises(EstimationError):
        fit(Poisson(), np.array([[np.nan, 1.0]]), np.ones((2, 1)))


def columns(frame: pd.DataFrame, names: Sequence[str], constant: bool = True) -> Array:
    found = frame[list(names)].to_numpy(dtype=float)
    return np.column_stack([found, np.ones(len(found))]) if constant else found


def read(name: str) -> pd.DataFrame:
    path = shared_path("data", f"{name}.dta")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_stata(path, convert_categoricals=False)


def agree(found: FixedEffectsFit, printed: Sequence[float]) -> None:
    """The log is the printed one, to the digits there are, the last value printed once."""
    log = [record.value for record in found.optimum.log]
    assert len(log) - len(printed) in (0, 1)
    for value, expected in zip(log, [*printed, printed[-1]], strict=False):
        assert value == pytest.approx(expected, rel=5e-8, abs=1.1e-4)


@needs_shared
class TestReferenceLogs:
    """The "Fitting fixed-effects model" logs of the [ME] manual."""

    def test_binary(self) -> None:
        data = read("bangladesh")
        x = columns(data, ["urban", "age", "child1", "child2", "child3"])
        y = columns(data, ["c_use"], constant=False).T
        agree(fit(BernoulliLogit(), y, x), [-1229.5485, -1228.5268, -1228.5263])
        agree(fit(BernoulliProbit(), y, x), [-1228.8313, -1228.2466])
        data = read("union")
        data["southXyear"] = data.south * data.year
        x = columns(data, ["age", "grade", "not_smsa", "south", "year", "southXyear"])
        printed = [-14237.139, -13546.159, -13540.611, -13540.607]
        agree(fit(BernoulliCloglog(), columns(data, ["union"], False).T, x), printed)

    def test_binomial(self) -> None:
        data = read("admissions")
        y = columns(data, ["nadmitted", "napplied"], constant=False).T
        found = fit(BinomialLogit(), y, columns(data, ["female"]))
        agree(found, [-302.47786, -300.00004, -299.99934])

    def test_counts(self) -> None:
        data = read("drvisits")
        x = columns(data, ["reform", "age", "educ", "married", "badh", "loginc"])
        y = columns(data, ["numvisit"], constant=False).T
        agree(fit(Poisson(), y, x), [-9326.8542, -5989.7308, -5942.7581, -5942.7243])
        printed = [-4610.7165, -4563.4682, -4562.3241, -4562.3238]
        agree(fit(NegativeBinomialMean(), y, x), printed)
        data = read("melanoma")
        offset = np.log(data.expected.to_numpy(dtype=float))
        y, x = columns(data, ["deaths"], constant=False).T, columns(data, ["uv"])
        agree(fit(Poisson(), y, x, offset), [-2136.5847, -1723.8955, -1723.7727])

    def test_ordinal(self) -> None:
        data = read("tvsfpors")
        data["both"] = data.cc * data.tv
        x = columns(data, ["prethk", "cc", "tv", "both"], constant=False)
        y = np.unique(data.thk, return_inverse=True)[1].astype(float)[None]
        agree(fit(OrdinalLogit(4), y, x), [-2212.775, -2125.509, -2125.1034, -2125.1032])
        agree(fit(OrdinalProbit(4), y, x), [-2212.775, -2127.8111, -2127.7612])

    def test_survival(self) -> None:
        data = read("catheter")
        x = columns(data, ["age", "female"])
        time = data.time.to_numpy(dtype=float)
        y = np.stack([time, 0.0 * time, data.infect.to_numpy(dtype=float)])
        printed = [-1700989.9, -440.1998, -336.62162, -334.64937, -334.57959, -334.57944]
        agree(fit(WeibullHazard(), y, x), printed)
        printed = [-346.46486, -343.29515, -335.0513, -334.58308, -334.57944]
        agree(fit(WeibullTime(), y, x), printed)
        found = fit(GammaTime(), y, x)
        assert found.optimum.log[0].value == pytest.approx(-351.17349, abs=1e-5)
        assert found.log_likelihood == pytest.approx(-335.09115, abs=1e-5)

    def test_gaussian_and_tobit(self) -> None:
        data = read("pig")
        y = columns(data, ["weight"], constant=False).T
        agree(fit(Gaussian(), y, columns(data, ["week"])), [-1251.2506, -1251.2506])
        data = read("nlswork")[["ln_wage", "union", "age", "south", "grade"]].dropna()
        data["southXgrade"] = data.south * data.grade
        wage = data.ln_wage.to_numpy(dtype=float)
        above = wage >= 1.96
        y = np.stack([np.where(above, 1.96, wage), np.where(above, np.inf, wage)])
        found = fit(CensoredGaussian(), y, columns(data, [*data.columns[1:]]))
        assert found.optimum.log[0].value == pytest.approx(-11628.188, abs=1e-3)
        assert found.log_likelihood == pytest.approx(-10554.78, abs=1e-2)
