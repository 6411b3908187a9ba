"""Names, abbreviations, wildcards and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.names import (
    RESERVED,
    check_name,
    expand,
    has_wildcard,
    is_name,
    matching,
    name_range,
    unabbreviate,
)
from statalike.errors import StataError

AUTO = "make price mpg rep78 headroom trunk weight length turn displacement gear_ratio foreign"
NAMES = AUTO.split()


def code_and_message(word: str, **options: bool) -> tuple[int, str]:
    with pytest.raises(StataError) as error:
        expand(word, NAMES, **options)
    return error.value.code, error.value.message


@pytest.mark.parametrize(
    "name", ["x", "_x", "x1", "größe", "价格", "X" * 32, "strL1", "string", "str", "_1", "In"]
)
def test_names_that_are_allowed(name: str) -> None:
    assert is_name(name)
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "1x", "x y", "x-y", "x.y", "a" * 33, "str8", "str2045", "x*", "é!", *sorted(RESERVED)],
)
def test_names_that_are_not(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(StataError) as error:
        check_name(name)
    assert (error.value.code, error.value.message) == (198, f"{name} invalid name")


def test_abbreviations() -> None:
    assert unabbreviate("pri", NAMES) == "price"
    assert unabbreviate("mpg", NAMES) == "mpg"
    assert unabbreviate("t", ["t", "tt"]) == "t"
    assert code_and_message("t") == (111, "t ambiguous abbreviation")
    assert code_and_message("prise") == (111, "variable prise not found")
    assert code_and_message("pri", abbreviations=False) == (111, "variable pri not found")
    assert expand("price", NAMES, abbreviations=False) == ["price"]


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(StataError) as error:
        unabbreviate("wieght", NAMES)
    assert error.value.hint == "did you mean weight?"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("_all", NAMES),
        ("*", NAMES),
        ("t*", ["trunk", "turn"]),
        ("*r*e", ["price"]),
        ("mp?", ["mpg"]),
        ("?????", ["price", "rep78", "trunk"]),
        ("*n", ["turn", "foreign"]),
        ("dis~t", ["displacement"]),
        ("price-rep78", ["price", "mpg", "rep78"]),
        ("pri-rep", ["price", "mpg", "rep78"]),
        ("mpg-mpg", ["mpg"]),
        ("gear*-for*", ["gear_ratio", "foreign"]),
    ],
)
def test_words_of_a_varlist(word: str, expected: list[str]) -> None:
    assert expand(word, NAMES) == expected


def test_words_that_fit_nothing() -> None:
    assert code_and_message("z*") == (111, "variable z* not found")
    assert code_and_message("t~") == (111, "t~ ambiguous abbreviation")
    assert code_and_message("rep78-price") == (111, "variables out of order")
    assert code_and_message("price-zz") == (111, "variable zz not found")
    assert code_and_message("t*-foreign") == (111, "t* ambiguous abbreviation")
    assert has_wildcard("a?") and not has_wildcard("a-b")


@given(st.lists(st.from_regex(r"[a-c]{1,4}", fullmatch=True), unique=True, min_size=1))
def test_every_name_stands_for_itself(names: list[str]) -> None:
    for name in names:
        assert expand(name, names) == [name]
        assert name in matching(f"{name[0]}*", names)
    assert name_range(names[0], names[-1], names) == names


@given(st.text(alphabet="ab*?~-_", max_size=5))
def test_any_word_gives_names_or_an_error(word: str) -> None:
    names = ["a", "ab", "abb", "b_a"]
    try:
        assert set(expand(word, names)) <= set(names)
    except StataError as error:
        assert error.code == 111
