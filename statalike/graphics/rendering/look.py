"""The looks of a layer once its scheme and the size of the graph are known."""

from __future__ import annotations

from dataclasses import dataclass

from statalike.graphics import style_names
from statalike.graphics.colors import RGBA, resolved_color
from statalike.graphics.graph import Layer
from statalike.graphics.schemes import Scheme
from statalike.graphics.style_names import Symbol

LineStyle = str | tuple[float, tuple[float, ...]]

#: kinds of layers that have markers, and those that have lines, unless a style says otherwise
_WITH_MARKERS = frozenset(("scatter", "connected", "dropline", "dot", "range connected"))
_ALWAYS_MARKERS = _WITH_MARKERS | {"range scatter"}
_WITH_LINES = frozenset(("line", "connected", "range line", "range connected"))


@dataclass(frozen=True)
class Look:
    """Colours with opacity; sizes and widths in points.  ``connect`` ``i`` draws no line."""

    symbol: Symbol
    marker_size: float
    marker_fill: RGBA
    marker_outline: RGBA
    marker_width: float
    connect: str
    line_color: RGBA
    line_style: LineStyle
    line_width: float
    fill: RGBA
    fill_outline: RGBA
    fill_width: float


def look_of(layer: Layer, scheme: Scheme, unit: float) -> Look:
    """The looks of a layer; ``unit`` is one percent of the graph's smaller side in points."""
    style, number = layer.style, layer.number
    color = _color(layer, scheme)
    symbol_name = style.symbol or (scheme.symbol(number) if layer.kind in _ALWAYS_MARKERS else "i")
    symbol = style_names.symbol(symbol_name)
    default_size = style_names.size("symbol size", scheme.symbol_size)
    marker_size = style_names.size(
        "symbol size", style.marker_size or scheme.symbol_size, default_size
    )
    fill = resolved_color(style.marker_fill or color, color)
    outline = resolved_color(style.marker_outline or style.marker_fill or color, color)
    width = _line_width(style.line_width, _default_width(layer, scheme))
    area = style.fill or _fill(layer, scheme)
    base = _fill(layer, scheme)
    return Look(
        symbol=symbol,
        marker_size=marker_size * unit * symbol.scale,
        marker_fill=fill if symbol.filled else (0.0, 0.0, 0.0, 0.0),
        marker_outline=outline,
        marker_width=_line_width(style.marker_width, "medthin") * unit,
        connect=style.connect or ("l" if layer.kind in _WITH_LINES else "i"),
        line_color=resolved_color(style.line_color or color, color),
        line_style=line_style(style.line_pattern or _pattern(layer, scheme), unit),
        line_width=width * unit,
        fill=resolved_color(area, base),
        fill_outline=resolved_color(style.line_color or _outline(layer, scheme, area), base),
        fill_width=_line_width(style.line_width, "medthin") * unit,
    )


def line_style(pattern: str, unit: float) -> LineStyle:
    """A line pattern as matplotlib takes it, its lengths those of a line of medium width."""
    lengths = style_names.dashes(pattern)
    if not lengths:
        return "solid"
    return (0.0, tuple(0.45 * unit * length for length in lengths))


def _line_width(given: str, default: str) -> float:
    usual = style_names.size("line width", default)
    return style_names.size("line width", given, usual) if given else usual


def _color(layer: Layer, scheme: Scheme) -> str:
    if layer.role == "reference":
        return scheme.reference_color
    return scheme.color(layer.number)


def _fill(layer: Layer, scheme: Scheme) -> str:
    if layer.role == "confidence":
        return scheme.confidence_fill
    if layer.role == "histogram" and scheme.histogram_fill:
        return scheme.histogram_fill
    return scheme.fill(layer.number)


def _outline(layer: Layer, scheme: Scheme, fill: str) -> str:
    if layer.role == "histogram":
        return f"{_fill(layer, scheme)}*1.5"
    if layer.kind == "box":
        return fill
    return fill


def _pattern(layer: Layer, scheme: Scheme) -> str:
    return "solid" if layer.role == "reference" else scheme.pattern(layer.number)


def _default_width(layer: Layer, scheme: Scheme) -> str:
    thin = layer.kind in ("spike", "dropline", "range spike", "range cap", "dot")
    return scheme.thin_width if thin or layer.role == "reference" else scheme.line_width
