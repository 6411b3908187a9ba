"""The terms of an analysis of variance as text."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.language.parser import parse_anova_model
from statalike.language.unparse import varlist_text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("y a b", ["y a b"]),
        ("y a / b|a c a#c", ["y a", "b|a c a#c"]),
        ("y a/b|a/", ["y a", "b|a", ""]),
        ("y a##c.x", ["y a##c.x"]),
        ("y p / c|p s p#s / c#s|p / g|c#s|p /", ["y p", "c|p s p#s", "c#s|p", "g|c#s|p", ""]),
        ("y a-d", ["y a-d"]),
    ],
)
def test_parts(text: str, parts: list[str]) -> None:
    assert [varlist_text(part) for part in parse_anova_model(text)] == parts


@pytest.mark.parametrize("text", ["y a |", "y a#", "y (a", "y a @ b"])
def test_mistakes(text: str) -> None:
    with pytest.raises(StataError) as caught:
        parse_anova_model(text)
    assert caught.value.code in (132, 198)
