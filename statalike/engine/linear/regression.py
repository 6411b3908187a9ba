"""Linear regression by maximum (restricted) likelihood: the model without random effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.fixed_design import FixedDesign, orthonormalise

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RegressionFit:
    """``coefficients`` (p,) with covariance (p, p); ``residual_variance`` is e'e / n, or
    e'e / (n - p) by restricted likelihood.
    """

    coefficients: Array
    coefficient_covariance: Array
    residual_variance: float
    log_likelihood: float


def fit_regression(outcome: Array, fixed: Array, restricted: bool = False) -> RegressionFit:
    """Linear regression of ``outcome`` (n,) on ``fixed`` (n, p)."""
    return regression_of_design(orthonormalise(outcome, fixed), restricted)


def regression_of_design(
    design: FixedDesign, restricted: bool, observations: float | None = None
) -> RegressionFit:
    """The regression whose design is already decomposed.

    ``observations`` is the sum of the weights when its rows are weighted.
    """
    count = len(design.factor)
    rows = len(design.residual) if observations is None else observations
    freedom = rows - (count if restricted else 0)
    sum_of_squares = float(design.residual @ design.residual)
    if not sum_of_squares > 0.0:
        raise EstimationError("no_residual_variation", "the outcome has no residual variation")
    variance = sum_of_squares / freedom
    value = -0.5 * freedom * (np.log(2.0 * np.pi * variance) + 1.0)
    if restricted:
        value -= 0.5 * design.log_determinant
    covariance = variance * design.original_covariance(np.eye(count))
    return RegressionFit(design.least_squares, covariance, variance, float(value))
