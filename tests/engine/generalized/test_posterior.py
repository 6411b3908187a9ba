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
