"""Hypotheses of ``test`` and combinations of ``lincom``: what is read and what is refused."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.language.ast import (
    Binary,
    Coefficient,
    Equality,
    EquationHypothesis,
    Hypothesis,
    Name,
    Number,
    Unary,
)
from statalike.language.parser import parse_linear_combination, parse_linear_hypotheses

X, Y, Z = Name("x"), Name("y"), Name("z")
READ: dict[str, tuple[Hypothesis, ...]] = {
    "x y": (X, Y),
    "2.g 1b.g#c.x L2.x": (Name("2.g"), Name("1b.g#c.x"), Name("L2.x")),
    "x = y": (Equality((X, Y)),),
    "x == y": (Equality((X, Y)),),
    "x = y = 0": (Equality((X, Y, Number(0.0))),),
    "(x) (y z)": (X, Y, Z),
    "(x=y) (z=1)": (Equality((X, Y)), Equality((Z, Number(1.0)))),
    "(x+y)/2 = z": (Equality((Binary("/", Binary("+", X, Y), Number(2.0)), Z)),),
    "((x+y)/2 = z)": (Equality((Binary("/", Binary("+", X, Y), Number(2.0)), Z)),),
    "x = -2*y": (Equality((X, Binary("*", Unary("-", Number(2.0)), Y))),),
    "[a]": (EquationHypothesis(("a",)),),
    "[a=b = c]: x 2.g": (EquationHypothesis(("a", "b", "c"), (X, Name("2.g"))),),
    "[a]x = [b]_b[x]": (Equality((Coefficient("b", "a", "x"), Coefficient("b", "b", "x"))),),
    "_b[a:2.g#c.x]": (Coefficient("b", "a", "2.g#c.x"),),
    "/cut1 = _b[/var(_cons[id])]": (
        Equality((Coefficient("b", "", "/cut1"), Coefficient("b", "", "/var(_cons[id])"))),
    ),
}


@pytest.mark.parametrize("text", READ)
def test_hypotheses(text: str) -> None:
    assert parse_linear_hypotheses(text) == READ[text]


@pytest.mark.parametrize(
    "text", ["", "= 3", "x =", "x y = 3", "(x y = 3)", "x 3", "x, y", "(x", "[a=b", "x = [a]"]
)
def test_refusals(text: str) -> None:
    with pytest.raises(StataError) as caught:
        parse_linear_hypotheses(text)
    assert caught.value.code in (132, 198)


def test_combinations() -> None:
    assert parse_linear_combination("1.male + 1.male#c.years*10") == Binary(
        "+", Name("1.male"), Binary("*", Name("1.male#c.years"), Number(10.0))
    )
    for text in ("x = y", "x y", "[a]"):
        with pytest.raises(StataError):
            parse_linear_combination(text)
