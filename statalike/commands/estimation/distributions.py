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


def t_critical_values(level: float, df: np.ndarray) -> np.ndarray:
    """The quantiles of t with ``df`` (k,) degrees of freedom, infinite for the normal, that leave
    (100 - level)/2 percent in each tail; nan where df is not positive.
    """
    from scipy import special

    finite = np.isfinite(df) & (df > 0)
    values = special.stdtrit(np.where(finite, df, 1.0), 0.5 + level / 200)
    return np.where(finite, values, np.where(df == np.inf, two_sided_critical_value(level), np.nan))


def two_sided_t_p(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """``P(|T| > |t|)`` for T with ``df`` (k,) degrees of freedom, infinite for the normal; nan
    where df is not positive.
    """
    from scipy import special

    finite = np.isfinite(df) & (df > 0)
    values = 2 * special.stdtr(np.where(finite, df, 1.0), -np.abs(t))
    return np.where(finite, values, np.where(df == np.inf, two_sided_normal_p(t), np.nan))


def f_tail(df: float, denominator: float, value: float) -> float:
    """``P(X > value)`` for X that is F with ``df`` and ``denominator`` degrees of freedom."""
    from scipy import special

    return float(special.fdtrc(df, denominator, value))
