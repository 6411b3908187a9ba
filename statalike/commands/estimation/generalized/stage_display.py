"""Printing the iterations of one stage of a fit under its heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from statalike.commands.estimation.iteration_display import IterationDisplay
from statalike.commands.estimation.maximize_options import log_shown, trace_contents
from statalike.engine.newton_raphson import IterationRecord
from statalike.output.iteration_log import section
from statalike.results.matrix import Stripe
from statalike.state import State


class StageDisplay:
    """Prints the iterations of one maximisation, as far as the options ask.

    ``names`` are those of the parameters.
    """

    def __init__(
        self,
        state: State,
        options: Mapping[str, Any],
        heading: str,
        criterion: str,
        names: Sequence[Stripe] = (),
    ) -> None:
        self._console = state.console
        self._shown = log_shown(state, options)
        self._heading = heading
        self._iterations = IterationDisplay(
            state.console, names, trace_contents(options), criterion
        )

    def __call__(self, record: IterationRecord) -> None:
        if not self._shown:
            return
        if record.iteration == 0:
            self._console.print_lines(section(self._heading))
            self._console.print()
        self._iterations.show(record)
