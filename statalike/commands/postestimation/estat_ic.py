"""``estat ic`` and the table of information criteria ([R] estat ic).

    AIC = -2 ln L + 2 k,        AICc = AIC + 2 k (k + 1) / (N - k - 1),
    BIC = -2 ln L + k ln N,     CAIC = -2 ln L + k (ln N + 1),

with k = e(rank), the number of parameters estimated, and N observations (Akaike 1974; Schwarz 1978;
Hurvich and Tsai 1989; Bozdogan 1987).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from statalike.commands.postestimation.stored_estimates import active_estimates, is_active
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.information_criteria import (
    InformationCriteria,
    information_criteria_table,
)
from statalike.output.styled import Line
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

COLUMNS = ("N", "ll0", "ll", "df", "AIC", "BIC")


@command(
    "estat ic",
    syntax="[, N(real 0) DF(real 0) ALL AICC CAIC]",
    unsupported="BICDetail",
    help="Akaike's and Bayesian information criteria",
    section="Postestimation",
)
def estat_ic(state: State, arguments: Arguments) -> None:
    observations = observations_given(arguments)
    names = [name for name, kept in state.memory.stored.items() if is_active(state, kept.results)]
    model = names[-1] if names else "."
    df = degrees_of_freedom_given(arguments)
    row = information_criteria(model, active_estimates(state), observations, df)
    further = further_criteria(arguments)
    state.r = Results(matrices={"S": criteria_matrix([row], further)})
    state.console.print()
    state.console.print_lines(criteria_table([row], observations, further))


def degrees_of_freedom_given(arguments: Arguments) -> float | None:
    """The number of parameters of option ``df()``; None when it was not typed; r(198)."""
    if not arguments.typed("df"):
        return None
    given = arguments.number("df") or 0.0
    if given <= 0:
        raise StataError(198, "df() must be positive")
    return given


def further_criteria(arguments: Arguments) -> tuple[str, ...]:
    """Which of AICc and CAIC are asked for besides AIC and BIC."""
    wanted = {"AICc": "aicc", "CAIC": "caic"}
    return tuple(
        title for title, option in wanted.items() if arguments.flag(option) or arguments.flag("all")
    )


def observations_given(arguments: Arguments) -> float | None:
    """The N of option ``n()``, which BIC is to use; None when it was not typed."""
    if not arguments.typed("n"):
        return None
    given = arguments.number("n") or 0.0
    if given <= 0:
        raise StataError(198, "n() must be positive")
    return given


def parameters_estimated(results: Results) -> float:
    """e(rank), or the number of coefficients that have a variance."""
    rank = results.scalars.get("rank", MISSING)
    if rank < MISSING:
        return rank
    variance = results.matrices.get("V")
    return MISSING if variance is None else float(np.count_nonzero(np.diag(variance.values)))


def information_criteria(
    model: str,
    results: Results,
    observations: float | None = None,
    parameters: float | None = None,
) -> InformationCriteria:
    """The criteria of one set of estimates; missing without a log likelihood."""
    scalars = results.scalars
    n = scalars.get("N", MISSING) if observations is None else observations
    log_likelihood = scalars.get("ll", MISSING)
    df = parameters_estimated(results) if parameters is None else parameters
    aic = bic = aicc = caic = MISSING
    if log_likelihood < MISSING and df < MISSING:
        aic = -2 * log_likelihood + 2 * df
        if 0 < n < MISSING:
            bic = -2 * log_likelihood + df * math.log(n)
            caic = bic + df
            if n > df + 1:
                aicc = aic + 2 * df * (df + 1) / (n - df - 1)
    null = scalars.get("ll_0", MISSING)
    return InformationCriteria(model, n, log_likelihood, df, aic, bic, null, aicc, caic)


def criteria_matrix(
    rows: Sequence[InformationCriteria], further: tuple[str, ...] = ()
) -> NamedMatrix:
    """r(S): a row for each model, columns N, ll0, ll, df, AIC, BIC, and ``further`` ones."""
    values = [
        [
            *(r.observations, r.null_log_likelihood, r.log_likelihood, r.df, r.aic, r.bic),
            *(r.criterion(name) for name in further),
        ]
        for r in rows
    ]
    columns = (*COLUMNS, *further)
    return NamedMatrix(
        np.array(values, dtype=float).reshape(len(rows), len(columns)),
        tuple(Stripe("", row.model) for row in rows),
        tuple(Stripe("", name) for name in columns),
    )


def criteria_table(
    rows: Sequence[InformationCriteria],
    observations: float | None = None,
    further: tuple[str, ...] = (),
) -> list[Line]:
    """The printed table and its note on the N in BIC."""
    if observations is None:
        note = "Note: BIC uses N = number of observations. See [R] IC note."
    else:
        note = f"Note: BIC uses N = {observations:.10g}."
    return information_criteria_table(rows, note, further)
