"""Colours, symbols, patterns, sizes and schemes under Stata's names."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.graphics import style_names
from statalike.graphics.colors import COLORS, resolved_color
from statalike.graphics.graph_text import shown_text
from statalike.graphics.schemes import SCHEMES, find_scheme


def test_colors() -> None:
    assert resolved_color("navy") == (26 / 255, 71 / 255, 111 / 255, 1.0)
    assert resolved_color("red%25") == (1.0, 0.0, 0.0, 0.25)
    assert resolved_color("0 128 255") == (0.0, 128 / 255, 1.0, 1.0)
    assert resolved_color("#ff8000") == (1.0, 128 / 255, 0.0, 1.0)
    assert resolved_color("none")[3] == 0
    assert resolved_color("%40", "blue") == (0.0, 0.0, 1.0, 0.4)


def test_intensity_goes_towards_white_and_black() -> None:
    assert resolved_color("black*.5")[:3] == (0.5, 0.5, 0.5)
    assert resolved_color("white*2")[:3] == (0.5, 0.5, 0.5)
    assert resolved_color("maroon*1") == resolved_color("maroon")


@pytest.mark.parametrize("text", ["reed", "", "256 0 0", "red%101", "1 2", "red%", "red*"])
def test_colors_that_do_not_exist(text: str) -> None:
    with pytest.raises(StataError) as caught:
        resolved_color(text)
    assert caught.value.code == 198


def test_symbols() -> None:
    for name in ("O", "circle", "Oh", "smcircle", "D", "dh", "T", "S", "+", "X", "p", "i"):
        style_names.symbol(name)
    assert style_names.symbol("circle") == style_names.symbol("O")
    assert not style_names.symbol("Th").filled
    assert style_names.symbol("s").scale < style_names.symbol("S").scale


def test_patterns_and_their_formulas() -> None:
    assert style_names.dashes("solid") == ()
    assert style_names.dashes("dash") == (6, 3)
    assert style_names.dashes("-..") == (4.0, 2.0, 1.0, 2.0, 1.0, 2.0)
    assert style_names.dashes("_#") == (8.0, 4.0)
    with pytest.raises(StataError, match="line pattern dsh not recognized"):
        style_names.dashes("dsh")


def test_sizes() -> None:
    assert style_names.size("text size", "*2", 3.0) == 6.0
    assert style_names.size("text size", "2.5") == 2.5
    assert style_names.size("line width", "none") == 0.0
    order = [style_names.size("symbol size", name) for name in ("tiny", "small", "medium", "huge")]
    assert order == sorted(order)
    with pytest.raises(StataError, match="text size big not recognized"):
        style_names.size("text size", "big")


def test_angles_and_connections() -> None:
    assert style_names.angle("vertical") == 90
    assert style_names.angle("-45") == -45
    assert style_names.connection("ascending") == style_names.connection("L") == "L"
    with pytest.raises(StataError):
        style_names.angle("steep")


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_schemes_use_styles_that_exist(name: str) -> None:
    scheme = find_scheme(name)
    assert scheme.name == name
    for color in (*scheme.colors, *scheme.fills, scheme.background, scheme.grid):
        resolved_color(color)
    for symbol in scheme.symbols:
        style_names.symbol(symbol)
    for pattern in scheme.patterns:
        style_names.dashes(pattern)
    assert scheme.color(len(scheme.colors)) == scheme.color(0)


def test_unknown_scheme() -> None:
    with pytest.raises(StataError) as caught:
        find_scheme("stcolour")
    assert (caught.value.code, caught.value.hint) == (111, "did you mean stcolor?")


def test_every_color_is_a_triple() -> None:
    assert all(len(rgb) == 3 and max(rgb) <= 255 for rgb in COLORS.values())


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("{&beta} {&le} {&Sigma}", "β ≤ Σ"),
        ("x{sup:2}{sub:1}", "x²₁"),
        ("{it:a {bf:b}}", "a b"),
        ("cost $5 {nosuch}", "cost $5 {nosuch}"),
    ],
)
def test_directives_in_texts(typed: str, shown: str) -> None:
    assert shown_text(typed).text == shown


def test_bold_counts_when_it_is_the_whole() -> None:
    assert shown_text("{bf:all}").bold
    assert not shown_text("not {bf:all}").bold
