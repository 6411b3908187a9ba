"""``replace`` with references to the variable itself."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.errors import StataError
from tests.language.expression_session import ExpressionSession


def _session(values: np.ndarray | list[str], storage: str | None = None) -> ExpressionSession:
    from statalike.data.storage import storage_type

    session = ExpressionSession()
    session.dataset.set_observations(len(values))
    session.dataset.add("x", values, storage_type(storage) if storage else None)
    return session


def test_without_references_it_is_evaluation() -> None:
    session = _session(np.array([1.0, 2.0, 3.0]))
    assert session.replace("x", "x*2") == [2.0, 4.0, 6.0]
    assert session.replace("x", "7", np.array([1])) == [7.0]


def test_carry_forward_crosses_gaps() -> None:
    m = MISSING
    session = _session(np.array([1.0, m, m, 4.0, m]))
    assert session.replace("x", "x[_n-1]", np.array([1, 2, 4])) == [1.0, 1.0, 4.0]


def test_forward_references_see_old_values() -> None:
    session = _session(np.array([1.0, 2.0, 3.0]))
    assert session.replace("x", "x[_n+1]") == [2.0, 3.0, MISSING]


def test_a_long_recursion() -> None:
    n = 300
    session = _session(np.ones(n))
    expected = [1.0, 1.0]
    while len(expected) < n:
        expected.append(expected[-1] + expected[-2])
    assert session.replace("x", "x[_n-1] + x[_n-2]", slice(2, n)) == expected[2:]


def test_a_float_is_rounded_before_it_is_used() -> None:
    session = _session(np.full(50, 0.1), "float")
    value = np.float32(0.1)
    for got in session.replace("x", "x[_n-1]*1.1", slice(1, 50)):
        value = np.float32(float(value) * 1.1)
        assert got == float(value)


def test_by_groups() -> None:
    session = _session(np.array([1.0, 0.0, 0.0, 10.0, 0.0, 0.0]))
    session.groups = np.array([0, 3, 6])
    assert session.replace("x", "x[_n-1] + _n", np.array([1, 2, 4, 5])) == [3.0, 6.0, 12.0, 15.0]


def test_random_numbers_are_drawn_once() -> None:
    n = 200
    session = _session(np.zeros(n))
    drawn = session.random.copy().uniforms(n - 1)
    expected = np.cumsum(drawn)
    got = session.replace("x", "x[_n-1] + runiform()", slice(1, n))
    np.testing.assert_allclose(np.array(got), expected, rtol=1e-12)
    assert session.random.uniform() == pytest.approx(session.random.copy().uniform(), abs=1)


def test_two_random_functions_draw_apart() -> None:
    session = _session(np.zeros(10))
    got = np.array(session.replace("x", "x[_n-1] + runiform() - runiform()", slice(1, 10)))
    assert np.abs(np.diff(got)).min() > 0


def test_lags() -> None:
    session = _session(np.array([1.0, 0.0, 0.0, 0.0]))
    session.dataset.add("t", np.array([1.0, 2.0, 3.0, 5.0]))
    session.dataset.characteristics["_dta"] = {"_TStvar": "t"}
    assert session.replace("x", "L.x + 1", slice(1, 4)) == [2.0, 3.0, MISSING]


def test_texts() -> None:
    session = _session(["a", "", "", "b", ""])
    rows = np.array([1, 2, 4])
    assert session.replace("x", "x[_n-1]", rows) == ["a", "a", "b"]
    assert session.replace("x", 'x[_n-1] + "."', slice(1, 3)) == ["a.", "a.."]


def test_type_mismatch() -> None:
    for text in ('"a"', "x[_n-1] + 1"):
        session = _session(["a", "b"])
        with pytest.raises(StataError) as caught:
            session.replace("x", text if text[0] == '"' else "length(x[_n-1])")
            session.dataset.add("y", 1.0)
            session.replace("y", text)
        assert caught.value.code == 109
