"""The dataset in memory: values, types, names, order, labels, notes."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.data.combining import common_type
from statalike.data.dataset import Dataset
from statalike.data.labels import FIRST_MISSING_LONG, ValueLabel, label_code
from statalike.data.missing import DOUBLE_CODES, MISSING
from statalike.data.notes import (
    add_note,
    drop_notes,
    notes_of,
    renumber_notes,
    replace_note,
)
from statalike.data.ordering import is_sorted, row_order
from statalike.data.storage import (
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRL,
    fixed_string,
)
from statalike.data.timestamps import timestamp
from statalike.data.variable import Variable, end_at_zero_byte
from statalike.errors import StataError


def example() -> Dataset:
    data = Dataset()
    data.add("id", [3, 1, 2])
    data.add("x", np.array([0.5, MISSING, 2.5]), FLOAT)
    data.add("name", ["b", "a", ""])
    data.changed = False
    return data


def keys(data: Dataset) -> list[str]:
    return list(data.sorted_by)


def code_of(action: object, *arguments: object, **options: object) -> int:
    assert callable(action)
    with pytest.raises(StataError) as error:
        action(*arguments, **options)
    return error.value.code


# values


def test_kinds_of_values() -> None:
    data = Dataset(n=2)
    assert data.add("a", 1).storage == BYTE
    assert data.add("b", 1.5).storage == DOUBLE
    assert data.add("c", "text").storage == fixed_string(4)
    assert data.add("d", [True, False]).storage == BYTE
    assert data.add("e", np.array([1, 2**33])).storage == DOUBLE
    assert data.add("f", np.array([1, 2], dtype=np.int16)).storage == INT
    assert data.add("g", np.array(["é", "x"])).storage == fixed_string(2)
    assert data.add("h", [1, 2], LONG).values.dtype == np.int32
    assert data.add("i", ["x", "y"], STRL).values.tolist() == [b"x", b"y"]
    assert data.add("j", [np.nan, np.inf]).numbers().tolist() == [MISSING, MISSING]
    assert data.add("k", np.array([101, 102], dtype=np.int8)).numbers().tolist() == [
        MISSING,
        DOUBLE_CODES[1],
    ]
    assert data.add("l", np.array([101, 102], dtype=np.int8), DOUBLE).numbers().tolist() == [
        MISSING,
        DOUBLE_CODES[1],
    ]
    assert code_of(data.add, "m", "text", BYTE) == 109
    assert code_of(data.add, "m", 1, fixed_string(3)) == 109
    assert code_of(data.add, "a", 1) == 110
    assert code_of(data.add, "1a", 1) == 198
    with pytest.raises(ValueError, match="3 values for 2 observations"):
        data.add("m", [1, 2, 3])
    assert data.record_width == sum(v.storage.width for v in data.variables.values())


def test_columns_are_read_only() -> None:
    data = example()
    with pytest.raises(ValueError, match="read-only"):
        data.variable("id").values[0] = 1
    again = pickle.loads(pickle.dumps(data))
    with pytest.raises(ValueError, match="read-only"):
        again.variable("id").values[0] = 1
    assert again.numbers("id").tolist() == [3, 1, 2]


def test_values_of_one_observation() -> None:
    data = example()
    assert data.variable("x").value(1) == MISSING
    assert data.variable("name").value(0) == "b"
    assert data.variable("x").missing().tolist() == [False, True, False]
    assert data.variable("name").missing().tolist() == [False, False, True]
    assert code_of(data.variable("x").strings) == 109
    assert code_of(data.variable("name").numbers) == 109
    assert code_of(data.variable, "nosuch") == 111


def test_a_snapshot_is_independent() -> None:
    data = example()
    snapshot = data.copy()
    data.replace("id", 9)
    data.add("new", 1)
    data.rename("x", "y")
    data.characteristics_of()["a"] = "b"
    assert snapshot.names == ["id", "x", "name"]
    assert snapshot.numbers("id").tolist() == [3, 1, 2]
    assert snapshot.characteristics == {} and not snapshot.changed
    data.restore(snapshot)
    assert data.names == ["id", "x", "name"] and not data.changed
    data.clear()
    assert not data and len(data) == 0


# replace


def test_replace_counts_real_changes() -> None:
    data = example()
    done = data.replace("id", np.array([3, 7, MISSING]))
    assert (done.changes, done.to_missing, done.promoted) == (2, 1, False)
    assert data.changed
    data.changed = False
    assert data.replace("id", 7, np.array([False, True, False])).changes == 0
    assert not data.changed
    done = data.replace("id", [1000, 0.5], np.array([0, 2]))
    assert done.before is BYTE and done.after is FLOAT and done.promoted
    assert data.numbers("id").tolist() == [1000, 7, 0.5]
    done = data.replace("name", ["longer text", "b"], np.array([True, True, False]))
    assert str(done.after) == "str11" and data.variable("name").format == "%11s"
    assert data.replace("name", "").to_missing == 2
    assert code_of(data.replace, "name", 1) == 109
    assert code_of(data.replace, "id", "x") == 109
    assert data.replace("id", 1e40, promote=False).to_missing == 3


def test_replace_in_a_float_rounds() -> None:
    data = example()
    assert data.replace("x", 0.1).after is FLOAT
    assert data.numbers("x")[0] == np.float32(0.1)


def test_replacing_a_sort_key_ends_the_sort_order() -> None:
    data = example()
    data.sort(["id", "x"])
    data.replace("x", 1)
    assert data.sorted_by == ("id",)
    data.replace("id", [9], np.array([1]))
    assert keys(data) == []


def test_long_strings() -> None:
    data = Dataset()
    data.add("s", ["a", "b"])
    done = data.replace("s", "x" * 3000, np.array([1]))
    assert done.after is STRL and done.changes == 1
    assert data.variable("s").strings().tolist() == ["a", "x" * 3000]
    data.replace("s", "short")
    assert [str(after.storage) for _, after in data.compress()] == ["str5"]


def test_recast_and_compress() -> None:
    data = example()
    assert data.recast("x", BYTE) == 2
    assert data.variable("x").storage is FLOAT
    assert data.recast("x", BYTE, force=True) == 2
    assert data.numbers("x").tolist() == [0, MISSING, 2]
    assert data.variable("x").format == "%8.0g"
    assert data.recast("id", DOUBLE) == 0
    assert data.variable("id").format == "%10.0g"
    assert data.recast("name", fixed_string(10)) == 0
    assert {after.name: str(after.storage) for _, after in data.compress()} == {
        "id": "byte",
        "name": "str1",
    }
    assert code_of(data.recast, "id", fixed_string(3)) == 109


# variables


def test_drop_keep_order_rename() -> None:
    data = example()
    data.sort(["id"])
    data.add("first", 1, before="id")
    data.add("second", 2, after="first")
    assert data.names == ["first", "second", "id", "x", "name"]
    data.order(["name", "x"])
    assert data.names == ["name", "x", "first", "second", "id"]
    data.order(["name"], last=True)
    data.order(["id"], after="x")
    assert data.names == ["x", "id", "first", "second", "name"]
    assert code_of(data.order, ["id"], before="id") == 198
    data.characteristics_of("x")["unit"] = "kg"
    data.rename_all({"x": "id", "id": "x"})
    assert data.names == ["id", "x", "first", "second", "name"]
    assert data.sorted_by == ("x",) and data.characteristics == {"id": {"unit": "kg"}}
    assert code_of(data.rename, "id", "x") == 110
    assert code_of(data.rename, "nosuch", "y") == 111
    assert code_of(data.rename, "id", "if") == 198
    data.drop(["x"])
    assert keys(data) == []
    data.keep(["name", "id"])
    assert data.names == ["id", "name"]
    assert code_of(data.drop, ["id", "nosuch"]) == 111
    data.drop(data.names)
    assert data.n == 0


def test_expanding_a_varlist() -> None:
    data = example()
    assert data.expand("i x-name *") == ["id", "x", "name", "id", "x", "name"]
    assert data.unabbreviate("na") == "name"
    assert code_of(data.expand, "q") == 111


# observations


def test_rows() -> None:
    data = example()
    data.sort(["id"])
    assert data.keep_rows(np.array([True, True, True])) == 0
    assert data.drop_rows(data.variable("x").missing()) == 1
    assert data.numbers("id").tolist() == [2, 3] and data.sorted_by == ("id",)
    data.take_rows(np.array([1, 0, 0]))
    assert data.numbers("id").tolist() == [3, 2, 2] and keys(data) == []
    data.set_observations(5)
    assert data.numbers("x").tolist() == [0.5, 2.5, 2.5, MISSING, MISSING]
    assert data.variable("name").strings().tolist() == ["b", "", "", "", ""]
    assert code_of(data.set_observations, 2) == 198


def test_append() -> None:
    data, other = example(), Dataset()
    other.add("x", [1000.5])
    other.add("name", ["longest"])
    other.add("extra", [5], value_label="lab")
    other.value_labels["lab"] = ValueLabel("lab", {5: "five"})
    data.append(other)
    assert data.n == 4
    assert data.numbers("id").tolist() == [3, 1, 2, MISSING]
    assert data.variable("x").storage is DOUBLE
    assert data.variable("name").strings().tolist() == ["b", "a", "", "longest"]
    assert data.numbers("extra").tolist() == [MISSING] * 3 + [5]
    assert data.label_of("extra", 5) == "five"
    wrong = Dataset()
    wrong.add("id", ["text"])
    assert code_of(data.append, wrong) == 106
    data.append(wrong, force=True)
    assert data.numbers("id")[-1] == MISSING


def test_appending_to_nothing_and_nothing() -> None:
    data, empty = example(), Dataset()
    empty.add("id", np.array([], dtype=np.int8), label="mine")
    assert bool(empty.variable("id"))
    empty.append(data)
    assert empty.n == 3 and empty.variable("id").label == "mine"
    empty.append(Dataset())
    assert empty.n == 3


def test_marks_follow_their_observations() -> None:
    data = example()
    data.marks["sample"] = np.array([True, False, True])
    snapshot = data.copy()
    data.sort(["id"])
    assert data.marks["sample"].tolist() == [False, True, True]
    data.append(example())
    assert data.marks["sample"].tolist() == [False, True, True, False, False, False]
    data.set_observations(7)
    data.drop_rows(data.numbers("id") == 2)
    assert data.marks["sample"].tolist() == [False, True, False, False, False]
    assert snapshot.marks["sample"].tolist() == [True, False, True]
    data.drop(data.names)
    assert data.marks["sample"].tolist() == []


def test_common_types() -> None:
    assert common_type(BYTE, LONG) is LONG
    assert common_type(FLOAT, INT) is FLOAT
    assert common_type(LONG, FLOAT) is DOUBLE
    assert common_type(fixed_string(3), STRL) is STRL
    assert str(common_type(fixed_string(3), fixed_string(5))) == "str5"


# sorting


def test_missing_values_sort_last_and_strings_by_bytes() -> None:
    data = Dataset()
    data.add("x", np.array([DOUBLE_CODES[2], 1, MISSING, -5]))
    data.add("s", ["b", "Z", "a", "é"])
    data.sort(["x"])
    assert data.numbers("x").tolist() == [-5, 1, MISSING, DOUBLE_CODES[2]]
    data.sort(["s"])
    assert data.variable("s").strings().tolist() == ["Z", "a", "b", "é"]
    data.sort(["x"], {"x"})
    assert data.numbers("x").tolist()[:2] == [1, -5] and keys(data) == []
    data.sort(["x"], {"x"}, missing_first=True)
    assert data.numbers("x").tolist()[2:] == [1, -5]
    data.sort(["s"], {"s"})
    assert data.variable("s").strings().tolist() == ["é", "b", "a", "Z"]


cells = st.sampled_from([-1.0, 0.0, 2.0, MISSING, DOUBLE_CODES[1]])


@settings(deadline=None)
@given(st.lists(st.tuples(cells, st.sampled_from(["", "a", "B"]), cells), max_size=12))
def test_sorting_is_stable_and_like_pythons(rows: list[tuple[float, str, float]]) -> None:
    data = Dataset(n=len(rows))
    data.add("x", np.array([row[0] for row in rows], dtype=np.float64), INT)
    data.add("s", [row[1] for row in rows], STRL)
    data.add("z", np.array([row[2] for row in rows], dtype=np.float64))
    data.add("row", np.arange(len(rows), dtype=np.int32))
    data.sort(["s", "x"])
    expected = sorted(range(len(rows)), key=lambda i: (rows[i][1].encode(), rows[i][0]))
    assert data.numbers("row").tolist() == expected
    assert is_sorted([data.variable("s"), data.variable("x")])
    assert keys(data) == ["s", "x"]


def test_sorted_data_are_left_alone() -> None:
    data = example()
    data.sort(["id"])
    data.changed = False
    before = data.variable("x")
    data.sort(["id"])
    data.sorted_by = ()
    data.sort(["id"])
    assert data.variable("x") is before and not data.changed and keys(data) == ["id"]
    assert row_order([data.variable("id")]).tolist() == [0, 1, 2]


# labels, notes, time


def test_value_labels() -> None:
    labels = ValueLabel("lab", {1: "one", FIRST_MISSING_LONG + 1: "refused", -3: "minus"})
    assert labels.text(1.0) == "one" and labels.text(DOUBLE_CODES[1]) == "refused"
    assert labels.text(1.5) is None and labels.text(1e300) is None and labels.text(-1e300) is None
    assert labels.code("one") == 1 and labels.code("two") is None
    assert [text for _, text in labels.sorted_entries()] == ["minus", "one", "refused"]
    assert dict(labels.with_entries({1: "", 2: "two"}).mapping) == {
        -3: "minus",
        2: "two",
        FIRST_MISSING_LONG + 1: "refused",
    }
    assert pickle.loads(pickle.dumps(labels)) == labels
    assert label_code(MISSING) == FIRST_MISSING_LONG
    data = example()
    assert data.label_of("id", 1) is None
    data.value_labels["lab"] = labels
    data.update("id", lambda variable: replace(variable, value_label="lab"))
    assert data.label_of("id", 1) == "one"


def test_notes() -> None:
    texts: dict[str, str] = {"other": "x"}
    assert [add_note(texts, text) for text in ("a", "b", "c")] == [1, 2, 3]
    replace_note(texts, 2, "B")
    assert notes_of(texts) == [(1, "a"), (2, "B"), (3, "c")]
    drop_notes(texts, {1})
    assert notes_of(texts) == [(2, "B"), (3, "c")] and texts["note0"] == "3"
    renumber_notes(texts)
    assert notes_of(texts) == [(1, "B"), (2, "c")]
    drop_notes(texts)
    assert texts == {"other": "x"}
    assert code_of(replace_note, texts, 1, "x") == 198


def test_timestamps() -> None:
    assert timestamp(datetime(2022, 7, 1, 9, 5)) == " 1 Jul 2022 09:05"
    assert timestamp(datetime(2026, 11, 20, 23, 53)) == "20 Nov 2026 23:53"
    assert len(timestamp()) == 17


def test_nothing_follows_a_zero_byte() -> None:
    column = np.frombuffer(b"ab\0c\0xyzabcda\0\0\0\0\0\0\0", dtype="S4")
    assert end_at_zero_byte(column).tolist() == [b"ab", b"", b"abcd", b"a", b""]
    clean = np.frombuffer(b"ab\0\0xyz\0", dtype="S4")
    assert end_at_zero_byte(clean) is clean
    many = np.array([b"a"] * 300_000, dtype="S3")
    assert end_at_zero_byte(many) is many


def test_strided_values_become_contiguous_when_looked_at() -> None:
    records = np.zeros(5, dtype=[("a", "i1"), ("b", ">f8"), ("s", "S3")])
    records["b"] = range(5)
    variable = Variable("b", DOUBLE, records["b"])
    assert len(variable) == 5
    values = variable.values
    assert values.flags.c_contiguous and values.dtype == np.dtype("=f8")
    assert values.tolist() == [0, 1, 2, 3, 4] and variable.values is values
