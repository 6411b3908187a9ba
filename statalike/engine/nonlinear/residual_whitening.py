"""Observations multiplied by ``Lambda^-1/2``, so that their residuals become independent.

With ``Lambda = S C S`` and ``C = L L'`` the columns x of a group become ``L^-1 S^-1 x``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.whitening import distinct_rows, rows_by_size
from statalike.engine.nested_groups import nested_groups
from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.linearisation import Linearisation
from statalike.engine.nonlinear.linearised_products import (
    linearised_products,
    working_coordinates,
)
from statalike.engine.nonlinear.residuals import ConstantVariance, ResidualModel

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class ResidualGroups:
    """The G groups of t residuals, in U patterns of by-levels ``by`` (U,) and ``times`` (U, t).

    ``rows`` (G, t) are their observations in the order of time; groups of a pattern are neighbours,
    beginning at ``starts`` (U,), ``members`` (U,) of them.
    """

    rows: Positions
    by: Positions
    times: Array
    starts: Positions
    members: Positions

    @property
    def pattern(self) -> Positions:
        return np.repeat(np.arange(len(self.members)), self.members)


@dataclass(frozen=True)
class CorrelatedGroups:
    """Groups of one size with the factor L of C (U, t, t) and its inverse."""

    groups: ResidualGroups
    factor: Array
    inverse: Array

    def gathered(self, columns: Array) -> Array:
        """Columns (c, m) of the groups, (G, t, c)."""
        return np.ascontiguousarray(columns.T[self.groups.rows])

    def multiplied(self, matrices: Array, gathered: Array) -> Array:
        """A (U, t, t) matrix for each pattern times (G, t, c)."""
        if len(matrices) == 1:
            return np.asarray(np.matmul(matrices[0], gathered))
        return np.asarray(np.matmul(matrices[self.groups.pattern], gathered))


@dataclass(frozen=True)
class Whitening:
    """``Lambda^-1/2`` at some parameters: ``inverse_scale`` (m,) is 1 / g."""

    inverse_scale: Array
    correlated: tuple[CorrelatedGroups, ...]
    log_determinant: float

    def __call__(self, columns: Array) -> Array:
        """Columns (c, m), or one (m,), whitened."""
        scaled = columns * self.inverse_scale
        if not self.correlated:
            return scaled
        flat = np.atleast_2d(scaled)
        result = np.empty_like(flat)
        for part in self.correlated:
            turned = part.multiplied(part.inverse, part.gathered(flat))
            result[:, part.groups.rows] = np.moveaxis(turned, 2, 0)
        return result.reshape(columns.shape)


class ResidualWhitener:
    """The residual model of the observations in the likelihood, prepared once."""

    def __init__(self, observations: GroupedObservations) -> None:
        self.model: ResidualModel = observations.model.residuals.chosen(observations.rows)
        self.groups: tuple[ResidualGroups, ...] = ()
        if not self.model.independent:
            self.groups = tuple(_residual_groups(observations, self.model))

    @property
    def trivial(self) -> bool:
        """Whether residuals are independent with one variance."""
        return self.model.independent and isinstance(self.model.variance, ConstantVariance)

    def at(self, parameters: Array, mean: Array) -> Whitening | None:
        """The transformation at residual parameters and a predicted mean (m,), None where they
        give no positive definite matrix.
        """
        model = self.model
        own = len(model.variance.parameters)
        log_scale = model.variance.log_scale(parameters[:own], mean)
        with np.errstate(all="ignore"):
            inverse_scale = np.exp(-log_scale)
        if not np.all(np.isfinite(inverse_scale) & (inverse_scale > 0.0)):
            return None
        log_determinant = 2.0 * float(np.sum(log_scale))
        correlated: list[CorrelatedGroups] = []
        for groups in self.groups:
            correlation = self._correlation(groups, parameters)
            if not np.all(np.isfinite(correlation)):
                return None
            try:
                factor = np.asarray(np.linalg.cholesky(correlation), dtype=np.float64)
            except np.linalg.LinAlgError:
                return None
            logarithms = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
            log_determinant += 2.0 * float(logarithms @ groups.members)
            inverse = np.asarray(np.linalg.inv(factor), dtype=np.float64)
            correlated.append(CorrelatedGroups(groups, factor, inverse))
        return Whitening(inverse_scale, tuple(correlated), log_determinant)

    def _correlation(self, groups: ResidualGroups, parameters: Array) -> Array:
        correlation = self.model.correlation
        assert correlation is not None
        t = groups.times.shape[1]
        result = np.empty((len(groups.by), t, t))
        for level in range(correlation.by_count):
            chosen = groups.by == level
            if chosen.any():
                own = parameters[self.model.correlations_of(level)]
                result[chosen] = correlation.structure.correlation(own, groups.times[chosen])
        return result

    def correlation_gradient(
        self, parameters: Array, weights: Sequence[Array], result: Array
    ) -> None:
        """Put ``sum tr(N dC)`` into ``result`` (R,) at the places of the correlation parameters,
        for N (U, t, t) of each size of groups.
        """
        correlation = self.model.correlation
        assert correlation is not None
        for groups, own_weights in zip(self.groups, weights, strict=True):
            for level in range(correlation.by_count):
                chosen = groups.by == level
                if chosen.any() and correlation.structure.parameter_count:
                    own = self.model.correlations_of(level)
                    result[own] += correlation.structure.contracted(
                        parameters[own], groups.times[chosen], own_weights[chosen]
                    )


def whitened_products(linearisation: Linearisation, whitening: Whitening | None) -> CrossProducts:
    """The cross-products of a linearised model with whitened rows; None is no transformation."""
    if whitening is None:
        coordinates = working_coordinates(linearisation, linearisation.columns, linearisation.gram)
        return linearised_products(
            linearisation, coordinates, linearisation.columns, linearisation.gram
        )
    columns = whitening(linearisation.columns)
    gram = columns @ columns.T
    coordinates = working_coordinates(linearisation, columns, gram)
    return linearised_products(linearisation, coordinates, columns, gram)


def _residual_groups(
    observations: GroupedObservations, model: ResidualModel
) -> list[ResidualGroups]:
    correlation = model.correlation
    assert correlation is not None
    count = observations.count
    levels = [observations.groups.group(level) for level in range(observations.groups.levels)]
    block = nested_groups([*levels, correlation.groups]).innermost_group
    times = np.zeros(count) if correlation.times is None else correlation.times
    by = np.zeros(count, dtype=np.intp) if correlation.by is None else correlation.by.codes
    result: list[ResidualGroups] = []
    for rows in rows_by_size(block, times):
        own_times, own_by = times[rows], by[rows[:, 0]]
        if correlation.structure.stationary:
            own_times = own_times - own_times[:, :1]
        first, pattern, members = distinct_rows(np.column_stack([own_by, own_times]))
        order = np.argsort(pattern, kind="stable")
        result.append(
            ResidualGroups(
                rows[order],
                np.asarray(own_by[first], dtype=np.intp),
                np.asarray(own_times[first], dtype=np.float64),
                np.cumsum(members) - members,
                members,
            )
        )
    return result
