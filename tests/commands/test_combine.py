"""``append``, ``merge`` and ``reshape``: layouts, round trips, and mistakes that change nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statalike.errors import StataError
from statalike.output.combining_report import merge_report
from statalike.output.styled import plain_text
from statalike.session import Session
from tests.commands.typed import session
from tests.shared import needs_shared, shared_path

WIDE = """
clear
set obs 17
generate id = _n
generate wp1 = 10 * _n
generate wp2 = 11 * _n
generate wm1 = _n
generate wm2 = _n + 1
generate a = 2
"""


def layout(name: str) -> str:
    text = shared_path("conformance", "layout", f"{name}.txt").read_text("utf-8")
    lines = text.split("\n")
    last = max(i for i, line in enumerate(lines) if line.startswith(". "))
    return "\n".join(lines[last + 1 :]).strip("\n")


def wide() -> Session:
    return session(WIDE)


@needs_shared
def test_reshape_layout() -> None:
    assert wide().output("reshape long wp wm, i(id) j(occasion)").strip("\n") == layout("reshape-1")


@needs_shared
def test_merge_layout() -> None:
    lines = merge_report({1: 2, 3: 4057}, "_merge")
    assert plain_text(lines) == layout("merge-1")


def test_long_and_wide_again() -> None:
    made = wide()
    before = made.data.copy()
    made.run("reshape long wp wm, i(id) j(occasion)", quietly=True)
    assert made.state.data.names == ["id", "occasion", "wp", "wm", "a"]
    assert made.data["wp"][:4].tolist() == [10, 11, 20, 22]
    assert made.state.data.sorted_by == ("id", "occasion")
    long = made.data.copy()
    made.run("gsort -wp\nreshape wide", quietly=True)
    assert made.state.data.names == ["id", "wp1", "wm1", "wp2", "wm2", "a"]
    assert made.data[before.columns.tolist()].equals(before)
    made.run("reshape long", quietly=True)
    assert made.data.equals(long)


def test_reshape_as_pandas_does() -> None:
    made = wide()
    made.run("drop wm*", quietly=True)
    before = made.data.copy()
    made.run("reshape long wp, i(id) j(t)", quietly=True)
    expected = pd.wide_to_long(before, "wp", i="id", j="t").reset_index()
    expected = expected.sort_values(["id", "t"]).reset_index(drop=True)
    assert np.array_equal(made.data[["id", "t", "wp", "a"]], expected[["id", "t", "wp", "a"]])


def test_names_with_values_inside_and_string_values() -> None:
    made = session(
        "clear\nset obs 2\ngenerate id = _n\ngenerate inc_m_k = _n\ngenerate inc_f_k = 10 * _n"
    )
    made.run("reshape long inc_@_k, i(id) j(sex) string", quietly=True)
    assert made.state.data.names == ["id", "sex", "inc__k"]
    assert made.data["sex"].tolist() == ["f", "m", "f", "m"]
    made.run("reshape wide", quietly=True)
    assert sorted(made.state.data.names) == ["id", "inc_f_k", "inc_m_k"]


def test_absent_combinations_are_missing() -> None:
    made = wide()
    made.run("drop wm2\nreshape long wp wm, i(id) j(t)", quietly=True)
    assert made.data["wm"].isna().sum() == 17
    made.run("drop if t == 2 & id == 3\nreshape wide", quietly=True)
    assert np.flatnonzero(made.data["wp2"].isna()).tolist() == [2]


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("reshape long wp wm, i(a) j(t)", 9, "variable a does not uniquely identify"),
        ("reshape long wp, i(id) j(a)", 110, "variable a already defined"),
        ("reshape long foo, i(id) j(t)", 111, "no xij variables found"),
        ("reshape long wp, j(t)", 198, "option i() required"),
        ("reshape wide", 111, "data have not been reshaped yet"),
        ("reshape wide wp1, i(a) j(id)", 9, "variable wp2 not constant within a"),
        ("reshape wide wp1, i(id) j(nothing)", 111, "variable nothing not found"),
        ("reshape sideways wp", 198, "reshape sideways not yet supported"),
        ("merge 2:1 id using x", 198, "2:1 is no kind of match"),
        ("merge m:m id using x", 198, "merge m:m not yet supported"),
        ("merge 1:1 id using nothing_there", 601, "not found"),
        ("append using nothing_there", 601, "not found"),
    ],
)
def test_mistakes(command: str, code: int, message: str) -> None:
    made = wide()
    before = made.state.data.copy()
    with pytest.raises(StataError) as caught:
        made.run(command, quietly=True)
    assert (caught.value.code, message in caught.value.message) == (code, True)
    assert made.state.data == before


# --- merge and append --------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Four observations with ids 16 to 19, a text and a value of ``a`` that is mostly missing."""
    path = tmp_path / "other.dta"
    session(
        f"""
        clear
        set obs 4
        generate int id = _n + 15
        generate str3 s = "x" + string(id)
        generate byte a = .
        replace a = 7 in 1
        save "{path}"
        """
    )
    return path


