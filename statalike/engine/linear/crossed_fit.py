"""Fitting a linear mixed model with crossed random effects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_likelihood import CrossedLikelihood
from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.crossed_nesting import in_original_order, nested_equivalent
from statalike.engine.linear.crossed_products import (
    CrossedProducts,
    EquationTerms,
    crossed_parameters,
    reduce_crossed_model,
)
from statalike.engine.linear.crossed_starting_values import (
    crossed_expectation_step,
    crossed_starting_values,
)
from statalike.engine.linear.expectation_maximisation import (
    EMRecord,
    iterate_expectation_maximisation,
)
from statalike.engine.linear.fit import (
    FitOptions,
    LinearMixedFit,
    Method,
    VarianceParameter,
    fit_linear_mixed_model,
)
from statalike.engine.linear.information import (
    covariance_from_hessian,
    estimation_scale_gradient,
    estimation_scale_hessian,
)
from statalike.engine.linear.profile import (
    ProfileObjective,
    difference_maximum,
    newton_steps,
    traced,
)
from statalike.engine.linear.regression import regression_of_design
from statalike.engine.linear.starting_values import with_initial_values
from statalike.engine.newton_raphson import IterationRecord, Optimum, maximise

Array = NDArray[np.float64]

# With more effects than this in the dense factorisation, derivatives are exact: differences of
# values take a dozen factorisations and change nothing before the seventh digit.
DIFFERENCED_EFFECTS = 64


def fit_crossed_effects_model(
    model: CrossedEffectsModel,
    method: Method = "ml",
    options: FitOptions | None = None,
    on_em_iteration: Callable[[int, float], None] | None = None,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> LinearMixedFit:
    """Fit ``model`` as :func:`fit_linear_mixed_model` does one of nested levels.

    Models that are nested after all are sent there.  ``covariances`` of a factor's effects are the
    leading 1 x 1 (identity) or 2 x 2 (exchangeable) block of their matrix; ``start`` cannot be
    given.
    """
    options = options or FitOptions()
    if options.start is not None:
        raise EstimationError("nonconformable", "starting values for crossed effects")
    # Given values and traces of parameters are in the order of the model itself.
    in_order = options.initial is not None or options.trace
    equivalent = None if in_order else nested_equivalent(model)
    if equivalent is not None:
        fit = fit_linear_mixed_model(
            equivalent.model, method, options, on_em_iteration, on_iteration
        )
        return in_original_order(fit, equivalent, model)
    restricted = method == "reml"
    products = reduce_crossed_model(model)
    linear = regression_of_design(products.design, restricted)
    likelihood = CrossedLikelihood(products, restricted)
    scales = crossed_parameters(products)
    objective = ProfileObjective(likelihood, scales, options.scale)
    differences = options.finite_differences and len(products.others) <= DIFFERENCED_EFFECTS
    working, em = _started(products, likelihood, objective, options, on_em_iteration)
    optimum: Optimum | None = None
    if options.em_only:
        parts = likelihood.evaluate(working, 0)
    else:
        try:
            report = traced(objective, on_iteration, options.trace)
            optimum = maximise(objective, objective.start(working), options.rules, report)
        except FloatingPointError as error:
            raise EstimationError("likelihood_undefined", str(error)) from None
        working, parts = objective.parts_at(optimum.parameters)
        if differences and optimum.converged:
            working, parts = difference_maximum(likelihood, scales, options.scale, working, parts)
    if not np.isfinite(parts.profile_value):
        raise EstimationError("likelihood_undefined", "the likelihood is not defined")
    variance = parts.residual_variance
    reported = variance * (scales.to_relative @ working)
    estimates = np.append(scales.to_estimation(reported), 0.5 * np.log(variance))
    covariance, singular = np.full((len(estimates), len(estimates)), np.nan), False
    gradient, hessian = np.zeros(0), np.zeros((0, 0))
    flat = np.zeros(scales.count, dtype=bool)
    if optimum is not None and options.standard_errors:
        if scales.count:
            flat = scales.flat_at_zero(working, parts.profile_gradient, parts.profile_value)
        gradient = estimation_scale_gradient(scales, working, parts, estimates)
        hessian = estimation_scale_hessian(
            likelihood, scales, working, parts, estimates, differences
        )
        covariance, singular = covariance_from_hessian(
            hessian, scales.least_information(working, flat)
        )
    design, least_squares = products.design, parts.least_squares
    return LinearMixedFit(
        method=method,
        observations=model.observations,
        coefficients=design.original_coefficients(least_squares.coefficients),
        coefficient_covariance=variance * design.original_covariance(least_squares.covariance),
        covariances=_covariances(products, reported),
        residual_variance=variance,
        parameters=(*_parameters(products), VarianceParameter(-1, -1, "lnsd", 0, 0)),
        estimates=estimates,
        parameter_covariance=covariance,
        singular=singular,
        log_likelihood=parts.profile_value,
        converged=em.converged if optimum is None else optimum.converged,
        em=em,
        optimum=optimum,
        linear=linear,
        group_sizes=products.groups.sizes,
        gradient=gradient,
        hessian=hessian,
        at_boundary=scales.at_boundary(working, flat),
    )


def _started(
    products: CrossedProducts,
    likelihood: CrossedLikelihood,
    objective: ProfileObjective,
    options: FitOptions,
    on_em_iteration: Callable[[int, float], None] | None,
) -> tuple[Array, EMRecord]:
    """The initial values that are given, or Newton steps from the moments where they arrive;
    otherwise EM.
    """
    working = crossed_starting_values(products)
    if options.initial is not None:
        scales = crossed_parameters(products)
        working = with_initial_values(likelihood, scales, working, options.initial)
        if not options.em_only:
            return working, EMRecord((), True)
    elif options.em_iterations and not options.em_only:
        moved, arrived = newton_steps(objective, working)
        if arrived:
            return moved, EMRecord((), True)
    return iterate_expectation_maximisation(
        likelihood,
        partial(crossed_expectation_step, products),
        working,
        options.em_iterations,
        options.em_tolerance,
        on_em_iteration,
        None if options.em_only else partial(newton_steps, objective),
    )


def _parameters(products: CrossedProducts) -> list[VarianceParameter]:
    return [
        VarianceParameter(number, position, p.kind, p.i, p.j)
        for number, level in enumerate(products.equations)
        for position, equation in enumerate(level)
        for p in equation.structure.parameters
    ]


def _covariances(products: CrossedProducts, reported: Array) -> tuple[tuple[Array, ...], ...]:
    """Covariance matrices, of factors their leading blocks."""
    start = 0

    def matrix(equation: EquationTerms) -> Array:
        nonlocal start
        own = reported[start : start + equation.structure.parameter_count]
        start += len(own)
        if equation.categories is None:
            return equation.structure.matrix(own)
        variance, covariance = own[0], own[-1]
        return np.array([[variance, covariance], [covariance, variance]])[: len(own), : len(own)]

    return tuple(tuple(matrix(equation) for equation in level) for level in products.equations)
