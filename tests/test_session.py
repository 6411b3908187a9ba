"""The session: running text and units, results and data for Python, Break at any moment."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import statalike
from statalike.commands.registry import find_command
from statalike.control_flow import ExitRequest
from statalike.errors import StataError
from statalike.language.source import Unit, read_source
from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session
from tests.commands.typed import SMALL, session, small
from tests.do_files import do_file, log_of

# -- running


def test_output_is_what_commands_print() -> None:
    made = session()
    assert made.output("display 1\ndisplay 2") == "1\n2\n"
    assert made.output("") == ""


def test_run_raises_the_first_error() -> None:
    made = session()
    with pytest.raises(StataError) as caught:
        made.run("global a 1\nnosuch\nglobal a 2")
    assert caught.value.code == 199
    assert made.state.globals == {"a": "1"}
    assert caught.value.origin is not None and caught.value.origin.line == 2


def test_run_shows_commands_when_asked() -> None:
    screen = Capture()
    made = Session(Console(screen))
    made.run("display 1\nif 1 {\n  display 2\n}", echo=True)
    made.run("display 3", quietly=True, echo=True)
    assert screen.text == ". display 1\n1\n\n. if 1 {\n.   display 2\n2\n. }\n\n"


def test_units_show_their_errors() -> None:
    made = session()
    with made.state.console.captured() as capture:
        codes = [made.run_unit(Unit(text)) for text in ("display 1", "nosuch", "display 2")]
    assert codes == [0, 199, 0]
    assert capture.text == "1\ncommand nosuch is unrecognized\nr(199);\n2\n"
    assert made.failure is None


def test_an_else_belongs_to_the_unit_before_it() -> None:
    made = session()
    text = "if 0 {\n display 1\n}\nelse {\n display 2\n}\nelse {\n display 3\n}"
    with made.state.console.captured() as capture:
        codes = [made.run_unit(unit) for unit in read_source(text)]
    assert codes == [0, 0, 0]
    assert capture.text == "2\n"
    assert log_of("display 1\nelse display 2") == "1\nelse without if\nr(198);\n"


def test_exit_leaves() -> None:
    with pytest.raises(ExitRequest):
        session().run_unit(Unit("exit"))


UNREADABLE = ["}", "if 1 {", "foreach x in a {\n display 1\n} display 2", "/* open", "program x"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_fails_after_what_can(text: str) -> None:
    made = session()
    with pytest.raises(StataError) as caught:
        made.run(f"global a 1\n{text}")
    assert caught.value.code in (198, 612)
    assert made.state.globals == {"a": "1"}


@pytest.mark.parametrize(("problem", "code"), [(RecursionError, 1000), (MemoryError, 909)])
def test_limits_of_the_machine(
    problem: type[Exception], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limited(*_: object) -> None:
        raise problem

    made = session()
    monkeypatch.setitem(handler_of("pwd"), "handler", limited)
    with pytest.raises(StataError) as caught:
        made.run("pwd")
    assert caught.value.code == code
    assert made.run_unit(Unit("pwd")) == code


def handler_of(name: str) -> dict[str, Any]:
    command = find_command(name)
    assert command is not None
    return command.__dict__


# -- results and data


def test_results() -> None:
    made = session("clear\nset obs 3\ngenerate x = _n\nquietly summarize x")
    assert made.r["mean"] == 2.0
    assert "mean" in made.r and "nosuch" not in made.r
    assert "sd" in made.r.keys() and "mean" in repr(made.r)  # noqa: SIM118
    with pytest.raises(KeyError):
        made.r["nosuch"]
    made.run("quietly summarize x if x == 1")
    assert np.isnan(made.r["sd"])
    assert list(made.e) == list(made.s) == []


def test_data_for_python() -> None:
    data = small().data
    assert list(data.columns) == ["id", "group", "x", "name"]
    assert data["x"].tolist()[:7] == [1, 4, 9, 16, 25, 36, 49]
    assert np.isnan(data["x"][7])
    assert data["name"][2] == "a3"


# -- Break


class Interruption:
    """Raises KeyboardInterrupt at one of the lines of the program that are run."""

    def __init__(self, moment: int) -> None:
        self.moment = moment
        self.lines = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(str(Path(statalike.__file__).parent)):
            return None
        if frame.f_code.co_name == "return_to_top_level":
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.moment:
                raise KeyboardInterrupt
        return self


def interrupted(made: Session, text: str, moment: int) -> int:
    """Run a text that is interrupted at a moment; how many lines of the program it took."""
    interruption = Interruption(moment)
    before = sys.gettrace()
    sys.settrace(interruption)
    try:
        made.output(text)
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return interruption.lines


def memory(made: Session) -> tuple[object, ...]:
    state = made.state
    data = state.data
    columns = {
        name: (variable.values.tolist(), variable.format, variable.label, variable.value_label)
        for name, variable in data.variables.items()
    }
    return (
        columns,
        (data.n, data.sorted_by, data.changed, dict(data.value_labels), dict(data.characteristics)),
        (dict(state.macros), dict(state.globals), dict(state.memory.scalars)),
        (state.r.scalars, state.e.scalars, list(state.memory.stored)),
        dict(state.settings.__dict__),
        state.random.copy().uniform(),
        (state.by_groups, state.by_rows, len(state.locals), state.console.shown),
        state.console.linesize,
    )


INTERRUPTED = [
    "generate q = x + runiform()",
    "replace x = 100000 if group == 1",
    "gsort -id",
    "drop if id > 3",
    "egen q = mean(x), by(group)",
    "summarize x, detail",
    "label define sides 3 c, add",
    "rename x q",
    "local a new",
    "scalar s = 3",
    "set seed 1",
    "set linesize 100",
    "set obs 20",
    "encode name, generate(q)",
    "by group: generate q = _n",
    "by group: summarize x",
    "bysort x: generate q = _N",
    "quietly capture noisily drop x",
    "capture drop nosuch",
    "if 1 {\n replace x = 7\n}",
    "expand 2",
]


@pytest.mark.parametrize("text", INTERRUPTED)
def test_a_break_at_any_moment_undoes_the_command(text: str) -> None:
    prepared = f"{SMALL}\nlocal a old\nsummarize x"
    made = session(prepared)
    before = memory(made)
    lines = interrupted(made, text, 0)
    after = memory(made)
    dice = random.Random(text)
    for moment in sorted(dice.sample(range(1, lines + 1), min(lines, 20))):
        made = session(prepared)
        interrupted(made, text, moment)
        assert memory(made) in (before, after)


def test_a_break_is_shown_and_leaves_the_session_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(handler_of("pwd"), "handler", interrupt)
    command = do_file(tmp_path, "display 1\nforeach x in a b {\n  quietly pwd\n}\ndisplay 2\n")
    made = session()
    log = tmp_path / "a.log"
    made.run(f'log using "{log}"', quietly=True)
    assert log_of(command, made).endswith(
        "--Break--\nr(1);\n\nend of do-file\n\n--Break--\nr(1);\n"
    )
    assert made.failure is not None and isinstance(made.failure.__cause__, KeyboardInterrupt)
    assert made.output("display 3") == "3\n"
    made.run("log close", quietly=True)
    assert "--Break--" in log.read_text()


def test_a_break_ends_an_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0

    def interrupt(*_: object) -> None:
        nonlocal turns
        turns += 1
        if turns == 5:
            raise KeyboardInterrupt

    monkeypatch.setitem(handler_of("pwd"), "handler", interrupt)
    assert log_of("while 1 {\n  capture pwd\n}") == "--Break--\nr(1);\n"
