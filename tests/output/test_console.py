"""The console: sinks, quietly and noisily, logs, and what goes where."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from statalike.errors import StataError
from statalike.output.console import Console, terminal_linesize
from statalike.output.progress import Progress
from statalike.output.sinks import Capture, Screen, wants_colour
from statalike.output.styled import Line, Style, line, placed, plain, result


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def capture() -> Capture:
    return Capture()


@pytest.fixture
def console(capture: Capture) -> Console:
    made = Console(capture)
    made.logs.clock = lambda: datetime(2024, 3, 4, 9, 8, 7)
    return made


def test_lines_and_texts(console: Console, capture: Capture) -> None:
    console.print("a")
    console.print(line("x = ", result("1")))
    console.print("two\nlines", Style.NOTE)
    console.print()
    console.print("open ", end="")
    assert console.column == 5
    console.print("line")
    console.print("left open", end="")
    console.finish_line()
    console.finish_line()
    assert capture.text == "a\nx = 1\ntwo\nlines\n\nopen line\nleft open\n"
    assert capture.lines[1][1].style is Style.RESULT


def test_quietly_noisily_and_capture(console: Console, capture: Capture) -> None:
    with console.quiet():
        console.print("hidden")
        console.error("shown")
        with console.noisy():
            console.print("noisy")
            with console.quiet():
                console.print("hidden")
        console.print_lines([line("hidden")])
    with console.silent():
        console.error("hidden")
        with console.noisy():
            console.error("noisy error")
    assert console.shown
    console.print("end")
    assert capture.text.split() == ["shown", "noisy", "noisy", "error", "end"]


def test_quiet_ends_with_an_error(console: Console) -> None:
    with pytest.raises(ValueError, match="x"), console.quiet():
        raise ValueError("x")
    assert console.shown


def test_commands_are_echoed_and_wrapped(console: Console, capture: Capture) -> None:
    command = "mixed qol age agebelow52 ageabove82 i.socialclass female || cluster: || household:"
    console.echo(command)
    console.echo("foreach x in a b {\ndisplay 1\n}")
    assert capture.text == (
        ". mixed qol age agebelow52 ageabove82 i.socialclass female || cluster: || house\n"
        "> hold:\n. foreach x in a b {\n> display 1\n> }\n"
    )


def test_captured_output_stays_off_the_screen(console: Console, capture: Capture) -> None:
    with console.captured() as inner:
        console.print("inside", end="")
    console.print("outside")
    assert inner.text == "inside\n"
    assert capture.text == "outside\n"
    with console.captured(screen=True) as inner:
        console.print("both")
    assert inner.text == "both\n"
    assert capture.text.endswith("both\n")


def test_log(console: Console, capture: Capture, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    console.open_log(path)
    console.echo("display 1", typed=True)
    console.print("1")
    log = console.logs.named("<unnamed>")
    console.pause_log(log, True)
    console.print("not in the log")
    console.pause_log(log, False)
    console.close_log()
    rule = "-" * 79

    def status(event: str) -> str:
        return (
            f"      name:  <unnamed>\n       log:  {path}\n  log type:  text\n"
            f" {event} on:   4 Mar 2024, 09:08:07\n"
        )

    assert path.read_text() == (
        f"{rule}\n{status('opened')}\n. display 1\n1\n"
        + status("paused")
        + status("resumed").replace(" resumed", "resumed")
        + f"{status('closed')}{rule}\n"
    )
    assert "not in the log" in capture.text
    assert ". display 1" not in capture.text
    assert capture.text.startswith(f"{rule}\n      name:")


def test_several_logs_append_and_replace(console: Console, tmp_path: Path) -> None:
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    console.open_log(one, "one")
    console.open_log(two, "two")
    console.print("both")
    console.close_log("one")
    console.print("two only")
    console.close_all_logs()
    assert "both" in one.read_text() and "two only" not in one.read_text()
    console.open_log(one, append=True)
    console.print("more")
    console.close_log()
    assert "both" in one.read_text() and "more" in one.read_text()
    console.open_log(one, replace=True)
    console.close_log()
    assert "both" not in one.read_text()


def test_log_errors(console: Console, tmp_path: Path) -> None:
    def code(path: Path, name: str = "<unnamed>") -> int:
        with pytest.raises(StataError) as raised:
            console.open_log(path, name)
        return raised.value.code

    path = tmp_path / "a.log"
    console.open_log(path)
    assert code(tmp_path / "b.log") == 604
    assert code(path, "other") == 604
    console.close_log()
    assert code(path) == 602
    assert code(tmp_path / "no" / "such" / "folder.log") == 603
    for name, message in (("<unnamed>", "no log file open"), ("x", "log x not open")):
        with pytest.raises(StataError, match=message) as raised:
            console.close_log(name)
        assert raised.value.code == 606
    with pytest.raises(StataError):
        console.close_command_log()


def test_log_of_commands(console: Console, capture: Capture, tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    console.open_log(path, commands_only=True)
    console.echo("summarize x", typed=True)
    console.echo("from a do-file")
    console.print("output")
    console.close_all_logs()
    assert path.read_text() == "summarize x\n"
    assert f"(cmdlog {path} opened)" in capture.text
    assert f"(cmdlog {path} closed)" in capture.text


def test_logs_take_what_is_printed_quietly_no_more_than_the_screen(
    console: Console, tmp_path: Path
) -> None:
    path = tmp_path / "q.log"
    with console.quiet():
        console.open_log(path)
        console.print("hidden")
        console.close_log()
    text = path.read_text()
    assert "hidden" not in text
    assert text.count("log type") == 2


# --- the screen -----------------------------------------------------------------------------


def test_plain_screen() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    console = Console(screen)
    console.print(line("[e(N)] :smile: ", result("12")))
    console.flush()
    assert stream.getvalue() == "[e(N)] :smile: 12\n"
    assert console.linesize == 79


def test_coloured_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    console = Console(Screen(stream))
    console.print(line("[e(N)] = ", result("12")))
    console.error("no")
    console.print("x" * 300)
    text = stream.getvalue()
    assert "[e(N)] = \x1b[1m12\x1b[0m\n" in text
    assert "\x1b[31mno\x1b[0m\n" in text
    assert "x" * 300 + "\n" in text
    assert 80 <= console.linesize <= 255


def test_colour_is_asked_for_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour(stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(stream)
    assert wants_colour(stream, "always")
    monkeypatch.delenv("NO_COLOR")
    assert wants_colour(stream)
    assert not wants_colour(stream, "never")
    assert not wants_colour(io.StringIO())


def test_characters_the_stream_does_not_have_are_replaced() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Console(Screen(stream)).print("Kenward–Roger")
    stream.flush()
    assert raw.getvalue() == b"Kenward?Roger\n"


def test_linesize_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, wanted in (("60", 80), ("120", 120), ("400", 255)):
        monkeypatch.setenv("COLUMNS", columns)
        assert terminal_linesize() == wanted


def test_progress_on_a_terminal_only() -> None:
    stream = Terminal()
    with Progress(stream, delay=0.0) as progress:
        progress.fraction(1, 4)
        progress.update("too soon")
    assert stream.getvalue() == "\r25%\r   \r"
    silent = io.StringIO()
    with Progress(silent, delay=0.0) as progress:
        progress.update("nothing")
    assert silent.getvalue() == ""
    with Console(Capture()).progress() as progress:
        progress.update("nothing")


def test_neither_rich_nor_pandas_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, statalike.output.console as c; c.Console(c.Screen()).print('x');"
        "sys.exit(any(m in sys.modules for m in ('rich', 'pandas', 'scipy')))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


# --- styled text ----------------------------------------------------------------------------


def test_parts_at_columns() -> None:
    styled: Line = placed((0, "a"), (4, result("b")), (5, ""), (3, "c"))
    assert plain(styled) == "a   bc"
    assert styled[2].style is Style.RESULT
