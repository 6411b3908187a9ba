"""``log``, ``cmdlog``, ``cd``, ``pwd``, ``do``, ``exit``, ``error``: files and the way out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from statalike.control_flow import ExitRequest
from statalike.errors import StataError
from statalike.language.source import Unit
from statalike.session import Session
from tests.commands.typed import session, small


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path


def test_a_log_holds_what_is_shown(own_folder: Path) -> None:
    made = session()
    made.run("log using first\ndisplay 6*7\nquietly display 5\nlog close\ndisplay 8")
    text = (own_folder / "first.log").read_text()
    assert f"       log:  {own_folder}/first.log\n  log type:  text\n opened on:" in text
    assert "\n42\n" in text and "\n5\n" not in text and "\n8\n" not in text
    assert "closed on:" in text


def test_logs_are_paused_named_and_appended_to(own_folder: Path) -> None:
    made = session()
    made.run("log using a.log\nlog using b.txt, name(two)\nlog off\ndisplay 1\nlog on\ndisplay 2")
    made.run("log close two\ndisplay 3\nlog close _all\nlog using a, append\ndisplay 4\nlog close")
    first, second = (own_folder / "a.log").read_text(), (own_folder / "b.txt").read_text()
    assert [f"\n{i}\n" in first for i in (1, 2, 3, 4)] == [False, True, True, True]
    assert [f"\n{i}\n" in second for i in (1, 2, 3, 4)] == [True, True, False, False]
    assert made.output("log") == "(log closed)\n"


def test_a_log_survives_errors(own_folder: Path) -> None:
    made = session("log using a")
    for text in ("nosuch", "log using b", "log using a, replace"):
        with pytest.raises(StataError):
            made.run(text)
    made.run("display 1\nlog close")
    assert "\n1\n" in (own_folder / "a.log").read_text()
    assert not (own_folder / "b.log").exists()


def test_a_log_of_commands(own_folder: Path) -> None:
    made = session("cmdlog using c")
    made.state.console.echo("display 1", typed=True)
    made.run("display 1\ncmdlog close")
    assert (own_folder / "c.txt").read_text() == "display 1\n"


def test_folders(own_folder: Path) -> None:
    (own_folder / "a b").mkdir()
    made = session()
    assert made.output('cd "a b"') == f"{own_folder}/a b\n"
    assert made.output("pwd") == f"{own_folder}/a b\n"
    made.run("cd ..", quietly=True)
    made.run("cd", quietly=True)
    assert Path.cwd() == own_folder / "home"


def test_how_files_are_found(own_folder: Path) -> None:
    (own_folder / "a b.do").write_text("display 1")
    (own_folder / "home" / "h.do").write_text("display 2")
    (own_folder / "x.ado").write_text("display 3")
    made = session()
    assert "\n1\n" in made.output('do "a b"')
    assert "\n1\n" in made.output('do "a b.do"')
    assert "\n2\n" in made.output("do ~/h")
    assert "\n3\n" in made.output("do x.ado")


def code_of(made: Session, text: str) -> int:
    with pytest.raises(ExitRequest) as caught:
        made.run_unit(Unit(text))
    return caught.value.code


def test_exit_at_a_prompt() -> None:
    assert code_of(session(), "exit") == 0
    assert code_of(session(), "exit 3 + 2") == 5
    made = small()
    made.state.interactive = True
    assert made.run_unit(Unit("exit")) == 4
    assert code_of(made, "exit, clear") == 0
    assert code_of(made, "exit 7") == 7


def test_exit_from_the_program_inside_a_file(own_folder: Path) -> None:
    (own_folder / "leave.do").write_text("exit 3, STATA clear\n")
    (own_folder / "outer.do").write_text("do leave\ndisplay 1\n")
    assert code_of(session(), "do outer") == 3


def test_exit_ends_the_text_that_is_run() -> None:
    made = session()
    made.run("global g 1\nexit\nglobal g 2")
    assert made.state.globals == {"g": "1"}
    with pytest.raises(StataError) as caught:
        made.run("exit 9")
    assert caught.value.code == 9


ERRORS = [
    ("log close", 606, "no log file open"),
    ("log close nosuch", 606, "log nosuch not open"),
    ("log off", 606, "no log file open"),
    ("log nosuch", 198, "invalid syntax"),
    ("log using a.smcl", 198, "option smcl not yet supported"),
    ("log using a, smcl", 198, "option smcl not yet supported"),
    ("log using nosuch/a", 603, None),
    ("log using a, nosuch", 198, "option nosuch not allowed"),
    ("cmdlog close", 606, "no log file open"),
    ("cd nosuch", 170, "unable to change to nosuch"),
    ("cd a b", 198, "invalid syntax"),
    ("pwd a", 198, "invalid syntax"),
    ("do", 198, "invalid file specification"),
    ("do nosuch", 601, "file nosuch.do not found"),
    ("do nosuch.txt", 601, "file nosuch.txt not found"),
    ('do ""', 601, "file .do not found"),
    ("do .", 601, None),
    ("run nosuch", 601, "file nosuch.do not found"),
    ("include nosuch", 601, "file nosuch.do not found"),
    ("do file, nosuch", 198, "option nosuch not allowed"),
    ("exit nosuch", 111, "nosuch not found"),
    ('exit "a"', 198, "invalid syntax"),
    ("exit -1", 198, "invalid syntax"),
    ("exit, nosuch", 198, "option nosuch not allowed"),
    ("continue", 198, "continue is allowed only inside foreach, forvalues and while"),
    ("continue, nosuch", 198, "invalid syntax"),
    ("error 2000", 2000, "no observations"),
    ("error 601", 601, "file not found"),
    ("error", 198, "invalid syntax"),
    ("error 1e300", 198, "invalid syntax"),
    ('error "a"', 198, "invalid syntax"),
    ("erase nosuch", 601, "file nosuch not found"),
]


@pytest.mark.parametrize(("text", "code", "message"), ERRORS)
def test_errors(text: str, code: int, message: str | None) -> None:
    with pytest.raises(StataError) as caught:
        session().run(text)
    assert caught.value.code == code
    assert message is None or caught.value.message == message


STRANGE = ['"a\0b"', f'"{"x" * 5000}"', '"~nosuchuser/x"', '"/nosuch/x"', '""', '"."', '"a*?b"']
READING = ("use {}, clear", "do {}", "run {}", "include {}", "erase {}", "describe using {}")
WRITING = ("save {}", "saveold {}", "log using {}", "cmdlog using {}", "cd {}")


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("command", [*READING, *WRITING])
def test_strange_file_names(command: str, name: str, own_folder: Path) -> None:
    made = small()
    try:
        made.run(command.format(name), quietly=True)
    except StataError as error:
        assert error.code in (100, 170, 198, 601, 602, 603)
    finally:
        made.state.console.close_all_logs()
        os.chdir(own_folder)


def test_a_file_that_may_not_be_read(own_folder: Path) -> None:
    (own_folder / "folder.do").mkdir()
    with pytest.raises(StataError) as caught:
        session().run("do folder")
    assert caught.value.code == 601
