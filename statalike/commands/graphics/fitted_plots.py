"""Fitted curves as plots: ``lfit``, ``qfit``, their intervals, ``lowess``, ``mspline``,
``function`` ([G-2])."""

from __future__ import annotations

import numpy as np

from statalike.commands.graphics.plot_types import Plot, plot_type, present
from statalike.commands.graphics.style_options import AREAS, LINE_SYNONYMS, LINES, PLOT
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.engine.smoothing.lowess import lowess as smoothed
from statalike.engine.smoothing.median_spline import median_spline
from statalike.engine.smoothing.polynomial_fit import FittedCurve, fit_polynomial
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.graphics.graph import Layer
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_expression
from statalike.language.values import as_numbers
from statalike.state import State

_PAIR = "varlist(numeric min=2 max=2) [if] [in]"
_WEIGHTS = "[aweight fweight pweight]"
_FIT = f"Range(string) N(integer) Connect(string asis) {LINES} {PLOT}"
_INTERVAL = "STDP STDF LEVel(cilevel) NOFIT"
_UNSUPPORTED = "FITPLOT(string) CIPLOT(string) ALPattern(string) ALColor(string) ALWidth(string) "
_UNSUPPORTED += "PREDopts(string) ESTopts(string) ATOBS STDR"
_CI = f"Range(string) N(integer) {AREAS} {LINE_SYNONYMS} {PLOT} {_INTERVAL}"


