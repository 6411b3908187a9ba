"""Laplace's approximation of the likelihood, and mode-curvature adaptive nodes.

    log L = sum over outermost groups of h(v) - log |A| / 2

at the mode v of h, A its negative Hessian ([ME] meglm, Methods and formulas, Laplacian
approximation).  The gradient is exact: modes move with the parameters, and A with both.  With
``a_i = L'z_i``, ``S = A^-1``, ``q_i = a_i'S a_i``, ``t = A^-1 sum_i l'''_i q_i a_i / 2`` and
``e_i = l'''_i q_i / 2 + l''_i a_i't``, the derivative is

    in a coefficient           sum_i x_i (l'_i + e_i),
    in the entry (a, b) of L   sum_i z_ia {(l'_i + e_i) v_b + l'_i t_b + l''_i (S a_i)_b},
    in an own parameter        sum_i {l_,p + l''_,p q_i / 2 + l'_,p a_i't}.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.family import Derivatives
from statalike.engine.generalized.blocks_in_threads import sum_over_blocks
from statalike.engine.generalized.modes import (
    BlockElimination,
    ModeSearch,
    block_effects,
    curvature_elimination,
)
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.generalized.sorted_model import Block, SortedModel, cut_into_blocks

Array = NDArray[np.float64]

BLOCK_OBSERVATIONS = 1 << 14


@dataclass(frozen=True)
class GradientAt:
    """The approximate log likelihood, its gradient in the direct parameters by outermost group
    (direct_count, G_1), and the modes with their curvature as nodes."""

    value: float
    group_gradients: Array
    nodes: Nodes


class LaplaceLikelihood:
    """Laplace's approximation for a sorted model; ``search`` finds its modes."""

    def __init__(self, data: SortedModel, search: ModeSearch | None = None) -> None:
        self.data = data
        model = data.model
        self.layout = ParameterLayout(model.fixed_count, model.family.parameter_count, model.levels)
        self.blocks = cut_into_blocks(data.groups, BLOCK_OBSERVATIONS)
        self.search = search or ModeSearch(data)

    def value(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        """The approximation, searching modes from the means of ``nodes``; nan where it is not
        defined.  Also nodes at the modes, with the curvature's Cholesky factors as loadings."""
        found = self._evaluate(point, nodes, gradient=False)
        return found.value, found.nodes

    def gradient(self, point: Point, nodes: Nodes, nearby: bool = False) -> GradientAt:
        """Value and gradient; the value is nan where the approximation is not defined.

        ``nearby`` says that the means of ``nodes`` are modes of a point next to this one.
        """
        return self._evaluate(point, nodes, gradient=True, nearby=nearby)

    def _evaluate(
        self, point: Point, nodes: Nodes, gradient: bool, nearby: bool = False
    ) -> GradientAt:
        data = self.data
        predictor = data.columns[data.fixed_columns].T @ point.coefficients
        if data.offset is not None:
            predictor = predictor + data.offset
        quantities = data.model.family.quantities(point.own, data.positions)
        means = [np.empty_like(mean) for mean in nodes.means]
        loadings = [np.empty_like(loading) for loading in nodes.loadings]
        by_group = np.zeros((self.layout.direct_count, data.groups.counts[0]))

        def of_block(block: Block) -> tuple[float]:
            effects, eta = self.search.find(
                block, point, block_effects(nodes, block), predictor, quantities, nearby
            )
            family, rows = data.model.family, block.observations
            outcome, own = data.outcome[:, rows], quantities[:, rows]
            evaluate = family.third_derivatives if gradient else family.derivatives
            found = evaluate(outcome, eta.copy(), own)
            try:
                elimination = curvature_elimination(self.search, block, point, found.second[0, 0])
                rows_of_factor = elimination.loadings()
            except np.linalg.LinAlgError:
                return (float("nan"),)
            value = self._density(block, found.value, effects)
            for level, loading in enumerate(rows_of_factor):
                groups = block.groups[level]
                means[level][:, groups] = effects[level].T
                loadings[level][:, :, groups] = loading
                count = loading.shape[0]
                diagonal = np.arange(count)
                own_rows = loading[diagonal, loading.shape[1] - count + diagonal]
                value += float(np.sum(np.log(own_rows)))
            if gradient:
                by_group[:, block.groups[0]] = self._block_gradient(
                    block, point, effects, elimination, rows_of_factor, found
                )
            return (value,)

        value = float(sum_over_blocks(of_block, self.blocks)[0])
        return GradientAt(value, by_group, Nodes(tuple(means), tuple(loadings)))

    def _density(self, block: Block, values: Array, effects: list[Array]) -> float:
        """h at the modes, summed over the block."""
        weights = self.data.weights
        total = values if weights is None else values * weights[block.observations]
        return float(np.sum(total)) - 0.5 * sum(float(np.sum(v * v)) for v in effects)

    def _block_gradient(
        self,
        block: Block,
        point: Point,
        effects: list[Array],
        elimination: BlockElimination,
        loadings: list[Array],
        found: Derivatives,
    ) -> Array:
        data, layout, rows = self.data, self.layout, block.observations
        weights = 1.0 if data.weights is None else data.weights[rows]
        designs = self.search.designs(block, point)
        first = found.first[0] * weights
        second = found.second[0, 0] * weights
        third = found.third[0] * weights
        chain = self._chain_factor(block, loadings)
        turned = np.einsum("qrn,qn->rn", chain, designs)
        leverage = np.einsum("rn,rn->n", turned, turned)
        spread = np.einsum("qrn,rn->qn", chain, turned)
        right = self.search.gradient_sums(block, designs * (0.5 * third * leverage))
        adjoint = self.search.spread(block, elimination.solve(right))
        moved = np.einsum("qn,qn->n", designs, adjoint)
        total = first + 0.5 * third * leverage + second * moved
        placed = self.search.spread(block, effects)
        gradient = np.empty((layout.direct_count, rows.stop - rows.start))
        gradient[: layout.coefficients] = data.columns[data.fixed_columns, rows] * total
        gradient[layout.coefficients : layout.fixed_count] = 0.0
        for m, positions in enumerate(data.positions, 1):
            derivative = found.first[m] * weights
            if (0, m) in found.second:
                derivative = derivative + found.second[0, m] * weights * moved
            derivative = derivative + 0.5 * leverage * found.third[m] * weights
            for own in range(layout.own):
                gradient[layout.coefficients + own] += derivative * (positions[rows] == own)
        bounds = np.concatenate([[0], np.cumsum(data.effect_counts)])
        factor = total * placed + first * adjoint + second * spread
        for number, entry in enumerate(layout.entries, layout.fixed_count):
            column = data.effect_columns[entry.level][entry.row]
            effect = int(bounds[entry.level]) + entry.column
            gradient[number] = data.columns[column, rows] * factor[effect]
        sums = np.add.reduceat(gradient, block.member_starts[-1], axis=1)
        for level in reversed(range(1, len(effects))):
            sums = np.add.reduceat(sums, block.member_starts[level - 1], axis=1)
        return np.asarray(sums)

    def _chain_factor(self, block: Block, loadings: list[Array]) -> Array:
        """The Cholesky factor of S for the groups of each observation, (Q, Q, n)."""
        data, rows = self.data, block.observations
        chain = np.zeros((data.effects, data.effects, rows.stop - rows.start))
        row = 0
        for level, loading in enumerate(loadings):
            count, width = loading.shape[:2]
            sizes = data.groups.sizes[level][block.groups[level]]
            chain[row : row + count, :width] = np.repeat(loading, sizes, axis=2)
            row += count
        return chain
