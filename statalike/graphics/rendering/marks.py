"""The marks of layers: points, lines, areas, bars, ranges and boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.graphics.graph import Layer
from statalike.graphics.rendering.look import Look
from statalike.graphics.style_names import size as style_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: the height of a cap relative to a marker, and of the caps of a box's whiskers to its width
_CAP = 1.0
_WHISKER = 0.5


def draw_layer(axes: Axes, layer: Layer, look: Look, unit: float) -> None:
    """Draw one layer; ``unit`` is one percent of the graph's smaller side in points.

    Every artist has the number of the layer as its ``gid``, ``layer-0``.
    """
    if not layer.n:
        return
    if layer.kind in ("scatter", "line", "connected"):
        _points(axes, layer, look, layer.data["x"], layer.data["y"])
        _labels(axes, layer, look, unit)
    elif layer.kind == "area":
        _area(axes, layer, look, np.full(layer.n, _base(layer)), layer.data["y"])
    elif layer.kind == "range area":
        _area(axes, layer, look, layer.data["low"], layer.data["high"])
    elif layer.kind == "bar":
        base = layer.data.get("base", np.full(layer.n, _base(layer)))
        _bars(axes, layer, look, base, layer.data["y"])
        _bar_labels(axes, layer, look, unit)
    elif layer.kind == "range bar":
        _bars(axes, layer, look, layer.data["low"], layer.data["high"])
    elif layer.kind in ("spike", "dropline"):
        _spikes(axes, layer, look, np.full(layer.n, _base(layer)), layer.data["y"])
        if layer.kind == "dropline":
            _markers(axes, layer, look, layer.data["x"], layer.data["y"])
        _labels(axes, layer, look, unit)
    elif layer.kind in ("range spike", "range cap"):
        _spikes(axes, layer, look, layer.data["low"], layer.data["high"])
        if layer.kind == "range cap":
            _caps(axes, layer, look, unit)
        if layer.style.symbol:
            for side in ("low", "high"):
                _markers(axes, layer, look, layer.data["x"], layer.data[side])
    elif layer.kind in ("range line", "range connected", "range scatter"):
        for side in ("low", "high"):
            _points(axes, layer, look, layer.data["x"], layer.data[side])
    elif layer.kind == "dot":
        _markers(axes, layer, look, layer.data["x"], layer.data["y"])
    else:
        _boxes(axes, layer, look)


def _base(layer: Layer) -> float:
    base = layer.data.get("base")
    return float(base[0]) if base is not None and len(base) else 0.0


def _turned(layer: Layer, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where to draw: a horizontal plot has its positions on the y axis."""
    return (y, x) if layer.horizontal else (x, y)


def _gid(layer: Layer) -> str:
    return f"layer-{layer.number}"


def _points(axes: Axes, layer: Layer, look: Look, x: np.ndarray, y: np.ndarray) -> None:
    if look.connect != "i":
        _connected(axes, layer, look, x, y)
    _markers(axes, layer, look, x, y)


def _connected(axes: Axes, layer: Layer, look: Look, x: np.ndarray, y: np.ndarray) -> None:
    x, y = connected_points(x, y, look.connect)
    if not layer.breaks_at_missing:
        there = ~(np.isnan(x) & np.isnan(y)) if look.connect == "L" else ~np.isnan(x + y)
        x, y = x[there | np.isinf(x)], y[there | np.isinf(x)]
    x = np.where(np.isinf(x), np.nan, x)
    step = {"J": "steps-post", "stepstair": "steps-pre"}.get(look.connect, "default")
    across, up = _turned(layer, x, y)
    axes.plot(
        across,
        up,
        color=look.line_color,
        linestyle=look.line_style,
        linewidth=look.line_width,
        drawstyle=step,
        solid_joinstyle="round",
        gid=_gid(layer),
        zorder=3,
    )


