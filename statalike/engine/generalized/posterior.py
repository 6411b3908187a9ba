"""Empirical Bayes predictions of random effects: posterior means and modes.

Means and covariances are those to which the nodes of a mean-variance adaptive quadrature settle,
modes and curvatures those of Laplace's method, both turned from standard normal v to ``u = L v``
([ME] meglm postestimation, Methods and formulas).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.generalized.adaptation import adapt_to_moments
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel, CrossedLaplace
from statalike.engine.generalized.laplace import LaplaceLikelihood
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.nodes import Grid, prior_nodes
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.quadrature import QuadratureLikelihood
from statalike.engine.generalized.quadrature_rules import gauss_hermite
from statalike.engine.generalized.sorted_model import sort_model

Array = NDArray[np.float64]
Estimate = Literal["mean", "mode"]

# Tighter than for estimation: predictions are compared digit by digit.
TOLERANCE = 1e-12


@dataclass(frozen=True)
class PosteriorEffects:
    """Predicted effects of one level (or crossed term) and their standard errors, (G, q).

    ``group`` (n,) gives each observation its row.
    """

    group: NDArray[np.intp]
    effects: Array
    standard_errors: Array


def posterior_effects(
    model: GeneralizedMixedModel,
    point: Point,
    estimate: Estimate = "mean",
    points: int = 7,
    tolerance: float = TOLERANCE,
) -> list[PosteriorEffects]:
    """The predictions of every level, outermost first, from rules of ``points`` points.

    Standard errors are posterior standard deviations, for modes those of the normal distribution
    with the curvature there.  Raises :class:`EstimationError` where the posterior is not defined.
    """
    data = sort_model(model)
    start = prior_nodes(data.groups, data.effect_counts)
    if estimate == "mean":
        grid = Grid(tuple(gauss_hermite(points, count) for count in data.effect_counts))
        value, nodes = adapt_to_moments(QuadratureLikelihood(data, grid), point, start, tolerance)
    else:
        value, nodes = LaplaceLikelihood(data).value(point, start)
    if not np.isfinite(value):
        raise EstimationError("likelihood_undefined", "the posterior is not defined")
    found: list[PosteriorEffects] = []
    for level, root in enumerate(point.roots):
        effects = root @ nodes.means[level]
        loadings = np.einsum("ab,bcg->acg", root, nodes.loadings[level])
        spread = np.sqrt(np.sum(loadings**2, axis=1))
        found.append(PosteriorEffects(data.groups.group(level), effects.T, spread.T))
    return found


def crossed_posterior_modes(model: CrossedGeneralizedModel, point: Point) -> list[PosteriorEffects]:
    """Modes of the effects of every term, with curvature standard errors."""
    likelihood = CrossedLaplace(model)
    value, nodes = likelihood.value_at(point, likelihood.prior)
    if not np.isfinite(value):
        raise EstimationError("likelihood_undefined", "the posterior is not defined")
    spreads = likelihood.posterior_covariances(point, nodes)
    found: list[PosteriorEffects] = []
    for number, (root, term) in enumerate(zip(point.roots, model.terms, strict=True)):
        effects = root @ nodes.means[number]
        variances = np.einsum("ab,bcg,ac->ag", root, spreads[number], root)
        spread = np.sqrt(np.maximum(variances, 0.0))
        found.append(PosteriorEffects(term.categories.astype(np.intp), effects.T, spread.T))
    return found
