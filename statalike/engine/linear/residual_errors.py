"""Residuals whose covariance matrix is structured, for levels of a by-variable separately.

Residuals of a group have the covariance matrix ``s2 Lambda``, where s2 is the variance of the first
kind of residual (that of the first by-level, at the first time where variances differ over time).
The residual parameters are, on the estimation scale, the log standard deviations of the other
kinds relative to the first, then the correlation parameters of each by-level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.residual_structures import CorrelationKind, ResidualStructure

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class ResidualParameter:
    """``by`` is the by-level from 0.  A ``lnsd_ratio`` belongs to the ``i``-th time from 0; of the
    other kinds see :class:`~statalike.engine.residual_structures.CorrelationParameter`.
    """

    kind: Literal["lnsd_ratio"] | CorrelationKind
    by: int
    i: int
    j: int = 0


@dataclass(frozen=True)
class ResidualFamily:
    """A structure repeated, with parameters of its own, for each by-level."""

    structure: ResidualStructure
    by_count: int = 1

    @cached_property
    def parameters(self) -> tuple[ResidualParameter, ...]:
        deviations = [
            ResidualParameter("lnsd_ratio", by, i)
            for by in range(self.by_count)
            for i in range(self.structure.deviation_count)
        ]
        correlations = [
            ResidualParameter(c.kind, by, c.i, c.j)
            for by in range(self.by_count)
            for c in self.structure.parameters
        ]
        return (*deviations[1:], *correlations)

    @property
    def count(self) -> int:
        return len(self.parameters)

    @property
    def ratio_count(self) -> int:
        """How many of the parameters are log ratios of standard deviations; they come first."""
        return self.by_count * self.structure.deviation_count - 1

    def correlations_of(self, by: int) -> slice:
        """Where the correlation parameters of a by-level are."""
        size = self.structure.parameter_count
        start = self.ratio_count + by * size
        return slice(start, start + size)

    def deviations(self, parameters: Array) -> Array:
        """Relative standard deviations of all kinds, by-levels first."""
        ratios = np.concatenate([[0.0], parameters[: self.ratio_count]])
        return np.asarray(np.exp(ratios))

    def kinds(self, by: Positions, times: Array) -> Positions:
        """The kind of each residual for patterns of by-levels (U,) and times (U, t)."""
        own = self.structure.deviation_positions(times)
        return np.asarray(by[:, None] * self.structure.deviation_count + own)

    def covariance(self, parameters: Array, by: Positions, times: Array) -> Array:
        """Lambda (U, t, t) at patterns of by-levels (U,) and times (U, t)."""
        scale = self.deviations(parameters)[self.kinds(by, times)]
        result = np.empty((*times.shape, times.shape[1]))
        for level in range(self.by_count):
            chosen = by == level
            if chosen.any():
                own = parameters[self.correlations_of(level)]
                result[chosen] = self.structure.correlation(own, times[chosen])
        return np.asarray(scale[:, :, None] * result * scale[:, None, :])

    def derivatives(self, parameters: Array, by: Positions, times: Array) -> Array:
        """dLambda for every parameter, (K, U, t, t)."""
        kinds = self.kinds(by, times)
        scale = self.deviations(parameters)[kinds]
        outer = scale[:, :, None] * scale[:, None, :]
        matrix = self.covariance(parameters, by, times)
        result = np.zeros((self.count, *matrix.shape))
        for k in range(self.ratio_count):
            hit = (kinds == k + 1).astype(float)
            result[k] = (hit[:, :, None] + hit[:, None, :]) * matrix
        for level in range(self.by_count):
            chosen = by == level
            own = self.correlations_of(level)
            if chosen.any() and own.stop > own.start:
                slopes = self.structure.derivatives(parameters[own], times[chosen])
                result[own, chosen] = outer[chosen] * slopes
        return result

    def contract(
        self, parameters: Array, by: Positions, times: Array, matrix: Array, weights: Array
    ) -> Array:
        """``sum_u tr(N_u dLambda_u)`` (K,) for symmetric N (U, t, t) and Lambda (U, t, t)."""
        result = np.zeros(self.count)
        kinds = self.kinds(by, times)
        if self.ratio_count:
            shares = 2.0 * np.sum(weights * matrix, axis=2)
            total = np.bincount(kinds.ravel(), shares.ravel(), minlength=self.ratio_count + 1)
            result[: self.ratio_count] = total[1:]
        if self.structure.parameter_count:
            scale = self.deviations(parameters)[kinds]
            scaled = weights * scale[:, :, None] * scale[:, None, :]
            for level in range(self.by_count):
                chosen = by == level
                if chosen.any():
                    own = self.correlations_of(level)
                    result[own] = self.structure.contracted(
                        parameters[own], times[chosen], scaled[chosen]
                    )
        return result

    def start(self) -> Array:
        own = self.structure.start()
        return np.concatenate([np.zeros(self.ratio_count), *[own] * self.by_count])

    def from_search(self, psi: Array) -> tuple[Array, Array]:
        """Parameters and their derivatives (K, K) in search parameters."""
        result, slopes = psi.copy(), np.eye(len(psi))
        for level in range(self.by_count):
            own = self.correlations_of(level)
            result[own], slopes[own, own] = self.structure.from_search(psi[own])
        return result, slopes

    def to_search(self, parameters: Array) -> Array:
        result = parameters.copy()
        for level in range(self.by_count):
            own = self.correlations_of(level)
            result[own] = self.structure.to_search(parameters[own])
        return result


@dataclass(frozen=True)
class ResidualErrors:
    """The residuals of a model.

    ``groups`` are codes (n,) of every level of grouping, outermost first, those without random
    effects included: residuals are correlated within the groups of the last.  ``times`` (n,) where
    the structure needs them; ``by`` (n,) codes of by-levels from 0.
    """

    family: ResidualFamily
    groups: tuple[NDArray[np.integer], ...]
    times: Array | None = None
    by: Positions | None = None
