"""``regress``: linear regression ([R] regress)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.commands.estimation.data_signature import data_signature
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.fixed_design import outcome_column
from statalike.commands.estimation.linear_regression import (
    LinearRegression,
    fit_regression,
    post_estimates,
    regression_results,
    regression_sample,
    regression_variables,
    standardised_coefficients,
)
from statalike.commands.estimation.regress_display import show_regression
from statalike.commands.estimation.variance_estimator import (
    VarianceEstimator,
    requested_variance,
)
from statalike.commands.registry import command
from statalike.commands.resampling.resampled_variance import resampled_variance
from statalike.commands.resampling.resampling_display import show_resampled
from statalike.data.missing import MISSING
from statalike.design.groups import group_codes
from statalike.design.terms import model_terms
from statalike.engine.robust_variance import robust_variance
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results
from statalike.state import State

VARIANCES = ("ols", "hc2", "hc3")


@command(
    "regress",
    "reg",
    syntax="[varlist(fv ts)] [if] [in] [aweight fweight iweight pweight] [, noCONStant HAScons "
    "TSScons vce(string) Robust CLuster(string) Beta EForm(string) noHEader noTABle "
    f"{DISPLAY_OPTIONS}]",
    unsupported="HC2 HC3 PLus DEPname(string) MSE1",
    help="linear regression",
    section="Estimation",
    by="each",
)
def regress(state: State, arguments: Arguments) -> None:
    if not arguments.given:
        if state.e.macros.get("cmd") not in ("regress", "anova"):
            raise last_estimates_not_found()
        if "prefix" in state.e.macros:
            show_resampled(state, arguments.options)
        else:
            show_regression(state, arguments.options)
        return
    if resampled_variance(state, arguments, regress):
        return
    data = state.data
    constant = not (arguments.flag("noconstant") or arguments.flag("hascons"))
    if arguments.flag("noconstant") and arguments.flag("hascons"):
        raise StataError(198, "options noconstant and hascons may not be combined")
    variance = _requested_variance(state, arguments)
    first, *terms = model_terms(arguments.terms, data)
    outcome = outcome_column(first)
    clusters = (variance.cluster,) if variance.cluster else ()
    sample = regression_sample(state, arguments, [first, *terms], clusters)
    if sample.weights is not None and sample.weights.kind in ("aweight", "pweight"):
        state.console.print(f"(sum of wgt is {_sum_text(sample.weights.sum)})")
    found = fit_regression(
        state,
        outcome,
        terms,
        sample,
        constant=constant,
        total_about_mean=arguments.flag("hascons") or arguments.flag("tsscons"),
    )
    if arguments.flag("hascons"):
        _require_constant(found)
    results = regression_results(found, "regress", arguments)
    results.macros["title"] = "Linear regression"
    beta = standardised_coefficients(found)
    names = results.matrices["b"].columns
    results.matrices["beta"] = NamedMatrix.row(beta, names)
    if variance.robust:
        _post_robust_variance(results, found, variance, state)
    used = [*regression_variables(found, data), *clusters]
    results.macros["datasignature"] = data_signature(data, used, sample.rows)
    results.macros["datasignaturevars"] = " ".join(used)
    state.e = results
    set_estimation_sample(state, sample.rows)
    show_regression(state, arguments.options)


def _requested_variance(state: State, arguments: Arguments) -> VarianceEstimator:
    """The variances asked for; robust ones with sampling weights."""
    variance = requested_variance(arguments.options, state.data, VARIANCES)
    weight = arguments.weight
    if weight is not None and weight.kind == "pweight" and not variance.robust:
        if arguments.typed("vce"):
            raise StataError(198, f"vcetype {variance.kind} not allowed with pweights")
        return VarianceEstimator("robust")
    if variance.kind in ("hc2", "hc3") and weight is not None and weight.kind == "pweight":
        raise StataError(198, f"pweights not allowed with vce({variance.kind})")
    return variance


def _sum_text(total: float) -> str:
    return f"{total:,.0f}" if total == np.floor(total) else f"{total:,.10g}"


def _require_constant(found: LinearRegression) -> None:
    """r(198) unless the constant is a combination of the columns."""
    ones = np.ones(len(found.matrix))
    columns = found.matrix
    left = ones - columns @ np.linalg.lstsq(columns, ones, rcond=None)[0]
    if float(left @ left) > 1e-8 * len(ones):
        raise StataError(198, "hascons: the constant is no linear combination of the covariates")


def _post_robust_variance(
    results: Results, found: LinearRegression, variance: VarianceEstimator, state: State
) -> None:
    """e(V) that holds under heteroskedasticity or within clusters, and the F test by it.

    With scores u = w e x and V = (X'WX)^-1 it is q V (sum u'u) V; q is N / (N - p), or
    (N - 1) / (N - p) M / (M - 1) for M clusters, and 1 with e / sqrt(1 - h) (hc2) or e / (1 - h)
    (hc3) in the place of e ([R] regress, Methods and formulas; MacKinnon and White 1985).
    """
    fit, sample = found.fit, found.sample
    n, p = sample.observations, found.matrix.shape[1]
    frequencies = None
    weights = np.ones(len(found.matrix)) if sample.values is None else sample.values
    if sample.weights is not None and sample.weights.kind in ("fweight", "iweight"):
        frequencies = weights
    residuals = fit.residuals
    if variance.kind in ("hc2", "hc3"):
        own = fit.leverages if frequencies is None else fit.leverages / frequencies
        power = 0.5 if variance.kind == "hc2" else 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            residuals = np.where(own < 1, residuals / (1 - own) ** power, 0.0)
    scores = found.matrix * (residuals * weights)[:, None]
    codes = None
    if variance.cluster:
        codes = np.unique(
            group_codes(state.data, variance.cluster, sample.rows), return_inverse=True
        )[1].reshape(-1)
        if int(codes.max()) < 1:
            raise StataError(2001, "insufficient observations")
    robust = robust_variance(fit.unscaled_covariance, scores, codes, frequencies)
    correction = (n - 1) / (n - p) if n > p else 0.0
    if variance.kind in ("hc2", "hc3"):
        correction = (robust.units - 1) / robust.units
    post_estimates(results, found, robust.covariance * correction)
    scalars, macros = results.scalars, results.macros
    macros["vce"] = variance.kind
    macros["vcetype"] = "Robust"
    if variance.kind in ("hc2", "hc3"):
        macros["vcetype"] = f"Robust {variance.kind.upper()}"
    if variance.cluster:
        macros["clustvar"] = variance.cluster
        scalars["N_clust"] = float(robust.units)
        scalars["df_r"] = robust.units - 1.0
    scalars["F"] = _wald_f(results, found)


def _wald_f(results: Results, found: LinearRegression) -> float:
    """The test that all coefficients but the constant are zero by e(V); missing when e(V) does
    not have the rank for it."""
    columns: Sequence[bool] = [not (c.constant or c.omitted) for c in found.design.columns]
    slopes = np.flatnonzero(columns)
    if not len(slopes):
        return 0.0
    b = results.matrices["b"].values[0, slopes]
    V = results.matrices["V"].values[np.ix_(slopes, slopes)]
    if not independent_restrictions(V).all():
        return MISSING
    return float(b @ np.linalg.solve(V, b)) / len(slopes)
