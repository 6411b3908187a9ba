from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize

from statalike.engine.newton_raphson import ConvergenceRules, maximise
from statalike.engine.quasi_newton import (
    ApproximateInverse,
    Technique,
    TechniquePhase,
    techniques_in_turn,
    updated_bfgs,
    updated_dfp,
)
from tests.engine.test_newton_raphson import quadratic, rosenbrock

Array = NDArray[np.float64]


class Poisson:
    """Log likelihood of a Poisson regression, its gradient and its observations' scores."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.x = np.column_stack([rng.normal(size=80), np.ones(80)])
        self.y = rng.poisson(np.exp(self.x @ [0.5, 1.0])).astype(float)
        self.hessians = 0

    def __call__(self, b: Array, derivatives: bool) -> tuple[float, Array, Array]:
        mean = np.exp(self.x @ b)
        value = float(self.y @ (self.x @ b) - mean.sum())
        if not derivatives:
            return value, np.zeros(0), np.zeros(0)
        self.hessians += 1
        return value, self.x.T @ (self.y - mean), -(self.x.T * mean) @ self.x

    def gradient(self, b: Array) -> tuple[float, Array]:
        mean = np.exp(self.x @ b)
        return float(self.y @ (self.x @ b) - mean.sum()), self.x.T @ (self.y - mean)

    def scores(self, b: Array) -> Array:
        return self.x * (self.y - np.exp(self.x @ b))[:, None]

    def maximum(self) -> Array:
        """By an optimiser of another make."""

        def loss(b: Array) -> float:
            return -self(b, False)[0]

        def slope(b: Array) -> Array:
            return -self.gradient(b)[1]

        return np.asarray(optimize.minimize(loss, np.zeros(2), jac=slope, tol=1e-12).x)


def rules(*techniques: Technique, tight: bool = True) -> ConvergenceRules:
    tolerance = 1e-10 if tight else 1e-5
    return ConvergenceRules(
        techniques=tuple(TechniquePhase(name) for name in techniques),
        scaled_gradient_tolerance=tolerance,
    )


@pytest.mark.parametrize("update", [updated_bfgs, updated_dfp])
def test_an_update_satisfies_the_secant_equation_and_stays_positive_definite(
    update: object,
) -> None:
    rng = np.random.default_rng(1)
    inverse = np.eye(4)
    for _ in range(20):
        moved, change = rng.normal(size=4), rng.normal(size=4)
        if moved @ change <= 0:
            change = -change
        inverse = update(inverse, moved, change)  # type: ignore[operator]
        np.testing.assert_allclose(inverse @ change, moved, atol=1e-8 * np.abs(inverse).max())
        np.testing.assert_allclose(inverse, inverse.T, atol=1e-8 * np.abs(inverse).max())


def test_on_a_quadratic_bfgs_learns_the_inverse_of_the_curvature() -> None:
    curvature = np.array([[2.0, 0.5], [0.5, 1.0]])
    approximation = ApproximateInverse("bfgs")
    x = np.array([3.0, 2.0])
    for _ in range(30):
        gradient = -curvature @ x
        step = approximation.step(gradient)
        if np.linalg.norm(step) < 1e-12:
            break
        length = float(gradient @ step) / float(step @ curvature @ step)
        approximation.learn(length * step, -curvature @ (length * step))
        x = x + length * step
    assert approximation.matrix is not None
    np.testing.assert_allclose(approximation.matrix, np.linalg.inv(curvature), atol=1e-6)


@pytest.mark.parametrize("technique", ["bfgs", "dfp", "nr"])
def test_every_technique_finds_the_top_of_a_curved_valley(technique: Technique) -> None:
    optimum = maximise(rosenbrock, np.array([-1.2, 1.0]), rules(technique))
    assert optimum.converged
    np.testing.assert_allclose(optimum.parameters, [1.0, 1.0], atol=1e-3)
    assert np.all(np.diff([entry.value for entry in optimum.log]) >= 0)


@pytest.mark.parametrize("techniques", [("bhhh",), ("bfgs",), ("dfp",), ("nr",), ("bhhh", "nr")])
def test_a_poisson_regression(techniques: tuple[Technique, ...]) -> None:
    objective = Poisson()
    optimum = maximise(objective, np.zeros(2), rules(*techniques))
    assert optimum.converged
    np.testing.assert_allclose(optimum.parameters, objective.maximum(), atol=1e-4)
    np.testing.assert_allclose(optimum.hessian, objective(optimum.parameters, True)[2])


def test_hessians_are_computed_only_when_they_are_needed() -> None:
    objective = Poisson()
    optimum = maximise(objective, np.zeros(2), rules("bfgs", tight=False))
    assert 0 < objective.hessians < optimum.iterations
    with_quasi = Poisson()
    tolerance = ConvergenceRules(techniques=(TechniquePhase("bfgs"),), quasi_tolerance=1e-8)
    assert maximise(with_quasi, np.zeros(2), tolerance).converged
    assert with_quasi.hessians == 1  # the one at the end


def test_techniques_take_turns() -> None:
    turns = techniques_in_turn((TechniquePhase("nr", 2), TechniquePhase("bfgs", 1)))
    assert [next(turns) for _ in range(7)] == ["nr", "nr", "bfgs", "nr", "nr", "bfgs", "nr"]
    phases = (TechniquePhase("bfgs", 3), TechniquePhase("nr", 2))
    optimum = maximise(rosenbrock, np.array([-1.2, 1.0]), ConvergenceRules(techniques=phases))
    used = [entry.technique for entry in optimum.log]  # the one that comes next
    assert used[:7] == ["bfgs", "bfgs", "bfgs", "nr", "nr", "bfgs", "bfgs"]


def test_bhhh_needs_scores() -> None:
    with pytest.raises(ValueError, match="scores"):
        maximise(quadratic, np.zeros(2), rules("bhhh"))


def test_a_record_tells_of_the_step_and_what_it_is_judged_by() -> None:
    optimum = maximise(rosenbrock, np.array([-1.2, 1.0]))
    first, second, *_ = optimum.log
    assert first.measures is None and first.trials == ()
    assert second.trials[0].length == 1.0
    step = np.linalg.solve(-first.hessian, first.gradient)
    np.testing.assert_allclose(second.step_length, np.linalg.norm(step))
    last = optimum.log[-1].measures
    assert last is not None and last.scaled_gradient < 1e-5
    backed = next(entry for entry in optimum.log if entry.backed_up)
    assert [trial.length for trial in backed.trials[:2]] == [1.0, 0.5]
