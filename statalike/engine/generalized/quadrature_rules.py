"""Gauss-Hermite rules for integrals over standard normal random effects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class QuadratureRule:
    """K nodes in q dimensions for ``integral f(v) phi(v) dv = sum_k exp(log_weights[k]) f(a_k)``.

    ``abscissas`` is (q, K).
    """

    abscissas: Array
    log_weights: Array

    @property
    def nodes(self) -> int:
        return len(self.log_weights)


@lru_cache(maxsize=64)
def gauss_hermite(points: int, dimensions: int) -> QuadratureRule:
    """The product of ``dimensions`` one-dimensional rules with ``points`` points each.

    The one-dimensional rule is exact for polynomials of degree ``2 points - 1`` (Golub and Welsch
    1969: nodes are eigenvalues of the Jacobi matrix with off-diagonal square roots of 1, 2, ...).
    """
    off_diagonal = np.sqrt(np.arange(1.0, points))
    jacobi = np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
    nodes = np.linalg.eigvalsh(jacobi)
    # Rules are symmetric about zero, eigenvalues only to rounding.
    nodes = 0.5 * (nodes - nodes[::-1])
    log_weights = _log_hermite_weights(nodes)
    grids = np.meshgrid(*([np.arange(points)] * dimensions), indexing="ij")
    positions = np.stack([grid.ravel() for grid in grids])
    return QuadratureRule(nodes[positions], log_weights[positions].sum(axis=0))


def _log_hermite_weights(nodes: Array) -> Array:
    """Logs of the weights ``1 / sum_j h_j(x)^2`` over orthonormal polynomials h_0, h_1, ..., one
    for each node.

    The eigenvectors' first components lose digits in the tails, where weights are tiny; so that
    polynomials of high degree do not overflow they are computed times ``exp(-x^2 / 4)``.
    """
    previous, current = np.zeros_like(nodes), np.exp(-0.25 * nodes**2)
    total = current * current
    for degree in range(1, len(nodes)):
        following = (nodes * current - np.sqrt(degree - 1.0) * previous) / np.sqrt(degree)
        previous, current = current, following
        total = total + current * current
    return np.asarray(-np.log(total) - 0.5 * nodes**2)
