"""``replace`` seen observation by observation.

Stata replaces a variable from the first observation to the last, and an expression that refers
to the variable elsewhere (``x[_n-1]``, ``L.x``) sees the new value of the observations already
done: ``replace x = x[_n-1] if missing(x)`` carries a value forward over any gap.  Where an
expression has no such reference, all observations are evaluated at once.

Otherwise the command has a unique outcome: the values v with v_i = f(v_1, ..., v_{i-1}, old).
Evaluating all observations with the current v repeats until nothing changes, which takes as many
passes as the longest chain of references; whatever a bounded number of passes leaves open is done
one observation after the other.
"""

from __future__ import annotations

import numpy as np

from statalike.data.missing import MISSING
from statalike.data.variable import Variable
from statalike.errors import type_mismatch
from statalike.language import ast
from statalike.language.context import Context
from statalike.language.evaluation import Evaluation, Replaced, Shared
from statalike.language.expressions import Rows, evaluate, selected, walk
from statalike.language.values import Value, as_numbers, as_strings, is_string

PASSES = 40


def evaluate_replacement(
    expression: ast.Expression, context: Context, name: str, rows: Rows = None
) -> Value:
    """The new values of variable ``name`` (its full name) for the chosen observations.

    As :func:`~statalike.language.expressions.evaluate`, except that references to the variable
    at earlier observations see their new values, rounded to the variable's storage type when
    that is float.  r(109) when a text goes to a numeric variable or the reverse.
    """
    dataset = context.dataset
    variable = dataset.variables[name]
    if not refers_elsewhere(expression, context, name):
        value = evaluate(expression, context, rows)
        if is_string(value) != variable.is_string:
            raise type_mismatch()
        return value
    positions, size = selected(rows, dataset.n)
    if isinstance(positions, slice):
        positions = np.arange(positions.start, positions.stop)
    old = variable.strings() if variable.is_string else variable.numbers()
    replaced = Replaced(name, old)
    shared = Shared(context, replaced)
    with np.errstate(all="ignore"):
        start = 0
        for _ in range(PASSES):
            value = Evaluation(context, positions[start:], size - start, shared).value(expression)
            fresh = _as_column(value, variable, size - start)
            before = replaced.new[positions[start:]]
            changed = np.flatnonzero(fresh != before)
            if not changed.size:
                return _taken(replaced, positions)
            replaced.new[positions[start:]] = fresh
            # Nothing before the first change can change any more, nor that observation itself.
            start += int(changed[0]) + 1
            if start >= size:
                return _taken(replaced, positions)
        for position in positions[start:].tolist():
            single = Evaluation(context, position, 1, shared).value(expression)
            replaced.new[position] = _as_column(single, variable, 1)[0]
    return _taken(replaced, positions)


def refers_elsewhere(expression: ast.Expression, context: Context, name: str) -> bool:
    """Whether the expression has a subscript or time-series operator on the variable."""
    if not any(isinstance(n, ast.Subscript | ast.OperatorVariable) for n in walk(expression)):
        return False
    shared = Shared(context)
    finder = Evaluation(context, 0, 1, shared)
    for node in walk(expression):
        if isinstance(node, ast.Subscript) and isinstance(node.base, ast.Name):
            typed = node.base.name if len(node.indices) == 1 else ""
        elif isinstance(node, ast.OperatorVariable):
            typed = node.name
        else:
            continue
        found = finder.find_variable(typed) if typed else None
        if found is not None and found.name == name:
            return True
    return False


def _as_column(value: Value, variable: Variable, n: int) -> np.ndarray:
    if is_string(value) != variable.is_string:
        raise type_mismatch()
    if variable.is_string:
        return as_strings(value, n)
    numbers = as_numbers(value, n)
    if variable.storage.name != "float":
        return numbers
    return np.where(numbers >= MISSING, numbers, numbers.astype(np.float32).astype(np.float64))


def _taken(replaced: Replaced, positions: np.ndarray) -> np.ndarray:
    return np.asarray(replaced.new[positions])
