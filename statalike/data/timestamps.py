"""The time a dataset was saved, as Stata writes it: ``dd Mon yyyy hh:mm``, 17 characters."""

from __future__ import annotations

from datetime import datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def timestamp(moment: datetime | None = None) -> str:
    """A moment, or now, in English whatever the locale.

    >>> timestamp(datetime(2022, 7, 1, 9, 5))
    ' 1 Jul 2022 09:05'
    """
    moment = moment or datetime.now()
    month = MONTHS[moment.month - 1]
    return f"{moment.day:2d} {month} {moment.year:04d} {moment.hour:02d}:{moment.minute:02d}"
