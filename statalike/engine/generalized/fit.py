"""Fitting a generalized linear mixed model by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel, CrossedLaplace
from statalike.engine.generalized.fixed_effects import FixedEffectsFit, fit_fixed_effects
from statalike.engine.generalized.group_scores import reported_scores
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.objective import (
    IntegratedLikelihood,
    IntegrationMethod,
    integrated_likelihood,
)
from statalike.engine.generalized.point import ParameterLayout
from statalike.engine.generalized.sorted_model import SortedModel, sort_model
from statalike.engine.newton_raphson import ConvergenceRules, IterationRecord, Optimum, maximise

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GeneralizedFitOptions:
    """How to integrate and to maximise; the defaults are Stata's.

    ``points`` is the number of quadrature points in each dimension.
    """

    method: IntegrationMethod = "mvaghermite"
    points: int = 7
    rules: ConvergenceRules = field(default_factory=ConvergenceRules)


@dataclass(frozen=True)
class GeneralizedFit:
    """Estimates of a generalized linear mixed model.

    ``coefficients`` (p,), ``own`` (r,) and ``reported`` (variances and covariances of the random
    effects, by level and equation in the order of their structures) have the joint covariance
    matrix ``covariance`` from the observed information, nan where ``singular``.
    ``group_scores`` (P, G_1) are the gradients of the outermost groups in the same parameters.
    ``nodes`` are those of the quadrature at the estimates.  ``fixed`` is the model without random
    effects.
    """

    observations: int
    coefficients: Array
    own: Array
    reported: Array
    covariances: tuple[tuple[Array, ...], ...]
    covariance: Array
    singular: bool
    group_scores: Array
    log_likelihood: float
    fixed: FixedEffectsFit | None
    converged: bool
    optimum: Optimum
    group_sizes: tuple[NDArray[np.intp], ...]
    data: SortedModel | None = field(repr=False, compare=False)
    nodes: Nodes = field(repr=False, compare=False)
    layout: ParameterLayout = field(repr=False, compare=False)

    @property
    def estimates(self) -> Array:
        """All estimates: coefficients, the family's parameters, variances and covariances."""
        return np.concatenate([self.coefficients, self.own, self.reported])


def maximise_generalized(
    objective: IntegratedLikelihood,
    start: Array,
    options: GeneralizedFitOptions,
    on_iteration: Callable[[IterationRecord], None] | None = None,
    fixed_fit: FixedEffectsFit | None = None,
) -> GeneralizedFit:
    """Newton-Raphson with exact Hessians from free parameters ``start``.

    Raises :class:`EstimationError` ``likelihood_undefined`` where the likelihood is not defined at
    the start.
    """
    layout, data = objective.layout, objective.data
    try:
        optimum = maximise(objective, start, options.rules, on_iteration)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    parameters, nodes = optimum.parameters, objective.nodes
    _, mapped = layout.point(parameters)
    reported = layout.reported(parameters)
    jacobian = np.eye(layout.count)
    fixed = layout.fixed_count
    jacobian[fixed:, fixed:] = reported.jacobian
    _, hessian = objective.derivatives_at(parameters, nodes, final=True)
    covariance, singular = _inverse_information(hessian)
    direct = objective.group_gradients(parameters, nodes)
    scores = reported_scores(layout, mapped.jacobian, reported.jacobian, direct)
    structures = [[scale.structure for scale in equations] for equations in layout.scales]
    matrices, at = [], 0
    for equations in structures:
        own = []
        for structure in equations:
            own.append(structure.matrix(reported.values[at : at + structure.parameter_count]))
            at += structure.parameter_count
        matrices.append(tuple(own))
    return GeneralizedFit(
        observations=objective.observations,
        coefficients=parameters[: layout.coefficients],
        own=parameters[layout.coefficients : fixed],
        reported=reported.values,
        covariances=tuple(matrices),
        covariance=jacobian @ covariance @ jacobian.T,
        singular=singular,
        group_scores=scores,
        log_likelihood=optimum.value,
        fixed=fixed_fit,
        converged=optimum.converged,
        optimum=optimum,
        group_sizes=data.groups.sizes if data is not None else (),
        data=data,
        nodes=nodes,
        layout=layout,
    )


