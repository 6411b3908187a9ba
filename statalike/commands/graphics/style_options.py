"""The options that say how a plot looks, read into styles ([G-3] marker_options and others)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from statalike.errors import StataError
from statalike.graphics import style_names
from statalike.graphics.colors import check_color
from statalike.graphics.graph import Style
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words

MARKERS = (
    "Msymbol(string asis) MColor(string asis) MSIZe(string asis) MFColor(string asis) "
    "MLColor(string asis) MLWidth(string asis) jitter(real 0) jitterseed(integer)"
)
MARKER_LABELS = (
    "MLABel(varname) MLABPosition(integer 3) MLABSize(string asis) MLABColor(string asis) "
    "MLABANGle(string)"
)
_LINE = "LPattern(string asis) LWidth(string asis) LColor(string asis)"
#: the names that these options had in old releases
LINE_SYNONYMS = "CLPattern(string asis) CLWidth(string asis) CLColor(string asis)"
LINES = f"{_LINE} {LINE_SYNONYMS}"
CONNECTIONS = "Connect(string asis) CMISsing(string) SORT SORT(varlist)"
AREAS = f"FColor(string asis) FIntensity(real 100) {_LINE}"
PLOT = "COLor(string asis) YAXis(integer 1) PSTYle(string) RECast(string)"
UNSUPPORTED_STYLES = (
    "MLABVposition(varname) MSTYle(string) LSTYle(string) ASTYle(string) MLABSTYle(string) "
    "MLABGap(string) MLABFormat(string) MSANGle(string) MLAlign(string) LALign(string) "
    "XAXis(integer) COLORVAR(varname) MLPattern(string)"
)

Check = Callable[[str], object]


def _values(arguments: Arguments, name: str, check: Check) -> list[str]:
    """The words of an option that was typed, each of them checked."""
    if name not in arguments.options:
        return []
    text = str(arguments.options[name])
    words = split_words(text)
    if not words:
        raise StataError(198, f"option {name}() incorrectly specified")
    if words == ["="]:
        return []
    for word in words:
        if word not in (".", "=", "..", "..."):
            check(word)
    return words


def _chosen(values: Sequence[str], position: int) -> str:
    """The value for a plot of several: ``.`` is the scheme's, the last ones ``..`` repeat it."""
    if not values:
        return ""
    if len(values) > 1 and values[-1] in ("..", "..."):
        values = values[:-1]
        position = min(position, len(values) - 1)
    if len(values) == 1 or position >= len(values):
        value = values[0] if len(values) == 1 else ""
    else:
        value = values[position]
        if value == "=":
            value = values[max(position - 1, 0)]
    return "" if value == "." else value


class StyleOptions:
    """The style options of one plot command, for each of its y variables."""

    def __init__(self, arguments: Arguments) -> None:
        def size(kind: str) -> Check:
            return lambda text: style_names.size(kind, text)

        def read(check: Check, *names: str) -> list[str]:
            for name in names:
                if found := _values(arguments, name, check):
                    return found
            return []

        color = read(check_color, "color")
        self._values: dict[str, list[str]] = {
            "symbol": read(style_names.symbol, "msymbol"),
            "marker_fill": read(check_color, "mfcolor", "mcolor") or color,
            "marker_outline": read(check_color, "mlcolor", "mcolor") or color,
            "marker_size": read(size("symbol size"), "msize"),
            "marker_width": read(size("line width"), "mlwidth"),
            "connect": [
                style_names.connection(word) for word in read(style_names.connection, "connect")
            ],
            "line_color": read(check_color, "lcolor", "clcolor") or color,
            "line_pattern": read(style_names.dashes, "lpattern", "clpattern"),
            "line_width": read(size("line width"), "lwidth", "clwidth"),
            "fill": read(check_color, "fcolor") or color,
            "label_color": read(check_color, "mlabcolor"),
            "label_size": read(size("text size"), "mlabsize"),
        }
        intensity = arguments.options.get("fintensity")
        if intensity is not None and not self._values["fill"]:
            self._values["fill"] = [f"*{float(intensity) / 100:g}"]
        self._clock = int(arguments.options.get("mlabposition", 3))
        angle = arguments.options.get("mlabangle")
        self._angle = style_names.angle(str(angle)) if angle is not None else 0.0
        self.number = _number(arguments.options.get("pstyle"))

    def style(self, position: int = 0) -> Style:
        """The style of the y variable at a position, from 0."""
        chosen: dict[str, Any] = {
            name: _chosen(values, position) for name, values in self._values.items()
        }
        return Style(**chosen, label_clock=self._clock, label_angle=self._angle)


def _number(pstyle: Any) -> int | None:
    """``p3``, ``p3line`` and the like: the number of a plot, from 0; r(198)."""
    if pstyle is None:
        return None
    digits = str(pstyle).removeprefix("p").rstrip("abcdefghijklmnopqrstuvwxyz")
    if not str(pstyle).startswith("p") or not digits.isdigit() or not 1 <= int(digits) <= 15:
        raise StataError(198, f"plot style {pstyle} not recognized")
    return int(digits) - 1
