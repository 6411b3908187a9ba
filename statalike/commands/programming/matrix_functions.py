"""Functions of matrices ([FN] Matrix functions)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError, type_mismatch
from statalike.language.matrices import element, position
from statalike.results.matrix import NamedMatrix, Stripe

Value: TypeAlias = "float | str | NamedMatrix"

SINGULAR = 1e-13


@dataclass(frozen=True)
class MatrixFunction:
    """A function of this many arguments."""

    arguments: int
    apply: Callable[[Sequence[Value]], Value]


def _matrix(value: Value) -> NamedMatrix:
    if isinstance(value, str):
        raise type_mismatch()
    return value if isinstance(value, NamedMatrix) else NamedMatrix.plain(np.array([[value]]))


def _number(value: Value) -> float:
    if isinstance(value, str):
        raise type_mismatch()
    if isinstance(value, NamedMatrix):
        if value.values.size != 1:
            raise type_mismatch()
        return float(value.values[0, 0])
    return value


def _dimension(value: Value) -> int:
    number = _number(value)
    if not 1 <= number < 65535:
        raise StataError(198, "matrix dimensions must be between 1 and 65534")
    return int(number)


def _complete(matrix: NamedMatrix) -> np.ndarray:
    if np.any(matrix.values >= MISSING):
        raise StataError(504, "matrix has missing values")
    return matrix.values


def _square(value: Value) -> NamedMatrix:
    matrix = _matrix(value)
    if matrix.shape[0] != matrix.shape[1]:
        raise StataError(503, "conformability error", hint="the matrix is not square")
    return matrix


def _symmetric(value: Value) -> NamedMatrix:
    matrix = _square(value)
    values = _complete(matrix)
    if not np.allclose(values, values.T, rtol=1e-8, atol=0.0):
        raise StataError(505, "matrix not symmetric")
    return matrix


def _constant(values: Sequence[Value]) -> Value:
    rows, columns = _dimension(values[0]), _dimension(values[1])
    return NamedMatrix.plain(np.full((rows, columns), _number(values[2])))


def _identity(values: Sequence[Value]) -> Value:
    return NamedMatrix.plain(np.eye(_dimension(values[0])))


def _inverse(values: Sequence[Value]) -> Value:
    matrix = _square(values[0])
    numbers = _complete(matrix)
    scale = np.max(np.abs(numbers), axis=1)
    if np.any(scale == 0.0) or np.linalg.cond(numbers / scale[:, None]) > 1.0 / SINGULAR:
        raise StataError(504, "matrix singular")
    return NamedMatrix(np.linalg.inv(numbers), matrix.columns, matrix.rows)


def _symmetric_inverse(values: Sequence[Value]) -> Value:
    """The inverse, with zero rows and columns for those that depend on earlier ones."""
    matrix = _symmetric(values[0])
    numbers = matrix.values
    remaining = numbers.copy()
    kept: list[int] = []
    for i, size in enumerate(np.diagonal(numbers).tolist()):
        pivot = remaining[i, i]
        if size > 0.0 and pivot > SINGULAR * size:
            remaining -= np.outer(remaining[:, i], remaining[i]) / pivot
            kept.append(i)
    result = np.zeros_like(numbers)
    chosen = np.ix_(kept, kept)
    result[chosen] = np.linalg.inv(numbers[chosen])
    return NamedMatrix((result + result.T) / 2, matrix.columns, matrix.rows)


def _cholesky(values: Sequence[Value]) -> Value:
    matrix = _symmetric(values[0])
    try:
        return matrix.with_values(np.linalg.cholesky(matrix.values))
    except np.linalg.LinAlgError:
        raise StataError(506, "matrix not positive definite") from None


def _diagonal_matrix(values: Sequence[Value]) -> Value:
    vector = _matrix(values[0])
    if 1 not in vector.shape:
        raise StataError(503, "conformability error", hint="diag() takes a vector")
    names = vector.columns if vector.shape[0] == 1 else vector.rows
    return NamedMatrix.square(np.diag(vector.values.ravel()), names)


def _diagonal(values: Sequence[Value]) -> Value:
    matrix = _square(values[0])
    return NamedMatrix.row(np.diagonal(matrix.values).copy(), matrix.columns, "r1")


def _stacked(values: Sequence[Value]) -> Value:
    matrix = _matrix(values[0])
    names = tuple(Stripe(column.name, row.name) for column in matrix.columns for row in matrix.rows)
    return NamedMatrix(matrix.values.T.reshape(-1, 1), names, (Stripe("", "c1"),))


def _correlation(values: Sequence[Value]) -> Value:
    matrix = _symmetric(values[0])
    deviations = np.sqrt(np.diagonal(matrix.values))
    if not np.all(deviations > 0.0):
        raise StataError(504, "matrix has missing values", hint="a variance is not positive")
    return matrix.with_values(matrix.values / np.outer(deviations, deviations))


def _elementwise_product(values: Sequence[Value]) -> Value:
    a, b = _matrix(values[0]), _matrix(values[1])
    if a.shape != b.shape:
        raise StataError(503, "conformability error")
    return a.with_values(_complete(a) * _complete(b))


def _largest_difference(values: Sequence[Value]) -> Value:
    """``max |x - y| / (|y| + 1)``."""
    a, b = _matrix(values[0]), _matrix(values[1])
    if a.shape != b.shape:
        raise StataError(503, "conformability error")
    x, y = _complete(a), _complete(b)
    return float(np.max(np.abs(x - y) / (np.abs(y) + 1.0)))


def _is_symmetric(values: Sequence[Value]) -> Value:
    matrix = _matrix(values[0])
    square = matrix.shape[0] == matrix.shape[1]
    return float(square and bool(np.array_equal(matrix.values, matrix.values.T)))


def _element(values: Sequence[Value]) -> Value:
    found = element(_matrix(values[0]), _number(values[1]), _number(values[2]))
    assert isinstance(found, float)
    return found


def _place(names: tuple[Stripe, ...], name: Value) -> float:
    if not isinstance(name, str):
        raise type_mismatch()
    return position(names, name)


MATRIX_FUNCTIONS: dict[str, MatrixFunction] = {
    "J": MatrixFunction(3, _constant),
    "I": MatrixFunction(1, _identity),
    "inv": MatrixFunction(1, _inverse),
    "syminv": MatrixFunction(1, _symmetric_inverse),
    "invsym": MatrixFunction(1, _symmetric_inverse),
    "cholesky": MatrixFunction(1, _cholesky),
    "diag": MatrixFunction(1, _diagonal_matrix),
    "vecdiag": MatrixFunction(1, _diagonal),
    "vec": MatrixFunction(1, _stacked),
    "corr": MatrixFunction(1, _correlation),
    "hadamard": MatrixFunction(2, _elementwise_product),
    "trace": MatrixFunction(1, lambda v: float(np.trace(_complete(_square(v[0]))))),
    "det": MatrixFunction(1, lambda v: float(np.linalg.det(_complete(_square(v[0]))))),
    "rowsof": MatrixFunction(1, lambda v: float(_matrix(v[0]).shape[0])),
    "colsof": MatrixFunction(1, lambda v: float(_matrix(v[0]).shape[1])),
    "rownumb": MatrixFunction(2, lambda v: _place(_matrix(v[0]).rows, v[1])),
    "colnumb": MatrixFunction(2, lambda v: _place(_matrix(v[0]).columns, v[1])),
    "el": MatrixFunction(3, _element),
    "diag0cnt": MatrixFunction(
        1, lambda v: float(np.sum(np.diagonal(_square(v[0]).values) == 0.0))
    ),
    "mreldif": MatrixFunction(2, _largest_difference),
    "issymmetric": MatrixFunction(1, _is_symmetric),
    "matmissing": MatrixFunction(1, lambda v: float(np.any(_matrix(v[0]).values >= MISSING))),
}
