"""``test``, ``testparm`` and ``lincom``: numbers by explicit matrices, text as Stata's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from statalike.data.dta import read_dta
from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted, quiet_session, random_covariance
from tests.shared import needs_shared, shared_path

NAMES = [
    *("y:x1", "y:x2", "y:1b.g", "y:2.g", "y:3.g", "y:1b.g#co.x1", "y:2.g#c.x1", "y:3.g#c.x1"),
    *("y:_cons", "lnsig_e:_cons"),
]
NOT_ESTIMATED = [2, 5]
B = np.array([0.5, -1.2, 0.0, 0.8, 1.9, 0.0, 0.25, -0.4, 10.0, -0.7])
V = random_covariance(10)
V[NOT_ESTIMATED] = V[:, NOT_ESTIMATED] = 0.0
BARE = [name.removeprefix("y:") for name in NAMES[:9]]


@pytest.fixture
def session() -> Session:
    found = quiet_session()
    data = found.state.data
    data.add("y", [1.0, 2.0, 3.0])
    data.add("x1", [1.0, 2.0, 3.0])
    data.add("x2", [1.0, 5.0, 3.0])
    data.add("g", [1, 2, 3])
    found.state.e = posted(NAMES, B.tolist(), V)
    return found


def row(**weights: float) -> list[float]:
    """A restriction's weights; the keys are those of ``POSITIONS``."""
    weight = [0.0] * 10
    for name, value in weights.items():
        weight[POSITIONS[name]] = value
    return weight


POSITIONS = {"x1": 0, "x2": 1, "g2": 3, "g3": 4, "g2x": 6, "g3x": 7, "cons": 8, "sigma": 9}

HYPOTHESES: list[tuple[str, list[list[float]], list[float], list[str]]] = [
    ("x1", [row(x1=1)], [0], ["[y]x1 = 0"]),
    ("x1 x2", [row(x1=1), row(x2=1)], [0, 0], ["[y]x1 = 0", "[y]x2 = 0"]),
    ("x1 = x2", [row(x1=1, x2=-1)], [0], ["[y]x1 - [y]x2 = 0"]),
    ("x2 = x1", [row(x1=-1, x2=1)], [0], ["- [y]x1 + [y]x2 = 0"]),
    ("x1 = 2*x2 + 3", [row(x1=1, x2=-2)], [3], ["[y]x1 - 2*[y]x2 = 3"]),
    (
        "x1 = x2 = .5",
        [row(x1=1, x2=-1), row(x1=1)],
        [0, 0.5],
        ["[y]x1 - [y]x2 = 0", "[y]x1 = .5"],
    ),
    (
        "(x1=0) (x2=2.g)",
        [row(x1=1), row(x2=1, g2=-1)],
        [0, 0],
        ["[y]x1 = 0", "[y]x2 - [y]2.g = 0"],
    ),
    (
        "(x1 + x2)/4 = 3.g - 1",
        [row(x1=0.25, x2=0.25, g3=-1)],
        [-1],
        [".25*[y]x1 + .25*[y]x2 - [y]3.g = -1"],
    ),
    ("[y]x1 = _b[lnsig_e:_cons]", [row(x1=1, sigma=-1)], [0], ["[y]x1 - [lnsig_e]_cons = 0"]),
    ("[#2]_cons = -1", [row(sigma=1)], [-1], ["[lnsig_e]_cons = -1"]),
    ("_b[2.g#c.x1] = 3.g#c.x1", [row(g2x=1, g3x=-1)], [0], ["[y]2.g#c.x1 - [y]3.g#c.x1 = 0"]),
    ("_cons", [row(cons=1)], [0], ["[y]_cons = 0"]),
    ("x1 = e(half)*2^2 + sqrt(4)", [row(x1=1)], [4], ["[y]x1 = 4"]),
    ("-x1 + 2*(x2 - x1) = bound", [row(x1=-3, x2=2)], [7], ["- 3*[y]x1 + 2*[y]x2 = 7"]),
]


