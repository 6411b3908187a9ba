"""The standard normal distribution's tails on a scale on which nothing underflows.

With ``m(x) = Phi(x) / phi(x) = sqrt(pi/2) erfcx(-x / sqrt(2))`` (Abramowitz and Stegun, 7.1 and
26.2) ratios of densities to probabilities need no exponential function and are accurate however
small the probability.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, log_ndtr

from statalike.engine.families.family import Array

LOG_ROOT_TWO_PI = 0.5 * float(np.log(2.0 * np.pi))
# Beyond this squares would overflow.
_FAR = 1e150
_ROOT_HALF = float(np.sqrt(0.5))
_DENSITY_AT_ZERO = float(1.0 / np.sqrt(2.0 * np.pi))
_ROOT_HALF_PI = float(np.sqrt(0.5 * np.pi))


def log_probability_below(x: Array) -> Array:
    """``log Phi(x)``."""
    return np.asarray(log_ndtr(x))


def probability_below_over_density(x: Array) -> Array:
    """``Phi(x) / phi(x)`` for x up to 37."""
    scaled = x * -_ROOT_HALF
    erfcx(scaled, out=scaled)
    scaled *= _ROOT_HALF_PI
    return scaled


def probability_below_derivatives(x: Array, third: bool) -> tuple[Array, ...]:
    """``log Phi(x)`` and its first two, or with ``third`` three, derivatives.

    With ``e = erfcx(|x| / sqrt(2))`` the log is ``log(e / 2) - x^2 / 2`` below zero and
    ``log{1 - (e / 2) exp(-x^2 / 2)}`` above; and with ``r = phi / Phi`` the derivatives are ``r``,
    ``-r (x + r)`` and ``r ((x + r)(x + 2r) - 1)``.
    """
    half_square = np.abs(x)
    np.minimum(half_square, _FAR, out=half_square)
    half_square *= _ROOT_HALF
    scaled = erfcx(half_square)
    scaled *= 0.5
    np.square(half_square, out=half_square)
    kernel = np.negative(half_square)
    np.exp(kernel, out=kernel)
    negative = x < 0.0
    tail = scaled * kernel
    ratio = np.where(negative, 1.0, kernel)
    ratio *= _DENSITY_AT_ZERO
    ratio /= np.where(negative, scaled, 1.0 - tail)
    value = np.where(negative, scaled - 1.0, -tail)
    np.log1p(value, out=value)
    half_square *= negative
    value -= half_square
    shifted = x + ratio
    second = ratio * shifted
    np.negative(second, out=second)
    if not third:
        return value, ratio, second
    last = shifted * (shifted + ratio)
    last -= 1.0
    last *= ratio
    return value, ratio, second, last
