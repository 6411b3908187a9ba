"""Exact gradient and Hessian of Laplace's approximation, for a block of groups.

With v the modes, ``h(theta, v)`` the joint log density and ``G = -log |A| / 2``, the approximation
is ``l(theta) = h + G`` at v(theta), where ``h_v = 0``.  With ``S = A^-1`` and ``t = S G_v`` its
gradient is ``h_theta + G_theta + h_theta,v t``, and its Hessian that of ``h + G + t'h_v`` with t
held fixed, in the directions ``(theta_j, V_j)``, ``V_j = S h_v,theta_j`` the derivatives of the
modes: the second derivatives of the modes drop out.

For an observation with ``a = L'z``, ``q = a'S a`` and ``tau = a't`` (l', l'', ... the derivatives
of its log density in eta) the sums over observations are

    T = l' + q l''' / 2 + tau l''          weight of the gradient's and of eta's second derivatives,
    c = l'' + q l'''' / 2 + tau l'''       weight of products of eta's first derivatives.

Everything else is made of sums over innermost groups of products of columns, since eta is linear
in z within a group.  ``tr(S dA_j S dA_k) / 2``, from log |A|, is found level by level: with pivot
P, coupling C and M = P^-1 C,

    d2 log |A| = sum over levels of tr(P^-1 dP_j P^-1 dP_k) + 2 tr(S_u E_j' P^-1 E_k),

``E_j = dC_j - dP_j M`` and S_u the posterior covariance of the effects of the levels above.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.fourth_derivatives import FourthDerivatives
from statalike.engine.generalized.elimination import extended_chain
from statalike.engine.generalized.modes import BlockState, ModeSearch, joint_root
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.generalized.sorted_model import Block
from statalike.engine.stacked_matrices import multiply, multiply_common, transpose_multiply

Array = NDArray[np.float64]


class LaplaceDerivatives:
    """Derivatives in the direct parameters: coefficients, own parameters, entries of the L_l.

    Stacked over directions j or parameters they have the shape (..., D, G), the groups of the
    innermost level last.  Raises ``LinAlgError`` where A is not positive definite.
    """

    def __init__(
        self,
        search: ModeSearch,
        layout: ParameterLayout,
        block: Block,
        point: Point,
        state: BlockState,
        quantities: Array,
    ) -> None:
        self._search = search
        self._data = search.data
        self._layout = layout
        self._block = block
        self._point = point
        self._state = state
        self._quantities = quantities
        self._columns = search.columns
        self._fixed = [int(column) for column in self._data.fixed_columns]
        self._root = joint_root(point)
        self._elimination = search.curvature(block, point, state)
        bounds = np.concatenate([[0], np.cumsum(self._data.effect_counts)])
        # The row of z and the column of v, among those of all levels, of each entry of an L_l.
        self._entries = [
            (int(bounds[e.level]) + e.row, int(bounds[e.level]) + e.column) for e in layout.entries
        ]
        self._weigh()

    # -- what gradient and Hessian share --------------------------------------------------------

    def _weigh(self) -> None:
        """Name the weights of observations that sums are made of."""
        sums, found = self._state.sums, self._state.found
        sums.add_weights("third", self._weighted(found.third[0]))
        leverage = self._quadratic_form(self._spread_of(self._covariance))
        half = 0.5 * leverage * sums.weights("third")
        sums.add_weights("bent", half)
        bent = self._search.level_sums(self._block, self._sums("bent"))
        right = [
            (root.T @ part)[:, None] for root, part in zip(self._point.roots, bent, strict=True)
        ]
        adjoint = [part[:, 0] for part in self._elimination.solve(right)]
        moved = self._search.linear_predictor(
            self._block, self._point, adjoint, np.zeros(len(leverage))
        )
        self._leverage, self._moved = leverage, moved
        self._adjoint = self._search.innermost(self._block, adjoint)
        self._modes = self._search.innermost(self._block, self._state.effects)
        total = sums.weights("first") + half
        total += moved * sums.weights("second")
        sums.add_weights("total", total)

    @cached_property
    def _factor(self) -> Array:
        """The lower triangular factor of S for each innermost group, (Q, Q, G)."""
        chain: Array | None = None
        for level, rows in enumerate(self._elimination.loadings()):
            if chain is not None:
                chain = np.repeat(chain, self._block.member_counts[level - 1], axis=-1)
            chain = extended_chain(chain, rows)
        assert chain is not None
        return chain

    @cached_property
    def _covariance(self) -> Array:
        """S for each innermost group, (Q, Q, G)."""
        return multiply(self._factor, self._factor.swapaxes(0, 1))

    @cached_property
    def _cross(self) -> Array:
        """``S L'``: the derivative of z is turned by it into S a, (Q, Q, G)."""
        return np.asarray(multiply_common(self._root, self._covariance).swapaxes(0, 1))

    @cached_property
    def _curvature(self) -> Array:
        """``-sum l'' z z'`` by innermost group, (Q, Q, G)."""
        return self._search.curvature_sums(self._state.sums)

    def _spread_of(self, covariance: Array) -> Array:
        """Covariances of u = L v of those of v, (Q, Q, G)."""
        half = multiply_common(self._root, covariance)
        return multiply_common(self._root, np.ascontiguousarray(half.swapaxes(0, 1)))

    def _quadratic_form(self, matrices: Array) -> Array:
        """``z'M z`` (n,) of symmetric matrices (Q, Q, G)."""
        rows = self._block.observations
        sizes = self._data.groups.sizes[-1][self._block.groups[-1]]
        total: Array | None = None
        for i, first in enumerate(self._columns):
            for j, second in enumerate(self._columns[: i + 1]):
                entry = matrices[i, j] if i == j else 2.0 * matrices[i, j]
                values = np.repeat(entry, sizes)
                for column in (first, second):
                    if not self._data.ones[column]:
                        values *= self._data.columns[column, rows]
                total = values if total is None else np.add(total, values, out=total)
        assert total is not None
        return total

    def _sums(self, name: str, *others: int) -> Array:
        """Group sums of named weights times z, (Q, G)."""
        return self._state.sums.singles(name, self._columns, *others)

    def _weighted(self, values: Array) -> Array:
        weights = self._data.weights
        return values if weights is None else values * weights[self._block.observations]

    def _indicators(self, quantity: int) -> Array:
        """(r, n) ones where the quantity is the family's r-th own parameter."""
        positions = self._data.positions[quantity - 1, self._block.observations]
        return (positions == np.arange(self._layout.own)[:, None]).astype(np.float64)

    def _of_own(self, by_quantity: dict[int, Array], own: int) -> Array | None:
        """The sum over quantities of derivatives (n,), where they are the own parameter."""
        total: Array | None = None
        for m, values in by_quantity.items():
            used = self._data.positions[m - 1, self._block.observations] == own
            if used.all():
                part = values
            elif used.any():
                part = values * used
            else:
                continue
            total = part if total is None else total + part
        return total

    @cached_property
    def _own_slopes(self) -> list[Array]:
        """Derivatives (n,) of an observation's approximation in each own parameter."""
        found = self._state.found
        by_quantity: dict[int, Array] = {}
        for m in range(1, len(found.first)):
            slope = found.first[m] + 0.5 * self._leverage * found.third[m]
            if (0, m) in found.second:
                slope += self._moved * found.second[0, m]
            by_quantity[m] = self._weighted(slope)
        none = np.zeros(len(self._leverage))
        slopes = [self._of_own(by_quantity, own) for own in range(self._layout.own)]
        return [none if slope is None else slope for slope in slopes]

    @cached_property
    def _entry_slopes(self) -> Array:
        """Derivatives of innermost groups in the entries of the factors, (E, G)."""
        totals, firsts = self._sums("total"), self._sums("first")
        found = np.empty((len(self._entries), totals.shape[1]))
        bent = multiply(self._curvature, self._cross.swapaxes(0, 1))
        for number, (row, column) in enumerate(self._entries):
            found[number] = totals[row] * self._modes[column] + firsts[row] * self._adjoint[column]
            found[number] -= bent[row, column]
        return found

    # -- the gradient ---------------------------------------------------------------------------

    def group_gradients(self) -> Array:
        """By outermost group, (direct_count, G_1)."""
        sums = self._state.sums
        rows = [sums.of("total", column) for column in self._fixed]
        rows += [self._block.sums(-1, slope) for slope in self._own_slopes]
        found = np.concatenate([np.stack(rows), self._entry_slopes])
        for level in reversed(range(1, len(self._block.groups))):
            found = self._block.sums(level - 1, found)
        return found

    # -- the Hessian ----------------------------------------------------------------------------

    def hessian(self) -> Array:
        """The sum over the block's groups, (direct_count, direct_count)."""
        family, rows = self._data.model.family, self._block.observations
        sums, state = self._state.sums, self._state
        fourth = family.fourth_derivatives(
            self._data.outcome[:, rows], state.eta, self._quantities, state.found
        )
        bend = sums.weights("second") + self._moved * sums.weights("third")
        bend += self._weighted(0.5 * self._leverage * fourth.eta)
        sums.add_weights("bend", bend)
        self._weigh_own(fourth)
        by_level, moves = self._mode_derivatives()
        # Coefficients of z in the derivatives of eta: (Q, D, G).
        loaded = multiply_common(self._root, moves)
        for number, (row, column) in enumerate(self._entries, self._layout.fixed_count):
            loaded[row, number] += self._modes[column]
        slopes, bends = self._moved_sums(loaded)
        half = self._predictor_terms(loaded)
        half += self._own_terms(fourth, loaded)
        half += self._entry_terms(moves, slopes, bends)
        for values in by_level:
            flat = values.swapaxes(0, 1).reshape(values.shape[1], -1)
            half -= 0.5 * (flat @ flat.T)
        half += 0.25 * self._trace_terms(bends)
        return np.asarray(half + half.T)

    def _weigh_own(self, fourth: FourthDerivatives) -> None:
        """Name the derivatives of l', l'' and T in each own parameter."""
        found, sums = self._state.found, self._state.sums
        slopes, bends, totals = {}, {}, {}
        for m in range(1, len(found.first)):
            mixed = found.second.get((0, m))
            total = 0.5 * self._leverage * fourth.eta_own[m - 1]
            total += self._moved * found.third[m]
            if mixed is not None:
                slopes[m] = self._weighted(mixed)
                total += mixed
            bends[m] = self._weighted(found.third[m])
            totals[m] = self._weighted(total)
        none = np.zeros(len(self._leverage))
        for own in range(self._layout.own):
            for name, values in (("slope", slopes), ("curvature", bends), ("total", totals)):
                part = self._of_own(values, own)
                sums.add_weights(f"{name} in {own}", none if part is None else part)

    def _mode_derivatives(self) -> tuple[list[Array], Array]:
        """Derivatives of the modes v: by level (q_l, D, G_l), and for innermost groups."""
        layout = self._layout
        right = [-self._curvature_with(column) for column in self._fixed]
        right += [self._sums(f"slope in {own}") for own in range(layout.own)]
        curvature, firsts = self._curvature, self._sums("first")
        right += [-curvature[:, row] * self._modes[column] for row, column in self._entries]
        standard = multiply_common(self._root.T, np.stack(right, axis=1))
        for number, (row, column) in enumerate(self._entries, layout.fixed_count):
            standard[column, number] += firsts[row]
        by_level = self._elimination.solve(self._search.level_sums(self._block, standard))
        return by_level, self._search.innermost(self._block, by_level)

    def _curvature_with(self, column: int) -> Array:
        """``-sum l'' x z`` for a column x, (Q, G)."""
        return -self._sums("second", column)

    def _moved_sums(self, loaded: Array) -> tuple[Array, Array]:
        """Derivatives of ``sum l' z`` (Q, D, G) and of ``-sum l'' z z'`` (D, Q, Q, G)."""
        layout, sums = self._layout, self._state.sums
        size, count, groups = loaded.shape
        slopes = -multiply(self._curvature, loaded)
        bends = np.empty((count, size, size, groups))
        cubes = [sums.pairs("third", self._columns, column) for column in self._columns]
        for j in range(count):
            bends[j] = -cubes[0] * loaded[0, j]
            for effect in range(1, size):
                bends[j] -= cubes[effect] * loaded[effect, j]
        for j, column in enumerate(self._fixed):
            slopes[:, j] -= self._curvature_with(column)
            bends[j] -= sums.pairs("third", self._columns, column)
        for own in range(layout.own):
            slopes[:, layout.coefficients + own] += self._sums(f"slope in {own}")
            bends[layout.coefficients + own] -= sums.pairs(f"curvature in {own}", self._columns)
        return slopes, bends

    def _predictor_terms(self, loaded: Array) -> Array:
        """Half of ``sum c eta_j eta_k``, but for its transpose: (D, D)."""
        layout, sums = self._layout, self._state.sums
        size, count, groups = loaded.shape
        flat = loaded.reshape(size, count, groups).swapaxes(0, 1).reshape(count, -1)
        inner = multiply(sums.pairs("bend", self._columns), loaded)
        half = 0.5 * (flat @ inner.swapaxes(0, 1).reshape(count, -1).T)
        designs = self._data.columns[self._data.fixed_columns, self._block.observations]
        p = layout.coefficients
        half[:p, :p] += 0.5 * ((designs * sums.weights("bend")) @ designs.T)
        outer = np.stack([self._sums("bend", column).ravel() for column in self._fixed])
        half[:p] += outer @ flat.T
        return half

    def _own_terms(self, fourth: FourthDerivatives, loaded: Array) -> Array:
        """What own parameters add, half of it where it is symmetric: (D, D)."""
        layout, found = self._layout, self._state.found
        p, count = layout.coefficients, layout.direct_count
        half = np.zeros((count, count))
        designs = self._data.columns[self._data.fixed_columns, self._block.observations]
        flat = loaded.swapaxes(0, 1).reshape(count, -1)
        for own in range(layout.own):
            name = f"total in {own}"
            half[p + own, :p] += designs @ self._state.sums.weights(name)
            half[p + own] += flat @ self._sums(name).ravel()
        quantities = len(found.first) - 1
        for m in range(1, quantities + 1):
            left = self._indicators(m)
            for other in range(m, quantities + 1):
                weights = self._moved * fourth.own[m, other]
                weights += 0.5 * self._leverage * fourth.own_bend[m, other]
                if (m, other) in found.second:
                    weights += found.second[m, other]
                product = (left * self._weighted(weights)) @ self._indicators(other).T
                half[p : p + layout.own, p : p + layout.own] += (
                    0.5 * product if m == other else product
                )
        return half

    def _entry_terms(self, moves: Array, slopes: Array, bends: Array) -> Array:
        """What the factors' entries add by themselves, but for its transpose: (D, D).

        ``moves`` are the modes' derivatives, ``slopes`` and ``bends`` those of the sums of l' z
        and -l'' z z'.
        """
        count, first = self._layout.direct_count, self._layout.fixed_count
        half = np.zeros((count, count))
        totals = self._sums("total")
        covariance, cross = self._covariance, self._cross
        for k, (row, column) in enumerate(self._entries, first):
            half[k] += moves[column] @ totals[row]
            half[k] += slopes[row] @ self._adjoint[column]
            half[k] -= np.einsum("jfg,fg->j", bends[:, row], cross[column])
            for j, (and_row, and_column) in enumerate(self._entries, first):
                product = self._curvature[row, and_row] @ covariance[column, and_column]
                half[k, j] -= 0.5 * product
        return half

    def _trace_terms(self, bends: Array) -> Array:
        """``tr(S dA_j S dA_k)`` (D, D), dA_j of the derivatives of ``-sum l'' z z'``."""
        moved = self._search.in_standard_effects(self._point, bends)
        half = multiply_common(self._root.T, self._curvature)
        for number, (row, column) in enumerate(self._entries, self._layout.fixed_count):
            moved[number][:, column] += half[:, row]
            moved[number][column] += half[:, row]
        block, counts = self._block, self._data.effect_counts
        chain, chains = None, []
        for level, rows in enumerate(self._elimination.loadings()[:-1]):
            if chain is not None:
                chain = np.repeat(chain, block.member_counts[level - 1], axis=-1)
            chain = extended_chain(chain, rows)
            chains.append(np.repeat(chain, block.member_counts[level], axis=-1))
        total = np.zeros((len(moved), len(moved)))
        for level in reversed(range(len(counts))):
            root, coupled = self._elimination.roots[level], self._elimination.halves[level]
            above = moved.shape[1] - counts[level]
            pivot, coupling = moved[:, above:, above:], moved[:, above:, :above]
            scaled = transpose_multiply(root, pivot)  # F' dP
            turned = multiply(scaled, root)
            total += _inner_products(turned)
            if not level:
                break
            # F'E = F'dC - F'dP F half
            error = transpose_multiply(root, coupling) - multiply(turned, coupled)
            total += 2.0 * _inner_products(multiply(error, chains[level - 1]))
            # dU - dC'M - M'dC + M'dP M, M = F half
            sent = transpose_multiply(error, coupled)
            schur = moved[:, :above, :above] - sent - sent.swapaxes(1, 2)
            schur -= transpose_multiply(coupled, multiply(turned, coupled))
            moved = block.sums(level - 1, schur)
        return total


def _inner_products(stack: Array) -> Array:
    """Sums of products of each pair of (D, ...) arrays, (D, D)."""
    flat = stack.reshape(len(stack), -1)
    return np.asarray(flat @ flat.T)
