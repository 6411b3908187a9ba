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
_ROOT_HALF = float(np.sqrt(0.5))
_ROOT_TWO_OVER_PI = float(np.sqrt(2.0 / np.pi))
_ROOT_HALF_PI = float(np.sqrt(0.5 * np.pi))


def log_probability_below(x: Array) -> Array:
    """``log Phi(x)``."""
    return np.asarray(log_ndtr(x))


def density_over_probability_below(x: Array) -> Array:
    """``phi(x) / Phi(x)``, the derivative of ``log Phi(x)``; zero where ``Phi(x)`` is one."""
    scaled = x * -_ROOT_HALF
    erfcx(scaled, out=scaled)
    return np.divide(_ROOT_TWO_OVER_PI, scaled, out=scaled)


def probability_below_over_density(x: Array) -> Array:
    """``Phi(x) / phi(x)`` for x up to 37."""
    scaled = x * -_ROOT_HALF
    erfcx(scaled, out=scaled)
    scaled *= _ROOT_HALF_PI
    return scaled


def probability_below_derivatives(x: Array, third: bool) -> tuple[Array, ...]:
    """``log Phi(x)`` and its first two, or with ``third`` three, derivatives.

    With ``r = phi / Phi``: ``r``, ``-r (x + r)`` and ``r ((x + r)(x + 2r) - 1)``.
    """
    value = log_probability_below(x)
    ratio = density_over_probability_below(x)
    shifted = x + ratio
    second = ratio * shifted
    np.negative(second, out=second)
    if not third:
        return value, ratio, second
    last = shifted * (shifted + ratio)
    last -= 1.0
    last *= ratio
    return value, ratio, second, last
