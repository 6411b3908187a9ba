"""Lines of nonsense built from the language's own pieces: each runs or is a Stata error.

Whatever is typed, nothing but a :class:`StataError` may come out, an error leaves everything in
memory as it was, and no line takes long.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statalike.commands.refused import REFUSED
from statalike.commands.registry import Command, all_commands, load_commands
from statalike.control_flow import ExitRequest
from statalike.errors import StataError
from statalike.language import functions
from statalike.language.grammar import load
from statalike.language.source import read_source
from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session

LINES = 10_000
SECONDS_FOR_A_LINE = 10

SETUP = """
clear
set obs 8
generate byte id = _n
generate byte group = cond(_n <= 4, 1, 2)
generate x = id^2
generate double z = mod(7*id, 5)
replace x = . in 8
generate str5 name = "a" + string(id)
label define sides 1 "left" 2 "right"
label values group sides
sort group id
local a "x z"
local n 3
global g "id"
scalar s = 2
quietly summarize x
"""
FIT = "quietly mixed z x || group:\nestimates store m\nsummarize x"


def words(text: str) -> list[str]:
    return text.split()


NUMBERS = words(
    "0 1 2 3 -1 .5 1e9 99999999999999999999 1e400 . .a 1/3 1/5 f l -1 1(1)3 0x1 1.8x+3 95"
)
NAMES = words(
    "x x x z z id id group group name x* i.group c.x##i.group L.x x-z _all nosuch _n _N new "
    "_b[x] e(b) r(mean) c(N) s sides m _cons"
)
OPERATORS = words("+ - * / ^ == = != ~= < > <= >= & | ! ~ # ## : , ; || . ( ) [ ] { } \\ ' ` @ % $")
TEXTS = [
    '"a b"',
    '"',
    '`"x "y""\'',
    '"é漢😀"',
    "`a'",
    "$g",
    "`=1+1'",
    "`:word 1 of `a''",
    "`n",
    "${g}",
]
QUALIFIERS = [
    *("if x > 2", "if", "in 1/3", "in f/l", "in 9", "using f"),
    *("[fw=id]", "[aw=x]", "[pweight", "if name"),
]
PREFIXES = ("quietly", "capture", "by group:", "bysort x:", "noisily", "version 18:", "if 1")
BLOCKS = ("if 1", "capture", "quietly", "foreach a in x z", "forvalues a = 1/2", "noisily if x")
WORDS = words(
    "by bysort quietly capture noisily if else foreach forvalues while in of local varlist numlist "
    "detail replace clear append sort sum mean a.do f log.log text all nostop %9.2f %td %5s byte "
    "str5 double float define values variable drop list store restore off on close"
)


load_commands()
FUNCTIONS = sorted(functions.names())
COMMANDS = sorted(
    name
    for name, command in all_commands().items()
    if name not in {*REFUSED, "exit", "webuse", "sysuse", "help", "webuse query", "webuse set"}
    and command.form != "family"
)
#: what would only show that memory is finite
LARGE = re.compile(r"(?:obs?|expand)\b.*(?:\d{5}|e\d|exp|\^)")


def fragment(dice: random.Random) -> str:
    kinds = (NUMBERS, NAMES, OPERATORS, TEXTS, QUALIFIERS, WORDS, FUNCTIONS)
    return dice.choice(dice.choices(kinds, (4, 8, 5, 2, 3, 3, 2))[0])


def expression(dice: random.Random, depth: int = 0) -> str:
    kind = dice.random()
    if depth > 3 or kind < 0.5:
        return dice.choice(dice.choices((NUMBERS, NAMES, TEXTS), (4, 6, 1))[0])
    if kind < 0.7:
        arguments = [expression(dice, depth + 1) for _ in range(dice.choice((0, 1, 1, 2, 2, 3)))]
        return f"{dice.choice(FUNCTIONS)}({','.join(arguments)})"
    if kind < 0.8:
        return f"({expression(dice, depth + 1)})"
    operator = dice.choice(("+", "-", "*", "/", "^", "==", "!=", "<", ">=", "&", "|", ":"))
    return f"{expression(dice, depth + 1)} {operator} {expression(dice, depth + 1)}"


def option(dice: random.Random, command: Command) -> str:
    own = command.specification.words if command.form == "standard" else ()
    word = dice.choice(own or ("replace", "clear", "nolog"))
    if not word.endswith("("):
        return word
    inside = (fragment, expression, lambda dice: " ".join(fragment(dice) for _ in range(2)))
    return f"{word}{dice.choice(inside)(dice)})"


def sensible(dice: random.Random) -> str:
    """A command with the parts that its syntax has."""
    name = dice.choice(COMMANDS)
    command = all_commands()[name]
    parts = [name, *(dice.choice(NAMES) for _ in range(dice.choice((0, 1, 1, 1, 2, 3))))]
    if command.form != "standard":
        parts += [expression(dice) for _ in range(dice.choice((0, 1, 2)))]
        return " ".join(parts)
    syntax = command.specification
    if syntax.assignment == "required" or (syntax.assignment and dice.random() < 0.5):
        parts += ["=", expression(dice)]
    if syntax.condition and dice.random() < 0.4:
        parts += ["if", expression(dice)]
    if syntax.observations and dice.random() < 0.3:
        parts.append(dice.choice(("in 1/3", "in f/l", "in 2", "in -3/-1", "in 9")))
    if syntax.weights and dice.random() < 0.3:
        parts.append(f"[{dice.choice(syntax.weights)}={expression(dice)}]")
    if syntax.using and dice.random() < 0.7:
        parts += ["using", dice.choice(("f", '"a b"', "f.dta", "f.csv", "a.do", ""))]
    if syntax.equations is not None and dice.random() < 0.8:
        parts += ["||", dice.choice(("group:", "id: x", "_all: R.id", "group: x, cov(un)"))]
    if syntax.options and dice.random() < 0.5:
        parts.append(",")
        parts += [option(dice, command) for _ in range(dice.choice((1, 1, 2)))]
    return " ".join(parts)


def disturbed(dice: random.Random, text: str) -> str:
    """The text with a piece inserted, taken out or doubled."""
    start, end = sorted(dice.randrange(len(text) + 1) for _ in range(2))
    kind = dice.randrange(3)
    if kind == 0:
        return text[:start] + fragment(dice) + text[start:]
    if kind == 1:
        return text[:start] + text[start + dice.randrange(4) :]
    return text[:end] + text[start:]


def line(dice: random.Random) -> str:
    """A line that is sensible, disturbed or a heap of fragments; now and then with a prefix."""
    kind = dice.random()
    if kind < 0.8:
        text = sensible(dice)
        if kind > 0.5:
            text = disturbed(dice, text)
    else:
        parts = [dice.choice(COMMANDS)]
        parts += [fragment(dice) for _ in range(dice.choice((0, 1, 2, 3, 5)))]
        text = "".join(part + dice.choice((" ", " ", "")) for part in parts)
    if dice.random() < 0.15:
        text = f"{dice.choice(PREFIXES)} {text}"
    if dice.random() < 0.03:
        text = f"{dice.choice(BLOCKS)} {{\n{text}\n}}"
    return text


class TooLong(BaseException):
    pass


def out_of_time(number: int, frame: FrameType | None) -> None:
    raise TooLong


def everything(session: Session) -> list[Any]:
    """All that an error must leave as it was."""
    state = session.state
    memory = state.memory
    data = memory.data
    columns = [
        (
            v.name,
            v.storage.name,
            v.values.tobytes() if v.values.dtype != object else v.values.tolist(),
        )
        for v in data.variables.values()
    ]
    looks = [(v.format, v.label, v.value_label) for v in data.variables.values()]
    results = [
        (
            dict(r.scalars),
            dict(r.macros),
            {k: m.values.tobytes() for k, m in r.matrices.items()},
            r.sample,
        )
        for r in (memory.r, memory.e, memory.s)
    ]
    return [
        columns,
        looks,
        (data.n, data.label, data.filename, data.sorted_by, data.changed),
        data.value_labels.copy(),
        {key: dict(texts) for key, texts in data.characteristics.items()},
        {name: mark.tobytes() for name, mark in data.marks.items()},
        dict(memory.globals),
        dict(memory.scalars),
        {name: matrix.values.tobytes() for name, matrix in memory.matrices.items()},
        results,
        list(memory.stored),
        dict(memory.settings.__dict__),
        [dict(scope) for scope in state.locals],
        state.random.copy().words(3).tolist(),
        (state.by_groups, state.by_rows, state.console.shown, state.console.linesize),
    ]


ALLOWED: list[str] = []
WRITING = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Keeps the lines from writing outside the test's folder and from the network."""
    if not ALLOWED:
        return
    if event == "socket.connect":
        raise PermissionError("no network")
    if event == "open":
        path, _, flags = arguments
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR)) if isinstance(flags, int) else False
        if not writes or isinstance(path, int):
            return
    elif event in WRITING:
        path = arguments[0]
    else:
        return
    place = os.path.abspath(os.fsdecode(path))
    if not any(place.startswith(folder) for folder in ALLOWED) and place != os.devnull:
        raise PermissionError(f"{place} is outside the test's folder")


