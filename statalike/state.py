"""Everything that one session remembers, and how a failed command is undone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from statalike.ado_path import AdoPath
from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.graphics.graph import Graph
from statalike.language.functions.mersenne_twister import MersenneTwister64
from statalike.language.regular_expressions import Matches
from statalike.output.console import Console
from statalike.postings import Posting
from statalike.programs import NO_GROUPS, Call, GroupPlace, Program
from statalike.results.matrix import NamedMatrix
from statalike.results.restrictions import LinearRestrictions
from statalike.results.stores import Results, StoredEstimates
from statalike.settings import Settings


class Interpreter(Protocol):
    """What commands such as ``do`` and ``capture`` need of the interpreter that runs them."""

    def run_line(self, text: str) -> None:
        """Run one command line, macros already expanded."""

    def run_file(
        self, path: str, arguments: list[str], *, echo: bool, stop: bool, new_scope: bool
    ) -> None:
        """Run a do-file; ``stop`` tells whether it ends at the first error."""

    def find_program(self, name: str) -> Program | None:
        """The user's program of this name, read from an ado-file where it must be."""

    def show_message(self, error: StataError) -> None:
        """Print an error's message."""


@dataclass
class Memory:
    """What a command may change and an error or Break must put back.

    ``tested`` are the restrictions of the last ``test``, which ``accumulate`` adds to;
    ``constraints`` the texts of ``constraint define`` by their numbers.
    ``graphs`` are the graphs in memory by name, ``current_graph`` the name of the last one drawn;
    ``margins`` are the results of the last ``margins``, which ``marginsplot`` draws.
    ``data`` is the dataset of the frame called ``frame``; ``frames`` are the other ones by name,
    which are replaced, never modified in place.
    """

    data: Dataset = field(default_factory=Dataset)
    globals: dict[str, str] = field(default_factory=dict)
    scalars: dict[str, float | str] = field(default_factory=dict)
    matrices: dict[str, NamedMatrix] = field(default_factory=dict)
    r: Results = field(default_factory=Results)
    e: Results = field(default_factory=Results)
    s: Results = field(default_factory=Results)
    stored: dict[str, StoredEstimates] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    tested: LinearRestrictions | None = None
    constraints: dict[int, str] = field(default_factory=dict)
    graphs: dict[str, Graph] = field(default_factory=dict)
    current_graph: str = ""
    programs: dict[str, Program] = field(default_factory=dict)
    frame: str = "default"
    frames: dict[str, Dataset] = field(default_factory=dict)
    margins: Results | None = None

    def copy(self) -> Memory:
        """A snapshot; columns, matrices and stored results are shared, since none is modified."""
        return Memory(
            self.data.copy(),
            self.globals.copy(),
            self.scalars.copy(),
            self.matrices.copy(),
            self.r.copy(),
            self.e.copy(),
            self.s.copy(),
            self.stored.copy(),
            self.settings.copy(),
            self.tested,
            self.constraints.copy(),
            self.graphs.copy(),
            self.current_graph,
            self.programs.copy(),
            self.frame,
            self.frames.copy(),
            self.margins,
        )


