"""Plots of a range from one y to another ([G-2] graph twoway rcap, rarea ...)."""

from __future__ import annotations

import dataclasses

import numpy as np

from statalike.commands.graphics.plot_types import Plot, plot_type, present
from statalike.commands.graphics.style_options import AREAS, CONNECTIONS, LINES, MARKERS, PLOT
from statalike.errors import StataError
from statalike.graphics.graph import Layer

_THREE = "varlist(numeric min=3 max=3) [if] [in]"
_RANGE = f"{PLOT} HORizontal VERTical SORT SORT(varlist) CMISsing(string)"
_POINTS = f"{MARKERS} {LINES} {CONNECTIONS} {PLOT} HORizontal VERTical"


@plot_type("rarea", "rarea", syntax=f"{_THREE} [, {AREAS} {_RANGE}]")
def rarea(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _range(plot, mask, "range area")


@plot_type("rbar", "rbar", syntax=f"{_THREE} [, {AREAS} {_RANGE} BARWidth(real 1)]")
def rbar(plot: Plot, mask: np.ndarray) -> list[Layer]:
    width = float(plot.arguments.options.get("barwidth", 1))
    if width <= 0:
        raise StataError(198, "barwidth() must be positive")
    return [dataclasses.replace(layer, width=width) for layer in _range(plot, mask, "range bar")]


@plot_type("rspike", "rspike", syntax=f"{_THREE} [, {LINES} {_RANGE}]")
def rspike(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _range(plot, mask, "range spike")


@plot_type("rcap", "rcap", syntax=f"{_THREE} [, {LINES} MSIZe(string asis) {_RANGE}]")
def rcap(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _range(plot, mask, "range cap")


@plot_type("rcapsym", "rcapsym", syntax=f"{_THREE} [, {LINES} {MARKERS} {_RANGE}]")
def rcapsym(plot: Plot, mask: np.ndarray) -> list[Layer]:
    layers = _range(plot, mask, "range spike")
    style = layers[0].style
    return [
        dataclasses.replace(layers[0], style=dataclasses.replace(style, symbol=style.symbol or "O"))
    ]


@plot_type("rline", "rline", syntax=f"{_THREE} [, {_POINTS}]")
def rline(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _range(plot, mask, "range line")


@plot_type("rconnected", "rcon", syntax=f"{_THREE} [, {_POINTS}]")
def rconnected(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _range(plot, mask, "range connected")


@plot_type("rscatter", "rsc", syntax=f"{_THREE} [, {_POINTS}]")
def rscatter(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _range(plot, mask, "range scatter")


def _range(plot: Plot, mask: np.ndarray, kind: str) -> list[Layer]:
    """One layer from the first variable to the second at the third."""
    low_name, high_name, x_name = plot.arguments.varlist
    rows = plot.rows(mask, x_name)
    low, high, x = plot.columns((low_name, high_name, x_name), rows)
    title = f"{plot.label(low_name)}/{plot.label(high_name)}"
    plot.take_names((low_name,), x_name, (title,))
    words = str(plot.arguments.options.get("cmissing") or "y")
    if words not in ("y", "n", "yes", "no"):
        raise StataError(198, "option cmissing() incorrectly specified")
    breaks = words.startswith("n")
    there = ~np.isnan(x) if breaks else present(low, high, x)
    horizontal = bool(plot.arguments.options.get("horizontal"))
    if horizontal:
        plot.names = plot.names.turned()
    return [
        Layer(
            kind,
            {"x": x[there], "low": low[there], "high": high[there]},
            plot.style_number(),
            title,
            plot.styles.style(),
            axis=plot.axis,
            horizontal=horizontal,
            breaks_at_missing=breaks,
        )
    ]
