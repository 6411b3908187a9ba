"""Laplace's approximation for crossed random effects.

The approximation is that of :mod:`statalike.engine.generalized.laplace`, with a posterior precision
of which only the largest term can be eliminated category by category: an evaluation takes time in
proportion to observations and to the cube of the number of all other effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.families.family import Derivatives, Family
from statalike.engine.generalized.crossed_precision import (
    CrossedPairs,
    CrossedPrecision,
    EffectColumn,
)
from statalike.engine.generalized.modes import DensityFunction
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.objective import DifferencedLikelihood, GradientAt
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.linear.model import Level, RandomEffects

Array = NDArray[np.float64]

MAXIMUM_ITERATIONS = 60
MAXIMUM_HALVINGS = 20
TOLERANCE = 1e-6
MAXIMUM_CHORD_STEPS = 20
# Gradients of which differences are taken need modes to the last digits.
NEARBY_TOLERANCE = 1e-12
# The factor of the effects beside the largest term is dense: 20,000 take 3 GB.
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
        sizes = [term.count * term.effects.structure.size for term in self.terms]
        effects = sum(sizes) - max(sizes, default=0)
        if effects > MAXIMUM_EFFECTS:
            raise EstimationError("nonconformable", f"{effects} crossed random effects")

    @property
    def observations(self) -> int:
        return int(self.outcome.shape[-1])


@dataclass(frozen=True)
class CrossedProblem:
    """What modes depend on at a point: ``X b + offset`` (n,), the family's quantities (M, n), and
    the derivatives of eta in each column of effects v, (n,) each."""

    base: Array
    quantities: Array
    designs: list[Array]


@dataclass
class CrossedState:
    """Log densities at effects v (Q,), ``height`` their sum less ``v'v / 2``, and the precision
    there, once known."""

    problem: CrossedProblem
    effects: Array
    found: Derivatives
    height: float
    precision: CrossedPrecision | None = None


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
        self._columns: list[EffectColumn] = []
        start = 0
        for number, (size, term) in enumerate(zip(self._sizes, model.terms, strict=True)):
            categories = term.categories.astype(np.intp)
            for effect in range(size):
                self._columns.append(EffectColumn(number, effect, start, categories, term.count))
                start += term.count
        self._pairs = CrossedPairs(self._columns)
        # The precision at the point whose derivatives were asked for last.
        self._centre: CrossedPrecision | None = None

    def value_at(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        try:
            state = self._at_modes(point, nodes, self.family.predictor_derivatives)
            value = state.height - self._precision(state).half_log_determinant
        except np.linalg.LinAlgError:
            return float("nan"), nodes
        return value, Nodes(self._split(state.effects), ())

    def gradient_at(self, point: Point, nodes: Nodes, nearby: bool) -> GradientAt:
        none = np.zeros((self.layout.direct_count, 1))
        try:
            if nearby and self._centre is not None:
                state = self._at_nearby_modes(point, nodes, self._centre)
            else:
                state = self._at_modes(point, nodes, self.family.third_derivatives)
                self._centre = self._precision(state)
            precision = self._precision(state)
        except np.linalg.LinAlgError:
            return GradientAt(float("nan"), none, nodes)
        value = state.height - precision.half_log_determinant
        slopes = self._direct_gradient(state, precision)
        return GradientAt(value, slopes[:, None], Nodes(self._split(state.effects), ()))

    def posterior_covariances(self, point: Point, modes: Nodes) -> list[Array]:
        """Covariances of v within each category, by the curvature at the modes: (q, q, C)."""
        effects = np.concatenate([mean.ravel() for mean in modes.means])
        state = self._state(self._problem(point), effects, self.family.derivatives)
        precision = self._precision(state)
        apart = self._pairs.apart[0].term
        inverse = precision.covariances_of_others()
        spreads: list[Array] = []
        for number, (size, term) in enumerate(zip(self._sizes, self.model.terms, strict=True)):
            if number == apart:
                spreads.append(precision.covariances_apart())
                continue
            numbered = zip(self._pairs.starts, self._pairs.others, strict=True)
            first = min(start for start, column in numbered if column.term == number)
            at = first + np.arange(size)[:, None] * term.count + np.arange(term.count)
            spreads.append(inverse[at[:, None], at[None]])
        return spreads

    def _problem(self, point: Point) -> CrossedProblem:
        model = self.model
        base = model.fixed @ point.coefficients
        if model.offset is not None:
            base = base + model.offset
        designs = [
            model.terms[column.term].effects.covariates @ point.roots[column.term][:, column.effect]
            for column in self._columns
        ]
        return CrossedProblem(base, self.family.quantities(point.own, self._positions), designs)

    def _state(
        self, problem: CrossedProblem, effects: Array, evaluate: DensityFunction
    ) -> CrossedState:
        eta = problem.base + self._linear(problem.designs, effects)
        found = evaluate(self._outcome, eta, problem.quantities)
        height = float(np.sum(found.value)) - 0.5 * float(effects @ effects)
        return CrossedState(problem, effects, found, height)

    def _precision(self, state: CrossedState) -> CrossedPrecision:
        if state.precision is None:
            weights = -state.found.second[0, 0]
            state.precision = CrossedPrecision(self._pairs, state.problem.designs, weights)
        return state.precision

    def _step(self, state: CrossedState, precision: CrossedPrecision) -> Array:
        slope = self._sums(state.problem.designs, state.found.first[0]) - state.effects
        return precision.solve(slope)

    def _at_modes(self, point: Point, nodes: Nodes, evaluate: DensityFunction) -> CrossedState:
        """The modes, by Newton-Raphson from those of ``nodes``.

        Where the curvature is not that of a maximum, that of convex log densities is left out.
        """
        problem = self._problem(point)
        effects = np.concatenate([mean.ravel() for mean in nodes.means])
        state = self._state(problem, effects, evaluate)
        if not np.isfinite(state.height):
            state = self._state(problem, np.zeros_like(effects), evaluate)
        for _ in range(self._iterations):
            try:
                precision = self._precision(state)
            except np.linalg.LinAlgError:
                bend = np.maximum(-state.found.second[0, 0], 0.0)
                precision = CrossedPrecision(self._pairs, problem.designs, bend)
            step = self._step(state, precision)
            largest = float(np.max(np.abs(step), initial=0.0))
            if largest <= NEARBY_TOLERANCE or not np.isfinite(largest):
                break
            least = state.height - 1e-10 * (1.0 + abs(state.height))
            for _ in range(MAXIMUM_HALVINGS):
                moved = self._state(problem, state.effects + step, evaluate)
                if moved.height >= least:
                    break
                step = 0.5 * step
            else:
                break
            state = moved
            if largest < self._tolerance:
                break
        return state

    def _at_nearby_modes(
        self, point: Point, nodes: Nodes, precision: CrossedPrecision
    ) -> CrossedState:
        """The modes, next to those of ``nodes``, by steps with the precision of a point nearby:
        each leaves a part of the error as small as the points are apart."""
        problem, evaluate = self._problem(point), self.family.predictor_derivatives
        effects = np.concatenate([mean.ravel() for mean in nodes.means])
        for _ in range(MAXIMUM_CHORD_STEPS):
            step = self._step(self._state(problem, effects, evaluate), precision)
            effects = effects + step
            if float(np.max(np.abs(step), initial=0.0)) <= NEARBY_TOLERANCE:
                break
        return self._state(problem, effects, self.family.third_derivatives)

    def _split(self, effects: Array) -> tuple[Array, ...]:
        parts, start = [], 0
        for size, term in zip(self._sizes, self.model.terms, strict=True):
            end = start + size * term.count
            parts.append(effects[start:end].reshape(size, term.count))
            start = end
        return tuple(parts)

    def _sums(self, designs: Sequence[Array], values: Array) -> Array:
        """``sum_i a_i values_i`` for all effects, (Q,)."""
        return np.concatenate(
            [
                np.bincount(column.categories, design * values, column.count)
                for design, column in zip(designs, self._columns, strict=True)
            ]
        )

    def _linear(self, designs: Sequence[Array], effects: Array) -> Array:
        """``a_i' v`` of each observation, (n,)."""
        total = np.zeros(self.model.observations)
        for design, column in zip(designs, self._columns, strict=True):
            own = effects[column.start : column.start + column.count]
            total += design * own[column.categories]
        return total

    def _direct_gradient(self, state: CrossedState, precision: CrossedPrecision) -> Array:
        """The gradient in the direct parameters, (direct_count,).

        With ``q_i = a_i'S a_i``, ``t = S sum_i l'''_i q_i a_i / 2`` and
        ``e_i = l'''_i q_i / 2 + l''_i a_i't`` the derivative is

            in a coefficient           sum_i x_i (l'_i + e_i),
            in the entry (a, b) of L   sum_i z_ia {(l'_i + e_i) v_b + l'_i t_b + l''_i (S a_i)_b},
            in an own parameter        sum_i {l_,p + l''_,p q_i / 2 + l'_,p a_i't}.
        """
        layout, model, found = self.layout, self.model, state.found
        designs = state.problem.designs
        spread = precision.spreads(designs)
        leverage = np.sum([s * d for s, d in zip(spread, designs, strict=True)], axis=0)
        first, second = found.first[0], found.second[0, 0]
        bent = 0.5 * found.third[0] * leverage
        adjoint = precision.solve(self._sums(designs, bent))
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
        place = {(c.term, c.effect): number for number, c in enumerate(self._columns)}
        for number, entry in enumerate(layout.entries, layout.fixed_count):
            column = place[entry.level, entry.column]
            index = self._columns[column].start + self._columns[column].categories
            factor_of = total * state.effects[index] + first * adjoint[index]
            factor_of += second * spread[column]
            covariate = model.terms[entry.level].effects.covariates[:, entry.row]
            gradient[number] = float(covariate @ factor_of)
        return gradient
