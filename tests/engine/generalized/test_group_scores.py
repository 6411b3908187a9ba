"""Scores of groups against differences of their log likelihoods."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import Independent, Unstructured
from statalike.engine.generalized.group_scores import group_scores
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.objective import IntegrationMethod, integrated_likelihood
from statalike.engine.generalized.sorted_model import sort_model
from statalike.engine.linear.model import Level, RandomEffects
from tests.engine.generalized.simulated_models import logistic_model

COEFFICIENTS = np.array([0.3, 0.6, -0.5])
NONE = np.zeros(0)


@pytest.mark.parametrize("method", ["mvaghermite", "laplace"])
def test_scores_add_up_to_the_gradient(method: IntegrationMethod) -> None:
    model = logistic_model((Unstructured(2), Independent(1)), groups=(4, 3), size=6)
    phi = np.array([0.8, 0.5, 0.1, 0.4])  # two variances, their covariance, the inner variance

    def likelihood(parameters: np.ndarray) -> float:
        objective = integrated_likelihood(sort_model(model), method, 11)
        reported = [parameters[3:6], parameters[6:]]
        free = objective.layout.start(parameters[:3], NONE, reported)
        return objective(free, False)[0]

    scores, group = group_scores(model, COEFFICIENTS, NONE, [phi[:3], phi[3:]], method, 11)
    assert scores.shape == (4, 7) and group.shape == (72,)
    at = np.concatenate([COEFFICIENTS, phi])
    step = 1e-4
    for k in range(len(at)):
        move = np.zeros(len(at))
        move[k] = step
        expected = (likelihood(at + move) - likelihood(at - move)) / (2 * step)
        assert scores[:, k].sum() == pytest.approx(expected, rel=2e-5, abs=2e-6)


def test_scores_of_a_group_are_those_of_its_observations_alone() -> None:
    model = logistic_model((Independent(1),), groups=(4,), size=6)
    scores, group = group_scores(model, COEFFICIENTS, NONE, [np.array([0.7])])
    own = model.levels[0].groups == 2
    intercepts = RandomEffects(np.ones((6, 1)), Independent(1))
    picked = GeneralizedMixedModel(
        model.family,
        model.outcome[:, own],
        model.fixed[own],
        (Level(np.zeros(6, dtype=np.intp), (intercepts,)),),
    )
    expected, _ = group_scores(picked, COEFFICIENTS, NONE, [np.array([0.7])])
    assert scores[group[own][0]] == pytest.approx(expected[0], rel=1e-7)
