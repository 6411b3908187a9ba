"""Macro expansion against a small scope."""

from __future__ import annotations

import random

import pytest

from statalike.errors import StataError
from statalike.language.macros import expand
from tests.language import syntax_trees


class Scope:
    """Macros in two dictionaries; expressions and functions show what they were given."""

    def __init__(self) -> None:
        self.locals = {
            "a": "1",
            "i": "3",
            "x3": "deep",
            "name": "x3",
            "later": "`a'",
            "loop": "`loop'",
            "twice": "`twice'`twice'",
            "g": "G",
            "empty": "",
            "*": "all of it",
            "0": "x, y",
            "quote": '"q"',
        }
        self.globals = {"G": "glob", "H": "$G!", "x1": "one"}

    def local(self, name: str) -> str | None:
        return self.locals.get(name)

    def global_(self, name: str) -> str | None:
        return self.globals.get(name)

    def evaluate(self, expression: str) -> str:
        return f"<{expression}>"

    def extended(self, function: str) -> str:
        return f"[{function}]"

    def increment(self, name: str, step: int, before: bool) -> str:
        old = int(self.locals[name])
        self.locals[name] = str(old + step)
        return str(old + step if before else old)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no macros 'here'", "no macros 'here'"),
        ("di `a'", "di 1"),
        ("`a'`a'", "11"),
        ("`undefined'", ""),
        ("x`empty'y", "xy"),
        ("`x`i''", "deep"),
        ("``name''", "deep"),
        ("`*' `0'", "all of it x, y"),
        ("`later'", "1"),
        ("`macval(later)'", "`a'"),
        ("`macval(undefined)'", ""),
        ("$G ${G}x $H", "glob globx glob!"),
        ("${`g'} $`g'", "glob glob"),
        ("$x`a'", "1"),
        ("${x`a'}", "one"),
        ("$undefined.", "."),
        ("costs $5 or $ 5", "costs $5 or $ 5"),
        ("`=`a' + 1'", "<1 + 1>"),
        ("`= 2 '", "<2>"),
        ("`:word 2 of a b'", "[word 2 of a b]"),
        ("`: type x'", "[type x]"),
        ('`:word 1 of "a b"\'', '[word 1 of "a b"]'),
        ('`=cond("`a\'"=="1", "b", "c")\'', '<cond("1"=="1", "b", "c")>'),
        ("`=length(`\"it's\"')'", "<length(`\"it's\"')>"),
        (r"\`a' \$G", "`a' $G"),
        (r"C:\data\file", r"C:\data\file"),
        ('`"compound `a\' "quotes""\'', '`"compound 1 "quotes""\''),
        ('"`a\'"', '"1"'),
        ("\"don't `a'\"", '"don\'t 1"'),
        ("`begin_year`", "`begin_year`"),
        ("'begin_year'", "'begin_year'"),
        ("`a", "`a"),
        ("` `a'", "` 1"),
        ("`'", ""),
        ("${G", "${G"),
        ("`a b'", ""),
        ("`++i' `i'", "4 4"),
        ("`i++' `i'", "3 4"),
        ("`--i' `i'", "2 2"),
        ("`i--' `i'", "3 2"),
        ("x[`=`i'-1']", "x[<3-1>]"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, Scope()) == expected


def test_text_without_macros_is_returned_itself() -> None:
    text = "generate x = 'y'"
    assert expand(text, Scope()) is text


@pytest.mark.parametrize("text", ["`loop'", "`twice'", "`" * 500 + "a" + "'" * 500])
def test_endless_expansion_is_an_error(text: str) -> None:
    with pytest.raises(StataError):
        expand(text, Scope())


def test_errors_of_an_expression_come_through() -> None:
    class Failing(Scope):
        def evaluate(self, expression: str) -> str:
            raise StataError(111, f"{expression} not found")

    with pytest.raises(StataError, match="zz not found"):
        expand("di `=zz'", Failing())


@pytest.mark.parametrize("piece", ["`", "'", "$", "${", "$`", "`a", "a'", '`"', "\\`", "`a'", "$G"])
def test_long_repetitions(piece: str) -> None:
    expand(piece * 5000, Scope())


def test_random_text_gives_text_or_a_stata_error() -> None:
    generator = random.Random(7)
    for _ in range(1000):
        text = syntax_trees.random_line(generator)
        try:
            assert isinstance(expand(text, Scope()), str)
        except (StataError, KeyError) as error:
            assert isinstance(error, StataError) or "++" in text
