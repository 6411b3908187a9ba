"""The log of fitting a nonlinear mixed model, as it proceeds."""

from __future__ import annotations

from statalike.engine.nonlinear.alternation import AlternationRecord
from statalike.engine.nonlinear.fit import NonlinearFitProgress
from statalike.output.console import Console
from statalike.output.iteration_log import iteration_line, section


class NonlinearIterationLog:
    """Prints the stages of a fit and the objective after each iteration.

    ``em`` shows the iterations of EM too; ``marginal`` models have no random effects.
    """

    def __init__(
        self, console: Console, criterion: str, *, shown: bool, em: bool, marginal: bool
    ) -> None:
        self._console = console
        self._criterion = criterion
        self._shown = shown
        self._em = em
        self._marginal = marginal

    def progress(self) -> NonlinearFitProgress:
        """What the engine is to call."""
        if not self._shown:
            return NonlinearFitProgress()
        return NonlinearFitProgress(
            self._starting_values,
            self._em_iteration if self._em else None,
            self._alternation,
            self._iteration,
            self._standard_errors,
        )

    def _starting_values(self, by_em: bool) -> None:
        ending = " by EM" if by_em else ""
        self._console.print_lines(section(f"Obtaining starting values{ending}: "))

    def _em_iteration(self, number: int, value: float) -> None:
        self._console.print(iteration_line(number, value, criterion=self._criterion))

    def _alternation(self) -> None:
        algorithm = "PNLS/LME"
        if self._marginal:
            restricted = "restricted" in self._criterion
            algorithm = f"GNLS/{'REML' if restricted else 'ML'}"
        self._console.print_lines(section(f"Alternating {algorithm} algorithm: "))
        self._console.print()

    def _iteration(self, record: AlternationRecord) -> None:
        line = iteration_line(record.iteration, record.log_likelihood, criterion=self._criterion)
        self._console.print(line)

    def _standard_errors(self) -> None:
        self._console.print_lines(section("Computing standard errors:"))

    def end(self) -> None:
        """Nothing more is to come."""
        self._console.finish_line()
