"""Laplace's approximation for crossed random effects.

Effects that are not nested have a posterior precision without blocks to eliminate one by one: it is
factored whole.  Its entries are sums over the observations that share a pair of categories, so that
an evaluation takes time in proportion to observations and to the cube of the number of effects.
The formulas are those of :mod:`statalike.engine.generalized.laplace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from statalike.engine.errors import EstimationError
from statalike.engine.families.family import Derivatives, Family
from statalike.engine.generalized.laplace import GradientAt
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.objective import DifferencedLikelihood
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.linear.model import Level, RandomEffects

Array = NDArray[np.float64]

MAXIMUM_ITERATIONS = 60
MAXIMUM_HALVINGS = 20
TOLERANCE = 1e-6
# The factor is dense: 20,000 effects take 3 GB.
MAXIMUM_EFFECTS = 20_000


@dataclass(frozen=True)
class CrossedTerm:
    """Random effects u_c, one vector for each category c of a factor or group.

    ``categories`` (n,) are integers from 0; ``effects`` has the covariates (n, q) and the structure
    of the covariance matrix of u_c.
    """

    categories: NDArray[np.integer]
    effects: RandomEffects

    @property
    def count(self) -> int:
        return int(self.categories.max()) + 1


@dataclass(frozen=True)
class CrossedGeneralizedModel:
    """``eta = X b + offset + sum_t z_t' u_t`` with effects of terms that may be crossed."""

    family: Family
    outcome: Array
    fixed: Array
    terms: tuple[CrossedTerm, ...]
    offset: Array | None = None

    def __post_init__(self) -> None:
        n = self.outcome.shape[-1]
        if n == 0:
            raise EstimationError("no_observations", "no observations")
        for term in self.terms:
            expected = (n, term.effects.structure.size)
            if len(term.categories) != n or term.effects.covariates.shape != expected:
                raise EstimationError("nonconformable", "a term of another number of observations")
        effects = sum(term.count * term.effects.structure.size for term in self.terms)
        if effects > MAXIMUM_EFFECTS:
            raise EstimationError("nonconformable", f"{effects} crossed random effects")

    @property
    def observations(self) -> int:
        return int(self.outcome.shape[-1])


