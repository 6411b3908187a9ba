"""``twoway``, ``scatter`` and ``line``: plots of y against x, one above the other
([G-2] graph twoway)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.graphics import (  # noqa: F401 - they register the plot types
    density_plots,
    fitted_plots,
    range_plots,
    xy_plots,
)
from statalike.commands.graphics.by_graphs import by_groups, with_by
from statalike.commands.graphics.finishing import finish_panels
from statalike.commands.graphics.plot_types import Plot, find_plot_type, recast
from statalike.commands.graphics.twoway_options import (
    TWOWAY_OPTIONS,
    UNSUPPORTED,
    AxisDefaults,
    graph_options,
)
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.evaluation import observations_mask
from statalike.graphics.graph import Layer, Panel
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine
from statalike.language.parser import parse_command_line, parse_plots, split_options
from statalike.language.suboptions import Suboptions
from statalike.state import State

#: what may follow the plots of a graph
GRAPH = f"[if] [in] [, {TWOWAY_OPTIONS} by(string asis)]"
_GRAPH = Suboptions(GRAPH, unsupported=UNSUPPORTED)

_SYNTAX = f"anything {GRAPH}"


@command(
    "twoway",
    "tw",
    form="text",
    syntax=_SYNTAX,
    help="plots of y against x, one above the other",
    section="Graphs",
)
def twoway(state: State, text: str) -> None:
    draw_twoway(state, text, f"twoway {text}")


@command(
    "graph twoway",
    "graph tw",
    form="text",
    syntax=_SYNTAX,
    help="plots of y against x, one above the other",
    section="Graphs",
)
def graph_twoway(state: State, text: str) -> None:
    draw_twoway(state, text, f"graph twoway {text}")


@command(
    "scatter",
    "scat",
    form="text",
    syntax=_SYNTAX,
    help="points of y and x",
    section="Graphs",
    synonyms="sc",
)
def scatter(state: State, text: str) -> None:
    draw_twoway(state, f"scatter {text}", f"scatter {text}")


@command("line", "line", form="text", syntax=_SYNTAX, help="lines of y by x", section="Graphs")
def line(state: State, text: str) -> None:
    draw_twoway(state, f"line {text}", f"line {text}")


@dataclass
class TwowaySpecification:
    """A graph as typed: its plots, and what is said of all of them."""

    plots: list[Plot]
    arguments: Arguments
    mask: np.ndarray


def draw_twoway(state: State, text: str, command_text: str) -> None:
    """Draw the graph that the text after ``twoway`` specifies."""
    draw_plots(state, read_twoway(state, text), command_text)


def draw_plots(
    state: State,
    read: TwowaySpecification,
    command_text: str,
    family: str = "twoway",
    titles: dict[str, str] | None = None,
) -> None:
    """Draw plots in one plot region, or in one for each group of ``by()``.

    ``titles`` are those that hold where the options say nothing.
    """
    arguments = read.arguments
    by = arguments.options.get("by")
    groups = by_groups(state, str(by), _selected(read)) if by is not None else None
    masks = groups.masks if groups else (read.mask,)
    number_plots(read)
    panels = []
    for position, mask in enumerate(masks):
        layers = [layer for plot in read.plots for layer in layers_of(state, plot, mask)]
        panel = Panel(tuple(layers))
        if groups:
            panel = replace(panel, subtitle=groups.subtitles[position])
        panels.append(panel)
    x, y, y2 = axis_defaults(read.plots, panels)
    graph = graph_options(arguments, state.data, state.settings.scheme, x, y, y2)
    if groups:
        graph = with_by(graph, groups, state)
    finish_panels(state, graph, panels, arguments, command_text, family, titles)


def read_twoway(state: State, text: str) -> TwowaySpecification:
    """The plots and the options of a graph.

    Plots stand in parentheses or between ``||``.  Options that a plot's type does not have are
    those of the graph, wherever they were typed.  r(100) without a plot, r(198).
    """
    whole = parse_command_line(f"twoway {text}")
    clauses = [whole.clause, *whole.equations]
    plots: list[Plot] = []
    rest: list[str] = []
    outer: Clause | None = None
    for clause in clauses:
        body = clause.body.strip()
        if body.startswith("(") or not body:
            if body:
                lines = parse_plots(body)
            else:
                lines = ()
            rest += [_as_typed(option.name, option.argument) for option in clause.options]
            if clause.condition is not None or clause.observations is not None:
                outer = clause
        else:
            lines = (_as_line(clause, body),)
        for line_ in lines:
            plot = _read_plot(state, line_)
            rest.append(plot.arguments.rest)
            plots.append(plot)
    if not plots:
        raise StataError(100, "plot type and varlist required")
    options = split_options(" ".join(rest))
    arguments = _GRAPH.specification.read(
        CommandLine(
            "twoway",
            Clause(
                body="",
                condition=outer.condition if outer else None,
                observations=outer.observations if outer else None,
                options=options,
            ),
        ),
        state.data,
    )
    mask = observations_mask(state, arguments.condition, arguments.observations)
    return TwowaySpecification(plots, arguments, mask)


def _selected(read: TwowaySpecification) -> np.ndarray:
    """The observations that any plot selects."""
    any_plot = np.zeros(len(read.mask), dtype=bool)
    for plot in read.plots:
        given = plot.arguments
        any_plot |= observations_mask(plot.state, given.condition, given.observations)
    return any_plot & read.mask


def _as_line(clause: Clause, body: str) -> CommandLine:
    """A clause whose body begins with a plot type, as the line of that plot."""
    name, _, rest = body.partition(" ")
    return CommandLine(name, replace(clause, body=rest.strip()))


def _as_typed(name: str, argument: str | None) -> str:
    return name if argument is None else f"{name}({argument})"


def _read_plot(state: State, line_: CommandLine) -> Plot:
    kind = find_plot_type(line_.name)
    abbreviations = state.settings.varabbrev == "on"
    arguments = kind.specification.read(line_, state.data, abbreviations=abbreviations)
    return Plot(state, kind, arguments)


def number_plots(read: TwowaySpecification) -> None:
    """Give each plot the number its first layer has in the scheme."""
    number = 0
    for plot in read.plots:
        plot.number = number
        layers = layers_of(plot.state, plot, read.mask)
        number += max(1, len([layer for layer in layers if layer.role != "confidence"]))


def layers_of(state: State, plot: Plot, mask: np.ndarray) -> list[Layer]:
    """The layers of a plot from the observations of a mask that the plot itself selects."""
    chosen = observations_mask(state, plot.arguments.condition, plot.arguments.observations)
    layers = plot.kind.make(plot, chosen & mask)
    name = plot.arguments.options.get("recast")
    return layers if name is None else [recast(layer, str(name)) for layer in layers]


def axis_defaults(
    plots: list[Plot], panels: list[Panel]
) -> tuple[AxisDefaults, AxisDefaults, AxisDefaults | None]:
    """Titles and formats of the axes from the plots: x, y, and the second y where one is used.

    A y axis has the title that all its plots share and none when they differ, for then the legend
    tells them apart; the x axis has all titles that differ.
    """
    x_titles = dict.fromkeys(plot.names.x for plot in plots if plot.names.x)
    first = plots[0].names
    x = AxisDefaults("/".join(x_titles), first.x_format, first.x_labels)
    left = [plot for plot in plots if plot.axis == 1]
    right = [plot for plot in plots if plot.axis == 2]
    if not left:
        left, right = right, right
    return x, _y_defaults(left), _y_defaults(right) if right else None


def _y_defaults(plots: list[Plot]) -> AxisDefaults:
    titles = list(dict.fromkeys(title for plot in plots for title in plot.names.y))
    names = plots[0].names
    title = titles[0] if len(titles) == 1 else ""
    return AxisDefaults(title, names.y_format, names.y_labels)