def connected_points(x: np.ndarray, y: np.ndarray, connect: str) -> tuple[np.ndarray, np.ndarray]:
    """The points in the order of a line; with ``L`` infinities where x does not ascend.

    ``L`` (ascending) connects a point with the one before it only when its x is not smaller, so
    that panels one after the other are separate lines.
    """
    if connect != "L" or len(x) < 2:
        return x, y
    there = ~np.isnan(x + y)
    x, y = x[there], y[there]
    breaks = np.flatnonzero(np.diff(x) < 0) + 1
    return np.insert(x, breaks, np.inf), np.insert(y, breaks, np.nan)


def _markers(axes: Axes, layer: Layer, look: Look, x: np.ndarray, y: np.ndarray) -> None:
    if not look.symbol.marker or not look.marker_size:
        return
    across, up = _turned(layer, x, y)
    weights = layer.data.get("size")
    if weights is not None:
        axes.scatter(
            across,
            up,
            s=marker_areas(weights, look.marker_size),
            marker=look.symbol.marker,
            facecolors=[look.marker_fill],
            edgecolors=[look.marker_outline],
            linewidths=look.marker_width,
            gid=_gid(layer),
            zorder=4,
        )
        return
    axes.plot(
        across,
        up,
        linestyle="none",
        marker=look.symbol.marker,
        markersize=look.marker_size,
        markerfacecolor=look.marker_fill,
        markeredgecolor=look.marker_outline,
        markeredgewidth=look.marker_width,
        gid=_gid(layer),
        zorder=4,
    )


def marker_areas(weights: np.ndarray, size: float) -> np.ndarray:
    """Areas in square points proportional to the weights, of mean ``(1.5 size)²``."""
    mean = np.nanmean(weights) or 1.0
    areas: np.ndarray = np.maximum(weights, 0) / mean * (1.5 * size) ** 2
    return areas


def _labels(axes: Axes, layer: Layer, look: Look, unit: float) -> None:
    if not layer.labels:
        return
    style = layer.style
    size = style_size("text size", style.label_size or "small") * unit
    color = style.label_color or "black"
    from statalike.graphics.colors import resolved_color
    from statalike.graphics.graph_text import shown_text

    offset = look.marker_size / 2 + 0.6 * unit if style.label_clock else 0.0
    right, up, horizontal, vertical = clock_offset(style.label_clock, offset)
    across, height = _turned(layer, layer.data["x"], layer.data["y"])
    for text, x, y in zip(layer.labels, across, height, strict=True):
        if text and not np.isnan(x + y):
            axes.annotate(
                shown_text(text).text,
                (x, y),
                (right, up),
                textcoords="offset points",
                ha=horizontal,
                va=vertical,
                fontsize=size,
                color=resolved_color(color),
                rotation=style.label_angle,
                annotation_clip=True,
                parse_math=False,
                zorder=5,
            )


def clock_offset(clock: int, distance: float) -> tuple[float, float, str, str]:
    """Where a label at a clock position stands: its offset and its alignments; 0 is centred."""
    if clock == 0:
        return 0.0, 0.0, "center", "center"
    turn = np.pi * (3 - clock) / 6
    across, up = float(np.cos(turn)), float(np.sin(turn))
    horizontal = "left" if across > 0.1 else "right" if across < -0.1 else "center"
    vertical = "bottom" if up > 0.7 else "top" if up < -0.7 else "center"
    return across * distance, up * distance, horizontal, vertical


def _bar_labels(axes: Axes, layer: Layer, look: Look, unit: float) -> None:
    """The numbers above bars (``blabel()``)."""
    if not layer.labels:
        return
    size = style_size("text size", layer.style.label_size or "small") * unit
    for text, x, y in zip(layer.labels, layer.data["x"], layer.data["y"], strict=True):
        if np.isnan(y):
            continue
        gap = 0.5 * unit if y >= 0 else -0.5 * unit
        place, offset = ((y, x), (gap, 0.0)) if layer.horizontal else ((x, y), (0.0, gap))
        axes.annotate(
            text,
            place,
            offset,
            textcoords="offset points",
            ha=("left" if gap > 0 else "right") if layer.horizontal else "center",
            va="center" if layer.horizontal else ("bottom" if gap > 0 else "top"),
            fontsize=size,
            parse_math=False,
            zorder=5,
        )


