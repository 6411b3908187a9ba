"""Sums over the innermost groups of a block of weighted products of a model's columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.sorted_model import Block, SortedModel

Array = NDArray[np.float64]


class ColumnSums:
    """``sum_i w_i c_i d_i ...`` of columns c, d, ... of a sorted model within a block.

    Weights (n,) go by a name under which their products and sums are kept, so that designs which
    share columns share the work; columns of ones cost nothing.
    """

    def __init__(self, data: SortedModel, block: Block) -> None:
        self._data = data
        self._block = block
        self._products: dict[tuple[str, tuple[int, ...]], Array] = {}
        self._sums: dict[tuple[str, tuple[int, ...]], Array] = {}

    def add_weights(self, name: str, weights: Array) -> None:
        """Give weights (n,) a name."""
        self._products[name, ()] = weights

    def weights(self, name: str) -> Array:
        return self._products[name, ()]

    def of(self, name: str, *columns: int) -> Array:
        """The sums (G,) of the named weights times the columns at these positions."""
        key = name, self._key(columns)
        found = self._sums.get(key)
        if found is None:
            found = self._block.sums(-1, self._product(*key))
            self._sums[key] = found
        return found

    def pairs(self, name: str, columns: tuple[int, ...], *others: int) -> Array:
        """Sums for each pair of ``columns``, times ``others``: symmetric matrices (Q, Q, G)."""
        size = len(columns)
        found = np.empty((size, size, len(self._block.member_counts[-1])))
        for i in range(size):
            for j in range(i + 1):
                found[i, j] = self.of(name, columns[i], columns[j], *others)
                if i != j:
                    found[j, i] = found[i, j]
        return found

    def singles(self, name: str, columns: tuple[int, ...], *others: int) -> Array:
        """Sums for each of ``columns``, times ``others``: (Q, G)."""
        return np.stack([self.of(name, column, *others) for column in columns])

    def _key(self, columns: tuple[int, ...]) -> tuple[int, ...]:
        ones = self._data.ones
        return tuple(sorted(column for column in columns if not ones[column]))

    def _product(self, name: str, columns: tuple[int, ...]) -> Array:
        key = name, columns
        found = self._products.get(key)
        if found is None:
            values = self._data.columns[columns[-1], self._block.observations]
            found = self._product(name, columns[:-1]) * values
            self._products[key] = found
        return found
