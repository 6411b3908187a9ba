"""Laplace's approximation of the likelihood, and mode-curvature adaptive nodes.

    log L = sum over outermost groups of h(v) - log |A| / 2

at the mode v of h, A its negative Hessian ([ME] meglm, Methods and formulas, Laplacian
approximation).  Derivatives are exact: modes move with the parameters, and A with both
(:mod:`statalike.engine.generalized.laplace_derivatives`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.blocks_in_threads import sum_over_blocks
from statalike.engine.generalized.laplace_derivatives import LaplaceDerivatives
from statalike.engine.generalized.likelihood_derivatives import LikelihoodDerivatives
from statalike.engine.generalized.modes import ModeSearch, block_effects
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.generalized.sorted_model import Block, SortedModel, cut_into_blocks

Array = NDArray[np.float64]

BLOCK_OBSERVATIONS = 1 << 14


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
        evaluate = self.data.model.family.predictor_derivatives

        def of_block(block: Block) -> tuple[float]:
            start = block_effects(nodes, block)
            try:
                state = self.search.find(block, point, start, predictor, quantities, evaluate)
                elimination = self.search.curvature(block, point, state)
            except np.linalg.LinAlgError:
                return (float("nan"),)
            for level, rows in enumerate(elimination.loadings()):
                means[level][:, block.groups[level]] = state.effects[level]
                loadings[level][:, :, block.groups[level]] = rows
            return (float(np.sum(state.height)) - elimination.half_log_determinant(),)

        value = float(sum_over_blocks(of_block, self.blocks)[0])
        return value, Nodes(tuple(means), tuple(loadings))

    def derivatives(
        self, point: Point, nodes: Nodes, hessian: bool = True
    ) -> LikelihoodDerivatives:
        """Gradients and, if it is wanted, the Hessian; nan where they are not defined."""
        count = self.layout.direct_count
        predictor, quantities = self._linear_parts(point)
        by_group = np.full((count, self.data.groups.counts[0]), np.nan)

        def of_block(block: Block) -> tuple[Array]:
            derivatives = self._at_modes(block, point, nodes, predictor, quantities)
            if derivatives is None:
                return (np.full((count, count), np.nan),)
            by_group[:, block.groups[0]] = derivatives.group_gradients()
            return (derivatives.hessian() if hessian else np.zeros((count, count)),)

        total = np.asarray(sum_over_blocks(of_block, self.blocks)[0])
        return LikelihoodDerivatives(by_group, total if hessian else None)

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
