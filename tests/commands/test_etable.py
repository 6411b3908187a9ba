"""``etable``: the table as text and in files of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted
from tests.commands.typed import session as typed


@pytest.fixture
def session() -> Session:
    found = typed(
        'set obs 6\ngenerate w = _n\nlabel variable w "Weight & size_1"\n'
        "generate g = mod(_n, 3)\nlabel define g 1 one 2 two\nlabel values g g\n"
    )
    found.state.e = posted(
        ["y:w", "y:0b.g", "y:1.g", "y:2.g", "y:_cons"],
        [1.5, 0, -2.25, 0.125, 10],
        np.diag([0.25, 0, 1, 1, 4]),
        command="regress",
        scalars={"N": 60.0, "r2": 0.5},
    )
    found.run("estimates store a", quietly=True)
    found.state.e = posted(
        ["z:w", "z:_cons", "/:var(_cons[id])"],
        [0.5, 9.0, 3.0],
        np.diag([0.01, 1.0, 1.0]),
        command="meglm",
        outcome="z",
        scalars={"N": 50.0},
    )
    found.run("estimates store b", quietly=True)
    return found


TEXT = """
A title
----------------------------------------
                            y        z
----------------------------------------
Weight & size_1           1.500    0.500
                         (0.500)  (0.100)
g
  one                    -2.250
                         (1.000)
  two                     0.125
                         (1.000)
Intercept                10.000    9.000
                         (2.000)  (1.000)
var(_cons[id])                     3.000
                                  (1.000)
Number of observations       60       50
----------------------------------------
"""


def test_text(session: Session) -> None:
    shown = session.output("etable, estimates(a b) title(A title)")
    expected = [line.split() for line in TEXT.strip("\n").split("\n")]
    assert [line.split() for line in shown.strip("\n").split("\n")] == expected
    widths = {len(line) for line in shown.split("\n")[2:] if line}
    assert len(widths) == 1


def test_stars_and_other_statistics(session: Session) -> None:
    shown = session.output(
        "etable, estimates(a b) showstars showstarsnote mstat(N) mstat(r2, label(R2)) "
        "cstat(_r_b, nformat(%5.1f)) cstat(_r_ci, nformat(%5.2f)) column(index) keep(w)"
    )
    lines = shown.strip("\n").split("\n")
    assert lines[1].split() == ["1", "2"]
    assert lines[3].split()[-4:] == ["1.5", "**", "0.5", "**"]
    assert "[0.52, 2.48]" in lines[4]
    assert lines[6].split() == ["R2", "0.50"]
    assert lines[-1] == "** p<.01, * p<.05"


def test_variances_of_mixed_stand_in_place_of_logarithms() -> None:
    session = typed(
        "set obs 60\nset seed 4\ngenerate id = mod(_n, 12)\ngenerate x = rnormal()\n"
        "generate y = x + id/3 + rnormal()\nmixed y x || id:\n"
    )
    shown = session.output("etable")
    b = session.state.e.matrices["b"].values[0]
    for label, place in (("var(_cons[id])", 2), ("var(e)", 3)):
        row = next(line for line in shown.split("\n") if line.startswith(label))
        assert float(row.split()[-1]) == pytest.approx(np.exp(2 * b[place]), abs=5e-4)


def test_files(session: Session, tmp_path: Path) -> None:
    for suffix in ("txt", "md", "html", "tex"):
        path = tmp_path / f"table.{suffix}"
        shown = session.output(f'etable, estimates(a b) title(T_1) notes("n<1") export("{path}")')
        assert f"(collection ETable exported to file {path})" in shown.replace("\n> ", "")
        text = path.read_text()
        assert "(0.500)" in text
    tex = (tmp_path / "table.tex").read_text()
    assert r"Weight \& size\_1 & 1.500 & 0.500 \\" in tex
    assert r"\caption{T\_1}" in tex and "n$<$1" in tex
    assert "Weight &amp; size_1</th><td>1.500</td>" in (tmp_path / "table.html").read_text()
    assert "| Weight & size\\_1 | 1.500 | 0.500 |" in (tmp_path / "table.md").read_text()
    for line, code in (
        (f'etable, export("{tmp_path / "table.md"}")', 602),
        (f'etable, export("{tmp_path / "table.pdf"}")', 198),
        ("etable, cstat(nosuch)", 198),
        ("etable, column(nosuch)", 198),
        ("etable, estimates(nosuch)", 111),
    ):
        with pytest.raises(StataError) as raised:
            session.run(line, quietly=True)
        assert raised.value.code == code


def test_word(session: Session, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    path = tmp_path / "table.docx"
    session.run(f'etable, estimates(a b) title(T) export("{path}")', quietly=True)
    document = docx.Document(str(path))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[:3] == [
        ["", "y", "z"],
        ["Weight & size_1", "1.500", "0.500"],
        ["", "(0.500)", "(0.100)"],
    ]
    assert document.paragraphs[0].text == "T"


def test_excel(session: Session, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "table.xlsx"
    session.run(f'etable, estimates(a b) export("{path}")', quietly=True)
    sheet = openpyxl.load_workbook(path).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[1] == ["Weight & size_1", 1.5, 0.5]
    assert rows[2][1] == "(0.500)"
    assert rows[-1] == ["Number of observations", 60, 50]
