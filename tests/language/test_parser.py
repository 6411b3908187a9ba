"""The parser: accept and reject tables, Stata's messages, spans, limits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from statalike.data.missing import missing_code
from statalike.errors import StataError
from statalike.language import parser, unparse
from statalike.language.ast import (
    Binary,
    Clause,
    Coefficient,
    Interaction,
    Name,
    Number,
    ObservationRange,
    Operated,
    Option,
    String,
    Unary,
    VariablePattern,
    VariableRange,
)
from tests.language.case_tables import Case, cases

KINDS: dict[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "expressions": (parser.parse_expression, unparse.expression_text),
    "varlists": (parser.parse_varlist, unparse.varlist_text),
    "contrast_lists": (parser.parse_contrast_list, unparse.varlist_text),
    "numlists": (parser.parse_numlist, unparse.numlist_text),
    "command_lines": (parser.parse_command_line, unparse.command_text),
}
TABLES = [(kind, case) for kind in KINDS for case in cases(kind)]
ACCEPTED = [(kind, case) for kind, case in TABLES if not case.is_error]
REJECTED = [(kind, case) for kind, case in TABLES if case.is_error]


@pytest.mark.parametrize(
    ("kind", "case"), ACCEPTED, ids=lambda value: getattr(value, "text", value)
)
def test_text_is_read_and_printed(kind: str, case: Case) -> None:
    parse, print_ = KINDS[kind]
    tree = parse(case.text)
    printed = print_(tree)
    assert printed == case.expected
    assert parse(printed) == tree


@pytest.mark.parametrize(
    ("kind", "case"), REJECTED, ids=lambda value: getattr(value, "text", value)
)
def test_text_is_refused_with_statas_message(kind: str, case: Case) -> None:
    parse, _ = KINDS[kind]
    with pytest.raises(StataError) as caught:
        parse(case.text)
    assert f"r({caught.value.code}) {caught.value.message}" == case.expected


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.", 1.0),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("1D2", 100.0),
        ("1.5x+3", 10.5),
        ("1.0x-2", 0.25),
        (".", missing_code("")),
        (".z", missing_code("z")),
        ("1e999", missing_code("")),
        ("1.0x+ffff", missing_code("")),
    ],
)
def test_numbers_have_their_values(text: str, value: float) -> None:
    assert parser.parse_expression(text) == Number(value)


def test_unary_minus_binds_less_than_the_power() -> None:
    two = Number(2.0)
    assert parser.parse_expression("-2^2") == Unary("-", Binary("^", two, two))
    assert parser.parse_expression("2^-2") == Binary("^", two, Unary("-", two))


def test_negation_binds_more_than_a_comparison() -> None:
    expected = Binary("==", Unary("!", Name("a")), Name("b"))
    assert parser.parse_expression("!a==b") == expected


def test_three_ways_to_name_a_coefficient() -> None:
    for text in ("_b[eq:x]", "[eq]_b[x]", "[eq]x"):
        assert parser.parse_expression(text) == Coefficient("b", "eq", "x")


def test_compound_quotes_keep_inner_quotes() -> None:
    assert parser.parse_expression('`"a "b" `"c"\' d"\'') == String('a "b" `"c"\' d')


def test_interactions_nest_to_the_left() -> None:
    a, b, c = (VariablePattern(name) for name in "abc")
    expected = Interaction(Interaction(a, b, full=True), c)
    assert parser.parse_varlist("a##b#c") == (expected,)


def test_operators_on_a_parenthesised_list() -> None:
    first, last = VariablePattern("x1"), VariablePattern("x3")
    expected = Operated("l(1/2).c", (VariableRange(first, last), VariablePattern("z")))
    assert parser.parse_varlist("L(1/2).c.(x1-x3 z)") == (expected,)


def test_parts_of_a_command_line() -> None:
    line = parser.parse_command_line(
        'regress y i.a#c.x if z > 2 in 2/l [pw = w] using "a b", level(90) nocons'
    )
    assert line.name == "regress"
    assert line.clause == Clause(
        body="y i.a#c.x",
        condition=Binary(">", Name("z"), Number(2.0)),
        observations=ObservationRange(2, -1),
        weight=line.clause.weight,
        using="a b",
        options=(Option("level", "90"), Option("nocons")),
        has_comma=True,
    )
    assert line.clause.weight is not None
    assert (line.clause.weight.kind, line.clause.weight.text) == ("pw", "w")
    assert line.clause.condition_text == "z > 2"


def test_a_clause_has_no_name() -> None:
    clause = parser.parse_clause("id: week, cov(un)")
    assert (clause.body, clause.options) == ("id: week", (Option("cov", "un"),))


# --- places ------------------------------------------------------------------------------------


def test_spans_are_those_of_the_text() -> None:
    text = "ln(x) + (y * 2)"
    tree = parser.parse_expression(text)
    assert isinstance(tree, Binary)
    assert text[slice(*tree.span)] == text
    assert text[slice(*tree.left.span)] == "ln(x)"
    assert text[slice(*tree.right.span)] == "(y * 2)"


@pytest.mark.parametrize(
    ("text", "offender"),
    [
        ("list x if a + 2z", "2z"),
        ("list x in 5/k", "5/k"),
        ("list x if (a == 3", "("),
        ("regress y [aw=x y]", "y"),
        ("summarize x, detail, then", "then"),
    ],
)
def test_errors_in_a_line_point_at_the_offender(text: str, offender: str) -> None:
    with pytest.raises(StataError) as caught:
        parser.parse_command_line(text)
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == offender


# --- limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "-" * 10_000 + "1",
        "!" * 10_000 + "x",
        "+".join(["x"] * 10_000),
        "f(" * 10_000 + ")" * 10_000,
        "x[" * 5_000 + "1" + "]" * 5_000,
    ],
    ids=["signs", "negations", "sum", "calls", "subscripts"],
)
def test_a_tree_too_deep_is_an_error(text: str) -> None:
    with pytest.raises(StataError) as caught:
        parser.parse_expression(text)
    assert caught.value.code in (130, 198)


def test_parentheses_alone_do_not_make_a_tree_deep() -> None:
    assert parser.parse_expression("(" * 10_000 + "1" + ")" * 10_000) == Number(1.0)


def test_deep_lists_are_errors() -> None:
    for text in ("(" * 5_000 + "x" + ")" * 5_000, "#".join(["x"] * 5_000)):
        with pytest.raises(StataError):
            parser.parse_varlist(text)


def test_deep_brackets_in_a_line_are_text() -> None:
    argument = "(" * 10_000 + ")" * 10_000
    assert parser.parse_command_line(f"x, y({argument})").clause.options[0].argument == argument


# --- splitting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mixed,level(90)", ("mixed", ",level(90)")),
        ('di"x"', ("di", '"x"')),
        ("  gen x=1", ("gen", " x=1")),
        ("", ("", "")),
        ("= 3", ("", "= 3")),
    ],
)
def test_split_name(text: str, expected: tuple[str, str]) -> None:
    assert parser.split_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" id, sort: gen x = _n", ("id, sort", "gen x = _n")),
        (" id (t): gen x = _n", ("id (t)", "gen x = _n")),
        (", subpop(a:b): mixed y || id:", (", subpop(a:b)", "mixed y || id:")),
        (' 14: di "a:b"', ("14", 'di "a:b"')),
        (": x", ("", "x")),
        (' "a:b" x', ('"a:b" x', None)),
        (" x (y:z)", ("x (y:z)", None)),
        (' "unfinished : x', ('"unfinished : x', None)),
    ],
)
def test_split_prefix(text: str, expected: tuple[str, str | None]) -> None:
    assert parser.split_prefix(text) == expected


def test_split_comma_and_equations() -> None:
    assert parser.split_comma('f(a,b) "c,d", e, f') == ('f(a,b) "c,d"', "e, f")
    assert parser.split_comma("f(a,b)") == ("f(a,b)", None)
    assert parser.split_equations("y x || id: (a||b) || g:") == ["y x", "id: (a||b)", "g:"]


def test_split_options() -> None:
    assert parser.split_options("level(90)nolog  vce(cluster id)") == (
        Option("level", "90"),
        Option("nolog"),
        Option("vce", "cluster id"),
    )
    assert parser.split_options("") == ()


def test_words() -> None:
    text = 'a "b c" `"d "e" f"\' g"h i"j'
    assert parser.quoted_words(text) == ["a", '"b c"', '`"d "e" f"\'', 'g"h i"j']
    assert parser.split_words(text) == ["a", "b c", 'd "e" f', 'g"h i"j']
    with pytest.raises(StataError, match="too few quotes"):
        parser.split_words('a "b')


@pytest.mark.parametrize(
    ("text", "expression", "rest"),
    [
        ('x + 1 "cm"', "x + 1", '"cm"'),
        ('"a" "b"', '"a"', '"b"'),
        ("x y z", "x", "y z"),
        ("3", "3", ""),
        ("f(x) _n", "f(x)", "_n"),
    ],
)
def test_expression_prefix(text: str, expression: str, rest: str) -> None:
    assert parser.parse_expression_prefix(text) == (parser.parse_expression(expression), rest)


@pytest.mark.parametrize("text", ["", "+", "x +", "(x", '"a', "2x"])
def test_expression_prefix_needs_an_expression(text: str) -> None:
    with pytest.raises(StataError):
        parser.parse_expression_prefix(text)


def test_results_are_shared() -> None:
    assert parser.parse_expression("x + y") is parser.parse_expression("x + y")


def test_missing_codes_are_above_every_number() -> None:
    number = parser.parse_expression(".")
    assert isinstance(number, Number)
    assert number.value > math.nextafter(2.0**1023, 0.0)
