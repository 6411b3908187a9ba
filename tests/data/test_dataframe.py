"""Data frames in and out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.data.dataframe import from_dataframe, to_dataframe
from statalike.data.dataset import Dataset
from statalike.data.labels import ValueLabel
from statalike.data.missing import DOUBLE_CODES, MISSING
from statalike.data.storage import BYTE, DOUBLE, FLOAT, INT, LONG


def test_types_of_columns() -> None:
    frame = pd.DataFrame(
        {
            "i8": np.array([1, 2], dtype=np.int8),
            "big8": np.array([1, 127], dtype=np.int8),
            "i16": np.array([1, 2], dtype=np.int16),
            "i64": [1, 2**40],
            "u8": np.array([1, 255], dtype=np.uint8),
            "f4": np.array([1.5, np.nan], dtype=np.float32),
            "f8": [0.1, np.inf],
            "flag": [True, False],
            "null": pd.array([1, None], dtype="Int64"),
            "text": ["a", None],
            "group": pd.Categorical(["hi", None], categories=["lo", "hi"]),
            "when": pd.to_datetime(["1960-01-02", ""]),
            "zone": pd.to_datetime(["1960-01-02 00:00Z", ""]),
            "two words": [1, 2],
        }
    )
    data = from_dataframe(frame)
    kinds = [str(variable.storage) for variable in data.variables.values()]
    expected = "byte int int double int float double byte byte str1 byte double double byte"
    assert " ".join(kinds) == expected
    assert data.numbers("big8").tolist() == [1, 127]
    assert data.numbers("f4").tolist() == [1.5, MISSING]
    assert data.numbers("f8").tolist() == [0.1, MISSING]
    assert data.numbers("null").tolist() == [1, MISSING]
    assert data.variable("text").strings().tolist() == ["a", ""]
    assert data.label_of("group", data.numbers("group")[0]) == "hi"
    assert data.numbers("group")[1] == MISSING
    assert data.numbers("when").tolist() == [86400000, MISSING]
    assert data.numbers("zone").tolist() == [86400000, MISSING]
    assert data.variable("two_words").label == "two words"


def test_out_again() -> None:
    data = Dataset()
    data.add("b", [1, 2, 3])
    data.add("m", np.array([1, MISSING, DOUBLE_CODES[3]]), INT)
    data.add("l", np.array([2e9, MISSING, 1]), LONG)
    data.add("f", np.array([0.1, 2, 3]), FLOAT)
    data.add("s", ["x", "", "é"])
    data.add("g", np.array([1, 5, MISSING]), BYTE, value_label="lab")
    data.add("h", np.array([1, 5, 2]), BYTE, value_label="lab")
    data.value_labels["lab"] = ValueLabel("lab", {5: "five", 1: "one"})
    frame = to_dataframe(data, categories=True)
    assert frame["b"].dtype == np.int8
    assert frame["m"].dtype == np.float32 and frame["m"].isna().tolist() == [False, True, True]
    assert frame["l"].dtype == np.float64 and frame["l"][0] == 2e9
    assert frame["f"].dtype == np.float32
    assert frame["s"].tolist() == ["x", "", "é"]
    assert frame["g"].astype(object).tolist()[:2] == ["one", "five"]
    assert frame["g"].isna().tolist() == [False, False, True]
    assert frame["h"].dtype == np.int8
    assert list(to_dataframe(data, ["s", "b"]).columns) == ["s", "b"]
    frame.loc[0, "b"] = 9
    assert data.numbers("b")[0] == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_infinity=False, width=64, max_value=8e307), max_size=5))
def test_there_and_back(values: list[float]) -> None:
    frame = pd.DataFrame({"x": np.array(values, dtype=np.float64)})
    data = from_dataframe(frame)
    assert data.variable("x").storage == DOUBLE
    pd.testing.assert_frame_equal(to_dataframe(data), frame)


def test_no_columns() -> None:
    assert from_dataframe(pd.DataFrame()).n == 0
    assert to_dataframe(Dataset()).shape == (0, 0)
