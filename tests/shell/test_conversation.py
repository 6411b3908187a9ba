"""The conversation at the prompt: what is shown, logged and remembered, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from statalike.commands.registry import find_command
from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session
from statalike.shell.interactive import Conversation
from statalike.shell.loading import SessionLoader

END = EOFError()
CONTROL_C = KeyboardInterrupt()


class Typist:
    """A prompt at which everything has been typed already."""

    def __init__(self, entries: Sequence[str | BaseException]) -> None:
        self.entries = list(entries)
        self.delimiters: list[str] = []

    def read(self, delimiter: str) -> str:
        self.delimiters.append(delimiter)
        entry = self.entries.pop(0)
        if isinstance(entry, BaseException):
            raise entry
        return entry


def converse(*entries: str | BaseException) -> tuple[str, int]:
    """What the screen shows and the exit status, when these entries are typed."""
    capture = Capture()
    loader = SessionLoader(lambda: Session(Console(capture)))
    loader.session()
    status = Conversation(Typist(entries), loader).run()
    return capture.text, status


def test_output_is_followed_by_a_blank_line() -> None:
    assert converse("display 1", "", "display 2", END) == ("1\n\n2\n\n", 0)


def test_several_commands_are_shown_each_before_its_output() -> None:
    text, _ = converse("display 1\ndisplay 2", END)
    assert text == ". display 1\n1\n\n. display 2\n2\n\n"


def test_several_commands_end_at_an_error() -> None:
    text, _ = converse("display 1\nnosuchcommand\ndisplay 2", "display 3", END)
    assert ". display 2" not in text
    assert text.endswith("r(199);\n\n3\n\n")


def test_an_error_goes_on() -> None:
    text, status = converse("nosuchcommand", "display 2", END)
    assert text == "command nosuchcommand is unrecognized\nr(199);\n\n2\n\n"
    assert status == 0


def test_an_else_finds_its_if() -> None:
    text, _ = converse("if 0 {\ndisplay 1\n}", "else {\ndisplay 2\n}", END)
    assert text == "\n2\n\n"
    text, _ = converse("if 0 {\ndisplay 1\n}", "display 3", "else {\ndisplay 2\n}", END)
    assert "r(198)" in text


def test_locals_live_from_line_to_line() -> None:
    assert converse("local a 4", "display `a' + 1", END)[0] == "\n5\n\n"


def test_a_break_puts_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    command = find_command("replace")
    assert command is not None

    def interrupted(state: object, arguments: object) -> None:
        handler(state, arguments)
        raise KeyboardInterrupt

    handler = command.handler
    monkeypatch.setitem(command.__dict__, "handler", interrupted)
    text, _ = converse(
        "set obs 3", "generate x = 1", "replace x = 2", "display x[1]", CONTROL_C, END, END
    )
    assert text.endswith(
        "--Break--\nr(1);\n\n1\n\nno; dataset in memory has changed since last saved\n"
        "    press Ctrl-D again to leave without saving\nr(4);\n\n"
    )


def test_an_internal_error_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    command = find_command("pwd")
    assert command is not None

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(command.__dict__, "handler", broken)
    text, status = converse("pwd", "display 2", END)
    assert text.startswith("unexpected internal error\n    please report it with the details in ")
    assert text.endswith("r(9999);\n\n2\n\n")
    assert status == 0


def test_control_d_warns_of_unsaved_data_once() -> None:
    text, status = converse("set obs 1", END, END)
    assert text.count("r(4);") == 1
    assert status == 0
    text, _ = converse("set obs 1", END, "display 1", END, END)
    assert text.count("r(4);") == 2
    text, _ = converse("display 1", END)
    assert "r(4);" not in text


@pytest.mark.parametrize(("command", "status"), [("exit", 0), ("exit 5", 5), ("exit, clear", 0)])
def test_exit(command: str, status: int) -> None:
    assert converse(command)[1] == status


def test_exit_warns_of_unsaved_data() -> None:
    text, _ = converse("set obs 1", "exit", "exit, clear")
    assert text.endswith("no; dataset in memory has changed since last saved\nr(4);\n\n")


def test_the_log_holds_what_was_typed_and_shown() -> None:
    text, _ = converse(
        "log using kept", "display 1", 'foreach v in a b {\ndisplay "`v\'"\n}', "nosuch", END
    )
    assert ". display" not in text
    log = Path("kept.log").read_text()
    assert (
        "\n. display 1\n1\n\n"
        '. foreach v in a b {\n  2. display "`v\'"\n  3. }\na\nb\n\n'
        ". nosuch\ncommand nosuch is unrecognized\nr(199);\n\n"
    ) in log
    assert log.rstrip().endswith("-" * 60)


def test_the_delimiter_is_kept() -> None:
    loader = SessionLoader(lambda: Session(Console(Capture())))
    typist = Typist(["#delimit ;", "display 1;", END])
    Conversation(typist, loader).run()
    assert typist.delimiters == ["cr", ";", ";"]


def test_the_profile_is_announced() -> None:
    Path("profile.do").write_text('display "hello"\nlocal mine 1\nglobal ours 2\nnosuch')
    capture = Capture()
    loader = SessionLoader(lambda: Session(Console(capture)))
    conversation = Conversation(Typist(['display "`mine\'$ours"', END]), loader)
    conversation.run_profile(Path("profile.do"))
    assert conversation.run() == 0
    assert capture.text.startswith("running profile.do ...\nhello\n")
    assert capture.text.endswith("r(199);\n\n2\n\n")


def test_a_prompt_that_breaks_gives_way_to_a_plain_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["foreach v in a {", 'display "`v\'"', "}", "exit"])
    asked = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr("builtins.input", answer)
    assert converse(ZeroDivisionError("a bug")) == ("a\n\n", 0)
    assert asked == [". ", "  2. ", "  3. ", ". "]
    assert "unexpected internal error of the prompt" in capsys.readouterr().out


def test_the_line_size_follows_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text, _ = converse("display c(linesize)", "set linesize 90", "display c(linesize)", END)
    assert text == "100\n\n\n90\n\n"


def test_loading_passes_its_failure_on() -> None:
    def fail() -> Session:
        raise ImportError("no such module")

    loader = SessionLoader(fail)
    loader.start()
    with pytest.raises(ImportError, match="no such module"):
        loader.session()
    assert loader.ready is None
