"""Histograms and kernel densities as plots ([G-2] graph twoway histogram, kdensity)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from statalike.commands.data.summary_statistics import percentiles, summary
from statalike.commands.graphics.fitted_plots import read_range
from statalike.commands.graphics.plot_types import Plot, plot_type
from statalike.commands.graphics.style_options import AREAS, LINES, PLOT
from statalike.data.missing import MISSING
from statalike.engine.smoothing.kernel_density import KERNELS, kernel_density, optimal_bandwidth
from statalike.errors import StataError, suggestion
from statalike.graphics.graph import Layer
from statalike.state import State

HISTOGRAM = (
    "BIN(integer) Width(real) STart(real) DENSity FRACtion FREQuency percent DISCrete "
    "GAP(real 0) BARWidth(real) HORizontal VERTical"
)
SCALES = ("density", "fraction", "frequency", "percent")


@dataclass(frozen=True)
class Bins:
    """The bars of a histogram: ``count`` of them from ``start``, each ``width`` wide."""

    count: int
    start: float
    width: float

    @property
    def middles(self) -> np.ndarray:
        return self.start + self.width * (np.arange(self.count) + 0.5)


def bins_of(values: np.ndarray, weights: np.ndarray | None, options: dict[str, Any]) -> Bins:
    """The bins that the options ask for ([R] histogram, Methods).

    Without ``bin()`` and ``width()`` their number is the integer part of
    min{sqrt(n), 10 log10(n)}.  Discrete values have a bin each, as wide as the smallest distance
    between two of them.  r(198) for a start above the smallest value and other impossibilities.
    """
    low, high = float(values.min()), float(values.max())
    start, width, count = options.get("start"), options.get("width"), options.get("bin")
    if count is not None and width is not None:
        raise StataError(198, "options bin() and width() may not be combined")
    if start is not None and start > low:
        raise StataError(198, f"start() may not be greater than {low:g}")
    if options.get("discrete"):
        if count is not None:
            raise StataError(198, "options discrete and bin() may not be combined")
        distinct = np.unique(values)
        step = width or (float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0)
        first = low if start is None else float(start)
        return Bins(round((high - first) / step) + 1, first - step / 2, step)
    if (count is not None and count < 1) or (width is not None and width <= 0):
        raise StataError(198, "bin() and width() must be positive")
    first = low if start is None else float(start)
    if width is not None:
        bins = max(1, int(np.ceil((high - first) / width - 1e-10)))
        if first + bins * width <= high:
            bins += 1
        return Bins(bins, first, float(width))
    n = float(len(values)) if weights is None else float(weights.sum())
    bins = count or max(1, int(min(np.sqrt(n), 10 * np.log10(n)) if n > 1 else 1))
    return Bins(bins, first, ((high - first) / bins) or 1.0)


def heights(values: np.ndarray, weights: np.ndarray | None, bins: Bins, scale: str) -> np.ndarray:
    """The bars' heights (bins,): densities, fractions, percentages or frequencies."""
    place = np.floor((values - bins.start) / bins.width + 1e-9).astype(np.int64)
    counts = np.bincount(np.clip(place, 0, bins.count - 1), weights, minlength=bins.count).astype(
        np.float64
    )
    if scale == "frequency":
        return counts
    share = counts / counts.sum()
    return {"density": share / bins.width, "fraction": share, "percent": 100 * share}[scale]


def scale_of(options: dict[str, Any], default: str = "density") -> str:
    """Which heights are asked for; r(198) for more than one."""
    asked = [scale for scale in SCALES if options.get(scale)]
    if len(asked) > 1:
        raise StataError(198, f"options {' and '.join(asked)} may not be combined")
    return asked[0] if asked else default


@plot_type(
    "histogram",
    "hist",
    syntax=f"varname(numeric) [if] [in] [fweight] [, {HISTOGRAM} {AREAS} {PLOT}]",
)
def histogram(plot: Plot, mask: np.ndarray) -> list[Layer]:
    (name,) = plot.arguments.varlist
    options = plot.arguments.options
    scale = scale_of(options)
    plot.take_names((), name)
    plot.names.y = [scale.capitalize()]
    values, weights = plot_sample(plot, name, mask)
    label = scale.capitalize()
    number, style = plot.style_number(), plot.styles.style()
    horizontal = bool(options.get("horizontal"))
    if horizontal:
        plot.names = plot.names.turned()
    if not len(values):
        nothing = np.zeros(0)
        empty = {"x": nothing, "y": nothing, "base": nothing}
        return [Layer("bar", empty, number, label, style, "histogram", plot.axis, horizontal)]
    everywhere, all_weights = plot_sample(plot, name, mask | plot_mask(plot))
    bins = bins_of(everywhere, all_weights, options)
    width = float(options.get("barwidth") or bins.width * (1 - float(options.get("gap", 0)) / 100))
    data = {
        "x": bins.middles,
        "y": heights(values, weights, bins, scale),
        "base": np.zeros(bins.count),
    }
    return [
        Layer("bar", data, number, label, style, "histogram", plot.axis, horizontal, width=width)
    ]


