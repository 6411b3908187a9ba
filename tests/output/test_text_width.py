"""Abbreviation and wrapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.output.text_width import (
    abbreviate,
    centered,
    shorten_label,
    wrap_paragraph,
    wrap_words,
)


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("intercept", 8, "interc~t"),
        ("physical_punishment", 12, "physical_p~t"),
        ("heteroskedastic", 14, "heteroskedas~c"),
        ("short", 8, "short"),
        ("abcdefgh", 2, "abc~h"),
    ],
)
def test_names(name: str, width: int, short: str) -> None:
    assert abbreviate(name, width) == short


def test_labels() -> None:
    assert shorten_label("Managerial & Technical", 11) == "Manageria.."
    assert shorten_label("Semi-skilled", 11) == "Semi-skil~d"
    assert shorten_label("Non-Manual", 11) == "Non-Manual"


@given(st.text(), st.integers(5, 40))
def test_abbreviations_fit(name: str, width: int) -> None:
    assert len(abbreviate(name, width)) <= width


@given(st.text("ab ", max_size=80), st.integers(1, 30))
def test_wrapped_words_fit_and_are_all_there(text: str, width: int) -> None:
    lines = wrap_words(text, width)
    assert all(len(row) <= width for row in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_paragraphs_are_indented() -> None:
    assert wrap_paragraph("Note: a b", 7, 2) == ["Note: a", "  b"]
    assert wrap_paragraph("", 7, 2) == [""]


def test_centering() -> None:
    assert centered("Price", 61) == " " * 28 + "Price"
