from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.convergence_diagnosis import diagnose

Array = NDArray[np.float64]
INSIDE = np.zeros(2, dtype=bool)


def test_a_maximum_is_trusted() -> None:
    hessian = -np.array([[2.0, 0.5], [0.5, 1.0]])
    found = diagnose(np.array([1.0, -3.0]), -50.0, np.array([1e-5, 2e-5]), hessian, INSIDE)
    assert found.trustworthy and not found.flat.any() and not found.steep.any()
    gradient = np.array([1e-5, 2e-5])
    assert found.scaled_gradient == pytest.approx(gradient @ np.linalg.solve(-hessian, gradient))
    np.testing.assert_allclose(found.relative_gradient, [1e-5 / 50, 6e-5 / 50])
    scaled = np.linalg.eigvalsh([[1.0, 0.5 / np.sqrt(2)], [0.5 / np.sqrt(2), 1.0]])
    assert found.condition == pytest.approx(scaled[1] / scaled[0])


@pytest.mark.parametrize("units", [1e-8, 1.0, 1e8])
def test_units_do_not_matter(units: float) -> None:
    turn = np.diag([units, 1.0])
    hessian, gradient = -np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1e-3, 1e-3])
    plain = diagnose(np.ones(2), -50.0, gradient, hessian, INSIDE)
    other = diagnose(np.ones(2), -50.0, turn @ gradient, turn @ hessian @ turn, INSIDE)
    assert other.scaled_gradient == pytest.approx(plain.scaled_gradient)
    assert other.condition == pytest.approx(plain.condition)


def test_the_direction_that_is_flat_names_its_parameters() -> None:
    """Of three parameters the first two occur in their sum only."""
    rows = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    hessian = -(rows.T @ rows)
    found = diagnose(np.zeros(3), -5.0, np.zeros(3), hessian, np.zeros(3, dtype=bool))
    np.testing.assert_array_equal(found.flat, [True, True, False])
    assert not found.trustworthy and found.condition > 1e8


def test_a_parameter_without_any_information() -> None:
    known = np.array([False, True])
    noise = diagnose(np.zeros(2), -5.0, np.zeros(2), -np.diag([1.0, 1e-14]), INSIDE, known)
    assert not noise.trustworthy and noise.flat.tolist() == [False, True]
    found = diagnose(np.zeros(2), -5.0, np.zeros(2), -np.diag([1.0, 0.0]), INSIDE)
    np.testing.assert_array_equal(found.flat, [False, True])
    assert np.isinf(found.condition) and np.isnan(found.scaled_gradient)


def test_parameters_at_the_boundary_do_not_count() -> None:
    edge = np.array([False, True])
    found = diagnose(np.zeros(2), -5.0, np.array([0.0, 3.0]), -np.diag([1.0, 0.0]), edge)
    assert found.trustworthy and not found.flat.any() and found.condition == 1.0
    every = diagnose(np.zeros(2), -5.0, np.zeros(2), np.zeros((2, 2)), np.ones(2, dtype=bool))
    assert every.trustworthy


def test_a_saddle_and_a_slope_are_not_maxima() -> None:
    saddle = diagnose(np.zeros(2), -5.0, np.zeros(2), -np.array([[1.0, 2.0], [2.0, 1.0]]), INSIDE)
    assert not saddle.trustworthy and np.isnan(saddle.scaled_gradient)
    slope = diagnose(np.zeros(2), -5.0, np.array([1.0, 0.0]), -np.eye(2), INSIDE)
    assert not slope.trustworthy
    np.testing.assert_array_equal(slope.steep, [True, False])
