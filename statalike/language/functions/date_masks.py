"""Dates and times read from texts: ``date("15/3/2001", "DMY")``, ``clock()``, ``td(15mar2001)``.

A mask names the parts in their order: ``D M Y h m s``, and ``W Q H`` for weeks, quarters and half
years; ``##`` before ``Y`` is the century of two-digit years and ``#`` skips a part.  Whatever is
neither letter nor digit separates parts; a run of digits is cut into parts of their usual width
when the mask wants more parts than there are (``20010315`` with ``YMD``).
"""

from __future__ import annotations

import functools
import math
import re
from typing import NamedTuple

from statalike.data.missing import MISSING
from statalike.errors import invalid_syntax
from statalike.language.functions.dates import clock_number, day_number
from statalike.language.functions.registry import textual

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TOKEN = re.compile(r"\d+|[^\W\d_]+|\.")
_PART = re.compile(r"(\d\d)?([YMDWQHhms#])")
_WIDTHS = {"Y": 4, "M": 2, "D": 2, "W": 2, "Q": 1, "H": 1, "h": 2, "m": 2, "s": 2, "#": 99}


class Part(NamedTuple):
    """One part of a mask: its letter and, for a year, the century of two-digit years."""

    letter: str
    century: int | None


@functools.lru_cache(maxsize=256)
def read_mask(mask: str) -> tuple[Part, ...] | None:
    """The parts of a mask; None when it is not one."""
    parts = []
    at = 0
    mask = mask.replace(" ", "")
    while at < len(mask):
        match = _PART.match(mask, at)
        if not match or (match[1] and match[2] != "Y"):
            return None
        parts.append(Part(match[2], int(match[1]) * 100 if match[1] else None))
        at = match.end()
    letters = [part.letter for part in parts if part.letter != "#"]
    return tuple(parts) if len(set(letters)) == len(letters) else None


def read_parts(text: str, mask: str, top_year: float = MISSING) -> dict[str, float] | None:
    """The parts of a text as the mask names them; None when it does not fit."""
    parts = read_mask(mask)
    if parts is None:
        return None
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    afternoon = next((t for t in tokens if t in ("am", "pm", "a", "p")), None)
    tokens = [t for t in tokens if not _ignored(t)]
    found: dict[str, float] = {}
    for index, part in enumerate(parts):
        wanted = len(parts) - index
        while tokens and tokens[0] == ".":
            tokens.pop(0)
        if not tokens:
            return None
        token = tokens.pop(0)
        if part.letter == "#":
            continue
        if not token.isdigit():
            month = _month(token) if part.letter == "M" else None
            if month is None:
                return None
            found["M"] = float(month)
            continue
        available = sum(t != "." for t in tokens) + 1
        width = 2 if part.century is not None else _WIDTHS[part.letter]
        if available < wanted and len(token) > width:
            if part.letter == "Y" and part.century is None and len(token) == 2 * wanted:
                width = 2
            tokens.insert(0, token[width:])
            token = token[:width]
        if part.letter == "Y":
            year = _year(token, part.century, top_year)
            if year is None:
                return None
            found["Y"] = year
        elif part.letter == "s" and len(tokens) > 1 and tokens[0] == "." and tokens[1].isdigit():
            found["s"] = float(f"{token}.{tokens[1]}")
            del tokens[:2]
        elif len(token) > width:
            return None
        else:
            found[part.letter] = float(token)
    if any(token != "." for token in tokens):
        return None
    return _on_24_hours(found, afternoon)


def _ignored(token: str) -> bool:
    """Weekdays, am and pm, and the letters that join parts, as in 2001m3 or 12:00Z."""
    if token in ("am", "pm", "a", "p", "t", "z", "m", "q", "w", "h", "th", "st", "nd", "rd"):
        return True
    return len(token) >= 3 and any(day.startswith(token) for day in _DAYS)


def _month(token: str) -> int | None:
    if len(token) < 3:
        return None
    return next((i for i, month in enumerate(_MONTHS, 1) if month.startswith(token)), None)


def _year(token: str, century: int | None, top_year: float) -> float | None:
    if len(token) == 4:
        return float(token)
    if len(token) != 2:
        return None
    if top_year < MISSING:
        last = int(top_year)
        year = last - last % 100 + int(token)
        return float(year if year <= last else year - 100)
    return None if century is None else float(century + int(token))


