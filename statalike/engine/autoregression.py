"""Autocorrelations of autoregressive and moving-average processes, with their derivatives.

Box, Jenkins, and Reinsel (2008, chapter 3); Barndorff-Nielsen and Schou (1973) for the map between
coefficients and partial autocorrelations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def autocorrelations(coefficients: Array, last: int) -> tuple[Array, Array]:
    """Autocorrelations at lags 0 to ``last`` (last + 1,) of ``e_t = sum phi_i e_(t-i) + u_t``, and
    their derivatives in phi (p, last + 1).

    They solve the Yule-Walker equations ``rho_k = sum_i phi_i rho_|k - i|``.
    """
    order = len(coefficients)
    system = np.eye(order)
    lags = np.arange(1, order + 1)
    for k in range(1, order + 1):
        for i in range(1, order + 1):
            if i != k:
                system[k - 1, abs(k - i) - 1] -= coefficients[i - 1]
    count = max(last, order)
    values = np.ones(count + 1)
    values[1 : order + 1] = np.linalg.solve(system, coefficients)
    slopes = np.zeros((order, count + 1))
    around = values[np.abs(lags[:, None] - lags[None, :])]
    slopes[:, 1 : order + 1] = np.linalg.solve(system, around).T
    for k in range(order + 1, count + 1):
        before = slice(k - 1, k - order - 1, -1)
        values[k] = coefficients @ values[before]
        slopes[:, k] = values[before] + slopes[:, before] @ coefficients
    return values[: last + 1], slopes[:, : last + 1]


def stationary_coefficients(partial: Array) -> tuple[Array, Array]:
    """phi (p,) of a process with these partial autocorrelations, and d phi / d partial (p, p), by
    the Durbin-Levinson recursion.
    """
    order = len(partial)
    phi, slopes = np.zeros(0), np.zeros((0, order))
    for k in range(order):
        moved = slopes - partial[k] * slopes[::-1]
        moved[:, k] -= phi[::-1]
        own = np.zeros((1, order))
        own[0, k] = 1.0
        phi = np.append(phi - partial[k] * phi[::-1], partial[k])
        slopes = np.concatenate([moved, own])
    return phi, slopes


def partial_autocorrelations(coefficients: Array) -> Array:
    """The inverse of :func:`stationary_coefficients`; the process is stationary when all are
    between -1 and 1.  nan after one of exactly 1.
    """
    phi = np.array(coefficients, dtype=np.float64)
    partial = np.full(len(phi), np.nan)
    for k in range(len(phi) - 1, -1, -1):
        last = phi[k]
        partial[k] = last
        if abs(last) == 1.0:
            break
        phi = (phi[:k] + last * phi[:k][::-1]) / (1.0 - last * last)
    return partial


def moving_average_autocorrelations(coefficients: Array, last: int) -> tuple[Array, Array]:
    """Autocorrelations at lags 0 to ``last`` of ``e_t = u_t + sum theta_i u_(t-i)``, and their
    derivatives in theta (q, last + 1).
    """
    order = len(coefficients)
    theta = np.concatenate([[1.0], coefficients])
    covariances = np.zeros(max(last, order) + 1)
    slopes = np.zeros((order, len(covariances)))
    for lag in range(order + 1):
        covariances[lag] = theta[: order + 1 - lag] @ theta[lag:]
        for i in range(1, order + 1):
            if i + lag <= order:
                slopes[i - 1, lag] += theta[i + lag]
            if i - lag >= 0:
                slopes[i - 1, lag] += theta[i - lag]
    values = covariances / covariances[0]
    slopes = (slopes - values * slopes[:, :1]) / covariances[0]
    return values[: last + 1], slopes[:, : last + 1]
