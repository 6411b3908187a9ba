"""The output of ``xtreg``, made from e()."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.data.formats import format_value
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
    table_width,
)
from statalike.output.estimation_header import Entry, HeaderRow, cluster_line, wide_line
from statalike.output.number_columns import count_text, degrees_of_freedom_text, trimmed
from statalike.output.styled import BLANK, Line, line, result
from statalike.results.stores import Results
from statalike.state import State


def show_panel_regression(state: State, options: Mapping[str, Any]) -> None:
    """Print header, table and the variance components, and refresh r(table)."""
    results = state.e
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    console = state.console
    console.print()
    console.print_lines(_header(results))
    if options.get("theta") and "theta" in results.matrices:
        console.print_lines(_theta_lines(results))
    rows = coefficient_rows(results, "", level, emptiness(state.data, estimation_sample(state)))
    table = CoefficientTable(
        (CoefficientSection(rows),),
        dependent=results.macros["depvar"],
        statistic_title="t" if "df_r" in results.scalars else "z",
        level=level,
        error_method=results.macros.get("vcetype", ""),
        labels=value_labels(state.data),
    )
    display = table_options(options, state.settings)
    width = table_width(table, display)
    console.print()
    if "clustvar" in results.macros:
        clusters = int(results.scalars["N_clust"])
        console.print_lines([cluster_line(clusters, results.macros["clustvar"], width)])
    shown = coefficient_table(table, display)
    if "sigma_e" in results.scalars:
        console.print_lines([*shown[:-1], *_components(results, shown)])
    else:
        console.print_lines(shown)
    if "F_f" in results.scalars:
        console.print_lines([_effects_test(results)])


def _header(results: Results) -> list[Line]:
    scalars, macros = results.scalars, results.macros
    k = degrees_of_freedom_text(scalars["df_m"])
    if "chi2" in scalars:
        test = Entry(f"Wald chi2({k})", trimmed(scalars["chi2"], "%9.2f"))
        probability = Entry("Prob > chi2", trimmed(scalars["p"], "%6.4f"))
        correlation = "corr(u_i, X) = 0 (assumed)"
    else:
        df_r = degrees_of_freedom_text(scalars["df_r"])
        test = Entry(f"F({k}, {df_r})", trimmed(scalars["F"], "%9.2f"))
        probability = Entry("Prob > F", trimmed(scalars["p"], "%6.4f"))
        correlation = ""
        if "corr" in scalars:
            correlation = f"corr(u_i, Xb) = {scalars['corr']:.4f}"
    if macros["model"] == "be":
        correlation = f"sd(u_i + avg(e_i.)) = {format_value(scalars['rmse'], '%9.0g').strip()}"
    average = f"{scalars['g_avg']:,.1f}"
    rows: list[HeaderRow | None] = [
        HeaderRow(macros["title"], Entry("Number of obs", count_text(scalars["N"]))),
        HeaderRow(
            f"Group variable: {macros['ivar']}",
            Entry("Number of groups", count_text(scalars["N_g"])),
        ),
        None,
        HeaderRow("R-squared:", Entry("Obs per group:", "")),
        HeaderRow(
            f"     Within  = {scalars['r2_w']:.4f}",
            Entry("", count_text(scalars["g_min"]), inner="min"),
        ),
        HeaderRow(f"     Between = {scalars['r2_b']:.4f}", Entry("", average, inner="avg")),
        HeaderRow(
            f"     Overall = {scalars['r2_o']:.4f}",
            Entry("", count_text(scalars["g_max"]), inner="max"),
        ),
        None,
        HeaderRow("", test),
        HeaderRow(correlation, probability),
    ]
    return [BLANK if row is None else wide_line(row) for row in rows]


def _theta_lines(results: Results) -> list[Line]:
    """The shares that group means are taken off in, of all panels or by their distribution."""
    values = results.matrices["theta"].values[0]
    if results.scalars["Tcon"]:
        shown = format_value(float(values[0]), "%9.0g").strip()
        return [line("theta          = ", result(shown))]
    cells = "".join(f"{value:9.4f}" for value in values.tolist())
    return [
        BLANK,
        line("------------------- theta --------------------"),
        line("  min      5%       median        95%      max"),
        line(result(cells)),
    ]


def _components(results: Results, shown: list[Line]) -> list[Line]:
    """Standard deviations of the effects and residuals, under a rule of the table."""
    from statalike.output.styled import plain

    bar = next(plain(row).index("|") for row in shown if "|" in plain(row))
    width = len(plain(shown[-1]))
    divider = line("-" * bar + "+" + "-" * (width - bar - 1))
    lines = [divider]
    for name, note in (
        ("sigma_u", ""),
        ("sigma_e", ""),
        ("rho", "   (fraction of variance due to u_i)"),
    ):
        value = format_value(results.scalars[name], "%10.0g").strip()
        lines.append(line(f"{name:>{bar - 1}} |", result(f"{value:>11}"), note))
    return [*lines, shown[-1]]


def _effects_test(results: Results) -> Line:
    scalars = results.scalars
    df = f"{scalars['df_a']:.0f}, {scalars['df_r']:.0f}"
    left = f"F test that all u_i=0: F({df}) = {trimmed(scalars['F_f'], '%9.2f')}"
    right = f"Prob > F = {trimmed(scalars['p_f'], '%6.4f')}"
    return line(left + right.rjust(78 - len(left)))
