"""Columns of a design: names that read back, values, missing values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import MISSING
from statalike.design.columns import CONSTANT, Column, Continuous, FactorLevel, Part
from statalike.design.design import build_design, design_from_names
from statalike.design.terms import model_terms
from statalike.errors import StataError
from statalike.language.parser import parse_varlist
from tests.design.small_data import dataset, factorial


@pytest.mark.parametrize(
    "name",
    [
        "weight", "_cons", "2.month", "1b.group", "0bn.girl", "3o.group", "1b.a#2.b", "2o.a#1o.b",
        "0bn.girl#c.age", "0b.a#co.x", "c.age#c.age", "o.x", "L.gnp", "L2D.gnp", "cL.x#c.z",
        "1.a#2.b#c.x",
    ],
)  # fmt: skip
def test_names_read_back(name: str) -> None:
    assert Column.parse(name).name == name


_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(
        FactorLevel,
        st.sampled_from(["a", "b", "group"]),
        st.integers(0, 99),
        st.sampled_from(["", "b", "bn", "o"]),
    ),
    st.builds(
        Continuous, st.sampled_from(["x", "z"]), st.sampled_from(["", "L", "L2", "D", "FS12"]),
        st.booleans(),
    ),
)  # fmt: skip


@given(st.lists(_parts, min_size=1, max_size=4))
def test_any_product_reads_back(parts: list[Part]) -> None:
    column = Column(tuple(parts))
    assert Column.parse(column.name) == column


@pytest.mark.parametrize(
    ("name", "omitted"),
    [
        ("x", False), ("o.x", True), ("1b.a", True), ("2.a", False), ("0bn.a", False),
        ("1b.a#0b.b", True), ("1b.a#1o.b", True), ("1b.a#1.b", False), ("2.a#1.b", False),
        ("0b.a#co.x", True), ("0bn.a#c.x", False), ("_cons", False),
    ],
)  # fmt: skip
def test_omitted(name: str, omitted: bool) -> None:
    assert Column.parse(name).omitted is omitted


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("x", "o.x"), ("2.a", "2o.a"), ("1b.a#2.b", "1b.a#2o.b"), ("2.a#c.x", "2o.a#co.x")],
)
def test_left_out(name: str, left_out: str) -> None:
    column = Column.parse(name).left_out()
    assert column.name == left_out
    assert column.omitted


def test_bad_name() -> None:
    with pytest.raises(StataError) as caught:
        Column.parse("q7.x")
    assert caught.value.code == 198


def test_values() -> None:
    data = factorial()
    a, b, x = (data.variable(name).numbers() for name in ("a", "b", "x"))
    assert np.array_equal(Column.parse("x").evaluate(data), x)
    assert np.array_equal(Column.parse("2.a").evaluate(data), a == 2)
    assert np.array_equal(Column.parse("2.a#1.b#c.x").evaluate(data), (a == 2) * (b == 1) * x)
    assert np.array_equal(Column.parse("c.x#c.x").evaluate(data), x * x)
    assert np.array_equal(CONSTANT.evaluate(data), np.ones(12))
    rows = a > 1
    assert np.array_equal(Column.parse("2.a#c.x").evaluate(data, rows), ((a == 2) * x)[rows])
    assert CONSTANT.evaluate(data, rows).shape == (8,)
    assert CONSTANT.evaluate(data, slice(None)).shape == (12,)


def test_a_product_is_missing_where_a_part_is() -> None:
    data = dataset(a=[0, 1, MISSING, 0], x=[1, MISSING, 2, 3])
    values = Column.parse("1.a#c.x").evaluate(data)
    assert values.tolist() == [0, MISSING, MISSING, 0]


def test_string_variable() -> None:
    with pytest.raises(StataError) as caught:
        Column.parse("s").evaluate(dataset(s=["a", "b"]))
    assert caught.value.code == 109


def test_design_matrix_and_omission() -> None:
    data = factorial()
    rows = np.ones(12, dtype=bool)
    design = build_design(model_terms(parse_varlist("i.a x"), data), data, rows, constant=True)
    assert design.names == ("1b.a", "2.a", "3.a", "x", "_cons")
    assert design.estimated.tolist() == [False, True, True, True, True]
    assert design.variables == ("a", "x")
    matrix = design.matrix(data)
    assert matrix.shape == (12, 4)
    assert matrix.flags.f_contiguous
    less = design.without(np.array([False, True, False, False]))
    assert less.names == ("1b.a", "2.a", "3o.a", "x", "_cons")
    assert np.array_equal(less.matrix(data), matrix[:, [0, 2, 3]])


def test_design_from_names_gives_the_same_matrix() -> None:
    data = factorial()
    rows = np.ones(12, dtype=bool)
    terms = model_terms(parse_varlist("a##b a#c.x c.x##c.z"), data)
    design = build_design(terms, data, rows, constant=True)
    again = design_from_names(design.names)
    assert again == design
    assert np.array_equal(again.matrix(data), design.matrix(data))


def test_lags_within_panels_whatever_the_order() -> None:
    data = dataset(
        id=[2, 1, 1, 2, 1, 2],
        year=[2001, 2000, 2001, 2000, 2003, 2002],
        x=[21.0, 10.0, 11.0, 20.0, 13.0, 22.0],
    )
    data.characteristics["_dta"] = {
        "_TSpanel": "id",
        "_TStvar": "year",
        "_TSdelta": "+1.0000000000000X+000",
    }

    def shown(name: str) -> list[float]:
        return Column.parse(name).evaluate(data).tolist()

    m = MISSING
    assert shown("L.x") == [20, m, 10, m, m, 21]
    assert shown("F.x") == [22, 11, m, 21, m, m]
    assert shown("D.x") == [1, m, 1, m, m, 1]
    assert shown("L2.x") == [m, m, m, m, 11, 20]
    assert shown("S2.x") == [m, m, m, m, 2, 2]
    assert shown("LD.x") == [m, m, m, m, m, 1]
    assert shown("D2.x") == [m, m, m, m, m, 0]
    assert shown("cL.x#c.x") == [420, m, 110, m, m, 462]


def test_a_step_of_two_years() -> None:
    data = dataset(year=[2000, 2002, 2004], x=[1.0, 4.0, 9.0])
    data.characteristics["_dta"] = {"_TStvar": "year", "_TSdelta": "+1.0000000000000X+001"}
    assert Column.parse("L.x").evaluate(data).tolist() == [MISSING, 1, 4]
    data.characteristics["_dta"]["_TSdelta"] = "2"
    assert Column.parse("L.x").evaluate(data).tolist() == [MISSING, 1, 4]


def test_lag_without_time() -> None:
    with pytest.raises(StataError) as caught:
        Column.parse("L.x").evaluate(factorial())
    assert caught.value.code == 111
