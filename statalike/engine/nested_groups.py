"""Groups nested within groups, from codes that need be unique only within the group above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class NestedGroups:
    """The groups of each level, outermost level first, lower groups numbered within higher ones.

    ``parents[l]`` (G_l,) gives each group of level l its group of level l - 1 (for l = 0 zeros);
    it never decreases, so that the members of a group are neighbours at every level.
    ``sizes[l]`` (G_l,) are numbers of observations.  Observations that come in the order of their
    groups have ``starts``, the positions at which the innermost groups begin, and need no
    reordering; otherwise ``starts`` is None.
    """

    observations: int
    parents: tuple[Positions, ...]
    sizes: tuple[Positions, ...]
    starts: Positions | None
    unsorted_group: Positions | None

    @property
    def levels(self) -> int:
        return len(self.sizes)

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(len(size) for size in self.sizes)

    @cached_property
    def innermost_group(self) -> Positions:
        """The innermost group of each observation, (n,)."""
        if self.unsorted_group is not None:
            return self.unsorted_group
        return np.repeat(np.arange(self.counts[-1]), self.sizes[-1])

    def group(self, level: int) -> Positions:
        """The group of each observation at a level, (n,)."""
        position = self.innermost_group
        for lower in range(self.levels - 1, level, -1):
            position = self.parents[lower][position]
        return position

    def ancestors(self, level: int, above: int) -> Positions:
        """For each group of ``level`` its group at the level ``above``, (G_level,)."""
        position = np.arange(self.counts[level])
        for lower in range(level, above, -1):
            position = self.parents[lower][position]
        return position

    def run_starts(self, level: int, above: int) -> Positions:
        """Where, among the groups of ``level``, those of each group of ``above`` begin."""
        ancestor = self.ancestors(level, above)
        return np.flatnonzero(np.concatenate([[True], ancestor[1:] != ancestor[:-1]]))

    def sums(self, rows: Array) -> Array:
        """Sums within innermost groups of the (c, n) rows of a C-contiguous array, (c, G)."""
        if self.starts is not None:
            size = self.sizes[-1]
            if len(size) == self.observations:
                return rows
            return np.asarray(np.add.reduceat(rows, self.starts, axis=1))
        group, count = self.innermost_group, self.counts[-1]
        return np.stack([np.bincount(group, weights=row, minlength=count) for row in rows])


def nested_groups(codes: Sequence[NDArray[np.integer]]) -> NestedGroups:
    """Nest the groups of ``codes``, one integer array (n,) a level, outermost first.

    When the codes ascend (lower ones within each higher group) this is one pass; otherwise groups
    are numbered by their codes in time and memory linear in the data, unless the codes are so
    sparse that they must be sorted.
    """
    if not len(codes):
        raise EstimationError("nonconformable", "no levels of groups")
    observations = len(codes[0])
    if not observations:
        raise EstimationError("no_observations", "no observations")
    if any(len(code) != observations for code in codes):
        raise EstimationError("nonconformable", "group codes of different lengths")
    return _from_sorted(codes, observations) or _from_unsorted(codes, observations)


def _from_sorted(codes: Sequence[NDArray[np.integer]], observations: int) -> NestedGroups | None:
    boundary = np.zeros(observations - 1, dtype=bool)
    level_starts: list[Positions] = []
    for code in codes:
        before, after = code[:-1], code[1:]
        falls = after < before
        # A code may fall only where a higher group ends.
        if np.any(falls & ~boundary if level_starts else falls):
            return None
        boundary = boundary | (after != before)
        inner = np.flatnonzero(boundary) + 1
        level_starts.append(np.concatenate([np.zeros(1, dtype=np.intp), inner]))
    sizes = tuple(np.diff(starts, append=observations) for starts in level_starts)
    parents = [np.zeros(len(level_starts[0]), dtype=np.intp)]
    for above, below in pairwise(level_starts):
        parents.append(np.searchsorted(above, below, side="right") - 1)
    return NestedGroups(observations, tuple(parents), sizes, level_starts[-1], None)


def _from_unsorted(codes: Sequence[NDArray[np.integer]], observations: int) -> NestedGroups:
    parents: list[Positions] = []
    sizes: list[Positions] = []
    above: Positions | None = None
    for code in codes:
        own, count = _dense(np.asarray(code))
        if above is None:
            parent = np.zeros(count, dtype=np.intp)
        else:
            own, parent = _number_within(own, count, above, len(sizes[-1]))
        parents.append(parent)
        sizes.append(np.bincount(own, minlength=len(parent)))
        above = own
    return NestedGroups(observations, tuple(parents), tuple(sizes), None, above)


def _dense(code: NDArray[np.integer]) -> tuple[Positions, int]:
    """Codes renumbered 0, 1, ... in ascending order, and how many there are."""
    lowest, highest = int(code.min()), int(code.max())
    if highest - lowest > 8 * len(code) + 1024:
        values, inverse = np.unique(code, return_inverse=True)
        return inverse.astype(np.intp), len(values)
    shifted = (code - lowest).astype(np.intp)
    present = np.zeros(highest - lowest + 1, dtype=bool)
    present[shifted] = True
    number = np.cumsum(present) - 1
    return number[shifted], int(number[-1]) + 1


def _number_within(
    own: Positions, count: int, above: Positions, above_count: int
) -> tuple[Positions, Positions]:
    parent = np.empty(count, dtype=np.intp)
    parent[own] = above
    if np.array_equal(parent[own], above):
        order = np.argsort(parent, kind="stable")
        rank = np.empty(count, dtype=np.intp)
        rank[order] = np.arange(count)
        return rank[own], parent[order]
    key = above * count + own
    number, total = _dense(key)
    parent = np.empty(total, dtype=np.intp)
    parent[number] = above
    return number, parent
