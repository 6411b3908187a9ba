"""The legend: which keys it has, and its box on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statalike.graphics import style_names
from statalike.graphics.colors import resolved_color
from statalike.graphics.graph import Graph, Layer, LegendItem
from statalike.graphics.rendering.canvas import Canvas, joined
from statalike.graphics.rendering.look import Look, look_of
from statalike.graphics.rendering.rectangle import Rectangle
from statalike.graphics.schemes import Scheme

if TYPE_CHECKING:
    from matplotlib.legend import Legend as DrawnLegend

_LINES = frozenset(("line", "connected", "range line", "range connected"))
_SPIKES = frozenset(("spike", "dropline", "range spike", "range cap"))
_AREAS = frozenset(("area", "bar", "range area", "range bar", "box"))


def legend_items(graph: Graph) -> tuple[LegendItem, ...]:
    """The keys that are shown, in order; none where the legend is off.

    Without ``order()`` they are all layers with a text, and there is a legend when there are
    several.
    """
    legend = graph.legend
    layers = graph.panels[0].layers if graph.panels else ()
    if legend.shown is False:
        return ()
    if legend.items is not None:
        items = legend.items
    else:
        items = tuple(
            LegendItem(index, (layer.key,)) for index, layer in enumerate(layers) if layer.key
        )
        if legend.shown is None and len(items) < 2 and not legend.labels:
            return ()
    chosen = []
    for item in items:
        if item.layer is None:
            chosen.append(item)
        elif item.layer < len(layers):
            usual = item.lines or (layers[item.layer].key,)
            chosen.append(LegendItem(item.layer, legend.labels.get(item.layer, usual)))
    return tuple(chosen)


class LegendBox:
    """The legend on the page, measured before it is placed."""

    def __init__(
        self,
        canvas: Canvas,
        graph: Graph,
        items: tuple[LegendItem, ...],
        scheme: Scheme,
        unit: float,
    ) -> None:
        legend = graph.legend
        self._canvas = canvas
        layers = graph.panels[0].layers
        handles: list[Any] = []
        texts: list[str] = []
        for item in items:
            handles.append(
                _blank() if item.layer is None else _key(layers[item.layer], scheme, unit)
            )
            texts.append(joined(item.lines)[0])
        columns = _columns(graph, scheme, len(items))
        if not legend.by_column:
            handles, texts = _row_by_row(handles, columns), _row_by_row(texts, columns)
        usual = style_names.size("text size", scheme.legend_size)
        size = style_names.size("text size", legend.size, usual) if legend.size else usual
        frame = legend.region_line or scheme.legend_frame
        self._box: DrawnLegend = canvas.figure.legend(
            handles,
            [text.replace("$", r"\$") for text in texts],
            loc="lower left",
            bbox_to_anchor=(0.0, 0.0),
            borderaxespad=0.0,
            ncols=columns,
            fontsize=size * unit,
            labelcolor=resolved_color(legend.color or "black"),
            frameon=True,
            fancybox=False,
            framealpha=1.0,
            handlelength=_in_letters(legend.key_width, size, 2.2),
            handletextpad=_in_letters(legend.key_gap, size, 0.6),
            columnspacing=_in_letters(legend.column_gap, size, 1.2),
            labelspacing=_in_letters(legend.row_gap, size, 0.35),
            borderpad=0.45,
            title=joined(legend.title.lines)[0] or None,
            title_fontsize=size * 1.1 * unit,
        )
        patch = self._box.get_frame()
        patch.set_alpha(None)
        patch.set_facecolor(resolved_color(legend.region_color or "none"))
        patch.set_edgecolor(resolved_color(frame or "none"))
        patch.set_linewidth(style_names.size("line width", scheme.axis_width) * unit)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        box = self._box.get_window_extent(self._canvas.renderer)
        return float(box.width), float(box.height)

    def place(self, left: float, bottom: float) -> None:
        page = self._canvas.page
        self._box.set_bbox_to_anchor(
            (left / page.width, bottom / page.height), self._canvas.figure.transFigure
        )

    def place_in(self, region: Rectangle, clock: int, margin: float) -> None:
        """Put it inside a region at a clock position; 0 is the middle."""
        width, height = self.size
        across, up = clock_alignment(clock)
        self.place(
            region.left + margin + across * (region.width - width - 2 * margin),
            region.bottom + margin + up * (region.height - height - 2 * margin),
        )


def _in_letters(given: float | None, size: float, usual: float) -> float:
    """A length in percent of the graph as matplotlib takes it, in sizes of the text."""
    return usual if given is None or not size else given / size


def clock_alignment(clock: int) -> tuple[float, float]:
    """Where in a rectangle a clock position is, across and up from 0 to 1."""
    if clock == 0:
        return 0.5, 0.5
    across = 1.0 if clock in (1, 2, 3, 4, 5) else 0.0 if clock in (7, 8, 9, 10, 11) else 0.5
    up = 1.0 if clock in (10, 11, 12, 1, 2) else 0.0 if clock in (4, 5, 6, 7, 8) else 0.5
    return across, up


def _columns(graph: Graph, scheme: Scheme, count: int) -> int:
    legend = graph.legend
    if legend.columns:
        return min(legend.columns, count) or 1
    if legend.rows:
        return max(1, -(-count // legend.rows))
    clock = scheme.legend_clock if legend.clock is None else legend.clock
    below = clock in (5, 6, 7, 11, 12, 1) and legend.ring != 0
    if scheme.legend_columns == 1 and not below:
        return 1
    return min(2, count)


def _row_by_row(items: list[Any], columns: int) -> list[Any]:
    """The order that fills a table by rows when it is filled by columns."""
    rows = -(-len(items) // columns)
    full = len(items) - (rows - 1) * columns
    taken = []
    for column in range(columns):
        height = rows if column < full else rows - 1
        taken += [items[row * columns + column] for row in range(height)]
    return taken


def _blank() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none")


def _key(layer: Layer, scheme: Scheme, unit: float) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    look: Look = look_of(layer, scheme, unit)
    if layer.kind in _AREAS:
        return Patch(facecolor=look.fill, edgecolor=look.fill_outline, linewidth=look.fill_width)
    with_line = layer.kind in _LINES | _SPIKES or look.connect != "i"
    with_marker = bool(look.symbol.marker) and layer.kind not in ("range cap", "range spike")
    return Line2D(
        [],
        [],
        linestyle=look.line_style if with_line else "none",  # type: ignore[arg-type]
        color=look.line_color,
        linewidth=look.line_width,
        marker=look.symbol.marker if with_marker else "none",
        markersize=look.marker_size,
        markerfacecolor=look.marker_fill,
        markeredgecolor=look.marker_outline,
        markeredgewidth=look.marker_width,
    )
