"""A nonlinear mixed model linearised about fixed effects and random effects.

About b and u the model is ``y - mu + Z u = X d + Z v + e`` in the change d of the fixed effects and
the random effects v ([ME] menl, Methods and formulas, equation 27): a linear mixed model whose
cross-products serve the Gauss-Newton step of penalised least squares as well as the likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statalike.engine.collinearity import independent_columns
from statalike.engine.linear.coordinates import WELL_CONDITIONED, orthogonal_if_needed
from statalike.engine.nonlinear.grouped_observations import GroupedObservations

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Linearisation:
    """The model about ``fixed`` (p,) and ``effects[l]`` (G_l, q_l).

    Of the m observations in the likelihood: the predicted ``mean`` (m,), the ``residual`` (m,)
    ``y - mu``, and the distinct ``columns`` (c, m) of the linear model, contiguous, of which those
    at ``fixed_positions`` are the derivatives in the fixed effects ``kept`` (a mask (p,)), those at
    ``effect_positions[l][block]`` the ones in random effects, times the inverse of
    ``triangles[l][block]``, and the last the outcome ``y - mu + Z u``; ``gram`` (c, c) are their
    cross-products.  Fixed effects whose derivatives depend linearly on the others' are not
    determined here, and not kept.  Where the mean or a derivative is not defined the linearisation
    is not ``usable``.
    """

    observations: GroupedObservations
    fixed: Array
    effects: tuple[Array, ...]
    mean: Array
    residual: Array
    columns: Array
    gram: Array
    fixed_positions: Positions
    effect_positions: tuple[tuple[Positions, ...], ...]
    triangles: tuple[tuple[Array, ...], ...]
    kept: NDArray[np.bool_]
    usable: bool

    @property
    def outcome(self) -> Array:
        """``y - mu + Z u``, (m,)."""
        return np.asarray(self.columns[-1])

    @property
    def fixed_design(self) -> Array:
        """Derivatives in the fixed effects kept, (m, p_kept)."""
        return np.asarray(self.columns[self.fixed_positions].T)

    @cached_property
    def effects_design(self) -> Array:
        """Derivatives in the random effects, (m, q)."""
        model = self.observations.model
        result = np.zeros((self.columns.shape[1], model.effect_count))
        for level, positions, triangles in zip(
            model.levels, self.effect_positions, self.triangles, strict=True
        ):
            for block, own, triangle in zip(level.blocks, positions, triangles, strict=True):
                result[:, list(block.columns)] = self.columns[own].T @ triangle
        return result

    def expanded(self, change: Array) -> Array:
        """Changes of the fixed effects kept as one (p,) of all."""
        if len(change) == len(self.fixed):
            return change
        result = np.zeros(len(self.fixed))
        result[self.kept] = change
        return result


def linearise(
    observations: GroupedObservations,
    fixed: Array,
    effects: Sequence[Array],
    hold_fixed: bool = False,
) -> Linearisation:
    """Linearise the model, with ``hold_fixed`` in the random effects alone."""
    model = observations.model
    spread = observations.of_observations(effects)
    p = 0 if hold_fixed else len(fixed)
    with np.errstate(all="ignore"):
        found = model.mean_function.derivatives(fixed, spread)
        mean = observations.chosen(found.values)
        residual = observations.outcome - mean
        in_effects = observations.chosen(found.effects)
        rows = observations.chosen(found.fixed).T[:p]
        outcome = residual
        if model.effect_count:
            explained = np.einsum("ij,ij->i", in_effects, observations.chosen(spread))
            outcome = residual + explained
        places = _places(rows, in_effects.T)
        new = np.flatnonzero(places == p + np.arange(len(places)))
        columns = np.empty((p + len(new) + 1, len(residual)))
        columns[:p], columns[-1] = rows, outcome
        if len(new):
            columns[p:-1] = in_effects.T[new]
        renumbered = np.where(places < p, places, p + np.searchsorted(new, places - p))
        gram = columns @ columns.T
    usable = bool(np.isfinite(gram).all())
    kept = np.full(len(fixed), not hold_fixed)
    positions = tuple(
        tuple(renumbered[list(block.columns)] for block in level.blocks) for level in model.levels
    )
    triangles = tuple(
        tuple(np.eye(len(block.columns)) for block in level.blocks) for level in model.levels
    )
    if usable:
        if p and not _well_conditioned(gram[:p, :p], 1.0 / DOUBTFUL):
            kept = independent_columns(columns[:p].T, constant=False)
        if not all(
            _well_conditioned(gram[np.ix_(own, own)], WELL_CONDITIONED)
            for level in positions
            for own in level
        ):
            columns, positions, triangles = _orthogonalised(columns, positions)
            gram = columns @ columns.T
    return Linearisation(
        observations,
        fixed,
        tuple(effects),
        mean,
        residual,
        columns,
        gram,
        np.flatnonzero(kept),
        positions,
        triangles,
        kept,
        usable,
    )


DOUBTFUL = 1e-5


def without_fixed_design(linearisation: Linearisation) -> Linearisation:
    """The same with every fixed effect held."""
    none = np.zeros(0, dtype=np.intp)
    held = np.zeros(len(linearisation.fixed), dtype=bool)
    return Linearisation(
        linearisation.observations,
        linearisation.fixed,
        linearisation.effects,
        linearisation.mean,
        linearisation.residual,
        linearisation.columns,
        linearisation.gram,
        none,
        linearisation.effect_positions,
        linearisation.triangles,
        held,
        linearisation.usable,
    )


def _places(fixed: Array, effects: Array) -> Positions:
    """For each row of ``effects`` the row of ``fixed`` that equals it, else p plus its own number
    or that of an earlier row of effects that does.
    """
    p = len(fixed)
    places = p + np.arange(len(effects))
    for k, row in enumerate(effects):
        for j, other in enumerate((*fixed, *effects[:k])):
            if other[0] == row[0] and np.array_equal(other, row):
                places[k] = j if j < p else places[j - p]
                break
    return places


def _well_conditioned(gram: Array, ratio: float) -> bool:
    """Whether columns scaled to unit length have eigenvalues of ``gram`` within the ratio."""
    squares = np.diagonal(gram)
    if not np.all(squares > 0.0):
        return False
    if len(gram) < 2:
        return True
    lengths = np.sqrt(squares)
    eigenvalues = np.linalg.eigvalsh(gram / np.outer(lengths, lengths))
    return bool(eigenvalues[0] * ratio > eigenvalues[-1])


def _orthogonalised(
    columns: Array, positions: tuple[tuple[Positions, ...], ...]
) -> tuple[Array, tuple[tuple[Positions, ...], ...], tuple[tuple[Array, ...], ...]]:
    """Columns with those of nearly dependent blocks orthogonal, in places of their own."""
    extra: list[Array] = []
    count = len(columns) - 1
    places: list[tuple[Positions, ...]] = []
    triangles: list[tuple[Array, ...]] = []
    for level in positions:
        own_places: list[Positions] = []
        own_triangles: list[Array] = []
        for own in level:
            working, triangle = orthogonal_if_needed(columns[own])
            own_places.append(count + np.arange(len(own)))
            own_triangles.append(triangle)
            extra.append(working)
            count += len(own)
        places.append(tuple(own_places))
        triangles.append(tuple(own_triangles))
    return np.concatenate([columns[:-1], *extra, columns[-1:]]), tuple(places), tuple(triangles)
