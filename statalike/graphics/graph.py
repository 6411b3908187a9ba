"""A graph as data: numbers, texts and styles in Stata's own words.

A :class:`Graph` says what is drawn, not how it looks: colours, sizes and symbols that were not
asked for are left to the scheme it is rendered in.  It can therefore be kept, saved, combined and
drawn again in another scheme.  Everything is immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

#: inches of a graph in schemes that do not say otherwise
DEFAULT_SIZE = (7.5, 4.5)


@dataclass(frozen=True)
class Style:
    """How a layer looks where it differs from its scheme; empty texts leave it to the scheme.

    Colours are Stata's (``red%50``, ``"0 0 255"``, ``gs8*1.2``), as are symbols, patterns, sizes
    and widths.  ``connect`` is ``l``, ``L``, ``J``, ``stepstair`` or ``i``.
    """

    symbol: str = ""
    marker_fill: str = ""
    marker_outline: str = ""
    marker_size: str = ""
    marker_width: str = ""
    connect: str = ""
    line_color: str = ""
    line_pattern: str = ""
    line_width: str = ""
    fill: str = ""
    label_color: str = ""
    label_size: str = ""
    label_clock: int = 3
    label_angle: float = 0.0


@dataclass(frozen=True, eq=False)
class Layer:
    """One plot: its kind, its numbers and its looks.

    ``kind`` is one of :data:`KINDS`.  ``data`` has arrays of one length under ``x`` and ``y``;
    ranges have ``low`` and ``high`` in the place of ``y``, boxes ``quartile1``, ``median``,
    ``quartile3``, ``low`` and ``high`` (the adjacent values), bars and areas also ``base``;
    ``size`` are weights of markers.  Missing values are nan.  ``number`` is the plot's number,
    from 0, by which the scheme chooses its looks, unless its ``role`` does: ``confidence`` areas
    and bars of a ``histogram``.  ``key`` is the text of its key in the legend.  ``axis`` is 1 for
    the left y axis and 2 for the right one; ``horizontal`` plots have their values along the x
    axis.
    """

    kind: str
    data: Mapping[str, np.ndarray]
    number: int = 0
    key: str = ""
    style: Style = Style()
    role: str = ""
    axis: int = 1
    horizontal: bool = False
    width: float = 1.0
    breaks_at_missing: bool = False
    labels: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.data["x"])


#: the kinds of layers that can be rendered
KINDS = (
    "scatter",
    "line",
    "connected",
    "area",
    "bar",
    "spike",
    "dropline",
    "dot",
    "range area",
    "range bar",
    "range spike",
    "range cap",
    "range line",
    "range connected",
    "range scatter",
    "box",
)


@dataclass(frozen=True)
class TextStyle:
    """Looks and place of a text; ``clock`` 12 is above or centred, 11 to the left and so on."""

    size: str = ""
    color: str = ""
    clock: int | None = None
    ring: int | None = None
    justification: str = ""
    angle: float | None = None
    spans: bool = False


@dataclass(frozen=True)
class Text:
    """Lines of text; none at all is a text that was asked to be empty."""

    lines: tuple[str, ...] = ()
    style: TextStyle = TextStyle()


@dataclass(frozen=True)
class PlacedText:
    """Lines of text at a place of the plot region, in the units of its axes."""

    x: float
    y: float
    text: Text


@dataclass(frozen=True)
class Ticks:
    """Values of an axis that are marked.

    ``values`` and, for each, its text (None: the number in the axis's format); ``count`` asks for
    about so many round values besides, ``minmax`` for the extremes of the data.  ``grid`` None
    leaves grid lines to the scheme.  ``labelled`` false shows ticks without texts.
    """

    values: tuple[float, ...] = ()
    texts: tuple[str | None, ...] = ()
    count: int | None = None
    minmax: bool = False
    labelled: bool = True
    ticked: bool = True
    grid: bool | None = None
    grid_style: Style = Style()
    angle: float | None = None
    size: str = ""
    color: str = ""
    format: str = ""
    alternate: bool = False


@dataclass(frozen=True)
class ReferenceLine:
    """A line across the plot region at a value of an axis."""

    value: float
    style: Style = Style()


@dataclass(frozen=True)
class Axis:
    """An axis: its title, labels, ticks, scale and lines across the plot region.

    ``low`` and ``high`` widen its range; a ``fixed`` axis ends there, without a margin.
    ``flush_at_zero`` leaves no margin at an end that is zero.  ``groups`` are further rows of
    texts under the labels, such as the outer groups of a bar chart.
    """

    title: Text = Text()
    labels: Ticks = Ticks(count=5)
    ticks: Ticks | None = None
    minor_labels: Ticks | None = None
    minor_ticks: Ticks | None = None
    format: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    reverse: bool = False
    off: bool = False
    line: bool = True
    opposite: bool = False
    fixed: bool = False
    flush_at_zero: bool = False
    lines: tuple[ReferenceLine, ...] = ()
    groups: tuple[Ticks, ...] = ()


@dataclass(frozen=True)
class LegendItem:
    """A key: the position of its layer among the layers, or None for a text alone."""

    layer: int | None
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Legend:
    """Which keys are shown, in which order, and where.

    ``shown`` None leaves it to the number of keys.  ``items`` None takes every layer that has a
    key.  ``labels`` replace single texts.  ``clock`` and ``ring`` None leave the place to the
    scheme; ring 0 is inside the plot region.  The width of keys and the gaps are in percent of the
    graph's smaller side.
    """

    shown: bool | None = None
    items: tuple[LegendItem, ...] | None = None
    labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    clock: int | None = None
    ring: int | None = None
    columns: int | None = None
    rows: int | None = None
    by_column: bool = False
    size: str = ""
    color: str = ""
    region_color: str = ""
    region_line: str = ""
    key_width: float | None = None
    key_gap: float | None = None
    row_gap: float | None = None
    column_gap: float | None = None
    title: Text = Text()


@dataclass(frozen=True, eq=False)
class Panel:
    """One plot region: its layers, a subtitle above it, texts inside.

    A panel of a matrix has ``axes`` of its own (x, y).  ``blank`` panels hold their place only.
    """

    layers: tuple[Layer, ...] = ()
    subtitle: Text = Text()
    texts: tuple[PlacedText, ...] = ()
    axes: tuple[Axis, Axis] | None = None


@dataclass(frozen=True)
class Region:
    """Colours and margin of the whole graph and of its plot region, empty for the scheme's."""

    graph_color: str = ""
    plot_color: str = ""
    plot_line: str = ""
    plot_margin: float | None = None


@dataclass(frozen=True)
class PanelLayout:
    """How panels share a graph.

    ``shares_x`` and ``shares_y`` are ``all``, ``column`` (x) or ``row`` (y), or ``none``.
    ``x_axes`` and ``y_axes`` show axes in every panel rather than at the edges.  ``joined``
    panels touch each other; otherwise ``gap`` is between them, in percent of the graph's smaller
    side.  ``holes`` are cells, from 1, that stay empty.
    """

    rows: int = 1
    columns: int = 1
    by_column: bool = False
    holes: tuple[int, ...] = ()
    shares_x: str = "all"
    shares_y: str = "all"
    x_axes: bool = False
    y_axes: bool = False
    joined: bool = False
    gap: float | None = None


@dataclass(frozen=True, eq=False)
class Graph:
    """Everything that one graph shows.

    ``panels`` are the plot regions: one, or one for each group of ``by()``.  A combined graph has
    ``graphs`` in their place.  ``titles`` are ``title``, ``subtitle``, ``note``, ``caption`` and
    ``t1title``, ``b1title``, ``l1title``, ``r1title`` and so on, by name.  ``xsize`` and
    ``ysize`` are inches, ``aspect`` height over width of a plot region, None for the scheme's.
    ``command`` is what was typed, ``created`` when, ``family`` the kind that ``graph describe``
    tells.
    """

    panels: tuple[Panel, ...] = ()
    graphs: tuple[Graph, ...] = ()
    x: Axis = Axis()
    y: Axis = Axis()
    y2: Axis | None = None
    titles: Mapping[str, Text] = field(default_factory=dict)
    legend: Legend = Legend()
    region: Region = Region()
    layout: PanelLayout = PanelLayout()
    scheme: str = "stcolor"
    xsize: float | None = None
    ysize: float | None = None
    aspect: float | None = None
    family: str = "twoway"
    command: str = ""
    created: str = ""
    dataset: str = ""
