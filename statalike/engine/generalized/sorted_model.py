"""A model's arrays in the order of its groups, cut into blocks of whole outermost groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.nested_groups import NestedGroups, nested_groups

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class SortedModel:
    """``model`` with observations sorted so that groups are contiguous at every level.

    ``outcome`` is prepared (:meth:`Family.prepared`).  ``order`` (n,) gives each sorted observation
    its position in the model.  ``columns`` (u, n) holds the distinct columns of all designs;
    ``fixed_columns`` and ``effect_columns[l]`` are their positions in it.  ``group_weights[l]`` is
    (G_l,) or None.
    """

    model: GeneralizedMixedModel
    order: Positions | None
    groups: NestedGroups
    outcome: Array
    columns: Array
    fixed_columns: Positions
    effect_columns: tuple[Positions, ...]
    offset: Array | None
    weights: Array | None
    group_weights: tuple[Array | None, ...]
    positions: Positions

    @cached_property
    def ones(self) -> tuple[bool, ...]:
        """Which columns are one everywhere."""
        return tuple(bool(np.all(column == 1.0)) for column in self.columns)

    def linear_predictor(self, coefficients: Array) -> Array:
        """``X b + offset`` (n,)."""
        weights = np.bincount(self.fixed_columns, coefficients, len(self.columns))
        predictor = np.asarray(weights @ self.columns)
        if self.offset is not None:
            predictor += self.offset
        return predictor

    @property
    def effect_counts(self) -> tuple[int, ...]:
        """Random effects at each level, q_l."""
        return tuple(len(columns) for columns in self.effect_columns)

    @property
    def effects(self) -> int:
        """Q, the random effects of all levels together."""
        return sum(self.effect_counts)


@dataclass(frozen=True)
class Block:
    """Whole outermost groups: their observations, and the groups of each level, as slices.

    ``member_starts[l]`` says where, among the groups of level l + 1 (the observations, for the
    innermost level), those of each group of level l begin; ``member_counts[l]`` how many they are.
    """

    observations: slice
    groups: tuple[slice, ...]
    member_starts: tuple[Positions, ...]
    member_counts: tuple[Positions, ...]

    def sums(self, level: int, values: Array) -> Array:
        """Sums over the members of each group of a level, along the last axis."""
        size = self._common_sizes[level]
        if size is None:
            return np.asarray(np.add.reduceat(values, self.member_starts[level], axis=-1))
        # A product with ones takes a fraction of the time.
        shape = (*values.shape[:-1], len(self.member_counts[level]), size)
        return np.asarray(values.reshape(shape) @ np.ones(size))

    @cached_property
    def _common_sizes(self) -> tuple[int | None, ...]:
        """The number of members of the groups of each level, None where they differ."""
        return tuple(
            int(counts[0]) if np.all(counts == counts[0]) else None for counts in self.member_counts
        )


def sort_model(model: GeneralizedMixedModel) -> SortedModel:
    """Sort observations by group and lay the designs out column by column."""
    groups = nested_groups([level.groups for level in model.levels])
    order = None
    if groups.unsorted_group is not None:
        order = np.argsort(groups.unsorted_group, kind="stable")

    def arranged(values: Array) -> Array:
        return np.ascontiguousarray(values if order is None else values[..., order])

    distinct: list[Array] = []

    def position(column: Array) -> int:
        for number, known in enumerate(distinct):
            # Most pairs differ in the first observations.
            if np.array_equal(known[:64], column[:64]) and np.array_equal(known, column):
                return number
        distinct.append(column)
        return len(distinct) - 1

    fixed = [position(column) for column in model.fixed.T]
    effects = tuple(
        np.array(
            [position(c) for equation in level.effects for c in equation.covariates.T],
            dtype=np.intp,
        )
        for level in model.levels
    )
    positions = model.family.quantity_positions(model.outcome)
    firsts = [_first_observations(groups, level) for level in range(groups.levels)]
    given = model.group_weights or (None,) * groups.levels
    weights = tuple(
        None if weight is None else arranged(weight)[first]
        for weight, first in zip(given, firsts, strict=True)
    )
    return SortedModel(
        model=model,
        order=order,
        groups=groups,
        outcome=model.family.prepared(arranged(model.outcome)),
        columns=arranged(np.stack(distinct)),
        fixed_columns=np.array(fixed, dtype=np.intp),
        effect_columns=effects,
        offset=None if model.offset is None else arranged(model.offset),
        weights=None if model.weights is None else arranged(model.weights),
        group_weights=weights,
        positions=positions if order is None or not positions.strides[1] else positions[:, order],
    )


def _first_observations(groups: NestedGroups, level: int) -> Positions:
    ends = np.cumsum(groups.sizes[level])
    return np.concatenate([np.zeros(1, dtype=np.intp), ends[:-1]])


def cut_into_blocks(groups: NestedGroups, observations: int) -> list[Block]:
    """Blocks of about ``observations`` observations, at least one outermost group each."""
    ends = np.cumsum(groups.sizes[0])
    number = np.arange(0, ends[-1], max(observations, 1))
    cuts = np.unique(np.searchsorted(ends, number, side="right"))
    bounds = np.unique(np.concatenate([cuts, [len(ends)]]))
    if bounds[0] != 0:
        bounds = np.concatenate([[0], bounds])
    return [_block(groups, int(first), int(last)) for first, last in pairwise(bounds)]


def _block(groups: NestedGroups, first: int, last: int) -> Block:
    slices = [slice(first, last)]
    counts: list[Positions] = []
    for level in range(1, groups.levels):
        own = slices[-1]
        lower = np.searchsorted(groups.parents[level], [own.start, own.stop])
        slices.append(slice(int(lower[0]), int(lower[1])))
        members = groups.parents[level][slices[-1]] - own.start
        counts.append(np.bincount(members, minlength=own.stop - own.start))
    innermost = slices[-1]
    sizes = groups.sizes[-1]
    start = int(np.sum(sizes[: innermost.start]))
    own_sizes = sizes[innermost]
    counts.append(own_sizes)
    starts = tuple(np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.intp) for count in counts)
    return Block(slice(start, start + int(np.sum(own_sizes))), tuple(slices), starts, tuple(counts))
