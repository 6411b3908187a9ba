"""Texts that differ in their whole numbers only are parsed once.

A loop makes a new text at every turn, ``replace x = 17 in 17``, but the tree of ``replace x = 18 in
18`` is the same except for the numbers.  Both have the shape ``replace x = 11 in 11``, whose digits
are all ones; it is parsed, and the numbers are put into its tree by the places where they stand.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any, Final

from statalike.language import grammar
from statalike.language.ast import (
    Binary,
    Call,
    Expression,
    Number,
    Span,
    Subscript,
    Unary,
)
from statalike.language.tree_builder import ClausePieces

_NUMERAL: Final = re.compile(r"(?<![\w.#])[0-9]{1,15}(?![\w.])")
_CACHED_SHAPES: Final = 4096


def _ones(found: re.Match[str]) -> str:
    return "1" * (found.end() - found.start())


def pieces_of_line(text: str) -> tuple[str | None, list[ClausePieces]]:
    """The pieces of a command line by their places; what the grammar raises."""
    if text[:1].isdigit():
        return _parsed_line(text)
    shape = _NUMERAL.sub(_ones, text)
    if shape == text:
        return _parsed_line(text)
    try:
        return _shaped_line(shape)
    except Exception:  # whatever is wrong, the text itself has the right words for it
        return _parsed_line(text)


def _parsed_line(text: str) -> tuple[str | None, list[ClausePieces]]:
    parsed: tuple[str | None, list[ClausePieces]] = grammar.parse("command_line", text)
    return parsed


_shaped_line = functools.lru_cache(maxsize=_CACHED_SHAPES)(_parsed_line)


def expression_by_shape(text: str) -> Expression | None:
    """The tree of an expression from that of its shape; None when it has to be parsed itself."""
    numerals = list(_NUMERAL.finditer(text))
    if not numerals:
        return None
    try:
        tree, places = _shaped_expression(_NUMERAL.sub(_ones, text))
    except Exception:
        return None
    if not {found.span() for found in numerals} <= places:
        return None
    values = {found.span(): found[0] for found in numerals}
    return _with_numbers(tree, values)


@functools.lru_cache(maxsize=_CACHED_SHAPES)
def _shaped_expression(shape: str) -> tuple[Expression, frozenset[Span]]:
    """The tree of a shape, and where those of its numbers stand that can be exchanged."""
    tree: Expression = grammar.parse("expression", shape)
    places: set[Span] = set()
    _find_numbers(tree, places)
    return tree, frozenset(places)


def _find_numbers(node: Any, places: set[Span]) -> None:
    match node:
        case Number():
            places.add(node.span)
        case Unary():
            _find_numbers(node.operand, places)
        case Binary():
            _find_numbers(node.left, places)
            _find_numbers(node.right, places)
        case Call():
            for argument in node.arguments:
                _find_numbers(argument, places)
        case Subscript():
            for index in node.indices:
                _find_numbers(index, places)


def _with_numbers(node: Any, values: dict[Span, str]) -> Any:
    """The tree with other numbers at some places; parts without them are shared."""
    match node:
        case Number():
            text = values.get(node.span)
            return node if text is None else Number(float(text), text, span=node.span)
        case Unary():
            operand = _with_numbers(node.operand, values)
            if operand is node.operand:
                return node
            return Unary(node.operator, operand, span=node.span)
        case Binary():
            left, right = _with_numbers(node.left, values), _with_numbers(node.right, values)
            if left is node.left and right is node.right:
                return node
            return Binary(node.operator, left, right, span=node.span)
        case Call():
            arguments = tuple(_with_numbers(each, values) for each in node.arguments)
            return dataclasses.replace(node, arguments=arguments)
        case Subscript():
            indices = tuple(_with_numbers(each, values) for each in node.indices)
            return dataclasses.replace(node, indices=indices)
    return node