@pytest.mark.parametrize(
    ("text", "weights", "constants", "restrictions"), HYPOTHESES, ids=lambda v: str(v)[:30]
)
def test_restrictions_and_statistic(
    session: Session,
    text: str,
    weights: list[list[float]],
    constants: list[float],
    restrictions: list[str],
) -> None:
    session.state.e.scalars["half"] = 0.5
    session.state.memory.scalars["bound"] = 7.0
    shown = session.output(f"test {text}")
    R, r = np.array(weights), np.array(constants, dtype=float)
    distance = R @ B - r
    chi2 = distance @ np.linalg.inv(R @ V @ R.T) @ distance
    assert session.r["chi2"] == pytest.approx(chi2, rel=1e-10)
    assert session.r["df"] == len(r)
    assert session.r["p"] == pytest.approx(special.gammaincc(len(r) / 2, chi2 / 2), abs=1e-14)
    for number, restriction in enumerate(restrictions, 1):
        assert f" ({number:2d})  {restriction}\n" in shown
    assert session.r["drop"] == 0


def test_f_statistic_with_residual_degrees_of_freedom(session: Session) -> None:
    R = np.array([row(x1=1), row(x2=1)])
    statistic = (R @ B) @ np.linalg.inv(R @ V @ R.T) @ (R @ B) / 2
    for command, df in (("test x1 x2", 21.0), ("test x1 x2, df(9.5)", 9.5)):
        session.state.e.scalars["df_r"] = 21.0
        session.run(command, quietly=True)
        assert session.r["F"] == pytest.approx(statistic)
        assert session.r["df_r"] == df
        tail = special.betainc(df / 2, 1, df / (df + 2 * statistic))
        assert session.r["p"] == pytest.approx(tail)
        assert "chi2" not in session.r


def test_coefficients_by_their_name_stand_for_all_equations(session: Session) -> None:
    session.state.e = posted(
        ["a:x1", "a:_cons", "b:x1", "b:_cons"], [1.0, 2.0, 3.0, 4.0], np.eye(4)
    )
    assert "( 1)  [a]x1 = 0\n ( 2)  [b]x1 = 0\n" in session.output("test x1")
    assert session.r["chi2"] == pytest.approx(10)
    assert "( 2)  [b]_cons = 0" in session.output("test _cons")
    assert "( 1)  [a]x1 - [b]x1 = 0\n\n" in session.output("test [a=b]")
    assert session.r["chi2"] == pytest.approx(2)
    assert "( 2)  [a]_cons - [b]_cons = 0" in session.output("test [a=b], constant")
    session.run("test [b]", quietly=True)
    assert session.r["chi2"] == pytest.approx(9)
    session.run("test [#1=b]: _cons", quietly=True)
    assert session.r["chi2"] == pytest.approx(2)
    assert "( 1)  [a]x1 - [b]x1 = 0" in session.output("test [a]x1 = [b]x1")
    assert "( 1)  [b]x1 = 0\n\n" in session.output("testparm x1, equation(b)")


def test_what_depends_on_other_restrictions_is_dropped(session: Session) -> None:
    shown = session.output("test (1.g) (x1=x2) (x2=x1) (x1)")
    assert shown == (
        "\n"
        " ( 1)  [y]1b.g = 0\n"
        " ( 2)  [y]x1 - [y]x2 = 0\n"
        " ( 3)  - [y]x1 + [y]x2 = 0\n"
        " ( 4)  [y]x1 = 0\n"
        "       Constraint 1 dropped\n"
        "       Constraint 3 dropped\n"
        "\n"
        f"           chi2(  2) ={session.r['chi2']:8.2f}\n"
        f"         Prob > chi2 ={session.r['p']:10.4f}\n"
    )
    assert (session.r["drop"], session.r["dropped_1"], session.r["dropped_2"]) == (1, 1, 3)
    assert "chi2(  0) =       ." in session.output("test 1.g")
    p = session.r["p"]
    assert isinstance(p, float) and math.isnan(p)


def test_accumulating(session: Session) -> None:
    assert session.output("test x1, notest") == "\n ( 1)  [y]x1 = 0\n"
    session.run("test x2 = 1, accumulate", quietly=True)
    both = session.r["chi2"]
    session.run("test (x1) (x2=1)", quietly=True)
    assert session.r["chi2"] == both
    session.run("test", quietly=True)
    assert session.r["chi2"] == both
    session.state.e = posted(NAMES, B.tolist(), V)
    for command in ("test", "test x1, accumulate"):
        with pytest.raises(StataError, match="last test not found") as caught:
            session.run(command)
        assert caught.value.code == 302


