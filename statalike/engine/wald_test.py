"""Wald tests of linear restrictions on coefficients ([R] test, Methods and formulas).

With estimates b (k,) of covariance V (k, k), the restrictions R b = r, R of shape (m, k), have

    W = (R b - r)' (R V R')^{-1} (R b - r),

chi-squared with rank(R V R') degrees of freedom when they hold; W over its degrees of freedom is F
where the residual degrees of freedom are finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

DEPENDENCE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class WaldStatistic:
    """A Wald test.

    ``statistic`` is chi-squared, or F when ``denominator`` is given; it and ``p`` are nan when no
    restriction is left to test.  ``dropped`` are the positions (from 0) of restrictions that
    depend on those before them, or whose combination of coefficients has no variance.
    """

    statistic: float
    df: int
    p: float
    denominator: float | None
    dropped: tuple[int, ...]


def wald_test(
    coefficients: np.ndarray,
    covariance: np.ndarray,
    weights: np.ndarray,
    constants: np.ndarray,
    denominator: float | None = None,
) -> WaldStatistic:
    """Test R b = r; ``denominator`` are the residual degrees of freedom of an F test."""
    variance = weights @ covariance @ weights.T
    distance = weights @ coefficients - constants
    kept = independent_restrictions(variance)
    dropped = tuple(int(i) for i in np.flatnonzero(~kept))
    df = int(kept.sum())
    if not df:
        return WaldStatistic(np.nan, 0, np.nan, denominator, dropped)
    distance = distance[kept]
    value = float(distance @ np.linalg.solve(variance[np.ix_(kept, kept)], distance))
    if denominator is None:
        return WaldStatistic(value, df, float(special.chdtrc(df, value)), None, dropped)
    value /= df
    p = float(special.fdtrc(df, denominator, value))
    return WaldStatistic(value, df, p, denominator, dropped)


def constrained_estimates(
    coefficients: np.ndarray, covariance: np.ndarray, weights: np.ndarray, constants: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The estimates (k,) nearest to b, in the metric of V, that satisfy R b = r, and their
    covariance (k, k):

        b - V R' (R V R')^{-1} (R b - r),   V - V R' (R V R')^{-1} R V.

    Restrictions that depend on others are left out.
    """
    variance = weights @ covariance @ weights.T
    kept = independent_restrictions(variance)
    weights, constants = weights[kept], constants[kept]
    gain = np.linalg.solve(variance[np.ix_(kept, kept)], weights @ covariance).T
    found = coefficients - gain @ (weights @ coefficients - constants)
    remaining = covariance - gain @ weights @ covariance
    negligible = np.abs(np.diag(remaining)) <= DEPENDENCE_TOLERANCE * np.diag(covariance)
    remaining[negligible] = remaining[:, negligible] = 0.0
    found[np.abs(found) <= DEPENDENCE_TOLERANCE * np.abs(coefficients) * negligible] = 0.0
    return found, (remaining + remaining.T) / 2.0


def independent_restrictions(variance: np.ndarray) -> np.ndarray:
    """Which rows of a covariance matrix (m, m) do not depend on earlier ones: a mask (m,).

    A row is left out when the variance that remains after those before it is a negligible part
    of its own.
    """
    remaining = np.array(variance, dtype=float)
    own = np.diag(variance).copy()
    kept = np.zeros(len(own), dtype=bool)
    for i, scale in enumerate(own):
        pivot = remaining[i, i]
        if not (scale > 0 and pivot > DEPENDENCE_TOLERANCE * scale):
            continue
        kept[i] = True
        remaining -= np.outer(remaining[:, i], remaining[i]) / pivot
    return kept


def adjusted_p_values(p: Sequence[float], method: str) -> list[float]:
    """p-values of several tests adjusted for their number m ([R] test, mtest()).

    ``bonferroni``: min(1, m p); ``sidak``: 1 - (1 - p)^m; ``holm``: the largest of
    (m - j + 1) p_(j) over the ordered p-values up to the one at hand (Holm 1979).
    """
    values = np.asarray(p, dtype=float)
    m = len(values)
    if method == "bonferroni":
        values = np.minimum(1.0, m * values)
    elif method == "sidak":
        values = -np.expm1(m * np.log1p(-values))
    elif method == "holm":
        order = np.argsort(values, kind="stable")
        steps = np.minimum(1.0, (m - np.arange(m)) * values[order])
        values[order] = np.maximum.accumulate(steps)
    return [float(value) for value in values]
