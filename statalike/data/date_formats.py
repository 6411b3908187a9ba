"""Stata's date formats: ``%td``, ``%tc``, ``%tC``, ``%tw``, ``%tm``, ``%tq``, ``%th``, ``%ty``.

A date is a number counted from the beginning of 1960 in the format's unit (days, milliseconds,
weeks, months, quarters, half-years; a year is itself).  Details after the unit say what to show
of it, as ``%tdCCYY-NN-DD`` does.  The one-letter details of the older ``%d`` format are read as
well.  (Codes: [D] Datetime display formats.)
"""

from __future__ import annotations

import datetime
import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from statalike.errors import StataError

EPOCH = datetime.date(1960, 1, 1).toordinal()
FIRST_YEAR, LAST_YEAR = 100, 9999
DAY = 86_400_000

DEFAULT_DETAILS = {
    "c": "DDmonCCYY_HH:MM:SS",
    "C": "DDmonCCYY_HH:MM:SS",
    "d": "DDmonCCYY",
    "w": "CCYY!www",
    "m": "CCYY!mnn",
    "q": "CCYY!qq",
    "h": "CCYY!hh",
    "y": "CCYY",
}

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

# Years with a second added to UTC at the end of June and of December (IERS Bulletin C).
_LEAP_JUNES = (1972, 1981, 1982, 1983, 1985, 1992, 1993, 1994, 1997, 2012, 2015)
_LEAP_DECEMBERS = (*range(1972, 1980), 1987, 1989, 1990, 1995, 1998, 2005, 2008, 2016)
_DAYS_AFTER = sorted(
    [datetime.date(year, 7, 1).toordinal() for year in _LEAP_JUNES]
    + [datetime.date(year + 1, 1, 1).toordinal() for year in _LEAP_DECEMBERS]
)
# The k-th leap second (from 0) begins at this count of milliseconds, earlier ones counted.
LEAP_SECONDS = [(day - EPOCH) * DAY + 1000 * k for k, day in enumerate(_DAYS_AFTER)]


