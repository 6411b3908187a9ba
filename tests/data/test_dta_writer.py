"""Writing .dta files: round trips, other readers, and what happens when writing fails."""

from __future__ import annotations

import os
import struct
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.data.dataset import Dataset
from statalike.data.dta import parse_dta, read_dta, save, write_dta
from statalike.data.labels import FIRST_MISSING_LONG, ValueLabel
from statalike.data.missing import DOUBLE_CODES, MISSING, missing_letter
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
)
from statalike.errors import StataError
from tests.data.dta_generator import Column, File, build


def same(first: Dataset, second: Dataset) -> None:
    """Every property a file keeps is equal."""
    assert first.names == second.names
    for a, b in zip(first.variables.values(), second.variables.values(), strict=True):
        assert (a.storage, a.format, a.value_label, a.label) == (
            b.storage,
            b.format,
            b.value_label,
            b.label,
        )
        if a.storage.is_long_string:
            assert a.values.tolist() == b.values.tolist()
        else:
            assert a.values.tobytes() == b.values.tobytes()
    for name in ("n", "label", "timestamp", "sorted_by", "value_labels"):
        assert getattr(first, name) == getattr(second, name)
    assert first.characteristics == second.characteristics


def written(data: Dataset, release: int | None = None) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        path = write_dta(
            data, Path(folder) / "x", time=data.timestamp, release=release, all_value_labels=True
        )
        return read_dta(path)


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,31}", fullmatch=True) | st.sampled_from(
    ["größe", "Ünïcödé", "переменная", "x" * 32]
)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def numbers(kind: StorageType) -> st.SearchStrategy[float]:
    codes = st.sampled_from(DOUBLE_CODES.tolist())
    if kind.is_integer:
        plain = st.integers(int(kind.minimum), int(kind.maximum)).map(float)
    elif kind is FLOAT:
        plain = st.floats(width=32, min_value=kind.minimum, max_value=kind.maximum)
    else:
        plain = st.floats(min_value=kind.minimum, max_value=kind.maximum)
    return plain | codes | st.sampled_from([kind.minimum, kind.maximum])


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    n = draw(st.integers(0, 6))
    data = Dataset(n=n)
    data.label = draw(texts)
    data.timestamp = draw(st.sampled_from(["", "20 Nov 2026 23:53"]))
    for name in draw(st.lists(names, unique=True, max_size=6)):
        kind = draw(st.sampled_from([*NUMERIC_TYPES, STRL, fixed_string(7), fixed_string(2045)]))
        cells: np.ndarray | list[str] | list[bytes]
        if kind.is_long_string:
            cells = draw(st.lists(st.binary(max_size=50), min_size=n, max_size=n))
        elif kind.is_string:
            width = st.integers(0, kind.width)
            cells = [draw(texts).encode()[: draw(width)].decode(errors="ignore") for _ in range(n)]
        else:
            cells = np.array(
                draw(st.lists(numbers(kind), min_size=n, max_size=n)), dtype=np.float64
            )
        try:
            data.add(name, cells, kind, label=draw(texts), value_label="lab")
        except StataError as error:
            assert error.code == 198  # a reserved word
    if not data.names:
        data.n = 0
    data.sorted_by = tuple(data.names[: draw(st.integers(0, 3))])
    keys = st.integers(-2147483647, 2147483647)
    labels = draw(st.dictionaries(keys, texts.filter(bool), max_size=5))
    data.value_labels = {"lab": ValueLabel("lab", labels), "größe": ValueLabel("größe", {1: "x"})}
    for owner in ["_dta", *data.names]:
        found = draw(st.dictionaries(names, texts, max_size=2))
        if found:
            data.characteristics[owner] = found
    data.changed = False
    return data


@settings(max_examples=150, deadline=None)
@given(datasets(), st.sampled_from([None, 118, 119]))
def test_what_is_saved_is_what_is_read(data: Dataset, release: int | None) -> None:
    same(written(data, release), data)


@pytest.mark.parametrize("release", [113, 114, 115, 117, 118, 119])
def test_every_storage_type_code_and_label_in_every_format(release: int) -> None:
    data = Dataset(label="Exämple", timestamp="20 Nov 2026 23:53")
    for kind in NUMERIC_TYPES:
        values = np.concatenate([[kind.minimum, 0.0, kind.maximum], DOUBLE_CODES])
        data.add(f"v{kind}", values, kind, label=f"a {kind}", value_label="codes")
    data.add("s", ["naïve", "", "€"] + ["x" * 10] * 27, fixed_string(12))
    if release >= 117:
        data.add("L", ["naïve", "", "€"] + ["x" * 5000] * 27, STRL)
    codes = {FIRST_MISSING_LONG + k: f"missing {k}" for k in range(1, 27)} | {-5: "minus five"}
    data.value_labels["codes"] = ValueLabel("codes", codes)
    data.characteristics = {"_dta": {"note0": "1", "note1": "a nöte"}, "s": {"unit": "kg"}}
    data.sorted_by = ("vbyte", "vint")
    again = written(data, release)
    same(again, data)
    assert [again.label_of("vfloat", code) for code in DOUBLE_CODES[1:]] == [
        f"missing {k}" for k in range(1, 27)
    ]


