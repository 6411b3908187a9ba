"""Small-sample inference beside crossed random effects, and the rank of their design."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from statalike.engine.covariance import Identity
from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_fit import fit_crossed_effects_model
from statalike.engine.linear.crossed_model import CrossedEffectsModel, CrossedLevel, RandomFactor
from statalike.engine.linear.crossed_small_sample import crossed_small_sample_inference
from statalike.engine.linear.design_rank import crossed_design_rank
from statalike.engine.linear.fit import FitOptions
from tests.engine.linear.crossed_models import (
    NAMES,
    crossed_model,
    whole_covariances,
    with_indicators,
)
from tests.engine.linear.dense import dense_rank
from tests.engine.linear.dense_small_sample import dense_small_sample

EXACT = FitOptions(finite_differences=False)
# Without groups the covariance of exchangeable effects takes the place of the constant.
DETERMINED = [name for name in NAMES if name != "exchangeable"]


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("name", [*DETERMINED, "nested and met in part"])
def test_as_by_the_whole_matrix(name: str, observed: bool) -> None:
    model = crossed_model(name)
    fit = fit_crossed_effects_model(model, "reml", EXACT)
    found = crossed_small_sample_inference(
        model, fit.covariances, fit.residual_variance, "observed" if observed else "expected"
    )
    dense = dense_small_sample(
        with_indicators(model), whole_covariances(model, fit), fit.residual_variance, observed
    )
    np.testing.assert_allclose(found.covariance, dense.phi, rtol=1e-6, atol=1e-12)
    # The observed information of the dense calculation comes from differences.
    tolerance = 2e-3 if observed else 1e-5
    combinations = np.vstack([np.eye(3), [[1.0, -1.0, 0.5]]])
    np.testing.assert_allclose(
        found.degrees_of_freedom(combinations),
        [dense.satterthwaite(c) for c in combinations],
        rtol=tolerance,
    )
    np.testing.assert_allclose(found.adjusted, dense.adjusted, rtol=tolerance, atol=1e-7)
    both = np.eye(3)[:2]
    distances = both @ fit.coefficients
    freedom, scale = dense.kenward_roger(both)
    test = found.kenward_roger(both, distances)
    assert test.denominator == pytest.approx(freedom, rel=tolerance)
    wald = distances @ np.linalg.solve(dense.adjusted[:2, :2], distances)
    assert test.statistic == pytest.approx(scale * wald / 2, rel=tolerance)


def test_a_balanced_two_way_layout() -> None:
    """In a layout with one observation a cell the mean has the classical degrees of freedom of
    Satterthwaite for a sum of mean squares, ``MSA + MSB - MSE`` over ``ab``; a covariate that
    varies within rows and columns has ``(a - 1)(b - 1) - 1``.
    """
    rng = np.random.default_rng(4)
    rows, columns = np.repeat(np.arange(6), 8), np.tile(np.arange(8), 6)
    x = rng.normal(size=(6, 8))
    x = x - x.mean(axis=0) - x.mean(axis=1, keepdims=True) + x.mean()
    y = 3 * rng.normal(size=6)[rows] + 2 * rng.normal(size=8)[columns] + rng.normal(size=48)
    factors = RandomFactor(rows, Identity(6)), RandomFactor(columns, Identity(8))
    level = CrossedLevel(np.zeros(48, dtype=np.intp), factors)
    fixed = np.column_stack([x.ravel(), np.ones(48)])
    model = CrossedEffectsModel(y, fixed, (level,))
    fit = fit_crossed_effects_model(model, "reml", EXACT)
    found = crossed_small_sample_inference(model, fit.covariances, fit.residual_variance)
    table = (y - x.ravel() * (x.ravel() @ y) / (x.ravel() @ x.ravel())).reshape(6, 8)
    of_rows = 8 * table.mean(axis=1).var(ddof=1)
    of_columns = 6 * table.mean(axis=0).var(ddof=1)
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    error = (rest**2).sum() / 34
    total = of_rows + of_columns - error
    classical = total**2 / (of_rows**2 / 5 + of_columns**2 / 7 + error**2 / 34)
    np.testing.assert_allclose(found.degrees_of_freedom(np.eye(2)), [34.0, classical], rtol=1e-5)


@pytest.mark.parametrize("name", [*NAMES, "nested after all", "nested and met in part"])
def test_rank(name: str) -> None:
    model = crossed_model(name)
    dependent = np.column_stack([model.fixed, np.eye(6)[:, :3][_categories(model) % 6]])
    for fixed in (model.fixed, dependent[:, [0, 3, 4, 2]]):
        own = replace(model, fixed=np.asfortranarray(fixed))
        assert crossed_design_rank(own) == dense_rank(with_indicators(own))


def _categories(model: CrossedEffectsModel) -> np.ndarray:
    """The categories of the first factor of a model."""
    return next(
        effects.categories
        for level in model.levels
        for effects in level.effects
        if isinstance(effects, RandomFactor)
    )


def test_bad_input() -> None:
    with pytest.raises(EstimationError):
        crossed_small_sample_inference(crossed_model("two factors"), [[np.eye(1), np.eye(1)]], 0.0)
