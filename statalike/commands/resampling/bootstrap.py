"""``bootstrap``: standard errors and intervals from samples drawn with replacement
([R] bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.registry import command
from statalike.commands.resampling.collected_statistics import Collection, collection_of
from statalike.commands.resampling.estimation_prefix import estimation_prefix
from statalike.commands.resampling.jackknife import leave_one_out
from statalike.commands.resampling.replication import (
    Run,
    collected,
    dot_step,
    result_file,
    results_dataset,
    rows_and_command,
    run_first,
    set_seed,
)
from statalike.commands.resampling.resampled_results import post_names
from statalike.commands.resampling.resampling_display import model_test
from statalike.commands.resampling.sampling_units import SamplingUnits, sampling_units
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.storage import storage_type
from statalike.engine.resampling import (
    acceleration,
    bootstrap_intervals,
    drawn_units,
    replicate_covariance,
)
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.language.arguments import Arguments
from statalike.language.expressions import is_true
from statalike.language.parser import parse_expression
from statalike.output.replication_dots import CountedDots
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

SYNTAX = (
    "[anything(equalok everything)] [, Reps(integer 50) STRata(varlist) SIze(integer 0) "
    "CLuster(varlist) IDcluster(newvarname) GRoup(varname) SAving(string asis) BCA TIES MSE "
    "SEED(integer 0) Level(cilevel) NOTABle NOHeader NOLegend NODOTS DOTS(integer 1) NOIsily "
    "TItle(string) NODROP REJect(string) EForm(string) cformat(string) pformat(string) "
    "sformat(string) noCI noPValues COEFLegend]"
)
UNSUPPORTED = "FORCE JACKknifeopts(string) TRace VERbose NOSVYadjust"


@command(
    "bootstrap",
    form="prefix",
    syntax="shows results",
    help="standard errors from samples drawn with replacement",
    section="Resampling",
    synonyms="bs",
)
def bootstrap(state: State, given: str, run: Run, inner: str) -> None:
    estimation_prefix(
        state,
        "bootstrap",
        given,
        run,
        inner,
        syntax=SYNTAX,
        unsupported=UNSUPPORTED,
        estimate=bootstrap_estimates,
    )


def bootstrap_estimates(
    state: State,
    arguments: Arguments,
    run: Run,
    inner: str,
    command_line: str,
    again: Run | None = None,
) -> None:
    """Run the command on the data and on each sample, and leave the results in e().

    ``again`` runs it on a sample where that is not the command's text without ``if`` and ``in``.
    """
    replications = arguments.integer("reps") or 0
    if replications < 2:
        raise StataError(198, "reps() must be an integer greater than 1")
    set_seed(state, arguments)
    file = result_file(state, arguments)
    everything = state.data
    with_clusters(state, arguments)
    state.e, state.r = Results(), Results()
    run_first(state, run, inner, quietly=not arguments.flag("noisily"))
    collection = collection_of(state, arguments.body, "_bs_")
    observed = collection.values(state)
    if np.isnan(observed).any():
        raise StataError(498, "statistics are missing on the estimation sample")
    rows, run = rows_and_command(state, arguments, run, inner, again)
    first = _FirstRun(state.e, state.r, state.data, rows)
    units = sampling_units(state, arguments, rows)
    drawer = _Drawer(first, units, arguments)
    values = _replicates(state, arguments, run, collection, drawer, replications)
    complete = ~np.isnan(values).any(axis=1)
    if complete.sum() < 2:
        raise StataError(2000, "insufficient observations to compute bootstrap standard errors")
    state.data, state.e, state.r = first.data, first.estimates, first.returned
    if file is not None:
        texts = [each.text for each in collection.statistics]
        data = results_dataset(
            collection.variable_names,
            values,
            texts,
            double=file.double,
            label=f"bootstrap: {inner}",
        )
        file.write(data)
    accelerations = None
    if arguments.flag("bca"):
        accelerations = acceleration(leave_one_out(state, run, collection, first.data, units))
        state.data, state.e, state.r = first.data, first.estimates, first.returned
    results = first.estimates.copy() if collection.coefficients else Results()
    if not collection.coefficients:
        results.sample = first.estimates.sample
    _post(results, collection, observed, values[complete], arguments, state, accelerations)
    results.scalars["N"] = float(len(rows))
    results.scalars["N_misreps"] = float(np.count_nonzero(~complete))
    units.describe(results)
    results.macros |= {"cmdline": command_line, "command": inner, "seed": str(state.settings.seed)}
    state.e = results
    test = model_test(results)
    if test is not None:
        results.scalars |= {"chi2": test.statistic, "df_m": float(test.df), "p": test.p}
    if everything is not state.data and not arguments.typed("idcluster"):
        state.data = everything


@dataclass(frozen=True)
class _FirstRun:
    """What the run on the data themselves left, and the rows that samples are drawn from."""

    estimates: Results
    returned: Results
    data: Dataset
    rows: np.ndarray


class _Drawer:
    """Datasets of units drawn with replacement from the sample."""

    def __init__(self, first: _FirstRun, units: SamplingUnits, arguments: Arguments) -> None:
        self._data = first.data
        self._units = units
        self._identifier = ""
        if arguments.typed("idcluster"):
            self._identifier = arguments.option("idcluster").name
        self._group = arguments.string("group") or ""
        counts = np.bincount(units.strata)
        size = arguments.integer("size") or 0
        if size > counts.min():
            raise StataError(
                198, "size() must not be greater than the number of units in each stratum"
            )
        self._sizes = np.full(len(counts), size) if size else counts

    def draw(self, state: State) -> Dataset:
        """A sample; drawn clusters get numbers of their own in the ``idcluster()`` variable."""
        uniforms = state.random.uniforms(int(self._sizes.sum()))
        drawn = drawn_units(uniforms, self._units.strata, self._sizes)
        rows, numbers = self._units.rows_of(drawn)
        data = self._data.copy()
        data.take_rows(rows)
        if self._identifier:
            data.set_values(self._identifier, numbers + 1.0, storage_type("long"))
            if self._group:
                group = data.numbers(self._group)
                pairs = np.column_stack([numbers, group])
                codes = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
                data.set_values(self._group, codes + 1.0, storage_type("long"))
        return data


def with_clusters(state: State, arguments: Arguments) -> None:
    """Make the variable of ``idcluster()``, a number for each cluster; r(198)."""
    if not arguments.typed("idcluster"):
        if arguments.typed("group"):
            raise StataError(198, "option group() requires idcluster()")
        return
    if not arguments.typed("cluster"):
        raise StataError(198, "option idcluster() requires cluster()")
    columns = [state.data.variable(name).values for name in arguments.variables("cluster")]
    codes = np.zeros(state.data.n, dtype=np.intp)
    for column in columns:
        own = np.unique(column, return_inverse=True)[1]
        codes = np.unique(codes * (own.max(initial=0) + 1) + own, return_inverse=True)[1]
    state.data = state.data.copy()
    state.data.add(arguments.option("idcluster").name, codes + 1.0, storage_type("long"))


def _replicates(
    state: State,
    arguments: Arguments,
    run: Run,
    collection: Collection,
    drawer: _Drawer,
    count: int,
) -> np.ndarray:
    """The statistics (R, k) of every sample; nan where the command failed."""
    reject = _rejection(state, arguments)
    dots = CountedDots(state.console, "Bootstrap replications", count, dot_step(arguments))
    values = np.full((count, len(collection.statistics)), np.nan)
    for i in range(count):
        state.data = drawer.draw(state)
        found = collected(state, run, collection, reject)
        if found is not None:
            values[i] = found
        dots.add(found is not None and not np.isnan(found).any())
    dots.finish()
    return values


def _rejection(state: State, arguments: Arguments) -> Callable[[], bool] | None:
    text = arguments.string("reject")
    if not text:
        return None
    expression = parse_expression(text)
    return lambda: is_true(expression, StateContext(state))


def _post(
    results: Results,
    collection: Collection,
    observed: np.ndarray,
    values: np.ndarray,
    arguments: Arguments,
    state: State,
    accelerations: np.ndarray | None,
) -> None:
    """e() of [R] bootstrap, Stored results."""
    level = confidence_level(arguments.options, state.settings)
    V = replicate_covariance(values, observed, about_observed=arguments.flag("mse"))
    stripes = collection.stripes
    errors = np.sqrt(np.diag(V))
    found = bootstrap_intervals(values, observed, errors, level, accelerations)
    matrices = results.matrices
    matrices["b"] = NamedMatrix.row(observed, stripes)
    matrices["V"] = NamedMatrix.square(V, stripes)
    limits = (Stripe("", "ll"), Stripe("", "ul"))

    def settled(values: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(values), values, MISSING)

    matrices["b_bs"] = NamedMatrix.row(values.mean(axis=0), stripes)
    matrices["reps"] = NamedMatrix.row(np.full(len(stripes), float(len(values))), stripes)
    matrices["bias"] = NamedMatrix.row(found.bias, stripes)
    matrices["se"] = NamedMatrix.row(errors, stripes)
    matrices["z0"] = NamedMatrix.row(settled(found.z0), stripes)
    matrices["ci_normal"] = NamedMatrix(found.normal, limits, stripes)
    matrices["ci_percentile"] = NamedMatrix(found.percentile, limits, stripes)
    matrices["ci_bc"] = NamedMatrix(settled(found.bias_corrected), limits, stripes)
    if accelerations is not None:
        matrices["accel"] = NamedMatrix.row(found.acceleration, stripes)
        matrices["ci_bca"] = NamedMatrix(settled(found.accelerated), limits, stripes)
    scalars = results.scalars
    scalars["N_reps"] = float(len(values))
    scalars["level"] = level
    scalars.pop("df_r", None)
    post_names(results, collection, "bootstrap", "Bootstrap results")
