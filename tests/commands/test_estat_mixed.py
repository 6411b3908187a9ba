"""``estat icc``, ``recovariance``, ``sd``, ``group`` and ``wcorrelation`` after ``mixed``."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.results.matrix import NamedMatrix
from statalike.session import Session
from tests.commands.mixed_sessions import (
    THREE_LEVELS,
    DenseModel,
    column,
    failure,
    pupils,
    three_level_model,
    with_data,
)
from tests.commands.posted import posted
from tests.commands.reference_logs import disagreements
from tests.commands.typed import session
from tests.shared import needs_shared, shared_path

NORMAL = 1.959963984540054


@needs_shared
@pytest.mark.parametrize(
    "case",
    ["mixed-postestimation/01-random-effects-and-model-fit",
     "mixed-postestimation/02-intraclass-correlation"],
)  # fmt: skip
def test_reference(case: str) -> None:
    leave_out = ("summarize", "describe", "predict rs", "qnorm rs")
    assert not disagreements(case, leave_out=leave_out)


@needs_shared
def test_intraclass_correlations_of_productivity() -> None:
    """Printed at stata.com/features/overview/intraclass-correlations-for-multilevel-models."""
    made = session(f'use "{shared_path("data", "productivity.dta")}"')
    made.run("mixed gsp private emp hwy water other unemp || region: || state:", quietly=True)
    printed = made.output("estat icc")
    assert printed.startswith("\nResidual intraclass correlation\n\n---")
    r = made.state.r
    np.testing.assert_allclose([r.scalars["icc3"], r.scalars["se3"]], [0.159893, 0.127627], 2e-5)
    np.testing.assert_allclose(r.matrices["ci3"].values, [[0.0287143, 0.5506202]], rtol=2e-5)


def with_estimates(names: list[str], values: list[float], **macros: str) -> Session:
    """A session whose e() is that of a ``mixed`` with these coefficients and no more."""
    made = with_data(wm=[1.0, 2.0], id=[1.0, 2.0], lrt=[0.0, 1.0], school=[1.0, 1.0])
    k_f = sum(name.startswith("wm:") for name in names)
    results = posted(names, values, np.diag(np.full(len(names), 1e-4)), outcome="wm")
    results.scalars.update(k_f=k_f, df_m=0)
    results.macros.update(macros)
    made.state.e = results
    return made


def test_layout_of_posted_standard_deviations() -> None:
    made = with_estimates(
        ["wm:_cons", "lns1_1_1:_cons", "lnsig_e:_cons"],
        [453.91, np.log(110.40), np.log(19.91)],
        ivars="id", redim="1", vartypes="Identity", revars="_cons",
    )  # fmt: skip
    printed = made.output("estat sd, post coeflegend cformat(%9.2f)")
    assert (
        printed
        == """
------------------------------------------------------------------------------
             | Coefficient  Legend
-------------+----------------------------------------------------------------
wm           |
       _cons |     453.91  _b[wm:_cons]
-------------+----------------------------------------------------------------
id           |
    sd(_cons)|     110.40  _b[id:sd(_cons)]
-------------+----------------------------------------------------------------
Residual     |
        sd(e)|      19.91  _b[Residual:sd(e)]
