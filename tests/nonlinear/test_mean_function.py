"""Means and named expressions: their values written out by hand, derivatives by differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr

from statalike.errors import StataError
from statalike.nonlinear.mean_function import EvaluationRows, NonlinearFunctions
from tests.nonlinear.models import functions_of, small_data, specification

DATA = small_data()
X, Z, F = (DATA.numbers(name) for name in "xzf")


def _random(functions: NonlinearFunctions, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    fixed = random.uniform(0.3, 1.2, functions.parameter_count)
    return fixed, random.normal(0, 0.3, (DATA.n, functions.effect_count))


def _check_derivatives(functions: NonlinearFunctions, name: str = "y") -> None:
    """Central differences with a step of 1e-6 have errors of about 1e-9."""
    fixed, effects = _random(functions)
    found = functions.derivatives(name, fixed, effects)
    np.testing.assert_array_equal(found.values, functions.values(name, fixed, effects))
    step = 1e-6
    for j in range(len(fixed)):
        change = step * (np.arange(len(fixed)) == j)
        above = functions.values(name, fixed + change, effects)
        below = functions.values(name, fixed - change, effects)
        np.testing.assert_allclose(
            found.fixed[:, j], (above - below) / (2 * step), rtol=1e-6, atol=1e-7
        )
    for k in range(functions.effect_count):
        change = step * (np.arange(functions.effect_count) == k)
        above = functions.values(name, fixed, effects + change)
        below = functions.values(name, fixed, effects - change)
        np.testing.assert_allclose(
            found.effects[:, k], (above - below) / (2 * step), rtol=1e-6, atol=1e-7
        )


def test_the_value_of_a_growth_curve() -> None:
    model = specification(
        "{phi1:}/(1+exp(-(x-{phi2:})/{phi3}))",
        "phi1: i.f U1[id]",
        "phi2: c.z#U2[id] z, nocons",
    )
    functions = functions_of(model, DATA)
    fixed, effects = _random(functions)
    phi1 = fixed[0] * (F == 2) + fixed[1] * (F == 3) + fixed[2] + effects[:, 0]
    phi2 = fixed[3] * Z + Z * effects[:, 1]
    expected = phi1 / (1 + np.exp(-(X - phi2) / fixed[4]))
    np.testing.assert_allclose(functions.values("y", fixed, effects), expected, rtol=1e-13)
    np.testing.assert_allclose(functions.values("phi1", fixed, effects), phi1, rtol=1e-13)
    _check_derivatives(functions)
    _check_derivatives(functions, "phi2")


def test_coefficients_and_parts_of_a_linear_combination_are_shared() -> None:
    model = specification(
        "1/(2+{lc1: x z i.f, nocons})*exp(-{lc2: z, xb}/(1+{lc1:x}*x+{lc1: i.f, nocons}))"
    )
    functions = functions_of(model, DATA)
    fixed, effects = _random(functions)
    x, z, f2, f3, slope, constant = fixed
    factor = f2 * (F == 2) + f3 * (F == 3)
    first = x * X + z * Z + factor
    expected = 1 / (2 + first) * np.exp(-(constant + slope * Z) / (1 + x * X + factor))
    np.testing.assert_allclose(functions.values("y", fixed, effects), expected, rtol=1e-13)
    _check_derivatives(functions)


def test_a_random_effect_may_stand_in_several_places() -> None:
    model = specification("{lc1: z U0[id], nocons}/(2+exp(-{lc2: x U0}))+{U0}*{c.x#U0}")
    functions = functions_of(model, DATA)
    fixed, effects = _random(functions)
    u = effects[:, 0]
    expected = (fixed[0] * Z + u) / (2 + np.exp(-(fixed[1] * X + fixed[2] + u))) + u * X * u
    np.testing.assert_allclose(functions.values("y", fixed, effects), expected, rtol=1e-13)
    _check_derivatives(functions)


def test_an_unchosen_branch_may_be_undefined() -> None:
    model = specification("cond(f==1, {a}, {b}/(f-1))*x")
    functions = functions_of(model, DATA)
    found = functions.derivatives("y", np.array([2.0, 3.0]), np.zeros((12, 0)))
    chosen = F == 1
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(found.values, np.where(chosen, 2.0, 3.0 / (F - 1)) * X)
        np.testing.assert_allclose(
            found.fixed, np.column_stack([chosen * X, np.where(chosen, 0, X / (F - 1))])
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("invlogit({b})", expit(0.7)),
        ("normal({b})", ndtr(0.7)),
        ("max({b}, 0.2, {b}-1)", 0.7),
        ("min({b}, 0.2)", 0.2),
        ("abs(-{b})", 0.7),
        ("round({b})", 1.0),
        ("{b}^2", 0.49),
        ("2^{b}", 2**0.7),
        ("({b}>0.5)+({b}<=0.7)*2", 3.0),
        ("!{b}", 0.0),
        ("-{b}^2", -0.49),
    ],
)
def test_functions_of_a_parameter(text: str, expected: float) -> None:
    functions = functions_of(specification(text), DATA)
    np.testing.assert_allclose(
        functions.values("y", np.array([0.7]), np.zeros((12, 0))), np.full(12, expected)
    )


@pytest.mark.parametrize(
    "text",
    [
        "abs",
        "acos({b}/4)",
        "acosh(1+{b})",
        "asin({b}/4)",
        "asinh",
        "atan",
        "atanh({b}/4)",
        "cos",
        "cosh",
        "exp",
        "expm1",
        "ln",
        "log",
        "log10",
        "ln1p",
        "log1p",
        "ln1m({b}/4)",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "invlogit",
        "logit({b}/2)",
        "cloglog({b}/2)",
        "invcloglog",
        "normal",
        "normalden",
        "lnnormal",
        "invnormal({b}/2)",
        "lngamma",
        "digamma",
        "trigamma",
        "atan2({b},x)",
        "max({b},x)",
        "min({b},x)",
        "normalden({b},1.5)",
        "chi2(3,{b})",
        "ttail(4,{b})",
        "{b}^x",
        "x^{b}",
    ],
)
def test_derivatives_of_functions(text: str) -> None:
    expression = text if "{" in text else f"{text}({{b}})"
    _check_derivatives(functions_of(specification(f"{expression}*x"), DATA))


EXPRESSIONS = st.recursive(
    st.sampled_from(
        [
            "x",
            "z",
            "{a}",
            "{b}",
            "{lc:}",
            "{U[id]}",
            "{c.x#V[id]}",
            "2",
            "0.5",
            "{U}",
            "c.x#c.z",
            "2.f",
            "{lc:x}",
            "{named:}",
        ]
    ),
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from("+-*/"), parts).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        parts.map(lambda t: f"exp(({t})/4)"),
        parts.map(lambda t: f"sin({t})"),
        parts.map(lambda t: f"ln(1+({t})^2)"),
        st.tuples(parts, parts).map(lambda t: f"cond(f==1,{t[0]},{t[1]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(EXPRESSIONS)
def test_derivatives_of_random_expressions(text: str) -> None:
    model = specification(
        f"{text}+{{U[id]}}+{{V[id]}}", "lc: x z 1.f#W[id]", "named: atan({lc:}*{c})"
    )
    functions = functions_of(model, DATA)
    fixed, effects = _random(functions)
    value = functions.values("y", fixed, effects)
    slopes = functions.derivatives("y", fixed, effects)
    size = max(float(np.max(np.abs(part), initial=0)) for part in (value, slopes.fixed))
    if np.all(np.isfinite(value)) and size < 1e3:
        _differences_agree(functions, fixed, effects, slopes.fixed, slopes.effects)


def _differences_agree(
    functions: NonlinearFunctions,
    fixed: np.ndarray,
    effects: np.ndarray,
    by_parameter: np.ndarray,
    by_effect: np.ndarray,
) -> None:
    """Along a random direction, where the difference itself has converged."""
    random = np.random.default_rng(3)
    d, e = random.normal(size=len(fixed)), random.normal(size=effects.shape[1])

    def along(step: float) -> np.ndarray:
        return functions.values("y", fixed + step * d, effects + step * e)

    coarse, fine = ((along(h) - along(-h)) / (2 * h) for h in (2e-5, 1e-5))
    settled = np.abs(coarse - fine) < 1e-6 * (1 + np.abs(fine))
    expected = by_parameter @ d + by_effect @ e
    np.testing.assert_allclose(expected[settled], fine[settled], rtol=1e-4, atol=1e-4)


def test_a_lagged_mean_follows_its_recursion() -> None:
    model = specification("{a}*L.{y:}+{b}*x+{U[id]}", initial=("{y:} = {c}*x",))
    starts, others = np.arange(0, 12, 4), np.flatnonzero(np.arange(12) % 4)
    periods = tuple(starts + period for period in range(4))
    previous = np.where(np.arange(12) % 4 == 0, -1, np.arange(12) - 1)
    source = np.array([0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8])
    rows = EvaluationRows(np.arange(12), others, source, periods, previous)
    functions = functions_of(model, DATA, rows)
    u = np.repeat([0.1, -0.2, 0.3], 3)[:, None]
    fixed = np.array([0.5, 2.0, 3.0])
    expected = np.empty(12)
    for i in range(12):
        group = 0.5 * expected[i - 1] + 2.0 * X[i] + u[3 * (i // 4), 0]
        expected[i] = 3.0 * X[i] if i % 4 == 0 else group
    np.testing.assert_allclose(functions.values("y", fixed, u), expected[others], rtol=1e-13)
    found = functions.derivatives("y", fixed, u)
    step = 1e-6
    for j in range(3):
        change = step * (np.arange(3) == j)
        rise = functions.values("y", fixed + change, u) - functions.values("y", fixed - change, u)
        np.testing.assert_allclose(found.fixed[:, j], rise / (2 * step), rtol=1e-6)
    rise = functions.values("y", fixed, u + step) - functions.values("y", fixed, u - step)
    np.testing.assert_allclose(found.effects[:, 0], rise / (2 * step), rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{a}*nosuch", 111),
        ("nosuch({a})", 133),
        ("length({a})", 198),
        ("runiform()*{a}+substr({a},1,1)", 198),
        ("{lc: x z}+{lc:time}", 111),
        ("{lc: x z}+{lc: x time}", 111),
    ],
)
def test_what_cannot_be_evaluated_is_refused(text: str, code: int) -> None:
    with pytest.raises(StataError) as raised:
        functions_of(specification(text), DATA)
    assert raised.value.code == code
