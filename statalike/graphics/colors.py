"""Stata's colours ([G-4] colorstyle): names, ``"R G B"``, intensity ``*#`` and opacity ``%#``."""

from __future__ import annotations

import re
from typing import Final

from statalike.errors import StataError, suggestion

RGB = tuple[int, int, int]
RGBA = tuple[float, float, float, float]

COLORS: Final[dict[str, RGB]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    **{f"gs{level}": (min(level * 16, 255),) * 3 for level in range(17)},
    "blue": (0, 0, 255),
    "bluishgray": (217, 230, 235),
    "brown": (156, 136, 71),
    "cranberry": (193, 5, 52),
    "cyan": (0, 255, 255),
    "dimgray": (105, 105, 105),
    "dkgreen": (85, 117, 47),
    "dknavy": (30, 45, 83),
    "dkorange": (227, 126, 0),
    "ebblue": (0, 139, 188),
    "ebg": (213, 228, 235),
    "edkbg": (197, 213, 217),
    "edkblue": (62, 100, 125),
    "eggshell": (255, 251, 240),
    "eltblue": (130, 192, 233),
    "eltgreen": (206, 220, 214),
    "emerald": (45, 109, 102),
    "emidblue": (123, 146, 168),
    "erose": (191, 161, 156),
    "forest_green": (85, 117, 47),
    "gold": (255, 210, 0),
    "gray": (128, 128, 128),
    "green": (0, 128, 0),
    "khaki": (202, 194, 126),
    "lavender": (147, 141, 210),
    "lime": (0, 255, 0),
    "ltblue": (173, 216, 230),
    "ltbluishgray": (234, 242, 243),
    "ltkhaki": (242, 240, 220),
    "magenta": (255, 0, 255),
    "maroon": (144, 53, 59),
    "midblue": (0, 115, 210),
    "midgreen": (99, 227, 0),
    "mint": (192, 255, 62),
    "navy": (26, 71, 111),
    "olive": (128, 128, 0),
    "olive_teal": (192, 220, 192),
    "orange": (255, 127, 0),
    "orange_red": (255, 69, 0),
    "pink": (255, 0, 128),
    "purple": (128, 0, 128),
    "red": (255, 0, 0),
    "sand": (217, 192, 142),
    "sandb": (245, 222, 179),
    "sienna": (160, 82, 45),
    "stone": (233, 228, 217),
    "sunflowerlime": (197, 210, 50),
    "teal": (110, 142, 132),
    "yellow": (255, 255, 0),
    "stblue": (26, 133, 255),
    "stred": (212, 17, 89),
    "stgreen": (0, 191, 127),
    "styellow": (255, 212, 0),
    "stc1": (26, 133, 255),
    "stc2": (212, 17, 89),
    "stc3": (0, 191, 127),
    "stc4": (255, 212, 0),
    "stc5": (15, 60, 120),
    "stc6": (255, 127, 14),
    "stc7": (112, 60, 170),
    "stc8": (75, 175, 215),
    "stc9": (150, 10, 60),
    "stc10": (10, 110, 80),
    "stc11": (190, 150, 0),
    "stc12": (110, 130, 150),
    "stc13": (240, 130, 170),
    "stc14": (140, 90, 40),
    "stc15": (90, 90, 90),
}

_COLOR = re.compile(
    r"\s*(?:(?P<name>[a-z_]\w*)|(?P<rgb>\d+\s+\d+\s+\d+)|\#(?P<hex>[0-9a-f]{6}))?"
    r"(?:\*(?P<intensity>\d*\.?\d+))?(?:%(?P<opacity>\d*\.?\d+))?\s*",
    re.IGNORECASE,
)


def resolved_color(text: str, default: str = "black") -> RGBA:
    """Red, green, blue and opacity from 0 to 1 of a colour as typed.

    ``default`` is what stands under an intensity or opacity alone, ``%40``.  ``none`` is wholly
    transparent.  Intensity below one goes towards white, above one towards black.  r(198) for a
    colour that does not exist.
    """
    found = _COLOR.fullmatch(text)
    if found is None or not text.strip():
        raise _unknown(text)
    opacity = float(found["opacity"] or 100) / 100
    name = (found["name"] or "").lower()
    if name in ("none", "transparent"):
        return 0.0, 0.0, 0.0, 0.0
    if found["rgb"]:
        red, green, blue = (int(part) for part in found["rgb"].split())
    elif found["hex"]:
        red, green, blue = (int(found["hex"][place : place + 2], 16) for place in (0, 2, 4))
    elif name:
        if name not in COLORS:
            raise _unknown(text)
        red, green, blue = COLORS[name]
    else:
        red, green, blue = (round(255 * part) for part in resolved_color(default)[:3])
    if max(red, green, blue) > 255 or opacity > 1:
        raise _unknown(text)
    intensity = float(found["intensity"] or 1)
    shades = [_shaded(part, intensity) / 255 for part in (red, green, blue)]
    return shades[0], shades[1], shades[2], opacity


def _shaded(part: float, intensity: float) -> float:
    if intensity <= 1:
        return 255 - (255 - part) * intensity
    return part / intensity


def check_color(text: str) -> str:
    """The colour as typed when there is such a colour; r(198)."""
    resolved_color(text)
    return text


def _unknown(text: str) -> StataError:
    hint = suggestion(text.strip(), COLORS)
    return StataError(198, f"color {text.strip() or '()'} not recognized", hint=hint)
