"""``nlcom``, ``testnl`` and ``predictnl`` against analytic and numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted, quiet_session, random_covariance
from tests.commands.typed import session as typed

NAMES = ["y:x1", "y:x2", "y:_cons", "/subject:lnsd(U0)", "/:var(_cons[id])"]
B = np.array([0.5, -1.2, 2.1, -0.4, 0.3])
V = random_covariance(5) / 10


@pytest.fixture
def session() -> Session:
    found = quiet_session()
    found.state.e = posted(NAMES, B.tolist(), V, scalars={"N": 50.0})
    return found


def combination(session: Session, text: str) -> tuple[np.ndarray, np.ndarray]:
    session.run(f"nlcom {text}", quietly=True)
    matrices = session.state.r.matrices
    return matrices["b"].values[0], matrices["V"].values


def test_delta_method_against_analytic_gradients(session: Session) -> None:
    b, found = combination(
        session,
        "(ratio: _b[x1]/_b[x2]) (exp(_b[_cons] + .5*exp(2*_b[/subject:lnsd(U0)])))"
        " ([y]x1*[y]_b[x2] + _b[/var(_cons[id])]^2)",
    )
    x1, x2, cons, lnsd, var = B
    mean = np.exp(cons + 0.5 * np.exp(2 * lnsd))
    gradient = np.array(
        [
            [1 / x2, -x1 / x2**2, 0, 0, 0],
            [0, 0, mean, mean * np.exp(2 * lnsd), 0],
            [x2, x1, 0, 0, 2 * var],
        ]
    )
    np.testing.assert_allclose(b, [x1 / x2, mean, x1 * x2 + var**2], rtol=1e-14)
    np.testing.assert_allclose(found, gradient @ V @ gradient.T, rtol=1e-12)
    assert [str(s) for s in session.state.r.matrices["b"].columns] == ["ratio", "_nl_2", "_nl_3"]


EXPRESSIONS = [
    "sqrt(abs({x2})) * ln({c})",
    "invlogit({x1}) - normal({x2}) + normalden({x1})",
    "atan({x1}/{c}) + atan2({x1}, {c}) + tanh({x2}) + asinh({x2})",
    "{c}^{x1} + 2^{x2} + {c}^3",
    "cond({x1} > 0, {x1}^2, {x2}) + max({x1}, {x2}) + min({x1}, 3)",
    "invnormal({x1}) + logit({x1}) + cloglog({x1}) + invcloglog({x2}) + lnnormal({x2})",
    "lngamma({c}) + digamma({c}) + lnnormalden({x1})",
    "chi2(3, {c}) + normalden({x1}, 1, {c}) + binormal({x1}, {x2}, .3) + ttail({c}, {x1})",
    "-{x1} + +{x2} - ({x1} == 3) + floor({c})",
]


@pytest.mark.parametrize("template", EXPRESSIONS)
def test_gradients_against_differences(session: Session, template: str) -> None:
    """The gradient of every expression against differences of its own values."""
    text = template.format(x1="_b[x1]", x2="_b[x2]", c="_b[_cons]")

    def at(b: np.ndarray) -> float:
        session.state.e = posted(NAMES, b.tolist(), np.eye(5))
        return float(combination(session, text)[0][0])

    expected = np.zeros(5)
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-5
        expected[j] = (at(B + step) - at(B - step)) / 2e-5
    session.state.e = posted(NAMES, B.tolist(), np.eye(5))
    for j in range(3):
        # the covariance of the function with a coefficient is its derivative when V is I
        _, V2 = combination(session, f"({text}) (_b[{['x1', 'x2', '_cons'][j]}])")
        assert V2[0, 1] == pytest.approx(expected[j], rel=1e-7, abs=1e-9)


def test_inference_is_normal_unless_df_is_given(session: Session) -> None:
    session.run("nlcom _b[x1]^2, level(90)", quietly=True)
    estimate, error = B[0] ** 2, 2 * B[0] * np.sqrt(V[0, 0])
    table = session.state.r.matrices["table"].values[:, 0]
    z = special.ndtri(0.95)
    np.testing.assert_allclose(table[:2], [estimate, error], rtol=1e-12)
    np.testing.assert_allclose(table[4:6], [estimate - z * error, estimate + z * error])
    session.run("nlcom _b[x1]^2, df(7)", quietly=True)
    assert session.state.r.matrices["table"].values[7, 0] == pytest.approx(
        special.stdtrit(7, 0.975)
    )


def test_post_makes_the_combinations_the_estimates(session: Session) -> None:
    session.run("nlcom (a: _b[x1]) (b: exp(_b[x2])), post", quietly=True)
    session.run("test a = b", quietly=True)
    G = np.array([[1, 0, 0, 0, 0], [0, np.exp(B[1]), 0, 0, 0]])
    variance = np.array([1, -1]) @ G @ V @ G.T @ np.array([1, -1])
    assert session.state.r.scalars["chi2"] == pytest.approx((B[0] - np.exp(B[1])) ** 2 / variance)
    assert session.state.e.scalars["N"] == 50


LAYOUT = """
       _nl_1: _b[0.msmoke]
       _nl_2: -1*_b[2.msmoke]
       _nl_3: -1*_b[3.msmoke]

