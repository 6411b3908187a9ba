"""String functions and regular expressions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import MISSING
from statalike.errors import StataError
from tests.language.expression_session import A, ExpressionSession, small_session


@pytest.fixture
def session() -> ExpressionSession:
    return small_session()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('length("abc")', 3.0),
        ('strlen("dé")', 3.0),
        ('ustrlen("dé")', 2.0),
        ('strlen("")', 0.0),
        ('upper("aBé")', "ABé"),
        ('strlower("ABÉ")', "abÉ"),
        ('ustrupper("é")', "É"),
        ('proper("mR. joHn a. sMitH")', "Mr. John A. Smith"),
        ('proper("o\'neil 2nd")', "O'Neil 2Nd"),
        ('substr("abcdef", 2, 3)', "bcd"),
        ('substr("abcdef", -3, 2)', "de"),
        ('substr("abcdef", 2, .)', "bcdef"),
        ('substr("abcdef", -3, .)', "def"),
        ('substr("abcdef", 2, 0)', ""),
        ('substr("abcdef", 15, 2)', ""),
        ('substr("abcdef", 0, 2)', ""),
        ('substr("abcdef", -7, 2)', ""),
        ('substr("abcdef", ., 2)', ""),
        ('substr("abcdef", 4, 99)', "def"),
        ('substr("dé", 1, 1)', "d"),
        ('usubstr("médiane", 2, 3)', "édi"),
        ('ustrleft("médiane", 2)', "mé"),
        ('ustrright("médiane", 2)', "ne"),
        ('subinstr("this is this", "is", "X", 1)', "thX is this"),
        ('subinstr("this is this", "is", "X", .)', "thX X thX"),
        ('subinstr("abc", "", "X", .)', "abc"),
        ('subinstr("abc", "b", "", .)', "ac"),
        ('subinword("this is the day", "is", "X", .)', "this X the day"),
        ('subinword("this is this", "this", "X", 1)', "X is this"),
        ('strpos("this", "is")', 3.0),
        ('strpos("this", "it")', 0.0),
        ('strpos("this", "")', 0.0),
        ('strpos("éa", "a")', 3.0),
        ('ustrpos("éa", "a")', 2.0),
        ('strrpos("this is", "is")', 6.0),
        ('trim("  a b  ")', "a b"),
        ('strltrim("  a ")', "a "),
        ('rtrim("  a ")', "  a"),
        ('itrim("  a   b  ")', "  a b  "),
        ('stritrim("a  b")', "a b"),
        ('word("one two three", 2)', "two"),
        ('word("one two three", -1)', "three"),
        ('word("one two", 3)', ""),
        ('word("one two", 0)', ""),
        ('word(`"a "b c" d"\', 2)', "b c"),
        ('wordcount("one  two ")', 2.0),
        ('wordcount("")', 0.0),
        ('strmatch("17.4", "1??4")', 1.0),
        ('strmatch("abc", "a*")', 1.0),
        ('strmatch("abc", "a*x")', 0.0),
        ('strmatch("a.c", "a?c")', 1.0),
        ('strreverse("abc")', "cba"),
        ('abbrev("displacement", 8)', "displa~t"),
        ('abbrev("displacement", 2)', "dis~t"),
        ('abbrev("short", 8)', "short"),
        ("char(65)", "A"),
        ("uchar(233)", "é"),
        ('plural(1, "horse")', "horse"),
        ('plural(2, "horse")', "horses"),
        ('plural(2, "glass", "+es")', "glasses"),
        ('plural(2, "mouse", "mice")', "mice"),
        ('plural(2, "abcdefg", "-efg")', "abcd"),
        ('indexnot("abc12", "abc")', 4.0),
        ('indexnot("abc", "abc")', 0.0),
        ('strtoname("1 a-b")', "_1_a_b"),
        ('strtoname("name")', "name"),
        ('strdup("ab", 2)', "abab"),
        ('soundex("Ashcraft")', "A261"),
        ('soundex("Robert")', "R163"),
        ('real("12.5")', 12.5),
        ('real(" -1e3 ")', -1000.0),
        ('real("")', MISSING),
        ('real("abc")', MISSING),
        ('real("1,000")', MISSING),
        ('real(".a")', A),
        ('real(".")', MISSING),
        ('real("1e999")', MISSING),
        ("string(4)", "4"),
        ("string(1.5)", "1.5"),
        ("strofreal(.a)", ".a"),
        ('string(3.14159, "%5.2f")', "3.14"),
        ('string(0, "%td")', "01jan1960"),
        ('regexm("abc123", "[0-9]+")', 1.0),
        ('regexm("abc", "[0-9]+")', 0.0),
        ('regexr("abc123def456", "[0-9]+", "#")', "abc#def456"),
        ('ustrregexra("abc123def456", "([0-9])", "<$1>")', "abc<1><2><3>def<4><5><6>"),
        ('ustrregexrf("aXbX", "x", "-", 1)', "a-bX"),
        ('ustrregexm("ABC", "b", 1)', 1.0),
        ('regexreplaceall("a1b2", "([a-z])([0-9])", "\\2\\1")', "1a2b"),
    ],
)
def test_values(session: ExpressionSession, text: str, expected: float | str) -> None:
    assert session.display(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("length(name)", [3.0, 3.0, 0.0, 3.0, 3.0, 3.0]),
        ("upper(name)", ["ANN", "BOB", "", "Dé", "EVE", "F G"]),
        ("substr(name, 1, group)", ["a", "B", "", "d\ufffd", "ev", "f "]),
        ('strpos(name, "e")', [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        ("string(x)", ["1", "2", ".", "4", ".a", "-6"]),
        ("real(string(x)) == x", [1.0] * 6),
        ("wordcount(name)", [1.0, 1.0, 0.0, 1.0, 1.0, 2.0]),
        ('cond(regexm(name, "([aeiou])"), regexs(1), "-")', ["a", "o", "-", "-", "e", "-"]),
    ],
)
def test_columns(session: ExpressionSession, text: str, expected: list[float | str]) -> None:
    assert session.column(text) == expected


def test_subexpressions_of_the_last_match(session: ExpressionSession) -> None:
    assert session.display("regexs(0)") == ""
    assert session.display('regexm("tel 555-1234", "([0-9]+)-([0-9]+)")') == 1.0
    assert [session.display(f"regexs({n})") for n in range(4)] == ["555-1234", "555", "1234", ""]
    assert session.column("regexs(2)")[0] == "1234"


def test_subexpressions_follow_the_observations(session: ExpressionSession) -> None:
    chosen = np.flatnonzero(session.condition('regexm(name, "^(.)")'))
    assert chosen.tolist() == [0, 1, 3, 4, 5]
    assert session.column("regexs(1)", chosen) == ["a", "B", "d", "e", "f"]


def test_a_bad_pattern(session: ExpressionSession) -> None:
    with pytest.raises(StataError) as caught:
        session.display('regexm("a", "(")')
    assert caught.value.code == 198


def test_no_observations() -> None:
    session = ExpressionSession()
    session.dataset.add("s", np.array([], dtype="S1"))
    assert session.column("upper(s) + s") == []
    assert session.column("length(s) + 1") == []
    assert session.column('regexm(s, "a")') == []


@given(st.text(max_size=8), st.text(max_size=3), st.integers(-9, 9))
def test_parts_put_together_again(text: str, sought: str, at: int) -> None:
    text, sought = text.replace("\0", ""), sought.replace("\0", "")
    session = ExpressionSession(scalars={"s": text, "t": sought, "k": float(at)})
    for identity in (
        "strreverse(strreverse(s)) == s",
        "usubstr(s, 1, abs(k)) + usubstr(s, abs(k) + 1, .) == s",
        "strlen(s + t) == strlen(s) + strlen(t)",
        "(ustrpos(s, t) > 0) == (subinstr(s, t, t + t, 1) != s)",
        "trim(s) == ltrim(rtrim(s))",
        "ustrlen(s*2) == 2*ustrlen(s)",
        'strmatch(s, "*")',
        "(s < t) + (s == t) + (s > t) == 1",
    ):
        assert session.display(identity) == 1.0, identity


@given(st.floats(-1e15, 1e15))
def test_numbers_through_texts(x: float) -> None:
    session = ExpressionSession(scalars={"x": x})
    assert session.display('real(string(x, "%24.0g"))') == pytest.approx(x, rel=1e-14, abs=1e-300)
