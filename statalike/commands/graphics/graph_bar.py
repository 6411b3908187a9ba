"""``graph bar``, ``graph hbar`` and ``graph dot``: statistics in bars or dots ([G-2] graph bar)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.data.summary_statistics import percentiles, summary
from statalike.commands.data.weights import all_weights
from statalike.commands.graphics.bar_styles import BAR_STYLES, bar_styles
from statalike.commands.graphics.categories import (
    Categories,
    Leaf,
    laid_out_categories,
    overs_of,
    split_overs,
)
from statalike.commands.graphics.category_graph import draw_categories
from statalike.commands.graphics.twoway_options import CATEGORY_OPTIONS, UNSUPPORTED, AxisDefaults
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import Format
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import observations_mask
from statalike.graphics import style_names
from statalike.graphics.graph import Layer, ReferenceLine, Style
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_statistics
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.language.variable_lists import names_in, with_full_names
from statalike.state import State

_STATISTICS = ("mean", "median", "sum", "count", "percent", "sd", "min", "max", "first", "last")
_OPTIONS = (
    "over(string asis repeated) by(string asis) ASYvars ASCategory STACK PERCENTages MISSing "
    f"NOFILL BLABel(string asis) BARGap(real 0) EXCLude0 {BAR_STYLES} "
    f"{CATEGORY_OPTIONS}"
)
_SYNTAX = f"[anything] [if] [in] [aweight fweight pweight] [, {_OPTIONS}]"
_UNSUPPORTED = (
    f"{UNSUPPORTED} NOLabel OUTERgap(string) ALLCategories CW YVAROPTions(string) SHOWyvars "
    "LEGENDgap(string) "
    "YALTernate XALTernate YREVerse LINEGap(string) DOTS(string) NDOTS(integer) LINEType(string)"
)
_BLABEL = Suboptions(
    "anything [, FORmat(string) Size(string)]",
    unsupported="POSition(string) COLor(string) GAP(string) ORIENTation(string)",
)


@command(
    "graph bar",
    "graph bar",
    syntax=_SYNTAX,
    unsupported=_UNSUPPORTED,
    help="statistics in vertical bars",
    section="Graphs",
)
def graph_bar(state: State, arguments: Arguments) -> None:
    _draw(state, arguments, "bar", horizontal=False)


@command(
    "graph hbar",
    "graph hbar",
    syntax=_SYNTAX,
    unsupported=_UNSUPPORTED,
    help="statistics in horizontal bars",
    section="Graphs",
)
def graph_hbar(state: State, arguments: Arguments) -> None:
    _draw(state, arguments, "bar", horizontal=True)


@command(
    "graph dot",
    "graph dot",
    syntax=_SYNTAX,
    unsupported=_UNSUPPORTED,
    help="statistics as dots along lines",
    section="Graphs",
)
def graph_dot(state: State, arguments: Arguments) -> None:
    _draw(state, arguments, "dot", horizontal=True)


@dataclass(frozen=True)
class Summarised:
    """A variable and the statistic of it that is drawn; ``variable`` is empty for counts alone."""

    statistic: str
    variable: str
    text: str


def _summarised(state: State, arguments: Arguments) -> list[Summarised]:
    """What is drawn: ``(mean) x y (sd) z``; without variables percentages of observations."""
    text = arguments.body.strip()
    if text.startswith("(") and text.endswith(")") and text[1:-1].strip() in ("count", "percent"):
        return [Summarised(text[1:-1].strip(), "", "")]
    if not text:
        return [Summarised("percent", "", "percent")]
    found = []
    for item in parse_statistics(text):
        statistic = item.statistic or "mean"
        if statistic not in _STATISTICS and not _percentile(statistic):
            raise StataError(198, f"statistic {statistic} not recognized")
        terms = with_full_names((item.variables,), state.data)
        for name in names_in(terms):
            state.data.numbers(name)
            found.append(Summarised(statistic, name, item.name or f"{statistic} of {name}"))
    if not found:
        raise StataError(100, "varlist required")
    return found


def _percentile(statistic: str) -> int:
    """The number of ``p90``, 0 for what is no percentile."""
    digits = statistic.removeprefix("p")
    is_percentile = statistic.startswith("p") and digits.isdigit() and 1 <= int(digits) <= 99
    return int(digits) if is_percentile else 0


def _value(
    state: State, item: Summarised, rows: np.ndarray, weights: np.ndarray | None, total: float
) -> float:
    """A statistic over the rows of a mask, nan where there is none."""
    w = np.ones(int(rows.sum())) if weights is None else weights[rows]
    if not item.variable:
        count = float(w.sum())
        return count if item.statistic == "count" else 100 * count / total if total else np.nan
    values = state.data.numbers(item.variable)[rows]
    there = (values < MISSING) & (w > 0)
    values, w = values[there], w[there]
    if item.statistic == "count":
        return float(w.sum())
    if item.statistic == "percent":
        return 100 * float(w.sum()) / total if total else np.nan
    if not len(values):
        return np.nan
    if item.statistic in ("median",) or _percentile(item.statistic):
        point = _percentile(item.statistic) or 50
        order = np.argsort(values, kind="stable")
        return float(percentiles(values[order], w[order], (point,))[0])
    moments = summary(
        values, None if weights is None else w, "aweight" if weights is not None else ""
    )
    found = {
        "mean": moments.mean,
        "sum": moments.total,
        "sd": moments.standard_deviation,
        "min": moments.minimum,
        "max": moments.maximum,
        "first": float(values[0]),
        "last": float(values[-1]),
    }[item.statistic]
    return found if found < MISSING else np.nan


def _draw(state: State, arguments: Arguments, kind: str, *, horizontal: bool) -> None:
    items = _summarised(state, arguments)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    if not mask.any():
        raise StataError(2000, "no observations")
    weights = all_weights(state, given) if (given := arguments.weight) else None
    if weights is not None:
        mask &= weights < MISSING
    if not overs_of(arguments) and not items[0].variable:
        raise StataError(198, "over() is required without variables")
    chart = _Chart(state, arguments, items, mask, weights, kind)
    values = AxisDefaults(chart.title)
    draw_categories(
        state,
        arguments,
        mask,
        chart.panel,
        values,
        "hbar" if horizontal and kind == "bar" else kind,
        horizontal=horizontal,
        from_zero=not arguments.flag("exclude0"),
    )


class _Chart:
    """The layers of a chart: one for each variable, or for each level with ``asyvars``."""

    def __init__(
        self,
        state: State,
        arguments: Arguments,
        items: list[Summarised],
        mask: np.ndarray,
        weights: np.ndarray | None,
        kind: str,
    ) -> None:
        self._state, self._arguments, self._items = state, arguments, items
        self._weights, self._kind = weights, kind
        self._split, self._overs = split_overs(state, arguments, mask, len(items))
        self._styles = bar_styles(arguments)
        self._stacked = arguments.flag("stack")
        self._shares = arguments.flag("percentages")
        for over in self._overs:
            used = mask & (over.codes >= 0)
            mask &= used
        total_mask = mask if self._split is None else mask & (self._split.codes >= 0)
        self._total = float(total_mask.sum() if weights is None else weights[total_mask].sum())

    @property
    def title(self) -> str:
        if self._shares:
            return "percent"
        if len(self._items) > 1:
            return ""
        item = self._items[0]
        return item.text or ("frequency" if item.statistic == "count" else "percent")

    @property
    def _keys(self) -> list[str]:
        if self._split is not None:
            return [self._split.texts[level] for level in self._split.order]
        return [item.text for item in self._items] if len(self._items) > 1 else [""]

    def _values(self, leaf: Leaf) -> np.ndarray:
        """The values (bars,) of a category."""
        if self._split is not None:
            item = self._items[0]
            found = [
                self._one(item, leaf.mask & (self._split.codes == level))
                for level in self._split.order
            ]
        else:
            found = [self._one(item, leaf.mask) for item in self._items]
        values = np.array(found)
        if self._shares:
            values = 100 * values / np.nansum(values)
        return values

    def _one(self, item: Summarised, rows: np.ndarray) -> float:
        return _value(self._state, item, rows, self._weights, self._total)

    def panel(self, mask: np.ndarray) -> tuple[Categories, list[Layer]]:
        bars = 1 if self._stacked or self._kind == "dot" else len(self._keys)
        arguments = self._arguments
        layout = laid_out_categories(self._overs, mask, float(bars))
        if any(over.sort for over in self._overs) or arguments.flag("nofill"):
            heights = {leaf.levels: self._sort_value(leaf) for leaf in layout.leaves}
            layout = laid_out_categories(
                self._overs, mask, float(bars), heights, skip_empty=arguments.flag("nofill")
            )
        table = np.array([self._values(leaf) for leaf in layout.leaves])
        centres = np.array([leaf.centre for leaf in layout.leaves])
        layers = []
        label_size = self._label_size()
        base = np.zeros(len(centres))
        gap = float(arguments.number("bargap") or 0)
        for position, key in enumerate(self._keys):
            offset = 0.0 if bars == 1 else position - (bars - 1) / 2
            y = table[:, position]
            top = base + np.nan_to_num(y) if self._stacked else y
            layers.append(
                Layer(
                    self._kind,
                    {"x": centres + offset, "y": top, "base": base},
                    position,
                    key,
                    replace(self._styles.get(position, Style()), label_size=label_size),
                    width=1 - gap / 100 if bars > 1 else 1.0,
                    labels=self._bar_labels(y, key, layout),
                )
            )
            if self._stacked:
                base = top
        if self._kind == "dot":
            dots = Style(line_color="gs8", line_pattern="tight_dot", line_width="thin")
            lines = tuple(ReferenceLine(float(centre), dots) for centre in centres)
            layout = replace(layout, axis=replace(layout.axis, lines=lines))
            layers = [replace(layer, data=_without_base(layer)) for layer in layers]
        return layout, layers

    def _sort_value(self, leaf: Leaf) -> float:
        sort = next((over.sort for over in self._overs if over.sort), "1")
        values = self._values(leaf)
        position = int(sort.lstrip("+-")) - 1
        if not 0 <= position < len(values):
            raise StataError(198, "over(, sort()): there is no such variable")
        return float(np.nan_to_num(values[position]))

    def _label_size(self) -> str:
        text = self._arguments.option("blabel")
        size = read_suboptions(_BLABEL, str(text), Dataset()).string("size") if text else None
        if size:
            style_names.size("text size", size)
        return size or ""

    def _bar_labels(self, values: np.ndarray, key: str, layout: Categories) -> tuple[str, ...]:
        text = self._arguments.option("blabel")
        if text is None:
            return ()
        read = read_suboptions(_BLABEL, str(text), self._state.data)
        form = Format.parse(read.string("format") or "%9.0g")
        match read.body:
            case "bar" | "total":
                return tuple("" if np.isnan(y) else form.text(y).strip() for y in values.tolist())
            case "name":
                return (key,) * len(values)
            case "group" if self._overs:
                return tuple(self._overs[0].texts[leaf.levels[0]] for leaf in layout.leaves)
            case "none":
                return ()
            case other:
                raise StataError(198, f"blabel({other}) not recognized")


def _without_base(layer: Layer) -> dict[str, np.ndarray]:
    return {name: values for name, values in layer.data.items() if name != "base"}
