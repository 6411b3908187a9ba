"""Small generalized mixed models for tests."""

from __future__ import annotations

import numpy as np

from statalike.engine.covariance import CovarianceStructure
from statalike.engine.families.logistic import BernoulliLogit
from statalike.engine.generalized.model import Array, GeneralizedMixedModel
from statalike.engine.linear.model import Level, RandomEffects


def logistic_model(
    structures: tuple[CovarianceStructure, ...],
    groups: tuple[int, ...] = (6, 3),
    size: int = 5,
    seed: int = 1,
) -> GeneralizedMixedModel:
    """A logistic model with an intercept, two slopes and up to two nested levels.

    ``structures`` has one for each level, outermost first; their effects are the intercept and
    then the slopes.  There are ``groups[0]`` outermost groups, ``groups[1]`` groups in each, and
    ``size`` observations in each of those, in random order.
    """
    random = np.random.default_rng(seed)
    counts = groups[: len(structures)]
    cells = int(np.prod(counts))
    inner = np.repeat(np.arange(cells), size)
    n = len(inner)
    order = random.permutation(n)
    inner = inner[order]
    codes = [inner // int(np.prod(counts[level + 1 :])) for level in range(len(counts))]
    fixed = np.column_stack([np.ones(n), random.standard_normal((n, 2))])
    eta = fixed @ np.array([0.2, 0.7, -0.4])
    for code in codes:
        eta += random.standard_normal(cells)[code]
    outcome = (random.random(n) < 1.0 / (1.0 + np.exp(-eta))).astype(np.float64)
    levels = tuple(
        Level(code, (RandomEffects(fixed[:, : structure.size], structure),))
        for code, structure in zip(codes, structures, strict=True)
    )
    return GeneralizedMixedModel(BernoulliLogit(), outcome[None], fixed, levels)


def logistic_density(outcome: Array, eta: Array) -> Array:
    """``prod_i p_i^y_i (1 - p_i)^(1 - y_i)``."""
    p = 1.0 / (1.0 + np.exp(-eta))
    return np.prod(np.where(outcome == 1.0, p, 1.0 - p), axis=-1)
