"""Mathematical, selection, programming and matrix functions, and the registry."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language import functions
from tests.language.expression_session import A, ExpressionSession, small_session


@pytest.fixture
def session() -> ExpressionSession:
    return small_session()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abs(-3)", 3.0),
        ("abs(.a)", MISSING),
        ("acos(2)", MISSING),
        ("acosh(1)", 0.0),
        ("asin(1)", math.pi / 2),
        ("atan2(1, -1)", 3 * math.pi / 4),
        ("atanh(1)", MISSING),
        ("ceil(2.1)", 3.0),
        ("ceil(-2.1)", -2.0),
        ("ceil(.a)", A),
        ("floor(-2.1)", -3.0),
        ("int(-2.5)", -2.0),
        ("int(2.9)", 2.0),
        ("int(.a)", A),
        ("trunc(-1.5)", -1.0),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -2.0),
        ("round(-4.5)", -4.0),
        ("round(4.5)", 5.0),
        ("round(.49999999999999994)", 0.0),
        ("round(5.2)", 5.0),
        ("round(-4.8)", -5.0),
        ("round(28, 5)", 30.0),
        ("round(27.5, 5)", 30.0),
        ("round(3.14159, .01)", 3.14),
        ("round(7, 0)", 7.0),
        ("round(.a)", A),
        ("round(.a, 2)", A),
        ("round(3, .)", MISSING),
        ("mod(-7, 3)", 2.0),
        ("mod(7, 3)", 1.0),
        ("mod(7, 0)", MISSING),
        ("mod(7.5, 2)", 1.5),
        ("mod(1e17, 3)", float(10**17 % 3)),
        ("max(., 3)", 3.0),
        ("max(2, 10, ., 7)", 10.0),
        ("max(., .a)", MISSING),
        ("max(3)", 3.0),
        ("min(.z, 3, 5)", 3.0),
        ("min(., .)", MISSING),
        ("sum(3)", 3.0),
        ("sum(.)", 0.0),
        ("sign(-2)", -1.0),
        ("sign(0)", 0.0),
        ("sign(.a)", MISSING),
        ("exp(0)", 1.0),
        ("exp(800)", MISSING),
        ("exp(-800)", 0.0),
        ("expm1(1e-12)", math.expm1(1e-12)),
        ("ln(0)", MISSING),
        ("ln(1)", 0.0),
        ("log(_pi)", math.log(math.pi)),
        ("log10(1000)", 3.0),
        ("ln1p(1e-12)", math.log1p(1e-12)),
        ("ln1m(1e-12)", math.log1p(-1e-12)),
        ("log1m(1)", MISSING),
        ("sqrt(16)", 4.0),
        ("logit(.5)", 0.0),
        ("logit(0)", MISSING),
        ("invlogit(0)", 0.5),
        ("invlogit(-1000)", 0.0),
        ("cloglog(.5)", math.log(math.log(2))),
        ("invcloglog(0)", 1 - math.exp(-1)),
        ("invcloglog(-50)", math.exp(-50)),
        ("comb(5, 2)", 10.0),
        ("comb(60, 30)", 118264581564861424.0),
        ("comb(5, 6)", MISSING),
        ("comb(5, 2.5)", MISSING),
        ("lnfactorial(0)", 0.0),
        ("lnfactorial(10)", math.log(math.factorial(10))),
        ("lnfactorial(-1)", MISSING),
        ("lngamma(.5)", 0.5 * math.log(math.pi)),
        ("lngamma(0)", MISSING),
        ("digamma(1)", -0.5772156649015329),
        ("digamma(0)", MISSING),
        ("trigamma(1)", math.pi**2 / 6),
        ("reldif(3, 2)", 1 / 3),
        ("chop(2.0000001, .001)", 2.0),
        ("chop(2.1, .001)", 2.1),
        ("cond(1, 2, 3)", 2.0),
        ("cond(0, 2, 3)", 3.0),
        ("cond(., 1, 2)", 1.0),
        ("cond(., 1, 2, 3)", 3.0),
        ("cond(.a, 1, 2, .b)", MISSING * (1 + 2 / 4096)),
        ('cond(1 > 0, "yes", "no")', "yes"),
        ("cond(1, 5, 1/0)", 5.0),
        ("inlist(3, 1, 2, 3)", 1.0),
        ("inlist(3, 1, 2)", 0.0),
        ("inlist(., 1, .)", 1.0),
        ('inlist("b", "a", "b")', 1.0),
        ("inrange(2, 1, 3)", 1.0),
        ("inrange(., 1, 2)", 0.0),
        ("inrange(5, 1, .)", 1.0),
        ("inrange(0, 1, .)", 0.0),
        ("inrange(0, ., 1)", 1.0),
        ("inrange(2, ., 1)", 0.0),
        ("inrange(2, ., .)", 1.0),
        ('inrange("b", "a", "c")', 1.0),
        ('inrange("b", "", "a")', 0.0),
        ("missing(1, ., 3)", 1.0),
        ("missing(1, 2)", 0.0),
        ('missing("")', 1.0),
        ('mi("a", .z)', 1.0),
        ("clip(5, 1, 3)", 3.0),
        ("clip(0, 1, 3)", 1.0),
        ("clip(2, ., .)", 2.0),
        ("clip(9, ., 3)", 3.0),
        ("clip(., 1, 3)", MISSING),
        ("clip(2, 3, 1)", MISSING),
        ("recode(5, 3, 6, 9)", 6.0),
        ("recode(99, 3, 6, 9)", 9.0),
        ("recode(3, 3, 6)", 3.0),
        ("recode(.a, 3, 6)", A),
        ("recode(1, 6, 3)", MISSING),
        ("irecode(3, -10, -5, -3, -3, 0, 15, .)", 5.0),
        ("irecode(-11, -10, 0)", 0.0),
        ("irecode(., 1, 2)", MISSING),
        ("autocode(3, 5, 0, 10)", 4.0),
        ("autocode(-3, 5, 0, 10)", 2.0),
        ("autocode(99, 5, 0, 10)", 10.0),
        ("float(.1)", float(np.float32(0.1))),
        ("float(.a)", A),
        ("float(1e300)", MISSING),
        ("maxbyte()", 100.0),
        ("minint()", -32767.0),
        ("maxlong()", 2147483620.0),
        ("epsfloat()", 2.0**-23),
        ("epsdouble()", 2.0**-52),
        ("maxdouble() < .", 1.0),
        ("rowsof(M)", 3.0),
        ("colsof(M)", 2.0),
        ("rowsof(e(b))", 1.0),
        ('colnumb(M, "c2")', 2.0),
        ('colnumb(e(b), "x")', 1.0),
        ('colnumb(e(b), "y:_cons")', 2.0),
        ('rownumb(M, "zz")', MISSING),
        ("el(M, 2, 1)", 3.0),
        ("el(M, 9, 1)", MISSING),
        ("el(e(b), 1, 2)", 2.5),
        ("matmissing(M)", 1.0),
        ("matmissing(S)", 0.0),
        ("issymmetric(S)", 1.0),
        ("issymmetric(M)", 0.0),
        ("det(S)", 5.0),
        ("trace(S)", 5.0),
        ("diag0cnt(S)", 0.0),
        ("mreldif(S, S)", 0.0),
        ("has_eprop(V)", 1.0),
        ("has_eprop(beta)", 0.0),
    ],
)
def test_values(session: ExpressionSession, text: str, expected: float | str) -> None:
    got = session.display(text)
    if isinstance(expected, float):
        assert got == pytest.approx(expected, rel=1e-15), text
    else:
        assert got == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max(x, 2)", [2.0, 2.0, 2.0, 4.0, 2.0, 2.0]),
        ("min(x, age)", [1.0, 2.0, 30.0, 4.0, 50.0, -6.0]),
        ("min(x, .)", [1.0, 2.0, MISSING, 4.0, MISSING, -6.0]),
        ("int(x/4)", [0.0, 0.0, MISSING, 1.0, MISSING, -1.0]),
        ("round(x)", [1.0, 2.0, MISSING, 4.0, A, -6.0]),
        ("round(x, 4)", [0.0, 4.0, MISSING, 4.0, A, -4.0]),
        ("floor(x)", [1.0, 2.0, MISSING, 4.0, A, -6.0]),
        ("mod(x, 4)", [1.0, 2.0, MISSING, 0.0, MISSING, 2.0]),
        ("ln(x)", [0.0, math.log(2), MISSING, math.log(4), MISSING, MISSING]),
        ("cond(x > 1, age, x)", [1.0, 20.0, 30.0, 40.0, 50.0, -6.0]),
        ("cond(x, 1, 2, 3)", [1.0, 1.0, 3.0, 1.0, 3.0, 1.0]),
        ('cond(group == 1, name, "-")', ["ann", "Bob", "", "-", "-", "-"]),
        ("inlist(x, 2, .)", [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
        ('inlist(name, "ann", "dé")', [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        ("inrange(x, 1, 3)", [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        ("inrange(x, ., 1)", [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
        ("missing(x)", [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        ("missing(name, x)", [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        ("clip(x, 0, 3)", [1.0, 2.0, MISSING, 3.0, MISSING, 0.0]),
        ("recode(x, 1, 3, 9)", [1.0, 3.0, MISSING, 9.0, A, 1.0]),
        ("irecode(x, 1, 3)", [0.0, 1.0, MISSING, 2.0, MISSING, 0.0]),
        ("float(x/10) == x/10", [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        ("el(M, _n, 1)", [1.0, 3.0, 5.0, MISSING, MISSING, MISSING]),
        ("comb(x, 2)", [MISSING, 1.0, MISSING, 6.0, MISSING, MISSING]),
        ("autocode(x, 2, 0, 8)", [4.0, 4.0, MISSING, 4.0, MISSING, 4.0]),
        ("cond(0, name, name[1])", ["ann"] * 6),
    ],
)
def test_columns(session: ExpressionSession, text: str, expected: list[float | str]) -> None:
    got = session.column(text)
    assert (
        got == pytest.approx(expected, rel=1e-15)
        if isinstance(expected[0], float)
        else (got == expected)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cond(x, name, 1)", 109),
        ("inlist(name, 1)", 109),
        ('max("a", 1)', 109),
        ("det(M)", 505),
        ("mreldif(M, S)", 503),
        ("rowsof(Q)", 111),
        ("rowsof(1)", 198),
        ("el(e(V), 1, 1)", 111),
        ("scalar(zz)", 111),
        ("Exp(1)", 133),
        ("recode(1)", 198),
        ("maxbyte(1)", 198),
    ],
)
def test_errors(session: ExpressionSession, text: str, code: int) -> None:
    with pytest.raises(StataError) as caught:
        session.column(text)
    assert caught.value.code == code


def test_only_the_chosen_branch_is_evaluated(session: ExpressionSession) -> None:
    assert session.display("cond(1, 5, nothing)") == 5.0


def test_files(session: ExpressionSession, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello\n", encoding="utf-8")
    assert session.display(f'fileexists("{path}")') == 1.0
    assert session.display(f'fileexists("{path}x")') == 0.0
    assert session.display(f'fileread("{path}")') == "hello\n"
    with pytest.raises(StataError, match="not found"):
        session.display(f'fileread("{path}x")')


def test_every_function_has_a_section_and_counts_its_arguments() -> None:
    for name in functions.names():
        function = functions.find(name)
        assert function.section
        with pytest.raises(StataError, match="invalid syntax"):
            function.check_count(-1 if function.required == 0 else function.required - 1)
        if not function.repeats:
            with pytest.raises(StataError, match="invalid syntax"):
                function.check_count(len(function.kinds) + 1)


NUMBERS = ("2", ".5", "-1", "0", ".", "1e200", "x", "m")
TEXTS = ('"ab c"', '""', "s")


@pytest.mark.parametrize("name", functions.names())
def test_whatever_the_arguments_no_error_but_ours(name: str) -> None:
    """Numbers, texts, scalars and columns in every place: a value or a StataError."""
    function = functions.find(name)
    session = ExpressionSession()
    session.dataset.set_observations(3)
    session.dataset.add("x", np.array([0.25, MISSING, 3.0]))
    session.dataset.add("m", np.array([5.0, 1.0, A]))
    session.dataset.add("s", ["a 1", "", "b"])
    most = len(function.kinds) + 2 * function.repeats
    for count in range(function.required, most + 1):
        for turn in range(24):
            places = [function.kinds[min(i, len(function.kinds) - 1)] for i in range(count)]
            arguments = [
                (TEXTS if kind == "s" or (kind == "v" and turn % 3 == 1) else NUMBERS)[
                    (turn * (i + 3) + i + turn // 8) % (3 if kind == "s" else 8)
                    if kind != "v" or turn % 3 != 1
                    else (turn + i) % 3
                ]
                for i, kind in enumerate(places)
            ]
            text = f"{name}({','.join(arguments)})"
            try:
                column = session.column(text)
                single = session.display(text)
            except StataError:
                continue
            assert isinstance(single, float | str), text
            if not function.whole and name not in ("regexs", "now"):
                first = column[0]
                close = isinstance(first, float) and first == pytest.approx(single, rel=1e-12)
                assert first == single or close, text


@given(st.floats(-1e6, 1e6))
def test_rounding_identities(x: float) -> None:
    session = ExpressionSession(scalars={"x": x})
    for text in (
        "floor(x) <= x & x <= ceil(x)",
        "abs(int(x)) <= abs(x)",
        "abs(round(x) - x) <= .5",
        "int(x) == sign(x)*floor(abs(x))",
        "ceil(x) == -floor(-x)",
        "mod(x, 7) >= 0 & mod(x, 7) <= 7",
        "max(x, -x) == abs(x)",
        "abs(invlogit(x) + invlogit(-x) - 1) < 1e-15",
    ):
        assert session.display(text) == 1.0, text
