"""``estimates``, ``estat ic``: storing, restoring, tables as Stata's."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.results.stores import Results
from statalike.session import Session
from tests.commands.posted import posted, quiet_session


def made_up(command: str = "mixed", size: int = 2, **scalars: float) -> Results:
    names = [f"y:x{i}" for i in range(size)]
    return posted(names, [1.0] * size, np.eye(size), command=command, scalars=scalars)


@pytest.fixture
def session() -> Session:
    found = quiet_session()
    found.state.e = made_up(N=100.0, ll=-50.0, rank=2.0)
    return found


@pytest.fixture(scope="module")
def fitted() -> Session:
    """Two models of small made-up data; the second one, of part of the data, is active."""
    session = quiet_session()
    random = np.random.default_rng(3)
    group = np.repeat(np.arange(12.0), 5)
    x = random.normal(size=60)
    session.state.data.add("id", group)
    session.state.data.add("x", x)
    y = 1 + 2 * x + random.normal(size=12)[group.astype(int)] + random.normal(size=60)
    session.state.data.add("y", y)
    session.run("mixed y x || id:, nolog", quietly=True)
    session.run("estimates store all", quietly=True)
    session.run("mixed y x if id < 6 || id:, nolog", quietly=True)
    return session


# --- storing and restoring ---------------------------------------------------------------------


def test_restoring_gives_everything_back(session: Session) -> None:
    first = session.state.e
    session.run("estimates store one")
    session.state.e = made_up(size=3)
    assert session.output("estimates restore one") == "(results one are active now)\n"
    assert session.state.e.scalars == first.scalars
    assert session.state.e.macros == first.macros
    assert session.state.e.matrices == first.matrices


def test_storing_again_overwrites_and_active_results_stay_apart(session: Session) -> None:
    session.run("estimates store one")
    session.state.e.scalars["N"] = 7.0
    session.run("est res one", quietly=True)
    assert session.e["N"] == 100
    session.state.e = made_up(size=3, N=5.0)
    session.run("est sto one")
    assert session.state.memory.stored["one"].results.scalars["N"] == 5


def test_query(session: Session) -> None:
    assert session.output("est query") == "(active results produced by mixed; not yet stored)\n"
    session.run("est store one")
    shown = session.output("est q")
    assert shown == "(active results produced by mixed; also stored as one)\n"
    session.state.e = Results()
    assert session.output("est q") == "(no active results)\n"


def test_dropping(session: Session) -> None:
    for name in ("a1", "a2", "b1", "b2", "c"):
        session.run(f"estimates store {name}")
    session.run("estimates drop a* c")
    assert list(session.state.memory.stored) == ["b1", "b2"]
    session.run("estimates drop _all")
    assert not session.state.memory.stored
    session.run("estimates store a")
    session.run("estimates clear")
    assert not session.state.memory.stored
    assert session.output("estimates dir") == ""


def test_a_list_with_a_wrong_name_drops_nothing(session: Session) -> None:
    session.run("estimates store a")
    with pytest.raises(StataError):
        session.run("estimates drop a b")
    assert list(session.state.memory.stored) == ["a"]


MISTAKES = [
    ("estimates restore foo", 111, "estimation result foo not found"),
    ("estimates restore", 100, "name required"),
    ("estimates stats foo", 111, "estimation result foo not found"),
    ("estimates dir foo*", 111, "estimation result foo* not found"),
    ("estimates store 1a", 198, "1a invalid name"),
    ("estimates store _all", 198, "_all invalid name"),
    ("estimates drop .", 198, "the active results cannot be dropped; . not allowed"),
    ("estimates drop", 100, "something required"),
    ("estimates nosuch", 198, "invalid subcommand nosuch"),
    ("estimates store a, nocopy", 198, "option nocopy not yet supported"),
    ("estimates stats, n(0)", 198, "n() must be positive"),
    ("estat ic, bicdetail", 198, "option bicdetail not yet supported"),
]


@pytest.mark.parametrize(("command", "code", "message"), MISTAKES)
def test_mistakes(session: Session, command: str, code: int, message: str) -> None:
    with pytest.raises(StataError) as caught:
        session.run(command)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    "command", ["estimates store a", "estat ic", "estimates stats", "estimates replay"]
)
def test_estimates_are_needed(command: str) -> None:
    with pytest.raises(StataError, match="last estimates not found") as caught:
        quiet_session().run(command)
    assert caught.value.code == 301


# --- titles and the directory ------------------------------------------------------------------


def test_directory_layout() -> None:
    session = quiet_session()
    for name, size in (("mean1", 2), ("mean2", 3)):
        session.state.e = made_up("mean", size)
        session.state.e.macros |= {"depvar": "Mean", "title": "Mean estimation"}
        session.run(f"estimates store {name}")
    assert session.output("est dir") == (
        "\n"
        "--------------------------------------------------------------\n"
        "             |           Dependent  Number of        \n"
        "        Name | Command    variable     param.  Title \n"
        "-------------+------------------------------------------------\n"
        "       mean1 | mean           Mean          2  Mean estimation\n"
        "       mean2 | mean           Mean          3  Mean estimation\n"
        "--------------------------------------------------------------\n"
    )
    assert "mean2" not in session.output("est dir *1")


def test_titles(session: Session) -> None:
    session.run("estimates store a, title(first, with a comma)")
    assert session.output("estimates title") == "first, with a comma\n"
    session.run('estimates title: another "title"')
    assert 'another "title"' in session.output("estimates dir")
    session.run("estimates title:")
    assert "Made-up regression" in session.output("estimates dir")


# --- replaying ---------------------------------------------------------------------------------


def test_replaying_leaves_the_active_results(fitted: Session) -> None:
    active = fitted.state.e
    shown = fitted.output("mixed, level(90)")
    replayed = fitted.output("estimates replay, level(90)")
    assert replayed == f"\n{'-' * 79}\nActive results\n{'-' * 79}\n{shown}"
    stored = fitted.output("estimates replay all")
    assert re.search(r"Number of obs +=  +60\n", stored)
    assert stored.startswith(f"\n{'-' * 79}\nModel all\n{'-' * 79}\n\nMixed-effects ML")
    assert fitted.state.e is active
    with pytest.raises(StataError):
        fitted.run("estimates replay all, nosuch")
    assert fitted.state.e.scalars["N"] == 30


def test_the_estimation_sample_is_restored(fitted: Session) -> None:
    fitted.run("estimates store part", quietly=True)
    marks = fitted.state.data.marks
    samples = {
        name: int(marks[stored.results.sample or ""].sum())
        for name, stored in fitted.state.memory.stored.items()
    }
    assert samples == {"all": 60, "part": 30}
    fitted.run("mixed y x if id > 8 || id:, nolog", quietly=True)
    for name, size in (("all", 60), ("part", 30)):
        fitted.run(f"estimates restore {name}", quietly=True)
        assert int(marks[fitted.state.e.sample or ""].sum()) == size


# --- information criteria ----------------------------------------------------------------------


def test_statistics_layout() -> None:
    session = quiet_session()
    for name, ll, df in (("m_un", -4367.631, 9), ("m_ex", -4372.205, 5), ("m_ar1", -4370.91, 5)):
        session.state.e = made_up(N=900.0, ll=ll, rank=float(df))
        session.run(f"estimates store {name}")
    assert session.output("estimates stats m_un m_ex m_ar1") == (
        "\n"
        "Akaike's information criterion and Bayesian information criterion\n"
        "\n"
        "-----------------------------------------------------------------------------\n"
        "       Model |          N   ll(null)  ll(model)      df        AIC        BIC\n"
        "-------------+---------------------------------------------------------------\n"
        "        m_un |        900          .  -4367.631       9   8753.262   8796.484\n"
        "        m_ex |        900          .  -4372.205       5    8754.41   8778.422\n"
        "       m_ar1 |        900          .   -4370.91       5    8751.82   8775.832\n"
        "-----------------------------------------------------------------------------\n"
        "Note: BIC uses N = number of observations. See [R] IC note.\n"
    )


def test_estat_ic_layout() -> None:
    session = quiet_session()
    session.state.e = made_up(N=1327956.0, ll=-877190.1, rank=20.0, ll_0=-919800.6)
    session.run("estimates store modelo_principal")
    assert session.output("estat ic") == (
        "\n"
        "Akaike's information criterion and Bayesian information criterion\n"
        "\n"
        "-----------------------------------------------------------------------------\n"
        "       Model |          N   ll(null)  ll(model)      df        AIC        BIC\n"
        "-------------+---------------------------------------------------------------\n"
        "modelo_pri~l |  1,327,956  -919800.6  -877190.1      20    1754420    1754662\n"
        "-----------------------------------------------------------------------------\n"
        "Note: BIC uses N = number of observations. See [R] IC note.\n"
    )


def test_criteria_are_left_in_r(session: Session) -> None:
    session.run("estimates store one", quietly=True)
    session.state.e = made_up(N=64.0, ll=-20.0, rank=3.0)
    session.run("estimates stats one .", quietly=True)
    found = session.state.r.matrices["S"]
    assert [str(name) for name in found.rows] == ["one", "."]
    assert [str(name) for name in found.columns] == ["N", "ll0", "ll", "df", "AIC", "BIC"]
    assert found.values[0, 3:].tolist() == pytest.approx([2, 104, 100 + 2 * math.log(100)])
    assert found.values[1, 3:].tolist() == pytest.approx([3, 46, 40 + 3 * math.log(64)])
    session.run("estat ic, n(8)", quietly=True)
    assert session.state.r.matrices["S"].values[0, 5] == pytest.approx(40 + 3 * math.log(8))


def test_corrected_and_consistent_criteria(session: Session) -> None:
    session.state.e = made_up(N=64.0, ll=-20.0, rank=3.0)
    shown = session.output("estat ic, all")
    found = session.state.r.matrices["S"]
    assert [str(name) for name in found.columns][-2:] == ["AICc", "CAIC"]
    expected = [46 + 24 / 60, 40 + 3 * (math.log(64) + 1)]
    assert found.values[0, -2:].tolist() == pytest.approx(expected)
    assert {len(line) for line in shown.split("\n")[3:8] if line} == {99}
    session.run("estat ic, df(5) aicc", quietly=True)
    assert session.state.r.matrices["S"].values[0, -1] == pytest.approx(50 + 60 / 58)


def test_criteria_without_a_likelihood_are_missing() -> None:
    session = quiet_session()
    session.state.e = made_up(N=10.0)
    assert "          .          .       2          .          ." in session.output("estat ic")
