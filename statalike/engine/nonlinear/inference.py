"""Covariance matrices of the estimates of a nonlinear mixed model, from its linearisation.

Those of the fixed effects are ``s2 (sum X' V^-1 X)^-1``, with the factor n / (n - p) of nonlinear
least squares for s2; those of the variance parameters are the inverse of their observed information
at the fixed effects as they were estimated ([ME] menl, Methods and formulas, Inference based on
linearization).  Estimates of the fixed effects come from penalised least squares, not from the
likelihood of the linearised model, in which they are constants therefore.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.information import covariance_from_hessian, exact_hessian
from statalike.engine.linear.likelihood import LikelihoodParts
from statalike.engine.linear.residual_fit import JointPoint, estimation_hessian
from statalike.engine.nonlinear.linearisation import without_fixed_design
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener
from statalike.engine.nonlinear.residuals import ResidualModel
from statalike.engine.nonlinear.structured_likelihood import (
    LinearisedLikelihood,
    StructuredLikelihoodAt,
)
from statalike.engine.nonlinear.variance_step import LinearisedModel, VarianceEstimates

Array = NDArray[np.float64]

# Where a correlation stands nearer to one than this the likelihood is flat in its inverse
# hyperbolic tangent, and it is put there.
LARGEST_CORRELATION = 0.99999


@dataclass(frozen=True)
class Inference:
    """``fixed_covariance`` is of the fixed effects in the design; ``parameter_covariance`` (K, K)
    of the variance parameters as they are reported.
    """

    estimates: VarianceEstimates
    log_likelihood: float
    fixed_covariance: Array
    parameter_covariance: Array
    singular: bool
    at_boundary: NDArray[np.bool_]


class _AtHeldEffects:
    """The likelihood at some residual parameters with the fixed effects held.

    ``free`` has the log determinants, of the restricted likelihood with ``log |X' V^-1 X|``;
    ``held`` is of the same model without a fixed design and has the sum of squares.
    """

    def __init__(
        self, free: StructuredLikelihoodAt, held: StructuredLikelihoodAt, freedom: float
    ) -> None:
        self._free = free
        self._held = held
        self._freedom = freedom

    @property
    def linear(self) -> _AtHeldEffects:
        return self

    def evaluate(self, parameters: Array, order: int) -> LikelihoodParts:
        free = self._free.linear.evaluate(parameters, order)
        held = self._held.linear.evaluate(parameters, order)
        return LikelihoodParts(
            self._freedom,
            held.least_squares,
            free.log_determinant,
            free.log_determinant_gradient,
            free.log_determinant_hessian,
            held.sum_of_squares_gradient,
            held.sum_of_squares_hessian,
        )

    def values(self, points: Array) -> tuple[Array, Array]:
        return self._free.linear.values(points)[0], self._held.linear.values(points)[1]

    def differentiated(
        self,
        parts: LikelihoodParts,
        mapping: Callable[[Array], tuple[Array, Array]],
        coordinates: Array,
    ) -> LikelihoodParts | None:
        return None

    def residual_gradient(self, working: Array, parts: LikelihoodParts, precision: float) -> Array:
        free = self._free.linear.evaluate(working, 0)
        held = self._held.linear.evaluate(working, 0)
        determinant = self._free.residual_gradient(working, free, 0.0)
        change = self._held.residual_gradient(working, held, precision)
        return determinant + change - self._held.residual_gradient(working, held, 0.0)


class _HeldEffects:
    """The (restricted) likelihood with the fixed effects held."""

    def __init__(self, free: LinearisedLikelihood, held: LinearisedLikelihood) -> None:
        self._free = free
        self._held = held
        self.degrees_of_freedom = free.degrees_of_freedom

    @property
    def family(self) -> ResidualModel:
        return self._free.family

    def at(self, residual: Array) -> _AtHeldEffects | None:
        free, held = self._free.at(residual), self._held.at(residual)
        if free is None or held is None:
            return None
        return _AtHeldEffects(free, held, self.degrees_of_freedom)

    def values(self, residual: Array, working: Array) -> tuple[Array, Array]:
        determinants = self._free.values(residual, working)[0]
        return determinants, self._held.values(residual, working)[1]


def infer(
    whitener: ResidualWhitener,
    model: LinearisedModel,
    mean: Array,
    estimates: VarianceEstimates,
    standard_errors: bool,
) -> Inference:
    """Inference at variance ``estimates``, correlations of one drawn in to .99999.

    ``mean`` (m,) is the one predicted that the variance function takes.
    """
    scales = model.scales
    estimates = _with_imperfect_correlations(model, estimates)
    working = scales.to_working @ estimates.relative
    parts = model.linear(estimates.residual).evaluate(working, 1)
    count, width = scales.count, scales.count + 1 + len(estimates.residual)
    random = np.zeros(0)
    if count:
        random = scales.to_estimation(estimates.scale * estimates.relative)
    at = np.concatenate([random, [0.5 * np.log(estimates.scale)], estimates.residual])
    covariance, singular = np.full((width, width), np.nan), False
    flat = np.zeros(count, dtype=bool)
    if count:
        flat = scales.flat_at_zero(working, parts.profile_gradient, parts.profile_value)
    if standard_errors:
        held = _held(whitener, model, mean, estimates.residual)
        likelihood = held.at(estimates.residual)
        assert likelihood is not None
        own = likelihood.evaluate(working, 2)
        if len(estimates.residual):
            point = JointPoint(working, estimates.residual, likelihood, own)
            hessian = estimation_hessian(held, scales, point, at, False)
        elif count:
            hessian = exact_hessian(scales, working, own, at)
        else:
            hessian = np.array([[-2.0 * parts.degrees_of_freedom]])
        least = scales.least_information(working, flat) if count else None
        covariance, singular = covariance_from_hessian(hessian, least)
        slopes = whitener.model.to_reported(estimates.residual)[1]
        slopes = np.concatenate([np.ones(count + 1), slopes])
        covariance = covariance * np.outer(slopes, slopes)
    boundary = np.zeros(width, dtype=bool)
    if count:
        boundary[:count] = scales.at_boundary(working, flat)
    design = model.likelihood.coordinates.design
    count = model.linearisation.columns.shape[1]
    variance = estimates.scale * count / (count - len(design.factor))
    fixed = variance * design.original_covariance(parts.least_squares.covariance)
    return Inference(estimates, parts.profile_value, fixed, covariance, singular, boundary)


def _held(
    whitener: ResidualWhitener,
    model: LinearisedModel,
    mean: Array,
    residual: Array,
) -> _HeldEffects:
    without = without_fixed_design(model.linearisation)
    held = LinearisedLikelihood(whitener, without, residual, mean)
    return _HeldEffects(model.likelihood, held)


def _with_imperfect_correlations(
    model: LinearisedModel, estimates: VarianceEstimates
) -> VarianceEstimates:
    scales = model.scales
    bound = np.arctanh(LARGEST_CORRELATION)
    if not scales.count:
        return estimates
    random = scales.to_estimation(estimates.relative)
    kinds = [p.kind for structure in scales.structures for p in structure.parameters]
    correlations = np.array([kind == "atanhcorr" for kind in kinds], dtype=bool)
    beyond = correlations & (np.abs(random) > bound)
    if not beyond.any():
        return estimates
    random[beyond] = np.sign(random[beyond]) * bound
    relative = scales.values_from_estimation(random)
    changed = VarianceEstimates(relative, estimates.scale, estimates.residual)
    parts = model.parts(changed)
    if not np.isfinite(parts.profile_value):
        return estimates
    return VarianceEstimates(relative, parts.residual_variance, estimates.residual)
