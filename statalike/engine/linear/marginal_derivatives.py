"""Exact derivatives of the likelihood in residual parameters, for models without random effects.

With ``W = Lambda^-1`` within a group, ``u = W (y - X b)`` at the generalised least-squares b, and
``A = X'W X`` summed over groups, the derivatives in parameters of Lambda are

    d log|Lambda|  = tr(W V_k),           d2 = -tr(W V_k W V_l) + tr(W V_kl)
    d (e' W e)     = -u' V_k u,           d2 = 2 u' V_k W V_l u - u' V_kl u - 2 c_k' A^-1 c_l
    d log|A|       = -tr(Q V_k),          d2 = 2 tr(W V_k Q V_l) - tr(Q V_kl)
                                               - tr(A^-1 A_k A^-1 A_l)

for ``c_k = X'W V_k u``, ``Q = W X A^-1 X'W`` and ``A_k = -X'W V_k W X`` (Harville 1977, J. Amer.
Statist. Assoc. 72: 320-338).  All residuals with one by-level have their covariances in one matrix
between the T times that occur.  Sums over groups of products of entries of W, u u' and Q, placed
into T rows and columns, therefore hold for every parameter at once, and cost a matrix product with
the number of patterns of times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.likelihood import GeneralisedLeastSquares, LikelihoodParts
from statalike.engine.linear.residual_errors import ResidualFamily
from statalike.engine.linear.whitening import GroupsOfOneSize, WhitenedGroups

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# Products of the entries of two matrices between this many times still fit into memory.
MOST_TIMES = 40
# Patterns are taken in parts whose matrices between times have this many entries.
PART_ENTRIES = 4_000_000
STEP = 1e-5


@dataclass(frozen=True)
class _Sums:
    """Sums over the groups of one by-level, in T rows and columns for its times.

    ``log_weights`` and ``square_weights`` (T, T) are the derivatives of log determinant and sum of
    squares in Lambda; ``log_products`` and ``square_products`` (T^2, T^2) are matrices J whose
    ``V_k' J V_l`` are the second derivatives that come from first derivatives of Lambda;
    ``across`` (T^2, p) gives c_k and ``within`` (T^2, p^2) A_k.
    """

    log_weights: Array
    square_weights: Array
    log_products: Array
    square_products: Array
    across: Array
    within: Array


class MarginalDerivatives:
    """Derivatives in residual parameters of a model whose groups are ``sizes``.

    Residuals that are not ``timed`` are told by their positions in the group.
    """

    def __init__(
        self,
        sizes: Sequence[GroupsOfOneSize],
        family: ResidualFamily,
        restricted: bool,
        timed: bool,
    ) -> None:
        self._family = family
        self._restricted = restricted
        placed = [size.times if timed else _positions(size) for size in sizes]
        self.times = np.unique(np.concatenate([times.ravel() for times in placed]))
        self._at = [np.searchsorted(self.times, times) for times in placed]
        self._by = np.arange(family.by_count)
        self._all_times = np.tile(self.times, (family.by_count, 1))
        self._own = _own_parameters(family)

    def parts(
        self,
        residual: Array,
        whitened: Sequence[WhitenedGroups],
        evaluated: LikelihoodParts,
        mapping: Callable[[Array], tuple[Array, Array]],
        coordinates: Array,
    ) -> LikelihoodParts:
        """The parts of the likelihood with first and second derivatives in ``coordinates`` (R,).

        ``mapping`` takes these to residual parameters, ``residual`` here, and their derivatives
        (R, R); ``evaluated`` are the parts without derivatives.
        """
        least_squares = evaluated.least_squares
        inverse: Array = np.asarray(np.linalg.inv(least_squares.root), dtype=np.float64)
        sums = [
            self._sums(by, whitened, least_squares, inverse) for by in range(self._family.by_count)
        ]
        log_weights = np.stack([part.log_weights for part in sums])
        square_weights = np.stack([part.square_weights for part in sums])
        slopes = mapping(coordinates)[1]
        moved = np.tensordot(
            slopes.T, self._family.derivatives(residual, self._by, self._all_times), axes=1
        )
        count, p = len(residual), len(inverse)
        log_hessian, square_hessian = self._curvatures(
            (log_weights, square_weights), mapping, coordinates
        )
        across, within = np.zeros((count, p)), np.zeros((count, p * p))
        for by, part in enumerate(sums):
            flat = moved[:, by].reshape(count, -1)
            active = np.flatnonzero(np.any(flat != 0.0, axis=1))
            own = flat[active]
            where = np.ix_(active, active)
            log_hessian[where] += _symmetric(own @ part.log_products @ own.T)
            square_hessian[where] += _symmetric(own @ part.square_products @ own.T)
            across[active] += own @ part.across
            within[active] += own @ part.within
        square_hessian -= 2.0 * across @ across.T
        if self._restricted:
            log_hessian -= within @ within.T
        return LikelihoodParts(
            evaluated.degrees_of_freedom,
            least_squares,
            evaluated.log_determinant,
            np.tensordot(moved, log_weights, axes=3),
            log_hessian,
            np.tensordot(moved, square_weights, axes=3),
            square_hessian,
        )

    def _sums(
        self,
        by: int,
        whitened: Sequence[WhitenedGroups],
        least_squares: GeneralisedLeastSquares,
        inverse: Array,
    ) -> _Sums:
        """``across`` and ``within`` are turned by A^-1/2, so that products of them suffice."""
        t, p = len(self.times), len(inverse)
        log_weights, square_weights = np.zeros((2, t, t))
        log_products, square_products = np.zeros((2, t * t, t * t))
        across, within = np.zeros((t * t, p)), np.zeros((t * t, p * p))
        turn = np.zeros((p + 1, p + 1))
        turn[:p, :p], turn[p, :p], turn[p, p] = inverse, -least_squares.coefficients, 1.0
        for at, part in zip(self._at, whitened, strict=True):
            size = part.groups
            chosen = np.flatnonzero(size.by == by)
            step = max(1, PART_ENTRIES // (t * t))
            for first in range(0, len(chosen), step):
                patterns = chosen[first : first + step]
                precision = part.inverse[patterns].swapaxes(1, 2) @ part.inverse[patterns]
                w = np.zeros((len(patterns), t, t))
                rows = at[patterns]
                numbers = np.arange(len(patterns))[:, None, None]
                w[numbers, rows[:, :, None], rows[:, None, :]] = precision
                members = size.members[patterns]
                groups = np.concatenate(
                    [np.arange(size.starts[u], size.starts[u] + size.members[u]) for u in patterns]
                )
                owner = np.repeat(np.arange(len(patterns)), members)
                columns = part.columns[:, :, groups].transpose(2, 1, 0) @ turn.T
                columns = part.inverse[patterns].swapaxes(1, 2)[owner] @ columns
                placed = np.zeros((len(groups), t, p + 1))
                placed[np.arange(len(groups))[:, None], rows[owner]] = columns
                starts = np.cumsum(members) - members
                u, x = placed[:, :, p], placed[:, :, :p]
                s = np.add.reduceat(u[:, :, None] * u[:, None, :], starts, axis=0)
                flat = w.reshape(len(w), -1).T
                if self._restricted:
                    q = np.add.reduceat(x @ x.swapaxes(1, 2), starts, axis=0)
                    log_products += 2.0 * flat @ q.reshape(len(w), -1)
                    log_weights -= q.sum(axis=0)
                    pairs = np.tensordot(x, x, axes=(0, 0)).transpose(0, 2, 1, 3)
                    within -= pairs.reshape(t * t, p * p)
                log_weights += np.tensordot(size.multiplicity[patterns], w, axes=1)
                log_products -= (flat * size.multiplicity[patterns]) @ flat.T
                square_weights -= s.sum(axis=0)
                square_products += 2.0 * flat @ s.reshape(len(w), -1)
                across += np.tensordot(x, u, axes=(0, 0)).transpose(0, 2, 1).reshape(t * t, p)
        return _Sums(
            log_weights,
            square_weights,
            _paired(log_products, t),
            _paired(square_products, t),
            across,
            within,
        )

    def _curvatures(
        self,
        weights: Sequence[Array],
        mapping: Callable[[Array], tuple[Array, Array]],
        coordinates: Array,
    ) -> list[Array]:
        """``sum_by tr(N_by d2 Lambda_by)`` (R, R) for each of several symmetric N (B, T, T).

        By differences of the first derivatives, which involve no data.  Lambda of a by-level
        depends on its own parameters alone, so that one of each by-level is moved at a time.
        """

        def slopes_at(at: Array) -> Array:
            parameters, slopes = mapping(at)
            matrix = self._family.covariance(parameters, self._by, self._all_times)
            found = [
                self._family.contract(parameters, self._by, self._all_times, matrix, own)
                for own in weights
            ]
            return np.stack(found) @ slopes

        result = np.zeros((len(weights), len(coordinates), len(coordinates)))
        for column in self._own.T:
            present = np.flatnonzero(column >= 0)
            moving = column[present]
            move = np.zeros(len(coordinates))
            move[moving] = STEP * (1.0 + np.abs(coordinates[moving]))
            change = slopes_at(coordinates + move) - slopes_at(coordinates - move)
            for by, k in zip(present, moving, strict=True):
                own = self._own[by][self._own[by] >= 0]
                result[:, own, k] = change[:, own] / (2.0 * move[k])
        return [_symmetric(matrix) for matrix in result]


def marginal_derivatives(
    sizes: Sequence[GroupsOfOneSize], family: ResidualFamily, restricted: bool, timed: bool
) -> MarginalDerivatives | None:
    """None for too many times."""
    if max(size.columns.shape[1] for size in sizes) > MOST_TIMES:
        return None
    found = MarginalDerivatives(sizes, family, restricted, timed)
    return found if len(found.times) <= MOST_TIMES else None


def _positions(size: GroupsOfOneSize) -> Array:
    return np.tile(np.arange(float(size.times.shape[1])), (len(size.times), 1))


def _own_parameters(family: ResidualFamily) -> Positions:
    """The numbers of the parameters of each by-level, (B, m), -1 for the reference deviation."""
    deviations = family.structure.deviation_count
    rows = []
    for by in range(family.by_count):
        correlations = family.correlations_of(by)
        ratios = np.arange(by * deviations - 1, (by + 1) * deviations - 1)
        rows.append(np.concatenate([ratios, np.arange(correlations.start, correlations.stop)]))
    return np.stack(rows)


def _paired(products: Array, t: int) -> Array:
    """``sum w_ab m_cd`` at [ab, cd] as the form J of ``tr(W V_k M V_l) = vec V_k' J vec V_l``."""
    return np.asarray(
        np.ascontiguousarray(products.reshape(t, t, t, t).transpose(1, 2, 3, 0)).reshape(t * t, -1)
    )


def _symmetric(matrix: Array) -> Array:
    return np.asarray(0.5 * (matrix + matrix.T))