------------------------------------------------------------------------------
     bweight | Coefficient  Std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
       _nl_1 |   138.1694    35.9219     3.85   0.000     67.76377     208.575
       _nl_2 |   75.77648    46.0649     1.64   0.100    -14.50906     166.062
       _nl_3 |   128.3936   46.51312     2.76   0.006     37.22957    219.5577
------------------------------------------------------------------------------
"""


def test_layout(session: Session) -> None:
    """The output that a help file by others shows of a published example."""
    names = ["ATE:0.msmoke", "ATE:2.msmoke", "ATE:3.msmoke"]
    errors = np.array([35.9219, 46.0649, 46.51312])
    session.state.e = posted(
        names, [138.1694, -75.77648, -128.39361], np.diag(errors**2), outcome="bweight"
    )
    shown = session.output("nlcom (_b[0.msmoke]) (-1*_b[2.msmoke]) (-1*_b[3.msmoke]) , post")
    assert shown == LAYOUT


def test_nonlinear_test_against_the_formula(session: Session) -> None:
    session.run("testnl (_b[x1] = 1/_b[x2]) (_b[_cons]^2 = 3)", quietly=True)
    G = np.array([[1, 1 / B[1] ** 2, 0, 0, 0], [0, 0, 2 * B[2], 0, 0]])
    d = np.array([B[0] - 1 / B[1], B[2] ** 2 - 3])
    r = session.state.r.scalars
    assert r["chi2"] == pytest.approx(d @ np.linalg.solve(G @ V @ G.T, d))
    assert r["df"] == 2
    assert r["p"] == pytest.approx(special.chdtrc(2, r["chi2"]))
    session.run("testnl _b[x1] = _b[x2] = _b[_cons], df(12)", quietly=True)
    session.run("test x1 = x2 = _cons, df(12)", quietly=True)
    linear = session.state.r.scalars["F"]
    session.run("testnl _b[x1] = _b[x2] = _b[_cons], df(12)", quietly=True)
    assert session.state.r.scalars["F"] == pytest.approx(linear)


def test_several_tests_are_adjusted(session: Session) -> None:
    session.run("testnl (_b[x1] = .1) (_b[x2] = -1) (_b[_cons] = 1), mtest(holm)", quietly=True)
    table = session.state.r.matrices["mtest"].values
    z = np.array([(0.5 - 0.1), (-1.2 + 1), (2.1 - 1)]) / np.sqrt(np.diag(V)[:3])
    p = 2 * special.ndtr(-np.abs(z))
    order = np.argsort(p)
    steps = np.maximum.accumulate(np.minimum(1, p[order] * [3, 2, 1]))
    expected = np.empty(3)
    expected[order] = steps
    np.testing.assert_allclose(table[:, 2], expected)


def test_predictions_have_the_errors_of_the_delta_method() -> None:
    session = typed(
        "set obs 40\nset seed 3\ngenerate x = rnormal()\ngenerate y = 1 + x + rnormal()\n"
        "generate g = mod(_n, 8)\nregress y x\n"
        "predictnl double f = exp(_b[_cons] + _b[x]*x), se(s) ci(lo hi) wald(w) p(p) variance(v)\n"
        "predictnl double f2 = exp(predict(xb)), se(s2)\npredict double xb, xb\n"
        "predict double stdp, stdp\n"
    )
    data = session.state.data
    f, s = data.numbers("f"), data.numbers("s")
    expected = np.exp(data.numbers("xb")) * data.numbers("stdp")
    np.testing.assert_allclose(s, expected, rtol=1e-6)
    np.testing.assert_allclose(data.numbers("s2"), s, rtol=1e-8)
    np.testing.assert_allclose(data.numbers("f2"), f, rtol=1e-12)
    np.testing.assert_allclose(data.numbers("hi") - f, special.ndtri(0.975) * s, rtol=1e-9)
    np.testing.assert_allclose(data.numbers("w"), (f / s) ** 2, rtol=1e-9)
    np.testing.assert_allclose(data.numbers("v"), s**2, rtol=1e-9)


def test_predictions_of_random_effects_are_differenced() -> None:
    session = typed(
        "set obs 60\nset seed 4\ngenerate g = mod(_n, 6)\ngenerate x = rnormal()\n"
        "generate y = x + g/2 + rnormal()\nmixed y x || g:\n"
        "predictnl double a = predict(xb), se(s)\npredict double stdp, stdp\n"
        "predictnl double c = predict(fitted) if x > 0, se(t)\n"
    )
    data = session.state.data
    np.testing.assert_allclose(data.numbers("s"), data.numbers("stdp"), rtol=1e-8)
    assert np.isfinite(data.numbers("t")).all()


BAD = [
    ("nlcom _b[x9]", 111),
    ("nlcom (a: _b[x1]) (a: _b[x2])", 198),
    ("nlcom ln(_b[x2])", 498),
    ("nlcom", 301),
    ("nlcom (1a: _b[x1])", 198),
    ("nlcom _b[x1] +", 198),
    ("testnl _b[x1]", 198),
    ("testnl _b[x1] = 2, mtest(tukey)", 198),
    ("testnl _b[x1] = 2, df(-3)", 198),
    ("display predict(xb)", 133),
    ("predictnl f = _b[x1], se(f)", 198),
    ("predictnl f", 100),
]


@pytest.mark.parametrize(("line", "code"), BAD)
def test_mistakes(session: Session, line: str, code: int) -> None:
    with pytest.raises(StataError) as raised:
        session.run(line, quietly=True)
    assert raised.value.code == code
