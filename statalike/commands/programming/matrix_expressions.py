"""Expressions of matrices, with the names that rows and columns of the result get ([P] matrix).

A sum has the names of its first term, a product the row names of the first and the column names of
the second factor; matrices beside or below each other keep theirs, and what has none is numbered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statalike.commands.programming.matrix_functions import MATRIX_FUNCTIONS, Value
from statalike.data.missing import MISSING
from statalike.errors import StataError, invalid_syntax, type_mismatch
from statalike.evaluation import StateContext
from statalike.language.ast import (
    Binary,
    Call,
    Coefficient,
    Expression,
    IndexRange,
    Name,
    Number,
    StoredResult,
    String,
    Subscript,
    Unary,
)
from statalike.language.expressions import evaluate_scalar
from statalike.language.matrices import position
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.state import State

UNNAMED = Stripe("", "")


def evaluate_matrix(expression: Expression, state: State) -> NamedMatrix:
    """The matrix that an expression gives; a scalar is a matrix of one element.

    Raises r(111) for names that are neither matrix nor scalar, r(503), r(504) to r(509).
    """
    value = _Evaluation(state).value(expression)
    if isinstance(value, str):
        raise type_mismatch()
    return numbered(_as_matrix(value))


def index_positions(
    index: Expression, names: tuple[Stripe, ...], state: State
) -> tuple[int, int, bool]:
    """First and last position (from 0, half open) of an index, and whether it is a single one.

    Raises r(503) outside the matrix and r(111) for a name that it does not have.
    """
    evaluation = _Evaluation(state)
    if not isinstance(index, IndexRange):
        first = evaluation.place(index, names)
        return first, first + 1, True
    first = 0 if index.first is None else evaluation.place(index.first, names)
    last = len(names) if index.last is None else evaluation.place(index.last, names) + 1
    if last <= first:
        raise StataError(503, "conformability error")
    return first, last, False


def numbered(matrix: NamedMatrix) -> NamedMatrix:
    """Rows and columns without names are named r1, r2, ... and c1, c2, ..."""
    return NamedMatrix(matrix.values, _numbers(matrix.rows, "r"), _numbers(matrix.columns, "c"))


def _numbers(names: tuple[Stripe, ...], letter: str) -> tuple[Stripe, ...]:
    return tuple(
        Stripe("", f"{letter}{number}") if name == UNNAMED else name
        for number, name in enumerate(names, 1)
    )


def _as_matrix(value: Value) -> NamedMatrix:
    if isinstance(value, NamedMatrix):
        return value
    if isinstance(value, str):
        raise type_mismatch()
    return NamedMatrix(np.array([[value]]), (UNNAMED,), (UNNAMED,))


class _Evaluation:
    """The walk over one expression."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._context = StateContext(state)

    def value(self, expression: Expression) -> Value:
        match expression:
            case Number():
                return float(expression.value)
            case String(text):
                return text
            case Name(name):
                return self._named(name)
            case StoredResult(store, name):
                return self._stored(store, name)
            case Coefficient():
                return self._scalar(expression)
            case Unary(operator, operand):
                return self._unary(operator, self.value(operand))
            case Binary(operator, left, right):
                return _BINARY[operator](self.value(left), self.value(right))
            case Subscript(base, (rows, columns)):
                return self._part(self.value(base), rows, columns)
            case Call():
                return self._call(expression)
            case _:
                raise invalid_syntax(expression.span)

    def place(self, index: Expression, names: tuple[Stripe, ...]) -> int:
        """The position, from 0, of an index that is a number or a name; r(111), r(503)."""
        value = self.value(index)
        if isinstance(value, NamedMatrix):
            value = _single(value)
        where = position(names, value) if isinstance(value, str) else value
        if isinstance(value, str) and where >= MISSING:
            raise StataError(111, f"{value} not found")
        if not 1 <= where < len(names) + 1:
            raise StataError(503, "conformability error")
        return int(where) - 1

    def _named(self, name: str) -> Value:
        matrix = self._state.memory.matrices.get(name)
        if matrix is not None:
            return matrix
        scalar = self._state.memory.scalars.get(name)
        if scalar is not None:
            return scalar if isinstance(scalar, str) else float(scalar)
        raise StataError(111, f"{name} not found")

    def _stored(self, store: str, name: str) -> Value:
        found = self._context.stored(store, name)
        if found is None:
            raise StataError(111, f"matrix {store}({name}) not found")
        return found if isinstance(found, str | NamedMatrix) else float(found)  # type: ignore[arg-type]

    def _scalar(self, expression: Expression) -> float | str:
        return evaluate_scalar(expression, self._context)

    def _unary(self, operator: str, operand: Value) -> Value:
        if isinstance(operand, str):
            raise type_mismatch()
        if operator == "'":
            return operand.transposed if isinstance(operand, NamedMatrix) else operand
        if operator == "+":
            return operand
        return _BINARY["*"](-1.0, operand)

    def _part(self, base: Value, rows: Expression, columns: Expression) -> Value:
        matrix = _as_matrix(base)
        top, bottom, one_row = index_positions(rows, matrix.rows, self._state)
        left, right, one_column = index_positions(columns, matrix.columns, self._state)
        if one_row and one_column:
            return float(matrix.values[top, left])
        return NamedMatrix(
            matrix.values[top:bottom, left:right],
            matrix.rows[top:bottom],
            matrix.columns[left:right],
        )

    def _call(self, call: Call) -> Value:
        if call.function == "nullmat":
            return self._null_matrix(call)
        function = MATRIX_FUNCTIONS.get(call.function)
        values = [self.value(argument) for argument in call.arguments]
        if function is not None:
            if len(values) != function.arguments:
                raise invalid_syntax(call.span)
            return function.apply(values)
        # A function of scalars: its arguments are written out as numbers and texts.
        scalars = tuple(_literal(value) for value in values)
        return self._scalar(replace(call, arguments=scalars))

    def _null_matrix(self, call: Call) -> Value:
        """``nullmat(A)``: A, or nothing at all when there is no matrix A."""
        if len(call.arguments) != 1 or not isinstance(call.arguments[0], Name):
            raise invalid_syntax(call.span)
        found = self._state.memory.matrices.get(call.arguments[0].name)
        return NamedMatrix(np.zeros((0, 0)), (), ()) if found is None else found


