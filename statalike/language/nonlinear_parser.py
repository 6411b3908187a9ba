"""Text → syntax tree of the parts of nonlinear models ([ME] menl).

As in :mod:`statalike.language.parser` trees are cached by their text, and what cannot be read is a
:class:`StataError` with the span of the offending characters.
"""

from __future__ import annotations

import functools
from typing import Final

from statalike.language import grammar
from statalike.language.ast import (
    Definition,
    Expression,
    InitialCondition,
    Number,
    PredictedExpression,
    StartingValue,
)
from statalike.language.parser import check_depth

_CACHED: Final = 1024


@functools.lru_cache(maxsize=_CACHED)
def parse_substitutable(text: str) -> Expression:
    """The mean of a nonlinear model, parameters in braces; r(198), r(132), r(130)."""
    expression: Expression = grammar.parse("substitutable", text)
    check_depth(expression, text)
    return expression


@functools.lru_cache(maxsize=_CACHED)
def parse_definition(text: str) -> Definition:
    """``name: expression`` or ``name: x1 x2 U[id], xb``, as in define(); r(198)."""
    definition: Definition = grammar.parse("definition", text)
    check_depth(definition, text)
    return definition


@functools.lru_cache(maxsize=_CACHED)
def parse_initial_condition(text: str) -> InitialCondition:
    """``{name:} = expression``, as in tsinit(); r(198)."""
    condition: InitialCondition = grammar.parse("initial_condition", text)
    check_depth(condition, text)
    return condition


@functools.lru_cache(maxsize=_CACHED)
def parse_starting_values(text: str) -> tuple[StartingValue, ...]:
    """Parameters with the values to begin from, ``phi:_cons 5 {a b} 1``; r(198)."""
    values: tuple[StartingValue, ...] = grammar.parse("starting_values", text)
    return values


@functools.lru_cache(maxsize=_CACHED)
def parse_starting_numbers(text: str) -> tuple[Number, ...]:
    """Numbers between blanks, ``12.2 -3 1``; r(198)."""
    numbers: tuple[Number, ...] = grammar.parse("starting_numbers", text)
    return numbers


def parse_predictions(text: str) -> tuple[PredictedExpression, ...]:
    """``(u = {phi1:}) (v = {phi2:})``: new variables and the expressions they hold; r(198)."""
    predictions: tuple[PredictedExpression, ...] = grammar.parse("predictions", text)
    return predictions
