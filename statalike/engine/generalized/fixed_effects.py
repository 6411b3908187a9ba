"""Maximum likelihood without random effects: starting values, and what a model is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.families.family import Family
from statalike.engine.generalized.blocks_in_threads import sum_over_blocks
from statalike.engine.linear_constraints import (
    ConstrainedObjective,
    ConstrainedSpace,
    unconstrained_record,
)
from statalike.engine.newton_raphson import (
    ConvergenceRules,
    IterationRecord,
    Objective,
    Optimum,
    maximise,
)

Array = NDArray[np.float64]

BLOCK_OBSERVATIONS = 1 << 14
ALL = slice(None)


@dataclass(frozen=True)
class FixedEffectsFit:
    """Estimates of ``eta = X b + offset``: coefficients (p,) and the family's parameters (r,)."""

    coefficients: Array
    own: Array
    log_likelihood: float
    converged: bool
    optimum: Optimum


class FixedEffectsObjective:
    """The log likelihood in (b, own parameters), with exact derivatives."""

    def __init__(
        self,
        family: Family,
        outcome: Array,
        fixed: Array,
        offset: Array | None,
        weights: Array | None,
    ) -> None:
        self._family = family
        self._outcome = family.prepared(outcome)
        self._fixed = fixed
        self._offset = offset
        self._weights = weights
        self._positions = family.quantity_positions(outcome)
        starts = range(0, len(fixed), BLOCK_OBSERVATIONS)
        self._blocks = [slice(start, start + BLOCK_OBSERVATIONS) for start in starts]

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        none = np.zeros(0)
        family, p = self._family, self._fixed.shape[1]
        own = parameters[p:]
        if not (np.all(np.isfinite(parameters)) and family.is_valid(own)):
            return float("nan"), none, none
        if not derivatives:
            return (
                sum_over_blocks(lambda rows: self._value(rows, parameters), self._blocks)[0],
                none,
                none,
            )
        value, gradient, hessian = sum_over_blocks(
            lambda rows: self._derivatives(rows, parameters), self._blocks
        )
        return value, gradient, hessian

    def _value(self, rows: slice, parameters: Array) -> tuple[float]:
        """The sum of log densities of some observations."""
        eta, quantities = self._predictors(rows, parameters)
        outcome = self._outcome[:, rows]
        return (self._sum(self._family.log_density(outcome, eta, quantities), rows),)

    def _derivatives(self, rows: slice, parameters: Array) -> tuple[float, Array, Array]:
        """Value, gradient and Hessian of some observations."""
        p, count = self._fixed.shape[1], len(parameters)
        eta, quantities = self._predictors(rows, parameters)
        found = self._family.derivatives(self._outcome[:, rows], eta, quantities)
        gradient, hessian = np.zeros(count), np.zeros((count, count))
        indicators = [
            (positions[rows] == np.arange(count - p)[:, None]).astype(np.float64)
            for positions in self._positions
        ]
        designs = [self._fixed[rows].T, *indicators]
        places = [slice(0, p), *([slice(p, count)] * len(indicators))]
        for place, design, slope in zip(places, designs, found.first, strict=True):
            gradient[place] += design @ self._weighted(slope, rows)
        for (a, b), values in found.second.items():
            product = (designs[a] * self._weighted(values, rows)) @ designs[b].T
            hessian[places[a], places[b]] += product
            if a != b:
                hessian[places[b], places[a]] += product.T
        return self._sum(found.value, rows), gradient, hessian

    def _predictors(self, rows: slice, parameters: Array) -> tuple[Array, Array]:
        """eta and the family's quantities of some observations."""
        p = self._fixed.shape[1]
        eta = self._fixed[rows] @ parameters[:p]
        if self._offset is not None:
            eta = eta + self._offset[rows]
        return eta, self._family.quantities(parameters[p:], self._positions[:, rows])

    def scores(self, parameters: Array) -> Array:
        """The gradient of each observation's part, (n, p + r)."""
        family, p = self._family, self._fixed.shape[1]
        own = parameters[p:]
        eta, quantities = self._predictors(ALL, parameters)
        found = family.derivatives(self._outcome, eta, quantities)
        slopes = [self._weighted(values, ALL) for values in found.first]
        scores = np.zeros((len(self._fixed), len(parameters)))
        scores[:, :p] = self._fixed * slopes[0][:, None]
        for slope, positions in zip(slopes[1:], self._positions, strict=True):
            scores[:, p:] += (positions[:, None] == np.arange(len(own))) * slope[:, None]
        return scores

    def start(self, constant: int | None) -> Array:
        """Parameters to begin from: those of the family's working regression where it has one and
        the likelihood is defined there, otherwise a constant eta in column ``constant``."""
        family, outcome, fixed = self._family, self._outcome, self._fixed
        weights = np.ones(len(fixed)) if self._weights is None else self._weights
        offset = np.zeros(len(fixed)) if self._offset is None else self._offset
        regression = family.working_regression(outcome, weights)
        if regression is not None and np.all(np.isfinite(regression.response)):
            root = np.sqrt(weights * regression.weights)
            response = root * (regression.response - offset)
            coefficients: Array = np.asarray(
                np.linalg.lstsq(root[:, None] * fixed, response)[0], dtype=np.float64
            )
            own = family.own_given(outcome, self._linear_predictor(coefficients), weights)
            start = np.concatenate([coefficients, own])
            if all(np.all(np.isfinite(part)) for part in self(start, True)):
                return start
        eta, own = family.starting_values(outcome, weights)
        start = np.zeros(fixed.shape[1] + len(own))
        if constant is not None:
            start[constant] = eta - float(weights @ offset) / float(np.sum(weights))
        start[fixed.shape[1] :] = own
        return start

    def _linear_predictor(self, coefficients: Array) -> Array:
        eta = self._fixed @ coefficients
        return np.asarray(eta if self._offset is None else eta + self._offset)

    def _weighted(self, values: Array, rows: slice) -> Array:
        return values if self._weights is None else values * self._weights[rows]

    def _sum(self, values: Array, rows: slice) -> float:
        return float(np.sum(self._weighted(values, rows)))


def fit_fixed_effects(
    family: Family,
    outcome: Array,
    fixed: Array,
    offset: Array | None,
    weights: Array | None,
    constant: int | None,
    rules: ConvergenceRules,
    on_iteration: Callable[[IterationRecord], None] | None = None,
    space: ConstrainedSpace | None = None,
) -> FixedEffectsFit:
    """Newton-Raphson from the family's working regression or its own starting values.

    ``constant`` is the column of ``fixed`` that is one everywhere; ``space`` are the parameters
    (p + r,) that satisfy the constraints, of which ``optimum`` then has the free ones, though
    ``on_iteration`` is told of all.  Raises :class:`EstimationError` ``likelihood_undefined``
    where the likelihood is not defined there.
    """
    p = fixed.shape[1]
    objective = FixedEffectsObjective(family, outcome, fixed, offset, weights)
    searched: Objective = objective
    start = objective.start(constant)
    if space is not None:
        searched, start = ConstrainedObjective(objective, space), space.reduced(start)

    def tell(record: IterationRecord) -> None:
        if on_iteration is not None:
            on_iteration(record if space is None else unconstrained_record(record, space))

    try:
        optimum = maximise(searched, start, replace(rules, lengthen=True), tell)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    parameters = optimum.parameters if space is None else space.parameters(optimum.parameters)
    return FixedEffectsFit(
        parameters[:p],
        parameters[p:],
        optimum.value,
        optimum.converged,
        optimum,
    )
