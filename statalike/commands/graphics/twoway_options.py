"""The options of a whole graph: titles, axes, legend, regions ([G-3] twoway_options).

:data:`TWOWAY_OPTIONS` is what every command with two axes takes; :func:`graph_options` reads it
into the parts of a :class:`~statalike.graphics.graph.Graph`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from statalike.commands.graphics.legend_options import LEGEND, read_legend
from statalike.commands.graphics.text_options import read_text, text_style
from statalike.data.dataset import Dataset
from statalike.data.formats import Format
from statalike.data.labels import ValueLabel
from statalike.errors import StataError, option_not_allowed
from statalike.graphics import style_names
from statalike.graphics.colors import check_color
from statalike.graphics.graph import (
    Axis,
    Graph,
    PlacedText,
    ReferenceLine,
    Region,
    Style,
    Text,
    Ticks,
)
from statalike.graphics.schemes import find_scheme
from statalike.language.arguments import Arguments
from statalike.language.ast import LabelledValue, Number, NumberSequence, TickCount, TickRule
from statalike.language.numlist import read_numlist, steps_of
from statalike.language.parser import parse_axis_labels, parse_placed_texts, split_words
from statalike.language.suboptions import Suboptions, read_option_list, read_suboptions

TITLES = (
    "TItle(string asis) SUBtitle(string asis) NOTE(string asis) CAPtion(string asis) "
    "t1title(string asis) t2title(string asis) b1title(string asis) b2title(string asis) "
    "l1title(string asis) l2title(string asis) r1title(string asis) r2title(string asis)"
)
REGIONS = (
    "XSIZe(real) YSIZe(real) SCHeme(string) ASPECTratio(string) PLOTRegion(string asis) "
    "GRAPHRegion(string asis) name(string) SAVing(string asis) nodraw"
)


def axis_options(letter: str) -> str:
    """The options of the axis of that letter, in the ``syntax`` language."""
    names = ("TItle", "LABel", "TICk", "MLabel", "MTick", "SCale", "LIne")
    return " ".join(f"{letter}{name}(string asis repeated)" for name in names)


AXES = f"{axis_options('Y')} {axis_options('X')}"
#: the options of graphs whose other axis has categories
CATEGORY_OPTIONS = (
    f"{TITLES} {REGIONS} {AXES.split(' XTItle')[0]} text(string asis repeated) {LEGEND}"
)
TWOWAY_OPTIONS = f"{TITLES} {REGIONS} {AXES} text(string asis repeated) {LEGEND}"
UNSUPPORTED = (
    "PLAY(string) TTItle(string) TLABel(string) TTICk(string) TLIne(string) TSCale(string) "
    "TTEXT(string) YVARLabel(string) XVARLabel(string) YVARFormat(string) XVARFormat(string) "
    "COMmonscheme COPYscheme ADVANCED NOFSheet FXSIZe(real) FYSIZe(real) ISCALE(string)"
)

_LABELS = Suboptions(
    "[anything] [, ANGle(string) LABSize(string) LABColor(string asis) VALuelabel NOGRID GRID "
    "add NOLabels LABels NOTICks TICks format(string) axis(integer 1) ALTernate "
    "GLColor(string) GLPattern(string) GLWidth(string)]",
    unsupported="custom TLength(string) TPosition(string) LABGap(string) TLWidth(string) "
    "TLColor(string) "
    "norescale GMIN NOGMIN GMAX NOGMAX GEXTend NOGEXTend",
)
_SCALE = Suboptions(
    "[, Range(numlist) LOG NOLOG REVerse NOREVerse off on alt noLIne axis(integer 1)]",
    unsupported="LSTYle(string) FILL TITLEGap(string) OUTERgap(string) FEXTEND NOEXTend",
)
_LINE = Suboptions(
    "anything [, LPattern(string asis) LWidth(string asis) LColor(string asis) axis(integer 1)]",
    unsupported="noEXTend LSTYle(string) STYle(string)",
)
_REGION = Suboptions(
    "[, COLor(string asis) FColor(string asis) LColor(string asis) "
    "Margin(string) IColor(string asis) IFColor(string asis) ILColor(string asis)]",
    unsupported="LPattern(string) LWidth(string) STYle(string) LSTYle(string) "
    "ASTYle(string) ISTYle(string) ILSTYle(string)",
)
_ASPECT = Suboptions("anything", unsupported="PLACEment(string)")
_TEXT = (
    "Size(string) COLor(string asis) PLacement(string) JUSTification(string) ORIENTation(string)"
)
_PLACED = Suboptions(
    f"anything [, {_TEXT} axis(integer 1)]",
    unsupported="BOX NOBOX MARgin(string) BMargin(string) FColor(string) LColor(string) "
    "LINEGAP(string) STYle(string) WIDTH(string) HEIGHT(string) ALIGNment(string) ANGle(string)",
)


#: about five labels at round values
DEFAULT_LABELS = Ticks(count=5)


@dataclass(frozen=True)
class AxisDefaults:
    """What the data say of an axis: its title, its format, the value label of its variable."""

    title: str = ""
    format: str = ""
    value_label: ValueLabel | None = None
    labels: Ticks = DEFAULT_LABELS


def graph_options(
    arguments: Arguments,
    data: Dataset,
    scheme: str,
    x: AxisDefaults,
    y: AxisDefaults,
    y2: AxisDefaults | None = None,
) -> Graph:
    """A graph without panels that has everything the options say; r(198) for what is wrong.

    ``y2`` is None where no plot uses the right axis; options for it are then refused.
    """
    reader = _Reader(arguments, data)
    options = arguments.options
    chosen = str(options.get("scheme") or scheme).partition(",")[0].strip()
    find_scheme(chosen)
    for name in ("ylabel", "yscale", "yline", "ytick"):
        if y2 is None and name in options:
            reader.refuse_second_axis(name)
    return Graph(
        x=reader.axis("x", 1, x),
        y=reader.axis("y", 1, y),
        y2=None if y2 is None else replace(reader.axis("y", 2, y2), lines=()),
        titles=read_titles(arguments, data),
        legend=read_legend(arguments.options.get("legend", ()), data),
        region=_region(options, data),
        scheme=chosen,
        xsize=inches(options, "xsize"),
        ysize=inches(options, "ysize"),
        aspect=_aspect(options, data),
    )


def placed_texts(arguments: Arguments, data: Dataset) -> tuple[PlacedText, ...]:
    """The texts of ``text()`` options."""
    found = []
    for text in arguments.options.get("text", ()):
        read = read_suboptions(_PLACED, text, data)
        style = text_style(read)
        for placed in parse_placed_texts(read.body):
            if not placed.lines:
                raise StataError(198, "option text() incorrectly specified")
            found.append(PlacedText(placed.x, placed.y, Text(placed.lines, style)))
    return tuple(found)


def read_titles(arguments: Arguments, data: Dataset) -> dict[str, Text]:
    """``title()``, ``note()`` and the others, by name."""
    names = ["title", "subtitle", "note", "caption"]
    names += [f"{side}{number}title" for side in "tblr" for number in (1, 2)]
    return {
        name: read_text(str(arguments.options[name]), data)
        for name in names
        if arguments.options.get(name) is not None
    }


def inches(options: dict[str, Any], name: str) -> float | None:
    """A size in inches, None where there is none; r(198) outside 1 to 100."""
    value = options.get(name)
    if value is not None and not 1 <= float(value) <= 100:
        raise StataError(198, f"{name}() must be between 1 and 100")
    return None if value is None else float(value)


def _aspect(options: dict[str, Any], data: Dataset) -> float | None:
    text = options.get("aspectratio")
    if text is None:
        return None
    read = read_suboptions(_ASPECT, str(text), data)
    try:
        aspect = float(read.body)
    except ValueError:
        raise StataError(198, "option aspectratio() incorrectly specified") from None
    if aspect < 0:
        raise StataError(198, "option aspectratio() incorrectly specified")
    return aspect or None


def _region(options: dict[str, Any], data: Dataset) -> Region:
    region = Region()
    text = options.get("plotregion")
    if text is not None:
        read = read_option_list(_REGION, str(text), data)
        fill = _region_color(read, ("ifcolor", "icolor", "fcolor", "color"))
        line = _region_color(read, ("ilcolor", "lcolor"))
        margin = read.string("margin")
        region = replace(region, plot_color=fill, plot_line=line)
        if margin is not None:
            size = style_names.size("margin", margin.split()[0] if margin else "zero")
            region = replace(region, plot_margin=size)
    text = options.get("graphregion")
    if text is not None:
        read = read_option_list(_REGION, str(text), data)
        color = _region_color(read, ("fcolor", "color", "ifcolor", "icolor"))
        region = replace(region, graph_color=color)
    return region


def _region_color(read: Arguments, names: tuple[str, ...]) -> str:
    for name in names:
        words = split_words(str(read.option(name) or ""))
        if words:
            return check_color(words[0])
    return ""


class _Reader:
    """Reads the options of axes."""

    def __init__(self, arguments: Arguments, data: Dataset) -> None:
        self._options = arguments.options
        self._data = data

    def refuse_second_axis(self, name: str) -> None:
        for text in self._options[name]:
            if self._read(name, text).integer("axis") != 1:
                raise StataError(198, f"{name}(): axis(2) is used by no plot")

    def _read(self, name: str, text: str) -> Arguments:
        if name.endswith("scale"):
            return read_option_list(_SCALE, text, self._data)
        suboptions = _LINE if name.endswith("line") else _LABELS
        return read_suboptions(suboptions, text, self._data)

    def _each(self, name: str, axis: int) -> list[Arguments]:
        """The options of that name which are for the axis of that number."""
        read = [self._read(name, text) for text in self._options.get(name, ())]
        return [each for each in read if each.integer("axis") == axis]

    def axis(self, letter: str, number: int, defaults: AxisDefaults) -> Axis:
        axis = Axis(
            title=self._title(letter, number, defaults),
            labels=defaults.labels,
            format=defaults.format,
        )
        for read in self._each(f"{letter}label", number):
            axis = replace(axis, labels=_ticks(read, axis.labels, defaults, labelled=True))
        for name, kind in (("tick", "ticks"), ("mlabel", "minor_labels"), ("mtick", "minor_ticks")):
            for read in self._each(f"{letter}{name}", number):
                ticks = _ticks(read, Ticks(), defaults, labelled=name == "mlabel")
                changes: dict[str, Any] = {kind: ticks}
                axis = replace(axis, **changes)
        for read in self._each(f"{letter}scale", number):
            axis = _scaled(axis, read)
        lines = [
            line for read in self._each(f"{letter}line", number) for line in _reference_lines(read)
        ]
        return replace(axis, lines=tuple(lines))

    def _title(self, letter: str, number: int, defaults: AxisDefaults) -> Text:
        title = Text((defaults.title,) if defaults.title else ())
        for text in self._options.get(f"{letter}title", ()):
            read_axis: list[int] = []
            found = read_text(text, self._data, axis=read_axis)
            if read_axis[0] == number:
                keeps = not found.lines and not _is_empty_text(text)
                title = replace(found, lines=title.lines) if keeps else found
        return title


def _is_empty_text(text: str) -> bool:
    return text.strip().startswith(('""', '`""'))


def _ticks(read: Arguments, before: Ticks, defaults: AxisDefaults, *, labelled: bool) -> Ticks:
    """The values and looks that one ``ylabel()`` or its relatives ask for."""
    values: list[float] = []
    texts: list[str | None] = []
    count: int | None = None
    minmax = False
    rules = parse_axis_labels(read.body)
    if read.flag("add") or not rules:
        values, texts = list(before.values), list(before.texts)
        count, minmax = before.count, before.minmax
    for rule in rules:
        match rule:
            case LabelledValue(value=value, text=text):
                values.append(value.value)
                texts.append(text)
            case Number(value=number):
                values.append(number)
                texts.append(None)
            case NumberSequence():
                more = list(steps_of(rule))
                values += more
                texts += [None] * len(more)
            case TickCount(count=number, minor=minor):
                if minor:
                    raise StataError(198, "## rule of tick marks not yet supported")
                count = number
            case TickRule(rule=name):
                minmax = name == "minmax"
                if name == "none":
                    values, texts, count = [], [], None
    if len(values) > 1000:
        raise StataError(198, "too many labels")
    if read.flag("valuelabel") and defaults.value_label is not None:
        label = defaults.value_label
        if count is not None:
            known = [float(code) for code, _ in label.sorted_entries() if code < 1e9]
            values, texts, count = known, [None] * len(known), None
        texts = [text or label.text(value) for value, text in zip(values, texts, strict=True)]
    fmt = read.string("format") or ""
    if fmt:
        Format.parse(fmt)
    grid = False if read.flag("nogrid") else True if read.flag("grid") else before.grid
    angle, size = read.string("angle"), read.string("labsize")
    color = split_words(str(read.option("labcolor") or ""))
    looks = _line_looks(read, "gl")
    if size:
        style_names.size("text size", size)
    return Ticks(
        values=tuple(values),
        texts=tuple(texts),
        count=count,
        minmax=minmax,
        labelled=labelled and not read.flag("nolabels"),
        ticked=not read.flag("noticks"),
        grid=grid,
        grid_style=before.grid_style if looks == Style() else looks,
        angle=before.angle if angle is None else style_names.angle(angle),
        size=size or before.size,
        color=check_color(color[0]) if color else before.color,
        format=fmt or before.format,
        alternate=read.flag("alternate"),
    )


def read_label_style(text: str, data: Dataset, before: Ticks) -> Ticks:
    """The looks of labels that ``label(angle(45) labsize(small))`` asks for; r(198)."""
    read = read_option_list(_LABELS, text, data)
    found = _ticks(read, before, AxisDefaults(), labelled=True)
    return replace(found, count=before.count, ticked=before.ticked)


def _scaled(axis: Axis, read: Arguments) -> Axis:
    """An axis with what ``yscale()`` says."""
    limits = read.numbers("range")
    if limits:
        axis = replace(axis, low=min(limits), high=max(limits))
    for name, change in _SCALE_FLAGS.items():
        if read.options.get(name):
            axis = replace(axis, **change)
    return axis


_SCALE_FLAGS: dict[str, dict[str, Any]] = {
    "log": {"log": True},
    "nolog": {"log": False},
    "reverse": {"reverse": True},
    "noreverse": {"reverse": False},
    "off": {"off": True},
    "on": {"off": False},
    "alt": {"opposite": True},
    "noline": {"line": False},
}


def _reference_lines(read: Arguments) -> list[ReferenceLine]:
    style = _line_looks(read, "l")
    return [ReferenceLine(value, style) for value in read_numlist(read.body)]


def _line_looks(read: Arguments, start: str) -> Style:
    """The pattern, width and colour of a line from options that begin with ``l`` or ``gl``."""

    def first(name: str, check: Callable[[str], object]) -> str:
        words = split_words(str(read.option(name) or ""))
        if words:
            check(words[0])
        return words[0] if words else ""

    return Style(
        line_pattern=first(f"{start}pattern", style_names.dashes),
        line_width=first(f"{start}width", lambda text: style_names.size("line width", text)),
        line_color=first(f"{start}color", check_color),
    )


def refuse(arguments: Arguments, *names: str) -> None:
    """r(198) for options that the command at hand has no use for."""
    for name in names:
        if arguments.options.get(name):
            raise option_not_allowed(name)
