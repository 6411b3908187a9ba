"""``estat sd``, ``recovariance`` and ``group`` after ``menl``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    TABLE_ROWS,
    result_table,
)
from statalike.commands.estimation.display_options import (
    confidence_level,
    number_formats,
)
from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.nonlinear.description import stored_blocks
from statalike.commands.estimation.nonlinear.display import fixed_effects_table, group_lines
from statalike.commands.estimation.nonlinear.reported import (
    reported_blocks,
    reported_stripes,
    table_blocks,
)
from statalike.commands.postestimation.correlations import correlations
from statalike.commands.postestimation.predict_mixed import level_position
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.matrix_display import RuledMatrix, ruled_matrix
from statalike.output.random_effects_table import RandomEffectsTable, random_effects_table
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


def is_nonlinear(results: Results) -> bool:
    """Whether e() holds the estimates of ``menl``."""
    return results.macros.get("cmd") == "menl"


def nonlinear_group(state: State) -> None:
    """``estat group``."""
    state.console.print()
    state.console.print_lines(group_lines(state.e))


def nonlinear_sd(state: State, arguments: Arguments) -> None:
    """``estat sd``: r(b), r(V) and r(table) in the metric shown, in e() too with ``post``."""
    options = arguments.options
    level = confidence_level(options, state.settings)
    deviations = not options.get("variance")
    results, data = state.e, state.data
    blocks = table_blocks(results, data, level, standard_deviations=deviations)
    rows = [(r.standard_error, r.lower, r.upper) for block in blocks for r in block.rows]
    found = _transformed(results, rows, level, "sd" if deviations else "var")
    legend = bool(options.get("coeflegend"))
    names = iter(reported_stripes(reported_blocks(results, data, standard_deviations=deviations)))
    if legend:
        blocks = tuple(
            replace(
                block,
                rows=tuple(replace(row, legend=f"_b[{next(names)}]") for row in block.rows),
            )
            for block in blocks
        )
    console = state.console
    if options.get("verbose") or options.get("post"):
        console.print()
        console.print_lines(fixed_effects_table(state, options, level))
    formats = number_formats(options, state.settings)
    console.print()
    console.print_lines(
        random_effects_table(
            RandomEffectsTable(blocks, level=level, formats=formats, legend=legend)
        )
    )
    state.r = found
    if options.get("post"):
        state.e = Results(
            macros={"cmd": "estat sd", "properties": "b V"},
            matrices={name: found.matrices[name] for name in ("b", "V")},
            sample=state.e.sample,
        )


def _transformed(
    results: Results, rows: list[tuple[float, float, float]], level: float, metric: str
) -> Results:
    """r(): e(b_sd) and e(V_sd), or those of variances, and the table of what is shown."""
    b, V = results.matrices[f"b_{metric}"], results.matrices[f"V_{metric}"]
    k_f = int(results.scalars["k_f"])
    table = np.full((len(TABLE_ROWS), len(b.columns)), MISSING)
    table[:, :k_f] = result_table(results, level).values[:, :k_f]
    for name, entries in (
        ("b", b.values[0, k_f:]),
        ("se", [row[0] for row in rows]),
        ("ll", [row[1] for row in rows]),
        ("ul", [row[2] for row in rows]),
        ("crit", [two_sided_critical_value(level)] * len(rows)),
        ("eform", [0.0] * len(rows)),
    ):
        table[TABLE_ROWS.index(name), k_f:] = entries
    named = NamedMatrix(table, tuple(Stripe("", row) for row in TABLE_ROWS), b.columns)
    return Results(matrices={"b": b, "V": V, "table": named})


def nonlinear_recovariance(state: State, arguments: Arguments) -> None:
    """``estat recovariance``: the matrices of e(cov_#), or their correlations."""
    blocks = stored_blocks(state.e)
    paths = list(dict.fromkeys(block.path for block in blocks))
    if not paths:
        raise StataError(321, "the model has no random effects")
    wanted = range(len(paths))
    only = str(arguments.options.get("relevel") or "")
    if only:
        position = level_position(state, only, [path[-1] for path in paths])
        wanted = range(position, position + 1)
    correlation = bool(arguments.options.get("correlation"))
    kind = "correlation" if correlation else "covariance"
    results = Results(scalars={"relevels": float(len(paths))})
    for level in wanted:
        stored = state.e.matrices[f"cov_{level + 1}"]
        text = ">".join(paths[level])
        labels = [f"{stripe.name}[{text}]" for stripe in stored.columns]
        effects = tuple(Stripe("", label) for label in labels)
        number = len(paths) - level + 1
        shown = stored.values
        results.matrices[f"Cov{number}"] = NamedMatrix.square(shown, effects)
        if correlation:
            shown = correlations(shown)
            results.matrices[f"Corr{number}"] = NamedMatrix.square(shown, effects)
        state.console.print(f"\nRandom-effects {kind} matrix for level {text}\n")
        state.console.print_lines(
            ruled_matrix(
                RuledMatrix(
                    shown,
                    labels,
                    labels,
                    display_format=str(arguments.options.get("format") or "%9.0g"),
                    lower=True,
                    rule_to_end=True,
                ),
                state.settings.linesize,
            )
        )
    state.r = results