def test_default_format_is_118_and_119_for_very_many_variables(tmp_path: Path) -> None:
    data = Dataset()
    data.add("x", [1.5, 2.5])
    first = Path(write_dta(data, tmp_path / "few"))
    assert first.read_bytes().startswith(b"<stata_dta><header><release>118<")
    wide = Dataset(n=1)
    cell = np.array([3], dtype=np.int8)
    column = data.variable("x").with_values(cell, BYTE)
    wide.variables = {
        f"v{i}": replace(column, name=f"v{i}", value_label="big" if i == 40_000 else "")
        for i in range(1, 40_001)
    }
    wide.value_labels["big"] = ValueLabel("big", {3: "three"})
    second = Path(write_dta(wide, tmp_path / "many"))
    assert second.read_bytes().startswith(b"<stata_dta><header><release>119<")
    again = read_dta(second)
    assert len(again.names) == 40_000
    assert again.label_of("v40000", 3) == "three"
    with pytest.raises(StataError):
        write_dta(wide, tmp_path / "many", release=118, replace=True)


def test_generated_files_survive_a_round_trip() -> None:
    column = Column("b", "int", [1, 2, 3], {1: 7}, "%8.0g", "lab", "label")
    file = File([column], label="x", value_labels={"lab": {1: "one"}}, sort=[1])
    for order in "<>":
        data = parse_dta(np.frombuffer(build(file, 118, order), dtype=np.uint8))
        same(written(data), data)


def test_the_map_points_at_the_sections(tmp_path: Path) -> None:
    data = Dataset()
    data.add("x", ["a", "bb"], STRL)
    content = Path(write_dta(data, tmp_path / "x")).read_bytes()
    start = content.index(b"<map>") + 5
    places = struct.unpack("<14Q", content[start : start + 112])
    tags = (
        "stata_dta map variable_types varnames sortlist formats value_label_names "
        "variable_labels characteristics data strls value_labels /stata_dta"
    )
    for tag, place in zip(tags.split(), places, strict=False):
        assert content[place:].startswith(f"<{tag}>".encode())
    assert places[13] == len(content)


def test_pandas_and_readstat_read_what_is_written(tmp_path: Path) -> None:
    data = Dataset(label="Labelled")
    for kind in (BYTE, INT, LONG, FLOAT, DOUBLE):
        data.add(f"v{kind}", np.array([1.0, -3.0, MISSING, 7.0]), kind, label=str(kind))
    data.add("s", ["naïve", "", "x", "yy"])
    data.add("L", ["long" * 1000, "", "x", "€"], STRL)
    data.update("vbyte", lambda v: replace(v, value_label="lab"))
    data.value_labels["lab"] = ValueLabel("lab", {1: "one", 7: "seven"})
    path = write_dta(data, tmp_path / "x")
    frame = pd.read_stata(path, convert_categoricals=False)
    for kind in (BYTE, INT, LONG, FLOAT, DOUBLE):
        np.testing.assert_array_equal(frame[f"v{kind}"], [1, -3, np.nan, 7])
    assert frame["s"].tolist() == ["naïve", "", "x", "yy"]
    assert frame["L"].tolist() == ["long" * 1000, "", "x", "€"]
    with pd.read_stata(path, iterator=True) as reader:
        assert reader.data_label == "Labelled"
        assert reader.variable_labels()["vint"] == "int"
        assert reader.value_labels()["lab"] == {1: "one", 7: "seven"}
    frame, meta = pyreadstat.read_dta(path)
    np.testing.assert_array_equal(frame["vdouble"], [1, -3, np.nan, 7])
    assert frame["s"].tolist() == ["naïve", "", "x", "yy"]
    assert meta.file_label == "Labelled"
    assert meta.value_labels == {"lab": {1: "one", 7: "seven"}}


