"""``estat vce`` and ``estat summarize`` after any estimation command ([R] estat vce)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.summary_statistics import summary
from statalike.commands.estimation.coefficient_rows import value_labels
from statalike.commands.postestimation.hypotheses import (
    equation_named,
    equations_of,
    estimated_coefficients,
)
from statalike.commands.postestimation.stored_estimates import active_estimates
from statalike.commands.registry import command
from statalike.data.formats import Format
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.equation_matrix import EquationMatrix, equation_matrix
from statalike.output.matrix_display import RuledMatrix, ruled_matrix
from statalike.output.regression_diagnostics import VariableSummary, estimation_summary
from statalike.output.styled import Line
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "estat vce",
    syntax="[, Correlation COVariance EQuation(string) BLock DIag NOLINes Format(string)]",
    help="covariances of the coefficients",
    section="Postestimation",
)
def estat_vce(state: State, arguments: Arguments) -> None:
    """e(V), or the correlations in it, without the coefficients that were not estimated.

    With ``block`` there is a table for each pair of equations, with ``diag`` for each equation.
    """
    b = estimated_coefficients(state.e)
    V = state.e.matrices["V"].values
    named = _chosen_equations(b, arguments.string("equation"))
    kept = np.flatnonzero(
        (np.diag(V) > 0) & np.array([stripe.equation in named for stripe in b.columns])
    )
    names = tuple(b.columns[i] for i in kept)
    values = V[np.ix_(kept, kept)]
    what, shape = "Covariance", "%9.0g"
    if arguments.flag("correlation"):
        size = np.sqrt(np.diag(values))
        values = values / np.outer(size, size)
        what, shape = "Correlation", "%8.4f"
    shape = arguments.string("format") or shape
    Format.parse(shape)
    shown = NamedMatrix.square(values, names)
    state.r = Results(matrices={"V": shown})
    console, linesize = state.console, state.settings.linesize
    console.print()
    console.print(f"{what} matrix of coefficients of {state.e.macros['cmd']} model")
    equations = list(dict.fromkeys(stripe.equation for stripe in names))
    if arguments.flag("block") or arguments.flag("diag"):
        pairs = [
            (first, second)
            for i, first in enumerate(equations)
            for second in equations[: i + 1]
            if first == second or not arguments.flag("diag")
        ]
        for first, second in pairs:
            words = f"of equation {_called(first)}"
            if first != second:
                words = f"between equations {_called(first)} and {_called(second)}"
            console.print()
            console.print(f"{what}s {words}")
            console.print()
            console.print_lines(_block(shown, first, second, shape, linesize))
        return
    console.print()
    if len(equations) > 1:
        matrix = EquationMatrix(
            values, names, names, "e(V)", shape, lines=not arguments.flag("nolines")
        )
        console.print_lines(equation_matrix(matrix, linesize))
    else:
        first = equations[0] if equations else ""
        console.print_lines(_block(shown, first, first, shape, linesize))


def _chosen_equations(b: NamedMatrix, text: str | None) -> tuple[str, ...]:
    """The equations that ``equation()`` names, or all; r(303)."""
    if not text:
        return equations_of(b)
    return tuple(equation_named(b, name) for name in text.replace(",", " ").split())


def _called(equation: str) -> str:
    return equation or "_"


def _block(shown: NamedMatrix, first: str, second: str, shape: str, linesize: int) -> list[Line]:
    """Rows of one equation and columns of another, by their names."""
    rows = [i for i, stripe in enumerate(shown.rows) if stripe.equation == first]
    columns = [j for j, stripe in enumerate(shown.columns) if stripe.equation == second]
    table = RuledMatrix(
        shown.values[np.ix_(rows, columns)],
        [shown.rows[i].name for i in rows],
        [shown.columns[j].name for j in columns],
        "e(V)",
        shape,
        lower=first == second,
    )
    return ruled_matrix(table, linesize)


@command(
    "estat summarize",
    "estat su",
    syntax="[, GRoup NOHEAder]",
    unsupported="EQuation(string) LABels NOWEIghts",
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
    if arguments.flag("group"):
        levels = results.macros.get("ivars", "").split()
        names += [name for name in levels if name in state.data]
    names = [name for name in names if not _is_text(state, name)]
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
    state.console.print_lines(lines[2:] if arguments.flag("noheader") else lines)


def _is_text(state: State, name: str) -> bool:
    """Whether a name is that of a string variable, which has no moments."""
    return name in state.data and state.data.variable(name).is_string
