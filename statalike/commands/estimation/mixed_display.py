"""The output of ``mixed``, made from e()."""

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
from statalike.commands.estimation.constraints import constraint_lines
from statalike.commands.estimation.convergence_results import undetermined_parameters
from statalike.commands.estimation.degrees_of_freedom import degrees_of_freedom_contents
from statalike.commands.estimation.display_options import (
    confidence_level,
    number_formats,
    table_options,
)
from statalike.commands.estimation.distributions import f_tail
from statalike.commands.estimation.linear_mixed import described_by, residual_parameters
from statalike.commands.estimation.random_effects_rows import (
    parameter_rows,
    random_effects_blocks,
)
from statalike.commands.estimation.residual_rows import reported_residuals
from statalike.data.missing import MISSING
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.estimation_header import (
    DegreesOfFreedomSummary,
    EstimationHeader,
    GroupSummary,
    ModelTest,
    cluster_line,
    mixed_header,
)
from statalike.output.likelihood_ratio_test import (
    BOUNDARY_NOTE,
    CONSERVATIVE_NOTE,
    LikelihoodRatioTest,
    against_model_line,
)
from statalike.output.notes import note, warning
from statalike.output.random_effects_table import RandomEffectsTable, random_effects_table
from statalike.output.styled import Line, width
from statalike.results.stores import Results
from statalike.state import State

UNDETERMINED = (
    "standard errors of some parameters cannot be computed, for the data do not determine them; "
    "see estat convergence."
)


def show_mixed(state: State, options: Mapping[str, Any], *, replay: bool = False) -> None:
    """Print what ``mixed`` prints, as far as the display options ask, and refresh r(table).

    Shown again, results have large-sample inference unless ``small`` or ``dftable()`` is given,
    and those that did not converge are marked as such.
    """
    results = state.e
    level = confidence_level(options, state.settings)
    small = bool(results.scalars["small"])
    if replay:
        small = small and bool(options.get("small") or options.get("dftable"))
    table = result_table(results, level, small=small)
    state.r = Results(scalars={"level": level}, matrices={"table": table})
    console = state.console
    if not options.get("noheader"):
        console.print()
        console.print_lines(
            mixed_header(header(results, groups=not options.get("nogroup"), small=small))
        )
    constraints: list[Line] = []
    if not options.get("nocnsreport"):
        constraints = constraint_lines(results, state.settings.linesize)
    if options.get("estmetric") or options.get("coeflegend"):
        console.print()
        console.print_lines(constraints)
        console.print_lines(with_clusters(results, _metric_table(state, options, level)))
    else:
        if not options.get("nofetable"):
            console.print()
            console.print_lines(constraints)
            table_lines = fixed_effects_table(state, options, level, small=small)
            console.print_lines(with_clusters(results, table_lines))
        if not options.get("noretable"):
            console.print()
            console.print_lines(_random_table(state, options, level))
    console.print_lines(_after_the_tables(state, shown=not options.get("noretable")))
    if replay and not state.e.scalars["converged"] and "emonly" not in state.e.macros:
        console.print_lines(warning("convergence not achieved", state.settings.linesize))


def header(results: Results, *, groups: bool = True, small: bool = False) -> EstimationHeader:
    """The block above the tables, with the degrees of freedom of a ``small`` sample if wanted."""
    scalars, macros = results.scalars, results.macros
    return EstimationHeader(
        macros["title"],
        scalars["N"],
        group_summaries(results) if groups else (),
        _model_test(results, small=small),
        scalars["ll"],
        criterion_name(macros["method"] == "REML", macros["vce"] in ("robust", "cluster")),
        _degrees_of_freedom(results) if small else None,
    )


def criterion_name(restricted: bool, robust: bool) -> str:
    """What is maximised; with a robust variance it need not be the likelihood of the data."""
    if restricted:
        return "Log restricted-likelihood"
    return "Log pseudolikelihood" if robust else "Log likelihood"


def _model_test(results: Results, *, small: bool) -> ModelTest:
    """F where the method has denominator degrees of freedom for it, chi-squared otherwise."""
    scalars = results.scalars
    df = scalars["df_m"]
    if not small or scalars["F"] >= MISSING:
        return ModelTest(df, scalars["chi2"], scalars["p"])
    p = f_tail(df, scalars["ddf_m"], scalars["F"])
    return ModelTest(df, scalars["F"], p, scalars["ddf_m"])


def _degrees_of_freedom(results: Results) -> DegreesOfFreedomSummary:
    scalars = results.scalars
    return DegreesOfFreedomSummary(
        results.macros["dftitle"], scalars["df_min"], scalars["df_avg"], scalars["df_max"]
    )


