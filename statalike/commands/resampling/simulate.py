"""``simulate``: statistics of a command run many times ([R] simulate)."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.commands.resampling.collected_statistics import Collection, collection_of, legend
from statalike.commands.resampling.replication import (
    Run,
    collected,
    dot_step,
    legend_lines,
    put_in_memory,
    read_prefix,
    result_file,
    results_dataset,
    set_seed,
)
from statalike.errors import StataError
from statalike.output.replication_dots import CountedDots
from statalike.results.stores import Results
from statalike.state import State

SYNTAX = (
    "[anything(equalok everything)] [, Reps(integer 0) SEED(integer 0) SAving(string asis) "
    "NODOTS DOTS(integer 1) NOLegend NOIsily]"
)
UNSUPPORTED = "TRace VERbose"


@command(
    "simulate",
    "simul",
    form="prefix",
    help="statistics of a command run many times",
    section="Resampling",
)
def simulate(state: State, given: str, run: Run, inner: str) -> None:
    """The first run tells what is collected; results replace the data unless they are saved."""
    arguments = read_prefix(state, "simulate", given, SYNTAX, UNSUPPORTED)
    count = arguments.integer("reps") or 0
    if count < 1:
        raise StataError(198, "option reps() required" if count == 0 else "reps() must be positive")
    with state.undone_on_failure():
        set_seed(state, arguments)
        file = result_file(state, arguments)
        console = state.console
        collection: Collection | None = None
        values: np.ndarray | None = None
        dots: CountedDots | None = None
        for i in range(count):
            state.e, state.r = Results(), Results()
            if collection is None:
                # What is wrong with the command itself shows in its first run.
                with console.noisy() if arguments.flag("noisily") else console.quiet():
                    run()
                collection = collection_of(state, arguments.body, "_sim_")
                found: np.ndarray | None = collection.values(state)
                values = np.full((count, len(collection.statistics)), np.nan)
                if not arguments.flag("nolegend"):
                    console.print()
                    shown = legend(collection.statistics)
                    console.print_lines(legend_lines(inner, shown, state.settings.linesize))
                dots = CountedDots(console, "Simulations", count, dot_step(arguments))
            else:
                found = collected(state, run, collection)
            assert values is not None and dots is not None
            if found is not None:
                values[i] = found
            dots.add(found is not None)
        assert collection is not None and values is not None and dots is not None
        dots.finish()
        data = results_dataset(
            collection.variable_names,
            values,
            [each.text for each in collection.statistics],
            double=file is not None and file.double,
            label=f"simulate: {inner}",
        )
        if file is None:
            put_in_memory(state, data)
        else:
            file.write(data)
        state.e, state.r = Results(), Results()
