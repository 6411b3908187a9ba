"""Crossed random effects eliminated at given covariance parameters.

In units of the residual variance, with Z_1 the term apart and Z_2 the others side by side, Z_1 is
eliminated unit by unit, ``K = (D_1^-1 + Z_1'Z_1)^-1``, leaving ``S = Z_2' V_1^-1 Z_2``; then Z_2 by
one dense factorisation of ``J + R S R``, where ``D_2 = R J R`` with J diagonal, 1 except -1 where
a covariance is negative.  With ``N = (J + R S R)^-1`` the inverse of ``D_2^-1 + S`` is ``R N R``
(Bates and DebRoy 2004, Journal of Multivariate Analysis 91: 1-17, for the blocked factorisation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.crossed_products import CrossedProducts
from statalike.engine.linear.elimination import eliminate_level
from statalike.engine.linear.matrix_product import product
from statalike.engine.linear.positive_factor import PositiveFactor, positive_factor
from statalike.engine.stacked_matrices import groups_first, groups_last

Array = NDArray[np.float64]


class RelativeRoot:
    """The symmetric root R of D_2, block diagonal, and the signs J.

    Variances below a term's ``smallest`` count as that, so that R has an inverse.
    """

    def __init__(self, products: CrossedProducts, covariances: list[Array]) -> None:
        self._parts: list[tuple[slice, Array, Array]] = []
        width = products.others.shape[0]
        self.signs = np.ones(width)
        scalar = np.ones(width)
        self._scalar = scalar
        for t, place in products.places.items():
            term, covariance = products.terms[t], covariances[t]
            if term.size == 1:
                variance = float(covariance[0, 0])
                scalar[place] = np.sqrt(max(abs(variance), term.smallest))
                if variance < -term.smallest:
                    self.signs[place] = -1.0
            else:
                values, vectors = np.linalg.eigh(covariance)
                root = np.sqrt(np.maximum(values, term.smallest))
                forward = (vectors * root) @ vectors.T
                self._parts.append((place, forward, (vectors / root) @ vectors.T))
        self._inverse_scalar = self.signs / scalar

    @property
    def positive(self) -> bool:
        return bool(np.all(self.signs > 0.0))

    def times(self, right: Array) -> Array:
        """``R x`` (m, k)."""
        return self._apply(self._scalar, right, inverse=False)

    def inverse_times(self, right: Array) -> Array:
        """``R^-1 J x`` (m, k)."""
        return self._apply(self._inverse_scalar, right, inverse=True)

    def both_sides(self, matrix: Array) -> Array:
        """``R A R`` for a symmetric A (m, m)."""
        if self._parts:
            return self.times(self.times(matrix).T)
        result = matrix * self._scalar
        result *= self._scalar[:, None]
        return np.asarray(result)

    def inverse_both_sides(self, matrix: Array) -> Array:
        """``R^-1 J A J R^-1`` for a symmetric A (m, m)."""
        if self._parts:
            return self.inverse_times(self.inverse_times(matrix).T)
        result = matrix * self._inverse_scalar
        result *= self._inverse_scalar[:, None]
        return np.asarray(result)

    def _apply(self, scalar: Array, right: Array, inverse: bool) -> Array:
        result = scalar[:, None] * right
        for place, forward, backward in self._parts:
            root = backward if inverse else forward
            stacked = right[place].reshape(-1, len(root), right.shape[1])
            result[place] = np.matmul(root, stacked).reshape(-1, right.shape[1])
        return np.asarray(result)


@dataclass(frozen=True)
class CrossedElimination:
    """All terms eliminated.

    ``k`` (G, q, q) is K of the term apart, ``shrink`` ``I - Z_1'Z_1 K`` and ``information``
    ``Z_1' V_1^-1 Z_1`` of each unit; ``right`` (m, p + 1) is ``Z_2' V_1^-1 T``; ``factor`` that
    of ``I + R S R`` or, with negative signs, ``indefinite_inverse`` N itself.
    ``solution`` (m, p + 1) is ``R N R right``; ``crossproduct`` (p + 1, p + 1) ``T'V^-1 T``.
    """

    k: Array
    shrink: Array
    information: Array
    root: RelativeRoot
    right: Array
    factor: PositiveFactor | None
    indefinite_inverse: Array | None
    solution: Array
    crossproduct: Array
    log_determinant: float

    def inverse(self) -> Array:
        """N (m, m)."""
        if self.factor is None:
            assert self.indefinite_inverse is not None
            return self.indefinite_inverse
        return self.factor.inverse()


def eliminate_crossed(
    products: CrossedProducts, covariances: list[Array]
) -> CrossedElimination | None:
    """Eliminate all terms; ``covariances[t]`` (q, q) is D of term t.

    None where V is not positive definite.
    """
    size = products.own.shape[1]
    groups = len(products.own)
    if products.apart is None:
        k = shrink = information = products.own
        log_determinant = 0.0
    else:
        own = covariances[products.apart]
        level = eliminate_level(groups_last(products.own), own)
        log_determinant = float(level.log_determinant)
        half = groups_first(level.half)
        k = np.matmul(half.swapaxes(1, 2), half)
        shrink = np.eye(size) - np.matmul(products.own, k)
        information = np.matmul(shrink, products.own)
    width = products.own_right.shape[1]
    weighted = np.matmul(k, products.own_right.reshape(groups, size, width))
    weighted = weighted.reshape(groups * size, width)
    reduced = products.others - products.cells.weighted(k)
    right = products.others_right - products.cells.transpose_times(weighted)
    crossproduct = products.right - product(products.own_right.T, weighted)
    root = RelativeRoot(products, covariances)
    system = root.both_sides(reduced)
    np.fill_diagonal(system, np.diagonal(system) + root.signs)
    turned = root.times(right)
    factor: PositiveFactor | None = None
    inverse: Array | None = None
    if root.positive:
        factor = positive_factor(system)
        if factor is None:
            return None
        log_determinant += factor.log_determinant
        solved = factor.solve(turned)
    else:
        _, magnitude = np.linalg.slogdet(system)
        log_determinant += float(magnitude)
        try:
            inverse = np.asarray(np.linalg.inv(system), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        solved = inverse @ turned
    solution = root.times(solved)
    crossproduct = crossproduct - product(right.T, solution)
    if not np.isfinite(log_determinant):
        return None
    return CrossedElimination(
        k,
        shrink,
        information,
        root,
        right,
        factor,
        inverse,
        solution,
        0.5 * (crossproduct + crossproduct.T),
        log_determinant,
    )
