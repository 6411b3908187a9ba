"""The rank of fixed and random design together, against that of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import Identity, Independent, Unstructured
from statalike.engine.linear.design_rank import design_rank
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from tests.engine.linear.dense import dense_rank, random_model


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "levels",
    [
        [(9, [Identity(1)])],
        [(9, [Unstructured(3)])],
        [(30, [Independent(3)])],
        [(4, [Unstructured(2)]), (5, [Identity(1)])],
        [(4, [Identity(1)]), (2, [Identity(2), Identity(1)]), (6, [Identity(1)])],
        [(3, [Identity(10)])],
    ],
)
def test_dense_rank(levels: list[tuple[int, list[Identity]]], seed: int) -> None:
    model = random_model(np.random.default_rng(seed), levels, ordered=seed % 2 == 0)
    assert design_rank(model) == dense_rank(model)


def test_levels_within_levels_add_only_their_own_directions() -> None:
    """Covariates constant within groups are in the span of the groups' intercepts."""
    rng = np.random.default_rng(1)
    region, state = np.repeat(np.arange(4), 30), np.repeat(np.arange(12), 10)
    one = np.ones((120, 1))
    effects = (RandomEffects(one, Identity(1)),)
    x = np.column_stack(
        [rng.normal(size=120), rng.normal(size=12)[state], rng.normal(size=4)[region], one]
    )
    model = LinearMixedModel(
        rng.normal(size=120), x, (Level(region, effects), Level(state, effects))
    )
    assert design_rank(model) == 13


@pytest.mark.parametrize("scale", [1e-7, 1e7])
def test_units_do_not_matter(scale: float) -> None:
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(20), 5)
    z = np.column_stack([np.ones(100), 1960 + np.tile(np.arange(5.0), 20)])
    x = np.column_stack([z, rng.normal(size=100) * scale])
    model = LinearMixedModel(
        rng.normal(size=100), x, (Level(group, (RandomEffects(z * scale, Unstructured(2)),)),)
    )
    assert design_rank(model) == 41


def test_without_random_effects() -> None:
    x = np.random.default_rng(3).normal(size=(10, 3))
    assert design_rank(LinearMixedModel(x[:, 0] ** 2, x)) == 3
