"""Schemes ([G-4] schemes intro): the looks of everything a graph does not say itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from statalike.errors import StataError, suggestion


@dataclass(frozen=True)
class Scheme:
    """Colours, sizes and places, in Stata's words, by the plot's number where there are several.

    ``frame`` is the colour of the line around the plot region, empty for none.  ``label_angle``
    is that of the labels of vertical axes.  Sizes are of texts unless they say otherwise.
    """

    name: str
    width: float = 7.5
    height: float = 4.5
    colors: tuple[str, ...] = tuple(f"stc{number}" for number in range(1, 16))
    symbols: tuple[str, ...] = ("O",)
    patterns: tuple[str, ...] = ("solid",)
    fills: tuple[str, ...] = ()
    background: str = "white"
    plot_background: str = "white"
    frame: str = ""
    foreground: str = "black"
    grid: str = "gs14"
    grid_x: bool = True
    grid_y: bool = True
    label_angle: float = 0.0
    title_size: str = "large"
    title_color: str = "black"
    subtitle_size: str = "medlarge"
    axis_title_size: str = "medsmall"
    label_size: str = "medsmall"
    note_size: str = "small"
    legend_size: str = "medsmall"
    legend_clock: int = 3
    legend_columns: int | None = 1
    legend_frame: str = ""
    symbol_size: str = "medium"
    line_width: str = "medthick"
    thin_width: str = "medium"
    axis_width: str = "medthin"
    confidence_fill: str = "gs13"
    reference_color: str = "black"
    by_title_fill: str = "gs15"
    histogram_fill: str = ""

    def color(self, number: int) -> str:
        """The colour of the plot of that number, from 0."""
        return self.colors[number % len(self.colors)]

    def symbol(self, number: int) -> str:
        return self.symbols[number % len(self.symbols)]

    def pattern(self, number: int) -> str:
        return self.patterns[number % len(self.patterns)]

    def fill(self, number: int) -> str:
        """The colour of the bars and areas of the plot of that number."""
        chosen = self.fills or self.colors
        return chosen[number % len(chosen)]


_S2_COLORS: Final = [
    "navy",
    "maroon",
    "forest_green",
    "dkorange",
    "teal",
    "cranberry",
    "lavender",
    "khaki",
    "sienna",
    "emidblue",
    "emerald",
    "brown",
    "erose",
    "gold",
    "bluishgray",
]
_S1_COLORS: Final = [
    "dkgreen",
    "orange_red",
    "navy",
    "maroon",
    "teal",
    "sienna",
    "orange",
    "magenta",
    "cyan",
    "red",
    "lime",
    "brown",
    "purple",
    "olive_teal",
    "ltblue",
]
_GRAYS: Final = [
    "black",
    "gs6",
    "gs8",
    "gs4",
    "gs10",
    "gs2",
    "gs12",
    "gs5",
    "gs9",
    "gs3",
    "gs7",
    "gs11",
    "gs13",
    "gs1",
    "gs14",
]
_GRAY_FILLS: Final = [
    "gs6",
    "gs10",
    "gs8",
    "gs4",
    "gs12",
    "gs2",
    "gs14",
    "gs5",
    "gs9",
    "gs3",
    "gs11",
    "gs7",
    "gs13",
    "gs1",
    "gs15",
]
_MONO_SYMBOLS: Final = ("O", "D", "S", "T", "Oh", "Dh", "Sh", "Th", "+", "X")
_MONO_PATTERNS: Final = [
    "solid",
    "dash",
    "vshortdash",
    "longdash_dot",
    "longdash",
    "dot",
    "shortdash",
    "dash_dot",
    "shortdash_dot",
]

_STCOLOR: Final = Scheme("stcolor")
_S2COLOR: Final = Scheme(
    "s2color",
    width=5.5,
    height=4.0,
    colors=tuple(_S2_COLORS),
    background="ltbluishgray",
    grid="ltbluishgray",
    grid_x=False,
    label_angle=90.0,
    title_color="dknavy",
    legend_clock=6,
    legend_columns=2,
    legend_frame="black",
    line_width="medthick",
    reference_color="edkblue",
    by_title_fill="bluishgray",
    histogram_fill="khaki",
)
_S1COLOR: Final = Scheme(
    "s1color",
    width=5.5,
    height=4.0,
    colors=tuple(_S1_COLORS),
    frame="black",
    grid_x=False,
    grid_y=False,
    label_angle=90.0,
    legend_clock=6,
    legend_columns=2,
    legend_frame="black",
    by_title_fill="none",
)
_S1MONO: Final = replace(
    _S1COLOR,
    name="s1mono",
    colors=tuple(_GRAYS),
    fills=tuple(_GRAY_FILLS),
    symbols=_MONO_SYMBOLS,
    patterns=tuple(_MONO_PATTERNS),
)
_S2MONO: Final = replace(
    _S2COLOR,
    name="s2mono",
    colors=tuple(_GRAYS),
    fills=tuple(_GRAY_FILLS),
    symbols=_MONO_SYMBOLS,
    patterns=tuple(_MONO_PATTERNS),
    background="gs15",
    grid="gs14",
    title_color="black",
    reference_color="black",
    by_title_fill="gs13",
    histogram_fill="gs12",
)

SCHEMES: Final[dict[str, Scheme]] = {
    scheme.name: scheme
    for scheme in (
        _STCOLOR,
        replace(
            _STCOLOR,
            name="stcolor_alt",
            width=5.5,
            height=4.0,
            legend_clock=6,
            legend_columns=2,
            legend_frame="black",
        ),
        replace(
            _STCOLOR,
            name="stmono1",
            colors=tuple(_GRAYS),
            fills=tuple(_GRAY_FILLS),
            symbols=_MONO_SYMBOLS,
            patterns=tuple(_MONO_PATTERNS),
        ),
        _S2COLOR,
        _S2MONO,
        _S1COLOR,
        _S1MONO,
        replace(
            _S2MONO,
            name="sj",
            width=5.0,
            height=4.0,
            background="white",
            label_angle=0.0,
            by_title_fill="gs14",
        ),
    )
}


def find_scheme(name: str) -> Scheme:
    """The scheme of that name; r(111)."""
    if name not in SCHEMES:
        raise StataError(111, f"scheme {name} not found", hint=suggestion(name, SCHEMES))
    return SCHEMES[name]
