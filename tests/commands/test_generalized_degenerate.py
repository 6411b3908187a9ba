"""Generalized mixed commands on data that determine a model badly or not at all: a right answer, or
a word of it."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.session import Session
from tests.commands.mixed_sessions import failure, with_data

G, M = 20, 5
N = G * M


def columns(seed: int = 3) -> dict[str, np.ndarray]:
    """Outcomes of every kind with a random intercept of ``g``, and misfits of every kind."""
    random = np.random.default_rng(seed)
    g = np.repeat(np.arange(G), M)
    x, z = random.normal(size=(2, N))
    eta = 0.3 + 0.5 * x + 0.8 * random.normal(size=G)[g]
    y = (random.random(N) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
    v = eta + 0.5 * random.normal(size=N)
    c = random.poisson(np.exp(eta)).astype(float)
    number = np.arange(N)
    return {
        "y": y,
        "c": c,
        "v": v,
        "x": x,
        "z": z,
        "g": g.astype(float),
        "o": number.astype(float),
        "k": np.digitize(eta + random.logistic(size=N), [-0.5, 1.0]).astype(float),
        "p": np.exp(v),
        "b": random.binomial(5, 1.0 / (1.0 + np.exp(-eta))).astype(float),
        "five": np.full(N, 5.0),
        "one": np.ones(N),
        "zero": np.zeros(N),
        "none": np.full(N, MISSING),
        "less": c - 1.0,
        "broken": c + 0.5,
        "rare": np.where(number == 7, 9.0, np.digitize(eta, [0.0])),
        "separated": np.where(y > 0, 1.0, -1.0) * np.abs(z),
        "tripled": 3.0 * x,
        "tiny": 1e-8 * x,
        "huge": 1e8 * x,
        "far": np.full(N, 1e3),
        "light": np.full(N, 1e-6),
        "negative": -np.ones(N),
        "half": np.full(N, 0.5),
    }


def data(**more: np.ndarray) -> Session:
    return with_data(**{**columns(), **more})


@pytest.mark.parametrize(
    ("code", "commands"),
    [
        (100, ["melogit || g:"]),
        (102, ["meintreg v || g:"]),
        (109, ["melogit s x || g:", "mepoisson c s || g:", "meologit k x || g: s"]),
        (
            111,
            ["melogit y nosuch || g:", "melogit y x || nosuch:", "metobit v x || g:, ll(nosuch)"],
        ),
        (119, ["mestreg x || g:, distribution(weibull)"]),
        (148, ["meologit one x || g:", "meoprobit one x || g:"]),
        (
            198,
            [
                "melogit b x || g:, binomial(0)",
                "melogit b x || g:, binomial(2.5)",
                "melogit y x || g:, intpoints(0)",
                "melogit y x || g:, intpoints(196)",
                "melogit y x || g:, covariance(nosuch)",
                "metobit v x || g:, ll(2) ul(-2)",
                "metobit v x || g:, ll(one) ul(zero)",
                "meglm y x || g:, family(poisson) link(logit)",
                "mestreg x || g:",
                "melogit y x [pw=one] || g:, intmethod(laplace)",
                "melogit y x [fw=one] || g:, pweight(one)",
            ],
        ),
        (401, ["melogit y x [fw=half] || g:"]),
        (402, ["melogit y x [pw=negative] || g:"]),
        (
            459,
            [
                "mepoisson less x || g:",
                "menbreg broken x || g:",
                "melogit b x || g:, binomial(4)",
                "melogit b x || g:, binomial(x)",
                "melogit x z || g:, binomial(5)",
                "meglm zero x || g:, family(gamma)",
                "meglm negative x || g:, family(gamma)",
                "mepoisson c x, exposure(zero) || g:",
                "melogit y x || g:, pweight(c)",
            ],
        ),
        (498, ["meintreg five one x || g:"]),
        (
            2000,
            [
                "melogit one x || g:",
                "melogit zero x || g:",
                "meprobit y separated || g:",
                "mecloglog y separated || g:",
                "melogit none x || g:",
                "melogit y none || g:",
                "melogit y x || none:",
                "melogit y x if x > 100 || g:",
                "meintreg none none x || g:",
            ],
        ),
    ],
)
def test_mistakes_end_in_their_return_code(code: int, commands: list[str]) -> None:
    made = data(s=np.array([f"s{i}" for i in range(N)]))
    made.run("melogit y x || g:, nolog", quietly=True)
    before = made.state.e.matrices["b"].values
    for command in commands:
        assert failure(made, command).code == code, command
    np.testing.assert_array_equal(made.state.e.matrices["b"].values, before)


@pytest.mark.parametrize(
    "command",
    [
        "melogit y x || o:",
        "melogit y x || one:",
        "melogit y i.k##i.rare || g:",
        "melogit y x, offset(far) || g:",
        "melogit b x || g:, binomial(five)",
        "melogit five x || g:, binomial(5)",
        "meprobit y x tripled || g: x tripled",
        "meprobit y huge || g: huge, cov(unstructured)",
        "mecloglog y tiny || g: tiny",
        "meologit rare x || g:",
        "meologit y x || g:",
        "meoprobit x z || g:",
        "mepoisson zero x || g:",
        "mepoisson broken x || g:",
        "mepoisson c x [iw=light] || g:",
        "mepoisson c x [pw=light] || g:",
        "menbreg c x || g:, dispersion(constant)",
        "meglm v huge || g: huge, cov(identity)",
        "meglm v x || g:, link(log)",
        "meglm p x || g:, family(gamma)",
        "meglm one x || g:",
        "meglm one x || g:, family(gamma)",
        "metobit v x || g:, ll(100)",
        "metobit v x || g:, ll(none)",
        "metobit one x || g:, ll(0)",
        "meintreg v v x || g:",
        "meintreg v none x || g:",
    ],
)
def test_hard_data_end_in_estimates_or_a_word(command: str) -> None:
    """Whatever converges is above the model without random effects, and the rest is said."""
    made = data()
    comma = "" if "," in command.split("||")[-1] else ","
    printed = made.output(f"capture noisily {command}{comma} iterate(40) startvalues(iterate(40))")
    printed = " ".join(printed.split())
    code, e = made.state.return_code, made.state.e
    assert code in (0, 430)
    assert (code == 430) == ("convergence not achieved" in printed)
    if code:
        return
    assert np.all(np.isfinite(e.matrices["V"].values))
    if "ll_c" in e.scalars and e.scalars["ll"] < e.scalars["ll_c"] - 1e-3:
        assert "below that of the model without random effects" in printed
    estimated = [list(e.matrices["b"].columns).index(s) for s in e.matrices["gradient"].columns]
    if np.any(np.diagonal(e.matrices["V"].values)[estimated] == 0.0):
        assert "standard errors of some parameters cannot be computed" in printed


def test_times_of_any_units_and_without_failures() -> None:
    made = data()
    made.run("stset p\nmestreg x || g:, distribution(weibull) nolog", quietly=True)
    b, ll = made.state.e.matrices["b"].values[0], made.state.e.scalars["ll"]
    for factor in (1e-8, 1e8):
        made.run(f"generate double t = p*{factor}\nstset t", quietly=True)
        made.run("mestreg x || g:, distribution(weibull) nolog\ndrop t", quietly=True)
        found = made.state.e.matrices["b"].values[0]
        assert made.state.e.scalars["ll"] == pytest.approx(ll - N * np.log(factor), abs=1e-4)
        assert found[[0, 2, 3]] == pytest.approx(b[[0, 2, 3]], rel=1e-3)
    made.run("stset p, failure(zero)", quietly=True)
    made.run("capture mestreg x || g:, distribution(gamma) nolog iterate(50)", quietly=True)
    assert made.state.return_code == 430


@pytest.mark.parametrize("size", [1e3, 1e4, 1e6])
def test_large_counts_determine_groups_and_their_variance_is_that_of_the_groups(
    size: float,
) -> None:
    """With so much known of each group, its intercept is its log mean and the variance of the
    random effects is the variance of these."""
    random = np.random.default_rng(1)
    g = np.repeat(np.arange(G), M)
    u = 0.7 * random.normal(size=G)
    made = data(c=random.poisson(size * np.exp(u[g])).astype(float))
    made.run("mepoisson c || g:, nolog", quietly=True)
    b, V = made.state.e.matrices["b"].values[0], made.state.e.matrices["V"].values
    assert b == pytest.approx([np.log(size) + u.mean(), u.var()], rel=20.0 / np.sqrt(size))
    assert np.sqrt(np.diag(V)) == pytest.approx(
        [np.sqrt(u.var() / G), u.var() * np.sqrt(2.0 / G)], rel=0.05
    )
    if size < 1e5:
        ll = made.state.e.scalars["ll"]
        made.run("mepoisson c || g:, nolog intmethod(laplace)", quietly=True)
        assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=0.02)


def test_overdispersed_large_counts_have_both_dispersions() -> None:
    random = np.random.default_rng(4)
    g = np.repeat(np.arange(G), M)
    mean = 1e6 * np.exp(0.5 * random.normal(size=G)[g])
    made = data(c=random.poisson(mean * random.gamma(4.0, 0.25, size=N)).astype(float))
    made.run("menbreg c || g:, nolog", quietly=True)
    assert np.exp(-made.state.e.matrices["b"].values[0, 1]) == pytest.approx(4.0, rel=0.4)
    made.run("menbreg c || g:, nolog dispersion(constant)", quietly=True)
    assert made.state.e.scalars["converged"] == 1
    assert made.state.e.scalars["ll"] > made.state.e.scalars["ll_c"]


@pytest.mark.parametrize("command", ["melogit y {} || g: {}, cov(un)", "mepoisson c {} || g: {}"])
def test_units_of_covariates_do_not_matter(command: str) -> None:
    made = data()
    made.run(command.format("x", "x"), quietly=True)
    b, ll = made.state.e.matrices["b"].values[0], made.state.e.scalars["ll"]
    for name, factor in (("tiny", 1e-8), ("huge", 1e8)):
        made.run(command.format(name, name), quietly=True)
        found = made.state.e.matrices["b"].values[0]
        assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-5)
        assert found[0] * factor == pytest.approx(b[0], rel=1e-3)
        assert found[2] * factor**2 == pytest.approx(b[2], rel=2e-2, abs=1e-6)


def test_one_point_is_laplace_and_many_points_agree() -> None:
    made = data()

    def log_likelihood(options: str) -> float:
        made.run(f"melogit y x || g:, nolog {options}", quietly=True)
        return made.state.e.scalars["ll"]

    assert log_likelihood("intpoints(1)") == log_likelihood("intmethod(laplace)")
    assert log_likelihood("intpoints(195)") == pytest.approx(
        log_likelihood("intpoints(51)"), rel=1e-9
    )


def test_outcomes_that_groups_determine_need_more_points_than_there_are() -> None:
    """No variance is large enough: the likelihood rises to that of groups of zeros and ones."""
    made = data(y=(columns()["g"] >= G / 2).astype(float))
    printed = made.output(
        "capture noisily meprobit y || g:, nolog from(/var(_cons[g])=1e4) iterate(1)"
    )
    assert "more integration points" in " ".join(printed.split())
    assert made.state.e.scalars["ll_finer"] < made.state.e.scalars["ll"] - 0.5


def test_parameters_that_data_do_not_determine_are_warned_of() -> None:
    made = data()
    printed = made.output(
        "capture noisily mepoisson c x || g: x tripled, collinear cov(un) iterate(40)"
    )
    assert "cannot be computed" in printed or "convergence not achieved" in printed
    made.run("constraint 1 [/]var(_cons[g]) = 0.5", quietly=True)
    assert "cannot be computed" not in made.output("melogit y x || g:, constraints(1) nolog")


@pytest.mark.parametrize("options", ["", "intmethod(laplace)", "intmethod(mcaghermite)"])
def test_a_break_leaves_data_and_results_as_they_were(options: str) -> None:
    random = np.random.default_rng(2)
    n = 100_000
    g = np.repeat(np.arange(n // 2), 2).astype(float)
    x = random.normal(size=n)
    made = with_data(y=(random.random(n) < 0.5).astype(float), x=x, g=g)
    made.run("melogit y x if _n <= 200 || g:, nolog", quietly=True)
    before = made.state.e.matrices["b"].values.copy()
    for delay in (0.05, 0.3, 0.6):
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            made.run(f"melogit y x || g: x, {options}", quietly=True)
        timer.join()
        np.testing.assert_array_equal(made.state.e.matrices["b"].values, before)
        assert made.state.data.n == n and "e(sample)" not in made.state.data.names
