"""``xi``: the variables it makes, and that models with them are those with factor variables."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session, small

DATA = """
clear
set seed 4
set obs 60
generate g = 1 + mod(_n, 3)
generate str1 s = cond(mod(_n, 2), "a", "b")
generate byte k = s == "b"
generate x = rnormal()
generate y = x + g + rnormal()
"""


@pytest.fixture
def made() -> Session:
    return session(DATA)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("i.g", "i.g"),
        ("i.g*x", "i.g##c.x"),
        ("i.g|x", "x i2.g#c.x i3.g#c.x"),
        ("i.g*i.s", "i.g##i.k"),
        ("i.g i.s x", "i.g i.k x"),
    ],
)
def test_models_are_those_with_factor_variables(made: Session, old: str, new: str) -> None:
    made.run(f"xi: regress y {old}", quietly=True)
    rss = made.e["rss"]
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    assert all(name.startswith("_I") or name in ("x", "_cons") for name in names)
    made.run(f"regress y {new}", quietly=True)
    assert made.e["rss"] == pytest.approx(rss)


def test_what_is_said_and_made(made: Session) -> None:
    assert made.output("xi: summarize i.g").startswith(
        "i.g               _Ig_1-3             (naturally coded; _Ig_1 omitted)\n"
    )
    assert made.output('display "`: variable label _Ig_2\'"') == "g==2\n"
    assert "(_Is_1 for s==a omitted)" in made.output("xi: quietly summarize i.s")
    assert "_Ig_2" not in made.data
    assert np.array_equal(made.data["_Is_2"], made.data["k"])
    made.run("xi, prefix(D): quietly summarize i.g", quietly=True)
    assert "Dg_3" in made.data
    assert "x" in made.data


def test_missing_values_stay_missing() -> None:
    made = small()
    made.run("replace group = . in 1\nxi: summarize i.group", quietly=True)
    assert np.isnan(made.data["_Igroup_2"][0])


ERRORS = [
    ("xi: summarize i.nosuch", "variable nosuch not found", 111),
    ("xi foo: summarize i.g", "invalid syntax", 198),
    ("xi, noomit: summarize i.g", "option noomit not yet supported", 198),
    ("xi, foo: summarize i.g", "option foo not allowed", 198),
    ("xi summarize i.g", "xi must be followed by a colon and a command", 198),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(made: Session, text: str, message: str, code: int) -> None:
    before = list(made.data)
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert list(made.data) == before
