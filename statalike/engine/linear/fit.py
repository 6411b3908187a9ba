"""Fitting a linear mixed model by maximum or restricted maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import OptimisationScale
from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.expectation_maximisation import (
    EMRecord,
    expectation_maximisation,
)
from statalike.engine.linear.information import (
    covariance_from_hessian,
    estimation_scale_gradient,
    estimation_scale_hessian,
)
from statalike.engine.linear.likelihood import LinearLikelihood
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.profile import (
    ProfileObjective,
    difference_maximum,
    newton_steps,
    traced,
)
from statalike.engine.linear.regression import RegressionFit, regression_of_design
from statalike.engine.linear.residual_errors import ResidualParameter
from statalike.engine.linear.residual_fit import (
    estimation_gradient,
    estimation_hessian,
    maximise_jointly,
)
from statalike.engine.linear.residual_likelihood import ResidualLikelihood
from statalike.engine.linear.starting_values import starting_values, with_initial_values
from statalike.engine.linear.variance_parameters import variance_parameters
from statalike.engine.newton_raphson import ConvergenceRules, IterationRecord, Optimum, maximise

Array = NDArray[np.float64]

Method = Literal["ml", "reml"]


@dataclass(frozen=True)
class StartingValues:
    """Covariance matrices by level and equation, and the residual variance, to begin from."""

    covariances: Sequence[Sequence[Array]]
    residual_variance: float


@dataclass(frozen=True)
class FitOptions:
    """How to maximise; the defaults are Stata's.

    ``em_only`` stops after EM, without standard errors of the variance parameters, as does
    ``standard_errors=False`` after the full maximisation.  With ``start`` EM begins there;
    with ``initial``, values of the ``estimates`` that are nan where none is given, the full
    maximisation does, without EM.  ``trace`` has the parameters and derivatives of the iteration
    records in the covariates' own units.

    With ``finite_differences`` the estimates are where central differences of the profile
    likelihood, rather than its derivatives, vanish, and standard errors come from second
    differences, both with Stata's steps: the results then agree with Stata's beyond the sixth
    digit.  Otherwise derivatives are exact.
    """

    em_iterations: int = 20
    em_tolerance: float = 1e-10
    em_only: bool = False
    scale: OptimisationScale = "square_root"
    rules: ConvergenceRules = field(default_factory=ConvergenceRules)
    standard_errors: bool = True
    finite_differences: bool = True
    start: StartingValues | None = None
    initial: Array | None = None
    trace: bool = False


@dataclass(frozen=True)
class VarianceParameter:
    """Whose log standard deviation or atanh correlation a parameter is.

    ``level`` and ``equation`` count from 0, outermost level first; both are -1 for the residual
    standard deviation.  ``i`` and ``j`` are positions of effects within the equation.
    """

    level: int
    equation: int
    kind: Literal["lnsd", "atanhcorr"]
    i: int
    j: int


@dataclass(frozen=True)
class LinearMixedFit:
    """Estimates of a linear mixed model.

    ``coefficients`` (p,) with ``coefficient_covariance`` (p, p); ``covariances[level][equation]``
    (q, q) and ``residual_variance`` in the outcome's units.  ``estimates`` (K + 1,) are the
    variance parameters on the estimation scale named by ``parameters``, the log residual standard
    deviation last; ``parameter_covariance`` (K + 1, K + 1) their covariance from the observed
    information, nan where it is not determined (``singular``) or was not computed.  Covariances
    between coefficients and variance parameters are zero.  ``linear`` is the regression without
    random effects.  ``group_sizes[level]`` (G,) are observations per group.  ``likelihood`` is
    what was maximised, None without random effects and with structured residuals.  With these the
    ``estimates`` of ``residual_parameters`` follow the log residual standard deviation, which is
    then that of the first kind of residual.  ``gradient`` (K + 1,) and ``hessian`` (K + 1, K + 1)
    are those of the log likelihood in the ``estimates``, empty where they were not computed.
    ``at_boundary`` (K,) marks zero variances and correlations of one.
    """

    method: Method
    observations: int
    coefficients: Array
    coefficient_covariance: Array
    covariances: tuple[tuple[Array, ...], ...]
    residual_variance: float
    parameters: tuple[VarianceParameter, ...]
    estimates: Array
    parameter_covariance: Array
    singular: bool
    log_likelihood: float
    converged: bool
    em: EMRecord
    optimum: Optimum | None
    linear: RegressionFit
    group_sizes: tuple[NDArray[np.intp], ...]
    likelihood: LinearLikelihood | None = field(default=None, repr=False, compare=False)
    residual_parameters: tuple[ResidualParameter, ...] = ()
    gradient: Array = field(default_factory=lambda: np.zeros(0))
    hessian: Array = field(default_factory=lambda: np.zeros((0, 0)))
    at_boundary: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


def fit_linear_mixed_model(
    model: LinearMixedModel,
    method: Method = "ml",
    options: FitOptions | None = None,
    on_em_iteration: Callable[[int, float], None] | None = None,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> LinearMixedFit:
    """Fit ``model``: EM, then Newton-Raphson on the square roots (or logarithms) of the relative
    covariance matrices, then standard errors from the observed information.

    A model with weights is fitted by ML only.  Raises :class:`EstimationError`; never fails for
    want of convergence, which ``converged`` tells.
    """
    options = options or FitOptions()
    restricted = method == "reml"
    if restricted and model.weights is not None:
        raise EstimationError("nonconformable", "weights are not allowed with reml")
    if not model.levels and model.errors is None:
        return _without_random_effects(model, method)
    products = reduce_to_cross_products(model)
    linear = regression_of_design(products.design, restricted, products.count)
    joint: ResidualLikelihood | None = None
    residual = np.zeros(0)
    if model.errors is None:
        likelihood = LinearLikelihood(products, restricted)
    else:
        # EM for the random effects takes the residual parameters as they begin.
        joint = ResidualLikelihood(products, model.errors, restricted)
        residual, likelihood = joint.start()
    scales = variance_parameters(products.levels)
    objective = ProfileObjective(likelihood, scales, options.scale)
    if not model.levels:
        working = np.zeros(0)
    elif options.start is None:
        working = starting_values(likelihood)
    else:
        matrices = [matrix for level in options.start.covariances for matrix in level]
        working = scales.to_working @ scales.relative(matrices, options.start.residual_variance)
    initial = options.initial
    if initial is not None and model.levels:
        working = with_initial_values(likelihood, scales, working, initial[: scales.count + 1])
    em = EMRecord((), True)
    if model.levels and (initial is None or options.em_only):
        working, em = expectation_maximisation(
            likelihood,
            working,
            options.em_iterations,
            options.em_tolerance,
            on_em_iteration,
            None if options.em_only else partial(newton_steps, objective),
        )
    optimum: Optimum | None = None
    if joint is not None:
        point, optimum = maximise_jointly(
            joint,
            scales,
            options.scale,
            working,
            residual,
            options.rules,
            options.finite_differences,
            on_iteration,
            None if initial is None else initial[scales.count + 1 :],
            options.trace,
        )
        working, residual, parts = point.working, point.residual, point.parts
    elif options.em_only:
        parts = likelihood.evaluate(working, 0)
    else:
        try:
            report = traced(objective, on_iteration, options.trace)
            optimum = maximise(objective, objective.start(working), options.rules, report)
        except FloatingPointError as error:
            raise EstimationError("likelihood_undefined", str(error)) from None
        working, parts = objective.parts_at(optimum.parameters)
        if options.finite_differences and optimum.converged:
            working, parts = difference_maximum(likelihood, scales, options.scale, working, parts)
    if not np.isfinite(parts.profile_value):
        raise EstimationError("likelihood_undefined", "the likelihood is not defined")
    variance = parts.residual_variance
    reported = variance * (scales.to_relative @ working)
    random = scales.to_estimation(reported) if scales.count else reported
    estimates = np.concatenate([random, [0.5 * np.log(variance)], residual])
    covariance, singular = np.full((len(estimates), len(estimates)), np.nan), False
    gradient, hessian = np.zeros(0), np.zeros((0, 0))
    flat = np.zeros(scales.count, dtype=bool)
    if optimum is not None and options.standard_errors:
        if scales.count:
            flat = scales.flat_at_zero(working, parts.profile_gradient, parts.profile_value)
        if joint is None:
            gradient = estimation_scale_gradient(scales, working, parts, estimates)
            hessian = estimation_scale_hessian(
                likelihood, scales, working, parts, estimates, options.finite_differences
            )
        else:
            gradient = estimation_gradient(joint, scales, estimates)
            hessian = estimation_hessian(
                joint, scales, point, estimates, options.finite_differences
            )
        covariance, singular = covariance_from_hessian(
            hessian, scales.least_information(working, flat)
        )
    remaining = iter(scales.matrices(reported))
    names = tuple(
        VarianceParameter(number, position, p.kind, p.i, p.j)
        for number, level in enumerate(products.levels)
        for position, equation in enumerate(level.equations)
        for p in equation.structure.parameters
    )
    design, least_squares = products.design, parts.least_squares
    return LinearMixedFit(
        method=method,
        observations=model.observations,
        coefficients=design.original_coefficients(least_squares.coefficients),
        coefficient_covariance=variance * design.original_covariance(least_squares.covariance),
        covariances=tuple(tuple(next(remaining) for _ in lv.equations) for lv in products.levels),
        residual_variance=variance,
        parameters=(*names, VarianceParameter(-1, -1, "lnsd", 0, 0)),
        estimates=estimates,
        parameter_covariance=covariance,
        singular=singular,
        log_likelihood=parts.profile_value,
        converged=em.converged if optimum is None else optimum.converged,
        em=em,
        optimum=optimum,
        linear=linear,
        group_sizes=products.groups.sizes,
        likelihood=likelihood if joint is None else None,
        residual_parameters=model.errors.family.parameters if model.errors else (),
        gradient=gradient,
        hessian=hessian,
        at_boundary=scales.at_boundary(working, flat),
    )


def _without_random_effects(model: LinearMixedModel, method: Method) -> LinearMixedFit:
    """Linear regression, in the form of a mixed model's fit."""
    products = reduce_to_cross_products(model)
    restricted = method == "reml"
    linear = regression_of_design(products.design, restricted, products.count)
    freedom = products.count - (model.fixed_count if restricted else 0)
    return LinearMixedFit(
        method=method,
        observations=model.observations,
        coefficients=linear.coefficients,
        coefficient_covariance=linear.coefficient_covariance,
        covariances=(),
        residual_variance=linear.residual_variance,
        parameters=(VarianceParameter(-1, -1, "lnsd", 0, 0),),
        estimates=np.array([0.5 * np.log(linear.residual_variance)]),
        # d2 log L / d (ln s)^2 = -2 (n - p) by restricted likelihood, -2 n otherwise.
        parameter_covariance=np.array([[0.5 / freedom]]),
        singular=False,
        log_likelihood=linear.log_likelihood,
        converged=True,
        em=EMRecord((), True),
        optimum=None,
        linear=linear,
        group_sizes=(),
    )
