"""Nonlinear least squares.

The method is Levenberg's and Marquardt's (More 1978, in Lecture Notes in Mathematics 630), with the
damping taken from a singular value decomposition of the derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.newton_raphson import (
    ConvergenceMeasures,
    ConvergenceRules,
    IterationRecord,
)
from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.linearisation import Linearisation, linearise
from statalike.engine.nonlinear.penalised_least_squares import relative_change

Array = NDArray[np.float64]

FIRST_DAMPING = 1e-3
MAXIMUM_TRIALS = 25


@dataclass(frozen=True)
class LeastSquaresFit:
    """Where nonlinear least squares arrived, and its sum of squares."""

    linearisation: Linearisation
    sum_of_squares: float
    converged: bool
    log: tuple[IterationRecord, ...]


def nonlinear_least_squares(
    observations: GroupedObservations,
    start: Linearisation,
    rules: ConvergenceRules,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> LeastSquaresFit:
    """Minimise the sum of squares in the fixed effects, random effects as they are.

    Values of the records are log likelihoods with the residual variance at its maximiser.  Raises
    :class:`EstimationError` where the mean is not defined at the start.
    """
    here, value = start, _sum_of_squares(start)
    if not np.isfinite(value):
        raise EstimationError("likelihood_undefined", "the mean is not defined at the start")
    n = observations.count
    log: list[IterationRecord] = []
    damping, converged = FIRST_DAMPING, False
    for iteration in range(1, rules.iterations + 1):
        size = _column_lengths(here)
        basis, singular, turned = np.linalg.svd(here.fixed_design / size, full_matrices=False)
        projected = basis.T @ here.residual
        before, before_value = here, value
        for _ in range(MAXIMUM_TRIALS):
            step = (turned.T @ (singular / (singular**2 + damping) * projected)) / size
            there = linearise(observations, here.fixed + here.expanded(step), here.effects)
            reached = _sum_of_squares(there)
            if reached <= value:
                damping = max(damping / 10.0, 1e-15)
                here, value = there, reached
                break
            damping = damping * 10.0 if damping > 1e-12 else 1e-6
        gradient = float(n * np.sum(projected**2) / max(before_value, 1e-300))
        change = relative_change(before.fixed, here.fixed)
        gained = 0.5 * n * abs(np.log(max(before_value, 1e-300) / max(value, 1e-300)))
        gained /= abs(_log_likelihood(n, before_value)) + 1.0
        record = IterationRecord(
            iteration,
            _log_likelihood(n, value),
            False,
            False,
            np.zeros(0),
            here.fixed,
            measures=ConvergenceMeasures(change, float(gained), gradient),
        )
        log.append(record)
        if on_iteration is not None:
            on_iteration(record)
        still = change <= rules.parameter_tolerance or gained <= rules.value_tolerance
        small = gradient < rules.scaled_gradient_tolerance or not rules.use_scaled_gradient
        if here is before or (still and small):
            converged = still and (small or here is before)
            break
    return LeastSquaresFit(here, value, converged, tuple(log))


def _log_likelihood(n: int, sum_of_squares: float) -> float:
    variance = max(sum_of_squares, 1e-300) / n
    return float(-0.5 * n * (1.0 + np.log(2.0 * np.pi * variance)))


def _sum_of_squares(linearisation: Linearisation) -> float:
    if not linearisation.usable:
        return float("inf")
    with np.errstate(all="ignore"):
        total = float(linearisation.residual @ linearisation.residual)
    return total if np.isfinite(total) else float("inf")


def _column_lengths(linearisation: Linearisation) -> Array:
    largest = np.max(np.abs(linearisation.fixed_design), axis=0)
    scale = np.where(largest > 0.0, largest, 1.0)
    return scale * np.sqrt(np.mean((linearisation.fixed_design / scale) ** 2, axis=0)) + 1e-300
