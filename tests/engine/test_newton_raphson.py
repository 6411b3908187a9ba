from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.newton_raphson import (
    ConvergenceRules,
    IterationRecord,
    ascent_direction,
    maximise,
)

Array = NDArray[np.float64]


def quadratic(x: Array, derivatives: bool) -> tuple[float, Array, Array]:
    """Maximum 3 at (1, -2)."""
    centre, curvature = np.array([1.0, -2.0]), np.array([[2.0, 0.5], [0.5, 1.0]])
    e = x - centre
    return 3.0 - 0.5 * float(e @ curvature @ e), -curvature @ e, -curvature


def rosenbrock(x: Array, derivatives: bool) -> tuple[float, Array, Array]:
    """Minus Rosenbrock's function: maximum 0 at (1, 1), convex in places."""
    a, b = x
    value = -((1 - a) ** 2) - 100 * (b - a * a) ** 2
    gradient = np.array([2 * (1 - a) + 400 * a * (b - a * a), -200 * (b - a * a)])
    hessian = np.array([[-2 + 400 * (b - 3 * a * a), 400 * a], [400 * a, -200.0]])
    return float(value), gradient, hessian


def well(x: Array, derivatives: bool) -> tuple[float, Array, Array]:
    """``x^2 - x^4``: minimum at 0, maxima at plus and minus the root of one half."""
    t = float(x[0])
    return t * t - t**4, np.array([2 * t - 4 * t**3]), np.array([[2 - 12 * t * t]])


def test_a_quadratic_takes_one_step_and_one_more_iteration_tells_so() -> None:
    optimum = maximise(quadratic, np.zeros(2))
    assert optimum.converged
    np.testing.assert_allclose(optimum.parameters, [1.0, -2.0])
    assert [entry.iteration for entry in optimum.log] == [0, 1, 2]
    assert optimum.value == 3.0 and optimum.iterations == 2
    np.testing.assert_array_equal(optimum.start, [0.0, 0.0])


def test_from_the_maximum_there_is_one_iteration() -> None:
    optimum = maximise(quadratic, np.array([1.0, -2.0]))
    assert optimum.converged and optimum.iterations == 1


def test_a_curved_valley_is_followed_uphill() -> None:
    seen: list[IterationRecord] = []
    optimum = maximise(rosenbrock, np.array([-1.2, 1.0]), on_iteration=seen.append)
    assert optimum.converged
    np.testing.assert_allclose(optimum.parameters, [1.0, 1.0], atol=1e-5)
    assert np.all(np.diff([entry.value for entry in seen]) >= 0)
    assert any(entry.backed_up for entry in seen)
    assert seen == optimum.log


@pytest.mark.parametrize("difficult", [False, True])
def test_out_of_a_region_that_is_not_concave(difficult: bool) -> None:
    rules = ConvergenceRules(difficult=difficult)
    optimum = maximise(well, np.array([0.05]), rules)
    assert optimum.log[0].not_concave and not optimum.log[-1].not_concave
    assert abs(optimum.parameters[0]) == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert optimum.converged


def test_the_number_of_iterations_is_a_limit() -> None:
    optimum = maximise(rosenbrock, np.array([-1.2, 1.0]), ConvergenceRules(iterations=2))
    assert not optimum.converged and optimum.iterations == 2
    none = maximise(rosenbrock, np.array([-1.2, 1.0]), ConvergenceRules(iterations=0))
    assert not none.converged and none.iterations == 0


def test_loose_tolerances_stop_early_and_the_gradient_rule_prevents_it() -> None:
    start = np.array([-1.2, 1.0])
    loose = ConvergenceRules(parameter_tolerance=0.5, use_scaled_gradient=False)
    early = maximise(rosenbrock, start, loose)
    assert early.converged and early.value < -1e-3
    strict = maximise(rosenbrock, start, ConvergenceRules(parameter_tolerance=0.5))
    assert strict.converged and strict.value > -1e-6


def test_a_flat_direction_ends_without_convergence() -> None:
    def ridge(x: Array, derivatives: bool) -> tuple[float, Array, Array]:
        total = float(x.sum())
        return -(total**2), -2 * total * np.ones(2), -2 * np.ones((2, 2))

    optimum = maximise(ridge, np.array([1.0, 2.0]))
    assert not optimum.converged and optimum.iterations < 100
    assert optimum.value == pytest.approx(0.0, abs=1e-10)


def test_undefined_values_are_backed_away_from() -> None:
    def barrier(x: Array, derivatives: bool) -> tuple[float, Array, Array]:
        """``log x - x``, whose Newton step from 3 leaves the domain."""
        if x[0] <= 0:
            return float("nan"), np.zeros(0), np.zeros(0)
        return float(np.log(x[0]) - x[0]), 1 / x - 1, -1 / x[:, None] ** 2

    optimum = maximise(barrier, np.array([3.0]))
    assert optimum.converged and optimum.log[1].backed_up
    assert optimum.parameters[0] == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(FloatingPointError):
        maximise(barrier, np.array([-1.0]))


def test_nothing_to_maximise() -> None:
    optimum = maximise(lambda x, derivatives: (1.5, x, np.zeros((0, 0))), np.zeros(0))
    assert optimum.converged and optimum.value == 1.5


def test_directions_do_not_depend_on_units() -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(3, 3))
    hessian = -(root @ root.T)
    gradient = rng.normal(size=3)
    units = np.array([1e-6, 1.0, 1e7])
    step, concave = ascent_direction(gradient, hessian, False)
    other, also = ascent_direction(gradient * units, hessian * np.outer(units, units), False)
    assert concave and also
    np.testing.assert_allclose(other * units, step, rtol=1e-6)
    np.testing.assert_allclose(step, np.linalg.solve(-hessian, gradient), rtol=1e-6)


@pytest.mark.parametrize("difficult", [False, True])
def test_directions_rise_even_where_the_objective_is_not_concave(difficult: bool) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        hessian = rng.normal(size=(4, 4))
        hessian = hessian + hessian.T
        gradient = rng.normal(size=4)
        step, _ = ascent_direction(gradient, hessian, difficult)
        assert gradient @ step > 0


def test_interruption_passes_through() -> None:
    def interrupt(record: IterationRecord) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        maximise(quadratic, np.zeros(2), on_iteration=interrupt)
