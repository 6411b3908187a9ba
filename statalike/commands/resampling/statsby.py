"""``statsby``: statistics of a command for each group of observations ([D] statsby)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.registry import command
from statalike.commands.resampling.collected_statistics import collection_of, legend
from statalike.commands.resampling.replication import (
    Run,
    collected,
    command_name,
    legend_lines,
    put_in_memory,
    read_prefix,
    result_file,
    results_dataset,
    rows_and_command,
)
from statalike.data.dataset import Dataset
from statalike.errors import StataError, no_observations
from statalike.output.replication_dots import RowsOfDots
from statalike.results.stores import Results
from statalike.state import State

SYNTAX = (
    "[anything(equalok everything)] [, BY(varlist) CLEAR SAving(string asis) TOTAL SUBsets "
    "NODOTS NOLegend NODROP NOIsily]"
)
UNSUPPORTED = "FORCE FORCEDROP BASEpop(string) TRace VERbose DOTS(integer 1)"


@command(
    "statsby",
    form="prefix",
    help="statistics of a command for each group",
    section="Resampling",
)
def statsby(state: State, given: str, run: Run, inner: str) -> None:
    """The results replace the data, or go into the file of ``saving()``."""
    arguments = read_prefix(state, "statsby", given, SYNTAX, UNSUPPORTED)
    by = arguments.variables("by")
    if not by:
        raise StataError(198, "option by() required")
    with state.undone_on_failure():
        file = result_file(state, arguments)
        if file is None and not arguments.flag("clear") and state.data.changed:
            raise StataError(4, "no; data in memory would be lost")
        everything = state.data
        state.e, state.r = Results(), Results()
        console = state.console
        console.print(f"(running {command_name(inner)} on estimation sample)")
        with console.noisy() if arguments.flag("noisily") else console.quiet():
            run()
        collection = collection_of(state, arguments.body, "_stat_")
        everything = state.data
        rows, run = rows_and_command(state, arguments, run, inner)
        if not len(rows):
            raise no_observations()
        if not arguments.flag("nolegend"):
            console.print()
            lines = legend_lines(inner, legend(collection.statistics), state.settings.linesize)
            console.print_lines(lines)
            console.print(f"{'By':>13}: {' '.join(by)}")
        keys, codes = _groups(everything, by, rows, subsets=arguments.flag("subsets"))
        dots = RowsOfDots(console, "Statsby groups", shown=not arguments.flag("nodots"))
        values = np.full((len(keys), len(collection.statistics)), np.nan)
        for i, members in enumerate(codes):
            state.data = everything.copy()
            state.data.take_rows(members)
            found = collected(state, run, collection)
            if found is not None:
                values[i] = found
            dots.add(found is not None)
        dots.finish()
        if arguments.flag("total"):
            state.data = everything.copy()
            found = collected(state, run, collection)
            values = np.vstack([values, np.nan if found is None else found])
            keys.append(tuple(None for _ in by))
        names = collection.variable_names
        texts = [each.text for each in collection.statistics]
        double = file is not None and file.double
        statistics = results_dataset(names, values, texts, double=double, label=f"statsby: {inner}")
        made = _with_keys(everything, by, keys, statistics)
        state.e, state.r = Results(), Results()
        if file is None:
            put_in_memory(state, made)
        else:
            file.write(made)
            state.data = everything


Key = tuple[int | None, ...]


def _groups(
    data: Dataset, by: tuple[str, ...], chosen: np.ndarray, *, subsets: bool
) -> tuple[list[Key], list[np.ndarray]]:
    """For each group among the chosen rows one of them, and all of its own.

    With ``subsets`` the groups of every subset of the variables follow; the key of a variable
    that does not take part is None.
    """
    keys: list[Key] = []
    members: list[np.ndarray] = []
    count = len(by)
    patterns = [tuple(True for _ in by)]
    if subsets:
        patterns = [
            tuple(bool(number >> (count - 1 - j) & 1) for j in range(count))
            for number in range(2**count - 1, 0, -1)
        ]
    for pattern in patterns:
        codes = np.zeros(len(chosen), dtype=np.intp)
        for name, used in zip(by, pattern, strict=True):
            if used:
                own = np.unique(data.variable(name).values[chosen], return_inverse=True)[1]
                codes = np.unique(codes * (own.max() + 1) + own, return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
        for piece in np.split(order, starts[1:]):
            keys.append(tuple(int(chosen[piece[0]]) if used else None for used in pattern))
            members.append(chosen[piece])
    return keys, members


def _with_keys(data: Dataset, by: tuple[str, ...], keys: list[Key], statistics: Dataset) -> Dataset:
    """The by variables with their labels, then the statistics."""
    made = data.copy()
    made.keep(by)
    made.order(by)
    made.take_rows(np.array([[k for k in key if k is not None][:1] or [0] for key in keys]).ravel())
    for position, name in enumerate(by):
        variable = data.variable(name)
        sources = [key[position] for key in keys]
        values = variable.values[[0 if source is None else source for source in sources]]
        absent = [source is None for source in sources]
        if any(absent):
            missing = Dataset()
            missing.put(variable.take(np.zeros(0, dtype=np.intp)))
            missing.set_observations(len(keys))
            values = np.where(absent, missing.variable(name).values, values)
        made.put(replace(made.variable(name), values=values))
    for name, variable in statistics.variables.items():
        made.put(replace(variable, name=name))
    made.label, made.filename, made.marks = statistics.label, "", {}
    return made
