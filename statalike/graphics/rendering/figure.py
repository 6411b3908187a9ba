"""A graph as a figure of matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statalike.errors import StataError
from statalike.graphics.graph import Graph
from statalike.graphics.rendering.canvas import Canvas
from statalike.graphics.rendering.legend import LegendBox, legend_items
from statalike.graphics.rendering.panel_grid import PanelGrid
from statalike.graphics.rendering.rectangle import Rectangle
from statalike.graphics.rendering.titles import Titles, with_clocks
from statalike.graphics.schemes import find_scheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: fonts in order of preference: Stata's own default and what stands in for it
_FONTS = ["Arial", "Helvetica", "Liberation Sans", "Nimbus Sans", "DejaVu Sans"]
#: the free edge of a graph, in percent of its smaller side
_EDGE = 2.2


def graph_size(graph: Graph) -> tuple[float, float]:
    """Width and height in inches: asked for, or the scheme's."""
    scheme = find_scheme(graph.scheme)
    return graph.xsize or scheme.width, graph.ysize or scheme.height


def render(graph: Graph, *, font: str = "") -> Figure:
    """The figure of a graph, at 72 points an inch, to be written with ``savefig``.

    ``font`` is taken before the usual ones.  r(111) for an unknown scheme, r(198) for an unknown
    style, and where matplotlib is not installed r(199) with the way to install it.
    """
    require_matplotlib()
    import matplotlib

    fonts = available_fonts([font, *_FONTS] if font else _FONTS)
    with matplotlib.rc_context(
        {
            "font.family": "sans-serif",
            "font.sans-serif": fonts,
            "axes.unicode_minus": False,
            "lines.scale_dashes": False,
        }
    ):
        canvas = Canvas(*graph_size(graph))
        draw_graph(canvas, graph, canvas.page)
    return canvas.figure


def require_matplotlib() -> None:
    """r(199) with what to do when matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise StataError(
            199,
            "graphs are drawn by matplotlib, which is not installed",
            hint="pip install 'statalike[graph]', or pip install matplotlib",
        ) from None


def available_fonts(names: list[str]) -> list[str]:
    """The fonts of a list that are installed, so that a missing one is no warning."""
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return [name for name in names if name in known] or ["DejaVu Sans"]


def draw_graph(canvas: Canvas, graph: Graph, at: Rectangle) -> None:
    """Draw a graph into a part of the page."""
    scheme = find_scheme(graph.scheme)
    canvas.fill(at, graph.region.graph_color or scheme.background, zorder=-20.0)
    unit = at.smaller_side / 100
    inside = at.shrunk(_EDGE * unit)
    titles = Titles(canvas, _with_default_clocks(graph), scheme, unit, inside)
    if graph.graphs:
        titles.draw(titles.inside)
        _draw_combined(canvas, graph, titles.inside, unit)
        return
    items = legend_items(graph)
    box = LegendBox(canvas, graph, items, scheme, unit) if items else None
    ring = graph.legend.ring
    clock = scheme.legend_clock if graph.legend.clock is None else graph.legend.clock
    room = titles.inside
    if box is not None and ring != 0:
        room = _beside(room, box, clock, unit)
    grid = PanelGrid(canvas, graph, scheme, unit, room)
    titles.draw(grid.outer)
    if box is not None:
        if ring == 0:
            box.place_in(grid.outer, clock, 1.5 * unit)
        else:
            _place_beside(box, titles.inside, grid.outer, clock)


def _with_default_clocks(graph: Graph) -> Graph:
    from dataclasses import replace

    return replace(graph, titles=with_clocks(dict(graph.titles)))


def _legend_side(clock: int) -> str:
    if clock in (2, 3, 4):
        return "right"
    if clock in (8, 9, 10):
        return "left"
    return "top" if clock in (11, 12, 1) else "bottom"


def _beside(room: Rectangle, box: LegendBox, clock: int, unit: float) -> Rectangle:
    """What a legend outside the plot regions leaves of the room."""
    width, height = box.size
    gap = 1.2 * unit
    match _legend_side(clock):
        case "right":
            return room.without(right=width + gap)
        case "left":
            return room.without(left=width + gap)
        case "top":
            return room.without(top=height + gap)
        case _:
            return room.without(bottom=height + gap)


def _place_beside(box: LegendBox, room: Rectangle, plots: Rectangle, clock: int) -> None:
    width, height = box.size
    side = _legend_side(clock)
    if side in ("left", "right"):
        x = room.right - width if side == "right" else room.left
        if clock in (2, 10):
            y = plots.top - height
        elif clock in (4, 8):
            y = plots.bottom
        else:
            y = plots.bottom + (plots.height - height) / 2
    else:
        y = room.top - height if side == "top" else room.bottom
        if clock in (11, 7):
            x = plots.left
        elif clock in (1, 5):
            x = plots.right - width
        else:
            x = plots.left + (plots.width - width) / 2
        x = min(max(x, room.left), max(room.right - width, room.left))
    box.place(x, y)


def _draw_combined(canvas: Canvas, graph: Graph, room: Rectangle, unit: float) -> None:
    """Graphs in rows and columns, each a graph of its own with its own scheme."""
    layout = graph.layout
    cells = [(row, column) for row in range(layout.rows) for column in range(layout.columns)]
    if layout.by_column:
        cells.sort(key=lambda cell: (cell[1], cell[0]))
    free = [cell for number, cell in enumerate(cells, 1) if number not in layout.holes]
    gap = unit * (1.0 if layout.gap is None else layout.gap)
    for (row, column), part in zip(free, graph.graphs, strict=False):
        draw_graph(canvas, part, room.cell(row, column, layout.rows, layout.columns, gap))