def test_merge_one_to_one(other: Path) -> None:
    made = wide()
    made.run(f'merge 1:1 id using "{other}"', quietly=True)
    data = made.data
    assert len(data) == 19
    assert made.state.data.numbers("_merge").tolist() == [1.0] * 15 + [3.0] * 2 + [2.0] * 2
    assert data["s"].tolist() == [""] * 15 + ["x16", "x17", "x18", "x19"]
    assert data["a"][:17].tolist() == [2.0] * 17
    assert made.state.data.value_label_of("_merge") is not None


def test_merge_as_pandas_does(other: Path) -> None:
    made = wide()
    made.run("reshape long wp wm, i(id) j(t)\ngsort -id t", quietly=True)
    left = made.data.copy()
    made.run(f'merge m:1 id using "{other}", keepusing(s)', quietly=True)
    right = session(f'use "{other}"').data[["id", "s"]]
    expected = left.merge(right, on="id", how="outer").sort_values(["id", "t"])
    mine = made.data.sort_values(["id", "t"])
    assert mine["s"].replace("", np.nan).fillna("").tolist() == expected["s"].fillna("").tolist()
    assert np.array_equal(mine["wp"].to_numpy(), expected["wp"].to_numpy(), equal_nan=True)
    made = session(f'use "{other}"')
    (other.parent / "long.dta").unlink(missing_ok=True)
    made_long = session(WIDE + "reshape long wp wm, i(id) j(t)\n")
    made_long.run(f'save "{other.parent / "long.dta"}"', quietly=True)
    made.run(f'merge 1:m id using "{other.parent / "long.dta"}"', quietly=True)
    counts = made.data["_merge"].value_counts()
    assert sorted(counts.tolist()) == [2, 4, 30]


def test_updating_missing_values(other: Path) -> None:
    made = wide()
    made.run("replace a = . if id == 16", quietly=True)
    made.run(f'merge 1:1 id using "{other}", update', quietly=True)
    values = made.state.data.numbers("_merge").tolist()
    assert values[15:17] == [4.0, 3.0]
    assert made.state.data.numbers("a")[15] == 7
    made = wide()
    made.run(f'merge 1:1 id using "{other}", update', quietly=True)
    assert made.state.data.numbers("_merge")[15] == 5
    assert made.state.data.numbers("a")[15] == 2
    made = wide()
    made.run(f'merge 1:1 id using "{other}", update replace', quietly=True)
    assert made.state.data.numbers("a")[15] == 7


def test_what_is_kept_and_asserted(other: Path) -> None:
    made = wide()
    made.run(f'merge 1:1 id using "{other}", keep(match using) nogenerate', quietly=True)
    assert made.data["id"].tolist() == [16, 17, 18, 19]
    assert "_merge" not in made.state.data
    made = wide()
    with pytest.raises(StataError) as caught:
        made.run(f'merge 1:1 id using "{other}", assert(match)', quietly=True)
    assert caught.value.code == 9
    assert len(made.data) == 17


def test_keys_that_do_not_identify_or_do_not_fit(other: Path) -> None:
    made = wide()
    made.run("replace id = 1 in 2", quietly=True)
    with pytest.raises(StataError) as caught:
        made.run(f'merge 1:1 id using "{other}"', quietly=True)
    assert caught.value.code == 459
    made.run("drop id\ngenerate str2 id = string(_n)", quietly=True)
    with pytest.raises(StataError) as caught:
        made.run(f'merge 1:1 id using "{other}"', quietly=True)
    assert caught.value.code == 106


def test_append(other: Path) -> None:
    made = wide()
    made.run(f'append using "{other}" "{other}", generate(source) keep(id s)', quietly=True)
    assert len(made.data) == 25
    assert made.data["source"].tolist() == [0] * 17 + [1] * 4 + [2] * 4
    assert made.data["a"].isna().sum() == 8
    with pytest.raises(StataError) as caught:
        made.run(f'append using "{other}", generate(source)', quietly=True)
    assert caught.value.code == 110
