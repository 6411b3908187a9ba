"""Second derivatives of ``X'V^-1 X`` in full, where the likelihood needs only their trace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.derivatives import Differentiation
from statalike.engine.linear.elimination import NestedElimination, Nesting
from statalike.engine.stacked_matrices import multiply, multiply_common

Array = NDArray[np.float64]


class FixedDifferentiation(Differentiation):
    """The derivatives of :class:`Differentiation`, with those of the whole fixed part.

    After :meth:`run`, ``fixed_second`` (K, K, p, p) holds the second derivatives of S in the
    turned columns X'.
    """

    def __init__(
        self,
        nesting: Nesting,
        elimination: NestedElimination,
        bases: Sequence[Array],
        turn: Array,
    ) -> None:
        super().__init__(nesting, elimination, bases, turn, hessian=True, traced=True)
        count = sum(len(basis) for basis in bases)
        p = turn.shape[1] - 1
        self.fixed_second = np.zeros((count, count, p, p))

    def _own_twice_to_root(self, own: range, flat: Array, f: Array, p: Array) -> None:
        super()._own_twice_to_root(own, flat, f, p)
        basis = self._bases[-1]
        moved = [multiply_common(part, f[:, 1:]) for part in basis]
        bent = [multiply(p, m) for m in moved]
        for i, left in zip(own, moved, strict=True):
            for j, right in zip(own, bent, strict=True):
                if j >= i:
                    self._add_fixed(i, j, _sum_of_products(left, right))

    def _pass_second(
        self, node: int, pair: tuple[int, int], terms: list[tuple[Array, Array]]
    ) -> None:
        super()._pass_second(node, pair, terms)
        tail = self._nesting.outer_width(node) + 1
        for left, right in terms:
            self._add_fixed(*pair, -_sum_of_products(left[:, tail:], right[:, tail:]))

    def _add_fixed(self, i: int, j: int, product: Array) -> None:
        both = product + product.T
        self.fixed_second[i, j] += both
        if i != j:
            self.fixed_second[j, i] += both


def _sum_of_products(left: Array, right: Array) -> Array:
    """``sum left' right`` over groups: two (q, p, G) to (p, p)."""
    return np.asarray(np.tensordot(left, right, axes=((0, 2), (0, 2))))
