"""Fixed effects to begin with where none are given: a search over orders of magnitude.

Parameters that enter the mean linearly are set to their least-squares values at every trial, so
that the others alone need be searched for (Golub and Pereyra 1973, SIAM Journal on Numerical
Analysis 10: 413-432); of those whose derivatives are multiples of each other's, as the coefficients
of one linear combination, all but one stay at zero.  Trials are scattered by Halton's sequence
(1960, Numerische Mathematik 2: 84-90); nonlinear least squares begins at the best of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.least_squares import LeastSquaresFit, nonlinear_least_squares
from statalike.engine.nonlinear.linearisation import Linearisation, linearise

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

TRIALS = 128
MOST_ROUNDS = 4
# Rounds shrink with the data: so many values of the mean function are computed in one.
VALUES_IN_ROUND = 2_000_000
LEAST_TRIALS = 16
POLISHED = 6
POLISHING = ConvergenceRules(iterations=60)
EXPLAINED = 0.9
SAME = 1e-8
# Of fits as good as this, that with the smallest parameters is taken.
AS_GOOD = 1.01
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)


def least_squares_start(
    observations: GroupedObservations, fixed: Array, rules: ConvergenceRules
) -> LeastSquaresFit:
    """Nonlinear least squares from ``fixed`` (p,), or from wherever it leads furthest where those
    are all zero or the mean is not defined there.

    Raises :class:`EstimationError` where no point is found at which the mean is defined.
    """
    none = observations.no_effects()
    here = linearise(observations, fixed, none)
    if here.usable and np.any(fixed):
        return nonlinear_least_squares(observations, here, rules)
    found = [nonlinear_least_squares(observations, here, POLISHING)] if here.usable else []
    search = _Search(observations, fixed)
    outcome = observations.outcome
    whole = float(np.sum((outcome - outcome.mean()) ** 2))
    for number in range(MOST_ROUNDS):
        for trial in search.best_trials(number):
            found.append(nonlinear_least_squares(observations, trial, POLISHING))
        if found and min(f.sum_of_squares for f in found) < (1.0 - EXPLAINED) * whole:
            break
        if not search.free.any():
            break
    if not found:
        raise EstimationError("likelihood_undefined", "the mean is not defined at the start")
    return nonlinear_least_squares(
        observations, _preferred(found, search.free).linearisation, rules
    )


def _preferred(found: list[LeastSquaresFit], free: Mask) -> LeastSquaresFit:
    """The best fit, or of several as good that which has the smallest ``free`` parameters; of two
    that differ in signs or order alone, that whose first to differ is larger.
    """
    best = min(fit.sum_of_squares for fit in found)

    def key(fit: LeastSquaresFit) -> tuple[int, float, tuple[float, ...]]:
        fixed = fit.linearisation.fixed[free]
        size = float(np.sum(np.log1p(np.abs(fixed))))
        descending = tuple(float(value) for value in np.round(-fixed, 4))
        return -int(fit.linearisation.kept.sum()), round(size, 3), descending

    return min((fit for fit in found if fit.sum_of_squares <= AS_GOOD * best), key=key)


class _Search:
    """Trials for the parameters that are zero at the start and not linear in the mean."""

    def __init__(self, observations: GroupedObservations, fixed: Array) -> None:
        self._observations = observations
        self._none = observations.no_effects()
        self._fixed = fixed
        self.linear = np.zeros(len(fixed), dtype=bool)
        self.free = fixed == 0.0
        probes = self._probes()
        if len(probes) == 2:
            first, second = probes
            self.linear = self._linear(first)
            self.free &= ~self.linear & ~_multiples(first, second, ~self.linear)

    def best_trials(self, number: int) -> list[Linearisation]:
        """The best trials of a round with their linear parameters at their least-squares values."""
        size = max(len(self._observations.outcome) * len(self._fixed), 1)
        count = int(np.clip(VALUES_IN_ROUND // size, LEAST_TRIALS, TRIALS))
        points = _scattered(1 + number * count, count, len(self._fixed))
        trials: list[tuple[float, int, Array]] = []
        for position, point in enumerate(points):
            projected = self._projected(np.where(self.free, point, self._fixed))
            if projected is not None:
                trials.append((projected[0], position, projected[1]))
        trials.sort(key=lambda trial: trial[:2])
        chosen = [linearise(self._observations, t[2], self._none) for t in trials[:POLISHED]]
        return [trial for trial in chosen if trial.usable]

    def _probes(self) -> list[tuple[Array, Array]]:
        """Two points at which everything is defined, with the derivatives there."""
        result: list[tuple[Array, Array]] = []
        for point in _scattered(1, 64, len(self._fixed)):
            trial = np.where(self._fixed == 0.0, point, self._fixed)
            columns = self._derivatives(trial)
            if columns is not None and np.all(np.any(columns != 0.0, axis=0)):
                result.append((trial, columns))
            if len(result) == 2:
                break
        return result

    def _derivatives(self, fixed: Array) -> Array | None:
        spread = self._observations.of_observations(self._none)
        found = self._observations.model.mean_function.derivatives(fixed, spread)
        columns = self._observations.chosen(found.fixed)
        return columns if np.isfinite(columns).all() and np.isfinite(found.values).all() else None

    def _linear(self, probe: tuple[Array, Array]) -> Mask:
        """Parameters in which, jointly, the mean is linear: moving them does not change their
        derivatives.
        """
        point, columns = probe
        linear = np.zeros(len(point), dtype=bool)
        for j in range(len(point)):
            linear[j] = True
            moved = self._derivatives(np.where(linear, 1.7 * point + 0.3, point))
            linear[j] = moved is not None and _equal(moved[:, linear], columns[:, linear])
        return linear

    def _projected(self, fixed: Array) -> tuple[float, Array] | None:
        """The sum of squares and the parameters with the linear ones at their best."""
        spread = self._observations.of_observations(self._none)
        found = self._observations.model.mean_function.derivatives(fixed, spread)
        residual = self._observations.outcome - self._observations.chosen(found.values)
        if not np.isfinite(residual).all():
            return None
        if self.linear.any():
            columns = self._observations.chosen(found.fixed)[:, self.linear]
            size = np.sqrt(np.sum(columns**2, axis=0))
            if not np.all(np.isfinite(size)):
                return None
            scaled = columns / np.where(size > 0.0, size, 1.0)
            step = np.linalg.lstsq(scaled, residual, rcond=1e-10)[0]
            residual = residual - scaled @ step
            fixed = fixed.copy()
            fixed[self.linear] += step / np.where(size > 0.0, size, np.inf)
        return float(residual @ residual), fixed


def _multiples(first: tuple[Array, Array], second: tuple[Array, Array], among: Mask) -> Mask:
    """Which parameters have derivatives that are, everywhere, those of a later one times a
    covariate.
    """
    result = np.zeros(len(among), dtype=bool)
    positions = np.flatnonzero(among)
    nonzero = (first[1] != 0.0) & (second[1] != 0.0)
    for place, j in enumerate(positions):
        for k in positions[place + 1 :]:
            both = nonzero[:, k]
            covered = not np.any(nonzero[:, j] & ~both)
            ratios = [columns[both, j] / columns[both, k] for _, columns in (first, second)]
            if covered and both.any() and _equal(*ratios):
                result[j] = True
                break
    return result


def _equal(left: Array, right: Array) -> bool:
    size = np.maximum(np.abs(left), np.abs(right))
    return bool(np.all(np.abs(left - right) <= SAME * size))


def _scattered(first: int, count: int, size: int) -> Array:
    """Points (count, size) of either sign, in turn between 0.1 and 10 and between 1e-4 and 1e4."""
    numbers = np.arange(first, first + count)
    unit = np.empty((count, size))
    for column in range(size):
        # Beyond the primes at hand the sequence of an earlier column is shifted.
        base = PRIMES[column % len(PRIMES)]
        unit[:, column] = (_radical_inverse(numbers, base) + 0.618 * (column // len(PRIMES))) % 1.0
    signed = 2.0 * unit - 1.0
    reach = np.where(numbers % 2 == 0, 1.0, 4.0)[:, None]
    return np.asarray(np.sign(signed) * 10.0 ** (reach * (2.0 * np.abs(signed) - 1.0)))


def _radical_inverse(numbers: NDArray[np.integer], base: int) -> Array:
    """Digits in ``base`` mirrored at the point."""
    result, share, left = np.zeros(len(numbers)), 1.0, numbers.copy()
    while np.any(left):
        share /= base
        result += share * (left % base)
        left = left // base
    return result
