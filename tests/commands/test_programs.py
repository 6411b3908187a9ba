"""Programs: arguments, results, scope, ``by``, ado-files, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.errors import StataError
from tests.commands.typed import session, small
from tests.do_files import log_of

MEAN = """
program mymean, rclass byable(recall) sortpreserve
    syntax varlist(numeric) [if] [in] [fweight/] [, Format(string) Level(cilevel) noPRint ///
        Add(real 0) n(numlist) by(varname) Detail *]
    marksample touse
    quietly summarize `varlist' if `touse', meanonly
    if "`print'" == "" display "|`varlist'|`if'|`in'|`weight'|`exp'|`format'|`level'|`add'|`n'" ///
        "|`by'|`detail'|`options'|" r(N)
    return scalar mean = r(mean) + `add'
    return local vars "`varlist'"
end
"""


def test_syntax_puts_what_was_typed_into_macros() -> None:
    made = small()
    made.run(MEAN, quietly=True)
    assert made.output("mymean x if id > 2 in 1/6, f(%9.2f) n(1/3) add(.5) foo(a) bar det") == (
        "|x|if id > 2|in 1/6|||%9.2f|95|.5|1 2 3||detail|foo(a) bar|4\n"
    )
    assert made.r["mean"] == (9 + 16 + 25 + 36) / 4 + 0.5
    assert made.r["vars"] == "x"
    assert made.output("mymean x [fw=id], by(group) level(90)") == (
        "|x|||fweight|id||90|0||group|||7\n"
    )
    assert made.output("mymean x, noprint") == ""


def test_the_group_under_by_is_the_programs_own() -> None:
    made = small()
    made.run(MEAN, quietly=True)
    shown = made.output("by group: mymean x")
    assert [row.rsplit("|", 1)[1] for row in shown.splitlines() if row.startswith("|")] == [
        "4",
        "3",
    ]
    made.run("program where, byable(recall)\n display _by() _byindex() _bylastcall() _N\nend")
    assert [row for row in made.output("by group: where").splitlines() if row.isdigit()] == [
        "1108",
        "1218",
    ]
    made.run('program once, byable(onecall)\n display "`_byvars\'" _by()\nend')
    assert made.output("by group: once") == "group1\n"


def test_the_order_of_the_observations_comes_back() -> None:
    made = small()
    made.run("program backwards, sortpreserve\n gsort -id\n error 9\nend", quietly=True)
    made.run("capture backwards")
    assert made.data["id"].tolist() == list(range(1, 9))
    assert "__order" not in made.data


def test_local_macros_and_temporary_names_belong_to_the_program() -> None:
    made = small()
    made.run("local a 1\nprogram p\n local a 2\n tempvar t\n generate `t' = 1\nend\np")
    assert made.output("display `a'") == "1\n"
    assert list(made.data) == ["id", "group", "x", "name"]


def test_positional_macros() -> None:
    made = session(
        "program p\n args one two\n display `\"|`one'|`two'|`3'|`*'|\"'\n macro shift\n"
        " display `\"|`1'|`2'|`*'|\"'\nend"
    )
    assert made.output('p a "b c" d') == ('|a|b c|d|a `"b c"\' d|\n|b c|d|`"b c"\' d|\n')


def test_results_of_an_rclass_program_replace_those_of_its_commands() -> None:
    made = small()
    made.run(
        "program p, rclass\n summarize x\n return add\n return scalar k = 2\nend", quietly=True
    )
    made.run("p", quietly=True)
    assert made.r["k"] == 2.0
    assert made.r["N"] == 7.0
    made.run("program q\n summarize id\nend\nq", quietly=True)
    assert made.r["N"] == 8.0


def test_return_is_seen_inside_the_program() -> None:
    made = session("program p, rclass\n return scalar k = 2\n display return(k)\nend")
    assert made.output("p") == "2\n"


def test_results_of_an_eclass_program() -> None:
    made = small()
    made.run(
        "program p, eclass\n matrix b = (1, 2)\n matrix V = (1, .5 \\ .5, 4)\n"
        " matrix colnames b = x _cons\n matrix colnames V = x _cons\n"
        " matrix rownames V = x _cons\n generate byte s = id > 2\n"
        " ereturn post b V, depname(y) obs(6) esample(s)\n ereturn local cmd p\nend\np"
    )
    assert made.output("count if e(sample)") == "  6\n"
    assert [str(column) for column in made.state.e.matrices["b"].columns] == ["x", "_cons"]
    assert made.e["cmd"] == "p"
    assert "s" not in made.data
    shown = made.output("ereturn display")
    assert "           x |          1          1     1.00   0.317     -.959964    2.959964" in shown
    made.run("matrix c = (3, 4)\nmatrix colnames c = x _cons\nereturn repost b = c")
    assert made.output("display _b[x] _se[_cons]") == "32\n"


def test_a_log_shows_a_program_with_numbered_lines(tmp_path: Path) -> None:
    """The layout of a program in a log, [U] 18.2."""
    path = tmp_path / "p.do"
    path.write_text("program hello\n    display 1\n\n    if 1 {\n        exit\n    }\nend\nhello\n")
    assert session().output(f'do "{path}"') == (
        ". program hello\n  1.     display 1\n  2. \n.     if 1 {\n  3.         exit\n"
        "  4.     }\n  5. end\n\n. hello\n1\n\n. \nend of do-file\n"
    )


def test_ado_files_are_found_along_the_path(tmp_path: Path) -> None:
    (tmp_path / "twice.ado").write_text("program twice\n args x\n display 2 * `x'\nend\n")
    made = session(f'adopath ++ "{tmp_path}"')
    assert made.output("twice 4") == "8\n"
    assert made.output("which twice") == f"{tmp_path}/twice.ado\n"
    made.run("discard")
    assert made.output("program dir") == ""


def test_preserved_data_come_back_at_the_end() -> None:
    made = small()
    made.run("program p\n preserve\n drop x\n clear\n error 459\nend", quietly=True)
    made.run("capture p")
    assert list(made.data) == ["id", "group", "x", "name"]
    made.run("program q\n preserve\n drop x\n restore, not\nend\nq", quietly=True)
    assert "x" not in made.data


@given(st.lists(st.sampled_from(["drop x", "sort name", "replace id = 9", "keep in 1/3", "clear"])))
def test_restore_brings_back_the_data_after_anything(commands: list[str]) -> None:
    made = small()
    before = made.data
    made.run("preserve", quietly=True)
    for command in commands:
        made.run(f"capture {command}", quietly=True)
    made.run("restore", quietly=True)
    assert made.data.equals(before)


ERRORS: list[tuple[str, str | None, int]] = [
    # programs
    ("program 1a\nend", "1a invalid name", 198),
    ("program p, rclass eclass\nend", "only one of nclass, rclass, eclass, sclass is allowed", 198),
    ("program p, foo\nend", "option foo not allowed", 198),
    ("program p, byable(all)\nend", "option byable() incorrectly specified", 198),
    ("program p\nend\nprogram p\nend", "program p already defined", 110),
    ("program display\nend", "display is a command of the language; it may not be redefined", 110),
    ("program drop p", "program p not found", 111),
    ("program list p", "program p not found", 111),
    ("program p\nend\nby group: p", "p may not be combined with by", 190),
    ("program p\n p\nend\np", "system limit exceeded; commands are nested too deeply", 1000),
    ("program p\n exit 7\nend\np", "", 7),
    ("program p\n continue\nend\np", None, 198),
    ("args", "invalid syntax", 198),
    ("args 1a", "1a invalid name", 198),
    ("which nosuch", "command nosuch not found as either built-in or ado-file", 111),
    ("adopath - nosuch", "nosuch not found in path", 111),
    # syntax
    ("mymean", "varlist required", 100),
    ("mymean nosuch", "variable nosuch not found", 111),
    ("mymean name", "string variables not allowed in varlist;\nname is a string variable", 109),
    ("mymean x, add(a)", "option add() incorrectly specified", 198),
    ("mymean x, level(5)", "level() must be between 10 and 99.99 inclusive", 198),
    ("mymean x, n(a)", "n() invalid -- invalid numlist", 121),
    ("mymean x using f", "using not allowed", 101),
    ("mymean x [pw=id]", "pweights not allowed", 101),
    ("syntax foo", "invalid syntax", 197),
    ("syntax [varlist] [, x(foo)]", "invalid syntax", 197),
    # results
    ("return scalar a", "invalid syntax", 198),
    ('return scalar a = "b"', "type mismatch", 109),
    ("return matrix A = B", "matrix B not found", 111),
    ("ereturn post b", "matrix b not found", 111),
    ("matrix b = (1, 2)\nmatrix V = (1)\nereturn post b V", "conformability error", 503),
    ("matrix b = (1)\nmatrix V = (1)\nereturn post b V", "name conflict", 507),
    ("ereturn display", "last estimates not found", 301),
    ("ereturn repost b = A", "last estimates not found", 301),
    # data
    ("restore", "nothing to restore", 622),
    ("preserve\npreserve", "already preserved", 621),
    ("preserve x", "invalid syntax", 198),
    ("preserve\nrestore, nt", "option nt not allowed", 198),
    # marks
    ("marksample 1a", "1a invalid name", 198),
    ("mark id if x", "variable id already defined", 110),
    ("markout nosuch x", "variable nosuch not found", 111),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str | None, code: int) -> None:
    made = small()
    made.run(MEAN, quietly=True)
    before = made.data
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert caught.value.code == code
    assert message is None or caught.value.message == message
    assert made.data.equals(before)


def test_an_error_in_a_program_is_shown_once() -> None:
    assert log_of("program p\n error 111\nend\np") == "not found\nr(111);\n"
    assert log_of("program p\n exit 7\nend\ncapture noisily p\ndisplay _rc") == "7\n"


def test_words_too_long_for_a_program_are_unrecognized_commands() -> None:
    with pytest.raises(StataError) as caught:
        session().output("\u00e9" * 400)
    assert caught.value.code == 199
