"""``by()``: a plot region for each group of observations ([G-3] by_option)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statalike.commands.graphics.legend_options import LEGEND, read_legend
from statalike.commands.graphics.plot_types import variable_texts
from statalike.commands.graphics.text_options import read_text
from statalike.commands.graphics.twoway_options import TITLES, read_titles
from statalike.errors import StataError
from statalike.graphics import style_names
from statalike.graphics.graph import Graph, PanelLayout, Text
from statalike.language.arguments import Arguments
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.state import State

MOST_PANELS = 400

_BY = Suboptions(
    f"varlist [, TOTal MISSing Rows(integer) Cols(integer) COLFirst HOLes(numlist) COMpact "
    f"noRESCALE noYRESCALE noXRESCALE noIXAXes noIYAXes "
    f"{TITLES} {LEGEND} IMargin(string)]",
    unsupported="STYle(string) IScale(string) noEDGElabel noIXLabel noIYLabel noIYTIck "
    "noIXTIck noIYTItle noIXTItle "
    "XSIZe(real) YSIZe(real) SCHeme(string) GRAPHRegion(string) PLOTRegion(string)",
)


@dataclass(frozen=True)
class ByGroups:
    """The groups of a graph: a mask (n,) and a subtitle for each, and how they are laid out."""

    masks: tuple[np.ndarray, ...]
    subtitles: tuple[Text, ...]
    layout: PanelLayout
    note: str
    arguments: Arguments


def laid_out(count: int, rows: int | None = None, columns: int | None = None) -> PanelLayout:
    """Rows and columns for some panels: as near to a square as can be, wider rather than higher."""
    if columns:
        columns = min(columns, count)
        return PanelLayout(math.ceil(count / columns), columns)
    if rows:
        columns = math.ceil(count / min(rows, count))
        return PanelLayout(math.ceil(count / columns), columns)
    columns = math.ceil(math.sqrt(count))
    return PanelLayout(math.ceil(count / columns), columns)


def by_groups(state: State, text: str, mask: np.ndarray) -> ByGroups:
    """The groups that the ``by()`` option makes of the observations of a mask.

    They are in ascending order of the variables.  Observations with a missing value are left out
    unless ``missing`` asks for them.  r(2000) without any group, r(198) for too many.
    """
    read = read_suboptions(_BY, text, state.data)
    names = read.varlist
    for name in names:
        if not read.flag("missing"):
            mask = mask & ~state.data.variable(name).missing()
    if not mask.any():
        raise StataError(2000, "no observations")
    rows = np.flatnonzero(mask)
    codes = np.stack([_codes(state, name, rows) for name in names], axis=1)
    groups, first, place = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    count = len(groups)
    if count > MOST_PANELS:
        raise StataError(198, f"too many groups; by() may make up to {MOST_PANELS}")
    masks, subtitles = [], []
    for group in range(count):
        chosen = np.zeros(len(mask), dtype=bool)
        chosen[rows[place.ravel() == group]] = True
        masks.append(chosen)
        row = rows[first[group] : first[group] + 1]
        subtitles.append(", ".join(variable_texts(state, name, row)[0] for name in names))
    if read.flag("total"):
        masks.append(mask)
        subtitles.append("Total")
    style = Text()
    if read.option("subtitle") is not None:
        style = read_text(str(read.option("subtitle")), state.data)
    return ByGroups(
        tuple(masks),
        tuple(replace(style, lines=(text,)) for text in subtitles),
        _layout(read, len(masks)),
        _note(state, names),
        read,
    )


def _codes(state: State, name: str, rows: np.ndarray) -> np.ndarray:
    """Whole numbers in the order of a variable's values."""
    variable = state.data.variable(name)
    values = variable.strings() if variable.is_string else variable.numbers()
    _, codes = np.unique(values[rows], return_inverse=True)
    return np.asarray(codes)


def _layout(read: Arguments, count: int) -> PanelLayout:
    rows, columns = read.integer("rows"), read.integer("cols")
    for size, name in ((rows, "rows"), (columns, "cols")):
        if size is not None and size < 1:
            raise StataError(198, f"option {name}() incorrectly specified")
    holes = tuple(int(hole) for hole in read.numbers("holes"))
    layout = laid_out(count + len(holes), rows, columns)
    options = read.options
    own_y = bool(options.get("rescale") or options.get("yrescale"))
    own_x = bool(options.get("rescale") or options.get("xrescale"))
    return replace(
        layout,
        holes=holes,
        by_column=read.flag("colfirst"),
        shares_x="none" if own_x else "all",
        shares_y="none" if own_y else "all",
        x_axes=bool(options.get("ixaxes")),
        y_axes=bool(options.get("iyaxes")),
        joined=read.flag("compact"),
        gap=inner_margin(read),
    )


def inner_margin(read: Arguments) -> float | None:
    """The gap between plot regions that ``imargin()`` asks for; r(198)."""
    text = read.string("imargin")
    if text is None:
        return None
    words = text.split() or [""]
    return 2 * style_names.size("margin", words[0])


def _note(state: State, names: tuple[str, ...]) -> str:
    labels = [state.data.variable(name).label or name for name in names]
    if len(labels) < 3:
        return f"Graphs by {' and '.join(labels)}"
    return f"Graphs by {', '.join(labels[:-1])}, and {labels[-1]}"


def with_by(graph: Graph, groups: ByGroups, state: State) -> Graph:
    """A graph with the layout, the note, the titles and the legend that ``by()`` gives it."""
    own = read_titles(groups.arguments, state.data)
    own.pop("subtitle", None)
    titles: dict[str, Any] = {**graph.titles, **own}
    if "note" not in own:
        titles["note"] = Text((groups.note, *graph.titles.get("note", Text()).lines))
    legend = graph.legend
    inside = groups.arguments.option("legend")
    if inside:
        placed = read_legend(inside, state.data)
        legend = replace(
            legend,
            shown=legend.shown if placed.shown is None else placed.shown,
            clock=legend.clock if placed.clock is None else placed.clock,
            ring=legend.ring if placed.ring is None else placed.ring,
            columns=placed.columns or legend.columns,
            rows=placed.rows or legend.rows,
            items=legend.items if placed.items is None else placed.items,
        )
    return replace(graph, layout=groups.layout, titles=titles, legend=legend)
