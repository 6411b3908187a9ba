"""The prefixes that repeat a command: what they run on, what they leave, what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from statalike.data.dta import read_dta
from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session as typed

DATA = """
set obs 40
set seed 7
generate id = ceil(_n/4)
generate x = rnormal()
generate y = 1 + 2*x + rnormal()
generate group = mod(_n, 2)
"""


@pytest.fixture
def session() -> Session:
    return typed(DATA)


def matrix(session: Session, name: str) -> np.ndarray:
    return session.state.e.matrices[name].values


def test_bootstrap_keeps_the_estimates_and_the_data(session: Session) -> None:
    session.run("regress y x", quietly=True)
    b = matrix(session, "b")
    session.run("bootstrap, reps(30) seed(5): regress y x", quietly=True)
    np.testing.assert_array_equal(matrix(session, "b"), b)
    assert session.state.data.n == 40
    e = session.state.e
    assert (e.macros["cmd"], e.macros["prefix"], e.macros["vce"]) == (
        *("regress", "bootstrap"),
        "bootstrap",
    )
    assert "df_r" not in e.scalars
    assert e.scalars["N_reps"] == 30
    session.run("predict double xb", quietly=True)
    first = matrix(session, "V")
    session.run("bootstrap, reps(30) seed(5): regress y x", quietly=True)
    np.testing.assert_array_equal(matrix(session, "V"), first)
    session.run("regress y x, vce(bootstrap, reps(30) seed(5))", quietly=True)
    np.testing.assert_array_equal(matrix(session, "V"), first)


def test_bootstrap_variance_is_that_of_the_saved_replicates(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "reps.dta"
    session.run(
        f'bootstrap m=r(mean) s=(r(sd)/2), reps(25) seed(1) saving("{path}", double): summarize y',
        quietly=True,
    )
    data = read_dta(path)
    saved = np.column_stack([data.numbers("m"), data.numbers("s")])
    assert saved.shape == (25, 2)
    np.testing.assert_allclose(matrix(session, "V"), np.cov(saved.T), rtol=1e-10)
    np.testing.assert_allclose(matrix(session, "bias")[0], saved.mean(0) - matrix(session, "b")[0])
    with pytest.raises(StataError) as raised:
        session.run(f'bootstrap, reps(3) saving("{path}"): summarize y', quietly=True)
    assert raised.value.code == 602


def test_bootstrap_error_of_a_mean_is_near_the_classical_one(session: Session) -> None:
    session.run("bootstrap m=r(mean), reps(800) seed(3) nodots: summarize y", quietly=True)
    y = session.state.data.numbers("y")
    assert matrix(session, "se")[0, 0] == pytest.approx(y.std() / np.sqrt(40), rel=0.08)


def test_clusters_are_drawn_whole_and_numbered(session: Session) -> None:
    """In each sample there are ten clusters of four, whatever has been drawn twice."""
    session.run(
        "bootstrap n=e(N) g=el(e(N_g),1,1), reps(4) seed(2) cluster(id) idcluster(new) nodots: "
        "mixed y x || new:",
        quietly=True,
    )
    np.testing.assert_array_equal(matrix(session, "V"), np.zeros((2, 2)))
    assert matrix(session, "b")[0].tolist() == [40, 10]
    assert "new" in session.state.data


def test_jackknife_of_a_mean(session: Session) -> None:
    session.run("jackknife m=r(mean), rclass nodots: summarize y", quietly=True)
    y = session.state.data.numbers("y")
    assert matrix(session, "V")[0, 0] == pytest.approx(y.var(ddof=1) / 40)
    assert session.state.e.scalars["df_r"] == 39
    session.run("regress y, vce(jackknife, nodots)", quietly=True)
    assert matrix(session, "V")[0, 0] == pytest.approx(y.var(ddof=1) / 40)
    session.run("jackknife, cluster(id) nodots: regress y", quietly=True)
    means = np.array([y[session.state.data.numbers("id") != i].mean() for i in range(1, 11)])
    assert matrix(session, "V")[0, 0] == pytest.approx(0.9 * ((means - means.mean()) ** 2).sum())


def test_statsby_is_a_loop_over_groups(session: Session) -> None:
    data = session.state.data.copy()
    shown = session.output("statsby a=_b[_cons] b=_b[x], by(group) clear: regress y x")
    assert shown == (
        "(running regress on estimation sample)\n\n"
        "      Command: regress y x\n"
        "            a: _b[_cons]\n"
        "            b: _b[x]\n"
        "           By: group\n\n"
        "Statsby groups\n"
        "----+--- 1 ---+--- 2 ---+--- 3 ---+--- 4 ---+--- 5 \n"
        "..\n"
    )
    made = session.state.data
    assert made.numbers("group").tolist() == [0, 1]
    for row, group in enumerate((0, 1)):
        chosen = data.numbers("group") == group
        slope, constant = np.polyfit(data.numbers("x")[chosen], data.numbers("y")[chosen], 1)
        assert made.numbers("b")[row] == pytest.approx(slope, rel=1e-6)
        assert made.numbers("a")[row] == pytest.approx(constant, rel=1e-6)


def test_statsby_rows_of_dots() -> None:
    """131 groups fill two rows and a part of a third, as in a published log."""
    session = typed("set obs 262\ngenerate schoolnr = ceil(_n/2)\ngenerate y = _n")
    shown = session.output("statsby m=r(mean), by(schoolnr) clear: summarize y")
    rows = shown.split("Statsby groups\n")[1].split("\n")
    assert rows == [
        "----+--- 1 ---+--- 2 ---+--- 3 ---+--- 4 ---+--- 5 ",
        "." * 50 + "    50",
        "." * 50 + "   100",
        "." * 31,
        "",
    ]


def test_statsby_saves_and_keeps_the_data(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "by.dta"
    session.run(f'statsby _b N=e(N), by(id) saving("{path}") total: regress y x', quietly=True)
    assert session.state.data.n == 40
    saved = read_dta(path)
    assert saved.names == ["id", "_b_x", "_b_cons", "N"]
    assert saved.n == 11
    assert saved.numbers("N").tolist() == [4.0] * 10 + [40.0]


def test_simulate_leaves_a_row_for_each_run(session: Session) -> None:
    session.run("simulate m=r(mean), reps(5) seed(2) nodots: summarize y", quietly=True)
    assert session.state.data.names == ["m"]
    assert session.state.data.n == 5


def test_permutation_counts_are_those_of_the_saved_statistics(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "perm.dta"
    session.run(
        f'permute x b=_b[x], reps(40) seed(2) nodots saving("{path}", double): regress y x',
        quietly=True,
    )
    r = session.state.r.matrices
    saved = read_dta(path).numbers("b")
    observed = r["b"].values[0, 0]
    assert r["c_upper"].values[0, 0] == np.count_nonzero(saved >= observed)
    assert r["c_lower"].values[0, 0] == np.count_nonzero(saved <= observed)
    assert np.abs(saved).max() < observed


def test_rolling_windows() -> None:
    session = typed("set obs 12\ngenerate t = _n\ngenerate y = t^2\ntsset t")
    session.run("rolling m=r(mean), window(4) stepsize(3) clear: summarize y", quietly=True)
    data = session.state.data
    assert data.numbers("start").tolist() == [1, 4, 7]
    assert data.numbers("end").tolist() == [4, 7, 10]
    expected = [np.mean(np.arange(s, s + 4.0) ** 2) for s in (1, 4, 7)]
    np.testing.assert_allclose(data.numbers("m"), expected)


def test_intervals_after_bootstrap(session: Session) -> None:
    session.run("bootstrap, reps(40) seed(1) bca nodots: regress y x", quietly=True)
    shown = session.output("estat bootstrap, all")
    assert "(BCa)" in shown and "Bias-corrected and accelerated" in shown
    np.testing.assert_allclose(
        matrix(session, "ci_normal").mean(0), matrix(session, "b")[0], rtol=1e-12
    )


def test_a_failed_replicate_is_left_out(session: Session) -> None:
    shown = session.output("bootstrap m=r(mean), reps(12) seed(4) reject(r(mean) > 1): summarize y")
    dots = shown.split("(12): ")[1].split(" done")[0]
    assert dots.count("x") == session.state.e.scalars["N_misreps"] > 0


def test_selections_of_the_command_are_made_once(session: Session) -> None:
    """``in`` would leave the samples out of range or smaller than they are."""
    y = session.state.data.numbers("y")
    session.run("jackknife, nodots: regress y in 1/9", quietly=True)
    assert matrix(session, "V")[0, 0] == pytest.approx(y[:9].var(ddof=1) / 9)
    session.run("regress y if _n > 30, vce(jackknife, nodots)", quietly=True)
    assert matrix(session, "V")[0, 0] == pytest.approx(y[30:].var(ddof=1) / 10)
    session.run("jackknife m=r(mean), nodots: summarize y in -5/l", quietly=True)
    assert matrix(session, "V")[0, 0] == pytest.approx(y[35:].var(ddof=1) / 5)
    session.run("bootstrap n=r(N), reps(5) nodots: summarize y in 3/10", quietly=True)
    assert matrix(session, "V")[0, 0] == 0
    session.run("statsby n=r(N), by(group) clear: summarize y in 1/5", quietly=True)
    assert session.state.data.numbers("n").tolist() == [2, 3]


BAD = [
    ("bootstrap, reps(1): regress y x", 198),
    ("bootstrap, reps(5): regress y nosuch", 111),
    ("bootstrap", 301),
    ("jackknife", 301),
    ("bootstrap, nosuch: regress y x", 198),
    ("bootstrap, idcluster(z): regress y x", 198),
    ("statsby m=r(mean): summarize y", 198),
    ("statsby m=r(mean), by(group): summarize y", 4),
    ("simulate m=r(mean): summarize y", 198),
    ("permute x _b[x], left right: regress y x", 198),
    ("rolling m=r(mean), window(3) clear: summarize y", 111),
    ("estat bootstrap", 321),
    ("regress y x [aw=id], vce(bootstrap)", 101),
]


@pytest.mark.parametrize(("line", "code"), BAD)
def test_mistakes_change_nothing(session: Session, line: str, code: int) -> None:
    names = session.state.data.names
    with pytest.raises(StataError) as raised:
        session.run(line, quietly=True)
    assert raised.value.code == code
    assert session.state.data.names == names
    assert session.state.data.n == 40
