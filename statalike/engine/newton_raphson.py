"""Maximisation by Newton and Raphson's method, with Stata's convergence rules.

Stata's rules ([R] Maximize): after an iteration the maximum is declared found when the parameters
or the objective have stopped moving and, unless that test is switched off, the scaled gradient
``g (-H)^-1 g'`` is small with a negative definite Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAXIMUM_HALVINGS = 40
MAXIMUM_DOUBLINGS = 8
FLAT = 1e-10
# Where the objective is flat in some direction no iteration gets any further.
STILL = 1e-12
MAXIMUM_STALLED = 10


class Objective(Protocol):
    """Value, gradient (K,) and Hessian (K, K) at parameters (K,).

    With ``derivatives`` false only the value is needed; the arrays returned are then ignored.  An
    undefined value is nan or -inf.
    """

    def __call__(self, parameters: Array, derivatives: bool, /) -> tuple[float, Array, Array]: ...


@dataclass(frozen=True)
class ConvergenceRules:
    """When to stop; the defaults are Stata's."""

    iterations: int = 16_000
    parameter_tolerance: float = 1e-6
    value_tolerance: float = 1e-7
    scaled_gradient_tolerance: float = 1e-5
    use_scaled_gradient: bool = True
    difficult: bool = False


@dataclass(frozen=True)
class IterationRecord:
    """One line of an iteration log: where the iteration arrived, and how."""

    iteration: int
    value: float
    not_concave: bool
    backed_up: bool
    gradient: Array
    parameters: Array


@dataclass(frozen=True)
class Optimum:
    """What an optimisation did and found.

    ``hessian`` is at the end; ``evaluations`` counts calls of the objective.
    """

    start: Array
    parameters: Array
    value: float
    gradient: Array
    hessian: Array
    converged: bool
    evaluations: int
    rules: ConvergenceRules
    log: list[IterationRecord] = field(default_factory=list)

    @property
    def iterations(self) -> int:
        return self.log[-1].iteration if self.log else 0


def maximise(
    objective: Objective,
    start: Array,
    rules: ConvergenceRules | None = None,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> Optimum:
    """Maximise ``objective`` from ``start``.

    A step that does not improve the objective is halved until it does ("backed up").  Where the
    Hessian is not negative definite a ridge is added to its diagonal, or with ``rules.difficult``
    its eigenvalues are replaced by their magnitudes, and the step is lengthened as long as that
    pays.  It ends without convergence after ``rules.iterations``, or when several iterations in
    succession change nothing or stay where the objective is flat: to go on would be to follow
    rounding errors.

    Raises ``FloatingPointError`` when the objective is undefined at the start.
    """
    rules = rules or ConvergenceRules()
    evaluations = 1
    parameters = np.array(start, dtype=np.float64)
    value, gradient, hessian = objective(parameters, True)
    if not np.isfinite(value):
        raise FloatingPointError("the objective is not defined at the starting values")
    log: list[IterationRecord] = []

    def record(iteration: int, not_concave: bool, backed_up: bool) -> None:
        entry = IterationRecord(
            iteration, value, not_concave, backed_up, gradient.copy(), parameters.copy()
        )
        log.append(entry)
        if on_iteration is not None:
            on_iteration(entry)

    step, concave = ascent_direction(gradient, hessian, rules.difficult)
    record(0, not concave, False)
    converged = parameters.size == 0
    iteration = stalled = 0
    while not converged and iteration < rules.iterations:
        iteration += 1
        previous, previous_value = parameters, value
        length, backed_up = 1.0, False
        trial = previous + step
        trial_value, trial_gradient, trial_hessian = objective(trial, True)
        evaluations += 1
        slack = 1e-13 * (abs(previous_value) + 1.0)
        if not trial_value >= previous_value - slack:
            for _ in range(MAXIMUM_HALVINGS):
                length /= 2.0
                trial = previous + length * step
                trial_value = objective(trial, False)[0]
                evaluations += 1
                if trial_value > previous_value:
                    break
            else:
                trial = previous
            backed_up = True
            trial_value, trial_gradient, trial_hessian = objective(trial, True)
            evaluations += 1
        elif not concave:
            longer_value = trial_value
            for _ in range(MAXIMUM_DOUBLINGS):
                candidate = previous + 2.0 * length * step
                longer_value = objective(candidate, False)[0]
                evaluations += 1
                if not longer_value > trial_value + slack:
                    break
                length *= 2.0
                trial, trial_value = candidate, longer_value
            if length > 1.0:
                trial_value, trial_gradient, trial_hessian = objective(trial, True)
                evaluations += 1
        parameters, value = trial, trial_value
        gradient, hessian = trial_gradient, trial_hessian
        step, concave = ascent_direction(gradient, hessian, rules.difficult)
        record(iteration, not concave, backed_up)
        moved = float(np.max(np.abs(parameters - previous) / (np.abs(previous) + 1.0)))
        gained = abs(value - previous_value) / (abs(previous_value) + 1.0)
        still = moved <= rules.parameter_tolerance or gained <= rules.value_tolerance
        if still and rules.use_scaled_gradient:
            converged = concave and float(gradient @ step) < rules.scaled_gradient_tolerance
        else:
            converged = still
        unmoved = moved <= STILL and gained <= STILL
        flat = not concave and gained <= FLAT
        stalled = stalled + 1 if unmoved or flat else 0
        if stalled == MAXIMUM_STALLED:
            break
    return Optimum(
        np.array(start, dtype=np.float64),
        parameters,
        value,
        gradient,
        hessian,
        converged,
        evaluations,
        rules,
        log,
    )


def ascent_direction(gradient: Array, hessian: Array, difficult: bool) -> tuple[Array, bool]:
    """A step along which the objective rises, and whether the Hessian is negative definite.

    Curvature is judged after scaling to a unit diagonal, so that the units of the parameters do
    not matter.
    """
    if gradient.size == 0:
        return np.zeros(0), True
    size = np.sqrt(np.abs(np.diagonal(hessian)))
    size = np.where(size > 0.0, size, 1.0)
    curvature = -hessian / np.outer(size, size)
    scaled = gradient / size
    if not np.all(np.isfinite(curvature)):
        return scaled / (1.0 + float(np.linalg.norm(scaled))) / size, False
    eigenvalues, vectors = np.linalg.eigh(curvature)
    concave = bool(eigenvalues[0] > 1e-14)
    if concave:
        adjusted = eigenvalues
    elif difficult:
        adjusted = np.maximum(np.abs(eigenvalues), 1e-3)
    else:
        ridge = max(1e-3, 1e-3 - 2.0 * float(eigenvalues[0]))
        adjusted = eigenvalues + ridge
    return np.asarray(vectors @ ((vectors.T @ scaled) / adjusted) / size), concave
