"""Panel data: women's wages, states' productivity, a stock index."""

from __future__ import annotations

from datetime import date

import numpy as np

from statalike.data.recipes.recipe import (
    Column,
    Expression,
    Frame,
    Item,
    Recipe,
    in_float,
    log_of_float,
)

_XTSET = {
    "iis": "idcode",
    "tis": "year",
    "_TSitrvl": "1",
    "_TSdelta": "+1.0000000000000X+000",
    "_TSpanel": "idcode",
    "_TStvar": "year",
}


def _survey(name: str, storage: str, label: str, value_label: str = "") -> Column:
    format = "%9.0g" if storage == "float" else "%8.0g"
    return Column(name, storage, name, label, format, value_label)


NLSWORK = Recipe(
    name="nlswork",
    source=Item("sampleSelection", "nlswork"),
    origin="R package sampleSelection, nlswork.",
    label="National Longitudinal Survey of Young Women, 14-24 years old in 1968",
    timestamp="23 Jun 2022 00:46",
    columns=(
        _survey("idcode", "int", "NLS ID"),
        _survey("year", "byte", "Interview year"),
        _survey("birth_yr", "byte", "Birth year"),
        _survey("age", "byte", "Age in current year"),
        _survey("race", "byte", "Race", "racelbl"),
        _survey("msp", "byte", "1 if married, spouse present"),
        _survey("nev_mar", "byte", "1 if never married"),
        _survey("grade", "byte", "Current grade completed"),
        _survey("collgrad", "byte", "1 if college graduate"),
        _survey("not_smsa", "byte", "1 if not SMSA"),
        _survey("c_city", "byte", "1 if central city"),
        _survey("south", "byte", "1 if south"),
        _survey("ind_code", "byte", "Industry of employment"),
        _survey("occ_code", "byte", "Occupation"),
        _survey("union", "byte", "1 if union"),
        _survey("wks_ue", "byte", "Weeks unemployed last year"),
        _survey("ttl_exp", "float", "Total work experience"),
        _survey("tenure", "float", "Job tenure, in years"),
        _survey("hours", "int", "Usual hours worked"),
        _survey("wks_work", "int", "Weeks worked last year"),
        _survey("ln_wage", "float", "ln(wage/GNP deflator)"),
    ),
    value_labels={"racelbl": {1: "White", 2: "Black", 3: "Other"}},
    notes=(
        "Center for Human Resource Research. 1989. National Longitudinal Survey of Labor Market "
        "Experience, Young Women 14-24 years of age in 1968. Columbus, OH: Ohio State "
        "University Press.",
    ),
    characteristics=_XTSET,
    sorted_by=("idcode", "year"),
)

NLSWORK4 = Recipe(
    name="nlswork4",
    source=Item("sampleSelection", "nlswork"),
    origin="R package sampleSelection, nlswork, six of its variables.",
    label="National Longitudinal Survey.  Young Women 14-26 years of age in 1968",
    timestamp="23 Oct 2018 17:37",
    columns=(
        _survey("idcode", "int", "NLS ID"),
        _survey("year", "byte", "interview year"),
        _survey("age", "byte", "age in current year"),
        _survey("msp", "byte", "1 if married, spouse present"),
        _survey("ttl_exp", "float", "total work experience"),
        _survey("ln_wage", "float", "ln(wage/GNP deflator)"),
    ),
    characteristics=_XTSET,
    sorted_by=("idcode", "year"),
)


def _state_number(frame: Frame) -> np.ndarray:
    return np.unique(frame["state"].astype(str), return_inverse=True)[1] + 1.0


PRODUCTIVITY = Recipe(
    name="productivity",
    source=Item("plm", "Produc"),
    origin="R package plm, Produc; logarithms of the amounts as floats.",
    label="Public capital productivity",
    timestamp="29 Mar 2022 10:57",
    columns=(
        Column("state", "byte", _state_number, "States 1-48"),
        Column("region", "byte", "region", "Regions 1-9"),
        Column("year", "int", "year", "Years 1970-1986"),
        Column("public", "float", "pcap", "Public capital stock"),
        Column("hwy", "float", log_of_float("hwy"), "log(highway component of public)"),
        Column("water", "float", log_of_float("water"), "log(water component of public)"),
        Column("other", "float", log_of_float("util"), "log(bldg/other component of public)"),
        Column("private", "float", log_of_float("pc"), "log(private capital stock)"),
        Column("gsp", "float", log_of_float("gsp"), "log(gross state product)"),
        Column("emp", "float", log_of_float("emp"), "log(nonagriculture payrolls)"),
        Column("unemp", "float", "unemp", "State unemployment rate"),
    ),
    notes=(
        "Public Capital Productivity data",
        "Source: B. Baltagi et al. (2001) Journal of Econometrics 101: 357-381",
        "Source: A. Munnell (1990) New England Economic Review 3-22",
    ),
)


def _in_2001(expression: Expression) -> Expression:
    """An expression on the trading days of 2001, in the order of time."""

    def evaluate(frame: Frame) -> np.ndarray:
        rows = np.flatnonzero([str(day).startswith("2001") for day in frame["date"]])
        rows = rows[np.argsort(frame["date"][rows].astype(str), kind="stable")]
        return expression({name: values[rows] for name, values in frame.items()})

    return evaluate


def _price(name: str) -> Expression:
    return _in_2001(lambda frame: frame[name])


def _days_since_1960(frame: Frame) -> np.ndarray:
    start = date(1960, 1, 1)
    return np.array([float((date.fromisoformat(str(day)) - start).days) for day in frame["date"]])


def _change(frame: Frame) -> np.ndarray:
    return np.concatenate([[np.nan], np.diff(in_float(frame["close"]))])


SP500 = Recipe(
    name="sp500",
    source=Item("gt", "sp500"),
    origin="R package gt, sp500, the trading days of 2001.",
    label="S&P 500",
    timestamp="21 Aug 2022 12:52",
    columns=(
        Column("date", "int", _in_2001(_days_since_1960), "Date", "%td"),
        Column("open", "float", _price("open"), "Opening price"),
        Column("high", "float", _price("high"), "High price"),
        Column("low", "float", _price("low"), "Low price"),
        Column("close", "float", _price("close"), "Closing price"),
        Column(
            "volume",
            "double",
            _in_2001(lambda frame: frame["volume"] / 1e5),
            "Volume (thousands)",
            "%12.0gc",
        ),
        Column("change", "float", _in_2001(_change), "Closing price change"),
    ),
    notes=(
        "S&P 500 Historical Data",
        "Source: Yahoo!Finance, Yahoo! Inc., and Commodity Systems, Inc.",
    ),
    sorted_by=("date",),
)

RECIPES = (NLSWORK, NLSWORK4, PRODUCTIVITY, SP500)
