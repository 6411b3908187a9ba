"""From a fitted linear mixed model to e(), under the names of [ME] mixed, Stored results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.coefficient_rows import expanded
from statalike.commands.estimation.constraints import Constraints, post_constraints
from statalike.commands.estimation.convergence_results import post_convergence
from statalike.commands.estimation.distributions import chi2_tail
from statalike.commands.estimation.linear_mixed import LinearMixedDescription
from statalike.commands.estimation.residual_structure import post_residuals
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.design import Design
from statalike.engine.linear.fit import LinearMixedFit
from statalike.engine.nested_groups import nested_groups
from statalike.engine.wald_test import wald_test
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

BOUNDARY = 1e-5


@dataclass(frozen=True)
class EstimationRequest:
    """What was asked for, as far as e() remembers it."""

    command_line: str
    scale: str
    em_only: bool
    technique: str = "nr"


def stored_results(
    description: LinearMixedDescription,
    fit: LinearMixedFit,
    sizes: Sequence[np.ndarray],
    request: EstimationRequest,
    constraints: Constraints | None = None,
) -> Results:
    """e() of ``mixed``.  ``sizes`` are the observations per group of each level variable."""
    results = Results()
    _post_estimates(results, description, fit)
    if constraints is not None:
        post_constraints(results, constraints)
    post_convergence(results, fit.optimum, fit.gradient, fit.hessian, fit.at_boundary)
    post_groups(results, sizes)
    post_model_test(results, description.fixed)
    _post_comparison(results, fit)
    scalars, macros = results.scalars, results.macros
    scalars["ll"] = fit.log_likelihood
    scalars["rank"] = float(rank_of_variance(results.matrices["V"].values))
    scalars["ic"] = float(fit.optimum.iterations if fit.optimum else len(fit.em.values))
    scalars["rc"] = 0.0 if fit.converged else 430.0
    scalars["converged"] = float(fit.converged)
    scalars["small"] = 0.0
    macros["cmd"] = "mixed"
    macros["cmdline"] = request.command_line
    macros["depvar"] = description.outcome.name
    macros["title"] = f"Mixed-effects {fit.method.upper()} regression"
    macros["ivars"] = " ".join(equation.level for equation in description.equations)
    macros["redim"] = " ".join(str(equation.count) for equation in description.equations)
    macros["vartypes"] = " ".join(equation.structure_title for equation in description.equations)
    macros["revars"] = " ".join(
        name for equation in description.equations for name in equation.names
    )
    post_residuals(results, description.residuals)
    macros["chi2type"] = "Wald"
    macros["vce"] = "oim"
    macros["method"] = fit.method.upper()
    macros["opt"] = "ml"
    macros["optmetric"] = "matlog" if request.scale == "logarithm" else "matsqrt"
    if request.em_only:
        macros["emonly"] = "emonly"
    macros["ml_method"] = "d0"
    macros["technique"] = request.technique
    macros["properties"] = "b V"
    macros["estat_cmd"] = "mixed_estat"
    macros["predict"] = "mixed_p"
    return results


def _post_estimates(
    results: Results, description: LinearMixedDescription, fit: LinearMixedFit
) -> None:
    estimated = description.fixed.estimated
    b, variance = expanded(fit.coefficients, fit.coefficient_covariance, estimated)
    k_f, k_r = len(b), len(fit.estimates)
    outcome = description.outcome.name
    stripes = (
        *(Stripe(outcome, name) for name in description.fixed.names),
        *parameter_stripes(description),
    )
    V = np.zeros((k_f + k_r, k_f + k_r))
    V[:k_f, :k_f] = variance
    known = np.where(np.isfinite(fit.parameter_covariance), fit.parameter_covariance, 0.0)
    V[k_f:, k_f:] = known
    results.matrices["b"] = NamedMatrix.row(np.concatenate([b, fit.estimates]), stripes)
    results.matrices["V"] = NamedMatrix.square(V, stripes)
    variances = sum(p.kind == "lnsd" for p in fit.parameters) - 1
    results.scalars.update(
        {
            "N": float(fit.observations),
            "k": float(k_f + k_r),
            "k_f": float(k_f),
            "k_r": float(k_r),
            "k_rs": float(variances),
            "k_rc": float(len(fit.parameters) - 1 - variances),
            "k_res": 1.0,
            "nrgroups": 1.0,
        }
    )


def parameter_stripes(description: LinearMixedDescription) -> tuple[Stripe, ...]:
    """The names in e(b) of the variance and residual parameters: ``lns1_1_1``, ``atr1_1_1_2``,
    ``lnsig_e``, then those of structured residuals.

    The first number is the level, the second the equation at that level, then the effects.
    """
    numbers = {name: number for number, name in enumerate(description.level_names, 1)}
    names: list[str] = []
    for level, equations in description.levels:
        for position, equation in enumerate(equations, 1):
            for parameter in equation.covariance().parameters:
                start = f"{numbers[level]}_{position}_{parameter.i + 1}"
                if parameter.kind == "lnsd":
                    names.append(f"lns{start}")
                else:
                    names.append(f"atr{start}_{parameter.j + 1}")
    names.append("lnsig_e")
    if description.residuals is not None:
        names += description.residuals.parameter_names()
    return tuple(Stripe(name, "_cons") for name in names)


def group_sizes(
    description: LinearMixedDescription, fit: LinearMixedFit, data: Dataset, sample: np.ndarray
) -> Sequence[np.ndarray]:
    """Observations per group for each level variable, those without random effects included."""
    if len(fit.group_sizes) == len(description.level_names):
        return fit.group_sizes
    return nested_groups(description.codes(data, sample)).sizes


def post_groups(results: Results, sizes: Sequence[np.ndarray]) -> None:
    """e() of the groups of each level, from their sizes."""
    if not sizes:
        return
    summary = {
        "N_g": [len(size) for size in sizes],
        "g_min": [size.min() for size in sizes],
        "g_avg": [size.mean() for size in sizes],
        "g_max": [size.max() for size in sizes],
    }
    for name, values in summary.items():
        results.matrices[name] = NamedMatrix.plain(np.array([values], dtype=float))


def post_model_test(results: Results, fixed: Design) -> None:
    """The Wald test of e(b), by e(V), that all coefficients but the constant are zero.

    A robust e(V) from too few clusters cannot test as many, and the statistic is missing.
    """
    tested = [not (c.constant or c.omitted) for c in fixed.columns]
    slopes = np.flatnonzero(tested)
    df = len(slopes)
    chi2 = MISSING
    if df:
        b = results.matrices["b"].values[0, slopes]
        V = results.matrices["V"].values[np.ix_(slopes, slopes)]
        if "Cns" in results.matrices:
            # The coefficients depend on each other, or have no variance at all.
            test = wald_test(b, V, np.eye(df), np.zeros(df))
            df, chi2 = test.df, test.statistic if test.df else MISSING
        elif "vcetype" not in results.macros or rank_of_variance(V) == df:
            try:
                chi2 = float(b @ np.linalg.solve(V, b))
            except np.linalg.LinAlgError:
                chi2 = MISSING
    results.scalars["df_m"] = float(df)
    results.scalars["chi2"] = chi2
    results.scalars["p"] = chi2_tail(df, chi2) if chi2 < MISSING else MISSING


def _post_comparison(results: Results, fit: LinearMixedFit) -> None:
    """The likelihood-ratio test against linear regression."""
    k_c = len(fit.estimates) - 1
    if not k_c:
        return
    statistic = max(2 * (fit.log_likelihood - fit.linear.log_likelihood), 0.0)
    results.scalars["ll_c"] = fit.linear.log_likelihood
    results.scalars["chi2_c"] = statistic
    results.scalars["df_c"] = float(k_c)
    tail = chi2_tail(k_c, statistic)
    single = k_c == 1 and not fit.residual_parameters
    # A variance on the boundary leaves a statistic of zero but for rounding.
    at_boundary = statistic <= BOUNDARY
    results.scalars["p_c"] = (1.0 if at_boundary else 0.5 * tail) if single else tail


def rank_of_variance(variance: np.ndarray) -> int:
    """The rank of a covariance matrix, from its correlations; zero variances do not count."""
    diagonal = np.diag(variance)
    used = diagonal > 0
    if not used.any():
        return 0
    scale = np.sqrt(diagonal[used])
    correlation = variance[np.ix_(used, used)] / np.outer(scale, scale)
    return int(np.linalg.matrix_rank(correlation, tol=1e-10, hermitian=True))
