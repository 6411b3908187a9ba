"""The output of ``regress``, made from e()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.estimation.linear_regression import f_test_p
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    TableOptions,
    coefficient_table,
    table_width,
)
from statalike.output.estimation_header import Entry, HeaderRow, cluster_line, wide_line
from statalike.output.number_columns import count_text, degrees_of_freedom_text, trimmed
from statalike.output.regression_header import RegressionHeader, regression_header
from statalike.output.styled import Line
from statalike.results.stores import Results
from statalike.state import State


def show_regression(state: State, options: Mapping[str, Any]) -> None:
    """Print the header and the coefficients, and refresh r(table)."""
    results = state.e
    if options.get("beta") and "beta" not in results.matrices:
        raise StataError(198, "option beta not allowed")
    if options.get("beta") and "clustvar" in results.macros:
        raise StataError(198, "beta may not be specified with cluster()")
    if options.get("beta") and options.get("eform"):
        raise StataError(198, "options beta and eform() may not be combined")
    level = confidence_level(options, state.settings)
    table = result_table(results, level)
    state.r = Results(scalars={"level": level}, matrices={"table": table})
    if not options.get("noheader"):
        state.console.print()
        state.console.print_lines(_header(results))
    if options.get("notable"):
        return
    shown, display = _coefficients(state, options, level)
    state.console.print()
    if "clustvar" in results.macros:
        clusters = int(results.scalars["N_clust"])
        width = table_width(shown, display)
        state.console.print_lines([cluster_line(clusters, results.macros["clustvar"], width)])
    state.console.print_lines(coefficient_table(shown, display))


def _header(results: Results) -> list[Line]:
    scalars = results.scalars
    p = f_test_p(scalars)
    if "vcetype" in results.macros:
        df, denominator = (degrees_of_freedom_text(scalars[name]) for name in ("df_m", "df_r"))
        entries = [
            Entry("Number of obs", count_text(scalars["N"])),
            Entry(f"F({df}, {denominator})", trimmed(scalars["F"], "%9.2f")),
            Entry("Prob > F", trimmed(p, "%6.4f")),
            Entry("R-squared", trimmed(scalars["r2"], "%6.4f")),
            Entry("Root MSE", trimmed(scalars["rmse"], "%9.5g")),
        ]
        titles = ["Linear regression"] + [""] * (len(entries) - 1)
        return [
            wide_line(HeaderRow(title, entry)) for title, entry in zip(titles, entries, strict=True)
        ]
    return regression_header(
        RegressionHeader(
            scalars["N"],
            scalars["mss"],
            scalars["df_m"],
            scalars["rss"],
            scalars["df_r"],
            scalars["F"],
            p,
            scalars["r2"],
            scalars["r2_a"],
            scalars["rmse"],
        )
    )


def _coefficients(
    state: State, options: Mapping[str, Any], level: float
) -> tuple[CoefficientTable, TableOptions]:
    results = state.e
    rows = coefficient_rows(results, "", level, emptiness(state.data, estimation_sample(state)))
    display = table_options(options, state.settings)
    title = "Coefficient"
    if options.get("eform"):
        title = str(options["eform"])
        rows = tuple(exponentiated(row) for row in rows)
    if options.get("beta"):
        beta = results.matrices["beta"].values[0]
        rows = tuple(
            replace(row, standardised=float(value)) for row, value in zip(rows, beta, strict=True)
        )
        display = replace(display, standardised=True)
    table = CoefficientTable(
        (CoefficientSection(rows),),
        dependent=results.macros["depvar"],
        coefficient_title=title,
        statistic_title="t",
        level=level,
        error_method=results.macros.get("vcetype", ""),
        labels=value_labels(state.data),
    )
    return table, display


def exponentiated(row: CoefficientRow) -> CoefficientRow:
    """A row with exp() of coefficient and limits, and its standard error by the delta method."""
    with np.errstate(over="ignore"):
        value = float(np.exp(row.coefficient))
        known = row.standard_error < MISSING
        return replace(
            row,
            coefficient=value,
            standard_error=value * row.standard_error if known else MISSING,
            lower=float(np.exp(row.lower)) if known else MISSING,
            upper=float(np.exp(row.upper)) if known else MISSING,
        )
