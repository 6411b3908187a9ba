"""A generalized linear mixed model as arrays: outcome and family, fixed and random effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.families.family import Family
from statalike.engine.linear.model import Level

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GeneralizedMixedModel:
    """Outcomes independent given ``eta = X b + offset + sum_l Z_l u_l``, ``u_l ~ N(0, D_l)``.

    ``outcome`` (c, n) has the rows of ``family``; ``fixed`` (n, p) has linearly independent
    columns; ``levels`` are nested, outermost first.  ``weights`` (n,) multiply the log densities
    of observations, ``group_weights[l]`` (n,), constant within the groups of level l, the log
    likelihoods of groups: those of replicated observations and groups, or inverse probabilities
    of selection ([ME] meglm, Methods and formulas, Survey data).
    """

    family: Family
    outcome: Array
    fixed: Array
    levels: tuple[Level, ...]
    offset: Array | None = None
    weights: Array | None = None
    group_weights: tuple[Array | None, ...] = ()

    def __post_init__(self) -> None:
        n = self.observations
        if n == 0:
            raise EstimationError("no_observations", "no observations")
        if self.outcome.shape != (len(self.family.outcome_rows), n):
            raise EstimationError("nonconformable", f"outcome of shape {self.outcome.shape}")
        if self.fixed.ndim != 2 or len(self.fixed) != n:
            raise EstimationError("nonconformable", f"fixed design of shape {self.fixed.shape}")
        if self.group_weights and len(self.group_weights) != len(self.levels):
            raise EstimationError("nonconformable", "group weights for another number of levels")
        for number, level in enumerate(self.levels):
            if len(level.groups) != n or not level.effect_count:
                raise EstimationError("nonconformable", f"groups or effects at level {number}")
            for equation in level.effects:
                if equation.covariates.shape != (n, equation.structure.size):
                    raise EstimationError(
                        "nonconformable", f"random-effects design at level {number}"
                    )

    @property
    def observations(self) -> int:
        return int(self.outcome.shape[-1])

    @property
    def fixed_count(self) -> int:
        return int(self.fixed.shape[1])