------------------------------------------------------------------------------
"""
    )
    e = made.state.e
    assert e.macros == {"cmd": "estat sd", "properties": "b V"}
    assert list(e.matrices) == ["b", "V"]
    made.run("scalar ratio = _b[id:sd(_cons)]/_b[Residual:sd(e)]", quietly=True)
    np.testing.assert_allclose(float(made.state.memory.scalars["ratio"]), 110.40 / 19.91)


def test_layout_of_the_covariance_matrix() -> None:
    sd = np.sqrt([0.0145358, 9.04472])
    made = with_estimates(
        ["wm:_cons", "lns1_1_1:_cons", "lns1_1_2:_cons", "atr1_1_1_2:_cons", "lnsig_e:_cons"],
        [0, *np.log(sd), np.arctanh(0.1804042 / (sd[0] * sd[1])), 2.0],
        ivars="school", redim="2", vartypes="Unstructured", revars="lrt _cons",
    )  # fmt: skip
    assert made.output("estat recovariance") == (
        "\nRandom-effects covariance matrix for level school\n\n"
        "             |       lrt      _cons \n"
        "-------------+----------------------\n"
        "         lrt |  .0145358            \n"
        "       _cons |  .1804042    9.04472 \n"
    )
    assert list(made.state.r.matrices) == ["Cov2"]
    assert made.state.r.scalars == {"relevels": 1}


def test_covariances_of_all_levels() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    b = made.state.e.matrices["b"].values[0, 3:]
    sd = np.exp(b[1:3])
    cov = np.tanh(b[3]) * sd.prod()
    printed = made.output("estat recovariance")
    assert printed.index("level region") < printed.index("level school")
    r = made.state.r
    assert r.scalars == {"relevels": 2}
    np.testing.assert_allclose(r.matrices["Cov3"].values, [[np.exp(2 * b[0])]])
    np.testing.assert_allclose(r.matrices["Cov2"].values, [[sd[0] ** 2, cov], [cov, sd[1] ** 2]])
    assert [row.name for row in r.matrices["Cov2"].rows] == ["x", "_cons"]
    only = made.output("estat recov, relevel(school) correlation")
    assert only.startswith("\nRandom-effects correlation matrix for level school\n")
    assert set(made.state.r.matrices) == {"Cov2", "Corr2"}
    np.testing.assert_allclose(
        made.state.r.matrices["Corr2"].values, [[1, np.tanh(b[3])], [np.tanh(b[3]), 1]]
    )
    assert failure(made, "estat recov, relevel(unique)").code == 198
    assert failure(made, "estat recov, relevel(nosuch)").code == 111
    wide = made.output("estat recov, relevel(region) format(%12.3f)")
    assert f"{np.exp(2 * b[0]):12.3f}" in wide


def test_several_equations_of_a_level_make_one_matrix() -> None:
    made = pupils()
    made.run("mixed y x z || unique: x || unique: z, cov(un)", quietly=True)
    made.output("estat recov")
    matrix = made.state.r.matrices["Cov2"]
    assert [row.name for row in matrix.rows] == ["x", "z", "_cons"]
    assert matrix.values[0, 1] == matrix.values[0, 2] == 0
    assert matrix.values[1, 2] != 0


# --- estat icc ------------------------------------------------------------------------------------


def icc_by_differences(made: Session, which: int) -> tuple[float, float]:
    """An intraclass correlation and its standard error by numerical derivatives of e(b)."""
    e = made.state.e
    k_f = int(e.scalars["k_f"])
    values = e.matrices["b"].values[0, k_f:]
    V = e.matrices["V"].values[k_f:, k_f:]

    def icc(parameters: np.ndarray) -> float:
        # region, (x,) school intercept, (correlation,) residual
        variances = np.exp(2 * parameters)
        intercepts = [variances[0], variances[2 if len(values) == 5 else 1]]
        total = sum(intercepts) + variances[-1]
        return float(sum(intercepts[: 1 if which == 3 else 2]) / total)

    step = 1e-6
    gradient = np.array(
        [(icc(values + d) - icc(values - d)) / (2 * step) for d in step * np.eye(len(values))]
    )
    return icc(values), float(np.sqrt(gradient @ V @ gradient))


@pytest.mark.parametrize("command", ["mixed y || region: || school:", THREE_LEVELS])
def test_intraclass_correlations_by_the_delta_method(command: str) -> None:
    made = pupils()
    made.run(command, quietly=True)
    printed = made.output("estat icc")
    r = made.state.r
    for number, label in ((3, "region"), (2, "school|region")):
        icc, error = icc_by_differences(made, number)
        np.testing.assert_allclose(r.scalars[f"icc{number}"], icc, rtol=1e-10)
        np.testing.assert_allclose(r.scalars[f"se{number}"], error, rtol=1e-6)
        logit, half = np.log(icc / (1 - icc)), NORMAL * error / (icc * (1 - icc))
        interval = 1 / (1 + np.exp(-(logit + half * np.array([-1, 1]))))
        np.testing.assert_allclose(r.matrices[f"ci{number}"].values[0], interval, rtol=1e-5)
        assert r.macros[f"label{number}"] == label
        assert f"{label:>28} | " in printed
    assert r.scalars["level"] == 95


def test_titles_of_intraclass_correlations() -> None:
    made = pupils()
    note = "Note: ICC is conditional on zero values of random-effects covariates.\n"
    for command, title, noted in (
        ("mixed y || unique:", "Intraclass correlation", False),
        ("mixed y x || unique:", "Residual intraclass correlation", False),
        ("mixed y x || unique: x", "Conditional intraclass correlation", True),
        ("mixed y || unique: x", "Conditional intraclass correlation", True),
    ):
        made.run(command, quietly=True)
        printed = made.output("estat icc")
        assert printed.startswith(f"\n{title}\n\n-----")
        assert printed.endswith(note) is noted


def test_level_of_intraclass_correlations() -> None:
    made = pupils()
    made.run("mixed y || unique:", quietly=True)
    made.run("estat icc, level(90)", quietly=True)
    narrow = made.state.r.matrices["ci2"].values[0]
    assert made.state.r.scalars["level"] == 90
    assert "[99% conf. interval]" in made.output("estat icc, level(99)")
    wide = made.state.r.matrices["ci2"].values[0]
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_intraclass_correlation_at_the_boundary() -> None:
    made = pupils()
    made.run("generate one = 1\nmixed y || one:", quietly=True)
    made.run("estat icc", quietly=True)
    assert made.state.r.scalars["icc2"] < 1e-6


def test_unknown_variances_of_the_parameters() -> None:
    made = pupils()
    made.run("mixed y x || unique: x, cov(un) nostderr", quietly=True)
    made.run("estat icc", quietly=True)
    assert made.state.r.scalars["se2"] == MISSING
    assert (made.state.r.matrices["ci2"].values == MISSING).all()
    made.run("estat sd, variance", quietly=True)
    assert (made.state.r.matrices["table"].values[1, 2:] == MISSING).all()
    assert not made.state.r.matrices["V"].values[2:].any()
    V = made.state.e.matrices["V"].values
    V[3, 3] = V[4, 4] = 0.01
    rows = made.output("mixed, nofetable noheader")
    known = [row for row in rows.splitlines() if "(" in row and "|" in row and " . " not in row]
    assert [row.split("|")[0].strip() for row in known] == ["var(_cons)"]


@pytest.mark.parametrize(
    "command",
    ["mixed y x", "mixed y x || _all: || unique:", "mixed y x || unique: x, noconstant",
     "mixed y x || region: x, nocons || unique:", "mixed y x || unique:, noconstant"],
)  # fmt: skip
def test_models_without_intraclass_correlations(command: str) -> None:
    made = pupils()
    made.run(command, quietly=True)
    assert failure(made, "estat icc").code == 321


# --- estat sd and estat group ---------------------------------------------------------------------


def test_standard_deviations_and_their_covariance() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    e = made.state.e.copy()
    values = e.matrices["b"].values[0]
    printed = made.output("estat sd")
    assert printed == made.output("mixed, stddeviations noheader nofetable").partition("LR test")[0]
    made.run("estat sd", quietly=True)
    r = made.state.r
    names = ["y:x", "y:z", "y:_cons", "region:sd(_cons)", "school:sd(x)", "school:sd(_cons)",
             "school:corr(x,_cons)", "Residual:sd(e)"]  # fmt: skip
    for name in ("b", "V", "table"):
        assert [str(stripe) for stripe in r.matrices[name].columns] == names
    rho = np.tanh(values[6])
    expected = [*values[:3], *np.exp(values[3:6]), rho, np.exp(values[7])]
    np.testing.assert_allclose(r.matrices["b"].values[0], expected)
    slopes = np.diag([1, 1, 1, *expected[3:6], 1 - rho**2, expected[7]])
    np.testing.assert_allclose(
        r.matrices["V"].values, slopes @ e.matrices["V"].values @ slopes, rtol=1e-10
    )
    table = r.matrices["table"].values
    np.testing.assert_allclose(table[1], np.sqrt(np.diag(r.matrices["V"].values)))
    assert (table[2, 3:] == MISSING).all()
    assert (table[4] < table[0]).all() and (table[0] < table[5]).all()


def test_variances_and_their_covariance() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    values = made.state.e.matrices["b"].values[0, 3:]
    V = made.state.e.matrices["V"].values[3:, 3:]

    def reported(parameters: np.ndarray) -> np.ndarray:
        v = np.exp(2 * parameters)
        cov = np.tanh(parameters[3]) * np.exp(parameters[1] + parameters[2])
        return np.array([v[0], v[1], v[2], cov, v[4]])

    printed = made.output("estat sd, variance")
    assert "cov(x,_cons) |" in printed
    matrices = made.state.r.matrices
    assert [str(s) for s in matrices["b"].columns[3:]] == [
        "region:var(_cons)", "school:var(x)", "school:var(_cons)", "school:cov(x,_cons)",
        "Residual:var(e)",
    ]  # fmt: skip
    np.testing.assert_allclose(matrices["b"].values[0, 3:], reported(values))
    step = 1e-6
    jacobian = np.column_stack(
        [(reported(values + d) - reported(values - d)) / (2 * step) for d in step * np.eye(5)]
    )
    np.testing.assert_allclose(
        matrices["V"].values[3:, 3:], jacobian @ V @ jacobian.T, rtol=1e-6, atol=1e-9
    )


def test_full_tables() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    full = made.output("mixed, stddeviations noheader").partition("LR test")[0]
    assert made.output("estat sd, verbose") == full
    assert made.output("estat sd, post") == full
    assert made.state.e.macros["cmd"] == "estat sd"
    assert failure(made, "estat sd").code == 321
    made.run("generate byte used = e(sample)", quietly=True)
    assert column(made, "used").all()


def test_options_of_standard_deviations() -> None:
    made = pupils()
    made.run("mixed y x || unique:", quietly=True)
    assert "[90% conf. interval]" in made.output("estat sd, level(90)")
    sd = np.exp(made.state.e.matrices["b"].values[0, 2])
    assert f" {sd:.2f} " in made.output("estat sd, cformat(%9.2f)")
    assert failure(made, "estat sd, coeflegend").code == 198


def test_groups() -> None:
    made = pupils()
    made.run("mixed y x || region: || school:", quietly=True)
    printed = made.output("estat group")
    header = made.output("mixed, noretable nofetable")
    table = printed.strip("\n")
    assert table in header
    made.run("mixed y x || name:", quietly=True)
    assert "                   name |         30" in made.output("estat group")


# --- estat wcorrelation ---------------------------------------------------------------------------


def rows_of_the_first_school(made: Session) -> np.ndarray:
    unique = column(made, "unique")
    return np.flatnonzero(unique == unique[0])


def model_of(made: Session) -> DenseModel:
    return three_level_model(made, made.state.e.matrices["b"].values[0, 3:])


def matrix(made: Session, name: str) -> np.ndarray:
    return made.state.r.matrices[name].values


def test_correlations_within_a_cluster() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    rows = rows_of_the_first_school(made)
    expected = model_of(made).V[np.ix_(rows, rows)]
    region, school = column(made, "region")[0], column(made, "school")[0]
    printed = made.output("estat wcorrelation")
    assert printed.startswith(
        "\nStandard deviations and correlations for "
        f"region = {region:.0f}, school = {school:.0f}:\n\nStandard deviations:\n\n"
    )
    sd = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(matrix(made, "sd")[0], sd)
    np.testing.assert_allclose(matrix(made, "Corr"), expected / np.outer(sd, sd))
    G, Z, R = (matrix(made, name) for name in ("G", "Z", "R"))
    np.testing.assert_allclose(Z @ G @ Z.T + R, expected)
    assert "Cov" not in made.state.r.matrices
    made.run("estat wcorrelation, covariance", quietly=True)
    np.testing.assert_allclose(matrix(made, "Cov"), expected)


def test_cluster_chosen() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    inside = (column(made, "region") == 2) & (column(made, "school") == 3)
    rows = np.flatnonzero(inside)
    expected = model_of(made).V[np.ix_(rows, rows)]
    for at in ("region=2 school=3", "region = 2, school = 3", "school=3 region=1+1"):
        made.run(f"estat wcorrelation, at({at}) cov nosort", quietly=True)
        np.testing.assert_allclose(matrix(made, "Cov"), expected)
    made.run("estat wcorrelation, at(region=2) cov nosort", quietly=True)
    rows = np.flatnonzero(column(made, "region") == 2)
    np.testing.assert_allclose(matrix(made, "Cov"), model_of(made).V[np.ix_(rows, rows)])


def test_all_data_and_their_order() -> None:
    made = pupils()
    made.run("keep if region <= 2", quietly=True)
    made.run("mixed y x || region: || school:", quietly=True)
    made.run("estat wcorrelation, all cov nosort", quietly=True)
    unsorted = matrix(made, "Cov")
    made.run("estat wcorrelation, all cov", quietly=True)
    order = np.lexsort((column(made, "school"), column(made, "region")))
    np.testing.assert_allclose(matrix(made, "Cov"), unsorted[np.ix_(order, order)])


def test_data_of_the_cluster() -> None:
    made = with_data(
        id=np.repeat([4.0, 7.0, 9.0], 4), x=np.tile([1.0, 2, 3, 4], 3),
        y=[1.0, 3, 2, 5, 2, 2, 4, 4, 6, 7, 9, 8],
    )  # fmt: skip
    made.run("mixed y x || id:", quietly=True)
    printed = made.output("estat wcorrelation, at(id=7) list format(%5.2f)")
    assert printed.endswith("""
