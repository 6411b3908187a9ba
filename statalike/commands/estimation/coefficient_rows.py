"""From e(b) and e(V) to the rows of a coefficient table and to r(table)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.constraints import constrained_parameters
from statalike.commands.estimation.distributions import t_critical_values, two_sided_t_p
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

    Coefficients that were not estimated have missing entries; ``df`` are missing for inference
    from the normal distribution.
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    statistics: np.ndarray
    p: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    df: np.ndarray
    critical: np.ndarray


def wald_inference(
    b: np.ndarray, variances: np.ndarray, level: float, df: np.ndarray | None = None
) -> WaldInference:
    """Inference at a confidence level in percent, from t distributions with ``df`` (k,) degrees
    of freedom: infinite, as for all without ``df``, for the normal, and nan where unknown.
    """
    if df is None:
        df = np.full(len(b), np.inf)
    critical = t_critical_values(level, df)
    with np.errstate(all="ignore"):
        usable = (variances > 0) & (variances < MISSING)
        errors = np.sqrt(np.where(usable, variances, np.nan))
        z = b / errors
        p = two_sided_t_p(z, df)
        lower, upper = b - critical * errors, b + critical * errors

    def settled(values: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(values), values, MISSING)

    return WaldInference(
        b,
        settled(errors),
        settled(z),
        settled(p),
        settled(lower),
        settled(upper),
        settled(df),
        settled(critical),
    )


def inference_of(results: Results, level: float, *, small: bool = False) -> WaldInference:
    """Inference about e(b): from e(V) and e(df_r), by the normal without it, or for a ``small``
    sample from e(df) and, where the method adjusts it, e(V_df), which concern the fixed effects
    only.
    """
    b = results.matrices["b"].values[0]
    variances = np.diag(results.matrices["V"].values)
    if not small:
        residual = results.scalars.get("df_r")
        if residual is None:
            return wald_inference(b, variances, level)
        return wald_inference(b, variances, level, np.full(len(b), residual))
    own = results.matrices["df"].values[0]
    df = np.full(len(b), np.inf)
    df[: len(own)] = np.where(own < MISSING, own, np.nan)
    if "V_df" in results.matrices:
        variances = np.append(np.diag(results.matrices["V_df"].values), variances[len(own) :])
    return wald_inference(b, variances, level, df)


def result_table(results: Results, level: float, *, small: bool = False) -> NamedMatrix:
    """r(table): a column for each coefficient, rows b, se, z (t for a ``small`` sample or with
    e(df_r)), pvalue, ll, ul, df, crit, eform.
    """
    b = results.matrices["b"]
    found = inference_of(results, level, small=small)
    k = len(b.columns)
    table = np.vstack(
        [
            found.coefficients,
            found.standard_errors,
            found.statistics,
            found.p,
            found.lower,
            found.upper,
            found.df,
            found.critical,
            np.zeros(k),
        ]
    )
    by_t = small or "df_r" in results.scalars
    rows = ("t" if by_t and row == "z" else row for row in TABLE_ROWS)
    return NamedMatrix(table, tuple(Stripe("", row) for row in rows), b.columns)


def coefficient_rows(
    results: Results,
    equation: str,
    level: float,
    empty: Callable[[Column], bool],
    *,
    small: bool = False,
) -> tuple[CoefficientRow, ...]:
    """The rows of one equation of e(b), with inference for a ``small`` sample if wanted.

    ``empty`` tells whether an omitted column is a combination of levels without observations.
    """
    b = results.matrices["b"]
    found = inference_of(results, level, small=small)
    constrained = constrained_parameters(results)
    return tuple(
        CoefficientRow(
            stripe.name,
            float(found.coefficients[i]),
            float(found.standard_errors[i]),
            float(found.statistics[i]),
            float(found.p[i]),
            float(found.lower[i]),
            float(found.upper[i]),
            df=float(found.df[i]),
            status=_status(stripe, empty)
            or (_constrained_status(float(b.values[0, i])) if constrained[i] else ""),
            legend=legend(stripe, results),
        )
        for i, stripe in enumerate(b.columns)
        if stripe.equation == equation
    )


def legend(stripe: Stripe, results: Results) -> str:
    """What ``coeflegend`` shows: how an expression refers to the coefficient."""
    several = len(equation_names(results.matrices["b"])) > 1
    return f"_b[{stripe if several else stripe.name}]"


def _constrained_status(value: float) -> str:
    """A coefficient constrained to zero is shown as one that is left out."""
    return "constrained" if value else "omitted"


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
