"""Lists of numbers and the range of forvalues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import missing_code
from statalike.errors import StataError
from statalike.language.numlist import NumlistRule, number_text, read_numlist, read_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("1", (1,)),
        ("1 2 3", (1, 2, 3)),
        ("1/3", (1, 2, 3)),
        ("3/1", (3, 2, 1)),
        ("1(2)6", (1, 3, 5)),
        ("5(-2)1", (5, 3, 1)),
        ("1(-1)5", ()),
        ("0(.1).3", (0, 0.1, 0.2, 0.3)),
        ("1 3 to 7", (1, 3, 5, 7)),
        ("1 3:7 9", (1, 3, 5, 7, 9)),
        ("5 3 to 1", (5, 3, 1)),
        ("15(5)40", (15, 20, 25, 30, 35, 40)),
        ("-1/1", (-1, 0, 1)),
        ("1/3 10", (1, 2, 3, 10)),
        ("1.5/3", (1.5, 2.5)),
    ],
)
def test_elements(text: str, expected: tuple[float, ...]) -> None:
    assert read_numlist(text) == expected


@pytest.mark.parametrize(
    ("text", "rule", "error"),
    [
        ("1", NumlistRule(minimum=2), "invalid numlist has too few elements r(122)"),
        ("1/3", NumlistRule(maximum=2), "invalid numlist has too many elements r(123)"),
        ("1/9999", NumlistRule(), "invalid numlist has too many elements r(123)"),
        ("1 3 2", NumlistRule(ascending=True), "invalid numlist has elements out of order r(124)"),
        ("1.5", NumlistRule(integer=True), "invalid numlist has noninteger elements r(126)"),
        (".", NumlistRule(), "invalid numlist has missing values r(127)"),
        (
            "0",
            NumlistRule(limits=((">", 0.0),)),
            "invalid numlist has elements outside of allowed range r(125)",
        ),
        (
            "5",
            NumlistRule(limits=((">=", 0.0), ("<=", 1.0))),
            "invalid numlist has elements outside of allowed range r(125)",
        ),
        ("1/.", NumlistRule(), "invalid numlist r(121)"),
        ("1(0)5", NumlistRule(), "invalid numlist r(121)"),
        ("1(1e-300)1e300", NumlistRule(), "invalid numlist r(121)"),
    ],
)
def test_rules(text: str, rule: NumlistRule, error: str) -> None:
    with pytest.raises(StataError) as caught:
        read_numlist(text, rule)
    assert str(caught.value) == error


def test_sorted_and_missing_when_asked_for() -> None:
    rule = NumlistRule(sort=True, missing_okay=True)
    assert read_numlist("3 . 1", rule) == (1.0, 3.0, missing_code(""))


def test_a_range_is_made_as_it_is_used() -> None:
    steps = read_range("1/1000000000")
    assert len(steps) == 1_000_000_000
    assert next(iter(steps)) == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/3", ["1", "2", "3"]),
        ("3/1", []),
        ("3(-1)1", ["3", "2", "1"]),
        ("0(.5)1", ["0", ".5", "1"]),
        ("-.3(.1).1", ["-.3", "-.2", "-.1", "0", ".1"]),
        ("1e-9(1e-9)3e-9", ["1e-09", "2e-09", "3e-09"]),
        ("1 4 to 10", ["1", "4", "7", "10"]),
        ("5 10:20", ["5", "10", "15", "20"]),
    ],
)
def test_texts_of_a_range(text: str, expected: list[str]) -> None:
    assert list(read_range(text).texts()) == expected


@pytest.mark.parametrize("text", ["", "1", "1 2", "a", "1/3 5", "1/"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(StataError) as caught:
        read_range(text)
    assert caught.value.code == 198


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.5, ".5"), (-0.25, "-.25"), (1e20, "1e+20"), (0.0, "0"), (10.5, "10.5")],
)
def test_number_text(value: float, text: str) -> None:
    assert number_text(value) == text


@given(st.integers(-50, 50), st.integers(-7, 7).filter(bool), st.integers(-50, 50))
def test_sequences_are_those_of_range(first: int, step: int, last: int) -> None:
    expected = tuple(range(first, last + (1 if step > 0 else -1), step))
    assert read_numlist(f"{first}({step}){last}") == expected
    assert list(read_range(f"{first}({step}){last}").texts()) == list(map(str, expected))
