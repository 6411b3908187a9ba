"""The output of ``menl``, made from e()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    equation_names,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import (
    confidence_level,
    number_formats,
    table_options,
)
from statalike.commands.estimation.nonlinear.reported import table_blocks
from statalike.commands.estimation.nonlinear.results import group_summaries
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.estimation_header import (
    EstimationHeader,
    ModelTest,
    grouping_information,
    mixed_header,
)
from statalike.output.expression_legend import expression_legend
from statalike.output.likelihood_ratio_test import (
    CONSERVATIVE_NOTE,
    LikelihoodRatioTest,
    against_model_line,
)
from statalike.output.notes import note, warning
from statalike.output.random_effects_table import RandomEffectsTable, random_effects_table
from statalike.output.styled import BLANK, Line
from statalike.results.stores import Results
from statalike.state import State

GROUP_TITLE = "Path"


def show_nonlinear(state: State, options: Mapping[str, Any]) -> None:
    """Print what ``menl`` prints, as far as the display options ask, and refresh r(table)."""
    results = state.e
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    console = state.console
    if not options.get("noheader"):
        console.print()
        console.print_lines(mixed_header(header(results, groups=not options.get("nogroup"))))
        names = results.macros.get("expressions", "").split()
        if names and not options.get("nolegend"):
            console.print()
            texts = {name: results.macros[f"expr_{name}"] for name in names}
            console.print_lines(expression_legend(texts))
    if options.get("estmetric") or options.get("coeflegend"):
        console.print()
        console.print_lines(_metric_table(state, options, level))
    else:
        if not options.get("nofetable"):
            console.print()
            console.print_lines(fixed_effects_table(state, options, level))
        if not options.get("noretable"):
            console.print()
            console.print_lines(random_table(state, options, level))
    console.print_lines(_after_the_tables(results, state.settings.linesize))


def header(results: Results, *, groups: bool = True) -> EstimationHeader:
    """The block above the tables."""
    scalars, macros = results.scalars, results.macros
    counts: tuple[tuple[str, str], ...] = ()
    if "N_miss" in scalars:
        counts = (
            ("Nonmissing", f"{scalars['N_nonmiss']:,.0f}"),
            ("Missing", f"{scalars['N_miss']:,.0f}"),
        )
    test = None
    if scalars["df_m"]:
        test = ModelTest(scalars["df_m"], scalars["chi2"], scalars["p"])
    return EstimationHeader(
        macros["title"],
        scalars["N"],
        group_summaries(results) if groups else (),
        test,
        scalars["ll"],
        _criterion_name(macros["crittype"]),
        counts=counts,
        group_title=GROUP_TITLE,
    )


def _criterion_name(criterion: str) -> str:
    """The criterion shortened where the header has no room for it."""
    return criterion.replace(
        "Linearization log restricted-likelihood", "Linear. log restricted-likelihood"
    )


def group_lines(results: Results) -> list[Line]:
    """The table of ``estat group``."""
    return grouping_information(group_summaries(results), GROUP_TITLE)


def fixed_effects_table(state: State, options: Mapping[str, Any], level: float) -> list[Line]:
    """The linear forms equation by equation, then the free parameters."""
    results = state.e
    empty = emptiness(state.data, estimation_sample(state))
    k_f = int(results.scalars["k_f"])
    fixed = results.matrices["b"].columns[:k_f]
    sections: list[CoefficientSection] = []
    for equation in dict.fromkeys(stripe.equation for stripe in fixed):
        rows = coefficient_rows(results, equation, level, empty)
        if equation == "/":
            sections.append(CoefficientSection(free_rows(rows)))
        else:
            sections.append(CoefficientSection(rows, title=equation))
    table = CoefficientTable(
        tuple(sections),
        dependent=results.macros["depvar"],
        level=level,
        labels=value_labels(state.data),
    )
    return coefficient_table(table, table_options(options, state.settings))


def free_rows(rows: tuple[CoefficientRow, ...]) -> tuple[CoefficientRow, ...]:
    """Parameters of no group, shown with a slash."""
    return tuple(replace(row, name=f"/{row.name}") for row in rows)


def random_table(state: State, options: Mapping[str, Any], level: float) -> list[Line]:
    """The table of random-effects and residual parameters."""
    blocks = table_blocks(
        state.e, state.data, level, standard_deviations=bool(options.get("stddeviations"))
    )
    return random_effects_table(
        RandomEffectsTable(
            blocks,
            level=level,
            formats=number_formats(options, state.settings),
            interval=not options.get("noci"),
        )
    )


def _metric_table(state: State, options: Mapping[str, Any], level: float) -> list[Line]:
    """All parameters as they stand in e(b): options ``estmetric`` and ``coeflegend``."""
    results = state.e
    empty = emptiness(state.data, estimation_sample(state))
    k_f = int(results.scalars["k_f"])
    b = results.matrices["b"]
    fixed = {stripe.equation for stripe in b.columns[:k_f]}
    sections: list[CoefficientSection] = []
    for equation in equation_names(b):
        rows = coefficient_rows(results, equation, level, empty)
        if equation == "/":
            sections.append(CoefficientSection(free_rows(rows)))
            continue
        if equation not in fixed:
            rows = tuple(replace(row, parameter=True, tested=False) for row in rows)
        sections.append(CoefficientSection(rows, title=equation))
    table = CoefficientTable(
        tuple(sections),
        dependent=results.macros["depvar"],
        level=level,
        labels=value_labels(state.data),
    )
    return coefficient_table(table, table_options(options, state.settings))


def _after_the_tables(results: Results, linesize: int) -> list[Line]:
    """The likelihood-ratio test, what lags there are, and whether the fit converged."""
    scalars, macros = results.scalars, results.macros
    lines: list[Line] = []
    if "chi2_c" in scalars:
        single = scalars["df_c"] == 1
        test = LikelihoodRatioTest(
            scalars["chi2_c"], scalars["df_c"], scalars["p_c"], boundary=single
        )
        lines.append(against_model_line(test, "nonlinear"))
        if not single:
            lines += [BLANK, *note(CONSERVATIVE_NOTE, linesize)]
    for name in macros.get("lagged", "").split():
        kind = "predicted mean function" if name == macros["depvar"] else "named expression"
        lines += note(f"Lagged {kind} L.{{{name}:}} is used in the model.", linesize)
    if not scalars["converged"]:
        lines += warning("Convergence not achieved.", linesize)
    return lines
