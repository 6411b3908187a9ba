"""Fitting a generalized linear mixed model by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.generalized.constrained import (
    ConstrainedLikelihood,
    LinearConstraints,
    with_variances_as_parameters,
)
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel, CrossedLaplace
from statalike.engine.generalized.differenced_objective import DifferencedObjective
from statalike.engine.generalized.fixed_effects import FixedEffectsFit, fit_fixed_effects
from statalike.engine.generalized.group_scores import reported_scores
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.objective import (
    IntegratedLikelihood,
    IntegrationMethod,
    QuadratureObjective,
    integrated_likelihood,
)
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.generalized.sorted_model import SortedModel, sort_model
from statalike.engine.generalized.starting_values import StartingValues, feasible_start
from statalike.engine.generalized.without_random_effects import LikelihoodWithoutRandomEffects
from statalike.engine.linear_constraints import (
    ConstrainedObjective,
    ConstrainedSpace,
    unconstrained_record,
)
from statalike.engine.newton_raphson import (
    ConvergenceRules,
    IterationRecord,
    Objective,
    Optimum,
    maximise,
)
from statalike.engine.quasi_newton import TechniquePhase

Array = NDArray[np.float64]

# Of random effects' contributions to the linear predictor, up to which posteriors are near enough
# to normal distributions for few points.
LARGEST_EASY_VARIANCE = 9.0


@dataclass(frozen=True)
class GeneralizedFitOptions:
    """How to integrate and to maximise; the defaults are Stata's.

    ``points`` is the number of quadrature points in each dimension; ``constraints`` are on the
    estimates; ``numerical`` asks for differences in the place of exact derivatives.
    """

    method: IntegrationMethod = "mvaghermite"
    points: int = 7
    rules: ConvergenceRules = field(default_factory=ConvergenceRules)
    start: StartingValues = field(default_factory=StartingValues)
    constraints: LinearConstraints | None = None
    numerical: bool = False


@dataclass(frozen=True)
class GeneralizedFit:
    """Estimates of a generalized linear mixed model.

    ``coefficients`` (p,), ``own`` (r,) and ``reported`` (variances and covariances of the random
    effects, by level and equation in the order of their structures) have the joint covariance
    matrix ``covariance`` from the observed information, nan where ``singular``.
    ``group_scores`` (P, G_1) are the gradients of the outermost groups in the same parameters.
    ``gradient`` (P,) is that of the free parameters.  ``nodes`` are those of the quadrature at the
    estimates.  ``fixed`` is the model without random effects.  ``finer_log_likelihood`` is that of
    a quadrature with more points, nan unless random effects are so large that it matters.
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
    finer_log_likelihood: float
    fixed: FixedEffectsFit | None
    converged: bool
    optimum: Optimum
    gradient: Array
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
    space: ConstrainedSpace | None = None,
) -> GeneralizedFit:
    """Maximise the likelihood from free parameters ``start``, within ``space`` if constrained.

    ``on_iteration`` is told the estimates that parameters stand for, but derivatives in the free
    parameters.  Raises :class:`EstimationError` ``likelihood_undefined`` where the likelihood is
    not defined at the start.
    """
    layout, data = objective.layout, objective.data
    searched: Objective = DifferencedObjective(objective) if options.numerical else objective
    if space is not None:
        start = space.reduced(start)
        if options.numerical:
            searched = ConstrainedObjective(searched, space)
        else:
            searched = ConstrainedLikelihood(objective, space)

    def tell(record: IterationRecord) -> None:
        if on_iteration is None:
            return
        if space is not None:
            record = unconstrained_record(record, space)
        variances = layout.reported(record.parameters).values
        fixed = record.parameters[: layout.fixed_count]
        on_iteration(replace(record, parameters=np.concatenate([fixed, variances])))

    try:
        optimum = maximise(searched, start, options.rules, tell)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    parameters = optimum.parameters if space is None else space.parameters(optimum.parameters)
    nodes = objective.nodes
    if options.numerical:
        # Differences leave the nodes where the last value was computed.
        nodes = objective.value_at(layout.point(parameters)[0], nodes)[1]
    point, mapped = layout.point(parameters)
    reported = layout.reported(parameters)
    jacobian = np.eye(layout.count)
    fixed = layout.fixed_count
    jacobian[fixed:, fixed:] = reported.jacobian
    gradient, hessian = objective.derivatives_at(parameters, nodes, final=True)
    if space is None:
        covariance, singular = _inverse_information(hessian)
    else:
        reduced, singular = _inverse_information(space.basis.T @ hessian @ space.basis)
        covariance = space.covariance(reduced)
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
        finer_log_likelihood=_finer_log_likelihood(objective, point, nodes, matrices),
        fixed=fixed_fit,
        converged=optimum.converged,
        optimum=optimum,
        gradient=gradient,
        group_sizes=data.groups.sizes if data is not None else (),
        data=data,
        nodes=nodes,
        layout=layout,
    )


