"""Densities of the binomial, Poisson, gamma, beta, t and F to full relative accuracy.

The textbook formulas subtract large log-gammas.  Here the leading terms are cancelled by hand, as
in C. Loader (2000), "Fast and accurate computation of binomial probabilities": with the Stirling
error δ(x) = ln x! - [(x + 1/2) ln x - x + ln(2π)/2] and the deviance D(x, m) = x ln(x/m) + m - x,

    Poisson(x; m) = exp{-δ(x) - D(x, m)} / √(2πx).

All functions take arrays or numbers that broadcast, and x need not be an integer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_LARGE = 12.0


def stirling_error(x: Any) -> np.ndarray:
    """δ(x) for x > 0: the series in 1/x, brought to large x by δ's recurrence.

    δ(x) - δ(x+1) = (x + 1/2) ln(1 + 1/x) - 1 follows from (x+1)! = (x+1) x!.
    """
    x = np.asarray(x, dtype=np.float64)
    correction = np.zeros_like(x)
    shifted = x.copy()
    for _ in range(int(_LARGE)):
        small = shifted < _LARGE
        if not small.any():
            break
        step = (shifted + 0.5) * np.log1p(1.0 / shifted) - 1.0
        correction = np.where(small, correction + step, correction)
        shifted = np.where(small, shifted + 1.0, shifted)
    inverse = 1.0 / shifted
    square = inverse * inverse
    series = np.zeros_like(x)
    for coefficient in reversed(_SERIES):
        series = series * square + coefficient
    return np.asarray(correction + series * inverse)


def deviance(x: Any, m: Any) -> np.ndarray:
    """D(x, m) = x ln(x/m) + m - x for x > 0, m > 0, accurate where x is near m."""
    x, m = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(m, dtype=np.float64))
    v = (x - m) / (x + m)
    near = np.abs(v) < 0.1
    w = np.where(near, v, 0.0)
    square = w * w
    series = np.zeros_like(w)
    for j in range(9, 0, -1):
        series = (series + 1.0 / (2 * j + 1)) * square
    close = (x - m) * w + 2.0 * x * w * series
    return np.asarray(np.where(near, close, x * np.log(x / m) + m - x))


def poisson(x: Any, m: Any) -> np.ndarray:
    """m^x e^{-m} / Γ(x + 1), for x >= 0 and m >= 0."""
    x, m = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(m, dtype=np.float64))
    positive = x > 0
    safe = np.where(positive, x, 1.0)
    value = np.exp(-stirling_error(safe) - deviance(safe, m)) / np.sqrt(2.0 * np.pi * safe)
    value = np.where(positive, value, np.exp(-m))
    return np.where(m == 0.0, np.where(positive, 0.0, 1.0), value)


def binomial(x: Any, n: Any, p: Any, q: Any) -> np.ndarray:
    """Γ(n+1) / {Γ(x+1) Γ(n-x+1)} p^x q^{n-x}, for 0 <= x <= n, p + q = 1."""
    x, n, p, q = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (x, n, p, q)))
    inside = (x > 0) & (x < n)
    a = np.where(inside, x, 1.0)
    b = np.where(inside, n - x, 1.0)
    total = np.where(inside, n, 2.0)
    exponent = (
        stirling_error(total)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, total * p)
        - deviance(b, total * q)
    )
    value = np.exp(exponent) * np.sqrt(total / (2.0 * np.pi * a * b))
    none = np.where(p < 0.5, np.exp(n * np.log1p(-p)), q**n)
    every = np.where(q < 0.5, np.exp(n * np.log1p(-q)), p**n)
    value = np.where(x == 0, none, np.where(x == n, every, value))
    certain = (p == 0) | (q == 0)
    return np.where(certain, np.where(x == np.where(p == 0, 0.0, n), 1.0, 0.0), value)


def gamma(a: Any, x: Any) -> np.ndarray:
    """x^{a-1} e^{-x} / Γ(a) for x > 0."""
    return np.asarray(poisson(a, x) * a / x)


def beta(a: Any, b: Any, x: Any) -> np.ndarray:
    """x^{a-1} (1-x)^{b-1} / B(a, b) for 0 < x < 1."""
    y = 1.0 - x
    return np.asarray(binomial(a, a + b, x, y) * a * b / ((a + b) * x * y))


def student(df: Any, t: Any) -> np.ndarray:
    """Student's t density with df degrees of freedom."""
    df, t = np.asarray(df, dtype=np.float64), np.asarray(t, dtype=np.float64)
    k, m = df / 2.0, (df + 1.0) / 2.0
    ratio = t * t / df
    # For |t| beyond the square root of the largest double, ln(1 + t²/df) is 2 ln|t| - ln df.
    log_term = np.where(
        np.isfinite(ratio), np.log1p(ratio), 2.0 * np.log(np.abs(t) + 1e-300) - np.log(df)
    )
    constant = -deviance(k, m) + stirling_error(m) - stirling_error(k)
    return np.asarray(np.exp(constant - m * log_term) / np.sqrt(2.0 * np.pi))


def fisher(df1: Any, df2: Any, x: Any) -> np.ndarray:
    """The F density with df1 and df2 degrees of freedom, for x > 0."""
    a, b = df1 / 2.0, df2 / 2.0
    total = df1 * x + df2
    return np.asarray(binomial(a, a + b, df1 * x / total, df2 / total) * a * b / ((a + b) * x))
