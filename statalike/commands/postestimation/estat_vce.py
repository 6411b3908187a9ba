"""``estat vce`` and ``estat summarize`` after any estimation command ([R] estat vce)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.summary_statistics import summary
from statalike.commands.estimation.coefficient_rows import equation_names, value_labels
from statalike.commands.postestimation.hypotheses import estimated_coefficients
from statalike.commands.postestimation.stored_estimates import active_estimates
from statalike.commands.registry import command
from statalike.data.formats import Format
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.matrix_display import RuledMatrix, ruled_matrix
from statalike.output.regression_diagnostics import VariableSummary, estimation_summary
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "estat vce",
    syntax="[, Correlation COVariance Format(string)]",
    unsupported="EQuation(string) BLock DIag NOLINes",
    help="covariances of the coefficients",
    section="Postestimation",
)
def estat_vce(state: State, arguments: Arguments) -> None:
    """e(V), or the correlations in it, without the coefficients that were not estimated."""
    b = estimated_coefficients(state.e)
    V = state.e.matrices["V"].values
    if len(equation_names(b)) > 1:
        raise StataError(198, "estat vce not yet supported after models with several equations")
    kept = np.flatnonzero(np.diag(V) > 0)
    names = tuple(b.columns[i] for i in kept)
    values = V[np.ix_(kept, kept)]
    what, shape = "Covariance", "%9.0g"
    if arguments.flag("correlation"):
        size = np.sqrt(np.diag(values))
        values = values / np.outer(size, size)
        what, shape = "Correlation", "%8.4f"
    shape = arguments.string("format") or shape
    Format.parse(shape)
    state.r = Results(matrices={"V": NamedMatrix.square(values, names)})
    texts = [stripe.name for stripe in names]
    estimator = state.e.macros["cmd"]
    state.console.print()
    state.console.print(f"{what} matrix of coefficients of {estimator} model")
    state.console.print()
    table = RuledMatrix(values, texts, texts, "e(V)", shape, lower=True)
    state.console.print_lines(ruled_matrix(table, state.settings.linesize))


@command(
    "estat summarize",
    "estat su",
    syntax="",
    unsupported="EQuation(string) GRoup LABels NOHEAder NOWEIghts",
    help="summary of the estimation sample",
    section="Postestimation",
)
def estat_summarize(state: State, arguments: Arguments) -> None:
    """Moments of the outcome and the covariates over the estimation sample, unweighted."""
    results = active_estimates(state)
    sample = estimation_sample(state)
    if sample is None or not sample.any():
        raise StataError(459, "estimation sample not found")
    names = [results.macros["depvar"]]
    for stripe in results.matrices["b"].columns:
        if stripe.name != "_cons" and not stripe.equation.startswith("/"):
            names.append(stripe.name)
    rows: list[VariableSummary] = []
    for name in dict.fromkeys(names):
        column = Column.parse(name)
        if column.omitted:
            continue
        values = column.evaluate(state.data)[sample]
        moments = summary(values[values < MISSING], None)
        rows.append(
            VariableSummary(
                name,
                moments.mean,
                moments.standard_deviation,
                moments.minimum,
                moments.maximum,
            )
        )
    stats = [[r.mean, r.standard_deviation, r.minimum, r.maximum] for r in rows]
    titles = tuple(Stripe("", title) for title in ("mean", "sd", "min", "max"))
    stripes = tuple(Stripe("", row.name) for row in rows)
    count = float(np.count_nonzero(sample))
    state.r = Results(matrices={"stats": NamedMatrix(np.array(stats), stripes, titles)})
    state.console.print()
    lines = estimation_summary(results.macros["cmd"], count, rows, value_labels(state.data))
    state.console.print_lines(lines)
