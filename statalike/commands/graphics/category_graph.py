"""What the graphs with an axis of categories have in common: panels, axes, horizontal ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statalike.commands.graphics.by_graphs import by_groups, with_by
from statalike.commands.graphics.categories import Categories
from statalike.commands.graphics.finishing import finish_panels
from statalike.commands.graphics.twoway_options import AxisDefaults, graph_options
from statalike.graphics.graph import Graph, Layer, Panel
from statalike.language.arguments import Arguments
from statalike.state import State

#: from the observations of a panel to its categories and layers
MakePanel = Callable[[np.ndarray], tuple[Categories, list[Layer]]]


def draw_categories(
    state: State,
    arguments: Arguments,
    mask: np.ndarray,
    make: MakePanel,
    values: AxisDefaults,
    family: str,
    *,
    horizontal: bool,
    from_zero: bool,
) -> None:
    """Draw panels whose values are along the y axis, or along the x axis when ``horizontal``.

    The options ``ytitle()``, ``ylabel()`` and so on are those of the values in both cases.
    """
    by = arguments.options.get("by")
    groups = by_groups(state, str(by), mask) if by is not None else None
    panels = []
    categories: Categories | None = None
    for position, chosen in enumerate(groups.masks if groups else (mask,)):
        found, layers = make(chosen)
        categories = categories or found
        panel = Panel(tuple(replace(layer, horizontal=horizontal) for layer in layers))
        if groups:
            panel = replace(panel, subtitle=groups.subtitles[position])
        panels.append(panel)
    assert categories is not None
    graph = graph_options(arguments, state.data, state.settings.scheme, AxisDefaults(), values)
    graph = _with_axes(graph, categories, horizontal=horizontal, from_zero=from_zero)
    if groups:
        graph = with_by(graph, groups, state)
    finish_panels(state, graph, panels, arguments, arguments.text, family)


def _with_axes(graph: Graph, categories: Categories, *, horizontal: bool, from_zero: bool) -> Graph:
    """The axis of categories in its place; from top to bottom in horizontal graphs."""
    values = graph.y
    if from_zero:
        ends = [end for end in (values.low, values.high) if end is not None]
        values = replace(values, flush_at_zero=True, low=min([0.0, *ends]))
    if not horizontal:
        return replace(graph, x=categories.axis, y=values)
    labels = replace(categories.axis.labels, angle=0.0)
    axis = replace(categories.axis, reverse=True, labels=labels)
    return replace(graph, x=values, y=replace(axis, lines=axis.lines))
