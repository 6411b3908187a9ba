"""Damaged and forged .dta files: an error of Stata's, never a traceback, never much memory."""

from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statalike.data.dataset import Dataset
from statalike.data.dta import parse_dta
from statalike.errors import StataError
from tests.data.dta_generator import Column, File, build

CODES = {610, 612, 688}


def sound(release: int, order: str = "<") -> bytes:
    columns = [
        Column("a", "byte", [1, 2, 3], value_label="lab"),
        Column("b", "double", [0.5, 0, 2.5], {1: 3}, label="second"),
        Column("c", "str5", ["x", "", "yz"]),
    ]
    if release >= 117:
        columns.append(Column("d", "strL", ["one", "", "two"]))
    return build(
        File(
            columns,
            label="data",
            sort=[1],
            characteristics=[("_dta", "note0", "1"), ("_dta", "note1", "text")],
            value_labels={"lab": {1: "low", 2: "high"}},
        ),
        release,
        order,
    )


def read_all(content: bytes) -> Dataset:
    data = parse_dta(np.frombuffer(content, dtype=np.uint8))
    for variable in data.variables.values():
        variable.strings() if variable.is_string else variable.numbers()
    return data


@pytest.mark.parametrize("release", [113, 114, 117, 118, 119])
def test_truncation_anywhere_is_reported(release: int) -> None:
    whole = sound(release)
    read_all(whole)
    ends_early = 0
    for length in range(1, len(whole)):
        try:
            read_all(whole[:length])
        except StataError as error:
            assert error.code in CODES
            ends_early += error.code == 612
        else:
            # an untagged file without its value labels is a whole file
            assert release < 117
    assert ends_early > 0.95 * len(whole)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([113, 115, 117, 118, 119]),
    st.sampled_from("<>"),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), max_size=4),
)
def test_flipped_bits(release: int, order: str, flips: list[tuple[float, int]]) -> None:
    content = bytearray(sound(release, order))
    for place, bit in flips:
        content[int(place * len(content))] ^= 1 << bit
    try:
        read_all(bytes(content))
    except StataError as error:
        assert error.code in CODES


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([113, 115, 117, 118, 119]), st.integers(0, 10**6), st.binary(max_size=40))
def test_overwritten_bytes(release: int, place: int, noise: bytes) -> None:
    content = bytearray(sound(release))
    place %= len(content)
    content[place : place + len(noise)] = noise
    try:
        read_all(bytes(content))
    except StataError as error:
        assert error.code in CODES


def forged_headers() -> list[bytes]:
    whole = sound(118)
    many_rows = whole.replace(b"<N>" + struct.pack("<Q", 3), b"<N>" + struct.pack("<Q", 2**39))
    too_many_rows = whole.replace(b"<N>" + struct.pack("<Q", 3), b"<N>" + struct.pack("<Q", 2**63))
    many_variables = sound(119).replace(
        b"<K>" + struct.pack("<I", 4), b"<K>" + struct.pack("<I", 2**32 - 1)
    )
    long_label = whole.replace(b"<lbl>", b"<lbl>\xff\xff\xff\x7f", 1)
    long_string = whole.replace(
        b"\x82" + struct.pack("<I", 4), b"\x82" + struct.pack("<I", 2**32 - 1)
    )
    old = bytearray(sound(114))
    old[6:10] = struct.pack("<I", 2**32 - 1)
    return [many_rows, too_many_rows, many_variables, long_label, long_string, bytes(old)]


@pytest.mark.parametrize("content", forged_headers(), ids=range(6))
def test_forged_sizes_allocate_nothing(content: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(StataError) as error:
            read_all(content)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert error.value.code in {612, 688}


def test_overlapping_value_labels_are_refused() -> None:
    count, text = 2000, b"x" * 4000
    body = struct.pack("<ii", count, len(text))
    body += b"".join(struct.pack("<i", i) for i in range(count))
    body += b"".join(struct.pack("<i", i) for i in range(count)) + text
    sets = b"<lbl>" + struct.pack("<i", len(body)) + b"lab".ljust(132, b"\0") + body + b"</lbl>"
    whole = build(File([Column("a", "byte", [1])]), 118)
    content = whole.replace(b"<value_labels>", b"<value_labels>" + sets)
    with pytest.raises(StataError) as error:
        read_all(content)
    assert error.value.code == 688


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"b".ljust(129, b"\0") + b"c", b"a".ljust(129, b"\0") + b"c"),
        (b"<varnames>a", b"<varnames>1"),
        (b"<varnames>a", b"<varnames>\0"),
        (b"<sortlist>\x01", b"<sortlist>\x09"),
        (b"<variable_types>\xfa\xff", b"<variable_types>\x00\x00"),
        (b"GSO\x04", b"GSO\x03"),
    ],
)
def test_contradictions_are_corrupt(before: bytes, after: bytes) -> None:
    whole = sound(118)
    assert before in whole
    with pytest.raises(StataError) as error:
        read_all(whole.replace(before, after, 1))
    assert (error.value.code, error.value.message) == (688, "file is corrupt")


def test_not_a_number_in_a_file_is_missing() -> None:
    content = build(File([Column("x", "double", [float("nan"), float("inf"), 1.0])]), 118)
    data = read_all(content)
    assert data.variable("x").missing().tolist() == [True, True, False]
    assert data.numbers("x").tolist()[:2] == [2.0**1023, 2.0**1023]
