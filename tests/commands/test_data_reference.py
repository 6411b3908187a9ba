"""Reference output of Stata, on the same data, character for character where columns are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands.typed import session
from tests.shared import needs_shared, shared_path

pytestmark = needs_shared


def layout(name: str) -> tuple[str, str]:
    """The last command of a layout file, and what it printed, without blank lines around it."""
    lines = shared_path("conformance", "layout", f"{name}.txt").read_text("utf-8").split("\n")
    first = max(i for i, line in enumerate(lines) if line.startswith(". "))
    return lines[first][2:], "\n".join(lines[first + 1 :]).strip("\n")


def printed(data: str, command: str) -> str:
    made = session(f'use "{shared_path("data", f"{data}.dta")}"')
    return made.output(command).strip("\n")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("summarize-detail-1", "auto"),
        ("tabulate-1", "auto"),
        ("tabulate-2", "auto"),
        ("tabulate-3", "auto"),
        ("codebook-1", "auto"),
    ],
)
def test_layout(name: str, data: str) -> None:
    command, expected = layout(name)
    assert printed(data, command) == expected


def test_describe() -> None:
    command, expected = layout("describe-1")
    path = str(shared_path("data", "auto.dta"))
    expected = expected.replace("/Applications/Stata/ado/base/a/auto.dta", path)
    expected = expected.replace("13 Apr 2022 17:45", "21 Aug 2022 12:52")

    def stripped(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.split("\n"))

    assert stripped(printed("auto", command)) == stripped(expected)


def test_fishers_exact_test() -> None:
    command, expected = layout("tabulate-5")
    _, table = expected.split("enumerations = 0\n\n")
    assert printed("auto", command) == table


def test_summarize_leaves_these_results() -> None:
    made = session(f'use "{shared_path("data", "auto.dta")}"\nsummarize price')
    text = shared_path("conformance", "layout", "return-list-1.txt").read_text("utf-8")
    expected = dict(re.findall(r"r\((\w+)\) =  (\S+)", text))
    assert list(made.state.r.scalars) == list(expected)
    for name, value in expected.items():
        assert made.state.r.scalars[name] == pytest.approx(float(value), rel=1e-14)


def described(log: Path) -> tuple[str, list[str]] | None:
    """The dataset and the words of each line of the first ``describe`` in a log."""
    text = log.read_text("utf-8")
    found = re.search(r"\n\. describe\n(.*?Sorted by:[^\n]*)\n", text, re.DOTALL)
    if found is None:
        return None
    named = re.search(r"r18/(\w+)\.dta", found[1])
    if named is None:
        return None
    return named[1], [" ".join(line.split()) for line in found[1].split("\n") if line.strip()]


def manual_descriptions() -> list[tuple[str, list[str]]]:
    logs = sorted(shared_path("conformance", "cases").rglob("*.log"))
    found = dict(each for log in logs if (each := described(log)) is not None)
    return [
        (name, lines)
        for name, lines in found.items()
        if shared_path("data", f"{name}.dta").is_file()
    ]


def test_describe_in_the_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrapped labels, stars, types and formats agree; the logs have lost their columns."""
    monkeypatch.setenv("STATALIKE_DATA", str(shared_path("data")))
    descriptions = manual_descriptions()
    assert len(descriptions) > 5
    for name, expected in descriptions:
        made = session(f"use https://www.stata-press.com/data/r18/{name}, clear")
        lines = made.output("describe").split("\n")
        mine = [" ".join(line.split()) for line in lines if line.strip() and "---" not in line]
        assert mine == [line.replace("’", "'") for line in expected], name
