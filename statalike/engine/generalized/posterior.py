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
from statalike.engine.generalized import adaptation, modes
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel, CrossedLaplace
from statalike.engine.generalized.laplace import LaplaceLikelihood
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.modes import ModeSearch
from statalike.engine.generalized.nodes import Grid, prior_nodes
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.quadrature import QuadratureLikelihood
from statalike.engine.generalized.quadrature_rules import gauss_hermite
from statalike.engine.generalized.sorted_model import sort_model

Array = NDArray[np.float64]
Estimate = Literal["mean", "mode"]

# Tighter than for estimation: predictions are compared digit by digit.
TOLERANCE_OF_MEANS = 1e-12


@dataclass(frozen=True)
class PosteriorRules:
    """Quadrature points a dimension for posterior means, and when searches end.

    ``tolerance`` is the relative change of the log likelihood for means and the largest change of
    an effect v for modes; without it and ``iterations`` both are found to many digits.
    """

    points: int = 7
    tolerance: float | None = None
    iterations: int | None = None

    def of_means(self) -> tuple[float, int]:
        """Tolerance and most updates of means."""
        return _or_default(self, TOLERANCE_OF_MEANS, adaptation.MAXIMUM_UPDATES)

    def of_modes(self) -> tuple[float, int]:
        """Tolerance and most iterations of the search for modes."""
        return _or_default(self, modes.TOLERANCE, modes.MAXIMUM_ITERATIONS)


def _or_default(rules: PosteriorRules, tolerance: float, iterations: int) -> tuple[float, int]:
    return (
        tolerance if rules.tolerance is None else rules.tolerance,
        iterations if rules.iterations is None else rules.iterations,
    )


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
    rules: PosteriorRules | None = None,
) -> list[PosteriorEffects]:
    """The predictions of every level, outermost first.

    Standard errors are posterior standard deviations, for modes those of the normal distribution
    with the curvature there.  Raises :class:`EstimationError` where the posterior is not defined.
    """
    rules = rules or PosteriorRules()
    data = sort_model(model)
    start = prior_nodes(data.groups, data.effect_counts)
    if estimate == "mean":
        grid = Grid(tuple(gauss_hermite(rules.points, count) for count in data.effect_counts))
        likelihood = QuadratureLikelihood(data, grid)
        tolerance, updates = rules.of_means()
        find_modes = LaplaceLikelihood(data).value
        value, nodes = adaptation.adapt_to_moments(
            likelihood, point, start, find_modes, tolerance, updates
        )
    else:
        tolerance, iterations = rules.of_modes()
        search = ModeSearch(data, iterations, tolerance)
        value, nodes = LaplaceLikelihood(data, search).value(point, start)
    if not np.isfinite(value):
        raise EstimationError("likelihood_undefined", "the posterior is not defined")
    found: list[PosteriorEffects] = []
    for level, root in enumerate(point.roots):
        effects = root @ nodes.means[level]
        loadings = np.einsum("ab,bcg->acg", root, nodes.loadings[level])
        spread = np.sqrt(np.sum(loadings**2, axis=1))
        found.append(PosteriorEffects(data.groups.group(level), effects.T, spread.T))
    return found


def crossed_posterior_modes(
    model: CrossedGeneralizedModel, point: Point, rules: PosteriorRules | None = None
) -> list[PosteriorEffects]:
    """Modes of the effects of every term, with curvature standard errors."""
    tolerance, iterations = (rules or PosteriorRules()).of_modes()
    likelihood = CrossedLaplace(model, iterations, tolerance)
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
