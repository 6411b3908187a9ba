"""Showing the iterations of a maximisation as they happen, as the maximize options ask."""

from __future__ import annotations

from collections.abc import Sequence

from statalike.commands.estimation.maximize_options import TraceContents
from statalike.engine.newton_raphson import IterationRecord
from statalike.engine.quasi_newton import Technique
from statalike.output.console import Console
from statalike.output.iteration_log import iteration_line
from statalike.output.iteration_trace import (
    TracedIteration,
    step_lines,
    tolerance_lines,
    traced_iteration,
)
from statalike.output.styled import Line
from statalike.results.matrix import Stripe


class IterationDisplay:
    """Prints each iteration of one maximisation: a line, or a block when something is traced.

    ``names`` are those of the parameters, ``criterion`` that of the objective.
    """

    def __init__(
        self,
        console: Console,
        names: Sequence[Stripe],
        contents: TraceContents,
        criterion: str = "Log likelihood",
    ) -> None:
        self._console = console
        self._names = tuple(names)
        self._contents = contents
        self._criterion = criterion
        self._technique: Technique = "nr"

    def show(self, record: IterationRecord) -> None:
        """One iteration, and the technique where it changes."""
        if record.iteration == 0 and record.technique != "nr":
            self._console.print(f"(setting technique to {record.technique})")
        contents, console = self._contents, self._console
        if contents.steps and record.trials:
            trials = [(trial.length, trial.value) for trial in record.trials]
            console.print_lines(step_lines(record.step_length, trials, self._criterion))
        remark = "not concave" if record.not_concave else "backed up" if record.backed_up else ""
        if contents.matrices:
            console.print_lines(self._block(record, remark))
        else:
            console.print(
                iteration_line(
                    record.iteration, record.value, criterion=self._criterion, remark=remark
                )
            )
        measures = record.measures
        if contents.tolerances and measures is not None:
            console.print_lines(
                tolerance_lines(measures.parameters, measures.value, measures.scaled_gradient)
            )
        if record.iteration > 0 and record.technique != self._technique:
            console.print(f"(switching technique to {record.technique})")
        self._technique = record.technique

    def _block(self, record: IterationRecord, remark: str) -> list[Line]:
        contents = self._contents
        return traced_iteration(
            TracedIteration(
                record.iteration,
                record.value,
                self._names,
                self._criterion,
                remark,
                record.parameters if contents.parameters else None,
                record.gradient if contents.gradient else None,
                record.hessian if contents.hessian and record.hessian.size else None,
            ),
            self._console.linesize,
        )
