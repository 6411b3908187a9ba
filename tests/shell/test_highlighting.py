"""The Pygments lexer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
)

from statalike.shell.highlighting import StataLexer


def token_of(text: str, word: str) -> _TokenType:
    """The type of the first token that is ``word``."""
    kinds = [kind for _, kind, value in StataLexer().get_tokens_unprocessed(text) if value == word]
    assert kinds, f"{word} is no token"
    return kinds[0]


@pytest.mark.parametrize(
    ("text", "word", "kind"),
    [
        ("summarize x", "summarize", Keyword),
        ("su x", "su", Keyword),
        ("su x", "x", Name),
        ("nosuch x", "nosuch", Name),
        ("x summarize", "summarize", Name),
        ("quietly by a, sort: su x", "su", Keyword),
        ("quietly by a, sort: su x", "by", Keyword),
        ("estat icc", "icc", Keyword),
        ("estat nosuch", "nosuch", Name),
        ("foreach v in a {", "foreach", Keyword.Reserved),
        ("else display 1", "display", Keyword),
        ("su x, detail", "detail", Name.Attribute),
        ("su x, det", "det", Name.Attribute),
        ("su x, nosuch", "nosuch", Name),
        ("mixed y x || id: z, covariance(un)", "covariance", Name.Attribute),
        ("mixed y x, reml ///\n level(90)", "level", Name.Attribute),
        ("su x if y", "if", Operator.Word),
        ("generate x = normalden(y)", "normalden", Name.Function),
        ("generate x = normalden + 1", "normalden", Name),
        ("display _N", "_N", Name.Builtin),
        ("display `x'", "`x'", Name.Variable),
        ('display "a `x\' b"', "`x'", Name.Variable),
        ('display "a `x\' b"', '"a ', String),
        ("display $x + ${y}", "${y}", Name.Variable),
        ("display 1.5e-3", "1.5e-3", Number),
        ("display .a", ".a", Number),
        ("su i.x", "x", Name),
        ("* su x", "* su x", Comment.Single),
        ("su x // su", "// su", Comment.Single),
        ("su /* x */ y", "/* x */", Comment.Multiline),
        ("display 3 * 4", "*", Operator),
    ],
)
def test_tokens(text: str, word: str, kind: _TokenType) -> None:
    assert token_of(text, word) is kind


@given(st.text(alphabet="su dixy`'\"$,():|{}=.#\n/*1é", max_size=60))
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost(text: str) -> None:
    tokens = list(StataLexer().get_tokens_unprocessed(text))
    assert "".join(value for _, _, value in tokens) == text
    position = 0
    for start, _, value in tokens:
        assert start == position
        position += len(value)


def test_pygments_knows_the_lexer_by_its_name() -> None:
    from pygments.lexers import get_lexer_by_name

    assert isinstance(get_lexer_by_name("statalike"), StataLexer)