def plot_mask(plot: Plot) -> np.ndarray:
    """All observations of the plot, whatever the panel: bins are the same in every panel."""
    from statalike.evaluation import observations_mask

    return observations_mask(plot.state, plot.arguments.condition, plot.arguments.observations)


def plot_sample(plot: Plot, name: str, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """A variable's values in the observations of a mask, none missing, and their weights."""
    rows = np.flatnonzero(mask)
    (values,) = plot.columns((name,), rows)
    weights = plot.weights(rows)
    there = ~np.isnan(values)
    if weights is not None:
        there &= weights > 0
        weights = weights[there]
    return values[there], weights


@dataclass(frozen=True)
class Density:
    """A kernel density at points, and how it was made."""

    points: np.ndarray
    values: np.ndarray
    bandwidth: float
    kernel: str


def density_of(
    state: State,
    values: np.ndarray,
    weights: np.ndarray | None,
    options: dict[str, Any],
    n: int,
    at: np.ndarray | None = None,
) -> Density:
    """The density that ``kernel()``, ``bwidth()``, ``range()`` and ``n()`` ask for; r(198)."""
    kernel = find_kernel(str(options.get("kernel") or "epanechnikov"))
    asked = options.get("bwidth")
    if asked is not None and asked <= 0:
        raise StataError(198, "bwidth() must be positive")
    bandwidth = float(asked) if asked is not None else default_bandwidth(values, weights)
    if at is None:
        text = options.get("range")
        if text is None:
            low, high = float(values.min()) - bandwidth, float(values.max()) + bandwidth
        else:
            low, high = read_range(state, str(text))
        at = np.linspace(low, high, n)
    return Density(at, kernel_density(values, at, bandwidth, kernel, weights), bandwidth, kernel)


def default_bandwidth(values: np.ndarray, weights: np.ndarray | None) -> float:
    """Silverman's width; r(198) where all values are equal, for which there is none."""
    moments = summary(values, weights, "aweight" if weights is not None else "")
    order = np.argsort(values, kind="stable")
    w = np.ones(len(values)) if weights is None else weights
    low, high = percentiles(values[order], w[order], (25, 75)).tolist()
    deviation = moments.standard_deviation
    width = optimal_bandwidth(moments.n, deviation, high - low) if deviation < MISSING else 0.0
    if not width > 0:
        raise StataError(198, "the bandwidth is zero; option bwidth() is needed")
    return width


def find_kernel(word: str) -> str:
    """The kernel of that name, in full or abbreviated; r(198)."""
    if word in KERNELS:
        return word
    found = [name for name in KERNELS if name.startswith(word)] if len(word) > 2 else []
    if len(found) != 1:
        raise StataError(198, f"kernel {word} not recognized", hint=suggestion(word, KERNELS))
    return found[0]


@plot_type(
    "kdensity",
    "kden",
    syntax="varname(numeric) [if] [in] [fweight aweight] [, BWidth(real) Kernel(string) "
    f"N(integer 300) Range(string) HORizontal {LINES} {PLOT}]",
    unsupported="AREA",
)
def kdensity(plot: Plot, mask: np.ndarray) -> list[Layer]:
    (name,) = plot.arguments.varlist
    options = plot.arguments.options
    title = f"kdensity {name}"
    plot.names.y, plot.names.x = [title], "x"
    values, weights = plot_sample(plot, name, mask)
    horizontal = bool(options.get("horizontal"))
    if horizontal:
        plot.names = plot.names.turned()
    x = y = np.zeros(0)
    if len(values):
        density = density_of(plot.state, values, weights, options, int(options.get("n", 300)))
        x, y = density.points, density.values
    return [
        Layer(
            "line",
            {"x": x, "y": y},
            plot.style_number(),
            title,
            plot.styles.style(),
            axis=plot.axis,
            horizontal=horizontal,
        )
    ]
