"""``lincom``: a linear combination of coefficients, its error and interval ([R] lincom)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from statalike.commands.estimation.display_options import confidence_level, number_formats
from statalike.commands.postestimation.comparison_options import exponentiation_title
from statalike.commands.postestimation.hypotheses import (
    estimated_coefficients,
    read_combination,
    residual_degrees_of_freedom,
    restrictions_of,
)
from statalike.commands.postestimation.small_sample import active_inference, variance_and_df
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    TableOptions,
    coefficient_table,
)
from statalike.output.wald_test import restriction_lines
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class LinearCombination:
    """An estimate with its standard error, test and interval; missing where it has no variance.

    ``df`` is missing for inference from the normal distribution.
    """

    estimate: float
    standard_error: float
    statistic: float
    p: float
    lower: float
    upper: float
    df: float

    def exponentiated(self) -> LinearCombination:
        """exp() of the estimate and its limits, the standard error by the delta method."""
        estimate = _exp(self.estimate)
        known = self.standard_error < MISSING
        return LinearCombination(
            estimate,
            _settled(estimate * self.standard_error) if known else MISSING,
            self.statistic,
            self.p,
            _exp(self.lower) if known else MISSING,
            _exp(self.upper) if known else MISSING,
            self.df,
        )


def _exp(value: float) -> float:
    with np.errstate(over="ignore"):
        return _settled(float(np.exp(value)))


def _settled(value: float) -> float:
    return value if value < MISSING else MISSING


def linear_combination(
    estimate: float, variance: float, level: float, df: float = MISSING
) -> LinearCombination:
    """Inference about one number at a confidence level in percent, by t or, without df, by z."""
    if not 0 < variance < MISSING:
        return LinearCombination(estimate, MISSING, MISSING, MISSING, MISSING, MISSING, df)
    error = float(np.sqrt(variance))
    statistic = estimate / error
    upper_tail = 0.5 + level / 200
    if df < MISSING:
        critical = float(special.stdtrit(df, upper_tail))
        p = 2 * float(special.stdtr(df, -abs(statistic)))
    else:
        critical = float(special.ndtri(upper_tail))
        p = 2 * float(special.ndtr(-abs(statistic)))
    return LinearCombination(
        estimate, error, statistic, p, estimate - critical * error, estimate + critical * error, df
    )


@command(
    "lincom",
    syntax="anything(equalok everything) [, Level(cilevel) EForm OR HR SHR IRR RRR DF(real 0) "
    "SMALL noCI noPValues cformat(string) pformat(string) sformat(string)]",
    help="linear combinations of coefficients",
    section="Postestimation",
)
def lincom(state: State, arguments: Arguments) -> None:
    results = state.e
    b = estimated_coefficients(results)
    form = read_combination(state, arguments.body)
    if form.constant:
        raise StataError(198, "additive constant term not allowed")
    level = confidence_level(arguments.options, state.settings)
    inference = active_inference(state, arguments)
    if inference is None:
        variance = float(form.weights @ results.matrices["V"].values @ form.weights)
        df = residual_degrees_of_freedom(results, arguments)
    else:
        variance, df = variance_and_df(inference, form.weights)
    found = linear_combination(float(form.weights @ b.values[0]), variance, level, df)
    title = exponentiation_title(arguments)
    if title:
        found = found.exponentiated()
    state.r = _results(found, level)
    restriction = restrictions_of(b, [form]).texts
    state.console.print()
    state.console.print_lines(restriction_lines(restriction, state.settings.linesize))
    state.console.print()
    row = CoefficientRow(
        "(1)",
        found.estimate,
        found.standard_error,
        found.statistic,
        found.p,
        found.lower,
        found.upper,
    )
    table = CoefficientTable(
        (CoefficientSection((row,)),),
        dependent=results.macros.get("depvar", ""),
        coefficient_title=title or "Coefficient",
        statistic_title="t" if found.df < MISSING else "z",
        level=level,
    )
    options = TableOptions(
        linesize=state.settings.linesize,
        interval=not arguments.flag("noci"),
        pvalues=not arguments.flag("nopvalues"),
        formats=number_formats(arguments.options, state.settings),
    )
    state.console.print_lines(coefficient_table(table, options))


def _results(found: LinearCombination, level: float) -> Results:
    by_t = found.df < MISSING
    scalars = {"estimate": found.estimate, "se": found.standard_error}
    if by_t:
        scalars["df"] = found.df
    scalars["t" if by_t else "z"] = found.statistic
    scalars |= {"p": found.p, "lb": found.lower, "ub": found.upper, "level": level}
    return Results(scalars=scalars)
