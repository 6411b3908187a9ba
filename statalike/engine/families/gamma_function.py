"""The gamma function beside Stirling's approximation, for shapes of any size.

Likelihoods with a shape parameter r contain differences such as
``log Gamma(y + r) - log Gamma(r)`` that are lost in rounding when r is large.  With

    log Gamma(z) = (z - 1/2) log z - z + log(2 pi) / 2 + A(z)

the large terms are differenced by hand and only the remainder A, which vanishes as ``1/(12 z)``, is
computed (Abramowitz and Stegun, 6.1.40 and 6.4.11-14).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, zeta

from statalike.engine.families.family import Array
from statalike.engine.families.normal_tails import LOG_ROOT_TWO_PI

# Above this five terms of the asymptotic series are exact to double precision.
ASYMPTOTIC = 12.0
# B_2k / (2k (2k - 1)), the coefficients of z^(1 - 2k) in A.
_COEFFICIENTS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_SMALLEST, _LARGEST = 1e-280, 1e280


@dataclass(frozen=True)
class Remainder:
    """A(z), ``z A'(z)``, ``z^2 A''(z)`` and, if asked for, ``z^3 A'''(z)``."""

    value: Array
    first: Array
    second: Array
    third: Array | None = None


def stirling_remainder(z: Array, third: bool = False) -> Remainder:
    """The remainder of Stirling's approximation and its scaled derivatives at positive z."""
    z = np.atleast_1d(np.asarray(z, dtype=np.float64))
    orders = 4 if third else 3
    found = np.empty((orders, *z.shape))
    large = z >= ASYMPTOTIC
    if large.all():
        _asymptotic(z, found)
    elif not large.any():
        _direct(z, found)
    else:
        part = np.empty((orders, int(np.count_nonzero(large))))
        _asymptotic(z[large], part)
        found[:, large] = part
        part = np.empty((orders, int(z.size - np.count_nonzero(large))))
        _direct(z[~large], part)
        found[:, ~large] = part
    return Remainder(found[0], found[1], found[2], found[3] if third else None)


def _asymptotic(z: Array, out: Array) -> None:
    inverse = 1.0 / z
    square = inverse * inverse
    for order in range(len(out)):
        total = np.zeros_like(z)
        for k in range(len(_COEFFICIENTS) - 1, -1, -1):
            power, factor = 1 - 2 * k - 2, _COEFFICIENTS[k]
            for step in range(order):
                factor *= power - step
            total *= square
            total += factor
        np.multiply(total, inverse, out=out[order])


def _direct(z: Array, out: Array) -> None:
    """From the gamma function of z + 1, so that a small z is harmless."""
    z = np.maximum(z, _SMALLEST)
    log = np.log(z)
    shifted = 1.0 + z
    out[0] = gammaln(shifted) - (z + 0.5) * log + z - LOG_ROOT_TWO_PI
    out[1] = z * (digamma(shifted) - log) - 0.5
    out[2] = z * (z * zeta(2.0, shifted) - 1.0) + 0.5
    if len(out) > 3:
        out[3] = z * (1.0 - 2.0 * z * z * zeta(3.0, shifted)) - 1.0


@dataclass(frozen=True)
class RisingFactorial:
    """R with its derivatives in ``log r``."""

    value: Array
    first: Array
    second: Array
    third: Array | None = None


def log_rising_factorial(count: Array, log_shape: Array, third: bool = False) -> RisingFactorial:
    """``R = log Gamma(y + r) - log Gamma(r) - y log r``, which is ``sum_{k < y} log(1 + k / r)``.

    ``count`` y (n,), ``log_shape`` log r (..., n).  With ``n = y + r`` and ``s = r / n``

        R = (n - 1/2) log(1 + y / r) - y + A(n) - A(r)

    in whose derivatives all cancellations are of the order of y times the precision.
    """
    shape = np.clip(np.exp(np.clip(log_shape, -700.0, 700.0)), _SMALLEST, _LARGEST)
    total = count + shape
    s = shape / total
    share = count / total  # 1 - s
    log = np.log1p(count / shape)
    at_total, at_shape = stirling_remainder(total, third), stirling_remainder(shape, third)
    scaled_log = shape * log
    value = (total - 0.5) * log - count + at_total.value - at_shape.value
    first = scaled_log - count + 0.5 * share + s * at_total.first - at_shape.first
    square = s * s
    second = (
        scaled_log
        - count * s
        - 0.5 * share * s
        + square * at_total.second
        + s * at_total.first
        - at_shape.second
        - at_shape.first
    )
    last = None
    if at_total.third is not None and at_shape.third is not None:
        last = (
            scaled_log
            - count * s * (2.0 - s)
            - 0.5 * s * share * (1.0 - 2.0 * s)
            + square * s * at_total.third
            + 3.0 * square * at_total.second
            + s * at_total.first
            - at_shape.third
            - 3.0 * at_shape.second
            - at_shape.first
        )
    # Of nothing the factorial is one whatever the shape; rounding says otherwise.
    some = count > 0.0
    value, first, second = (np.where(some, part, 0.0) for part in (value, first, second))
    return RisingFactorial(
        value, first, second, None if last is None else np.where(some, last, 0.0)
    )
