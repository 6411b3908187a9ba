"""Posterior modes of random effects.

In terms of standard normal v with ``u = L v`` the logarithm of the joint density of an outermost
group's outcomes and effects is ``h(v) = sum_i log f(y_i | eta_i) - v'v / 2``, with the slope
``L' sum_i l'_i z_i - v`` and the negative Hessian ``A = I - L' (sum_i l''_i z_i z_i') L``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.family import Derivatives
from statalike.engine.generalized.column_sums import ColumnSums
from statalike.engine.generalized.elimination import BlockElimination, eliminate
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.sorted_model import Block, SortedModel
from statalike.engine.stacked_matrices import multiply_common

Array = NDArray[np.float64]
DensityFunction = Callable[[Array, Array, Array], Derivatives]

MAXIMUM_ITERATIONS = 60
MAXIMUM_HALVINGS = 20
# Newton's method squares the error: after a step this small it is lost in rounding.
TOLERANCE = 1e-6
# From effects whose next step is this small no step is taken.
NEGLIGIBLE = 1e-9


@dataclass
class BlockState:
    """A block at values of its random effects.

    ``effects[l]`` (q_l, G_l), ``eta`` (n,), the log densities ``found`` there with ``height``, h of
    each outermost group (G_1,).  ``sums`` knows the first and second derivatives, multiplied by
    the weights of observations, as "first" and "second"; ``elimination`` is that of A, once known.
    """

    effects: list[Array]
    eta: Array
    found: Derivatives
    height: Array
    sums: ColumnSums
    elimination: BlockElimination | None = None


class ModeSearch:
    """The posterior modes of a sorted model's random effects at a point.

    A search ends where no effect v moves by ``tolerance`` in a step, or after ``iterations``.
    """

    def __init__(
        self,
        data: SortedModel,
        iterations: int = MAXIMUM_ITERATIONS,
        tolerance: float = TOLERANCE,
    ) -> None:
        self.data = data
        self.iterations = iterations
        self.tolerance = tolerance
        self.columns = tuple(int(c) for columns in data.effect_columns for c in columns)

    def find(
        self,
        block: Block,
        point: Point,
        start: list[Array],
        predictor: Array,
        quantities: Array,
        evaluate: DensityFunction,
    ) -> BlockState:
        """The block at the modes, from ``start``, log densities by ``evaluate``.

        Newton-Raphson for all outermost groups at once; where a step does not raise the density of
        a group it is halved for that group.  Where the curvature is not that of a maximum, that of
        convex log densities is left out.
        """
        rows = block.observations
        base, outcome, own = predictor[rows], self.data.outcome[:, rows], quantities[:, rows]

        def at(effects: list[Array]) -> BlockState:
            eta = self.linear_predictor(block, point, effects, base)
            found = evaluate(outcome, eta, own)
            return self._state(block, effects, eta, found)

        state = at(start)
        if not np.all(np.isfinite(state.height)):
            state = at([np.zeros_like(values) for values in start])
        for _ in range(self.iterations):
            step = self._newton_step(block, point, state)
            largest = max(float(np.max(np.abs(change))) for change in step)
            if largest <= NEGLIGIBLE or not np.isfinite(largest):
                break
            length = np.ones(len(state.height))
            least = state.height - 1e-10 * (1.0 + np.abs(state.height))
            for halving in range(MAXIMUM_HALVINGS + 1):
                moved = at(self._moved(block, state.effects, step, length))
                worse = ~(moved.height >= least)
                if not worse.any():
                    break
                shorter = 0.5 * length if halving < MAXIMUM_HALVINGS - 1 else 0.0
                length = np.where(worse, shorter, length)
            state = moved
            if largest < self.tolerance:
                break
        return state

    def curvature(self, block: Block, point: Point, state: BlockState) -> BlockElimination:
        """The negative Hessian A, eliminated; raises ``LinAlgError`` where it is not positive
        definite."""
        if state.elimination is None:
            state.elimination = self._eliminated(block, point, state.sums)
        return state.elimination

    def _eliminated(self, block: Block, point: Point, sums: ColumnSums) -> BlockElimination:
        negative = self.in_standard_effects(point, self.curvature_sums(sums))
        return eliminate(block, negative, self.data.effect_counts)

    def curvature_sums(self, sums: ColumnSums) -> Array:
        """``-sum_i l''_i z_i z_i'`` by innermost group, (Q, Q, G)."""
        return -sums.pairs("second", self.columns)

    def in_standard_effects(self, point: Point, matrices: Array) -> Array:
        """``L' M L`` for stacked matrices M (..., Q, Q, G), L the factors of all levels."""
        root = joint_root(point)
        half = multiply_common(root.T, matrices)
        turned = multiply_common(root.T, np.ascontiguousarray(half.swapaxes(-3, -2)))
        return np.asarray(turned.swapaxes(-3, -2))

    def linear_predictor(
        self, block: Block, point: Point, effects: list[Array], base: Array
    ) -> Array:
        """``base + z'L v`` (n,)."""
        eta = base.copy()
        rows, number = block.observations, 0
        for level, (root, values) in enumerate(zip(point.roots, effects, strict=True)):
            sizes = self.data.groups.sizes[level][block.groups[level]]
            spread = np.repeat(root @ values, sizes, axis=1)
            for row in spread:
                column = self.columns[number]
                if not self.data.ones[column]:
                    row *= self.data.columns[column, rows]
                eta += row
                number += 1
        return eta

    def level_sums(self, block: Block, values: Array) -> list[Array]:
        """Sums of (Q, ..., G) values of innermost groups over the groups of each effect's own
        level, (q_l, ..., G_l)."""
        found: list[Array] = []
        for level in reversed(range(len(self.data.effect_counts))):
            first = len(values) - self.data.effect_counts[level]
            found.append(values[first:])
            values = values[:first]
            if level:
                values = block.sums(level - 1, values)
        return found[::-1]

    def innermost(self, block: Block, values: list[Array]) -> Array:
        """Values of each level, (q_l, ..., G_l), for the innermost groups: (Q, ..., G)."""
        chain = values[0]
        for level in range(1, len(values)):
            chain = np.repeat(chain, block.member_counts[level - 1], axis=-1)
            chain = np.concatenate([chain, values[level]])
        return chain

    def _state(
        self, block: Block, effects: list[Array], eta: Array, found: Derivatives
    ) -> BlockState:
        weights = self.data.weights
        value, first, second = found.value, found.first[0], found.second[0, 0]
        if weights is not None:
            own = weights[block.observations]
            value, first, second = value * own, first * own, second * own
        joint = block.sums(-1, value)
        for level in reversed(range(len(effects))):
            joint = joint - 0.5 * np.sum(effects[level] ** 2, axis=0)
            if level:
                joint = block.sums(level - 1, joint)
        sums = ColumnSums(self.data, block)
        sums.add_weights("first", first)
        sums.add_weights("second", second)
        return BlockState(effects, eta, found, joint, sums)

    def _newton_step(self, block: Block, point: Point, state: BlockState) -> list[Array]:
        try:
            elimination = self.curvature(block, point, state)
        except np.linalg.LinAlgError:
            sums = ColumnSums(self.data, block)
            sums.add_weights("second", np.minimum(state.sums.weights("second"), 0.0))
            elimination = self._eliminated(block, point, sums)
        slopes = self.level_sums(block, state.sums.singles("first", self.columns))
        right = [
            (root.T @ slope - values)[:, None]
            for root, slope, values in zip(point.roots, slopes, state.effects, strict=True)
        ]
        return [solution[:, 0] for solution in elimination.solve(right)]

    def _moved(
        self, block: Block, effects: list[Array], step: list[Array], length: Array
    ) -> list[Array]:
        moved: list[Array] = []
        for level, (values, change) in enumerate(zip(effects, step, strict=True)):
            if level:
                length = np.repeat(length, block.member_counts[level - 1])
            moved.append(values + length * change)
        return moved


def joint_root(point: Point) -> Array:
    """The block-diagonal matrix (Q, Q) of the factors L of all levels."""
    size = sum(len(root) for root in point.roots)
    joint, start = np.zeros((size, size)), 0
    for root in point.roots:
        end = start + len(root)
        joint[start:end, start:end] = root
        start = end
    return joint


def block_effects(nodes: Nodes, block: Block) -> list[Array]:
    """The means of nodes in a block, by level: (q_l, G_l)."""
    return [
        np.ascontiguousarray(mean[:, groups])
        for mean, groups in zip(nodes.means, block.groups, strict=True)
    ]