def test_testparm_takes_estimated_coefficients_of_the_terms(session: Session) -> None:
    assert "( 1)  [y]2.g = 0\n ( 2)  [y]3.g = 0\n\n" in session.output("testparm i.g")
    R = np.array([row(g2=1), row(g3=1)])
    assert session.r["chi2"] == pytest.approx((R @ B) @ np.linalg.inv(R @ V @ R.T) @ (R @ B))
    assert "( 1)  - [y]2.g + [y]3.g = 0\n\n" in session.output("testparm i.g, equal")
    shown = session.output("testparm i.g#c.x1")
    assert "( 1)  [y]2.g#c.x1 = 0\n ( 2)  [y]3.g#c.x1 = 0\n\n" in shown
    assert "( 1)  [y]x1 = 0\n ( 2)  [y]x2 = 0\n\n" in session.output("testparm x*")
    assert "( 1)  [y]x1 = 0\n ( 2)  [y]x2 = 0\n\n" in session.output("testparm *")
    assert "( 1)  [y]3.g = 0\n\n" in session.output("testparm 3.g")
    assert "( 5)  [y]3.g#c.x1 = 0\n\n" in session.output("testparm c.x1##i.g")
    with pytest.raises(StataError, match="no such variables") as caught:
        session.run("testparm c.x1#c.x1")
    assert caught.value.code == 111


def test_layout_of_an_f_test() -> None:
    session = quiet_session()
    session.state.data.add("rank", [1, 2, 3])
    size = math.sqrt(52.89)
    names = ["1b.rank", "2.rank", "3.rank", "_cons"]
    session.state.e = posted(
        names,
        [0, size, size, 1],
        np.diag([0.0, 1, 1, 1]),
        command="regress",
        scalars={"df_r": 507.0},
    )
    assert session.output("testparm i.rank") == (
        "\n"
        " ( 1)  2.rank = 0\n"
        " ( 2)  3.rank = 0\n"
        "\n"
        "       F(  2,   507) =   52.89\n"
        "            Prob > F =    0.0000\n"
    )


ERRORS = [
    ("test nosuch", 111, "nosuch not found"),
    ("test x1 = nosuch", 111, "nosuch not found"),
    ("test [nosuch]", 303, "equation [nosuch] not found"),
    ("test [y]nosuch", 111, "[y]nosuch not found"),
    ("test [y=lnsig_e]: x1", 111, "[lnsig_e]x1 not found"),
    ("test x1*x2 = 0", 131, "not possible with test"),
    ("test x1^2 = 0", 131, "not possible with test"),
    ("test 1/x1 = 0", 131, "not possible with test"),
    ("test exp(x1) = 0", 131, "not possible with test"),
    ("test x1 + x2", 198, "invalid syntax"),
    ("test x1 x2 = 3", 198, "invalid syntax"),
    ("test x1 = e(nothing)", 504, "missing values"),
    ("test x1 = 1/0", 504, "missing values"),
    ("test x1, mtest(nosuch)", 198, "mtest(nosuch) invalid"),
    ("test x1, minimum", 198, "option minimum not yet supported"),
    ("test x1, small", 198, "option small requires that mixed was fit with option dfmethod()"),
    ("test x1, df(-3)", 198, "df() must be positive"),
    ("test x1, nosuch", 198, "option nosuch not allowed"),
    ("testparm nosuch", 111, "variable nosuch not found"),
    ("testparm", 100, "varlist required"),
    ("lincom x1 + 1", 198, "additive constant term not allowed"),
    ("lincom x1 = x2", 198, "invalid syntax"),
    ("lincom x1*x2", 131, "not possible with test"),
    ("lincom x1, or irr", 198, "only one of or or irr is allowed"),
]


@pytest.mark.parametrize(("command", "code", "message"), ERRORS)
def test_mistakes(session: Session, command: str, code: int, message: str) -> None:
    with pytest.raises(StataError) as caught:
        session.run(command)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize("command", ["test x", "testparm y", "lincom x"])
def test_estimates_are_needed(command: str) -> None:
    session = quiet_session()
    session.state.data.add("y", [1.0])
    with pytest.raises(StataError) as caught:
        session.run(command)
    assert caught.value.code == 301


