"""Functions for programs: limits of storage types, files, properties, matrices.

[FN] Programming functions, [FN] Matrix functions (those that return a number).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.data.missing import MISSING, is_missing
from statalike.data.storage import (
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    StorageType,
    from_double,
    to_double,
)
from statalike.errors import StataError, file_not_found, type_mismatch
from statalike.language.ast import Expression
from statalike.language.functions.registry import general, syntactic, textual
from statalike.language.matrices import element, position
from statalike.language.values import Value, numbers

if TYPE_CHECKING:
    from statalike.language.evaluation import Evaluation


@general("float", "n")
def to_float(x: Value) -> Value:
    """x rounded to float precision; missing values are kept."""
    values = numbers(x)
    rounded = to_double(from_double(np.atleast_1d(values), FLOAT), FLOAT)
    return float(rounded[0]) if isinstance(values, float) else rounded


def _constant(name: str, value: float) -> None:
    def implementation() -> Value:
        return value

    general(name, "")(implementation)


def _limits(kind: StorageType) -> None:
    _constant(f"min{kind.name}", float(kind.minimum))
    _constant(f"max{kind.name}", float(kind.maximum))


for _kind in (BYTE, INT, LONG, FLOAT, DOUBLE):
    _limits(_kind)
_constant("epsdouble", 2.0**-52)
_constant("epsfloat", 2.0**-23)
_constant("smallestdouble", 2.0**-1022)


@textual("fileexists", "s")
def fileexists(path: str) -> float:
    """1 when the file is there and can be read."""
    try:
        with open(os.path.expanduser(path), "rb"):
            return 1.0
    except (OSError, ValueError):
        return 0.0


@textual("fileread", "s")
def fileread(path: str) -> str:
    """The contents of a file; r(601)."""
    try:
        return Path(os.path.expanduser(path)).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        raise file_not_found(path) from None


@syntactic("has_eprop", "v")
def has_eprop(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """1 when the word is in e(properties)."""
    word = getattr(arguments[0], "name", "") or getattr(arguments[0], "text", "")
    properties = evaluation.context.stored("e", "properties")
    return float(isinstance(properties, str) and word in properties.split())


# --- programs ----------------------------------------------------------------------------------


def _of_the_program(name: str, key: str) -> None:
    """A function without arguments that tells something about the program that is running."""

    def implementation(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
        found = evaluation.context.stored("program", key)
        return found if isinstance(found, float) else MISSING

    syntactic(name, "")(implementation)


for _name in ("_by", "_byindex", "_bylastcall", "_byn1", "_byn2", "replay"):
    _of_the_program(_name, _name)


@syntactic("return", "v")
def returned(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """What the program has put into its results so far under this name, or ``.``."""
    found = evaluation.context.stored("return", getattr(arguments[0], "name", ""))
    return found if isinstance(found, float | str) else MISSING


# --- matrices ----------------------------------------------------------------------------------


@syntactic("rowsof", "v")
def rowsof(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    return float(evaluation.find_matrix(arguments[0]).values.shape[0])


@syntactic("colsof", "v")
def colsof(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    return float(evaluation.find_matrix(arguments[0]).values.shape[1])


@syntactic("rownumb", "v v")
def rownumb(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The position of the row of this name, or ``.``."""
    matrix = evaluation.find_matrix(arguments[0])
    return position(matrix.rows, _text(evaluation, arguments[1]))


@syntactic("colnumb", "v v")
def colnumb(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The position of the column of this name, or ``.``."""
    matrix = evaluation.find_matrix(arguments[0])
    return position(matrix.columns, _text(evaluation, arguments[1]))


def _text(evaluation: Evaluation, expression: Expression) -> str:
    value = evaluation.scalar(expression)
    if not isinstance(value, str):
        raise type_mismatch()
    return value


@syntactic("el", "v v v")
def matrix_element(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The element in row i and column j; missing outside the matrix."""
    matrix = evaluation.find_matrix(arguments[0])
    return element(matrix, evaluation.value(arguments[1]), evaluation.value(arguments[2]))


@syntactic("matmissing", "v")
def matmissing(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """1 when any element is missing."""
    return float(is_missing(evaluation.find_matrix(arguments[0]).values).any())


@syntactic("issymmetric", "v")
def issymmetric(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    values = evaluation.find_matrix(arguments[0]).values
    square = values.shape[0] == values.shape[1]
    return float(square and bool((values == values.T).all()))


@syntactic("det", "v")
def det(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The determinant; r(505) for a matrix that is not square, ``.`` with missing elements."""
    values = _square(evaluation, arguments[0])
    return MISSING if is_missing(values).any() else float(np.linalg.det(values))


@syntactic("trace", "v")
def trace(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    values = _square(evaluation, arguments[0])
    return MISSING if is_missing(values).any() else float(np.trace(values))


@syntactic("diag0cnt", "v")
def diag0cnt(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """How many elements of the diagonal are zero."""
    return float((np.diagonal(_square(evaluation, arguments[0])) == 0).sum())


@syntactic("mreldif", "v v")
def mreldif(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The largest |x - y|/(|y| + 1) between the elements of two matrices; r(503)."""
    left, right = (evaluation.find_matrix(argument).values for argument in arguments)
    if left.shape != right.shape:
        raise StataError(503, "conformability error")
    if is_missing(left).any() or is_missing(right).any():
        return 0.0 if bool((left == right).all()) else MISSING
    return float((np.abs(left - right) / (np.abs(right) + 1.0)).max(initial=0.0))


def _square(evaluation: Evaluation, expression: Expression) -> Any:
    values = evaluation.find_matrix(expression).values
    if values.shape[0] != values.shape[1]:
        raise StataError(505, "matrix not square")
    return values
