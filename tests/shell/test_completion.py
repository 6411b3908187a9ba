"""Completion as a function of text, cursor and the names in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.session import Session
from statalike.shell.completion import complete
from statalike.shell.completion_context import Kind, context_at
from statalike.shell.session_summary import SessionSummary, summary_of

SUMMARY = SessionSummary(
    variables={"price": "Price", "mpg": "", "weight": "", "weekend": "", "Year": ""},
    locals={"vars": "", "value": ""},
    globals={"out": ""},
    scalars={"pi2": "9.87"},
    estimates={"m1": "first model", "m2": ""},
    matrices={"M": ""},
    value_labels={"origin": ""},
    settings={"linesize": "79", "level": "95"},
    examples=lambda: ["auto", "pig"],
)


def completed(text: str) -> list[str]:
    """The completions at the ``^`` in a text."""
    before, _, after = text.partition("^")
    return [each.text for each in complete(before + after, len(before), SUMMARY)]


EXPECTED = {
    "summ^": ["summarize"],
    "quietly summ^": ["summarize"],
    "capture noisily summ^": ["summarize"],
    "by price: summ^": ["summarize"],
    "forv^": ["forvalues"],
    "estat recov^": ["recovariance"],
    "summarize p^": ["price"],
    "summarize price we^": ["weekend", "weight"],
    "summarize price, det^": ["detail"],
    "summarize price, separator(3) det^": ["detail"],
    "summarize y^": ["Year"],
    "summarize i.price##c.wei^": ["weight"],
    "summarize price if mp^": ["mpg"],
    "mixed price ///\n  mp^": ["mpg"],
    "display 1\nsummarize mp^": ["mpg"],
    "foreach v of varlist mp^": ["mpg"],
    "else summ^": ["summarize"],
    "by mp^": ["mpg"],
    "bysort price (mp^": ["mpg"],
    "generate double x = mp^": ["mpg"],
    "generate x = log(mp^": ["mpg"],
    "replace x = normald^": ["normalden("],
    "display pi^": ["pi2"],
    "display _se^": ["_se["],
    "mixed price mpg, vce(rob^": ["robust"],
    "mixed price mpg, vce(cluster we^": ["weekend", "weight"],
    "mixed price mpg || weekend:, covariance(un^": ["unstructured"],
    "order price, after(we^": ["weekend", "weight"],
    "summarize `va^": ["value'", "vars'"],
    "summarize `va^'": ["value'", "vars'"],
    "display $o^": ["out"],
    "display ${o^": ["out}"],
    "sysuse a^": ["auto"],
    "set line^": ["linesize"],
    "label list o^": ["origin"],
    "help summ^": ["summarize"],
    'display "pr^': [],
    "forvalues i^": [],
    "nosuchcommand pr^": ["price"],
    "nosuchcommand price, o^": [],
}


@pytest.mark.parametrize("text", EXPECTED, ids=str)
def test_completions(text: str) -> None:
    assert completed(text) == EXPECTED[text]


def test_options_of_the_command_and_of_its_equations_are_offered() -> None:
    assert completed("mixed price mpg || weekend:, cov^") == ["covariance("]
    assert "reml" in completed("mixed price mpg || weekend: mpg, covariance(un) re^")


def test_an_empty_line_offers_the_commands() -> None:
    offered = completed("^")
    assert {"use", "mixed", "foreach"} <= set(offered)
    assert not any(" " in name for name in offered)


def test_a_description_stands_beside_a_name() -> None:
    (found,) = complete("summarize pri", 13, SUMMARY)
    assert (found.text, found.start, found.description) == ("price", 10, "Price")
    (command,) = complete("summ", 4, SUMMARY)
    assert command.description


def test_stored_estimates() -> None:
    context = context_at("lrtest m", 8)
    assert context.word == "m"
    if context.kind is Kind.ESTIMATES:
        assert completed("lrtest m^") == ["m1", "m2"]


@pytest.fixture
def files(own_places: Path) -> SessionSummary:
    folder = own_places / "files"
    folder.mkdir()
    for name in ("a.dta", "a.do", "two words.dta", ".hidden.dta"):
        (folder / name).touch()
    (folder / "folder").mkdir()
    (folder / "folder" / "inner.dta").touch()
    return SessionSummary(variables={"apple": ""}, folder=folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use a", ["a.dta"]),
        ('use "a', ['a.dta"']),
        ("do a", ["a.do"]),
        ("use t", ['"two words.dta"']),
        ('use "two w', ['two words.dta"']),
        ("use fo", ["folder/"]),
        ("use folder/", ["folder/inner.dta"]),
        ("use .h", [".hidden.dta"]),
        ("use apple using a", ["a.dta"]),
        ('use apple using "a', ['a.dta"']),
        ("log using a", ["a.do", "a.dta"]),
        ("cd ", ["folder/"]),
        ("use nowhere/", []),
        ("use a, cl", ["clear"]),
    ],
)
def test_file_names(files: SessionSummary, text: str, expected: list[str]) -> None:
    assert [each.text for each in complete(text, len(text), files)] == expected


@given(st.text(alphabet="sum abx`'\"$,():|{}[]=.#\n/*1", max_size=40), st.data())
@settings(max_examples=200, deadline=None)
def test_no_text_is_too_odd(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    for each in complete(text, cursor, SUMMARY):
        assert 0 <= each.start <= cursor


def test_the_summary_of_a_session() -> None:
    session = Session()
    session.run("set obs 2\ngenerate x = _n\nlocal a 1\nglobal b 2\nscalar c = 3", quietly=True)
    summary = summary_of(session.state)
    assert set(summary.variables) == {"x"}
    assert set(summary.locals) == {"a"}
    assert set(summary.globals) >= {"b"}
    assert set(summary.scalars) == {"c"}
    assert "linesize" in summary.settings
    assert summary.folder == Path.cwd()
