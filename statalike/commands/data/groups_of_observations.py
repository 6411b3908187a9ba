"""``contract``, ``fillin``, ``cross``, ``joinby``: observations for combinations of values.

[D] contract, fillin, cross, joinby.
"""

from __future__ import annotations

import numpy as np

from statalike.commands.data.identify import group_codes
from statalike.commands.data.weights import weights_of
from statalike.commands.registry import command
from statalike.data.combining import common_type
from statalike.data.dataset import Dataset
from statalike.data.merging import key_codes
from statalike.data.names import check_name
from statalike.data.sources import find_dataset
from statalike.data.storage import BYTE, DOUBLE, FLOAT, LONG, smallest_type
from statalike.data.variable import Variable, empty_column
from statalike.errors import StataError, already_defined, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.state import State


@command(
    "contract",
    "contract",
    syntax="varlist [if] [in] [fweight] [, Freq(name) CFreq(name) Percent(name) CPercent(name) "
    "FLOAT Zero NOMISS Format(string)]",
    help="make a dataset of frequencies",
    section="Data",
)
def contract(state: State, arguments: Arguments) -> None:
    """One observation for each combination of values, with its frequency in ``_freq``."""
    names = tuple(dict.fromkeys(arguments.varlist))
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    if arguments.flag("nomiss"):
        for name in names:
            mask &= ~state.data.variable(name).missing()
    if not mask.any():
        raise no_observations()
    made = {
        key: arguments.string(key) or ("_freq" if key == "freq" else "")
        for key in ("freq", "cfreq", "percent", "cpercent")
    }
    for name in filter(None, made.values()):
        if check_name(name) in names:
            raise already_defined(name)
    data = state.data.copy()
    data.take_rows(np.flatnonzero(mask))
    data.keep(names)
    codes = group_codes(state, names, mask)
    counts = np.bincount(codes, weights=None if weights is None else weights[mask])
    first = np.unique(codes, return_index=True)[1]
    data.take_rows(first)
    counts = counts.astype(float)
    if arguments.flag("zero"):
        data, counts = _with_empty_combinations(data, names, counts)
    data.sorted_by = names
    share = FLOAT if arguments.flag("float") else DOUBLE
    total = counts.sum()
    columns = {
        "freq": (counts, None, "Frequency"),
        "cfreq": (np.cumsum(counts), None, "Cumulative frequency"),
        "percent": (100 * counts / total, share, "Percent"),
        "cpercent": (100 * np.cumsum(counts) / total, share, "Cumulative percent"),
    }
    for key, (values, kind, label) in columns.items():
        if made[key]:
            kind = kind or smallest_type(values, LONG)
            data.add(made[key], values, kind, label=label, format=arguments.string("format") or "")
    state.data = data


def _with_empty_combinations(
    data: Dataset, names: tuple[str, ...], counts: np.ndarray
) -> tuple[Dataset, np.ndarray]:
    """All combinations of the values that each variable has, those without observations too."""
    full, place = _all_combinations(data, names)
    every = np.zeros(full.n)
    every[place] = counts
    return full, every


def _all_combinations(data: Dataset, names: tuple[str, ...]) -> tuple[Dataset, np.ndarray]:
    """A dataset of all combinations of the values of variables, and where each row of ``data``
    is among them."""
    distinct = [
        np.unique(data.variable(name).values, return_index=True, return_inverse=True)
        for name in names
    ]
    sizes = [len(values) for values, _, _ in distinct]
    rows = int(np.prod(sizes))
    grid = np.unravel_index(np.arange(rows), sizes)
    place = np.ravel_multi_index([inverse.reshape(-1) for _, _, inverse in distinct], sizes)
    made = data.copy()
    made.variables = {
        name: data.variable(name).with_values(values[index])
        for name, (values, _, _), index in zip(names, distinct, grid, strict=True)
    }
    made.n = rows
    made.marks = {}
    made.changed = True
    return made, place


@command(
    "fillin",
    "fillin",
    syntax="varlist(min=2)",
    help="add observations for all combinations of values",
    section="Data",
)
def fillin(state: State, arguments: Arguments) -> None:
    """Combinations that are not there are added, with other variables missing; ``_fillin`` is 1 for
    them."""
    if "_fillin" in state.data:
        raise already_defined("_fillin")
    names = tuple(dict.fromkeys(arguments.varlist))
    data = state.data
    full, place = _all_combinations(data, names)
    absent = np.ones(full.n, dtype=bool)
    absent[place] = False
    extra = full.copy()
    extra.take_rows(np.flatnonzero(absent))
    before = data.n
    data.append(extra)
    data.add("_fillin", (np.arange(data.n) >= before).astype(np.int8), BYTE)
    data.sort(list(names))


