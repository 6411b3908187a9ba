"""The prompt's keys, without a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session
from statalike.shell.configuration import Configuration
from statalike.shell.interactive import make_prompt
from statalike.shell.loading import SessionLoader
from statalike.shell.plain_prompt import PlainPrompt
from statalike.shell.prompt import TerminalPrompt

ENTER = "\r"
TAB = "\t"
UP = "\x1b[A"
DOWN = "\x1b[B"
CONTROL_A, CONTROL_C, CONTROL_D, CONTROL_E, CONTROL_R = "\x01", "\x03", "\x04", "\x05", "\x12"
ALT_ENTER = "\x1b\r"
PATIENCE = 30.0
COMPLETION_TIME = 2.0


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe:
        yield pipe


@pytest.fixture
def prompt(keys: PipeInput) -> TerminalPrompt:
    history = InMemoryHistory(["display 1", "summarize x", "display 2"])
    loader = SessionLoader(lambda: Session(Console(Capture())))
    return TerminalPrompt(loader, history, input=keys, output=DummyOutput())


def read(prompt: TerminalPrompt, keys: PipeInput, *parts: str, delimiter: str = "cr") -> str:
    """What the prompt returns when these keys come, each part when the one before is done."""

    buffer = prompt._prompt.default_buffer

    def type_further() -> None:
        for before, part in pairwise(parts):
            typed = before.removesuffix(TAB)
            end = time.monotonic() + COMPLETION_TIME
            time.sleep(0.25)
            while before.endswith(TAB) and time.monotonic() < end:
                if buffer.complete_state or len(buffer.text) > len(typed):
                    break
                time.sleep(0.02)
            keys.send_text(part)

    prompt._loader.session()
    keys.send_text(parts[0])
    typist = threading.Thread(target=type_further)
    typist.start()
    watch = threading.Timer(PATIENCE, keys.close)
    watch.start()
    try:
        return prompt.read(delimiter)
    finally:
        watch.cancel()
        typist.join()


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("display 1" + ENTER, "display 1"),
        ("play 1" + CONTROL_A + "dis" + ENTER, "display 1"),
        (ENTER, ""),
        ("foreach v in a {\rdisplay 1\r}\r", "foreach v in a {\ndisplay 1\n}"),
        ("display 1 ///\r+ 2\r", "display 1 ///\n+ 2"),
        ("/* a\rb */\r", "/* a\nb */"),
        ("program p\rdisplay 1\rend\r", "program p\ndisplay 1\nend"),
        ("display 1" + ALT_ENTER + "display 2" + ENTER, "display 1\ndisplay 2"),
        ("foreach v in a {\r\tdisplay 1\r}\r", "foreach v in a {\n    display 1\n}"),
        ("\x1b[200~display 1\ndisplay 2\n\x1b[201~" + ENTER, "display 1\ndisplay 2"),
    ],
)
def test_entries(prompt: TerminalPrompt, keys: PipeInput, typed: str, text: str) -> None:
    assert read(prompt, keys, typed) == text


def test_with_semicolons_an_entry_ends_at_one(prompt: TerminalPrompt, keys: PipeInput) -> None:
    assert read(prompt, keys, "display 1\r+ 1;\r", delimiter=";") == "display 1\n+ 1;"


def test_up_searches_by_what_was_typed(prompt: TerminalPrompt, keys: PipeInput) -> None:
    assert read(prompt, keys, "x", CONTROL_A + "\x0b", UP + ENTER) == "display 2"
    assert read(prompt, keys, "summ", UP + ENTER) == "summarize x"
    assert read(prompt, keys, "display", UP + UP + ENTER) == "display 1"


def test_control_r_searches_and_enter_runs(prompt: TerminalPrompt, keys: PipeInput) -> None:
    assert read(prompt, keys, "x\x7f", CONTROL_R + "summ" + ENTER) == "summarize x"


def test_a_suggestion_is_taken_at_the_end_of_the_line(
    prompt: TerminalPrompt, keys: PipeInput
) -> None:
    assert read(prompt, keys, "summ", CONTROL_E + ENTER) == "summarize x"


def test_control_c_gives_the_line_up(prompt: TerminalPrompt, keys: PipeInput) -> None:
    with pytest.raises(KeyboardInterrupt):
        read(prompt, keys, "foreach v in a {\rdisplay" + CONTROL_C)


def test_control_d_on_an_empty_line_is_the_end(prompt: TerminalPrompt, keys: PipeInput) -> None:
    with pytest.raises(EOFError):
        read(prompt, keys, CONTROL_D)
    assert read(prompt, keys, "ab" + CONTROL_A + CONTROL_D + ENTER) == "b"


def test_tab_completes_a_command(prompt: TerminalPrompt, keys: PipeInput) -> None:
    assert read(prompt, keys, "summ" + TAB, ENTER) == "summarize"


def test_enter_takes_a_menu_entry_and_runs_nothing(prompt: TerminalPrompt, keys: PipeInput) -> None:
    prompt._loader.session().run("set obs 1\ngenerate xa = 1\ngenerate xb = 1", quietly=True)
    typed = read(prompt, keys, "summarize x" + TAB, DOWN, ENTER, ", detail" + ENTER)
    assert typed == "summarize xa, detail"


def test_completion_that_fails_leaves_the_line(
    prompt: TerminalPrompt, keys: PipeInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("statalike.shell.session_summary.summary_of", broken)
    assert read(prompt, keys, "summ" + TAB, ENTER) == "summ"


def test_the_keys_of_vi(keys: PipeInput) -> None:
    loader = SessionLoader(lambda: Session(Console(Capture())))
    output = DummyOutput()
    prompt = TerminalPrompt(loader, InMemoryHistory(), editing_mode="vi", input=keys, output=output)
    assert read(prompt, keys, "isplay 1\x1b", "0id\x1b", ENTER) == "display 1"


def test_the_prompt_that_a_terminal_allows(
    tmp_path: Path, keys: PipeInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = SessionLoader(lambda: Session(Console(Capture())))
    configuration = Configuration(history_file=str(tmp_path / "one"))
    assert isinstance(make_prompt(configuration, loader, None), PlainPrompt)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(make_prompt(configuration, loader, None), PlainPrompt)
    monkeypatch.setenv("TERM", "xterm-256color")
    with create_app_session(input=keys, output=DummyOutput()):
        for given, kept in ((None, "one"), (tmp_path / "two", "two")):
            made = make_prompt(configuration, loader, given)
            assert isinstance(made, TerminalPrompt)
            assert read(made, keys, "display 1" + ENTER) == "display 1"
            assert "+display 1" in (tmp_path / kept).read_text()
