"""Reading half-typed command lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.shell.command_line import Place, open_quote, place_in, words_of


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("summarize x", "summarize", " x"),
        ("su x", "su", " x"),
        ("qui cap noi su x", "su", " x"),
        ("quietly: su x", "su", " x"),
        ("by a (b), sort: su x", "su", " x"),
        ("else su x", "su", " x"),
        ("di 1\nsu x", "su", " x"),
        ("su ///\n x", "su", " ///\n x"),
        ("", "", ""),
        ("qui ", "", ""),
    ],
)
def test_the_command_is_found_after_its_prefixes(text: str, name: str, rest: str) -> None:
    words = words_of(text)
    assert words.name == name
    assert text[words.start : words.start + len(name)] == name
    assert text[words.body :] == rest


def test_a_prefix_without_its_colon_is_the_prefix() -> None:
    words = words_of("by foreign")
    assert words.prefix is not None and words.prefix.name == "by"


def test_a_subcommand_belongs_to_its_family() -> None:
    words = words_of("estat icc, level(90)")
    assert words.command is not None and words.command.name == "estat icc"
    assert words.subcommand == "icc"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (" x y", Place(clause=" x y")),
        (" x, detail", Place(after_comma=True, clause=" detail")),
        (" x, level(90", Place(True, "level", 1, None, "90")),
        (" x, level(90) de", Place(after_comma=True, clause=" de")),
        (" x || id: z", Place(clause=" id: z")),
        (" x, reml || id: z", Place(clause=" id: z")),
        (' "a, b" c', Place(clause=' "a, b" c')),
        (' "a, b', Place(quote=2, clause=" ")),
        (" x = log(y, z", Place(depth=1, clause=" x = log(y, z")),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert place_in(text) == place


@pytest.mark.parametrize(
    ("text", "position"), [('"a', 1), ('"a"', None), ('`"a"\'', None), ('`"a "b"', 2), ("a", None)]
)
def test_open_quotes(text: str, position: int | None) -> None:
    assert open_quote(text) == position


@given(st.text(alphabet="suby:x \"'`,()|=\n/", max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_is_too_odd(text: str) -> None:
    words = words_of(text)
    assert 0 <= words.start <= words.body <= len(text)
    place_in(text[words.body :])
