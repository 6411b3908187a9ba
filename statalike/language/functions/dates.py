"""Date and time functions ([FN] Date and time functions; [D] Datetime).

Dates are numbers of days since 01jan1960, datetimes milliseconds since its first moment, weeks,
months, quarters and half years the number of those since 1960 began; a year is itself.  Week 1
begins on 1 January and week 52 ends with the year.  Years run from 100 to 9999; outside a result
is missing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np

from statalike.language.functions.registry import general, numeric
from statalike.language.values import Value

DAY = 86_400_000.0
_EPOCH = np.datetime64("1960-01-01", "D")
_FIRST_DAY = -679350.0
_LAST_DAY = 2936549.0


# --- calendar ----------------------------------------------------------------------------------


def day_number(year: Any, month: Any, day: Any) -> np.ndarray:
    """Days since 01jan1960, NaN where there is no such day; arguments broadcast."""
    arrays = np.broadcast_arrays(*(np.asarray(v, float) for v in (year, month, day)))
    y, m, d = (np.trunc(v) for v in arrays)
    proper = (y >= 100) & (y <= 9999) & (m >= 1) & (m <= 12) & (d >= 1) & (d <= 31)
    months = np.where(proper, (y - 1970) * 12 + m - 1, 0).astype(np.int64).astype("M8[M]")
    days = months.astype("M8[D]") + np.where(proper, d - 1, 0).astype(np.int64)
    proper &= days.astype("M8[M]") == months
    return np.asarray(np.where(proper, (days - _EPOCH).astype(np.float64), np.nan))


def year_month_day(date: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month and day of the month of daily dates, NaN outside the calendar."""
    date = np.floor(np.asarray(date, dtype=np.float64))
    proper = (date >= _FIRST_DAY) & (date <= _LAST_DAY)
    days = _EPOCH + np.where(proper, date, 0).astype(np.int64)
    months = days.astype("M8[M]")
    counted = months.astype(np.int64)
    return (
        np.where(proper, counted // 12 + 1970, np.nan),
        np.where(proper, counted % 12 + 1, np.nan),
        np.where(proper, (days - months).astype(np.int64) + 1, np.nan),
    )


def _day_of_year(date: Any) -> np.ndarray:
    date = np.floor(np.asarray(date, dtype=np.float64))
    year, _, _ = year_month_day(date)
    return np.asarray(date - day_number(year, 1, 1) + 1)


def _week(date: Any) -> np.ndarray:
    return np.asarray(np.minimum(np.floor((_day_of_year(date) - 1) / 7) + 1, 52))


def _simple(name: str, arguments: str, function: Callable[..., Any]) -> None:
    """Register a formula of one line."""

    def implementation(*values: Any) -> Any:
        return function(*(np.asarray(value, dtype=np.float64) for value in values))

    numeric(name, arguments)(implementation)


_simple("mdy", "n n n", lambda m, d, y: day_number(y, m, d))
_simple("dmy", "n n n", lambda d, m, y: day_number(y, m, d))
_simple("year", "n", lambda d: year_month_day(d)[0])
_simple("month", "n", lambda d: year_month_day(d)[1])
_simple("day", "n", lambda d: year_month_day(d)[2])
_simple("quarter", "n", lambda d: np.ceil(year_month_day(d)[1] / 3))
_simple("halfyear", "n", lambda d: np.ceil(year_month_day(d)[1] / 6))
_simple("week", "n", _week)
_simple("doy", "n", _day_of_year)
_simple("dow", "n", lambda d: np.mod(np.floor(d) + 5, 7))
_simple("isleapyear", "n", lambda y: ((y % 4 == 0) & (y % 100 != 0)) | (y % 400 == 0))


@numeric("firstdayofmonth", "n")
def firstdayofmonth(date: Any) -> Any:
    year, month, _ = year_month_day(date)
    return day_number(year, month, 1)


@numeric("lastdayofmonth", "n")
def lastdayofmonth(date: Any) -> Any:
    year, month, _ = year_month_day(date)
    return np.where(
        month == 12, day_number(year, 12, 31), day_number(year, np.minimum(month + 1, 12), 1) - 1
    )


@numeric("daysinmonth", "n")
def daysinmonth(date: Any) -> Any:
    return year_month_day(lastdayofmonth(date))[2]


@numeric("age", "n n")
def age(birth: Any, date: Any) -> Any:
    """Whole years from birth to the date; born on 29feb, the birthday is 01mar in other years."""
    y0, m0, d0 = year_month_day(birth)
    y1, m1, d1 = year_month_day(date)
    years = y1 - y0 - ((m1 < m0) | ((m1 == m0) & (d1 < d0)))
    return np.where(np.floor(date) >= np.floor(birth), years, np.nan)


# --- between units -----------------------------------------------------------------------------

_simple("yw", "n n", lambda y, w: np.where((w >= 1) & (w <= 52), (y - 1960) * 52 + w - 1, np.nan))
_simple("ym", "n n", lambda y, m: np.where((m >= 1) & (m <= 12), (y - 1960) * 12 + m - 1, np.nan))
_simple("yq", "n n", lambda y, q: np.where((q >= 1) & (q <= 4), (y - 1960) * 4 + q - 1, np.nan))
_simple("yh", "n n", lambda y, h: np.where((h >= 1) & (h <= 2), (y - 1960) * 2 + h - 1, np.nan))

_simple("wofd", "n", lambda d: (year_month_day(d)[0] - 1960) * 52 + _week(d) - 1)
_simple("mofd", "n", lambda d: (year_month_day(d)[0] - 1960) * 12 + year_month_day(d)[1] - 1)
_simple(
    "qofd",
    "n",
    lambda d: (year_month_day(d)[0] - 1960) * 4 + np.ceil(year_month_day(d)[1] / 3) - 1,
)
_simple(
    "hofd",
    "n",
    lambda d: (year_month_day(d)[0] - 1960) * 2 + np.ceil(year_month_day(d)[1] / 6) - 1,
)
_simple("yofd", "n", lambda d: year_month_day(d)[0])

_simple("dofw", "n", lambda w: day_number(1960 + w // 52, 1, 1) + 7 * np.floor(w % 52))
_simple("dofm", "n", lambda m: day_number(1960 + m // 12, np.floor(m % 12) + 1, 1))
_simple("dofq", "n", lambda q: day_number(1960 + q // 4, 3 * np.floor(q % 4) + 1, 1))
_simple("dofh", "n", lambda h: day_number(1960 + h // 2, 6 * np.floor(h % 2) + 1, 1))
_simple("dofy", "n", lambda y: day_number(y, 1, 1))
_simple("dofc", "n", lambda c: np.floor(c / DAY))
_simple("cofd", "n", lambda d: np.floor(d) * DAY)


# --- times -------------------------------------------------------------------------------------


def clock_number(days: Any, hours: Any, minutes: Any, seconds: Any) -> np.ndarray:
    """Milliseconds since 01jan1960, NaN for times that are none."""
    d, h, m, s = (np.asarray(v, dtype=np.float64) for v in (days, hours, minutes, seconds))
    proper = (h >= 0) & (h < 24) & (m >= 0) & (m < 60) & (s >= 0) & (s < 60)
    value = d * DAY + np.floor(h) * 3_600_000 + np.floor(m) * 60_000 + np.rint(s * 1000)
    return np.where(proper, value, np.nan)


_simple("hms", "n n n", lambda h, m, s: clock_number(0.0, h, m, s))
_simple("dhms", "n n n n", clock_number)
_simple(
    "mdyhms",
    "n n n n n n",
    lambda month, d, y, h, m, s: clock_number(day_number(y, month, d), h, m, s),
)
_simple("hh", "n", lambda c: np.floor(np.mod(c, DAY) / 3_600_000))
_simple("mm", "n", lambda c: np.floor(np.mod(c, 3_600_000) / 60_000))
_simple("ss", "n", lambda c: np.mod(c, 60_000) / 1000)
_simple("hours", "n", lambda c: c / 3_600_000)
_simple("minutes", "n", lambda c: c / 60_000)
_simple("seconds", "n", lambda c: c / 1000)
_simple("msofhours", "n", lambda h: h * 3_600_000)
_simple("msofminutes", "n", lambda m: m * 60_000)
_simple("msofseconds", "n", lambda s: s * 1000)


@general("today", "")
def today() -> Value:
    """The current day."""
    return float((datetime.date.today() - datetime.date(1960, 1, 1)).days)


@general("now", "")
def now() -> Value:
    """The current date and time, in milliseconds."""
    elapsed = datetime.datetime.now() - datetime.datetime(1960, 1, 1)
    return float(elapsed // datetime.timedelta(milliseconds=1))
