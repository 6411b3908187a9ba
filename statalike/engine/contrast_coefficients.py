"""Coefficients of the named contrasts between the k levels of a factor ([R] contrast).

Every function returns a matrix whose rows are contrasts of the k level means: each row adds up to
zero.  Weights w (k,) are positive and need not add up to one; equal weights give the balanced
contrasts, numbers of observations those that Stata calls weighted (``gw.``, ``hw.``, ...).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def reference_contrasts(count: int, base: int) -> Array:
    """Each level but the base against the base: (k - 1, k); ``base`` is a position."""
    coefficients = np.delete(np.eye(count), base, axis=0)
    coefficients[:, base] = -1.0
    return coefficients


def adjacent_contrasts(count: int) -> Array:
    """Each level but the last against the next one: (k - 1, k)."""
    identity = np.eye(count)
    return identity[:-1] - identity[1:]


def reverse_adjacent_contrasts(count: int) -> Array:
    """Each level but the first against the one before it: (k - 1, k)."""
    return -adjacent_contrasts(count)


def grand_mean_contrasts(weights: Array) -> Array:
    """Each level against the weighted mean of all of them: (k, k), of rank k - 1."""
    return np.eye(len(weights)) - weights / weights.sum()


def helmert_contrasts(weights: Array) -> Array:
    """Each level but the last against the weighted mean of those that follow it: (k - 1, k)."""
    following = np.triu(np.tile(weights, (len(weights), 1)), k=1)[:-1]
    return np.eye(len(weights))[:-1] - following / following.sum(axis=1, keepdims=True)


def reverse_helmert_contrasts(weights: Array) -> Array:
    """Each level but the first against the weighted mean of those before it: (k - 1, k)."""
    return helmert_contrasts(weights[::-1])[::-1, ::-1]


def polynomial_contrasts(points: Array, weights: Array) -> Array:
    """Orthogonal polynomials of degree 1 to k - 1 in the distinct ``points`` (k,): (k - 1, k).

    With w scaled to add up to one, the polynomials p_r have leading coefficients above zero,
    ``sum_i w_i p_r(x_i) p_s(x_i)`` is one for r = s and zero otherwise, and the contrast of degree
    r is ``sum_i w_i p_r(x_i) m_i``: the coefficient of p_r in the weighted regression of the means
    m on the polynomials.
    """
    shares = weights / weights.sum()
    centre = shares @ points
    spread = np.max(np.abs(points - centre), initial=0.0) or 1.0
    roots = np.sqrt(shares)
    powers = np.vander((points - centre) / spread, increasing=True) * roots[:, None]
    orthonormal, triangle = np.linalg.qr(powers)
    signs = np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return np.asarray((orthonormal * signs * roots[:, None]).T[1:])
