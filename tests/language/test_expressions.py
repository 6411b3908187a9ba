"""Operators, names, subscripts and missing values of expressions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.dataset import Dataset
from statalike.data.missing import DOUBLE_CODES, MAXIMUM, MISSING
from statalike.errors import StataError
from statalike.language.expressions import BLOCK, evaluate, evaluate_condition, is_true
from statalike.language.parser import parse_expression
from tests.language.expression_session import A, ExpressionSession, Z, small_session


@pytest.fixture
def session() -> ExpressionSession:
    return small_session()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2+2", 4.0),
        ("2+3*4^2/8", 8.0),
        ("-2^2", -4.0),
        ("2^-1", 0.5),
        ("(2+3)*4", 20.0),
        ("0^0", 1.0),
        ("(-8)^(1/3)", MISSING),
        ("(-8)^3", -512.0),
        ("0^-1", MISSING),
        ("1/0", MISSING),
        ("0/0", MISSING),
        (".+1", MISSING),
        (".a+1", MISSING),
        (".z*0", MISSING),
        ("-.a", MISSING),
        ("+.a", A),
        (".a", A),
        (".^0", MISSING),
        ("1^.", MISSING),
        ("1e308", MISSING),
        ("8e307+8e307", MISSING),
        ("-8e307-8e307", -1.6e308),
        ("-9e307*10", MISSING),
        ("1e200*1e200", MISSING),
        ("1e307*8.98", 1e307 * 8.98),
        ("10^400", MISSING),
        ("ln(-1)", MISSING),
        ("sqrt(-1)", MISSING),
        (". > 1e307", 1.0),
        (". < .a", 1.0),
        (".a < .b", 1.0),
        (".z > .y", 1.0),
        (". == .", 1.0),
        (".a == .", 0.0),
        (".a >= .", 1.0),
        ("3 < 2", 0.0),
        ("2 <= 2", 1.0),
        ("1 != 2", 1.0),
        ("1 ~= 2", 1.0),
        ("!0", 1.0),
        ("!3", 0.0),
        ("!.", 0.0),
        ("~1", 0.0),
        (". & 1", 1.0),
        ("0 & .", 0.0),
        ("0 | .", 1.0),
        ("0 | 0", 0.0),
        ("1 | 0 & 0", 1.0),
        ("1 == 1 & 2 > 1", 1.0),
        ('"a" + "b"', "ab"),
        ('"ab"*3', "ababab"),
        ('2*"xy"', "xyxy"),
        ('"ab"*0', ""),
        ('"ab"*(-1)', ""),
        ('"ab"*.', ""),
        ('"a" < "b"', 1.0),
        ('"Z" < "a"', 1.0),
        ('"" < "a"', 1.0),
        ('"a" == "a "', 0.0),
        ('"z" < "é"', 1.0),
        ("_pi", 3.141592653589793),
        ("_rc", 111.0),
        ("_n", 1.0),
        ("_N", 6.0),
        ("x", 1.0),
        ("x[2]", 2.0),
        ("x[5]", A),
        ("x[0]", MISSING),
        ("x[7]", MISSING),
        ("x[-1]", MISSING),
        ("x[.]", MISSING),
        ("x[_N]", -6.0),
        ("x[1.9]", 1.0),
        ("name[2]", "Bob"),
        ("name[99]", ""),
        ("name + name[2]", "annBob"),
        ("ag", 10.0),
        ("age", 10.0),
        ("scalar(age)", -1.0),
        ("pi2", 6.25),
        ("word", "text"),
        ("e(N)", 74.0),
        ("e(cmd)", "mixed"),
        ("e(nothing)", MISSING),
        ("r(mean)*2", 7.0),
        ("c(level)", 95.0),
        ("e(b)[1,2]", 2.5),
        ('e(b)[1,"x"]', 1.5),
        ('e(b)[1,"y:_cons"]', 2.5),
        ("e(b)[2,1]", MISSING),
        ("M[3,1]", 5.0),
        ("M[3,2]", A),
        ("M[4,1]", MISSING),
        ('M["r2","c2"]', 4.0),
        ("_b[x]", 1.5),
        ("_se[x]*2", 0.5),
        ('"yes":yesno', 1.0),
        ('"refused":yesno', A),
        ('"maybe":yesno', MISSING),
        ("f == .1", 0.0),
        ("f == float(.1)", 1.0),
        ("1.group", 1.0),
        ("2.group", 0.0),
        ("e(sample)", 0.0),
    ],
)
def test_display(session: ExpressionSession, text: str, expected: float | str) -> None:
    assert session.display(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x+1", [2.0, 3.0, MISSING, 5.0, MISSING, -5.0]),
        ("x", [1.0, 2.0, MISSING, 4.0, A, -6.0]),
        ("-x", [-1.0, -2.0, MISSING, -4.0, MISSING, 6.0]),
        ("x*0", [0.0, 0.0, MISSING, 0.0, MISSING, 0.0]),
        ("x/0", [MISSING] * 6),
        ("x/x", [1.0, 1.0, MISSING, 1.0, MISSING, 1.0]),
        ("x^2", [1.0, 4.0, MISSING, 16.0, MISSING, 36.0]),
        ("x^.5", [1.0, 2**0.5, MISSING, 2.0, MISSING, MISSING]),
        ("2^x", [2.0, 4.0, MISSING, 16.0, MISSING, 2.0**-6]),
        ("x > 1", [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
        ("x >= .", [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        ("x == .a", [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        ("x == age/10", [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]),
        ("(x > 1) + (x > 3)", [0.0, 1.0, 2.0, 2.0, 2.0, 0.0]),
        ("!(x > 1)", [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
        ("!x", [0.0] * 6),
        ("x > 1 & group == 2", [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
        ("x & 0", [0.0] * 6),
        ("0 | group == 2", [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
        ("x | 0", [1.0] * 6),
        ("age", [10.0, 20.0, 30.0, 40.0, 50.0, MISSING]),
        ("_n", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("_N - _n", [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]),
        ("x[_n-1]", [MISSING, 1.0, 2.0, MISSING, 4.0, A]),
        ("x[_n+2]", [MISSING, 4.0, A, -6.0, MISSING, MISSING]),
        ("x[_N-_n+1]", [-6.0, A, 4.0, MISSING, 2.0, 1.0]),
        ("x[1]", [1.0] * 6),
        ("x[x]", [1.0, 2.0, MISSING, 4.0, MISSING, MISSING]),
        ("name[_n-1]", ["", "ann", "Bob", "", "dé", "eve"]),
        ('name + "!"', ["ann!", "Bob!", "!", "dé!", "eve!", "f g!"]),
        ('"<" + name', ["<ann", "<Bob", "<", "<dé", "<eve", "<f g"]),
        ('name == "Bob"', [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        ('"dé" == name', [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        ("name < name[_n+1]", [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]),
        ('name > "b"', [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
        ("name * group", ["ann", "Bob", "", "dédé", "eveeve", "f gf g"]),
        ("1.group", [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
        ("50.age", [0.0, 0.0, 0.0, 0.0, 1.0, MISSING]),
        ("2b.group", [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
        ("M[_n,1]", [1.0, 3.0, 5.0, MISSING, MISSING, MISSING]),
        ("float(f)==f", [1.0] * 6),
        ("f==.5", [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        ("3", [3.0] * 6),
        ('"a"', ["a"] * 6),
    ],
)
def test_columns(session: ExpressionSession, text: str, expected: list[float | str]) -> None:
    assert session.column(text) == expected
    chosen = np.array([4, 1, 2])
    assert session.column(text, chosen) == [expected[i] for i in chosen]
    assert session.column(text, slice(1, 5)) == expected[1:5]
    mask = np.array([True, False, True, True, False, True])
    assert session.column(text, mask) == [expected[i] for i in np.flatnonzero(mask)]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("agee", 111, "agee not found"),
        ("nothing[1]", 111, "nothing not found"),
        ("nothing[1,1]", 111, "matrix nothing not found"),
        ("foo(1)", 133, "unknown function foo()"),
        ("exp()", 198, "invalid syntax"),
        ("exp(1,2)", 198, "invalid syntax"),
        ("cond(1,2)", 198, "invalid syntax"),
        ('1 + "a"', 109, "type mismatch"),
        ('"a" + 1', 109, "type mismatch"),
        ('"a" == 1', 109, "type mismatch"),
        ('"a" - "b"', 109, "type mismatch"),
        ('"a" & 1', 109, "type mismatch"),
        ('-"a"', 109, "type mismatch"),
        ('exp("a")', 109, "type mismatch"),
        ("length(1)", 109, "type mismatch"),
        ("name + 1", 109, "type mismatch"),
        ("name == 1", 109, "type mismatch"),
        ("x == name", 109, "type mismatch"),
        ("e(b)", 509, "matrix operators that return matrices not allowed in this context"),
        ("_b[z]", 111, "[_]z not found"),
        ("L.x", 111, "time variable not set, use tsset varname ..."),
        ('"a":nolabel', 111, "value label nolabel not found"),
        ("1.name", 109, "name: operators not allowed with string variables"),
    ],
)
def test_errors(session: ExpressionSession, text: str, code: int, message: str) -> None:
    for run in (session.display, session.column):
        with pytest.raises(StataError) as caught:
            run(text)
        assert (caught.value.code, caught.value.message) == (code, message)


def test_near_names_are_suggested(session: ExpressionSession) -> None:
    with pytest.raises(StataError) as caught:
        session.display("agee + 1")
    assert caught.value.hint == "did you mean age?"
    with pytest.raises(StataError) as caught:
        session.display("stlen(name)")
    assert caught.value.hint == "did you mean strlen()?"


def test_ambiguous_abbreviation() -> None:
    session = small_session()
    session.dataset.add("age2", 1.0)
    assert session.display("age") == 10.0
    with pytest.raises(StataError, match="ag ambiguous abbreviation"):
        session.display("ag")
    session.scalars["ag"] = 8.0
    assert session.display("ag") == 8.0


def test_conditions(session: ExpressionSession) -> None:
    assert session.condition("x") == [True] * 6
    assert session.condition("x > 1") == [False, True, True, True, True, False]
    assert session.condition("1") == [True] * 6
    assert session.condition("group == 3") == [False] * 6
    assert is_true(parse_expression("."), session)
    assert not is_true(parse_expression("2 < 1"), session)
    with pytest.raises(StataError, match="type mismatch"):
        session.condition("name")
    mask = evaluate_condition(parse_expression("x < 3"), session, np.array([5, 3]))
    assert mask.tolist() == [True, False]


def test_estimation_sample(session: ExpressionSession) -> None:
    assert session.column("e(sample)") == [0.0] * 6
    session.mask = np.array([True, False, True, False, True, False])
    assert session.condition("e(sample) & group == 1") == [True, False, True] + [False] * 3
    assert session.display("e(sample)") == 1.0


def test_within_by_groups(session: ExpressionSession) -> None:
    session.groups = np.array([0, 3, 6])
    assert session.column("_n") == [1.0, 2.0, 3.0] * 2
    assert session.column("_N") == [3.0] * 6
    assert session.column("age[1]") == [10.0] * 3 + [40.0] * 3
    assert session.column("age[_N]") == [30.0] * 3 + [MISSING] * 3
    assert session.column("age[_n-1]") == [MISSING, 10.0, 20.0, MISSING, 40.0, 50.0]
    assert session.column("name[_n+1]") == ["Bob", "", "", "eve", "f g", ""]
    assert session.column("sum(x)") == [1.0, 3.0, 3.0, 4.0, 4.0, -2.0]
    assert session.column("_n", np.array([2, 4])) == [3.0, 2.0]
    assert session.column("age[_n-1]", np.array([3, 4])) == [MISSING, 40.0]


def test_running_sum_sees_the_chosen_rows_only(session: ExpressionSession) -> None:
    assert session.column("sum(x)") == [1.0, 3.0, 3.0, 7.0, 7.0, 1.0]
    assert session.column("sum(x)", np.array([1, 3])) == [2.0, 6.0]
    assert session.column("sum(1)") == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_running_sums_of_many_groups() -> None:
    generator = np.random.default_rng(1)
    for sizes in (generator.integers(1, 6, 400), np.r_[1000, np.ones(50, int)], [7, 900, 30]):
        bounds = np.r_[0, np.cumsum(sizes)]
        x = generator.integers(-9, 9, bounds[-1]).astype(float)
        session = ExpressionSession()
        session.dataset.set_observations(len(x))
        session.dataset.add("x", x)
        session.groups = bounds
        expected = [np.cumsum(x[a:b]) for a, b in pairwise(bounds)]
        assert session.column("sum(x)") == np.concatenate(expected).tolist()


def test_time_series_operators(session: ExpressionSession) -> None:
    session.dataset.characteristics["_dta"] = {"_TStvar": "time", "_TSpanel": "group"}
    m = MISSING
    assert session.column("L.age") == [m, 10.0, m, m, 40.0, 50.0]
    assert session.column("L2.age") == [m, m, 20.0, m, m, 40.0]
    assert session.column("F.age") == [20.0, m, m, 50.0, m, m]
    assert session.column("D.age") == [m, 10.0, m, m, 10.0, m]
    assert session.column("D2.f")[5] == pytest.approx(0.0, abs=1e-7)
    assert session.column("S2.age") == [m, m, 10.0, m, m, m]
    assert session.column("LF.age") == [10.0, 20.0, 30.0, 40.0, 50.0, m]
    assert session.column("L.x") == [m, 1.0, m, m, 4.0, A]
    assert session.column("40.L.age") == [m, 0.0, m, m, 1.0, 0.0]
    assert session.column("L.age", np.array([4, 1])) == [40.0, 10.0]
    assert session.display("F.age + L.age") == m
    assert session.display("F.age") == 20.0
    session.dataset.characteristics["_dta"]["_TSdelta"] = "2"
    assert session.column("L.age") == [m, m, 20.0, m, m, 40.0]


def test_lags_find_rows_in_any_order() -> None:
    session = ExpressionSession()
    session.dataset.set_observations(5)
    session.dataset.add("t", np.array([5.0, 3.0, MISSING, 4.0, 1.0]))
    session.dataset.add("y", np.array([50.0, 30.0, 99.0, 40.0, 10.0]))
    session.dataset.characteristics["_dta"] = {"_TStvar": "t"}
    assert session.column("L.y") == [40.0, MISSING, MISSING, 30.0, MISSING]


def test_no_observations() -> None:
    session = ExpressionSession()
    session.dataset.add("x", np.empty(0))
    session.dataset.add("s", np.array([], dtype="S1"))
    assert session.column("s + s[_n-1]") == []
    assert session.column("x*2 + x[_n-1]") == []
    assert session.column("sum(x) + ln(x)") == []
    assert session.display("x") == MISSING
    assert session.display("x[1]") == MISSING
    assert session.display("_N") == 0.0
    assert session.condition("x > 1") == []


def test_blocks_agree_with_the_whole() -> None:
    n = 2 * BLOCK + 17
    session = ExpressionSession()
    session.dataset.set_observations(n)
    x = np.arange(n, dtype=float)
    x[::1000] = A
    session.dataset.add("x", x)
    session.dataset.add("s", [f"s{i % 3}" for i in range(n)])
    session.groups = np.array([0, 10, BLOCK + 5, n])
    starts = np.repeat(session.groups[:-1], np.diff(session.groups))
    known = x < MISSING
    assert (
        session.column("2*x+1") == np.where(known, 2 * np.where(known, x, 0) + 1, MISSING).tolist()
    )
    assert session.column("_n") == (np.arange(n) - starts + 1.0).tolist()
    before = np.where(np.arange(n) > starts, np.r_[0.0, x[:-1]], MISSING)
    assert session.column("x[_n-1]") == before.tolist()
    assert session.column('s + "!"')[-1] == f"s{(n - 1) % 3}!"
    assert sum(session.condition('s == "s1"')) == n // 3
    rows = np.arange(0, n, 2)[: BLOCK + 3]
    assert session.column("x", rows) == x[rows].tolist()


def test_a_slice_with_steps(session: ExpressionSession) -> None:
    assert session.column("age", slice(None, None, 2)) == [10.0, 30.0, 50.0]


def test_a_double_column_is_not_copied(session: ExpressionSession) -> None:
    value = evaluate(parse_expression("x"), session)
    assert isinstance(value, np.ndarray)
    assert not value.flags.writeable


def test_long_strings() -> None:
    session = ExpressionSession(Dataset())
    session.dataset.set_observations(2)
    session.dataset.add("note", ["é" * 3000, "b"])
    assert session.dataset.variable("note").storage.name == "strL"
    assert session.column("ustrlen(note)") == [3000.0, 1.0]
    assert session.column('note == "b"') == [0.0, 1.0]
    assert session.column("note[_n+1]") == ["b", ""]
    assert session.display("note[2]") == "b"


numbers = st.one_of(
    st.floats(min_value=-1e308, max_value=MAXIMUM, allow_nan=False),
    st.sampled_from([float(code) for code in DOUBLE_CODES]),
    st.sampled_from([0.0, 1.0, -1.0, 1e154, -1e160, 5e-324]),
)


def _session_of(**columns: list[float]) -> ExpressionSession:
    session = ExpressionSession()
    session.dataset.set_observations(len(next(iter(columns.values()))))
    for name, values in columns.items():
        session.dataset.add(name, np.array(values, dtype=float))
    return session


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_vectors_agree_with_single_values(pairs: list[tuple[float, float]]) -> None:
    session = _session_of(a=[a for a, _ in pairs], b=[b for _, b in pairs])
    for text in (
        *("a+b", "a-b", "a*b", "a/b", "-a", "!a", "a<b", "a<=b", "a==b", "a!=b", "a&b", "a|b"),
        *("max(a,b)", "min(a,b)", "cond(a,b,1,2)", "inrange(a,b,1)", "inlist(a,b,.)"),
        *("int(a)", "round(a)", "sign(a)", "missing(a,b)", "clip(a,b,3)", "float(a)"),
    ):
        vector = session.column(text)
        for row, (a, b) in enumerate(pairs):
            single = _session_of(a=[a], b=[b]).display(text)
            assert vector[row] == single, (text, a, b)


@given(numbers, numbers)
def test_results_are_numbers_or_missing_values(a: float, b: float) -> None:
    session = _session_of(a=[a, a], b=[b, b])
    for text in ("a+b", "a-b", "a*b", "a/b", "a^b", "exp(a)", "round(a,b)", "mod(a,b)"):
        value = session.column(text)[0]
        assert isinstance(value, float)
        assert -np.finfo(float).max <= value < MISSING or value in DOUBLE_CODES
        if a >= MISSING or (b >= MISSING and "b" in text):
            assert value >= MISSING


@given(numbers, numbers, numbers)
def test_comparisons_are_a_total_order(a: float, b: float, c: float) -> None:
    session = _session_of(a=[a], b=[b], c=[c])
    assert session.display("(a<b) + (a==b) + (a>b)") == 1.0
    assert session.display("!(a<b & b<c) | a<c") == 1.0
    assert session.display("(a<=b) == !(b<a)") == 1.0
    assert session.display("(a>=.) == missing(a)") == 1.0


@given(numbers, numbers)
def test_addition_and_multiplication_commute(a: float, b: float) -> None:
    session = _session_of(a=[a], b=[b])
    assert session.display("a+b == b+a & a*b == b*a & (a-b == -(b-a) | missing(a-b, b-a))") == 1.0


def test_letters_of_missing_values_are_in_order(session: ExpressionSession) -> None:
    letters = [".", *(f".{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
    values = [session.display(letter) for letter in letters]
    assert values == [float(code) for code in DOUBLE_CODES]
    assert values[-1] == Z
