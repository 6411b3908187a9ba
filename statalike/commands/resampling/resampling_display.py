"""The output of ``bootstrap`` and ``jackknife``, made from e()."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    equation_names,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.estimation.regress_display import exponentiated
from statalike.commands.resampling.replication import legend_lines
from statalike.data.missing import MISSING
from statalike.engine.wald_test import WaldStatistic, wald_test
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
    table_width,
)
from statalike.output.estimation_header import Entry, HeaderRow, compact_header
from statalike.output.notes import note
from statalike.output.number_columns import count_text, trimmed
from statalike.results.stores import Results
from statalike.state import State


def show_resampled(state: State, options: Mapping[str, Any]) -> None:
    """Header, legend of expressions and coefficients; refreshes r(table)."""
    results = state.e
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    console, linesize = state.console, state.settings.linesize
    table = _table(state, options, level)
    display = table_options(options, state.settings)
    console.print()
    if not options.get("noheader"):
        width = table_width(table, display)
        console.print_lines(compact_header(_header(results, options), width))
        if "exp1" in results.macros and not options.get("nolegend"):
            count = int(results.scalars["k_exp"])
            names = [stripe.name for stripe in results.matrices["b"].columns]
            legend = [(names[i], results.macros[f"exp{i + 1}"]) for i in range(count)]
            console.print()
            console.print_lines(legend_lines(results.macros["command"], legend, linesize))
        console.print()
    if not options.get("notable"):
        if "clustvar" in results.macros:
            count = int(results.scalars.get("N_clust", 0))
            text = f"(Replications based on {count:,} clusters in {results.macros['clustvar']})"
            console.print(text.rjust(table_width(table, display)))
        console.print_lines(coefficient_table(table, display))
        missing = int(results.scalars.get("N_misreps", 0))
        if missing:
            console.print_lines(
                note(
                    "One or more parameters could not be estimated in "
                    f"{missing} {results.macros['prefix']} replicate{'s' * (missing > 1)}; "
                    "standard-error estimates include only complete replications.",
                    linesize,
                )
            )


def _table(state: State, options: Mapping[str, Any], level: float) -> CoefficientTable:
    results = state.e
    empty = emptiness(state.data, estimation_sample(state))
    equations = equation_names(results.matrices["b"])
    sections = []
    for equation in equations:
        rows = coefficient_rows(results, equation, level, empty)
        if options.get("eform"):
            rows = tuple(exponentiated(row) for row in rows)
        if equation == "/":
            rows = tuple(_parameter(row) for row in rows)
        shown = len(equations) > 1 and equation != "/"
        sections.append(CoefficientSection(rows, equation if shown else ""))
    bootstrap = results.macros["prefix"] == "bootstrap"
    method = results.macros["vcetype"]
    title = str(options.get("eform") or ("coefficient" if bootstrap else "Coefficient"))
    return CoefficientTable(
        tuple(sections),
        dependent=results.macros.get("depvar", "") if len(equations) == 1 else "",
        coefficient_title=title,
        statistic_title="t" if "df_r" in results.scalars else "z",
        level=level,
        error_method=method,
        coefficient_above="Observed" if bootstrap else "",
        interval_above="Normal-based" if bootstrap else "",
        width_names=tuple(s.name for s in results.matrices["b"].columns if s.equation == "/"),
        labels=value_labels(state.data),
    )


def _parameter(row: CoefficientRow) -> CoefficientRow:
    """``/lnsigma``, or ``var(_cons[id])`` without the slash, by themselves at the bar."""
    if "(" in row.name:
        return replace(row, parameter=True)
    return replace(row, name=f"/{row.name}")


def model_test(results: Results) -> WaldStatistic | None:
    """The test that all coefficients of the first equation but the constant are zero."""
    b = results.matrices["b"]
    first = b.columns[0].equation
    tested = [
        i
        for i, stripe in enumerate(b.columns)
        if stripe.equation == first
        and stripe.name != "_cons"
        and results.matrices["V"].values[i, i] > 0
    ]
    if not tested or "exp1" in results.macros:
        return None
    df = results.scalars.get("df_r")
    found = wald_test(
        b.values[0, tested],
        results.matrices["V"].values[np.ix_(tested, tested)],
        np.eye(len(tested)),
        np.zeros(len(tested)),
        df,
    )
    return found if found.df else None


def _header(results: Results, options: Mapping[str, Any]) -> list[HeaderRow]:
    scalars = results.scalars
    entries = [Entry("Number of obs", count_text(scalars["N"]))]
    if "N_strata" in scalars:
        entries.insert(0, Entry("Number of strata", count_text(scalars["N_strata"])))
    entries.append(Entry("Replications", count_text(scalars["N_reps"])))
    test = model_test(results)
    if test is not None:
        if test.denominator is None:
            entries.append(Entry(f"Wald chi2({test.df})", trimmed(test.statistic, "%9.2f")))
            entries.append(Entry("Prob > chi2", trimmed(test.p, "%6.4f")))
        else:
            name = f"F({test.df}, {test.denominator:.0f})"
            entries.append(Entry(name, trimmed(test.statistic, "%9.2f")))
            entries.append(Entry("Prob > F", trimmed(test.p, "%6.4f")))
        fits: dict[str, tuple[str, Callable[[float], str]]] = {
            "r2": ("R-squared", lambda v: trimmed(v, "%6.4f")),
            "r2_a": ("Adj R-squared", lambda v: trimmed(v, "%6.4f")),
            "rmse": ("Root MSE", lambda v: trimmed(v, "%9.4f")),
        }
        for name, (label, shape) in fits.items():
            if scalars.get(name, MISSING) < MISSING:
                entries.append(Entry(label, shape(scalars[name])))
    title = str(options.get("title") or results.macros.get("title", ""))
    return [HeaderRow(title if i == 0 else "", entry) for i, entry in enumerate(entries)]
