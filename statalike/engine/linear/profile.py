"""The profile likelihood on the optimisation scale, and its maximum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import OptimisationScale
from statalike.engine.finite_differences import central_differences
from statalike.engine.linear.likelihood import (
    LikelihoodParts,
    MixedLikelihood,
    profile_log_likelihood,
)
from statalike.engine.linear.variance_parameters import VarianceParameters
from statalike.engine.newton_raphson import FLAT, IterationRecord, ascent_direction

Array = NDArray[np.float64]

LARGEST_CORRECTION = 1e-3
MAXIMUM_STEPS = 5


class ProfileObjective:
    """Value, gradient and Hessian of the profile likelihood for an optimiser.

    The parameters are square roots or logarithms of the covariance matrices in working
    coordinates, in which a badly scaled covariate does no harm.
    """

    def __init__(
        self, likelihood: MixedLikelihood, scales: VarianceParameters, scale: OptimisationScale
    ) -> None:
        self._likelihood = likelihood
        self._scales = scales
        self._scale = scale
        self._latest: tuple[Array, Array, LikelihoodParts] | None = None

    def start(self, working: Array) -> Array:
        """Optimisation parameters of working parameters."""
        return self._scales.to_optimisation(working, self._scale)

    def working(self, parameters: Array) -> Array:
        """Working parameters of optimisation parameters."""
        return self._scales.values_from_optimisation(parameters, self._scale)

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        none = np.zeros(0)
        if not derivatives:
            working = self.working(parameters)
            if not np.all(np.isfinite(working)):
                return float("nan"), none, none
            return self._likelihood.evaluate(working, 0).profile_value, none, none
        mapped = self._scales.from_optimisation(parameters, self._scale)
        if not np.all(np.isfinite(mapped.values)):
            return float("nan"), none, none
        parts = self._likelihood.evaluate(mapped.values, 2)
        value = parts.profile_value
        if not np.isfinite(value):
            return value, none, none
        self._latest = (parameters.copy(), mapped.values, parts)
        gradient, hessian = mapped.pull_back(parts.profile_gradient, parts.profile_hessian)
        return value, gradient, hessian

    def gradient(self, parameters: Array) -> tuple[float, Array]:
        """Value and gradient alone, for quasi-Newton methods."""
        mapped = self._scales.from_optimisation(parameters, self._scale)
        if not np.all(np.isfinite(mapped.values)):
            return float("nan"), np.zeros(0)
        parts = self._likelihood.evaluate(mapped.values, 1)
        if not np.isfinite(parts.profile_value):
            return parts.profile_value, np.zeros(0)
        return parts.profile_value, mapped.jacobian.T @ parts.profile_gradient

    def in_covariate_units(self, record: IterationRecord) -> IterationRecord:
        """The record with parameters and derivatives of the relative covariances in the
        covariates' own units, their square roots or logarithms."""
        scales, working = self._scales, self.working(record.parameters)
        parts = self._likelihood.evaluate(working, 2)
        parameters = scales.to_optimisation(scales.to_relative @ working, self._scale)
        mapped = scales.from_optimisation(parameters, self._scale)
        gradient, hessian = mapped.pull_back(
            parts.profile_gradient @ scales.to_working,
            scales.to_working.T @ parts.profile_hessian @ scales.to_working,
        )
        return replace(record, parameters=parameters, gradient=gradient, hessian=hessian)

    def parts_at(self, parameters: Array) -> tuple[Array, LikelihoodParts]:
        """Working parameters and the full evaluation at optimisation parameters."""
        if self._latest is None or not np.array_equal(self._latest[0], parameters):
            working = self.working(parameters)
            return working, self._likelihood.evaluate(working, 2)
        return self._latest[1], self._latest[2]


def traced(
    objective: ProfileObjective,
    on_iteration: Callable[[IterationRecord], None] | None,
    wanted: bool,
) -> Callable[[IterationRecord], None] | None:
    """``on_iteration``, given records in the covariates' own units where that is wanted."""
    if on_iteration is None or not wanted:
        return on_iteration
    return lambda record: on_iteration(objective.in_covariate_units(record))


def newton_steps(objective: ProfileObjective, working: Array) -> tuple[Array, bool]:
    """Working parameters after a few full Newton steps from ``working``, and whether they arrived.

    Steps are taken only while the likelihood is concave and rises.  They have arrived when the
    next is expected to gain so little, 1e-5 of the log likelihood and 0.05 at most, that having
    taken it what remains, of the order of the square, does not show in an iteration log.
    """
    parameters = objective.start(working)
    best, best_value = parameters, -np.inf
    for _ in range(MAXIMUM_STEPS):
        value, gradient, hessian = objective(parameters, True)
        if not value > best_value:
            break
        best, best_value = parameters, value
        step, concave = ascent_direction(gradient, hessian, difficult=False)
        if not concave:
            break
        if float(gradient @ step) <= FLAT * (abs(value) + 1.0):
            return objective.working(parameters), True
        parameters = parameters + step
        near = min(max(1e-5 * abs(value), 1e-3), 0.05)
        if 0.5 * float(gradient @ step) < near:
            return objective.working(parameters), True
    return objective.working(best), False


def difference_maximum(
    likelihood: MixedLikelihood,
    scales: VarianceParameters,
    scale: OptimisationScale,
    working: Array,
    parts: LikelihoodParts,
) -> tuple[Array, LikelihoodParts]:
    """The point near a maximum where central differences of the profile likelihood vanish.

    The differences are those of :mod:`statalike.engine.finite_differences` in the matrix square
    roots (or logarithms) of the relative covariances in the covariates' own units; one Newton step
    with the exact Hessian finds the point, since it lies about the square of a step away.  Where
    the differences or the Hessian are of no use, as on the boundary, the maximum itself is
    returned.
    """

    def values(points: Array) -> Array:
        relative = scales.values_from_optimisation(points, scale)
        determinants, sums = likelihood.values(relative @ scales.to_working.T)
        return profile_log_likelihood(parts.degrees_of_freedom, determinants, sums)

    parameters = scales.to_optimisation(scales.to_relative @ working, scale)
    mapped = scales.from_optimisation(parameters, scale)
    _, hessian = mapped.pull_back(
        parts.profile_gradient @ scales.to_working,
        scales.to_working.T @ parts.profile_hessian @ scales.to_working,
    )
    differences = central_differences(values, parameters, parts.profile_value, np.diagonal(hessian))
    if differences is None:
        return working, parts
    step, concave = ascent_direction(differences.gradient, hessian, difficult=False)
    if not concave or np.any(np.abs(step) > LARGEST_CORRECTION * (np.abs(parameters) + 1e-3)):
        return working, parts
    relative = scales.values_from_optimisation(parameters + step, scale)
    corrected = scales.to_working @ relative
    moved = likelihood.evaluate(corrected, 0)
    if not np.isfinite(moved.profile_value):
        return working, parts
    # The derivatives at the maximum serve as those of a point so near.
    return corrected, replace(
        parts, least_squares=moved.least_squares, log_determinant=moved.log_determinant
    )
