"""Running a user's program: its macros, its results, its group under ``by``, its ado-file.

[U] 18 Programming Stata, [P] program, [P] byable, [P] sortpreserve, [U] 17.5 (ado-path).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import numpy as np

from statalike.control_flow import ExitRequest, LoopControl, misplaced_continue
from statalike.errors import StataError
from statalike.language.parser import split_words
from statalike.language.source import Unit
from statalike.programs import NO_GROUPS, Program
from statalike.results.stores import Results
from statalike.state import State

_ORDER = "__order"


class Runner(Protocol):
    """What running a program needs of the interpreter."""

    state: State

    def deeper(self) -> AbstractContextManager[None]:
        """Count one more level of nesting; r(1000) when there are too many."""

    def run_units(self, units: Iterable[Unit], *, echo: bool) -> bool | None:
        """Run commands in order."""

    def run_file(
        self, path: str, arguments: list[str], *, echo: bool, stop: bool, new_scope: bool
    ) -> None:
        """Run a do-file."""


def positional_macros(words: Sequence[str]) -> dict[str, str]:
    """The macros ``1``, ``2``, ... of the arguments of a program or do-file."""
    return {str(number): word for number, word in enumerate(words, 1) if word}


def run_program(runner: Runner, program: Program, text: str) -> None:
    """Run a program with ``text`` as its macro ``0``.

    ``exit`` ends it, with an error when it gives a code.  Afterwards the version, the order of
    the observations where the program keeps it, and preserved data are what they were before.
    """
    state = runner.state
    macros = {"0": text, **positional_macros(_words(text))}
    rows, version, place = state.by_rows, state.settings.version, state.by_place
    if place[2]:
        macros["_byvars"] = " ".join(place[2])
    position = None
    with state.new_scope(macros), runner.deeper():
        call = state.call
        call.program, call.by_rows, call.by_place = program, rows, place
        if program.results == "sclass":
            state.memory.s = Results()
        try:
            state.by_rows, state.by_place = None, NO_GROUPS
            if program.sorts_back:
                position = _remember_order(state)
            runner.run_units(program.body, echo=False)
        except ExitRequest as request:
            if request.leaves_program:
                raise
            if request.code:
                raise StataError(request.code) from request
        except LoopControl:
            raise misplaced_continue() from None
        finally:
            state.by_rows, state.by_place = rows, place
            state.settings.version = version
            if position is not None:
                _bring_back_order(state, position)
    if program.results == "rclass":
        state.r = call.returned


def _words(text: str) -> list[str]:
    try:
        return split_words(text)
    except StataError:
        return text.split()


def _remember_order(state: State) -> tuple[str, tuple[str, ...]] | None:
    """Number the observations in a temporary variable; it and the sort order to come back to."""
    if not state.data.n:
        return None
    name, number = _ORDER, 0
    while name in state.data:
        name, number = f"{_ORDER}{number}", number + 1
    changed = state.data.changed
    state.data.add(name, np.arange(state.data.n, dtype=np.int32))
    state.data.changed = changed
    return name, state.data.sorted_by


def _bring_back_order(state: State, position: tuple[str, tuple[str, ...]]) -> None:
    name, sorted_by = position
    data = state.data
    if name not in data:
        return
    changed = data.changed
    data.sort([name])
    data.drop([name])
    data.sorted_by = tuple(key for key in sorted_by if key in data)
    data.changed = changed


def program_from_ado_file(runner: Runner, name: str) -> Program | None:
    """The program that ``name.ado`` along the ado-path defines, kept in memory from now on."""
    path = runner.state.ado_path.file(name)
    if path is None:
        return None
    state = runner.state
    before = set(state.memory.programs)
    with state.console.quiet():
        runner.run_file(str(path), [], echo=False, stop=True, new_scope=True)
    programs = state.memory.programs
    for made in set(programs) - before:
        programs[made] = replace(programs[made], file=str(path))
    return programs.get(name)
