"""Small crossed-effects models, and the same with a column for every category."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import Exchangeable, Identity, Independent, Unstructured
from statalike.engine.linear.crossed_model import (
    CrossedEffectsModel,
    CrossedLevel,
    RandomFactor,
)
from statalike.engine.linear.fit import LinearMixedFit
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects

Array = NDArray[np.float64]

NAMES = (
    "two factors",
    "factor over slopes",
    "three factors",
    "exchangeable",
    "exchangeable over groups",
    "levels between",
)


def crossed_model(name: str, seed: int = 3, observations: int = 150) -> CrossedEffectsModel:
    """Data with effects of three factors a, b, c (6, 11 and 4 categories) that cross."""
    rng = np.random.default_rng(seed)
    n = observations
    a, b, c = (rng.integers(0, count, n) for count in (6, 11, 4))
    x, z = rng.normal(size=n), rng.normal(size=n)
    fixed = np.column_stack([x, z, np.ones(n)])
    y = 1.0 + 2.0 * x - z + rng.normal(size=6)[a] + rng.normal(size=11)[b]
    y = y + 0.7 * rng.normal(size=11)[b] * x + 0.8 * rng.normal(size=4)[c] + rng.normal(size=n)
    everything = np.zeros(n, dtype=np.intp)
    one, slopes = np.ones((n, 1)), np.column_stack([x, np.ones(n)])
    factor_a, factor_b = RandomFactor(a, Identity(6)), RandomFactor(b, Identity(11))
    factor_c = RandomFactor(c, Identity(4))
    intercept = RandomEffects(one, Identity(1))
    levels = {
        "two factors": (CrossedLevel(everything, (factor_a, factor_b)),),
        "factor over slopes": (
            CrossedLevel(everything, (factor_a,)),
            CrossedLevel(b, (RandomEffects(slopes, Unstructured(2)),)),
        ),
        "three factors": (
            CrossedLevel(everything, (factor_a, factor_c)),
            CrossedLevel(b, (intercept,)),
        ),
        "exchangeable": (CrossedLevel(everything, (factor_b, RandomFactor(a, Exchangeable(6)))),),
        "exchangeable over groups": (
            CrossedLevel(c, (RandomFactor(a, Exchangeable(6)),)),
            CrossedLevel(b, (RandomEffects(slopes, Independent(2)),)),
        ),
        "levels between": (
            CrossedLevel(everything, (factor_a,)),
            CrossedLevel(c, (RandomEffects(slopes, Unstructured(2)),)),
            CrossedLevel(b, (intercept,)),
        ),
        "nested after all": (
            CrossedLevel(everything, (factor_b,)),
            CrossedLevel(b, (RandomEffects(slopes, Unstructured(2)),)),
        ),
        "nested and met in part": (CrossedLevel(c, (RandomFactor(b, Identity(11)), intercept)),),
    }[name]
    return CrossedEffectsModel(y, fixed, levels)


def with_indicators(model: CrossedEffectsModel) -> LinearMixedModel:
    """The same model with the categories of factors as covariates."""
    return LinearMixedModel(
        model.outcome,
        model.fixed,
        tuple(
            Level(
                level.groups,
                tuple(
                    RandomEffects(np.eye(e.structure.size)[e.categories], e.structure)
                    if isinstance(e, RandomFactor)
                    else e
                    for e in level.effects
                ),
            )
            for level in model.levels
        ),
    )


def whole_covariances(model: CrossedEffectsModel, fit: LinearMixedFit) -> list[list[Array]]:
    """The covariance matrices of a fit, those of factors completed from their leading blocks."""
    result = []
    for level, matrices in zip(model.levels, fit.covariances, strict=True):
        own = []
        for effects, matrix in zip(level.effects, matrices, strict=True):
            if isinstance(effects, RandomFactor):
                off = matrix[0, 1] if len(matrix) > 1 else 0.0
                size = effects.structure.size
                matrix = off * np.ones((size, size)) + (matrix[0, 0] - off) * np.eye(size)
            own.append(matrix)
        result.append(own)
    return result
