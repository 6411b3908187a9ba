"""Printing an optimiser's iterations as they come, as far as the options ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.commands.estimation.maximize_options import log_shown
from statalike.engine.newton_raphson import IterationRecord
from statalike.output.iteration_log import iteration_line, section
from statalike.state import State


class StageDisplay:
    """Prints the iterations of one optimisation under its heading."""

    def __init__(
        self, state: State, options: Mapping[str, Any], heading: str, criterion: str
    ) -> None:
        self._console = state.console
        self._shown = log_shown(state, options)
        self._heading = heading
        self._criterion = criterion

    def __call__(self, record: IterationRecord) -> None:
        if not self._shown:
            return
        if record.iteration == 0:
            self._console.print_lines(section(self._heading))
            self._console.print()
        remark = "not concave" if record.not_concave else "backed up" if record.backed_up else ""
        self._console.print(
            iteration_line(record.iteration, record.value, criterion=self._criterion, remark=remark)
        )
