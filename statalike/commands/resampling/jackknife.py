"""``jackknife``: standard errors from samples that each lack one unit ([R] jackknife)."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.commands.resampling.collected_statistics import Collection, collection_of
from statalike.commands.resampling.estimation_prefix import estimation_prefix
from statalike.commands.resampling.replication import (
    Run,
    collected,
    dot_step,
    result_file,
    results_dataset,
    rows_and_command,
    run_first,
)
from statalike.commands.resampling.resampled_results import post_names
from statalike.commands.resampling.resampling_display import model_test
from statalike.commands.resampling.sampling_units import SamplingUnits, sampling_units
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.engine.resampling import jackknife_covariance
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression
from statalike.output.replication_dots import CountedDots
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results
from statalike.state import State

SYNTAX = (
    "[anything(equalok everything)] [, ECLASS RCLASS N(string) CLuster(varlist) STRata(varlist) "
    "SAving(string asis) MSE Level(cilevel) NOTABle NOHeader NOLegend NODOTS "
    "DOTS(integer 1) NOIsily TItle(string) NODROP EForm(string) FORCE cformat(string) "
    "pformat(string) sformat(string) noCI noPValues COEFLegend]"
)
UNSUPPORTED = "IDcluster(string) REJect(string) TRace VERbose NOSVYadjust KEEP"


@command(
    "jackknife",
    form="prefix",
    syntax="shows results",
    help="standard errors from samples without one unit",
    section="Resampling",
    synonyms="jknife",
)
def jackknife(state: State, given: str, run: Run, inner: str) -> None:
    estimation_prefix(
        state,
        "jackknife",
        given,
        run,
        inner,
        syntax=SYNTAX,
        unsupported=UNSUPPORTED,
        estimate=jackknife_estimates,
    )


def jackknife_estimates(
    state: State,
    arguments: Arguments,
    run: Run,
    inner: str,
    command_line: str,
    again: Run | None = None,
) -> None:
    """Run the command on the data and without each unit, and leave the results in e().

    ``again`` runs it on a sample where that is not the command's text without ``if`` and ``in``.
    """
    file = result_file(state, arguments)
    state.e, state.r = Results(), Results()
    run_first(state, run, inner, quietly=not arguments.flag("noisily"))
    collection = collection_of(state, arguments.body, "_jk_")
    observed = collection.values(state)
    if np.isnan(observed).any():
        raise StataError(498, "statistics are missing on the estimation sample")
    rows, run = rows_and_command(state, arguments, run, inner, again)
    if state.e.sample is None:
        rows = _used_rows(state, arguments, rows)
    estimates, returned, data = state.e, state.r, state.data
    units = sampling_units(state, arguments, rows)
    values = leave_one_out(state, run, collection, data, units, dot_step(arguments), shown=True)
    state.data, state.e, state.r = data, estimates, returned
    complete = ~np.isnan(values).any(axis=1)
    if complete.sum() < 2:
        raise StataError(2000, "insufficient observations to compute jackknife standard errors")
    if file is not None:
        texts = [each.text for each in collection.statistics]
        file.write(
            results_dataset(
                collection.variable_names,
                values,
                texts,
                double=file.double,
                label=f"jackknife: {inner}",
            )
        )
    results = estimates.copy() if collection.coefficients else Results()
    results.sample = estimates.sample
    strata = np.unique(units.strata[complete], return_inverse=True)[1]
    V = jackknife_covariance(
        values[complete], observed, strata, about_observed=arguments.flag("mse")
    )
    results.matrices["b"] = NamedMatrix.row(observed, collection.stripes)
    results.matrices["V"] = NamedMatrix.square(V, collection.stripes)
    mean = values[complete].mean(axis=0)
    results.matrices["b_jk"] = NamedMatrix.row(mean, collection.stripes)
    post_names(results, collection, "jackknife", "Jackknife results")
    results.macros["vcetype"] = "Jackknife"
    results.scalars["N"] = float(len(rows))
    results.scalars["N_reps"] = float(complete.sum())
    results.scalars["N_misreps"] = float(np.count_nonzero(~complete))
    results.scalars["df_r"] = float(complete.sum() - (strata.max() + 1))
    units.describe(results)
    results.macros |= {"cmdline": command_line, "command": inner}
    state.e = results
    test = model_test(results)
    if test is not None:
        results.scalars |= {"F": test.statistic, "df_m": float(test.df), "p": test.p}
        if "chi2" in results.scalars:
            results.scalars["chi2"] = test.statistic * test.df


def _used_rows(state: State, arguments: Arguments, rows: np.ndarray) -> np.ndarray:
    """All observations, which must be as many as the command says it used; r(459).

    ``rclass`` and ``eclass`` take that number from r(N) and e(N), ``n()`` from an expression.
    """
    text = arguments.string("n")
    if arguments.flag("rclass"):
        text = "r(N)"
    elif arguments.flag("eclass"):
        text = "e(N)"
    if text is None:
        return rows
    used = evaluate_scalar(parse_expression(text), StateContext(state))
    if isinstance(used, str) or not used < MISSING:
        raise StataError(459, "the number of observations used is missing")
    if used != len(rows) and not arguments.flag("force"):
        raise StataError(
            459,
            f"the command used {used:.0f} of {len(rows):.0f} observations",
            hint="drop those that it does not use before jackknife",
        )
    return rows


def leave_one_out(
    state: State,
    run: Run,
    collection: Collection,
    data: Dataset,
    units: SamplingUnits,
    step: int = 0,
    *,
    shown: bool = False,
) -> np.ndarray:
    """The statistics (m, k) without each of the m units; nan where the command failed.

    The data in memory are those of the last run.
    """
    title = "Jackknife replications"
    dots = CountedDots(state.console, title, len(units), step if shown else 0)
    values = np.full((len(units), len(collection.statistics)), np.nan)
    for i in range(len(units)):
        sample = data.copy()
        sample.take_rows(units.without(i))
        state.data = sample
        found = collected(state, run, collection)
        if found is not None:
            values[i] = found
        dots.add(found is not None and not np.isnan(found).any())
    dots.finish()
    return values
