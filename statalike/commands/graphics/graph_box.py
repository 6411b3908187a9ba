"""``graph box`` and ``graph hbox``: quartiles, adjacent values and what is outside them
([G-2] graph box, Methods and formulas; Tukey 1977)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.data.summary_statistics import percentiles
from statalike.commands.data.weights import all_weights
from statalike.commands.graphics.bar_styles import BAR_STYLES, bar_styles
from statalike.commands.graphics.categories import (
    Categories,
    Leaf,
    laid_out_categories,
    split_overs,
)
from statalike.commands.graphics.category_graph import draw_categories
from statalike.commands.graphics.drawing import label_of
from statalike.commands.graphics.twoway_options import CATEGORY_OPTIONS, UNSUPPORTED, AxisDefaults
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.evaluation import observations_mask
from statalike.graphics.graph import Layer, Style
from statalike.language.arguments import Arguments
from statalike.state import State

_SYNTAX = (
    "varlist(numeric) [if] [in] [aweight fweight pweight] [, over(string asis repeated) "
    f"by(string asis) ASYvars ASCategory NOOUTsides MISSing NOFILL "
    f"{BAR_STYLES} {CATEGORY_OPTIONS}]"
)
_UNSUPPORTED = (
    f"{UNSUPPORTED} BOXGap(real) OUTERgap(string) MEDTYPE(string) MEDLINE(string) "
    "MEDMarker(string) CWHIskers LINES(string) "
    "ALSIZE(real) CAPSIZE(real) ALLCategories CW YVAROPTions(string) SHOWyvars YALTernate "
    "XALTernate YREVerse"
)


@command(
    "graph box",
    "graph box",
    syntax=_SYNTAX,
    unsupported=_UNSUPPORTED,
    help="quartiles in vertical boxes",
    section="Graphs",
)
def graph_box(state: State, arguments: Arguments) -> None:
    _draw(state, arguments, horizontal=False)


@command(
    "graph hbox",
    "graph hbox",
    syntax=_SYNTAX,
    unsupported=_UNSUPPORTED,
    help="quartiles in horizontal boxes",
    section="Graphs",
)
def graph_hbox(state: State, arguments: Arguments) -> None:
    _draw(state, arguments, horizontal=True)


@dataclass(frozen=True)
class Box:
    """Quartiles, adjacent values, and the values outside of these; nan without values.

    With U = Q3 + 1.5 (Q3 - Q1) the upper adjacent value is the largest value not above U, or Q3
    where that is larger; the lower one likewise.
    """

    quartile1: float
    median: float
    quartile3: float
    low: float
    high: float
    outside: np.ndarray


def box_of(values: np.ndarray, weights: np.ndarray | None) -> Box:
    """The box of values (m,), none missing."""
    if not len(values):
        return Box(np.nan, np.nan, np.nan, np.nan, np.nan, values)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    w = np.ones(len(values)) if weights is None else weights[order]
    first, median, third = percentiles(ordered, w, (25, 50, 75)).tolist()
    reach = 1.5 * (third - first)
    inside = ordered[(ordered >= first - reach) & (ordered <= third + reach)]
    low, high = min(float(inside.min()), first), max(float(inside.max()), third)
    return Box(first, median, third, low, high, ordered[(ordered < low) | (ordered > high)])


def _draw(state: State, arguments: Arguments, *, horizontal: bool) -> None:
    mask = observations_mask(state, arguments.condition, arguments.observations)
    chart = _Chart(state, arguments, mask)
    names = arguments.varlist
    title = label_of(state, names[0]) if len(names) == 1 else ""
    draw_categories(
        state,
        arguments,
        mask,
        chart.panel,
        AxisDefaults(title, state.data.variable(names[0]).format),
        "hbox" if horizontal else "box",
        horizontal=horizontal,
        from_zero=False,
    )


class _Chart:
    """Boxes for each variable, or for each level of the first ``over()`` with ``asyvars``."""

    def __init__(self, state: State, arguments: Arguments, mask: np.ndarray) -> None:
        self._state, self._arguments = state, arguments
        variables = len(arguments.varlist)
        self._split, self._overs = split_overs(state, arguments, mask, variables)
        self._styles = bar_styles(arguments, "box")
        self._markers = bar_styles(arguments, "marker")
        self._weights = all_weights(state, given) if (given := arguments.weight) else None

    def panel(self, mask: np.ndarray) -> tuple[Categories, list[Layer]]:
        names = self._arguments.varlist
        boxes = len(self._split.order) if self._split else len(names)
        step = 1.0 if boxes == 1 else 1.15
        layout = laid_out_categories(
            self._overs, mask, boxes * step, skip_empty=self._arguments.flag("nofill")
        )
        layers: list[Layer] = []
        outside: list[Layer] = []
        for position in range(boxes):
            found = [self._box(leaf, position) for leaf in layout.leaves]
            places = np.array([leaf.centre for leaf in layout.leaves])
            places = places + (position - (boxes - 1) / 2) * step
            data = {
                name: np.array([getattr(box, name) for box in found])
                for name in ("quartile1", "median", "quartile3", "low", "high")
            }
            style = self._styles.get(position, Style())
            key = self._key(position) if boxes > 1 else ""
            layers.append(Layer("box", {"x": places, **data}, position, key, style, width=1.0))
            if not self._arguments.flag("nooutsides"):
                outside.append(self._outside(found, places, position))
        return layout, layers + outside

    def _key(self, position: int) -> str:
        if self._split is not None:
            return self._split.texts[self._split.order[position]]
        return label_of(self._state, self._arguments.varlist[position])

    def _box(self, leaf: Leaf, position: int) -> Box:
        rows = leaf.mask
        name = self._arguments.varlist[0 if self._split else position]
        if self._split is not None:
            rows = rows & (self._split.codes == self._split.order[position])
        rows = rows & (self._state.data.numbers(name) < MISSING)
        if self._weights is not None:
            rows = rows & (self._weights < MISSING) & (self._weights > 0)
        weights = None if self._weights is None else self._weights[rows]
        return box_of(self._state.data.numbers(name)[rows], weights)

    def _outside(self, boxes: list[Box], places: np.ndarray, position: int) -> Layer:
        counts = [len(box.outside) for box in boxes]
        y = np.concatenate([box.outside for box in boxes]) if boxes else np.zeros(0)
        style = self._markers.get(position, Style())
        return Layer("scatter", {"x": np.repeat(places, counts), "y": y}, position, "", style)
