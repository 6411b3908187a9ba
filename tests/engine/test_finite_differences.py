from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.finite_differences import central_differences, difference_hessian

Array = NDArray[np.float64]


def bowl(points: Array) -> Array:
    """``-100 - x^2 - 3 x y - 5 y^2`` for each point."""
    x, y = points[:, 0], points[:, 1]
    return np.asarray(-100.0 - x**2 - 3 * x * y - 5 * y**2)


def value(x: Array) -> float:
    return float(bowl(x[None])[0])


def test_gradient_and_hessian_of_a_quadratic_are_exact() -> None:
    x = np.array([0.3, -0.2])
    differences = central_differences(bowl, x, value(x), np.array([-2.0, -10.0]))
    assert differences is not None
    np.testing.assert_allclose(differences.gradient, [0.0, 1.1], atol=1e-6)
    hessian = difference_hessian(bowl, x, value(x), np.array([-2.0, -10.0]))
    assert hessian is not None
    np.testing.assert_allclose(hessian, [[-2, -3], [-3, -10]], rtol=1e-4)


def test_steps_change_the_value_by_the_wanted_amount() -> None:
    """At the maximum the first guess of the step, 1e-6, changes next to nothing."""
    x = np.zeros(2)
    differences = central_differences(bowl, x, value(x), np.array([-2.0, -10.0]))
    assert differences is not None
    change = np.abs(differences.above - value(x)) / abs(value(x))
    assert np.all((change >= 1e-8) & (change <= 1e-7))
    doublings = np.log2(differences.steps / 1e-6)
    np.testing.assert_allclose(doublings, np.round(doublings), atol=1e-9)


def test_a_usable_first_step_is_kept() -> None:
    def steep(points: Array) -> Array:
        return np.asarray(-1000.0 - 10 * (points[:, 0] - 2.0) ** 2)

    x = np.array([2.0])
    differences = central_differences(steep, x, -1000.0, np.array([-20.0]))
    assert differences is not None
    assert differences.steps[0] == pytest.approx(1e-3 * 2.001)


@pytest.mark.parametrize("guess", [1e-3, 0.1, 10.0, 1e3])
def test_a_wrong_guess_of_the_curvature_is_made_good(guess: float) -> None:
    x = np.zeros(2)
    differences = central_differences(bowl, x, value(x), guess * np.array([2.0, 10.0]))
    assert differences is not None
    change = np.abs(differences.above - value(x)) / abs(value(x))
    assert np.all((change >= 1e-8) & (change <= 1e-7))


def test_steps_too_large_are_halved() -> None:
    def steep(points: Array) -> Array:
        return np.asarray(-1.0 - 1e3 * points[:, 0] ** 2)

    differences = central_differences(steep, np.array([5.0]), -1.0 - 25e3, np.array([-2e3]))
    assert differences is not None
    assert differences.steps[0] < 5.001e-3


def test_flat_and_undefined_functions_have_no_differences() -> None:
    x = np.array([1.0])
    assert central_differences(lambda points: np.ones(len(points)), x, 1.0, np.ones(1)) is None
    assert (
        difference_hessian(lambda points: np.full(len(points), np.nan), x, 1.0, np.ones(1)) is None
    )
    assert difference_hessian(lambda points: np.ones(len(points)), x, 1.0, np.ones(1)) is None
