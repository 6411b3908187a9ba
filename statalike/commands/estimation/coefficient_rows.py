"""From e(b) and e(V) to the rows of a coefficient table and to r(table)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.distributions import (
    two_sided_critical_value,
    two_sided_normal_p,
)
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.output.coefficient_table import CoefficientRow
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

TABLE_ROWS = ("b", "se", "z", "pvalue", "ll", "ul", "df", "crit", "eform")


@dataclass(frozen=True)
class WaldInference:
    """Standard errors, tests and intervals of coefficients; every array is (k,).

    Coefficients that were not estimated have missing entries.
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    statistics: np.ndarray
    p: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    critical: float


def wald_inference(b: np.ndarray, variances: np.ndarray, level: float) -> WaldInference:
    """Large-sample (normal) inference at a confidence level in percent."""
    critical = two_sided_critical_value(level)
    with np.errstate(all="ignore"):
        usable = (variances > 0) & (variances < MISSING)
        errors = np.sqrt(np.where(usable, variances, np.nan))
        z = b / errors
        p = two_sided_normal_p(z)
        lower, upper = b - critical * errors, b + critical * errors

    def settled(values: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(values), values, MISSING)

    return WaldInference(
        b, settled(errors), settled(z), settled(p), settled(lower), settled(upper), critical
    )


def result_table(results: Results, level: float) -> NamedMatrix:
    """r(table): a column for each coefficient, rows b, se, z, pvalue, ll, ul, df, crit, eform."""
    b, variance = results.matrices["b"], results.matrices["V"]
    found = wald_inference(b.values[0], np.diag(variance.values), level)
    k = len(b.columns)
    table = np.vstack(
        [
            found.coefficients,
            found.standard_errors,
            found.statistics,
            found.p,
            found.lower,
            found.upper,
            np.full(k, MISSING),
            np.full(k, found.critical),
            np.zeros(k),
        ]
    )
    return NamedMatrix(table, tuple(Stripe("", row) for row in TABLE_ROWS), b.columns)


def coefficient_rows(
    results: Results, equation: str, level: float, empty: Callable[[Column], bool]
) -> tuple[CoefficientRow, ...]:
    """The rows of one equation of e(b).

    ``empty`` tells whether an omitted column is a combination of levels without observations.
    """
    b = results.matrices["b"]
    found = wald_inference(b.values[0], np.diag(results.matrices["V"].values), level)
    return tuple(
        CoefficientRow(
            stripe.name,
            float(found.coefficients[i]),
            float(found.standard_errors[i]),
            float(found.statistics[i]),
            float(found.p[i]),
            float(found.lower[i]),
            float(found.upper[i]),
            status=_status(stripe, empty),
            legend=legend(stripe, results),
        )
        for i, stripe in enumerate(b.columns)
        if stripe.equation == equation
    )


def legend(stripe: Stripe, results: Results) -> str:
    """What ``coeflegend`` shows: how an expression refers to the coefficient."""
    several = len(equation_names(results.matrices["b"])) > 1
    return f"_b[{stripe if several else stripe.name}]"


def _status(stripe: Stripe, empty: Callable[[Column], bool]) -> str:
    if stripe.name == "_cons" or stripe.equation.startswith("/"):
        return ""
    column = Column.parse(stripe.name)
    if not column.omitted:
        return ""
    levels = column.factor_levels
    left_out = any(part.mark == "o" for part in levels)
    if left_out and empty(column):
        return "empty"
    return "base" if any(part.mark == "b" for part in levels) else "omitted"


def emptiness(data: Dataset, sample: np.ndarray | None) -> Callable[[Column], bool]:
    """Whether a combination of factor levels has no observations in a sample, as a function.

    Without the data of the estimation nothing is known to be empty.
    """

    def empty(column: Column) -> bool:
        if sample is None:
            return False
        present: np.ndarray | bool = True
        for part in column.factor_levels:
            if part.variable not in data or data.variable(part.variable).is_string:
                return False
            present = present & (data.numbers(part.variable)[sample] == part.level)
        return not np.any(present)

    return empty


def value_labels(data: Dataset) -> Callable[[str, int], str]:
    """The text that a value label gives to a level of a variable (or none), as a function."""

    def label(variable: str, level: int) -> str:
        return (data.label_of(variable, level) or "") if variable in data else ""

    return label


def equation_names(b: NamedMatrix) -> tuple[str, ...]:
    """The equations of e(b), each once, in order."""
    return tuple(dict.fromkeys(stripe.equation for stripe in b.columns))


def expanded(
    values: np.ndarray, variance: np.ndarray, estimated: Iterable[bool]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their covariance with zeros where a column was not estimated."""
    mask = np.fromiter(estimated, dtype=bool)
    b = np.zeros(len(mask))
    b[mask] = values
    V = np.zeros((len(mask), len(mask)))
    V[np.ix_(mask, mask)] = variance
    return b, V
