"""The output of ``logit``, ``poisson`` and other one-level models, made from e()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.estimation.mixed_display import criterion_name
from statalike.commands.estimation.regress_display import exponentiated
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
    table_width,
)
from statalike.output.estimation_header import Entry, HeaderRow, cluster_line, compact_header
from statalike.output.likelihood_ratio_test import LikelihoodRatioTest, test_line
from statalike.output.notes import note
from statalike.output.number_columns import count_text, degrees_of_freedom_text, trimmed
from statalike.results.stores import Results
from statalike.state import State

#: what exponentiated coefficients are called, by the option, and what the constant then is
EXPONENTIATED = {
    "or": ("Odds ratio", "baseline odds"),
    "irr": ("IRR", "baseline incidence rate"),
    "eform": ("exp(b)", ""),
}

#: what the dispersion of a negative binomial model is called
_DISPERSION = {"mean": "alpha", "constant": "delta"}


def show_single_level(state: State, options: Mapping[str, Any]) -> None:
    """Print header and table as far as the options ask, and refresh r(table)."""
    results = state.e
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    console = state.console
    if not options.get("noheader"):
        console.print()
        console.print_lines(compact_header(_header(results)))
    if options.get("notable"):
        return
    chosen = _exponentiation(options, results)
    table = _table(state, options, level, chosen)
    display = table_options(options, state.settings)
    console.print()
    if "clustvar" in results.macros:
        clusters = int(results.scalars["N_clust"])
        width = table_width(table, display)
        console.print_lines([cluster_line(clusters, results.macros["clustvar"], width)])
    console.print_lines(coefficient_table(table, display))
    if chosen and EXPONENTIATED[chosen][1] and _has_constant(results):
        console.print_lines(
            note(f"_cons estimates {EXPONENTIATED[chosen][1]}.", state.settings.linesize)
        )
    if "chi2_c" in results.scalars:
        scalars = results.scalars
        test = LikelihoodRatioTest(scalars["chi2_c"], 1.0, scalars["p_c"], boundary=True)
        console.print_lines(
            [test_line(f"LR test of {_DISPERSION[results.macros['dispersion']]}=0", test)]
        )


def _has_constant(results: Results) -> bool:
    return any(stripe.name == "_cons" for stripe in results.matrices["b"].columns)


def _exponentiation(options: Mapping[str, Any], results: Results) -> str:
    chosen = next((name for name in EXPONENTIATED if options.get(name)), "")
    if not chosen and results.macros["cmd"] == "logistic" and not options.get("coef"):
        return "or"
    return chosen


def _header(results: Results) -> list[HeaderRow]:
    scalars, macros = results.scalars, results.macros
    kind = macros["chi2type"]
    df = degrees_of_freedom_text(scalars["df_m"])
    criterion = criterion_name(False, "vcetype" in macros)
    likelihood = f"{criterion} = {format_value(scalars['ll'], '%10.0g').strip()}"
    entries = [
        Entry("Number of obs", count_text(scalars["N"])),
        Entry(f"{kind} chi2({df})", trimmed(scalars["chi2"], "%8.2f")),
        Entry("Prob > chi2", trimmed(scalars["p"], "%6.4f")),
    ]
    lefts = [macros["title"], "", ""]
    if macros.get("dispersion"):
        lefts[1] = f"Dispersion: {macros['dispersion']}"
    r2 = scalars.get("r2_p", MISSING)
    if r2 < MISSING:
        entries.append(Entry("Pseudo R2", trimmed(r2, "%6.4f")))
        lefts.append(likelihood)
    else:
        lefts[2] = likelihood
    return [HeaderRow(left, entry) for left, entry in zip(lefts, entries, strict=True)]


def _table(state: State, options: Mapping[str, Any], level: float, chosen: str) -> CoefficientTable:
    results = state.e
    empty = emptiness(state.data, estimation_sample(state))
    depvar = results.macros["depvar"]
    rows = coefficient_rows(results, depvar, level, empty)
    if chosen:
        rows = tuple(exponentiated(row) for row in rows)
    sections = [CoefficientSection(rows)] if rows else []
    own = coefficient_rows(results, "/", level, empty)
    if own:
        shown = tuple(replace(row, name=f"/{row.name}", tested=False) for row in own)
        sections.append(CoefficientSection(shown))
    alpha = _ancillary(results, level)
    if alpha is not None:
        sections.append(CoefficientSection((alpha,)))
    return CoefficientTable(
        tuple(sections),
        dependent=depvar,
        coefficient_title=EXPONENTIATED[chosen][0] if chosen else "Coefficient",
        statistic_title="z",
        level=level,
        error_method=results.macros.get("vcetype", ""),
        labels=value_labels(state.data),
    )


def _ancillary(results: Results, level: float) -> CoefficientRow | None:
    """The dispersion itself, below its logarithm."""
    name = _DISPERSION.get(results.macros.get("dispersion", ""))
    if name is None:
        return None
    rows = coefficient_rows(results, "/", level, lambda column: False)
    row = exponentiated(rows[-1])
    return replace(row, name=name, tested=False)