def _area(axes: Axes, layer: Layer, look: Look, low: np.ndarray, high: np.ndarray) -> None:
    fill = axes.fill_betweenx if layer.horizontal else axes.fill_between
    x = layer.data["x"]
    if not layer.breaks_at_missing:
        there = ~np.isnan(x + low + high)
        x, low, high = x[there], low[there], high[there]
    fill(
        x,
        low,
        high,
        facecolor=look.fill,
        edgecolor=look.fill_outline,
        linewidth=look.fill_width if layer.role != "confidence" else 0.0,
        gid=_gid(layer),
        zorder=2,
    )


def _bars(axes: Axes, layer: Layer, look: Look, low: np.ndarray, high: np.ndarray) -> None:
    there = ~np.isnan(layer.data["x"] + low + high)
    x, low, high = layer.data["x"][there], low[there], high[there]
    looks: dict[str, Any] = {
        "facecolor": look.fill,
        "edgecolor": look.fill_outline,
        "linewidth": look.fill_width,
        "gid": _gid(layer),
        "zorder": 2,
    }
    if layer.horizontal:
        axes.barh(x, high - low, layer.width, low, **looks)
    else:
        axes.bar(x, high - low, layer.width, low, **looks)


def _spikes(axes: Axes, layer: Layer, look: Look, low: np.ndarray, high: np.ndarray) -> None:
    draw = axes.hlines if layer.horizontal else axes.vlines
    there = ~np.isnan(layer.data["x"] + low + high)
    draw(
        layer.data["x"][there],
        low[there],
        high[there],
        colors=[look.line_color],
        linestyles=look.line_style,  # type: ignore[arg-type]
        linewidths=look.line_width,
        gid=_gid(layer),
        zorder=3,
    )


def _caps(axes: Axes, layer: Layer, look: Look, unit: float) -> None:
    size = style_size("symbol size", layer.style.marker_size or "medium") * unit * _CAP
    for side in ("low", "high"):
        across, up = _turned(layer, layer.data["x"], layer.data[side])
        axes.plot(
            across,
            up,
            linestyle="none",
            marker="|" if layer.horizontal else "_",
            markersize=size,
            markeredgecolor=look.line_color,
            markeredgewidth=look.line_width,
            gid=_gid(layer),
            zorder=3,
        )


def _boxes(axes: Axes, layer: Layer, look: Look) -> None:
    """Boxes from quartile to quartile, whiskers to the adjacent values, a line at the median."""
    data = layer.data
    there = ~np.isnan(data["median"])
    x = data["x"][there]
    first, median, third, low, high = (
        data[name][there] for name in ("quartile1", "median", "quartile3", "low", "high")
    )
    half = layer.width / 2
    bar = axes.barh if layer.horizontal else axes.bar
    bar(
        x,
        third - first,
        layer.width,
        first,
        facecolor=look.fill,
        edgecolor=look.fill_outline,
        linewidth=look.fill_width,
        gid=_gid(layer),
        zorder=2,
    )
    along, across = (axes.hlines, axes.vlines) if layer.horizontal else (axes.vlines, axes.hlines)
    width = max(look.fill_width, look.line_width / 2)
    looks: dict[str, Any] = {"colors": [look.line_color], "linewidths": width}
    along(x, low, first, zorder=1.9, **looks)
    along(x, third, high, zorder=1.9, **looks)
    for end in (low, high):
        across(end, x - half * _WHISKER, x + half * _WHISKER, zorder=1.9, **looks)
    color = "white" if sum(look.fill[:3]) < 2.4 else "black"
    across(median, x - half, x + half, colors=color, linewidths=1.3 * look.line_width, zorder=2.5)
