"""SPSS and SAS files, written with pyreadstat."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from statalike.data.foreign import _numbers, read_sas, read_spss, stata_names
from statalike.data.missing import DOUBLE_CODES, MISSING
from statalike.data.notes import notes_of
from statalike.errors import StataError


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": [1.0, 2.0, np.nan, 99.0, 98.0],
            "s": ["a", "bé", "", "d", "e"],
            "day": [
                dt.date(2020, 1, 1),
                dt.date(1959, 12, 31),
                None,
                dt.date(1960, 1, 1),
                dt.date(2000, 2, 29),
            ],
            "moment": pd.to_datetime(["1960-01-01 00:00:01", "2020-01-01 05:06:07", "", "", ""]),
            "f": [1.5, 2.25, 3, 4, 1e300],
        }
    )


@pytest.mark.parametrize("extension", ["sav", "zsav"])
def test_spss(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"f.{extension}"
    pyreadstat.write_sav(
        frame(),
        path,
        file_label="A file",
        compress=extension == "zsav",
        column_labels={"x": "An answer"},
        variable_value_labels={"x": {1: "yes", 2: "no", 98: "refused"}},
        missing_ranges={"x": [98, 99]},
        note="a note",
    )
    data = read_spss(path)
    assert data.names == ["x", "s", "day", "moment", "f"]
    assert data.n == 5 and data.label == "A file" and not data.changed
    a, b = DOUBLE_CODES[1], DOUBLE_CODES[2]
    assert data.numbers("x").tolist() == [1, 2, MISSING, b, a]
    assert str(data.variable("x").storage) == "byte"
    assert data.variable("x").label == "An answer"
    labels = [data.label_of("x", value) for value in (1.0, 2.0, a, b)]
    assert labels == ["yes", "no", "refused", None]
    assert data.variable("s").strings().tolist() == ["a", "bé", "", "d", "e"]
    assert data.variable("day").format == "%td"
    assert data.numbers("day").tolist() == [21915, -1, MISSING, 0, 14669]
    assert data.variable("moment").format == "%tc"
    moments = data.numbers("moment").tolist()
    assert moments == [1000, 1893474367000, MISSING, MISSING, MISSING]
    assert data.numbers("f").tolist() == [1.5, 2.25, 3, 4, 1e300]
    assert [text for _, text in notes_of(data.characteristics["_dta"])] == ["a note"]


def test_spss_portable(tmp_path: Path) -> None:
    path = tmp_path / "f.por"
    pyreadstat.write_por(pd.DataFrame({"X": [1.0, 2.5], "S": ["a", "b"]}), path)
    data = read_spss(path)
    assert data.numbers("X").tolist() == [1, 2.5]
    assert data.variable("S").strings().tolist() == ["a", "b"]


def test_sas_transport(tmp_path: Path) -> None:
    path = tmp_path / "f.xpt"
    pyreadstat.write_xport(
        frame().assign(f=[1.5, 2.25, 3, 4, 5]), path, column_labels={"x": "An answer"}
    )
    data = read_sas(path)
    assert data.numbers("x").tolist() == [1, 2, MISSING, 99, 98]
    assert data.variable("x").label == "An answer"
    assert data.variable("day").format == "%td"
    assert data.numbers("day").tolist() == [21915, -1, MISSING, 0, 14669]
    assert data.variable("moment").format == "%tc"
    assert data.numbers("moment").tolist()[:2] == [1000, 1893474367000]


def test_special_missing_values_come_as_letters() -> None:
    values = _numbers([1.0, "A", None, "z", "_"])
    assert values[:2].tolist() == [1.0, DOUBLE_CODES[1]]
    assert np.isnan(values[2])
    assert values[3:].tolist() == [DOUBLE_CODES[26], MISSING]


def test_names_are_made_valid_and_distinct() -> None:
    names = ["q1.a", "q1_a", "2nd", "if", "ok", "größe", "x" * 40, "x" * 41, "@v"]
    made = stata_names(names)
    assert list(made.values()) == [
        "q1_a",
        "q1_a1",
        "_2nd",
        "_if",
        "ok",
        "größe",
        "x" * 32,
        "x" * 31 + "1",
        "_v",
    ]


@pytest.mark.parametrize(
    ("reader", "name"), [(read_spss, "f.sav"), (read_spss, "f.por"), (read_sas, "f.sas7bdat")]
)
def test_bad_files(reader: object, name: str, tmp_path: Path) -> None:
    assert callable(reader)
    with pytest.raises(StataError) as error:
        reader(tmp_path / name)
    assert error.value.code == 601
    (tmp_path / name).write_bytes(b"this is nothing of the kind" * 100)
    with pytest.raises(StataError) as error:
        reader(tmp_path / name)
    assert error.value.code == 610
    with pytest.raises(StataError) as error:
        reader(tmp_path)
    assert error.value.code == 603


def test_a_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "f.sav"
    empty = pd.DataFrame({"x": np.array([], dtype=np.float64), "s": np.array([], dtype=str)})
    pyreadstat.write_sav(empty, path)
    data = read_spss(path)
    assert data.n == 0 and data.names == ["x", "s"]
