"""Marginal linear predictions of the active estimates, as combinations of e(b).

Nothing is asked of the estimates but e(b) and the names of its columns; with the data of the
estimation also which cells are empty and how often levels occur.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statalike.commands.postestimation.hypotheses import (
    equation_named,
    equations_of,
    estimated_coefficients,
)
from statalike.design.columns import Column
from statalike.design.contrast_terms import ContrastTerm
from statalike.design.linear_margins import (
    Grid,
    balanced,
    base_levels,
    continuous_parts,
    levels_in,
    margin_weights,
    observed,
    reweighted_margins,
)
from statalike.engine.estimability import dependence_of_columns, estimable
from statalike.errors import StataError
from statalike.evaluation import StateContext, estimation_sample
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_expression
from statalike.language.values import numbers
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results
from statalike.state import State

BLOCK = 65_536


@dataclass(frozen=True)
class MarginOptions:
    """How margins are formed: ``as_observed`` weights levels as they occur; ``reweight`` leaves
    empty cells out of averages; ``tolerance`` is that of estimability, None for no check.
    """

    as_observed: bool = False
    reweight: bool = False
    tolerance: float | None = 1e-5


def margin_options(arguments: Arguments) -> MarginOptions:
    """The options of ``contrast`` and ``pwcompare`` about margins; r(198)."""
    if arguments.flag("asobserved") and arguments.flag("asbalanced"):
        raise StataError(198, "only one of asobserved or asbalanced is allowed")
    cells = (arguments.string("emptycells") or "strict").strip()
    if cells not in ("strict", "reweight"):
        raise StataError(198, "option emptycells() incorrectly specified")
    tolerance = arguments.number("estimtolerance")
    if tolerance is not None and tolerance < 0:
        raise StataError(198, "option estimtolerance() incorrectly specified")
    check = not arguments.flag("noestimcheck")
    return MarginOptions(
        arguments.flag("asobserved"),
        cells == "reweight",
        (1e-5 if tolerance is None else tolerance) if check else None,
    )


class LinearPrediction:
    """The linear predictor of one equation of the active estimates.

    ``columns`` are its columns and ``positions`` their places in e(b).
    """

    def __init__(self, state: State, equation: str, options: MarginOptions) -> None:
        self._state = state
        self._options = options
        self.equation = equation
        self.b: NamedMatrix = estimated_coefficients(state.e)
        places = [i for i, stripe in enumerate(self.b.columns) if stripe.equation == equation]
        self.positions = np.array(places, dtype=np.intp)
        self.columns = _columns([self.b.columns[i].name for i in places])
        self.levels = levels_in(self.columns)
        self.bases = base_levels(self.columns)

    def check(self, term: ContrastTerm) -> None:
        """r(322) for a factor or a continuous variable that the equation does not have."""
        for variable in term.variables:
            if variable not in self.levels:
                raise StataError(322, f"factor {variable} not found in list of covariates")
        known = {part for column in self.columns for part in continuous_parts(column)}
        for part in term.measures:
            if (part.operators, part.variable) not in known:
                raise StataError(322, f"{part.variable} not found in list of covariates")

    def has(self, term: ContrastTerm) -> bool:
        """Whether the equation has all factors of a term."""
        return all(variable in self.levels for variable in term.variables)

    # -- the data of the estimation

    @cached_property
    def sample(self) -> np.ndarray | None:
        """The estimation sample (n,), None where the data are no longer in memory."""
        sample = estimation_sample(self._state)
        known = all(name in self._state.data for c in self.columns for name in c.variables)
        return sample if sample is not None and known and sample.any() else None

    @cached_property
    def _frequencies(self) -> np.ndarray | None:
        """Frequency weights of the sample's observations, None where there are none."""
        macros = self._state.e.macros
        if self.sample is None or macros.get("wtype") != "fweight":
            return None
        text = macros.get("wexp", "").strip().removeprefix("=").strip()
        values = numbers(evaluate(parse_expression(text), StateContext(self._state)))
        return np.broadcast_to(values, len(self.sample))[self.sample]

    def counts(self, variable: str) -> np.ndarray:
        """The numbers of observations at the levels of a factor; r(459) without the data."""
        sample = self._needed_sample()
        values = self._state.data.numbers(variable)[sample]
        weights = np.ones(len(values)) if self._frequencies is None else self._frequencies
        return np.array([weights[values == level].sum() for level in self.levels[variable]])

    def unbalanced(self, variables: Sequence[str]) -> bool:
        """Whether the cells of factors have different numbers of observations."""
        if self.sample is None:
            return False
        cells = np.zeros(int(self.sample.sum()), dtype=np.intp)
        size = 1
        for variable in variables:
            values = self._state.data.numbers(variable)[self.sample]
            cells = cells * len(self.levels[variable]) + np.searchsorted(
                self.levels[variable], values
            )
            size *= len(self.levels[variable])
        counts = np.bincount(cells, weights=self._frequencies, minlength=size)
        return bool(np.any(counts != counts[0]))

    def occurring_cells(self, variables: Sequence[str]) -> set[tuple[int, ...]] | None:
        """The combinations of levels that have observations, None without the data."""
        if self.sample is None:
            return None
        values = np.column_stack([self._state.data.numbers(v)[self.sample] for v in variables])
        return {tuple(int(level) for level in row) for row in np.unique(values, axis=0)}

    def _needed_sample(self) -> np.ndarray:
        if self.sample is None:
            raise StataError(
                459, "estimation sample not found; the data of the estimation are needed"
            )
        return self.sample

    # -- margins

    def margins(
        self, variables: Sequence[str], measures: Sequence[tuple[str, str]] = ()
    ) -> np.ndarray:
        """The margins of all cells of factors as combinations (cells, k) of e(b)."""
        grid: Grid = [(variable, self.levels[variable]) for variable in variables]
        own = self._own_margins(grid, measures)
        weights = np.zeros((len(own), len(self.b.columns)))
        weights[:, self.positions] = own
        return weights

    def _own_margins(self, grid: Grid, measures: Sequence[tuple[str, str]]) -> np.ndarray:
        data = self._state.data
        others = set(self.levels) - {variable for variable, _ in grid}
        if self._options.as_observed and others:
            weight = observed(data, self._needed_sample(), self._frequencies)
            return margin_weights(self.columns, grid, measures, weight)
        plain = margin_weights(self.columns, grid, measures, balanced(self.levels))
        if not (self._options.reweight and others):
            return plain
        sample = self._needed_sample()
        names = list(self.levels)
        values = np.unique(np.column_stack([data.numbers(n)[sample] for n in names]), axis=0)
        occurring = {name: values[:, i] for i, name in enumerate(names)}
        found = reweighted_margins(self.columns, grid, measures, occurring)
        return np.where(np.isfinite(found), found, plain)

    # -- estimability

    @cached_property
    def _estimated(self) -> np.ndarray:
        return np.array([not column.omitted for column in self.columns], dtype=bool)

    @cached_property
    def _dependence(self) -> np.ndarray | None:
        if self.sample is None or self._estimated.all():
            return None
        return dependence_of_columns(self._blocks(self.sample), self._estimated)

    def _blocks(self, sample: np.ndarray) -> Iterator[np.ndarray]:
        rows = np.flatnonzero(sample)
        for start in range(0, len(rows), BLOCK):
            chosen = np.zeros(len(sample), dtype=bool)
            chosen[rows[start : start + BLOCK]] = True
            yield np.column_stack(
                [column.evaluate(self._state.data, chosen) for column in self.columns]
            )

    def estimable(self, weights: np.ndarray) -> np.ndarray:
        """Which combinations (m, k) of e(b) are estimable: a mask (m,).

        All are taken to be where the data of the estimation are no longer in memory.
        """
        tolerance = self._options.tolerance
        if tolerance is None or self._dependence is None:
            return np.ones(len(weights), dtype=bool)
        return estimable(weights[:, self.positions], self._dependence, self._estimated, tolerance)


def _columns(names: Sequence[str]) -> list[Column]:
    """The columns of an equation; r(321) when e(b) holds something else."""
    try:
        return [Column.parse(name) for name in names]
    except StataError:
        raise StataError(
            321, "requested action not valid after most recent estimation command"
        ) from None


def chosen_equations(results: Results, arguments: Arguments) -> tuple[str, ...]:
    """The first equation, that of ``equation()``, or all that have predictors; r(198), r(303)."""
    b = estimated_coefficients(results)
    typed = arguments.string("equation")
    if typed and arguments.flag("atequations"):
        raise StataError(198, "only one of equation() or atequations is allowed")
    if typed:
        return (equation_named(b, typed.strip()),)
    equations = equations_of(b)
    if not arguments.flag("atequations"):
        return equations[:1]
    own = {stripe.equation for stripe in b.columns if stripe.name != "_cons"}
    return tuple(equation for equation in equations if equation in own) or equations[:1]
