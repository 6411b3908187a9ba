"""``histogram``: a variable's distribution in bars ([R] histogram)."""

from __future__ import annotations

import dataclasses

import numpy as np

from statalike.commands.graphics.density_plots import (
    HISTOGRAM,
    Bins,
    bins_of,
    density_of,
    plot_sample,
    scale_of,
)
from statalike.commands.graphics.plot_types import PLOT_TYPES, Plot, PlotType
from statalike.commands.graphics.style_options import AREAS, PLOT
from statalike.commands.graphics.twoway import TwowaySpecification, draw_plots
from statalike.commands.graphics.twoway_options import TWOWAY_OPTIONS, UNSUPPORTED
from statalike.commands.registry import command
from statalike.data.formats import display_number, format_value
from statalike.engine.smoothing.kernel_density import normal_density
from statalike.errors import StataError
from statalike.evaluation import observations_mask
from statalike.graphics.graph import Layer
from statalike.language.arguments import Arguments
from statalike.results.stores import Results
from statalike.state import State

_POINTS = 200


@command(
    "histogram",
    "hist",
    syntax=f"varname(numeric) [if] [in] [fweight] [, {HISTOGRAM} NORMal KDENsity ADDLabels "
    f"{AREAS} {PLOT} {TWOWAY_OPTIONS} by(string asis)]",
    unsupported=f"{UNSUPPORTED} NORMOPts(string) KDENOPts(string) ADDLABOPts(string) "
    "ADDPLOT(string)",
    help="a distribution in bars",
    section="Graphs",
)
def histogram(state: State, arguments: Arguments) -> None:
    (name,) = arguments.varlist
    options = arguments.options
    scale = scale_of(options)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    plot = Plot(state, PLOT_TYPES["histogram"], arguments)
    values, weights = plot_sample(plot, name, mask)
    if not len(values):
        raise StataError(2000, "no observations")
    bins = bins_of(values, weights, options)
    _report(state, bins, discrete=bool(options.get("discrete")))
    count = float(len(values) if weights is None else weights.sum())
    plots = [Plot(state, _bars_type(arguments), arguments)]
    if options.get("normal"):
        plots.append(Plot(state, _curve_type("normal", name, scale, bins), arguments))
    if options.get("kdensity"):
        plots.append(Plot(state, _curve_type("kdensity", name, scale, bins), arguments))
    draw_plots(state, TwowaySpecification(plots, arguments, mask), arguments.text)
    state.r = Results(
        scalars={
            "N": count,
            "bin": float(bins.count),
            "start": bins.start,
            "width": bins.width,
            "min": float(values.min()),
            "max": float(values.max()),
        }
    )


def _report(state: State, bins: Bins, *, discrete: bool) -> None:
    start, width = (format_value(x, "%9.0g").strip() for x in (bins.start, bins.width))
    if discrete:
        first = format_value(bins.start + bins.width / 2, "%9.0g").strip()
        state.console.print(f"(start={first}, width={width})")
    else:
        state.console.print(f"(bin={bins.count}, start={start}, width={width})")


def _bars_type(arguments: Arguments) -> PlotType:
    """The plot type ``histogram`` without a key, with the heights as labels when asked for."""
    kind = PLOT_TYPES["histogram"]

    def make(plot: Plot, mask: np.ndarray) -> list[Layer]:
        (layer,) = kind.make(plot, mask)
        labels: tuple[str, ...] = ()
        if arguments.options.get("addlabels"):
            labels = tuple(
                display_number(round(y, 4)) if y else "" for y in layer.data["y"].tolist()
            )
        return [dataclasses.replace(layer, key="", labels=labels)]

    return dataclasses.replace(kind, make=make)


def _curve_type(shape: str, name: str, scale: str, bins: Bins) -> PlotType:
    """A normal or kernel density of the panel's values, on the scale of the bars."""

    def make(plot: Plot, mask: np.ndarray) -> list[Layer]:
        values, weights = plot_sample(plot, name, mask)
        x = y = np.zeros(0)
        if len(values) > 1 and np.ptp(values) > 0:
            total = float(len(values) if weights is None else weights.sum())
            factor = {
                "density": 1.0,
                "fraction": bins.width,
                "percent": 100 * bins.width,
                "frequency": total * bins.width,
            }[scale]
            if shape == "normal":
                w = np.ones(len(values)) if weights is None else weights
                mean = float(np.average(values, weights=w))
                spread = float(np.sqrt((w * (values - mean) ** 2).sum() / (total - 1)))
                x = np.linspace(values.min(), values.max(), _POINTS)
                y = factor * normal_density(x, mean, spread)
            else:
                density = density_of(plot.state, values, weights, {}, _POINTS)
                x, y = density.points, factor * density.values
        horizontal = bool(plot.arguments.options.get("horizontal"))
        return [Layer("line", {"x": x, "y": y}, plot.number, horizontal=horizontal)]

    return PlotType(shape, shape, "varname [, ]", "", make)
