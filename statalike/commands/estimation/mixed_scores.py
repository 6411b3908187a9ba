"""Scores of ``mixed``, one for each highest-level group, and robust variances made from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.commands.estimation.linear_mixed import LinearMixedDescription
from statalike.commands.estimation.mixed_results import post_model_test, rank_of_variance
from statalike.commands.estimation.mixed_weights import ModelWeights
from statalike.commands.estimation.variance_estimator import VarianceEstimator, cluster_codes
from statalike.data.dataset import Dataset
from statalike.engine.linear.group_scores import group_scores
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.nested_groups import nested_groups
from statalike.engine.robust_variance import RobustVariance, robust_variance
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results


def highest_level_groups(codes: Sequence[np.ndarray], n: int) -> np.ndarray:
    """The highest-level group (n,) of each observation, itself in a model without levels."""
    return nested_groups(codes).group(0) if codes else np.arange(n)


def check_clusters(
    description: LinearMixedDescription,
    estimator: VarianceEstimator,
    data: Dataset,
    sample: np.ndarray,
) -> None:
    """r(459) where highest-level groups do not lie within the clusters that are asked for."""
    if estimator.cluster:
        codes = description.codes(data, sample)
        highest = highest_level_groups(codes, int(sample.sum()))
        cluster_codes(data, estimator.cluster, sample, highest)


def parameter_scores(
    results: Results,
    description: LinearMixedDescription,
    model: LinearMixedModel,
    highest: np.ndarray,
) -> np.ndarray:
    """Scores (G, k) of the highest-level groups in the parameters of e(b).

    Those of coefficients that were not estimated are zero.
    """
    b = results.matrices["b"].values[0]
    estimated = np.flatnonzero(description.fixed.estimated)
    k_f = int(results.scalars["k_f"])
    found = group_scores(model, b[estimated], b[k_f:], highest)
    scores = np.zeros((len(found), len(b)))
    scores[:, np.concatenate([estimated, np.arange(k_f, len(b))])] = found
    return scores


def post_robust_variance(
    results: Results,
    description: LinearMixedDescription,
    model: LinearMixedModel,
    estimator: VarianceEstimator,
    data: Dataset,
    sample: np.ndarray,
    weights: ModelWeights | None,
) -> None:
    """Replace e(V) by the robust one, with what e() says about it; r(459)."""
    codes = description.codes(data, sample)
    highest = highest_level_groups(codes, int(sample.sum()))
    scores = parameter_scores(results, description, model, highest)
    found = _robust_variance(
        results, scores, estimator, data, sample, highest, weights, description
    )
    V = results.matrices["V"]
    results.matrices["V_modelbased"] = V
    results.matrices["V"] = NamedMatrix.square(found.covariance, V.columns)
    scalars, macros = results.scalars, results.macros
    for name in ("ll_c", "chi2_c", "df_c", "p_c"):
        scalars.pop(name, None)
    scalars["rank"] = float(rank_of_variance(found.covariance))
    macros["vce"] = estimator.kind
    macros["vcetype"] = "Robust"
    macros["title"] = "Mixed-effects regression"
    if estimator.cluster or description.level_names:
        macros["clustvar"] = estimator.cluster or description.level_names[0]
        scalars["N_clust"] = float(found.units)
    post_model_test(results, description)


def _robust_variance(
    results: Results,
    scores: np.ndarray,
    estimator: VarianceEstimator,
    data: Dataset,
    sample: np.ndarray,
    highest: np.ndarray,
    weights: ModelWeights | None,
    description: LinearMixedDescription,
) -> RobustVariance:
    V = results.matrices["V"].values
    if estimator.cluster and estimator.cluster not in description.level_names[:1]:
        clusters = cluster_codes(data, estimator.cluster, sample, highest)
        return robust_variance(V, scores, clusters)
    frequencies = None
    if weights is not None and any(weights.frequencies):
        frequencies = np.ones(len(scores))
        frequencies[highest] = weights.copies[0]
    return robust_variance(V, scores, frequencies=frequencies)
