"""``hausman``: a published example, and its options."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted, quiet_session

sm = pytest.importorskip("statsmodels.api")


def within_and_random(
    y: np.ndarray, X: np.ndarray, group: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Slopes and covariances of the within and the Swamy-Arora estimator, balanced panels."""
    n, count = len(y), len(np.unique(group))
    t = n // count
    means = np.array([np.column_stack([y, X])[group == g].mean(0) for g in np.unique(group)])
    spread = means[np.searchsorted(np.unique(group), group)]
    yw, Xw = y - spread[:, 0], X - spread[:, 1:]
    b = np.linalg.lstsq(Xw, yw, rcond=None)[0]
    s2 = ((yw - Xw @ b) ** 2).sum() / (n - count - X.shape[1])
    V = s2 * np.linalg.inv(Xw.T @ Xw)
    Z = np.column_stack([np.ones(count), means[:, 1:]])
    between = means[:, 0] - Z @ np.linalg.lstsq(Z, means[:, 0], rcond=None)[0]
    u2 = (between**2).sum() / (count - Z.shape[1]) - s2 / t
    theta = 1 - np.sqrt(s2 / (s2 + t * u2))
    ys = y - theta * spread[:, 0]
    Xs = np.column_stack([np.full(n, 1 - theta), X - theta * spread[:, 1:]])
    B = np.linalg.lstsq(Xs, ys, rcond=None)[0]
    V_B = ((ys - Xs @ B) ** 2).sum() / (n - Xs.shape[1]) * np.linalg.inv(Xs.T @ Xs)
    return (b, V), (B[1:], V_B[1:, 1:])


@pytest.fixture
def session() -> Session:
    """Grunfeld's data, the ten firms of Baltagi's book."""
    data = sm.datasets.grunfeld.load_pandas().data
    data = data[data["firm"] != "American Steel"].sort_values(["firm", "year"])
    (b, V), (B, V_B) = within_and_random(
        data["invest"].to_numpy(),
        data[["value", "capital"]].to_numpy(),
        np.unique(data["firm"], return_inverse=True)[1],
    )
    found = quiet_session()
    found.state.e = posted(["value", "capital"], b.tolist(), V, scalars={"rmse": 2.0})
    found.run("estimates store fixed", quietly=True)
    found.state.e = posted(
        ["y:value", "y:capital", "y:z"],
        [*B, 1.0],
        np.block([[V_B, np.zeros((2, 1))], [np.zeros((1, 2)), np.eye(1)]]),
        scalars={"rmse": 1.0},
    )
    found.run("estimates store random", quietly=True)
    return found


def test_published_statistic(session: Session) -> None:
    """chisq = 2.3304, df = 2, p-value = 0.3119: the example of phtest() in R's plm.

    Croissant and Millo (2008), Panel data econometrics in R: the plm package, J. Stat. Soft. 27(2).
    """
    shown = session.output("hausman fixed random")
    r = session.state.r.scalars
    assert r["chi2"] == pytest.approx(2.3304, abs=5e-5)
    assert r["df"] == 2
    assert r["p"] == pytest.approx(0.3119, abs=5e-5)
    assert "       value |    .1101238" in shown
    assert "            = 2.33\nProb > chi2 = 0.3119\n" in shown


def test_one_residual_variance_for_both(session: Session) -> None:
    session.run("hausman fixed, sigmamore", quietly=True)
    e = session.state.memory.stored
    V = e["fixed"].results.matrices["V"].values / 4
    other = e["random"].results.matrices
    d = e["fixed"].results.matrices["b"].values[0] - other["b"].values[0, :2]
    expected = d @ np.linalg.inv(V - other["V"].values[:2, :2]) @ d
    assert session.state.r.scalars["chi2"] == pytest.approx(expected)
    session.run("hausman fixed random, df(1)", quietly=True)
    assert session.state.r.scalars["df"] == 1


def test_a_difference_without_full_rank(session: Session) -> None:
    stored = session.state.memory.stored
    other = stored["random"].results.matrices["V"].values[:2, :2]
    session.state.e = posted(["value", "capital"], [0.3, 0.2], other + np.ones((2, 2)))
    shown = session.output("hausman . random")
    assert session.state.r.scalars["rank"] == 1
    assert "does not equal the number" in shown.replace("\n", " ").replace("      ", "")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("hausman fixed fixed", 198),
        ("hausman nosuch", 111),
        ("hausman fixed random, sigmamore sigmaless", 198),
        ("hausman fixed random, equations(3:1)", 198),
    ],
)
def test_mistakes(session: Session, line: str, code: int) -> None:
    with pytest.raises(StataError) as raised:
        session.run(line)
    assert raised.value.code == code
