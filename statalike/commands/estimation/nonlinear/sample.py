"""The observations of a nonlinear model: its sample, and their order in time where it needs one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.data.xtset import DELTA, PANEL, TIME, declared_in, declared_lines
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.periods import Periods
from statalike.data.storage import storage_type
from statalike.data.variable import Variable
from statalike.design.columns import Column, Continuous
from statalike.design.groups import group_codes
from statalike.design.sample import drop_missing
from statalike.design.terms import Measure
from statalike.design.time_series import lagged
from statalike.engine.nested_groups import nested_groups
from statalike.errors import StataError
from statalike.evaluation import some_observations
from statalike.language.ast import Expression, Name, OperatorVariable, VariableProduct
from statalike.nonlinear.mean_function import EvaluationRows
from statalike.nonlinear.specification import (
    NonlinearSpecification,
    named_reference,
    subexpressions,
)
from statalike.state import State

PANEL_NAME, TIME_NAME = "<panel>", "<time>"


@dataclass(frozen=True)
class ModelVariables:
    """The variables that a model is made of; ``operated`` stand under time-series operators."""

    plain: tuple[str, ...]
    operated: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class NonlinearSample:
    """A sample (n,) of a dataset, and the observations ``initial`` (n,) that come before it in each
    panel and serve lags only.  ``data`` has time declared as the model needs it.
    """

    data: Dataset
    chosen: np.ndarray
    initial: np.ndarray

    @property
    def positions(self) -> np.ndarray:
        """The positions of the sample."""
        return np.flatnonzero(self.chosen)

    def evaluation_rows(self) -> EvaluationRows:
        """What evaluating the model on the sample needs to see."""
        if not self.initial.any():
            return EvaluationRows(self.positions)
        rows = np.flatnonzero(self.chosen | self.initial)
        place = np.full(self.data.n + 1, -1)
        place[rows] = np.arange(len(rows))
        previous = place[Periods(self.data).source(1)[rows]]
        previous[self.initial[rows]] = -1
        following = np.full(len(rows), -1)
        has = previous >= 0
        following[previous[has]] = np.flatnonzero(has)
        periods = [np.flatnonzero(previous < 0)]
        while True:
            following_rows = following[periods[-1]]
            following_rows = following_rows[following_rows >= 0]
            if not len(following_rows):
                break
            periods.append(following_rows)
        chosen = np.flatnonzero(self.chosen[rows])
        number = np.full(len(rows), 0)
        number[chosen] = np.arange(len(chosen))
        # An initial observation has the random effects of the one after it.
        source = np.where(self.chosen[rows], np.arange(len(rows)), following)
        return EvaluationRows(rows, chosen, number[source], tuple(periods), previous)


def model_variables(specification: NonlinearSpecification, state: State) -> ModelVariables:
    """Every variable of the expressions, under its full name."""
    plain: dict[str, None] = {}
    operated: dict[tuple[str, str], None] = {}
    for name, operators in _mentioned(specification):
        full = _variable(state, name)
        if full is None:
            continue
        if operators:
            operated[full, operators] = None
        else:
            plain[full] = None
    return ModelVariables(tuple(plain), tuple(operated))


def _mentioned(specification: NonlinearSpecification) -> Iterator[tuple[str, str]]:
    """Names with their time-series operators."""
    for expression in specification.expressions:
        for node in subexpressions(expression):
            if named_reference(node, specification.outcome) is None:
                yield from _names(node)
    for combination in specification.combinations.values():
        for term in combination.terms.terms:
            for element in term.elements:
                operators = element.operators if isinstance(element, Measure) else ""
                yield element.variable, operators
        for effect in combination.terms.effects:
            yield from _of_column(effect.column)


def _names(node: Expression) -> Iterator[tuple[str, str]]:
    match node:
        case Name(name=name):
            yield name, ""
        case OperatorVariable(operators=operators, name=name):
            pieces = operators.split(".")
            yield name, "".join(p.upper() for p in pieces if p[0] in "lfds")
        case VariableProduct(factors=factors):
            for factor in factors:
                yield from _names(factor)


def _of_column(column: Column) -> Iterator[tuple[str, str]]:
    for part in column.parts:
        yield part.variable, part.operators if isinstance(part, Continuous) else ""


def _variable(state: State, name: str) -> str | None:
    """The variable that a name in an expression stands for, None for scalars and ``_n``."""
    if name in state.data:
        return name
    if name in state.memory.scalars or name.startswith("_"):
        return None
    return state.data.unabbreviate(name)


def nonlinear_sample(
    state: State,
    specification: NonlinearSpecification,
    mask: np.ndarray,
    further: Sequence[str],
    *,
    order: str = "",
    keep_missing: bool = False,
    outcome_needed: bool = True,
) -> NonlinearSample:
    """The observations among ``mask`` (n,) that can be used.

    ``further`` variables must not be missing either.  ``order`` is the variable of tsorder(); with
    ``keep_missing`` the outcome may be ``.``, and without ``outcome_needed`` any missing value.
    Raises r(111) without declared time where it is needed, r(2000).
    """
    data = state.data
    used = model_variables(specification, state)
    levels = [name for path in specification.levels for name in path]
    needed = [*used.plain, *further, *dict.fromkeys(levels), *([order] if order else [])]
    mask = drop_missing(data, mask, needed)
    if outcome_needed:
        outcome = data.numbers(specification.outcome)
        mask = mask & ((outcome <= MISSING) if keep_missing else (outcome < MISSING))
    initial = np.zeros(data.n, dtype=bool)
    if used.operated or specification.lagged:
        data = _with_time(data, specification, mask, order)
    if specification.lagged:
        previous = Periods(data).source(1)
        initial = mask & ~(np.append(mask, False)[previous] & (previous >= 0))
        mask = mask & ~initial
    for name, operators in used.operated:
        mask = mask & (lagged(data, name, operators) < MISSING)
    return NonlinearSample(data, some_observations(mask), initial)


def _with_time(
    data: Dataset, specification: NonlinearSpecification, mask: np.ndarray, order: str
) -> Dataset:
    """The dataset with panel and time declared: as by tsset, or by tsorder() on the sample."""
    if not order:
        declared = data.characteristics.get("_dta", {})
        if not declared.get(TIME) or (specification.lagged and not declared.get(PANEL)):
            raise StataError(
                111,
                "panel and time variables not set, use tsset panelvar timevar",
                hint="or order the observations of each group by option tsorder()",
            )
        return data
    rows = np.flatnonzero(mask)
    path = specification.levels[-1] if specification.levels else ()
    codes = [group_codes(data, name, mask) for name in path]
    panel = nested_groups(codes).innermost_group if codes else np.zeros(len(rows), dtype=np.intp)
    times = data.numbers(order)[rows]
    by_time = np.lexsort((times, panel))
    first = np.append(True, np.diff(panel[by_time]) != 0)[: len(rows)]
    starts = np.flatnonzero(first)
    sizes = np.diff(np.append(starts, len(rows)))
    number = np.arange(len(rows)) - np.repeat(starts, sizes) + 1
    twin = data.copy()
    panel_name = PANEL_NAME
    if len(path) == 1 and not data.variable(path[0]).is_string:
        panel_name = path[0]
    made = [(TIME_NAME, number)]
    if panel_name == PANEL_NAME:
        made.append((PANEL_NAME, panel[by_time] + 1))
    for name, values in made:
        whole = np.full(data.n, MISSING)
        whole[rows[by_time]] = values
        twin.variables[name] = Variable(name, storage_type("double"), whole, "", "", "")
    twin.characteristics.setdefault("_dta", {}).update(
        {PANEL: panel_name, TIME: TIME_NAME, DELTA: "1"}
    )
    return twin


def report_time(state: State, sample: NonlinearSample, used: bool) -> None:
    """Print panel, time and period of a sample whose model has ``used`` them."""
    declared = declared_in(sample.data)
    if used and declared is not None:
        state.console.print()
        state.console.print_lines(declared_lines(sample.data, declared))
