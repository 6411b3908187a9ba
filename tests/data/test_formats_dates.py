"""Dates in Stata's date formats."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.date_formats import LEAP_SECONDS, without_leap_seconds
from statalike.data.formats import Format, format_column, format_value
from statalike.errors import StataError

EPOCH = datetime.date(1960, 1, 1)
SECOND = 1000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


def days(year: int, month: int, day: int) -> int:
    return (datetime.date(year, month, day) - EPOCH).days


@pytest.mark.parametrize(
    ("fmt", "value", "printed"),
    [
        ("%td", 0, "01jan1960"),
        ("%tc", 0, "01jan1960 00:00:00"),
        ("%tC", 0, "01jan1960 00:00:00"),
        ("%tw", 0, "1960w1"),
        ("%tm", 0, "1960m1"),
        ("%tq", 0, "1960q1"),
        ("%th", 0, "1960h1"),
        ("%ty", 1960, "1960"),
        ("%td", -1, "31dec1959"),
        ("%tw", -1, "1959w52"),
        ("%tm", -1, "1959m12"),
        ("%tq", -1, "1959q4"),
        ("%th", -1, "1959h2"),
        ("%tm", 500, "2001m9"),
        ("%d", 18282, "20jan2010"),
        ("%tc", 1_579_619_730_000, "20jan2010 15:15:30"),
        ("%td", 0.9, "01jan1960"),
        ("%td", -0.1, "31dec1959"),
    ],
)
def test_default_display(fmt: str, value: float, printed: str) -> None:
    assert Format.parse(fmt).text(value) == printed


@pytest.mark.parametrize(
    ("fmt", "printed"),
    [
        ("%tdCCYY-NN-DD", "2004-03-07"),
        ("%tdNN/DD/YY", "03/07/04"),
        ("%tdnn/dd/yy", "3/7/4"),
        ("%tdMonth_dd,_CCYY", "March 7, 2004"),
        ("%tdmonth", "march"),
        ("%tdDD_Mon_CCYY", "07 Mar 2004"),
        ("%tdDDmonCCYY", "07mar2004"),
        ("%tdDayname", "Sunday"),
        ("%tdDay_Da_day_da", "Sun Su sun su"),
        ("%tdDAYNAME!|", "Sunday   |"),
        ("%tdCCYY.JJJ", "2004.067"),
        ("%tdjjj", "67"),
        ("%tdCCYY!qq", "2004q1"),
        ("%tdCCYY!hh", "2004h1"),
        ("%tdCCYY:WW", "2004:10"),
        ("%tdCC+YY", "2004"),
        ("%tdcc\\yy", "20\\4"),
        ("%td!D!D", "DD"),
        # the one-letter details of %d
        ("%dM_d,_CY", "March 7, 2004"),
        ("%tdD_m_Y", "07 Mar 04"),
        ("%dDlCY", "07mar2004"),
        ("%dN/D/Y", "03/07/04"),
        ("%dn-d-y", "3-7-4"),
        ("%dL", "march"),
        ("%dJ_j", "067 67"),
    ],
)
def test_details_of_a_day(fmt: str, printed: str) -> None:
    assert Format.parse(fmt).text(days(2004, 3, 7)) == printed


@pytest.mark.parametrize(
    ("fmt", "printed"),
    [
        ("%tcHH:MM:SS", "15:05:09"),
        ("%tcHH:MM:SS.s", "15:05:09.0"),
        ("%tcHH:MM:SS.ss", "15:05:09.08"),
        ("%tcHH:MM:SS.sss", "15:05:09.087"),
        ("%tcHh:MM_AM", "03:05 PM"),
        ("%tchh:mm:ss_am", "3:5:9 pm"),
        ("%tchH_A.M.", "15 P.M."),
        ("%tchh_a.m.", "3 p.m."),
        ("%tcDDmonCCYY_HH:MM", "02jan1960 15:05"),
    ],
)
def test_details_of_a_time(fmt: str, printed: str) -> None:
    assert Format.parse(fmt).text(DAY + 15 * HOUR + 5 * 60 * SECOND + 9087) == printed


def test_noon_and_midnight_are_twelve() -> None:
    form = Format.parse("%tchh_am")
    assert [form.text(hour * HOUR) for hour in (0, 1, 12, 13)] == ["12 am", "1 am", "12 pm", "1 pm"]


def test_other_units_stand_for_their_first_day() -> None:
    assert Format.parse("%tmMon_CCYY").text(500) == "Sep 2001"
    assert Format.parse("%tqDDmonCCYY").text(7) == "01oct1961"
    assert Format.parse("%thNN").text(1) == "07"
    assert Format.parse("%twDDmonCCYY").text(1) == "08jan1960"


def test_the_52nd_week_takes_the_rest_of_the_year() -> None:
    form = Format.parse("%tdWW")
    assert form.text(days(2004, 12, 31)) == "52"
    assert form.text(days(2005, 1, 1)) == "01"


def test_width_is_that_of_the_widest_date() -> None:
    assert Format.parse("%td").width == 9
    assert Format.parse("%tc").width == 18
    assert Format.parse("%tm").width == 7
    assert Format.parse("%tq").width == 6
    assert Format.parse("%tdMonth_dd,_CCYY").width == 18
    assert format_value(0, "%tm") == " 1960m1"
    assert format_value(0, "%-tm") == "1960m1 "
    assert format_value(2.0**1023, "%td") == "        ."


def test_dates_outside_the_calendar_are_missing() -> None:
    form = Format.parse("%td")
    assert form.text(days(100, 1, 1)) == "01jan0100"
    assert form.text(days(100, 1, 1) - 1) == "."
    assert form.text(days(9999, 12, 31)) == "31dec9999"
    assert form.text(days(9999, 12, 31) + 1) == "."
    assert Format.parse("%tc").text(1e300) == "."
    assert Format.parse("%ty").text(12345) == "."


def test_leap_seconds() -> None:
    assert len(LEAP_SECONDS) == 27
    form = Format.parse("%tCDDmonCCYY_HH:MM:SS.sss")
    first = days(1972, 7, 1) * DAY
    assert form.text(first - 1) == "30jun1972 23:59:59.999"
    assert form.text(first + 250) == "30jun1972 23:59:60.250"
    assert form.text(first + SECOND) == "01jul1972 00:00:00.000"
    last = days(2017, 1, 1) * DAY
    assert form.text(last + 26 * SECOND) == "31dec2016 23:59:60.000"
    assert form.text(last + 27 * SECOND) == "01jan2017 00:00:00.000"
    assert without_leap_seconds(last + 27.0 * SECOND) == (last, False)


@pytest.mark.parametrize("fmt", ["%tx", "%t", "%tdX", "%tdCC!", "%td(", "%tbcalendar"])
def test_a_format_that_is_none(fmt: str) -> None:
    with pytest.raises(StataError) as error:
        Format.parse(fmt)
    assert (error.value.code, error.value.message) == (120, "invalid %format")


@given(st.dates(datetime.date(100, 1, 1), datetime.date(9999, 12, 31)))
def test_days_agree_with_the_calendar(day: datetime.date) -> None:
    number = (day - EPOCH).days
    assert format_value(number, "%tdCCYY-NN-DD") == day.isoformat()
    assert format_value(number * DAY, "%tcCCYY-NN-DD") == day.isoformat()
    assert Format.parse("%tdJJJ").text(number) == f"{day:%j}"
    weekday = day.isoweekday() % 7
    assert (
        Format.parse("%tdDay").text(number)
        == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday]
    )


@given(st.lists(st.integers(-3_000_000, 3_000_000), max_size=20))
def test_a_column_of_dates(values: list[int]) -> None:
    for fmt in ("%td", "%tm", "%-tqCCYY-q", "%tc"):
        column = format_column(np.array(values, dtype=float), fmt)
        assert column == [format_value(value, fmt) for value in values]
