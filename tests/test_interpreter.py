"""Do-files as their logs show them, control flow, nesting, what an error leaves behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session
from tests.do_files import do_file, log_of
from tests.shared import SHARED, needs_shared


def shown(folder: Path, text: str, end: str = ". \nend of do-file\n") -> str:
    """The log of a do-file without its end."""
    log = log_of(do_file(folder, text))
    assert log.endswith(end)
    return log.removesuffix(end)


def expected(text: str) -> str:
    """A log in which prompts that nothing follows were written without their blank."""
    return re.sub(r"^( *\d*\.)$", r"\1 ", text, flags=re.MULTILINE)


# -- the log of a do-file


def test_commands_comments_and_empty_lines(tmp_path: Path) -> None:
    text = """// first
* second
display 1 // remark

/* third
   line */
display ///
    2
local a = 3
"""
    assert shown(tmp_path, text) == expected(
        """. // first
. * second
. display 1 // remark
1

.
. /* third
>    line */
. display ///
>     2
2

. local a = 3

"""
    )


def test_a_file_without_commands(tmp_path: Path) -> None:
    assert log_of(do_file(tmp_path, "")) == ". \nend of do-file\n"


def test_long_lines_are_wrapped(tmp_path: Path) -> None:
    text = f'display "{"x" * 100}"'
    log = shown(tmp_path, text)
    assert log.splitlines()[0] == f". {text[:77]}"
    assert log.splitlines()[1] == f"> {text[77:]}"


def test_delimiters(tmp_path: Path) -> None:
    text = "#delimit ;\ndisplay 1\n  + 1;\n// back\n#delimit cr\ndisplay 3\n"
    assert shown(tmp_path, text) == expected(
        """. #delimit ;
delimiter now ;
. display 1
>   + 1;
2

. // back
> #delimit cr
delimiter now cr
. display 3
3

"""
    )


def test_a_loop_is_numbered_and_shown_before_it_runs(tmp_path: Path) -> None:
    text = """foreach x in a b {
    if "`x'" == "b" {
        display "`x'"
    }
    forvalues i = 1/2 {
        local total = 0`total' + `i'
    }
}
display `total'
"""
    assert shown(tmp_path, text) == expected(
        """. foreach x in a b {
  2.     if "`x'" == "b" {
  3.         display "`x'"
  4.     }
  5.     forvalues i = 1/2 {
  6.         local total = 0`total' + `i'
  7.     }
  8. }
b

. display `total'
6

"""
    )


def test_comments_in_a_loop_take_no_number_of_their_own(tmp_path: Path) -> None:
    text = "while 0 {\n\n  // why\n  display 1 ///\n    + 1\n\n}\n"
    assert shown(tmp_path, text) == expected(
        """. while 0 {
  2.
.   // why
.   display 1 ///
>     + 1
  3.
. }

"""
    )


def test_an_if_block_is_shown_as_it_runs(tmp_path: Path) -> None:
    text = """if 1 {
    display 1
    // remark
    foreach x in a {
        display "`x'"
    }
    display 2
}
else if 1 {
    display 3
}
else {
    display ///
        4
}
"""
    assert shown(tmp_path, text) == expected(
        """. if 1 {
.     display 1
1
.     // remark
.     foreach x in a {
  2.         display "`x'"
  3.     }
a
.     display 2
2
. }

. else if 1 {
.     display 3
. }

. else {
.     display ///
>         4
. }

"""
    )


def test_a_captured_block_is_shown_to_its_end(tmp_path: Path) -> None:
    text = "capture noisily {\n  display 1\n  nosuch\n  display 2\n}\nquietly {\n  display 3\n}\n"
    assert shown(tmp_path, text) == expected(
        """. capture noisily {
.   display 1
1
.   nosuch
command nosuch is unrecognized
.   display 2
. }

. quietly {
.   display 3
. }

