"""Derivatives of the nested elimination in the covariance parameters.

For a level with cross-products A and B (see ``linear.elimination``) and covariance D write
``K = (D^-1 + A)^-1``, ``N = (I + A D)^-1``, ``P = N A``, ``F = N B`` and ``Y = K B``.  Eliminating
it subtracts ``C = B' K B`` from the levels above and adds ``log |I + A D|``.  For parameters i, j:

- of this level: ``dC = F' dD F``, ``dlog = tr(P dD)``, ``dF = -P dD F``;
- of lower levels, with ``U = dB - dA Y``: ``dC = dB' Y + Y' U``, ``dlog = tr(K dA)``,
  ``dF = U - A K U`` and ``dY = K U``;
- twice, D being linear in its parameters: ``d2C = dF_j' dD_i F + F' dD_i dF_j`` for i of this
  level and any j, and ``dY_j' U_i + U_i' dY_j + d2B' Y + Y' d2B - Y' d2A Y`` for lower i and j;
  ``d2log = -tr(P dD_i P dD_j)``, ``tr(dA_j N' dD_i N)`` and
  ``tr(K d2A) - tr(K dA_i K dA_j)`` for two of this level, one of each, and two lower ones.

At the root, T is replaced by ``[y - X b, X root^-T]`` with ``X'V^-1 X = root root'``, so that only
a row and a trace of the derivatives of S are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.elimination import NestedElimination, Nesting
from statalike.engine.stacked_matrices import (
    SMALL,
    add_identity,
    multiply,
    multiply_common,
    solve_lower,
    sum_to_parents,
    transpose_multiply,
)

Array = NDArray[np.float64]


@dataclass
class RootDerivatives:
    """Derivatives of ``log |V|`` and of S in the turned columns ``[e, X']``.

    ``first[i]`` (t, t) are those of S; ``error_second`` and ``trace_second`` (K, K) are the second
    derivatives of ``S[e, e]`` and of the trace over X'.
    """

    log_gradient: Array
    log_hessian: Array
    first: Array
    error_second: Array
    trace_second: Array


@dataclass
class _Accumulated:
    """What the levels done so far passed up to each node: first and second derivatives."""

    first: list[dict[int, Array]]
    second: list[dict[tuple[int, int], Array]] = field(default_factory=list)


class Differentiation:
    """One pass through the levels, inside out, that carries derivatives along.

    ``bases[l]`` (K_l, q, q) span the covariances of the levels, outermost first; ``turn``
    (p + 1, t) makes the turned columns.  ``hessian`` asks for second derivatives too, and
    ``traced`` for those of the trace over X'.
    """

    def __init__(
        self,
        nesting: Nesting,
        elimination: NestedElimination,
        bases: Sequence[Array],
        turn: Array,
        hessian: bool,
        traced: bool,
    ) -> None:
        self._nesting = nesting
        self._elimination = elimination
        self._bases = bases
        self._turn = turn
        self._hessian = hessian
        self._traced = traced
        count = sum(len(basis) for basis in bases)
        width = turn.shape[1]
        self._result = RootDerivatives(
            np.zeros(count),
            np.zeros((count, count)),
            np.zeros((count, width, width)),
            np.zeros((count, count)),
            np.zeros((count, count)),
        )
        self._passed = _Accumulated(
            [{} for _ in range(nesting.depth)], [{} for _ in range(nesting.depth)]
        )

    def run(self) -> RootDerivatives:
        depth = self._nesting.depth
        stop = self._result.log_gradient.size
        for node in range(depth, 0, -1):
            own = range(stop - len(self._bases[node - 1]), stop)
            stop = own.start
            if node == depth:
                self._innermost(own)
            else:
                self._upper(node, own)
        result = self._result
        if self._hessian:
            position = np.arange(len(result.log_gradient))
            below = position[:, None] > position
            for matrix in (result.log_hessian, result.error_second, result.trace_second):
                matrix[below] = matrix.T[below]
        return result

    def _turned(self, node: int, right: Array) -> Array:
        """The columns right of a node's own with T turned."""
        outer = self._nesting.outer_width(node)
        tail = np.matmul(self._turn.T, right[:, outer:])
        return tail if not outer else np.concatenate([right[:, :outer], tail], axis=1)

    def _innermost(self, own: range) -> None:
        nesting, inner = self._nesting, self._elimination.innermost
        level = nesting.innermost
        basis = self._bases[-1]
        size = len(level.root)
        flat = basis.reshape(len(basis), -1)
        half = solve_lower(inner.factor, level.root)
        f = transpose_multiply(level.expand(half), self._turned(nesting.depth, inner.reduced))
        total = sum_to_parents(_counted(half, level.multiplicity), half, None)
        self._result.log_gradient[own.start : own.stop] = flat @ total.ravel()
        if nesting.depth == 1 and size <= SMALL:
            self._own_to_root(own, basis, f)
        else:
            moved = [multiply_common(part, f) for part in basis]
            self._pass_first(nesting.depth, own, [(f, m) for m in moved])
        if not self._hessian:
            return
        p = transpose_multiply(half, half)
        if size <= SMALL:
            grams = p.reshape(size * size, -1)
            repeated = _counted(grams, level.multiplicity)
            self._result.log_hessian[np.ix_(own, own)] = -_double_contraction(
                grams @ repeated.T, flat, crossed=True
            )
        else:
            turned = [multiply(p, part[:, :, None]) for part in basis]
            self._log_own(own, turned, level.multiplicity)
        p = level.expand(p)
        if nesting.depth == 1 and size <= SMALL:
            self._own_twice_to_root(own, flat, f, p)
            return
        width = self._second_width(nesting.depth)
        cut = [m[:, :width] for m in moved]
        bent = [-multiply(p, m) for m in cut]
        self._pass_own_pairs(nesting.depth, own, cut, dict(zip(own, bent, strict=True)))

    def _second_width(self, node: int) -> int:
        outer = self._nesting.outer_width(node)
        return outer + (self._turn.shape[1] if self._traced else 1)

    def _own_to_root(self, own: range, basis: Array, f: Array) -> None:
        """``dS = -F' dD F`` summed over groups, for all parameters at once."""
        size, width, _ = f.shape
        flat = f.reshape(size * width, -1)
        gram = (flat @ flat.T).reshape(size, width, size, width)
        self._result.first[own.start : own.stop] = -np.einsum("kab,aibj->kij", basis, gram)

    def _own_twice_to_root(self, own: range, flat: Array, f: Array, p: Array) -> None:
        """``2 F' dD_i P dD_j F`` at (e, e) and its trace over X', for all pairs at once."""
        size = len(f)
        projections = p.reshape(size * size, -1)
        block = np.ix_(own, own)
        error = (f[:, None, 0] * f[None, :, 0]).reshape(size * size, -1)
        self._result.error_second[block] = 2.0 * _double_contraction(
            error @ projections.T, flat, crossed=False
        )
        if self._traced and f.shape[1] > 1:
            fixed = np.einsum("axg,bxg->abg", f[:, 1:], f[:, 1:]).reshape(size * size, -1)
            self._result.trace_second[block] = 2.0 * _double_contraction(
                fixed @ projections.T, flat, crossed=False
            )

    def _upper(self, node: int, own: range) -> None:
        nesting = self._nesting
        state = self._elimination.upper[node]
        basis = self._bases[node - 1]
        size = nesting.sizes[node]
        a, b = state.a, self._turned(node, state.b)
        k = transpose_multiply(state.half, state.half)
        y = transpose_multiply(state.half, self._turned(node, state.reduced))
        f = b - multiply(a, y)
        n = -multiply(a, k)
        add_identity(n)
        p = multiply(n, a)
        weights = nesting.weights[node - 1]
        lower = range(own.stop, self._result.log_gradient.size)
        first = self._passed.first[node]
        da = {i: first[i][:, :size] for i in lower}
        db = {i: first[i][:, size:] for i in lower}
        u = {i: db[i] - multiply(da[i], y) for i in lower}
        moved = [multiply_common(part, f) for part in basis]
        self._pass_first(node, own, [(f, m) for m in moved])
        for i in lower:
            self._pass_first(node, range(i, i + 1), [(db[i], y)], [(y, u[i])])
        gradient = self._result.log_gradient
        gradient[own.start : own.stop] = (
            basis.reshape(len(basis), -1) @ np.sum(_counted(p, weights), axis=2).ravel()
        )
        counted = _counted(k, weights)
        for i in lower:
            gradient[i] += np.vdot(counted, da[i])
        if not self._hessian:
            return
        self._log_own(own, [multiply(p, part[:, :, None]) for part in basis], weights)
        log_hessian = self._result.log_hessian
        for i, part in zip(own, basis, strict=True):
            if len(lower):
                spread = transpose_multiply(_counted(n, weights), multiply_common(part, n))
                for j in lower:
                    log_hessian[i, j] = np.vdot(da[j], spread)
        second = self._passed.second[node]
        turned = {i: multiply(k, da[i]) for i in lower}
        for i in lower:
            for j in range(i, lower.stop):
                d2a = second[i, j][:, :size]
                twice = np.vdot(_counted(turned[j], weights), turned[i].swapaxes(0, 1))
                log_hessian[i, j] += np.vdot(counted, d2a) - twice
        width = self._second_width(node)
        cut = [m[:, :width] for m in moved]
        u = {i: u[i][:, :width] for i in lower}
        dy = {i: multiply(k, u[i]) for i in lower}
        bent = {i: u[i] - multiply(a, dy[i]) for i in lower}
        bent |= {i: -multiply(p, m) for i, m in zip(own, cut, strict=True)}
        self._pass_own_pairs(node, own, cut, bent)
        y = y[:, :width]
        for i in lower:
            for j in range(i, lower.stop):
                d2a, d2b = second[i, j][:, :size], second[i, j][:, size:]
                # Y' d2B - Y' d2A Y / 2 with its transpose makes the symmetric whole.
                rest = d2b - 0.5 * multiply(d2a, y)
                self._pass_second(node, (i, j), [(dy[j], u[i]), (y, rest)])

    def _log_own(self, own: range, turned: list[Array], multiplicity: Array | None) -> None:
        """``-tr(P dD_i P dD_j)`` from the stacks P dD_i."""
        for i, left in zip(own, turned, strict=True):
            weighted = _counted(left, multiplicity)
            for j, right in zip(own, turned, strict=True):
                if j >= i:
                    value = -np.vdot(weighted, right.swapaxes(0, 1))
                    self._result.log_hessian[i, j] = value

    def _pass_first(
        self,
        node: int,
        parameters: range,
        pairs: list[tuple[Array, Array]],
        more: list[tuple[Array, Array]] | None = None,
    ) -> None:
        """Subtract ``left' right`` (and ``more``) from the first derivatives of the nodes above."""
        for position, i in enumerate(parameters):
            terms = [pairs[position], *([more[position]] if more else [])]
            for above in range(node):
                change = sum(
                    (self._nesting_sum(above, left, right, node) for left, right in terms),
                    start=np.zeros(1),
                )
                if above == 0:
                    self._result.first[i] -= change[:, :, 0]
                else:
                    held = self._passed.first[above]
                    held[i] = held[i] - change if i in held else -change

    def _nesting_sum(self, above: int, left: Array, right: Array, node: int) -> Array:
        return self._nesting.to_node(above, left, right, node)

    def _pass_own_pairs(
        self, node: int, own: range, moved: list[Array], bent: dict[int, Array]
    ) -> None:
        for i, m in zip(own, moved, strict=True):
            for j in bent:
                if j >= i:
                    self._pass_second(node, (i, j), [(bent[j], m)])

    def _pass_second(
        self, node: int, pair: tuple[int, int], terms: list[tuple[Array, Array]]
    ) -> None:
        """Subtract ``left' right + right' left`` from the second derivatives above."""
        outer = self._nesting.outer_width(node)
        for left, right in terms:
            self._result.error_second[pair] -= 2.0 * np.vdot(left[:, outer], right[:, outer])
            if self._traced:
                self._result.trace_second[pair] -= 2.0 * np.vdot(
                    left[:, outer + 1 :], right[:, outer + 1 :]
                )
            for above in range(1, node):
                change = self._nesting_sum(above, left, right, node)
                change += self._nesting_sum(above, right, left, node)
                held = self._passed.second[above]
                held[pair] = held[pair] - change if pair in held else -change


def _counted(stack: Array, weights: Array | None) -> Array:
    """A stack over groups (..., G), each group as often as it counts."""
    return stack if weights is None else stack * weights


def _double_contraction(gram: Array, flat: Array, crossed: bool) -> Array:
    """``sum B_i[a, c] B_j[b, d] G[(a, b), (c, d)]``, or B_j[d, b] G[(a, b), (c, d)] crossed as
    ``tr(P B_i P B_j)`` needs: G holds the sums of products of two stacks of q by q matrices.
    """
    size = int(np.sqrt(gram.shape[0]) + 0.5)
    order = (1, 2, 3, 0) if crossed else (0, 2, 1, 3)
    turned = gram.reshape(size, size, size, size).transpose(order).reshape(gram.shape)
    return np.asarray(flat @ turned @ flat.T)
