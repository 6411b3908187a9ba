"""Numbers in Stata's numeric formats: printed values, the reference logs, and properties."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.data.formats import Format, display_number, format_column, format_value
from statalike.data.formats import full_precision as full
from statalike.data.missing import LETTERS, MISSING, missing_code
from tests.shared import needs_shared, shared_path

PI = math.pi

# Each line: the format, the value, what Stata prints.
PRINTED = [
    # W. Gould, Statalist, 7 April 2003
    ("%12.0g", PI, "3.141592654"),
    ("%12.0g", PI * 10, "31.41592654"),
    ("%12.0g", PI * 1e5, "314159.2654"),
    ("%12.0g", PI * 1e8, "314159265.4"),
    ("%12.0g", PI * 1e9, "3141592654"),
    ("%12.0g", PI * 1e10, "3.14159e+10"),
    ("%12.0g", PI * 1e-1, ".3141592654"),
    ("%12.0g", PI * 1e-4, ".0003141593"),
    ("%12.0g", PI * 1e-5, ".0000314159"),
    ("%12.0g", PI * 1e-6, "3.14159e-06"),
    ("%12.0gc", 12345678, "12,345,678"),
    ("%12.0gc", 123456789, "123456789"),
    # B. Sayer, Statalist, 4 April 2003
    ("%12.0fc", 123456789, "123,456,789"),
    ("%11.0gc", 23667902, "23667902"),
    ("%11.0fc", 23667902, "23,667,902"),
    ("%9.2fc", 10000000, "1.00e+07"),
    # W. Gould, Statalist, 18 July 2003: at most two digits below one
    ("%9.2g", 4.52394e-3, ".0045"),
    ("%9.2g", 4.52394e-5, ".000045"),
    ("%4.2g", 0.7712, ".77"),
    ("%4.2g", 4.996, "5"),
    ("%9.4g", PI, "3.142"),
    ("%9.4g", 314.159, "314.2"),
    # W. Gould, "How to read the %21x format", 2011; Statalist, 7 July 2003
    ("%10.0g", 8 ** (1 / 3) - 2 if 8 ** (1 / 3) != 2 else -(2.0**-52), "-2.220e-16"),
    ("%21x", 1, "+1.0000000000000X+000"),
    ("%21x", 10, "+1.4000000000000X+003"),
    ("%21x", math.sqrt(2), "+1.6a09e667f3bcdX+000"),
    ("%21x", 0.1, "+1.999999999999aX-004"),
    ("%21x", math.nextafter(2, 0), "+1.fffffffffffffX+000"),
    ("%16H", 10, "4024000000000000"),
    ("%16L", 1, "000000000000f03f"),
    ("%18.0g", PI, "3.141592653589793"),
    ("%18.0g", float(np.float32(PI)), "3.141592741012573"),
    # the limits that help data_types lists
    ("%18.0g", math.nextafter(2.0**1023, 0), "8.9884656743e+307"),
    ("%18.0g", -float(np.nextafter(np.float32(2.0**127), np.float32(0))), "-1.70141173319e+38"),
    # summarize and tables of the auto data
    ("%9.0g", 6165.256756756757, "6165.257"),
    ("%9.0g", 8699525.974268788, "8699526"),
    ("%8.0g", 6165.256756756757, "6165.26"),
    ("%8.0g", 2949.495884768919, "2949.5"),
    ("%10.0g", 6165.256756756757, "6165.2568"),
    # the census data: population of California
    ("%9.0g", 23667902, "2.37e+07"),
    # analysis-of-variance tables with large sums of squares
    ("%11.0g", 1.93591e13, "1.9359e+13"),
    ("%11.0g", 139449473.9, "139449474"),
    ("%7.0g", 2623.652888, "2623.7"),
    ("%7.0g", 123456.7, "1.2e+05"),
    # reference logs
    ("%9.0g", 1 / 3, ".3333333"),
    ("%9.0g", -1 / 3, "-.3333333"),
    ("%9.0g", 100 / 3, "33.33333"),
    ("%8.0g", 1 / 3, ".333333"),
    ("%10.0g", 1 / 3, ".33333333"),
    ("%9.0g", 6.2098961, "6.209896"),
    ("%9.0g", 0.03901238, ".0390124"),
    ("%9.0g", 25337.492, "25337.49"),
    ("%9.0g", 0.00001, ".00001"),
    ("%9.0g", -0.0001234, "-.0001234"),
    ("%9.0g", 0.00006891, ".0000689"),
    ("%9.0g", 1.5604e-06, "1.56e-06"),
    ("%9.0g", -1.9e-17, "-1.90e-17"),
    ("%9.0g", 1.23e-254, "1.2e-254"),
    ("%9.0g", 2.52e237, "2.5e+237"),
    ("%9.0g", 1234567, "1234567"),
    ("%9.0g", 12345678, "1.23e+07"),
    ("%9.0g", 0, "0"),
    ("%9.0g", -0.0, "0"),
    ("%9.0g", 0.99999999, "1"),
    ("%9.2f", 241085.03, "241085.03"),
    ("%9.2f", 0.5, "0.50"),
    ("%8.2f", -0.001, "-0.00"),
    ("%8.2f", 35800.391, "35800.39"),
    ("%8.2f", 189765.4, "1.9e+05"),
    ("%5.3f", 0.0004, "0.000"),
    ("%5.3f", 1, "1.000"),
    ("%6.3f", -0.1234, "-0.123"),
    ("%9,2fc", 1000.03, "1.000,03"),
    ("%09.2f", 9.5, "000009.50"),
    ("%09.2f", -9.5, "-00009.50"),
    ("%-04.0f", 7, "0007"),
    ("%9.2e", 314.159, "3.14e+02"),
    ("%10.7e", 1 / 3, "3.3333333e-01"),
    # ties are those of the binary value
    ("%9.2f", 0.125, "0.12"),
    ("%9.2f", 2.675, "2.67"),
    ("%9.0g", 1234567.5, "1234568"),
]


@pytest.mark.parametrize(("fmt", "value", "printed"), PRINTED)
def test_printed_value(fmt: str, value: float, printed: str) -> None:
    assert Format.parse(fmt).text(float(value)) == printed


# Tables that print in other widths: codebook, estimates table, matrix list, anova, regress.
FULL_WIDTH = {
    "%8.0g": "6165.26 2949.5 35488.7 26056.7 5006.5 23.0366 1.16496",
    "%10.0g": (
        "-.51002095 .21063435 .56220088 -.07659154 -1.9977529 -3.36984 1.5484071 .07288656 "
        "429035.55 5296.7352 105635.77 4123.5771 617.49973 837663.26"
    ),
    "%11.0g": "1232.82371 205.470619 1107.37918 17.8609546 2340.2029 34.4147485 1.9359e+13",
}


@pytest.mark.parametrize("fmt", FULL_WIDTH)
def test_printed_numbers_are_fixed_points(fmt: str) -> None:
    tokens = FULL_WIDTH[fmt].split()
    assert Format.parse(fmt).texts(np.array(tokens, dtype=float) * (1 + 1e-12)) == tokens


def test_values_are_padded_to_the_width() -> None:
    assert format_value(1 / 3, "%9.0g") == " .3333333"
    assert format_value(-1 / 3, "%9.0g") == "-.3333333"
    assert format_value(1 / 3, "%-9.0g") == ".3333333 "
    assert format_value(MISSING, "%9.0g") == "        ."


def test_commas_cost_decimals() -> None:
    assert format_value(6072.423, "%8.0gc") == " 6,072.4"
    assert format_value(695.3637, "%8.0gc") == " 695.364"
    assert format_value(999999.97, "%9.0gc") == "  1000000"


def test_a_fixed_number_too_wide_loses_its_commas_first() -> None:
    assert format_value(1234567, "%9.0fc") == "1,234,567"
    assert format_value(1234567, "%8.0fc") == " 1234567"
    assert format_value(-1234567, "%8.0fc") == "-1234567"


def test_a_narrow_fixed_format_shows_the_number_in_full() -> None:
    assert format_value(12.345, "%4.2f") == "12.35"
    assert format_value(100, "%3.1f") == "100.0"


def test_missing_values() -> None:
    codes = [MISSING, *(missing_code(letter) for letter in LETTERS)]
    names = [".", *("." + letter for letter in LETTERS)]
    for fmt in ("%9.0g", "%9.2f", "%12.0gc", "%9.2e", "%td", "%09.2f"):
        form = Format.parse(fmt)
        assert [form.text(code) for code in codes] == names
        assert form.texts(np.array(codes)) == names
    assert display_number(math.nan) == "."
    assert format_value(MISSING, "%21x") == "+1.0000000000000X+3ff"
    assert format_value(missing_code("a"), "%21x") == "+1.0010000000000X+3ff"
    assert format_value(0, "%21x") == "+0.0000000000000X-3ff"


def test_display() -> None:
    shown = {
        2 / 3: ".66666667",
        6165.256756756757: "6165.2568",
        1e10: "1.000e+10",
        1e10 / 3: "3.333e+09",
        12345678: "12345678",
        123456789: "1.235e+08",
        74: "74",
        -0.5: "-.5",
        1e-6: "1.000e-06",
    }
    assert {x: display_number(x) for x in shown} == shown


def test_full_precision() -> None:
    stored = {
        1 / 3: ".3333333333333333",
        6165.256756756757: "6165.256756756757",
        8699525.974268788: "8699525.974268788",
        2949.495884768919: "2949.495884768919",
        0.1 + 0.2: ".3",
        2.0**53: "9007199254740992",
        1e20: "1.00000000000e+20",
        -1 / 3: "-.3333333333333333",
    }
    assert {x: full(x) for x in stored} == stored


NUMBER = r"-?\d*\.?\d+(?:e[-+]\d+)?"
ROWS = [
    # coefficient, standard error, statistic, p-value, bounds
    (
        re.compile(
            rf"(?<![\w.])({NUMBER})\s+({NUMBER})\s+-?\d+\.\d\d\s+[01]\.\d{{3}}"
            rf"\s+({NUMBER})\s+({NUMBER})\s*$"
        )
    ),
    # observations, mean, standard deviation, minimum, maximum
    re.compile(rf"\|\s*[\d,]+\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s*$"),
    # estimate, standard error and bounds of a variance component
    re.compile(
        rf"(?:var|cov|sd|corr|Residual)\S*\)?\s*\|?\s+({NUMBER})\s+({NUMBER})"
        rf"\s+({NUMBER})\s+({NUMBER})\s*$"
    ),
    # a row of a listing
    re.compile(rf"^\s*\d+\.\s+(?:\d+\s+)*({NUMBER})(?:\s+({NUMBER}))?(?:\s+({NUMBER}))?\s*$"),
]
WITH_OTHER_FORMATS = ("xttab-1",)


def printed_numbers() -> Iterator[str]:
    """The numbers of the reference logs that stand in a column of format %9.0g."""
    for folder in ("conformance/cases", "conformance/layout", "manual"):
        for path in sorted(shared_path(folder).rglob("*.*")):
            log = path.read_text(errors="replace")
            if "cformat" in log.partition("\n")[0] or path.stem in WITH_OTHER_FORMATS:
                continue
            for line in log.splitlines():
                match = next((m for m in (row.search(line) for row in ROWS) if m), None)
                if match:
                    yield from (token for token in match.groups() if token is not None)


@needs_shared
def test_every_number_of_the_reference_logs_is_a_fixed_point() -> None:
    tokens = list(printed_numbers())
    assert len(tokens) > 4000
    # Digits past the printed ones must not show: the format has no more of them than Stata's.
    values = np.array([float(token) for token in tokens]) * (1 + 1e-11)
    texts = Format.parse("%9.0g").texts(values)
    assert [pair for pair in zip(tokens, texts, strict=True) if pair[0] != pair[1]] == []


@needs_shared
def test_the_listing_of_the_diuretics_data() -> None:
    import pyreadstat

    data, _ = pyreadstat.read_dta(str(shared_path("data", "diuretics.dta")))
    log = shared_path("conformance", "cases", "me", "06-meta-analysis.log").read_text()
    rows = [line.split()[1:] for line in log.splitlines() if re.match(r"\d+\. ", line)][:9]
    columns = [format_column(data[name].to_numpy(float), "%9.0g") for name in data.columns]
    assert [[cell.strip() for cell in row] for row in zip(*columns, strict=True)] == rows


numbers = st.floats(-1e12, 1e12) | st.floats(-1.0, 1.0) | st.integers(-(10**9), 10**9).map(float)
anything = st.floats(allow_nan=False, allow_infinity=False, min_value=-8e307, max_value=8e307)


@given(anything | numbers, st.integers(8, 24))
def test_general_keeps_its_width(x: float, width: int) -> None:
    assert len(format_value(x, f"%{width}.0g")) == width


@given(numbers, st.integers(9, 18))
def test_general_is_as_near_as_its_digits_allow(x: float, width: int) -> None:
    text = Format.parse(f"%{width}.0g").text(x)
    shown = float(text)
    last = 10.0 ** -len(text.partition(".")[2]) if "e" not in text and "." in text else 0.0
    # Half of the last decimal, or width - 6 significant digits (one fewer with an exponent
    # of three digits).
    fewest = width - (7 if len(text.partition("e")[2]) > 3 else 6)
    assert abs(shown - x) <= max(0.5000001 * last, abs(x) * 0.51 * 10.0 ** (1 - fewest))
    if "e" not in text:
        assert abs(shown - x) <= 0.51 * max(10.0 ** -(width - 2), abs(x) * 10.0 ** -(width - 3))


@given(anything | numbers, st.integers(8, 18))
def test_general_is_idempotent(x: float, width: int) -> None:
    form = Format.parse(f"%{width}.0g")
    once = form.text(x)
    assert form.text(float(once)) == once


@given(numbers, numbers, st.sampled_from(["%9.0g", "%10.0g", "%9.2f", "%12.0gc", "%9.3e"]))
def test_order_is_kept(x: float, y: float, fmt: str) -> None:
    low, high = (float(Format.parse(fmt).text(value).replace(",", "")) for value in sorted((x, y)))
    assert low <= high


@given(numbers, st.integers(1, 7))
def test_significant_digits(x: float, digits: int) -> None:
    shown = float(Format.parse(f"%16.{digits}g").text(x))
    assert abs(shown - x) <= 0.51 * max(abs(x) * 10.0 ** (1 - digits), 1e-14)
    assert abs(x) >= 10.0**digits or shown == float(f"{x:.{digits}g}") or abs(x) < 1e-5


@given(st.floats(-99999.99, 99999.99), st.integers(0, 4))
def test_fixed_is_the_nearest_with_its_decimals(x: float, decimals: int) -> None:
    text = Format.parse(f"%12.{decimals}f").text(x)
    assert len(text.partition(".")[2]) == decimals
    assert abs(float(text) - x) <= 0.5000001 * 10.0**-decimals


@given(anything)
def test_hexadecimal_says_every_bit(x: float) -> None:
    mantissa, _, power = format_value(x, "%21x").partition("X")
    value = float.fromhex(f"{mantissa[0]}0x{mantissa[1:]}p{int(power, 16)}")
    assert value == x


@settings(max_examples=50)
@given(
    st.lists(anything | numbers | st.just(MISSING) | st.just(missing_code("b")), max_size=30),
    st.sampled_from(
        [
            "%9.0g",
            "%8.0g",
            "%5.0g",
            "%22.0g",
            "%9.2f",
            "%12.0gc",
            "%9.4g",
            "%9.3e",
            "%9,0g",
            "%-10.0g",
            "%21x",
            "%td",
        ]
    ),
)
def test_a_column_is_its_values(values: list[float], fmt: str) -> None:
    column = format_column(np.array(values, dtype=float), fmt)
    assert column == [format_value(x, fmt) for x in values]
