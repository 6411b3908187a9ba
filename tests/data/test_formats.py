"""The syntax of formats, strings, justification, columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.formats import (
    Format,
    default_format,
    display_columns,
    fit_string,
    format_column,
    format_value,
)
from statalike.errors import StataError

WRITTEN = [
    "%9.0g",
    "%8.0g",
    "%-8.0g",
    "%12.0gc",
    "%9.2f",
    "%09.2f",
    "%-9.2fc",
    "%9,2f",
    "%9,2fc",
    "%10.7e",
    "%g",
    "%9g",
    "%21x",
    "%16H",
    "%8L",
    "%9s",
    "%-18s",
    "%~20s",
    "%s",
    "%td",
    "%-td",
    "%d",
    "%tdD_m_Y",
    "%tcHH:MM:SS",
    "%tm",
    "%tg",
]
NO_FORMATS = [
    "9.0g",
    "%",
    "%9.0",
    "%9.0h",
    "%.2f",
    "%f",
    "%9.2ec",
    "%~9.0g",
    "%9.0gx",
    "%-s9",
    "%0s",
    "%99999.0g",
    "%9.0g%9.0g",
    "%20x",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_format_is_written_as_it_was_read(text: str) -> None:
    form = Format.parse(text)
    assert str(form) == text
    assert Format.parse(str(form)) is form


@given(
    st.sampled_from(["", "-"]),
    st.integers(1, 244),
    st.sampled_from([".", ","]),
    st.integers(0, 20),
    st.sampled_from(["g", "f", "e", "gc", "fc"]),
)
def test_parts_of_a_numeric_format(
    side: str, width: int, point: str, decimals: int, kind: str
) -> None:
    form = Format.parse(f"%{side}{width}{point}{decimals}{kind}")
    assert (form.width, form.decimals, form.kind) == (width, decimals, kind[0])
    assert form.is_left_justified == (side == "-")
    assert form.decimal_comma == (point == ",")
    assert form.commas == kind.endswith("c")
    assert form.is_numeric
    assert not form.is_date


@pytest.mark.parametrize(
    "text",
    [*NO_FORMATS, "", " %9.0g", "%9 .0g", "%9.0g\n"],
)
def test_a_format_that_is_none(text: str) -> None:
    with pytest.raises(StataError) as error:
        Format.parse(text)
    assert (error.value.code, error.value.message) == (120, "invalid %format")


def test_strings() -> None:
    assert format_value("abc", "%9s") == "      abc"
    assert format_value("abc", "%-9s") == "abc      "
    assert format_value("abc", "%~9s") == "   abc   "
    assert format_value("abc", "%s") == "abc"
    assert format_value("abcdef", "%3s") == "abcdef"
    assert Format.parse("%9s").is_string


def test_wide_characters_take_two_columns() -> None:
    assert display_columns("日本") == 4
    assert display_columns("e\u0301té") == 3
    assert format_value("日本", "%6s") == "  日本"
    assert format_value("été", "%-5s") == "été  "
    assert fit_string("日本語の本", 7) == "日本.."


def test_long_strings_are_cut() -> None:
    assert fit_string("AMC Concord", 10) == "AMC Conc.."
    assert fit_string("AMC Concord", 11) == "AMC Concord"
    assert fit_string("abc", 2) == "ab"


@given(st.text(max_size=20), st.integers(0, 15))
def test_a_cut_string_fits(text: str, width: int) -> None:
    assert display_columns(fit_string(text, width)) <= width


def test_columns_of_strings() -> None:
    values = np.array(["a", "bcd", ""], dtype=object)
    assert format_column(values, "%4s") == ["   a", " bcd", "    "]
    encoded = np.array(["é".encode(), b"bcd"])
    assert format_column(encoded, "%-4s") == ["é   ", "bcd "]


def test_a_column_of_nothing() -> None:
    assert format_column(np.array([]), "%9.0g") == []
    assert format_column(np.array([]), "%9.2f") == []


def test_type_mismatch() -> None:
    with pytest.raises(StataError, match="type mismatch"):
        format_value("abc", "%9.0g")
    with pytest.raises(StataError, match="type mismatch"):
        format_value(1.0, "%9s")
    with pytest.raises(StataError, match="type mismatch"):
        format_column(np.array(["abc"], dtype=object), "%9.0g")


def test_default_formats() -> None:
    expected = {
        "byte": "%8.0g",
        "int": "%8.0g",
        "long": "%12.0g",
        "float": "%9.0g",
        "double": "%10.0g",
        "str3": "%9s",
        "str18": "%18s",
        "strL": "%9s",
    }
    assert {name: default_format(name) for name in expected} == expected
    for text in expected.values():
        Format.parse(text)
