"""``marginsplot``: a graph of the last margins ([R] marginsplot)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.graphics.finishing import draw_layers
from statalike.commands.graphics.margins_dimensions import (
    Dimension,
    PlottedMargins,
    plotted_margins,
)
from statalike.commands.graphics.plot_types import recast
from statalike.commands.graphics.style_options import (
    AREAS,
    LINES,
    MARKERS,
    PLOT,
    StyleOptions,
)
from statalike.commands.graphics.twoway import layers_of, number_plots, read_twoway
from statalike.commands.graphics.twoway_options import DEFAULT_LABELS, AxisDefaults
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.graphics.graph import Layer, Panel, Style, Text, Ticks
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.language.suboptions import Suboptions, read_option_list, read_suboptions
from statalike.state import State

#: plots whose own options can be given, plot1opts() and ci1opts() onward
NUMBERED = range(1, 10)
_NUMBERED_OPTIONS = " ".join(f"PLOT{k}OPts(string asis) CI{k}OPts(string asis)" for k in NUMBERED)
#: values of the x axis that are all labelled
LABELLED_VALUES = 25
_DIMENSION = Suboptions(
    "[anything] [, LABels(string asis) NOLABels NOSIMPLElabels ALLSIMPLElabels]",
    unsupported="ELABels(string asis) NOSEParator SEParator(string)",
)
_STYLES = Suboptions(f"[, {MARKERS} {LINES} {AREAS.split(' LPattern')[0]} {PLOT} BARWidth(real 0)]")


@command(
    "marginsplot",
    syntax=(
        "[, Xdimension(string) PLOTdimension(string asis) BYdimension(string asis) HORizontal "
        "NOCI Level(cilevel) RECast(string) RECASTCI(string) PLOTOPts(string asis) "
        f"CIOPts(string asis) {_NUMBERED_OPTIONS} addplot(string asis) ALLXlabels NOLABels "
        "UNIQue CSORT *]"
    ),
    unsupported="GRAPHdimension(string) BYOPts(string asis) DERIVLabels MCOMPare(string)",
    help="graph of the last margins",
    section="Graphs",
)
def marginsplot(state: State, arguments: Arguments) -> None:
    results = state.memory.margins
    if results is None:
        raise StataError(301, "previous command was not margins")
    level = confidence_level(arguments.options, state.settings)
    if not arguments.typed("level"):
        level = results.scalars["level"]
    margins = plotted_margins(results, state.data, level)
    names = " ".join(dimension.name for dimension in margins.dimensions)
    state.console.print()
    state.console.print(f"Variables that uniquely identify margins: {names}".rstrip())
    chosen = _Dimensions(state, arguments, margins)
    interval = not arguments.flag("noci") and margins.has_intervals
    panels = [
        Panel(
            tuple(_layers(state, arguments, margins, chosen, rows, interval)),
            Text((text,)) if text else Text(),
        )
        for text, rows in chosen.panels()
    ]
    added = _added(state, arguments, sum(len(panel.layers) for panel in panels[:1]))
    panels = [replace(panel, layers=(*panel.layers, *added)) for panel in panels]
    x, y = chosen.x_axis(arguments), AxisDefaults(margins.title_of_values)
    if arguments.flag("horizontal"):
        x, y = y, x
    title = margins.title
    if interval:
        title = f"{title} with {level:g}% CIs"
    draw_layers(
        state,
        panels,
        arguments.rest,
        x=x,
        y=y,
        command=arguments.text,
        family="marginsplot",
        titles={"title": title},
    )


class _Dimensions:
    """Which dimension goes along the x axis, which tells plots apart, and which panels."""

    def __init__(self, state: State, arguments: Arguments, margins: PlottedMargins) -> None:
        self._margins = margins
        read = {
            name: read_suboptions(_DIMENSION, arguments.string(name) or "", state.data)
            for name in ("xdimension", "plotdimension", "bydimension")
        }
        named = {
            name: [margins.dimension(word) for word in split_words(own.body)]
            for name, own in read.items()
        }
        given = [dimension for own in named.values() for dimension in own]
        if len({dimension.name for dimension in given}) < len(given):
            raise StataError(198, "a dimension may be given only once")
        free = [d for d in margins.dimensions if all(d.name != g.name for g in given)]
        self.x = named["xdimension"] or free[:1]
        free = [d for d in free if all(d.name != own.name for own in self.x)]
        self.plots = [*named["plotdimension"], *free]
        self.by = named["bydimension"]
        self._plot_options, self._by_options = read["plotdimension"], read["bydimension"]
        self._bare = arguments.flag("nolabels")

    def panels(self) -> list[tuple[str, np.ndarray]]:
        """The subtitle and the margins, positions in order, of each panel."""
        everything = np.arange(self._margins.count)
        return self._split(self.by, everything, self._by_options)

    def plots_of(self, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """The key and the margins of each plot of a panel."""
        return self._split(self.plots, rows, self._plot_options)

    def _split(
        self, dimensions: list[Dimension], rows: np.ndarray, options: Arguments
    ) -> list[tuple[str, np.ndarray]]:
        if not dimensions:
            return [("", rows)]
        codes = np.stack([dimension.codes[rows] for dimension in dimensions], axis=1)
        found, member = np.unique(codes, axis=0, return_inverse=True)
        texts = [
            ", ".join(
                self._text(dimension, code, options)
                for dimension, code in zip(dimensions, own, strict=True)
            )
            for own in found.tolist()
        ]
        typed = split_words(options.string("labels") or "")
        texts = [*typed, *texts[len(typed) :]][: len(texts)]
        return [(text, rows[member.ravel() == number]) for number, text in enumerate(texts)]

    def _text(self, dimension: Dimension, code: int, options: Arguments) -> str:
        bare = self._bare or options.flag("nolabels")
        text, labelled = dimension.text(code, labels=not bare)
        simple = labelled and not options.flag("nosimplelabels")
        if simple or options.flag("allsimplelabels"):
            return text
        return f"{dimension.name}={text}"

    def positions(self, rows: np.ndarray) -> np.ndarray:
        """Where margins stand along the x axis."""
        if len(self.x) == 1:
            return self.x[0].positions[rows]
        return self._combined()[0][rows].astype(np.float64)

    def _combined(self) -> tuple[np.ndarray, list[str]]:
        """Several x dimensions as one: the number of each margin's combination, and its text."""
        everything = np.arange(self._margins.count)
        if not self.x:
            return np.ones(self._margins.count), [""]
        codes = np.stack([dimension.codes for dimension in self.x], axis=1)
        found, member = np.unique(codes, axis=0, return_inverse=True)
        texts = [
            " ".join(d.text(c, labels=not self._bare)[0] for d, c in zip(self.x, own, strict=True))
            for own in found.tolist()
        ]
        return member.ravel()[everything] + 1, texts

    def x_axis(self, arguments: Arguments) -> AxisDefaults:
        """The title and the labels of the x axis."""
        if len(self.x) != 1:
            _, combined = self._combined()
            values = tuple(float(k) for k in range(1, len(combined) + 1))
            title = ", ".join(dimension.title for dimension in self.x)
            return AxisDefaults(title, labels=Ticks(values, tuple(combined)))
        (dimension,) = self.x
        values = tuple(float(value) for value in dimension.values)
        if len(values) > LABELLED_VALUES and not arguments.flag("allxlabels"):
            return AxisDefaults(dimension.title, labels=DEFAULT_LABELS)
        shown = [dimension.text(k, labels=not self._bare) for k in range(len(values))]
        texts = tuple(text if labelled else None for text, labelled in shown)
        return AxisDefaults(dimension.title, dimension.format, labels=Ticks(values, texts))


