"""Intraclass correlations from the variances of random intercepts ([ME] estat icc)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.random_effects_rows import delta_method
from statalike.data.missing import MISSING
from statalike.output.intraclass_correlation import (
    IntraclassCorrelation,
    intraclass_correlation_table,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


def show_intraclass_correlations(
    state: State,
    names: Sequence[str],
    variances: Sequence[float],
    gradients: Sequence[np.ndarray],
    V: np.ndarray,
    level: float,
    conditional: bool,
) -> None:
    """Print the correlation of each level and post it in r().

    ``variances`` are those of the intercepts at the levels ``names``, outermost first, and last of
    the residual; ``gradients`` (k,) their derivatives in parameters with covariance matrix V.  The
    correlation of a level is the share of the variances down to it; its standard error is by the
    delta method, its interval that of the logit, transformed.  ``conditional`` ones hold for zero
    values of the covariates of random coefficients.
    """
    total = sum(variances)
    critical = two_sided_critical_value(level)
    found: list[IntraclassCorrelation] = []
    stored = Results()
    for position in range(len(names)):
        icc = sum(variances[: position + 1]) / total
        slope = sum(gradients[: position + 1]) / total - icc * sum(gradients) / total
        variance = float(delta_method(np.atleast_2d(slope), V)[0, 0])
        path = "|".join(reversed(names[: position + 1]))
        if variance > 0 and 0 < icc < 1:
            error = float(np.sqrt(variance))
            half = critical * error / (icc * (1 - icc))
            logit = float(np.log(icc / (1 - icc)))
            with np.errstate(over="ignore"):
                lower, upper = (1 / (1 + np.exp(-(logit + np.array([-half, half]))))).tolist()
        else:
            error = lower = upper = MISSING
        found.append(IntraclassCorrelation(path, float(icc), error, lower, upper))
        number = len(names) - position + 1
        stored.scalars[f"icc{number}"] = float(icc)
        stored.scalars[f"se{number}"] = error
        stored.macros[f"label{number}"] = path
        stored.matrices[f"ci{number}"] = NamedMatrix(
            np.array([[lower, upper]]),
            (Stripe("", f"icc{number}"),),
            (Stripe("", "ll"), Stripe("", "ul")),
        )
    stored.scalars["level"] = level
    if conditional:
        title = "Conditional intraclass correlation"
    elif state.e.scalars["df_m"]:
        title = "Residual intraclass correlation"
    else:
        title = "Intraclass correlation"
    state.console.print(f"\n{title}\n")
    state.console.print_lines(intraclass_correlation_table(found, level))
    if conditional:
        state.console.print("Note: ICC is conditional on zero values of random-effects covariates.")
    state.r = stored