def test_variables_may_be_abbreviated(session: Session) -> None:
    session.state.data.drop(["x2"])
    assert "[y]x1 = 0" in session.output("test x = 0")


# --- lincom ------------------------------------------------------------------------------------


def test_lincom_by_explicit_matrices(session: Session) -> None:
    session.run("lincom 2*x1 - (3.g - 2.g)/2, level(90)", quietly=True)
    weights = np.array(row(x1=2, g3=-0.5, g2=0.5))
    estimate, error = weights @ B, math.sqrt(weights @ V @ weights)
    z = estimate / error
    assert session.r["estimate"] == pytest.approx(estimate)
    assert session.r["se"] == pytest.approx(error)
    assert session.r["z"] == pytest.approx(z)
    assert session.r["p"] == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))
    half = 1.6448536269514722 * error
    assert session.r["lb"] == pytest.approx(estimate - half)
    assert session.r["ub"] == pytest.approx(estimate + half)
    assert session.r["level"] == 90


def test_lincom_exponentiated(session: Session) -> None:
    session.run("lincom x1 - x2", quietly=True)
    plain = {name: session.r[name] for name in ("estimate", "se", "z", "p", "lb", "ub")}
    for option, title in (("eform", "exp(b)"), ("or", "Odds ratio"), ("hr", "Haz. ratio")):
        assert title in session.output(f"lincom x1 - x2, {option}")
        assert session.r["estimate"] == pytest.approx(np.exp(plain["estimate"]))
        assert session.r["se"] == pytest.approx(np.exp(plain["estimate"]) * plain["se"])
        assert session.r["lb"] == pytest.approx(np.exp(plain["lb"]))
        assert session.r["ub"] == pytest.approx(np.exp(plain["ub"]))
        assert (session.r["z"], session.r["p"]) == (plain["z"], plain["p"])


def test_lincom_without_variance(session: Session) -> None:
    shown = session.output("lincom 1.g")
    assert "( 1)  [y]1b.g = 0" in shown
    error = session.r["se"]
    assert isinstance(error, float) and math.isnan(error)


def test_layout_of_lincom() -> None:
    session = quiet_session()
    session.state.e = posted(
        ["1.male", "1.male#c.yearsdg"],
        [200.3701, 60.0],
        np.diag([727.9749**2, 0.0]),
        command="regress",
        outcome="salary",
        scalars={"df_r": 507.0},
    )
    assert session.output("lincom 1.male + 1.male#c.yearsdg*10, cformat(%9.2f)") == (
        "\n"
        " ( 1)  1.male + 10*1.male#c.yearsdg = 0\n"
        "\n"
        "------------------------------------------------------------------------------\n"
        "      salary | Coefficient  Std. err.      t    P>|t|     [95% conf. interval]\n"
        "-------------+----------------------------------------------------------------\n"
        "         (1) |     800.37     727.97     1.10   0.272      -629.85     2230.59\n"
        "------------------------------------------------------------------------------\n"
    )


# --- reference ---------------------------------------------------------------------------------


@needs_shared
def test_reference_log_of_a_factor_interaction() -> None:
    session = quiet_session()
    session.state.data = read_dta(shared_path("data", "childweight.dta"))
    session.run(
        "mixed weight ibn.girl i.girl#c.age c.age#c.age, noconstant || id: age", quietly=True
    )
    assert session.output("test 0.girl#c.age = 1.girl#c.age") == (
        "\n"
        " ( 1)  [weight]0bn.girl#c.age - [weight]1.girl#c.age = 0\n"
        "\n"
        "           chi2(  1) =    1.66\n"
        "         Prob > chi2 =    0.1978\n"
    )


@needs_shared
def test_reference_log_of_a_chain_of_equalities() -> None:
    session = quiet_session()
    session.state.data = read_dta(shared_path("data", "veneer.dta"))
    session.run(
        "mixed gcf followup base_gcf cda age || patient: followup, covariance(unstructured)"
        " || tooth:, reml",
        quietly=True,
    )
    assert session.output("test followup = age = 0") == (
        "\n"
        " ( 1)  [gcf]followup - [gcf]age = 0\n"
        " ( 2)  [gcf]followup = 0\n"
        "\n"
        "           chi2(  2) =    7.30\n"
        "         Prob > chi2 =    0.0260\n"
    )
    shown = session.output("testparm *")
    for number, name in enumerate(("followup", "base_gcf", "cda", "age"), 1):
        assert f" ({number:2d})  [gcf]{name} = 0\n" in shown
    assert session.r["df"] == 4


