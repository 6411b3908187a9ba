"""Titles, notes and captions around a graph: the room they need and where they go."""

from __future__ import annotations

from dataclasses import dataclass

from statalike.graphics import style_names
from statalike.graphics.colors import resolved_color
from statalike.graphics.graph import Graph, Text
from statalike.graphics.rendering.canvas import LINE_HEIGHT, Canvas, joined
from statalike.graphics.rendering.legend import clock_alignment
from statalike.graphics.rendering.rectangle import Rectangle
from statalike.graphics.schemes import Scheme

#: names from the outside of the graph to its plot region, and their places and sizes
_TOP = ("title", "subtitle", "t1title", "t2title")
_BOTTOM = ("caption", "note", "b2title", "b1title")
_LEFT = ("l1title", "l2title")
_RIGHT = ("r2title", "r1title")
_CLOCKS = {"title": 12, "subtitle": 12, "note": 7, "caption": 7}


@dataclass
class _Strip:
    """A title on a side and its room across that side."""

    text: Text
    side: str
    size: float
    room: float
    offset: float = 0.0


class Titles:
    """The titles of a graph: :attr:`inside` is what they leave, :meth:`draw` puts them there."""

    def __init__(
        self, canvas: Canvas, graph: Graph, scheme: Scheme, unit: float, at: Rectangle
    ) -> None:
        self._canvas, self._scheme, self._unit, self._at = canvas, scheme, unit, at
        self._strips: list[_Strip] = []
        self._within: list[tuple[Text, float]] = []
        rooms = {"top": 0.0, "bottom": 0.0, "left": 0.0, "right": 0.0}
        for name in (*_TOP, *_BOTTOM, *_LEFT, *_RIGHT):
            text = graph.titles.get(name)
            if text is None or not any(text.lines):
                continue
            size = self._size(name, text) * unit
            if text.style.ring == 0:
                self._within.append((text, size))
                continue
            side = _side(name, text)
            room = (len(text.lines) * LINE_HEIGHT + 0.35) * size
            self._strips.append(_Strip(text, side, size, room, rooms[side]))
            rooms[side] += room
        self.inside = at.without(rooms["left"], rooms["bottom"], rooms["right"], rooms["top"])

    def _size(self, name: str, text: Text) -> float:
        scheme = self._scheme
        usual = {
            "title": scheme.title_size,
            "subtitle": scheme.subtitle_size,
            "note": scheme.note_size,
            "caption": scheme.label_size,
        }.get(name, scheme.axis_title_size)
        default = style_names.size("text size", usual)
        return (
            style_names.size("text size", text.style.size, default) if text.style.size else default
        )

    def draw(self, plots: Rectangle) -> None:
        """Draw all, those above and below centred on the plot regions unless they span all."""
        for strip in self._strips:
            self._draw_strip(strip, plots)
        for text, size in self._within:
            clock = 12 if text.style.clock is None else text.style.clock
            across, up = clock_alignment(clock)
            room = plots.shrunk(1.5 * self._unit)
            self._write(
                text,
                size,
                room.left + across * room.width,
                room.bottom + up * room.height,
                ("left", "center", "right")[round(2 * across)],
                ("bottom", "center", "top")[round(2 * up)],
            )

    def _draw_strip(self, strip: _Strip, plots: Rectangle) -> None:
        at, style = self._at, strip.text.style
        middle = strip.offset + strip.room / 2
        if strip.side in ("left", "right"):
            x = at.left + middle if strip.side == "left" else at.right - middle
            y = plots.bottom + plots.height / 2
            turned = 90.0 if style.angle is None else style.angle
            self._write(strip.text, strip.size, x, y, "center", "center", rotation=turned)
            return
        y = at.top - middle if strip.side == "top" else at.bottom + middle
        alignment = {"left": "left", "right": "right", "center": "center"}.get(style.justification)
        clock = style.clock
        if clock in (7, 11, 8, 10, 9):
            place = "left"
        elif clock in (1, 5, 2, 4, 3):
            place = "right"
        else:
            place = "center"
        across = at if style.spans or place == "left" else plots
        x = {
            "left": across.left,
            "right": across.right,
            "center": across.left + across.width / 2,
        }[place]
        self._write(strip.text, strip.size, x, y, place, "center", alignment or place)

    def _write(
        self,
        text: Text,
        size: float,
        x: float,
        y: float,
        horizontal: str,
        vertical: str,
        alignment: str | None = None,
        rotation: float = 0.0,
    ) -> None:
        color = text.style.color or (self._scheme.title_color if size > 4 * self._unit else "black")
        self._canvas.text(
            x,
            y,
            text.lines,
            ha=horizontal,
            va=vertical,
            multialignment=alignment or horizontal,
            fontsize=size,
            color=resolved_color(color),
            rotation=rotation,
        )


def with_clocks(titles: dict[str, Text]) -> dict[str, Text]:
    """Titles with the clock positions that Stata gives them by default."""
    from dataclasses import replace

    return {
        name: replace(text, style=replace(text.style, clock=_CLOCKS.get(name, 12)))
        if text.style.clock is None
        else text
        for name, text in titles.items()
    }


def _side(name: str, text: Text) -> str:
    if name in _LEFT:
        return "left"
    if name in _RIGHT:
        return "right"
    clock = text.style.clock
    if clock in (11, 12, 1):
        return "top"
    if clock in (5, 6, 7):
        return "bottom"
    return "top" if name in _TOP else "bottom"


def text_height(lines: tuple[str, ...], size: float) -> float:
    """Points that lines of text take."""
    return len(lines) * LINE_HEIGHT * size if joined(lines)[0] else 0.0
