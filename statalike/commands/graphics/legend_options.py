"""``legend()``: keys, their order and place ([G-3] legend_options)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from statalike.commands.graphics.text_options import check_clock, read_text
from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.graphics import style_names
from statalike.graphics.colors import check_color
from statalike.graphics.graph import Legend, LegendItem
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_legend_keys, split_words
from statalike.language.suboptions import Suboptions, read_option_list

LEGEND = "LEGend(string asis repeated)"

_LEGEND = Suboptions(
    "[, ORDer(string asis) LABel(string asis repeated) off on Cols(integer) "
    "Rows(integer) POSition(integer) RING(integer) Size(string) COLor(string asis) COLFirst "
    "NOCOLFirst REGion(string asis) TItle(string asis) SUBtitle(string asis) "
    "SYMXsize(string) KEYGap(string) ROWGap(string) COLGap(string)]",
    unsupported="SYMYsize(string) BMargin(string) SPAN HOLes(numlist) ALL STACk NOSTACk "
    "TEXTFirst NOTEXTFirst BPLACEment(string) "
    "TEXTWidth(string) FORCESize STYle(string) NOTE(string) CAPtion(string) AT(integer) "
    "SYMPlacement(string) LINEGAP(string) WIDTH(string) HEIGHT(string) TEXTPlacement(string)",
)
_REGION = Suboptions(
    "[, COLor(string asis) FColor(string asis) LColor(string asis) LWidth(string) "
    "STYle(string) LSTYle(string)]",
    unsupported="LPattern(string) Margin(string)",
)


_LENGTHS = {
    "symxsize": "key_width",
    "keygap": "key_gap",
    "rowgap": "row_gap",
    "colgap": "column_gap",
}


def read_legend(texts: Iterable[str], data: Dataset) -> Legend:
    """The legend that all ``legend()`` options together ask for; r(198)."""
    legend = Legend()
    for text in texts:
        read = read_option_list(_LEGEND, text, data)
        legend = _with_options(legend, read, data)
    return legend


def _with_options(legend: Legend, read: Arguments, data: Dataset) -> Legend:
    labels = dict(legend.labels)
    for text in read.option("label"):
        for key in parse_legend_keys(text):
            if key.number is None or key.number < 1:
                raise StataError(198, "option label() incorrectly specified")
            labels[int(key.number) - 1] = key.lines
    legend = replace(legend, labels=labels)
    order = read.option("order")
    if order is not None:
        items = tuple(
            LegendItem(None if key.number is None else int(key.number) - 1, key.lines)
            for key in parse_legend_keys(str(order))
        )
        legend = replace(legend, items=items)
    if read.flag("off") or read.flag("on"):
        legend = replace(legend, shown=read.flag("on"))
    elif legend.shown is None and (order is not None or labels):
        legend = replace(legend, shown=True)
    for option, name in (("cols", "columns"), ("rows", "rows"), ("ring", "ring")):
        value = read.integer(option)
        if value is not None:
            changes: dict[str, Any] = {name: value}
            legend = replace(legend, **changes)
    for option, name in _LENGTHS.items():
        text = read.string(option)
        if text is not None:
            lengths: dict[str, Any] = {name: style_names.size("margin", text.strip())}
            legend = replace(legend, **lengths)
    position = read.integer("position")
    if position is not None:
        legend = replace(legend, clock=check_clock(position))
    size = read.string("size")
    if size:
        style_names.size("text size", size)
        legend = replace(legend, size=size)
    color = split_words(str(read.option("color") or ""))
    if color:
        legend = replace(legend, color=check_color(color[0]))
    if read.flag("colfirst"):
        legend = replace(legend, by_column=True)
    title = read.option("title") or read.option("subtitle")
    if title is not None:
        legend = replace(legend, title=read_text(str(title), data))
    region = read.option("region")
    if region is not None:
        legend = _with_region(legend, str(region), data)
    return legend


def _with_region(legend: Legend, text: str, data: Dataset) -> Legend:
    read = read_option_list(_REGION, text, data)
    fill = split_words(str(read.option("fcolor") or read.option("color") or ""))
    line = split_words(str(read.option("lcolor") or ""))
    width = read.string("lwidth") or ""
    if width and not style_names.size("line width", width):
        line = ["none"]
    if read.string("style") == "none" or read.string("lstyle") == "none":
        line = ["none"]
    return replace(
        legend,
        region_color=check_color(fill[0]) if fill else legend.region_color,
        region_line=check_color(line[0]) if line else legend.region_line,
    )
