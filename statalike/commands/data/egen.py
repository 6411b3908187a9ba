"""``egen``: variables from statistics within groups and across variables ([D] egen)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.data import group_statistics as statistics
from statalike.commands.data.generate import make_variable
from statalike.commands.registry import command
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING
from statalike.data.storage import BYTE, StorageType, storage_type
from statalike.errors import StataError, invalid_syntax, type_mismatch
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine, Expression
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_clause, parse_expression
from statalike.language.specification import Specification
from statalike.language.values import as_numbers, as_strings, is_string
from statalike.language.variable_lists import new_variables
from statalike.state import State

_CALL = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)


@dataclass(frozen=True)
class Sample:
    """The chosen rows (``mask`` over all) and the by-group that each of them is in."""

    mask: np.ndarray
    codes: np.ndarray
    groups: int


@dataclass(frozen=True)
class Outcome:
    """The new variable on the chosen rows; ``elsewhere`` is what the other rows get."""

    values: np.ndarray
    label: str = ""
    storage: StorageType | None = None
    elsewhere: float = MISSING
    value_label: ValueLabel | None = None


Function = Callable[[State, str, Arguments, Sample], Outcome]


@dataclass(frozen=True)
class EgenFunction:
    """A function of ``egen``: what computes it, its own options, and whether by-groups go."""

    compute: Function
    options: str = ""
    by: bool = True


@command(
    "egen",
    "egen",
    form="text",
    syntax="newvarname =anything [if] [in] [, BY(varlist)]",
    help="make a variable from statistics of groups or rows",
    section="Data",
    by="once",
)
def egen(state: State, text: str) -> None:
    clause = parse_clause(text)
    call = _CALL.fullmatch(clause.assignment or "")
    if not clause.body:
        raise StataError(100, "varlist required")
    if call is None:
        raise StataError(100, "=exp required") if clause.assignment is None else invalid_syntax()
    function = FUNCTIONS.get(call[1])
    if function is None:
        raise StataError(133, f"unknown egen function {call[1]}()")
    new = new_variables(clause.body, state.data)
    if len(new) != 1:
        raise StataError(103, "too many variables specified")
    arguments = _arguments(state, clause, function)
    sample = _sample(state, call[1], function, arguments)
    outcome = function.compute(state, call[2], arguments, sample)
    kind = _storage(state, new[0].storage, outcome)
    values = np.full(state.data.n, outcome.elsewhere)
    values[sample.mask] = outcome.values
    everything = np.ones(state.data.n, dtype=bool)
    made = make_variable(state, new[0].name, kind, values, everything, label=outcome.label[:80])
    if outcome.value_label is not None:
        name = outcome.value_label.name or new[0].name
        state.data.value_labels[name] = ValueLabel(name, outcome.value_label.mapping)
        state.data.put(replace(made, value_label=name))


def _storage(state: State, typed: str | None, outcome: Outcome) -> StorageType:
    kind = storage_type(typed) if typed else outcome.storage or storage_type(state.settings.type)
    if kind.is_string:
        raise type_mismatch()
    return kind


def _arguments(state: State, clause: Clause, function: EgenFunction) -> Arguments:
    specification = Specification.parse(f"[if] [in] [, BY(varlist) {function.options}]")
    line = CommandLine("egen", replace(clause, body="", assignment=None))
    return specification.read(line, state.data)


def _sample(state: State, name: str, function: EgenFunction, arguments: Arguments) -> Sample:
    mask = observations_mask(state, arguments.condition, arguments.observations)
    by = arguments.variables("by")
    if (by or state.by_groups is not None) and not function.by:
        raise StataError(190, f"egen ... {name}() may not be combined with by")
    if by and state.by_groups is not None:
        raise StataError(190, "option by() may not be combined with the by prefix")
    if by:
        codes, groups = statistics.combined_codes(_columns(state, by, mask))
    elif state.by_groups is not None:
        sizes = np.diff(state.by_groups)
        groups = len(sizes)
        codes = np.repeat(np.arange(groups), sizes)[mask]
    else:
        codes, groups = np.zeros(int(np.count_nonzero(mask)), dtype=np.int64), 1
    return Sample(mask, codes, groups)


def _columns(
    state: State, names: tuple[str, ...] | list[str], mask: np.ndarray
) -> list[np.ndarray]:
    columns = []
    for name in names:
        variable = state.data.variable(name)
        column = variable.strings() if variable.storage.is_long_string else variable.values
        columns.append(column[mask])
    return columns


# --- functions of an expression ------------------------------------------------------------------


def _expression_values(state: State, text: str, sample: Sample) -> np.ndarray:
    """The expression on the chosen rows; r(109) for texts."""
    value = evaluate(_parsed(text), StateContext(state), sample.mask)
    return as_numbers(value, len(sample.codes))


def _parsed(text: str) -> Expression:
    if not text.strip():
        raise invalid_syntax()
    return parse_expression(text)


def _of_groups(statistic: Callable[[np.ndarray, np.ndarray, int], np.ndarray]) -> Function:
    """A function that gives every chosen row the statistic of its group."""

    def compute(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
        values = _expression_values(state, text, sample)
        there = values < MISSING
        found = statistic(values[there], sample.codes[there], sample.groups)
        return Outcome(found[sample.codes])

    return compute


def _total(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    values = _expression_values(state, text, sample)
    there = values < MISSING
    found = statistics.totals(values[there], sample.codes[there], sample.groups)
    if arguments.flag("missing"):
        n = statistics.counts(sample.codes[there], sample.groups)
        found = np.where(n > 0, found, MISSING)
    return Outcome(found[sample.codes])


def _count(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    value = evaluate(_parsed(text), StateContext(state), sample.mask)
    m = len(sample.codes)
    there = as_strings(value, m) != "" if is_string(value) else as_numbers(value, m) < MISSING
    return Outcome(statistics.counts(sample.codes[there], sample.groups)[sample.codes])


def _percentile(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    given = arguments.number("p")
    p = 50.0 if given is None else given
    if not 0 < p < 100:
        raise StataError(198, "p() must be between 0 and 100")
    compute = _of_groups(lambda x, codes, groups: statistics.percentiles(x, codes, groups, p))
    return compute(state, text, arguments, sample)


def _interquartile_range(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    low, high = (statistics.percentiles(values, codes, groups, p) for p in (25, 75))
    return np.where(high < MISSING, high - low, MISSING)


def _rank(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    ties = [name for name in ("field", "track", "unique") if arguments.flag(name)]
    if len(ties) > 1:
        raise StataError(198, f"options {' and '.join(ties)} may not be combined")
    values = _expression_values(state, text, sample)
    there = values < MISSING
    ranks = np.full(len(values), MISSING)
    ranks[there] = statistics.ranks(values[there], sample.codes[there], ties[0] if ties else "mean")
    kind = f"{ties[0]} rank" if ties else "rank"
    return Outcome(ranks, f"{kind} of ({text.strip()})")


def _standardized(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    values = _expression_values(state, text, sample)
    there = values < MISSING
    mean, deviation = arguments.number("mean"), arguments.number("sd")
    mean, deviation = mean or 0.0, 1.0 if deviation is None else deviation
    if deviation <= 0:
        raise StataError(198, "sd() must be positive")
    centers = statistics.means(values[there], sample.codes[there], sample.groups)[sample.codes]
    spreads = statistics.standard_deviations(values[there], sample.codes[there], sample.groups)
    spread = spreads[sample.codes]
    scaled = np.full(len(values), MISSING)
    defined = there & (spread < MISSING) & (spread > 0)
    scaled[defined] = (values - centers)[defined] / spread[defined] * deviation + mean
    return Outcome(scaled, f"Standardized values of ({text.strip()})")


# --- functions of a list of variables ------------------------------------------------------------


def _listed(state: State, text: str) -> list[str]:
    names = state.data.expand(re.sub(r"\s*-\s*", "-", text.replace(",", " ")))
    if not names:
        raise StataError(100, "varlist required")
    return names


def _complete(state: State, names: list[str], mask: np.ndarray) -> np.ndarray:
    """Where, among the chosen rows, none of the variables is missing."""
    there = np.ones(int(np.count_nonzero(mask)), dtype=bool)
    for name in names:
        there &= ~state.data.variable(name).missing()[mask]
    return there


def _tag(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    names = _listed(state, text)
    codes, _ = statistics.combined_codes(_columns(state, names, sample.mask))
    there = np.ones(len(codes), dtype=bool)
    if not arguments.flag("missing"):
        there = _complete(state, names, sample.mask)
    tagged = np.zeros(len(codes))
    rows = np.flatnonzero(there)
    tagged[rows[np.unique(codes[rows], return_index=True)[1]]] = 1
    return Outcome(tagged, f"tag({' '.join(names)})", BYTE, elsewhere=0.0)


def _group(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    names = _listed(state, text)
    there = np.ones(len(sample.codes), dtype=bool)
    if not arguments.flag("missing"):
        there = _complete(state, names, sample.mask)
    rows = np.flatnonzero(sample.mask)[there]
    within = np.zeros(state.data.n, dtype=bool)
    within[rows] = True
    codes, _ = statistics.combined_codes(_columns(state, names, within))
    numbers = np.full(len(sample.codes), MISSING)
    numbers[there] = codes + 1
    labels = None
    set_name = arguments.string("lname")
    if arguments.flag("label") or set_name:
        labels = _group_labels(state, names, rows, codes, set_name or "")
    return Outcome(numbers, f"group({' '.join(names)})", value_label=labels)


def _group_labels(
    state: State, names: list[str], rows: np.ndarray, codes: np.ndarray, set_name: str
) -> ValueLabel:
    """Each group's values, or their labels, side by side."""
    from statalike.commands.data.list import cells

    first = rows[np.unique(codes, return_index=True)[1]]
    parts = [cells(state, name, first) for name in names]
    texts = [" ".join(part.strip() for part in row) for row in zip(*parts, strict=True)]
    return ValueLabel(set_name, dict(enumerate(texts, 1)))


