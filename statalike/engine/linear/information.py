"""Observed information of the variance parameters on the estimation scale.

The parameters are those of each equation's structure (log standard deviations and atanh
correlations of D in the outcome's units), then the log of the residual standard deviation; only
the fixed effects are profiled out ([ME] mixed, Methods and formulas).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import hessian_of_linear_combination
from statalike.engine.finite_differences import difference_hessian
from statalike.engine.linear.likelihood import LOG_TWO_PI, LikelihoodParts, MixedLikelihood
from statalike.engine.linear.variance_parameters import VarianceParameters

Array = NDArray[np.float64]

SINGULAR = 1e-12
# Second differences have about seven digits.
NEARLY_SINGULAR = 1e-8
# Below this a variance overflows.
LEAST_INFORMATION = 1e-290


def estimation_scale_hessian(
    likelihood: MixedLikelihood,
    scales: VarianceParameters,
    working: Array,
    parts: LikelihoodParts,
    estimates: Array,
    finite_differences: bool,
) -> Array:
    """Hessian (K + 1, K + 1) of the log likelihood at ``estimates``.

    ``parts`` are evaluated at the ``working`` parameters (K,) that belong to the estimates.  With
    ``finite_differences`` second differences are used as long as the likelihood is not flat in
    any direction: differences of rounding errors would hide that.
    """
    exact = exact_hessian(scales, working, parts, estimates)
    if finite_differences and not nearly_singular(exact):

        def values(points: Array) -> Array:
            reported = scales.values_from_estimation(points[:, :-1])
            relative = reported * np.exp(-2.0 * points[:, -1:])
            determinants, sums = likelihood.values(relative @ scales.to_working.T)
            return log_likelihood(m, determinants, sums, points[:, -1])

        m = parts.degrees_of_freedom
        here = float(log_likelihood(m, parts.log_determinant, parts.sum_of_squares, estimates[-1]))
        differences = difference_hessian(values, estimates, here, np.diagonal(exact))
        if differences is not None:
            return differences
    return exact


def nearly_singular(hessian: Array) -> bool:
    """Whether the curvature in some direction is nothing beside that in the others."""
    size = np.sqrt(np.abs(np.diagonal(hessian)))
    if not (np.all(np.isfinite(hessian)) and np.all(size > 0.0)):
        return False
    curvature = np.linalg.eigvalsh(-hessian / np.outer(size, size))
    return bool(abs(curvature[0]) < NEARLY_SINGULAR)


def exact_hessian(
    scales: VarianceParameters, working: Array, parts: LikelihoodParts, estimates: Array
) -> Array:
    """The Hessian by the chain rule: working = to_working @ reported / s2."""
    count = len(working)
    precision = np.exp(-2.0 * estimates[-1])
    reported = scales.from_estimation(estimates[:-1])
    score = -0.5 * (parts.log_determinant_gradient + parts.sum_of_squares_gradient * precision)
    hessian = -0.5 * (parts.log_determinant_hessian + parts.sum_of_squares_hessian * precision)
    slope = np.empty((count, count + 1))
    slope[:, :count] = scales.to_working @ reported.jacobian * precision
    slope[:, count] = -2.0 * working
    result = slope.T @ hessian @ slope
    weights = (score @ scales.to_working) * precision
    result[:count, :count] += hessian_of_linear_combination(weights, reported.curvature)
    # The residual variance enters directly and through the relative covariances.
    across = slope.T @ (parts.sum_of_squares_gradient * precision)
    across[:count] -= 2.0 * (slope[:, :count].T @ score)
    result[:count, count] += across[:count]
    result[count, :count] += across[:count]
    direct = -2.0 * parts.sum_of_squares * precision + 4.0 * float(score @ working)
    result[count, count] += 2.0 * across[count] + direct
    return np.asarray(result)


def estimation_scale_gradient(
    scales: VarianceParameters, working: Array, parts: LikelihoodParts, estimates: Array
) -> Array:
    """Gradient (K + 1,) of the log likelihood at ``estimates``, the fixed effects profiled out."""
    precision = np.exp(-2.0 * estimates[-1])
    score = -0.5 * (parts.log_determinant_gradient + parts.sum_of_squares_gradient * precision)
    slope = scales.to_working @ scales.from_estimation(estimates[:-1]).jacobian * precision
    own = float(score @ (-2.0 * working)) - parts.degrees_of_freedom
    return np.append(slope.T @ score, own + parts.sum_of_squares * precision)


def log_likelihood(
    degrees_of_freedom: float,
    log_determinant: Array | float,
    sum_of_squares: Array | float,
    log_residual_sd: Array | float,
) -> Array:
    """The log likelihood with only the fixed effects profiled out."""
    scaled = sum_of_squares * np.exp(-2.0 * np.asarray(log_residual_sd))
    constant = degrees_of_freedom * (LOG_TWO_PI + 2.0 * np.asarray(log_residual_sd))
    return np.asarray(-0.5 * (constant + log_determinant + scaled))


def covariance_from_hessian(
    hessian: Array, least_information: Array | None = None
) -> tuple[Array, bool]:
    """``(-H)^-1``, and whether H is singular or not negative definite.

    Then the rows and columns of the parameters that the likelihood does not determine are nan, as
    are those of parameters with less than ``least_information`` (up to K of the first ones).
    """
    count = len(hessian)
    information = -hessian
    diagonal = np.diagonal(information)
    determined = np.isfinite(diagonal) & (diagonal > LEAST_INFORMATION)
    if least_information is not None:
        determined[: len(least_information)] &= (
            diagonal[: len(least_information)] > least_information
        )
    for _ in range(count + 1):
        kept = np.flatnonzero(determined)
        covariance = np.full((count, count), np.nan)
        if not len(kept):
            return covariance, True
        size = np.sqrt(diagonal[kept])
        scaled = information[np.ix_(kept, kept)] / np.outer(size, size)
        if not np.all(np.isfinite(scaled)):
            return covariance, True
        eigenvalues, vectors = np.linalg.eigh(scaled)
        if eigenvalues[0] > SINGULAR:
            inverse = (vectors / eigenvalues) @ vectors.T
            covariance[np.ix_(kept, kept)] = inverse / np.outer(size, size)
            return covariance, len(kept) < count
        weak = np.max(np.abs(vectors[:, eigenvalues <= SINGULAR]), axis=1)
        determined[kept[weak > 0.1 * np.max(weak)]] = False
    return np.full((count, count), np.nan), True
