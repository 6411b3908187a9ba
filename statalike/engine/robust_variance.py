"""Robust covariance matrices of estimates from the scores of independent groups or clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Eigenvalues of a correlation matrix below this part of the largest are zero.
RANK = 1e-11


@dataclass(frozen=True)
class RobustVariance:
    """``covariance`` (k, k), and the number of independent ``units`` it is made of."""

    covariance: Array
    units: int


def robust_variance(
    model_based: Array,
    scores: Array,
    clusters: NDArray[np.intp] | None = None,
    frequencies: Array | None = None,
) -> RobustVariance:
    """``m / (m - 1) V (sum s s') V`` of m independent units ([P] _robust; White 1982).

    ``model_based`` is V (k, k), the inverse of the negative Hessian; ``scores`` (G, k) belong to
    groups that are the units, or lie in ``clusters`` numbered from 0 (G,) whose scores are summed.
    Without clusters, ``frequencies`` (G,) tell how many equal groups each score is the sum of, and
    thus how many units they are.  A single unit tells nothing of the variance, which is then zero.
    """
    if clusters is not None:
        units = int(clusters.max()) + 1
        summed = np.empty((units, scores.shape[1]))
        for column, total in zip(scores.T, summed.T, strict=True):
            total[:] = np.bincount(clusters, column, minlength=units)
        scores = summed
    elif frequencies is not None:
        units = round(float(frequencies.sum()))
        scores = scores / np.sqrt(frequencies)[:, None]
    else:
        units = len(scores)
    if units < 2:
        return RobustVariance(np.zeros_like(model_based), units)
    turned = scores @ model_based
    return RobustVariance(units / (units - 1.0) * (turned.T @ turned), units)


def outer_product_variance(
    model_based: Array, scores: Array, frequencies: Array | None = None
) -> Array:
    """``T (T' S'S T)^-1 T'`` (k, k), S the ``scores`` (G, k) of independent groups (Berndt et al.
    1974), T a basis of the directions in which ``model_based`` (k, k) lets estimates vary.

    ``frequencies`` (G,) tell how many equal groups each score is the sum of.  A direction in which
    no score varies has no variance.
    """
    if frequencies is not None:
        scores = scores / np.sqrt(frequencies)[:, None]
    size = np.sqrt(np.diagonal(model_based))
    size = np.where(size > 0.0, size, 1.0)
    eigenvalues, vectors = np.linalg.eigh(model_based / np.outer(size, size))
    basis = size[:, None] * vectors[:, eigenvalues > RANK * max(float(eigenvalues[-1]), 0.0)]
    varying = scores @ basis
    return np.asarray(basis @ np.linalg.pinv(varying.T @ varying, hermitian=True) @ basis.T)
