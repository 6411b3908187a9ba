"""Hausman's test of a difference between two estimators.

Hausman (1978), Specification tests in econometrics, Econometrica 46: 1251-1271.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

#: eigenvalues of the scaled difference of covariances below this part of the largest count as zero
TOLERANCE = 1e-9


@dataclass(frozen=True)
class HausmanTest:
    """The statistic, which may be negative where the difference of covariances is indefinite; its
    degrees of freedom and p-value (nan when negative); the rank of the difference."""

    statistic: float
    df: int
    p: float
    rank: int
    positive: bool


def hausman_test(
    consistent: np.ndarray,
    efficient: np.ndarray,
    consistent_covariance: np.ndarray,
    efficient_covariance: np.ndarray,
    df: int | None = None,
) -> HausmanTest:
    """Test estimates (k,) with covariances (k, k); ``df`` takes the place of the rank.

    The generalised inverse is that of the difference scaled to unit diagonal, without the
    directions in which it is zero.
    """
    distance = consistent - efficient
    difference = consistent_covariance - efficient_covariance
    size = np.sqrt(np.abs(np.diag(difference)))
    size = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(difference / np.outer(size, size))
    largest = np.abs(values).max(initial=0.0)
    kept = np.abs(values) > TOLERANCE * largest
    projected = vectors[:, kept].T @ (distance / size)
    statistic = float((projected**2 / values[kept]).sum())
    rank = int(kept.sum())
    chosen = rank if df is None else df
    p = float(special.chdtrc(chosen, statistic)) if statistic >= 0 else float("nan")
    return HausmanTest(statistic, chosen, p, rank, bool((values[kept] > 0).all()))
