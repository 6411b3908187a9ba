"""Whole sessions in a terminal of fixed size."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

ROWS, COLUMNS = 40, 90
PATIENCE = 30.0


class Terminal:
    """The program in a terminal: keys in, the text of the screen out."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        environment = {
            **os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **variables,
        }  # fmt: skip
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "statalike", *arguments],
            dimensions=(ROWS, COLUMNS),
            env=environment,
            encoding="utf-8",
        )

    def type(self, keys: str) -> None:
        self.process.send(keys)

    def screen(self) -> str:
        return "\n".join(row.rstrip() for row in self._screen.display).rstrip()

    def wait_for(self, text: str) -> str:
        """The screen as soon as it ends with ``text`` and the cursor stands after it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._read(0.05)
            if self.screen().endswith(text.rstrip()) and self._quiet():
                return self.screen()
        raise AssertionError(f"{text!r} does not end the screen:\n{self.screen()}")

    def _quiet(self) -> bool:
        before = self.screen()
        self._read(0.1)
        return self.screen() == before

    def _read(self, seconds: float) -> None:
        try:
            self._stream.feed(self.process.read_nonblocking(65536, timeout=seconds))
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            return

    def end(self) -> int:
        """The exit status, after the program has ended."""
        self.process.expect(pexpect.EOF, timeout=PATIENCE)
        self.process.close()
        assert self.process.exitstatus is not None
        return int(self.process.exitstatus)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal("-q")
    yield terminal
    terminal.process.close(force=True)


def test_a_session(terminal: Terminal) -> None:
    terminal.wait_for(".")
    terminal.type("display 6*7\r")
    assert terminal.wait_for("42\n\n.") == ". display 6*7\n42\n\n."
    terminal.type("forvalues i = 1/2 {\r")
    terminal.wait_for("2.")
    terminal.type('display "turn `i\'"\r}\r')
    shown = terminal.wait_for("turn 2\n\n.")
    assert '. forvalues i = 1/2 {\n  2. display "turn `i\'"\n  3. }\nturn 1\n' in shown
    terminal.type("display c(linesize)\r")
    terminal.wait_for(f"{COLUMNS}\n\n.")
    terminal.type("exit 3\r")
    assert terminal.end() == 3


def test_control_c_breaks_a_command_and_keeps_the_session(terminal: Terminal) -> None:
    terminal.wait_for(".")
    terminal.type("local kept 17\r")
    terminal.wait_for("17\n\n.")
    terminal.type("forvalues i = 1/100000000 {\r")
    terminal.wait_for("2.")
    terminal.type("local x = `i'\r}\r")
    terminal.wait_for("3. }")
    terminal.type("\x03")
    terminal.wait_for("3. }\n--Break--\nr(1);\n\n.")
    terminal.type("half a line\x03")
    terminal.type("display \"`kept'`i'\"\r")
    terminal.wait_for("\n17\n\n.")
    terminal.type("\x04")
    assert terminal.end() == 0


def test_control_c_in_a_long_fit_leaves_estimates_and_data_as_they_were(
    terminal: Terminal,
) -> None:
    terminal.wait_for(".")
    terminal.type("quietly set obs 60000\r")
    terminal.type("quietly generate id = floor((_n - 1)/3)\r")
    terminal.type("quietly generate x = rnormal()\r")
    terminal.type("quietly generate y = x + rnormal()\r")
    terminal.type("quietly mixed y if id < 100 || id:\r")
    terminal.wait_for(". quietly mixed y if id < 100 || id:\n\n.")
    terminal.type("mixed y x || id: x, emonly emiterate(1000000) emtolerance(0) nolog\r")
    terminal.wait_for("emtolerance(0) nolog")
    terminal.type("\x03")
    terminal.wait_for("--Break--\nr(1);\n\n.")
    terminal.type('display e(N) " " _N " " "`e(cmdline)\'"\r')
    terminal.wait_for("\n300 60000 mixed y if id < 100 || id:\n\n.")


def test_history_and_completion_and_leaving_with_unsaved_data(terminal: Terminal) -> None:
    terminal.wait_for(".")
    terminal.type("set obs 3\r")
    terminal.wait_for("now 3.\n\n.")
    terminal.type("generate price = 1\r")
    terminal.wait_for("\n\n.")
    terminal.type("summarize pr\t")
    terminal.wait_for(". summarize price")
    terminal.type("\r")
    terminal.wait_for("\n\n.")
    terminal.type("\x04")
    terminal.wait_for("r(4);\n\n.")
    terminal.type("\x04")
    assert terminal.end() == 0
    again = Terminal("-q")
    again.wait_for(".")
    again.type("set\x1b[A")
    again.wait_for(". set obs 3")
    again.type("\r")
    again.wait_for("now 3.\n\n.")
    again.type("exit, clear\r")
    assert again.end() == 0


def test_banner_and_a_dumb_terminal() -> None:
    terminal = Terminal(TERM="dumb")
    terminal.wait_for("\n\n.")
    assert terminal.screen().startswith("statalike ")
    terminal.type("display 6*7\r")
    terminal.wait_for("\n42\n\n.")
    terminal.type("\x04")
    assert terminal.end() == 0


def test_no_colour_means_none(own_places: Path) -> None:
    for variables, coloured in (({"NO_COLOR": "1"}, False), ({}, True)):
        terminal = Terminal("-q", **variables)
        terminal.process.logfile_read = log = (own_places / "seen").open("w+")
        terminal.wait_for(".")
        terminal.type("nosuch\r")
        terminal.wait_for("r(199);\n\n.")
        terminal.type("\x04")
        terminal.end()
        log.seek(0)
        assert ("\x1b[31m" in log.read()) is coloured
        log.close()