@dataclass(frozen=True)
class Moment:
    """A day and a time of it: ``hour``, ``minute``, ``second`` (60 in a leap second), ``ms``."""

    day: datetime.date
    hour: int = 0
    minute: int = 0
    second: int = 0
    ms: int = 0

    @property
    def day_of_year(self) -> int:
        return self.day.timetuple().tm_yday

    @property
    def week(self) -> int:
        """Weeks of seven days from 1 January; the 52nd takes what is left of the year."""
        return min((self.day_of_year - 1) // 7 + 1, 52)

    @property
    def weekday(self) -> str:
        return WEEKDAYS[self.day.isoweekday() % 7]

    @property
    def month_name(self) -> str:
        return MONTHS[self.day.month - 1]


def without_leap_seconds(value: float) -> tuple[float, bool]:
    """A ``%tC`` count of milliseconds as a ``%tc`` count, and whether it is in a leap second.

    Within a leap second the count is that of the second before it, 23:59:59.
    """
    passed = bisect_right(LEAP_SECONDS, value)
    if passed and value < LEAP_SECONDS[passed - 1] + 1000:
        return value - 1000 * passed, True
    return value - 1000 * passed, False


def moment(value: float, unit: str) -> Moment | None:
    """What date ``value`` is in ``unit`` (``c C d w m q h y``), rounded down; None beyond 9999.

    A week, month, quarter, half-year or year stands for its first day.
    """
    leap = False
    if unit == "C":
        value, leap = without_leap_seconds(value)
    if not abs(value) < 1e15:
        return None
    count = math.floor(value)
    year, month, days = 1960, 1, 0
    ms = 0
    if unit in "cC":
        days, ms = divmod(count, DAY)
    elif unit == "d":
        days = count
    elif unit == "y":
        year = count
    elif unit == "w":
        years, week = divmod(count, 52)
        year, days = 1960 + years, 7 * week
    else:
        per_year = {"m": 12, "q": 4, "h": 2}[unit]
        years, part = divmod(count, per_year)
        year, month = 1960 + years, 1 + part * (12 // per_year)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    ordinal = datetime.date(year, month, 1).toordinal() + days
    if not 1 <= ordinal <= datetime.date.max.toordinal():
        return None
    day = datetime.date.fromordinal(ordinal)
    if day.year < FIRST_YEAR:
        return None
    seconds, ms = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return Moment(day, hour, minute, 60 if leap else second, ms)


@dataclass(frozen=True)
class Detail:
    """One code of a date format: the widest text it can give, and the text for a moment."""

    width: int
    show: Callable[[Moment], str]


def _number(width: int, part: Callable[[Moment], int], zeros: bool) -> Detail:
    return Detail(width, lambda at: f"{part(at):0{width}d}" if zeros else str(part(at)))


def _literal(text: str) -> Detail:
    return Detail(len(text), lambda at: text)


def _half_of_day(morning: str, afternoon: str) -> Detail:
    return Detail(len(morning), lambda at: morning if at.hour < 12 else afternoon)


DETAILS: dict[str, Detail] = {
    "CC": _number(2, lambda at: at.day.year // 100, True),
    "cc": _number(2, lambda at: at.day.year // 100, False),
    "YY": _number(2, lambda at: at.day.year % 100, True),
    "yy": _number(2, lambda at: at.day.year % 100, False),
    "JJJ": _number(3, lambda at: at.day_of_year, True),
    "jjj": _number(3, lambda at: at.day_of_year, False),
    "Mon": Detail(3, lambda at: at.month_name[:3]),
    "Month": Detail(9, lambda at: at.month_name),
    "mon": Detail(3, lambda at: at.month_name[:3].lower()),
    "month": Detail(9, lambda at: at.month_name.lower()),
    "NN": _number(2, lambda at: at.day.month, True),
    "nn": _number(2, lambda at: at.day.month, False),
    "DD": _number(2, lambda at: at.day.day, True),
    "dd": _number(2, lambda at: at.day.day, False),
    "DAYNAME": Detail(9, lambda at: at.weekday.ljust(9)),
    "Dayname": Detail(9, lambda at: at.weekday),
    "Day": Detail(3, lambda at: at.weekday[:3]),
    "Da": Detail(2, lambda at: at.weekday[:2]),
    "day": Detail(3, lambda at: at.weekday[:3].lower()),
    "da": Detail(2, lambda at: at.weekday[:2].lower()),
    "h": _number(1, lambda at: (at.day.month + 5) // 6, False),
    "q": _number(1, lambda at: (at.day.month + 2) // 3, False),
    "WW": _number(2, lambda at: at.week, True),
    "ww": _number(2, lambda at: at.week, False),
    "HH": _number(2, lambda at: at.hour, True),
    "Hh": _number(2, lambda at: at.hour % 12 or 12, True),
    "hH": _number(2, lambda at: at.hour, False),
    "hh": _number(2, lambda at: at.hour % 12 or 12, False),
    "MM": _number(2, lambda at: at.minute, True),
    "mm": _number(2, lambda at: at.minute, False),
    "SS": _number(2, lambda at: at.second, True),
    "ss": _number(2, lambda at: at.second, False),
    ".s": Detail(2, lambda at: f".{at.ms // 100:01d}"),
    ".ss": Detail(3, lambda at: f".{at.ms // 10:02d}"),
    ".sss": Detail(4, lambda at: f".{at.ms:03d}"),
    "am": _half_of_day("am", "pm"),
    "AM": _half_of_day("AM", "PM"),
    "a.m.": _half_of_day("a.m.", "p.m."),
    "A.M.": _half_of_day("A.M.", "P.M."),
    "_": _literal(" "),
    "+": _literal(""),
    **{mark: _literal(mark) for mark in ".,:-/\\'"},
}
# The letters of the older %d format, where none of the codes above matches.
DETAILS |= {
    "C": DETAILS["CC"],
    "c": DETAILS["cc"],
    "Y": DETAILS["YY"],
    "y": DETAILS["yy"],
    "J": DETAILS["JJJ"],
    "j": DETAILS["jjj"],
    "M": DETAILS["Month"],
    "m": DETAILS["Mon"],
    "L": DETAILS["month"],
    "l": DETAILS["mon"],
    "N": DETAILS["NN"],
    "n": DETAILS["nn"],
    "D": DETAILS["DD"],
    "d": DETAILS["dd"],
    "W": DETAILS["WW"],
    "w": DETAILS["ww"],
}
_LONGEST = max(map(len, DETAILS))


@dataclass(frozen=True)
class DateFormat:
    """A date format taken apart: its unit and what it shows, in order."""

    unit: str
    details: tuple[Detail, ...]

    @property
    def width(self) -> int:
        """The columns of the widest date it can show."""
        return sum(detail.width for detail in self.details)

    def text(self, value: float) -> str:
        """The date, or ``.`` where ``value`` is outside the years 100 to 9999."""
        at = moment(value, self.unit)
        return "." if at is None else "".join(detail.show(at) for detail in self.details)


@cache
def date_format(unit: str, details: str) -> DateFormat:
    """The format ``%t`` + ``unit`` + ``details`` (empty: the unit's own default).

    A detail not known is ``invalid %format``, r(120).
    """
    text = details or DEFAULT_DETAILS[unit]
    found: list[Detail] = []
    position = 0
    while position < len(text):
        if text[position] == "!" and position + 1 < len(text):
            found.append(_literal(text[position + 1]))
            position += 2
            continue
        for length in range(_LONGEST, 0, -1):
            code = text[position : position + length]
            if len(code) == length and code in DETAILS:
                found.append(DETAILS[code])
                position += length
                break
        else:
            raise StataError(120, "invalid %format")
    return DateFormat(unit, tuple(found))
