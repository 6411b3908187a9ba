"""Derivatives of expressions with respect to coefficients, by forward accumulation.

A value carries its gradient with respect to k parameters through the tree of an expression: the
chain rule is applied node by node, so that derivatives are exact as far as the derivatives of
the functions are (Griewank and Walther 2008, Evaluating Derivatives, chapter 3), for which see
:mod:`statalike.language.derivative_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language import ast, functions
from statalike.language.derivative_rules import (
    FUNCTIONS,
    OPERATORS,
    Rule,
    differenced,
    extreme,
)
from statalike.language.evaluation import Evaluation
from statalike.language.values import numbers

Gradient: TypeAlias = "np.ndarray | None"
"""(k,) or (n, k); None where an expression does not depend on the parameters."""

Known: TypeAlias = Callable[[ast.Expression], Gradient]
"""The gradient of a node that depends on the parameters by itself, such as a coefficient."""


def gradient(expression: ast.Expression, evaluation: Evaluation, known: Known) -> Gradient:
    """The gradient of an expression, (k,) for a single observation or (n, k) for n of them.

    Entries are nan where a value that enters is missing.  r(498) when a function of the
    parameters has no derivative that could be computed.
    """
    with np.errstate(all="ignore"):
        return _gradient(expression, evaluation, known)


def _gradient(expression: ast.Expression, evaluation: Evaluation, known: Known) -> Gradient:
    own = known(expression)
    if own is not None:
        return own
    match expression:
        case ast.Unary("-", operand):
            inner = _gradient(operand, evaluation, known)
            return None if inner is None else -inner
        case ast.Unary("+", operand):
            return _gradient(operand, evaluation, known)
        case ast.Binary(operator, left, right):
            return _of_operator(operator, left, right, evaluation, known)
        case ast.Call("cond", arguments):
            return _of_condition(arguments, evaluation, known)
        case ast.Call(name, arguments):
            return _of_function(name, arguments, evaluation, known)
    return None


def _value(expression: ast.Expression, evaluation: Evaluation) -> Any:
    """Numbers with nan for missing ones."""
    value = np.asarray(numbers(evaluation.value(expression)), dtype=float)
    return np.where(value >= MISSING, np.nan, value)


def _times(value: Any, inner: np.ndarray) -> np.ndarray:
    """A factor for each observation times a gradient."""
    return np.asarray(np.asarray(value)[..., None] * inner)


def _sum(first: Gradient, second: Gradient) -> Gradient:
    if first is None:
        return second
    return first if second is None else first + second


def _of_operator(
    operator: str,
    left: ast.Expression,
    right: ast.Expression,
    evaluation: Evaluation,
    known: Known,
) -> Gradient:
    if operator not in SMOOTH:
        return None  # comparisons and logic are constant but for jumps
    first = _gradient(left, evaluation, known)
    second = _gradient(right, evaluation, known)
    if first is None and second is None:
        return None
    values = (_value(left, evaluation), _value(right, evaluation))
    total: Gradient = None
    for slope, inner in zip(_slopes(OPERATORS[operator], values), (first, second), strict=True):
        if inner is not None and slope is not None:
            total = _sum(total, _times(slope(), inner))
    return total


def _slopes(rule: Rule, values: tuple[Any, ...]) -> list[Callable[[], Any] | None]:
    """For each argument of a rule what gives the derivative in it, None where that is zero."""
    found = rule.value(*values)
    return [None if each is None else partial(each, values, found) for each in rule.slopes]


def _of_condition(
    arguments: Sequence[ast.Expression], evaluation: Evaluation, known: Known
) -> Gradient:
    """That of the branch taken; a missing condition counts as true, or takes the fourth branch."""
    condition, *branches = arguments
    gradients = [_gradient(branch, evaluation, known) for branch in branches]
    sample = next((each for each in gradients if each is not None), None)
    if sample is None:
        return None
    zero = np.zeros(sample.shape[-1])
    chosen = [zero if each is None else each for each in gradients]
    decision = _value(condition, evaluation)[..., None]
    result = np.where(decision != 0, chosen[0], chosen[1])
    if len(chosen) == 3:
        result = np.where(np.isnan(decision), chosen[2], result)
    return result


def _of_function(
    name: str, arguments: Sequence[ast.Expression], evaluation: Evaluation, known: Known
) -> Gradient:
    inner = [_gradient(argument, evaluation, known) for argument in arguments]
    depending = [i for i, each in enumerate(inner) if each is not None]
    if not depending or name in _CONSTANT:
        return None
    values = tuple(_value(argument, evaluation) for argument in arguments)
    slopes = _slopes(_rule(name, len(values)), values)
    total: Gradient = None
    for i in depending:
        slope, part = slopes[i], inner[i]
        if slope is not None and part is not None:
            total = _sum(total, _times(slope(), part))
    return total


def _rule(name: str, count: int) -> Rule:
    """A function of ``count`` arguments with its derivatives, differences where none are known."""
    if name in ("max", "min"):
        return extreme(name, count)
    rule = FUNCTIONS.get(name)
    if rule is not None and len(rule.slopes) == count:
        return rule
    return differenced(name, partial(_function_value, name), count)


#: operators with derivatives
SMOOTH: Final = frozenset("+-*/^")

#: functions without a rule that are constant but for jumps
_CONSTANT: Final = frozenset(["round", "missing", "mi", "inlist", "inrange", "irecode", "recode"])


class _Given:
    """Stands for an evaluation where the arguments of a function are values already."""

    single = False

    def value(self, value: Any) -> Any:
        return value


def _function_value(name: str, *values: Any) -> Any:
    """A function of values, nan where it is missing; r(498) where it needs more than values."""
    shared = np.broadcast_arrays(*(np.atleast_1d(each) for each in values))
    arguments = tuple(np.array(each) for each in shared)
    try:
        value = functions.find(name).apply(_Given(), arguments)  # type: ignore[arg-type]
    except AttributeError:
        raise StataError(
            498, f"{name}() has no derivative", hint="it depends on coefficients"
        ) from None
    result = np.asarray(numbers(value), dtype=float).reshape(np.shape(shared[0]))
    return np.where(result >= MISSING, np.nan, result)