def group_summaries(results: Results) -> tuple[GroupSummary, ...]:
    """How the observations fall into groups, for each level from the outermost."""
    if "N_g" not in results.matrices:
        return ()
    names = dict.fromkeys(results.macros["ivars"].split())
    counts, smallest, average, largest = (
        results.matrices[name].values[0].tolist() for name in ("N_g", "g_min", "g_avg", "g_max")
    )
    return tuple(
        GroupSummary(name, int(counts[i]), smallest[i], average[i], largest[i])
        for i, name in enumerate(names)
    )


def fixed_effects_table(
    state: State, options: Mapping[str, Any], level: float, *, small: bool = False
) -> list[Line]:
    """The table of the fixed effects of the active estimates, by t for a ``small`` sample."""
    results = state.e
    outcome = results.macros["depvar"]
    rows = coefficient_rows(
        results, outcome, level, emptiness(state.data, estimation_sample(state)), small=small
    )
    description = described_by(results)
    names = [
        name
        for equation in description.equations
        for name in parameter_rows(equation, standard_deviations=_as_deviations(options))
    ]
    if description.residuals is not None:
        values = residual_parameters(results)
        deviations = _as_deviations(options)
        names += [
            found.name
            for found in reported_residuals(
                description.residuals, values, standard_deviations=deviations
            )
        ]
    table = CoefficientTable(
        (CoefficientSection(rows),),
        dependent=outcome,
        statistic_title="t" if small or "df_r" in results.scalars else "z",
        level=level,
        error_method=results.macros.get("vcetype", ""),
        width_names=tuple(names),
        labels=value_labels(state.data),
    )
    shown = table_options(options, state.settings)
    if small:
        contents = degrees_of_freedom_contents(options)
        shown = replace(
            shown,
            df=contents != "default",
            interval=shown.interval and contents != "pvalue",
            pvalues=shown.pvalues and contents != "ci",
        )
    return coefficient_table(table, shown)


def with_clusters(results: Results, table: list[Line]) -> list[Line]:
    """A table of coefficients below the line that tells of the clusters."""
    if "clustvar" not in results.macros:
        return table
    clusters = int(results.scalars["N_clust"])
    return [cluster_line(clusters, results.macros["clustvar"], width(table[0])), *table]


def _as_deviations(options: Mapping[str, Any]) -> bool:
    return bool(options.get("stddeviations"))


def _random_table(state: State, options: Mapping[str, Any], level: float) -> list[Line]:
    results = state.e
    blocks = random_effects_blocks(
        results, described_by(results), level, standard_deviations=_as_deviations(options)
    )
    return random_effects_table(
        RandomEffectsTable(
            blocks,
            error_method=results.macros.get("vcetype", ""),
            level=level,
            formats=number_formats(options, state.settings),
            interval=not options.get("noci"),
        )
    )


def _metric_table(state: State, options: Mapping[str, Any], level: float) -> list[Line]:
    """All parameters as they stand in e(b): options ``estmetric`` and ``coeflegend``."""
    results = state.e
    empty = emptiness(state.data, estimation_sample(state))
    b = results.matrices["b"]
    sections = tuple(
        CoefficientSection(coefficient_rows(results, equation, level, empty), title=equation)
        for equation in equation_names(b)
    )
    table = CoefficientTable(
        sections,
        dependent=results.macros["depvar"],
        level=level,
        error_method=results.macros.get("vcetype", ""),
        labels=value_labels(state.data),
    )
    return coefficient_table(table, table_options(options, state.settings))


def _after_the_tables(state: State, *, shown: bool) -> list[Line]:
    """The likelihood-ratio test and what must be said of it or of the fit."""
    results = state.e
    scalars = results.scalars
    lines: list[Line] = []
    linesize = state.settings.linesize
    if "chi2_c" in scalars and shown:
        residual_only = not scalars["k_rs"]
        single = scalars["df_c"] == 1 and not residual_only
        lines.append(
            against_model_line(
                LikelihoodRatioTest(
                    scalars["chi2_c"], scalars["df_c"], scalars["p_c"], boundary=single
                )
            )
        )
        if not single:
            remark = BOUNDARY_NOTE if residual_only else CONSERVATIVE_NOTE
            lines += [(), *note(remark, linesize)]
    if undetermined_parameters(results):
        lines += warning(UNDETERMINED, linesize)
    if not scalars["converged"] and "emonly" in results.macros:
        lines += warning("convergence not achieved; estimates are based on iterated EM", linesize)
    return lines
