"""``lrtest``: arithmetic, order, what cannot be compared, notes, text as Stata's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from statalike.data.dta import read_dta
from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted, quiet_session
from tests.shared import needs_shared, shared_path

BOUNDARY = (
    "Note: The reported degrees of freedom assumes the null hypothesis is not on the\n"
    "      boundary of the parameter space. If this is not true, then the reported\n"
    "      test is conservative.\n"
)
REML = (
    "Note: LR tests based on REML are valid only when the fixed-effects\n"
    "      specification is identical for both models.\n"
)


def store(
    session: Session,
    name: str,
    ll: float,
    df: int,
    *,
    command: str = "mixed",
    method: str = "ML",
    vce: str = "oim",
    **scalars: float,
) -> None:
    """Make up estimates, active ones and stored under ``name`` unless it is ``.``"""
    scalars = {"N": 60.0, "k_rs": 1.0, "ll": ll, "rank": float(df), **scalars}
    names = [f"y:x{i}" for i in range(df)]
    results = posted(names, [1.0] * df, np.eye(df), command=command, scalars=scalars)
    results.macros |= {"method": method, "vce": vce}
    session.state.e = results
    if name != ".":
        session.run(f"estimates store {name}")


@pytest.fixture
def session() -> Session:
    return quiet_session()


def test_layout(session: Session) -> None:
    store(session, "m1", -100.5593, 3)
    store(session, "m2", -100.0, 5)
    assert session.output("lrtest m1 m2") == (
        "\n"
        "Likelihood-ratio test\n"
        "Assumption: m1 nested within m2\n"
        "\n"
        " LR chi2(2) =   1.12\n"
        "Prob > chi2 = 0.5716\n"
    )


@pytest.mark.parametrize(
    "command", ["lrtest a b", "lrtest b a", "lrtest a .", "lrtest . a", "lrtest a"]
)
def test_any_order(session: Session, command: str) -> None:
    store(session, "a", -103.0, 3)
    store(session, "b", -100.0, 4)
    shown = session.output(command)
    other = "b" if "b" in command else "."
    assert f"Assumption: a nested within {other}\n" in shown
    assert session.r["chi2"] == 6
    assert session.r["df"] == 1
    assert session.r["p"] == pytest.approx(math.erfc(math.sqrt(3)))
    assert session.r.keys() == ["p", "chi2", "df"]


def test_a_larger_model_that_fits_worse(session: Session) -> None:
    store(session, "a", -100.0, 3)
    store(session, "b", -101.0, 5)
    assert "LR chi2(2) =  -2.00\nProb > chi2 = 1.0000\n" in session.output("lrtest a b")
    assert session.r["p"] == 1


def test_degrees_of_freedom_given(session: Session) -> None:
    store(session, "a", -103.0, 3)
    store(session, "b", -100.0, 4)
    session.run("lrtest a b, df(2)", quietly=True)
    assert session.r["df"] == 2
    assert session.r["p"] == pytest.approx(math.exp(-3))


def test_composite_models(session: Session) -> None:
    store(session, "part1", -40.0, 3, N=30.0)
    store(session, "part2", -50.0, 3, N=30.0)
    store(session, "whole", -95.0, 3)
    shown = session.output("lrtest (part1 part2) (whole)")
    assert "Assumption: whole nested within part1, part2\n" in shown
    assert (session.r["chi2"], session.r["df"]) == (10, 3)
    session.run("lrtest whole (part1, part2)", quietly=True)
    assert (session.r["chi2"], session.r["df"]) == (10, 3)


NOTES = [
    ({}, {}, ""),
    ({"k_rs": 1.0}, {"k_rs": 2.0}, f"\n{BOUNDARY}"),
    ({"k_res": 1.0}, {"k_res": 2.0}, f"\n{BOUNDARY}"),
    ({"k_rc": 0.0}, {"k_rc": 1.0}, ""),
    ({"method": "REML"}, {"method": "REML"}, f"\n{REML}"),
    ({"method": "REML"}, {"method": "REML", "k_rs": 2.0}, f"\n{BOUNDARY}{REML}"),
]


@pytest.mark.parametrize(("first", "second", "notes"), NOTES)
def test_notes(
    session: Session,
    first: dict[str, Any],
    second: dict[str, Any],
    notes: str,
) -> None:
    store(session, "a", -103.0, 3, **first)
    store(session, "b", -100.0, 4, **second)
    assert session.output("lrtest a b").endswith(f"Prob > chi2 = 0.0143\n{notes}")


def test_commands_that_differ_are_compared_by_force(session: Session) -> None:
    store(session, "a", -103.0, 3, command="mepoisson")
    store(session, "b", -100.0, 4, command="menbreg")
    with pytest.raises(StataError, match="test involves different estimators") as caught:
        session.run("lrtest a b")
    assert caught.value.code == 498
    assert session.output("lrtest a b, force").endswith(f"0.0143\n\n{BOUNDARY}")


def test_statistics_and_directory(session: Session) -> None:
    store(session, "large", -100.0, 4)
    store(session, "small", -103.0, 3)
    shown = session.output("lrtest large small, stats dir")
    table = shown[shown.index("Akaike") :].splitlines()
    assert table[5].split() == ["small", "|", "60", ".", "-103", "3", "212", "218.283"]
    assert table[6].split() == ["large", "|", "60", ".", "-100", "4", "208", "216.3774"]
    assert shown.index("Number of") < shown.index("Akaike")


INCOMPARABLE = [
    ({"N": 34.0}, {"N": 35.0}, "observations differ: 34 vs. 35"),
    (
        {"method": "ML"},
        {"method": "REML"},
        "test involves different estimation methods: ML vs. REML",
    ),
    ({}, {"vce": "robust"}, "LR test likely invalid for models with robust vce"),
]


@pytest.mark.parametrize(("first", "second", "message"), INCOMPARABLE)
def test_models_that_cannot_be_compared(
    session: Session, first: dict[str, Any], second: dict[str, Any], message: str
) -> None:
    store(session, "a", -103.0, 3, **first)
    store(session, "b", -100.0, 4, **second)
    with pytest.raises(StataError) as caught:
        session.run("lrtest a b")
    assert (caught.value.code, caught.value.message) == (498, message)
    session.run("lrtest a b, force", quietly=True)
    assert session.r["chi2"] == 6


MISTAKES = [
    ("lrtest", 100, "something required"),
    ("lrtest a nosuch", 111, "estimation result nosuch not found"),
    ("lrtest a a", 498, "df(unrestricted) = df(restricted) = 3"),
    ("lrtest .", 198, "invalid syntax"),
    ("lrtest a b c", 198, "invalid syntax"),
    ("lrtest (a b", 132, "too many '(' or '['"),
    ("lrtest a b, df(0)", 198, "df() must be positive"),
    ("lrtest a b, nosuch", 198, "option nosuch not allowed"),
]


@pytest.mark.parametrize(("command", "code", "message"), MISTAKES)
def test_mistakes(session: Session, command: str, code: int, message: str) -> None:
    store(session, "a", -103.0, 3)
    store(session, "b", -100.0, 4)
    with pytest.raises(StataError) as caught:
        session.run(command)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_likelihoods_are_needed(session: Session) -> None:
    store(session, "a", -103.0, 3)
    store(session, "b", 2.0**1023, 4)
    with pytest.raises(StataError, match=r"b does not contain scalar e\(ll\)"):
        session.run("lrtest a b, force")


# --- reference ---------------------------------------------------------------------------------


@needs_shared
def test_reference_log_of_random_slopes() -> None:
    session = quiet_session()
    session.state.data = read_dta(shared_path("data", "pig.dta"))
    for name, slope in (("randint", ""), ("randslope", "week")):
        session.run(f"mixed weight week || id: {slope}\nestimates store {name}", quietly=True)
    assert session.output("lrtest randslope randint") == (
        "\n"
        "Likelihood-ratio test\n"
        "Assumption: randint nested within randslope\n"
        "\n"
        " LR chi2(1) = 291.78\n"
        "Prob > chi2 = 0.0000\n"
        f"\n{BOUNDARY}"
    )
    session.run("mixed weight week || id: week, covariance(unstructured)", quietly=True)
    shown = session.output("lrtest . randslope")
    assert "randslope nested within .\n" in shown
    assert "Note" not in shown


@needs_shared
def test_reference_log_of_heteroskedasticity() -> None:
    session = quiet_session()
    session.state.data = read_dta(shared_path("data", "childweight.dta"))
    fixed = "mixed weight ibn.girl i.girl#c.age c.age#c.age, noconstant"
    session.run(f"{fixed} || id: age\nestimates store homoskedastic", quietly=True)
    session.run(
        f"{fixed} || id: ibn.girl i.girl#c.age, noconstant\nestimates store heteroskedastic",
        quietly=True,
    )
    assert session.output("lrtest homoskedastic heteroskedastic") == (
        "\n"
        "Likelihood-ratio test\n"
        "Assumption: homoskedastic nested within heteroskedas~c\n"
        "\n"
        " LR chi2(2) =   8.47\n"
        "Prob > chi2 = 0.0145\n"
        f"\n{BOUNDARY}"
    )
