"""Maximum likelihood of a model without random effects, for an outcome of any family."""

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
    """Coefficients (p,) and the family's own parameters (r,) at the maximum found."""

    coefficients: Array
    own: Array
    optimum: Optimum

    @property
    def log_likelihood(self) -> float:
        return self.optimum.value

    @property
    def converged(self) -> bool:
        return self.optimum.converged


class FixedEffectsLikelihood:
    """The log likelihood in (coefficients, own parameters), for an optimiser.

    ``eta = X b + offset``; each quantity of an observation is one of the own parameters, so that
    gradient and Hessian in these are sums of those in the quantities, parameter by parameter.
    """

    def __init__(
        self,
        family: Family,
        outcome: Array,
        design: Array,
        offset: Array | None,
        weights: Array | None,
    ) -> None:
        n = outcome.shape[-1]
        self.family = family
        self.outcome = outcome
        self.design = design
        self.offset = np.zeros(n) if offset is None else offset
        self.weights = np.ones(n) if weights is None else weights
        self._positions = family.quantity_positions(outcome)
        own = family.parameter_count
        # Which own parameter each quantity is, as ones and zeros: (r, n) for each quantity.
        self._members = [
            (np.arange(own)[:, None] == row).astype(np.float64) for row in self._positions
        ]

    def linear_predictor(self, coefficients: Array) -> Array:
        """eta (n,)."""
        return np.asarray(self.design @ coefficients + self.offset)

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        count = self.design.shape[1]
        none = np.zeros(0)
        own = parameters[count:]
        if not (np.all(np.isfinite(parameters)) and self.family.is_valid(own)):
            return float("nan"), none, none
        eta = self.linear_predictor(parameters[:count])
        quantities = self.family.quantities(own, self._positions)
        if not derivatives:
            value = self.family.log_density(self.outcome, eta, quantities)
            return float(self.weights @ value), none, none
        found = self.family.derivatives(self.outcome, eta, quantities)
        size = len(parameters)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        fixed, rest = slice(0, count), slice(count, size)
        weighted = {pair: self.weights * part for pair, part in found.second.items()}
        gradient[fixed] = self.design.T @ (self.weights * found.first[0])
        hessian[fixed, fixed] = self.design.T @ (weighted[0, 0][:, None] * self.design)
        for m, members in enumerate(self._members, 1):
            gradient[rest] += members @ (self.weights * found.first[m])
            if (0, m) in weighted:
                hessian[rest, fixed] += (members * weighted[0, m]) @ self.design
            for other in range(m, len(self._members) + 1):
                if (m, other) in weighted:
                    part = (members * weighted[m, other]) @ self._members[other - 1].T
                    hessian[rest, rest] += part if other == m else part + part.T
        hessian[fixed, rest] = hessian[rest, fixed].T
        return float(self.weights @ found.value), gradient, hessian

    def start(self, constant: int | None) -> Array:
        """Parameters to begin from: a working regression's where the family has one and the
        likelihood is defined there, otherwise a constant eta."""
        family, outcome, weights = self.family, self.outcome, self.weights
        regression = family.working_regression(outcome, weights)
        if regression is not None:
            root = np.sqrt(weights * regression.weights)
            response = root * (regression.response - self.offset)
            coefficients: Array = np.asarray(
                np.linalg.lstsq(root[:, None] * self.design, response)[0], dtype=np.float64
            )
            eta = self.linear_predictor(coefficients)
            start = np.concatenate([coefficients, family.own_given(outcome, eta, weights)])
            value, gradient, hessian = self(start, True)
            if (
                np.isfinite(value)
                and np.all(np.isfinite(gradient))
                and np.all(np.isfinite(hessian))
            ):
                return start
        level, own = family.starting_values(outcome, weights)
        coefficients = np.zeros(self.design.shape[1])
        if constant is not None:
            shift = float(weights @ self.offset) / float(np.sum(weights))
            coefficients[constant] = level - shift
        return np.concatenate([coefficients, own])


def fit_fixed_effects(
    family: Family,
    outcome: Array,
    design: Array,
    offset: Array | None = None,
    weights: Array | None = None,
    constant: int | None = None,
    rules: ConvergenceRules | None = None,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> FixedEffectsFit:
    """Newton-Raphson with the exact Hessian for ``outcome`` (c, n) and ``design`` (n, p).

    ``constant`` is the column of the design that is one everywhere.  Raises
    :class:`EstimationError` ``likelihood_undefined`` where no start is found.
    """
    likelihood = FixedEffectsLikelihood(family, outcome, design, offset, weights)
    start = likelihood.start(constant)
    try:
        optimum = maximise(likelihood, start, rules, on_iteration)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    count = design.shape[1]
    return FixedEffectsFit(optimum.parameters[:count], optimum.parameters[count:], optimum)
