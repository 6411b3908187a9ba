"""Residuals of a Markov process: the closed form against Cholesky factors of Lambda."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.linear import markov_products as module
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.fit import fit_linear_mixed_model
from statalike.engine.linear.markov_products import markov_products
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.residual_likelihood import ResidualLikelihood
from statalike.engine.linear.whitening import Whitening
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    ExponentialResiduals,
    MovingAverageResiduals,
    ResidualStructure,
)

Array = NDArray[np.float64]


def make(
    structure: ResidualStructure, kind: str, by_count: int = 1, levels: int = 1
) -> LinearMixedModel:
    """60 people in 10 regions, 6 times each, in random order; ``kind`` of times tells the gaps."""
    rng = np.random.default_rng(8)
    person, time = np.repeat(np.arange(60), 6), np.tile(np.arange(6.0), 60)
    if kind == "gaps":
        time = np.sort(rng.permuted(np.tile(np.arange(12.0), (60, 1)), axis=1)[:, :6]).ravel()
    elif kind == "real":
        time = rng.uniform(0, 6, 360)
    order = rng.permutation(360)
    person, time = person[order], time[order]
    fixed = np.column_stack([rng.normal(size=360), np.ones(360)])
    outcome = fixed @ [1.0, 2.0] + rng.normal(size=60)[person] + rng.normal(size=360)
    slopes = np.column_stack([rng.normal(size=360), np.ones(360)])
    every = [
        Level(person // 6, (RandomEffects(np.ones((360, 1)), Identity(1)),)),
        Level(person, (RandomEffects(slopes, Unstructured(2)),)),
    ]
    family = ResidualFamily(structure, by_count)
    errors = ResidualErrors(family, (person // 6, person), time, person % by_count)
    return LinearMixedModel(outcome, fixed, tuple(every[:levels]), errors)


@pytest.mark.parametrize("kind", ["balanced", "gaps", "real"])
@pytest.mark.parametrize("levels", [0, 1, 2])
@pytest.mark.parametrize("by_count", [1, 3])
@pytest.mark.parametrize("correlation", [-1.2, 0.4, 4.0])
def test_cross_products_are_those_of_cholesky_factors(
    kind: str, levels: int, by_count: int, correlation: float
) -> None:
    structure: ResidualStructure = AutoregressiveResiduals(1)
    if kind == "real":
        structure = ExponentialResiduals()
    model = make(structure, kind, by_count, levels)
    assert model.errors is not None
    products = reduce_to_cross_products(model)
    reduced = markov_products(products, model.errors)
    assert reduced is not None
    ratios = [0.3, -0.4][: by_count - 1]
    parameters = np.array([*ratios, *(correlation + 0.1 * np.arange(by_count))])
    found = reduced.at(parameters)
    expected = Whitening(products, model.errors, pool=False).at(parameters)
    assert found is not None and expected is not None
    assert found.log_determinant == pytest.approx(expected.log_determinant, rel=1e-9)
    for own, theirs in zip(found.products.blocks, expected.products.blocks, strict=True):
        np.testing.assert_allclose(own, theirs, rtol=1e-8, atol=1e-8 * np.abs(theirs).max())


def test_other_structures_and_too_many_distances_are_left_to_cholesky_factors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for structure in (AutoregressiveResiduals(2), MovingAverageResiduals(1)):
        model = make(structure, "gaps")
        assert model.errors is not None
        assert markov_products(reduce_to_cross_products(model), model.errors) is None
    model = make(ExponentialResiduals(), "real")
    before = fit_linear_mixed_model(model)
    monkeypatch.setattr(module, "LARGEST_SUMS", 100)
    assert model.errors is not None
    assert markov_products(reduce_to_cross_products(model), model.errors) is None
    after = fit_linear_mixed_model(model)
    assert before.log_likelihood == pytest.approx(after.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(before.estimates, after.estimates, rtol=1e-4, atol=1e-6)


def test_equal_times_are_not_positive_definite() -> None:
    model = make(ExponentialResiduals(), "balanced")
    assert model.errors is not None and model.errors.times is not None
    times = np.minimum(model.errors.times, 4.0)
    errors = ResidualErrors(model.errors.family, model.errors.groups, times)
    likelihood = ResidualLikelihood(reduce_to_cross_products(model), errors, False)
    assert likelihood.at(np.zeros(1)) is None