class CrossedLaplace(DifferencedLikelihood):
    """The approximate log likelihood of a crossed model; nodes are the modes of its terms.

    The search for modes ends where no effect v moves by ``tolerance``, or after ``iterations``.
    """

    def __init__(
        self,
        model: CrossedGeneralizedModel,
        iterations: int = MAXIMUM_ITERATIONS,
        tolerance: float = TOLERANCE,
    ) -> None:
        self.model = model
        self._iterations = iterations
        self._tolerance = tolerance
        # Each term stands for a level in the layout of the parameters.
        levels: Sequence[Level] = [Level(t.categories, (t.effects,)) for t in model.terms]
        layout = ParameterLayout(model.fixed.shape[1], model.family.parameter_count, levels)
        self._sizes = [term.effects.structure.size for term in model.terms]
        means = tuple(
            np.zeros((size, term.count))
            for size, term in zip(self._sizes, model.terms, strict=True)
        )
        super().__init__(model, layout, Nodes(means, ()))
        self._positions = model.family.quantity_positions(model.outcome)
        self._outcome = model.family.prepared(model.outcome)
        self._columns: list[tuple[int, int]] = []
        self._index: list[NDArray[np.intp]] = []
        start = 0
        for number, (size, term) in enumerate(zip(self._sizes, model.terms, strict=True)):
            for effect in range(size):
                self._columns.append((number, effect))
                self._index.append(start + term.categories.astype(np.intp))
                start += term.count
        self._total = start

    def value_at(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        found = self._evaluate(point, nodes, gradient=False, nearby=False)
        return found.value, found.nodes

    def gradient_at(self, point: Point, nodes: Nodes, nearby: bool) -> GradientAt:
        return self._evaluate(point, nodes, gradient=True, nearby=nearby)

    def posterior_covariances(self, point: Point, modes: Nodes) -> list[Array]:
        """Covariances of v within each category, by the curvature at the modes: (q, q, C)."""
        model = self.model
        base = model.fixed @ point.coefficients
        if model.offset is not None:
            base = base + model.offset
        designs = self._designs(point)
        effects = np.concatenate([mean.ravel() for mean in modes.means])
        quantities = model.family.quantities(point.own, self._positions)
        eta = base + self._linear(designs, effects)
        found = model.family.derivatives(self._outcome, eta, quantities)
        covariance = np.linalg.inv(self._precision(designs, -found.second[0, 0]))
        spreads: list[Array] = []
        start = 0
        for size, term in zip(self._sizes, model.terms, strict=True):
            at = start + np.arange(size)[:, None] * term.count + np.arange(term.count)
            spreads.append(covariance[at[:, None], at[None]])
            start += size * term.count
        return spreads

    def _designs(self, point: Point) -> list[Array]:
        """Derivatives of the linear predictor in each column of effects v, (n,) each."""
        return [
            self.model.terms[term].effects.covariates @ point.roots[term][:, effect]
            for term, effect in self._columns
        ]

    def _evaluate(self, point: Point, nodes: Nodes, gradient: bool, nearby: bool) -> GradientAt:
        model = self.model
        base = model.fixed @ point.coefficients
        if model.offset is not None:
            base = base + model.offset
        quantities = model.family.quantities(point.own, self._positions)
        designs = self._designs(point)
        effects = np.concatenate([mean.ravel() for mean in nodes.means])
        effects, eta = self._modes(effects, base, quantities, designs, nearby)
        evaluate = model.family.third_derivatives if gradient else model.family.derivatives
        found = evaluate(self._outcome, eta, quantities)
        none = np.zeros((self.layout.direct_count, 1))
        try:
            precision = self._precision(designs, -found.second[0, 0])
            factor: Array = np.linalg.cholesky(precision).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            return GradientAt(float("nan"), none, nodes)
        value = float(np.sum(found.value)) - 0.5 * float(effects @ effects)
        value -= float(np.sum(np.log(np.diagonal(factor))))
        modes = Nodes(self._split(effects), ())
        if not gradient:
            return GradientAt(value, none, modes)
        slopes = self._direct_gradient(point, designs, effects, factor, found)
        return GradientAt(value, slopes[:, None], modes)

    def _split(self, effects: Array) -> tuple[Array, ...]:
        parts, start = [], 0
        for size, term in zip(self._sizes, self.model.terms, strict=True):
            end = start + size * term.count
            parts.append(effects[start:end].reshape(size, term.count))
            start = end
        return tuple(parts)

    def _sums(self, designs: list[Array], values: Array) -> Array:
        """``sum_i a_i values_i`` for all effects, (Q,)."""
        total = np.zeros(self._total)
        for design, index in zip(designs, self._index, strict=True):
            total += np.bincount(index, design * values, minlength=self._total)
        return total

    def _linear(self, designs: list[Array], effects: Array) -> Array:
        """``a_i' v`` of each observation, (n,)."""
        total = np.zeros(self.model.observations)
        for design, index in zip(designs, self._index, strict=True):
            total += design * effects[index]
        return total

    def _precision(self, designs: list[Array], weights: Array) -> Array:
        """``I + sum_i w_i a_i a_i'``, (Q, Q)."""
        size = self._total
        found = np.zeros((size, size))
        for one, (left, rows) in enumerate(zip(designs, self._index, strict=True)):
            weighted = left * weights
            for right, columns in zip(designs[: one + 1], self._index, strict=False):
                _add_pairs(found, rows, columns, weighted * right)
        lower = np.tril(found)
        found = lower + np.tril(found, -1).T
        found[np.arange(size), np.arange(size)] += 1.0
        return found

    def _modes(
        self, effects: Array, base: Array, quantities: Array, designs: list[Array], nearby: bool
    ) -> tuple[Array, Array]:
        family, outcome = self.model.family, self._outcome

        def at(effects: Array) -> tuple[Array, Derivatives, float]:
            eta = base + self._linear(designs, effects)
            found = family.derivatives(outcome, eta, quantities)
            return eta, found, float(np.sum(found.value)) - 0.5 * float(effects @ effects)

        eta, found, height = at(effects)
        if not np.isfinite(height):
            effects = np.zeros_like(effects)
            eta, found, height = at(effects)
        for _ in range(self._iterations):
            bend = np.minimum(found.second[0, 0], 0.0)
            factor = np.linalg.cholesky(self._precision(designs, -bend))
            slope = self._sums(designs, found.first[0]) - effects
            step = cho_solve((factor, True), slope, check_finite=False)
            if nearby:
                return effects + step, base + self._linear(designs, effects + step)
            for _ in range(MAXIMUM_HALVINGS):
                moved_eta, moved_found, moved_height = at(effects + step)
                if moved_height >= height - 1e-10 * (1.0 + abs(height)):
                    break
                step = 0.5 * step
            else:
                break
            effects, eta, found, height = effects + step, moved_eta, moved_found, moved_height
            if float(np.max(np.abs(step))) < self._tolerance:
                break
        return effects, eta

    def _direct_gradient(
        self,
        point: Point,
        designs: list[Array],
        effects: Array,
        factor: Array,
        found: Derivatives,
    ) -> Array:
        """The gradient in the direct parameters, (direct_count,)."""
        layout, model = self.layout, self.model
        half = solve_triangular(factor, np.eye(self._total), lower=True, check_finite=False)
        covariance = half.T @ half
        spread = [
            np.sum(
                [
                    covariance[rows, columns] * design
                    for columns, design in zip(self._index, designs, strict=True)
                ],
                axis=0,
            )
            for rows in self._index
        ]
        leverage = np.sum([s * d for s, d in zip(spread, designs, strict=True)], axis=0)
        first, second = found.first[0], found.second[0, 0]
        bent = 0.5 * found.third[0] * leverage
        adjoint = covariance @ self._sums(designs, bent)
        moved = self._linear(designs, adjoint)
        total = first + bent + second * moved
        gradient = np.zeros(layout.direct_count)
        gradient[: layout.coefficients] = model.fixed.T @ total
        for m, positions in enumerate(self._positions, 1):
            derivative = found.first[m] + 0.5 * leverage * found.third[m]
            if (0, m) in found.second:
                derivative = derivative + found.second[0, m] * moved
            for own in range(layout.own):
                gradient[layout.coefficients + own] += float(np.sum(derivative[positions == own]))
        place = {column: number for number, column in enumerate(self._columns)}
        for number, entry in enumerate(layout.entries, layout.fixed_count):
            column = place[entry.level, entry.column]
            index = self._index[column]
            factor_of = total * effects[index] + first * adjoint[index] + second * spread[column]
            covariate = model.terms[entry.level].effects.covariates[:, entry.row]
            gradient[number] = float(covariate @ factor_of)
        return gradient


def _add_pairs(
    matrix: Array, rows: NDArray[np.intp], columns: NDArray[np.intp], values: Array
) -> None:
    """Add values to the entries (rows, columns) of a matrix, however often an entry comes."""
    first_row, first_column = int(rows.min()), int(columns.min())
    height = int(rows.max()) - first_row + 1
    width = int(columns.max()) - first_column + 1
    flat = (rows - first_row) * width + (columns - first_column)
    block = np.bincount(flat, values, minlength=height * width).reshape(height, width)
    matrix[first_row : first_row + height, first_column : first_column + width] += block
