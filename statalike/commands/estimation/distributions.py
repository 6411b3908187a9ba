"""Tails and quantiles that tests and intervals need.

SciPy is imported when one is first asked for, since its import takes longer than the rest of the
program's start.
"""

from __future__ import annotations

import numpy as np


def two_sided_critical_value(level: float) -> float:
    """The normal quantile that leaves (100 - level)/2 percent in each tail."""
    from scipy import special

    return float(special.ndtri(0.5 + level / 200))


def two_sided_normal_p(z: np.ndarray) -> np.ndarray:
    """``P(|Z| > |z|)`` for a standard normal Z."""
    from scipy import special

    return np.asarray(2 * special.ndtr(-np.abs(z)))


def chi2_tail(df: float, value: float) -> float:
    """``P(X > value)`` for X chi-squared with ``df`` degrees of freedom."""
    from scipy import special

    return float(special.chdtrc(df, value))
