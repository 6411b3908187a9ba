"""The Studentized range: ``tukeyprob()`` and ``invtukeyprob()``.

With k standard normals and an independent s² = χ²(ν)/ν, Q = range/s has

    P(Q <= q) = ∫ W(q e^t) f(t) dt,   W(w) = k ∫ φ(z) [Φ(z + w) - Φ(z)]^{k-1} dz,

where f is the density of t = ln s.  Both integrands are analytic and fall off exponentially, so
the trapezoidal rule converges geometrically; the steps below leave an absolute error of about
1e-13.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from statalike.data.missing import MISSING
from statalike.language.functions.registry import general
from statalike.language.functions.saddle_point import stirling_error
from statalike.language.values import Value, numbers

_STEP = 0.1
_NODES = np.arange(-9.0, 9.0 + _STEP / 2, _STEP)


def range_probability(k: float, w: np.ndarray) -> np.ndarray:
    """W(w): the probability that k standard normals lie within w of each other; shape of w."""
    from scipy.special import ndtr

    density = np.exp(-0.5 * _NODES**2) * (_STEP / math.sqrt(2.0 * math.pi))
    # Φ(z + w) - Φ(z) from the upper tails where z > 0, which loses nothing to cancellation.
    upper = np.where(
        _NODES > 0,
        ndtr(-_NODES) - ndtr(-(w[:, None] + _NODES)),
        ndtr(w[:, None] + _NODES) - ndtr(_NODES),
    )
    powered = np.maximum(upper, 0.0) ** (k - 1.0)
    return np.asarray(np.clip(k * (powered @ density), 0.0, 1.0))


@lru_cache(maxsize=4096)
def cumulative(k: float, df: float, q: float) -> float:
    """P(Q <= q) for k >= 2 means; ``df`` is infinite when it is missing."""
    if q <= 0:
        return 0.0
    if df >= MISSING or df > 1e7:
        return float(range_probability(k, np.array([q]))[0])
    width = 1.0 / math.sqrt(2.0 * df)
    step = min(0.1, width / 4.0)
    lower = -min(12.0 * width + 40.0 / (df + k - 1.0), 80.0)
    upper = min(12.0 * width, 0.5 * math.log(2.0 + 90.0 / df) + 0.5)
    t = np.arange(lower, upper + step, step)
    # ν^{ν/2} e^{νt - νe^{2t}/2} / {2^{ν/2-1} Γ(ν/2)} by Stirling's formula: no large logarithms.
    half = 0.5 * df
    constant = math.log(2.0) + 0.5 * math.log(half / (2.0 * math.pi)) - float(stirling_error(half))
    log_density = constant + half * (2.0 * t - np.expm1(2.0 * t))
    weights = np.exp(log_density)
    probability = float(range_probability(k, q * np.exp(t)) @ weights) * step
    return min(max(probability, 0.0), 1.0)


@lru_cache(maxsize=4096)
def quantile(k: float, df: float, p: float) -> float:
    """The q with P(Q <= q) = p."""
    from scipy.optimize import brentq

    upper = 1.0
    while cumulative(k, df, upper) < p:
        upper *= 2.0
        if upper > 1e12:
            return math.nan
    return float(brentq(lambda q: cumulative(k, df, q) - p, 0.0, upper, xtol=1e-12, rtol=1e-13))


def _at_distinct(function: Any, proper: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """Apply a function of numbers once to each distinct row of the columns."""
    rows, inverse = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    values = np.array([function(*row) for row in rows.tolist()])
    return np.where(proper, values[inverse.reshape(-1)], MISSING)


def _three(k: Value, df: Value, x: Value) -> tuple[tuple[int, ...], list[np.ndarray]]:
    arrays = np.broadcast_arrays(*(np.asarray(numbers(v)) for v in (k, df, x)))
    return arrays[0].shape, [np.array(a).reshape(-1) for a in arrays]


@general("tukeyprob", "n n n")
def tukeyprob(k: Value, df: Value, x: Value) -> Value:
    """P(Q <= x) for k means and df degrees of freedom; a missing df stands for infinity."""
    shape, (means, degrees, point) = _three(k, df, x)
    proper = (means >= 2) & (means < MISSING) & (degrees > 0) & (point < MISSING)
    safe = [np.where(proper, v, 2.0) for v in (means, degrees, point)]
    result = _at_distinct(cumulative, proper, *safe)
    return result.reshape(shape) if shape else float(result[0])


@general("invtukeyprob", "n n n")
def invtukeyprob(k: Value, df: Value, p: Value) -> Value:
    """The x with tukeyprob(k, df, x) = p."""
    shape, (means, degrees, probability) = _three(k, df, p)
    proper = (means >= 2) & (means < MISSING) & (degrees > 0)
    proper &= (probability >= 0) & (probability < 1)
    safe = [np.where(proper, v, d) for v, d in ((means, 2.0), (degrees, 2.0), (probability, 0.5))]
    result = _at_distinct(quantile, proper, *safe)
    return result.reshape(shape) if shape else float(result[0])
