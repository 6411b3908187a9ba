"""Starting values of residual parameters from the least-squares residuals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.nested_groups import nested_groups
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    BandedResiduals,
    ExponentialResiduals,
    MovingAverageResiduals,
    ToeplitzResiduals,
)

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# Exponential residuals begin with at least this correlation of neighbours.
LEAST_NEIGHBOURS = 0.05


def starting_residuals(errors: ResidualErrors, residual: Array, random_effects: bool) -> Array:
    """Search parameters (R,) from the least-squares residuals (n,).

    Without random effects, ratios of standard deviations are those of the residuals, and so are
    the correlations of moving averages and of Toeplitz, banded and unstructured matrices, nearer
    to zero where they would not make a covariance matrix.  Autoregressions, with that of order 1,
    and exponential residuals begin where the semivariogram suggests, other structures with nearly
    independent residuals.
    """
    family = errors.family
    structure = family.structure
    start = family.start()
    times = np.zeros(len(residual)) if errors.times is None else errors.times
    if isinstance(structure, AutoregressiveResiduals):
        group = nested_groups(errors.groups).innermost_group
        size = structure.parameter_count
        start[family.ratio_count :: size] = np.arctanh(_neighbours(residual, times, group, 1.0)[0])
    elif isinstance(structure, ExponentialResiduals):
        group = nested_groups(errors.groups).innermost_group
        rho, distance = _neighbours(residual, times, group)
        if distance > 0.0:
            logarithm = np.log(max(rho, LEAST_NEIGHBOURS)) / distance
            start[family.ratio_count :] = logarithm - np.log(-np.expm1(logarithm))
    if random_effects:
        return start
    by = np.zeros(len(residual), dtype=np.intp) if errors.by is None else errors.by
    kinds = by * structure.deviation_count + structure.deviation_positions(times)
    kind_count = family.ratio_count + 1
    squares = np.bincount(kinds, residual**2, minlength=kind_count)
    counts = np.bincount(kinds, minlength=kind_count)
    variances = np.where(squares > 0.0, squares, 1.0) / np.maximum(counts, 1)
    logarithms = 0.5 * np.log(variances)
    start[: family.ratio_count] = (logarithms - logarithms[0])[1:]
    if isinstance(structure, ToeplitzResiduals):
        lags = structure.lags
    elif isinstance(structure, MovingAverageResiduals):
        lags = tuple(range(1, structure.order + 1))
    elif not isinstance(structure, BandedResiduals):
        return start
    group = nested_groups(errors.groups).innermost_group
    scaled = residual / np.exp(logarithms)[kinds]
    size = structure.parameter_count
    for level in range(family.by_count):
        chosen = by == level
        first = family.ratio_count + level * size
        if isinstance(structure, BandedResiduals):
            moments = _between_times(scaled[chosen], times[chosen], group[chosen], structure.size)
        else:
            moments = _at_lags(scaled[chosen], times[chosen], group[chosen], lags)
        start[first : first + size] = structure.search_from_moments(moments)
    return start


def _neighbours(
    residual: Array, times: Array, group: Positions, lag_unit: float | None = None
) -> tuple[float, float]:
    """The correlation of neighbours in a process of order 1, constant effects of groups apart, and
    their mean distance.

    Semivariances, ``s2 (1 - rho)`` between neighbours and ``s2 (1 - rho^2)`` at twice their
    distance, are free of such effects, and their ratio is ``1 + rho``.  With ``lag_unit`` only
    pairs at exactly that distance, and twice it, are taken.
    """
    if np.any(np.diff(group) < 0) or np.any((np.diff(group) == 0) & (np.diff(times) <= 0.0)):
        order = np.lexsort((times, group))
        residual, times, group = residual[order], times[order], group[order]
    semivariances, distances = [], []
    for lag in (1, 2):
        distance = times[lag:] - times[:-lag]
        pairs = group[lag:] == group[:-lag]
        if lag_unit is not None:
            pairs &= distance == lag * lag_unit
        steps = (residual[lag:] - residual[:-lag])[pairs]
        semivariances.append(float(steps @ steps) / max(len(steps), 1))
        distances.append(float(distance[pairs].sum()) / max(len(steps), 1))
    if not min(semivariances) > 0.0:
        return 0.05, distances[0]
    return float(np.clip(semivariances[1] / semivariances[0] - 1.0, -0.7, 0.9)), distances[0]


def _between_times(residual: Array, times: Array, group: Positions, count: int) -> Array:
    """Mean products of residuals at each pair of times (p, p)."""
    numbers = np.unique(group, return_inverse=True)[1]
    table = np.zeros((int(numbers.max(initial=-1)) + 1, count))
    present = np.zeros_like(table)
    at = times.astype(np.intp)
    table[numbers, at], present[numbers, at] = residual, 1.0
    return np.asarray(table.T @ table / np.maximum(present.T @ present, 1.0))


def _at_lags(residual: Array, times: Array, group: Positions, lags: tuple[int, ...]) -> Array:
    """Mean products of residuals of a group at lags 1 to the last, (1, L), in positions of lags."""
    order = np.lexsort((times, group))
    residual, times, group = residual[order], times[order].astype(np.int64), group[order]
    span = int(times.max() - times.min()) + max(lags, default=0) + 1
    keys = group * span + (times - times.min())
    moments = np.zeros((1, max(lags, default=0)))
    for lag in lags:
        found = np.minimum(np.searchsorted(keys, keys + lag), len(keys) - 1)
        pairs = keys[found] == keys + lag
        if pairs.any():
            moments[0, lag - 1] = np.mean(residual[pairs] * residual[found[pairs]])
    return moments
