"""``xtreg``: linear regression of panel data ([XT] xtreg)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.data.panel_descriptions import panel_of
from statalike.commands.estimation.coefficient_rows import expanded
from statalike.commands.estimation.data_signature import data_signature
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.distributions import chi2_tail, f_tail
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.fixed_design import (
    outcome_column,
    refuse_strings,
    settled_design,
)
from statalike.commands.estimation.variance_estimator import (
    VarianceEstimator,
    requested_variance,
)
from statalike.commands.estimation.xtreg_display import show_panel_regression
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.design import Design
from statalike.design.groups import group_codes
from statalike.design.sample import drop_missing, drop_missing_terms
from statalike.design.terms import model_terms
from statalike.engine.errors import EstimationError
from statalike.engine.linear.panel_regression import (
    PanelFit,
    between_fit,
    between_varying,
    random_effects_fit,
    within_fit,
    within_varying,
)
from statalike.engine.robust_variance import robust_variance
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError, insufficient_observations, last_estimates_not_found
from statalike.evaluation import observations_mask, some_observations
from statalike.language.arguments import Arguments
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

TITLES = {
    "fe": "Fixed-effects (within) regression",
    "be": "Between regression (regression on group means)",
    "re": "Random-effects GLS regression",
}


@dataclass(frozen=True)
class PanelData:
    """The sample (a mask), its panels numbered from 0 (n,), the outcome (n,), the design and the
    estimated columns (n, k), the constant last and left out."""

    rows: np.ndarray
    panels: np.ndarray
    column: Column
    outcome: np.ndarray
    design: Design
    matrix: np.ndarray


@command(
    "xtreg",
    "xtreg",
    syntax="[varlist(fv ts)] [if] [in] [, FE BE RE MLE PA I(varname) vce(string) Robust "
    f"CLuster(string) THETA {DISPLAY_OPTIONS}]",
    unsupported="SA WLS NONEST DFADJ noSKIP",
    help="linear regression of panel data",
    section="Estimation",
)
def xtreg(state: State, arguments: Arguments) -> None:
    if not arguments.given:
        if state.e.macros.get("cmd") != "xtreg":
            raise last_estimates_not_found()
        show_panel_regression(state, arguments.options)
        return
    chosen = [name for name in ("fe", "be", "re", "mle", "pa") if arguments.flag(name)]
    if len(chosen) > 1:
        raise StataError(198, f"options {chosen[0]} and {chosen[1]} may not be combined")
    model = chosen[0] if chosen else "re"
    if model in ("mle", "pa"):
        hint = "mixed, with a random intercept, maximises the same likelihood"
        raise StataError(
            198, f"option {model} not yet supported", hint=hint if model == "mle" else ""
        )
    panel = panel_of(state, arguments)
    variance = requested_variance(arguments.options, state.data, ("ols", "conventional"))
    if variance.kind == "conventional":
        variance = VarianceEstimator("ols")
    if variance.robust and model == "be":
        raise StataError(198, f"vcetype {variance.kind} not allowed with be")
    data = _panel_data(state, arguments, panel, variance, model)
    try:
        fit = _fit(data, model)
    except EstimationError as error:
        if error.kind == "insufficient_observations":
            raise insufficient_observations() from None
        raise StataError(459, error.message) from None
    if fit.residual_df <= 0:
        raise insufficient_observations()
    _post(state, arguments, data, fit, model, panel, variance)
    show_panel_regression(state, arguments.options)


def _panel_data(
    state: State, arguments: Arguments, panel: str, variance: VarianceEstimator, model: str
) -> PanelData:
    data = state.data
    first, *terms = model_terms(arguments.terms, data)
    refuse_strings(data, [name for term in (first, *terms) for name in term.variables])
    column = outcome_column(first)
    rows = observations_mask(state, arguments.condition, arguments.observations)
    further = [panel, *([variance.cluster] if variance.cluster else [])]
    rows = drop_missing(data, drop_missing_terms(data, rows, [first, *terms]), further)
    some_observations(rows)
    panels = np.unique(group_codes(data, panel, rows), return_inverse=True)[1].reshape(-1)
    design, matrix = settled_design(state, terms, rows, constant=True)
    matrix = matrix[:, :-1]
    if model in ("fe", "be"):
        varies = within_varying if model == "fe" else between_varying
        kept = varies(matrix, panels)
        if not kept.all():
            columns = [each for each in design.columns if not each.omitted]
            for each, keep in zip(columns, kept, strict=False):
                if not keep:
                    state.console.print(f"note: {each.label} omitted because of collinearity.")
            design = design.without(np.append(~kept, False))
            matrix = matrix[:, kept]
    return PanelData(rows, panels, column, column.evaluate(data, rows), design, matrix)


def _fit(data: PanelData, model: str) -> PanelFit:
    if model == "fe":
        return within_fit(data.outcome, data.matrix, data.panels)
    if model == "be":
        return between_fit(data.outcome, data.matrix, data.panels)
    return random_effects_fit(data.outcome, data.matrix, data.panels)


def _post(
    state: State,
    arguments: Arguments,
    data: PanelData,
    fit: PanelFit,
    model: str,
    panel: str,
    variance: VarianceEstimator,
) -> None:
    """Store e() under the names of [XT] xtreg, Stored results."""
    n, groups, k = len(data.outcome), int(data.panels.max()) + 1, data.matrix.shape[1]
    sizes = np.bincount(data.panels)
    scalars: dict[str, float] = {
        "N": float(n),
        "N_g": float(groups),
        "df_m": float(k),
        "g_min": float(sizes.min()),
        "g_avg": n / groups,
        "g_max": float(sizes.max()),
        "Tcon": float((sizes == sizes[0]).all()),
        "r2_w": fit.r_squared[0],
        "r2_b": fit.r_squared[1],
        "r2_o": fit.r_squared[2],
    }
    macros = {"cmdline": arguments.text, "cmd": "xtreg", "depvar": data.column.name}
    macros |= {
        "ivar": panel,
        "model": model,
        "title": TITLES[model],
        "vce": variance.kind if variance.robust else "conventional",
    }
    covariance = fit.covariance
    df_r = fit.residual_df
    if variance.robust:
        covariance, units = _robust(state, data, fit, variance)
        macros["vcetype"] = "Robust"
        macros["clustvar"] = variance.cluster or panel
        scalars["N_clust"] = float(units)
        df_r = units - 1.0
    if model == "be":
        scalars |= {"r2": fit.r_squared[1], "rss": fit.fit.residual_ss, "rmse": fit.sigma_u}
    else:
        total = fit.sigma_u**2 + fit.sigma_e**2
        scalars |= {"sigma_u": fit.sigma_u, "sigma_e": fit.sigma_e, "rho": fit.sigma_u**2 / total}
    if model == "fe":
        scalars |= {"corr": fit.correlation, "rss": fit.fit.residual_ss}
        if not variance.robust and groups > 1:
            gain = (fit.pooled_ss - fit.fit.residual_ss) / (groups - 1)
            f = gain / fit.sigma_e**2
            scalars |= {"F_f": f, "df_a": groups - 1.0}
            scalars["p_f"] = f_tail(groups - 1, fit.residual_df, f)
    results = Results(scalars=scalars, macros=macros)
    b, V = expanded(fit.fit.coefficients, covariance, data.design.estimated)
    stripes = tuple(Stripe("", name) for name in data.design.names)
    results.matrices["b"] = NamedMatrix.row(b, stripes)
    results.matrices["V"] = NamedMatrix.square(V, stripes)
    _post_test(results, fit.fit.coefficients[:k], covariance[:k, :k], model, df_r)
    if fit.theta is not None:
        results.matrices["theta"] = NamedMatrix.plain(
            np.quantile(fit.theta, [0, 0.05, 0.5, 0.95, 1])[None]
        )
    results.macros |= {"properties": "b V", "predict": "xtrefe_p"}
    used = [*data.column.variables, *data.design.variables, panel]
    used = [name for name in dict.fromkeys(used) if name in state.data]
    results.macros["datasignature"] = data_signature(state.data, used, data.rows)
    results.macros["datasignaturevars"] = " ".join(used)
    state.e = results
    set_estimation_sample(state, data.rows)


def _robust(
    state: State, data: PanelData, fit: PanelFit, variance: VarianceEstimator
) -> tuple[np.ndarray, int]:
    """The variance that holds within clusters, those of ``vce(cluster)`` or the panels, and their
    number; (N - 1)/(N - k - 1) corrects for the coefficients."""
    codes = data.panels
    if variance.cluster:
        found = group_codes(state.data, variance.cluster, data.rows)
        codes = np.unique(found, return_inverse=True)[1].reshape(-1)
        pairs = len(np.unique(np.column_stack([codes, data.panels]), axis=0))
        if pairs > int(data.panels.max()) + 1:
            raise StataError(498, "panels are not nested within clusters")
    scores = fit.transformed * fit.fit.residuals[:, None]
    robust = robust_variance(fit.fit.unscaled_covariance, scores, codes)
    n, p = fit.transformed.shape
    return robust.covariance * ((n - 1) / (n - p)), robust.units


def _post_test(
    results: Results, slopes: np.ndarray, V: np.ndarray, model: str, df_r: float
) -> None:
    """Whether all slopes are zero: an F test with e(df_r), for random effects chi-squared."""
    scalars, k = results.scalars, len(slopes)
    wald = MISSING
    if not k:
        wald = 0.0
    elif independent_restrictions(V).all():
        wald = float(slopes @ np.linalg.solve(V, slopes))
    if model == "re":
        results.macros["chi2type"] = "Wald"
        scalars |= {"chi2": wald, "p": chi2_tail(k, wald) if k > 0 and wald < MISSING else MISSING}
        return
    scalars |= {"df_r": df_r, "F": wald / k if k and wald < MISSING else wald}
    known = k > 0 and wald < MISSING
    scalars["p"] = f_tail(k, df_r, scalars["F"]) if known else MISSING
