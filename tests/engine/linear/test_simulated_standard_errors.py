"""Standard errors of variance components against the spread of estimates on simulated outcomes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.linear.crossed_fit import fit_crossed_effects_model
from statalike.engine.linear.crossed_model import CrossedEffectsModel, CrossedLevel, RandomFactor
from statalike.engine.linear.fit import FitOptions, LinearMixedFit, Method, fit_linear_mixed_model
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects

Array = NDArray[np.float64]

REPLICATIONS = 400
#: Five standard deviations of the logarithm of a standard deviation of as many normal values.
TOLERANCE = 5.0 / np.sqrt(2.0 * REPLICATIONS)
WITHOUT_ERRORS = FitOptions(standard_errors=False)


def three_levels() -> tuple[LinearMixedModel, tuple[Array, ...]]:
    """60 groups of 4 groups of 5 observations; random intercepts and slopes, random intercepts;
    with roots of the covariance matrices."""
    rng = np.random.default_rng(11)
    n = 60 * 4 * 5
    top = np.repeat(np.arange(60), 20)
    lower = np.repeat(np.arange(240), 5)
    one, x = np.ones((n, 1)), rng.standard_normal(n)
    slopes = np.column_stack([x, one])
    model = LinearMixedModel(
        np.zeros(n),
        slopes,
        (
            Level(top, (RandomEffects(slopes, Unstructured(2)),)),
            Level(lower, (RandomEffects(one, Identity(1)),)),
        ),
    )
    return model, (np.array([[0.8, 0.0], [0.4, 1.0]]), np.array([[0.7]]))


def drawn_outcome(
    rng: np.random.Generator, model: LinearMixedModel, roots: tuple[Array, ...]
) -> Array:
    y = model.fixed @ np.array([1.0, 2.0]) + rng.standard_normal(len(model.fixed))
    for level, root in zip(model.levels, roots, strict=True):
        (effects,) = level.effects
        u = rng.standard_normal((int(level.groups.max()) + 1, len(root))) @ root.T
        y += np.einsum("nq,nq->n", effects.covariates, u[level.groups])
    return y


def assert_spread(estimates: list[Array], fits: list[LinearMixedFit]) -> None:
    """The spread of the estimates is that which the ``fits`` report on average."""
    spread = np.std(estimates, axis=0, ddof=1)
    covariance = np.mean([fit.parameter_covariance for fit in fits], axis=0)
    reported = np.sqrt(np.diagonal(covariance))
    assert np.max(np.abs(np.log(reported / spread))) < TOLERANCE


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_nested_levels(method: Method) -> None:
    model, roots = three_levels()
    rng = np.random.default_rng(12)
    estimates = [
        fit_linear_mixed_model(
            replace(model, outcome=drawn_outcome(rng, model, roots)), method, WITHOUT_ERRORS
        ).estimates
        for _ in range(REPLICATIONS)
    ]
    fits = [
        fit_linear_mixed_model(replace(model, outcome=drawn_outcome(rng, model, roots)), method)
        for _ in range(20)
    ]
    assert_spread(estimates, fits)


def test_crossed_effects() -> None:
    rng = np.random.default_rng(13)
    n, rows, columns = 2400, 60, 80
    a, b = rng.integers(0, rows, n), rng.integers(0, columns, n)
    everything = np.zeros(n, dtype=np.intp)
    model = CrossedEffectsModel(
        np.zeros(n),
        np.ones((n, 1)),
        (
            CrossedLevel(everything, (RandomFactor(a, Identity(rows)),)),
            CrossedLevel(b, (RandomEffects(np.ones((n, 1)), Identity(1)),)),
        ),
    )

    def outcome() -> Array:
        noise = rng.standard_normal(n)
        return 3.0 + 0.7 * rng.standard_normal(rows)[a] + rng.standard_normal(columns)[b] + noise

    estimates = [
        fit_crossed_effects_model(
            replace(model, outcome=outcome()), "reml", WITHOUT_ERRORS
        ).estimates
        for _ in range(REPLICATIONS)
    ]
    fits = [fit_crossed_effects_model(replace(model, outcome=outcome()), "reml") for _ in range(20)]
    assert_spread(estimates, fits)
