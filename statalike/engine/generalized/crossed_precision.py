"""The posterior precision of crossed random effects, and the parts of its inverse that are needed.

``A = I + sum_i w_i a_i a_i'`` has blocks P for the categories of the largest term, which do not
share observations, couplings C of these with all other effects, zero but for the pairs that occur,
and a dense block R.  The largest term is eliminated category by category, and

    S_RR = (R - C'P^-1 C)^-1,   S_AR = -M S_RR,   S_AA = P^-1 + M S_RR M',   M = P^-1 C,

are computed for pairs that occur alone (Bates and DebRoy 2004, Journal of Multivariate Analysis
91: 1-17, for the blocked factorisation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from statalike.engine.generalized.elimination import inverse_root
from statalike.engine.linear.matrix_product import product
from statalike.engine.linear.positive_factor import PositiveFactor, positive_factor
from statalike.engine.stacked_matrices import add_identity, multiply, transpose_multiply

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# Numbers in a dense block of rows of M S_RR.
BLOCK = 1 << 21
# A share of pairs that occur above which dense products are the faster.
DENSE = 0.05


@dataclass(frozen=True)
class EffectColumn:
    """One effect of a term: which of the effects v of an observation it is, ``start`` plus its
    ``categories`` (n,), of which there are ``count``."""

    term: int
    effect: int
    start: int
    categories: Positions
    count: int


class CrossedPairs:
    """Which categories of the term apart occur with which of the other effects.

    ``apart`` and ``others`` are the columns of effects; other effects are numbered from 0 on, in
    the order of ``others``.  ``category`` and ``position`` (k,) are the pairs, sorted; ``pair``
    gives each observation its pair for each of ``others``.
    """

    def __init__(self, columns: Sequence[EffectColumn]) -> None:
        sizes: dict[int, int] = {}
        for column in columns:
            sizes[column.term] = sizes.get(column.term, 0) + column.count
        largest = max(sizes, key=lambda term: sizes[term])
        self.columns = columns
        self.apart = [c for c in columns if c.term == largest]
        self.others = [c for c in columns if c.term != largest]
        self.categories = self.apart[0].categories
        self.count = self.apart[0].count
        self.starts: list[int] = []
        self.width = 0
        keys: list[Positions] = []
        for column in self.others:
            self.starts.append(self.width)
            self.width += column.count
        for start, column in zip(self.starts, self.others, strict=True):
            keys.append(self.categories * self.width + start + column.categories)
        none = np.zeros(0, dtype=np.intp)
        distinct = np.unique(np.concatenate(keys)) if keys else none
        self.category = distinct // max(self.width, 1)
        self.position = distinct % max(self.width, 1)
        self.pair = [np.searchsorted(distinct, key) for key in keys]
        self.row_starts = np.searchsorted(self.category, np.arange(self.count + 1))
        self.dense = len(distinct) > DENSE * self.count * max(self.width, 1)

    def rows(self, values: Array) -> sparse.csr_array:
        """Values (k,) of the pairs as a sparse matrix (count, width)."""
        shape = self.count, self.width
        return sparse.csr_array((values, self.position, self.row_starts), shape=shape)

    def sum_over_pairs(self, values: Array) -> Array:
        """Sums of (k,) values over the pairs of each category, (count,)."""
        return np.asarray(np.bincount(self.category, values, self.count), dtype=np.float64)

    def split(self, effects: Array) -> tuple[Array, Array]:
        """All effects (Q,) as those apart (q, count) and the others (width,)."""
        apart = np.stack([effects[c.start : c.start + c.count] for c in self.apart])
        rest = [effects[c.start : c.start + c.count] for c in self.others]
        return apart, np.concatenate(rest) if rest else np.zeros(0)

    def joined(self, apart: Array, others: Array) -> Array:
        """The inverse of :meth:`split`."""
        found = np.empty(apart.size + len(others))
        for column, values in zip(self.apart, apart, strict=True):
            found[column.start : column.start + column.count] = values
        for start, column in zip(self.starts, self.others, strict=True):
            found[column.start : column.start + column.count] = others[start : start + column.count]
        return found


class CrossedPrecision:
    """A factored, from the derivatives a of eta in the columns of effects, (n,) each, and the
    weights (n,).  Raises ``LinAlgError`` where it is not positive definite."""

    def __init__(self, pairs: CrossedPairs, designs: Sequence[Array], weights: Array) -> None:
        self._pairs = pairs
        by_column = dict(zip([id(c) for c in pairs.columns], designs, strict=True))
        apart = [by_column[id(c)] for c in pairs.apart]
        others = [by_column[id(c)] for c in pairs.others]
        weighted = [design * weights for design in apart]
        size = len(apart)
        pivot = np.empty((size, size, pairs.count))
        coupling = np.zeros((size, len(pairs.category)))
        for i in range(size):
            for j in range(i + 1):
                total = np.bincount(pairs.categories, weighted[i] * apart[j], pairs.count)
                pivot[i, j] = pivot[j, i] = total
            for design, pair in zip(others, pairs.pair, strict=True):
                coupling[i] += np.bincount(pair, weighted[i] * design, len(pairs.category))
        add_identity(pivot)
        self._root = inverse_root(pivot)
        roots = self._root[:, :, pairs.category]
        half = transpose_multiply(roots, coupling[:, None])[:, 0]
        self._slopes = multiply(roots, half[:, None])[:, 0]
        remaining = self._dense_block(others, weights)
        for values in half:
            remaining -= self._gram(values)
        factor = positive_factor(remaining)
        if factor is None:
            raise np.linalg.LinAlgError("not positive definite")
        self._factor: PositiveFactor = factor
        self._inverse: Array | None = None
        self._crossed: Array | None = None

    @property
    def half_log_determinant(self) -> float:
        """``log |A| / 2``."""
        diagonal = np.arange(len(self._root))
        apart = float(np.sum(np.log(self._root[diagonal, diagonal])))
        return 0.5 * self._factor.log_determinant - apart

    def solve(self, right: Array) -> Array:
        """``A^-1 b`` for all effects (Q,)."""
        pairs = self._pairs
        apart, others = pairs.split(right)
        scaled = transpose_multiply(self._root, apart[:, None])
        own = multiply(self._root, scaled)[:, 0]
        rows = [pairs.rows(values) for values in self._slopes]
        below = others - sum(m.T @ values for m, values in zip(rows, apart, strict=True))
        solved = self._factor.solve(below) if len(below) else below
        own -= np.stack([m @ solved for m in rows])
        return pairs.joined(own, solved)

    def covariances_apart(self) -> Array:
        """The blocks of S for the categories of the term apart, (q, q, count)."""
        found = multiply(self._root, self._root.swapaxes(0, 1))
        crossed = self._crossed_entries()
        for i in range(len(found)):
            for j in range(len(found)):
                found[i, j] -= self._pairs.sum_over_pairs(crossed[i] * self._slopes[j])
        return found

    def covariances_of_others(self) -> Array:
        """S_RR (width, width)."""
        if self._inverse is None:
            self._inverse = self._factor.inverse()
        return self._inverse

    def spreads(self, designs: Sequence[Array]) -> list[Array]:
        """``S a`` of each observation, one array (n,) for each column of effects."""
        pairs = self._pairs
        found = [np.zeros_like(design) for design in designs]
        place = {id(column): number for number, column in enumerate(pairs.columns)}
        blocks, inverse = self.covariances_apart(), self.covariances_of_others()
        crossed = self._crossed_entries()
        for i, one in enumerate(pairs.apart):
            here = place[id(one)]
            for j, other in enumerate(pairs.apart):
                found[here] += blocks[i, j][pairs.categories] * designs[place[id(other)]]
            for other, pair in zip(pairs.others, pairs.pair, strict=True):
                there = place[id(other)]
                covariance = crossed[i][pair]
                found[here] += covariance * designs[there]
                found[there] += covariance * designs[here]
        for start, one in zip(pairs.starts, pairs.others, strict=True):
            rows = start + one.categories
            for begin, other in zip(pairs.starts, pairs.others, strict=True):
                covariance = inverse[rows, begin + other.categories]
                found[place[id(one)]] += covariance * designs[place[id(other)]]
        return found

    def _dense_block(self, designs: Sequence[Array], weights: Array) -> Array:
        """R, the precision of the other effects by themselves."""
        pairs = self._pairs
        found = np.zeros((pairs.width, pairs.width))
        columns = list(zip(pairs.starts, pairs.others, designs, strict=True))
        for number, (start, one, left) in enumerate(columns):
            weighted = left * weights
            rows = slice(start, start + one.count)
            for begin, other, right in columns[: number + 1]:
                flat = one.categories * other.count + other.categories
                total = np.bincount(flat, weighted * right, one.count * other.count)
                block = total.reshape(one.count, other.count)
                across = slice(begin, begin + other.count)
                found[rows, across] = block
                if other is not one:
                    found[across, rows] = block.T
        found[np.arange(pairs.width), np.arange(pairs.width)] += 1.0
        return found

    def _gram(self, values: Array) -> Array:
        """``H'H`` of the matrix with these values of the pairs."""
        rows = self._pairs.rows(values)
        if not self._pairs.dense:
            return np.asarray((rows.T @ rows).toarray())
        total = np.zeros((self._pairs.width, self._pairs.width))
        for part in self._row_blocks():
            dense = rows[part].toarray()
            total += product(dense.T, dense)
        return total

    def _crossed_entries(self) -> Array:
        """S_AR at the pairs, (q, k)."""
        if self._crossed is None:
            pairs, inverse = self._pairs, self.covariances_of_others()
            found = np.empty_like(self._slopes)
            for effect, values in enumerate(self._slopes):
                rows = pairs.rows(values)
                for part in self._row_blocks():
                    own = slice(int(pairs.row_starts[part.start]), int(pairs.row_starts[part.stop]))
                    if pairs.dense:
                        block = product(rows[part].toarray(), inverse)
                    else:
                        block = rows[part] @ inverse
                    found[effect, own] = block[
                        pairs.category[own] - part.start, pairs.position[own]
                    ]
            self._crossed = -found
        return self._crossed

    def _row_blocks(self) -> list[slice]:
        count = self._pairs.count
        step = max(1, BLOCK // max(self._pairs.width, 1))
        return [slice(start, min(start + step, count)) for start in range(0, count, step)]
