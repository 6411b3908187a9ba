"""Stata's names for symbols, line patterns, sizes, widths, angles and positions ([G-4]).

Sizes and widths are percentages of the smaller side of the graph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from statalike.errors import StataError, suggestion


@dataclass(frozen=True)
class Symbol:
    """A marker: matplotlib's marker, its size relative to a circle's, and whether it is filled."""

    marker: str
    scale: float = 1.0
    filled: bool = True


NO_SYMBOL: Final = Symbol("")

_SHAPES: Final = {
    "circle": ("O", "o", 1.0),
    "diamond": ("D", "D", 0.9),
    "triangle": ("T", "^", 1.1),
    "square": ("S", "s", 0.95),
}


def _symbols() -> dict[str, Symbol]:
    """Every name: full, letter, small (lower case) and hollow (``h``)."""
    found: dict[str, Symbol] = {}
    for name, (letter, marker, scale) in _SHAPES.items():
        small = 0.62 * scale
        for key, symbol in (
            (name, Symbol(marker, scale)),
            (letter, Symbol(marker, scale)),
            (f"sm{name}", Symbol(marker, small)),
            (letter.lower(), Symbol(marker, small)),
            (f"{name}_hollow", Symbol(marker, scale, filled=False)),
            (f"{letter}h", Symbol(marker, scale, filled=False)),
            (f"sm{name}_hollow", Symbol(marker, small, filled=False)),
            (f"{letter.lower()}h", Symbol(marker, small, filled=False)),
        ):
            found[key] = symbol
    for key, symbol in (
        ("plus", Symbol("+", 1.1, False)),
        ("+", Symbol("+", 1.1, False)),
        ("smplus", Symbol("+", 0.7, False)),
        ("X", Symbol("x", 1.0, False)),
        ("smx", Symbol("x", 0.65, False)),
        ("x", Symbol("x", 0.65, False)),
        ("arrowf", Symbol("v", 1.0)),
        ("A", Symbol("v", 1.0)),
        ("arrow", Symbol("1", 1.0, False)),
        ("a", Symbol("1", 1.0, False)),
        ("pipe", Symbol("|", 1.0, False)),
        ("|", Symbol("|", 1.0, False)),
        ("V", Symbol("v", 1.0, False)),
        ("v", Symbol("v", 0.65, False)),
        ("point", Symbol(".", 0.4)),
        ("p", Symbol(".", 0.4)),
        ("none", NO_SYMBOL),
        ("i", NO_SYMBOL),
    ):
        found[key] = symbol
    return found


SYMBOLS: Final = _symbols()

#: dashes and gaps in widths of a line of medium width; none is a solid line
PATTERNS: Final[dict[str, tuple[float, ...]]] = {
    "solid": (),
    "dash": (6, 3),
    "dot": (1, 2.4),
    "dash_dot": (6, 2.4, 1, 2.4),
    "shortdash": (3.2, 2.4),
    "shortdash_dot": (3.2, 2, 1, 2),
    "longdash": (11, 3.6),
    "longdash_dot": (11, 3, 1, 3),
    "dash_3dot": (6, 2.4, 1, 2, 1, 2, 1, 2.4),
    "dash_dot_dot": (6, 2.4, 1, 2, 1, 2.4),
    "tight_dot": (1, 1.2),
    "vshortdash": (2, 1.6),
    "blank": (0, 1),
}

#: what the characters of a pattern formula draw and leave, [G-4] linepatternstyle
_FORMULA: Final = {"l": (12.0, 0.0), "_": (8.0, 0.0), "-": (4.0, 0.0), ".": (1.0, 0.0)}
_GAP: Final = {"#": 2.0, " ": 2.0}

TEXT_SIZES: Final = {
    "zero": 0.0,
    "minuscule": 0.35,
    "quarter_tiny": 0.35,
    "third_tiny": 0.46,
    "half_tiny": 0.69,
    "tiny": 1.39,
    "vsmall": 2.36,
    "small": 2.78,
    "medsmall": 3.47,
    "medium": 3.82,
    "medlarge": 4.17,
    "large": 4.86,
    "vlarge": 5.56,
    "huge": 6.94,
    "vhuge": 9.72,
}

SYMBOL_SIZES: Final = {
    "zero": 0.0,
    "ehuge": 10.4,
    "vtiny": 0.35,
    "tiny": 0.7,
    "vsmall": 1.05,
    "small": 1.4,
    "medsmall": 1.75,
    "medium": 2.1,
    "medlarge": 2.6,
    "large": 3.1,
    "vlarge": 3.8,
    "huge": 4.9,
    "vhuge": 6.9,
}

LINE_WIDTHS: Final = {
    "none": 0.0,
    "zero": 0.0,
    "vvvthin": 0.05,
    "vvthin": 0.1,
    "vthin": 0.15,
    "thin": 0.2,
    "medthin": 0.3,
    "medium": 0.4,
    "medthick": 0.6,
    "thick": 0.8,
    "vthick": 1.2,
    "vvthick": 1.8,
    "vvvthick": 2.8,
}

MARGINS: Final = {
    "zero": 0.0,
    "tiny": 1.0,
    "vsmall": 1.8,
    "small": 2.5,
    "medsmall": 3.0,
    "medium": 3.5,
    "medlarge": 5.0,
    "large": 7.0,
    "vlarge": 10.0,
}

ANGLES: Final = {
    "horizontal": 0.0,
    "vertical": 90.0,
    "rvertical": -90.0,
    "rhorizontal": 180.0,
    "stdarrow": 0.0,
}

CONNECTIONS: Final = {
    "none": "i",
    "i": "i",
    ".": "i",
    "direct": "l",
    "l": "l",
    "ascending": "L",
    "L": "L",
    "stairstep": "J",
    "J": "J",
    "stepstair": "stepstair",
    "step": "stepstair",
}

_NUMBER = re.compile(r"\*?(\d+\.?\d*|\.\d+)(pt|in|cm|rs)?")
#: percent of a graph 4.5 inches high, for absolute units
_UNITS: Final = {None: 1.0, "rs": 1.0, "pt": 100 / 324, "in": 100 / 4.5, "cm": 100 / 11.43}


def symbol(text: str) -> Symbol:
    """The symbol of that name; r(198)."""
    if text not in SYMBOLS:
        raise unknown("symbol", text, SYMBOLS)
    return SYMBOLS[text]


def dashes(text: str) -> tuple[float, ...]:
    """Lengths of dashes and gaps in line widths, none for a solid line; r(198).

    ``"-..."`` is a formula: ``l`` a long dash, ``_`` a dash, ``-`` a short dash, ``.`` a dot,
    ``#`` a wider gap; gaps stand between all of them.
    """
    if text in PATTERNS:
        return PATTERNS[text]
    found: list[float] = []
    for character in text:
        if character in _FORMULA:
            found += [_FORMULA[character][0], 2.0]
        elif character in _GAP and found:
            found[-1] += _GAP[character]
        else:
            raise unknown("line pattern", text, PATTERNS)
    if not found:
        raise unknown("line pattern", text, PATTERNS)
    return tuple(found)


def size(kind: str, text: str, default: float = 1.0) -> float:
    """A size in percent of the graph's smaller side; ``*#`` is a multiple of ``default``.

    ``kind`` is ``text size``, ``symbol size``, ``line width`` or ``margin``.  r(198).
    """
    names = {
        "text size": TEXT_SIZES,
        "symbol size": SYMBOL_SIZES,
        "line width": LINE_WIDTHS,
        "margin": MARGINS,
    }[kind]
    if text in names:
        return names[text]
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise unknown(kind, text, names)
    if text.startswith("*"):
        return float(found[1]) * default
    return float(found[1]) * _UNITS[found[2]]


def angle(text: str) -> float:
    """Degrees, anticlockwise from horizontal; r(198)."""
    if text in ANGLES:
        return ANGLES[text]
    try:
        return float(text.removeprefix("default") or 0)
    except ValueError:
        raise unknown("angle", text, ANGLES) from None


def connection(text: str) -> str:
    """How points are connected: ``i``, ``l``, ``L``, ``J`` or ``stepstair``; r(198)."""
    if text not in CONNECTIONS:
        raise unknown("connect style", text, CONNECTIONS)
    return CONNECTIONS[text]


def unknown(kind: str, text: str, known: object) -> StataError:
    """``symbol foo not recognized``, r(198)."""
    return StataError(198, f"{kind} {text} not recognized", hint=suggestion(text, list(known)))  # type: ignore[call-overload]
