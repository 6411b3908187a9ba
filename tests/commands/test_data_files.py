"""``use``, ``save``, ``webuse``, ``sysuse``, ``clear``, ``import`` and where they look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from statalike.data.dta import write_dta
from tests.commands.typed import session, small


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_save_and_use(folder: Path) -> None:
    made = small()
    made.run('label data "Eight of them"')
    assert made.output("save eight") == "file eight.dta saved\n"
    assert not made.state.data.changed
    again = session()
    assert again.output("use eight") == "(Eight of them)\n"
    assert again.output("list") == made.output("list")
    assert again.state.data.filename == "eight.dta"
    again.run("replace x = 0", quietly=True)
    assert again.output("save, replace") == "file eight.dta saved\n"
    assert session("use eight").state.data.numbers("x").max() == 0


def test_save_replace_says_when_there_was_none(folder: Path) -> None:
    assert small().output("save eight, replace") == (
        "(file eight.dta not found)\nfile eight.dta saved\n"
    )


def test_use_part_of_a_file(folder: Path) -> None:
    small().run("save eight", quietly=True)
    made = session("use id name if group == 2 in 2/6 using eight")
    assert made.state.data.names == ["id", "name"]
    assert made.state.data.numbers("id").tolist() == [5, 6]
    made = session("use eight, nolabel")
    assert made.state.data.variable("group").value_label == ""
    assert not made.state.data.value_labels


def test_the_data_must_be_saved_or_given_up(folder: Path) -> None:
    made = small()
    made.run("save eight", quietly=True)
    made.run("use eight")
    made.run("replace x = 1 in 1\nuse eight, clear", quietly=True)
    assert made.state.data.numbers("x")[2] == 9


def test_older_formats(folder: Path) -> None:
    made = small()
    made.run("saveold old, version(12)", quietly=True)
    assert made.state.data.changed
    assert (folder / "old.dta").read_bytes()[0] == 115
    assert session("use old").output("list") == made.output("list")


def test_clear() -> None:
    made = small()
    made.run("scalar a = 1\nsummarize x", quietly=True)
    made.run("clear")
    assert not made.state.data
    assert "mean" in made.state.r
    assert made.state.memory.scalars
    made.run("clear all")
    assert not made.state.memory.scalars
    assert made.state.r.empty


def test_examples_are_found_in_the_folder_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small()
    made.state.data.label = "Kept beside"
    write_dta(made.state.data, folder / "eight.dta")
    monkeypatch.setenv("STATALIKE_DATA", str(folder))
    for command in ("webuse eight", "sysuse eight"):
        found = session()
        assert found.output(command) == "(Kept beside)\n"
        assert found.state.data.n == 8
    assert session("webuse eight").state.data.filename.endswith("/r18/eight.dta")
    assert "eight.dta" in session().output("sysuse dir")


def test_webuse_set_and_query() -> None:
    made = session()
    default = '(prefix now "https://www.stata-press.com/data/r18")\n'
    assert made.output("webuse query") == default
    assert made.output("webuse set www.example.org/data/") == (
        '(prefix now "https://www.example.org/data")\n'
    )
    assert made.output("webuse query") == '(prefix now "https://www.example.org/data")\n'
    assert made.output("webuse set") == default


def test_import_spss(folder: Path) -> None:
    frame = pd.DataFrame({"Age": [30.0, np.nan, 50.5], "Name": ["a", "b", "c"]})
    pyreadstat.write_sav(frame, folder / "people.sav", column_labels=["Age in years", ""])
    made = session()
    assert made.output("import spss people").endswith("(2 vars, 3 obs)\n")
    assert made.state.data.variable("Age").label == "Age in years"
    assert made.output("import spss using people, clear case(lower)").endswith("(2 vars, 3 obs)\n")
    assert made.state.data.names == ["age", "name"]
    made.run("import spss Name using people.sav, clear", quietly=True)
    assert made.state.data.names == ["Name"]


def test_import_sas(folder: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    pyreadstat.write_xport(frame, folder / "numbers.xpt")
    made = session()
    made.run("import sas numbers.xpt", quietly=True)
    assert made.state.data.n == 2


def test_describe_using(folder: Path) -> None:
    made = small()
    made.run('label data "Eight"\nsave eight', quietly=True)
    made.run("clear")
    lines = made.output("describe using eight, short").split("\n")
    assert lines[1] == "Contains data"
    assert lines[2] == f" Observations:             8{'':18}Eight"
    assert made.state.r.scalars["k"] == 4
    assert not made.state.data
