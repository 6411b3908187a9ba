"""``menl``: published estimates, names in e(), options, and models that cannot be understood."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import failure
from tests.commands.orange_trees import CURVE, orange_trees
from tests.commands.reference_logs import disagreements
from tests.shared import needs_shared


def estimates(made: Session) -> dict[str, float]:
    b = made.state.e.matrices["b"]
    return {str(name): float(value) for name, value in zip(b.columns, b.values[0], strict=True)}


def test_orange_trees() -> None:
    """The printed results of [ME] menl, Graphical approach; nlme 3.1 has the same."""
    found = estimates(orange_trees(f"menl {CURVE}"))
    expected = {
        "phi1:_cons": 191.049,
        "/phi2": 722.556,
        "/phi3": 344.1624,
        "/tree:lnsd(U1)": 0.5 * np.log(991.1514),
        "/Residual:lnsigma": 0.5 * np.log(61.56371),
    }
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()), rel=2e-6)


def test_what_is_stored() -> None:
    made = orange_trees(f"menl {CURVE}")
    scalars, macros = made.state.e.scalars, made.state.e.macros
    assert scalars["ll"] == pytest.approx(-131.58458, abs=1e-5)
    assert (scalars["N"], scalars["k_f"], scalars["k_r"], scalars["k_res"]) == (35, 3, 2, 1)
    assert (scalars["df_m"], scalars["converged"], scalars["rank"]) == (0, 1, 5)
    assert macros["hierarchy"] == "(tree:identity:U1)"
    assert macros["expressions"] == "phi1" and macros["expr_phi1"] == "U1[tree], xb"
    assert macros["method"] == "MLE" and macros["revars"] == "U1"
    assert made.state.e.matrices["b_var"].values[0, 3] == pytest.approx(991.1514, rel=1e-5)
    assert made.state.e.matrices["V_sd"].values[3, 3] ** 0.5 == pytest.approx(10.156, rel=1e-4)
    assert made.state.e.matrices["hierstats"].values.tolist() == [[5, 7, 7, 7]]


@pytest.mark.parametrize(
    "model",
    [
        "circumf = {phi1: U1[tree], xb}/(1+exp(-(age-{phi2})/{phi3}))",
        "circumf = ({phi1}+{U1[tree]})/(1+exp(-(age-{phi2})/{phi3}))",
        "circumf = {phi1: U1[tree]}*{f:}, define(f: 1/(1+exp(-(age-{g:})/{phi3}))) "
        "define(g: _cons, xb)",
        "circumf = {p:U1[tree]}*invlogit((age-{h: _cons, xb})/{phi3=300})",
    ],
)
def test_one_model_may_be_written_in_many_ways(model: str) -> None:
    made = orange_trees(f"menl {model}")
    assert made.state.e.scalars["ll"] == pytest.approx(-131.58458, abs=1e-4)


def test_shown_again_it_prints_the_same() -> None:
    made = orange_trees()
    first = made.output(f"menl {CURVE} nolog")
    assert "        phi1:  U1[tree], xb" in first
    assert "       /phi2 |" in first
    made.run("estimates store a")
    made.run("quietly regress circumf age")
    made.run("quietly estimates restore a")
    assert made.output("menl") == first
    assert "sd(U1)" in made.output("menl, stddeviations")
    legend = made.output("menl, coeflegend noheader")
    for name in ("_b[phi1:_cons]", "_b[/phi2]", "_b[/tree:lnsd(U1)]", "_b[/Residual:lnsigma]"):
        assert name in legend
    assert "Random-effects parameters" not in made.output("menl, noretable")
    assert "/phi2" not in made.output("menl, nofetable")
    assert "phi1:  U1" not in made.output("menl, nolegend")


def test_coefficients_are_found_by_name() -> None:
    made = orange_trees(f"menl {CURVE}")
    printed = made.output('display %9.4f exp(_b[/tree:lnsd(U1)]) " " %9.3f _b[phi1:_cons]')
    assert printed.split() == ["31.4826", "191.049"]
    assert "[/Residual]lnsigma = 0" in made.output("test _b[/Residual:lnsigma] = 0")
    assert "1478.7" in made.output("nlcom (age90: _b[/phi2] + _b[/phi3]*ln(9))")


def test_values_to_begin_from() -> None:
    """No EM where all parameters begin at values given, EM with option fixed."""
    made = orange_trees()
    all_given = made.output(
        f"menl {CURVE} initial(phi1:_cons 190 /phi2 700 /phi3 350 tree:lnsd(U1) log(30) "
        "/Residual:lnsigma 2)"
    )
    assert "EM" not in all_given
    assert made.state.e.scalars["ll"] == pytest.approx(-131.58458, abs=1e-4)
    kept = made.output(f"menl {CURVE} initial({{phi1:}} 175 phi2 700 phi3 300, fixed)")
    assert "Obtaining starting values by EM" in kept
    made.run(f"quietly menl {CURVE} initial(190 700 350 3 2, copy) iterate(0)")
    assert made.state.e.scalars["converged"] == 0
    made.run("matrix b0 = e(b)")
    assert "Warning: Convergence not achieved." in made.output("menl")
    made.run(f"quietly menl {CURVE} initial(b0)")
    assert made.state.e.scalars["ll"] == pytest.approx(-131.58458, abs=1e-4)


def test_residual_structures_have_names_and_rows() -> None:
    made = orange_trees()
    text = made.output(f"menl {CURVE} resvariance(power _yhat, noconstant) nolog")
    assert "Power _yhat" in text and "sigma2" in text and "delta" in text
    assert list(estimates(made))[-2:] == ["/Residual:lnsigma", "/Residual:delta"]
    text = made.output(f"menl {CURVE} rescorrelation(ctar1, t(age)) nolog")
    assert "Residual: CTAR1," in text and "time age" in text
    assert list(estimates(made))[-1] == "/Residual:corr"
    text = made.output(f"menl {CURVE} resvariance(distinct, index(age)) nolog iterate(2)")
    assert "var(e118)" in text
    assert list(estimates(made))[-1] == "/Residual:lndelta7"
    text = made.output(f"menl {CURVE} rescovariance(identity, by(plot)) nolog")
    assert "1: var(e)" in text and "2: var(e)" in text


def test_levels_are_shown_from_the_outermost() -> None:
    made = orange_trees()
    text = made.output(
        "menl circumf = ({a}+{U[tree]}+{V[plot<tree]})*age/(age+{b}), iterate(2) nolog"
    )
    assert "tree>plot" in text and "Path" in text
    assert made.state.e.macros["hierarchy"] == "(tree:identity:U) (tree>plot:identity:V)"


def test_without_random_effects_it_is_least_squares() -> None:
    """R's ``nls(circumference ~ SSlogis(age, Asym, xmid, scal), Orange)``: 192.69, 728.76,
    353.53, with a residual standard error of 23.37 on 32 degrees of freedom."""
    made = orange_trees("menl circumf = {a=190}/(1+exp(-(age-{b=700})/{c=350}))")
    found = list(estimates(made).values())
    assert found[:3] == pytest.approx([192.6876, 728.7564, 353.5337], rel=1e-5)
    assert np.exp(found[3]) == pytest.approx(23.37219 * np.sqrt(32 / 35), rel=1e-5)


def test_lagged_means_need_order_and_an_initial_condition() -> None:
    made = orange_trees()
    made.run("tsset, clear")
    model = "menl circumf = {a: U[tree], xb}*(1-exp(-{k}*D.age))+L.{circumf:}*exp(-{k}*D.age), "
    model += "tsinit({circumf:} = {y0=30}) "
    text = made.output(f"{model} tsorder(age) nolog iterate(5)")
    assert "Panel variable: tree (strongly balanced)" in text
    assert "Time variable: <time>, 1 to 7" in text
    assert "Note: Lagged predicted mean function L.{circumf:} is used in the model." in text
    assert made.state.e.scalars["N"] == 30
    made.run("predict double mean")
    missing = made.state.data.numbers("mean") > 1e300
    assert missing.tolist() == [i % 7 == 0 for i in range(35)]
    assert failure(made, model).code == 111


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("menl circumf", 198, "needs an expression"),
        ("menl circumf = {a}*exp({b", 198, ""),
        ("menl circumf = {a}*({b:})", 111, "expression {b:} not found"),
        ("menl circumf = {a:}, define(a: {b:}) define(b: {a:})", 198, "defined by itself"),
        ("menl circumf = {a:}, define(a: {b}) define(a: {c})", 110, "already defined"),
        ("menl circumf = {a:}, define(a: age)", 198, "needs option xb"),
        ("menl circumf = {a}+{u[tree]}", 198, "capital letter"),
        ("menl circumf = {a}+{U[tree]}+{V[plot]}", 198, "not nested"),
        ("menl circumf = {a}+{U[tree]}+{U[tree>plot]}", 198, "two levels"),
        ("menl circumf = {a: age i.plot#U[tree]}", 198, "not allowed with random effects"),
        ("menl circumf = {a}*nosuch", 111, "nosuch not found"),
        ("menl circumf = {a}*nosuch({b})", 133, "unknown function"),
        ("menl circumf = {a}+{U[nosuch]}", 111, "nosuch not found"),
        ("menl circumf = {a}+L2.{b:}, define(b: {c})", 198, "L2.{b:} not allowed"),
        ("menl circumf = {a}+L.{circumf:}", 198, "tsinit() required"),
        ("menl circumf = {a:}, define(a: {b}*L.{circumf:})", 198, "not allowed in option define"),
        (f"menl {CURVE} covariance(U2, identity)", 111, "random effect U2 not found"),
        (f"menl {CURVE} initial(1 2, copy)", 503, "the model has 5 parameters"),
        (f"menl {CURVE} initial(nosuch 2)", 111, "parameter nosuch not found"),
        (f"menl {CURVE} mle reml", 198, "only one of"),
        (f"menl {CURVE} nrtolerance(1e-4)", 198, "not allowed"),
        (f"menl {CURVE} rescorrelation(ar 1)", 198, "requires t()"),
        (f"menl {CURVE} rescorrelation(ar 1, t(plot))", 451, "repeated values of plot"),
        (f"menl {CURVE} resvariance(power)", 198, "needs a variable"),
        (f"menl {CURVE} rescovariance(identity) resvariance(linear age)", 198, "combined"),
        (f"menl {CURVE} tsmissing", 198, "tsmissing"),
        (f"menl {CURVE} vce(robust)", 198, "option vce() not allowed"),
        ("menl circumf = {a}*(1-exp(-{k}*age)), rescorrelation(exchangeable)", 198, "group()"),
        ("menl circumf = ln(-1-{b}^2)+{U[tree]}", 480, "starting values invalid"),
    ],
)
def test_bad_models_are_refused_and_change_nothing(command: str, code: int, words: str) -> None:
    made = orange_trees("regress circumf age")
    error = failure(made, command)
    assert error.code == code
    assert words in f"{error.message} {error.hint}"
    assert made.state.e.macros["cmd"] == "regress"


def test_replay_needs_estimates() -> None:
    assert failure(orange_trees(), "menl").code == 301


@needs_shared
@pytest.mark.parametrize("case", ["menl/25-initial-values-graphical"])
def test_reference(case: str) -> None:
    assert not disagreements(case, leave_out=("twoway",))
