"""Reading .dta files of every format and byte order, made by an independent generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from statalike.data.dta import parse_dta, read_dta
from statalike.data.missing import DOUBLE_CODES, MISSING
from statalike.errors import StataError
from tests.data.dta_generator import Cell, Column, File, build

RELEASES = [113, 114, 115, 117, 118, 119]


def example(release: int) -> File:
    columns = [
        Column("b", "byte", [-127, 100, 0, 0, 5], {2: 0, 3: 26}, "%8.0g", "yesno", "a byte"),
        Column("i", "int", [-32767, 32740, 0, 0, 6], {2: 1, 3: 0}, "%8.0g"),
        Column("l", "long", [-2147483647, 2147483620, 0, 0, 7], {2: 26, 3: 13}, "%12.0gc"),
        Column("f", "float", [1.5, -2.25, 0, 0, 1e30], {2: 0, 3: 2}),
        Column("d", "double", [0.1, -1e300, 0, 0, 3.0], {2: 0, 3: 26}, "%10.0g"),
        Column("s", "str6", ["abc", "", "naïve", b"x\0junk", "sixsix"], format="%-6s", label="é"),
    ]
    if release >= 117:
        texts: list[Cell] = ["long", "", b"bin\0ary", "naïve", "x" * 3000]
        columns.append(Column("L", "strL", texts, format="%9s"))
    return File(
        columns,
        label="Exämple",
        sort=[2, 1],
        characteristics=[
            ("_dta", "note0", "1"),
            ("_dta", "note1", "from nowhere"),
            ("b", "unit", "kg"),
        ],
        value_labels={"yesno": {0: "no", 5: "yés", 2147483622: "refused"}},
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("release", RELEASES)
def test_every_format_and_byte_order(release: int, order: str, tmp_path: Path) -> None:
    path = tmp_path / "example.dta"
    path.write_bytes(build(example(release), release, order))
    data = read_dta(path)
    assert data.n == 5
    assert data.names == ["b", "i", "l", "f", "d", "s"] + (["L"] if release >= 117 else [])
    assert data.label == "Exämple"
    assert data.timestamp == "01 Jan 2020 10:20"
    assert data.filename == str(path)
    assert data.sorted_by == ("i", "b")
    assert not data.changed
    a, m, z = DOUBLE_CODES[1], DOUBLE_CODES[13], DOUBLE_CODES[26]
    assert data.numbers("b").tolist() == [-127, 100, MISSING, z, 5]
    assert data.numbers("i").tolist() == [-32767, 32740, a, MISSING, 6]
    assert data.numbers("l").tolist() == [-2147483647, 2147483620, z, m, 7]
    assert data.numbers("f").tolist() == [1.5, -2.25, MISSING, DOUBLE_CODES[2], np.float32(1e30)]
    assert data.numbers("d").tolist() == [0.1, -1e300, MISSING, z, 3]
    kinds = [str(variable.storage) for variable in data.variables.values()]
    assert kinds[:6] == ["byte", "int", "long", "float", "double", "str6"]
    assert data.variable("s").strings().tolist() == ["abc", "", "naïve", "x", "sixsix"]
    assert data.variable("l").format == "%12.0gc"
    assert data.variable("s").format == "%-6s"
    assert data.variable("b").value_label == "yesno"
    assert data.variable("b").label == "a byte"
    assert data.variable("s").label == "é"
    assert dict(data.value_labels["yesno"].mapping) == {0: "no", 5: "yés", 2147483622: "refused"}
    assert data.label_of("b", 5.0) == "yés"
    assert data.label_of("b", DOUBLE_CODES[1]) == "refused"
    assert data.characteristics == {
        "_dta": {"note0": "1", "note1": "from nowhere"},
        "b": {"unit": "kg"},
    }
    if release >= 117:
        long = data.variable("L").values.tolist()
        assert long == [b"long", b"", b"bin\0ary", "naïve".encode(), b"x" * 3000]


def test_columns_are_contiguous_native_and_read_only() -> None:
    for order in "<>":
        data = parse_dta(np.frombuffer(build(example(118), 118, order), dtype=np.uint8))
        for variable in data.variables.values():
            values = variable.values
            assert values.flags.c_contiguous and values.flags.aligned
            assert values.dtype.isnative and not values.flags.writeable
            assert values is variable.values


def test_legacy_text_widens_its_type() -> None:
    column = Column("s", "str4", ["ab", "éàüö"])
    data = parse_dta(np.frombuffer(build(File([column]), 115, "<"), dtype=np.uint8))
    assert data.variable("s").strings().tolist() == ["ab", "éàüö"]
    assert str(data.variable("s").storage) == "str8"


def test_utf8_in_a_legacy_file_is_recognised() -> None:
    column = Column("s", "str8", ["µ€".encode(), b"plain"])
    data = parse_dta(np.frombuffer(build(File([column]), 117, "<"), dtype=np.uint8))
    assert data.variable("s").strings().tolist() == ["µ€", "plain"]


def test_every_windows_1252_byte_is_read() -> None:
    every = bytes(range(0x80, 0x100))
    column = Column("s", "str244", [every])
    data = parse_dta(np.frombuffer(build(File([column]), 114, ">"), dtype=np.uint8))
    text = data.variable("s").strings()[0]
    assert len(text) == 128
    assert text[0] == "€" and text[1] == "\x81" and text[-1] == "ÿ"


def test_shared_long_strings_and_empty_files() -> None:
    data = parse_dta(np.frombuffer(build(File([]), 118, "<"), dtype=np.uint8))
    assert data.n == 0 and data.names == []
    none = parse_dta(np.frombuffer(build(File([Column("x", "int", [])]), 118), dtype=np.uint8))
    assert none.n == 0 and none.numbers("x").tolist() == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 610),
        (b"hello, world\n", 610),
        (b"PK\x03\x04", 610),
        (bytes([112, 2, 1, 0]) + bytes(200), 610),
        (b"<stata_dta><header><release>120</release>", 610),
        (b"<stata_dta><header><release>abc</release>", 610),
        (b"<stata_d", 612),
        (b"<stata_dta><header><release>118</release><byteorder>XSF</byteorder>", 688),
    ],
)
def test_what_is_no_dta_file(content: bytes, code: int) -> None:
    with pytest.raises(StataError) as error:
        parse_dta(np.frombuffer(content, dtype=np.uint8), "x.dta")
    assert error.value.code == code
    if code == 610:
        assert error.value.message == "file x.dta not Stata format"


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StataError) as error:
        read_dta(tmp_path / "none.dta")
    assert error.value.code == 601
    with pytest.raises(StataError) as error:
        read_dta(tmp_path)
    assert error.value.code == 603
