"""Empirical Bayes predictions against integration and optimisation by other means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.posterior import (
    PosteriorRules,
    crossed_posterior_modes,
    posterior_effects,
)
from tests.engine.generalized.simulated_models import logistic_density, logistic_model
from tests.engine.generalized.test_crossed_laplace import crossed_model


def test_means_against_integration() -> None:
    model = logistic_model((Identity(1),))
    point = Point(np.array([0.3, 0.6, -0.5]), np.zeros(0), (np.array([[0.8]]),))
    (found,) = posterior_effects(model, point, "mean", PosteriorRules(31))
    eta = model.fixed @ point.coefficients
    for group in range(6):
        own = model.levels[0].groups == group

        def moment(power: int, own: np.ndarray = own) -> float:
            def integrand(u: float) -> float:
                density = logistic_density(model.outcome[0, own], eta[own] + u)
                return float(u**power * density * np.exp(-0.5 * (u / 0.8) ** 2))

            return float(integrate.quad(integrand, -9.0, 9.0, epsabs=1e-14)[0])

        mean = moment(1) / moment(0)
        deviation = np.sqrt(moment(2) / moment(0) - mean**2)
        row = found.group[own][0]
        assert found.effects[row, 0] == pytest.approx(mean, rel=1e-8)
        assert found.standard_errors[row, 0] == pytest.approx(deviation, rel=1e-7)


def test_means_at_two_levels_against_integration() -> None:
    model = logistic_model((Identity(1), Identity(1)), groups=(2, 2), size=4)
    deviations = (0.9, 0.6)
    roots = tuple(np.array([[deviation]]) for deviation in deviations)
    point = Point(np.array([0.3, 0.6, -0.5]), np.zeros(0), roots)
    outer, inner = posterior_effects(model, point, "mean", PosteriorRules(25))
    eta = model.fixed @ point.coefficients
    # A dense grid for each of the three effects of an outer group
    grid = np.linspace(-6.0, 6.0, 241)
    prior = np.exp(-0.5 * grid**2)
    for group in range(2):
        own = [
            np.flatnonzero((model.levels[0].groups == group) & (model.levels[1].groups == cell))
            for cell in (2 * group, 2 * group + 1)
        ]
        lower = []
        for rows in own:
            u = deviations[0] * grid[:, None, None] + deviations[1] * grid[None, :, None]
            density = logistic_density(model.outcome[0, rows], eta[rows] + u)
            lower.append(density * prior)
        sums = [part.sum(axis=1) for part in lower]
        weights = prior * sums[0] * sums[1]
        weights /= weights.sum()
        mean = float(weights @ grid)
        spread = np.sqrt(weights @ grid**2 - mean**2)
        row = outer.group[own[0]][0]
        assert outer.effects[row, 0] == pytest.approx(deviations[0] * mean, rel=1e-6)
        assert outer.standard_errors[row, 0] == pytest.approx(deviations[0] * spread, rel=1e-6)
        for rows, part, total in zip(own, lower, sums, strict=True):
            first = weights @ (part @ grid / total)
            second = weights @ (part @ grid**2 / total)
            row = inner.group[rows][0]
            assert inner.effects[row, 0] == pytest.approx(deviations[1] * first, rel=1e-6)
            spread = deviations[1] * np.sqrt(second - first**2)
            assert inner.standard_errors[row, 0] == pytest.approx(spread, rel=1e-6)


def test_searches_end_where_they_are_told_to() -> None:
    model = logistic_model((Unstructured(2),), groups=(3,), size=8)
    point = Point(np.array([0.3, 0.6, -0.5]), np.zeros(0), (np.array([[0.7, 0.0], [0.3, 0.5]]),))
    for estimate in ("mean", "mode"):
        (full,) = posterior_effects(model, point, estimate)
        (short,) = posterior_effects(model, point, estimate, PosteriorRules(iterations=1))
        (rough,) = posterior_effects(model, point, estimate, PosteriorRules(tolerance=0.5))
        assert np.max(np.abs(short.effects - full.effects)) > 1e-4
        assert np.max(np.abs(rough.effects - full.effects)) > 1e-9
        (fine,) = posterior_effects(model, point, estimate, PosteriorRules(tolerance=1e-14))
        assert fine.effects == pytest.approx(full.effects, abs=1e-6)


def test_modes_against_optimisation() -> None:
    model = logistic_model((Unstructured(2),), groups=(3,), size=8)
    root = np.array([[0.7, 0.0], [0.3, 0.5]])
    point = Point(np.array([0.3, 0.6, -0.5]), np.zeros(0), (root,))
    (found,) = posterior_effects(model, point, "mode")
    inverse = np.linalg.inv(root @ root.T)
    for group in range(3):
        own = model.levels[0].groups == group
        z, eta = model.fixed[own, :2], model.fixed[own] @ point.coefficients
        sign = np.where(model.outcome[0, own] == 1.0, -1.0, 1.0)

        def negative(
            u: np.ndarray, z: np.ndarray = z, eta: np.ndarray = eta, sign: np.ndarray = sign
        ) -> float:
            return float(np.sum(np.log1p(np.exp(sign * (eta + z @ u)))) + 0.5 * u @ inverse @ u)

        best = optimize.minimize(negative, np.zeros(2), method="BFGS", options={"gtol": 1e-9}).x
        p = 1.0 / (1.0 + np.exp(-(eta + z @ best)))
        curvature = z.T @ (z * (p * (1.0 - p))[:, None]) + inverse
        row = found.group[own][0]
        assert found.effects[row] == pytest.approx(best, abs=1e-6)
        expected = np.sqrt(np.diag(np.linalg.inv(curvature)))
        assert found.standard_errors[row] == pytest.approx(expected, rel=1e-6)


def test_crossed_modes_solve_their_equations() -> None:
    model = crossed_model()
    root = np.array([[0.7, 0.0], [0.3, 0.9]])
    point = Point(np.array([0.4, -0.2]), np.zeros(0), (root, np.array([[0.6]])))
    rows, columns = crossed_posterior_modes(model, point)
    eta = model.fixed @ point.coefficients + columns.effects[columns.group, 0]
    eta += np.sum(model.fixed * rows.effects[rows.group], axis=1)
    residual = model.outcome[0] - 1.0 / (1.0 + np.exp(-eta))
    sums = np.stack([np.bincount(rows.group, residual * x) for x in model.fixed.T], axis=1)
    assert rows.effects == pytest.approx(sums @ (root @ root.T), abs=1e-5)
    totals = np.bincount(columns.group, residual)
    assert columns.effects[:, 0] == pytest.approx(0.36 * totals, abs=1e-5)
    assert np.all(columns.standard_errors < 0.6)
