"""Lines and expressions whose tree comes from that of their shape are those that were parsed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.errors import StataError
from statalike.language import grammar
from statalike.language.ast import Expression
from statalike.language.numeral_shapes import expression_by_shape, pieces_of_line
from statalike.language.parser import parse_expression
from statalike.language.unparse import expression_text
from tests.language.syntax_trees import expressions


def _spans(node: object) -> list[object]:
    fields = getattr(node, "__dataclass_fields__", None)
    if isinstance(node, tuple):
        return [each for part in node for each in _spans(part)]
    if fields is None:
        return []
    return [getattr(node, "span", None)] + [
        each for name in fields for each in _spans(getattr(node, name))
    ]


@given(expressions)
def test_trees_are_those_of_the_grammar(tree: Expression) -> None:
    text = expression_text(tree)
    by_shape = expression_by_shape(text)
    if by_shape is not None:
        parsed = grammar.parse("expression", text)
        assert by_shape == parsed
        assert _spans(by_shape) == _spans(parsed)


LINES = [
    "replace x = 17 * 2 in 17",
    "summarize x1 x2 if x == 12, detail",
    "mixed y x || id: x, level(90)",
    "list in 3/45",
    "generate byte x12 = 12 if y > 3.5",
    'graph x, xlabel(0 10 20) note("12 texts")',
]


@pytest.mark.parametrize("line", LINES)
@given(number=st.integers(0, 10**6))
def test_pieces_are_those_of_the_grammar(line: str, number: int) -> None:
    text = re.sub(r"\b12\b|\b17\b|\b45\b", str(number), line)
    assert pieces_of_line(text) == grammar.parse("command_line", text)


@pytest.mark.parametrize("text", ["12 13", "(12", "12 +", "x 12", "12x 5", "1 = 2"])
def test_errors_are_about_the_text_itself(text: str) -> None:
    with pytest.raises(StataError) as by_shape:
        parse_expression(text)
    with pytest.raises(StataError) as parsed:
        grammar.parse("expression", text)
    assert str(by_shape.value) == str(parsed.value)


@pytest.mark.parametrize("text", ["_b[1.x] + 1", "_b[#2:x]", "x[12]", 'f("12", 12)', "L12.x + 12"])
def test_numbers_within_names_and_texts_stay(text: str) -> None:
    assert parse_expression(text) == grammar.parse("expression", text)