# --- several tests, constrained coefficients ----------------------------------------------------


@pytest.mark.parametrize("method", ["noadjust", "bonferroni", "holm", "sidak"])
def test_restrictions_are_tested_one_by_one(session: Session, method: str) -> None:
    session.run("test x1 x2 2.g", quietly=True)
    whole = session.r["chi2"]
    shown = session.output(f"test x1 x2 2.g, mtest({method})")
    chi2 = np.array([B[i] ** 2 / V[i, i] for i in (0, 1, 3)])
    p = special.gammaincc(0.5, chi2 / 2)
    if method == "bonferroni":
        p = np.minimum(1, 3 * p)
    elif method == "sidak":
        p = 1 - (1 - p) ** 3
    elif method == "holm":
        order = np.argsort(p)
        p[order] = np.minimum(1, np.maximum.accumulate(p[order] * [3, 2, 1]))
    table = session.state.r.matrices["mtest"].values
    np.testing.assert_allclose(table, np.column_stack([chi2, np.ones(3), p]), rtol=1e-9)
    assert session.r["chi2"] == pytest.approx(whole)
    assert session.state.r.macros["mtmethod"] == method
    assert shown.count("# Holm-adjusted p-values") == (method == "holm")
    assert f"  All  |{whole:12.2f}      3" in shown


def test_layout_of_single_tests(session: Session) -> None:
    session.state.e.scalars["df_r"] = 30.0
    lines = session.output("test x1 x2, mtest(b)").split("\n")
    assert lines[:10] == [
        "",
        " ( 1)  [y]x1 = 0",
        " ( 2)  [y]x2 = 0",
        "",
        "---------------------------------------",
        "       |    F(df,30)     df      p > F",
        "-------+-------------------------------",
        lines[7],
        lines[8],
        "-------+-------------------------------",
    ]
    assert lines[7].startswith("  (1)  |") and lines[7].endswith(" #")


def test_constrained_coefficients(session: Session) -> None:
    """Least squares under x1 = x2, explicitly: y on x1 + x2."""
    session.run(
        """
        clear
        set obs 30
        generate x1 = mod(_n * 7, 11)
        generate x2 = mod(_n * 5, 13)
        generate y = x1 + 2 * x2 + mod(_n * 3, 7)
        generate s = x1 + x2
        regress y s
        """,
        quietly=True,
    )
    pooled = session.state.e.matrices["b"].values[0]
    session.run("regress y x1 x2", quietly=True)
    shown = session.output("test x1 = x2, coef")
    lines = shown[shown.index("Constrained coefficients") :].split("\n")
    found = [float(line.split("|")[1].split()[0]) for line in lines[5:8]]
    np.testing.assert_allclose(found, [pooled[0], pooled[0], pooled[1]], rtol=1e-6)
    shown = session.output("test x1 = 0, coef")
    row = next(line for line in shown.split("\n") if line.startswith("          x1 |"))
    assert row.split("|")[1].split()[:2] == ["0", "."]


def test_covariance_of_restrictions_is_saved(session: Session) -> None:
    R = np.array([row(x2=1, g2=-1)])
    session.run("test x2=2.g, matvlc(W)", quietly=True)
    np.testing.assert_allclose(session.state.memory.matrices["W"].values, R @ V @ R.T)


def test_equations_with_different_coefficients(session: Session) -> None:
    session.state.e = posted(["a:x1", "a:x2", "b:x1"], [1.0, 2.0, 3.0], np.eye(3))
    with pytest.raises(StataError) as caught:
        session.run("test [a=b]", quietly=True)
    assert caught.value.code == 111
    assert "( 1)  [a]x1 - [b]x1 = 0\n\n" in session.output("test [a=b], common")


def test_columns_of_lincom_can_be_left_out(session: Session) -> None:
    assert "conf. interval" not in session.output("lincom x1, noci")
    assert "P>|z|" not in session.output("lincom x1, nopvalues")
    assert session.r["p"] < 1
