"""Gradient and Hessian of a likelihood by differences of its values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.newton_raphson import Objective

Array = NDArray[np.float64]

# Steps at which the errors of second differences from curvature and from rounding are alike.
STEP = 1e-3


class DifferencedObjective:
    """An objective whose derivatives are central differences of its values.

    Second differences are ``(f(x+h) - 2 f(x) + f(x-h)) / h^2`` on the diagonal, and off it
    ``(f(++) - f(+-) - f(-+) + f(--)) / 4 h_i h_j``.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        value, gradient, hessian = self._objective(parameters, False)
        if not derivatives or not np.isfinite(value):
            return value, gradient, hessian
        moves = np.diag(STEP * (np.abs(parameters) + STEP**0.5))
        steps = np.diagonal(moves)
        above = self._values(parameters + moves)
        below = self._values(parameters - moves)
        hessian = np.diag((above - 2.0 * value + below) / steps**2)
        rows, columns = np.tril_indices(len(parameters), -1)
        both, apart = moves[rows] + moves[columns], moves[rows] - moves[columns]
        corners = self._values(parameters + both) + self._values(parameters - both)
        corners -= self._values(parameters + apart) + self._values(parameters - apart)
        entries = corners / (4.0 * steps[rows] * steps[columns])
        hessian[rows, columns] = hessian[columns, rows] = entries
        return value, (above - below) / (2.0 * steps), hessian

    def _values(self, points: Array) -> Array:
        return np.array([self._objective(point, False)[0] for point in points])
