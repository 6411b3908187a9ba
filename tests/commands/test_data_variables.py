"""``generate``, ``replace``, ``egen`` and the commands that rearrange variables and rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.commands.data import group_statistics as statistics
from statalike.data.missing import MISSING, missing_code
from statalike.session import Session
from tests.commands.typed import session, small


def column(made: Session, name: str) -> list[float | str | None]:
    """The values of a variable, None for ``.``."""
    variable = made.state.data.variable(name)
    if variable.is_string:
        return list(variable.strings())
    return [None if x == MISSING else float(x) for x in variable.numbers()]


def storage(made: Session, name: str) -> str:
    return str(made.state.data.variable(name).storage)


# --- generate ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said", "kind"),
    [
        ("generate y = 2*x", "(1 missing value generated)", "float"),
        ("generate y = 1 if id < 3", "(6 missing values generated)", "float"),
        ("generate double y = id/3", "", "double"),
        ("generate byte y = 100*id", "(7 missing values generated)", "byte"),
        ("generate y = name", "", "str2"),
        ("generate y = name if id == 1", "(7 missing values generated)", "str2"),
        ('generate str10 y = "long text that is cut"', "", "str10"),
        ('generate str y = "abcdef"', "", "str6"),
        ("generate long y = id", "", "long"),
        ("g y = _n", "", "float"),
    ],
)
def test_generate(line: str, said: str, kind: str) -> None:
    made = small()
    assert made.output(line).strip() == said
    assert storage(made, "y") == kind


def test_generate_honours_set_type() -> None:
    made = small()
    made.run("set type double\ngenerate y = id/3")
    assert storage(made, "y") == "double"
    assert column(made, "y")[0] == 1 / 3


def test_generate_labels_and_places() -> None:
    made = small()
    made.run("generate byte side:sides = group, before(group)\ngenerate last = 1, after(group)")
    assert made.state.data.names == ["id", "side", "group", "last", "x", "name"]
    assert made.state.data.label_of("side", 1) == "left"


def test_generate_within_groups() -> None:
    made = small()
    made.run("by group: generate first = x[1]\nby group: generate running = sum(id)")
    assert column(made, "first") == [1] * 4 + [25] * 4
    assert column(made, "running") == [1, 3, 6, 10, 5, 11, 18, 26]


def test_missing_code_survives() -> None:
    made = small()
    made.run("generate byte y = .b in 1")
    assert made.state.data.numbers("y")[0] == missing_code("b")


# --- replace -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("replace x = 0 in 1/2", "(2 real changes made)"),
        ("replace x = 0 in 1", "(1 real change made)"),
        ("replace x = x", "(0 real changes made)"),
        ("replace x = . in 1/2", "(2 real changes made, 2 to missing)"),
        ("replace id = . in 1", "(1 real change made, 1 to missing)"),
        ("replace id = 1000 in 1", "variable id was byte now int\n(1 real change made)"),
        ("replace id = 1.5 in 1", "variable id was byte now float\n(1 real change made)"),
        ("replace id = 1e6 in 1", "variable id was byte now long\n(1 real change made)"),
        (
            'replace name = "abcdefgh" in 2',
            "variable name was str5 now str8\n(1 real change made)",
        ),
        ('replace name = "" in 2', "(1 real change made, 1 to missing)"),
        ("replace id = 1000 in 1, nopromote", "(1 real change made, 1 to missing)"),
    ],
)
def test_replace(line: str, said: str) -> None:
    assert small().output(line).strip() == said


def test_replace_sees_values_just_replaced() -> None:
    made = small()
    made.run("replace x = x[_n-1] + 1 if _n > 1")
    assert column(made, "x") == [1, 2, 3, 4, 5, 6, 7, 8]


# --- egen ----------------------------------------------------------------------------------------

EGEN: list[tuple[str, Sequence[float | None]]] = [
    ("egen y = mean(x)", [20] * 8),
    ("egen double y = mean(x), by(group)", [7.5] * 4 + [110 / 3] * 4),
    ("by group: egen y = total(x)", [30] * 4 + [110] * 4),
    ("egen y = sum(x) if id > 2", [None, None] + [135] * 6),
    ("egen y = count(x), by(group)", [4] * 4 + [3] * 4),
    ("egen y = min(x), by(group)", [1] * 4 + [25] * 4),
    ("egen y = max(x), by(group)", [16] * 4 + [49] * 4),
    ("egen y = median(x), by(group)", [6.5] * 4 + [36] * 4),
    ("egen y = pctile(x), p(25) by(group)", [2.5] * 4 + [25] * 4),
    ("egen y = iqr(x), by(group)", [10] * 4 + [24] * 4),
    ("egen y = total(x) if id == 8", [None] * 7 + [0]),
    ("egen y = total(x) if id == 8, missing", [None] * 8),
    ("egen y = mean(x) if id == 8", [None] * 8),
    ("egen y = sd(x) if id == 1", [None] * 8),
    ("egen y = group(group)", [1] * 4 + [2] * 4),
    ("egen y = group(x)", [1, 2, 3, 4, 5, 6, 7, None]),
    ("egen y = group(x), missing", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("egen y = group(group name) if id > 3", [None, None, None, 1, 2, 3, 4, 5]),
    ("egen y = tag(group)", [1, 0, 0, 0, 1, 0, 0, 0]),
    ("egen y = tag(group) if id > 2", [0, 0, 1, 0, 1, 0, 0, 0]),
    ("egen y = tag(x)", [1] * 7 + [0]),
    ("egen y = rank(-id)", [8, 7, 6, 5, 4, 3, 2, 1]),
    ("egen y = rank(group)", [2.5] * 4 + [6.5] * 4),
    ("egen y = rank(group), track", [1] * 4 + [5] * 4),
    ("egen y = rank(group), field", [5] * 4 + [1] * 4),
    ("egen y = rank(group), unique", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("egen y = rowmean(id x)", [1, 3, 6, 10, 15, 21, 28, 8]),
    ("egen y = rowtotal(id-x)", [3, 7, 13, 21, 32, 44, 58, 10]),
    ("egen y = rowmin(id x)", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("egen y = rowmax(id x)", [1, 4, 9, 16, 25, 36, 49, 8]),
    ("egen y = rownonmiss(id x)", [2] * 7 + [1]),
    ("egen y = rowmiss(id x name)", [0] * 7 + [1]),
    ("egen y = rowlast(id x)", [1, 4, 9, 16, 25, 36, 49, 8]),
    ("egen y = rowfirst(x id)", [1, 4, 9, 16, 25, 36, 49, 8]),
]


@pytest.mark.parametrize(("line", "values"), EGEN, ids=[line for line, _ in EGEN])
def test_egen(line: str, values: Sequence[float | None]) -> None:
    made = small()
    made.run(line, quietly=True)
    assert column(made, "y") == values


def test_egen_standardizes() -> None:
    made = small()
    made.run("egen double y = std(x), mean(10) sd(2)", quietly=True)
    y = made.state.data.numbers("y")
    assert y[7] == MISSING
    assert np.mean(y[:7]) == pytest.approx(10)
    assert np.std(y[:7], ddof=1) == pytest.approx(2)


def test_egen_types_and_labels() -> None:
    made = small()
    made.run("egen byte a = tag(group)\negen b = tag(group)\negen c = group(group name), label")
    assert [storage(made, name) for name in "abc"] == ["byte", "byte", "float"]
    assert made.state.data.variable("b").label == "tag(group)"
    assert made.state.data.variable("c").label == "group(group name)"
    assert made.state.data.label_of("c", 5) == "right a5"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4)), min_size=1, max_size=30))
def test_group_statistics_against_loops(rows: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in rows])
    values = np.array([value for _, value in rows], dtype=float)
    means = statistics.means(values, codes, 4)
    deviations = statistics.standard_deviations(values, codes, 4)
    medians = statistics.percentiles(values, codes, 4, 50)
    least = statistics.minima(values, codes, 4)
    ranks = statistics.ranks(values, codes)
    for code in range(4):
        group = values[codes == code]
        if not len(group):
            assert means[code] == medians[code] == least[code] == MISSING
            continue
        assert means[code] == pytest.approx(group.mean())
        assert medians[code] == np.median(group)
        assert least[code] == group.min()
        if len(group) > 1:
            assert deviations[code] == pytest.approx(group.std(ddof=1), abs=1e-12)
        else:
            assert deviations[code] == MISSING
        expected = [(group < x).sum() + ((group == x).sum() + 1) / 2 for x in group]
        assert ranks[codes == code].tolist() == expected


# --- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said", "left"),
    [
        ("drop if id > 3", "(5 observations deleted)", 3),
        ("drop if missing(x)", "(1 observation deleted)", 7),
        ("drop if id > 100", "(0 observations deleted)", 8),
        ("drop in 1/2", "(2 observations deleted)", 6),
        ("drop in -2/l", "(2 observations deleted)", 6),
        ("keep if id > 3", "(3 observations deleted)", 5),
        ("keep in f/3", "(5 observations deleted)", 3),
        ("by group: keep if _n == 1", "(6 observations deleted)", 2),
        ("expand 2", "(8 observations created)", 16),
        ("expand 3 if id == 1", "(2 observations created)", 10),
        ("expand = id - 6 if id > 6", "(1 observation created)", 9),
        ("expand x if id == 8", "(1 missing count ignored)\n(0 observations created)", 8),
    ],
)
def test_rows(line: str, said: str, left: int) -> None:
    made = small()
    assert made.output(line).strip() == said
    assert made.state.data.n == left


def test_expand_marks_copies() -> None:
    made = small()
    made.run("expand 2 if id == 1, generate(copy)", quietly=True)
    assert column(made, "copy") == [0] * 8 + [1]
    assert column(made, "id")[-1] == 1


def test_drop_and_keep_variables() -> None:
    made = small()
    made.run("drop x")
    assert made.state.data.names == ["id", "group", "name"]
    made.run("keep name i*")
    assert made.state.data.names == ["id", "name"]
    made.run("drop _all")
    assert (made.state.data.names, made.state.data.n) == ([], 0)


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("gsort -x", [7, 6, 5, 4, 3, 2, 1, 8]),
        ("gsort -x, mfirst", [8, 7, 6, 5, 4, 3, 2, 1]),
        ("gsort - group id", [5, 6, 7, 8, 1, 2, 3, 4]),
        ("gsort +group -id", [4, 3, 2, 1, 8, 7, 6, 5]),
        ("gsort -name", [8, 7, 6, 5, 4, 3, 2, 1]),
        ("sort group", [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_sorting(line: str, order: list[int]) -> None:
    made = small()
    made.run(line)
    assert column(made, "id") == order


def test_sorting_is_remembered() -> None:
    made = small()
    made.run("gsort -id\nsort group x")
    assert list(made.state.data.sorted_by) == ["group", "x"]
    made.run("gsort -id, generate(order)")
    assert list(made.state.data.sorted_by) == []
    assert column(made, "order") == [1, 2, 3, 4, 5, 6, 7, 8]


# --- variables -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("order name", ["name", "id", "group", "x"]),
        ("order id, last", ["group", "x", "name", "id"]),
        ("order x name, before(group)", ["id", "x", "name", "group"]),
        ("order id, after(x)", ["group", "x", "id", "name"]),
        ("order _all, alphabetic", ["group", "id", "name", "x"]),
        ("rename x y", ["id", "group", "y", "name"]),
        ("rename (id x) (x id)", ["x", "group", "id", "name"]),
        ("rename *, upper", ["ID", "GROUP", "X", "NAME"]),
        ("rename (id name), proper", ["Id", "group", "x", "Name"]),
        ("rename * old_*", ["old_id", "old_group", "old_x", "old_name"]),
        ("rename n*e *", ["id", "group", "x", "am"]),
        ("rename (id x) new_=", ["new_id", "group", "new_x", "name"]),
        ("rename *d =_1", ["id_1", "group", "x", "name"]),
    ],
)
def test_arranging(line: str, names: list[str]) -> None:
    made = small()
    made.run(line)
    assert made.state.data.names == names


def test_compress() -> None:
    made = session("clear\nset obs 3\ngenerate x = _n\ngenerate double y = _n/3\n")
    made.run('generate str9 s = "ab"', quietly=True)
    said = made.output("compress").rstrip("\n").split("\n")
    assert said == [
        "  variable x was float now byte",
        "  variable s was str9 now str2",
        "  (30 bytes saved)",
    ]


def test_recast() -> None:
    made = small()
    assert made.output("recast double x").strip() == ""
    assert storage(made, "x") == "double"
    made.run("replace x = 1.5 in 1", quietly=True)
    assert made.output("recast byte x").strip() == "x:  1 value would be changed; not changed"
    assert storage(made, "x") == "double"
    made.run("recast byte x, force", quietly=True)
    assert (storage(made, "x"), column(made, "x")[0]) == ("byte", 1)


def test_format() -> None:
    made = small()
    made.run("format x id %9.2f\nformat %-5s name")
    assert [made.state.data.variable(name).format for name in ("id", "x", "name")] == [
        "%9.2f",
        "%9.2f",
        "%-5s",
    ]
    assert "x               %9.2f" in made.output("format x")


def test_encode_and_decode_are_inverse() -> None:
    made = small()
    made.run('replace name = "" in 2\nencode name, generate(code)\ndecode code, generate(text)')
    assert column(made, "code")[:3] == [1, None, 2]
    assert storage(made, "code") == "long"
    assert column(made, "text") == column(made, "name")
    assert made.state.data.variable("code").value_label == "code"


def test_encode_with_labels_that_exist() -> None:
    made = small()
    made.run('label define letters 7 "a3" 9 "zz"\nencode name, generate(code) label(letters)')
    codes = column(made, "code")
    assert codes[2] == 7
    assert codes[0] == 10
    made.run("drop code")
    with pytest.raises(Exception, match="does not define"):
        made.run("encode name, generate(code) label(sides) noextend")
