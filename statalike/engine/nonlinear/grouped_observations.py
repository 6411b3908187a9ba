"""The observations of a nonlinear mixed model in the order of their groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statalike.engine.nested_groups import NestedGroups, nested_groups
from statalike.engine.nonlinear.model import NonlinearMixedModel

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class GroupedObservations:
    """The m observations that enter the likelihood, neighbours where they share groups.

    ``rows`` (m,) are their positions among all n, None where they are all in order; ``outcome``
    (m,).  ``groups`` are theirs (without levels, one of no depth).  ``all_groups`` are those of all
    n observations, whose group numbers ``members[l]`` (n,) and ``present[l]`` (G_l,) refer to: the
    former of each observation, the latter of each group of ``groups``.
    """

    model: NonlinearMixedModel
    rows: Positions | None
    outcome: Array
    groups: NestedGroups
    all_sizes: tuple[Positions, ...]
    members: tuple[Positions, ...]
    present: tuple[Positions, ...]

    @property
    def count(self) -> int:
        """m, the number of observations in the likelihood."""
        return len(self.outcome)

    def chosen(self, values: Array) -> Array:
        """Values (n, ...) of all observations for those in the likelihood, (m, ...)."""
        return values if self.rows is None else values[self.rows]

    def of_observations(self, effects: Sequence[Array]) -> Array:
        """The mean function's (n, q) effects from those of each level's groups, (G_l, q_l) with
        the columns of the level's blocks.
        """
        if self._in_order:
            everyone = self._of_all(0, effects[0])
            return np.take(everyone, self.members[0], axis=0)
        result = np.zeros((len(self.model.outcome), self.model.effect_count))
        for number, (level, own) in enumerate(zip(self.model.levels, effects, strict=True)):
            everyone = self._of_all(number, own)
            result[:, list(level.columns)] = everyone[self.members[number]]
        return result

    @cached_property
    def _in_order(self) -> bool:
        """Whether there is one level, with its effects in the mean function's order."""
        levels = self.model.levels
        return len(levels) == 1 and levels[0].columns == tuple(range(self.model.effect_count))

    def of_all_groups(self, effects: Sequence[Array]) -> tuple[Array, ...]:
        """The effects of each level's groups with zeros for those without an outcome."""
        return tuple(self._of_all(number, own) for number, own in enumerate(effects))

    def no_effects(self) -> list[Array]:
        """Effects of zero for every group of each level."""
        return [
            np.zeros((count, len(level.columns)))
            for count, level in zip(self.groups.counts, self.model.levels, strict=True)
        ]

    def _of_all(self, level: int, effects: Array) -> Array:
        present, count = self.present[level], len(self.all_sizes[level])
        if count == len(present):
            return effects
        result = np.zeros((count, effects.shape[1]))
        result[present] = effects
        return result


def grouped_observations(model: NonlinearMixedModel) -> GroupedObservations:
    """Sort the observations with an outcome by their groups, outermost level first."""
    n = len(model.outcome)
    observed = np.isfinite(model.outcome)
    complete = bool(observed.all())
    if not model.levels:
        rows = None if complete else np.flatnonzero(observed)
        outcome = model.outcome[observed]
        groups = NestedGroups(len(outcome), (), (), None, None)
        return GroupedObservations(model, rows, outcome, groups, (), (), ())
    everyone = nested_groups([level.groups for level in model.levels])
    members = tuple(everyone.group(level) for level in range(everyone.levels))
    rows = None
    if everyone.starts is None or not complete:
        rows = np.flatnonzero(observed)
        rows = rows[np.argsort(members[-1][rows], kind="stable")]
    if rows is None:
        groups, present = everyone, tuple(np.arange(count) for count in everyone.counts)
        outcome = np.asarray(model.outcome, dtype=np.float64)
    else:
        codes = [member[rows] for member in members]
        groups, outcome = nested_groups(codes), model.outcome[rows]
        present = tuple(np.unique(code) for code in codes)
    assert groups.starts is not None and groups.observations <= n
    return GroupedObservations(model, rows, outcome, groups, everyone.sizes, members, present)
