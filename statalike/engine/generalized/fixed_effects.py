"""Maximum likelihood without random effects: starting values, and what a model is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.families.family import Family
from statalike.engine.newton_raphson import (
    ConvergenceRules,
    IterationRecord,
    Optimum,
    maximise,
)

Array = NDArray[np.float64]


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
        self._outcome = outcome
        self._fixed = fixed
        self._offset = offset
        self._weights = weights
        self._positions = family.quantity_positions(outcome)

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        none = np.zeros(0)
        family, p = self._family, self._fixed.shape[1]
        coefficients, own = parameters[:p], parameters[p:]
        if not (np.all(np.isfinite(parameters)) and family.is_valid(own)):
            return float("nan"), none, none
        eta = self._fixed @ coefficients
        if self._offset is not None:
            eta = eta + self._offset
        quantities = family.quantities(own, self._positions)
        if not derivatives:
            return self._sum(family.log_density(self._outcome, eta, quantities)), none, none
        found = family.derivatives(self._outcome, eta, quantities)
        count = len(parameters)
        gradient, hessian = np.zeros(count), np.zeros((count, count))
        slopes = [self._weighted(values) for values in found.first]
        gradient[:p] = self._fixed.T @ slopes[0]
        indicators = [
            (positions == np.arange(len(own))[:, None]).astype(np.float64)
            for positions in self._positions
        ]
        for slope, indicator in zip(slopes[1:], indicators, strict=True):
            gradient[p:] += indicator @ slope
        designs = [self._fixed.T, *indicators]
        places = [slice(0, p), *([slice(p, count)] * len(indicators))]
        for (a, b), values in found.second.items():
            product = (designs[a] * self._weighted(values)) @ designs[b].T
            hessian[places[a], places[b]] += product
            if a != b:
                hessian[places[b], places[a]] += product.T
        return self._sum(found.value), gradient, hessian

    def _weighted(self, values: Array) -> Array:
        return values if self._weights is None else values * self._weights

    def _sum(self, values: Array) -> float:
        return float(np.sum(self._weighted(values)))


def fit_fixed_effects(
    family: Family,
    outcome: Array,
    fixed: Array,
    offset: Array | None,
    weights: Array | None,
    constant: int | None,
    rules: ConvergenceRules,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> FixedEffectsFit:
    """Newton-Raphson from the family's own starting values.

    ``constant`` is the column of ``fixed`` that is one everywhere.  Raises
    :class:`EstimationError` ``likelihood_undefined`` where the likelihood is not defined there.
    """
    p = fixed.shape[1]
    given = np.ones(fixed.shape[0]) if weights is None else weights
    eta, own = family.starting_values(outcome, given)
    start = np.zeros(p + len(own))
    if constant is not None:
        start[constant] = eta
    start[p:] = own
    objective = FixedEffectsObjective(family, outcome, fixed, offset, weights)
    try:
        optimum = maximise(objective, start, rules, on_iteration)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    return FixedEffectsFit(
        optimum.parameters[:p],
        optimum.parameters[p:],
        optimum.value,
        optimum.converged,
        optimum,
    )
