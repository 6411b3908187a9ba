"""``egen``: variables from statistics within groups and across variables ([D] egen)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.data import egen_functions
from statalike.commands.data import group_statistics as statistics
from statalike.commands.data.generate import make_variable
from statalike.commands.registry import command
from statalike.data.formats import format_column
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING
from statalike.data.storage import BYTE, StorageType, storage_type, string_type
from statalike.errors import StataError, invalid_syntax, type_mismatch
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine, Expression
from statalike.language.expressions import evaluate
from statalike.language.numlist import read_numlist
from statalike.language.parser import parse_clause, parse_expression
from statalike.language.quoting import unquoted
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
    if call[1] == "concat":
        make_concatenation(state, clause, call[2])
        return
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


_CONCAT = Specification.parse(
    "[if] [in] [, Format(string) Decode MAXlength(integer) Punct(string asis)]"
)


def make_concatenation(state: State, clause: Clause, text: str) -> None:
    """``egen new = concat(varlist)``: the values of variables, as texts, side by side."""
    line = CommandLine("egen", replace(clause, body="", assignment=None))
    arguments = _CONCAT.read(line, state.data)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    new = new_variables(clause.body, state.data)[0]
    form = arguments.string("format") or ""
    columns = []
    for name in _listed(state, text):
        variable = state.data.variable(name)
        if variable.is_string:
            columns.append([str(each) for each in variable.strings().tolist()])
            continue
        texts = [each.strip() for each in format_column(variable.numbers(), form or "%12.0g")]
        known = state.data.value_label_of(name) if arguments.flag("decode") else None
        numbers = variable.numbers().tolist()
        columns.append(
            [(known.text(x) if known else None) or t for x, t in zip(numbers, texts, strict=True)]
        )
    between = unquoted(arguments.string("punct") or "")
    joined = [between.join(row) for row in zip(*columns, strict=True)]
    values = np.array([*joined, ""], dtype=object)[:-1]
    values[~mask] = ""
    state.data.add(new.name, values, string_type(values))


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


def _any_of(kind: str) -> Function:
    """``anycount``, ``anymatch``: of the variables in each row, how many have one of the values."""

    def compute(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
        table = _row_values(state, text, sample)
        matches = np.isin(table, np.array(arguments.numbers("values"))).sum(axis=1).astype(float)
        found = matches if kind == "count" else (matches > 0).astype(float)
        label = f"{text.strip()}: {kind} of values"
        return Outcome(found, label, BYTE, elsewhere=0.0)

    return compute


def _any_value(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    values = _expression_values(state, text, sample)
    chosen = np.isin(values, np.array(arguments.numbers("values")))
    return Outcome(np.where(chosen, values, MISSING))


def _cut(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    values = _expression_values(state, text, sample)
    points, number = arguments.numbers("at"), arguments.integer("group")
    if bool(points) == bool(number):
        raise StataError(198, "one of at() and group() is required")
    if number:
        return Outcome(egen_functions.cut_groups(values, number))
    cut = egen_functions.cut_points(values, points)
    if arguments.flag("icodes"):
        codes = np.searchsorted(np.array(points), cut).astype(float)
        cut = np.where(cut < MISSING, codes, MISSING)
    return Outcome(cut)


def _different(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    names = _listed(state, text)
    columns = _columns(state, names, sample.mask)
    differ = np.zeros(len(sample.codes), dtype=bool)
    for column in columns[1:]:
        differ |= np.asarray(column != columns[0], dtype=bool)
    return Outcome(differ.astype(float), f"diff {' '.join(names)}", BYTE)


def _fill(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    pattern = read_numlist(text.strip())
    return Outcome(egen_functions.repeating(pattern, len(sample.codes)))


def _sequence(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    m = len(sample.codes)
    first = arguments.integer("from")
    first = 1 if first is None else first
    last, block = arguments.integer("to"), arguments.integer("block") or 1
    place = np.arange(m)
    starts = np.full(sample.groups, m)
    np.minimum.at(starts, sample.codes, place)
    within = place - starts[sample.codes] if m else place
    limit = (first + m - 1) if last is None else last
    return Outcome(egen_functions.sequence(m, first, limit, block)[within] if m else place)


def _mode(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    chosen = [name for name in ("minmode", "maxmode") if arguments.flag(name)]
    choice = chosen[0][:3] if chosen else ""
    compute = _of_groups(lambda x, codes, groups: egen_functions.modes(x, codes, groups, choice))
    return compute(state, text, arguments, sample)


def _share(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    values = _expression_values(state, text, sample)
    there = values < MISSING
    total = statistics.totals(values[there], sample.codes[there], sample.groups)[sample.codes]
    factor = 1.0 if arguments.flag("prop") else 100.0
    found = np.full(len(values), MISSING)
    defined = there & (total != 0)
    found[defined] = factor * values[defined] / total[defined]
    return Outcome(found)


def _row_percentile(state: State, text: str, arguments: Arguments, sample: Sample) -> Outcome:
    table = _row_values(state, text, sample)
    p = arguments.number("p")
    m, k = table.shape
    codes = np.repeat(np.arange(m), k)
    flat = table.reshape(-1)
    there = ~np.isnan(flat)
    found = statistics.percentiles(flat[there], codes[there], m, 50.0 if p is None else p)
    return Outcome(found)


FUNCTIONS: dict[str, EgenFunction] = {
    "anycount": EgenFunction(_any_of("count"), "Values(numlist)", by=False),
    "anymatch": EgenFunction(_any_of("match"), "Values(numlist)", by=False),
    "anyvalue": EgenFunction(_any_value, "Values(numlist)", by=False),
    "count": EgenFunction(_count),
    "cut": EgenFunction(_cut, "AT(numlist) Group(integer) ICodes", by=False),
    "diff": EgenFunction(_different, by=False),
    "fill": EgenFunction(_fill, by=False),
    "group": EgenFunction(_group, "Missing Label LName(name)", by=False),
    "iqr": EgenFunction(_of_groups(_interquartile_range)),
    "kurt": EgenFunction(_of_groups(egen_functions.kurtosis)),
    "mad": EgenFunction(_of_groups(egen_functions.median_deviation)),
    "max": EgenFunction(_of_groups(statistics.maxima)),
    "mdev": EgenFunction(_of_groups(egen_functions.mean_deviation)),
    "mean": EgenFunction(_of_groups(statistics.means)),
    "median": EgenFunction(
        _of_groups(lambda x, codes, groups: statistics.percentiles(x, codes, groups, 50))
    ),
    "min": EgenFunction(_of_groups(statistics.minima)),
    "mode": EgenFunction(_mode, "MINmode MAXmode"),
    "pc": EgenFunction(_share, "prop"),
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
    "rowpctile": EgenFunction(_row_percentile, "P(real)", by=False),
    "rowsd": EgenFunction(_of_rows(_row_standard_deviation), by=False),
    "rowtotal": EgenFunction(_row_total, "Missing", by=False),
    "sd": EgenFunction(_of_groups(statistics.standard_deviations)),
    "seq": EgenFunction(_sequence, "From(integer) To(integer) Block(integer)"),
    "skew": EgenFunction(_of_groups(egen_functions.skewness)),
    "std": EgenFunction(_standardized, "Mean(real) Sd(real)"),
    "sum": EgenFunction(_total, "Missing"),
    "tag": EgenFunction(_tag, "Missing", by=False),
    "total": EgenFunction(_total, "Missing"),
}
