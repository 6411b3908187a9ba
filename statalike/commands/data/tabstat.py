"""``tabstat``: a table of statistics of variables ([R] tabstat)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.data.group_statistics import combined_codes
from statalike.commands.data.grouped_statistics import GroupedValues
from statalike.commands.data.weights import weights_of
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import Format, display_number
from statalike.data.missing import MISSING
from statalike.errors import StataError, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.statistics_table import (
    NAME_STUB,
    StatisticsGroup,
    StatisticsTable,
    statistics_heading,
    statistics_table,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

TITLES = {
    "mean": "Mean",
    "count": "N",
    "sum": "Sum",
    "max": "Max",
    "min": "Min",
    "range": "Range",
    "sd": "SD",
    "variance": "Variance",
    "cv": "CV",
    "semean": "SE(mean)",
    "skewness": "Skewness",
    "kurtosis": "Kurtosis",
    "median": "p50",
    "iqr": "IQR",
}
#: shortest spellings of statistics
_ABBREVIATIONS = {
    "me": "mean",
    "co": "count",
    "n": "count",
    "su": "sum",
    "ma": "max",
    "mi": "min",
    "r": "range",
    "sd": "sd",
    "v": "variance",
    "cv": "cv",
    "sem": "semean",
    "sk": "skewness",
    "k": "kurtosis",
    "med": "median",
    "iqr": "iqr",
}
PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)


@dataclass(frozen=True)
class _Table:
    """Statistics by group: ``values`` (groups, statistics, variables), the total last if any."""

    names: tuple[str, ...]
    values: np.ndarray


@command(
    "tabstat",
    syntax="varlist(numeric) [if] [in] [aweight fweight] [, BY(varname) Statistics(string) "
    "Columns(string) Format Format(string) noTotal noSEParator Missing CASEwise SAve]",
    unsupported="LAbelwidth(integer 16) VArwidth(integer 12) LOngstub",
    help="table of statistics of variables",
    section="Description",
    by="each",
)
def tabstat(state: State, arguments: Arguments) -> None:
    names = tuple(arguments.varlist)
    statistics = _statistics(arguments.string("statistics") or "mean")
    by_statistic = _columns(arguments, names)
    found = _computed(state, arguments, names, statistics)
    by = arguments.string("by") or ""
    titles = tuple(TITLES.get(name, name) for name in statistics)
    formats = _formats(state.data, arguments, names, len(statistics))
    total = bool(by) and not arguments.flag("nototal")
    state.r = (
        _returned(found, titles, names, total, bool(by)) if arguments.flag("save") else Results()
    )
    state.console.print()
    if by:
        heading = statistics_heading(
            names if by_statistic else titles, by_statistic, by, state.data.variable(by).label
        )
        state.console.print_lines(heading)
        state.console.print()
    table = _laid_out(found, names, titles, formats, by, by_statistic, total, arguments)
    state.console.print_lines(statistics_table(table, state.settings.linesize))


def _statistics(text: str) -> tuple[str, ...]:
    """Full names of the statistics asked for; r(198)."""
    found: list[str] = []
    for word in text.split():
        if word == "q":
            found += ["p25", "median", "p75"]
        elif word[:1] == "p" and word[1:].isdigit() and int(word[1:]) in PERCENTILES:
            found.append("median" if word == "p50" else word)
        else:
            matching = [
                name
                for short, name in _ABBREVIATIONS.items()
                if word.startswith(short) and (name.startswith(word) or word == short)
            ]
            if not matching:
                raise StataError(198, f"unknown statistic: {word}")
            found.append(matching[0])
    return tuple(found)


def _columns(arguments: Arguments, names: Sequence[str]) -> bool:
    """Whether the columns are statistics: the default for one variable; r(198)."""
    typed = arguments.string("columns")
    if not typed:
        return len(names) == 1
    for word, by_statistic in (("statistics", True), ("variables", False)):
        if word.startswith(typed.strip()):
            return by_statistic
    raise StataError(198, f"column() invalid: {typed}")


def _computed(
    state: State, arguments: Arguments, names: Sequence[str], statistics: Sequence[str]
) -> _Table:
    data = state.data
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    by = arguments.string("by")
    if by and not arguments.flag("missing"):
        mask = mask & _known(data, by)
    if arguments.flag("casewise"):
        for name in names:
            mask = mask & _known(data, name)
    if not mask.any():
        raise no_observations()
    rows = np.flatnonzero(mask)
    codes, groups = np.zeros(len(rows), dtype=np.int64), 0
    labels: list[str] = []
    if by:
        codes, groups = combined_codes([data.variable(by).values[rows]])
        labels = _group_names(data, by, rows, codes, groups)
    kind = arguments.weight.kind if arguments.weight else ""
    with_total = not (by and arguments.flag("nototal"))
    parts: list[np.ndarray] = []
    for name in names:
        values = data.numbers(name)[rows]
        known = values < MISSING
        own = None if weights is None else weights[rows][known]
        inner = GroupedValues(values[known], codes[known], groups, own, kind)
        whole = GroupedValues(
            values[known], np.zeros(int(known.sum()), dtype=np.int64), 1, own, kind
        )
        parts.append(
            np.array(
                [
                    np.append(
                        inner.statistic(one) if groups else [],
                        whole.statistic(one) if with_total else [],
                    )
                    for one in statistics
                ]
            )
        )
    table = np.stack(parts, axis=2).transpose(1, 0, 2)
    return _Table((*labels, *(["Total"] if with_total else [])), table)


def _known(data: Dataset, name: str) -> np.ndarray:
    variable = data.variable(name)
    if variable.is_string:
        return np.asarray(variable.values != b"")
    return np.asarray(variable.numbers() < MISSING)


def _group_names(
    data: Dataset, by: str, rows: np.ndarray, codes: np.ndarray, groups: int
) -> list[str]:
    """The value label, text or number of each group."""
    variable = data.variable(by)
    first = np.full(groups, len(rows))
    np.minimum.at(first, codes, np.arange(len(rows)))
    places = rows[first]
    if variable.is_string:
        return [value.decode("utf-8", "replace") for value in variable.values[places].tolist()]
    numbers = variable.numbers()[places].tolist()
    return [data.label_of(by, number) or display_number(number) for number in numbers]


def _formats(
    data: Dataset, arguments: Arguments, names: Sequence[str], count: int
) -> list[list[str]]:
    """A display format for each statistic and variable."""
    typed = arguments.string("format")
    if typed:
        Format.parse(typed)
        return [[typed] * len(names)] * count
    if typed is not None:
        return [[data.variable(name).format for name in names]] * count
    return [["%9.0g"] * len(names)] * count


def _laid_out(
    found: _Table,
    names: tuple[str, ...],
    titles: tuple[str, ...],
    formats: list[list[str]],
    by: str,
    by_statistic: bool,
    total: bool,
    arguments: Arguments,
) -> StatisticsTable:
    values = found.values.transpose(0, 2, 1) if by_statistic else found.values
    shapes = np.array(formats, dtype=object)
    shapes = shapes.T if by_statistic else shapes
    groups = tuple(
        StatisticsGroup(name, tuple(tuple(row.tolist()) for row in block))
        for name, block in zip(found.names, values, strict=True)
    )
    rows = names if by_statistic else titles
    return StatisticsTable(
        titles if by_statistic else names,
        groups,
        tuple(tuple(row) for row in shapes.tolist()),
        () if by else rows,
        by or ("Variable" if by_statistic else "Stats"),
        0 if by or not by_statistic else NAME_STUB,
        total,
        not arguments.flag("noseparator"),
    )


def _returned(
    found: _Table, titles: Sequence[str], names: Sequence[str], total: bool, grouped: bool
) -> Results:
    """r(Stat#) and r(name#) of the groups, r(StatTotal)."""
    rows = tuple(Stripe("", title) for title in titles)
    columns = tuple(Stripe("", name) for name in names)
    results = Results()
    for number, (name, block) in enumerate(zip(found.names, found.values, strict=True), 1):
        matrix = NamedMatrix(block, rows, columns)
        if number == len(found.names) and (total or not grouped):
            results.matrices["StatTotal"] = matrix
        else:
            results.macros[f"name{number}"] = name
            results.matrices[f"Stat{number}"] = matrix
    return results
