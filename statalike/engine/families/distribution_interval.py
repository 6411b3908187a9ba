"""Log probabilities ``log{F(b) - F(a)}`` of intervals, accurate in both tails.

``F`` has density f and ``g = (log f)'``.  With ``p = f(b) / P``, ``q = f(a) / P``, P the
probability, and ``S = p - q``, the derivative when both ends move together, all second derivatives
follow from p, q and g:

    dS/db = p (g(b) - S),   dS/da = -q (g(a) - S),
    d2/db2 = p (g(b) - p),  d2/da2 = -q (g(a) + q),  d2/dadb = p q.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.family import Array
from statalike.engine.families.normal_tails import (
    LOG_ROOT_TWO_PI,
    probability_below_over_density,
)

# Stands for an end at infinity where its square is needed.
_FAR = 1e8
# Beyond this Phi is one to the last bit, and Phi / phi would overflow.
_LARGEST_NORMAL = 37.0
_LARGEST_LOG_HAZARD = 200.0
_LARGEST_LOG_DIFFERENCE = 6.5


@dataclass(frozen=True)
class IntervalDerivatives:
    """The log probability (..., n) with derivatives in its ends and in a common shift of both.

    ``shift_shift_upper`` and ``shift_shift_lower``, the derivatives of ``shift_shift`` in an end,
    are there if asked for.
    """

    value: Array
    shift: Array
    upper: Array
    lower: Array
    shift_shift: Array
    shift_upper: Array
    shift_lower: Array
    upper_upper: Array
    lower_lower: Array
    upper_lower: Array
    shift_shift_upper: Array | None = None
    shift_shift_lower: Array | None = None


def interval_derivatives(
    value: Array,
    upper: Array,
    lower: Array,
    log_slopes: tuple[Array, Array],
    log_curvatures: tuple[Array | float, Array | float] | None,
) -> IntervalDerivatives:
    """All derivatives from p (``upper``), q (``lower``), g at b and a (``log_slopes``) and, for
    third ones, its derivatives there (``log_curvatures``)."""
    above, below = log_slopes
    shift = upper - lower
    from_above, from_below = above - shift, below - shift
    shift_upper = upper * from_above
    shift_lower = lower * from_below
    np.negative(shift_lower, out=shift_lower)
    shift_shift = shift_upper + shift_lower
    third: tuple[Array | None, Array | None] = (None, None)
    if log_curvatures is not None:
        bend_above, bend_below = log_curvatures
        upper_upper_slope = upper * (above - upper)
        lower_lower_slope = lower * (below + lower)
        product = upper * lower
        third = (
            upper_upper_slope * above
            + upper * bend_above
            + product * below
            - 2.0 * shift * shift_upper,
            product * above
            - lower_lower_slope * below
            - lower * bend_below
            - 2.0 * shift * shift_lower,
        )
    return IntervalDerivatives(
        value,
        shift,
        upper,
        -lower,
        shift_shift,
        shift_upper,
        shift_lower,
        upper * (above - upper),
        -lower * (below + lower),
        upper * lower,
        *third,
    )


def _normal_parts(a: Array, b: Array) -> tuple[Array, Array, NDArray[np.bool_], Array, Array]:
    """Ends mirrored so that the probability lies to the left, and ``P / phi`` of the right one.

    Returns a, b, where they were mirrored, ``P / phi(b)`` and ``phi(a) / phi(b)``; with
    ``m = Phi / phi``, ``P / phi(b) = m(b) - m(a) phi(a) / phi(b)``.
    """
    a, b = np.clip(a, -_FAR, _FAR), np.clip(b, -_FAR, _FAR)
    middle = 0.5 * (a + b)
    mirrored = middle > 0.0
    a, b = np.where(mirrored, -b, a), np.where(mirrored, -a, b)
    np.minimum(b, _LARGEST_NORMAL, out=b)
    np.abs(middle, out=middle)
    middle *= a - b
    ratio = np.exp(middle, out=middle)
    scaled = probability_below_over_density(a)
    scaled *= ratio
    np.subtract(probability_below_over_density(b), scaled, out=scaled)
    np.maximum(scaled, 1e-300, out=scaled)
    return a, b, mirrored, scaled, ratio


def log_normal_interval(a: Array, b: Array) -> Array:
    """``log{Phi(b) - Phi(a)}`` for a < b, of which either may be infinite."""
    _, b, _, scaled, _ = _normal_parts(a, b)
    value = np.log(scaled, out=scaled)
    np.square(b, out=b)
    b *= 0.5
    value -= b
    value -= LOG_ROOT_TWO_PI
    return value


def normal_interval_derivatives(a: Array, b: Array, third: bool) -> IntervalDerivatives:
    """:func:`log_normal_interval` with derivatives."""
    _, right, mirrored, scaled, ratio = _normal_parts(a, b)
    value = np.log(scaled)
    np.square(right, out=right)
    right *= 0.5
    value -= right
    value -= LOG_ROOT_TWO_PI
    near = np.reciprocal(scaled, out=scaled)
    far = np.multiply(ratio, near, out=ratio)
    upper, lower = np.where(mirrored, far, near), np.where(mirrored, near, far)
    slopes = np.clip(-b, -_FAR, _FAR), np.clip(-a, -_FAR, _FAR)
    return interval_derivatives(value, upper, lower, slopes, (-1.0, -1.0) if third else None)


def _extreme_value_parts(a: Array, b: Array, log_share: Array) -> tuple[Array, Array, Array]:
    """``A = exp(a)``, ``w = exp(b) - exp(a)`` and ``log w``, all cut off where P is nought or
    one to the last bit.  ``log_share`` is ``log{1 - exp(a - b)}``."""
    lower = np.minimum(a, _LARGEST_LOG_HAZARD)
    np.exp(lower, out=lower)
    log_width = b + log_share
    np.clip(log_width, -690.0, _LARGEST_LOG_DIFFERENCE, out=log_width)
    return lower, np.exp(log_width), log_width


def log_extreme_value_interval(a: Array, b: Array, log_share: Array) -> Array:
    """``log{exp(-exp(a)) - exp(-exp(b))}``: the interval of ``F(x) = 1 - exp(-exp(x))``.

    ``log_share`` (n,) is ``log{1 - exp(a - b)}``, which a common shift leaves as it is.  With
    ``w = exp(b) - exp(a)`` it is ``-exp(a) + log w + log{(1 - exp(-w)) / w}``.
    """
    lower, width, _ = _extreme_value_parts(a, b, log_share)
    share = np.expm1(-width)
    share /= -width
    value = np.log(share, out=share)
    value += np.minimum(b + log_share, _LARGEST_LOG_DIFFERENCE)
    value -= lower
    return value


def extreme_value_interval_derivatives(
    a: Array, b: Array, log_share: Array, third: bool
) -> IntervalDerivatives:
    """:func:`log_extreme_value_interval` with derivatives; ``g(x) = 1 - exp(x)``."""
    lower, width, _ = _extreme_value_parts(a, b, log_share)
    upper = np.minimum(b, _LARGEST_LOG_HAZARD)
    np.exp(upper, out=upper)
    share = np.expm1(-width)
    share /= -width
    value = np.log(share)
    value += np.minimum(b + log_share, _LARGEST_LOG_DIFFERENCE)
    value -= lower
    share *= width  # 1 - exp(-w)
    near = np.exp(-width)
    near *= upper
    near /= share  # exp(b) / (exp(w) - 1)
    far = lower / share
    curvatures = (-upper, -lower) if third else None
    return interval_derivatives(value, near, far, (1.0 - upper, 1.0 - lower), curvatures)
