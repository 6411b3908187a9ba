"""``estat bootstrap``: percentile and bias-corrected intervals ([R] bootstrap postestimation)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.commands.resampling.replication import legend_lines
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.bootstrap_table import BootstrapRow, bootstrap_table
from statalike.output.estimation_header import Entry, HeaderRow, compact_header
from statalike.output.number_columns import count_text
from statalike.state import State

#: the kinds of intervals, their matrices in e() and their signs in the table
KINDS = {
    "normal": ("ci_normal", "N", "Normal"),
    "percentile": ("ci_percentile", "P", "Percentile"),
    "bc": ("ci_bc", "BC", "Bias-corrected"),
    "bca": ("ci_bca", "BCa", "Bias-corrected and accelerated"),
}


@command(
    "estat bootstrap",
    "estat boot",
    syntax="[, BC BCA Normal Percentile ALL NOHeader NOLegend Title(string)]",
    unsupported="EForm(string) VERbose",
    help="percentile and bias-corrected intervals",
    section="Postestimation",
)
def estat_bootstrap(state: State, arguments: Arguments) -> None:
    results = state.e
    if results.macros.get("prefix") != "bootstrap":
        raise StataError(321, "estat bootstrap requires results of bootstrap")
    if arguments.flag("all"):
        chosen = [kind for kind, (matrix, *_) in KINDS.items() if matrix in results.matrices]
    else:
        chosen = [kind for kind in KINDS if arguments.flag(kind)] or ["bc"]
    if "bca" in chosen and "ci_bca" not in results.matrices:
        raise StataError(198, "BCa intervals require that bootstrap was run with option bca")
    console, linesize = state.console, state.settings.linesize
    console.print()
    if not arguments.flag("noheader"):
        entries = [
            Entry("Number of obs", count_text(results.scalars["N"])),
            Entry("Replications", count_text(results.scalars["N_reps"])),
        ]
        title = arguments.string("title") or results.macros.get("title", "")
        rows = [HeaderRow(title if i == 0 else "", entry) for i, entry in enumerate(entries)]
        console.print_lines(compact_header(rows))
        if "exp1" in results.macros and not arguments.flag("nolegend"):
            names = [stripe.name for stripe in results.matrices["b"].columns]
            legend = [(name, results.macros[f"exp{i}"]) for i, name in enumerate(names, 1)]
            console.print()
            console.print_lines(legend_lines(results.macros["command"], legend, linesize))
        console.print()
    b = results.matrices["b"]
    rows_shown = [
        BootstrapRow(
            stripe.equation,
            stripe.name,
            float(b.values[0, j]),
            float(results.matrices["bias"].values[0, j]),
            float(results.matrices["se"].values[0, j]),
            tuple(
                (
                    KINDS[kind][1],
                    float(results.matrices[KINDS[kind][0]].values[0, j]),
                    float(results.matrices[KINDS[kind][0]].values[1, j]),
                )
                for kind in chosen
            ),
        )
        for j, stripe in enumerate(b.columns)
    ]
    keys = [(KINDS[kind][1], KINDS[kind][2]) for kind in chosen]
    dependent = results.macros.get("depvar", "")
    level = results.scalars["level"]
    console.print_lines(bootstrap_table(rows_shown, keys, dependent, level))
