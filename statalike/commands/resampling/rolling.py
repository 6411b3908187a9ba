"""``rolling``: statistics of a command over windows of time ([TS] rolling)."""

from __future__ import annotations

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
)
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.replication_dots import RowsOfDots
from statalike.results.stores import Results
from statalike.state import State

SYNTAX = (
    "[anything(equalok everything)] [, Window(integer 0) STEPsize(integer 1) RECursive "
    "RRECursive STart(integer -2147483647) END(integer 2147483647) "
    "SAving(string asis) CLEAR NODOTS NOLegend NOIsily]"
)
UNSUPPORTED = "KEEP(varname) REJect(string) TRace VERbose"

UNBOUNDED = 2147483647


@command(
    "rolling",
    "roll",
    form="prefix",
    help="statistics of a command over windows of time",
    section="Resampling",
)
def rolling(state: State, given: str, run: Run, inner: str) -> None:
    """The results, with the first and last time of each window, replace the data or are saved."""
    arguments = read_prefix(state, "rolling", given, SYNTAX, UNSUPPORTED)
    width = arguments.integer("window") or 0
    if width < 1:
        raise StataError(198, "option window() required")
    if arguments.flag("recursive") and arguments.flag("rrecursive"):
        raise StataError(198, "options recursive and rrecursive may not be combined")
    with state.undone_on_failure():
        file = result_file(state, arguments)
        if file is None and not arguments.flag("clear") and state.data.changed:
            raise StataError(4, "no; data in memory would be lost")
        everything = state.data
        panel, time = _declared(everything)
        state.e, state.r = Results(), Results()
        console = state.console
        console.print(f"(running {command_name(inner)} on estimation sample)")
        with console.noisy() if arguments.flag("noisily") else console.quiet():
            run()
        collection = collection_of(state, arguments.body, "_stat_")
        if not arguments.flag("nolegend"):
            console.print()
            shown = legend(collection.statistics)
            console.print_lines(legend_lines(inner, shown, state.settings.linesize))
        dots = RowsOfDots(console, "Rolling replications", shown=not arguments.flag("nodots"))
        times = everything.numbers(time)
        panels = everything.numbers(panel) if panel else np.zeros(everything.n)
        found: list[tuple[float, float, float, np.ndarray]] = []
        for unit in np.unique(panels[panels < MISSING]):
            own = (panels == unit) & (times < MISSING)
            for first, last in _windows(times[own], width, arguments):
                state.data = everything.copy()
                state.data.keep_rows(own & (times >= first) & (times <= last))
                values = collected(state, run, collection)
                missing = np.full(len(collection.statistics), np.nan)
                found.append((unit, first, last, missing if values is None else values))
                dots.add(values is not None)
        dots.finish()
        made = _results(everything, panel, time, found)
        statistics = results_dataset(
            collection.variable_names,
            np.array([values for *_, values in found]).reshape(
                len(found), len(collection.statistics)
            ),
            [each.text for each in collection.statistics],
            double=file is not None and file.double,
            label=f"rolling: {inner}",
        )
        for variable in statistics.variables.values():
            made.put(variable)
        made.label = statistics.label
        state.e, state.r = Results(), Results()
        if file is None:
            put_in_memory(state, made)
        else:
            file.write(made)
            state.data = everything


def _declared(data: Dataset) -> tuple[str, str]:
    """The panel (or an empty text) and time variable; r(111)."""
    settings = data.characteristics.get("_dta", {})
    time = settings.get("_TStvar", "")
    if time not in data:
        raise StataError(111, "time variable not set, use tsset varname ...")
    panel = settings.get("_TSpanel", "")
    return (panel if panel in data else ""), time


def _windows(times: np.ndarray, width: int, arguments: Arguments) -> list[tuple[float, float]]:
    """First and last time of each window of one panel, by ``stepsize()`` and the kind."""
    if not len(times):
        return []
    start = max(float(times.min()), float(arguments.integer("start") or -UNBOUNDED))
    end = min(float(times.max()), float(arguments.integer("end") or UNBOUNDED))
    step = arguments.integer("stepsize") or 1
    if step < 1:
        raise StataError(198, "stepsize() must be positive")
    firsts = np.arange(start, end - width + 2, step)
    if arguments.flag("recursive"):
        return [(start, float(first) + width - 1) for first in firsts]
    if arguments.flag("rrecursive"):
        return [(float(first), end) for first in firsts]
    return [(float(first), float(first) + width - 1) for first in firsts]


def _results(
    data: Dataset,
    panel: str,
    time: str,
    found: list[tuple[float, float, float, np.ndarray]],
) -> Dataset:
    """Panel, start and end of the windows, in the time variable's format."""
    made = Dataset()
    if panel:
        variable = data.variable(panel)
        made.add(
            panel,
            np.array([unit for unit, *_ in found]),
            variable.storage,
            format=variable.format,
            label=variable.label,
            value_label=variable.value_label,
        )
        made.value_labels = dict(data.value_labels)
    shape = data.variable(time)
    for name, position in (("start", 1), ("end", 2)):
        values = np.array([row[position] for row in found], dtype=float)
        made.add(name, values, shape.storage, format=shape.format)
    return made