def _inverse_information(hessian: Array) -> tuple[Array, bool]:
    """The inverse of the observed information, and whether it is singular.

    Parameters in whose direction the likelihood is flat get nan, and the others what they would
    have if these were known.
    """
    count = len(hessian)
    size = np.sqrt(np.abs(np.diagonal(hessian)))
    known = np.isfinite(size) & (size > 0.0)
    covariance = np.full((count, count), np.nan)
    used = np.flatnonzero(known)
    scaled = -hessian[np.ix_(used, used)] / np.outer(size[used], size[used])
    eigenvalues, vectors = np.linalg.eigh(scaled)
    flat = eigenvalues <= 1e-12
    if flat.any():
        # A parameter belongs to the flat directions when it carries much of one of them.
        loaded = np.max(np.abs(vectors[:, flat]), axis=1) > 0.1
        used = used[~loaded]
        scaled = -hessian[np.ix_(used, used)] / np.outer(size[used], size[used])
        known = np.zeros(count, dtype=bool)
        known[used] = True
    try:
        inverse = np.linalg.inv(scaled)
    except np.linalg.LinAlgError:
        return covariance, True
    covariance[np.ix_(used, used)] = inverse / np.outer(size[used], size[used])
    return covariance, not bool(known.all())


def fit_generalized_mixed_model(
    model: GeneralizedMixedModel | CrossedGeneralizedModel,
    options: GeneralizedFitOptions | None = None,
    constant: int | None = None,
    on_fixed_iteration: Callable[[IterationRecord], None] | None = None,
    on_grid_node: Callable[[int, float], None] | None = None,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> GeneralizedFit:
    """Fit ``model``: the model without random effects, then unit variances, then Newton-Raphson.

    ``constant`` is the column of ``model.fixed`` that is one everywhere.  ``on_grid_node`` is told
    the log likelihood at each set of starting variances tried (0: variances of one).  Crossed
    models are always integrated by Laplace's method.
    """
    options = options or GeneralizedFitOptions()
    fixed = fit_fixed_effects(
        model.family,
        model.outcome,
        model.fixed,
        model.offset,
        model.weights if isinstance(model, GeneralizedMixedModel) else None,
        constant,
        options.rules,
        on_fixed_iteration,
    )
    objective: IntegratedLikelihood
    if isinstance(model, CrossedGeneralizedModel):
        objective = CrossedLaplace(model)
    else:
        objective = integrated_likelihood(sort_model(model), options.method, options.points)
    layout = objective.layout
    structures = [scale.structure for equations in layout.scales for scale in equations]
    coefficients, own = fixed.coefficients, fixed.own
    start = layout.start(coefficients, own, [_unit_variances(s) for s in structures])
    value = objective(start, False)[0]
    if on_grid_node is not None and np.isfinite(value):
        on_grid_node(0, value)
    if not np.isfinite(value):
        start = _grid_search(objective, coefficients, own, structures, on_grid_node)
    return maximise_generalized(objective, start, options, on_iteration, fixed)


def _unit_variances(structure: CovarianceStructure, variance: float = 1.0) -> Array:
    """phi of a diagonal matrix with equal variances."""
    return structure.project(variance * np.eye(structure.size))


def _grid_search(
    objective: IntegratedLikelihood,
    coefficients: Array,
    own: Array,
    structures: list[CovarianceStructure],
    on_grid_node: Callable[[int, float], None] | None,
) -> Array:
    """The best of variances of 0.1, 1 and 10 where variances of one are not feasible."""
    layout = objective.layout
    best, found = -np.inf, None
    for number, variance in enumerate((0.1, 1.0, 10.0), 1):
        phi = [_unit_variances(structure, variance) for structure in structures]
        start = layout.start(coefficients, own, phi)
        value = objective(start, False)[0]
        if on_grid_node is not None:
            on_grid_node(number, value)
        if np.isfinite(value) and value > best:
            best, found = value, start
    if found is None:
        raise EstimationError("likelihood_undefined", "no feasible starting values")
    return found
