"""Posterior modes of random effects and the curvature there.

In terms of standard normal v with ``u = L v`` the logarithm of the joint density of an outermost
group's outcomes and effects is ``h(v) = sum_i log f(y_i | eta_i) - v'v / 2``.  Its negative Hessian
``A`` has a block for each group of each level; groups are eliminated from the inside, since groups
of one level that do not contain each other are independent given those above ([ME] meglm, Methods
and formulas, Laplacian approximation; Pinheiro and Chao 2006, Journal of Computational and
Graphical Statistics 15: 58-81).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.family import Derivatives
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.sorted_model import Block, SortedModel

Array = NDArray[np.float64]

MAXIMUM_ITERATIONS = 60
MAXIMUM_HALVINGS = 20
# Newton's method squares the error: after a step this small it is lost in rounding.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class BlockElimination:
    """The negative Hessian of a block, eliminated level by level from the inside.

    ``inverses[l]`` (G_l, q_l, q_l) are inverses of the levels' pivots and ``couplings[l]``
    (G_l, q_l, Q_(l-1)) the Hessian's rows of level l in the effects of the levels above.
    """

    block: Block
    inverses: list[Array]
    couplings: list[Array]

    def solve(self, right: list[Array]) -> list[Array]:
        """Solutions x_l (G_l, q_l) of ``A x = right``, given by level in the same shapes."""
        levels = len(right)
        sums = [values.copy() for values in right]
        carried = np.zeros((len(right[-1]), 0))
        for level in reversed(range(levels)):
            own = sums[level]
            if level < levels - 1:
                own = own + carried[:, -own.shape[1] :]
                sums[level] = own
                carried = carried[:, : -own.shape[1]]
            coupled = np.einsum(
                "gqu,gq->gu",
                self.couplings[level],
                np.einsum("gqr,gr->gq", self.inverses[level], own),
            )
            if level:
                above = -coupled if level == levels - 1 else carried - coupled
                carried = np.add.reduceat(above, self.block.member_starts[level - 1], axis=0)
        solved: list[Array] = []
        chain = np.zeros((len(right[0]), 0))
        for level in range(levels):
            if level:
                chain = np.repeat(chain, self.block.member_counts[level - 1], axis=0)
            remaining = sums[level] - np.einsum("gqu,gu->gq", self.couplings[level], chain)
            found = np.einsum("gqr,gr->gq", self.inverses[level], remaining)
            solved.append(found)
            chain = np.concatenate([chain, found], axis=1)
        return solved

    def loadings(self) -> list[Array]:
        """Rows of the Cholesky factor of the inverse, by level: (q_l, Q_l, G_l)."""
        found: list[Array] = []
        chain = np.zeros((len(self.inverses[0]), 0, 0))
        for level, inverse in enumerate(self.inverses):
            if level:
                chain = np.repeat(chain, self.block.member_counts[level - 1], axis=0)
            upper = -inverse @ self.couplings[level] @ chain
            rows = np.concatenate([upper, np.linalg.cholesky(inverse)], axis=2)
            found.append(np.moveaxis(rows, 0, 2))
            width = chain.shape[2]
            wider = np.zeros((len(chain), width + rows.shape[1], width + rows.shape[1]))
            wider[:, :width, :width] = chain
            wider[:, width:] = rows
            chain = wider
        return found


def eliminate(
    block: Block, negative_hessian: Array, effect_counts: tuple[int, ...]
) -> BlockElimination:
    """Eliminate ``-sum_i l''_i a_i a_i'``, summed by innermost group: (G, Q, Q)."""
    remaining = negative_hessian
    inverses: list[Array] = []
    couplings: list[Array] = []
    for level in reversed(range(len(effect_counts))):
        above = remaining.shape[1] - effect_counts[level]
        pivot = remaining[:, above:, above:] + np.eye(effect_counts[level])
        coupling = remaining[:, above:, :above]
        inverse = _inverse(pivot)
        inverses.append(inverse)
        couplings.append(coupling)
        if level:
            schur = remaining[:, :above, :above] - coupling.swapaxes(1, 2) @ inverse @ coupling
            remaining = np.add.reduceat(schur, block.member_starts[level - 1], axis=0)
    return BlockElimination(block, inverses[::-1], couplings[::-1])