def _row_values(state: State, text: str, sample: Sample) -> np.ndarray:
    """The variables on the chosen rows, (m, k), NaN where missing; r(109) for strings."""
    columns = [state.data.numbers(name)[sample.mask] for name in _listed(state, text)]
    table = np.column_stack(columns)
    return np.where(table < MISSING, table, np.nan)


def _of_rows(statistic: Callable[[np.ndarray], np.ndarray]) -> Function:
    """A function of the nonmissing values of each row; ``.`` where there are none."""

    def compute(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
        table = _row_values(state, text, sample)
        some = ~np.isnan(table).all(axis=1)
        found = np.full(len(table), MISSING)
        found[some] = statistic(table[some])
        return Outcome(np.where(np.isnan(found), MISSING, found))

    return compute


def _row_total(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    table = _row_values(state, text, sample)
    found = np.nansum(table, axis=1)
    if arguments.flag("missing"):
        found = np.where(np.isnan(table).all(axis=1), MISSING, found)
    return Outcome(found)


def _row_standard_deviation(table: np.ndarray) -> np.ndarray:
    n = np.count_nonzero(~np.isnan(table), axis=1)
    squares = np.nansum(np.square(table - np.nanmean(table, axis=1)[:, None]), axis=1)
    variances = np.divide(squares, n - 1, out=np.full(len(n), np.nan), where=n > 1)
    return np.asarray(np.sqrt(variances))


def _row_first(table: np.ndarray) -> np.ndarray:
    return np.asarray(table[np.arange(len(table)), np.argmin(np.isnan(table), axis=1)])


def _row_count(missing: bool) -> Function:
    def compute(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
        names = _listed(state, text)
        if not missing and not arguments.flag("strok"):
            for name in names:
                state.data.numbers(name)
        absent = [state.data.variable(name).missing()[sample.mask] for name in names]
        number = np.column_stack(absent).sum(axis=1).astype(np.float64)
        return Outcome(number if missing else len(names) - number)

    return compute


FUNCTIONS: dict[str, EgenFunction] = {
    "count": EgenFunction(_count),
    "group": EgenFunction(_group, "Missing Label LName(name)", by=False),
    "iqr": EgenFunction(_of_groups(_interquartile_range)),
    "max": EgenFunction(_of_groups(statistics.maxima)),
    "mean": EgenFunction(_of_groups(statistics.means)),
    "median": EgenFunction(
        _of_groups(lambda x, codes, groups: statistics.percentiles(x, codes, groups, 50))
    ),
    "min": EgenFunction(_of_groups(statistics.minima)),
    "pctile": EgenFunction(_percentile, "P(real)"),
    "rank": EgenFunction(_rank, "Field Track Unique"),
    "rowfirst": EgenFunction(_of_rows(_row_first), by=False),
    "rowlast": EgenFunction(_of_rows(lambda table: _row_first(table[:, ::-1])), by=False),
    "rowmax": EgenFunction(_of_rows(lambda table: np.nanmax(table, axis=1)), by=False),
    "rowmean": EgenFunction(_of_rows(lambda table: np.nanmean(table, axis=1)), by=False),
    "rowmedian": EgenFunction(_of_rows(lambda table: np.nanmedian(table, axis=1)), by=False),
    "rowmin": EgenFunction(_of_rows(lambda table: np.nanmin(table, axis=1)), by=False),
    "rowmiss": EgenFunction(_row_count(missing=True), by=False),
    "rownonmiss": EgenFunction(_row_count(missing=False), "strok", by=False),
    "rowsd": EgenFunction(_of_rows(_row_standard_deviation), by=False),
    "rowtotal": EgenFunction(_row_total, "Missing", by=False),
    "sd": EgenFunction(_of_groups(statistics.standard_deviations)),
    "std": EgenFunction(_standardized, "Mean(real) Sd(real)"),
    "sum": EgenFunction(_total, "Missing"),
    "tag": EgenFunction(_tag, "Missing", by=False),
    "total": EgenFunction(_total, "Missing"),
}
