"""``lowess``: a scatterplot and its smoother ([R] lowess)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.generate import make_variable
from statalike.commands.graphics.drawing import complete_sample, draw_one_panel, label_of
from statalike.commands.graphics.fitted_plots import check_bandwidth
from statalike.commands.graphics.style_options import MARKERS, PLOT, StyleOptions
from statalike.commands.graphics.twoway_options import (
    TWOWAY_OPTIONS,
    UNSUPPORTED,
    AxisDefaults,
)
from statalike.commands.registry import command
from statalike.data.formats import display_number
from statalike.data.storage import FLOAT
from statalike.engine.smoothing.lowess import lowess as smoothed
from statalike.graphics.graph import Layer
from statalike.language.arguments import Arguments
from statalike.state import State


@command(
    "lowess",
    "lowess",
    syntax="varlist(numeric min=2 max=2) [if] [in] [, BWidth(real 0.8) MEAN noWEIGHT "
    f"GENerate(newvarname) noGRaph {MARKERS} {PLOT} {TWOWAY_OPTIONS}]",
    unsupported=f"{UNSUPPORTED} LOGit ADJust LINEOPts(string) RLOPts(string) ADDPLOT(string) "
    "by(string)",
    help="locally weighted smoothing of y on x",
    section="Graphs",
)
def lowess(state: State, arguments: Arguments) -> None:
    y_name, x_name = arguments.varlist
    mask = complete_sample(state, arguments, (y_name, x_name))
    bandwidth = check_bandwidth(float(arguments.number("bwidth") or 0))
    y, x = state.data.numbers(y_name)[mask], state.data.numbers(x_name)[mask]
    order = np.argsort(x, kind="stable")
    curve = smoothed(
        y[order],
        x[order],
        bandwidth,
        local_means=arguments.flag("mean"),
        tricube=not arguments.options.get("noweight"),
    )
    made = arguments.option("generate")
    if made is not None:
        values = np.empty(len(y))
        values[order] = curve
        label = f"lowess: {y_name}"
        make_variable(state, made.name, FLOAT, values, mask, label=label, quiet=True)
    if arguments.options.get("nograph"):
        return
    data = state.data
    label_y, label_x = label_of(state, y_name), label_of(state, x_name)
    draw_one_panel(
        state,
        arguments,
        [
            Layer("scatter", {"x": x, "y": y}, 0, "", StyleOptions(arguments).style()),
            Layer("line", {"x": x[order], "y": curve}, 1, ""),
        ],
        AxisDefaults(label_x, data.variable(x_name).format, data.value_label_of(x_name)),
        AxisDefaults(label_y, data.variable(y_name).format, data.value_label_of(y_name)),
        {"title": "Lowess smoother", "note": f"bandwidth = {display_number(bandwidth)}"},
    )
