"""Which observations are used, and group codes of level variables of any type."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.data.storage import storage_type
from statalike.design.groups import group_codes
from statalike.design.sample import drop_missing, drop_missing_terms
from statalike.design.terms import model_terms
from statalike.language.parser import parse_varlist
from tests.design.small_data import dataset


def test_missing_numbers_and_empty_strings_are_dropped() -> None:
    extended = MISSING * (1 + 3 / 4096)
    data = dataset(x=[1, MISSING, 3, extended, 5], s=["a", "b", "", "d", "e"])
    everything = np.ones(5, dtype=bool)
    assert drop_missing(data, everything, ["x"]).tolist() == [True, False, True, False, True]
    assert drop_missing(data, everything, ["x", "s", "x"]).tolist() == [
        True, False, False, False, True,
    ]  # fmt: skip
    assert everything.all()


def test_terms_drop_where_a_lag_is_missing() -> None:
    data = dataset(t=[1, 2, 3, 5], x=[1.0, 2, 3, 4], a=[1, MISSING, 2, 1])
    data.characteristics["_dta"] = {"_TStvar": "t"}
    terms = model_terms(parse_varlist("L.x"), data)
    sample = drop_missing_terms(data, np.ones(4, dtype=bool), terms)
    assert sample.tolist() == [False, True, True, False]
    terms = model_terms(parse_varlist("i.a#cL.x"), data)
    sample = drop_missing_terms(data, np.ones(4, dtype=bool), terms)
    assert sample.tolist() == [False, False, True, False]


def partition(codes: np.ndarray) -> list[list[int]]:
    return sorted(np.flatnonzero(codes == code).tolist() for code in np.unique(codes))


@pytest.mark.parametrize("storage", ["byte", "int", "long", "float", "double"])
@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_numeric_groups(storage: str, order: str) -> None:
    values = np.array([1.0, 1, 3, 3, 3, 7, 7, 100])
    if order == "shuffled":
        values = values[[5, 0, 2, 7, 1, 3, 6, 4]]
    data = dataset(x=np.zeros(8))
    data.add("g", values, storage_type(storage))
    codes = group_codes(data, "g", np.ones(8, dtype=bool))
    assert codes.dtype.kind == "i"
    assert partition(codes) == partition(values)
    assert np.array_equal(np.argsort(codes, kind="stable"), np.argsort(values, kind="stable"))


@pytest.mark.parametrize(
    "values",
    [[0.25, 0.5, 0.25, 1e300], [-5.0, 3.0, -5.0, 3.0], [1e15, 1.0, 1e15, 2.0]],
)
def test_groups_of_fractions_negative_and_distant_numbers(values: list[float]) -> None:
    data = dataset(g=values)
    codes = group_codes(data, "g", np.ones(4, dtype=bool))
    assert partition(codes) == partition(np.array(values))


@pytest.mark.parametrize("storage", ["str3", "strL"])
def test_groups_named_by_strings(storage: str) -> None:
    texts = ["b", "a", "b", "ccc", "a"]
    data = dataset(x=np.zeros(5))
    data.add("g", texts, storage_type(storage))
    codes = group_codes(data, "g", np.ones(5, dtype=bool))
    assert partition(codes) == [[0, 2], [1, 4], [3]]
    assert codes[1] < codes[0] < codes[3]


def test_only_the_chosen_rows() -> None:
    data = dataset(g=[9, 1, 1, 2])
    rows = np.array([False, True, True, True])
    assert group_codes(data, "g", rows).tolist() == [0, 0, 1]
    assert group_codes(data, "_all", rows).tolist() == [0, 0, 0]