@plot_type("lfit", "lfit", syntax=f"{_PAIR} {_WEIGHTS} [, {_FIT}]", unsupported=_UNSUPPORTED)
def lfit(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return [_curve(plot, mask, 1)]


@plot_type("qfit", "qfit", syntax=f"{_PAIR} {_WEIGHTS} [, {_FIT}]", unsupported=_UNSUPPORTED)
def qfit(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return [_curve(plot, mask, 2)]


@plot_type("lfitci", "lfitci", syntax=f"{_PAIR} {_WEIGHTS} [, {_CI}]", unsupported=_UNSUPPORTED)
def lfitci(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _curve_with_interval(plot, mask, 1)


@plot_type("qfitci", "qfitci", syntax=f"{_PAIR} {_WEIGHTS} [, {_CI}]", unsupported=_UNSUPPORTED)
def qfitci(plot: Plot, mask: np.ndarray) -> list[Layer]:
    return _curve_with_interval(plot, mask, 2)


def _fitted(plot: Plot, mask: np.ndarray, degree: int, n: int) -> tuple[np.ndarray, FittedCurve]:
    """The curve at ``n`` points over the range of x; none without observations."""
    y, x, weights = _sample(plot, mask)
    if not len(x):
        return np.zeros(0), FittedCurve(np.zeros(0), np.zeros(0), np.zeros(0), 0)
    low, high = plot_range(plot, x)
    points = np.linspace(low, high, n)
    return points, fit_polynomial(y, x, points, degree, weights)


def _sample(plot: Plot, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    y_name, x_name = plot.arguments.varlist
    rows = np.flatnonzero(mask)
    y, x = plot.columns((y_name, x_name), rows)
    weights = plot.weights(rows)
    there = present(y, x)
    if weights is not None:
        there &= weights > 0
        weights = weights[there]
    return y[there], x[there], weights


def plot_range(plot: Plot, x: np.ndarray) -> tuple[float, float]:
    """``range(# #)``, ``range(varname)``, or the range of the data; r(198)."""
    text = plot.arguments.options.get("range")
    if text is None:
        return float(x.min()), float(x.max())
    return read_range(plot.state, str(text))


def read_range(state: State, text: str) -> tuple[float, float]:
    """Two ends, each an expression, or the extremes of a variable; r(198)."""
    words = text.split()
    if len(words) == 1 and not words[0].replace(".", "").isdigit():
        name = state.data.unabbreviate(words[0])
        values = state.data.numbers(name)
        values = values[values < MISSING]
        if len(values):
            return float(values.min()), float(values.max())
    if len(words) == 2:
        ends = [evaluate(parse_expression(word), StateContext(state)) for word in words]
        low, high = (end if isinstance(end, float) else MISSING for end in ends)
        if low < MISSING and high < MISSING:
            return low, high
    raise StataError(198, "option range() incorrectly specified")


def _points(plot: Plot, default: int) -> int:
    n = int(plot.arguments.options.get("n") or default)
    if not 2 <= n <= 100_000:
        raise StataError(198, "n() must be between 2 and 100000")
    return n


def _curve(plot: Plot, mask: np.ndarray, degree: int) -> Layer:
    y_name, x_name = plot.arguments.varlist
    points, curve = _fitted(plot, mask, degree, _points(plot, 3 if degree == 1 else 100))
    plot.take_names((y_name,), x_name, ("Fitted values",))
    return Layer(
        "line",
        {"x": points, "y": curve.fitted},
        plot.style_number(),
        "Fitted values",
        plot.styles.style(),
        axis=plot.axis,
    )


def _curve_with_interval(plot: Plot, mask: np.ndarray, degree: int) -> list[Layer]:
    """The area between the limits, and the curve above it."""
    y_name, x_name = plot.arguments.varlist
    options = plot.arguments.options
    points, curve = _fitted(plot, mask, degree, _points(plot, 100))
    level = float(options.get("level") or plot.state.settings.level)
    low, high = curve.limits(level, forecast=bool(options.get("stdf")))
    plot.take_names((y_name,), x_name, ("Fitted values",))
    style = plot.styles.style()
    area = Layer(
        "range area",
        {"x": points, "low": low, "high": high},
        plot.style_number(),
        f"{level:g}% CI",
        style,
        role="confidence",
        axis=plot.axis,
    )
    if options.get("nofit"):
        return [area]
    line = Layer(
        "line",
        {"x": points, "y": curve.fitted},
        plot.style_number(),
        "Fitted values",
        style,
        axis=plot.axis,
    )
    return [area, line]


@plot_type(
    "lowess",
    "lowess",
    syntax=f"{_PAIR} [, BWidth(real 0.8) MEAN noWEIGHT {LINES} {PLOT} Connect(string asis)]",
    unsupported="LOGit ADJust",
)
def lowess(plot: Plot, mask: np.ndarray) -> list[Layer]:
    y_name, x_name = plot.arguments.varlist
    y, x, _ = _sample(plot, mask)
    options = plot.arguments.options
    bandwidth = check_bandwidth(float(options.get("bwidth", 0.8)))
    order = np.argsort(x, kind="stable")
    curve = (
        smoothed(
            y[order],
            x[order],
            bandwidth,
            local_means=bool(options.get("mean")),
            tricube="noweight" not in options,
        )
        if len(x)
        else np.zeros(0)
    )
    title = f"lowess {y_name} {x_name}"
    plot.take_names((y_name,), x_name, (title,))
    return [
        Layer(
            "line",
            {"x": x[order], "y": curve},
            plot.style_number(),
            title,
            plot.styles.style(),
            axis=plot.axis,
        )
    ]


def check_bandwidth(bandwidth: float) -> float:
    """The share of the data in a window of lowess; r(198) unless it is between 0 and 1."""
    if not 0 < bandwidth <= 1:
        raise StataError(198, "bwidth() must be between 0 and 1")
    return bandwidth


@plot_type("mspline", "mspline", syntax=f"{_PAIR} [, Bands(integer) N(integer 10) {LINES} {PLOT}]")
def mspline(plot: Plot, mask: np.ndarray) -> list[Layer]:
    y_name, x_name = plot.arguments.varlist
    y, x, _ = _sample(plot, mask)
    options = plot.arguments.options
    bands = options.get("bands")
    if (bands is not None and bands < 1) or options.get("n", 10) < 1:
        raise StataError(198, "bands() and n() must be positive")
    grid, curve = median_spline(y, x, bands, options.get("n", 10)) if len(x) else (x, y)
    plot.take_names((y_name,), x_name, ("Median spline",))
    return [
        Layer(
            "line",
            {"x": grid, "y": curve},
            plot.style_number(),
            "Median spline",
            plot.styles.style(),
            axis=plot.axis,
        )
    ]


class _FunctionContext(StateContext):
    """The session with a dataset of its own: the points at which a function is drawn."""

    def __init__(self, state: State, points: Dataset) -> None:
        super().__init__(state)
        self._points = points

    @property
    def dataset(self) -> Dataset:
        return self._points


@plot_type(
    "function",
    "func",
    syntax=f"anything(equalok) [if] [in] [, Range(string) N(integer 300) HORizontal BASE(real 0) "
    f"DROPLines(numlist) {AREAS} {LINE_SYNONYMS} {PLOT}]",
    unsupported="YVARFormat(string) XVARFormat(string)",
)
def function(plot: Plot, mask: np.ndarray) -> list[Layer]:
    """``function y = x^2, range(0 3)``: a function of x drawn at equally spaced points."""
    name, _, _ = (plot.arguments.body or "").partition("=")
    named = bool(plot.arguments.assignment_text)
    text = plot.arguments.assignment_text or plot.arguments.body
    options = plot.arguments.options
    low, high = read_range(plot.state, str(options["range"])) if "range" in options else (0.0, 1.0)
    points = np.linspace(low, high, _points(plot, 300))
    values = function_values(plot.state, text, points)
    horizontal = bool(options.get("horizontal"))
    title = name.strip() if named and name.strip() else "y"
    plot.names.y, plot.names.x = [title], "x"
    if horizontal:
        plot.names = plot.names.turned()
    layer = Layer(
        "line",
        {"x": points, "y": values},
        plot.style_number(),
        title,
        plot.styles.style(),
        axis=plot.axis,
        horizontal=horizontal,
        breaks_at_missing=True,
    )
    drops = options.get("droplines")
    if not drops:
        return [layer]
    at = np.asarray(drops, dtype=np.float64)
    base = np.full(len(at), float(options.get("base", 0.0)))
    return [
        layer,
        Layer(
            "spike",
            {"x": at, "y": function_values(plot.state, text, at), "base": base},
            plot.style_number(),
            "",
            plot.styles.style(),
            axis=plot.axis,
            horizontal=horizontal,
        ),
    ]


def function_values(state: State, text: str, points: np.ndarray) -> np.ndarray:
    """An expression in ``x`` at some points, nan where it has no value; r(111), r(198)."""
    data = Dataset()
    data.set_observations(len(points))
    data.add("x", np.asarray(points, dtype=np.float64))
    found = evaluate(parse_expression(text), _FunctionContext(state, data))
    values = as_numbers(found, len(points))
    return np.where(values >= MISSING, np.nan, values)
