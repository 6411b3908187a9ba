"""The data of a linear mixed model reduced, once, to what an iteration needs.

Eliminating the innermost random effects needs, for each innermost group, ``A = Z'Z`` and
``B = Z'[Z_outer, ..., X, y]``; a higher level needs the same sums over its own groups.  Nothing
after this reduction has the length of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.coordinates import LevelCoordinates, level_coordinates
from statalike.engine.linear.fixed_design import FixedDesign, orthonormalise
from statalike.engine.linear.model import LinearMixedModel, weighted_columns
from statalike.engine.linear.weights import GroupWeights, weights_of_groups
from statalike.engine.nested_groups import NestedGroups, nested_groups
from statalike.engine.stacked_matrices import multiply_common

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CrossProducts:
    """Cross-products of a model in working coordinates.

    ``blocks[0]`` (p + 1, p + 1, 1) is ``T'T`` for ``T = [Q, r]``, Q the orthonormal fixed design
    and r the outcome's least-squares residual.  ``blocks[l]`` (q_l, q_l + ... + q_1 + p + 1, G_l)
    is, for each group of level l (1 the outermost), ``Z_l' [Z_l, ..., Z_1, T]``.  With ``weights``
    all columns are weighted (see ``linear.weights``).
    """

    observations: int
    design: FixedDesign
    groups: NestedGroups
    levels: tuple[LevelCoordinates, ...]
    blocks: tuple[Array, ...]
    weights: GroupWeights | None = None

    @property
    def count(self) -> float:
        """The number of observations in the likelihood, for weighted ones the sum of weights."""
        return self.observations if self.weights is None else self.weights.total

    def level_weights(self, level: int) -> Array | None:
        """How often the groups of a level (outermost 0) count in the log determinant, (G,)."""
        return None if self.weights is None else self.weights.levels[level]

    @property
    def fixed_count(self) -> int:
        return len(self.design.factor)


class _ColumnSums:
    """Sums over innermost groups of products of columns, each distinct product formed once."""

    def __init__(self, groups: NestedGroups) -> None:
        self._groups = groups
        self._columns: list[Array] = []
        self._constant: list[bool] = []
        self._sums: dict[tuple[int, int], Array] = {}

    def number(self, column: Array) -> int:
        """The position of a column among the distinct ones, added if it is new."""
        for position, known in enumerate(self._columns):
            if column is known or (
                np.array_equal(column[:8], known[:8]) and np.array_equal(column, known)
            ):
                return position
        column = np.ascontiguousarray(column, dtype=np.float64)
        self._columns.append(column)
        self._constant.append(bool(column[0] == 1.0 and np.all(column == 1.0)))
        return len(self._columns) - 1

    def product(self, first: int, second: int) -> Array:
        key = (min(first, second), max(first, second))
        if key not in self._sums:
            if self._constant[first] and self._constant[second]:
                self._sums[key] = self._groups.sizes[-1].astype(np.float64)
            else:
                if self._constant[first]:
                    row = self._columns[second]
                elif self._constant[second]:
                    row = self._columns[first]
                else:
                    row = self._columns[first] * self._columns[second]
                self._sums[key] = self._groups.sums(row[None, :])[0]
        return self._sums[key]


def reduce_to_cross_products(model: LinearMixedModel) -> CrossProducts:
    """Reduce a model, its residuals taken as independent; see :class:`CrossProducts`."""
    weights = model.weights
    model = weighted_columns(model)
    if not model.levels:
        design = orthonormalise(model.outcome, model.fixed)
        groups = NestedGroups(model.observations, (), (), None, None)
        totals = None if weights is None else GroupWeights(weights.observations, ())
        return CrossProducts(model.observations, design, groups, (), (root_block(design),), totals)
    groups = nested_groups([level.groups for level in model.levels])
    design = orthonormalise(model.outcome, model.fixed)
    levels = tuple(
        level_coordinates(level, count)
        for level, count in zip(model.levels, groups.counts, strict=True)
    )
    sums = _ColumnSums(groups)
    effect_columns = [[sums.number(column) for column in level.columns] for level in levels]
    right = [sums.number(column) for column in design.rows] + [sums.number(design.residual)]
    p = len(design.factor)
    unscale = np.asarray(np.linalg.inv(design.within).T, dtype=np.float64)
    blocks = [root_block(design)]
    for number, level in enumerate(levels):
        outer = [column for above in range(number, -1, -1) for column in effect_columns[above]]
        scale = np.concatenate([levels[above].scales for above in range(number, -1, -1)])
        own = effect_columns[number]
        width = len(outer) + p + 1
        starts = None
        if number < groups.levels - 1:
            starts = groups.run_starts(groups.levels - 1, number)
        block = np.empty((len(own), width, groups.counts[number]))
        for i, left in enumerate(own):
            for j, column in enumerate([*outer, *right]):
                total = sums.product(left, column)
                if starts is not None and len(starts) < len(total):
                    total = np.add.reduceat(total, starts)
                block[i, j] = total
        block[:, : len(outer)] /= scale[None, :, None]
        block /= level.scales[:, None, None]
        if p:
            fixed = block[:, len(outer) : len(outer) + p].swapaxes(0, 1)
            block[:, len(outer) : len(outer) + p] = multiply_common(unscale, fixed).swapaxes(0, 1)
        if not np.all(np.isfinite(block)):
            raise EstimationError("not_finite", "the data contain values that are not finite")
        blocks.append(block)
    totals = None
    if weights is not None:
        totals = GroupWeights(
            weights.observations,
            tuple(
                weights_of_groups(own, groups.group(number), count)
                for number, (own, count) in enumerate(
                    zip(weights.levels, groups.counts, strict=True)
                )
            ),
        )
    return CrossProducts(model.observations, design, groups, levels, tuple(blocks), totals)


def root_block(design: FixedDesign) -> Array:
    p = len(design.factor)
    root = np.eye(p + 1)
    root[p, p] = design.residual @ design.residual
    if p:
        # Nearly zero, but kept: it carries the rounding error of the first residual.
        slope = np.linalg.solve(design.within.T, design.rows @ design.residual)
        root[:p, p] = root[p, :p] = slope
    return root[:, :, None]
