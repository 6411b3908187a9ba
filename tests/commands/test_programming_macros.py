"""``local``, ``global``, ``macro``, ``scalar``, ``tempvar`` and what stands in a macro."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from tests.commands.typed import session, small

DEFINED = [
    ("local a text", "text"),
    ('local a "text with blanks"', "text with blanks"),
    ("local a  two   blanks ", "two   blanks"),
    ('local a "one" "two"', '"one" "two"'),
    ('local a `"a "b" c"\'', 'a "b" c'),
    ("local a = 1/3", ".3333333333333333"),
    ("local a = 1e10", "10000000000"),
    ("local a = 2 + 3 * 4", "14"),
    ('local a = "x" + "y"', "xy"),
    ("local a = .", "."),
    ("local a=5", "5"),
    ("local a == 5", "== 5"),
    ("local a -5", "-5"),
    ("local a : word count x y z", "3"),
    ('local a: word 2 of x "y z"', "y z"),
    ("local a : word 4 of x y z", ""),
    ("local a : variable label group", "Side of the road"),
    ("local a : value label group", "sides"),
    ("local a : label sides 1", "left"),
    ("local a : label (group) 2", "right"),
    ("local a : label sides 7", "7"),
    ("local a : type name", "str5"),
    ("local a : format x", "%9.0g"),
    ("local a : display %5.2f 3.14159", " 3.14"),
    ("local b é b\nlocal a : length local b", "4"),
    ("global b abc\nlocal a : strlen global b", "3"),
    ("local a 3\nlocal ++a", "4"),
    ("local a 3\nlocal --a", "2"),
    ("local ++a", "."),
    ("local a x\nlocal a", ""),
    ("local b x y\nlocal a `b' z", "x y z"),
    ("local n a\nlocal `n' 1", "1"),
    ("local b1 7\nlocal i 1\nlocal a `b`i''", "7"),
    ("local i 1\nlocal a `++i'`i'`i++'`i'", "2223"),
    ("local a `=2^10'", "1024"),
    ("local a `:word count a b'", "2"),
    ("local a `nosuch'|", "|"),
    ("global g 5\nlocal a $g${g}5", "555"),
    ('local q `""a" b"\'\nlocal a `"`q\'"\'', '"a" b'),
]


@pytest.mark.parametrize(("text", "contents"), DEFINED)
def test_what_a_macro_holds(text: str, contents: str) -> None:
    made = small()
    made.run(text)
    assert made.state.macros.get("a", "") == contents


def test_globals() -> None:
    made = session("global a 1\nglobal b two words\nglobal c = 3")
    assert made.state.globals == {"a": "1", "b": "two words", "c": "3"}
    made.run("global a\nmacro drop b*")
    assert made.state.globals == {"c": "3"}
    made.run("macro drop _all")
    assert made.state.globals == {}


def test_macro_list() -> None:
    made = session("global g hello\nlocal a 1")
    assert made.output("macro list") == "g:              hello\n_a:             1\n"
    assert made.output("macro list g") == "g:              hello\n"


def test_scalars() -> None:
    made = session('scalar a = 2/3\nscalar define b = a * 3\nscalar s = "text"\nscalar list = 1')
    assert made.state.memory.scalars == {"a": 2 / 3, "b": 2.0, "s": "text", "list": 1.0}
    assert (
        made.output("scalar list a b") == "           a =  .66666667\n           b =          2\n"
    )
    made.run("scalar drop a b")
    assert set(made.state.memory.scalars) == {"s", "list"}
    made.run("scalar drop _all")
    assert made.state.memory.scalars == {}


def test_a_variable_comes_before_a_scalar() -> None:
    made = small()
    made.run("scalar x = 99")
    assert made.output("display x scalar(x)") == "199\n"


def test_temporary_names_are_unused() -> None:
    made = small()
    made.run("tempvar a b\ntempname m\ngenerate `a' = 1\nscalar `m' = 2")
    first, second, third = (made.state.macros[name] for name in ("a", "b", "m"))
    assert len({first, second, third}) == 3
    assert first in made.state.data and third in made.state.memory.scalars


ERRORS = [
    ("local", 198),
    ("local a = nosuch", 111),
    ("local a = 1 +", 198),
    ("local a : nosuch x", 198),
    ("local a : length abc", 198),
    ("local a : variable label nosuch", 111),
    ("local a!b", 198),
    ("local ++a 5", 198),
    (f"local {'a' * 32} 1", 198),
    (f"global {'a' * 33} 1", 198),
    ("global 1a 1", 198),
    ("scalar a", 198),
    ("scalar 1a = 1", 198),
    ("scalar a = nosuch", 111),
    ("scalar list nosuch", 111),
    ("scalar drop nosuch", 111),
    ("scalar drop", 198),
    ("macro nosuch", 198),
    ("macro", 198),
    ("display `=1+", 198),
]


@pytest.mark.parametrize(("text", "code"), ERRORS)
def test_errors(text: str, code: int) -> None:
    made = small()
    before = dict(made.state.macros), dict(made.state.globals), dict(made.state.memory.scalars)
    with pytest.raises(StataError) as caught:
        made.run(text)
    assert caught.value.code == code
    assert (made.state.macros, made.state.globals, made.state.memory.scalars) == before
