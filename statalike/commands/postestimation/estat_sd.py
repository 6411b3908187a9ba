"""``estat sd``: variance components as standard deviations and correlations ([ME] estat sd)."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    TABLE_ROWS,
    equation_names,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import (
    confidence_level,
    number_formats,
    table_options,
)
from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.generalized.description import is_generalized
from statalike.commands.estimation.linear_mixed import LinearMixedDescription
from statalike.commands.estimation.mixed_display import fixed_effects_table
from statalike.commands.estimation.random_effects_rows import (
    random_effects_blocks,
    reported_parameters,
)
from statalike.commands.postestimation.estat_mixed import active_mixed
from statalike.commands.postestimation.estat_nonlinear import is_nonlinear, nonlinear_sd
from statalike.commands.postestimation.generalized_sd import generalized_sd, post_parameters
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.random_effects_table import (
    RandomEffectsBlock,
    RandomEffectsTable,
    random_effects_table,
)
from statalike.output.styled import Line
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "estat sd",
    "estat sd",
    syntax="[, VARiance VERBose POST COEFLegend Level(cilevel) cformat(string)]",
    help="random-effects parameters as standard deviations and correlations",
    section="Postestimation",
)
def estat_sd(state: State, arguments: Arguments) -> None:
    options = arguments.options
    if options.get("coeflegend") and not options.get("post"):
        raise StataError(198, "option coeflegend requires option post")
    if is_generalized(state.e):
        generalized_sd(state, arguments)
        return
    if is_nonlinear(state.e):
        nonlinear_sd(state, arguments)
        return
    description = active_mixed(state, "sd")
    level = confidence_level(options, state.settings)
    deviations = not options.get("variance")
    blocks = random_effects_blocks(state.e, description, level, standard_deviations=deviations)
    found = _transformed(state.e, description, blocks, level, deviations)
    console = state.console
    if options.get("coeflegend"):
        console.print()
        console.print_lines(_legend_table(state, found, arguments))
    else:
        if options.get("verbose") or options.get("post"):
            console.print()
            console.print_lines(fixed_effects_table(state, options, level))
        formats = number_formats(options, state.settings)
        console.print()
        console.print_lines(
            random_effects_table(RandomEffectsTable(blocks, level=level, formats=formats))
        )
    state.r = found
    if options.get("post"):
        post_parameters(state)


def _transformed(
    results: Results,
    description: LinearMixedDescription,
    blocks: tuple[RandomEffectsBlock, ...],
    level: float,
    deviations: bool,
) -> Results:
    """r(): the fixed effects and the transformed parameters, their covariance and their table."""
    k_f = int(results.scalars["k_f"])
    b, V = results.matrices["b"], results.matrices["V"]
    names, values, variance = reported_parameters(
        results, description, standard_deviations=deviations
    )
    stripes = (*b.columns[:k_f], *names)
    whole = np.zeros((len(stripes), len(stripes)))
    whole[:k_f, :k_f] = V.values[:k_f, :k_f]
    whole[k_f:, k_f:] = variance
    rows = [row for block in blocks for row in block.rows]
    table = np.full((len(TABLE_ROWS), len(stripes)), MISSING)
    table[:, :k_f] = result_table(results, level).values[:, :k_f]
    for name, entries in (
        ("b", values),
        ("se", [row.standard_error for row in rows]),
        ("ll", [row.lower for row in rows]),
        ("ul", [row.upper for row in rows]),
        ("crit", [two_sided_critical_value(level)] * len(rows)),
        ("eform", [0.0] * len(rows)),
    ):
        table[TABLE_ROWS.index(name), k_f:] = entries
    return Results(
        matrices={
            "b": NamedMatrix.row(np.concatenate([b.values[0, :k_f], values]), stripes),
            "V": NamedMatrix.square(whole, stripes),
            "table": NamedMatrix(table, tuple(Stripe("", row) for row in TABLE_ROWS), stripes),
        }
    )


def _legend_table(state: State, found: Results, arguments: Arguments) -> list[Line]:
    """All coefficients, each with how an expression refers to it."""
    b = found.matrices["b"]
    first = b.columns[0].equation if state.e.scalars["k_f"] else ""
    sections = tuple(
        CoefficientSection(
            tuple(
                CoefficientRow(
                    stripe.name,
                    float(value),
                    parameter=equation != first,
                    legend=f"_b[{stripe}]",
                )
                for stripe, value in zip(b.columns, b.values[0], strict=True)
                if stripe.equation == equation
            ),
            title=equation,
        )
        for equation in equation_names(b)
    )
    return coefficient_table(
        CoefficientTable(sections, labels=value_labels(state.data)),
        table_options(arguments.options, state.settings),
    )
