"""A linear mixed model as arrays: outcome, fixed-effects design, random effects by level."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure
from statalike.engine.errors import EstimationError
from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.linear.weights import TotalWeights, weighted_rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RandomEffects:
    """One random-effects equation: design columns Z (n, q) and the structure of their covariance.

    Fortran-ordered columns are read without a copy.
    """

    covariates: Array
    structure: CovarianceStructure


@dataclass(frozen=True)
class Level:
    """One level of grouping: an integer code for each observation, and its equations.

    Codes need be unique only within a group of the level above.  Several equations at one level
    are independent of each other: their covariance matrix is block diagonal.
    """

    groups: NDArray[np.integer]
    effects: tuple[RandomEffects, ...]

    @property
    def effect_count(self) -> int:
        return sum(equation.structure.size for equation in self.effects)


@dataclass(frozen=True)
class LinearMixedModel:
    """``y = X b + sum_l Z_l u_l + e`` with ``Var(e) = s2 I``; ``levels`` outermost first.

    ``outcome`` (n,), ``fixed`` (n, p) with linearly independent columns (Fortran order is read
    without a copy).  All values must be finite.  ``errors`` are residuals with a structured
    covariance matrix instead of ``s2 I``.  ``weights`` make the likelihood that of
    ``linear.weights``; levels without random effects count in them too.
    """

    outcome: Array
    fixed: Array
    levels: tuple[Level, ...] = ()
    errors: ResidualErrors | None = None
    weights: TotalWeights | None = None

    def __post_init__(self) -> None:
        n = self.observations
        if n == 0:
            raise EstimationError("no_observations", "no observations")
        if self.fixed.ndim != 2 or len(self.fixed) != n:
            raise EstimationError(
                "nonconformable", f"fixed design of shape {self.fixed.shape} for {n} observations"
            )
        if self.weights is not None and (
            len(self.weights.observations) != n or len(self.weights.levels) != len(self.levels)
        ):
            raise EstimationError("nonconformable", "weights do not fit the model")
        for number, level in enumerate(self.levels):
            if len(level.groups) != n:
                raise EstimationError(
                    "nonconformable",
                    f"{len(level.groups)} group codes at level {number} for {n} observations",
                )
            if not level.effect_count:
                raise EstimationError("nonconformable", f"no random effects at level {number}")
            for equation in level.effects:
                if equation.covariates.shape != (n, equation.structure.size):
                    raise EstimationError(
                        "nonconformable",
                        f"random-effects design of shape {equation.covariates.shape} at level "
                        f"{number}, for {n} observations and {equation.structure.size} effects",
                    )

    @property
    def observations(self) -> int:
        return len(self.outcome)

    @property
    def fixed_count(self) -> int:
        return int(self.fixed.shape[1])


def weighted_columns(model: LinearMixedModel) -> LinearMixedModel:
    """The model whose sum of squares is that of the weighted one (see ``linear.weights``)."""
    weights = model.weights
    if weights is None:
        return model
    v = weights.observations
    levels = tuple(
        Level(
            level.groups,
            tuple(
                RandomEffects(weighted_rows(effects.covariates, v / own), effects.structure)
                for effects in level.effects
            ),
        )
        for level, own in zip(model.levels, weights.levels, strict=True)
    )
    return replace(
        model,
        outcome=model.outcome * np.sqrt(v),
        fixed=weighted_rows(model.fixed, v),
        levels=levels,
    )
