"""``collapse`` and ``tabstat`` against ``summarize`` and their printed layout."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.commands.data.grouped_statistics import GroupedValues
from statalike.commands.data.summary_statistics import percentiles
from statalike.errors import StataError
from statalike.output.statistics_table import (
    StatisticsGroup,
    StatisticsTable,
    statistics_heading,
    statistics_table,
)
from statalike.output.styled import plain_text
from statalike.session import Session
from tests.commands.typed import small
from tests.shared import needs_shared, shared_path

STATISTICS = ("mean", "sd", "variance", "min", "max", "skewness", "kurtosis", "p25", "median")


def test_statistics_of_groups_are_those_of_summarize() -> None:
    made = small()
    made.run("generate w = 1 + mod(id, 3)", quietly=True)
    made.run("expand 5\nreplace x = x + _n", quietly=True)
    for weight in ("", "[fweight=w]"):
        copy = made.state.data.copy()
        targets = " ".join(f"({name}) {name}=x" for name in STATISTICS)
        made.run(f"collapse {targets} (count) n=x (sum) sum=x {weight}, by(group)", quietly=True)
        collapsed = made.data.copy()
        made.state.data = copy
        for row, group in enumerate((1, 2)):
            made.run(f"summarize x {weight} if group == {group}, detail", quietly=True)
            names = {"variance": "Var", "median": "p50", "n": "N"}
            for name in (*STATISTICS, "n", "sum"):
                expected = made.r[names.get(name, name)]
                assert collapsed[name][row] == pytest.approx(expected), name


def test_weighted_percentiles_are_those_of_one_group() -> None:
    random = np.random.default_rng(1)
    values = random.integers(0, 9, 60).astype(float)
    codes, weights = random.integers(0, 4, 60), random.integers(1, 5, 60).astype(float)
    found = GroupedValues(values, codes, 4, weights, "fweight")
    for percent in (5, 25, 50, 75, 95):
        for group in range(4):
            own = codes == group
            order = np.argsort(values[own], kind="stable")
            expected = percentiles(values[own][order], weights[own][order], (percent,))[0]
            assert found.percentile(percent)[group] == expected


def test_labels_types_and_order() -> None:
    made = small()
    made.run('label variable x "Distance"\n', quietly=True)
    made.run("collapse x (first) name (max) id (p10) p=x (count) n=name, by(group)", quietly=True)
    data = made.state.data
    assert data.names == ["group", "x", "name", "id", "p", "n"]
    kinds = [str(data.variable(name).storage) for name in data.names]
    assert kinds == ["byte", "double", "str5", "byte", "double", "long"]
    assert data.variable("x").label == "(mean) Distance"
    assert data.variable("p").label == "(p 10) Distance"
    assert data.variable("group").value_label == "sides"
    assert data.sorted_by == ("group",)


def test_groups_without_values_and_casewise() -> None:
    made = small()
    made.run("collapse (sd) x (count) n=x if id > 6", quietly=True)
    assert made.data["n"].tolist() == [1]
    assert made.data["x"].isna().all()
    made = small()
    made.run("collapse (max) id x, cw", quietly=True)
    assert made.data["id"].tolist() == [7]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("collapse (foo) x", 198),
        ("collapse (mean) name", 109),
        ("collapse x x", 110),
        ("collapse x, by(x)", 198),
        ("collapse x if id > 99", 2000),
        ("collapse (sd) x [pweight=id]", 135),
        ("collapse (mean", 132),
        ("collapse", 100),
        ("tabstat x, statistics(foo)", 198),
        ("tabstat name", 109),
        ("tabstat x, columns(foo)", 198),
        ("tabstat x if id > 99", 2000),
        ("tabstat x, longstub", 198),
    ],
)
def test_mistakes(command: str, code: int) -> None:
    made = small()
    before = made.state.data.copy()
    with pytest.raises(StataError) as caught:
        made.run(command, quietly=True)
    assert caught.value.code == code
    assert made.state.data == before


@needs_shared
def test_tabstat_layout() -> None:
    text = shared_path("conformance", "layout", "tabstat-1.txt").read_text("utf-8")
    expected = text.split("\n", 2)[2].strip("\n")
    rows: list[list[float]] = []
    names: list[str] = []
    for row in expected.split("\n")[5:]:
        if "|" in row:
            names.append(row.split("|")[0].strip())
            rows.append([float(word) for word in row.split("|")[1].split()])
    blocks = [tuple(tuple(row) for row in rows[i : i + 5]) for i in range(0, 20, 5)]
    table = StatisticsTable(
        ("TrialTime", "TA_Travel", "Congruence", "Human_Player_Travel"),
        tuple(StatisticsGroup(names[5 * i], block) for i, block in enumerate(blocks)),
        (("%9.0g",) * 4,) * 5,
        stub_title="AgentType",
        total=True,
    )
    heading = statistics_heading(
        ("Mean", "SD", "Min", "Max", "N"), False, "AgentType", "PlayerType"
    )
    assert plain_text([*heading, (), *statistics_table(table)]) == expected


TABLE = """
   Stats |        id         x
---------+--------------------
       N |         8         7
    Mean |       4.5        20
------------------------------
"""


def test_tabstat_without_groups() -> None:
    assert small().output("tabstat id x, statistics(n mean)") == TABLE


ONE_VARIABLE = """
Summary for variables: x
Group variable: group (Side of the road)

   group |         N      Mean
---------+--------------------
    left |         4       7.5
   right |         3  36.66667
---------+--------------------
   Total |         7        20
------------------------------
"""


def returned(made: Session) -> list[str]:
    return list(made.state.r.matrices)


def test_tabstat_of_one_variable_by_groups() -> None:
    made = small()
    assert made.output("tabstat x, by(group) statistics(n mean) save") == ONE_VARIABLE
    assert returned(made) == ["Stat1", "Stat2", "StatTotal"]
    assert made.r["name1"] == "left"
