"""Missing-value codes and storage types: published bit patterns, then properties."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import (
    DOUBLE_CODES,
    MAXIMUM,
    MINIMUM,
    MISSING,
    is_missing,
    missing_code,
    missing_index,
    missing_letter,
    missing_text,
    settle,
)
from statalike.data.storage import (
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    NUMERIC_TYPES,
    STRL,
    StorageType,
    fixed_string,
    from_double,
    holds,
    promoted,
    smallest_type,
    storage_type,
    string_column,
    string_type,
    to_double,
)
from statalike.errors import StataError

numeric_types = st.sampled_from(NUMERIC_TYPES)
any_double = st.floats(min_value=MINIMUM, max_value=MAXIMUM) | st.sampled_from(
    DOUBLE_CODES.tolist()
)


@pytest.mark.parametrize("k", range(27))
def test_bit_patterns(k: int) -> None:
    """The codes given in the description of the file format."""
    assert struct.pack(">d", DOUBLE_CODES[k]) == struct.pack(
        ">Q", 0x7FE0000000000000 + k * 0x10000000000
    )
    single = from_double(DOUBLE_CODES[k : k + 1], FLOAT)[0]
    assert struct.pack(">f", single) == struct.pack(">I", 0x7F000000 + k * 0x800)
    stored = {
        kind.name: int(from_double(DOUBLE_CODES[k : k + 1], kind)[0]) for kind in (BYTE, INT, LONG)
    }
    assert stored == {"byte": 101 + k, "int": 32741 + k, "long": 2147483621 + k}


def test_order_and_letters() -> None:
    assert (np.diff(DOUBLE_CODES) > 0).all()
    assert MAXIMUM < MISSING
    letters = [missing_letter(code) for code in DOUBLE_CODES]
    assert letters == ["", *"abcdefghijklmnopqrstuvwxyz"]
    assert [missing_code(letter or "") for letter in letters] == DOUBLE_CODES.tolist()
    assert missing_code(".") == MISSING and missing_code(".z") == DOUBLE_CODES[26]
    assert missing_letter(MAXIMUM) is None and missing_text(0.0) is None
    assert missing_text(MISSING) == "." and missing_text(DOUBLE_CODES[2]) == ".b"
    assert missing_index(float("nan")) == 0 and missing_index(float("inf")) == 0
    assert missing_index(float(np.nextafter(DOUBLE_CODES[3], np.inf))) == 3


def test_what_counts_as_missing() -> None:
    values = np.array([MINIMUM, 0, MAXIMUM, MISSING, DOUBLE_CODES[26], np.inf, np.nan])
    assert is_missing(values).tolist() == [False] * 3 + [True] * 4
    assert settle(values).tolist()[-2:] == [MISSING, MISSING]
    assert settle(np.array([-np.inf])).tolist() == [MISSING]
    plain = np.array([1.0, 2.0])
    assert settle(plain) is plain


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [(BYTE, -127, 100), (INT, -32767, 32740), (LONG, -2147483647, 2147483620)],
)
def test_limits_of_integers(kind: StorageType, least: int, most: int) -> None:
    values = np.array([least - 1, least, most, most + 1], dtype=np.float64)
    assert to_double(from_double(values, kind), kind).tolist() == [MISSING, least, most, MISSING]


def test_limits_of_floats() -> None:
    most = float(np.uint32(0x7EFFFFFF).view(np.float32))
    assert FLOAT.maximum == most
    values = np.array([most, 2e38, -2e38, 1e39, -np.inf, np.nan])
    assert to_double(from_double(values, FLOAT), FLOAT).tolist() == [most, *[MISSING] * 5]
    assert from_double(np.array([0.1]), FLOAT)[0] == np.float32(0.1)


@given(numeric_types, st.lists(any_double, max_size=8))
def test_storing_twice_is_storing_once(kind: StorageType, values: list[float]) -> None:
    once = to_double(from_double(np.array(values, dtype=np.float64), kind), kind)
    assert to_double(from_double(once, kind), kind).tolist() == once.tolist()
    codes = [value for value in values if value >= MISSING]
    stored = to_double(from_double(np.array(codes, dtype=np.float64), kind), kind)
    assert stored.tolist() == codes


@given(numeric_types, st.lists(any_double, max_size=8))
def test_holds_means_nothing_is_lost(kind: StorageType, values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    lost = to_double(from_double(array, kind), kind) != array
    assert holds(kind, array) == (not lost.any())


@given(numeric_types, st.lists(any_double | st.integers(-200, 200).map(float), max_size=8))
def test_compress_loses_nothing_and_promotion_has_room(
    kind: StorageType, values: list[float]
) -> None:
    array = to_double(from_double(np.array(values, dtype=np.float64), kind), kind)
    smaller = smallest_type(array, kind)
    assert smaller.width <= kind.width
    assert holds(smaller, array)
    given = np.array(values, dtype=np.float64)
    wider = promoted(kind, given)
    assert wider.width >= kind.width
    stored = to_double(from_double(given, wider), wider)
    assert ((stored >= MISSING) == (given >= MISSING)).all()
    if wider is not FLOAT:
        assert stored.tolist() == given.tolist()


def test_truncation_toward_zero() -> None:
    assert from_double(np.array([1.9, -1.9, 0.5]), BYTE).tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (BYTE, [100], BYTE),
        (BYTE, [101], INT),
        (BYTE, [32741], LONG),
        (BYTE, [3e9], DOUBLE),
        (BYTE, [0.5], FLOAT),
        (INT, [0.5], FLOAT),
        (INT, [1e39, 0.5], DOUBLE),
        (LONG, [0.5], DOUBLE),
        (FLOAT, [0.1], FLOAT),
        (FLOAT, [1e39], DOUBLE),
        (DOUBLE, [1e39], DOUBLE),
        (BYTE, [MISSING], BYTE),
    ],
)
def test_promotion(kind: StorageType, values: list[float], expected: StorageType) -> None:
    assert promoted(kind, np.array(values, dtype=np.float64)) is expected


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (DOUBLE, [1, 2], BYTE),
        (DOUBLE, [1000, DOUBLE_CODES[4]], INT),
        (DOUBLE, [1e9], LONG),
        (DOUBLE, [0.5], DOUBLE),
        (FLOAT, [1e9], FLOAT),
        (FLOAT, [7], BYTE),
        (LONG, [7], BYTE),
        (INT, [1000], INT),
    ],
)
def test_compression(kind: StorageType, values: list[float], expected: StorageType) -> None:
    assert smallest_type(np.array(values, dtype=np.float64), kind) is expected


def test_names_of_types() -> None:
    for name in ("byte", "int", "long", "float", "double", "strL", "str1", "str2045"):
        assert str(storage_type(name)) == name
    for name in ("str0", "str2046", "str", "str01", "real", "", "strl"):
        with pytest.raises(StataError) as error:
            storage_type(name)
        assert error.value.code == 198
    assert fixed_string(3000) is STRL and fixed_string(0) == fixed_string(1)
    formats = {kind.name: kind.default_format for kind in NUMERIC_TYPES}
    assert formats == {
        "byte": "%8.0g",
        "int": "%8.0g",
        "long": "%12.0g",
        "float": "%9.0g",
        "double": "%10.0g",
    }
    assert [fixed_string(w).default_format for w in (1, 9, 18)] == ["%9s", "%9s", "%18s"]


def test_strings_count_bytes() -> None:
    assert str(string_type(["é", "ab"])) == "str2"
    assert string_type(["x" * 2046]) is STRL
    assert string_type([b"a\0b"]) is STRL
    assert str(string_type([])) == "str1"
    assert string_column(["éé"], fixed_string(3)).tolist() == ["é".encode()]
    assert string_column(["éé", ""], STRL).tolist() == ["éé".encode(), b""]
    wide = np.array([b"abc", b"d"], dtype="S3")
    assert string_column(wide, fixed_string(2)).tolist() == [b"ab", b"d"]
    assert string_column(wide, fixed_string(9)).dtype == np.dtype("S9")
    assert str(string_type(wide)) == "str3"
