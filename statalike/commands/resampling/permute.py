"""``permute``: Monte Carlo permutation tests ([R] permute)."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.registry import command
from statalike.commands.resampling.collected_statistics import collection_of, legend
from statalike.commands.resampling.replication import (
    Run,
    collected,
    dot_step,
    legend_lines,
    read_prefix,
    result_file,
    results_dataset,
    rows_and_command,
    run_first,
    set_seed,
)
from statalike.engine.permutation import permutation_tests, permuted_within
from statalike.errors import StataError
from statalike.language.parser import split_name
from statalike.output.permutation_table import permutation_header, permutation_table
from statalike.output.replication_dots import CountedDots
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

SYNTAX = (
    "anything(equalok everything) [, Reps(integer 100) SEED(integer 0) STRata(varlist) "
    "SAving(string asis) LEft RIght EPS(real 1e-7) Level(cilevel) NODOTS DOTS(integer 1) "
    "NOLegend NOHeader NOIsily NODROP TItle(string)]"
)
UNSUPPORTED = "FORCE TRace VERbose ENUMerate NOWARN REJect(string)"


@command(
    "permute",
    form="prefix",
    help="Monte Carlo permutation tests",
    section="Resampling",
)
def permute(state: State, given: str, run: Run, inner: str) -> None:
    """Permute a variable, within strata, and see how often a statistic is as extreme."""
    arguments = read_prefix(state, "permute", given, SYNTAX, UNSUPPORTED)
    if arguments.flag("left") and arguments.flag("right"):
        raise StataError(198, "options left and right may not be combined")
    word, expressions = split_name(arguments.body)
    variable = state.data.unabbreviate(word)
    count = arguments.integer("reps") or 0
    if count < 1:
        raise StataError(198, "reps() must be positive")
    with state.undone_on_failure():
        set_seed(state, arguments)
        file = result_file(state, arguments)
        state.e, state.r = Results(), Results()
        run_first(state, run, inner, quietly=not arguments.flag("noisily"))
        collection = collection_of(state, expressions, "_pm_")
        observed = collection.values(state)
        everything = state.data
        rows, _ = rows_and_command(state, arguments, run, inner)
        strata = np.zeros(len(rows), dtype=np.intp)
        for name in arguments.variables("strata"):
            own = np.unique(everything.variable(name).values[rows], return_inverse=True)[1]
            strata = np.unique(strata * (own.max() + 1) + own, return_inverse=True)[1]
        dots = CountedDots(state.console, "Permutation replications", count, dot_step(arguments))
        values = np.full((count, len(observed)), np.nan)
        column = everything.variable(variable)
        for i in range(count):
            moved = permuted_within(state.random.uniforms(len(rows)), strata)
            shuffled = column.values.copy()
            shuffled[rows] = column.values[rows[moved]]
            state.data = everything.copy()
            state.data.put(column.with_values(shuffled))
            found = collected(state, run, collection)
            if found is not None:
                values[i] = found
            dots.add(found is not None)
        dots.finish()
        state.data = everything
        if file is not None:
            texts = [each.text for each in collection.statistics]
            names = collection.variable_names
            file.write(
                results_dataset(names, values, texts, double=file.double, label=f"permute: {inner}")
            )
        level = confidence_level(arguments.options, state.settings)
        tests = permutation_tests(values, observed, level, arguments.number("eps") or 0.0)
        side = "lower" if arguments.flag("left") else "upper" if arguments.flag("right") else ""
        matrices = {"b": observed, "c": tests.lower_count, "reps": tests.replications}
        matrices |= {"c_lower": tests.lower_count, "c_upper": tests.upper_count}
        matrices |= {"p_lower": tests.lower, "p_upper": tests.upper, "p_twosided": tests.two_sided}
        if side == "upper" or not side:
            matrices["c"] = tests.upper_count
        state.r = Results(
            scalars={"N": float(len(rows)), "level": level, "n_reps": float(count)},
            macros={"cmd": "permute", "command": inner, "permvar": variable},
            matrices={
                name: NamedMatrix.row(np.asarray(value, dtype=float), collection.stripes)
                for name, value in matrices.items()
            },
        )
        state.r.matrices["p"] = NamedMatrix(
            np.vstack([tests.lower, tests.upper, tests.two_sided]),
            tuple(Stripe("", name) for name in ("lower", "upper", "twosided")),
            collection.stripes,
        )
    console, linesize = state.console, state.settings.linesize
    console.print()
    if not arguments.flag("noheader"):
        title = arguments.string("title") or "Monte Carlo permutation results"
        console.print_lines(permutation_header(title, variable, len(rows), count))
        if not arguments.flag("nolegend"):
            console.print()
            console.print_lines(legend_lines(inner, legend(collection.statistics), linesize))
        console.print()
    names = [stripe.name for stripe in collection.stripes]
    console.print_lines(permutation_table(names, observed, tests, level, side))
