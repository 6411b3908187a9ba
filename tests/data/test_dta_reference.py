"""Real .dta files, read here, by pandas and by ReadStat: three independent readers agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from statalike.data.dataset import Dataset
from statalike.data.dta import read_dta, write_dta
from statalike.data.missing import missing_text
from tests.data.test_dta_writer import same
from tests.shared import SHARED, needs_shared

FILES = sorted(SHARED.glob("data/**/*.dta")) if SHARED else []

pytestmark = needs_shared
every_file = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def codes(data: Dataset, name: str) -> np.ndarray:
    values = data.numbers(name)
    return np.where(data.variable(name).missing(), np.nan, values)


@every_file
def test_pandas_agrees(path: Path) -> None:
    data = read_dta(path)
    reader: Any
    with pd.read_stata(path, iterator=True) as reader:
        frame = reader.read(convert_categoricals=False, convert_missing=True, convert_dates=False)
        assert data.label == reader.data_label.rstrip("\0")
        assert data.timestamp == reader.time_stamp
        assert {v.name: v.label for v in data.variables.values()} == reader.variable_labels()
        expected = reader.value_labels()
    sets = {name: dict(labels.mapping) for name, labels in data.value_labels.items()}
    assert sets == {name: {int(k): v for k, v in texts.items()} for name, texts in expected.items()}
    assert data.names == list(frame.columns)
    assert data.n == len(frame)
    for name, variable in data.variables.items():
        if variable.is_string:
            assert variable.strings().tolist() == frame[name].tolist()
            continue
        theirs = frame[name]
        gone = variable.missing()
        codes_there = [type(cell).__name__ == "StataMissingValue" for cell in theirs]
        assert gone.tolist() == codes_there
        np.testing.assert_array_equal(
            variable.numbers()[~gone], theirs[~gone].to_numpy(dtype=np.float64)
        )
        letters = [missing_text(code) for code in variable.numbers()[gone]]
        assert letters == [str(cell) for cell in theirs[gone]]


@every_file
def test_readstat_agrees(path: Path) -> None:
    data = read_dta(path)
    frame, meta = pyreadstat.read_dta(str(path), disable_datetime_conversion=True)
    assert data.names == meta.column_names
    assert data.n == meta.number_rows
    assert data.label == (meta.file_label or "")
    labels = [label or "" for label in meta.column_labels]  # ReadStat cuts final blanks off
    assert [variable.label.rstrip() for variable in data.variables.values()] == labels
    formats = [meta.original_variable_types[name] for name in data.names]
    assert [variable.format for variable in data.variables.values()] == formats
    stored = meta.readstat_variable_types
    kinds = {"byte": "int8", "int": "int16", "long": "int32", "float": "float", "double": "double"}
    for name, variable in data.variables.items():
        assert kinds.get(variable.storage.name, "string") == stored[name]
        if variable.is_string:
            assert variable.strings().tolist() == frame[name].tolist()
        else:
            theirs = frame[name].to_numpy(dtype=np.float64)
            np.testing.assert_array_equal(codes(data, name), theirs)


@every_file
def test_saving_and_reading_again_changes_nothing(path: Path, tmp_path: Path) -> None:
    data = read_dta(path)
    again = write_dta(data, tmp_path / "again", time=data.timestamp, all_value_labels=True)
    same(read_dta(again), data)
