"""``regress`` and what comes after it: reference layouts, R's numbers, algebra and mistakes.

R 4: ``lm(mpg ~ weight + foreign)`` on the automobile data with ``rstandard``, ``rstudent``,
``cooks.distance``, ``hatvalues``, ``dffits``, ``covratio`` and ``dfbetas``.
"""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.output.matrix_display import RuledMatrix, ruled_matrix
from statalike.output.regression_diagnostics import inflation_table
from statalike.output.styled import plain_text
from statalike.session import Session
from tests.commands.test_data_reference import layout
from tests.commands.typed import session
from tests.shared import needs_shared, shared_path

DATA = """
clear
set obs 30
generate g = 1 + mod(_n, 3)
generate c = 1 + floor((_n - 1) / 5)
generate x = mod(_n * 7, 11) / 2
generate z = mod(_n * 5, 13)
generate y = 3 + x - z / 4 + g + mod(_n * _n, 7) / 3
generate w = 1 + mod(_n, 4)
"""


def made_up() -> Session:
    return session(DATA)


def auto() -> Session:
    return session(f'use "{shared_path("data", "auto.dta")}"')


@needs_shared
def test_layout() -> None:
    command, expected = layout("regress-1")
    assert auto().output(command).strip("\n") == expected


@needs_shared
def test_diagnostics_are_those_of_r() -> None:
    made = auto()
    made.run("regress mpg weight foreign", quietly=True)
    expected = {
        "rstandard": [-0.11208989, -0.77362920, -0.68361502],
        "rstudent": [-0.11130757, -0.77142006, -0.68102875],
        "cooksd": [0.00010505676, 0.00391962179, 0.00569396180],
        "leverage": [0.024471047, 0.019268584, 0.035263180],
        "dfits": [-0.017629131, -0.108128650, -0.130203230],
        "covratio": [1.0690799, 1.0372931, 1.0603958],
        "dfbeta(weight)": [0.0081579642, -0.0047901088, 0.0877931103],
    }
    for number, (statistic, values) in enumerate(expected.items()):
        made.run(f"predict double v{number}, {statistic}", quietly=True)
        assert made.data[f"v{number}"][:3].tolist() == pytest.approx(values, rel=1e-6)


@needs_shared
def test_variance_inflation_layout() -> None:
    _, expected = layout("estat-vif-1")
    names = [f"{level}.AgentType" for level in (2, 3)] + ["Congruence1"]
    names += [f"{level}.AgentType#c.Congruence1" for level in (2, 3)] + ["TrialNum"]
    reciprocals = [0.173707, 0.271249, 0.200294, 0.205519, 0.462125, 0.991811]
    lines = inflation_table(names, [1 / value for value in reciprocals])
    assert plain_text(lines) == expected


@needs_shared
def test_correlation_layout() -> None:
    _, expected = layout("estat-vce-1")
    values = np.array([[1, 0, 0], [-0.4138, 1, 0], [-0.7958, 0.5163, 1]])
    names = ["mpg", "headroom", "length"]
    table = ruled_matrix(RuledMatrix(values, names, names, "e(V)", "%8.4f", lower=True))
    assert plain_text(table).split("\n") == expected.split("\n")[2:]
    made = auto()
    made.run("regress price mpg headroom length, noconstant", quietly=True)
    printed = made.output("estat vce, corr").strip("\n").split("\n")
    assert printed[0] == "Correlation matrix of coefficients of regress model"
    assert printed[2:4] == expected.split("\n")[2:4]


def test_variance_inflation_is_that_of_auxiliary_regressions() -> None:
    made = made_up()
    made.run("regress x z\nscalar vif = 1/(1 - e(r2))\nregress y x z\nestat vif", quietly=True)
    assert made.r["vif_1"] == pytest.approx(made.r["vif_2"])
    made.run("assert reldif(r(vif_1), vif) < 1e-12")


