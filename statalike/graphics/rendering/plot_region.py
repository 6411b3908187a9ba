"""One plot region: its layers, axes, grid and reference lines on matplotlib axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from statalike.graphics import style_names
from statalike.graphics.colors import resolved_color
from statalike.graphics.graph import Axis, Graph, Panel, PlacedText, ReferenceLine, Style, Ticks
from statalike.graphics.graph_text import shown_text
from statalike.graphics.rendering.axis_limits import PLOT_MARGIN, Limits
from statalike.graphics.rendering.canvas import LINE_HEIGHT, Canvas, joined
from statalike.graphics.rendering.look import line_style, look_of
from statalike.graphics.rendering.marks import clock_offset, draw_layer
from statalike.graphics.rendering.rectangle import Rectangle
from statalike.graphics.schemes import Scheme
from statalike.graphics.ticks import tick_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis

    DrawnAxis = XAxis | YAxis


@dataclass(frozen=True)
class Decorations:
    """Points that the axes of a plot region need outside of it on each side."""

    left: float = 0.0
    bottom: float = 0.0
    right: float = 0.0
    top: float = 0.0


@dataclass(frozen=True)
class Shown:
    """What a panel shows of its axes: a panel inside a grid shares those of its neighbours."""

    x_labels: bool = True
    y_labels: bool = True
    x_title: bool = True
    y_title: bool = True
    y2_labels: bool = True


class PlotRegion:
    """A panel drawn on axes of its own; :meth:`place` puts it where the layout wants it."""

    def __init__(
        self,
        canvas: Canvas,
        graph: Graph,
        panel: Panel,
        scheme: Scheme,
        unit: float,
        limits: tuple[Limits, Limits, Limits | None],
        shown: Shown,
    ) -> None:
        self._canvas, self._scheme, self._unit = canvas, scheme, unit
        x, y = panel.axes or (graph.x, graph.y)
        self._axis_x, self._axis_y, self._axis_y2 = x, y, graph.y2
        self._shown = shown
        self.axes: Axes = canvas.figure.add_axes((0.1, 0.1, 0.8, 0.8))
        self.right_axes: Axes | None = None
        self._set_background(graph)
        margin = graph.region.plot_margin
        self._margin = PLOT_MARGIN if margin is None else margin / 100
        self._set_scale("x", self.axes, x, limits[0])
        self._set_scale("y", self.axes, y, limits[1])
        self._mark(self.axes.xaxis, x, limits[0], shown.x_labels, shown.x_title)
        self._mark(self.axes.yaxis, y, limits[1], shown.y_labels, shown.y_title)
        self._spines(x, y, framed=bool(graph.region.plot_line or scheme.frame))
        self._grid(x, y, limits)
        if graph.y2 is not None and limits[2] is not None:
            self._add_right_axis(graph.y2, limits[2])
        for index, layer in enumerate(panel.layers):
            axes = self.right_axes if layer.axis == 2 and self.right_axes else self.axes
            before = set(axes.get_children())
            draw_layer(axes, layer, look_of(layer, scheme, unit), unit)
            for artist in set(axes.get_children()) - before:
                artist.set_zorder(artist.get_zorder() + index / 100)
        self._reference_lines(x, y, graph.y2)
        for text in panel.texts:
            self._place_text(text)
        self._y2_line = limits[2]

    # --- axes ---

    def _set_background(self, graph: Graph) -> None:
        color = graph.region.plot_color or self._scheme.plot_background
        self.axes.set_facecolor(resolved_color(color))
        frame = graph.region.plot_line or self._scheme.frame
        for spine in self.axes.spines.values():
            spine.set_visible(frame != "none")
            spine.set_color(resolved_color(frame or "black"))

    @property
    def _axis_width(self) -> float:
        return style_names.size("line width", self._scheme.axis_width) * self._unit

    def _set_scale(self, which: Literal["x", "y"], axes: Axes, axis: Axis, limits: Limits) -> None:
        margin = 0.0 if axis.fixed else self._margin
        low, high = limits.with_margin(axis, margin)
        if which == "x":
            axes.set_xscale("log" if axis.log else "linear")
            axes.set_xlim(low, high)
        else:
            axes.set_yscale("log" if axis.log else "linear")
            axes.set_ylim(low, high)

    def _spines(self, x: Axis, y: Axis, *, framed: bool) -> None:
        """The lines of the axes, or a frame around the whole plot region."""
        for axis, usual, other in ((x, "bottom", "top"), (y, "left", "right")):
            shown = axis.line and not axis.off
            for side, is_axis in ((usual, not axis.opposite), (other, axis.opposite)):
                spine = self.axes.spines[side]
                spine.set_linewidth(self._axis_width)
                if not framed:
                    spine.set_color(resolved_color(self._scheme.foreground))
                    spine.set_visible(shown and is_axis)

    def _mark(
        self, drawn: DrawnAxis, axis: Axis, limits: Limits, with_labels: bool, with_title: bool
    ) -> None:
        """Labels, ticks and title of an axis."""
        horizontal = drawn.axis_name == "x"
        drawn.set_major_locator(_fixed(()))
        drawn.set_minor_locator(_fixed(()))
        if axis.opposite:
            side: Any = "top" if horizontal else "right"
            drawn.set_ticks_position(side)
            drawn.set_label_position(side)
        if axis.off:
            drawn.set_visible(False)
            return
        self._labels(drawn, axis, axis.labels, limits.labels, with_labels)
        extra = list(limits.ticks) + list(limits.minor_ticks) + list(limits.minor_labels)
        if extra:
            drawn.set_ticks(extra, minor=True)
            texts = [""] * (len(limits.ticks) + len(limits.minor_ticks))
            minor = axis.minor_labels
            if minor is not None and with_labels:
                texts += tick_texts(minor, list(limits.minor_labels), axis.format)
            else:
                texts += [""] * len(limits.minor_labels)
            drawn.set_ticklabels(texts, minor=True, fontsize=0.8 * self._label_size(axis.labels))
            drawn.set_tick_params(which="minor", length=0.8 * self._unit, width=self._axis_width)
        if axis.groups and with_labels:
            self._group_labels(drawn, axis)
        if with_title and axis.title.lines and any(axis.title.lines):
            self._title(drawn, axis)

    def _label_size(self, ticks: Ticks) -> float:
        usual = style_names.size("text size", self._scheme.label_size)
        size = style_names.size("text size", ticks.size, usual) if ticks.size else usual
        return size * self._unit

    def _labels(
        self, drawn: DrawnAxis, axis: Axis, ticks: Ticks, values: tuple[float, ...], shown: bool
    ) -> None:
        horizontal = drawn.axis_name == "x"
        drawn.set_ticks(list(values))
        texts = tick_texts(ticks, list(values), axis.format)
        visible = shown and ticks.labelled
        angle = ticks.angle
        if angle is None:
            angle = 0.0 if horizontal or axis.groups else self._scheme.label_angle
        looks: dict[str, Any] = {"rotation": angle}
        if horizontal and angle % 180:
            looks |= (
                {"ha": "center"} if abs(angle) == 90 else {"ha": "right" if angle > 0 else "left"}
            )
            looks["rotation_mode"] = "anchor" if abs(angle) != 90 else "default"
        if not horizontal:
            looks["va"] = "center"
        color = resolved_color(ticks.color or "black")
        cleaned = [shown_text(text).text.replace("$", r"\$") for text in texts]
        drawn.set_ticklabels(
            cleaned if visible else [""] * len(values),
            fontsize=self._label_size(ticks),
            color=color,
            **looks,
        )
        if ticks.alternate and horizontal:
            for position, label in enumerate(drawn.get_ticklabels()):
                if position % 2:
                    label.set_y(label.get_position()[1] - 0.04)
        drawn.set_tick_params(
            which="major",
            length=1.4 * self._unit if ticks.ticked else 0.0,
            width=self._axis_width,
            color=resolved_color(self._scheme.foreground),
            pad=0.7 * self._unit if visible else 0.0,
        )

    def _group_labels(self, drawn: DrawnAxis, axis: Axis) -> None:
        """Rows of texts outside the labels, for the outer groups of bars and boxes."""
        horizontal = drawn.axis_name == "x"
        size = self._label_size(axis.labels)
        reach = _label_extent(self._canvas, drawn, horizontal)
        for row, groups in enumerate(axis.groups):
            distance = reach + (0.4 + row * LINE_HEIGHT) * size + (0 if horizontal else 0.4 * size)
            for value, text in zip(groups.values, groups.texts, strict=True):
                place = (value, 0.0) if horizontal else (0.0, value)
                transform = (
                    self.axes.get_xaxis_transform()
                    if horizontal
                    else self.axes.get_yaxis_transform()
                )
                self.axes.annotate(
                    shown_text(text or "").text,
                    place,
                    (0, -distance) if horizontal else (-distance, 0),
                    xycoords=transform,
                    textcoords="offset points",
                    ha="center" if horizontal else "right",
                    va="top" if horizontal else "center",
                    fontsize=size,
                    annotation_clip=False,
                    parse_math=False,
                    gid="group-label",
                )

    def _title(self, drawn: DrawnAxis, axis: Axis) -> None:
        style = axis.title.style
        usual = style_names.size("text size", self._scheme.axis_title_size)
        size = style_names.size("text size", style.size, usual) if style.size else usual
        text, looks = joined(axis.title.lines)
        if style.angle is not None and drawn.axis_name == "y":
            looks |= {"rotation": style.angle, "ha": "right" if style.angle == 0 else "center"}
        drawn.set_label_text(
            text,
            fontsize=size * self._unit,
            color=resolved_color(style.color or "black"),
            parse_math=False,
            linespacing=LINE_HEIGHT,
            **looks,
        )
        drawn.labelpad = 1.0 * self._unit
        if axis.groups:
            rows = len(axis.groups) * LINE_HEIGHT * self._label_size(axis.labels)
            if drawn.axis_name == "x":
                drawn.labelpad += rows

    def _grid(self, x: Axis, y: Axis, limits: tuple[Limits, Limits, Limits | None]) -> None:
        scheme = self._scheme
        for axis, line, usual, chosen in (
            (x, self.axes.axvline, scheme.grid_x, limits[0]),
            (y, self.axes.axhline, scheme.grid_y, limits[1]),
        ):
            for ticks, values in (
                (axis.labels, chosen.labels),
                (axis.ticks, chosen.ticks),
                (axis.minor_ticks, chosen.minor_ticks),
            ):
                wanted = ticks is not None and (
                    (usual if ticks is axis.labels else False) if ticks.grid is None else ticks.grid
                )
                style = ticks.grid_style if ticks is not None else Style()
                width = style_names.size("line width", style.line_width or "medthin")
                for value in values if wanted and not axis.off else ():
                    line(
                        value,
                        color=resolved_color(style.line_color or scheme.grid, scheme.grid),
                        linestyle=line_style(style.line_pattern or "solid", self._unit),
                        linewidth=width * self._unit,
                        zorder=0.5,
                        gid="grid",
                    )

    def _add_right_axis(self, axis: Axis, limits: Limits) -> None:
        right = self.axes.twinx()
        self.right_axes = right
        self._set_scale("y", right, axis, limits)
        for side in ("left", "top", "bottom"):
            right.spines[side].set_visible(False)
        right.spines["right"].set_visible(axis.line and not axis.off)
        right.spines["right"].set_linewidth(self._axis_width)
        right.spines["right"].set_color(resolved_color(self._scheme.foreground))
        self._mark(right.yaxis, axis, limits, self._shown.y2_labels, True)
        self._lines(right.axhline, axis.lines)

    # --- lines and texts ---

    def _reference_lines(self, x: Axis, y: Axis, y2: Axis | None) -> None:
        self._lines(self.axes.axvline, x.lines)
        self._lines(self.axes.axhline, y.lines)

    def _lines(self, draw: Any, lines: tuple[ReferenceLine, ...]) -> None:
        for line in lines:
            style = line.style
            width = style_names.size("line width", style.line_width or self._scheme.thin_width)
            color = style.line_color or self._scheme.reference_color
            draw(
                line.value,
                color=resolved_color(color, self._scheme.reference_color),
                linestyle=line_style(style.line_pattern or "solid", self._unit),
                linewidth=width * self._unit,
                zorder=1.5,
                gid="reference-line",
            )

    def _place_text(self, placed: PlacedText) -> None:
        style = placed.text.style
        size = style_names.size("text size", style.size or "small")
        right, up, horizontal, vertical = clock_offset(
            0 if style.clock is None else style.clock, 0.8 * self._unit
        )
        text, looks = joined(placed.text.lines)
        self.axes.annotate(
            text,
            (placed.x, placed.y),
            (right, up),
            textcoords="offset points",
            ha=horizontal,
            va=vertical,
            fontsize=size * self._unit,
            color=resolved_color(style.color or "black"),
            rotation=style.angle or 0.0,
            annotation_clip=False,
            parse_math=False,
            zorder=6,
            **looks,
        )

    # --- layout ---

    def decorations(self, at: Rectangle) -> Decorations:
        """What the axes need around a plot region that fills ``at``."""
        self.axes.set_position(self._canvas.fraction(at))
        left = bottom = right = top = 0.0
        for axes in (self.axes, self.right_axes):
            if axes is None:
                continue
            boxes = [
                axis.get_tightbbox(self._canvas.renderer)
                for axis in (axes.xaxis, axes.yaxis)
                if axis.get_visible()
            ]
            boxes += [
                text.get_window_extent(self._canvas.renderer)
                for text in axes.texts
                if text.get_gid() == "group-label"
            ]
            for box in boxes:
                if box is None or not box.width + box.height:
                    continue
                left = max(left, at.left - box.x0)
                bottom = max(bottom, at.bottom - box.y0)
                right = max(right, box.x1 - at.right)
                top = max(top, box.y1 - at.top)
        return Decorations(left, bottom, right, top)

    def place(self, at: Rectangle) -> None:
        """Put the plot region where it belongs."""
        self.axes.set_position(self._canvas.fraction(at))
        if self.right_axes is not None:
            self.right_axes.set_position(self._canvas.fraction(at))


def _fixed(values: tuple[float, ...]) -> Any:
    from matplotlib.ticker import FixedLocator

    return FixedLocator(values)


def _label_extent(canvas: Canvas, drawn: DrawnAxis, horizontal: bool) -> float:
    """Points from the plot region to the far side of the labels."""
    box = drawn.get_tightbbox(canvas.renderer)
    if box is None:
        return 0.0
    region = drawn.axes.bbox
    return float(region.y0 - box.y0 if horizontal else region.x0 - box.x0)
