"""What `set` sets and `c()` tells: one session's settings and their bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from statalike.data.formats import Format
from statalike.errors import StataError


@dataclass
class Settings:
    """The settings of a session, each under the name that ``set`` and ``c()`` use."""

    level: float = 95.0
    linesize: int = 79
    pagesize: int = 24
    more: str = "off"
    type: str = "float"
    varabbrev: str = "on"
    rmsg: str = "off"
    trace: str = "off"
    cformat: str = ""
    pformat: str = ""
    sformat: str = ""
    dp: str = "period"
    maxiter: int = 300
    iterlog: str = "on"
    showbaselevels: str = ""
    showemptycells: str = ""
    showomitted: str = ""
    fvlabel: str = "on"
    fvwrap: int = 1
    fvwrapon: str = "word"
    lstretch: str = "on"
    seed: int = 123456789
    version: float = 18.0
    scheme: str = "stcolor"
    graphics: str = "on"
    fontface: str = ""
    matsize: int = 400
    maxvar: int = 32767
    webuse: str = ""

    def copy(self) -> Settings:
        twin = Settings.__new__(Settings)
        twin.__dict__.update(self.__dict__)
        return twin


_ON_OFF = {"graphics", "more", "varabbrev", "rmsg", "trace", "iterlog", "fvlabel", "lstretch"}
_WHOLE = {
    "linesize": (40, 255),
    "pagesize": (8, 1000),
    "maxiter": (0, 16000),
    "fvwrap": (0, 100),
    "matsize": (10, 65534),
    "maxvar": (2048, 120000),
}
_WORDS = {
    "type": ("byte", "int", "long", "float", "double"),
    "dp": ("period", "comma"),
    "showbaselevels": ("on", "off", "all"),
    "showemptycells": ("on", "off"),
    "showomitted": ("on", "off"),
    "fvwrapon": ("word", "width"),
}
_DIGITS = re.compile("[0-9]{1,9}")
_FORMATS = {"cformat": 9, "pformat": 5, "sformat": 8}
NAMES = tuple(sorted({*_ON_OFF, *_WHOLE, *_WORDS, *_FORMATS, "level", "scheme"}))


def check_level(value: float) -> float:
    """A confidence level in percent; r(198) outside 10 to 99.99."""
    if not 10 <= value <= 99.99:
        raise StataError(198, "level() must be between 10 and 99.99 inclusive")
    return value


def apply_setting(settings: Settings, name: str, value: str) -> None:
    """Set one setting from its text; r(198) when the value is not one it can take."""
    invalid = StataError(198, f"invalid syntax; set {name} does not take {value or 'nothing'}")
    if name in _ON_OFF:
        if value not in ("on", "off"):
            raise invalid
        setattr(settings, name, value)
    elif name in _WORDS:
        if value not in (*_WORDS[name], "") or (not value and name in ("type", "dp", "fvwrapon")):
            raise invalid
        setattr(settings, name, value)
    elif name in _WHOLE:
        low, high = _WHOLE[name]
        if not _DIGITS.fullmatch(value) or not low <= int(value) <= high:
            raise StataError(198, f"{name} must be an integer between {low} and {high}")
        setattr(settings, name, int(value))
    elif name in _FORMATS:
        if value:
            width = Format.parse(value).width
            if width > _FORMATS[name]:
                raise StataError(198, f"invalid {name}, width too large")
        setattr(settings, name, value)
    elif name == "level":
        try:
            settings.level = check_level(float(value))
        except ValueError:
            raise invalid from None
    elif name == "scheme":
        settings.scheme = value.partition(",")[0].strip()
    else:
        raise StataError(198, f"set {name} not recognized")
