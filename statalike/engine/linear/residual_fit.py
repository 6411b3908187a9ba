"""Maximising the likelihood of a model with structured residuals.

Random-effects and residual parameters are found jointly by Newton-Raphson: the Hessian is exact in
the former and has differences of the exact gradient in the rows of the latter.  Standard errors are
those of ``linear.information``, with the residual parameters after the log residual standard
deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import OptimisationScale
from statalike.engine.errors import EstimationError
from statalike.engine.finite_differences import central_differences, difference_hessian
from statalike.engine.linear.information import exact_hessian, log_likelihood
from statalike.engine.linear.likelihood import (
    LikelihoodParts,
    MixedLikelihood,
    profile_log_likelihood,
)
from statalike.engine.linear.profile import LARGEST_CORRECTION
from statalike.engine.linear.variance_parameters import VarianceParameters
from statalike.engine.newton_raphson import (
    ConvergenceRules,
    IterationRecord,
    Optimum,
    ascent_direction,
    maximise,
)

Array = NDArray[np.float64]

# The gradient is exact to about 1e-11 of itself, so that these steps balance the errors.
FORWARD_STEP = 1e-6
CENTRAL_STEP = 1e-4

# Differences of the likelihood, which are there for the last digits that Stata prints, take twice
# the square of the number of parameters of evaluations.
MOST_DIFFERENCES = 12


class ResidualParameters(Protocol):
    """Residual parameters on the estimation scale and on one to search on."""

    def from_search(self, psi: Array, /) -> tuple[Array, Array]:
        """Parameters and their derivatives in search parameters."""

    def to_search(self, parameters: Array, /) -> Array: ...


class LikelihoodAt(Protocol):
    """The likelihood at fixed residual parameters: ``linear`` in the others."""

    @property
    def linear(self) -> MixedLikelihood: ...

    def differentiated(
        self,
        parts: LikelihoodParts,
        mapping: Callable[[Array], tuple[Array, Array]],
        coordinates: Array,
        /,
    ) -> LikelihoodParts | None:
        """``parts`` with exact derivatives in coordinates of the residual parameters, or None."""

    def residual_gradient(
        self, working: Array, parts: LikelihoodParts, precision: float, /
    ) -> Array:
        """The derivative of ``-(log_determinant + precision * sum_of_squares) / 2``."""


class StructuredLikelihood(Protocol):
    """A likelihood as a function of residual parameters and working ones."""

    @property
    def family(self) -> ResidualParameters: ...

    @property
    def degrees_of_freedom(self) -> float: ...

    def at(self, residual: Array, /) -> LikelihoodAt | None:
        """The likelihood at residual parameters, None where they are not feasible."""

    def values(self, residual: Array, working: Array, /) -> tuple[Array, Array]:
        """Log determinants and sums of squares at m points."""


@dataclass(frozen=True)
class JointPoint:
    """Working and residual parameters, and the likelihood there."""

    working: Array
    residual: Array
    likelihood: LikelihoodAt
    parts: LikelihoodParts


class JointObjective:
    """The profile likelihood for an optimiser, in K random-effects parameters followed by R
    residual ones.

    In ``search`` coordinates the former are square roots or logarithms of working covariance
    matrices and the latter search parameters; otherwise of relative covariance matrices in the
    covariates' units, and residual parameters on the estimation scale.
    """

    def __init__(
        self,
        likelihood: StructuredLikelihood,
        scales: VarianceParameters,
        scale: OptimisationScale,
        search: bool = True,
    ) -> None:
        self._likelihood = likelihood
        self._scales = scales
        self._scale = scale
        self._search = search
        self._to_working = np.eye(scales.count) if search else scales.to_working
        self._family = likelihood.family
        self._latest: tuple[Array, JointPoint] | None = None

    def parameters(self, working: Array, residual: Array) -> Array:
        """The coordinates of working and residual parameters."""
        scales = self._scales
        values = working if self._search else scales.to_relative @ working
        random = scales.to_optimisation(values, self._scale) if scales.count else working
        own = self._family.to_search(residual) if self._search else residual
        return np.concatenate([random, own])

    def residual(self, parameters: Array) -> tuple[Array, Array]:
        """Residual parameters and their derivatives in the coordinates."""
        return self._mapping(parameters[self._scales.count :])

    def _mapping(self, own: Array) -> tuple[Array, Array]:
        return self._family.from_search(own) if self._search else _unchanged(own)

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        none = np.zeros(0)
        if not derivatives:
            point = self._point(parameters, 0)
            return (float("nan") if point is None else point.parts.profile_value), none, none
        point = self._point(parameters, 2)
        if point is None or not np.isfinite(point.parts.profile_value):
            return float("nan"), none, none
        self._latest = (parameters.copy(), point)
        exact = point.likelihood.differentiated(point.parts, self._mapping, parameters)
        if exact is not None:
            return exact.profile_value, exact.profile_gradient, exact.profile_hessian
        gradient = self._gradient(parameters, point)
        count = self._scales.count
        hessian = np.zeros((len(parameters), len(parameters)))
        if count:
            mapped = self._scales.from_optimisation(parameters[:count], self._scale)
            _, hessian[:count, :count] = mapped.pull_back(
                point.parts.profile_gradient @ self._to_working,
                self._to_working.T @ point.parts.profile_hessian @ self._to_working,
            )
        for k in range(count, len(parameters)):
            hessian[k] = self._gradient_slope(parameters, gradient, k)
        hessian[:count, count:] = hessian[count:, :count].T
        own = hessian[count:, count:]
        hessian[count:, count:] = 0.5 * (own + own.T)
        return point.parts.profile_value, gradient, hessian

    def gradient(self, parameters: Array) -> tuple[float, Array]:
        """Value and gradient alone, for quasi-Newton methods."""
        point = self._point(parameters, 1)
        if point is None or not np.isfinite(point.parts.profile_value):
            return float("nan"), np.zeros(0)
        return point.parts.profile_value, self._gradient(parameters, point)

    def in_covariate_units(
        self, record: IterationRecord, search: JointObjective
    ) -> IterationRecord:
        """A record of the ``search`` with parameters and derivatives in these coordinates."""
        point = search.at(record.parameters)
        if point is None:
            return record
        parameters = self.parameters(point.working, point.residual)
        _, gradient, hessian = self(parameters, True)
        return replace(record, parameters=parameters, gradient=gradient, hessian=hessian)

    def at(self, parameters: Array) -> JointPoint | None:
        """The full evaluation at the coordinates."""
        if self._latest is not None and np.array_equal(self._latest[0], parameters):
            return self._latest[1]
        return self._point(parameters, 2)

    def values(self, points: Array) -> Array:
        """The profile likelihood at points (m, K + R)."""
        count = self._scales.count
        working = points[:, :count]
        if count:
            working = self._scales.values_from_optimisation(working, self._scale)
            working = working @ self._to_working.T
        residual = np.stack([self.residual(point)[0] for point in points])
        determinants, sums = self._likelihood.values(residual, working)
        return profile_log_likelihood(self._likelihood.degrees_of_freedom, determinants, sums)

    def _point(self, parameters: Array, order: int) -> JointPoint | None:
        count = self._scales.count
        working = parameters[:count]
        if count:
            working = self._scales.values_from_optimisation(working, self._scale)
            working = self._to_working @ working
        residual = self.residual(parameters)[0]
        if not (np.all(np.isfinite(working)) and np.all(np.isfinite(residual))):
            return None
        likelihood = self._likelihood.at(residual)
        if likelihood is None:
            return None
        return JointPoint(working, residual, likelihood, likelihood.linear.evaluate(working, order))

    def _gradient(self, parameters: Array, point: JointPoint) -> Array:
        count = self._scales.count
        parts = point.parts
        precision = parts.degrees_of_freedom / parts.sum_of_squares
        own = point.likelihood.residual_gradient(point.working, parts, precision)
        gradient = np.concatenate([np.zeros(count), self.residual(parameters)[1].T @ own])
        if count:
            mapped = self._scales.from_optimisation(parameters[:count], self._scale)
            gradient[:count] = mapped.jacobian.T @ (parts.profile_gradient @ self._to_working)
        return gradient

    def _gradient_slope(self, parameters: Array, gradient: Array, k: int) -> Array:
        """The derivative of the gradient in parameter k, on the side where it is defined."""
        for step in (FORWARD_STEP, -FORWARD_STEP):
            moved = parameters.copy()
            moved[k] += step * (1.0 + abs(moved[k]))
            point = self._point(moved, 1)
            if point is not None and np.isfinite(point.parts.profile_value):
                return (self._gradient(moved, point) - gradient) / (moved[k] - parameters[k])
        return np.full(len(parameters), np.nan)


def _unchanged(parameters: Array) -> tuple[Array, Array]:
    return parameters, np.eye(len(parameters))


def maximise_jointly(
    likelihood: StructuredLikelihood,
    scales: VarianceParameters,
    scale: OptimisationScale,
    working: Array,
    residual: Array,
    rules: ConvergenceRules,
    finite_differences: bool,
    on_iteration: Callable[[IterationRecord], None] | None = None,
    initial: Array | None = None,
    trace: bool = False,
) -> tuple[JointPoint, Optimum]:
    """Newton-Raphson from working and residual parameters.

    ``initial`` are residual parameters to begin from, nan where none is given; ``trace`` has the
    records in the covariates' own units.

    Raises :class:`EstimationError` where the likelihood is not defined.
    """
    objective = JointObjective(likelihood, scales, scale)
    if initial is not None:
        residual = np.where(np.isnan(initial), residual, initial)
    start = objective.parameters(working, residual)
    report = on_iteration
    if on_iteration is not None and trace:
        reported = JointObjective(likelihood, scales, scale, search=False)

        def report(record: IterationRecord) -> None:
            on_iteration(reported.in_covariate_units(record, objective))

    try:
        optimum = maximise(objective, start, rules, report)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    point = objective.at(optimum.parameters)
    if point is None:
        raise EstimationError("likelihood_undefined", "the likelihood is not defined")
    few = len(point.residual) <= MOST_DIFFERENCES
    if finite_differences and few and optimum.converged:
        point = difference_maximum(likelihood, scales, scale, point)
    return point, optimum


def difference_maximum(
    likelihood: StructuredLikelihood,
    scales: VarianceParameters,
    scale: OptimisationScale,
    point: JointPoint,
) -> JointPoint:
    """Where central differences of the profile likelihood vanish, as in ``linear.profile``."""
    objective = JointObjective(likelihood, scales, scale, search=False)
    parameters = objective.parameters(point.working, point.residual)
    value, _, hessian = objective(parameters, True)
    if not (np.isfinite(value) and np.all(np.isfinite(hessian))):
        return point
    differences = central_differences(objective.values, parameters, value, np.diagonal(hessian))
    if differences is None:
        return point
    step, concave = ascent_direction(differences.gradient, hessian, difficult=False)
    if not concave or np.any(np.abs(step) > LARGEST_CORRECTION * (np.abs(parameters) + 1e-3)):
        return point
    moved = objective.at(parameters + step)
    if moved is None or not np.isfinite(moved.parts.profile_value):
        return point
    return moved


def estimation_gradient(
    likelihood: StructuredLikelihood, scales: VarianceParameters, at: Array
) -> Array:
    """Gradient of the log likelihood in (random effects, log residual sd, residual) parameters,
    nan where it is not defined."""
    count = scales.count
    found = likelihood.at(at[count + 1 :])
    if found is None:
        return np.full(len(at), np.nan)
    precision = float(np.exp(-2.0 * at[count]))
    working = np.zeros(0)
    if count:
        reported = scales.from_estimation(at[:count])
        working = scales.to_working @ reported.values * precision
    parts = found.linear.evaluate(working, 1)
    own = found.residual_gradient(working, parts, precision)
    total = -likelihood.degrees_of_freedom + parts.sum_of_squares * precision
    if not count:
        return np.concatenate([[total], own])
    score = parts.log_determinant_gradient + parts.sum_of_squares_gradient * precision
    score = -0.5 * score
    slope = scales.to_working @ reported.jacobian * precision
    total += float(score @ (-2.0 * working))
    return np.concatenate([slope.T @ score, [total], own])


def estimation_hessian(
    likelihood: StructuredLikelihood,
    scales: VarianceParameters,
    point: JointPoint,
    estimates: Array,
    finite_differences: bool,
) -> Array:
    """Hessian of the log likelihood in (random effects, log residual sd, residual) parameters."""
    count = scales.count
    freedom = point.parts.degrees_of_freedom

    def working_at(points: Array) -> Array:
        if not count:
            return np.zeros((len(points), 0))
        reported = scales.values_from_estimation(points[:, :count])
        return np.asarray((reported * np.exp(-2.0 * points[:, count, None])) @ scales.to_working.T)

    def values(points: Array) -> Array:
        determinants, sums = likelihood.values(points[:, count + 1 :], working_at(points))
        return log_likelihood(freedom, determinants, sums, points[:, count])

    exact = np.zeros((len(estimates), len(estimates)))
    if count:
        exact[: count + 1, : count + 1] = exact_hessian(
            scales, point.working, point.parts, estimates[: count + 1]
        )
    else:
        exact[0, 0] = -2.0 * point.parts.sum_of_squares * np.exp(-2.0 * estimates[0])
    own = point.likelihood.differentiated(point.parts, _unchanged, point.residual)
    if own is not None:
        precision = float(np.exp(-2.0 * estimates[0]))
        exact[0, 1:] = exact[1:, 0] = precision * own.sum_of_squares_gradient
        curvature = own.log_determinant_hessian + precision * own.sum_of_squares_hessian
        exact[1:, 1:] = -0.5 * curvature
    for k in range(count + 1, len(estimates)) if own is None else ():
        move = np.zeros(len(estimates))
        move[k] = CENTRAL_STEP * (1.0 + abs(estimates[k]))
        ahead = estimation_gradient(likelihood, scales, estimates + move)
        behind = estimation_gradient(likelihood, scales, estimates - move)
        slope = (ahead - behind) / (2.0 * move[k])
        exact[k, : count + 1] = exact[: count + 1, k] = slope[: count + 1]
        exact[k, count + 1 :] = slope[count + 1 :]
    block = exact[count + 1 :, count + 1 :]
    exact[count + 1 :, count + 1 :] = 0.5 * (block + block.T)
    few = len(point.residual) <= MOST_DIFFERENCES
    if finite_differences and few and np.all(np.isfinite(exact)):
        here = float(values(estimates[None])[0])
        differences = difference_hessian(values, estimates, here, np.diagonal(exact))
        if differences is not None:
            return differences
    return exact
