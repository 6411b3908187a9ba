"""``qnorm``, ``pnorm`` and ``qqplot``: distributions against each other ([R] Diagnostic plots)."""

from __future__ import annotations

import numpy as np
from scipy import special

from statalike.commands.data.summary_statistics import percentiles
from statalike.commands.graphics.drawing import complete_sample, draw_one_panel, label_of
from statalike.commands.graphics.style_options import MARKERS, PLOT, StyleOptions
from statalike.commands.graphics.twoway_options import (
    TWOWAY_OPTIONS,
    UNSUPPORTED,
    AxisDefaults,
)
from statalike.commands.registry import command
from statalike.graphics.graph import Layer, Style, Ticks
from statalike.language.arguments import Arguments
from statalike.state import State

_OPTIONS = f"{MARKERS} {PLOT} {TWOWAY_OPTIONS}"
_UNSUPPORTED = f"{UNSUPPORTED} RLOPts(string) ADDPLOT(string) by(string)"
_QUARTERS = Ticks((0.0, 0.25, 0.5, 0.75, 1.0), (None,) * 5, format="%4.2f")


@command(
    "qnorm",
    "qnorm",
    syntax=f"varname(numeric) [if] [in] [, GRID {_OPTIONS}]",
    unsupported=_UNSUPPORTED,
    help="quantiles against those of the normal",
    section="Graphs",
)
def qnorm(state: State, arguments: Arguments) -> None:
    """x_(i) against m + s invnormal(i/(N + 1)), with the line of equality."""
    (name,) = arguments.varlist
    values = _sorted_values(state, arguments, name)
    mean, deviation = _moments(values)
    quantiles = mean + deviation * special.ndtri(_positions(len(values)))
    grid = True if arguments.flag("grid") else None
    marked = percentiles(values, np.ones(len(values)), (5, 50, 95)) if grid else np.zeros(0)
    form = state.data.variable(name).format
    x_labels = y_labels = Ticks(count=5, grid=grid)
    if grid:
        marks = mean + deviation * special.ndtri(np.array([0.05, 0.5, 0.95]))
        x_labels = Ticks(tuple(marks.tolist()), (None,) * 3, grid=True)
        y_labels = Ticks(tuple(marked.tolist()), (None,) * 3, grid=True)
    draw_one_panel(
        state,
        arguments,
        _against_line(arguments, quantiles, values, quantiles, quantiles),
        AxisDefaults("Inverse normal", form, labels=x_labels),
        AxisDefaults(label_of(state, name), form, labels=y_labels),
    )


@command(
    "pnorm",
    "pnorm",
    syntax=f"varname(numeric) [if] [in] [, GRID {_OPTIONS}]",
    unsupported=_UNSUPPORTED,
    help="a standardised normal probability plot",
    section="Graphs",
)
def pnorm(state: State, arguments: Arguments) -> None:
    """normal((x_(i) - m)/s) against i/(N + 1), with the line of equality."""
    (name,) = arguments.varlist
    values = _sorted_values(state, arguments, name)
    mean, deviation = _moments(values)
    empirical = _positions(len(values))
    normal = special.ndtr((values - mean) / deviation) if deviation else np.full(len(values), 0.5)
    ends = np.array([0.0, 1.0])
    draw_one_panel(
        state,
        arguments,
        _against_line(arguments, empirical, normal, ends, ends),
        AxisDefaults("Empirical P[i] = i/(N+1)", labels=_QUARTERS),
        AxisDefaults(f"Normal F[({name}-m)/s]", labels=_QUARTERS),
    )


@command(
    "qqplot",
    "qqplot",
    syntax=f"varlist(numeric min=2 max=2) [if] [in] [, {_OPTIONS}]",
    unsupported=_UNSUPPORTED,
    help="quantiles of two variables",
    section="Graphs",
)
def qqplot(state: State, arguments: Arguments) -> None:
    """Quantiles of the first variable against those of the second.

    With unequal numbers of values those of the larger sample are interpolated at (i - 0.5)/n of
    the smaller one.
    """
    y_name, x_name = arguments.varlist
    y, x = (_sorted_values(state, arguments, name) for name in (y_name, x_name))
    if len(y) != len(x):
        n = min(len(y), len(x))
        shares = (np.arange(n) + 0.5) / n
        y, x = _quantiles(y, shares), _quantiles(x, shares)
    draw_one_panel(
        state,
        arguments,
        _against_line(arguments, x, y, x, x),
        AxisDefaults(label_of(state, x_name), state.data.variable(x_name).format),
        AxisDefaults(label_of(state, y_name), state.data.variable(y_name).format),
        {"title": "Quantile-quantile plot"},
    )


def _sorted_values(state: State, arguments: Arguments, name: str) -> np.ndarray:
    mask = complete_sample(state, arguments, (name,))
    return np.sort(state.data.numbers(name)[mask])


def _positions(n: int) -> np.ndarray:
    return np.arange(1, n + 1) / (n + 1)


def _moments(values: np.ndarray) -> tuple[float, float]:
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()), deviation


def _quantiles(ordered: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Values at shares of an ordered sample, by linear interpolation of (i - 0.5)/n."""
    n = len(ordered)
    return np.interp(shares, (np.arange(n) + 0.5) / n, ordered)


def _against_line(
    arguments: Arguments, x: np.ndarray, y: np.ndarray, line_x: np.ndarray, line_y: np.ndarray
) -> list[Layer]:
    style = StyleOptions(arguments).style()
    return [
        Layer("scatter", {"x": x, "y": y}, 0, "", style),
        Layer("line", {"x": line_x, "y": line_y}, 1, "", Style(line_pattern="solid")),
    ]
