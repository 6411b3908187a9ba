"""Discrete distributions: cumulative, reverse cumulative, probability, inverse.

[FN] Statistical functions.  A ``tail`` function is P(K >= k); the inverses solve for the
distribution's parameter, not for k.  Arguments that must be integers are rounded down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from statalike.language.functions import saddle_point
from statalike.language.functions.registry import numeric


def _arrays(*values: Any) -> list[np.ndarray]:
    return [np.array(v) for v in np.broadcast_arrays(*(np.asarray(v, float) for v in values))]


def _within(condition: Any, value: Any) -> np.ndarray:
    return np.where(condition, value, np.nan)


def _proportion(p: np.ndarray) -> np.ndarray:
    return np.asarray((p >= 0) & (p <= 1))


# --- binomial ----------------------------------------------------------------------------------


@numeric("binomial", "n n n")
def binomial(n: Any, k: Any, p: Any) -> Any:
    """P(K <= k) in n trials = I_{1-p}(n - k, k + 1)."""
    from scipy.special import betaincc

    n, k, p = _arrays(n, k, p)
    n, k = np.floor(n), np.floor(k)
    inside = (k >= 0) & (k < n)
    j = np.where(inside, k, 0.0)
    value = betaincc(j + 1.0, np.where(inside, n - j, 1.0), p)
    value = np.where(inside, value, np.where(k < 0, 0.0, 1.0))
    return _within((n >= 1) & _proportion(p), value)


@numeric("binomialtail", "n n n")
def binomialtail(n: Any, k: Any, p: Any) -> Any:
    """P(K >= k) in n trials = I_p(k, n - k + 1)."""
    from scipy.special import betainc

    n, k, p = _arrays(n, k, p)
    n, k = np.floor(n), np.floor(k)
    inside = (k > 0) & (k <= n)
    j = np.where(inside, k, 1.0)
    value = betainc(j, np.where(inside, n - j + 1.0, 1.0), p)
    value = np.where(inside, value, np.where(k <= 0, 1.0, 0.0))
    return _within((n >= 1) & _proportion(p), value)


@numeric("binomialp", "n n n")
def binomialp(n: Any, k: Any, p: Any) -> Any:
    """P(K = k) in n trials."""
    n, k, p = _arrays(n, k, p)
    n, k = np.floor(n), np.floor(k)
    inside = (k >= 0) & (k <= n)
    value = saddle_point.binomial(np.where(inside, k, 0.0), n, p, 1.0 - p)
    return _within((n >= 1) & _proportion(p), np.where(inside, value, 0.0))


@numeric("invbinomial", "n n n")
def invbinomial(n: Any, k: Any, probability: Any) -> Any:
    """The success probability with P(K <= k) equal to ``probability``."""
    from scipy.special import betainccinv

    n, k, q = _arrays(n, k, probability)
    n, k = np.floor(n), np.floor(k)
    proper = (n >= 1) & (k >= 0) & (k < n) & (q > 0) & (q < 1)
    return _within(proper, betainccinv(k + 1.0, n - k, q))


@numeric("invbinomialtail", "n n n")
def invbinomialtail(n: Any, k: Any, probability: Any) -> Any:
    """The success probability with P(K >= k) equal to ``probability``."""
    from scipy.special import betaincinv

    n, k, q = _arrays(n, k, probability)
    n, k = np.floor(n), np.floor(k)
    proper = (n >= 1) & (k >= 1) & (k <= n) & (q > 0) & (q < 1)
    return _within(proper, betaincinv(k, n - k + 1.0, q))


# --- Poisson -----------------------------------------------------------------------------------


@numeric("poisson", "n n")
def poisson(m: Any, k: Any) -> Any:
    """P(K <= k) with mean m."""
    from scipy.special import gammaincc

    m, k = _arrays(m, k)
    k = np.floor(k)
    return _within(m > 0, np.where(k >= 0, gammaincc(np.maximum(k, 0.0) + 1.0, m), 0.0))


@numeric("poissontail", "n n")
def poissontail(m: Any, k: Any) -> Any:
    """P(K >= k) with mean m."""
    from scipy.special import gammainc

    m, k = _arrays(m, k)
    k = np.floor(k)
    return _within(m > 0, np.where(k >= 1, gammainc(np.maximum(k, 1.0), m), 1.0))


@numeric("poissonp", "n n")
def poissonp(m: Any, k: Any) -> Any:
    """P(K = k) with mean m."""
    m, k = _arrays(m, k)
    k = np.floor(k)
    return _within(m > 0, np.where(k >= 0, saddle_point.poisson(np.maximum(k, 0.0), m), 0.0))


@numeric("invpoisson", "n n")
def invpoisson(k: Any, probability: Any) -> Any:
    """The mean with P(K <= k) equal to ``probability``."""
    from scipy.special import gammainccinv

    k, q = _arrays(k, probability)
    k = np.floor(k)
    return _within((k >= 0) & (q > 0) & (q < 1), gammainccinv(k + 1.0, q))


@numeric("invpoissontail", "n n")
def invpoissontail(k: Any, probability: Any) -> Any:
    """The mean with P(K >= k) equal to ``probability``."""
    from scipy.special import gammaincinv

    k, q = _arrays(k, probability)
    k = np.floor(k)
    return _within((k >= 1) & (q > 0) & (q < 1), gammaincinv(np.maximum(k, 1.0), q))


# --- negative binomial -------------------------------------------------------------------------


@numeric("nbinomial", "n n n")
def nbinomial(n: Any, k: Any, p: Any) -> Any:
    """P(K <= k) failures before the n-th success; n need not be an integer."""
    from scipy.special import betainc

    n, k, p = _arrays(n, k, p)
    k = np.floor(k)
    value = np.where(k >= 0, betainc(n, np.maximum(k, 0.0) + 1.0, p), 0.0)
    return _within((n > 0) & (p > 0) & (p <= 1), value)


@numeric("nbinomialtail", "n n n")
def nbinomialtail(n: Any, k: Any, p: Any) -> Any:
    """P(K >= k) failures before the n-th success."""
    from scipy.special import betaincc

    n, k, p = _arrays(n, k, p)
    k = np.floor(k)
    value = np.where(k >= 1, betaincc(n, np.maximum(k, 1.0), p), 1.0)
    return _within((n > 0) & (p > 0) & (p <= 1), value)


@numeric("nbinomialp", "n n n")
def nbinomialp(n: Any, k: Any, p: Any) -> Any:
    """P(K = k) failures before the n-th success."""
    n, k, p = _arrays(n, k, p)
    k = np.floor(k)
    j = np.maximum(k, 0.0)
    value = saddle_point.binomial(n, n + j, p, 1.0 - p) * n / (n + j)
    return _within((n > 0) & (p > 0) & (p <= 1), np.where(k >= 0, value, 0.0))


@numeric("invnbinomial", "n n n")
def invnbinomial(n: Any, k: Any, probability: Any) -> Any:
    """The success probability with nbinomial(n, k, p) equal to ``probability``."""
    from scipy.special import betaincinv

    n, k, q = _arrays(n, k, probability)
    k = np.floor(k)
    return _within((n > 0) & (k >= 0) & (q > 0) & (q < 1), betaincinv(n, k + 1.0, q))


@numeric("invnbinomialtail", "n n n")
def invnbinomialtail(n: Any, k: Any, probability: Any) -> Any:
    """The success probability with nbinomialtail(n, k, p) equal to ``probability``."""
    from scipy.special import betainccinv

    n, k, q = _arrays(n, k, probability)
    k = np.floor(k)
    proper = (n > 0) & (k >= 1) & (q > 0) & (q < 1)
    return _within(proper, betainccinv(n, np.maximum(k, 1.0), q))


# --- hypergeometric ----------------------------------------------------------------------------


@numeric("hypergeometricp", "n n n n")
def hypergeometricp(population: Any, marked: Any, n: Any, k: Any) -> Any:
    """P(K = k) marked elements in a sample of n from a population with ``marked`` of them."""
    size, marked, n, k = (np.floor(v) for v in _arrays(population, marked, n, k))
    inside = (k >= 0) & (k <= n) & (k <= marked) & (n - k <= size - marked)
    j = np.where(inside, k, 0.0)
    p = n / size
    q = (size - n) / size
    value = (
        saddle_point.binomial(j, marked, p, q)
        * saddle_point.binomial(np.where(inside, n - j, 0.0), size - marked, p, q)
        / saddle_point.binomial(n, size, p, q)
    )
    proper = (size >= 1) & (size <= 1e5) & (marked > 0) & (marked < size) & (n > 0) & (n < size)
    return _within(proper, np.where(inside, value, 0.0))


@numeric("hypergeometric", "n n n n")
def hypergeometric(population: Any, marked: Any, n: Any, k: Any) -> Any:
    """P(K <= k), a sum of at most k + 1 probabilities, for populations up to 100,000."""
    size, marked, n, k = (np.floor(v) for v in _arrays(population, marked, n, k))
    proper = (size >= 1) & (size <= 1e5) & (marked > 0) & (marked < size) & (n > 0) & (n < size)
    last = np.where(proper, np.minimum(k, np.minimum(n, marked)), -1.0)
    total = np.zeros(size.shape)
    first = np.maximum(0.0, n - (size - marked))
    steps = int(np.nanmax(last - first, initial=-1.0)) + 1
    for step in range(steps):
        j = first + step
        total += np.where(j <= last, hypergeometricp(size, marked, n, j), 0.0)
    return _within(proper, np.minimum(total, 1.0))
