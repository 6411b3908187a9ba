"""Plots of y against x: points, lines, areas, bars, spikes ([G-2] graph twoway scatter ...)."""

from __future__ import annotations

import dataclasses

import numpy as np

from statalike.commands.graphics.plot_types import Plot, plot_type, present
from statalike.commands.graphics.style_options import (
    AREAS,
    CONNECTIONS,
    LINES,
    MARKER_LABELS,
    MARKERS,
    PLOT,
)
from statalike.errors import StataError
from statalike.graphics.graph import Layer
from statalike.language.parser import parse_placed_texts

_LABELS = MARKER_LABELS.replace("MLABel(varname)", "MLABel(varlist)")
_POINTS = f"{MARKERS} {_LABELS} {LINES} {CONNECTIONS} {PLOT} HORizontal"
_WEIGHTS = "[aweight fweight pweight iweight]"
_LIST = f"varlist(numeric min=2) [if] [in] {_WEIGHTS}"
_PAIR = "varlist(numeric min=2 max=2) [if] [in]"
_BASED = f"{AREAS} {PLOT} BASE(real 0) HORizontal VERTical SORT SORT(varlist) CMISsing(string)"


@plot_type("scatter", "sc", syntax=f"{_LIST} [, {_POINTS}]")
def scatter(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _points(plot, mask, "scatter")


@plot_type("line", "line", syntax=f"{_LIST} [, {_POINTS}]")
def line(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _points(plot, mask, "line")


@plot_type("connected", "con", syntax=f"{_LIST} [, {_POINTS}]")
def connected(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _points(plot, mask, "connected")


def _points(plot: Plot, mask: np.ndarray, kind: str) -> list[Layer]:
    """A layer for each y; a point without y or x is left out, of that layer only."""
    *y_names, x_name = plot.arguments.varlist
    rows = plot.rows(mask, x_name)
    (x,) = plot.columns((x_name,), rows)
    weights = plot.weights(rows)
    plot.take_names(tuple(y_names), x_name)
    layers = []
    for position, (name, y) in enumerate(
        zip(y_names, plot.columns(tuple(y_names), rows), strict=True)
    ):
        breaks = _breaks_at_missing(plot, position)
        there = ~np.isnan(x) if breaks else present(x, y)
        if weights is not None:
            there &= ~np.isnan(weights) & (weights > 0)
        data = {"x": _jittered(plot, x[there], 0), "y": _jittered(plot, y[there], 1)}
        if weights is not None:
            data["size"] = weights[there]
        layers.append(
            Layer(
                kind,
                data,
                plot.style_number(position),
                plot.label(name),
                plot.styles.style(position),
                axis=plot.axis,
                horizontal=bool(plot.arguments.options.get("horizontal")),
                breaks_at_missing=breaks,
                labels=plot.marker_labels(rows[there], position),
            )
        )
    if plot.arguments.options.get("horizontal"):
        plot.names = plot.names.turned()
    return layers


def _breaks_at_missing(plot: Plot, position: int) -> bool:
    """Whether a line has gaps at missing values: ``cmissing(n)``."""
    words = str(plot.arguments.options.get("cmissing") or "y").split()
    word = words[min(position, len(words) - 1)]
    if word not in ("y", "n", "yes", "no"):
        raise StataError(198, "option cmissing() incorrectly specified")
    return word.startswith("n")


def _jittered(plot: Plot, values: np.ndarray, dimension: int) -> np.ndarray:
    """Values moved at random by up to ``jitter(#)`` percent of their range, always alike."""
    share = float(plot.arguments.options.get("jitter") or 0)
    if not share or not len(values):
        return values
    seed = int(plot.arguments.options.get("jitterseed") or 0)
    draws = np.random.default_rng((abs(seed), dimension)).uniform(-0.5, 0.5, len(values))
    reach = np.nanmax(values) - np.nanmin(values)
    moved: np.ndarray = values + share / 100 * reach * draws
    return moved


@plot_type("area", "area", syntax=f"{_PAIR} [, {_BASED}]", unsupported="noDROPBASE")
def area(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _from_base(plot, mask, "area")


@plot_type("bar", "bar", syntax=f"{_PAIR} [, {_BASED} BARWidth(real 1)]")
def bar(plot: Plot, mask: np.ndarray) -> list[Layer]:
    width = float(plot.arguments.options.get("barwidth", 1))
    if width <= 0:
        raise StataError(198, "barwidth() must be positive")
    return [dataclasses.replace(layer, width=width) for layer in _from_base(plot, mask, "bar")]


@plot_type("spike", "spike", syntax=f"{_PAIR} [, {_BASED} {_LABELS}]")
def spike(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _from_base(plot, mask, "spike")


@plot_type("dropline", "dropline", syntax=f"{_PAIR} [, {_BASED} {MARKERS} {_LABELS}]")
def dropline(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _from_base(plot, mask, "dropline")


def _from_base(plot: Plot, mask: np.ndarray, kind: str) -> list[Layer]:
    """One y from a base line up or down to its values."""
    y_name, x_name = plot.arguments.varlist
    rows = plot.rows(mask, x_name)
    y, x = plot.columns((y_name, x_name), rows)
    plot.take_names((y_name,), x_name)
    breaks = _breaks_at_missing(plot, 0)
    there = ~np.isnan(x) if breaks else present(x, y)
    horizontal = bool(plot.arguments.options.get("horizontal"))
    if horizontal:
        plot.names = plot.names.turned()
    base = float(plot.arguments.options.get("base", 0.0))
    return [
        Layer(
            kind,
            {"x": x[there], "y": y[there], "base": np.full(int(there.sum()), base)},
            plot.style_number(),
            plot.label(y_name),
            plot.styles.style(),
            axis=plot.axis,
            horizontal=horizontal,
            breaks_at_missing=breaks,
            labels=plot.marker_labels(rows[there]),
        )
    ]


@plot_type(
    "scatteri",
    "scatteri",
    syntax=f"anything [, {MARKERS} {MARKER_LABELS} {LINES} Connect(string asis) {PLOT}]",
)
def scatteri(plot: Plot, mask: np.ndarray) -> list[Layer]:
    """Points typed rather than in the data: ``scatteri 12 3 (9) "a text"``."""
    points = parse_placed_texts(plot.arguments.body)
    style = plot.styles.style()
    clocks = [point.clock for point in points if point.clock is not None]
    if clocks:
        style = dataclasses.replace(style, label_clock=clocks[0])
    plot.names.y, plot.names.x = ["y"], "x"
    return [
        Layer(
            "scatter",
            {
                "x": np.array([point.x for point in points]),
                "y": np.array([point.y for point in points]),
            },
            plot.style_number(),
            "y",
            style,
            axis=plot.axis,
            labels=tuple(" ".join(point.lines) for point in points),
        )
    ]
