"""Linear mixed models computed the long way, with the whole matrix V, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from statalike.engine.covariance import CovarianceStructure
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects

Array = NDArray[np.float64]


def nested_keys(model: LinearMixedModel) -> list[NDArray[np.intp]]:
    """For each level the number of each observation's group, nested within the levels above."""
    keys = []
    key = np.zeros(model.observations, dtype=np.intp)
    for level in model.levels:
        pairs = np.column_stack([key, level.groups])
        key = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
        keys.append(key)
    return keys


def level_design(level: Level) -> Array:
    return np.concatenate([equation.covariates for equation in level.effects], axis=1)


def covariance_of_outcome(
    model: LinearMixedModel, covariances: Sequence[Sequence[Array]], residual_variance: float
) -> Array:
    """V (n, n)."""
    total = residual_variance * np.eye(model.observations)
    for level, key, matrices in zip(model.levels, nested_keys(model), covariances, strict=True):
        z = level_design(level)
        total += (z @ block_diag(*matrices) @ z.T) * (key[:, None] == key[None, :])
    return total


def log_likelihood(
    model: LinearMixedModel,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    restricted: bool,
) -> float:
    """Log likelihood with the fixed effects at their generalised least-squares values."""
    v = covariance_of_outcome(model, covariances, residual_variance)
    x, y = model.fixed, model.outcome
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    e = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    freedom = len(y) - (x.shape[1] if restricted else 0)
    value = freedom * np.log(2 * np.pi) + np.linalg.slogdet(v)[1] + e @ inverse @ e
    if restricted:
        value += np.linalg.slogdet(information)[1]
    return float(-0.5 * value)


@dataclass(frozen=True)
class Henderson:
    """Predictions and error standard deviations (n, q) of each level's effects, observation by
    observation.
    """

    effects: list[Array]
    errors: list[Array]


def henderson(
    model: LinearMixedModel,
    coefficients: Array,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    restricted: bool,
) -> Henderson:
    """``u = G Z' V^-1 (y - X b)`` with all effects of all groups in one vector."""
    designs, blocks = [], []
    for level, key, matrices in zip(model.levels, nested_keys(model), covariances, strict=True):
        z = level_design(level)
        groups, q = int(key.max()) + 1, z.shape[1]
        wide = np.zeros((model.observations, groups, q))
        wide[np.arange(model.observations), key] = z
        designs.append(wide.reshape(model.observations, -1))
        blocks.append(np.kron(np.eye(groups), block_diag(*matrices)))
    z, g = np.hstack(designs), block_diag(*blocks)
    inverse = np.linalg.inv(covariance_of_outcome(model, covariances, residual_variance))
    gain = g @ z.T @ inverse
    effects = gain @ (model.outcome - model.fixed @ coefficients)
    errors = g - gain @ z @ g
    if restricted:
        slope = gain @ model.fixed
        information = model.fixed.T @ inverse @ model.fixed
        errors = errors + slope @ np.linalg.solve(information, slope.T)
    deviations = np.sqrt(np.maximum(np.diagonal(errors), 0.0))
    predicted, spread = [], []
    start = 0
    for level, key, block in zip(model.levels, nested_keys(model), blocks, strict=True):
        own, q = slice(start, start + len(block)), level.effect_count
        predicted.append(effects[own].reshape(-1, q)[key])
        spread.append(deviations[own].reshape(-1, q)[key])
        start = own.stop
    return Henderson(predicted, spread)


def random_model(
    rng: np.random.Generator,
    levels: Sequence[tuple[int, Sequence[CovarianceStructure]]],
    observations: int = 60,
    fixed: int = 3,
    ordered: bool = True,
) -> LinearMixedModel:
    """Data with (number of codes, structures) for each level; unbalanced, groups drawn at random.

    Every equation has a constant and random covariates.
    """
    codes = [rng.integers(0, count, observations) for count, _ in levels]
    if ordered and codes:
        order = np.lexsort(codes[::-1])
        codes = [code[order] for code in codes]
    x = np.column_stack([rng.normal(size=(observations, fixed - 1)), np.ones(observations)])
    y = x @ np.arange(1.0, fixed + 1.0) + rng.normal(size=observations)
    parts = []
    for code, (count, structures) in zip(codes, levels, strict=True):
        equations = []
        for structure in structures:
            slopes = rng.normal(size=(observations, structure.size - 1))
            z = np.column_stack([np.ones(observations), slopes])
            y += np.sum(z * rng.normal(size=(count, structure.size))[code], axis=1)
            equations.append(RandomEffects(z, structure))
        parts.append(Level(code, tuple(equations)))
    return LinearMixedModel(y, x, tuple(parts))


def random_covariances(rng: np.random.Generator, model: LinearMixedModel) -> list[list[Array]]:
    """Positive definite matrices of each equation's structure."""
    result = []
    for level in model.levels:
        matrices = []
        for equation in level.effects:
            structure = equation.structure
            if structure.name == "exchangeable":
                matrices.append(structure.matrix(np.array([0.7, 0.2])[: structure.parameter_count]))
                continue
            root = rng.normal(size=(structure.size, structure.size))
            matrices.append(structure.matrix(structure.project(root @ root.T / 2)))
        result.append(matrices)
    return result


def dense_rank(model: LinearMixedModel) -> int:
    """``rank [X, Z]``, Z a column for each random effect of each group."""
    parts = [model.fixed]
    for level, key in zip(model.levels, nested_keys(model), strict=True):
        z = level_design(level)
        wide = np.zeros((model.observations, int(key.max()) + 1, z.shape[1]))
        wide[np.arange(model.observations), key] = z
        parts.append(wide.reshape(model.observations, -1))
    return int(np.linalg.matrix_rank(np.hstack(parts)))
