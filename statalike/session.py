"""A session: Stata commands in, output and results out.  The face of the Python interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.control_flow import ExitRequest, LoopControl, misplaced_continue
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.interpreter import Interpreter
from statalike.language.source import Unit, read_source
from statalike.output.console import Console
from statalike.output.sinks import Screen
from statalike.results.stores import Results
from statalike.state import State

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

BREAK_CODE = 1


class StoredResults:
    """Read-only view of r(), e() or s(): ``session.e["b"]``.

    Scalars come as float (missing values as nan), macros as str, matrices as pandas DataFrames
    whose names are Stata's (``weight:week``).
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    def __getitem__(self, name: str) -> float | str | pd.DataFrame:
        results = self._results
        if name in results.scalars:
            value = results.scalars[name]
            return float("nan") if value >= MISSING else value
        if name in results.macros:
            return results.macros[name]
        if name in results.matrices:
            frame = results.matrices[name].to_frame()
            return frame.mask(frame >= MISSING)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._results

    def __iter__(self) -> Iterator[str]:
        results = self._results
        return iter([*results.scalars, *results.macros, *results.matrices])

    def keys(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self)})"


class Session:
    """Runs commands against a dataset and results of its own.

    >>> s = Session()
    >>> s.run("sysuse auto")                                    # doctest: +SKIP
    >>> s.run("mixed mpg weight || foreign:")                   # doctest: +SKIP
    >>> s.e["b"]                                                # doctest: +SKIP

    Output goes to ``console``; without one to the screen.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.state = State(console or Console(Screen()))
        self.state.settings.linesize = self.state.console.linesize
        self.interpreter = Interpreter(self.state)
        self.failure: StataError | None = None
        self._branch_taken: bool | None = None

    def run(self, text: str, *, echo: bool = False, quietly: bool = False) -> None:
        """Run one or several lines of commands; raises :class:`StataError` at the first error.

        ``echo`` shows the commands as a do-file's log does; ``quietly`` shows no output.  ``exit``
        ends the text, with an error when it is given a return code.
        """
        console = self.state.console
        units = read_source(text)
        try:
            with console.quiet() if quietly else nullcontext(), self._running():
                self.interpreter.run_units(units, echo=echo and not quietly)
        except ExitRequest as request:
            if request.code:
                raise StataError(request.code) from request
        finally:
            console.flush()

    def output(self, text: str) -> str:
        """Run commands and return what they printed instead of showing it."""
        with self.state.console.captured() as capture:
            self.run(text)
        return capture.text

    def run_unit(self, unit: Unit, *, echo: bool = False) -> int:
        """Run one complete command for a prompt: errors and Break are shown, not raised.

        Returns the return code; raises :class:`ExitRequest` when the command was ``exit``.  An
        ``else`` belongs to the ``if`` that was run just before it.
        """
        branch_taken, self._branch_taken = self._branch_taken, None

        def run() -> None:
            self._branch_taken = self.interpreter.run_units(
                [unit], echo=echo, branch_taken=branch_taken
            )

        return self.attempt(run)

    def attempt(self, run: Callable[[], object]) -> int:
        """Call ``run``; errors and Break are shown, not raised.  Returns the return code.

        ``failure`` is the error afterwards, or None.  A Break is an error of code 1 whose cause is
        the KeyboardInterrupt.
        """
        self.failure = None
        try:
            with self._running():
                run()
        except StataError as error:
            self.failure = error
        except KeyboardInterrupt as interrupt:
            self.failure = StataError(BREAK_CODE, "--Break--")
            self.failure.__cause__ = interrupt
        finally:
            if self.failure is not None:
                self.interpreter.show_error(self.failure)
            self.state.console.flush()
        return self.failure.code if self.failure is not None else 0

    @contextmanager
    def _running(self) -> Iterator[None]:
        """What the machine or a stray ``continue`` puts an end to is an error of Stata's, too.

        Arithmetic that overflows or has no result gives missing values and says nothing.
        """
        try:
            with np.errstate(all="ignore"):
                yield
        except LoopControl:
            raise misplaced_continue() from None
        except RecursionError as problem:
            raise StataError(1000, "system limit exceeded") from problem
        except MemoryError as problem:
            raise StataError(909, "op. sys. refuses to provide memory") from problem
        except KeyboardInterrupt:
            self.interpreter.return_to_top_level()
            raise

    # -- results and data

    @property
    def r(self) -> StoredResults:
        return StoredResults(self.state.r)

    @property
    def e(self) -> StoredResults:
        return StoredResults(self.state.e)

    @property
    def s(self) -> StoredResults:
        return StoredResults(self.state.memory.s)

    @property
    def data(self) -> pd.DataFrame:
        """A copy of the dataset as a pandas DataFrame; missing values are nan."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for name, variable in self.state.data.variables.items():
            if variable.storage.is_string:
                columns[name] = variable.strings()
            else:
                numbers = variable.numbers()
                columns[name] = np.where(numbers >= MISSING, np.nan, numbers)
        return pd.DataFrame(columns)

    def graph(self, name: str = "") -> Figure:
        """A graph in memory, the last one without a name, as a figure of matplotlib; r(111)."""
        from statalike.graphics.rendering.figure import render

        memory = self.state.memory
        chosen = name or memory.current_graph
        if chosen not in memory.graphs:
            raise StataError(111, f"graph {chosen} not found" if chosen else "no graph in memory")
        return render(memory.graphs[chosen], font=self.state.settings.fontface)
