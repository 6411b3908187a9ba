"""A nonlinear mixed model as arrays and a mean function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure
from statalike.engine.errors import EstimationError
from statalike.engine.nonlinear.mean_function import MeanFunction
from statalike.engine.nonlinear.residuals import ResidualModel

Array = NDArray[np.float64]

Method = Literal["ml", "reml"]


@dataclass(frozen=True)
class EffectsBlock:
    """Random effects with a covariance matrix of their own: ``columns`` are their positions among
    the q effects of the mean function, in the order of the structure.
    """

    columns: tuple[int, ...]
    structure: CovarianceStructure


@dataclass(frozen=True)
class GroupingLevel:
    """One level of grouping: an integer code (n,) for each observation, and the blocks of its
    random effects, which are independent of each other.

    Codes need be unique only within a group of the level above.
    """

    groups: NDArray[np.integer]
    blocks: tuple[EffectsBlock, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the level's effects among the q of the mean function, block by block."""
        return tuple(column for block in self.blocks for column in block.columns)


@dataclass(frozen=True)
class NonlinearMixedModel:
    """``y = mu(b, u) + e`` with u normal by groups and e as ``residuals`` say.

    ``levels`` outermost first; without levels it is a marginal model (generalised nonlinear least
    squares).  An observation whose ``outcome`` (n,) is nan enters the mean function, which may
    depend on earlier observations, but not the likelihood.  ``effect_count`` is q and
    ``fixed_count`` p of the mean function.
    """

    outcome: Array
    mean_function: MeanFunction
    fixed_count: int
    levels: tuple[GroupingLevel, ...] = ()
    effect_count: int = 0
    residuals: ResidualModel = field(default_factory=ResidualModel)
    method: Method = "ml"

    def __post_init__(self) -> None:
        n = len(self.outcome)
        if not n or not np.any(np.isfinite(self.outcome)):
            raise EstimationError("no_observations", "no observations")
        used = [column for level in self.levels for column in level.columns]
        if sorted(used) != list(range(self.effect_count)):
            raise EstimationError(
                "nonconformable",
                f"blocks of effects {used} where the mean function has {self.effect_count}",
            )
        for number, level in enumerate(self.levels):
            if len(level.groups) != n:
                raise EstimationError(
                    "nonconformable",
                    f"{len(level.groups)} group codes at level {number} for {n} observations",
                )
            for block in level.blocks:
                if block.structure.size != len(block.columns):
                    raise EstimationError(
                        "nonconformable",
                        f"a covariance matrix of size {block.structure.size} for "
                        f"{len(block.columns)} effects at level {number}",
                    )
            if not level.blocks:
                raise EstimationError("nonconformable", f"no random effects at level {number}")
