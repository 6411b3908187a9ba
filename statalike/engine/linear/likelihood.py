"""Log (restricted) likelihood of a linear mixed model, profiled in the covariance parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.derivatives import Differentiation
from statalike.engine.linear.elimination import Nesting, eliminate
from statalike.engine.linear.fixed_derivatives import FixedDifferentiation
from statalike.engine.linear.innermost import InnermostLevel, eliminated_crossproducts
from statalike.engine.stacked_matrices import SMALL

Array = NDArray[np.float64]

LOG_TWO_PI = float(np.log(2.0 * np.pi))

# Below this share of the least-squares sum, the generalised sum of squares is rounding error:
# random effects cannot be told from residuals there, as when every group has one observation.
LEAST_SHARE = 1e-12

# As many points are evaluated at once as keep the arrays near the processor's cache.
POINTS_TOGETHER = 40_000


@dataclass(frozen=True)
class GeneralisedLeastSquares:
    """Fixed effects given V, for the orthonormal design Q and the least-squares residual r.

    ``coefficients`` (p,); ``sum_of_squares`` is ``e' V^-1 e``; ``root`` (p, p) is the lower
    Cholesky factor of ``Q' V^-1 Q``.
    """

    coefficients: Array
    sum_of_squares: float
    root: Array

    @property
    def covariance(self) -> Array:
        """``(Q' V^-1 Q)^-1``."""
        inverse = np.linalg.inv(self.root)
        return np.asarray(inverse.T @ inverse)


@dataclass(frozen=True)
class LikelihoodParts:
    """``log_determinant`` is ``log |V|``, with ``log |X' V^-1 X|`` added for the restricted
    likelihood; with the generalised sum of squares it determines the likelihood.  Derivatives are
    in the K working parameters; they are empty where they were not asked for.
    """

    degrees_of_freedom: float
    least_squares: GeneralisedLeastSquares
    log_determinant: float
    log_determinant_gradient: Array
    log_determinant_hessian: Array
    sum_of_squares_gradient: Array
    sum_of_squares_hessian: Array

    @property
    def sum_of_squares(self) -> float:
        return self.least_squares.sum_of_squares

    @property
    def residual_variance(self) -> float:
        """The residual variance that maximises the likelihood given the other parameters."""
        return self.sum_of_squares / self.degrees_of_freedom

    @property
    def profile_value(self) -> float:
        """Log likelihood with fixed effects and residual variance profiled out (equations 11, 13
        of [ME] mixed)."""
        if not self.sum_of_squares > 0.0:
            return float("nan")
        return float(
            profile_log_likelihood(
                self.degrees_of_freedom, self.log_determinant, self.sum_of_squares
            )
        )

    @property
    def profile_gradient(self) -> Array:
        m = self.degrees_of_freedom
        scaled = m / self.sum_of_squares * self.sum_of_squares_gradient
        return -0.5 * (scaled + self.log_determinant_gradient)

    @property
    def profile_hessian(self) -> Array:
        m = self.degrees_of_freedom
        relative = self.sum_of_squares_gradient / self.sum_of_squares
        curved = self.sum_of_squares_hessian / self.sum_of_squares - np.outer(relative, relative)
        return -0.5 * (m * curved + self.log_determinant_hessian)


@dataclass(frozen=True)
class FixedDerivatives:
    """Derivatives in the K working parameters: of ``log |V|``; of the generalised sum of squares;
    and of ``root^-1 Q' V^-1 Q root^-T``, (K, p, p) and (K, K, p, p).
    """

    least_squares: GeneralisedLeastSquares
    log_gradient: Array
    log_hessian: Array
    sum_of_squares_gradient: Array
    sum_of_squares_hessian: Array
    fixed_first: Array
    fixed_second: Array


def profile_log_likelihood(
    degrees_of_freedom: float, log_determinant: Array | float, sum_of_squares: Array | float
) -> Array:
    """Log likelihood with the residual variance at its maximiser."""
    m = degrees_of_freedom
    variance = np.asarray(sum_of_squares) / m
    return np.asarray(-0.5 * (m * (1.0 + LOG_TWO_PI + np.log(variance)) + log_determinant))


class MixedLikelihood(Protocol):
    """A (restricted) likelihood as a function of K working parameters."""

    def values(self, points: Array, /) -> tuple[Array, Array]:
        """``log_determinant`` and ``sum_of_squares`` at each of the (m, K) points."""

    def evaluate(self, parameters: Array, order: int, /) -> LikelihoodParts:
        """The likelihood's parts with derivatives up to ``order``."""


class LinearLikelihood:
    """The (restricted) likelihood of one model as a function of the K working parameters of its
    levels, outermost first (see ``linear.coordinates``).

    Of whitened data, ``innermost`` is the innermost level where groups are pooled already, and
    ``residual_log_determinant`` that of the covariance matrix of the residuals.
    """

    def __init__(
        self,
        products: CrossProducts,
        restricted: bool,
        innermost: InnermostLevel | None = None,
        residual_log_determinant: float = 0.0,
    ) -> None:
        self.products = products
        self.restricted = restricted
        fixed = products.fixed_count
        self.degrees_of_freedom = products.count - (fixed if restricted else 0)
        self._fixed = fixed
        self._bases = [level.basis for level in products.levels]
        self._nesting = Nesting(products, innermost)
        self._constant = residual_log_determinant
        if restricted:
            self._constant += products.design.log_determinant
        residual = products.design.residual
        self._least_sum = LEAST_SHARE * float(residual @ residual)

    @property
    def parameter_count(self) -> int:
        return sum(len(basis) for basis in self._bases)

    def covariances(self, parameters: Array) -> list[Array]:
        """D of each level (q, q), in working coordinates and units of the residual variance."""
        result: list[Array] = []
        start = 0
        leading = parameters.shape[:-1]
        for basis in self._bases:
            own = parameters[..., start : start + len(basis)]
            flat = own @ basis.reshape(len(basis), -1)
            result.append(flat.reshape(*leading, *basis.shape[1:]))
            start += len(basis)
        return result

    def values(self, points: Array) -> tuple[Array, Array]:
        """``log_determinant`` and ``sum_of_squares`` (see :class:`LikelihoodParts`) at each of the
        (m, K) points, all at once; nan where V is not positive definite.
        """
        nesting = self._nesting
        if any(size > SMALL for size in nesting.sizes[1:]):
            together = 1
        elif nesting.depth == 1:
            together = len(points)
        else:
            together = max(1, POINTS_TOGETHER // nesting.innermost.right.size)
        chunks = [self._values(points[i : i + together]) for i in range(0, len(points), together)]
        log_determinants, sums = zip(*chunks, strict=True)
        return np.concatenate(log_determinants), np.concatenate(sums)

    def _values(self, points: Array) -> tuple[Array, Array]:
        nesting = self._nesting
        covariances = self.covariances(points)
        if nesting.depth == 1 and nesting.sizes[1] <= SMALL:
            log_determinant, explained = eliminated_crossproducts(nesting.innermost, covariances[0])
            s = nesting.constant[0][:, :, 0] + explained
        else:
            elimination = eliminate(nesting, covariances)
            log_determinant, s = elimination.log_determinant, elimination.crossproduct
        return self._summary(log_determinant, s)

    def _summary(self, log_determinant: Array, s: Array) -> tuple[Array, Array]:
        """``log_determinant`` (m,), completed, and ``sum_of_squares`` (m,) from S of m points."""
        p = self._fixed
        usable = np.asarray(np.isfinite(s).all(axis=(-1, -2)))
        if not usable.all():
            s = np.where(usable[:, None, None], s, np.eye(p + 1))
        try:
            root = np.linalg.cholesky(s)
        except np.linalg.LinAlgError:
            return np.full(len(s), np.nan), np.full(len(s), np.nan)
        diagonal = np.diagonal(root, axis1=-2, axis2=-1)
        sums = diagonal[:, p] ** 2
        sums = np.where(usable & (sums > self._least_sum), sums, np.nan)
        log_determinant = log_determinant + self._constant
        if self.restricted:
            log_determinant += 2.0 * np.log(diagonal[:, :p]).sum(axis=-1)
        return log_determinant, sums

    def evaluate(self, parameters: Array, order: int) -> LikelihoodParts:
        """The likelihood's parts with derivatives up to ``order`` (0, 1 or 2).

        The sum of squares is nan where V is not positive definite.
        """
        elimination = eliminate(self._nesting, self.covariances(parameters))
        least_squares = self._generalised_least_squares(elimination.crossproduct)
        log_determinant = float(elimination.log_determinant) + self._constant
        if self.restricted:
            log_determinant += 2.0 * float(np.sum(np.log(np.diagonal(least_squares.root))))
        none = np.zeros(0)
        if order == 0 or not np.isfinite(least_squares.sum_of_squares):
            return LikelihoodParts(
                self.degrees_of_freedom, least_squares, log_determinant, none, none, none, none
            )
        turn = self._turn(least_squares, fixed=self.restricted or order == 2)
        root = Differentiation(
            self._nesting, elimination, self._bases, turn, order == 2, self.restricted
        ).run()
        log_gradient, log_hessian = root.log_gradient, root.log_hessian
        gradient, hessian = root.first[:, 0, 0], root.error_second
        across, within = root.first[:, 0, 1:], root.first[:, 1:, 1:]
        if self.restricted:
            log_gradient = log_gradient + np.trace(within, axis1=1, axis2=2)
        if order == 2:
            hessian = hessian - 2.0 * across @ across.T
            if self.restricted:
                flat = within.reshape(len(within), -1)
                log_hessian = log_hessian + root.trace_second - flat @ flat.T
        return LikelihoodParts(
            self.degrees_of_freedom,
            least_squares,
            log_determinant,
            log_gradient,
            log_hessian,
            gradient,
            hessian,
        )

    def fixed_derivatives(self, parameters: Array) -> FixedDerivatives:
        """The derivatives of the likelihood's parts, those of ``Q' V^-1 Q`` in full."""
        elimination = eliminate(self._nesting, self.covariances(parameters))
        least_squares = self._generalised_least_squares(elimination.crossproduct)
        turn = self._turn(least_squares, fixed=True)
        differentiation = FixedDifferentiation(self._nesting, elimination, self._bases, turn)
        root = differentiation.run()
        across = root.first[:, 0, 1:]
        return FixedDerivatives(
            least_squares,
            root.log_gradient,
            root.log_hessian,
            root.first[:, 0, 0],
            root.error_second - 2.0 * across @ across.T,
            root.first[:, 1:, 1:],
            differentiation.fixed_second,
        )

    def _generalised_least_squares(self, s: Array) -> GeneralisedLeastSquares:
        p = self._fixed
        if not p:
            return GeneralisedLeastSquares(np.zeros(0), float(s[0, 0]), np.zeros((0, 0)))
        if not np.all(np.isfinite(s)):
            return GeneralisedLeastSquares(np.full(p, np.nan), float("nan"), np.eye(p))
        try:
            root = np.asarray(np.linalg.cholesky(s[:p, :p]), dtype=np.float64)
        except np.linalg.LinAlgError:
            return GeneralisedLeastSquares(np.full(p, np.nan), float("nan"), np.eye(p))
        coefficients = np.asarray(np.linalg.solve(s[:p, :p], s[:p, p]), dtype=np.float64)
        sum_of_squares = float(s[p, p] - s[:p, p] @ coefficients)
        if not sum_of_squares > self._least_sum:
            sum_of_squares = float("nan")
        return GeneralisedLeastSquares(coefficients, sum_of_squares, root)

    def _turn(self, least_squares: GeneralisedLeastSquares, fixed: bool) -> Array:
        """The matrix that turns ``[Q, r]`` into ``[r - Q b, Q root^-T]``, or the first column."""
        p = self._fixed
        turn = np.zeros((p + 1, 1 + (p if fixed else 0)))
        turn[:p, 0] = -least_squares.coefficients
        turn[p, 0] = 1.0
        if fixed and p:
            turn[:p, 1:] = np.linalg.inv(least_squares.root).T
        return turn
