"""``graph combine``: graphs side by side ([G-2] graph combine)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from statalike.commands.graphics.by_graphs import inner_margin, laid_out
from statalike.commands.graphics.finishing import finish
from statalike.commands.graphics.graph_memory import named_graph
from statalike.commands.graphics.twoway_options import (
    REGIONS,
    TITLES,
    UNSUPPORTED,
    AxisDefaults,
    graph_options,
)
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.graphics.gph_file import gph_path, load_graph
from statalike.graphics.graph import Graph, Legend
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.state import State


@command(
    "graph combine",
    "graph com",
    syntax="anything [, Rows(integer) Cols(integer) COLFirst HOLes(numlist) YCOMmon XCOMmon "
    f"IMargin(string) {TITLES} {REGIONS}]",
    unsupported=f"{UNSUPPORTED} ALTSHrink",
    help="put several graphs into one",
    section="Graphs",
)
def graph_combine(state: State, arguments: Arguments) -> None:
    words = split_words(arguments.body)
    graphs = [_find(state, word) for word in words]
    rows, columns = arguments.integer("rows"), arguments.integer("cols")
    for size, name in ((rows, "rows"), (columns, "cols")):
        if size is not None and size < 1:
            raise StataError(198, f"option {name}() incorrectly specified")
    holes = tuple(int(hole) for hole in arguments.numbers("holes"))
    layout = laid_out(len(graphs) + len(holes), rows, columns)
    for axis, flag in (("x", "xcommon"), ("y", "ycommon")):
        if arguments.flag(flag):
            graphs = with_common_range(graphs, axis)
    graph = graph_options(
        arguments, state.data, state.settings.scheme, AxisDefaults(), AxisDefaults()
    )
    graph = replace(
        graph,
        graphs=tuple(graphs),
        layout=replace(
            layout,
            holes=holes,
            by_column=arguments.flag("colfirst"),
            gap=inner_margin(arguments),
        ),
        legend=Legend(shown=False),
        family="combine",
        command=arguments.text,
    )
    finish(state, graph, arguments)


def _find(state: State, word: str) -> Graph:
    """A graph in memory, or in a file; r(111), r(601)."""
    if word in state.memory.graphs:
        return state.memory.graphs[word]
    path = gph_path(word)
    if path.is_file() or "." in word or "/" in word:
        return load_graph(path)
    return named_graph(state, word)[1]


def with_common_range(graphs: list[Graph], axis: str) -> list[Graph]:
    """Graphs whose axes of that letter have the range that covers the data of all of them."""
    extents = [
        values
        for graph in graphs
        for panel in graph.panels
        for layer in panel.layers
        for values in _values(layer.data, axis, layer.horizontal)
    ]
    present = np.concatenate([values[np.isfinite(values)] for values in extents] or [np.zeros(0)])
    if not present.size:
        return graphs
    low, high = float(present.min()), float(present.max())
    widened = []
    for graph in graphs:
        before = getattr(graph, axis)
        ends = [end for end in (before.low, before.high) if end is not None]
        changed = replace(before, low=min([low, *ends]), high=max([high, *ends]))
        widened.append(replace(graph, **{axis: changed}))
    return widened


def _values(data: Mapping[str, np.ndarray], axis: str, horizontal: bool) -> list[np.ndarray]:
    along_x = (axis == "x") != horizontal
    if along_x:
        return [data["x"]]
    return [values for name, values in data.items() if name not in ("x", "size")]