def _inverse(stack: Array) -> Array:
    """Inverses of symmetric matrices (G, q, q), by formula where they are small."""
    size = stack.shape[1]
    if size == 1:
        return np.asarray(1.0 / stack)
    if size > 2:
        return np.asarray(np.linalg.inv(stack))
    determinant = stack[:, 0, 0] * stack[:, 1, 1] - stack[:, 0, 1] * stack[:, 1, 0]
    found = np.empty_like(stack)
    found[:, 0, 0], found[:, 1, 1] = stack[:, 1, 1], stack[:, 0, 0]
    found[:, 0, 1] = found[:, 1, 0] = -stack[:, 0, 1]
    found /= determinant[:, None, None]
    return found


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

    def designs(self, block: Block, point: Point) -> Array:
        """Derivatives a (Q, n) of the linear predictor in v: the rows of ``L' z``."""
        rows = block.observations
        parts = [
            root.T @ self.data.columns[columns, rows]
            for root, columns in zip(point.roots, self.data.effect_columns, strict=True)
        ]
        return np.concatenate(parts)

    def spread(self, block: Block, effects: list[Array]) -> Array:
        """Effects by level, (G_l, q_l), as (Q, n): those of each observation."""
        return np.concatenate(
            [
                np.repeat(values.T, self.data.groups.sizes[level][block.groups[level]], axis=1)
                for level, values in enumerate(effects)
            ]
        )

    def gradient_sums(self, block: Block, values: Array) -> list[Array]:
        """Sums of (Q, n) values over the groups of each effect's own level, (G_l, q_l)."""
        sums = np.add.reduceat(values, block.member_starts[-1], axis=1)
        found: list[Array] = []
        last = values.shape[0]
        for level in reversed(range(len(self.data.effect_counts))):
            first = last - self.data.effect_counts[level]
            found.append(sums[first:last].T)
            last = first
            if level:
                sums = np.add.reduceat(sums, block.member_starts[level - 1], axis=1)
        return found[::-1]

    def curvature_sums(self, block: Block, designs: Array, weights: Array) -> Array:
        """``sum_i w_i a_i a_i'`` by innermost group, (G, Q, Q)."""
        effects = len(designs)
        if len(block.member_starts[-1]) == 1:
            return np.asarray((designs * weights) @ designs.T)[None]
        found = np.empty((len(block.member_starts[-1]), effects, effects))
        for i in range(effects):
            weighted = designs[i] * weights
            for j in range(i + 1):
                total = np.add.reduceat(weighted * designs[j], block.member_starts[-1])
                found[:, i, j] = found[:, j, i] = total
        return found

    def find(
        self,
        block: Block,
        point: Point,
        start: list[Array],
        predictor: Array,
        quantities: Array,
        nearby: bool = False,
    ) -> tuple[list[Array], Array]:
        """Modes by level, (G_l, q_l), from ``start``, and the linear predictors there, (n,).

        Newton-Raphson for all outermost groups at once; where a step does not raise the density of
        a group it is halved for that group.  Where a log density is convex its curvature is left
        out of the search.  From modes that are known to be ``nearby``, within the square root of
        the accuracy wanted, one step is taken without further ado.
        """
        data, rows = self.data, block.observations
        designs = self.designs(block, point)
        outcome, own = data.outcome[:, rows], quantities[:, rows]
        base = predictor[rows]
        family = data.model.family

        def at(effects: list[Array]) -> tuple[Array, Derivatives, Array]:
            eta = base + np.einsum("qn,qn->n", designs, self.spread(block, effects))
            found = family.derivatives(outcome, eta.copy(), own)
            return eta, found, self._density(block, found.value, effects)

        effects = start
        eta, found, height = at(effects)
        if not np.all(np.isfinite(height)):
            effects = [np.zeros_like(values) for values in start]
            eta, found, height = at(effects)
        for _ in range(self.iterations):
            step = self._newton_step(block, designs, effects, found)
            length = np.ones(len(height))
            if nearby:
                effects = self._moved(block, effects, step, length)
                return effects, base + np.einsum("qn,qn->n", designs, self.spread(block, effects))
            for halving in range(MAXIMUM_HALVINGS + 1):
                moved = self._moved(block, effects, step, length)
                eta, found, moved_height = at(moved)
                worse = ~(moved_height >= height - 1e-10 * (1.0 + np.abs(height)))
                if not worse.any():
                    break
                shorter = 0.5 * length if halving < MAXIMUM_HALVINGS - 1 else 0.0
                length = np.where(worse, shorter, length)
            largest = max(
                float(np.max(np.abs(new - old))) for new, old in zip(moved, effects, strict=True)
            )
            effects, height = moved, moved_height
            if largest < self.tolerance:
                break
        return effects, eta

    def _density(self, block: Block, values: Array, effects: list[Array]) -> Array:
        """h of each outermost group, (G_1,), of log densities (n,)."""
        if self.data.weights is not None:
            values = values * self.data.weights[block.observations]
        joint = np.add.reduceat(values, block.member_starts[-1])
        for level in reversed(range(len(effects))):
            joint = joint - 0.5 * np.sum(effects[level] ** 2, axis=1)
            if level:
                joint = np.add.reduceat(joint, block.member_starts[level - 1])
        return np.asarray(joint)

    def _newton_step(
        self, block: Block, designs: Array, effects: list[Array], found: Derivatives
    ) -> list[Array]:
        slope, bend = found.first[0], np.minimum(found.second[0, 0], 0.0)
        if self.data.weights is not None:
            weights = self.data.weights[block.observations]
            slope, bend = slope * weights, bend * weights
        gradient = self.gradient_sums(block, designs * slope)
        right = [g - v for g, v in zip(gradient, effects, strict=True)]
        sums = self.curvature_sums(block, designs, -bend)
        return eliminate(block, sums, self.data.effect_counts).solve(right)

    def _moved(
        self, block: Block, effects: list[Array], step: list[Array], length: Array
    ) -> list[Array]:
        moved: list[Array] = []
        for level, (values, change) in enumerate(zip(effects, step, strict=True)):
            if level:
                length = np.repeat(length, block.member_counts[level - 1])
            moved.append(values + length[:, None] * change)
        return moved


def curvature_elimination(
    search: ModeSearch, block: Block, point: Point, second: Array
) -> BlockElimination:
    """The negative Hessian at the modes, from the log densities' second derivatives (n,).

    Raises ``LinAlgError`` where it is not positive definite.
    """
    weights = search.data.weights
    if weights is not None:
        second = second * weights[block.observations]
    sums = search.curvature_sums(block, search.designs(block, point), -second)
    return eliminate(block, sums, search.data.effect_counts)


def block_effects(nodes: Nodes, block: Block) -> list[Array]:
    """The means of nodes in a block, by level: (G_l, q_l)."""
    return [
        np.ascontiguousarray(mean[:, groups].T)
        for mean, groups in zip(nodes.means, block.groups, strict=True)
    ]
