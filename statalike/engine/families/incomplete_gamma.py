"""The log of the upper incomplete gamma ratio ``Q(k, x)`` with derivatives in its shape k.

Below ``x = k + 1`` the power series of ``1 - Q`` and above it the continued fraction of Q
(Abramowitz and Stegun, 6.5.29 and 6.5.31; Press et al. 2007, Numerical Recipes, 6.2) are
differentiated term by term: Moore (1982), Algorithm AS 187, Applied Statistics 31: 330-335.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaincc, zeta

from statalike.engine.families.family import Array
from statalike.engine.families.gamma_function import stirling_remainder
from statalike.engine.families.normal_tails import LOG_ROOT_TWO_PI

_MAXIMUM_TERMS = 20_000
_PRECISION = 1e-16


@dataclass(frozen=True)
class UpperGammaRatio:
    """log Q, its first and second derivatives in k, and ``x^k exp(-x) / {Gamma(k) Q}``, which is
    minus its derivative in log x; arrays of the shape of x."""

    value: Array
    first: Array
    second: Array
    hazard: Array


def log_upper_gamma_ratio(shape: Array, x: Array, log_x: Array) -> UpperGammaRatio:
    """log Q(k, x) for positive k and x (both of one shape), ``log_x`` the log of x."""
    found = np.empty((4, *x.shape))
    lower = x < shape + 1.0
    for branch, where in ((_from_series, lower), (_from_fraction, ~lower)):
        if where.all():
            found[:] = branch(shape, x, log_x)
            break
        if where.any():
            found[:, where] = branch(shape[where], x[where], log_x[where])
    return UpperGammaRatio(*found)


def log_upper_gamma(shape: Array, x: Array, log_x: Array) -> Array:
    """log Q(k, x) alone, by the continued fraction only where Q underflows."""
    ratio = np.asarray(gammaincc(shape, x))
    small = ratio < 1e-290
    value = np.log(np.where(small, 1.0, ratio))
    if small.any():
        value[small] = _from_fraction(shape[small], x[small], log_x[small])[0]
    return value


def _from_series(shape: Array, x: Array, log_x: Array) -> Array:
    """``1 - Q = x^k exp(-x) / Gamma(k + 1) sum_n x^n / {(k + 1) ... (k + n)}``."""
    term = np.ones_like(x)
    harmonic, squares = np.zeros_like(x), np.zeros_like(x)
    total, first, second = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for n in range(1, _MAXIMUM_TERMS):
        inverse = 1.0 / (shape + n)
        term *= x
        term *= inverse
        harmonic += inverse
        squares += inverse * inverse
        total += term
        slope = term * harmonic
        first -= slope
        bend = slope * harmonic
        bend += term * squares
        second += bend
        if np.all(bend <= _PRECISION * second) and np.all(term <= _PRECISION * total):
            break
    log_kernel = _log_kernel(shape, log_x) - np.log(shape)
    first /= total
    second /= total
    second -= np.square(first)
    first += log_x - digamma(shape + 1.0)
    second -= zeta(2.0, shape + 1.0)
    probability = np.exp(log_kernel) * total
    # Below x = k + 1 this is never near one, but rounding could make it one where k is tiny.
    rest = np.maximum(1.0 - probability, 1e-300)
    odds = probability / rest
    slope = -odds * first
    curvature = -odds * (second + np.square(first)) - np.square(slope)
    hazard = np.exp(log_kernel + np.log(shape)) / rest
    return np.stack([np.log(rest), slope, curvature, hazard])


def _from_fraction(shape: Array, x: Array, log_x: Array) -> Array:
    """``Q = x^k exp(-x) / Gamma(k) F`` with F the limit of ``1/(x+1-k-) 1(1-k)/(x+3-k-) ...``.

    Numerators and denominators of the convergents with their derivatives in k, by the recurrence
    ``A_n = b_n A_(n-1) + a_n A_(n-2)``, rescaled at every step so that ``B_n`` is one.
    """
    # Rows: A, A', A'', B, B', B''.
    base = x + 1.0 - shape
    size = x.shape
    before, now = np.zeros((6, *size)), np.zeros((6, *size))
    before[3] = 1.0
    now[0] = 1.0 / base
    now[3] = 1.0
    now[4] = -1.0 / base
    before /= base
    ratio = now[0].copy()
    settled = 0
    for n in range(1, _MAXIMUM_TERMS):
        partial = base + 2.0 * n
        factor = n * (shape - n)
        following = partial * now + factor * before
        for offset in (0, 3):
            following[offset + 2] += 2.0 * (n * before[offset + 1] - now[offset + 1])
            following[offset + 1] += n * before[offset] - now[offset]
        scale = 1.0 / following[3]
        before, now = now, following
        before *= scale
        now *= scale
        latest = now[0]
        moved = np.abs(latest - ratio) > 1e-15 * np.abs(latest)
        ratio = latest.copy()
        # Derivatives settle a little later than the value.
        settled = 0 if moved.any() else settled + 1
        if settled > 5:
            break
    fraction = now[0]
    first = now[1] - fraction * now[4]
    second = now[2] - 2.0 * first * now[4] - fraction * now[5]
    first /= fraction
    second /= fraction
    value = _log_kernel(shape, log_x) + np.log(fraction)
    slope = log_x - digamma(shape) + first
    curvature = second - np.square(first) - zeta(2.0, shape)
    return np.stack([value, slope, curvature, 1.0 / fraction])


def _log_kernel(shape: Array, log_x: Array) -> Array:
    """``log{x^k exp(-x) / Gamma(k)}``, by Stirling's formula, in which large terms cancel."""
    log_shape = np.log(shape)
    z = log_x - log_shape
    remainder = stirling_remainder(shape, 0)[0]
    return shape * (z - np.expm1(z)) + 0.5 * log_shape - LOG_ROOT_TWO_PI - remainder
