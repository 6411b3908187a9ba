"""``estat vif``, ``hettest`` and ``ovtest`` after ``regress`` ([R] regress postestimation)."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.coefficient_rows import value_labels
from statalike.commands.estimation.distributions import chi2_tail, f_tail
from statalike.commands.postestimation.regression_data import (
    RegressionData,
    active_regression,
    regression_data,
)
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.design.design import build_design
from statalike.design.terms import model_terms
from statalike.engine.collinearity import independent_columns
from statalike.engine.linear.least_squares import LeastSquaresFit, fit_least_squares
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.regression_diagnostics import (
    SpecificationTest,
    inflation_table,
    specification_test,
)
from statalike.results.stores import Results
from statalike.state import State

POWERS = (2, 3, 4)


@command(
    "estat vif",
    syntax="",
    unsupported="UNCentered",
    help="variance inflation factors",
    section="Postestimation",
)
def estat_vif(state: State, arguments: Arguments) -> None:
    """VIF_j = 1 / (1 - R_j^2), R_j^2 that of covariate j regressed on the others: the product of
    (X'WX)^-1_jj and the weighted squared length of x_j about its mean."""
    data = _sample_data(state, "estat vif")
    columns, weights = _sample_columns(data)
    estimated = [c for c in data.design.columns if not c.omitted]
    fit = fit_least_squares(np.zeros(len(columns)), columns, weights)
    means = weights @ columns / weights.sum()
    lengths = weights @ np.square(columns - means)
    factors = lengths * np.diagonal(fit.unscaled_covariance)
    found = [
        (column, float(factor))
        for column, factor in zip(estimated, factors, strict=True)
        if not column.constant
    ]
    if not found or not data.design.columns[-1].constant:
        raise StataError(198, "estat vif needs a constant and at least one covariate")
    if not any(column.factor_levels for column, _ in found):
        found.sort(key=lambda item: -item[1])
    scalars: dict[str, float] = {}
    macros: dict[str, str] = {}
    for number, (column, factor) in enumerate(found, 1):
        macros[f"name_{number}"] = column.name
        scalars[f"vif_{number}"] = factor
    state.r = Results(scalars=scalars, macros=macros)
    state.console.print()
    names, values = [column.name for column, _ in found], [factor for _, factor in found]
    state.console.print_lines(inflation_table(names, values, value_labels(state.data)))


@command(
    "estat hettest",
    "estat hett",
    syntax="[varlist(fv ts)] [, RHS Normal IID Fstat]",
    unsupported="Mtest Mtest(string)",
    help="Breusch-Pagan and Cook-Weisberg tests for heteroskedasticity",
    section="Postestimation",
)
def estat_hettest(state: State, arguments: Arguments) -> None:
    """With u = e^2 / (RSS / n) regressed on z: the explained sum of squares over 2, chi-squared for
    normal errors; n R^2 for errors that are independent and alike; or the F test.
    """
    data = _sample_data(state, "estat hettest")
    columns, weights = _sample_columns(data)
    if sum(map(arguments.flag, ("normal", "iid", "fstat"))) > 1:
        raise StataError(198, "only one of normal, iid or fstat is allowed")
    rows = data.sample
    residuals = (data.outcome - data.linear_prediction)[rows]
    total = float(weights @ np.square(residuals))
    n = data.observations
    if arguments.given:
        terms = model_terms(arguments.terms, state.data)
        design = build_design(terms, state.data, rows, constant=False)
        matrix = design.matrix(state.data, rows)
        if np.any(matrix >= MISSING):
            raise StataError(416, "missing values encountered")
        noun = "Variable" if len(arguments.body.split()) == 1 else "Variables"
        details = f"{noun}: {arguments.body}"
    elif arguments.flag("rhs"):
        constant = [c.constant for c in data.design.columns if not c.omitted]
        matrix = columns[:, ~np.array(constant)]
        details = "Variables: All independent variables"
    else:
        matrix = data.linear_prediction[rows][:, None]
        details = f"Variable: Fitted values of {data.results.macros['depvar']}"
    squares = np.square(residuals) / (total / n)
    fit, df = _regressed(squares, matrix, weights)
    explained = fit.total_ss - fit.residual_ss
    denominator = None
    assumption = "i.i.d. error terms"
    if arguments.flag("fstat"):
        denominator = n - df - 1
        statistic = explained / df / (fit.residual_ss / denominator)
        p = f_tail(df, denominator, statistic)
    elif arguments.flag("iid"):
        statistic = n * explained / fit.total_ss
        p = chi2_tail(df, statistic)
    else:
        assumption = "Normal error terms"
        statistic = explained / 2
        p = chi2_tail(df, statistic)
    _show(
        state,
        SpecificationTest(
            "Breusch–Pagan/Cook–Weisberg test for heteroskedasticity ",
            (f"Assumption: {assumption}", details),
            "Constant variance",
            statistic,
            df,
            p,
            denominator,
        ),
    )


@command(
    "estat ovtest",
    "estat ovt",
    syntax="",
    unsupported="RHS",
    help="Ramsey's test for omitted variables",
    section="Postestimation",
)
def estat_ovtest(state: State, arguments: Arguments) -> None:
    """The F test of the second to fourth powers of the fitted values, added to the model."""
    data = _sample_data(state, "estat ovtest")
    columns, weights = _sample_columns(data)
    fitted = data.linear_prediction[data.sample]
    span = float(np.ptp(fitted))
    if not span > 0:
        raise StataError(499, "the fitted values are constant")
    scaled = (fitted - fitted.min()) / span
    powers = np.column_stack([scaled**power for power in POWERS])
    outcome = data.outcome[data.sample]
    constant = [c.constant for c in data.design.columns if not c.omitted]
    covariates = columns[:, ~np.array(constant)]
    order = np.column_stack((covariates, powers))
    kept = independent_columns(order, constant=any(constant))[covariates.shape[1] :]
    df = int(kept.sum())
    if not df:
        raise StataError(499, "the powers of the fitted values are collinear with the covariates")
    both = np.column_stack((columns, powers[:, kept]))
    fit = fit_least_squares(outcome, both, weights)
    denominator = data.observations - both.shape[1]
    if denominator <= 0:
        raise StataError(2001, "insufficient observations")
    before = data.results.scalars["rss"]
    statistic = (before - fit.residual_ss) / df / (fit.residual_ss / denominator)
    _show(
        state,
        SpecificationTest(
            "Ramsey RESET test for omitted variables",
            (f"Omitted: Powers of fitted values of {data.results.macros['depvar']}",),
            "Model has no omitted variables",
            statistic,
            df,
            f_tail(df, denominator, statistic),
            denominator,
        ),
    )


def _show(state: State, test: SpecificationTest) -> None:
    scalars = {"p": test.p, "df": float(test.df)}
    if test.denominator is None:
        scalars["chi2"] = test.statistic
    else:
        scalars |= {"F": test.statistic, "df_r": test.denominator}
    state.r = Results(scalars=scalars)
    state.console.print()
    state.console.print_lines(specification_test(test))


def _sample_data(state: State, name: str) -> RegressionData:
    results = active_regression(state, name)
    if results.macros.get("wtype") is not None:
        raise StataError(198, f"{name} not yet supported with weights")
    return regression_data(state, sample=True)


def _sample_columns(data: RegressionData) -> tuple[np.ndarray, np.ndarray]:
    """The estimated columns on the sample (n, p) and ones (n,)."""
    columns = data.matrix[data.sample]
    return columns, np.ones(len(columns))


def _regressed(
    outcome: np.ndarray, matrix: np.ndarray, weights: np.ndarray
) -> tuple[LeastSquaresFit, int]:
    """The regression on those columns that are independent, and a constant; their number."""
    kept = independent_columns(matrix)
    columns = np.column_stack((matrix[:, kept], np.ones(len(outcome))))
    return fit_least_squares(outcome, columns, weights), int(kept.sum())
