"""The output of ``margins``, made from r() (or, after ``post``, e())."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from statalike.commands.estimation.coefficient_rows import inference_of, legend, value_labels
from statalike.commands.estimation.display_options import table_options
from statalike.commands.postestimation.margins.estimation import MarginsEstimates
from statalike.commands.postestimation.margins.plan import MarginsPlan
from statalike.commands.postestimation.margins.requested_effects import TITLES
from statalike.commands.postestimation.margins.results import groups_differ
from statalike.data.dataset import Dataset
from statalike.output.coefficient_names import simplified
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
    table_width,
)
from statalike.output.estimation_header import cluster_line
from statalike.output.margins_heading import (
    FixedGroup,
    FixedValue,
    MarginsHeading,
    margins_heading,
)
from statalike.output.notes import note
from statalike.results.stores import Results
from statalike.state import State


def show_margins(
    state: State,
    plan: MarginsPlan,
    estimates: MarginsEstimates,
    results: Results,
    options: Mapping[str, Any],
) -> None:
    """Print the heading, the table and its note."""
    show_heading(state, plan, estimates, results, options)
    level = results.scalars["level"]
    display = table_options(options, state.settings)
    kind = plan.effects[0].kind if plan.effects else ""
    by_t = "df_r" in results.scalars
    no_errors = "V" not in results.matrices
    table = CoefficientTable(
        tuple(_sections(plan, estimates, results, level)),
        coefficient_title=TITLES.get(kind, "Margin"),
        statistic_title="t" if by_t else "z",
        level=level,
        error_method=results.macros["vcetype"],
        labels=value_labels(state.data),
    )
    if no_errors:
        display = replace(display, interval=False, pvalues=False)
    if "N_clust" in results.scalars:
        clusters, name = int(results.scalars["N_clust"]), results.macros["clustvar"]
        state.console.print_lines([cluster_line(clusters, name, table_width(table, display))])
    state.console.print_lines(coefficient_table(table, display))
    show_note(state, plan)


def show_heading(
    state: State,
    plan: MarginsPlan,
    estimates: MarginsEstimates,
    results: Results,
    options: Mapping[str, Any],
    title: str = "",
    *,
    closing: bool = True,
) -> None:
    """Print what stands above the table, with a blank line before and, if ``closing``, after."""
    macros, scalars = results.macros, results.scalars
    facts: list[tuple[str, str]] = []
    if plan.effects:
        shown = [simplified(effect.name) for effect in plan.effects if not effect.is_base]
        facts.append((f"{TITLES[plan.effects[0].kind]} wrt", " ".join(shown)))
    over = macros.get("over", "").split()
    within = macros.get("within", "").split()
    for name, variables in (("Over", [v for v in over if v not in within]), ("Within", within)):
        if variables:
            facts.append((name, " ".join(variables)))
    heading = MarginsHeading(
        title or macros["title"],
        scalars["N"],
        scalars.get("N_sub"),
        _model_variance(macros) if macros["vce"] == "delta" else "",
        _expressions(plan, macros),
        tuple(facts),
        _points(state.data, plan, estimates),
    )
    state.console.print()
    state.console.print_lines(
        margins_heading(
            heading,
            legend=not options.get("nolegend"),
            at_legend=not options.get("noatlegend"),
            linesize=state.settings.linesize,
        )
    )
    if closing:
        state.console.print()


def show_note(state: State, plan: MarginsPlan) -> None:
    """What the effects of factors are, where there are some."""
    if any(effect.base is not None for effect in plan.effects):
        kind = TITLES[plan.effects[0].kind]
        text = f"{kind} for factor levels is the discrete change from the base level."
        state.console.print_lines(note(text, state.settings.linesize))


def _model_variance(macros: Mapping[str, str]) -> str:
    """``Robust``, ``OLS``, ``OIM``; nothing for models whose variance has no name of its own."""
    if macros["model_vcetype"]:
        return macros["model_vcetype"]
    own = macros["model_vce"]
    quiet = macros["est_cmd"] in ("mixed", "anova", "menl")
    return "" if quiet else own.upper()


def _expressions(plan: MarginsPlan, macros: Mapping[str, str]) -> tuple[str, ...]:
    if "predict1_opts" not in macros:
        return (macros["expression"],)
    return tuple(f"{s.label}, predict({s.options})" for s in plan.statistics)


def _points(
    data: Dataset, plan: MarginsPlan, estimates: MarginsEstimates
) -> tuple[tuple[FixedGroup, ...], ...]:
    """For the legend the values of each point, in each group where groups differ."""
    differ = groups_differ(estimates)
    groups = plan.sample.groups if differ else plan.sample.groups[:1]
    found: list[tuple[FixedGroup, ...]] = []
    for number in range(len(plan.points)):
        parts: list[FixedGroup] = []
        for group, settings in zip(groups, estimates.points, strict=False):
            names = zip(group.levels, plan.sample.over, strict=True)
            name = " ".join(f"{level}.{variable}" for level, variable in names) if differ else ""
            values = tuple(
                FixedValue(each.name, each.value, each.note) for each in settings[number].legend
            )
            parts.append(FixedGroup(name, values))
        found.append(tuple(parts))
    return tuple(found)


def _sections(
    plan: MarginsPlan, estimates: MarginsEstimates, results: Results, level: float
) -> list[CoefficientSection]:
    """The rows of the table by equation: one for each effect, or a single one."""
    rows = margin_rows(plan, estimates, results, level)
    sections: dict[str, list[CoefficientRow]] = {}
    for margin, row in zip(estimates.margins, rows, strict=True):
        sections.setdefault(margin.stripe.equation, []).append(row)
    return [
        CoefficientSection(
            tuple(own),
            simplified(equation),
            "(base outcome)" if all(row.status == "base" for row in own) else "",
        )
        if equation
        else CoefficientSection(tuple(own))
        for equation, own in sections.items()
    ]


def margin_rows(
    plan: MarginsPlan, estimates: MarginsEstimates, results: Results, level: float
) -> list[CoefficientRow]:
    """A row for each margin of r(b)."""
    b = results.matrices["b"]
    if "V" not in results.matrices:
        values = b.values[0].tolist()
        return [
            CoefficientRow(margin.stripe.name, value, note="")
            for margin, value in zip(estimates.margins, values, strict=True)
        ]
    found = inference_of(results, level)
    error = results.matrices["error"].values[0]
    return [
        CoefficientRow(
            margin.stripe.name,
            float(found.coefficients[k]),
            float(found.standard_errors[k]),
            float(found.statistics[k]),
            float(found.p[k]),
            float(found.lower[k]),
            float(found.upper[k]),
            status=_status(plan, margin.effect, bool(error[k])),
            legend=legend(margin.stripe, results),
        )
        for k, margin in enumerate(estimates.margins)
    ]


def _status(plan: MarginsPlan, effect: int, inestimable: bool) -> str:
    if effect >= 0 and plan.effects[effect].is_base:
        return "base"
    return "not estimable" if inestimable else ""
