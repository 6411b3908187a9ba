"""``tokenize``, ``gettoken``, ``numlist``, ``unab``, ``confirm``, lists and macro functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.errors import StataError
from statalike.macro_lists import difference, intersection, list_text, union, unique, words_of
from tests.commands.typed import session, small

SHOWN = [
    ("tokenize \"a b  c\"\ndisplay \"`1'|`2'|`3'|`4'|\"", "a|b|c||\n"),
    ('tokenize "a b c"\ntokenize x\ndisplay "`1\'|`2\'|"', "x||\n"),
    ('tokenize "a, b", parse(" ,")\ndisplay "`1\'|`2\'|`3\'|"', "a|,|b|\n"),
    ('tokenize "x=y+1", parse("=+")\ndisplay "`1\'`2\'`3\'`4\'`5\'"', "x=y+1\n"),
    ('tokenize `"one "two three" four"\'\ndisplay "`2\'|`3\'"', "two three|four\n"),
    ('local l "a b c"\ngettoken x l : l\ndisplay "`x\'|`l\'"', "a| b c\n"),
    ('local l "a b c"\ngettoken x : l\ndisplay "`x\'|`l\'"', "a|a b c\n"),
    ('local l "(a b) c"\ngettoken x l : l, match(p)\ndisplay "`x\'|`p\'|`l\'"', "a b|(| c\n"),
    ('local l "f(a b) c"\ngettoken x l : l, bind\ndisplay "`x\'|`l\'"', "f(a b)| c\n"),
    ('local l "a,b"\ngettoken x l : l, parse(",")\ndisplay "`x\'|`l\'"', "a|,b\n"),
    ('global l "a b"\ngettoken x (global) r : l\ndisplay "|`x\'|"', "||\n"),
    ('global l "a b"\ngettoken x (global) l : (global) l\ndisplay "`x\'|$l"', "a| b\n"),
    ('numlist "1/5 10(10)30"\ndisplay "`r(numlist)\'"', "1 2 3 4 5 10 20 30\n"),
    ('numlist "3 1 2", sort\ndisplay "`r(numlist)\'"', "1 2 3\n"),
    ('unab v : i* x\ndisplay "`v\'"', "id x\n"),
    ('fvunab v : i.gr##c.x\ndisplay "`v\'"', "i.group##c.x\n"),
    # functions
    ('local n : word count a "b c" d\ndisplay `n\'', "3\n"),
    ('local n : word 2 of a "b c" d\ndisplay "`n\'"', "b c\n"),
    (
        'local s a.b.c\nlocal t : subinstr local s "." "_", all count(local n)\n'
        "display \"`t' `n'\"",
        "a_b_c 2\n",
    ),
    ('local s a.b\nlocal t : subinstr local s "." ""\ndisplay "`t\'"', "ab\n"),
    ('local s ab b ab\nlocal t : subinstr local s "b" "x", word all\ndisplay "`t\'"', "ab x ab\n"),
    ('local p : piece 2 10 of "this is a somewhat long text"\ndisplay "`p\'"', "somewhat\n"),
    ('local x : variable label group\ndisplay "`x\'"', "Side of the road\n"),
    ('local x : value label group\ndisplay "`x\'"', "sides\n"),
    ('local x : label sides 2\ndisplay "`x\'"', "right\n"),
    ('local x : label (group) 9\ndisplay "`x\'"', "9\n"),
    ('local x : label (group) 9, strict\ndisplay "|`x\'|"', "||\n"),
    ('local x : label sides maxlength\ndisplay "`x\'"', "5\n"),
    ("local x : type name\nlocal y : format x\ndisplay \"`x' `y'\"", "str5 %9.0g\n"),
    (
        "matrix A = (1, 2)\nmatrix colnames A = e:x e:y\nlocal a : colnames A\nlocal b : coleq A\n"
        "local c : colfullnames A\nlocal d : rownames A\ndisplay \"`a'|`b'|`c'|`d'\"",
        "x y|e e|e:x e:y|r1\n",
    ),
    (
        'quietly summarize x\nlocal n : r(scalars)\ndisplay "`n\'"',
        "N sum_w mean Var sd min max sum\n",
    ),
    ('scalar a = 1\nscalar b = "x"\nlocal n : all numeric scalars\ndisplay "`n\'"', "a\n"),
    ('display "`: display %5.2f 2\'"', " 2.00\n"),
    ('display "`c(alpha)\'"', "a b c d e f g h i j k l m n o p q r s t u v w x y z\n"),
    ("display \"`: word 3 of `c(Months)''\"", "March\n"),
    ('display c(N) c(k) c(maxbyte) "`c(frame)\'"', "84100default\n"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_is_shown(text: str, shown: str) -> None:
    assert small().output(text) == shown


LISTS = [
    ("uniq a", "a b c"),
    ("dups a", "a"),
    ("sort a", "a a b c"),
    ("sizeof a", "4"),
    ("a | b", "a b a c d"),
    ("a & b", "b c"),
    ("a - b", "a a"),
    ("a == b", "0"),
    ("a === a", "1"),
    ("b in a", "0"),
    ('posof "b" in a', "2"),
    ('posof "z" in a', "0"),
    ("retokenize a", "a b a c"),
]


@pytest.mark.parametrize(("function", "value"), LISTS)
def test_lists(function: str, value: str) -> None:
    made = session("local a a b a c\nlocal b c d b")
    made.run(f"local x : list {function}")
    assert made.output("display `\"`x'\"'") == f"{value}\n"


WORDS = st.lists(st.text("abc ", min_size=1, max_size=3).map(str.strip).filter(bool), max_size=6)


@given(WORDS, WORDS)
def test_laws_of_lists(first: list[str], second: list[str]) -> None:
    assert words_of(list_text(first)) == first
    assert sorted(union(first, second)) == sorted(first + difference(second, first))
    assert sorted(intersection(first, second) + difference(first, second)) == sorted(first)
    assert unique(unique(first)) == unique(first)


CONFIRMED = [
    "existence a",
    "names a b_1",
    "number 1.5e3",
    "number .a",
    "integer number -7",
    "format %9.2f",
    "numeric format %9.0g",
    "string format %9s",
    "variable id x",
    "variable i*",
    "numeric variable id",
    "string variable name",
    "str5 variable name",
    "byte var id",
    "new variable y z",
    "new file nosuch.dta",
    "frame default",
    "new frame other",
]


@pytest.mark.parametrize("text", CONFIRMED)
def test_what_is_confirmed(text: str) -> None:
    assert small().output(f"confirm {text}") == ""


ERRORS = [
    ("confirm", "invalid syntax", 198),
    ("confirm existence", "'' found where something expected", 6),
    ("confirm number 2a", "'2a' found where number expected", 7),
    ("confirm integer number 1.5", "'1.5' found where integer expected", 7),
    ("confirm names 1a", "'1a' found where name expected", 7),
    ("confirm format x", "'x' found where format expected", 7),
    ("confirm string format %9.0g", "'%9.0g' found where string format expected", 7),
    ("confirm variable nosuch", "variable nosuch not found", 111),
    ("confirm variable i, exact", "variable i not found", 111),
    ("confirm string variable id", "'id' found where string variable expected", 7),
    ("confirm numeric variable name", "'name' found where numeric variable expected", 7),
    ("confirm new variable id", "variable id already defined", 110),
    ("confirm new variable 1a", "'1a' found where new variable name expected", 7),
    ("confirm matrix A", "matrix A not found", 111),
    ("confirm scalar s", "scalar s not found", 111),
    ("confirm file nosuch.dta", "file nosuch.dta not found", 601),
    ("confirm frame nosuch", "frame nosuch not found", 111),
    ("confirm new frame default", "frame default already defined", 110),
    ("gettoken a b", "invalid syntax", 198),
    ("gettoken a b c : d", "invalid syntax", 198),
    ("tokenize a, foo", "option foo not allowed", 198),
    ("numlist a", "invalid numlist", 121),
    ('numlist "1 2", max(1)', "invalid numlist has too many elements", 123),
    ('numlist "1.5", integer', "invalid numlist has noninteger elements", 126),
    ("unab v : nosuch", "variable nosuch not found", 111),
    ("unab v : id x, max(1)", "too many variables specified", 103),
    ("unab 1a : id", "1a invalid name", 198),
    ("local x : nosuch a", "nosuch not a known extended macro function", 198),
    ("local x : type nosuch", "variable nosuch not found", 111),
    ("local x : list a b c", "invalid syntax", 198),
    ("local x : colnames nosuch", "matrix nosuch not found", 111),
    ('local x : dir "nosuch" files "*"', "directory nosuch not found", 601),
    ("timer on 101", "timer number must be between 1 and 100", 198),
    ("timer start 1", "invalid syntax", 198),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.dta", "a.dta", "c.txt"):
        (tmp_path / name).touch()
    made = session(f'local f : dir "{tmp_path}" files "*.dta"')
    assert made.output("display `\"`f'\"'") == '"a.dta" "b.dta"\n'
    made.run(f'confirm file "{tmp_path}/a.dta"')
