"""Laplace's approximation for crossed effects."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.errors import EstimationError
from statalike.engine.families.logistic import BernoulliLogit
from statalike.engine.generalized.crossed_laplace import (
    CrossedGeneralizedModel,
    CrossedLaplace,
    CrossedTerm,
)
from statalike.engine.generalized.model import Array
from statalike.engine.linear.model import RandomEffects
from tests.engine.generalized.simulated_models import logistic_model
from tests.engine.generalized.test_quadrature import likelihood_of


def crossed_model(seed: int = 2) -> CrossedGeneralizedModel:
    """A logistic model in which six rows with a slope cross five columns."""
    random = np.random.default_rng(seed)
    n = 150
    row, column = random.integers(0, 6, n), random.integers(0, 5, n)
    fixed = np.column_stack([random.standard_normal(n), np.ones(n)])
    eta = fixed @ np.array([0.5, -0.3])
    eta += random.standard_normal(6)[row] + 0.8 * random.standard_normal(5)[column]
    outcome = (random.random(n) < 1.0 / (1.0 + np.exp(-eta))).astype(np.float64)
    terms = (
        CrossedTerm(row, RandomEffects(fixed, Unstructured(2))),
        CrossedTerm(column, RandomEffects(np.ones((n, 1)), Identity(1))),
    )
    return CrossedGeneralizedModel(BernoulliLogit(), outcome[None], fixed, terms)


def dense_value(model: CrossedGeneralizedModel, parameters: Array) -> float:
    """h at the mode and the determinant of its Hessian, with a dense matrix of effects."""
    root = np.array([[parameters[2], 0.0], parameters[3:5]])
    row, column = (term.categories for term in model.terms)
    slopes = model.fixed @ root
    design = np.concatenate(
        [
            slopes[:, :1] * np.eye(6)[row],
            slopes[:, 1:] * np.eye(6)[row],
            parameters[5] * np.eye(5)[column],
        ],
        axis=1,
    )
    effects = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-(model.fixed @ parameters[:2] + design @ effects)))
        precision = design.T @ (design * (p * (1.0 - p))[:, None]) + np.eye(len(effects))
        effects += np.linalg.solve(precision, design.T @ (model.outcome[0] - p) - effects)
    eta = model.fixed @ parameters[:2] + design @ effects
    signed = np.where(model.outcome[0] == 1.0, eta, -eta)
    height = -float(np.sum(np.log1p(np.exp(-signed)))) - 0.5 * float(effects @ effects)
    return height - 0.5 * float(np.linalg.slogdet(precision)[1])


PARAMETERS = np.array([0.4, -0.2, 0.7, 0.3, 0.9, 0.6])


def test_value_against_dense_matrices() -> None:
    model = crossed_model()
    value = CrossedLaplace(model)(PARAMETERS, False)[0]
    assert value == pytest.approx(dense_value(model, PARAMETERS), rel=1e-11)


def test_derivatives_against_differences() -> None:
    model = crossed_model()
    _, gradient, hessian = CrossedLaplace(model)(PARAMETERS, True)
    step = 1e-4
    moves = step * np.eye(len(PARAMETERS))
    differences = [
        (dense_value(model, PARAMETERS + m) - dense_value(model, PARAMETERS - m)) / (2.0 * step)
        for m in moves
    ]
    assert gradient == pytest.approx(np.array(differences), abs=1e-6)
    likelihood = CrossedLaplace(model)
    bends = [
        (likelihood(PARAMETERS + m, True)[1] - likelihood(PARAMETERS - m, True)[1]) / (2.0 * step)
        for m in moves
    ]
    assert hessian == pytest.approx(np.stack(bends), abs=1e-4)


def test_nested_effects_are_a_special_case() -> None:
    model = logistic_model((Unstructured(2), Identity(1)))
    terms = tuple(CrossedTerm(level.groups, level.effects[0]) for level in model.levels)
    crossed = CrossedGeneralizedModel(model.family, model.outcome, model.fixed, terms)
    parameters = np.array([0.3, 0.6, -0.5, 0.7, 0.2, 0.5, 0.8])
    expected = likelihood_of(model, "laplace")(parameters, True)
    found = CrossedLaplace(crossed)(parameters, True)
    assert found[0] == pytest.approx(expected[0], rel=1e-11)
    assert found[1] == pytest.approx(expected[1], abs=1e-8)
    assert found[2] == pytest.approx(expected[2], abs=1e-4)


def test_too_many_effects_are_refused() -> None:
    n = 20_001
    term = CrossedTerm(np.arange(n), RandomEffects(np.ones((n, 1)), Identity(1)))
    outcome, fixed = np.ones((1, n)), np.ones((n, 1))
    CrossedGeneralizedModel(BernoulliLogit(), outcome, fixed, (term,))
    with pytest.raises(EstimationError):
        CrossedGeneralizedModel(BernoulliLogit(), outcome, fixed, (term, term))
