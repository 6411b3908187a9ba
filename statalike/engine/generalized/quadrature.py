"""The likelihood of a generalized mixed model by Gauss-Hermite quadrature.

For nested levels 1, ..., m, outermost first, and the nodes ``v = mu + C a`` of
:mod:`statalike.engine.generalized.nodes` the log likelihood of a group of level l at nodes
``k_1, ..., k_(l-1)`` of the levels above is

    B_l = w_l log sum_(k_l) exp{A_l + log omega_(k_l) + a'a/2 - v_l'v_l/2 + log |C_ll|},

``A_l`` the sum of B_(l+1) over the groups it contains (of log densities, at the innermost level)
and ``w_l`` its weight ([ME] meglm, Methods and formulas, (3)-(5); Rabe-Hesketh, Skrondal and
Pickles 2005, Journal of Econometrics 128: 301-323).

Derivatives hold the nodes v fixed: those of B_l are posterior expectations of those of A_l, and its
Hessian is the expected Hessian of A_l plus the posterior covariance of its gradient (Louis 1982).
The random effects are ``u_l = L_l v_l``, so that a derivative in the entry (a, b) of L_l multiplies
that in the linear predictor by ``z_a v_b``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.blocks_in_threads import sum_over_blocks
from statalike.engine.generalized.likelihood_derivatives import LikelihoodDerivatives
from statalike.engine.generalized.nodes import Grid, Nodes, nodes_from_moments
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.generalized.sorted_model import (
    Block,
    Positions,
    SortedModel,
    cut_into_blocks,
)

Array = NDArray[np.float64]

# A block's arrays of one value a node and observation should stay in the second-level cache.
block_VALUES = 1 << 16


class QuadratureLikelihood:
    """The likelihood of a sorted model for a grid of abscissas."""

    def __init__(self, data: SortedModel, grid: Grid) -> None:
        self.data = data
        self.grid = grid
        model = data.model
        self.layout = ParameterLayout(model.fixed_count, model.family.parameter_count, model.levels)
        combinations = int(np.prod(grid.shape))
        self.blocks = cut_into_blocks(data.groups, block_VALUES // combinations)
        bounds = np.concatenate([[0], np.cumsum(data.effect_counts)])
        self._effects = [slice(int(a), int(b)) for a, b in pairwise(bounds)]

    @cached_property
    def _products(self) -> tuple[Array, Positions, Positions]:
        """Products of pairs of the innermost basis's columns: (pairs, K), and their positions."""
        rows, columns = np.tril_indices(1 + self.data.effects)
        basis = self.grid.bases[-1]
        return np.ascontiguousarray((basis[:, rows] * basis[:, columns]).T), rows, columns

    # -- values and posterior moments ----------------------------------------------------------

    def value(self, point: Point, nodes: Nodes) -> float:
        """The log likelihood; not finite where it is not defined."""
        predictor, quantities = self._linear_parts(point)

        def of_block(block: Block) -> tuple[float]:
            densities = self._log_densities(block, point, nodes, predictor, quantities)
            top, _ = self._integrate(self._group_sums(block, densities), block, nodes)
            return (float(np.sum(top)),)

        return float(sum_over_blocks(of_block, self.blocks)[0])

    def value_and_moments(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        """The log likelihood, and nodes with the posterior moments that the rule gives."""
        predictor, quantities = self._linear_parts(point)
        means = [mean.copy() for mean in nodes.means]
        covariances = [np.empty_like(loading) for loading in nodes.loadings]

        def of_block(block: Block) -> tuple[float]:
            densities = self._log_densities(block, point, nodes, predictor, quantities)
            top, posteriors = self._integrate(self._group_sums(block, densities), block, nodes)
            self._posterior_moments(block, nodes, posteriors, means, covariances)
            return (float(np.sum(top)),)

        value = float(sum_over_blocks(of_block, self.blocks)[0])
        if not np.isfinite(value):
            return value, nodes
        return value, nodes_from_moments(means, covariances, self.data.groups)

    def _linear_parts(self, point: Point) -> tuple[Array, Array]:
        """The fixed part of the linear predictor (n,) and the family's quantities (M, n)."""
        data = self.data
        quantities = data.model.family.quantities(point.own, data.positions)
        return data.linear_predictor(point.coefficients), quantities

    def _eta(self, block: Block, point: Point, nodes: Nodes, predictor: Array) -> Array:
        """Linear predictors (K, n): a product of abscissas and their coefficients."""
        data, rows = self.data, block.observations
        effects = data.effects
        coefficients = np.zeros((1 + effects, rows.stop - rows.start))
        coefficients[0] = predictor[rows]
        for level, root in enumerate(point.roots):
            groups = block.groups[level]
            placed = nodes.coefficients(level, groups)
            scaled = np.einsum("ab,bcg->acg", root, placed)
            sizes = data.groups.sizes[level][groups]
            width = scaled.shape[1]
            for effect, column in enumerate(data.effect_columns[level]):
                spread = np.repeat(scaled[effect], sizes, axis=1)
                if not data.ones[column]:
                    spread *= data.columns[column, rows]
                coefficients[:width] += spread
        return np.asarray(self.grid.bases[-1] @ coefficients)

    def _log_densities(
        self, block: Block, point: Point, nodes: Nodes, predictor: Array, quantities: Array
    ) -> Array:
        rows = block.observations
        eta = self._eta(block, point, nodes, predictor)
        family, outcome = self.data.model.family, self.data.outcome[:, rows]
        return family.log_density(outcome, eta, quantities[:, rows])

    def _group_sums(self, block: Block, values: Array) -> Array:
        """Weighted sums (K, G) of (K, n) values over the innermost groups."""
        if self.data.weights is not None:
            values = values * self.data.weights[block.observations]
        return block.sums(-1, values)

    def _integrate(self, sums: Array, block: Block, nodes: Nodes) -> tuple[Array, list[Array]]:
        """Log likelihoods (G_1,) of outermost groups, and the posterior of each level's nodes
        given those above, (K_1 ... K_(l-1), K_l, G_l)."""
        posteriors: list[Array] = []
        for level in reversed(range(len(self.grid.rules))):
            joint = sums.reshape(-1, self.grid.shape[level], sums.shape[-1])
            joint = joint + self._log_node_weights(block, nodes, level)
            largest = np.max(joint, axis=1, keepdims=True)
            joint -= np.where(np.isfinite(largest), largest, 0.0)
            np.exp(joint, out=joint)
            total = np.sum(joint, axis=1, keepdims=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                joint /= total
                integral = (largest + np.log(total))[:, 0]
            weights = self.data.group_weights[level]
            if weights is not None:
                integral *= weights[block.groups[level]]
            posteriors.append(joint)
            if level:
                sums = block.sums(level - 1, integral)
        return integral[0], posteriors[::-1]

    def _log_node_weights(self, block: Block, nodes: Nodes, level: int) -> Array:
        """``log omega + a'a/2 - v'v/2 + log |C_ll|``, (K_1 ... K_(l-1), K_l, G)."""
        placed = nodes.coefficients(level, block.groups[level])
        count, width, groups = placed.shape
        values = self.grid.bases[level] @ placed.transpose(1, 0, 2).reshape(width, count * groups)
        np.square(values, out=values)
        half = -0.5 * np.sum(values.reshape(-1, count, groups), axis=1)
        diagonal = np.arange(count)
        loadings = nodes.loadings[level][:, :, block.groups[level]]
        half += np.sum(np.log(loadings[diagonal, width - 1 - count + diagonal]), axis=0)
        found = half.reshape(-1, self.grid.shape[level], groups)
        found += self.grid.log_weights[level][:, None]
        return found

    def _chains(self, block: Block, posteriors: list[Array]) -> list[Array]:
        """Posterior weights of the combinations of nodes of the levels down to l, (K_1 ... K_l,
        G_l): products of the levels' own and of the weights of groups."""
        chains: list[Array] = []
        for level, posterior in enumerate(posteriors):
            weights = self.data.group_weights[level]
            chain = posterior
            if weights is not None:
                chain = chain * weights[block.groups[level]]
            if level:
                above = np.repeat(chains[-1], block.member_counts[level - 1], axis=1)
                chain = chain * above[:, None]
            chains.append(chain.reshape(-1, chain.shape[-1]))
        return chains

    def _posterior_moments(
        self,
        block: Block,
        nodes: Nodes,
        posteriors: list[Array],
        means: list[Array],
        covariances: list[Array],
    ) -> None:
        """Fill in the block's posterior means and covariances of the random effects."""
        chain = np.zeros((0, 0, 1))
        joint = np.ones((1, 1))
        for level, posterior in enumerate(posteriors):
            groups = block.groups[level]
            if level:
                counts = block.member_counts[level - 1]
                joint = np.repeat(joint, counts, axis=1)
                chain = np.repeat(chain, counts, axis=2)
            else:
                chain = np.zeros((0, 0, posterior.shape[-1]))
            joint = (joint[:, None] * posterior).reshape(-1, posterior.shape[-1])
            basis = self.grid.bases[level]
            rows, columns = np.tril_indices(basis.shape[1])
            moments = (basis[:, rows] * basis[:, columns]).T @ joint
            square = np.empty((basis.shape[1], basis.shape[1], joint.shape[1]))
            square[rows, columns] = moments
            square[columns, rows] = moments
            first = square[1:, 0]
            spread = square[1:, 1:] - first[:, None] * first[None]
            own = nodes.loadings[level][:, :, groups]
            count, total = own.shape[0], own.shape[1]
            extended = np.zeros((total, total, joint.shape[1]))
            extended[: total - count, : total - count] = chain
            extended[total - count :] = own
            chain = extended
            means[level][:, groups] += np.einsum("qrg,rg->qg", own, first)
            half = np.einsum("qrg,rsg->qsg", own, spread)
            covariances[level][:, :, groups] = np.einsum("qsg,tsg->qtg", half, chain)

    # -- derivatives ----------------------------------------------------------------------------

    def derivatives(
        self, point: Point, nodes: Nodes, hessian: bool = True
    ) -> LikelihoodDerivatives:
        """Gradients and, if it is wanted, the Hessian at fixed nodes."""
        predictor, quantities = self._linear_parts(point)
        by_group = np.empty((self.layout.direct_count, self.data.groups.counts[0]))

        def of_block(block: Block) -> tuple[Array]:
            return (
                self._block_derivatives(
                    block, point, nodes, predictor, quantities, by_group, hessian
                ),
            )

        total = np.asarray(sum_over_blocks(of_block, self.blocks)[0])
        return LikelihoodDerivatives(by_group, total if hessian else None)

    def _block_derivatives(
        self,
        block: Block,
        point: Point,
        nodes: Nodes,
        predictor: Array,
        quantities: Array,
        by_group: Array,
        wanted: bool,
    ) -> Array:
        """Fill in the block's gradients; its Hessian, of zeros unless ``wanted``."""
        data, rows = self.data, block.observations
        eta = self._eta(block, point, nodes, predictor)
        found = data.model.family.derivatives(data.outcome[:, rows], eta, quantities[:, rows])
        _, posteriors = self._integrate(self._group_sums(block, found.value), block, nodes)
        chains = self._chains(block, posteriors)
        placed = self._placed_effects(block, nodes)
        count = self.layout.direct_count
        hessian = np.zeros((count, count))
        gradients = self._innermost_gradients(block, found.first, placed)
        for level in reversed(range(len(posteriors))):
            groups = posteriors[level].shape[-1]
            flat = gradients.reshape(count, -1)
            if wanted:
                hessian += (flat * chains[level].reshape(-1)) @ flat.T
            nodes_here = self.grid.shape[level]
            above = flat.reshape(count, -1, nodes_here, groups)
            mean = np.einsum("pkng,kng->pkg", above, posteriors[level])
            weights = data.group_weights[level]
            own = None if weights is None else weights[block.groups[level]]
            if wanted:
                upper = np.ones((1, groups))
                if level:
                    upper = np.repeat(chains[level - 1], block.member_counts[level - 1], axis=1)
                flat_mean = mean.reshape(count, -1)
                outer = upper if own is None else upper * own
                hessian -= (flat_mean * outer.reshape(-1)) @ flat_mean.T
            if own is not None:
                mean = mean * own
            if level:
                gradients = block.sums(level - 1, mean)
        by_group[:, block.groups[0]] = mean[:, 0]
        if wanted:
            self._add_expected_hessian(block, nodes, chains[-1], found.second, hessian)
        return hessian

    def _placed_effects(self, block: Block, nodes: Nodes) -> Array:
        """The values v of all random effects at all nodes, by innermost group: (Q, K, G)."""
        chain = self._chain_coefficients(block, nodes)
        return np.stack([self.grid.bases[-1] @ effect for effect in chain])

    def _chain_coefficients(self, block: Block, nodes: Nodes) -> Array:
        """Coefficients of v in ones and abscissas, by innermost group: (Q, 1 + Q, G)."""
        effects, levels = self.data.effects, len(self.grid.rules)
        groups = block.groups[-1]
        chain = np.zeros((effects, 1 + effects, groups.stop - groups.start))
        for level in range(levels):
            placed = nodes.coefficients(level, block.groups[level])
            for below in range(level, levels - 1):
                placed = np.repeat(placed, block.member_counts[below], axis=2)
            chain[self._effects[level], : placed.shape[1]] = placed
        return chain

    def _innermost_gradients(self, block: Block, first: tuple[Array, ...], placed: Array) -> Array:
        """Derivatives of the innermost groups' A in the direct parameters, (count, K, G)."""
        data, layout = self.data, self.layout
        rows = block.observations
        found = np.empty((layout.direct_count, *placed.shape[1:]))
        needed = {*data.fixed_columns.tolist()}
        needed.update(int(c) for columns in data.effect_columns for c in columns)
        sums = {
            column: self._group_sums(
                block, first[0] if data.ones[column] else first[0] * data.columns[column, rows]
            )
            for column in sorted(needed)
        }
        for number, column in enumerate(data.fixed_columns):
            found[number] = sums[int(column)]
        for own in range(layout.own):
            found[layout.coefficients + own] = self._own_gradient(block, first, own)
        start = layout.fixed_count
        for number, entry in enumerate(layout.entries):
            effect = self._effects[entry.level].start + entry.column
            column = int(data.effect_columns[entry.level][entry.row])
            np.multiply(sums[column], placed[effect], out=found[start + number])
        return found

    def _own_gradient(self, block: Block, first: tuple[Array, ...], own: int) -> Array:
        """The derivative of A in one of the family's own parameters, (K, G)."""
        total: Array | float = 0.0
        for derivative, positions in zip(first[1:], self.data.positions, strict=True):
            used = positions[block.observations] == own
            if used.all():
                total = total + self._group_sums(block, derivative)
            elif used.any():
                total = total + self._group_sums(block, derivative * used)
        return np.asarray(total)

    def _add_expected_hessian(
        self,
        block: Block,
        nodes: Nodes,
        chain: Array,
        second: Mapping[tuple[int, int], Array],
        hessian: Array,
    ) -> None:
        """Add posterior expectations of the log densities' second derivatives."""
        data, layout, rows = self.data, self.layout, block.observations
        sizes = data.groups.sizes[-1][block.groups[-1]]
        weights = np.repeat(chain, sizes, axis=1)
        if data.weights is not None:
            weights *= data.weights[rows]
        products, lower_rows, lower_columns = self._products
        width = 1 + data.effects
        placed = np.zeros((width, width, len(sizes)))
        placed[0, 0] = 1.0
        placed[1:] = self._chain_coefficients(block, nodes)
        placed = np.repeat(placed, sizes, axis=2)
        designs = self._designs(rows)
        for (one, other), values in second.items():
            weighted = weights * values
            if one == other == 0:
                moments = products @ weighted
                square = np.empty((width, width, moments.shape[1]))
                square[lower_rows, lower_columns] = moments
                square[lower_columns, lower_rows] = moments
                half = np.einsum("abn,bcn->acn", placed, square)
                factors = np.einsum("acn,dcn->adn", half, placed)
                for f, (at, columns) in enumerate(designs):
                    for g, (and_at, and_columns) in enumerate(designs):
                        hessian[np.ix_(at, and_at)] += (columns * factors[f, g]) @ and_columns.T
            elif one == 0:
                moments = self.grid.bases[-1].T @ weighted
                factors = np.einsum("abn,bn->an", placed, moments)
                indicator = self._indicators(other, rows)
                own = np.arange(layout.coefficients, layout.fixed_count)
                for f, (at, columns) in enumerate(designs):
                    found = (columns * factors[f]) @ indicator.T
                    hessian[np.ix_(at, own)] += found
                    hessian[np.ix_(own, at)] += found.T
            else:
                total = np.sum(weighted, axis=0)
                left, right = self._indicators(one, rows), self._indicators(other, rows)
                found = (left * total) @ right.T
                parameters = slice(layout.coefficients, layout.fixed_count)
                hessian[parameters, parameters] += found if one == other else found + found.T

    def _designs(self, rows: slice) -> list[tuple[Positions, Array]]:
        """For the factor one and for each random effect v, the direct parameters whose derivative
        in eta has that factor, and their columns."""
        data, layout = self.data, self.layout
        found = [(np.arange(layout.coefficients), data.columns[data.fixed_columns, rows])]
        start = layout.fixed_count
        for level, effects in enumerate(self._effects):
            for column in range(effects.stop - effects.start):
                own = [
                    (start + number, int(data.effect_columns[level][entry.row]))
                    for number, entry in enumerate(layout.entries)
                    if entry.level == level and entry.column == column
                ]
                at = np.array([position for position, _ in own], dtype=np.intp)
                found.append((at, data.columns[[c for _, c in own], rows]))
        return found

    def _indicators(self, quantity: int, rows: slice) -> Array:
        """(r, n) ones where the quantity is the family's r-th own parameter."""
        positions = self.data.positions[quantity - 1, rows]
        return (positions == np.arange(self.layout.own)[:, None]).astype(np.float64)
