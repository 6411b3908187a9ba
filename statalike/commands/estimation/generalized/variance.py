"""e(V) from the scores of highest-level groups: robust, clustered, or their outer product."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.reported_estimates import ReportedEstimates
from statalike.commands.estimation.mixed_results import post_model_test, rank_of_variance
from statalike.commands.estimation.mixed_weights import ModelWeights
from statalike.commands.estimation.variance_estimator import VarianceEstimator, cluster_codes
from statalike.engine.generalized.fit import GeneralizedFit
from statalike.engine.nested_groups import nested_groups
from statalike.engine.robust_variance import outer_product_variance, robust_variance
from statalike.results.matrix import NamedMatrix
from statalike.state import State


def post_robust_variance(
    state: State,
    description: GeneralizedDescription,
    reported: ReportedEstimates,
    fit: GeneralizedFit,
    variance: VarianceEstimator,
    sample: np.ndarray,
    weights: ModelWeights | None,
) -> None:
    """Replace e(V) by the robust one; r(459)."""
    results = state.e
    scores = fit.group_scores.T
    names = description.level_names
    clustered_by = variance.cluster or (names[0] if names else "")
    clusters = frequencies = None
    if not description.levels:
        if clustered_by:
            each = np.arange(len(scores))
            clusters = cluster_codes(state.data, clustered_by, sample, each)
    elif clustered_by != names[0]:
        highest = nested_groups(description.codes(state.data, sample)).group(0)
        clusters = cluster_codes(state.data, clustered_by, sample, highest)
    elif weights is not None and any(weights.frequencies):
        frequencies = _group_copies(state, description, fit, sample, weights)
    known = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0)
    found = robust_variance(known, scores, clusters, frequencies)
    results.matrices["V_modelbased"] = results.matrices["V"]
    _post(state, reported, found.covariance)
    for name in ("ll_c", "chi2_c", "df_c", "p_c"):
        results.scalars.pop(name, None)
    results.macros["vce"] = variance.kind
    results.macros["vcetype"] = "Robust"
    if clustered_by:
        results.scalars["N_clust"] = float(found.units)
        results.macros["clustvar"] = clustered_by
    post_model_test(results, description.fixed)


def post_outer_product_variance(
    state: State,
    description: GeneralizedDescription,
    reported: ReportedEstimates,
    fit: GeneralizedFit,
    sample: np.ndarray,
    weights: ModelWeights | None,
) -> None:
    """Replace e(V) by the inverse of the sum over highest-level groups of the outer products of
    their scores."""
    frequencies = None
    if description.levels and weights is not None and any(weights.frequencies):
        frequencies = _group_copies(state, description, fit, sample, weights)
    known = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0)
    _post(state, reported, outer_product_variance(known, fit.group_scores.T, frequencies))
    state.e.macros["vce"] = "opg"
    state.e.macros["vcetype"] = "OPG"
    post_model_test(state.e, description.fixed)


def _group_copies(
    state: State,
    description: GeneralizedDescription,
    fit: GeneralizedFit,
    sample: np.ndarray,
    weights: ModelWeights,
) -> np.ndarray:
    """How many highest-level groups each one stands for."""
    highest = nested_groups(description.codes(state.data, sample)).group(0)
    copies = np.ones(fit.group_scores.shape[1])
    copies[highest] = weights.copies[0]
    return copies


def _post(state: State, reported: ReportedEstimates, covariance: np.ndarray) -> None:
    results = state.e
    V = reported.covariance(covariance)
    results.matrices["V"] = NamedMatrix.square(V, results.matrices["V"].columns)
    results.scalars["rank"] = float(rank_of_variance(V))
