"""Cross-products between many groups and the effects they are crossed with.

The groups i have q effects each; ``C_i`` (q, m) are their cross-products with m other effects, most
of them zero when each group meets few of the others.  Eliminating the groups takes
``sum_i C_i' w_i C_i`` for symmetric matrices ``w_i``, and derivatives take the blocks
``C_i g C_i'``; both read every pair of entries of a group once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from statalike.engine.linear.matrix_product import product

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# Seconds for a multiplication in a dense product, and for one of a pair of entries.
DENSE_COST = 5e-11
PAIR_COST = 5e-9
# Pairs that are kept, at 80 bytes each while they are made.
MOST_PAIRS = 12_000_000
MOST_DENSE = 200_000_000


class CellProducts(ABC):
    """The matrices C_i (q, m) of G groups, stacked as C (G q, m)."""

    @abstractmethod
    def weighted(self, weights: Array) -> Array:
        """``sum_i C_i' w_i C_i`` (m, m) for symmetric weights (G, q, q)."""

    @abstractmethod
    def blocks(self, matrix: Array) -> Array:
        """``C_i g C_i'`` (G, q, q) for a symmetric matrix (m, m)."""

    @abstractmethod
    def column_squares(self, weights: Array) -> Array:
        """``sum_i w_i C_ij^2`` (m,) over the rows of C, weights (G q,)."""

    @abstractmethod
    def times(self, right: Array) -> Array:
        """``C x`` (G q, k)."""

    @abstractmethod
    def transpose_times(self, right: Array) -> Array:
        """``C' x`` (m, k)."""


class DenseCells(CellProducts):
    """C as an array (G, q, m)."""

    def __init__(self, cells: Array) -> None:
        self._cells = cells
        self._flat = cells.reshape(cells.shape[0] * cells.shape[1], cells.shape[2])

    def weighted(self, weights: Array) -> Array:
        if self._cells.shape[1] == 1:
            return product((self._flat * weights[:, 0]).T, self._flat)
        return product(self._flat.T, np.matmul(weights, self._cells).reshape(self._flat.shape))

    def blocks(self, matrix: Array) -> Array:
        turned = product(self._flat, matrix).reshape(self._cells.shape)
        if self._cells.shape[1] == 1:
            return np.einsum("iaj,iaj->ia", turned, self._cells)[:, :, None]
        return np.asarray(np.matmul(turned, self._cells.swapaxes(1, 2)))

    def column_squares(self, weights: Array) -> Array:
        return np.asarray(weights @ self._flat**2)

    def times(self, right: Array) -> Array:
        return product(self._flat, right)

    def transpose_times(self, right: Array) -> Array:
        return product(self._flat.T, right)


class SparseCells(CellProducts):
    """C by its entries: ``rows`` ``i q + a`` ascending, ``columns``, ``values``."""

    def __init__(
        self, rows: Positions, columns: Positions, values: Array, shape: tuple[int, int], size: int
    ) -> None:
        self._rows, self._columns, self._values = rows, columns, values
        self._groups, self._size, self._width = shape[0] // size, size, shape[1]
        self._matrix = sparse.csr_array((values, (rows, columns)), shape=shape)
        self._transposed = self._matrix.T.tocsr()

    @cached_property
    def _pairs(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """The linear map from weights to half the weighted sum, and its transpose.

        It has an entry for each pair of entries of C in a group.  An entry stands with itself at
        half, so that adding the transpose of the result completes the pairs.
        """
        group, effect = self._rows // self._size, self._rows % self._size
        count = len(group)
        last = np.cumsum(np.bincount(group, minlength=self._groups))[group] if count else group
        partners = last - np.arange(count)
        before = np.cumsum(partners) - partners
        first = np.repeat(np.arange(count), partners)
        second = np.arange(len(first)) + np.repeat(np.arange(count) - before, partners)
        product = self._values[first] * self._values[second]
        product[before] *= 0.5
        weight = (group[first] * self._size + effect[first]) * self._size + effect[second]
        target = self._columns[first] * self._width + self._columns[second]
        shape = (self._groups * self._size**2, self._width**2)
        narrow = np.int32 if max(shape) < 2**31 else np.int64
        indices = weight.astype(narrow), target.astype(narrow)
        transposed = sparse.csr_array((product, indices), shape=shape)
        return transposed.T.tocsr(), transposed

    def weighted(self, weights: Array) -> Array:
        half = (self._pairs[0] @ weights.reshape(-1)).reshape(self._width, self._width)
        return np.asarray(half + half.T)

    def blocks(self, matrix: Array) -> Array:
        half = np.asarray(self._pairs[1] @ matrix.reshape(-1))
        half = half.reshape(self._groups, self._size, self._size)
        return np.asarray(half + half.swapaxes(1, 2))

    def column_squares(self, weights: Array) -> Array:
        squares = self._values**2 * weights[self._rows]
        sums = np.bincount(self._columns, weights=squares, minlength=self._width)
        return np.asarray(sums, dtype=np.float64)

    def times(self, right: Array) -> Array:
        return np.asarray(self._matrix @ right)

    def transpose_times(self, right: Array) -> Array:
        return np.asarray(self._transposed @ right)


class WideSparseCells(SparseCells):
    """C by its entries where their pairs would not fit in memory."""

    def weighted(self, weights: Array) -> Array:
        turned = self._turned(weights) @ self._matrix
        return np.asarray((self._transposed @ turned).toarray())

    def _turned(self, weights: Array) -> sparse.csr_array:
        groups = np.arange(self._groups)
        return sparse.csr_array(
            sparse.bsr_array(
                (weights, groups, np.arange(self._groups + 1)),
                shape=(self._groups * self._size, self._groups * self._size),
            )
        )

    def blocks(self, matrix: Array) -> Array:
        result = np.empty((self._groups, self._size, self._size))
        together = max(1, 20_000_000 // (self._size * self._width))
        for start in range(0, self._groups, together):
            stop = min(start + together, self._groups)
            part = self._matrix[start * self._size : stop * self._size]
            turned = np.asarray(part @ matrix).reshape(stop - start, self._size, self._width)
            dense = part.toarray().reshape(turned.shape)
            result[start:stop] = np.matmul(turned, dense.swapaxes(1, 2))
        return result


def cell_products(
    rows: Positions, columns: Positions, values: Array, shape: tuple[int, int], size: int
) -> CellProducts:
    """The cheapest form of C (G q, m) with the entries given, ``rows`` ascending.

    ``size`` is q.
    """
    groups = shape[0] // size
    counts = np.bincount(rows // size, minlength=groups).astype(np.float64)
    pairs = 0.5 * float(counts @ (counts + 1.0))
    multiplications = float(shape[0]) * shape[1] * shape[1]
    cheap = multiplications * DENSE_COST <= pairs * PAIR_COST or not len(values)
    if cheap and shape[0] * shape[1] <= MOST_DENSE:
        dense = np.zeros(shape)
        dense[rows, columns] = values
        return DenseCells(dense.reshape(groups, size, shape[1]))
    kind = SparseCells if pairs <= MOST_PAIRS else WideSparseCells
    return kind(rows, columns, values, shape, size)
