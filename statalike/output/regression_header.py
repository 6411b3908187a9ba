"""The analysis of variance above the coefficients of ``regress``."""

from __future__ import annotations

from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.number_columns import count_text, degrees_of_freedom_text
from statalike.output.styled import Line, line, result


@dataclass(frozen=True)
class RegressionHeader:
    """Sums of squares and degrees of freedom of a least-squares fit, and its summary numbers."""

    observations: float
    model_ss: float
    model_df: float
    residual_ss: float
    residual_df: float
    f: float
    p: float
    r_squared: float
    adjusted_r_squared: float
    root_mse: float


def regression_header(header: RegressionHeader) -> list[Line]:
    """Model, residual and total on the left; tests and fit on the right."""
    f = (
        f"F({degrees_of_freedom_text(header.model_df)},"
        f" {degrees_of_freedom_text(header.residual_df)})"
    )
    total_ss = header.model_ss + header.residual_ss
    total_df = header.model_df + header.residual_df
    divider = f"{'-' * 13}+{'-' * 34}"
    left = [
        "      Source |       SS           df       MS   ",
        divider,
        _source("Model", header.model_ss, header.model_df),
        _source("Residual", header.residual_ss, header.residual_df),
        divider,
        _source("Total", total_ss, total_df),
    ]
    right = [
        ("Number of obs", count_text(header.observations)),
        (f, format_value(header.f, "%8.2f").strip()),
        ("Prob > F", format_value(header.p, "%6.4f").strip()),
        ("R-squared", format_value(header.r_squared, "%6.4f").strip()),
        ("Adj R-squared", format_value(header.adjusted_r_squared, "%6.4f").strip()),
        ("Root MSE", format_value(header.root_mse, "%9.5g").strip()),
    ]
    return [
        line(f"{text:<48}   {label:<15} = ", result(f"{value:>9}"))
        for text, (label, value) in zip(left, right, strict=True)
    ]


def _source(name: str, ss: float, df: float) -> str:
    mean = ss / df if df > 0 else MISSING
    return f"{name:>12} |{_nine_digits(ss):>12}{df:>10.0f}{_nine_digits(mean):>12}"


def _nine_digits(value: float) -> str:
    return format_value(value, "%11.0g").strip()
