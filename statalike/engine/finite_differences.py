"""Derivatives by finite differences of values, with the steps of Stata's optimiser.

Stata differentiates most log likelihoods numerically, with central differences of step
``h = 0.001 (|x| + 0.001)`` where that changes the value by between 1e-8 and 1e-7 of itself, and
of a step doubled or halved until it does elsewhere.  The error of such differences, of the order
of h squared, moves estimates and standard errors in about the seventh digit; numbers that are to
agree with Stata's to all printed digits need the same differences.

Functions take several points (m, K) at once and give their values (m,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_CHANGE = 1e-8
GREATEST_CHANGE = 1e-7
MAXIMUM_SEARCH = 40
LARGEST_STEP = 0.25


@dataclass(frozen=True)
class Differences:
    """``steps`` h (K,) with the function's values (K,) at ``x + h_k e_k`` and
    ``x - h_k e_k``.
    """

    steps: Array
    above: Array
    below: Array

    @property
    def gradient(self) -> Array:
        """``(f(x + h e_k) - f(x - h e_k)) / 2h``, (K,)."""
        return (self.above - self.below) / (2.0 * self.steps)


def _first_steps(x: Array, value: float, curvature: Array) -> Array:
    """Steps whose changes of the value, ``curvature h^2 / 2``, are within the bounds."""
    steps = 1e-3 * (np.abs(x) + 1e-3)
    change = 0.5 * np.abs(curvature) * steps**2
    least, greatest = LEAST_CHANGE * abs(value), GREATEST_CHANGE * abs(value)
    doublings = np.ceil(0.5 * np.log2(least / np.maximum(change, 1e-12 * least)))
    halvings = np.ceil(0.5 * np.log2(np.maximum(change, greatest) / greatest))
    return np.asarray(steps * 2.0 ** (np.maximum(doublings, 0.0) - halvings))


def _corrected(steps: Array, above: Array, value: float) -> Array | None:
    """Steps doubled or halved where the change is out of bounds, or None if none is."""
    change = np.abs(above - value)
    small = change < LEAST_CHANGE * abs(value)
    large = change > GREATEST_CHANGE * abs(value)
    if not np.any(small | large):
        return None
    return np.asarray(np.where(small, 2.0 * steps, np.where(large, 0.5 * steps, steps)))


def _evaluate(
    function: Callable[[Array], Array],
    x: Array,
    value: float,
    curvature: Array,
    further: Callable[[Array], Array],
) -> tuple[Array, Array] | None:
    """Steps (K,), and values at ``x + h_k e_k``, at ``x - h_k e_k`` and at the ``further`` points
    made from the steps; None where no step serves.
    """
    steps = _first_steps(x, value, curvature)
    for _ in range(MAXIMUM_SEARCH):
        if np.any(steps > LARGEST_STEP * (np.abs(x) + 1.0)):
            return None
        moves = np.diag(steps)
        values = function(np.concatenate([x + moves, x - moves, further(steps)]))
        if not np.all(np.isfinite(values)):
            return None
        corrected = _corrected(steps, values[: len(x)], value)
        if corrected is None:
            return steps, values
        steps = corrected
    return None


def central_differences(
    function: Callable[[Array], Array], x: Array, value: float, curvature: Array
) -> Differences | None:
    """Evaluate ``function`` around x (K,), where it has ``value``.

    ``curvature`` (K,), second derivatives known roughly, tells which steps to try first.  None
    where the function is undefined or so flat that no step changes it measurably.
    """
    count = len(x)
    found = _evaluate(function, x, value, curvature, lambda steps: np.zeros((0, count)))
    if found is None:
        return None
    steps, values = found
    return Differences(steps, values[:count], values[count:])


def difference_hessian(
    function: Callable[[Array], Array], x: Array, value: float, curvature: Array
) -> Array | None:
    """Second differences (K, K) of ``function`` at x, or None as :func:`central_differences`.

    ``(f(x + h) - 2 f(x) + f(x - h)) / h^2`` on the diagonal; off it
    ``(f(++) + f(--) + 2 f(x) - f(+0) - f(-0) - f(0+) - f(0-)) / 2 h_i h_j``.
    """
    count = len(x)
    rows, columns = np.tril_indices(count, -1)

    def corners(steps: Array) -> Array:
        moves = np.diag(steps)
        diagonal = moves[rows] + moves[columns]
        return np.concatenate([x + diagonal, x - diagonal])

    found = _evaluate(function, x, value, curvature, corners)
    if found is None:
        return None
    steps, values = found
    both = values[:count] + values[count : 2 * count]
    hessian = np.diag((both - 2.0 * value) / steps**2)
    corner = values[2 * count :].reshape(2, -1).sum(axis=0)
    entries = (corner + 2.0 * value - both[rows] - both[columns]) / 2.0
    hessian[rows, columns] = hessian[columns, rows] = entries / (steps[rows] * steps[columns])
    return hessian
