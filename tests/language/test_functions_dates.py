"""Date and time functions, against Python's calendar and written examples."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import MISSING
from tests.language.expression_session import ExpressionSession

EPOCH = datetime.date(1960, 1, 1)


def number(year: int, month: int, day: int) -> float:
    return float((datetime.date(year, month, day) - EPOCH).days)


def display(text: str) -> float | str:
    return ExpressionSession().display(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mdy(1, 1, 1960)", 0.0),
        ("mdy(3, 15, 2001)", number(2001, 3, 15)),
        ("mdy(2, 29, 2000)", number(2000, 2, 29)),
        ("mdy(2, 29, 1900)", MISSING),
        ("mdy(13, 1, 2000)", MISSING),
        ("mdy(1, 1, 99)", MISSING),
        ("mdy(., 1, 2000)", MISSING),
        ("dmy(15, 3, 2001)", number(2001, 3, 15)),
        ('date("15/3/2001", "DMY")', number(2001, 3, 15)),
        ('date("3-15-2001", "MDY")', number(2001, 3, 15)),
        ('date("2001.3.15", "YMD")', number(2001, 3, 15)),
        ('date("15mar2001", "DMY")', number(2001, 3, 15)),
        ('date("March 15, 2001", "MDY")', number(2001, 3, 15)),
        ('date("Thu 15 Mar 2001", "DMY")', number(2001, 3, 15)),
        ('date("20010315", "YMD")', number(2001, 3, 15)),
        ('date("010315", "20YMD")', number(2001, 3, 15)),
        ('date("15/3/01", "DM20Y")', number(2001, 3, 15)),
        ('date("15/3/99", "DM19Y")', number(1999, 3, 15)),
        ('date("15/3/01", "DMY")', MISSING),
        ('date("15/3/01", "DMY", 2040)', number(2001, 3, 15)),
        ('date("15/3/51", "DMY", 2040)', number(1951, 3, 15)),
        ('date("31/2/2001", "DMY")', MISSING),
        ('date("", "DMY")', MISSING),
        ('date("15/3/2001", "DMX")', MISSING),
        ('date("15/3/2001/4", "DMY")', MISSING),
        ('date("15/3", "DMY")', MISSING),
        ('date("15/3/2001 9:30", "DMY##")', number(2001, 3, 15)),
        ('daily("1jan1960", "DMY")', 0.0),
        ('monthly("2001m3", "YM")', 494.0),
        ('monthly("March 2001", "MY")', 494.0),
        ('quarterly("2001q2", "YQ")', 165.0),
        ('weekly("1960w2", "YW")', 1.0),
        ('halfyearly("1961h1", "YH")', 2.0),
        ('yearly("2001", "Y")', 2001.0),
        ('quarterly("2001q5", "YQ")', MISSING),
        ('clock("01jan1960 00:00:01", "DMYhms")', 1000.0),
        ('clock("1/1/1960 2:30 pm", "DMYhm")', 52_200_000.0),
        ('clock("1/1/1960 12:30 am", "DMYhm")', 1_800_000.0),
        ('clock("1960-01-01T00:00:00.25", "YMDhms")', 250.0),
        ('clock("25:00", "hm")', MISSING),
        ('clock("2:03", "hm")', 7_380_000.0),
        ("td(01jan2000)", 14610.0),
        ("tm(2000m1)", 480.0),
        ("tq(1999q4)", 159.0),
        ("tw(1960w2)", 1.0),
        ("th(1960h2)", 1.0),
        ("ty(2000)", 2000.0),
        ("tc(01jan1960 00:01:00)", 60_000.0),
        ("tc(01jan1960 00:01)", 60_000.0),
        ("year(-1)", 1959.0),
        ("month(-1)", 12.0),
        ("day(-1)", 31.0),
        ("year(.)", MISSING),
        ("year(1e9)", MISSING),
        ("dow(0)", 5.0),
        ("dow(mdy(3, 15, 2001))", 4.0),
        ("doy(mdy(12, 31, 2000))", 366.0),
        ("week(mdy(12, 31, 2000))", 52.0),
        ("week(mdy(1, 8, 2000))", 2.0),
        ("quarter(mdy(4, 1, 2000))", 2.0),
        ("halfyear(mdy(7, 1, 2000))", 2.0),
        ("mofd(mdy(3, 15, 2001))", 494.0),
        ("dofm(494)", number(2001, 3, 1)),
        ("dofm(-1)", number(1959, 12, 1)),
        ("qofd(mdy(5, 1, 2001))", 165.0),
        ("dofq(165)", number(2001, 4, 1)),
        ("hofd(mdy(7, 1, 2001))", 83.0),
        ("dofh(83)", number(2001, 7, 1)),
        ("wofd(mdy(1, 8, 1960))", 1.0),
        ("dofw(53)", number(1961, 1, 8)),
        ("yofd(mdy(5, 1, 2001))", 2001.0),
        ("dofy(2001)", number(2001, 1, 1)),
        ("yw(1960, 2)", 1.0),
        ("ym(2001, 3)", 494.0),
        ("yq(2001, 2)", 165.0),
        ("yh(2001, 2)", 83.0),
        ("ym(2001, 13)", MISSING),
        ("dofc(-1)", -1.0),
        ("cofd(1)", 86_400_000.0),
        ("hms(1, 2, 3.5)", 3_723_500.0),
        ("dhms(1, 0, 0, 1)", 86_401_000.0),
        ("mdyhms(1, 2, 1960, 0, 0, 1)", 86_401_000.0),
        ("hms(24, 0, 0)", MISSING),
        ("hh(-1)", 23.0),
        ("mm(3723500)", 2.0),
        ("ss(3723500)", 3.5),
        ("hours(7200000)", 2.0),
        ("minutes(90000)", 1.5),
        ("msofhours(2)", 7_200_000.0),
        ("msofminutes(2)", 120_000.0),
        ("msofseconds(2)", 2000.0),
        ("isleapyear(2000)", 1.0),
        ("isleapyear(1900)", 0.0),
        ("lastdayofmonth(mdy(2, 5, 2000))", number(2000, 2, 29)),
        ("firstdayofmonth(mdy(12, 5, 2000))", number(2000, 12, 1)),
        ("daysinmonth(mdy(12, 5, 2000))", 31.0),
        ("age(mdy(3, 15, 2001), mdy(3, 14, 2021))", 19.0),
        ("age(mdy(3, 15, 2001), mdy(3, 15, 2021))", 20.0),
        ("age(mdy(3, 15, 2001), mdy(3, 14, 2001))", MISSING),
    ],
)
def test_values(text: str, expected: float) -> None:
    assert display(text) == expected


def test_columns() -> None:
    session = ExpressionSession()
    session.dataset.set_observations(3)
    session.dataset.add("s", ["15mar2001", "bad", "1/2/1999"])
    assert session.column('date(s, "DMY")') == [number(2001, 3, 15), MISSING, number(1999, 2, 1)]
    assert session.column('year(date(s, "DMY"))') == [2001.0, MISSING, 1999.0]


def test_today_and_now() -> None:
    today = (datetime.date.today() - EPOCH).days
    days = display("today()")
    assert isinstance(days, float)
    assert days in (today, today + 1)
    now = display("dofc(now())")
    assert isinstance(now, float)
    assert 0 <= now - today <= 1


@given(st.dates(datetime.date(100, 1, 1), datetime.date(9999, 12, 31)))
def test_calendar(date: datetime.date) -> None:
    session = ExpressionSession(scalars={"d": float((date - EPOCH).days)})
    expected = {
        "year(d)": date.year,
        "month(d)": date.month,
        "day(d)": date.day,
        "mdy(month(d), day(d), year(d)) - d": 0,
        "dow(d)": date.isoweekday() % 7,
        "doy(d)": date.timetuple().tm_yday,
        "week(d)": min((date.timetuple().tm_yday - 1) // 7 + 1, 52),
        "(dofm(mofd(d)) <= d) & (d < dofm(mofd(d) + 1) | missing(dofm(mofd(d) + 1)))": 1,
        "wofd(dofw(wofd(d))) == wofd(d)": 1,
        "qofd(dofq(qofd(d))) == qofd(d)": 1,
        "hofd(dofh(hofd(d))) == hofd(d)": 1,
        f'date("{date.day}/{date.month}/{date.year:04d}", "DMY") - d': 0,
        f'date("{date.isoformat()}", "YMD") - d': 0,
        "dofc(cofd(d) + 86399999) - d": 0,
    }
    for text, value in expected.items():
        assert session.display(text) == float(value), text
