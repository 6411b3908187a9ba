"""Plot regions in rows and columns: shared ranges, shared axes, subtitles above each."""

from __future__ import annotations

from statalike.graphics import style_names
from statalike.graphics.colors import resolved_color
from statalike.graphics.graph import Axis, Graph, Panel
from statalike.graphics.rendering.axis_limits import limits_of
from statalike.graphics.rendering.canvas import Canvas, joined
from statalike.graphics.rendering.plot_region import PlotRegion, Shown
from statalike.graphics.rendering.rectangle import Rectangle
from statalike.graphics.rendering.titles import text_height
from statalike.graphics.schemes import Scheme

Cell = tuple[int, int]


class PanelGrid:
    """The panels of a graph, drawn into a part of the page."""

    def __init__(
        self, canvas: Canvas, graph: Graph, scheme: Scheme, unit: float, at: Rectangle
    ) -> None:
        self._canvas, self._graph, self._scheme = canvas, graph, scheme
        self._page_unit = unit
        layout = graph.layout
        self._rows, self._columns = layout.rows, layout.columns
        self._unit = unit / max(self._rows, self._columns) ** 0.3
        self._cells = panel_cells(graph)
        self._common: list[tuple[Axis, float, Rectangle]] = []
        at = self._with_room_for_titles(at) if self._shares_titles else at
        self.regions = self._make_regions()
        self.outer = self._place(at)

    @property
    def _shares_titles(self) -> bool:
        return len(self._graph.panels) > 1 and self._graph.panels[0].axes is None

    # --- common titles ---

    def _with_room_for_titles(self, at: Rectangle) -> Rectangle:
        """The titles of axes that all panels share, along the sides; what they leave."""
        left, bottom = self._title_room(self._graph.y), self._title_room(self._graph.x)
        inside = at.without(left=left, bottom=bottom)
        self._common = [(self._graph.y, left, at), (self._graph.x, bottom, at)]
        return inside

    def _title_room(self, axis: Axis) -> float:
        if axis.off or not any(axis.title.lines):
            return 0.0
        return text_height(axis.title.lines, self._title_size(axis)) + 0.8 * self._page_unit

    def _title_size(self, axis: Axis) -> float:
        usual = style_names.size("text size", self._scheme.axis_title_size)
        given = axis.title.style.size
        size = style_names.size("text size", given, usual) if given else usual
        return size * self._page_unit

    def _write_common_titles(self, plots: Rectangle) -> None:
        for axis, room, at in self._common:
            if not room:
                continue
            vertical = axis is self._graph.y
            self._canvas.text(
                at.left + room / 2 if vertical else plots.left + plots.width / 2,
                plots.bottom + plots.height / 2 if vertical else at.bottom + room / 2,
                axis.title.lines,
                ha="center",
                va="center",
                rotation=90.0 if vertical else 0.0,
                fontsize=self._title_size(axis),
                color=resolved_color(axis.title.style.color or "black"),
                gid="common-y-title" if vertical else "common-x-title",
            )

    # --- regions ---

    def _make_regions(self) -> dict[Cell, PlotRegion]:
        graph = self._graph
        found: dict[Cell, PlotRegion] = {}
        for cell, panel in zip(self._cells, graph.panels, strict=True):
            x, y = panel.axes or (graph.x, graph.y)
            limits = (
                limits_of(x, self._sharing(cell, graph.layout.shares_x), "x"),
                limits_of(y, self._sharing(cell, graph.layout.shares_y), "y"),
                None
                if graph.y2 is None
                else limits_of(graph.y2, self._sharing(cell, graph.layout.shares_y), "y2"),
            )
            found[cell] = PlotRegion(
                self._canvas, graph, panel, self._scheme, self._unit, limits, self._shown(cell)
            )
        return found

    def _sharing(self, cell: Cell, how: str) -> list[Panel]:
        """The panels whose data decide the range of an axis of this one."""
        pairs = zip(self._cells, self._graph.panels, strict=True)
        match how:
            case "all":
                return list(self._graph.panels)
            case "column":
                return [panel for other, panel in pairs if other[1] == cell[1]]
            case "row":
                return [panel for other, panel in pairs if other[0] == cell[0]]
            case _:
                return [panel for other, panel in pairs if other == cell]

    def _shown(self, cell: Cell) -> Shown:
        layout, (row, column) = self._graph.layout, cell
        if len(self._cells) == 1:
            return Shown()
        if self._graph.panels[0].axes is not None:
            return self._shown_in_matrix(cell)
        taken = set(self._cells)
        lowest = not any((below, column) in taken for below in range(row + 1, self._rows))
        first = not any((row, before) in taken for before in range(column))
        last = not any((row, after) in taken for after in range(column + 1, self._columns))
        return Shown(
            x_labels=lowest or layout.x_axes or layout.shares_x != "all",
            y_labels=first or layout.y_axes or layout.shares_y != "all",
            x_title=False,
            y_title=False,
            y2_labels=last or layout.y_axes,
        )

    def _shown_in_matrix(self, cell: Cell) -> Shown:
        """Axes at the edges of a matrix, on alternating sides."""
        panel = self._graph.panels[self._cells.index(cell)]
        assert panel.axes is not None
        return Shown(not panel.axes[0].off, not panel.axes[1].off)

    # --- placing ---

    def _subtitle_height(self, panel: Panel) -> float:
        if not any(panel.subtitle.lines):
            return 0.0
        return text_height(panel.subtitle.lines, self._subtitle_size(panel)) + 0.9 * self._unit

    def _subtitle_size(self, panel: Panel) -> float:
        usual = style_names.size("text size", "medium")
        given = panel.subtitle.style.size
        return (style_names.size("text size", given, usual) if given else usual) * self._unit

    def _place(self, at: Rectangle) -> Rectangle:
        """Give every column and row the room its axes need; all plot regions are of one size."""
        rows, columns = self._rows, self._columns
        asked = self._graph.layout.gap
        gap = 2.2 * self._unit if asked is None else asked * self._page_unit
        if self._graph.layout.joined:
            gap = 0.0
        left, right = [0.0] * columns, [0.0] * columns
        bottom, top = [0.0] * rows, [0.0] * rows
        taken = set(self._cells)
        for cell, panel in zip(self._cells, self._graph.panels, strict=True):
            row, column = cell
            trial = at.cell(row, column, rows, columns, gap)
            needs = self.regions[cell].decorations(trial.without(0.2 * trial.width))
            subtitle = self._subtitle_height(panel)
            left[column] = max(left[column], needs.left)
            right[column] = max(right[column], needs.right)
            top[row] = max(top[row], max(needs.top, 0.0) + subtitle)
            below_is_free = row + 1 < rows and (row + 1, column) not in taken
            if not below_is_free:
                bottom[row] = max(bottom[row], needs.bottom)
        if self._graph.layout.joined:
            left = [left[0], *[0.0] * (columns - 1)]
            right = [*[0.0] * (columns - 1), right[-1]]
            subtitles = [0.0] * rows
            for (row, _), panel in zip(self._cells, self._graph.panels, strict=True):
                subtitles[row] = max(subtitles[row], self._subtitle_height(panel))
            top = [top[0], *subtitles[1:]]
            bottom = [*[0.0] * (rows - 1), bottom[-1]]
        width = max((at.width - sum(left) - sum(right) - gap * (columns - 1)) / columns, 4.0)
        height = max((at.height - sum(top) - sum(bottom) - gap * (rows - 1)) / rows, 4.0)
        places: list[Rectangle] = []
        for cell, panel in zip(self._cells, self._graph.panels, strict=True):
            row, column = cell
            x = at.left + sum(left[: column + 1]) + sum(right[:column]) + column * (width + gap)
            y = at.top - sum(top[: row + 1]) - sum(bottom[:row]) - row * (height + gap) - height
            place = Rectangle(x, y, width, height)
            if self._graph.aspect:
                place = place.with_aspect(self._graph.aspect)
            self.regions[cell].place(place)
            self._write_subtitle(panel, place)
            places.append(place)
        outer = _around(places)
        if self._shares_titles:
            self._write_common_titles(outer)
        return outer

    def _write_subtitle(self, panel: Panel, place: Rectangle) -> None:
        height = self._subtitle_height(panel)
        if not height:
            return
        strip = Rectangle(place.left, place.top, place.width, height)
        if self._scheme.by_title_fill != "none":
            self._canvas.fill(strip, self._scheme.by_title_fill)
        text, _ = joined(panel.subtitle.lines)
        self._canvas.text(
            place.left + place.width / 2,
            place.top + height / 2,
            tuple(text.split("\n")),
            ha="center",
            va="center",
            fontsize=self._subtitle_size(panel),
            color=resolved_color(panel.subtitle.style.color or "black"),
            gid="by-title",
        )


def panel_cells(graph: Graph) -> list[Cell]:
    """Row and column, from 0, of every panel; holes stay empty."""
    layout = graph.layout
    cells = [(row, column) for row in range(layout.rows) for column in range(layout.columns)]
    if layout.by_column:
        cells.sort(key=lambda cell: (cell[1], cell[0]))
    free = [cell for number, cell in enumerate(cells, 1) if number not in layout.holes]
    return free[: len(graph.panels)]


def _around(places: list[Rectangle]) -> Rectangle:
    left, bottom = min(p.left for p in places), min(p.bottom for p in places)
    right, top = max(p.right for p in places), max(p.top for p in places)
    return Rectangle(left, bottom, right - left, top - bottom)
