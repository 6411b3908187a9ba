"""The linear regression from which the search for a model's coefficients begins.

One step of iteratively reweighted least squares (McCullagh and Nelder 1989, 2.5): with a mean mu
near each outcome, eta the link of mu and d the derivative of mu in eta, regress
``eta + (y - mu) / d`` with weights ``d^2 / V``, V the variance function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WorkingRegression:
    """Response (n,), from which an offset is still to be subtracted, and weights (n,)."""

    response: Array
    weights: Array


def halfway_to_mean(value: Array, weights: Array) -> Array:
    """Means (n,) half way between each outcome and the average of all."""
    average = float(weights @ value) / float(np.sum(weights))
    return 0.5 * (value + average)


def log_link_regression(value: Array, mean: Array, variance: Array | float) -> WorkingRegression:
    """The step with a log link, for which d is the mean itself."""
    return WorkingRegression(np.log(mean) + (value - mean) / mean, np.square(mean) / variance)