def _pairs_dataset(
    master: Dataset, using: Dataset, rows: tuple[np.ndarray, np.ndarray], *, using_wins: bool
) -> Dataset:
    """Observations of two datasets side by side by row numbers, -1 where there is none."""
    left, right = rows
    made = master.copy()
    made.variables = {
        name: variable.with_values(_taken(variable, left))
        for name, variable in master.variables.items()
    }
    made.n = len(left)
    made.marks = {name: np.append(mark, False)[left] for name, mark in master.marks.items()}
    for name, variable in using.variables.items():
        other = master.variables.get(name)
        if other is None:
            values = _taken(variable, right)
            made.variables[name] = variable.with_values(values)
            continue
        kind = common_type(other.storage, variable.storage)
        mine, theirs = Dataset(), Dataset()
        mine.put(other.with_values(_taken(other, left)))
        theirs.put(variable.with_values(_taken(variable, right)))
        mine.recast(name, kind)
        theirs.recast(name, kind)
        take_theirs = (right >= 0) if using_wins else (left < 0)
        values = np.where(take_theirs, theirs.variable(name).values, mine.variable(name).values)
        made.variables[name] = mine.variable(name).with_values(values)
    made.value_labels = {**using.value_labels, **master.value_labels}
    made.sorted_by = ()
    made.changed = True
    return made


def _taken(variable: Variable, rows: np.ndarray) -> np.ndarray:
    """A column by row numbers; missing where the number is -1."""
    extended = np.concatenate([variable.values, empty_column(variable.storage, 1)])
    return extended[rows]


@command("cross", "cross", syntax="using", help="pair all observations with all others")
def cross(state: State, arguments: Arguments) -> None:
    using = find_dataset(arguments.using or "", "use")
    n, m = state.data.n, using.n
    rows = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    state.data = _pairs_dataset(state.data, using, rows, using_wins=False)


@command(
    "joinby",
    "joinby",
    syntax="[varlist(default=none)] using [, UNMatched(string) _merge(name) REPLACE]",
    unsupported="UPDATE noLabel",
    help="pair all observations within groups",
    section="Data",
)
def joinby(state: State, arguments: Arguments) -> None:
    """All pairs of observations with the same values; the others drop out unless ``unmatched()``
    keeps those of ``master``, ``using`` or ``both``."""
    using = find_dataset(arguments.using or "", "use")
    keys = arguments.varlist or tuple(name for name in state.data.names if name in using)
    if not keys:
        raise StataError(111, "no common variables")
    kept = arguments.string("unmatched") or "none"
    if kept not in ("none", "both", "master", "using"):
        raise StataError(198, "option unmatched() incorrectly specified")
    marker = arguments.string("_merge") or "_merge"
    if kept != "none" and marker in state.data:
        raise already_defined(marker)
    codes = key_codes(state.data, using, keys)
    left, right = _matching_pairs(codes[: state.data.n], codes[state.data.n :], kept)
    wins = arguments.flag("replace")
    data = _pairs_dataset(state.data, using, (left, right), using_wins=wins)
    if kept != "none":
        source = np.where(right < 0, 1, np.where(left < 0, 2, 3)).astype(np.int8)
        data.add(marker, source, BYTE)
    state.data = data


def _matching_pairs(
    mine: np.ndarray, theirs: np.ndarray, kept: str
) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of rows with equal codes, in the order of the codes, and the unmatched ones."""
    groups = int(max(mine.max(initial=-1), theirs.max(initial=-1))) + 1
    order, other = np.argsort(mine, kind="stable"), np.argsort(theirs, kind="stable")
    sizes = np.bincount(theirs, minlength=groups)
    starts = np.cumsum(sizes) - sizes
    repeats = sizes[mine[order]]
    left = np.repeat(order, repeats)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    right = other[np.repeat(starts[mine[order]], repeats) + offset] if len(left) else left
    alone = order[repeats == 0] if kept in ("both", "master") else order[:0]
    present = np.bincount(mine, minlength=groups) > 0
    foreign = other[~present[theirs[other]]] if kept in ("both", "using") else other[:0]
    return (
        np.concatenate([left, alone, np.full(len(foreign), -1)]).astype(np.intp),
        np.concatenate([right, np.full(len(alone), -1), foreign]).astype(np.intp),
    )
