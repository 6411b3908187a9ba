"""``predict`` after ``mixed``, against Henderson's mixed-model equations solved densely."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.session import Session
from tests.commands.mixed_sessions import (
    THREE_LEVELS,
    DenseModel,
    column,
    failure,
    pupils,
    three_level_model,
)
from tests.commands.reference_logs import disagreements
from tests.shared import needs_shared


@needs_shared
@pytest.mark.parametrize(
    "case",
    ["me/01-growth-curve-model", "mixed-postestimation/01-random-effects-and-model-fit"],
)
def test_reference(case: str) -> None:
    found = disagreements(case)
    # The mean of standardised residuals, 1.01e-09, is rounding.
    assert all("for 1.01e-09" in text for text in found)


def fitted(reml: bool = False) -> tuple[Session, DenseModel]:
    made = pupils()
    made.run(THREE_LEVELS + (" reml" if reml else ""), quietly=True)
    return made, three_level_model(made, made.state.e.matrices["b"].values[0, 3:])


def predicted(made: Session, text: str, *names: str) -> list[np.ndarray]:
    made.run(text, quietly=True)
    return [column(made, name) for name in names]


def carried(values: np.ndarray, model: DenseModel, columns: slice, x: np.ndarray) -> np.ndarray:
    """Effects of the columns of Z summed for each observation, divided by the covariate ``x``."""
    return np.asarray((model.Z[:, columns] @ values[columns]) / x)


@pytest.mark.parametrize("reml", [False, True])
def test_random_effects_and_their_standard_errors(reml: bool) -> None:
    made, model = fitted(reml)
    u = predicted(made, "predict double u*, reffects reses(s*)", "u1", "u2", "u3", "s1", "s2", "s3")
    x = column(made, "x")
    _, effects, inverse = model.henderson()
    parts = (slice(0, 6), slice(6, 36), slice(36, 66))
    for found, part, scale in zip(u[:3], parts, (np.ones_like(x), x, np.ones_like(x)), strict=True):
        np.testing.assert_allclose(found, carried(effects, model, part, scale), atol=1e-8)
    if reml:
        # Errors of prediction, the coefficients being estimated.
        variances = np.diag(inverse)[3:]
    else:
        # Conditional variances, the coefficients taken as known.
        left = model.Z.T @ model.Z / model.s2 + np.linalg.inv(model.G)
        variances = np.diag(np.linalg.inv(left))
    errors = np.sqrt(variances)
    for found, part, scale in zip(u[3:], parts, (np.ones_like(x), x, np.ones_like(x)), strict=True):
        np.testing.assert_allclose(found, carried(errors, model, part, scale), rtol=1e-7)


def test_fixed_and_fitted_parts() -> None:
    made, model = fitted()
    b, u, _ = model.henderson()
    y = column(made, "y")
    linear = model.X @ b
    region = linear + model.Z[:, :6] @ u[:6]
    full = linear + model.Z @ u
    V = made.state.e.matrices["V"].values[:3, :3]
    for text, expected in (
        ("", linear),
        ("xb", linear),
        ("stdp", np.sqrt(np.einsum("ij,jk,ik->i", model.X, V, model.X))),
        ("fitted", full),
        ("fitted relevel(school)", full),
        ("fitted relevel(region)", region),
        ("residuals", y - full),
        ("residuals relevel(region)", y - region),
        ("rstandard", (y - full) / np.sqrt(model.s2)),
        ("rstandard relevel(region)", (y - region) / np.sqrt(model.s2)),
    ):
        (found,) = predicted(made, f"predict double p, {text}", "p")
        np.testing.assert_allclose(found, expected, atol=1e-7)
        made.run("drop p", quietly=True)


def test_effects_of_one_level() -> None:
    made, _ = fitted()
    everything = predicted(made, "predict double u*, reffects reses(s*)", "u2", "u3", "s2", "s3")
    school = predicted(
        made,
        "predict double v0 v1, reffects relevel(school) reses(w0 w1)",
        "v0", "v1", "w0", "w1",
    )  # fmt: skip
    np.testing.assert_array_equal(school, everything)
    made.run("predict double r, reffects relevel(region)", quietly=True)
    np.testing.assert_array_equal(column(made, "r"), column(made, "u1"))


def test_names_of_effects() -> None:
    made, _ = fitted()
    made.run("predict u1-u3, reffects\npredict v*, reffects reses(w1-w3)", quietly=True)
    for name in ("u", "v"):
        for number in (1, 2, 3):
            assert f"{name}{number}" in made.state.data
    np.testing.assert_array_equal(column(made, "u2"), column(made, "v2"))
    assert "w3" in made.state.data


def test_types_and_labels() -> None:
    made, _ = fitted()
    made.run(
        "predict u1 u2 u3, reffects reses(s1 s2 s3)\n"
        "predict double fit, fitted\npredict float p\npredict e, residuals\n"
        "predict r, rstandard\npredict d, stdp",
        quietly=True,
    )
    variables = made.state.data.variables
    labels = {name: variables[name].label for name in ("u1", "u2", "u3", "s1", "fit", "p", "e")}
    assert labels == {
        "u1": "BLUP r.e. for region: _cons",
        "u2": "BLUP r.e. for school: x",
        "u3": "BLUP r.e. for school: _cons",
        "s1": "BLUP r.e. std. err. for region: _cons",
        "fit": "Fitted values",
        "p": "Linear prediction, fixed portion",
        "e": "Residuals",
    }
    assert variables["u1"].storage.name == variables["s1"].storage.name == "float"
    assert variables["fit"].storage.name == "double"
    assert variables["p"].format == "%9.0g"


def test_notes() -> None:
    made, _ = fitted()
    assert made.output("predict q") == "(option xb assumed)\n"
    assert made.output("predict b1, xb") == ""
    n = made.state.data.n
    assert (
        made.output("predict c in 1/3")
        == f"(option xb assumed)\n({n - 3} missing values generated)\n"
    )
    made.run("replace x = . in 7", quietly=True)
    assert made.output("predict d, xb") == "(1 missing value generated)\n"
    assert column(made, "d")[6] == MISSING


def test_prediction_for_some_observations() -> None:
    made, _ = fitted()
    (everything, some) = predicted(
        made, "predict double q, fitted\npredict double b2 if region == 2, fitted", "q", "b2"
    )
    inside = column(made, "region") == 2
    np.testing.assert_array_equal(some[inside], everything[inside])
    assert (some[~inside] == MISSING).all()


def test_sorting_and_observations_outside_the_sample_do_not_matter() -> None:
    made = pupils()
    made.run(THREE_LEVELS.replace(" ||", " if z < 1 ||", 1), quietly=True)
    made.run("predict double first, fitted\npredict double e1, rstandard", quietly=True)
    outside = column(made, "z") >= 1
    assert (column(made, "first") < MISSING).all()
    assert (column(made, "e1")[outside] == MISSING).all()
    assert (column(made, "e1")[~outside] < MISSING).all()
    made.run("sort z\npredict double second, fitted", quietly=True)
    np.testing.assert_allclose(column(made, "second"), column(made, "first"), atol=1e-10)
    made.run("drop if !e(sample)\npredict double third, fitted", quietly=True)
    np.testing.assert_allclose(column(made, "third"), column(made, "first"), atol=1e-10)


def test_appended_observations_share_the_effects_of_their_groups() -> None:
    made, model = fitted()
    b, _, _ = model.henderson()
    made.run("predict double before*, reffects", quietly=True)
    n = made.state.data.n
    made.run(
        f"set obs {n + 3}\n"
        f"replace x = 2 in {n + 1}/l\nreplace z = 1 in {n + 1}/l\n"
        f"replace region = 2 in {n + 1}\nreplace school = 3 in {n + 1}\n"
        f"replace region = 2 in {n + 2}\nreplace school = 99 in {n + 2}\n"
        f"replace region = 99 in {n + 3}\nreplace school = 1 in {n + 3}\n"
        "predict double u*, reffects\npredict double f, fitted\n"
        "predict double r, fitted relevel(region)\npredict double p, xb",
        quietly=True,
    )
    first = np.flatnonzero((column(made, "region") == 2) & (column(made, "school") == 3))[0]
    u = np.array([column(made, f"u{i}") for i in (1, 2, 3)])
    np.testing.assert_array_equal(u[:, n], u[:, first])
    assert u[0, n + 1] == u[0, first]
    assert (u[1:, n + 1] == MISSING).all()
    assert (u[:, n + 2] == MISSING).all()
    expected = b @ [2, 1, 1]
    np.testing.assert_allclose(column(made, "p")[n:], expected)
    np.testing.assert_allclose(column(made, "f")[n], expected + u[:, n] @ [1, 2, 1])
    assert (column(made, "f")[n + 1 :] == MISSING).all()
    np.testing.assert_allclose(column(made, "r")[n + 1], expected + u[0, first])
    assert column(made, "r")[n + 2] == MISSING


@pytest.mark.parametrize(
    "change",
    ["replace y = y + 1 in 5", "replace x = 0 in 1", "replace school = 2 if school == 1",
     "drop in 1/2", "replace y = y[_N + 1 - _n]", "replace region = 7 - region"],
)  # fmt: skip
def test_changed_data(change: str) -> None:
    made, _ = fitted()
    made.run(change, quietly=True)
    for statistic in ("fitted", "residuals", "rstandard"):
        assert failure(made, f"predict p, {statistic}").code == 459
    assert failure(made, "predict u*, reffects").code == 459
    made.run("predict p, xb\npredict s, stdp", quietly=True)


def test_strings_that_name_the_groups() -> None:
    made = pupils()
    made.run("mixed y x || name:", quietly=True)
    made.run('sort x\npredict double u, reffects\nreplace name = "s99" in 3', quietly=True)
    assert failure(made, "predict f, fitted").code == 459


def test_factor_variables() -> None:
    made = pupils()
    made.run("mixed y i.a##c.x i.b || unique: i.b", quietly=True)
    made.run(
        "predict double p\npredict double u*, reffects\npredict double f, fitted", quietly=True
    )
    b = made.state.e.matrices["b"].values[0]
    a, x, side = (column(made, name) for name in ("a", "x", "b"))
    slope = b[3] + b[5] * (a == 2) + b[6] * (a == 3)
    linear = b[1] * (a == 2) + b[2] * (a == 3) + slope * x + b[8] * (side == 1) + b[9]
    np.testing.assert_allclose(column(made, "p"), linear)
    np.testing.assert_allclose(
        column(made, "f"), linear + column(made, "u1") * side + column(made, "u2")
    )
    assert made.state.data.variable("u1").label == "BLUP r.e. for unique: 1.b"


def test_effects_of_a_zero_variance() -> None:
    made = pupils()
    made.run("generate one = 1\nmixed y x || one: || unique:", quietly=True)
    made.run("predict double u*, reffects reses(s*)", quietly=True)
    np.testing.assert_allclose(column(made, "u1"), 0, atol=1e-6)
    np.testing.assert_allclose(column(made, "s1"), 0, atol=1e-3)
    assert (column(made, "u2") != 0).all()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("predict", 100),
        ("predict q c", 103),
        ("predict y", 110),
        ("predict 1a", 198),
        ("predict q, xb fitted", 198),
        ("predict q, reses(s)", 198),
        ("predict q, xb relevel(region)", 198),
        ("predict q, fitted relevel(unique)", 198),
        ("predict q, fitted relevel(nosuch)", 111),
        ("predict q, reffects", 102),
        ("predict q c d f, reffects", 103),
        ("predict q c q, reffects", 110),
        ("predict q1-q4, reffects", 103),
        ("predict q c y, reffects", 110),
        ("predict q*, reffects reses(q*)", 198),
        ("predict q*, reffects reses(s1 s2)", 102),
        ("predict q*, reffects reses(x z y)", 110),
        ("predict q1 q2, scores", 102),
        ("predict q*, scores relevel(region)", 198),
        ("predict q, mu", 198),
        ("predict q, nonsense", 198),
        ("predict q if nosuch", 111),
    ],
)
def test_refused(command: str, code: int) -> None:
    made, _ = fitted()
    before = made.state.data.names
    assert failure(made, command).code == code
    assert made.state.data.names == before


def test_without_estimates() -> None:
    assert failure(pupils(), "predict a").code == 301


def test_after_the_data_are_gone() -> None:
    made, _ = fitted()
    made.run("clear\nset obs 4\ngenerate x = 1\ngenerate z = 2\ngenerate y = 3", quietly=True)
    made.run("generate region = 1\ngenerate school = 1\npredict p", quietly=True)
    assert (column(made, "p") < MISSING).all()
    assert failure(made, "predict f, fitted").code == 459
