"""The gamma function beside Stirling's approximation, for shapes of any size.

Likelihoods with a shape parameter r contain differences such as
``log Gamma(y + r) - log Gamma(r)`` that are lost in rounding when r is large.  With

    log Gamma(z) = (z - 1/2) log z - z + log(2 pi) / 2 + A(z)

the large terms are differenced by hand and only the remainder A, which vanishes as ``1/(12 z)``, is
computed (Abramowitz and Stegun, 6.1.40 and 6.4.11-14).
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaln, zeta

from statalike.engine.families.family import Array
from statalike.engine.families.normal_tails import LOG_ROOT_TWO_PI

# Above this five terms of the asymptotic series are exact to double precision.
ASYMPTOTIC = 12.0
# B_2k / (2k (2k - 1)), the coefficients of z^(1 - 2k) in A.
_COEFFICIENTS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_SMALLEST, _LARGEST = 1e-280, 1e280


def stirling_remainder(z: Array, order: int) -> tuple[Array, ...]:
    """A(z), ``z A'(z)``, ``z^2 A''(z)`` and ``z^3 A'''(z)``, as many as ``order`` (0 to 3) says,
    at positive z of any shape."""
    z = np.atleast_1d(np.asarray(z, dtype=np.float64))
    found = np.empty((order + 1, *z.shape))
    large = z >= ASYMPTOTIC
    for terms, where in ((_asymptotic, large), (_direct, ~large)):
        if where.all():
            terms(z, found)
            break
        if where.any():
            part = np.empty((order + 1, int(np.count_nonzero(where))))
            terms(z[where], part)
            found[:, where] = part
    return tuple(found)


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
    if len(out) > 1:
        out[1] = z * (digamma(shifted) - log) - 0.5
    if len(out) > 2:
        out[2] = z * (z * zeta(2.0, shifted) - 1.0) + 0.5
    if len(out) > 3:
        out[3] = z * (1.0 - 2.0 * z * z * zeta(3.0, shifted)) - 1.0


def log_rising_factorial(count: Array, log_shape: Array, order: int) -> tuple[Array, ...]:
    """``R = log Gamma(y + r) - log Gamma(r) - y log r``, which is ``sum_{k < y} log(1 + k / r)``,
    with its derivatives in ``log r`` up to ``order`` (0 to 3).

    ``count`` y (n,), ``log_shape`` log r (..., n).  With ``n = y + r`` and ``s = r / n``

        R = (n - 1/2) log(1 + y / r) - y + A(n) - A(r)

    in whose derivatives all cancellations are of the order of y times the precision.
    """
    shape = np.clip(np.exp(np.clip(log_shape, -700.0, 700.0)), _SMALLEST, _LARGEST)
    total = count + shape
    log = np.log1p(count / shape)
    at_total, at_shape = stirling_remainder(total, order), stirling_remainder(shape, order)
    found = [(total - 0.5) * log - count + at_total[0] - at_shape[0]]
    s = shape / total
    share = count / total  # 1 - s
    scaled_log = shape * log
    if order > 0:
        found.append(scaled_log - count + 0.5 * share + s * at_total[1] - at_shape[1])
    if order > 1:
        second = scaled_log - count * s - 0.5 * share * s
        second += s * (at_total[1] + s * at_total[2]) - at_shape[1] - at_shape[2]
        found.append(second)
    if order > 2:
        third = scaled_log - count * s * (2.0 - s) - 0.5 * s * share * (1.0 - 2.0 * s)
        third += s * (at_total[1] + s * (3.0 * at_total[2] + s * at_total[3]))
        third -= at_shape[1] + 3.0 * at_shape[2] + at_shape[3]
        found.append(third)
    # Of nothing the factorial is one whatever the shape; rounding says otherwise.
    some = count > 0.0
    return tuple(np.where(some, part, 0.0) for part in found)


def common_rising_factorial(count: Array, log_shape: Array, order: int) -> tuple[Array, ...]:
    """:func:`log_rising_factorial` of shapes (n,), computed once for each distinct whole number
    where observations have one shape and their counts are not too large."""
    whole = count.astype(np.intp)
    largest = int(whole.max(initial=0))
    common = np.all(log_shape == log_shape[:1]) and largest < len(count)
    if not common or np.any(whole != count):
        return log_rising_factorial(count, log_shape, order)
    every = np.arange(largest + 1.0)
    found = log_rising_factorial(every, np.full(len(every), log_shape[0]), order)
    return tuple(part[whole] for part in found)


def with_log_factorials(outcome: Array) -> Array:
    """Counts (1, n) with ``log y!`` as a second row."""
    return np.concatenate([outcome[:1], log_factorials(outcome[:1])[None]])


def log_factorials(outcome: Array) -> Array:
    """``log y!`` (n,) of counts in the first row, from the second one if there is one."""
    return np.asarray(gammaln(outcome[0] + 1.0)) if len(outcome) == 1 else outcome[1]