"""
    )


def test_an_error_ends_the_file(tmp_path: Path) -> None:
    log = log_of(do_file(tmp_path, "display 1\nnosuch\ndisplay 2\n"))
    assert log == (
        ". display 1\n1\n\n. nosuch\ncommand nosuch is unrecognized\nr(199);\n"
        "\nend of do-file\n\nr(199);\n"
    )


def test_an_error_ends_the_files_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    do_file(tmp_path, "error 2000\n", "inner.do")
    log = log_of(do_file(tmp_path, "do inner\ndisplay 1\n"))
    assert log == (
        ". do inner\n"
        ". error 2000\nno observations\nr(2000);\n\nend of do-file\n\nr(2000);\n"
        "\nend of do-file\n\nr(2000);\n"
    )


def test_an_error_in_a_loop_or_block_ends_the_file(tmp_path: Path) -> None:
    loop = "foreach x in 1 2 {\n  display `x'\n  error 5\n}\n"
    assert log_of(do_file(tmp_path, loop)).count("\n1\n") == 1
    block = "if 1 {\n  error 5\n  display 2\n}\n"
    assert log_of(do_file(tmp_path, block)) == (
        ". if 1 {\n.   error 5\nnot sorted\nr(5);\n\nend of do-file\n\nr(5);\n"
    )


def test_nostop_goes_on(tmp_path: Path) -> None:
    command = do_file(tmp_path, "error 5\ndisplay 1\nif nosuch {\n  display 2\n}\ndisplay 3\n")
    log = log_of(f"{command}, nostop")
    assert "r(5);\n\n. display 1\n1\n" in log
    assert "nosuch not found\nr(111);\n" in log
    assert log.endswith(". display 3\n3\n\n. \nend of do-file\n")


def test_exit_leaves_the_file(tmp_path: Path) -> None:
    command = do_file(tmp_path, "display 1\nif 1 {\n  exit\n}\ndisplay 2\n")
    assert log_of(command) == ". display 1\n1\n\n. if 1 {\n.   exit\n\nend of do-file\n"


def test_exit_with_a_code_is_an_error(tmp_path: Path) -> None:
    assert log_of(do_file(tmp_path, "exit 601")) == ". exit 601\n\nend of do-file\n\nr(601);\n"
    with pytest.raises(StataError) as caught:
        session().run(do_file(tmp_path, "exit 601"))
    assert caught.value.code == 601


def test_quiet_files_show_nothing(tmp_path: Path) -> None:
    command = do_file(tmp_path, "display 1\nif 1 {\n display 2\n}\nnoisily display 3\n")
    assert log_of(command.replace("do ", "run ", 1)) == "3\n"
    assert log_of(f"quietly {command}") == "3\n"
    assert log_of(f"capture {command}") == "3\n"


@needs_shared
@pytest.mark.parametrize("name", ["foreach-1", "foreach-2"])
def test_reference_loops(name: str, tmp_path: Path) -> None:
    assert SHARED is not None
    text = (SHARED / f"conformance/layout/{name}.txt").read_text()
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("*")]
    source = "".join(line[2:] if line.startswith(". ") else line[5:] for line in lines)
    log = "".join(lines)
    assert log_of(do_file(tmp_path, source)).startswith(log)


# -- control flow

OUTPUT = [
    ("foreach x in a b {\n display \"`x'\"\n}", "a\nb\n"),
    ('foreach x in "a b" c {\n display "`x\'"\n}', "a b\nc\n"),
    ("local l x y\nforeach v of local l {\n display \"`v'\"\n}", "x\ny\n"),
    ("global l x y\nforeach v of global l {\n display \"`v'\"\n}", "x\ny\n"),
    ("foreach v of numlist 1/3 10(5)20 {\n display `v' _c\n}", "123101520\n"),
    ("foreach v of newlist a b {\n display \"`v'\"\n}", "a\nb\n"),
    ("forvalues i = 1/3 {\n display `i'\n}", "1\n2\n3\n"),
    ("forvalues i=6(-2)1 {\n display `i'\n}", "6\n4\n2\n"),
    ("forval i = 1 3 to 7 {\n display `i' _c\n}", "1357\n"),
    ("forv i = 3/1 {\n display `i'\n}", ""),
    ("forvalues i = 0(.1).3 {\n display \"`i' \" _c\n}", "0 .1 .2 .3 \n"),
    ("forvalues i = 1/3 {\n if `i' == 2 continue\n display `i'\n}", "1\n3\n"),
    ("forvalues i = 1/3 {\n if `i' == 2 continue, break\n display `i'\n}", "1\n"),
    ("forvalues i = 1/2 {\n forvalues j = 1/9 {\n  if `j' > `i' {\n   continue, break\n  }\n"
     "  display `i'`j'\n }\n}", "11\n21\n22\n"),
    ("local i 0\nwhile `i' < 3 {\n local ++i\n display `i'\n}", "1\n2\n3\n"),
    ("local i 5\nwhile `i' {\n display `i--'\n if `i' == 3 {\n  continue, break\n }\n}", "5\n4\n"),
    ("if 1 display 1\nelse display 2", "1\n"),
    ("if 0 display 1\nelse if 0 display 2\nelse display 3", "3\n"),
    ("if 0 {\n display 1\n}\n\n// a\nelse if 1 {\n display 2\n}\nelse {\n display 3\n}", "2\n"),
    ("if missing(.) & 1 display `\"a \"b\"\"'", 'a "b"\n'),
    ("quietly foreach x in 1 2 {\n display `x'\n noisily display `x' + 1\n}", "2\n3\n"),
    ("noisily forvalues i = 1/2 {\n display `i'\n}", "1\n2\n"),
    ("local i 0\nquietly while `i' < 2 {\n local ++i\n}\ndisplay `i'", "2\n"),
    ("quietly if 1 noisily display 1", "1\n"),
    ("capture if 0 {\n display 1\n}\nelse {\n display 2\n}", "2\n"),
    ("capture foreach x in 1 2 {\n error 5\n}\ndisplay _rc", "5\n"),
    ("local q quietly\n`q' display 1\n`q' {\n noisily display 2\n display 3\n}", "2\n"),
    ("{\n display 1\n}", "1\n"),
    ("local c display\n`c' 1", "1\n"),
    ("local block \"if 1\"\n`block' {\n display 1\n}", "1\n"),
    ("capture program drop nosuch\nprogram nosuch\n display 1\nend\nnosuch", "1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "output"), OUTPUT)
def test_control_flow(text: str, output: str) -> None:
    assert session().output(text) == output


def test_a_loop_gives_its_macro_back() -> None:
    made = session("local i before\nforvalues i = 1/2 {\n}\nforeach j in 1 {\n}")
    assert made.state.macros == {"i": "before"}
    with pytest.raises(StataError):
        made.run("foreach i in 1 {\n error 5\n}")
    assert made.state.macros == {"i": "before"}


def test_a_body_is_expanded_at_every_turn() -> None:
    loop = "foreach x in a b {\n local list `list' `x'\n global g`x' \"`list'\"\n}\n"
    assert session().output(f'{loop}display "$ga|$gb"') == "a|a b\n"


def test_an_error_in_a_loop_keeps_what_earlier_turns_did() -> None:
    made = session("set obs 1")
    with pytest.raises(StataError):
        made.run("forvalues i = 1/3 {\n generate x`i' = 1\n if `i' == 2 error 5\n}")
    assert made.state.data.names == ["x1", "x2"]


NESTING = [
    ("quietly " * 200 + "display 1", 1000),
    ("if 1 " * 200 + "display 1", 1000),
    ("if 1 {\n" * 100 + "display 1\n" + "}\n" * 100, 1000),
    ("local a (1" + "+(1" * 90 + ")" * 91 + "\ndisplay `a'", 0),
]


@pytest.mark.parametrize(("text", "code"), NESTING)
def test_deep_nesting_ends_in_an_error(text: str, code: int) -> None:
    made = session()
    try:
        made.run(text, quietly=True)
    except StataError as error:
        assert error.code == code
    else:
        assert code == 0
    assert made.output("display 1") == "1\n"


def test_a_file_that_runs_itself(tmp_path: Path) -> None:
    do_file(tmp_path, f'do "{tmp_path}/again"\n', "again.do")
    made = session()
    with pytest.raises(StataError) as caught:
        made.run(f'run "{tmp_path}/again"')
    assert caught.value.code == 1000
    assert len(made.state.locals) == 1


# -- do-files and their macros


def test_arguments_and_scope(tmp_path: Path) -> None:
    command = do_file(tmp_path, "local inner 1\nglobal seen `0'|`1'|`2'|`outer'\n")
    made = session(f'local outer 5\n{command} a "b c"')
    assert made.state.globals == {"seen": "a b c|a|b c|"}
    assert made.state.macros == {"outer": "5"}


def test_include_shares_macros_and_temporary_names(tmp_path: Path) -> None:
    do_file(tmp_path, "local a 2\ntempname t\nscalar `t' = 3\n")
    made = session(f'set obs 1\ninclude "{tmp_path}/file.do"')
    assert made.output("display `a' scalar(`t')") == "23\n"


def test_temporary_names_end_with_their_file(tmp_path: Path) -> None:
    command = do_file(tmp_path, "tempvar v\ngenerate `v' = 1\ntempname s\nscalar `s' = 1\n")
    made = session(f"set obs 3\n{command}")
    assert made.state.data.names == []
    assert made.state.memory.scalars == {}


def test_a_file_keeps_observations_without_variables(tmp_path: Path) -> None:
    made = session(do_file(tmp_path, "set obs 3\ntempvar unused\n"))
    assert made.state.data.n == 3


@pytest.mark.parametrize("text", ["\ufeffdisplay 1\n", "display 1\r\n", "display 1"])
def test_files_of_other_editors(text: str, tmp_path: Path) -> None:
    assert "\n1\n" in log_of(do_file(tmp_path, text))


def test_bytes_that_are_no_unicode(tmp_path: Path) -> None:
    (tmp_path / "latin.do").write_bytes(b'display "caf\xe9"\n* \xe9\n')
    assert "\ncaf\ufffd\n" in log_of(f'do "{tmp_path}/latin.do"')


def test_the_origin_of_an_error(tmp_path: Path) -> None:
    made = session()
    command = do_file(tmp_path, "display 1\n\nif 1 {\n    error 5\n}\n")
    assert made.attempt(lambda: made.run(command, quietly=True)) == 5
    assert made.failure is not None and made.failure.origin is not None
    origin = made.failure.origin
    assert (origin.command, origin.line, origin.message) == ("error 5", 4, "not sorted")
    assert origin.file == str(tmp_path / "file.do")


# -- a failed command changes nothing

UNCHANGED = [
    "replace x = x / 0 + nosuch",
    "generate x = 1",
    "generate y = 1 if nosuch",
    "drop nosuch x",
    "rename x 1y",
    "by x: generate y = 1, nosuch",
    "local a = nosuch",
    "global g = 1 +",
    "scalar s = nosuch",
    "set level 200",
    "set obs 1",
    "set seed -5",
    "label define l 1",
    "summarize nosuch",
    "summarize x, nosuch",
    "quietly { nosuch",
    "recast byte nosuch",
    "use nosuchfile, clear",
]


@pytest.mark.parametrize("text", UNCHANGED)
def test_a_failed_command_changes_nothing(text: str) -> None:
    def memory(made: Session) -> tuple[object, ...]:
        state = made.state
        data = state.data
        return (
            {name: variable.values.tolist() for name, variable in data.variables.items()},
            (data.n, data.sorted_by, data.changed, data.value_labels),
            (dict(state.macros), dict(state.globals), dict(state.memory.scalars)),
            (state.r.scalars, dict(state.settings.__dict__)),
            state.random.copy().uniform(),
        )

    made = session("set obs 4\ngenerate x = 5 - _n\nlocal a 1\nglobal g 2\nscalar s = 3\nsum x")
    before = memory(made)
    with pytest.raises(StataError):
        made.run(text)
    assert memory(made) == before


def test_an_error_may_keep_its_results() -> None:
    made = session()
    with pytest.raises(StataError), made.state.undone_on_failure():
        made.state.globals["g"] = "1"
        raise StataError(430, "convergence not achieved", keeps_results=True)
    assert made.state.globals == {"g": "1"}


def test_varabbrev_off() -> None:
    made = session("set obs 1\ngenerate length = 1")
    made.run("summarize len", quietly=True)
    made.run("set varabbrev off")
    with pytest.raises(StataError) as caught:
        made.run("summarize len")
    assert caught.value.code == 111
