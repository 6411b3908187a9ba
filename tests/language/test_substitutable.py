"""Substitutable expressions: those of the manual, and texts that are printed and read again."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.language.ast import (
    Definition,
    LinearCombination,
    Name,
    NamedExpression,
    Number,
    Parameter,
    RandomEffect,
    StartingValue,
    Unary,
)
from statalike.language.nonlinear_parser import (
    parse_definition,
    parse_predictions,
    parse_starting_numbers,
    parse_starting_values,
    parse_substitutable,
)
from statalike.language.unparse import definition_text, expression_text

EXPRESSIONS = [
    "{a}*(1 - exp(-({lc:b0}+{lc:b1}*x1+{lc:b2}*x2)))",
    "{a=.5}*(1 - exp(-({lc: x1 x2})))",
    "1/(1+{lc1: x1 x2 x3, nocons})*exp(-{lc2: z, xb}/(1+{lc1: x1 x3, nocons}))",
    "{lc1: z U0[id] c.z#U1[id], nocons}/(1+exp(-{lc2: x1, xb}))",
    "{lc1: z1, xb} - sqrt(c.w#c.w + exp({lc2: i.x U0[id] 1.x#U1[id] 2.x#U2[id]}))",
    "{lc1: U0[idk] UU0[idk>idj]} + cos({lc2: x1 c.x1#(U1[idk] UU1[idk>idj]), noconstant})",
    "{phi1:{b1}+{U0[id]}}+({phi2}-{phi1:})*exp(-{phi3}*time)",
    "cond(interval==0, L.{conc:}*{Qe:}+L1.{Ca:}/{ka:}, {Css:})+L._yhat*D.time",
    "{c.x#c.z#U[id]}+{U}",
    "{a: ib2.f#c.x x1-x3 w* D.x i(1 3).g}",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_are_printed_as_they_are_read(text: str) -> None:
    tree = parse_substitutable(text)
    assert parse_substitutable(expression_text(tree)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("{b}", Parameter("", "b")),
        ("{lc:1.f=2}", Parameter("lc", "1.f", 2.0)),
        ("{lc: x}", Parameter("lc", "x")),
        ("{lc:}", NamedExpression("lc")),
        ("l.{lc:}", NamedExpression("lc", lagged=True)),
        ("{U[a>b]}", LinearCombination((RandomEffect("U", ("a", "b")),), constant=False)),
        ("{U[b<a]}", LinearCombination((RandomEffect("U", ("a", "b")),), constant=False)),
        ("{f: -{b}}", Definition("f", Unary("-", Parameter("", "b")))),
        ("x", Name("x")),
    ],
)
def test_what_braces_hold(text: str, tree: object) -> None:
    assert parse_substitutable(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "phi1: i.female U0[id]",
        "phi2: _cons, xb",
        "lc: x, noconstant",
        "phi1: voltage W0[wafer] c.voltage#(W1[wafer] S1[wafer>site])",
        "cl: exp({b0}+{U0[subject]})",
        "f: x*2",
    ],
)
def test_definitions_are_printed_as_they_are_read(text: str) -> None:
    tree = parse_definition(text)
    assert parse_definition(definition_text(tree)) == tree


def test_linear_combinations_are_told_from_expressions() -> None:
    for text, linear in (
        ("a: x z", True),
        ("a: U[id]", True),
        ("a: x1-x3 w*", True),
        ("a: x - z", False),
        ("a: x*z", False),
        ("a: 2*x", False),
        ("a: exp(x)", False),
        ("a: x[_n-1]*2", False),
    ):
        assert isinstance(parse_definition(text).body, LinearCombination) == linear, text


def test_starting_values() -> None:
    one, two = Number(1.0), Number(2.0)
    assert parse_starting_values("a 1 /b = 2 {c d} 1 {g:x y} 2") == (
        StartingValue(("a",), one),
        StartingValue(("/b",), two),
        StartingValue(("c", "d"), one),
        StartingValue(("g:x", "g:y"), two),
    )
    assert parse_starting_values("{g:} 1 s>c:athcorr(V,U) 2")[1].names == ("s>c:athcorr(V,U)",)
    assert [number.value for number in parse_starting_numbers("12.2 -3 .5")] == [12.2, -3.0, 0.5]


def test_predictions() -> None:
    found = parse_predictions("(a = {phi1:}) (b={phi2:})")
    assert [(item.variable, item.name) for item in found] == [("a", "phi1"), ("b", "phi2")]


@pytest.mark.parametrize(
    "text", ["{b", "{}", "{b}}", "{a b}", "{b:c:d}", "{U[]}", "{phi:,xb}", "L.{b}"]
)
def test_unreadable_expressions_are_stata_errors(text: str) -> None:
    with pytest.raises(StataError) as raised:
        parse_substitutable(text)
    assert raised.value.code in (132, 198)
