"""Variable lists → terms → names of columns, as Stata names them in e(b)."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.design.factor_columns import factor_levels
from statalike.design.terms import Factor, Measure, model_terms
from statalike.errors import StataError
from statalike.language.parser import parse_varlist
from tests.design.small_data import columns, dataset, factorial, names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x z", "x z"),
        ("x x c.x", "x"),
        ("i.a", "1b.a 2.a 3.a"),
        ("ib2.a", "1.a 2b.a 3.a"),
        ("b3.a", "1.a 2.a 3b.a"),
        ("ib(last).a", "1.a 2.a 3b.a"),
        ("ib(first).a", "1b.a 2.a 3.a"),
        ("ibn.a", "1bn.a 2.a 3.a"),
        ("bn.a", "1bn.a 2.a 3.a"),
        ("2.a", "2.a"),
        ("i2.a", "2.a"),
        ("i(2 3).a", "2.a 3.a"),
        ("i(1/2).a", "1.a 2.a"),
        ("i.(a b)", "1b.a 2.a 3.a 0b.b 1.b"),
        ("a#b", "1b.a#0b.b 1b.a#1.b 2.a#0b.b 2.a#1.b 3.a#0b.b 3.a#1.b"),
        (
            "a##b",
            "1b.a 2.a 3.a 0b.b 1.b "
            "1b.a#0b.b 1b.a#1o.b 2o.a#0b.b 2.a#1.b 3o.a#0b.b 3.a#1.b",
        ),
        ("i.b i.b#c.x", "0b.b 1.b 0bn.b#c.x 1.b#c.x"),
        ("i.b##c.x", "0b.b 1.b x 0b.b#co.x 1.b#c.x"),
        ("i.b#c.x c.x", "0b.b#co.x 1.b#c.x x"),
        ("ibn.b#c.x", "0bn.b#c.x 1.b#c.x"),
        ("c.x##c.x", "x c.x#c.x"),
        ("c.x#c.x#c.x", "c.x#c.x#c.x"),
        ("c.x##c.x##c.z", "x c.x#c.x z c.x#c.z c.x#c.x#c.z"),
        (
            "i.b##(c.x c.z)",
            "0b.b 1.b x z 0b.b#co.x 1.b#c.x 0b.b#co.z 1.b#c.z",
        ),
        ("c.x#i.b", "0bn.b#c.x 1.b#c.x"),
        ("2.a#1.b", "2.a#1.b"),
        ("o.x", "o.x"),
    ],
)  # fmt: skip
def test_names(text: str, expected: str) -> None:
    assert names(text, factorial()) == expected


def test_three_way_interaction_has_all_lower_terms_in_order() -> None:
    data = dataset(a=[0, 1] * 4, b=[0, 0, 1, 1] * 2, c=[0] * 4 + [1] * 4)
    made = columns("a##b##c", data)
    kept = [column.name for column in made if not column.omitted]
    assert kept == ["1.a", "1.b", "1.a#1.b", "1.c", "1.a#1.c", "1.b#1.c", "1.a#1.b#1.c"]
    assert len(made) == 2 + 2 + 4 + 2 + 4 + 4 + 8


@pytest.mark.parametrize(
    ("text", "rank"),
    [("a##b", 6), ("a#b", 6), ("i.a i.a#i.b", 6), ("i.b a#b", 6), ("i.a i.b", 4), ("i.a##c.x", 6),
     ("i.a#c.x", 4), ("i.a a#c.x c.x", 6), ("a##b##c.x", 12)],
)  # fmt: skip
def test_marginality_rule_keeps_as_many_columns_as_the_model_has_parameters(
    text: str, rank: int
) -> None:
    data = factorial()
    kept = [column.evaluate(data) for column in columns(text, data) if not column.omitted]
    matrix = np.column_stack([np.ones(data.n), *kept])
    assert matrix.shape[1] == rank
    assert np.linalg.matrix_rank(matrix) == rank


def test_most_frequent_base() -> None:
    data = dataset(a=[3, 3, 3, 1, 2, 2])
    assert names("ib(freq).a", data) == "1.a 2.a 3b.a"


def test_levels_are_those_of_the_sample() -> None:
    data = factorial()
    rows = data.variable("a").numbers() > 1
    assert names("i.a", data, rows) == "2b.a 3.a"


def test_missing_values_are_no_level() -> None:
    data = dataset(a=[1, 2, MISSING, 2])
    assert names("i.a", data) == "1b.a 2.a"
    levels = factor_levels(data, "a", np.ones(4, dtype=bool))
    assert levels.levels == (1, 2)
    assert levels.counts.tolist() == [1, 2]
    assert levels.codes.tolist() == [0, 1, -1, 1]


def test_levels_far_apart() -> None:
    data = dataset(a=[0, 5_000_000, 5_000_000, 70_000])
    assert names("i.a", data) == "0b.a 70000.a 5000000.a"


def test_empty_cells_are_marked() -> None:
    data = factorial()
    rows = ~((data.variable("a").numbers() == 2) & (data.variable("b").numbers() == 1))
    made = {column.name: column for column in columns("a##b a#b#c.x", data, rows)}
    assert made["2o.a#1o.b"].empty
    assert made["2o.a#1o.b#co.x"].empty
    assert [name for name, column in made.items() if column.empty] == [
        "2o.a#1o.b",
        "2o.a#1o.b#co.x",
    ]
    assert made["2o.a#1o.b"].label == "2.a#1.b"


def test_empty_cell_beside_the_base() -> None:
    data = factorial()
    rows = ~((data.variable("a").numbers() == 1) & (data.variable("b").numbers() == 1))
    (empty,) = (column for column in columns("a##b", data, rows) if column.empty)
    assert empty.name == "1b.a#1o.b"
    assert empty.label == "1b.a#1.b"
    (alone,) = (column for column in columns("a#b", data, rows) if column.empty)
    assert alone.omitted


def test_named_level_without_observations_is_empty() -> None:
    (column,) = columns("7.a", factorial())
    assert column.empty
    assert column.omitted


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ([0.5, 1, 2], 452, "a:  factor variables may not contain noninteger values"),
        ([-1, 1, 2], 452, "a:  factor variables may not contain negative values"),
    ],
)
def test_values_that_are_no_levels(values: list[float], code: int, message: str) -> None:
    with pytest.raises(StataError) as caught:
        columns("i.a", dataset(a=values))
    assert (caught.value.code, caught.value.message) == (code, message)


def test_values_outside_the_sample_do_not_matter() -> None:
    data = dataset(a=[0.5, 1, 2])
    assert names("i.a", data, np.array([False, True, True])) == "1b.a 2.a"


def test_string_factor() -> None:
    with pytest.raises(StataError) as caught:
        columns("i.a", dataset(a=["x", "y"]))
    assert caught.value.code == 109


def test_time_series_operators_become_measures() -> None:
    terms = model_terms(parse_varlist("L.x l2.x D.x L(0/2).x F.x S12.x ld.x"), factorial())
    elements = [term.elements[0] for term in terms]
    assert elements == [
        Measure("x", operators) for operators in ("L", "L2", "D", "", "F", "S12", "LD")
    ]


def test_terms_without_repetition() -> None:
    terms = model_terms(parse_varlist("i.a a##c.x c.x i.a"), factorial())
    assert [term.elements for term in terms] == [
        (Factor("a"),),
        (Measure("x"),),
        (Factor("a"), Measure("x")),
    ]


def test_nine_variables_in_one_interaction() -> None:
    with pytest.raises(StataError) as caught:
        model_terms(parse_varlist("#".join(["c.x"] * 9)), factorial())
    assert caught.value.code == 198


def test_unknown_operator() -> None:
    with pytest.raises(StataError) as caught:
        columns("q.x", factorial())
    assert caught.value.code == 198
