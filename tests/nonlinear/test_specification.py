"""What expressions say of a model: forms and free parameters, levels, order, circles, legends."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.language.nonlinear_parser import parse_definition, parse_substitutable
from statalike.nonlinear.legend import legend_texts
from tests.nonlinear.models import specification


def test_definitions_come_before_the_mean() -> None:
    model = specification("{p2}*{phi1:}+{phi3: z, xb}", "phi1: {b1}+{U[id]}")
    assert [parameter.name for parameter in model.parameters] == ["b1", "p2"]
    assert list(model.combinations) == ["phi3"]
    assert model.effects == {"U": ("id",)}


def test_a_combination_with_coefficients_in_use_is_no_form() -> None:
    model = specification("{a: x z}*{b: x z}+{a:x}+{c: x z}*{c: x, xb nocons}")
    forms = {name: declared.form for name, declared in model.combinations.items()}
    assert forms == {"a": False, "b": True, "c": False}
    assert model.parameters == ()


def test_levels_from_the_outermost() -> None:
    model = specification("{U[id]}+{V[b<id]}+{c.x#W[id>b]}")
    assert model.levels == (("id",), ("id", "b"))
    assert model.effects["V"] == model.effects["W"] == ("id", "b")


def test_random_effects_of_a_group_of_factors() -> None:
    model = specification("{lc: x c.z#(U[id] V[id>b]) 2.f#W[id]}")
    effects = [term.name for term in model.combinations["lc"].terms.effects]
    assert effects == ["c.z#U", "c.z#V", "2.f#W"]
    assert model.combinations["lc"].terms.constant


def test_lagged_names() -> None:
    model = specification("L.{y:}*{k}+L.{g:}", "g: {b}*x", initial=("{y:} = {y0}",))
    assert model.lagged == ("y", "g")
    assert {parameter.name for parameter in model.parameters} == {"k", "b", "y0"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{a: exp( {b} + {U[id]} )}", {"a": "exp({b}+{U[id]})"}),
        ("{a: exp({lc: x U[id], xb})}", {"a": "exp({lc:})", "lc": "x U[id], xb"}),
        ("{a: i.f, xb}+{c: _cons, xb}", {"a": "i.f"}),
        ("{a: i.f##i.b c.x#(U[id] V[id])}", {"a": "i.f i.b i.f#i.b c.x#U[id] c.x#V[id]"}),
        ("{Z: x z}+{a: x z, nocons}", {"Z": "x z", "a": "x z, noconstant"}),
    ],
)
def test_legend(text: str, shown: dict[str, str]) -> None:
    model = specification(text)
    assert legend_texts([(text, parse_substitutable(text))], model) == shown


@pytest.mark.parametrize(
    ("mean", "definitions", "code"),
    [
        ("{a:}", (), 111),
        ("{a:}", ("a: {b:}", "b: 1/{a:}"), 198),
        ("{a:}+{a: exp({b})}", ("a: {b}",), 110),
        ("{u[id]}", (), 198),
        ("{U[id]}+{V[b]}", (), 198),
        ("{U[id>id]}", (), 198),
        ("{a: x i.f#U[id]}", (), 198),
        ("{a: x U[id]#c.x}", (), 198),
        ("L2._yhat", (), 198),
        ("L._yhat", (), 198),
        ("L.{a:}", ("a: {b}*L.{a:}",), 198),
    ],
)
def test_what_does_not_hang_together(mean: str, definitions: tuple[str, ...], code: int) -> None:
    with pytest.raises(StataError) as raised:
        specification(mean, *definitions)
    assert raised.value.code == code


@pytest.mark.parametrize("text", ["a {b}", "a: x, nosuch", "a: {b", "a:", "a: U[id>b<c]"])
def test_definitions_that_cannot_be_read(text: str) -> None:
    with pytest.raises(StataError) as raised:
        parse_definition(text)
    assert raised.value.code in (198, 132)
