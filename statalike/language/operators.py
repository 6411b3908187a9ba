"""The operators of expressions: arithmetic, comparison, logic, and ``+`` and ``*`` on texts.

Arithmetic is in double precision; an operand that is missing, a result too large, 0/0 and a
negative base with a fractional power yield ``.``.  Comparisons order numbers below
``.`` < ``.a`` < ... < ``.z`` and texts by their bytes.  ([U] 13.2 Operators.)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError, type_mismatch
from statalike.language.values import (
    Numbers,
    Value,
    is_string,
    missing_mask,
    moderate,
    numbers,
    settled,
    settled_except,
    texts,
    truth,
)

LONGEST_TEXT = 2_000_000_000

Operation = Callable[[Value, Value], Value]


def add(left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        return _scalar(left + right, left, right)
    if is_string(left):
        return texts(left) + texts(right)
    return _combined(np.add, numbers(left), numbers(right))


def subtract(left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        return _scalar(left - right, left, right)
    return _combined(np.subtract, numbers(left), numbers(right))


def multiply(left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        return _scalar(left * right, left, right)
    if is_string(left):
        return _duplicate(left, numbers(right))
    if is_string(right):
        return _duplicate(right, numbers(left))
    return _combined(np.multiply, numbers(left), numbers(right))


def divide(left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        return _scalar(left / right if right else MISSING, left, right)
    return _combined(np.divide, numbers(left), numbers(right))


def power(left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        try:
            return _scalar(math.pow(left, right), left, right)
        except (ValueError, OverflowError):
            return MISSING
    return _combined(_raised, numbers(left), numbers(right))


def _raised(base: Numbers, exponent: Numbers) -> Numbers:
    return base**exponent


def negative(operand: Value) -> Value:
    operand = numbers(operand)
    if isinstance(operand, float):
        return _scalar(-operand, operand, 0.0)
    if moderate(operand):
        return -operand
    return settled_except(-operand, missing_mask(operand))


def positive(operand: Value) -> Value:
    return numbers(operand)


def logical_not(operand: Value) -> Value:
    operand = truth(operand)
    return 1.0 - operand if isinstance(operand, float) else ~operand


def logical_and(left: Value, right: Value) -> Value:
    left, right = truth(left), truth(right)
    if isinstance(left, float):
        return right if left else 0.0
    if isinstance(right, float):
        return left if right else 0.0
    return left & right


def logical_or(left: Value, right: Value) -> Value:
    left, right = truth(left), truth(right)
    if isinstance(left, float):
        return 1.0 if left else right
    if isinstance(right, float):
        return 1.0 if right else left
    return left | right


def _comparison(compare: np.ufunc) -> Operation:
    def operation(left: Value, right: Value) -> Value:
        if is_string(left) or is_string(right):
            left, right = _comparable(left, right)
        else:
            left, right = numbers(left), numbers(right)
        result = compare(left, right)
        if isinstance(result, np.ndarray):
            return result if result.dtype.kind == "b" else result.astype(bool)
        return 1.0 if result else 0.0

    return operation


def _scalar_comparison(
    compare: np.ufunc, plain: Callable[[float | str, float | str], bool]
) -> Operation:
    vector = _comparison(compare)

    def operation(left: Value, right: Value) -> Value:
        if isinstance(left, float) and isinstance(right, float):
            return 1.0 if plain(left, right) else 0.0
        if isinstance(left, str) and isinstance(right, str):
            return 1.0 if plain(left, right) else 0.0
        return vector(left, right)

    return operation


def _comparable(left: Value, right: Value) -> tuple[Value, Value]:
    """Texts in one form, as stored bytes where no decoding is needed."""
    if not (is_string(left) and is_string(right)):
        raise type_mismatch()
    stored = [isinstance(side, np.ndarray) and side.dtype.kind == "S" for side in (left, right)]
    if stored[0] and (stored[1] or isinstance(right, str)):
        return left, _encoded(right)
    if stored[1] and isinstance(left, str):
        return _encoded(left), right
    return texts(left), texts(right)


def _encoded(side: Value) -> np.ndarray:
    if isinstance(side, str):
        return np.array(side.encode("utf-8", "replace"))
    assert isinstance(side, np.ndarray)
    return side


def _combined(
    combine: Callable[[Numbers, Numbers], Numbers], left: Numbers, right: Numbers
) -> Numbers:
    """An arithmetic operation on arrays, ``.`` where an operand is missing."""
    if moderate(left) and moderate(right):
        result = combine(left, right)
        return result if combine in _NEVER_OVERFLOWING else settled(result)
    left, missing_left = _without_missing(left)
    right, missing_right = _without_missing(right)
    result = settled(combine(left, right))
    missing = missing_left | missing_right
    if isinstance(missing, bool):
        return np.full_like(result, MISSING) if missing else result
    if not isinstance(result, np.ndarray) or not result.flags.writeable:
        return np.where(missing, MISSING, result)
    np.copyto(result, MISSING, where=missing)
    return result


_NEVER_OVERFLOWING = (np.add, np.subtract, np.multiply)


def _without_missing(operand: Numbers) -> tuple[Numbers, bool | np.ndarray]:
    """The operand with ones for its missing values, and where they are."""
    missing = missing_mask(operand)
    if isinstance(operand, float):
        return (1.0 if missing else operand), bool(missing)
    return np.where(missing, 1.0, operand), missing


def _duplicate(text: Value, count: Numbers) -> Value:
    """``"ab"*2`` is ``"abab"``; a missing or negative count gives an empty text."""
    text = texts(text)
    counts = np.atleast_1d(count)
    longest = max(map(len, text), default=0) if isinstance(text, np.ndarray) else len(text)
    most = np.max(counts[counts < MISSING], initial=0.0)
    if longest * most > LONGEST_TEXT:
        raise StataError(909, "op. sys. refuses to provide memory")
    if isinstance(count, float):
        return text * (int(count) if count < MISSING else 0)
    known = np.where(count < MISSING, np.clip(count, 0.0, 2.0**62), 0.0)
    result: np.ndarray = known.astype(np.int64).astype(object) * text
    return result


def _scalar(result: float, left: float, right: float) -> float:
    if left >= MISSING or right >= MISSING:
        return MISSING
    if -MISSING < result < MISSING:
        return result
    settled_result = settled(result)
    assert isinstance(settled_result, float)
    return settled_result


BINARY: dict[str, Operation] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "^": power,
    "==": _scalar_comparison(np.equal, lambda left, right: left == right),
    "!=": _scalar_comparison(np.not_equal, lambda left, right: left != right),
    "<": _scalar_comparison(np.less, lambda left, right: left < right),  # type: ignore[operator]
    "<=": _scalar_comparison(np.less_equal, lambda left, right: left <= right),  # type: ignore[operator]
    ">": _scalar_comparison(np.greater, lambda left, right: left > right),  # type: ignore[operator]
    ">=": _scalar_comparison(np.greater_equal, lambda left, right: left >= right),  # type: ignore[operator]
    "&": logical_and,
    "|": logical_or,
}
UNARY: dict[str, Callable[[Value], Value]] = {
    "-": negative,
    "+": positive,
    "!": logical_not,
}
