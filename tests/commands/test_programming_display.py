"""``display``: texts, numbers, formats, directives, styles."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.output.styled import Style
from tests.commands.typed import session, small

SHOWN = [
    ("2/3", ".66666667"),
    ("1/3*3", "1"),
    ("-.5", "-.5"),
    ("1e9", "1.000e+09"),
    ("12345678", "12345678"),
    ("123456789", "1.235e+08"),
    (".", "."),
    (".a", ".a"),
    ("1e-20", "1.000e-20"),
    ("_pi", "3.1415927"),
    ('"text"', "text"),
    ("", ""),
    ('"a" 1 "b" 2', "a1b2"),
    ("1,2", "1 2"),
    ("1 2", "12"),
    ('"x = ", 5', "x =  5"),
    ('"a",,"b"', "ab"),
    ("5 -3", "2"),
    ("5 6 + 1", "57"),
    ('"x = " -3', "x = -3"),
    ('"a" + "b"', "ab"),
    ('"a" == "b"', "0"),
    ('2 * "ab"', "abab"),
    ('substr("abc", 2, .)', "bc"),
    ('`"a "quoted" text"\'', 'a "quoted" text'),
    ("=2+2", "4"),
    ("%9.2f 3.14159", "     3.14"),
    ('%9.2f 3.14159 "|" %-9.2f 2 "|"', "     3.14|2.00     |"),
    ("%5.1f 2 3", "  2.03"),
    ('%8s "ab" "|" %-8s "ab" "|"', "      ab|ab      |"),
    ("%8.2f .", "       ."),
    ("%12.0fc 1234567", "   1,234,567"),
    ("%td 20000", "04oct2014"),
    ("%tdNN/DD/CCYY 20000", "10/04/2014"),
    ("%td 20000 %5.2f 1", "04oct2014 1.00"),
    ("_n 1 _newline(2) 2", "\n1\n\n2"),
    ('_skip(3) "a" _s(2) "b"', "   a  b"),
    ('"ab" _col(6) "c" _column(3) "d"', "ab   cd"),
    ('_n _col(4) "a" _n _col(2) "b"', "\n   a\n b"),
    ('_dup(3) "ab" "c"', "abababc"),
    ('_quote "a" _char(65)', '"aA'),
    ("as text 1 as result 2 in green 3 as err 4", "1234"),
    ('"{hline 5}{c |}{bf:b}{space 2}{ralign 4:r}{col 20}e"', "-----|b     r      e"),
    ('"{nosuch} {x:y} {"', "{nosuch} {x:y} {"),
    ("x[2] id", "41"),
    ("_N", "8"),
    ("c(N) r(nosuch)", "8."),
    ('"`c(N)\'"', "8"),
    ("1 /* remark */ 2", "12"),
    ('"a//b" // remark', "a//b"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_is_shown(text: str, shown: str) -> None:
    assert small().output(f"display {text}") == f"{shown}\n"


def test_a_line_that_is_continued() -> None:
    made = session()
    assert made.output('display "ab" _continue\ndisplay _col(5) "c" _cont\ndisplay 1') == "ab  c1\n"


def test_styles() -> None:
    made = session()
    with made.state.console.captured() as capture:
        made.run('display as text "t" 1 as error "e" 2 as input "i" "u"')
        made.run('display "plain" 3')
    styles = [[(segment.text, segment.style) for segment in line] for line in capture.lines]
    assert styles[0] == [
        ("t", Style.TEXT),
        ("1", Style.RESULT),
        ("e", Style.ERROR),
        ("2", Style.ERROR),
        ("i", Style.INPUT),
        ("u", Style.INPUT),
    ]
    assert styles[1] == [("plain", Style.TEXT), ("3", Style.RESULT)]


def test_errors_are_shown_inside_quietly() -> None:
    made = session()
    assert made.output('quietly display as error "bad"') == "bad\n"
    assert made.output('capture display as error "bad"') == ""


ERRORS = [
    ("nosuch", 111, "nosuch not found"),
    ('"unclosed', 132, "too few quotes"),
    ("1 +", 198, "invalid syntax"),
    ('1 + "a"', 109, "type mismatch"),
    ("%9.2q 1", 120, "invalid %format"),
    ("%td name", 109, "type mismatch"),
    ("_skip(-1)", 198, "invalid syntax"),
    ("_dup(1e9) 1", 198, "invalid syntax"),
    ("_char(0)", 198, "invalid syntax"),
    ("_col(", 132, "too many '(' or '['"),
    ("nosuch(1)", 133, "unknown function nosuch()"),
]


@pytest.mark.parametrize(("text", "code", "message"), ERRORS)
def test_errors(text: str, code: int, message: str) -> None:
    with pytest.raises(StataError) as caught:
        small().output(f"display {text}")
    assert (caught.value.code, caught.value.message) == (code, message)