def _literal(value: Value) -> Expression:
    if isinstance(value, str):
        return String(value)
    return Number(_single(value) if isinstance(value, NamedMatrix) else value)


def _single(matrix: NamedMatrix) -> float:
    if matrix.values.size != 1:
        raise StataError(509, "matrix operators that return matrices not allowed in this context")
    return float(matrix.values[0, 0])


# --- operators ----------------------------------------------------------------------------------


def with_nan(values: np.ndarray) -> np.ndarray:
    """Missing values as nan, so that arithmetic hands them on."""
    return np.where(values >= MISSING, np.nan, values)


def with_missing(values: np.ndarray) -> np.ndarray:
    """What is not a number, or not finite, as ``.``."""
    return np.where(np.isfinite(values), values, MISSING)


def _sum(sign: float) -> Callable[[Value, Value], Value]:
    def add(left: Value, right: Value) -> Value:
        a, b = _as_matrix(left), _as_matrix(right)
        if a.shape != b.shape:
            raise StataError(503, "conformability error")
        values = with_missing(with_nan(a.values) + sign * with_nan(b.values))
        return _result(left, right, NamedMatrix(values, a.rows, a.columns))

    return add


def _result(left: Value, right: Value, matrix: NamedMatrix) -> Value:
    """What two scalars give is a scalar again."""
    if isinstance(left, NamedMatrix) or isinstance(right, NamedMatrix):
        return matrix
    return float(matrix.values[0, 0])


def _product(left: Value, right: Value) -> Value:
    a, b = _as_matrix(left), _as_matrix(right)
    with np.errstate(all="ignore"):
        if not isinstance(left, NamedMatrix):
            return _result(left, right, b.with_values(_times(a.values[0, 0], b.values)))
        if not isinstance(right, NamedMatrix):
            return a.with_values(_times(b.values[0, 0], a.values))
        if a.shape[1] != b.shape[0]:
            raise StataError(503, "conformability error")
        values = with_missing(with_nan(a.values) @ with_nan(b.values))
    return NamedMatrix(values, a.rows, b.columns)


def _times(factor: float, values: np.ndarray) -> np.ndarray:
    return with_missing((np.nan if factor >= MISSING else factor) * with_nan(values))


def _quotient(left: Value, right: Value) -> Value:
    if isinstance(right, NamedMatrix):
        right = _single(right)
    a = _as_matrix(left)
    divisor = _as_matrix(right).values[0, 0]
    with np.errstate(all="ignore"):
        values = with_missing(with_nan(a.values) / (np.nan if divisor >= MISSING else divisor))
    return _result(left, right, a.with_values(values))


def _power(left: Value, right: Value) -> Value:
    base, exponent = _single(_as_matrix(left)), _single(_as_matrix(right))
    if base >= MISSING or exponent >= MISSING:
        return MISSING
    with np.errstate(all="ignore"):
        return float(with_missing(np.power(np.float64(base), exponent)))


def _kronecker(left: Value, right: Value) -> Value:
    a, b = _as_matrix(left), _as_matrix(right)
    values = with_missing(np.kron(with_nan(a.values), with_nan(b.values)))

    def names(outer: tuple[Stripe, ...], inner: tuple[Stripe, ...]) -> tuple[Stripe, ...]:
        return tuple(Stripe(one.name, other.name) for one in outer for other in inner)

    a, b = numbered(a), numbered(b)
    return NamedMatrix(values, names(a.rows, b.rows), names(a.columns, b.columns))


def _beside(left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        raise invalid_syntax()
    a, b = _as_matrix(left), _as_matrix(right)
    if not a.values.size:
        return b
    if a.shape[0] != b.shape[0]:
        raise StataError(503, "conformability error")
    return NamedMatrix(np.hstack([a.values, b.values]), a.rows, (*a.columns, *b.columns))


def _below(left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        raise invalid_syntax()
    a, b = _as_matrix(left), _as_matrix(right)
    if not a.values.size:
        return b
    if a.shape[1] != b.shape[1]:
        raise StataError(503, "conformability error")
    return NamedMatrix(np.vstack([a.values, b.values]), (*a.rows, *b.rows), a.columns)


_BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "+": _sum(1.0),
    "-": _sum(-1.0),
    "*": _product,
    "/": _quotient,
    "^": _power,
    "#": _kronecker,
    ",": _beside,
    "\\": _below,
}