sys.addaudithook(guard)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of its own, and an alarm for a line that takes too long."""
    work = tmp_path_factory.mktemp("fuzz")
    before = os.getcwd()
    handler = signal.signal(signal.SIGALRM, out_of_time)
    home, temporary = os.environ.get("HOME"), tempfile.tempdir
    load()
    try:
        os.environ["HOME"] = tempfile.tempdir = str(work)
        os.chdir(work)
        Path("a.do").write_text("display 1\nlocal b 2\ndo a\n")
        yield work
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        tempfile.tempdir = temporary
        if home is not None:
            os.environ["HOME"] = home
        os.chdir(before)


def prepared(*, fitted: bool) -> Session:
    session = Session(Console(Capture()))
    session.run(f"{SETUP}{FIT if fitted else ''}", quietly=True)
    return session


def run(session: Session, text: str, folder: Path) -> None:
    """Run a line; AssertionError when it does anything it must not."""
    before = everything(session)
    signal.setitimer(signal.ITIMER_REAL, SECONDS_FOR_A_LINE)
    ALLOWED.append(str(folder))
    try:
        session.output(text)
    except StataError as error:
        assert isinstance(error.code, int) and 0 < error.code < 10000
        assert isinstance(error.message, str)
        expands = "++" in text or "--" in text or "`=" in text
        if not (error.keeps_results or expands or "\n" in text):
            assert everything(session) == before, text
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        ALLOWED.clear()
        os.chdir(folder)
    assert len(session.state.locals) == 1


@pytest.mark.parametrize("part", range(4))
def test_lines_made_of_fragments(part: int, folder: Path) -> None:
    dice = random.Random(part)
    session = prepared(fitted=False)
    for number in range(LINES // 4):
        text = line(dice)
        if LARGE.search(text):
            continue
        if number % 100 == 0 or not session.state.data.n:
            session.state.console.close_all_logs()
            session = prepared(fitted=number % 400 > 0)
        try:
            run(session, text, folder)
        except (Exception, TooLong) as problem:
            raise AssertionError(f"{text!r}: {problem!r}") from problem
    session.state.console.close_all_logs()


@settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.text(max_size=60), st.sampled_from(["", "display ", "list if ", "generate q = ", "local "])
)
def test_any_text(folder: Path, text: str, start: str) -> None:
    session = prepared_once()
    run(session, start + text, folder)


_PREPARED: list[Session] = []


def prepared_once() -> Session:
    if not _PREPARED or "q" in _PREPARED[0].state.data:
        _PREPARED[:] = [prepared(fitted=True)]
    return _PREPARED[0]


REPEATED = [
    *(
        "quietly ",
        "capture: ",
        "n:",
        "by x: ",
        "if 1 ",
        "else ",
        "version 18: ",
        "x ",
        "x-",
        "i.x#",
    ),
    *("(", ")", "[", "{", "}", '"', "`", '`"', "'", "$", "`=", "/*", "*/", "//", "||", "|| x: "),
    *(
        ",",
        ", a",
        "=",
        "==",
        "-",
        "!",
        "+1",
        "^2",
        "(1+",
        "x[",
        "abs(",
        "_b[",
        "1 ",
        "1/",
        "%9.2f ",
    ),
    *("{c ", "{hline ", "_n ", "_dup(3) ", "as ", "L.", "\\", "é", "\0", "\t", "#", ".", "~", "a:"),
]


@pytest.mark.parametrize(
    "start", ["", "display ", "summarize x", "generate q = ", "local a ", "by "]
)
def test_the_same_again_and_again(start: str, folder: Path) -> None:
    session = prepared(fitted=True)
    for piece in REPEATED:
        for count in (30, 3000):
            run(session, start + piece * count, folder)
            run(session, f"{start}{piece * count}x", folder)
    session.state.console.close_all_logs()


def test_units_for_a_prompt(folder: Path) -> None:
    """``run_unit`` shows errors instead of raising them, and goes on."""
    dice = random.Random(99)
    session = prepared(fitted=True)
    for _ in range(300):
        text = line(dice)
        if LARGE.search(text):
            continue
        for unit in read_source(text):
            ALLOWED.append(str(folder))
            try:
                code = session.run_unit(unit)
                assert (code == 0) == (session.failure is None)
            except ExitRequest:
                pass
            finally:
                ALLOWED.clear()
                os.chdir(folder)
    session.state.console.close_all_logs()
