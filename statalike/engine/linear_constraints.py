"""Linear constraints R b = r on the parameters b of a likelihood.

With T (k, k - m) an orthonormal basis of the null space of R (m, k) and a (k,) the shortest
solution of R a = r, every b that satisfies the constraints is ``b = T c + a``: the likelihood is
maximised in c without constraints, and ``V(b) = T V(c) T'`` ([P] makecns; [ME] mixed, Methods and
formulas, Fixed-effects constraints).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.newton_raphson import (
    GradientObjective,
    IterationRecord,
    Objective,
    ScoredObjective,
)

Array = NDArray[np.float64]

DEPENDENT = 1e-10


@dataclass(frozen=True)
class ConstrainedSpace:
    """The parameters that satisfy some constraints: ``basis`` T (k, k - m), ``origin`` a (k,)."""

    basis: Array
    origin: Array

    def parameters(self, reduced: Array) -> Array:
        """``b = T c + a`` of c (k - m,)."""
        return self.basis @ reduced + self.origin

    def reduced(self, parameters: Array) -> Array:
        """The c (k - m,) whose b is nearest to ``parameters`` (k,)."""
        return self.basis.T @ (parameters - self.origin)

    def covariance(self, reduced: Array) -> Array:
        """``T V T'`` of the covariance matrix V (k - m, k - m) of c."""
        return self.basis @ reduced @ self.basis.T

    @property
    def fixed(self) -> NDArray[np.bool_]:
        """Which parameters have a single value, a mask (k,)."""
        return ~np.any(self.basis != 0.0, axis=1)


def constrained_space(weights: Array, constants: Array) -> ConstrainedSpace:
    """The solutions of ``weights`` (m, k) b = ``constants`` (m,), rows being independent.

    Parameters that no constraint mentions keep a column of their own.
    """
    count = weights.shape[1]
    mentioned = np.any(weights != 0.0, axis=0)
    rows = weights[:, mentioned]
    lengths = np.linalg.norm(rows, axis=1)
    rows, constants = rows / lengths[:, None], constants / lengths
    basis = np.zeros((count, count - len(rows)))
    free = np.flatnonzero(~mentioned)
    basis[free, np.arange(len(free))] = 1.0
    origin = np.zeros(count)
    if len(rows):
        left, values, right = np.linalg.svd(rows, full_matrices=True)
        null = right[len(rows) :].T
        null[np.abs(null) < DEPENDENT] = 0.0
        basis[mentioned, len(free) :] = null
        origin[mentioned] = right[: len(rows)].T @ ((left.T @ constants) / values)
    # The columns in the order of the parameters they stand for most.
    order = np.argsort(np.argmax(np.abs(basis), axis=0), kind="stable")
    return ConstrainedSpace(basis[:, order], origin)


def independent_constraints(weights: Array, constants: Array) -> NDArray[np.bool_]:
    """Which constraints do not follow from those before them, a mask (m,).

    Raises :class:`EstimationError`, ``inconsistent_constraints``, where one contradicts them.
    """
    kept = np.zeros(len(constants), dtype=bool)
    basis = np.zeros((0, weights.shape[1]))
    values = np.zeros(0)
    for position, (row, constant) in enumerate(zip(weights, constants, strict=True)):
        length = float(np.linalg.norm(row))
        along = basis @ row
        left = row - along @ basis
        left -= (basis @ left) @ basis
        distance = float(constant - along @ values)
        size = float(np.linalg.norm(left))
        if size > DEPENDENT * length:
            kept[position] = True
            basis = np.vstack([basis, left / size])
            values = np.append(values, distance / size)
        elif abs(distance) > DEPENDENT * (abs(constant) + length * float(np.linalg.norm(values))):
            raise EstimationError(
                "inconsistent_constraints", "the constraints contradict each other"
            )
    return kept


def unconstrained_record(record: IterationRecord, space: ConstrainedSpace) -> IterationRecord:
    """A record of c in all parameters b: of derivatives, the part that constraints let matter."""
    basis, hessian = space.basis, record.hessian
    return replace(
        record,
        parameters=space.parameters(record.parameters),
        gradient=basis @ record.gradient,
        hessian=basis @ hessian @ basis.T if hessian.size else hessian,
    )


class ConstrainedObjective:
    """An objective of b as one of c, for :func:`statalike.engine.newton_raphson.maximise`."""

    def __init__(self, objective: Objective, space: ConstrainedSpace) -> None:
        self._objective = objective
        self._space = space

    def __call__(self, reduced: Array, derivatives: bool) -> tuple[float, Array, Array]:
        value, gradient, hessian = self._objective(self._space.parameters(reduced), derivatives)
        if not derivatives or not np.isfinite(value):
            return value, gradient, hessian
        basis = self._space.basis
        return value, basis.T @ gradient, basis.T @ hessian @ basis

    def gradient(self, reduced: Array) -> tuple[float, Array]:
        """Value and gradient (k - m,) in c."""
        if not isinstance(self._objective, GradientObjective):
            return self(reduced, True)[:2]
        value, gradient = self._objective.gradient(self._space.parameters(reduced))
        return value, self._space.basis.T @ gradient if np.isfinite(value) else gradient

    def scores(self, reduced: Array) -> Array:
        """The groups' gradients (G, k - m) in c."""
        if not isinstance(self._objective, ScoredObjective):
            raise ValueError("BHHH needs an objective with scores")
        return self._objective.scores(self._space.parameters(reduced)) @ self._space.basis
