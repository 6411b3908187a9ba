"""The directives in texts of graphs ([G-4] text): ``{bf:...}``, ``{sup:2}``, ``{&beta}``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_GREEK: Final = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lamda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]

_SIGNS: Final = {
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "plusminus": "±",
    "plusmn": "±",
    "times": "×",
    "infin": "∞",
    "radic": "√",
    "sum": "∑",
    "prod": "∏",
    "int": "∫",
    "part": "∂",
    "deg": "°",
    "middot": "·",
    "ndash": "–",
    "mdash": "—",
    "larr": "←",
    "rarr": "→",
    "lambda": "λ",
    "Lambda": "Λ",
    "sigmaf": "ς",
    "isin": "∈",
    "cong": "≅",
    "asymp": "≈",
    "equiv": "≡",
    "divide": "÷",
    "frasl": "/",
    "bull": "•",
    "hellip": "…",
    "copy": "©",
    "reg": "®",
    "trade": "™",
}

_SUPERSCRIPT: Final = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPT: Final = str.maketrans("0123456789+-=()aeioruvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢₒᵣᵤᵥₓ")

_SIGN: Final = re.compile(r"\{(?:&(\w+)|c\s+(\w+)|char\s+(\w+))\}")
_DIRECTIVE: Final = re.compile(r"\{(\w+)(?:\s+[^:{}]*)?:([^{}]*)\}")


@dataclass(frozen=True)
class ShownText:
    """A text without directives, and whether all of it is bold or italic."""

    text: str
    bold: bool = False
    italic: bool = False


def shown_text(text: str) -> ShownText:
    """A text as it is drawn.

    Letters and signs become characters, superscripts and subscripts the characters there are;
    ``bf`` and ``it`` count when they enclose the whole text; fonts and unknown directives are
    taken away.
    """
    bold = italic = False
    current = _SIGN.sub(_sign, text)
    while True:
        whole = _DIRECTIVE.fullmatch(current.strip())
        if whole is not None and whole[1] in ("bf", "it", "err", "res"):
            bold |= whole[1] == "bf"
            italic |= whole[1] == "it"
        replaced = _DIRECTIVE.sub(_plain, current)
        if replaced == current:
            return ShownText(current, bold, italic)
        current = replaced


def _sign(found: re.Match[str]) -> str:
    if found[1] is None:
        return ""
    name = found[1]
    if name in _SIGNS:
        return _SIGNS[name]
    if name.lower() in _GREEK:
        case = "CAPITAL" if name[0].isupper() else "SMALL"
        return unicodedata.lookup(f"GREEK {case} LETTER {name.upper()}")
    return found[0]


def _plain(found: re.Match[str]) -> str:
    directive, inside = found[1], found[2]
    if directive in ("sup", "superscript"):
        return inside.translate(_SUPERSCRIPT)
    if directive in ("sub", "subscript"):
        return inside.translate(_SUBSCRIPT)
    return inside
