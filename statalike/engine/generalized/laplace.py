"""Laplace's approximation of the likelihood, and mode-curvature adaptive nodes.

    log L = sum over outermost groups of h(v) - log |A| / 2

at the mode v of h, A its negative Hessian ([ME] meglm, Methods and formulas, Laplacian
approximation).  Derivatives are exact: modes move with the parameters, and A with both
(:mod:`statalike.engine.generalized.laplace_derivatives`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.blocks_in_threads import sum_over_blocks
from statalike.engine.generalized.laplace_derivatives import LaplaceDerivatives
from statalike.engine.generalized.modes import ModeSearch, block_effects
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
        predictor, quantities = self._linear_parts(point)
        means = [np.empty_like(mean) for mean in nodes.means]
        loadings = [np.empty_like(loading) for loading in nodes.loadings]

        def of_block(block: Block) -> tuple[float]:
            start = block_effects(nodes, block)
            try:
                state = self.search.find(
                    block, point, start, predictor, quantities, self.data.model.family.derivatives
                )
                elimination = self.search.curvature(block, point, state)
            except np.linalg.LinAlgError:
                return (float("nan"),)
            for level, rows in enumerate(elimination.loadings()):
                means[level][:, block.groups[level]] = state.effects[level]
                loadings[level][:, :, block.groups[level]] = rows
            return (float(np.sum(state.height)) - elimination.half_log_determinant(),)

        value = float(sum_over_blocks(of_block, self.blocks)[0])
        return value, Nodes(tuple(means), tuple(loadings))

    def group_gradients(self, point: Point, nodes: Nodes) -> Array:
        """The gradients of outermost groups in the direct parameters, (direct_count, G_1)."""
        found = np.full((self.layout.direct_count, self.data.groups.counts[0]), np.nan)
        predictor, quantities = self._linear_parts(point)

        def of_block(block: Block) -> tuple[float]:
            derivatives = self._at_modes(block, point, nodes, predictor, quantities)
            if derivatives is not None:
                found[:, block.groups[0]] = derivatives.group_gradients()
            return (0.0,)

        sum_over_blocks(of_block, self.blocks)
        return found

    def derivatives(self, point: Point, nodes: Nodes) -> tuple[Array, Array]:
        """Gradient and Hessian in the direct parameters; nan where they are not defined."""
        predictor, quantities = self._linear_parts(point)
        count = self.layout.direct_count

        def of_block(block: Block) -> tuple[Array, Array]:
            derivatives = self._at_modes(block, point, nodes, predictor, quantities)
            if derivatives is None:
                return np.full(count, np.nan), np.full((count, count), np.nan)
            return derivatives.gradient(), derivatives.hessian()

        gradient, hessian = sum_over_blocks(of_block, self.blocks)
        return np.asarray(gradient), np.asarray(hessian)

    def _at_modes(
        self, block: Block, point: Point, nodes: Nodes, predictor: Array, quantities: Array
    ) -> LaplaceDerivatives | None:
        start = block_effects(nodes, block)
        evaluate = self.data.model.family.third_derivatives
        try:
            state = self.search.find(block, point, start, predictor, quantities, evaluate)
            own = quantities[:, block.observations]
            return LaplaceDerivatives(self.search, self.layout, block, point, state, own)
        except np.linalg.LinAlgError:
            return None

    def _linear_parts(self, point: Point) -> tuple[Array, Array]:
        """The fixed part of the linear predictor (n,) and the family's quantities (M, n)."""
        data = self.data
        return data.linear_predictor(point.coefficients), data.model.family.quantities(
            point.own, data.positions
        )