class State:
    """One session: data, macros, scalars, matrices, results, settings, console.

    ``return_code`` is ``_rc``.  ``interpreter`` is set by the session that owns the state.
    ``interactive`` tells that someone sits at a prompt and can be warned of unsaved data.
    Under ``by``, ``by_groups`` are the boundaries of all groups for a command that sees them at
    once, and ``by_rows`` the rows of the group at hand for one that is called for each;
    ``by_place`` is the number of that group, the number of groups and the variables.
    ``picture_folder`` holds pictures of graphs that the terminal cannot show, until the end.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.memory: Memory = Memory()
        self.console = console or Console()
        self.locals: list[dict[str, str]] = [{}]
        self.temporary_names: list[list[str]] = [[]]
        self.calls: list[Call] = [Call()]
        self.ado_path: AdoPath = AdoPath()
        self.postings: dict[str, Posting] = {}
        self.random = MersenneTwister64(self.memory.settings.seed)
        self.matches = Matches()
        self.return_code: int = 0
        self.by_groups: np.ndarray | None = None
        self.by_rows: slice | None = None
        self.by_place: GroupPlace = NO_GROUPS
        self.mode: str = ""
        self.interactive = False
        self.picture_folder: Path | None = None
        self.interpreter: Interpreter

    # -- the parts of memory under short names

    @property
    def data(self) -> Dataset:
        return self.memory.data

    @data.setter
    def data(self, dataset: Dataset) -> None:
        self.memory.data = dataset

    @property
    def r(self) -> Results:
        return self.memory.r

    @r.setter
    def r(self, results: Results) -> None:
        self.memory.r = results

    @property
    def e(self) -> Results:
        return self.memory.e

    @e.setter
    def e(self, results: Results) -> None:
        self.memory.e = results

    @property
    def settings(self) -> Settings:
        return self.memory.settings

    # -- undoing

    @contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """Put memory back as it was when the body raises anything, Ctrl-C included.

        An error that keeps its results is let through without undoing.
        """
        before = self.memory.copy()
        scope = self.locals[-1]
        macros = scope.copy()
        random_numbers = self.random.copy()
        try:
            yield
        except BaseException as error:
            if isinstance(error, StataError) and error.keeps_results:
                raise
            self.memory = before
            self.random = random_numbers
            self.console.linesize = before.settings.linesize
            if scope != macros:
                scope.clear()
                scope.update(macros)
            raise

    # -- macros

    @property
    def macros(self) -> dict[str, str]:
        """The local macros of the program or do-file that is running."""
        return self.locals[-1]

    @property
    def call(self) -> Call:
        """What belongs to the program or do-file that is running."""
        return self.calls[-1]

    @property
    def globals(self) -> dict[str, str]:
        return self.memory.globals

    @contextmanager
    def new_scope(self, macros: dict[str, str]) -> Iterator[None]:
        """Local macros of its own for a do-file or program, forgotten with their temporary names.

        With the macros at hand (``include``) temporary names are theirs, too.
        """
        depth = len(self.locals)
        shared = macros is self.macros
        names = self.temporary_names[-1] if shared else []
        call = self.calls[-1] if shared else Call()
        try:
            self.locals.append(macros)
            self.temporary_names.append(names)
            self.calls.append(call)
            yield
        finally:
            del self.locals[depth:], self.temporary_names[depth:], self.calls[depth:]
            if not shared:
                self.restore_preserved(call)
                self._forget(names)

    def restore_preserved(self, call: Call) -> None:
        """Bring back the data that a program or do-file preserved, if it did."""
        if call.preserved is None:
            return
        kept, call.preserved = call.preserved, None
        memory = self.memory
        if kept.frame == memory.frame:
            memory.data = kept.data
        elif kept.frame in memory.frames:
            memory.frames[kept.frame] = kept.data

    def _forget(self, names: list[str]) -> None:
        """Drop what ``tempvar``, ``tempname`` and ``tempfile`` named in a scope that has ended."""
        if not names:
            return
        variables = [name for name in names if name in self.data]
        if variables:
            self.data.drop(variables)
        for name in names:
            self.memory.scalars.pop(name, None)
            self.memory.matrices.pop(name, None)
            self.memory.frames.pop(name, None)
            if os.path.isabs(name) and os.path.isfile(name):
                os.unlink(name)

    # -- values that c() tells

    def system_value(self, name: str) -> float | str | None:
        """The value of ``c(name)``, or None when there is none of that name."""
        from statalike.system_values import SYSTEM_VALUES

        settings = self.settings.__dict__
        if name in settings:
            value = settings[name]
            return float(value) if isinstance(value, int | float) else str(value)
        found = SYSTEM_VALUES.get(name)
        return None if found is None else found(self)