@pytest.mark.parametrize("release", [114, 117, 118, 119])
def test_reading_what_pandas_writes(release: Literal[114, 117, 118, 119], tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "i": np.array([1, 2, 3], dtype=np.int16),
            "f": np.array([1.5, np.nan, 3], dtype=np.float32),
            "d": [0.1, np.nan, 1e100],
            "s": ["a", "bcd", ""],
            "c": pd.Categorical(["low", "high", "low"], categories=["low", "high"]),
        }
    )
    path = tmp_path / "p.dta"
    frame.to_stata(path, version=release, write_index=False, data_label="pandas")
    data = read_dta(path)
    assert data.label == "pandas"
    assert data.numbers("i").tolist() == [1, 2, 3]
    assert data.numbers("f").tolist() == [1.5, MISSING, 3]
    assert data.numbers("d").tolist() == [0.1, MISSING, 1e100]
    assert data.variable("s").strings().tolist() == ["a", "bcd", ""]
    assert [data.label_of("c", value) for value in data.numbers("c")] == ["low", "high", "low"]


def small() -> Dataset:
    data = Dataset()
    data.add("x", [1, 2, 3])
    return data


def test_extension_replace_and_state(tmp_path: Path) -> None:
    data = small()
    assert data.changed
    path = save(data, tmp_path / "x")
    assert path == str(tmp_path / "x.dta")
    assert data.filename == path and not data.changed
    assert len(data.timestamp) == 17
    with pytest.raises(StataError) as error:
        save(data, tmp_path / "x")
    assert (error.value.code, error.value.message) == (602, f"file {path} already exists")
    data.replace("x", 9)
    save(data, tmp_path / "x", replace=True)
    assert read_dta(path).numbers("x").tolist() == [9, 9, 9]
    assert save(data, tmp_path / "y.other") == str(tmp_path / "y.other")
    assert sorted(os.listdir(tmp_path)) == ["x.dta", "y.other"]


def test_no_folder_and_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.dta"
    folder.mkdir()
    for path in (tmp_path / "none" / "x.dta", folder):
        with pytest.raises(StataError) as error:
            write_dta(small(), path, replace=True)
        assert (error.value.code, error.value.message) == (603, f"file {path} could not be opened")
    assert os.listdir(tmp_path) == ["folder.dta"]


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(write_dta(small(), tmp_path / "x"))
    before = path.read_bytes()

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    other = small()
    other.replace("x", 100)
    for failure, expected in ((no_space, StataError), (interrupted, KeyboardInterrupt)):
        monkeypatch.setattr("statalike.data.dta.writer._put_data", failure)
        with pytest.raises(expected):
            write_dta(other, path, replace=True)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["x.dta"]


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    target = Path(write_dta(small(), tmp_path / "x"))
    target.chmod(0o640)
    link = tmp_path / "link.dta"
    link.symlink_to(target)
    write_dta(small(), link, replace=True)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640


def test_only_used_value_labels_unless_all_are_asked_for(tmp_path: Path) -> None:
    data = small()
    data.update("x", lambda v: replace(v, value_label="used"))
    data.value_labels = {name: ValueLabel(name, {1: "one"}) for name in ("used", "orphan")}
    assert list(read_dta(write_dta(data, tmp_path / "a")).value_labels) == ["used"]
    everything = read_dta(write_dta(data, tmp_path / "b", all_value_labels=True))
    assert list(everything.value_labels) == ["used", "orphan"]
    none = read_dta(write_dta(data, tmp_path / "c", value_labels=False))
    assert none.value_labels == {} and none.variable("x").value_label == ""


def test_what_old_formats_cannot_hold(tmp_path: Path) -> None:
    data = Dataset()
    data.add("s", ["x" * 300])
    data.add("L", ["x"], STRL)
    for keep in (["s"], ["L"]):
        part = data.copy()
        part.keep(keep)
        with pytest.raises(StataError) as error:
            write_dta(part, tmp_path / "x", release=115)
        assert error.value.code == 198
    with pytest.raises(StataError):
        write_dta(data, tmp_path / "x", release=116)
    assert os.listdir(tmp_path) == []


def test_long_texts_are_cut_at_whole_characters() -> None:
    data = small()
    data.label = "ä" * 500
    data.update("x", lambda v: replace(v, label="€" * 200))
    again = written(data)
    assert again.label == "ä" * 160
    assert again.variable("x").label == "€" * 106


def test_every_missing_letter_is_read_by_pandas(tmp_path: Path) -> None:
    data = Dataset()
    for kind in NUMERIC_TYPES:
        data.add(f"v{kind}", DOUBLE_CODES, kind)
    path = write_dta(data, tmp_path / "x")
    frame = pd.read_stata(path, convert_missing=True)
    letters = ["." + (missing_letter(code) or "") for code in DOUBLE_CODES]
    for name in data.names:
        assert [str(cell) for cell in frame[name]] == letters