def matrices(made: Session) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns x, z and the constant; residuals; (X'X)^-1."""
    data = made.data
    X = np.column_stack((data["x"], data["z"], np.ones(len(data)))).astype(float)
    y = data["y"].to_numpy(dtype=float)
    inverse = np.linalg.inv(X.T @ X)
    return X, y - X @ inverse @ X.T @ y, inverse


def matrix(made: Session, name: str) -> np.ndarray:
    return made.state.e.matrices[name].values


def variance(made: Session) -> np.ndarray:
    return matrix(made, "V")


def test_robust_variances_by_their_formulas() -> None:
    made = made_up()
    X, e, inverse = matrices(made)
    leverage = np.einsum("ij,jk,ik->i", X, inverse, X)
    weights = {
        "robust": e**2 * 30 / 27,
        "hc2": e**2 / (1 - leverage),
        "hc3": e**2 / (1 - leverage) ** 2,
    }
    for kind, squares in weights.items():
        made.run(f"regress y x z, vce({kind})", quietly=True)
        expected = inverse @ (X.T * squares) @ X @ inverse
        assert variance(made) == pytest.approx(expected, rel=1e-10)
    made.run("regress y x z, vce(cluster c)", quietly=True)
    sums = np.array([(X * e[:, None])[made.data["c"] == c].sum(axis=0) for c in range(1, 7)])
    expected = inverse @ sums.T @ sums @ inverse * 6 / 5 * 29 / 27
    assert variance(made) == pytest.approx(expected, rel=1e-10)
    assert made.e["df_r"] == 5
    b = matrix(made, "b")[0, :2]
    f = b @ np.linalg.solve(variance(made)[:2, :2], b) / 2
    assert made.e["F"] == pytest.approx(f)


def test_weights() -> None:
    made = made_up()
    made.run("regress y x z [aweight=w]", quietly=True)
    b = matrix(made, "b")
    scaled = made.e["rss"]
    made.run("regress y x z [aweight=10*w]", quietly=True)
    assert made.e["rss"] == pytest.approx(scaled)
    made.run("regress y x z [pweight=w]", quietly=True)
    assert (made.e["vce"], made.e["wtype"]) == ("robust", "pweight")
    assert matrix(made, "b") == pytest.approx(b)
    made.run("regress y x z [fweight=w], vce(robust)", quietly=True)
    weighted, count = variance(made), made.e["N"]
    made.run("expand w\nregress y x z, vce(robust)", quietly=True)
    assert made.e["N"] == count
    assert variance(made) == pytest.approx(weighted)


def test_the_intercept_by_indicators() -> None:
    made = made_up()
    made.run("regress y x i.g", quietly=True)
    with_constant = {name: made.e[name] for name in ("rss", "r2", "F", "df_m", "ll")}
    made.run("regress y x bn.g, hascons", quietly=True)
    for name, value in with_constant.items():
        assert made.e[name] == pytest.approx(value)
    made.run("regress y x bn.g, noconstant", quietly=True)
    assert made.e["df_m"] == 4
    with pytest.raises(StataError):
        made.run("regress y x, hascons", quietly=True)


def test_standardised_coefficients() -> None:
    made = made_up()
    printed = made.output("regress y x z, beta")
    made.run("egen sy = std(y)\negen sx = std(x)\negen sz = std(z)\n", quietly=True)
    beta = matrix(made, "beta")[0, :2]
    assert printed.split("\n")[9].endswith("                     Beta")
    made.run("regress sy sx sz", quietly=True)
    assert matrix(made, "b")[0, :2] == pytest.approx(beta, rel=1e-5)


def test_replay_and_table() -> None:
    made = made_up()
    printed = made.output("regress y x i.g")
    assert made.output("regress") == printed
    table = made.state.r.matrices["table"]
    assert [str(stripe) for stripe in table.rows[:4]] == ["b", "se", "t", "pvalue"]
    assert table.values[6, 0] == 26
    assert "[90% conf. interval]" in made.output("regress, level(90)")
    assert "exp(b)" in made.output("regress, eform(exp(b))")


def test_heteroskedasticity_by_hand() -> None:
    made = made_up()
    X, e, _ = matrices(made)
    made.run("regress y x z\nestat hettest, rhs iid", quietly=True)
    squares = e**2
    fitted = X @ np.linalg.lstsq(X, squares, rcond=None)[0]
    deviations = np.square(squares - squares.mean()).sum()
    statistic = 30 * (1 - np.square(squares - fitted).sum() / deviations)
    assert made.r["chi2"] == pytest.approx(statistic)
    assert made.r["df"] == 2
    made.run("estat hettest, rhs", quietly=True)
    explained = np.square(fitted - squares.mean()).sum() / np.mean(squares) ** 2 / 2
    assert made.r["chi2"] == pytest.approx(explained)


def test_omitted_variables_by_adding_powers() -> None:
    made = made_up()
    made.run("regress y x z\npredict double p, xb\nestat ovtest", quietly=True)
    found = made.r["F"], made.r["df_r"]
    made.run(
        "generate double p2 = (p - 4)^2\ngenerate double p3 = (p - 4)^3\n"
        "generate double p4 = (p - 4)^4\nregress y x z p2 p3 p4\ntest p2 p3 p4",
        quietly=True,
    )
    assert found == pytest.approx((made.r["F"], made.r["df_r"]), rel=1e-5)


HETTEST = """
Breusch–Pagan/Cook–Weisberg test for heteroskedasticity 
Assumption: Normal error terms
Variable: Fitted values of y

H0: Constant variance

"""  # noqa: W291


def test_layouts_of_tests() -> None:
    made = made_up()
    made.run("regress y x z", quietly=True)
    printed = made.output("estat hettest")
    assert printed.startswith(HETTEST)
    assert printed.split("\n")[-3].startswith("    chi2(1) = ")
    summary = made.output("estat summarize").split("\n")
    assert summary[1] == ("  Estimation sample regress                Number of obs =         30")
    assert summary[4] == "      Variable |         Mean      Std. dev.         Min          Max"


def test_predictions_outside_the_sample() -> None:
    made = made_up()
    made.run("replace y = . in 1/5\nregress y x z if _n < 26", quietly=True)
    made.run(
        "predict double p\npredict double r, residuals\npredict double d, cooksd", quietly=True
    )
    data = made.data
    assert data["p"].notna().all()
    assert data["r"].isna().sum() == 5
    assert data["d"].notna().sum() == 20


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("regress", 301, "last estimates not found"),
        ("regress y x if x > 100", 2000, "no observations"),
        ("regress y x in 1", 2001, "insufficient observations"),
        ("regress i.g x", 198, "depvar may not be a factor variable"),
        ("regress y x, vce(opg)", 198, "vcetype opg not yet supported"),
        ("regress y x, vce(magic)", 198, "vcetype magic not allowed"),
        ("regress y x, plus", 198, "option plus not yet supported"),
        ("regress y x [pweight=w], vce(ols)", 198, "vcetype ols not allowed with pweights"),
        ("regress y x, noconstant hascons", 198, "may not be combined"),
        ("estat vif", 301, "last estimates not found"),
        ("predict p", 301, "last estimates not found"),
    ],
)
def test_mistakes(command: str, code: int, message: str) -> None:
    made = made_up()
    with pytest.raises(StataError) as caught:
        made.run(command, quietly=True)
    assert caught.value.code == code
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("predict d, reffects", "option reffects not allowed"),
        ("predict d, cooksd hat", "only one of"),
        ("predict d, cooksd", "option cooksd not allowed after robust estimation"),
    ],
)
def test_predictions_that_are_refused(command: str, message: str) -> None:
    made = made_up()
    made.run("regress y x, robust", quietly=True)
    with pytest.raises(StataError) as caught:
        made.run(command, quietly=True)
    assert (caught.value.code, message in caught.value.message) == (198, True)


def test_what_cannot_be_estimated_is_omitted_or_missing() -> None:
    made = made_up()
    made.run("generate x2 = 2 * x", quietly=True)
    printed = made.output("regress y x x2")
    assert printed.startswith("note: x2 omitted because of collinearity.\n")
    assert "x2 |          0  (omitted)" in printed
    made.run("generate k = 3\nregress k x", quietly=True)
    assert made.e["rss"] == 0
    made.run("assert missing(e(r2)) & missing(e(F))")
    printed = made.output("regress x2 x")
    assert "x |          2          .        .       .            .           ." in printed
