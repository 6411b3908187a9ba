"""The likelihood of a crossed-effects model with its first and second derivatives.

With ``P = Z'V^-1 Z`` and dV = Z dD Z', the derivative of ``log |V|`` is ``tr(P dD)`` and its second
derivative ``-tr(P dD_1 P dD_2)``; that of ``T'V^-1 T`` is ``-h' dD h``, ``h = Z'V^-1 T``, and its
second ``2 h' dD_1 P dD_2 h``.  In the notation of ``linear.crossed_elimination``, with
``E = I - Z_1'Z_1 K`` and C the cross-products of the term apart with the others:

    P_22 = R^-1 (J - J N J) R^-1,   P_12 = E C R N J R^-1,
    P_11 = E Z_1'Z_1 - E C R N R C' E',

so that a Hessian takes one product of dense matrices beyond the inverse N for each parameter of the
term apart, and P_11 and P_12 are never formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_elimination import CrossedElimination, eliminate_crossed
from statalike.engine.linear.crossed_products import CrossedProducts
from statalike.engine.linear.likelihood import (
    FixedDerivatives,
    GeneralisedLeastSquares,
    LikelihoodParts,
)
from statalike.engine.linear.matrix_product import product

Array = NDArray[np.float64]


class CrossedLikelihood:
    """The (restricted) likelihood as a function of the K working parameters of the equations."""

    def __init__(self, products: CrossedProducts, restricted: bool) -> None:
        self.products = products
        self.restricted = restricted
        self._fixed = products.fixed_count
        self.degrees_of_freedom = products.observations - (self._fixed if restricted else 0)
        self._directions = products.directions
        self._design_log_determinant = products.design.log_determinant if restricted else 0.0

    def covariances(self, parameters: Array) -> list[Array]:
        """D of each term, in working coordinates and units of the residual variance."""
        result = [np.zeros((term.size, term.size)) for term in self.products.terms]
        for parameter, ways in zip(parameters, self._directions, strict=True):
            for term, basis in ways:
                result[term] += parameter * basis
        return result

    def values(self, points: Array) -> tuple[Array, Array]:
        """``log_determinant`` and ``sum_of_squares`` (see :class:`LikelihoodParts`) at each of the
        (m, K) points; nan where V is not positive definite.
        """
        parts = [self.evaluate(point, 0) for point in points]
        return (
            np.array([part.log_determinant for part in parts]),
            np.array([part.sum_of_squares for part in parts]),
        )

    def evaluate(self, parameters: Array, order: int) -> LikelihoodParts:
        """The likelihood's parts with derivatives up to ``order`` (0, 1 or 2).

        The sum of squares is nan where V is not positive definite.
        """
        none = np.zeros(0)
        eliminated = eliminate_crossed(self.products, self.covariances(parameters))
        least_squares = self._generalised_least_squares(eliminated)
        if eliminated is None or not np.isfinite(least_squares.sum_of_squares):
            return LikelihoodParts(
                self.degrees_of_freedom, least_squares, float("nan"), none, none, none, none
            )
        log_determinant = eliminated.log_determinant
        if self.restricted:
            log_determinant += self._design_log_determinant
            log_determinant += 2.0 * float(np.sum(np.log(np.diagonal(least_squares.root))))
        if order == 0:
            return LikelihoodParts(
                self.degrees_of_freedom, least_squares, log_determinant, none, none, none, none
            )
        turn = self._turn(least_squares, fixed=self.restricted or order == 2)
        derivatives = _Derivatives(self.products, eliminated, turn)
        log_gradient = derivatives.traces()
        first = derivatives.first()
        gradient, across, within = -first[:, 0, 0], -first[:, 0, 1:], -first[:, 1:, 1:]
        if self.restricted:
            log_gradient = log_gradient + np.trace(within, axis1=1, axis2=2)
        hessian = log_hessian = none
        if order == 2:
            log_hessian = -derivatives.product_traces()
            second = derivatives.second(self.restricted)
            hessian = 2.0 * second[0] - 2.0 * across @ across.T
            if self.restricted:
                flat = within.reshape(len(within), -1)
                log_hessian = log_hessian + 2.0 * second[1] - flat @ flat.T
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
        """The derivatives of the likelihood's parts, those of ``Q' V^-1 Q`` in full.

        Raises :class:`EstimationError` where V is not positive definite.
        """
        eliminated = eliminate_crossed(self.products, self.covariances(parameters))
        least_squares = self._generalised_least_squares(eliminated)
        if eliminated is None or not np.isfinite(least_squares.sum_of_squares):
            raise EstimationError("likelihood_undefined", "the covariance matrix is not positive")
        turn = self._turn(least_squares, fixed=True)
        derivatives = _Derivatives(self.products, eliminated, turn)
        first = derivatives.first()
        across = -first[:, 0, 1:]
        forms = derivatives.second_forms(turn.shape[1]).swapaxes(1, 2)
        fixed = forms[:, :, 1:, 1:]
        return FixedDerivatives(
            least_squares,
            derivatives.traces(),
            -derivatives.product_traces(),
            -first[:, 0, 0],
            2.0 * forms[:, :, 0, 0] - 2.0 * across @ across.T,
            -first[:, 1:, 1:],
            fixed + fixed.swapaxes(2, 3),
        )

    def _generalised_least_squares(
        self, eliminated: CrossedElimination | None
    ) -> GeneralisedLeastSquares:
        p = self._fixed
        undefined = GeneralisedLeastSquares(np.full(p, np.nan), float("nan"), np.eye(p))
        if eliminated is None or not np.all(np.isfinite(eliminated.crossproduct)):
            return undefined
        s = eliminated.crossproduct
        try:
            root = np.asarray(np.linalg.cholesky(s[:p, :p]), dtype=np.float64)
        except np.linalg.LinAlgError:
            return undefined
        coefficients = np.asarray(np.linalg.solve(s[:p, :p], s[:p, p]), dtype=np.float64)
        return GeneralisedLeastSquares(coefficients, float(s[p, p] - s[:p, p] @ coefficients), root)

    def _turn(self, least_squares: GeneralisedLeastSquares, fixed: bool) -> Array:
        """The matrix that turns ``[Q, r]`` into ``[r - Q b, Q root^-T]``, or the first column."""
        p = self._fixed
        turn = np.zeros((p + 1, 1 + (p if fixed else 0)))
        turn[:p, 0] = -least_squares.coefficients
        turn[p, 0] = 1.0
        if fixed and p:
            turn[:p, 1:] = np.linalg.inv(least_squares.root).T
        return turn


@dataclass(frozen=True)
class _Direction:
    """The derivative of D in one parameter: of the term apart (q, q), and of other terms."""

    apart: Array | None
    others: tuple[tuple[slice, Array], ...]


class _Derivatives:
    """Traces and quadratic forms of one elimination."""

    def __init__(
        self, products: CrossedProducts, eliminated: CrossedElimination, turn: Array
    ) -> None:
        self._products = products
        self._eliminated = eliminated
        self._size = products.own.shape[1]
        self._groups = len(products.own)
        self._ways: list[_Direction] = []
        for way in products.directions:
            own = [basis for term, basis in way if term == products.apart]
            rest = [(products.places[t], basis) for t, basis in way if t != products.apart]
            self._ways.append(_Direction(own[0] if own else None, tuple(rest)))
        root = eliminated.root
        self._inverse = eliminated.inverse()
        # h = Z'V^-1 T, turned.
        apart = self._stacked(products.own_right - products.cells.times(eliminated.solution))
        apart = np.matmul(eliminated.shrink, apart).reshape(products.own_right.shape)
        others = root.inverse_times(product(self._inverse, root.times(eliminated.right)))
        self._h_apart, self._h_others = apart @ turn, others @ turn

    def _stacked(self, rows: Array) -> Array:
        return rows.reshape(self._groups, self._size, rows.shape[1])

    @cached_property
    def _information(self) -> Array:
        """P_22 (m, m)."""
        difference = -self._inverse
        root = self._eliminated.root
        np.fill_diagonal(difference, np.diagonal(difference) + root.signs)
        return root.inverse_both_sides(difference)

    @cached_property
    def _explained(self) -> Array:
        """The blocks of ``E C R N R C' E'`` (G, q, q)."""
        shrink = self._eliminated.shrink
        blocks = self._products.cells.blocks(self._eliminated.root.both_sides(self._inverse))
        return np.asarray(np.matmul(np.matmul(shrink, blocks), shrink.swapaxes(1, 2)))

    def traces(self) -> Array:
        """``tr(P dD_k)`` (K,)."""
        result = np.zeros(len(self._ways))
        for k, way in enumerate(self._ways):
            if way.apart is not None:
                blocks = self._eliminated.information - self._explained
                result[k] += float(np.sum(blocks.sum(axis=0) * way.apart))
            for place, basis in way.others:
                block = self._information[place, place]
                result[k] += _block_trace(block, basis)
        return result

    @cached_property
    def _moved(self) -> list[tuple[Array, Array]]:
        """``dD_k h`` for each parameter, in the term apart and in the others."""
        result = []
        for way in self._ways:
            apart, others = np.zeros_like(self._h_apart), np.zeros_like(self._h_others)
            if way.apart is not None:
                apart = np.matmul(way.apart, self._stacked(self._h_apart)).reshape(apart.shape)
            for place, basis in way.others:
                rows = self._h_others[place]
                stacked = rows.reshape(-1, len(basis), rows.shape[1])
                others[place] += np.matmul(basis, stacked).reshape(rows.shape)
            result.append((apart, others))
        return result

    def first(self) -> Array:
        """``h' dD_k h`` (K, w, w)."""
        return np.stack(
            [
                product(self._h_apart.T, apart) + product(self._h_others.T, others)
                for apart, others in self._moved
            ]
        )

    def second(self, restricted: bool) -> tuple[Array, Array]:
        """``h_j' dD_k P dD_l h_j`` (K, K) for the first column of h, and summed over the others
        if ``restricted``.
        """
        forms = self.second_forms(self._h_apart.shape[1] if restricted else 1)
        total = np.einsum("kjmj->jkm", forms)
        return total[0], total[1:].sum(axis=0)

    def second_forms(self, width: int) -> Array:
        """``h_i' dD_k P dD_l h_j`` as (K, w, K, w), for the first w columns of h."""
        eliminated, root = self._eliminated, self._eliminated.root
        count = len(self._ways)
        apart = np.hstack([moved[:, :width] for moved, _ in self._moved])
        others = np.hstack([moved[:, :width] for _, moved in self._moved])
        stacked = self._stacked(apart)
        carried = np.matmul(eliminated.shrink.swapaxes(1, 2), stacked).reshape(apart.shape)
        spread = root.times(self._products.cells.transpose_times(carried))
        lifted = product(self._inverse, spread)
        turned = root.inverse_times(others)
        within = np.matmul(eliminated.information, stacked).reshape(apart.shape)
        pairs = [
            (apart, within, 1.0),
            (spread, lifted, -1.0),
            (lifted, turned, 1.0),
            (turned, lifted, 1.0),
            (others, product(self._information, others), 1.0),
        ]
        total = np.zeros((count * width, count * width))
        for left, right, sign in pairs:
            total += sign * product(left.T, right)
        return total.reshape(count, width, count, width)

    def product_traces(self) -> Array:
        """``tr(P dD_k P dD_l)`` (K, K)."""
        count = len(self._ways)
        result = np.zeros((count, count))
        carried: dict[int, Array] = {}
        for k, way in enumerate(self._ways):
            if way.apart is not None:
                carried[k] = self._carried(way.apart)
        for k, first in enumerate(self._ways):
            for m, second in enumerate(self._ways[: k + 1]):
                total = 0.0
                if first.apart is not None and second.apart is not None:
                    total += self._apart_product(first.apart, second.apart)
                    total += float(np.sum(carried[k] * carried[m].T))
                for place, basis in first.others:
                    for other_place, other_basis in second.others:
                        block = self._information[place, other_place]
                        total += _product_trace(block, basis, other_basis)
                result[k, m] = result[m, k] = total
        for k, moved in carried.items():
            crossed = self._crossed_blocks(moved)
            for m, way in enumerate(self._ways):
                for place, basis in way.others:
                    total = float(np.sum(crossed[place.start] * basis))
                    result[k, m] += total
                    result[m, k] += total
        return result

    def _carried(self, basis: Array) -> Array:
        """``N R C'E' dD E C R`` (m, m)."""
        shrink = self._eliminated.shrink
        weights = np.matmul(np.matmul(shrink.swapaxes(1, 2), basis), shrink)
        between = self._eliminated.root.both_sides(self._products.cells.weighted(weights))
        return product(self._inverse, between)

    def _apart_product(self, first: Array, second: Array) -> float:
        """``tr(P_11 dD_1 P_11 dD_2)`` but for the square of what the others explain."""
        information, explained = self._eliminated.information, self._explained
        left, right = np.matmul(information, first), np.matmul(information, second)
        spread = np.matmul(explained, first), np.matmul(explained, second)
        total = np.sum(left * right.swapaxes(1, 2))
        total -= np.sum(spread[0] * right.swapaxes(1, 2)) + np.sum(left * spread[1].swapaxes(1, 2))
        return float(total)

    def _crossed_blocks(self, carried: Array) -> dict[int, Array]:
        """Sums over units of the blocks of ``P_21 dD P_12``, for each of the other terms."""
        root, products = self._eliminated.root, self._products
        result: dict[int, Array] = {}
        if all(products.terms[t].size == 1 for t in products.places):
            diagonal = np.einsum("ij,ij->i", carried, self._inverse)
            diagonal = root.inverse_times(root.inverse_times(diagonal[:, None]))[:, 0]
            for place in products.places.values():
                result[place.start] = np.array([[np.sum(diagonal[place])]])
            return result
        whole = root.inverse_both_sides(product(carried, self._inverse))
        for t, place in products.places.items():
            size = products.terms[t].size
            block = whole[place, place]
            result[place.start] = np.array(
                [[np.trace(block[a::size, b::size]) for b in range(size)] for a in range(size)]
            )
        return result


def _block_trace(block: Array, basis: Array) -> float:
    """``tr(A (I (x) B))``."""
    size = len(basis)
    return float(
        sum(
            basis[a, b] * np.trace(block[a::size, b::size])
            for a in range(size)
            for b in range(size)
            if basis[a, b]
        )
    )


def _product_trace(block: Array, left: Array, right: Array) -> float:
    """``tr(A (I (x) B_right) A' (I (x) B_left))``."""
    rows, columns = len(left), len(right)
    if rows == columns == 1:
        flat = np.ravel(block) if block.flags.c_contiguous else block
        square = float(flat @ flat) if flat.ndim == 1 else float(np.einsum("ij,ij->", flat, flat))
        return square * float(left[0, 0] * right[0, 0])
    stacked = block.reshape(len(block) // rows, rows, -1, columns)
    turned = np.einsum("uavb,ac,bd->ucvd", stacked, left, right, optimize=True)
    return float(np.sum(turned * stacked))
