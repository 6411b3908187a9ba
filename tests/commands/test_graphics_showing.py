"""Where a picture appears: nowhere in batch, in the terminal, in a file that is named."""

from __future__ import annotations

import io
import re
import sys
import types
from pathlib import Path

import pytest

from statalike import Session
from statalike.output.console import Console
from statalike.output.sinks import Screen
from tests.graphics.drawn import DATA


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _at_a_prompt(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **names: str) -> Session:
    for name in ("TERM", "TERM_PROGRAM", "KITTY_WINDOW_ID", "TMUX", "KONSOLE_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    made = Session(Console(Screen(stream, colour="never")))
    made.run(DATA, quietly=True)
    made.state.interactive = True
    return made


def test_in_batch_nothing_is_said() -> None:
    stream = io.StringIO()
    made = Session(Console(Screen(stream)))
    made.run(DATA, quietly=True)
    made.run("scatter weight week\ngraph display")
    assert stream.getvalue() == ""


def test_a_plain_terminal_is_told_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    made = _at_a_prompt(monkeypatch, stream, TERM="xterm")
    made.run("scatter weight week, name(a)")
    found = re.fullmatch(r"\(picture in (.*)\)\n", stream.getvalue())
    assert found is not None
    assert Path(found[1]).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("term", "start"), [("xterm-kitty", "\033_G"), ("foot", "\033Pq")])
def test_a_terminal_that_shows_pictures(
    monkeypatch: pytest.MonkeyPatch, term: str, start: str
) -> None:
    stream = Terminal()
    made = _at_a_prompt(monkeypatch, stream, TERM=term)
    with made.state.console.captured(screen=True) as capture:
        made.run("scatter weight week")
    assert stream.getvalue().startswith(start)
    assert capture.text == ""


@pytest.mark.parametrize("command", ["scatter weight week, nodraw", "set graphics off"])
def test_nothing_is_shown_when_not_wanted(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    stream = Terminal()
    made = _at_a_prompt(monkeypatch, stream, TERM="xterm")
    made.run(f"{command}\nline weight week, nodraw\nset graphics off\ngraph display")
    assert stream.getvalue() == ""


def test_a_notebook_shows_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bytes] = []
    shell = types.SimpleNamespace(kernel=object())
    notebook = types.ModuleType("IPython")
    notebook.get_ipython = lambda: shell  # type: ignore[attr-defined]
    display = types.ModuleType("IPython.display")
    display.Image = lambda png: png  # type: ignore[attr-defined]
    display.display = shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    made = Session(Console(Screen(io.StringIO())))
    made.run(DATA, quietly=True)
    made.run("scatter weight week")
    assert len(shown) == 1 and shown[0].startswith(b"\x89PNG")


def test_the_python_interface_gives_figures() -> None:
    made = Session(Console(Screen(io.StringIO())))
    made.run(DATA, quietly=True)
    made.run("scatter weight week, name(a)\nline weight week, name(b)")
    assert made.graph("a").axes[0].get_xlabel() == "week"
    assert len(made.graph().axes) == 1
