"""``collapse``: a dataset of statistics of groups ([D] collapse)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.data.group_statistics import combined_codes
from statalike.commands.data.grouped_statistics import GroupedValues
from statalike.commands.data.weights import weights_of
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.data.storage import DOUBLE, LONG, StorageType
from statalike.data.variable import Variable
from statalike.errors import StataError, already_defined, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.language.ast import VariableRange
from statalike.language.parser import parse_statistics
from statalike.state import State

#: statistics that are one of the values, which keep a variable's type and value label
OF_VALUES = ("min", "max", "first", "last", "firstnm", "lastnm")
SYNONYMS = {"p50": "median", "n": "count"}


@dataclass(frozen=True)
class _Request:
    target: str
    statistic: str
    source: str


@command(
    "collapse",
    syntax="anything(equalok) [if] [in] [fweight aweight iweight pweight] [, BY(varlist) CW FAST]",
    help="make a dataset of statistics of groups",
    section="Data",
)
def collapse(state: State, arguments: Arguments) -> None:
    data = state.data
    by = tuple(dict.fromkeys(arguments.variables("by")))
    requests = _read(arguments.body, data)
    targets = [*by, *(request.target for request in requests)]
    for name in targets:
        if targets.count(name) > 1:
            raise StataError(198, f"name conflict: {name}")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    for request in requests:
        if arguments.flag("cw"):
            source = data.variable(request.source)
            if not source.is_string:
                mask = mask & (source.numbers() < MISSING)
    if not mask.any():
        raise no_observations()
    rows = np.flatnonzero(mask)
    codes, groups = combined_codes([data.variable(name).values[rows] for name in by])
    if not by:
        codes, groups = np.zeros(len(rows), dtype=np.int64), 1
    kind = arguments.weight.kind if arguments.weight else ""
    chosen = None if weights is None else weights[rows]
    first = np.full(groups, len(rows))
    np.minimum.at(first, codes, np.arange(len(rows)))
    made = [data.variable(name).take(rows[first]) for name in by]
    made += [_collapsed(data, request, rows, codes, groups, chosen, kind) for request in requests]
    used = {variable.value_label for variable in made}
    result = Dataset(label=data.label)
    for variable in made:
        result.put(variable)
    result.value_labels = {k: v for k, v in data.value_labels.items() if k in used}
    result.sorted_by = by
    result.changed = True
    state.data = result


def _read(text: str, data: Dataset) -> list[_Request]:
    """What is to be made, in order; r(198) for names that conflict."""
    requests: list[_Request] = []
    for item in parse_statistics(text):
        statistic = item.statistic or "mean"
        if isinstance(item.variables, VariableRange):
            words = [f"{item.variables.first.text}-{item.variables.last.text}"]
        else:
            words = [item.variables.text]
        sources = data.expand(words)
        if item.name:
            check_name(item.name)
            if len(sources) > 1:
                raise StataError(198, f"{item.name} stands for one variable")
        for source in sources:
            target = item.name or source
            if any(request.target == target for request in requests):
                raise already_defined(target)
            requests.append(_Request(target, SYNONYMS.get(statistic, statistic), source))
    return requests


def _collapsed(
    data: Dataset,
    request: _Request,
    rows: np.ndarray,
    codes: np.ndarray,
    groups: int,
    weights: np.ndarray | None,
    kind: str,
) -> Variable:
    variable = data.variable(request.source)
    statistic = request.statistic
    label = f"({_shown(statistic)}) {variable.label or request.source}"[:80]
    if statistic in ("first", "last", "firstnm", "lastnm"):
        picked = _picked(variable, statistic, rows, codes, groups)
        return replace(variable.take(picked), name=request.target, label=label)
    if variable.is_string and statistic != "count":
        raise StataError(109, f"type mismatch: {request.source} is a string variable")
    if variable.is_string:
        known = np.asarray(variable.values[rows] != b"")
        values = np.zeros(len(rows))
    else:
        values = variable.numbers()[rows]
        known = values < MISSING
    own = None if weights is None else weights[known]
    found = GroupedValues(values[known], codes[known], groups, own, kind).statistic(statistic)
    if statistic == "count":
        storage = LONG if np.all(found == np.floor(found)) else DOUBLE
        return _new(request.target, found, storage, "", label)
    if statistic not in OF_VALUES:
        return _new(request.target, found, DOUBLE, variable.format, label)
    made = _new(request.target, found, variable.storage, variable.format, label)
    return replace(made, value_label=variable.value_label)


def _shown(statistic: str) -> str:
    """As the variable label names it: ``p 25`` for the 25th percentile."""
    statistic = "p50" if statistic == "median" else statistic
    percentile = statistic[1:] if statistic[0] == "p" and statistic[1:].isdigit() else ""
    return f"p {percentile}" if percentile else statistic


def _picked(
    variable: Variable, statistic: str, rows: np.ndarray, codes: np.ndarray, groups: int
) -> np.ndarray:
    """The observation (groups,) that has the first or last value, or the first or last that is
    not missing where a group has one."""
    position = np.arange(len(rows))
    usable = np.ones(len(rows), dtype=bool)
    if statistic.endswith("nm"):
        column = variable.values[rows]
        usable = (
            np.asarray(column != b"") if variable.is_string else variable.numbers()[rows] < MISSING
        )
    order = position if statistic.startswith("first") else -position
    best = np.full(groups, len(rows))
    np.minimum.at(best, codes[usable], order[usable])
    any_order = np.full(groups, len(rows))
    np.minimum.at(any_order, codes, order)
    best = np.where(best == len(rows), any_order, best)
    return rows[np.abs(best)]


def _new(name: str, values: np.ndarray, storage: StorageType, shape: str, label: str) -> Variable:
    holder = Dataset()
    return holder.add(name, values, storage, format=shape, label=label)
