"""The value of an expression: for one observation, for all, or for those selected.

:func:`evaluate` gives a value per observation (or one value when the expression depends on no
observation), :func:`evaluate_condition` a mask, :func:`evaluate_scalar` the single value that
``display`` and ``if`` use.  Expressions are walked as trees.  Over many observations they are
evaluated in blocks that fit the processor's cache, except where a function needs all
observations at once (running sums, random numbers).
Values are described in :mod:`statalike.language.values`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from statalike.language import ast, functions
from statalike.language.context import Context
from statalike.language.evaluation import Evaluation, Shared
from statalike.language.values import (
    Value,
    is_string,
    numbers,
    texts,
    truth,
)

Rows: TypeAlias = "slice | np.ndarray | None"

BLOCK = 8192


def evaluate(expression: ast.Expression, context: Context, rows: Rows = None) -> Value:
    """The value of an expression for the chosen observations.

    ``rows`` is a slice, an array of positions (from 0) or a boolean mask; None stands for all.
    Returns a ``float`` or ``str`` when the expression depends on no observation, else a
    ``float64`` array or an ``object`` array of ``str`` with one entry per chosen observation, in
    their order.  An array may share the memory of a variable and is not to be modified.
    ``_n``, ``_N`` and subscripts keep their meaning whatever the rows; running sums and random
    numbers see the chosen observations only.
    """
    positions, size = selected(rows, context.dataset.n)
    with np.errstate(all="ignore"):
        value = _over_blocks(expression, context, positions, size, Shared(context))
        if isinstance(value, np.ndarray):
            return texts(value) if value.dtype.kind in "OS" else numbers(value)
        return value


def evaluate_condition(
    expression: ast.Expression, context: Context, rows: Rows = None
) -> np.ndarray:
    """Where an ``if`` condition is true (nonzero or missing), one boolean per chosen row."""
    positions, size = selected(rows, context.dataset.n)
    with np.errstate(all="ignore"):
        value = truth(_over_blocks(expression, context, positions, size, Shared(context)))
    return np.full(size, bool(value)) if isinstance(value, float) else value


def evaluate_scalar(expression: ast.Expression, context: Context) -> float | str:
    """The value of an expression as ``display`` sees it: a variable is its first observation."""
    value = Evaluation(context, 0, 1, Shared(context)).value(expression)
    assert isinstance(value, float | str)
    return value


def is_true(expression: ast.Expression, context: Context) -> bool:
    """Whether the condition of ``if`` or ``while`` holds; r(109) for a text."""
    return truth(evaluate_scalar(expression, context)) != 0.0


def children(expression: ast.Expression) -> tuple[ast.Expression, ...]:
    """The direct subexpressions of an expression."""
    match expression:
        case ast.Unary(operand=operand):
            return (operand,)
        case ast.Binary(left=left, right=right):
            return (left, right)
        case ast.Call(arguments=arguments):
            return arguments
        case ast.Subscript(base=base, indices=indices):
            return (base, *indices)
    return ()


def walk(expression: ast.Expression) -> Iterator[ast.Expression]:
    """The expression and all its subexpressions."""
    yield expression
    for child in children(expression):
        yield from walk(child)


@lru_cache(maxsize=4096)
def _needs_all_rows(expression: ast.Expression) -> bool:
    return any(
        isinstance(node, ast.Call) and functions.find(node.function).whole
        for node in walk(expression)
    )


def selected(rows: Rows, n: int) -> tuple[slice | np.ndarray, int]:
    """The chosen rows as a slice or increasing positions, and how many they are."""
    if rows is None:
        return slice(0, n), n
    if isinstance(rows, slice):
        start, stop, step = rows.indices(n)
        if step == 1:
            stop = max(start, stop)
            return slice(start, stop), stop - start
        rows = np.arange(start, stop, step)
    elif rows.dtype == np.bool_:
        rows = np.flatnonzero(rows)
    return rows, len(rows)


def _over_blocks(
    expression: ast.Expression,
    context: Context,
    positions: slice | np.ndarray,
    size: int,
    shared: Shared,
) -> Value:
    if size <= BLOCK or _needs_all_rows(expression):
        return Evaluation(context, positions, size, shared).value(expression)
    result: np.ndarray | None = None
    for start in range(0, size, BLOCK):
        stop = min(start + BLOCK, size)
        if isinstance(positions, slice):
            block: slice | np.ndarray = slice(positions.start + start, positions.start + stop)
        else:
            block = positions[start:stop]
        value = Evaluation(context, block, stop - start, shared).value(expression)
        if not isinstance(value, np.ndarray):
            return value
        if result is None:
            result = np.empty(size, dtype=object if is_string(value) else value.dtype)
        result[start:stop] = texts(value) if result.dtype == object else value
    assert result is not None
    return result
