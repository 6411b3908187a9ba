"""Values recoded and converted, observations combined, repeated, drawn and identified."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.commands.data.egen_functions import cut_groups, modes, repeating
from statalike.commands.data.recode import read_rules, recoded
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session, small


def values(made: Session, name: str) -> list[object]:
    return [None if x != x else x for x in made.data[name].tolist()]


# --- recode, destring ----------------------------------------------------------------------------


def test_rules_are_taken_in_turn() -> None:
    rules = read_rules('(1 2 = 10 "few") (2/4 = 20) (missing = 99) (else = copy)')
    given = np.array([1.0, 2, 3, 4.5, MISSING])
    assert recoded(given, rules).tolist() == [10, 10, 20, 4.5, 99]
    assert [rule.label for rule in rules] == ["few", "", "", ""]


def test_recode_into_a_labelled_variable() -> None:
    made = small()
    assert made.output('recode id (min/3 = 1 "low") (4/max = 2 "high"), generate(size)') == (
        "(7 differences between id and size)\n"
    )
    assert values(made, "size") == [1, 1, 1, 2, 2, 2, 2, 2]
    assert made.output('display "`: label (size) 2\'"') == "high\n"
    assert made.output("recode id 8 = . 7 = 70") == "(2 changes made to id)\n"
    assert values(made, "id")[6:] == [70, None]


def test_missing_values_to_numbers_and_back() -> None:
    made = small()
    made.run("mvencode x, mv(99)", quietly=True)
    assert values(made, "x")[7] == 99
    assert made.output("mvdecode x, mv(99)") == "           x: 1 missing value generated\n"
    with pytest.raises(StataError) as caught:
        made.run("mvencode x, mv(1)")
    assert caught.value.code == 9


def test_texts_to_numbers() -> None:
    made = session('clear\nset obs 3\ngenerate s = "1" + cond(_n == 2, ",5", "")')
    assert made.output("destring s, replace") == "s: contains nonnumeric characters; no replace\n"
    assert made.output('destring s, generate(n) ignore(",")') == (
        "s: character , removed; n generated as byte\n"
    )
    assert values(made, "n") == [1, 15, 1]
    assert made.output("destring s, generate(f) force").startswith(
        "s: contains nonnumeric characters; f generated as byte\n(1 missing value generated)"
    )
    assert made.output("destring n, replace") == "n already numeric; no replace\n"


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8))
def test_numbers_to_texts_and_back(numbers: list[int]) -> None:
    made = session()
    made.state.data.add("x", np.array(numbers, dtype=float))
    made.run("tostring x, generate(s)\ndestring s, generate(y)", quietly=True)
    assert values(made, "y") == numbers


# --- combinations ---------------------------------------------------------------------------------


def test_frequencies_as_data() -> None:
    made = session("clear\nset obs 6\ngenerate a = mod(_n, 2)\ngenerate b = mod(_n, 3)")
    made.run("contract a b, freq(n) percent(p)", quietly=True)
    assert made.data["n"].tolist() == [1] * 6
    assert made.data["p"].sum() == pytest.approx(100)


def test_combinations_without_observations_are_filled_in() -> None:
    made = session("clear\nset obs 3\ngenerate a = 1 + (_n > 1)\ngenerate b = _n\nfillin a b")
    assert len(made.data) == 6
    assert made.data["_fillin"].sum() == 3


def test_pairs_within_groups(tmp_path: Path) -> None:
    made = small()
    made.run(
        f"save {tmp_path}/all\nkeep in 1/5\nkeep group id\nrename id other\n"
        f"joinby group using {tmp_path}/all",
        quietly=True,
    )
    assert len(made.data) == 4 * 4 + 1 * 4
    made.run(f"clear\nset obs 2\ngenerate k = _n\ncross using {tmp_path}/all", quietly=True)
    assert len(made.data) == 16


def test_duplicates() -> None:
    made = session("clear\nset obs 4\ngenerate x = cond(_n == 4, 2, 1)")
    made.run("duplicates tag x, generate(others)", quietly=True)
    assert values(made, "others") == [2, 2, 2, 0]
    made.run("duplicates drop x, force", quietly=True)
    assert values(made, "x") == [1, 2]
    assert made.output("isid x") == ""


def test_levels() -> None:
    made = small()
    assert made.output("levelsof id if id < 4, local(ids)") == "1 2 3\n"
    assert made.output('display "`ids\'" r(r)') == "1 2 33\n"
    assert made.output("levelsof name in 1/2, clean") == "a1 a2\n"
    assert made.output("levelsof name in 1/2").startswith('`"a1"\' `"a2"\'')


@given(st.integers(0, 8))
def test_samples_have_the_size_asked_for(count: int) -> None:
    made = small()
    made.run(f"sample {count}, count", quietly=True)
    assert len(made.data) == count
    assert made.data["id"].is_unique


def test_clusters_are_drawn_whole() -> None:
    made = small()
    made.run("set seed 3\nbsample, cluster(group) idcluster(k)", quietly=True)
    assert len(made.data) == 8
    assert set(made.data.groupby("k").size()) == {4}


def test_parts_of_texts_and_variables_of_groups() -> None:
    made = session('clear\nset obs 2\ngenerate s = "a b" + string(_n)')
    assert made.output("split s") == "variables created as string: \ns1  s2\n"
    assert values(made, "s2") == ["b1", "b2"]
    made = small()
    made.run("separate x, by(group)", quietly=True)
    assert values(made, "x1") == [1, 4, 9, 16, None, None, None, None]


def test_rows_and_columns_exchanged_twice() -> None:
    made = small()
    made.run("keep id group x", quietly=True)
    before = made.data
    made.run("xpose, clear\nxpose, clear", quietly=True)
    assert np.array_equal(made.data.to_numpy(), before.to_numpy(), equal_nan=True)


# --- egen ------------------------------------------------------------


def test_functions_of_egen() -> None:
    made = session("clear\nset obs 6\ngenerate x = _n\ngenerate y = mod(_n, 2)")
    made.run(
        "egen a = seq(), from(1) to(3)\negen b = cut(x), at(0, 2, 4, 10)\n"
        'egen c = anycount(x y), values(1 2)\negen d = concat(x y), punct("-")\n'
        "egen e = mode(y), minmode\negen f = fill(1 3)\negen g = pc(x), prop\n"
        "egen h = mad(x), by(y)\negen i = cut(x), group(3)\negen k = diff(x y)",
        quietly=True,
    )
    assert values(made, "a") == [1, 2, 3, 1, 2, 3]
    assert values(made, "b") == [0, 2, 2, 4, 4, 4]
    assert values(made, "c") == [2, 1, 1, 0, 1, 0]
    assert values(made, "d")[:2] == ["1-1", "2-0"]
    assert values(made, "e") == [0] * 6
    assert values(made, "f") == [1, 3, 5, 7, 9, 11]
    assert made.data["g"].sum() == pytest.approx(1)
    assert values(made, "h") == [2] * 6
    assert values(made, "i") == [0, 0, 1, 1, 2, 2]
    assert values(made, "k") == [0, 1, 1, 1, 1, 1]


def test_arrays_of_egen_functions() -> None:
    assert modes(np.array([1.0, 1, 2, 2]), np.zeros(4, int), 1, "max").tolist() == [2]
    assert modes(np.array([1.0, 1, 2, 2]), np.zeros(4, int), 1, "").tolist() == [MISSING]
    assert repeating((1.0, 2.0, 1.0, 2.0), 5).tolist() == [1, 2, 1, 2, 1]
    assert cut_groups(np.array([5.0, 1, MISSING]), 2).tolist() == [1, 0, MISSING]


# --- typed in ------------------------------------------------------------


def test_observations_are_typed_in() -> None:
    made = session('input id str5 name x\n1 anna 2.5\n2 "b c" .\n3\nend')
    assert values(made, "name") == ["anna", "b c", ""]
    assert values(made, "x") == [2.5, None, None]
    made.run("input byte z\n9\nend\ninput\n4 e 5 7\nend", quietly=True)
    assert values(made, "z") == [9, None, None, 7]


ERRORS = [
    ("recode", "something required", 100),
    ("recode x", "no rules specified", 198),
    ("recode x (1 = a)", "unknown el a in rule", 198),
    ("recode nosuch (1 = 2)", "variable nosuch not found", 111),
    ("recode name (1 = 2)", "type mismatch", 109),
    ("recode x (1 = 2), generate(id)", "variable id already defined", 110),
    ('recode x (1 = 2 "two")',
     "value labels of rules require option generate() or prefix()", 198),
    ("destring name", "must specify either generate or replace option", 198),
    ("destring name, generate(id)", "variable id already defined", 110),
    ("tostring x, generate(a b)",
     "number of variables in varlist must equal those in generate(newvarlist)", 198),
    ("isid group", "variable group does not uniquely identify the observations", 459),
    ("isid x", "variable x should never be missing", 459),
    ("duplicates drop x",
     "option force is required when a varlist is given: observations may differ", 198),
    ("duplicates tag x, generate(id)", "variable id already defined", 110),
    ("contract nosuch", "variable nosuch not found", 111),
    ("contract id, freq(id)", "variable id already defined", 110),
    ("contract id if id > 100", "no observations", 2000),
    ("fillin id", "too few variables specified", 102),
    ("joinby id", "using required", 100),
    ("sample 101", "percentage must be between 0 and 100", 198),
    ("sample a", "invalid syntax", 198),
    ("bsample 100", "resample size must not be greater than the number of units", 498),
    ("split x", "numeric variables not allowed in varlist;\nx is a numeric variable", 109),
    ("separate x", "option by() required", 198),
    ("range id 1 2", "variable id already defined", 110),
    ("insobs 0", "invalid syntax", 198),
    ("xpose", "option clear() required", 198),
    ("egen y = mode(name)", "type mismatch", 109),
    ("egen y = cut(x)", "one of at() and group() is required", 198),
    ("egen y = cut(x), at(2 1)", "at() must be in ascending order", 124),
    ("clear\ninput\n1\nend", "nothing to input", 104),
    ("input id\n1\nend", "variable id already defined", 110),
    ("xtile id = x", "variable id already defined", 110),
    ("ci x", "x invalid subcommand; type ci means or ci proportions", 198),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)