def _layers(
    state: State,
    arguments: Arguments,
    margins: PlottedMargins,
    chosen: _Dimensions,
    rows: np.ndarray,
    interval: bool,
) -> list[Layer]:
    """The intervals, then the margins, of one panel: a plot for each combination of levels."""
    plots = chosen.plots_of(rows)
    keyed = len(plots) > 1
    horizontal = arguments.flag("horizontal")
    ranges: list[Layer] = []
    points: list[Layer] = []
    for number, (key, own) in enumerate(plots):
        x = chosen.positions(own)
        order = np.argsort(x, kind="stable")
        own, x = own[order], x[order]
        if interval:
            data = {"x": x, "low": margins.lower[own], "high": margins.upper[own]}
            style = _style(state, arguments, "ci", number + 1)
            range_ = Layer("range cap", data, number, "", style, horizontal=horizontal)
            ranges.append(_recast(range_, arguments.string("recastci")))
        layer = Layer(
            "connected",
            {"x": x, "y": margins.values[own]},
            number,
            key if keyed else "",
            _style(state, arguments, "plot", number + 1),
            horizontal=horizontal,
        )
        points.append(_recast(layer, arguments.string("recast")))
    return [*ranges, *points]


def _recast(layer: Layer, name: str | None) -> Layer:
    return layer if name is None else recast(layer, name)


def _style(state: State, arguments: Arguments, what: str, number: int) -> Style:
    """The style of a plot or its intervals: its own options before those of all."""
    texts = [arguments.string(f"{what}opts") or ""]
    if number in NUMBERED:
        texts.append(arguments.string(f"{what}{number}opts") or "")
    read = [StyleOptions(read_option_list(_STYLES, text, state.data)).style() for text in texts]
    style = read[0]
    for own in read[1:]:
        chosen = {name: value for name, value in vars(own).items() if value and value != 3}
        style = replace(style, **chosen)
    return style


def _added(state: State, arguments: Arguments, number: int) -> list[Layer]:
    """The layers of ``addplot()``."""
    text = arguments.string("addplot")
    if not text:
        return []
    read = read_twoway(state, text)
    number_plots(read)
    return [
        replace(layer, number=layer.number + number)
        for plot in read.plots
        for layer in layers_of(state, plot, read.mask)
    ]
