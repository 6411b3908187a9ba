"""From a fitted generalized mixed model to e(), under the names of [ME] meglm, Stored results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.convergence_results import ITERATIONS_KEPT
from statalike.commands.estimation.distributions import chi2_tail
from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.named_commands import NamedCommand
from statalike.commands.estimation.generalized.outcomes import (
    OutcomeRequest,
    PreparedOutcome,
)
from statalike.commands.estimation.generalized.parameter_constraints import ParameterConstraints
from statalike.commands.estimation.generalized.reported_estimates import ReportedEstimates
from statalike.commands.estimation.mixed_results import (
    BOUNDARY,
    post_groups,
    post_model_test,
    rank_of_variance,
)
from statalike.engine.generalized.fit import GeneralizedFit
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results


@dataclass(frozen=True)
class FitRequest:
    """What was asked for, as far as e() remembers it."""

    command_line: str
    method: str
    points: int
    technique: str
    constraints: ParameterConstraints | None = None


def stored_results(
    description: GeneralizedDescription,
    prepared: PreparedOutcome,
    fit: GeneralizedFit,
    reported: ReportedEstimates,
    named: NamedCommand,
    request: FitRequest,
    group_sizes: Sequence[np.ndarray],
) -> Results:
    """e() of a generalized mixed command, its variances from the observed information."""
    results = Results()
    scalars, macros = results.scalars, results.macros
    constraints = request.constraints
    _post_estimates(results, description, fit, reported)
    if constraints is not None:
        results.matrices["Cns"] = constraints.matrix(reported.stripes)
    post_groups(results, group_sizes)
    post_model_test(results, description.fixed)
    constrained = constraints is not None and constraints.engine is not None
    if fit.fixed is not None and fit.fixed.converged and not constrained:
        _post_comparison(results, description, fit)
    scalars["ll"] = fit.log_likelihood
    if np.isfinite(fit.finer_log_likelihood):
        scalars["ll_finer"] = fit.finer_log_likelihood
    scalars["rank"] = float(rank_of_variance(results.matrices["V"].values))
    scalars["ic"] = float(fit.optimum.iterations)
    scalars["rc"] = 0.0 if fit.converged else 430.0
    scalars["converged"] = float(fit.converged)
    macros["cmd"] = "gsem" if named.name in ("meglm", "mestreg") else "meglm"
    macros["cmd2"] = named.name
    macros["cmdline"] = request.command_line
    macros["depvar"] = description.outcome.column.name
    macros["model"] = named.model
    macros["title"] = _title(named, description.outcome)
    macros["family"] = description.outcome.family
    macros["link"] = description.outcome.link
    macros["ivars"] = " ".join(equation.level for equation in description.equations)
    macros["redim"] = " ".join(str(equation.count) for equation in description.equations)
    macros["vartypes"] = " ".join(equation.structure_title for equation in description.equations)
    macros["revars"] = " ".join(
        name for equation in description.equations for name in equation.names
    )
    macros["covariates"] = " ".join(
        column.name for column in description.fixed.columns if not column.constant
    )
    if description.offset:
        name = description.offset
        macros["offset"] = f"ln({name})" if description.exposure else name
    if description.outcome.trials:
        macros["binomial"] = description.outcome.trials
    if description.outcome.family == "nbinomial":
        macros["dispersion"] = description.outcome.dispersion
    for name, count in prepared.counts.items():
        scalars[name] = float(count)
    outcome = description.outcome
    if outcome.model == "tobit":
        macros["llopt"], macros["ulopt"] = outcome.lower, outcome.upper
    if outcome.model == "interval":
        macros["depvar"] = f"{outcome.column.name} {outcome.upper}"
    if outcome.model == "survival":
        macros["distribution"], macros["frm2"] = outcome.distribution, outcome.metric
        macros["depvar"] = "_t"
    macros["intmethod"] = request.method
    macros["n_quad"] = str(request.points)
    macros["chi2type"] = "Wald"
    macros["vce"] = "oim"
    macros["opt"] = "moptimize"
    macros["which"] = "max"
    macros["ml_method"] = "gf2"
    macros["technique"] = request.technique
    macros["properties"] = "b V"
    macros["estat_cmd"] = "meglm_estat"
    macros["predict"] = "meglm_p"
    if prepared.categories.size:
        results.matrices["cat"] = NamedMatrix.plain(prepared.categories[None])
        scalars["k_cat"] = float(prepared.categories.size)
    names = reported.distinct
    if len(names) == len(fit.gradient):
        results.matrices["gradient"] = NamedMatrix.row(fit.gradient, names)
    ilog = [entry.value for entry in fit.optimum.log][:ITERATIONS_KEPT]
    results.matrices["ilog"] = NamedMatrix.plain(np.array([ilog]))
    return results


def _title(named: NamedCommand, outcome: OutcomeRequest) -> str:
    if outcome.model != "survival":
        return named.title
    name = "Weibull" if outcome.distribution == "weibull" else outcome.distribution
    return f"Mixed-effects {name} {'PH' if outcome.metric == 'hazard' else 'AFT'} regression"


def _post_estimates(
    results: Results,
    description: GeneralizedDescription,
    fit: GeneralizedFit,
    reported: ReportedEstimates,
) -> None:
    """e(b), e(V) and how many parameters of each kind there are."""
    entries = description.variance_entries()
    results.matrices["b"] = NamedMatrix.row(reported.values, reported.stripes)
    V = reported.covariance(fit.covariance)
    results.matrices["V"] = NamedMatrix.square(V, reported.stripes)
    variances = {entry.parameter for entry in entries if entry.is_variance}
    covariances = {entry.parameter for entry in entries if not entry.is_variance}
    own = len(fit.own)
    results.scalars.update(
        {
            "N": float(fit.observations),
            "k": float(len(reported.stripes)),
            "k_dv": 1.0,
            "k_eq": 1.0 + own + len(entries),
            "k_eq_model": 1.0,
            "k_f": float(len(description.fixed.names) + own),
            "k_r": float(len(variances) + len(covariances)),
            "k_rs": float(len(variances)),
            "k_rc": float(len(covariances)),
        }
    )


def _post_comparison(
    results: Results, description: GeneralizedDescription, fit: GeneralizedFit
) -> None:
    """The likelihood-ratio test against the model without random effects."""
    assert fit.fixed is not None
    entries = description.variance_entries()
    df = len({entry.parameter for entry in entries})
    if not df:
        return
    statistic = max(2.0 * (fit.log_likelihood - fit.fixed.log_likelihood), 0.0)
    scalars = results.scalars
    scalars["ll_c"] = fit.fixed.log_likelihood
    scalars["chi2_c"] = statistic
    scalars["df_c"] = float(df)
    tail = chi2_tail(df, statistic)
    if df == 1:
        tail = 1.0 if statistic <= BOUNDARY else 0.5 * tail
    scalars["p_c"] = tail
