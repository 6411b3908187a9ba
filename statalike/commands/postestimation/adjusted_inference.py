"""Tests and intervals of comparisons, adjusted in families, and the tables they are shown in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import TABLE_ROWS, WaldInference
from statalike.commands.postestimation.combination_inference import Combinations
from statalike.data.missing import MISSING
from statalike.engine.multiple_comparisons import Family, adjusted_p_values, critical_values
from statalike.output.coefficient_table import CoefficientRow
from statalike.results.matrix import NamedMatrix, Stripe


@dataclass(frozen=True)
class AdjustedFamily:
    """The positions (from 0) of comparisons, and the family they are adjusted in."""

    members: Sequence[int]
    family: Family


def adjusted_inference(
    found: Combinations, level: float, method: str, families: Sequence[AdjustedFamily]
) -> WaldInference:
    """Inference about combinations (m,) at a level in percent.

    Numbers of combinations that are not estimable, have no variance or unknown degrees of freedom
    are missing.
    """
    count = len(found.estimates)
    known = found.estimable & (found.variances > 0)
    errors = np.sqrt(np.where(known, found.variances, np.nan))
    p, critical = np.full(count, np.nan), np.full(count, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = found.estimates / errors
        for each in families:
            members = np.asarray(each.members, dtype=np.intp)
            p[members] = adjusted_p_values(
                method, statistics[members], found.df[members], each.family
            )
            critical[members] = critical_values(method, level, found.df[members], each.family)
        limits = critical * errors

    def settled(values: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(values), values, MISSING)

    return WaldInference(
        np.where(found.estimable, found.estimates, MISSING),
        settled(errors),
        settled(np.where(np.isnan(found.df), np.nan, statistics)),
        settled(p),
        settled(found.estimates - limits),
        settled(found.estimates + limits),
        settled(found.df),
        settled(critical),
    )


def exponentiated(found: WaldInference) -> WaldInference:
    """exp() of estimates and limits, standard errors by the delta method."""

    def exp(values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            raised = np.exp(np.where(values < MISSING, values, 0.0))
        return np.where((values < MISSING) & np.isfinite(raised), raised, MISSING)

    estimates = exp(found.coefficients)
    known = (found.standard_errors < MISSING) & (estimates < MISSING)
    errors = np.where(known, estimates, 0.0) * np.where(known, found.standard_errors, 0.0)
    return replace(
        found,
        coefficients=estimates,
        standard_errors=np.where(known, errors, MISSING),
        lower=exp(found.lower),
        upper=exp(found.upper),
    )


def inference_table(
    found: WaldInference, columns: tuple[Stripe, ...], *, by_t: bool, eform: bool
) -> NamedMatrix:
    """r(table) of comparisons."""
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
            np.full(len(found.coefficients), float(eform)),
        ]
    )
    rows = ("t" if by_t and row == "z" else row for row in TABLE_ROWS)
    return NamedMatrix(table, tuple(Stripe("", row) for row in rows), columns)


def inference_row(
    found: WaldInference, position: int, *, name: str, heading: str = "", label: str = ""
) -> CoefficientRow:
    """One row of a table of comparisons or margins."""
    return CoefficientRow(
        name,
        float(found.coefficients[position]),
        float(found.standard_errors[position]),
        float(found.statistics[position]),
        float(found.p[position]),
        float(found.lower[position]),
        float(found.upper[position]),
        df=float(found.df[position]),
        status="" if found.coefficients[position] < MISSING else "not estimable",
        heading=heading,
        label=label,
    )