def _on_24_hours(found: dict[str, float], afternoon: str | None) -> dict[str, float] | None:
    if afternoon is None or "h" not in found:
        return found
    if not 1 <= found["h"] <= 12:
        return None
    found["h"] = found["h"] % 12 + (12 if afternoon.startswith("p") else 0)
    return found


def _number(value: float) -> float:
    return value if math.isfinite(value) else MISSING


@textual("date", "s s [n]", "daily")
def date(text: str, mask: str, top_year: float = MISSING) -> float:
    """The daily date that a text gives in the order of the mask, or ``.``."""
    parts = read_parts(text, mask, top_year)
    if parts is None or not {"D", "M", "Y"} <= parts.keys():
        return MISSING
    return _number(float(day_number(parts["Y"], parts["M"], parts["D"])))


@textual("clock", "s s [n]")
def clock(text: str, mask: str, top_year: float = MISSING) -> float:
    """The datetime that a text gives, in milliseconds; parts of the time left out are 0."""
    parts = read_parts(text, mask, top_year)
    if parts is None:
        return MISSING
    if parts.keys() <= {"h", "m", "s"}:
        days = 0.0
    elif {"D", "M", "Y"} <= parts.keys():
        days = float(day_number(parts["Y"], parts["M"], parts["D"]))
    else:
        return MISSING
    time = (parts.get(letter, 0.0) for letter in "hms")
    return _number(float(clock_number(days, *time)))


def _period(text: str, mask: str, top_year: float, letter: str, per_year: int) -> float:
    parts = read_parts(text, mask, top_year)
    if parts is None or not {letter, "Y"} <= parts.keys():
        return MISSING
    number = parts[letter]
    if not 1 <= number <= per_year or not 100 <= parts["Y"] <= 9999:
        return MISSING
    return (parts["Y"] - 1960) * per_year + number - 1


@textual("weekly", "s s [n]")
def weekly(text: str, mask: str, top_year: float = MISSING) -> float:
    return _period(text, mask, top_year, "W", 52)


@textual("monthly", "s s [n]")
def monthly(text: str, mask: str, top_year: float = MISSING) -> float:
    return _period(text, mask, top_year, "M", 12)


@textual("quarterly", "s s [n]")
def quarterly(text: str, mask: str, top_year: float = MISSING) -> float:
    return _period(text, mask, top_year, "Q", 4)


@textual("halfyearly", "s s [n]")
def halfyearly(text: str, mask: str, top_year: float = MISSING) -> float:
    return _period(text, mask, top_year, "H", 2)


@textual("yearly", "s s [n]")
def yearly(text: str, mask: str, top_year: float = MISSING) -> float:
    parts = read_parts(text, mask, top_year)
    if parts is None or "Y" not in parts or not 100 <= parts["Y"] <= 9999:
        return MISSING
    return parts["Y"]


# --- literals ----------------------------------------------------------------------------------


def _literal(value: float) -> float:
    if value >= MISSING:
        raise invalid_syntax()
    return value


@textual("td", "s")
def td(text: str) -> float:
    """``td(15mar2001)``: the daily date; r(198) when it is none."""
    return _literal(date(text, "DMY"))


@textual("tc", "s")
def tc(text: str) -> float:
    """``tc(15mar2001 14:30:15.5)`` or ``tc(14:30)``: the datetime; r(198) when it is none."""
    colons = text.count(":")
    time = {0: "", 1: "hm", 2: "hms"}.get(colons, "?")
    date_part = "DMY" if re.search(r"[^\W\d_]{3,}|\d[-/. ]\d", text) else ""
    return _literal(clock(text, date_part + time))


@textual("tw", "s")
def tw(text: str) -> float:
    return _literal(weekly(text, "YW"))


@textual("tm", "s")
def tm(text: str) -> float:
    return _literal(monthly(text, "YM"))


@textual("tq", "s")
def tq(text: str) -> float:
    return _literal(quarterly(text, "YQ"))


@textual("th", "s")
def th(text: str) -> float:
    return _literal(halfyearly(text, "YH"))


@textual("ty", "s")
def ty(text: str) -> float:
    return _literal(yearly(text, "Y"))
