"""A linear mixed model whose random effects need not be nested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import Exchangeable, Identity
from statalike.engine.errors import EstimationError
from statalike.engine.linear.model import RandomEffects

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RandomFactor:
    """Random effects of the categories of a factor: one for each category in each group.

    ``categories`` (n,) are integers from 0 to ``structure.size - 1``.  The design is the q
    indicators, none of them left out; the effects of one group have equal variances and, with
    :class:`Exchangeable`, equal covariances ([ME] mixed, Crossed-effects models).
    """

    categories: NDArray[np.integer]
    structure: Identity | Exchangeable


CrossedEffects: TypeAlias = RandomEffects | RandomFactor


@dataclass(frozen=True)
class CrossedLevel:
    """One level of grouping and its equations; see :class:`statalike.engine.linear.model.Level`.

    A level whose groups are all the observations has groups of zeros.
    """

    groups: NDArray[np.integer]
    effects: tuple[CrossedEffects, ...]


@dataclass(frozen=True)
class CrossedEffectsModel:
    """``y = X b + sum_l Z_l u_l + e`` with ``Var(e) = s2 I``; ``levels`` outermost first.

    The groups of the levels are nested, but the categories of a factor at one level may cross
    those of another and the groups of lower levels.
    """

    outcome: Array
    fixed: Array
    levels: tuple[CrossedLevel, ...]

    def __post_init__(self) -> None:
        n = len(self.outcome)
        if n == 0:
            raise EstimationError("no_observations", "no observations")
        if self.fixed.ndim != 2 or len(self.fixed) != n:
            raise EstimationError("nonconformable", f"fixed design of shape {self.fixed.shape}")
        if not self.levels:
            raise EstimationError("nonconformable", "no levels of random effects")
        for level in self.levels:
            if len(level.groups) != n or not level.effects:
                raise EstimationError("nonconformable", "a level without groups or effects")
            for effects in level.effects:
                given = effects.categories if isinstance(effects, RandomFactor) else None
                design = effects.covariates if isinstance(effects, RandomEffects) else None
                if given is not None and len(given) != n:
                    raise EstimationError("nonconformable", f"{len(given)} categories")
                if design is not None and design.shape != (n, effects.structure.size):
                    raise EstimationError("nonconformable", f"design of shape {design.shape}")

    @property
    def observations(self) -> int:
        return len(self.outcome)
