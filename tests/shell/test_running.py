"""Running do-files, commands and standard input: output, exit status, logs, profile."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from statalike.cli import main
from statalike.commands.registry import find_command


def do_file(text: str, name: str = "file.do") -> str:
    Path(name).write_text(text)
    return name


def run(*arguments: str) -> int:
    """The exit status of the program called with these arguments."""
    try:
        return main(arguments)
    except SystemExit as leaving:
        return int(leaving.code or 0)


FAILING = """display "before"
nosuchcommand x
display "after"
"""


def test_a_do_file_is_shown_as_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    do_file('display "`1\' and `2\'"\nforeach v in a b {\n    display "`v\'"\n}\n')
    assert run("file.do", "one", "two words") == 0
    assert capsys.readouterr().out.startswith(
        """. do file.do one "two words"

. display "`1' and `2'"
one and two words

. foreach v in a b {
  2.     display "`v'"
  3. }
a
b
"""
    )


@pytest.mark.parametrize("words", [["file.do"], ["file"], ["do", "file"], ["--", "file.do"]])
def test_ways_to_name_a_do_file(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    do_file("display 1+1")
    assert run(*words) == 0
    assert "\n2\n" in capsys.readouterr().out


def test_run_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    do_file("display 1+1")
    assert run("run", "file.do") == 0
    assert capsys.readouterr().out == ""


def test_what_follows_a_do_file_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    do_file('display "`0\'"')
    assert run("file.do", "-b", "--version") == 0
    assert "\n-b --version\n" in capsys.readouterr().out


def test_an_error_stops_a_do_file(capsys: pytest.CaptureFixture[str]) -> None:
    do_file(FAILING)
    assert run("file.do") == 1
    output = capsys.readouterr()
    assert "command nosuchcommand is unrecognized\n" in output.out
    assert "\nafter\n" not in output.out
    assert output.out.endswith("r(199);\n")
    assert output.err == "r(199);\n"


def test_nostop_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    do_file(FAILING)
    do_file('do "file.do", nostop\n', "all.do")
    assert run("all.do") == 0
    output = capsys.readouterr().out
    assert "r(199);\n" in output
    assert "\nafter\n" in output


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ("display 1", 0),
        ("exit", 0),
        ("exit 5", 5),
        ("exit 700", 255),
        ("error 111", 1),
        ("nosuchcommand", 1),
    ],
)
def test_exit_status(commands: str, status: int) -> None:
    assert run("-e", commands) == status
    do_file(commands)
    assert run("file.do") == status


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nosuch"], "nosuch"),
        (["-s"], "-s"),
        (["do"], "do must be followed"),
        (["-e", "display 1", "file.do"], "exclude each other"),
        (["--color", "red", "file.do"], "red"),
        (["--config", "nosuch.toml", "-e", "display 1"], "nosuch.toml not found"),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.out == ""


def test_a_missing_do_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nosuch") == 1
    assert "file nosuch.do not found\nr(601);\n" in capsys.readouterr().out


def test_commands_show_their_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-q", "-e", "local a 2\ndisplay `a'", "-e", "display `a' + 1") == 0
    assert capsys.readouterr().out == "2\n3\n"


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("if 0 {\ndisplay 1\n}\nelse {\ndisplay 2\n}\n"))
    assert run(*arguments) == 0
    assert capsys.readouterr().out == (
        ". if 0 {\n. display 1\n. }\n\n. else {\n. display 2\n2\n. }\n\n"
    )


def test_standard_input_stops_at_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(FAILING))
    assert run("-") == 1
    assert "after" not in capsys.readouterr().out


def test_batch_mode_writes_a_log_and_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    do_file("display c(mode)\nnosuchcommand", "folder/file.do")
    assert run("-b", "do", "folder/file.do") == 1
    assert capfd.readouterr() == ("", "")
    log = Path("file.log").read_text()
    assert log.startswith(". do folder/file.do\n\n. display c(mode)\nbatch\n")
    assert log.endswith("\nr(199);\n")


def test_batch_mode_where_no_log_can_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    do_file("display 1")
    Path("file.log").mkdir()
    assert run("-b", "file.do") == 2
    assert "file.log" in capsys.readouterr().err


def test_the_status_file_tells_where_an_error_arose() -> None:
    do_file("display 1\n" + FAILING, "inner.do")
    do_file('display 1\ndo "inner.do"')
    run("--json-status", "status.json", "file.do")
    assert json.loads(Path("status.json").read_text()) == {
        "rc": 199,
        "message": "command nosuchcommand is unrecognized",
        "file": "inner.do",
        "line": 3,
        "command": "nosuchcommand x",
    }


def test_the_status_file_of_a_success() -> None:
    run("--json-status", "status.json", "-e", "display 1")
    status = json.loads(Path("status.json").read_text())
    assert status == {"rc": 0, "message": "", "file": None, "line": None, "command": None}


def test_the_profile_runs_first(capsys: pytest.CaptureFixture[str]) -> None:
    do_file("global greeting hello", "profile.do")
    assert run("-e", 'display "$greeting"') == 0
    assert run("--no-profile", "-e", 'display "$greeting"') == 0
    assert capsys.readouterr().out == "hello\n\n"


def test_an_error_in_the_profile_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    do_file("nosuchcommand", "profile.do")
    assert run("-e", "display 1+1") == 0
    output = capsys.readouterr().out
    assert "r(199);" in output
    assert output.endswith("2\n")


def test_an_open_log_is_closed_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-e", 'log using "kept"\ndisplay 6*7') == 0
    assert "closed on" not in capsys.readouterr().out
    log = Path("kept.log").read_text()
    assert "\n42\n" in log
    assert "closed on" in log


def test_an_internal_error_is_reported(
    own_places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = find_command("pwd")
    assert command is not None

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(command.__dict__, "handler", broken)
    assert run("-e", "pwd") == 1
    output = capsys.readouterr().out
    assert "unexpected internal error\n" in output
    assert "Traceback" not in output
    assert output.endswith("r(9999);\n")
    (report,) = (own_places / "state").rglob("*.txt")
    assert str(report) in output
    assert "ZeroDivisionError: a bug" in report.read_text()


def test_an_interrupted_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = find_command("pwd")
    assert command is not None

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(command.__dict__, "handler", interrupted)
    assert run("-e", "pwd\ndisplay 1") == 130
    assert capsys.readouterr().out == "--Break--\nr(1);\n"


def test_printed_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--print-config") == 0
    assert "# banner = true" in capsys.readouterr().out


def test_colour_when_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    run("--color", "always", "-e", "nosuchcommand")
    assert "\x1b[31m" in capsys.readouterr().out
    run("-e", "nosuchcommand")
    assert "\x1b" not in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error() -> None:
    do_file("display 1\n" * 3000)
    program = [sys.executable, "-m", "statalike", "file.do"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


HEAVY = ("numpy", "scipy", "pandas", "lark", "prompt_toolkit", "rich", "pygments", "matplotlib")


def imported_by(code: str) -> set[str]:
    """Which heavy packages are imported after some code in a new process."""
    report = f"import sys; print(*(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    finished = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(finished.stderr.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_simple_questions_import_nothing_heavy(option: str) -> None:
    code = f"from statalike.cli import main\ntry: main(['{option}'])\nexcept SystemExit: pass"
    assert imported_by(code) == set()


def test_the_prompt_imports_only_what_shows_it() -> None:
    assert imported_by("import statalike.shell.interactive") == set()
    code = "import statalike.shell.prompt, statalike.shell.history"
    assert imported_by(code) <= {"prompt_toolkit", "pygments"}
