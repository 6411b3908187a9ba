"""``summarize``: moments and percentiles of variables ([R] summarize)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.summary_statistics import (
    PERCENTILES,
    Detail,
    Summary,
    detail,
    summary,
)
from statalike.commands.data.weights import weights_of
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import no_variables_defined
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.summary_table import (
    SummaryPage,
    SummaryRow,
    empty_summary_page,
    summary_page,
    summary_table,
)
from statalike.results.stores import Results
from statalike.state import State


@command(
    "summarize",
    "su",
    syntax="[varlist] [if] [in] [aweight fweight iweight] "
    "[, Detail MEANonly Format SEParator(integer 5) noVARlabel]",
    help="means, standard deviations, extremes",
    section="Description",
    by="each",
)
def summarize(state: State, arguments: Arguments) -> None:
    if not arguments.varlist:
        raise no_variables_defined()
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    kind = arguments.weight.kind if arguments.weight else ""
    rows = []
    silent = arguments.flag("meanonly")
    in_detail = arguments.flag("detail")
    for name in arguments.varlist:
        values, chosen_weights = _sample(state, name, weights, mask)
        moments = summary(values, chosen_weights, kind)
        shape = detail(values, chosen_weights) if in_detail and moments.n else None
        state.r = Results(scalars=_returned(moments, shape, silent))
        if silent:
            continue
        if in_detail:
            _show_page(state, arguments, name, moments, shape)
        else:
            rows.append(_row(state, name, moments, arguments.flag("format")))
    if rows:
        state.console.print()
        state.console.print_lines(
            summary_table(
                rows,
                separator=arguments.integer("separator") or 0,
                weighted=kind in ("aweight", "iweight"),
            )
        )


def _sample(
    state: State, name: str, weights: np.ndarray | None, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """The values that count, and their weights; none for a string variable."""
    variable = state.data.variable(name)
    if variable.is_string:
        return np.zeros(0), None
    values = variable.numbers()
    used = mask & (values < MISSING)
    return values[used], None if weights is None else weights[used]


def _row(state: State, name: str, moments: Summary, formatted: bool) -> SummaryRow:
    return SummaryRow(
        name,
        moments.n,
        moments.mean,
        moments.standard_deviation,
        moments.minimum,
        moments.maximum,
        moments.weight,
        state.data.variable(name).format if formatted and moments.n else "%9.0g",
    )


def _show_page(
    state: State, arguments: Arguments, name: str, moments: Summary, shape: Detail | None
) -> None:
    variable = state.data.variable(name)
    title = name if arguments.flag("novarlabel") else variable.label or name
    state.console.print()
    if shape is None:
        state.console.print_lines(empty_summary_page(title))
        return
    state.console.print_lines(
        summary_page(
            SummaryPage(
                title,
                moments.n,
                moments.weight,
                moments.mean,
                moments.standard_deviation,
                moments.variance,
                shape.skewness,
                shape.kurtosis,
                shape.percentiles,
                shape.smallest,
                shape.largest,
                variable.format if arguments.flag("format") else "%9.0g",
            )
        )
    )


def _returned(moments: Summary, shape: Detail | None, mean_only: bool) -> dict[str, float]:
    """The scalars of r(), in Stata's order; only the counts and the sum without observations."""
    scalars = {"N": float(moments.n), "sum_w": moments.weight}
    if not moments.n:
        return {**scalars, "sum": 0.0}
    if mean_only:
        extremes = {"min": moments.minimum, "max": moments.maximum}
        return {**scalars, "sum": moments.total, "mean": moments.mean, **extremes}
    scalars["mean"] = moments.mean
    scalars["Var"] = moments.variance
    scalars["sd"] = moments.standard_deviation
    if shape is None:
        scalars["min"], scalars["max"] = moments.minimum, moments.maximum
        scalars["sum"] = moments.total
        return scalars
    scalars["skewness"], scalars["kurtosis"] = shape.skewness, shape.kurtosis
    scalars["sum"] = moments.total
    scalars["min"], scalars["max"] = moments.minimum, moments.maximum
    for percent, value in zip(PERCENTILES, shape.percentiles, strict=True):
        scalars[f"p{percent}"] = value
    return scalars
