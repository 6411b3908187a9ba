"""Gradient and Hessian of Laplace's approximation for every family, against differences."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import CovarianceStructure, Identity, Independent, Unstructured
from statalike.engine.generalized.model import Array, GeneralizedMixedModel
from statalike.engine.generalized.objective import IntegratedLikelihood, integrated_likelihood
from statalike.engine.generalized.sorted_model import sort_model
from statalike.engine.linear.model import Level, RandomEffects
from tests.engine.families.examples import EXAMPLES, Example

TWO_LEVELS = (Independent(2),)
THREE_LEVELS = (Identity(1), Unstructured(2), Identity(1))


def model_of(
    example: Example, structures: tuple[CovarianceStructure, ...], weighted: bool
) -> GeneralizedMixedModel:
    """Each outcome of the example twice in each of four groups, divided further by the levels."""
    random = np.random.default_rng(5)
    outcome = np.tile(example.outcome, 8)
    n = outcome.shape[-1]
    fixed = np.column_stack([random.standard_normal(n), np.ones(n)])
    group = np.sort(np.arange(n) % 4)
    below = (np.arange(n) % 3, np.arange(n) % 2)
    levels = tuple(
        Level(code, (RandomEffects(fixed[:, 2 - structure.size :], structure),))
        for code, structure in zip((group, *below), structures, strict=False)
    )
    weights = np.asarray(random.integers(1, 4, n), dtype=np.float64) if weighted else None
    offset = np.asarray(0.1 * random.standard_normal(n))
    return GeneralizedMixedModel(example.family, outcome, fixed, levels, offset, weights)


def parameters_of(example: Example, likelihood: IntegratedLikelihood) -> Array:
    spread = 0.3 + 0.1 * np.arange(likelihood.layout.random_count)
    return np.concatenate([[0.3, 0.2], example.own, spread])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
@pytest.mark.parametrize(
    ("structures", "weighted"), [(TWO_LEVELS, True), (THREE_LEVELS, False)], ids=["two", "three"]
)
def test_derivatives_of_every_family(
    example: Example, structures: tuple[CovarianceStructure, ...], weighted: bool
) -> None:
    data = sort_model(model_of(example, structures, weighted))
    likelihood = integrated_likelihood(data, "laplace", 1)
    parameters = parameters_of(example, likelihood)

    def value(at: Array) -> float:
        point = likelihood.defined_point(at)
        assert point is not None
        return likelihood.value_at(point, likelihood.prior)[0]

    def slope(at: Array) -> Array:
        return likelihood.derivatives_at(at, likelihood.prior, False)[0]

    gradient, hessian = likelihood.derivatives_at(parameters, likelihood.prior, False)
    step = 1e-4
    moves = step * np.eye(len(parameters))
    values = [(value(parameters + m) - value(parameters - m)) / (2.0 * step) for m in moves]
    scale = 1.0 + np.max(np.abs(gradient))
    np.testing.assert_allclose(gradient, values, rtol=1e-5, atol=1e-6 * scale)
    slopes = [(slope(parameters + m) - slope(parameters - m)) / (2.0 * step) for m in moves]
    scale = np.sqrt(np.abs(np.diagonal(hessian)))
    np.testing.assert_allclose(hessian, slopes, rtol=1e-5, atol=1e-6 * float(np.max(scale) ** 2))
    nodes = likelihood.value_at(likelihood.layout.point(parameters)[0], likelihood.prior)[1]
    groups = likelihood.group_gradients(parameters, nodes).sum(axis=1)
    fixed = likelihood.layout.fixed_count
    np.testing.assert_allclose(groups[:fixed], gradient[:fixed], rtol=1e-7, atol=1e-8)
