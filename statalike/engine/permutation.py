"""Monte Carlo permutation tests ([R] permute, Methods and formulas)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special


def permuted_within(uniforms: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """A random permutation of n positions that stays within strata.

    ``uniforms`` (n,) decide it, ``strata`` (n,) are codes.  Position i gets what stood at the
    i-th entry of the result.
    """
    moved = np.empty(len(strata), dtype=np.intp)
    places = np.argsort(strata, kind="stable")
    moved[places] = np.lexsort((uniforms, strata))
    return moved


@dataclass(frozen=True)
class PermutationTests:
    """For k statistics: counts of values as extreme as the observed, p-values, their errors.

    ``lower`` is for small values, ``upper`` for large ones; the two-sided p-value is twice the
    smaller of both, at most 1.  Intervals are (2, k), exact for one side.
    """

    replications: np.ndarray
    lower_count: np.ndarray
    upper_count: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    two_sided: np.ndarray
    lower_interval: np.ndarray
    upper_interval: np.ndarray
    two_sided_interval: np.ndarray

    @staticmethod
    def error(p: np.ndarray, n: np.ndarray) -> np.ndarray:
        """The Monte Carlo standard error sqrt(p (1 - p) / n)."""
        return np.asarray(np.sqrt(p * (1 - p) / n))


def permutation_tests(
    values: np.ndarray, observed: np.ndarray, level: float, tolerance: float
) -> PermutationTests:
    """Tests from permuted statistics (R, k), nan where missing, and observed ones (k,).

    Differences up to ``tolerance`` count as none.
    """
    known = ~np.isnan(values)
    n = known.sum(axis=0).astype(float)
    with np.errstate(invalid="ignore"):
        low = (known & (values <= observed + tolerance)).sum(axis=0).astype(float)
        high = (known & (values >= observed - tolerance)).sum(axis=0).astype(float)
        lower, upper = low / n, high / n
        two_sided = np.minimum(1.0, 2 * np.minimum(lower, upper))
        z = special.ndtri(0.5 + level / 200)
        error = PermutationTests.error(two_sided, n)
        near = np.array([two_sided - z * error, two_sided + z * error]).clip(0.0, 1.0)
    return PermutationTests(
        n,
        low,
        high,
        lower,
        upper,
        two_sided,
        binomial_interval(low, n, level),
        binomial_interval(high, n, level),
        near,
    )


def binomial_interval(count: np.ndarray, n: np.ndarray, level: float) -> np.ndarray:
    """Exact limits (2, k) for shares count / n (Clopper and Pearson 1934)."""
    half = (100 - level) / 200
    with np.errstate(all="ignore"):
        low = np.where(count > 0, special.betaincinv(count, n - count + 1, half), 0.0)
        high = np.where(count < n, special.betaincinv(count + 1, n - count, 1 - half), 1.0)
    return np.array([low, high])
