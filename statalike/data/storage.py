"""Storage types: byte, int, long, float, double, str1..str2045 and strL.

A numeric column is a NumPy array of the type's own width holding Stata's own codes for missing
values; :func:`to_double` and :func:`from_double` go between it and double precision, where all
arithmetic happens.  Limits and codes: [D] Data types; file format .dta, "Missing values".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from statalike.data.missing import DOUBLE_CODES, MAXIMUM, MINIMUM, MISSING
from statalike.errors import StataError

MAXIMUM_STRING_WIDTH = 2045


@dataclass(frozen=True, repr=False)
class StorageType:
    """One of Stata's storage types.

    ``width`` is the bytes an observation takes (8 for strL, as in a file's record).
    ``minimum`` and ``maximum`` bound the nonmissing values of a numeric type; ``first_missing``
    is the code of ``.`` in it and ``step`` the distance to the next code.
    """

    name: str
    width: int
    minimum: float = 0.0
    maximum: float = 0.0
    first_missing: float = 0.0
    step: float = 0.0

    @property
    def is_string(self) -> bool:
        return self.name.startswith("str")

    @property
    def is_numeric(self) -> bool:
        return not self.is_string

    @property
    def is_integer(self) -> bool:
        return self.name in ("byte", "int", "long")

    @property
    def is_long_string(self) -> bool:
        return self.name == "strL"

    @property
    def dtype(self) -> np.dtype:
        """Of the stored array: ``S#`` for str#, object (of bytes) for strL."""
        if self.is_long_string:
            return np.dtype(object)
        if self.is_string:
            return np.dtype(f"S{self.width}")
        return _NUMERIC_DTYPES[self.name]

    @property
    def default_format(self) -> str:
        """The display format of a new variable of this type, [D] format."""
        if self.is_long_string:
            return "%9s"
        if self.is_string:
            return f"%{max(9, self.width)}s"
        return _DEFAULT_FORMATS[self.name]

    @property
    def missing(self) -> float | bytes:
        """What an empty cell holds: the stored code of ``.``, or an empty string."""
        return b"" if self.is_string else self.first_missing

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"storage_type({self.name!r})"


_NUMERIC_DTYPES: dict[str, np.dtype] = {
    "byte": np.dtype(np.int8),
    "int": np.dtype(np.int16),
    "long": np.dtype(np.int32),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
}
_DEFAULT_FORMATS = {
    "byte": "%8.0g",
    "int": "%8.0g",
    "long": "%12.0g",
    "float": "%9.0g",
    "double": "%10.0g",
}
_FLOAT_MISSING = 2.0**127
_FLOAT_MAXIMUM = float(np.nextafter(np.float32(_FLOAT_MISSING), np.float32(0)))
_FLOAT_TO_DOUBLE = 2.0**896

BYTE = StorageType("byte", 1, -127, 100, 101, 1)
INT = StorageType("int", 2, -32767, 32740, 32741, 1)
LONG = StorageType("long", 4, -2147483647, 2147483620, 2147483621, 1)
FLOAT = StorageType("float", 4, -_FLOAT_MAXIMUM, _FLOAT_MAXIMUM, _FLOAT_MISSING, 2.0**115)
DOUBLE = StorageType("double", 8, MINIMUM, MAXIMUM, MISSING, 2.0**1011)
STRL = StorageType("strL", 8)

NUMERIC_TYPES: tuple[StorageType, ...] = (BYTE, INT, LONG, FLOAT, DOUBLE)
_BY_NAME = {kind.name: kind for kind in (*NUMERIC_TYPES, STRL)}
_BY_DTYPE = {kind.dtype: kind for kind in NUMERIC_TYPES}


@cache
def fixed_string(width: int) -> StorageType:
    """The type ``str#``; strL when ``width`` is beyond 2045 bytes, str1 when it is below 1."""
    if width > MAXIMUM_STRING_WIDTH:
        return STRL
    width = max(1, width)
    return StorageType(f"str{width}", width)


def storage_type(name: str) -> StorageType:
    """The type called ``name``; :class:`StataError` 198 when there is none.

    >>> storage_type("str12").width
    12
    """
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    match = re.fullmatch(r"str([1-9]\d{0,3})", name)
    if match and int(match[1]) <= MAXIMUM_STRING_WIDTH:
        return fixed_string(int(match[1]))
    raise StataError(198, f"{name} invalid storage type")


def type_of_array(values: np.ndarray) -> StorageType | None:
    """The numeric type stored in arrays of this dtype; None for a dtype that is no column's."""
    return _BY_DTYPE.get(values.dtype)


def to_double(values: np.ndarray, kind: StorageType) -> np.ndarray:
    """A stored numeric column in double precision, its missing codes those of double.

    The result may be ``values`` itself for a double column.  NaN and infinities, which only a
    damaged file can hold, become ``.``.
    """
    if kind.is_integer:
        doubles: np.ndarray = values.astype(np.float64)
        if values.size and values.max() > kind.maximum:
            where = np.flatnonzero(values > kind.maximum)
            doubles[where] = DOUBLE_CODES[values[where].astype(np.int64) - int(kind.first_missing)]
        return doubles
    if kind.name == "float":
        doubles = values.astype(np.float64)
        plain = doubles < _FLOAT_MISSING
        plain &= doubles > -np.inf
        if not plain.all():
            where = np.flatnonzero(~plain)
            codes = doubles[where]
            known = (codes >= _FLOAT_MISSING) & (codes < _FLOAT_MISSING * (1 + 27 / 4096))
            steps = np.floor((np.where(known, codes, 0.0) / _FLOAT_MISSING - 1.0) * 4096.0)
            doubles[where] = np.where(known, MISSING * (1.0 + steps / 4096.0), MISSING)
        return doubles
    if kind.name == "double":
        doubles = values.astype(np.float64, copy=False)
        finite = np.isfinite(doubles)
        return doubles if finite.all() else np.where(finite, doubles, MISSING)
    raise TypeError(f"{kind} is no numeric type")


def from_double(values: np.ndarray, kind: StorageType) -> np.ndarray:
    """Doubles as a stored column of type ``kind``.

    Integer types truncate toward zero; a number outside the type's range becomes ``.``, as do
    NaN and infinities.  Whether that loses anything is told by :func:`holds`.
    """
    values = np.asarray(values, dtype=np.float64)
    number = (values < MISSING) & (values >= MINIMUM)
    if number.all():
        numbers, codes = values, None
    else:
        where = np.flatnonzero(~number)
        numbers = np.where(number, values, 0.0)
        codes = _missing_steps(values[where])
    if kind.name == "double":
        stored = numbers if codes is not None else values.copy()
    elif kind.is_integer:
        numbers = np.trunc(numbers)
        outside = (numbers < kind.minimum) | (numbers > kind.maximum)
        if outside.any():
            numbers = np.where(outside, kind.first_missing, numbers)
        stored = numbers.astype(kind.dtype)
    elif kind.name == "float":
        with np.errstate(over="ignore"):
            stored = numbers.astype(np.float32)
        outside = (stored > np.float32(kind.maximum)) | (stored < np.float32(kind.minimum))
        if outside.any():
            stored[outside] = np.float32(kind.first_missing)
    else:
        raise TypeError(f"{kind} is no numeric type")
    if codes is not None:
        stored[where] = (kind.first_missing + codes * kind.step).astype(kind.dtype)
    return stored


def _missing_steps(codes: np.ndarray) -> np.ndarray:
    """0..26 for doubles that are missing values, 0 for whatever else is no number."""
    known = (codes >= MISSING) & (codes <= DOUBLE_CODES[26])
    return np.floor((np.where(known, codes, MISSING) / MISSING - 1.0) * 4096.0)


def holds(kind: StorageType, values: np.ndarray) -> bool:
    """Whether a column of type ``kind`` keeps every one of these doubles exactly."""
    return bool((to_double(from_double(values, kind), kind) == values).all())


def smallest_type(values: np.ndarray, kind: StorageType = DOUBLE) -> StorageType:
    """The type ``compress`` gives a numeric column of type ``kind`` with these doubles.

    Doubles may become long, int or byte; floats int or byte; longs int or byte; ints byte: always
    without loss ([D] compress).
    """
    candidates = {
        "double": (BYTE, INT, LONG),
        "float": (BYTE, INT),
        "long": (BYTE, INT),
        "int": (BYTE,),
    }.get(kind.name, ())
    return next((smaller for smaller in candidates if holds(smaller, values)), kind)


def promoted(kind: StorageType, values: np.ndarray) -> StorageType:
    """The type ``replace`` gives a column of type ``kind`` so that it can take these doubles.

    Integers move to the next integer type that has room, then to double; other numbers turn a
    byte or int into float and a long into double.  A float stays a float, rounding what it is
    given, unless a number is too large for it.
    """
    number = (values < MISSING) & (values >= MINIMUM)
    numbers = values if number.all() else values[number]
    if numbers.size == 0:
        return kind
    least, most = float(numbers.min()), float(numbers.max())
    beyond_float = least < FLOAT.minimum or most > FLOAT.maximum
    if kind.name == "float":
        return DOUBLE if beyond_float else FLOAT
    if not kind.is_integer:
        return kind
    if (numbers == np.trunc(numbers)).all():
        wider = (BYTE, INT, LONG)
        for candidate in wider[wider.index(kind) :]:
            if candidate.minimum <= least and most <= candidate.maximum:
                return candidate
        return DOUBLE
    return DOUBLE if kind is LONG or beyond_float else FLOAT


def encode_strings(values: Iterable[str | bytes]) -> list[bytes]:
    """Texts as UTF-8; lone surrogates (undecodable input) become question marks."""
    return [
        text if isinstance(text, bytes) else str(text).encode("utf-8", "replace") for text in values
    ]


def string_type(values: np.ndarray | Iterable[str | bytes]) -> StorageType:
    """The narrowest string type that holds these texts, counted in UTF-8 bytes."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        lengths = np.strings.str_len(values)
        return fixed_string(int(lengths.max()) if lengths.size else 1)
    texts = encode_strings(values)
    if any(b"\0" in text for text in texts):
        return STRL
    return fixed_string(max(map(len, texts), default=1))


def string_column(values: np.ndarray | Iterable[str | bytes], kind: StorageType) -> np.ndarray:
    """Texts as a stored column of type ``kind``; longer ones are cut at a whole character."""
    if kind.is_long_string:
        texts = encode_strings(values.tolist() if isinstance(values, np.ndarray) else values)
        column = np.empty(len(texts), dtype=object)
        column[:] = texts
        return column
    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        if values.dtype.itemsize <= kind.width:
            return values.astype(kind.dtype)
        values = values.tolist()
    texts = [_cut(text, kind.width) for text in encode_strings(values)]
    return np.array(texts, dtype=kind.dtype)


def _cut(text: bytes, width: int) -> bytes:
    if len(text) <= width:
        return text
    while width and text[width] & 0xC0 == 0x80:
        width -= 1
    return text[:width]