Data:

     +------------+
     | id   y   x |
     |------------|
  1. |  7   2   1 |
  2. |  7   2   2 |
  3. |  7   4   3 |
  4. |  7   4   4 |
     +------------+
""")
    assert "           1 |  1.00 " in printed


def test_groups_named_by_text() -> None:
    made = pupils()
    made.run("mixed y x || name:", quietly=True)
    assert "for name = s03:" in made.output('estat wcor, at(name="s03")')


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("estat wcorrelation, at(region=77)", 2000),
        ("estat wcorrelation, at(x=1)", 198),
        ("estat wcorrelation, at(3)", 198),
        ("estat wcorrelation, at(region=\"a\")", 109),
        ("estat wcorrelation, at(region=1) all", 198),
        ("estat wcorrelation, format(nonsense)", 120),
        ("estat wcorrelation, iterate(3)", 198),
        ("estat wcorrelation, title(a)", 198),
        ("estat recovariance, title(a)", 198),
        ("estat icc, nonsense", 198),
        ("estat group, nonsense", None),
        ("estat nonsense", None),
    ],
)  # fmt: skip
def test_refused(command: str, code: int | None) -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    error = failure(made, command)
    assert code is None or error.code == code


@pytest.mark.parametrize("command", ["icc", "recovariance", "sd", "group", "wcorrelation"])
def test_needs_the_estimates_of_mixed(command: str) -> None:
    made = pupils()
    assert failure(made, f"estat {command}").code == 301
    made.state.e = posted(["y:x"], [1.0], np.eye(1), command="regress")
    assert failure(made, f"estat {command}").code == 321


def test_named_matrix_of_correlations_is_symmetric() -> None:
    made = pupils()
    made.run(THREE_LEVELS, quietly=True)
    made.run("estat wcorrelation", quietly=True)
    found: NamedMatrix = made.state.r.matrices["Corr"]
    assert found.rows == found.columns
    np.testing.assert_allclose(found.values, found.values.T)
