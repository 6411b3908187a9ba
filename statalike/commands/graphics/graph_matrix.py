"""``graph matrix``: the scatterplots of all pairs of variables ([G-2] graph matrix)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.graphics.drawing import label_of
from statalike.commands.graphics.finishing import finish
from statalike.commands.graphics.plot_types import Plot, PlotType
from statalike.commands.graphics.style_options import MARKER_LABELS, MARKERS, PLOT
from statalike.commands.graphics.twoway_options import (
    REGIONS,
    TITLES,
    UNSUPPORTED,
    AxisDefaults,
    graph_options,
)
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.evaluation import observations_mask
from statalike.graphics.graph import (
    Axis,
    Layer,
    Legend,
    Panel,
    PanelLayout,
    PlacedText,
    Text,
    TextStyle,
    Ticks,
)
from statalike.graphics.ticks import round_values
from statalike.language.arguments import Arguments
from statalike.state import State

MOST_VARIABLES = 30


@command(
    "graph matrix",
    "graph matrix",
    syntax="varlist(numeric min=2) [if] [in] [aweight fweight pweight] "
    f"[, HALF {MARKERS} {MARKER_LABELS} {PLOT} {TITLES} {REGIONS}]",
    unsupported=f"{UNSUPPORTED} DIAGonal(string) DIAGOPts(string) MAXes(string) by(string)",
    help="scatterplots of all pairs of variables",
    section="Graphs",
)
def graph_matrix(state: State, arguments: Arguments) -> None:
    names = tuple(dict.fromkeys(arguments.varlist))
    if len(names) > MOST_VARIABLES:
        raise StataError(103, "too many variables specified")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    kind = PlotType("matrix", "matrix", "varlist [, ]", "", lambda plot, rows: [])
    plot = Plot(state, kind, arguments)
    rows = np.flatnonzero(mask)
    columns = dict(zip(names, plot.columns(names, rows), strict=True))
    if not any(np.isfinite(column).any() for column in columns.values()):
        raise StataError(2000, "no observations")
    half, k = arguments.flag("half"), len(names)
    panels, holes = [], []
    for row in range(k):
        for column in range(k):
            if half and column > row:
                holes.append(row * k + column + 1)
                continue
            panels.append(_panel(state, plot, columns, rows, row, column, half))
    graph = graph_options(
        arguments, state.data, state.settings.scheme, AxisDefaults(), AxisDefaults()
    )
    graph = replace(
        graph,
        panels=tuple(panels),
        layout=PanelLayout(
            k, k, holes=tuple(holes), shares_x="column", shares_y="row", joined=True
        ),
        region=replace(graph.region, plot_line=graph.region.plot_line or "gs10"),
        legend=Legend(shown=False),
        family="matrix",
        command=arguments.text,
    )
    finish(state, graph, arguments)


def _panel(
    state: State,
    plot: Plot,
    columns: dict[str, np.ndarray],
    rows: np.ndarray,
    row: int,
    column: int,
    half: bool,
) -> Panel:
    names = list(columns)
    axes = _axes(state, columns, row, column, half)
    if row == column:
        x = axes[0]
        assert x.low is not None and x.high is not None
        middle = (x.low + x.high) / 2
        label = label_of(state, names[row])
        style = TextStyle(size="medium", clock=0)
        text = PlacedText(middle, middle, Text(_in_lines(label), style))
        return Panel((), texts=(text,), axes=axes)
    x_values, y_values = columns[names[column]], columns[names[row]]
    there = ~np.isnan(x_values + y_values)
    layer = Layer(
        "scatter",
        {"x": x_values[there], "y": y_values[there]},
        plot.style_number(),
        "",
        plot.styles.style(),
        labels=plot.marker_labels(rows[there]),
    )
    return Panel((layer,), axes=axes)


def _axes(
    state: State, columns: dict[str, np.ndarray], row: int, column: int, half: bool
) -> tuple[Axis, Axis]:
    """The axes of a cell: labels at the edges of the matrix, on sides that alternate."""
    names, k = list(columns), len(columns)
    x, y = (_axis(state, name, columns[name]) for name in (names[column], names[row]))
    if half:
        return replace(x, off=row < k - 1), replace(y, off=column > 0)
    if column % 2:
        x = replace(x, off=row > 0, opposite=True)
    else:
        x = replace(x, off=row < k - 1)
    if row % 2:
        y = replace(y, off=column > 0)
    else:
        y = replace(y, off=column < k - 1, opposite=True)
    return x, y


def _axis(state: State, name: str, values: np.ndarray) -> Axis:
    present = values[np.isfinite(values)]
    low, high = (float(present.min()), float(present.max())) if len(present) else (0.0, 1.0)
    ticks = round_values(low, high, 3)
    return Axis(
        labels=Ticks(ticks, (None,) * len(ticks), size="small"),
        format=state.data.variable(name).format,
        low=min(low, *ticks),
        high=max(high, *ticks),
    )


def _in_lines(text: str, width: int = 14) -> tuple[str, ...]:
    import textwrap

    return tuple(textwrap.wrap(text, width)) or (text,)
