from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from statalike.engine.errors import EstimationError
from statalike.engine.linear.constrained import constrained_model, unconstrained_fit
from statalike.engine.linear.fit import FitOptions, fit_linear_mixed_model
from statalike.engine.linear_constraints import (
    ConstrainedObjective,
    constrained_space,
    independent_constraints,
)
from statalike.engine.newton_raphson import maximise
from tests.engine.linear.examples import sleepstudy
from tests.engine.test_quasi_newton import Poisson, rules


def test_every_point_of_the_space_satisfies_the_constraints() -> None:
    rng = np.random.default_rng(2)
    weights, constants = rng.normal(size=(3, 7)), rng.normal(size=3)
    weights[:, 4] = 0.0
    space = constrained_space(weights, constants)
    assert space.basis.shape == (7, 4)
    for _ in range(5):
        b = space.parameters(rng.normal(size=4))
        np.testing.assert_allclose(weights @ b, constants, atol=1e-12)
        np.testing.assert_allclose(space.parameters(space.reduced(b)), b, atol=1e-12)
    np.testing.assert_allclose(space.basis.T @ space.basis, np.eye(4), atol=1e-12)
    assert sorted(np.count_nonzero(space.basis, axis=0))[0] == 1  # parameter 4 has its own column


def test_parameters_that_constraints_leave_no_freedom_are_fixed() -> None:
    space = constrained_space(np.array([[2.0, 0, 0, 0], [1.0, 0, 1, 1]]), np.array([12.0, 1.0]))
    np.testing.assert_array_equal(space.fixed, [True, False, False, False])
    np.testing.assert_allclose(space.origin[0], 6.0)
    assert not np.any(space.covariance(np.eye(2))[0])


def test_units_do_not_matter() -> None:
    space = constrained_space(np.array([[1e-8, 0, 1e-8]]), np.array([3e-8]))
    np.testing.assert_allclose(space.origin, [1.5, 0.0, 1.5])


def test_redundant_constraints_are_found_and_contradictions_refused() -> None:
    weights = np.array([[1.0, -1, 0], [0, 1, -1], [1, 0, -1], [2, 0, -2]])
    np.testing.assert_array_equal(
        independent_constraints(weights, np.array([1.0, 2, 3, 6])), [True, True, False, False]
    )
    with pytest.raises(EstimationError) as caught:
        independent_constraints(weights, np.array([1.0, 2, 4, 8]))
    assert caught.value.kind == "inconsistent_constraints"
    with pytest.raises(EstimationError):
        independent_constraints(np.zeros((1, 3)), np.array([1.0]))


@pytest.mark.parametrize("technique", ["nr", "bfgs", "bhhh"])
def test_a_constrained_maximum_has_its_gradient_across_the_constraints(technique: str) -> None:
    objective = Poisson()
    weights = np.array([[1.0, 1.0]])
    space = constrained_space(weights, np.array([1.2]))
    optimum = maximise(
        ConstrainedObjective(objective, space),
        space.reduced(np.zeros(2)),
        rules(technique),  # type: ignore[arg-type]
    )
    b = space.parameters(optimum.parameters)
    assert optimum.converged
    assert b.sum() == pytest.approx(1.2)
    gradient = objective.gradient(b)[1]
    np.testing.assert_allclose(gradient[0], gradient[1], atol=1e-2)
    # Along the line, values are smaller on both sides.
    for side in (-0.05, 0.05):
        assert objective(b + side * np.array([1.0, -1.0]), False)[0] < optimum.value


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_a_mixed_model_under_a_constraint_is_one_of_the_remaining_covariates(method: str) -> None:
    """With the slope held at 10, sleepstudy is a model of ``y - 10 days`` with an intercept."""
    model = sleepstudy()
    exact = FitOptions(finite_differences=False)
    constant = int(np.flatnonzero(np.ptp(model.fixed, axis=0) == 0)[0])
    slope = 1 - constant
    weights = np.zeros((1, 2))
    weights[0, slope] = 1.0
    space = constrained_space(weights, np.array([10.0]))
    fit = unconstrained_fit(
        fit_linear_mixed_model(constrained_model(model, space), method, exact),  # type: ignore[arg-type]
        space,
    )
    by_hand = replace(
        model,
        outcome=model.outcome - 10 * model.fixed[:, slope],
        fixed=model.fixed[:, [constant]],
    )
    direct = fit_linear_mixed_model(by_hand, method, exact)  # type: ignore[arg-type]
    assert fit.log_likelihood == pytest.approx(direct.log_likelihood, abs=1e-8)
    assert fit.coefficients[slope] == 10.0
    assert fit.coefficients[constant] == pytest.approx(direct.coefficients[0])
    assert fit.coefficient_covariance[slope, slope] == 0.0
    assert fit.coefficient_covariance[constant, constant] == pytest.approx(
        direct.coefficient_covariance[0, 0]
    )
