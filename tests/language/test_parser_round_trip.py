"""Parse → print → parse gives the same tree; random text gives a tree or a StataError."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.errors import StataError
from statalike.language import parser, source, unparse
from statalike.language.ast import CommandLine, Expression, NumberList, VariableList
from tests.language import syntax_trees
from tests.shared import needs_shared, shared_path


@given(syntax_trees.expressions)
def test_expressions(tree: Expression) -> None:
    assert parser.parse_expression(unparse.expression_text(tree)) == tree


@given(syntax_trees.variable_lists)
def test_variable_lists(tree: VariableList) -> None:
    text = unparse.varlist_text(tree)
    assert parser.parse_varlist(text) == tree
    assert parser.parse_contrast_list(text) == tree


@given(syntax_trees.number_lists)
def test_number_lists(tree: NumberList) -> None:
    assert parser.parse_numlist(unparse.numlist_text(tree)) == tree


@settings(max_examples=60)
@given(syntax_trees.command_lines)
def test_command_lines(tree: CommandLine) -> None:
    assert parser.parse_command_line(unparse.command_text(tree)) == tree


# --- real lines --------------------------------------------------------------------------------


def _logged_commands() -> Iterator[str]:
    """The commands of the reference logs, wrapped lines joined."""
    for path in sorted(shared_path("conformance", "cases").rglob("*.log")):
        script: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith((". ", "> ")):
                script.append(re.sub(r"^(?:> )+", "> ", line))
        text = "\n".join(script)
        text = re.sub(r"(?:\s*///)?\n> ", " ", text)
        for line in text.splitlines():
            yield line.removeprefix(". ")


@needs_shared
def test_every_command_of_the_reference_logs_is_read() -> None:
    texts = [unit.text for line in _logged_commands() for unit in source.read_source(line)]
    standard = [text for text in texts if text and not re.match(r"(local|matrix|label|di)\b", text)]
    assert len(standard) > 300
    for text in standard:
        line = parser.parse_command_line(text)
        assert parser.parse_command_line(unparse.command_text(line)) == line, text


# --- random text -------------------------------------------------------------------------------

READERS: list[Callable[[str], Any]] = [
    parser.parse_command_line,
    parser.parse_clause,
    parser.parse_expression,
    parser.parse_expression_prefix,
    parser.parse_varlist,
    parser.parse_contrast_list,
    parser.parse_numlist,
    parser.split_options,
    parser.split_name,
    parser.split_prefix,
    parser.split_comma,
    parser.split_equations,
    parser.split_words,
    lambda text: list(source.read_source(text)),
    lambda text: list(source.read_source(text, delimiter=";")),
]


def _only_stata_errors(reader: Callable[[str], Any], text: str) -> None:
    try:
        reader(text)
    except StataError as error:
        assert error.message
        if error.span is not None:
            start, end = error.span
            assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize("seed", range(10))
def test_random_pieces_never_raise_anything_else(seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(100):
        text = syntax_trees.random_line(generator)
        for reader in READERS:
            _only_stata_errors(reader, text)


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_random_characters_never_raise_anything_else(text: str) -> None:
    for reader in READERS:
        _only_stata_errors(reader, text)


@pytest.mark.parametrize(
    "piece",
    ["a ", "a.", "a", "(", ")", '"', '`"', "[", "{", "||", "| ", ",", ".", "i.", "1", "-", "x[",
     "_b[", "[a", "if ", "in ", "1.", "a(", "L(", "ib(", "a#", "/*", "//", "'", "`", "=", "é"],
)  # fmt: skip
def test_long_repetitions_take_no_time_to_speak_of(piece: str) -> None:
    text = piece * 3000
    for reader in READERS:
        _only_stata_errors(reader, text)
        _only_stata_errors(reader, f"x {text}!")
