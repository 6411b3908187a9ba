"""Scores of highest-level groups: against differences of the likelihood of each group alone, and
against the whole matrix V.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import Identity
from statalike.engine.linear.fit import FitOptions, fit_linear_mixed_model
from statalike.engine.linear.group_scores import group_scores
from tests.engine.linear.test_weights import ERRORS, structured
from tests.engine.linear.weighted import part_of, pseudolikelihood, pupils

Array = NDArray[np.float64]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("name", [*ERRORS, "none"])
def test_scores_are_derivatives(name: str, depth: int, weighted: bool) -> None:
    model = structured("independent" if name == "none" else name, depth)
    assert model.errors is not None
    school = np.asarray(model.errors.groups[0])
    if name == "none":
        model = replace(model, errors=None)
    if not weighted:
        model = replace(model, weights=None)
    residual = model.errors.family.count if model.errors is not None else 0
    count = {0: 0, 1: 3, 2: 4}[depth]
    parameters = np.concatenate(
        [
            [0.9, 1.2],
            np.array([-0.3, -0.1, -0.5, 0.2])[4 - count :],
            [0.1],
            0.05 + 0.01 * np.arange(residual),
        ]
    )
    scores = group_scores(model, parameters[:2], parameters[2:], school)
    assert scores.shape == (8, len(parameters))
    for rows, wanted in (
        (np.ones(len(school), dtype=bool), scores.sum(axis=0)),
        (school == 3, scores[3]),
    ):
        part = part_of(model, rows)
        for k in range(len(parameters)):
            move = np.zeros(len(parameters))
            move[k] = 1e-5
            above, below = (
                pseudolikelihood(part, at[:2], at[2:])
                for at in (parameters + move, parameters - move)
            )
            assert wanted[k] == pytest.approx((above - below) / 2e-5, rel=1e-5, abs=1e-5)


def test_scores_add_up_to_zero_at_the_maximum() -> None:
    data = pupils(11, whole=False)
    options = FitOptions(finite_differences=False)
    fit = fit_linear_mixed_model(data.model(), options=options)
    scores = group_scores(data.model(), fit.coefficients, fit.estimates, data.school)
    assert np.all(np.abs(scores.sum(axis=0)) < 1e-4 * np.abs(scores).sum(axis=0))


def test_scores_from_the_whole_matrix() -> None:
    """Two levels: the normal density of each group with its V, differentiated by hand."""
    data = pupils(12)
    data = replace(data, klass=data.school)
    model = data.model(weighted=False, schools=Identity(1))
    model = replace(model, levels=model.levels[:1])
    variance, residual = 0.7, 1.3
    coefficients = np.array([1.1, 0.6])
    estimates = 0.5 * np.log([variance, residual])
    scores = group_scores(model, coefficients, estimates, data.school)
    for school in range(8):
        rows = data.school == school
        x, e = model.fixed[rows], data.y[rows] - model.fixed[rows] @ coefficients
        ones = np.ones((len(e), len(e)))
        inverse = np.linalg.inv(variance * ones + residual * np.eye(len(e)))
        r = inverse @ e
        wanted = [
            *(x.T @ r),
            variance * (r @ ones @ r - np.trace(inverse @ ones)),
            residual * (r @ r - np.trace(inverse)),
        ]
        np.testing.assert_allclose(scores[school], wanted, rtol=1e-9, atol=1e-9)


def test_observations_are_groups_of_a_model_without_levels() -> None:
    data = pupils(13, whole=False)
    model = replace(data.model(weighted=False), levels=())
    scores = group_scores(model, np.array([1.0, 0.5]), np.array([0.2]), np.arange(len(data.y)))
    e = data.y - model.fixed @ [1.0, 0.5]
    precision = np.exp(-0.4)
    np.testing.assert_allclose(scores[:, :2], precision * e[:, None] * model.fixed, atol=1e-12)
    np.testing.assert_allclose(scores[:, 2], precision * e**2 - 1.0, atol=1e-12)
