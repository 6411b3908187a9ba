"""Functions that choose and classify: ``cond()``, ``inlist()``, ``missing()``, ``recode()``.

[FN] Programming functions.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError, type_mismatch
from statalike.language.ast import Expression
from statalike.language.functions.registry import general, numeric, syntactic
from statalike.language.operators import BINARY, logical_or
from statalike.language.values import Value, is_string, numbers, texts

if TYPE_CHECKING:
    from statalike.language.evaluation import Evaluation


def _plain(result: Any) -> Value:
    """A zero-dimensional array as a float, any other as ``float64``."""
    result = np.asarray(result, dtype=np.float64)
    return float(result) if result.ndim == 0 else result


@syntactic("cond", "v v v [v]")
def cond(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """``cond(x, a, b[, c])``: a where x is true, b where it is 0, c where x is missing.

    Without c a missing x counts as true.  For a single observation only the chosen argument is
    evaluated.
    """
    test = numbers(evaluation.value(arguments[0]))
    with_missing = len(arguments) == 4
    if isinstance(test, float):
        if with_missing and test >= MISSING:
            return evaluation.value(arguments[3])
        return evaluation.value(arguments[1 if test else 2])
    chosen = [evaluation.value(argument) for argument in arguments[1:]]
    as_text = is_string(chosen[0])
    if any(is_string(value) != as_text for value in chosen):
        raise type_mismatch()
    branches = [texts(value) if as_text else numbers(value) for value in chosen]
    result: np.ndarray = np.where(test != 0, *_as_objects(branches[:2], as_text))
    if with_missing:
        result = np.where(test >= MISSING, _as_objects(branches[2:], as_text)[0], result)
    return result


def _as_objects(branches: list[Any], as_text: bool) -> list[Any]:
    """Texts as object arrays, which keeps NumPy from making fixed-width strings of them."""
    return [np.asarray(branch, dtype=object) if as_text else branch for branch in branches]


@general("inlist", "v v v...")
def inlist(value: Value, *candidates: Value) -> Value:
    """1 where the first argument equals one of the others."""
    found: Value = 0.0
    for candidate in candidates:
        found = logical_or(found, BINARY["=="](value, candidate))
    return found


@general("inrange", "v v v")
def inrange(value: Value, lower: Value, upper: Value) -> Value:
    """1 where lower <= value <= upper; a missing bound is no bound, a missing value is outside.

    Between texts an empty bound is no bound.
    """
    if is_string(value):
        above = logical_or(BINARY["=="](lower, ""), BINARY["<="](lower, value))
        below = logical_or(BINARY["=="](upper, ""), BINARY["<="](value, upper))
        return BINARY["&"](above, below)
    x, a, b = numbers(value), numbers(lower), numbers(upper)
    inside = (x < MISSING) & ((a >= MISSING) | (a <= x)) & ((b >= MISSING) | (x <= b))
    return float(inside) if isinstance(inside, bool) else np.asarray(inside)


@general("missing", "v v...", "mi")
def missing(*values: Value) -> Value:
    """1 where any argument is a missing value or an empty text."""
    found: Value = 0.0
    for value in values:
        if is_string(value):
            found = logical_or(found, BINARY["=="](value, ""))
        else:
            found = logical_or(found, BINARY[">="](value, MISSING))
    return found


@general("clip", "n n n")
def clip(x: Value, a: Value, b: Value) -> Value:
    """x brought into [a, b]; a missing limit does not bind; ``.`` when x is missing or a > b."""
    value, lower, upper = numbers(x), numbers(a), numbers(b)
    result = np.where(lower >= MISSING, value, np.maximum(value, lower))
    result = np.where(upper >= MISSING, result, np.minimum(result, upper))
    impossible = (value >= MISSING) | ((lower < MISSING) & (upper < MISSING) & (lower > upper))
    return _plain(np.where(impossible, MISSING, result))


@general("recode", "n n n...")
def recode(x: Value, *points: Value) -> Value:
    """The first point that x does not exceed, or the last; a missing x stays as it is."""
    value = numbers(x)
    limits = [numbers(point) for point in points]
    result = np.asarray(limits[-1])
    for limit in reversed(limits[:-1]):
        result = np.where(value <= limit, limit, result)
    result = np.where(_increasing(limits), result, MISSING)
    return _plain(np.where(value >= MISSING, value, result))


@general("irecode", "n n n...")
def irecode(x: Value, *points: Value) -> Value:
    """How many of the points x exceeds: 0 for x <= x1, 1 for x1 < x <= x2, and so on."""
    value = numbers(x)
    limits = [numbers(point) for point in points]
    count: Any = 0.0
    for limit in limits:
        count = count + np.asarray(value > limit, dtype=np.float64)
    return _plain(np.where(_increasing(limits) & (value < MISSING), count, MISSING))


def _increasing(limits: list[Any]) -> Any:
    """Whether the points increase weakly."""
    result: Any = np.True_
    for lower, upper in pairwise(limits):
        result = result & (lower <= upper)
    return result


@numeric("autocode", "n n n n")
def autocode(x: Any, n: Any, x0: Any, x1: Any) -> Any:
    """The upper end of the one of n equal intervals from x0 to x1 that contains x."""
    width = (np.asarray(x1) - x0) / n
    interval = np.clip(np.ceil((x - x0) / width), 1.0, n)
    value = np.where(interval == n, x1, x0 + interval * width)
    return np.where((np.asarray(n) >= 1) & (np.asarray(x0) < x1), value, np.nan)


@syntactic("scalar", "v")
def scalar(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The scalar of this name, even where a variable has the same one; r(111)."""
    name = getattr(arguments[0], "name", "")
    value = evaluation.context.scalar(name) if name else None
    if value is None:
        raise StataError(111, f"{name} not found" if name else "not found")
    return value if isinstance(value, str) else float(value)
