"""Scores: the gradients of the log likelihoods of outermost groups in reported parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.objective import IntegrationMethod, integrated_likelihood
from statalike.engine.generalized.point import ParameterLayout
from statalike.engine.generalized.sorted_model import sort_model

Array = NDArray[np.float64]


def reported_scores(
    layout: ParameterLayout, factor: Array, reported: Array, direct: Array
) -> Array:
    """Gradients (P, G) of groups in reported parameters, from those in direct parameters.

    ``factor`` and ``reported`` are the derivatives of the Cholesky factors' entries and of the
    variances and covariances in the free parameters.
    """
    fixed = layout.fixed_count
    free = factor.T @ direct[fixed:]
    own = np.linalg.pinv(reported.T) @ free if free.size else free
    return np.concatenate([direct[:fixed], own])


def group_scores(
    model: GeneralizedMixedModel,
    coefficients: Array,
    own: Array,
    reported: Sequence[Array],
    method: IntegrationMethod = "mvaghermite",
    points: int = 7,
) -> tuple[Array, NDArray[np.intp]]:
    """Scores (G, P) and the group (n,) of each observation, at given parameters.

    ``reported`` has the variances and covariances of each equation, level by level, in the order
    of its structure; P counts coefficients, own parameters and all of these.  With weights they
    are the gradients of log pseudolikelihoods.  Raises :class:`EstimationError`
    ``likelihood_undefined`` and ``LinAlgError`` where a covariance matrix is singular.
    """
    data = sort_model(model)
    objective = integrated_likelihood(data, method, points)
    layout = objective.layout
    parameters = layout.start(coefficients, own, reported)
    point = objective.defined_point(parameters)
    value, nodes = (
        (float("nan"), objective.prior)
        if point is None
        else objective.value_at(point, objective.prior)
    )
    if not np.isfinite(value):
        raise EstimationError("likelihood_undefined", "the log likelihood is not defined")
    factor = layout.point(parameters)[1].jacobian
    slopes = layout.reported(parameters).jacobian
    direct = objective.group_gradients(parameters, nodes)
    return reported_scores(layout, factor, slopes, direct).T, data.groups.group(0)
