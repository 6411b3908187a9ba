"""``suest`` against explicit matrices and against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session as typed

DATA = """
set obs 50
set seed 9
generate id = ceil(_n/5)
generate x = rnormal()
generate z = rnormal()
generate y = 1 + x + (1 + abs(x))*rnormal()
generate v = 2*x - z + rnormal()
quietly regress y x
estimates store a
quietly regress v x z if _n <= 40
estimates store b
"""


@pytest.fixture
def session() -> Session:
    return typed(DATA)


def influences(session: Session, outcome: str, names: list[str], count: int) -> np.ndarray:
    """(X'X)^-1 x e of each observation, zero outside the sample."""
    data = session.state.data
    X = np.column_stack([*(data.numbers(n) for n in names), np.ones(50)])
    X[count:] = 0
    y = data.numbers(outcome)
    b = np.linalg.lstsq(X[:count], y[:count], rcond=None)[0]
    return (X * (y - X @ b)[:, None]) @ np.linalg.inv(X.T @ X)


def test_joint_covariance(session: Session) -> None:
    session.run("suest a b", quietly=True)
    V = session.state.e.matrices["V"].values
    both = np.hstack(
        [influences(session, "y", ["x"], 50), influences(session, "v", ["x", "z"], 40)]
    )
    expected = 50 / 49 * both.T @ both
    means = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(V[np.ix_(means, means)], expected, rtol=1e-6)
    assert [str(s) for s in session.state.e.matrices["b"].columns] == [
        *("a_mean:x", "a_mean:_cons", "a_lnvar:_cons", "b_mean:x", "b_mean:z", "b_mean:_cons"),
        "b_lnvar:_cons",
    ]
    session.run("test [a_mean]x = [b_mean]x", quietly=True)
    b = session.state.e.matrices["b"].values[0]
    distance = b[0] - b[3]
    variance = expected[0, 0] + expected[2, 2] - 2 * expected[0, 2]
    assert session.state.r.scalars["chi2"] == pytest.approx(distance**2 / variance, rel=1e-6)
    assert session.state.r.scalars["p"] == pytest.approx(
        special.chdtrc(1, distance**2 / variance), rel=1e-6
    )


def test_a_single_regression_against_statsmodels(session: Session) -> None:
    sm = pytest.importorskip("statsmodels.api")
    data = session.state.data
    X = sm.add_constant(data.numbers("x"))
    fit = sm.OLS(data.numbers("y"), X).fit()
    session.run("suest a", quietly=True)
    V = session.state.e.matrices["V"].values[:2, :2][::-1, ::-1]
    np.testing.assert_allclose(
        V, 50 / 49 * fit.get_robustcov_results("HC0").cov_params(), rtol=1e-6
    )
    session.run("suest a, vce(cluster id)", quietly=True)
    V = session.state.e.matrices["V"].values[:2, :2][::-1, ::-1]
    clustered = fit.get_robustcov_results(
        "cluster", groups=data.numbers("id"), use_correction=False
    )
    np.testing.assert_allclose(V, 10 / 9 * clustered.cov_params(), rtol=1e-6)
    assert session.state.e.scalars["N_clust"] == 10


def test_output_and_replay(session: Session) -> None:
    shown = session.output("suest a b")
    assert shown.startswith("\nSimultaneous results for a, b")
    assert session.output("suest") == shown


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("suest nosuch", 111),
        ("suest a, vce(opg)", 198),
        ("suest", 301),
        ("mixed y x || id:\nestimates store m\nsuest m", 322),
        ("regress y x, robust\nestimates store r\nsuest r", 322),
        ("replace y = y + 1\nsuest a", 459),
    ],
)
def test_mistakes(session: Session, line: str, code: int) -> None:
    with pytest.raises(StataError) as raised:
        session.run(line, quietly=True)
    assert raised.value.code == code
