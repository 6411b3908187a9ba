"""What an expression yields: a number, a text, or one of either for every observation.

A value is a Python ``float`` or ``str``, or a one-dimensional array of them:

=================  =========================================================================
``float``          a number or a missing value (Stata's code)
``float64`` array  numbers and missing values
``bool`` array     the outcome of a comparison; reads as 0 and 1
``str``            a text
``object`` array   texts, as Python strings
``S`` array        texts as a string variable stores them (UTF-8), decoded when needed
=================  =========================================================================

Numbers are always *settled*: finite and below ``.``, or one of the 27 missing values.
:func:`~statalike.language.expressions.evaluate` returns ``float``, ``str``, ``float64`` or
``object`` only.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from statalike.data.missing import MINIMUM, MISSING
from statalike.errors import type_mismatch

Value: TypeAlias = "float | str | np.ndarray"
Numbers: TypeAlias = "float | np.ndarray"
Texts: TypeAlias = "str | np.ndarray"

_MODERATE = 1e150
_MODERATE_SQUARES = 1e300
_ONE_THREAD = 8192


def is_string(value: Value) -> bool:
    """Whether a value is a text or an array of texts."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "OS"
    return isinstance(value, str)


def numbers(value: Value) -> Numbers:
    """The value as ``float`` or ``float64`` array; r(109) for texts."""
    if isinstance(value, float):
        return value
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind
        if kind == "f":
            return value
        if kind == "b":
            return value.astype(np.float64)
    raise type_mismatch()


def texts(value: Value) -> Texts:
    """The value as ``str`` or ``object`` array of ``str``; r(109) for numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind
        if kind == "O":
            return value
        if kind == "S":
            return decoded(value)
    raise type_mismatch()


def decoded(stored: np.ndarray) -> np.ndarray:
    """UTF-8 bytes as an ``object`` array of ``str``; undecodable bytes become U+FFFD."""
    result = np.empty(len(stored), dtype=object)
    result[:] = [text.decode("utf-8", "replace") for text in stored.tolist()]
    return result


def as_numbers(value: Value, n: int) -> np.ndarray:
    """The value for ``n`` observations, ``float64``; r(109) for texts."""
    value = numbers(value)
    return np.full(n, value) if isinstance(value, float) else value


def as_strings(value: Value, n: int) -> np.ndarray:
    """The value for ``n`` observations, an ``object`` array of ``str``; r(109) for numbers."""
    value = texts(value)
    return np.full(n, value, dtype=object) if isinstance(value, str) else value


def truth(value: Value) -> float | np.ndarray:
    """1 and 0, or a boolean array: a number is true unless it is zero; missing is true."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "b":
        return value
    value = numbers(value)
    if isinstance(value, float):
        return 1.0 if value else 0.0
    return np.not_equal(value, 0.0)


def moderate(value: Numbers) -> bool:
    """Whether every number is far from overflow, and therefore none is missing.

    Where it holds for two arrays their sum, difference and product are again numbers.  The sum
    of squares of a block is one quick pass of the BLAS, which starts threads for long arrays.
    """
    if isinstance(value, float):
        return -_MODERATE < value < _MODERATE
    if value.size > _ONE_THREAD:
        return bool(value.max() < _MODERATE and value.min() > -_MODERATE)
    return float(value.dot(value)) < _MODERATE_SQUARES


def missing_mask(value: Numbers) -> bool | np.ndarray:
    """Where a settled value is missing."""
    return value >= MISSING


def settled(result: Numbers) -> Numbers:
    """A result of arithmetic with overflow, infinities and NaN turned into ``.``."""
    if not isinstance(result, np.ndarray):
        result = float(result)
        return result if MINIMUM <= result < MISSING else MISSING
    if result.dtype != np.float64:
        result = result.astype(np.float64)
    if moderate(result):
        return result
    number = (result < MISSING) & (result >= MINIMUM)
    return result if number.all() else np.where(number, result, MISSING)


def settled_except(result: Numbers, missing: bool | np.ndarray) -> Numbers:
    """A result with ``.`` also where ``missing`` says that an operand was missing."""
    result = settled(result)
    if isinstance(missing, np.ndarray):
        return np.where(missing, MISSING, result)
    return MISSING if missing else result
