"""Prefix commands: ``quietly``, ``noisily``, ``capture``, ``version`` and ``by``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import numpy as np

from statalike.commands.registry import command, find_command, unrecognized
from statalike.data.formats import format_value
from statalike.data.ordering import is_sorted
from statalike.errors import StataError, invalid_syntax, option_not_allowed
from statalike.language.parser import split_comma, split_name, split_prefix
from statalike.programs import Program
from statalike.state import State

Run = Callable[[], None]


@command("quietly", "qui", form="prefix", syntax="colon optional", help="run without output")
def quietly(state: State, given: str, run: Run, inner: str) -> None:
    with state.console.quiet():
        run()


@command("noisily", "n", form="prefix", syntax="colon optional", help="run with output")
def noisily(state: State, given: str, run: Run, inner: str) -> None:
    with state.console.noisy():
        run()


@command(
    "capture", "cap", form="prefix", syntax="colon optional", help="run and keep the return code"
)
def capture(state: State, given: str, run: Run, inner: str) -> None:
    """Errors become ``_rc``; with ``noisily`` after it their message is shown all the same."""
    word, _ = split_name(inner)
    loud = bool(word) and find_command(word) is find_command("noisily")
    try:
        with state.console.silent():
            run()
    except StataError as error:
        state.return_code = error.code
        if loud and not error.shown:
            with state.console.noisy():
                state.console.finish_line()
                state.interpreter.show_message(error)
    else:
        state.return_code = 0


@command("by", "by", form="prefix", help="repeat a command for each group of observations")
def by(state: State, given: str, run: Run, inner: str) -> None:
    names, options = split_comma(given)
    words = _by_options(options)
    _run_by(state, names, run, inner, sort="sort" in words, go_on="rc0" in words)


@command("bysort", "bys", form="prefix", help="sort, and repeat a command for each group")
def bysort(state: State, given: str, run: Run, inner: str) -> None:
    names, options = split_comma(given)
    words = _by_options(options)
    _run_by(state, names, run, inner, sort=True, go_on="rc0" in words)


def _by_options(options: str | None) -> set[str]:
    words = set()
    for word in (options or "").split():
        if word == "rc0":
            words.add(word)
        elif len(word) > 1 and "sort".startswith(word):
            words.add("sort")
        else:
            raise option_not_allowed(word, ("sort", "rc0"))
    return words


_KEYS = re.compile(r"([^()]*)(?:\(([^()]*)\)\s*)?")


def _run_by(state: State, names: str, run: Run, inner: str, *, sort: bool, go_on: bool) -> None:
    """Repeat ``run`` for the groups; with ``go_on`` after an error in one of them, too."""
    keys = _KEYS.fullmatch(names)
    if keys is None:
        raise invalid_syntax()
    groups = list(dict.fromkeys(state.data.expand(keys[1])))
    further = state.data.expand(keys[2] or "")
    if not groups:
        raise StataError(100, "varlist required")
    kind = _repeatable(state, inner)
    with state.undone_on_failure():
        _arrange(state, list(dict.fromkeys([*groups, *further])), sort)
        boundaries = group_boundaries(state, groups)
        if kind == "once":
            _with_groups(state, boundaries, run)
        elif kind == "onecall":
            _with_names(state, tuple(groups), run)
        else:
            _for_each_group(state, groups, boundaries, run, go_on)


def _repeatable(state: State, inner: str) -> str:
    """How the command that ``by`` is put before, through ``quietly`` and the like, is repeated.

    ``once`` or ``each`` for commands, ``onecall`` or ``each`` for programs; r(190).
    """
    word, rest = split_name(inner)
    program = _program(state, word)
    if program is not None:
        return _repeatable_program(program)
    chosen = find_command(word)
    while chosen is not None and chosen.form == "prefix" and chosen.syntax == "colon optional":
        word, rest = split_name(rest.strip().removeprefix(":").strip())
        program = _program(state, word)
        if program is not None:
            return _repeatable_program(program)
        chosen = find_command(word)
    if not word:
        raise invalid_syntax()
    if chosen is None:
        raise unrecognized(word)
    if not chosen.by:
        raise StataError(190, f"{chosen.name} may not be combined with by")
    return chosen.by


def _program(state: State, word: str) -> Program | None:
    return state.interpreter.find_program(word)


def _repeatable_program(program: Program) -> str:
    if not program.byable:
        raise StataError(190, f"{program.name} may not be combined with by")
    return "each" if program.byable == "recall" else "onecall"


def _arrange(state: State, keys: list[str], sort: bool) -> None:
    data = state.data
    if tuple(keys) == data.sorted_by[: len(keys)]:
        return
    if sort:
        data.sort(keys)
    elif not is_sorted([data.variable(name) for name in keys]):
        raise StataError(5, "not sorted")


def group_boundaries(state: State, names: list[str]) -> np.ndarray:
    """Positions where the groups of sorted data begin, and n at the end."""
    n = state.data.n
    starts = np.zeros(n, dtype=bool)
    starts[:1] = True
    for name in names:
        values = state.data.variable(name).values
        starts[1:] |= np.asarray(values[1:] != values[:-1], dtype=bool)
    return np.append(np.flatnonzero(starts), n)


def _with_groups(state: State, boundaries: np.ndarray, run: Run) -> None:
    try:
        state.by_groups = boundaries
        run()
    finally:
        state.by_groups = None


def _with_names(state: State, names: tuple[str, ...], run: Run) -> None:
    """Call a program once that sees to the groups of these variables itself."""
    before = state.by_place
    try:
        state.by_place = (1, 1, names)
        run()
    finally:
        state.by_place = before


def _for_each_group(
    state: State, names: list[str], boundaries: np.ndarray, run: Run, go_on: bool
) -> None:
    console = state.console
    before = state.by_place
    try:
        for number, (first, last) in enumerate(itertools.pairwise(boundaries), 1):
            state.by_rows = slice(int(first), int(last))
            state.by_place = (number, len(boundaries) - 1, tuple(names))
            labels = ", ".join(f"{name} = {_shown(state, name, int(first))}" for name in names)
            console.print()
            console.print("-" * console.linesize)
            console.print(f"-> {labels}")
            try:
                run()
            except StataError as error:
                if not go_on:
                    raise
                state.interpreter.show_message(error)
    finally:
        state.by_rows = None
        state.by_place = before


def _shown(state: State, name: str, row: int) -> str:
    variable = state.data.variable(name)
    value = variable.value(row)
    if isinstance(value, float):
        label = state.data.label_of(name, value)
        if label is not None:
            return label
    return format_value(value, variable.format).strip()


_VERSION = re.compile(r"(\d{1,2}(?:\.\d+)?)\s*(?:,\s*(?:user|missing|born\([^()]*\))\s*)?")
NEWEST_VERSION = 18.0


@command("version", "vers", form="text", composite=True, help="say which Stata is meant")
def version(state: State, text: str) -> None:
    """``version 18`` and ``version 18: command``; the number is checked and remembered."""
    if not text:
        state.console.print(f"version {state.settings.version:.1f}")
        return
    given, inner = split_prefix(text)
    number = _VERSION.fullmatch(given)
    if number is None:
        raise invalid_syntax()
    wanted = float(number[1])
    if not 1 <= wanted < NEWEST_VERSION + 2:
        raise StataError(
            9, f"this is version 18.0 of the language; it cannot run version {wanted:.1f} programs"
        )
    if inner is None:
        state.settings.version = wanted
    else:
        state.interpreter.run_line(inner)
