"""Predictions of normal outcomes within limits ([ME] metobit postestimation).

``lower`` and ``upper`` may be infinite; ``mean`` and ``deviation`` are those of the outcome
without limits, given the random effects or marginally.  All broadcast against each other.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from statalike.engine.families.distribution_interval import normal_interval_derivatives
from statalike.engine.families.family import Array


def interval_probability(lower: Array, upper: Array, mean: Array, deviation: Array) -> Array:
    """``Pr(a < y < b)``, zero where a is not below b."""
    a, b = (lower - mean) / deviation, (upper - mean) / deviation
    # The difference of the smaller tails, which does not cancel.
    right = a > -b
    a, b = np.where(right, -b, a), np.where(right, -a, b)
    return np.asarray(np.maximum(ndtr(b) - ndtr(a), 0.0))


def truncated_mean(lower: Array, upper: Array, mean: Array, deviation: Array) -> Array:
    """``E(y | a < y < b)``; nan where a is not below b."""
    lower, upper, mean, deviation = np.broadcast_arrays(lower, upper, mean, deviation)
    empty = ~(lower < upper)
    a = np.where(empty, -1.0, (lower - mean) / deviation)
    b = np.where(empty, 1.0, (upper - mean) / deviation)
    return np.where(
        empty, np.nan, mean - deviation * normal_interval_derivatives(a, b, False).shift
    )


def censored_mean(lower: Array, upper: Array, mean: Array, deviation: Array) -> Array:
    """``E(max{a, min(y, b)})``; nan where a is above b."""
    lower, upper, mean, deviation = np.broadcast_arrays(lower, upper, mean, deviation)
    a, b = (lower - mean) / deviation, (upper - mean) / deviation
    inside = interval_probability(lower, upper, mean, deviation)
    some = inside > 0.0
    within = truncated_mean(
        np.where(some, lower, -np.inf), np.where(some, upper, np.inf), mean, deviation
    )
    # An infinite limit has no probability, and the product with it counts as nothing.
    below, above = np.isfinite(lower), np.isfinite(upper)
    expected = np.where(below, lower, 0.0) * np.where(below, ndtr(a), 0.0)
    expected += np.where(above, upper, 0.0) * np.where(above, ndtr(-b), 0.0)
    expected += np.where(some, inside * within, 0.0)
    return np.where(lower > upper, np.nan, expected)