def _finer_log_likelihood(
    objective: IntegratedLikelihood,
    point: Point,
    nodes: Nodes,
    covariances: Sequence[Sequence[Array]],
) -> float:
    """See :class:`GeneralizedFit`."""
    if not isinstance(objective, QuadratureObjective):
        return float("nan")
    total = 0.0
    for level, own in zip(objective.likelihood.data.model.levels, covariances, strict=True):
        for equation, covariance in zip(level.effects, own, strict=True):
            second_moments = equation.covariates.T @ equation.covariates
            total += float(np.sum(covariance * second_moments)) / len(equation.covariates)
    return objective.finer_value(point, nodes) if total > LARGEST_EASY_VARIANCE else float("nan")


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
    """Fit ``model``: the model without random effects, then unit variances, then the search.

    ``constant`` is the column of ``model.fixed`` that is one everywhere.  ``on_grid_node`` is told
    the log likelihood at each set of starting variances tried (0: those before any grid).  Crossed
    models are always integrated by Laplace's method, and those without random effects are left at
    the model that comes first.  ``fixed`` of the result is None where the starting values need no
    model with all fixed effects.
    """
    options = options or GeneralizedFitOptions()
    fixed_count = model.fixed.shape[1] + model.family.parameter_count
    constraints, space, fixed_space = options.constraints, None, None
    if constraints is not None:
        space = constraints.space()
        fixed_space = constraints.fixed_effects_space(fixed_count)
        if constraints.on_variances(fixed_count):
            model = with_variances_as_parameters(model)
    fixed, coefficients, own = _before_random_effects(
        model, options, constant, on_fixed_iteration, fixed_space
    )
    objective: IntegratedLikelihood
    if isinstance(model, CrossedGeneralizedModel):
        objective = CrossedLaplace(model)
    elif not model.levels:
        objective = LikelihoodWithoutRandomEffects(model)
        start = np.concatenate([coefficients, own])
        if options.start.given is not None:
            start = np.where(np.isnan(options.start.given), start, options.start.given)
        return maximise_generalized(objective, start, options, None, fixed, space)
    else:
        objective = integrated_likelihood(sort_model(model), options.method, options.points)
    if isinstance(model, CrossedGeneralizedModel):
        equations = [term.effects for term in model.terms]
    else:
        equations = [equation for level in model.levels for equation in level.effects]
    sizes = [np.sqrt(np.mean(equation.covariates**2, axis=0)) for equation in equations]
    start = feasible_start(objective, coefficients, own, options.start, sizes, space, on_grid_node)
    return maximise_generalized(objective, start, options, on_iteration, fixed, space)


def _before_random_effects(
    model: GeneralizedMixedModel | CrossedGeneralizedModel,
    options: GeneralizedFitOptions,
    constant: int | None,
    on_iteration: Callable[[IterationRecord], None] | None,
    space: ConstrainedSpace | None,
) -> tuple[FixedEffectsFit | None, Array, Array]:
    """The model without random effects, None unless it has all the fixed effects, and the
    coefficients (p,) and own parameters (r,) to begin with."""
    coefficients = np.zeros(model.fixed.shape[1])
    alone = options.start.method == "constantonly"
    if options.start.method == "zero" or (alone and constant is None):
        return None, coefficients, np.zeros(model.family.parameter_count)
    limit = options.start.iterations
    rules = replace(
        options.rules,
        techniques=(TechniquePhase("nr"),),
        iterations=ConvergenceRules().iterations if limit is None else limit,
    )
    fixed, position = model.fixed, constant
    if alone and constant is not None:
        fixed, constant = fixed[:, [constant]], 0
    fit = fit_fixed_effects(
        model.family,
        model.outcome,
        fixed,
        model.offset,
        model.weights if isinstance(model, GeneralizedMixedModel) else None,
        constant,
        rules,
        on_iteration,
        None if alone else space,
    )
    if not alone:
        return fit, fit.coefficients, fit.own
    coefficients[position] = fit.coefficients[0]
    return None, coefficients, fit.own
