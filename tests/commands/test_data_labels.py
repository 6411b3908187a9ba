"""``label``, ``notes``, ``xtset`` and ``tsset``."""

from __future__ import annotations

import pytest

from tests.commands.typed import session, small


def test_label_define_and_list() -> None:
    made = small()
    made.run('label define size 1 "small" 2 "large"')
    made.run('label define size 3 "huge", add\nlabel define size 2 "big" .a "unknown", modify')
    assert made.output("label list size") == (
        "size:\n           1 small\n           2 big\n           3 huge\n          .a unknown\n"
    )
    made.run('label define size 5 "five", replace')
    assert made.output("label list size") == "size:\n           5 five\n"
    made.run('label define size 5 "", modify')
    assert made.output("label list size") == "size:\n"


def test_label_values_and_drop() -> None:
    made = small()
    assert made.output("label dir") == "sides\n"
    made.run("label values id group sides")
    assert made.state.data.label_of("id", 2) == "right"
    made.run("label values id")
    assert made.state.data.variable("id").value_label == ""
    made.run("label values group .")
    assert made.state.data.variable("group").value_label == ""
    made.run("label copy sides copied\nlabel drop sides")
    assert made.output("label dir") == "copied\n"
    made.run("label drop _all")
    assert made.output("label dir") == ""


def test_labels_of_data_and_variables() -> None:
    made = small()
    made.run('label data "All of it"\nlabel var x "A square"\nla var gr ""')
    data = made.state.data
    assert data.label == "All of it"
    assert data.variable("x").label == "A square"
    assert data.variable("group").label == ""
    made.run("label data")
    assert made.state.data.label == ""


def test_notes() -> None:
    made = small()
    made.run("notes: first\nnotes x: of x\nnotes: second")
    assert made.output("notes") == ("\n_dta:\n  1.  first\n  2.  second\n\nx:\n  1.  of x\n")
    assert made.output("notes list _dta in 2") == "\n_dta:\n  2.  second\n"
    made.run("notes replace _dta in 1: other", quietly=True)
    assert made.output("notes drop _dta in 2") == "  (1 note dropped)\n"
    assert made.output("notes _dta") == "\n_dta:\n  1.  other\n"
    assert "x               float   %9.0g               * \n" in made.output("describe")
    assert f"{'':44}* indicated variables have notes\n" in made.output("describe")
    assert "(_dta has notes)" in made.output("describe")


def test_long_notes_are_wrapped() -> None:
    made = small()
    made.run(f"notes: {'word ' * 30}")
    lines = made.output("notes").split("\n")
    assert lines[2].startswith("  1.  word word")
    assert lines[3].startswith("      word")
    assert max(map(len, lines)) <= 79


PANEL = """
clear
set obs 6
generate id = ceil(_n/3)
generate t = _n - 3*(id - 1)
"""


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ("", "xtset id", "\nPanel variable: id (balanced)\n"),
        (
            "",
            "xtset id t",
            "\nPanel variable: id (strongly balanced)\n"
            " Time variable: t, 1 to 3\n         Delta: 1 unit\n",
        ),
        (
            "replace t = t + 1 if id == 2",
            "xtset id t",
            "\nPanel variable: id (weakly balanced)\n"
            " Time variable: t, 1 to 4\n         Delta: 1 unit\n",
        ),
        (
            "drop in 2",
            "tsset id t",
            "\nPanel variable: id (unbalanced)\n"
            " Time variable: t, 1 to 3, but with gaps\n         Delta: 1 unit\n",
        ),
        (
            "keep in 1/3\nreplace t = 2*t",
            "tsset t, delta(2)",
            "\nTime variable: t, 2 to 6\n        Delta: 2 units\n",
        ),
        (
            "keep in 1/3\nreplace t = t + 239",
            "tsset t, monthly",
            "\nTime variable: t, 1980m1 to 1980m3\n        Delta: 1 month\n",
        ),
    ],
)
def test_panel_settings(change: str, line: str, said: str) -> None:
    made = session(f"{PANEL}\n{change}\n")
    assert made.output(line) == said
    assert made.output("xtset" if "id" in line else "tsset") == said


def test_panel_settings_serve_lags() -> None:
    made = session(f"{PANEL}\ngsort -t\nxtset id t\ngenerate before = L.t\n")
    assert made.state.data.sorted_by == ("id", "t")
    assert made.state.data.numbers("before")[1] == 1
    made.run("xtset, clear")
    assert "_TSpanel" not in made.state.data.characteristics["_dta"]
