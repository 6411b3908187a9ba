"""Delimited text and Excel files: written, read, and read as they were written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.errors import StataError
from tests.commands.typed import session, small

NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9).map(float),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
)
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(NUMBERS, TEXTS.filter(str.isalpha)), min_size=1, max_size=6))
def test_a_text_file_gives_back_what_was_written(rows: list[tuple[float, str]]) -> None:
    made = session()
    made.state.data.add("number", np.array([row[0] for row in rows]))
    made.state.data.add("text", [row[1] for row in rows])
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/t.csv"
        made.run(
            f'export delimited "{path}"\nimport delimited "{path}", asdouble clear', quietly=True
        )
    assert made.data["number"].tolist() == [row[0] for row in rows]
    assert made.data["text"].tolist() == [row[1] for row in rows]


def test_what_a_text_file_looks_like(tmp_path: Path) -> None:
    made = small()
    made.run(
        f'replace name = "a, b" in 1\nexport delimited "{tmp_path}/t.csv" in 1/2', quietly=True
    )
    assert (tmp_path / "t.csv").read_text() == 'id,group,x,name\n1,left,1,"a, b"\n2,left,4,a2\n'
    made.run(f'export delimited id x using "{tmp_path}/t", replace delimiter(tab) novarnames')
    assert (tmp_path / "t.csv").read_text().splitlines()[-1] == "8\t"


def test_outsheet_puts_texts_in_quotes_unless_told_otherwise(tmp_path: Path) -> None:
    made = small()
    made.run(f'outsheet id name in 1 using "{tmp_path}/q.txt"', quietly=True)
    first = (tmp_path / "q.txt").read_text().splitlines()[1]
    assert first.startswith('1\t"') and first.endswith('"')
    made.run(f'outsheet id name in 1 using "{tmp_path}/q.txt", replace noquote', quietly=True)
    assert '"' not in (tmp_path / "q.txt").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "import delimited nosuch.csv, bindquotes(strict)",
        "matrix list A, nodotz",
        "statsby, by(group) force: summarize x",
        "permute x r(mean), force: summarize x",
        "bootstrap r(mean), force: summarize x",
        "joinby id using nosuch, update",
    ],
)
def test_options_without_an_effect_are_refused(line: str) -> None:
    made = small()
    made.run("matrix A = (1, 2)", quietly=True)
    with pytest.raises(StataError) as caught:
        made.output(line)
    assert caught.value.code == 198 and "not yet supported" in caught.value.message


def test_delimiters_and_names_are_found_out(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("Id;Full name;1st\n1;ann;0.1\n2;bob;.\n")
    made = session()
    assert made.output(f'import delimited "{path}"') == "(3 vars, 2 obs)\n"
    assert list(made.data) == ["id", "fullname", "_1st"]
    assert (
        made.output("display \"`: variable label fullname' `: type _1st'\"") == "Full name float\n"
    )
    made.run(f'import delimited "{path}", varnames(nonames) clear', quietly=True)
    assert list(made.data) == ["v1", "v2", "v3"]
    made.run(f'import delimited "{path}", case(preserve) rowrange(3:3) clear', quietly=True)
    assert made.data["Id"].tolist() == [2]


def test_worksheets(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    made = small()
    made.run("format id %td", quietly=True)
    before = made.data
    made.run(
        f'export excel using "{tmp_path}/t.xlsx", firstrow(variables) nolabel\n'
        f'import excel "{tmp_path}/t.xlsx", firstrow clear',
        quietly=True,
    )
    assert made.data.equals(before.astype(made.data.dtypes))
    assert made.output('display "`: format id\'"') == "%td\n"
    assert "Sheet1 | A1:D9" in made.output(f'import excel "{tmp_path}/t.xlsx", describe')
    made.run(f'import excel "{tmp_path}/t.xlsx", cellrange(B2:B3) clear', quietly=True)
    assert made.data["A"].tolist() == [1, 1]


ERRORS = [
    ("import delimited nosuch.csv", "file nosuch.csv not found", 601),
    ("import delimited a b", "invalid file specification", 198),
    ("import delimited nosuch, varnames(a)", "option varnames() incorrectly specified", 198),
    ("import delimited nosuch, case(a)", "case(a) invalid", 198),
    ("import delimited nosuch, foo", "option foo not allowed", 198),
    ("import excel nosuch.xlsx", "file nosuch.xlsx not found", 601),
    ("export delimited", "invalid file specification", 198),
    ("export delimited nosuch using f", "variable nosuch not found", 111),
    ("export nosuch f", "invalid subcommand nosuch", 198),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str, code: int) -> None:
    if "excel" in text:
        pytest.importorskip("openpyxl")
    made = small()
    made.state.data.changed = False
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_files_are_not_overwritten_unasked(tmp_path: Path) -> None:
    made = small()
    made.run(f'export delimited "{tmp_path}/t.csv"', quietly=True)
    with pytest.raises(StataError) as caught:
        made.run(f'export delimited "{tmp_path}/t.csv"', quietly=True)
    assert caught.value.code == 602
