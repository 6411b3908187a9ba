"""One variable of a dataset: a column of values and what is known about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statalike.data.storage import (
    DOUBLE,
    StorageType,
    from_double,
    smallest_type,
    string_column,
    string_type,
    to_double,
    type_of_array,
)
from statalike.errors import type_mismatch


class _Column:
    """The ``values`` of a variable: any one-dimensional array in, a contiguous read-only one out.

    A reader may hand over a strided view of a whole file's records; the column is copied out of
    it when it is first looked at, so that opening a file costs no more than reading its bytes.
    """

    def __get__(self, variable: object, owner: type) -> np.ndarray:
        values: np.ndarray = variable.__dict__["values"]
        if not (values.flags.c_contiguous and values.flags.aligned and values.dtype.isnative):
            values = _contiguous(values)
            variable.__dict__["values"] = values
        return values

    def __set__(self, variable: object, values: np.ndarray) -> None:
        if values.flags.writeable:
            values = values.view()
            values.flags.writeable = False
        variable.__dict__["values"] = values


def _contiguous(values: np.ndarray) -> np.ndarray:
    column = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
    if not column.flags.aligned:
        column = column.copy()
    if column.dtype.kind == "S":
        column = end_at_zero_byte(column)
    column.flags.writeable = False
    return column


def end_at_zero_byte(column: np.ndarray) -> np.ndarray:
    """A str# column in which nothing follows a string's terminating zero byte.

    Old files hold whatever was in memory behind the terminator; NumPy would take it for text.
    """
    width = column.dtype.itemsize
    if column.size == 0 or width < 2:
        return column
    letters = column.view(np.uint8)
    size = max(1, _BLOCK_BYTES // width) * width
    blocks = [letters[start : start + size] for start in range(0, letters.size, size)]
    if not any(_has_stray_letters(block, width) for block in blocks):
        return column
    cleaned = column.copy()
    table = cleaned.view(np.uint8).reshape(-1, width)
    rows = np.flatnonzero(np.strings.find(column, b"\0") >= 0)
    ended = np.logical_or.accumulate(table[rows] == 0, axis=1)
    table[rows] = np.where(ended, 0, table[rows])
    return cleaned


_BLOCK_BYTES = 1 << 18


def _has_stray_letters(letters: np.ndarray, width: int) -> bool:
    """Whether in any row of ``width`` bytes a zero byte comes before another byte.

    Every such pair of neighbours is counted, and those that belong to different rows taken off.
    """
    zero = letters == 0
    pairs = np.count_nonzero(zero[:-1] > zero[1:])
    across = np.count_nonzero(zero[width - 1 : -1 : width] > zero[width::width])
    return bool(pairs != across)


@dataclass(frozen=True, eq=False)
class Variable:
    """A named column with its storage type, display format, label and value label.

    ``values`` holds one entry per observation as stored: Stata's own integer and floating-point
    codes, UTF-8 bytes (``S#``) for str#, an object array of bytes for strL.  It is read-only:
    a changed column is a new variable (``dataclasses.replace``).
    """

    name: str
    storage: StorageType
    values: np.ndarray = field(repr=False)
    format: str = ""
    value_label: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        if not self.format:
            object.__setattr__(self, "format", self.storage.default_format)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["values"].flags.writeable = False

    def __len__(self) -> int:
        return int(self.__dict__["values"].shape[0])

    def __bool__(self) -> bool:
        """A variable is there, even without observations."""
        return True

    @property
    def is_string(self) -> bool:
        return self.storage.is_string

    @property
    def is_numeric(self) -> bool:
        return not self.storage.is_string

    def numbers(self) -> np.ndarray:
        """The values in double precision with double's missing codes; r(109) for strings.

        Shape (n,).  A double column is returned as it is, read-only.
        """
        if self.is_string:
            raise type_mismatch()
        return to_double(self.values, self.storage)

    def strings(self) -> np.ndarray:
        """The values as an object array of ``str``; r(109) for a numeric variable."""
        if not self.is_string:
            raise type_mismatch()
        texts = np.empty(len(self), dtype=object)
        texts[:] = [text.decode("utf-8", "replace") for text in self.values.tolist()]
        return texts

    def missing(self) -> np.ndarray:
        """True where the value is a missing code or, for a string, empty."""
        if self.storage.is_long_string:
            return np.array([not text for text in self.values], dtype=bool)
        if self.is_string:
            return np.asarray(self.values == b"")
        return np.asarray(~(self.values < self.storage.dtype.type(self.storage.first_missing)))

    def value(self, row: int) -> float | str:
        """The value of one observation (counted from 0): a double, or a text."""
        if self.is_string:
            return bytes(self.values[row]).decode("utf-8", "replace")
        return float(to_double(self.values[row : row + 1], self.storage)[0])

    def take(self, rows: np.ndarray) -> Variable:
        """The variable on chosen rows (indices, repeated or in any order)."""
        return self.with_values(np.take(self.values, rows, axis=0))

    def with_values(self, values: np.ndarray, storage: StorageType | None = None) -> Variable:
        """The same variable with another stored column."""
        return Variable(
            self.name,
            storage or self.storage,
            values,
            self.format,
            self.value_label,
            self.label,
        )


Variable.values = _Column()  # type: ignore[assignment]

Values = np.ndarray | Sequence[Any] | float | int | str | bytes


def column(values: Values, storage: StorageType | None, n: int) -> tuple[np.ndarray, StorageType]:
    """Any values as a stored column and its type.

    Arrays of int8, int16, int32, float32 and float64 carry the missing codes of byte, int, long,
    float and double, and may be kept as they are, uncopied.  Other integers and booleans are
    plain numbers.  Anything else is text.  NaN and infinities become ``.``.  A
    single value is repeated ``n`` times.  Without ``storage`` the type is that of the array, for
    plain integers the smallest that holds them, for texts the narrowest.  r(109) when numbers
    are to go into a string type or texts into a numeric one.
    """
    array = _as_array(values, n)
    if array.size == 0 and storage is not None and storage.is_string:
        array = array.astype(object)
    if array.dtype.kind in "SUO":
        kind = storage or string_type(array)
        if not kind.is_string:
            raise type_mismatch()
        return string_column(array, kind), kind
    given = type_of_array(array)
    if storage is not None and storage.is_string:
        raise type_mismatch()
    if given is not None and (storage is None or storage == given):
        return _without_nan(array, given), given
    doubles = array.astype(np.float64) if given is None else to_double(array, given)
    if storage is None:
        storage = smallest_type(doubles, DOUBLE) if array.dtype.kind in "biu" else DOUBLE
    return from_double(doubles, storage), storage


def _without_nan(array: np.ndarray, kind: StorageType) -> np.ndarray:
    if kind.is_integer or np.isfinite(array).all():
        return array
    return np.where(np.isfinite(array), array, kind.dtype.type(kind.first_missing))


def _as_array(values: Values, n: int) -> np.ndarray:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        array = values
    elif isinstance(values, str | bytes):
        array = np.array([values], dtype=object)
    elif isinstance(values, Sequence) and values and isinstance(values[0], str | bytes):
        array = np.empty(len(values), dtype=object)  # NumPy's own strings lose final zero bytes
        array[:] = values
    else:
        array = np.atleast_1d(np.asarray(values))
    if array.ndim != 1:
        raise ValueError("a column has one dimension")
    if not isinstance(values, np.ndarray | Sequence) or isinstance(values, str | bytes):
        array = np.repeat(array, n)
    if array.dtype.kind not in "SUObiuf":
        raise ValueError(f"no column can hold {array.dtype}")
    return array


def empty_column(storage: StorageType, n: int) -> np.ndarray:
    """A column of ``n`` missing values or empty strings."""
    blank = np.empty(n, dtype=storage.dtype)
    blank[:] = storage.missing
    return blank
