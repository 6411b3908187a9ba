"""Texts with looks of their own: ``title("Growth", size(large))`` ([G-3] title_options)."""

from __future__ import annotations

from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.graphics import style_names
from statalike.graphics.colors import check_color
from statalike.graphics.graph import Text, TextStyle
from statalike.language.arguments import Arguments
from statalike.language.parser import quoted_words, split_words
from statalike.language.quoting import unquoted
from statalike.language.suboptions import Suboptions, read_suboptions

_TITLE = Suboptions(
    "[anything] [, Size(string) COLor(string asis) POSition(integer) RING(integer) SPAN NOSPAN "
    "JUSTification(string) ANGle(string) ORIENTation(string) axis(integer 1)]",
    unsupported="prefix suffix BOX NOBOX MARgin(string) BMargin(string) FColor(string) "
    "BColor(string) "
    "LColor(string) LINEGAP(string) STYle(string) WIDTH(string) HEIGHT(string) BEXPAND "
    "ALIGNment(string) PLacement(string) TSTYle(string) LWidth(string) NOBEXPAND",
)

_PLACEMENTS = {
    "c": 0,
    "center": 0,
    "n": 12,
    "north": 12,
    "top": 12,
    "ne": 1,
    "e": 3,
    "east": 3,
    "right": 3,
    "se": 4,
    "s": 6,
    "south": 6,
    "bottom": 6,
    "sw": 7,
    "w": 9,
    "west": 9,
    "left": 9,
    "nw": 11,
}


def text_lines(text: str) -> tuple[str, ...]:
    """Quoted texts are lines; a text without quotes is one line, blanks and all."""
    stripped = text.strip()
    if not stripped:
        return ()
    if stripped[0] not in '"`':
        return (stripped,)
    return tuple(unquoted(word) for word in quoted_words(stripped))


def read_text(text: str, data: Dataset, *, axis: list[int] | None = None) -> Text:
    """The lines and looks of a title; ``axis`` is given the number of the axis it is for."""
    read = read_suboptions(_TITLE, text, data)
    if axis is not None:
        axis.append(read.integer("axis") or 1)
    return Text(text_lines(read.body), text_style(read))


def text_style(read: Arguments) -> TextStyle:
    """Size, colour, place and justification; r(198) for what does not exist."""
    options = read.options
    size = str(options.get("size") or "")
    if size:
        style_names.size("text size", size)
    color = split_words(str(options.get("color") or ""))
    justification = str(options.get("justification") or "")
    if justification not in ("", "left", "right", "center"):
        raise style_names.unknown("justification", justification, ("left", "right", "center"))
    turned = options.get("angle", options.get("orientation"))
    return TextStyle(
        size=size,
        color=check_color(color[0]) if color else "",
        clock=_clock(options.get("position"), options.get("placement")),
        ring=options.get("ring"),
        justification=justification,
        angle=None if turned is None else style_names.angle(str(turned)),
        spans=bool(options.get("span")),
    )


def _clock(position: int | None, placement: str | None) -> int | None:
    if placement is not None:
        if placement.isdigit():
            return check_clock(int(placement))
        if placement not in _PLACEMENTS:
            raise style_names.unknown("placement", placement, _PLACEMENTS)
        return _PLACEMENTS[placement]
    return None if position is None else check_clock(position)


def check_clock(position: int) -> int:
    """A clock position, 0 (the middle) to 12; r(198)."""
    if not 0 <= position <= 12:
        raise StataError(198, f"position({position}) not recognized; it goes from 0 to 12")
    return position
