"""Every structure at every small size: basis, scales, derivatives and projections."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    OptimisationScale,
    Reparameterisation,
    Unstructured,
    block_diagonal,
)

Array = NDArray[np.float64]

KINDS: list[type[CovarianceStructure]] = [Identity, Independent, Exchangeable, Unstructured]
SCALES: list[OptimisationScale] = ["square_root", "logarithm"]

structures = pytest.mark.parametrize(
    "structure",
    [kind(size) for kind in KINDS for size in range(6)],
    ids=lambda s: f"{s.name} {s.size}",
)


def positive_values(structure: CovarianceStructure, seed: int = 0) -> Array:
    """Parameters phi of a positive definite member."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(structure.size, structure.size + 2))
    values = structure.project(root @ root.T)
    if structure.name == "exchangeable" and structure.size > 1:
        values[1] = 0.4 * values[0]
    return values


def assert_derivatives(map_at: Callable[[Array], Reparameterisation], at: Array) -> None:
    here = map_at(at)
    step = 1e-5
    for k in range(len(at)):
        move = np.zeros(len(at))
        move[k] = step
        above, below = map_at(at + move), map_at(at - move)
        slope = (above.values - below.values) / (2 * step)
        np.testing.assert_allclose(here.jacobian[:, k], slope, rtol=1e-6, atol=1e-7)
        bend = (above.jacobian - below.jacobian) / (2 * step)
        np.testing.assert_allclose(here.curvature[:, :, k], bend, rtol=1e-6, atol=1e-6)


@structures
def test_parameter_counts(structure: CovarianceStructure) -> None:
    q = structure.size
    counts = {
        "identity": min(q, 1),
        "independent": q,
        "exchangeable": min(q, 2),
        "unstructured": q * (q + 1) // 2,
    }
    assert structure.parameter_count == counts[structure.name]
    assert structure.basis.shape == (structure.parameter_count, q, q)


def test_order_of_the_parameters_is_deviations_then_correlations_by_row() -> None:
    names = [(p.kind, p.i, p.j) for p in Unstructured(3).parameters]
    assert names == [
        ("lnsd", 0, 0),
        ("lnsd", 1, 1),
        ("lnsd", 2, 2),
        ("atanhcorr", 0, 1),
        ("atanhcorr", 0, 2),
        ("atanhcorr", 1, 2),
    ]
    assert [(p.kind, p.i, p.j) for p in Exchangeable(3).parameters] == [
        ("lnsd", 0, 0),
        ("atanhcorr", 0, 1),
    ]


@structures
def test_projection_of_a_member_gives_its_parameters(structure: CovarianceStructure) -> None:
    values = positive_values(structure)
    matrix = structure.matrix(values)
    assert matrix.shape == (structure.size, structure.size)
    np.testing.assert_allclose(np.tensordot(values, structure.basis, axes=1), matrix)
    np.testing.assert_allclose(structure.project(matrix), values, rtol=1e-12)
    assert structure.is_valid(values)


@structures
def test_projection_is_the_least_squares_one(structure: CovarianceStructure) -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(structure.size, structure.size))
    matrix = matrix + matrix.T
    flat = structure.basis.reshape(structure.parameter_count, structure.size**2)
    expected = np.linalg.lstsq(flat.T, matrix.ravel(), rcond=None)[0]
    np.testing.assert_allclose(structure.project(matrix), expected, atol=1e-12)


@structures
def test_estimation_scale(structure: CovarianceStructure) -> None:
    values = positive_values(structure, 2)
    estimation = structure.to_estimation(values)
    back = structure.from_estimation(estimation)
    np.testing.assert_allclose(back.values, values, rtol=1e-10)
    np.testing.assert_allclose(structure.values_from_estimation(estimation), values, rtol=1e-10)
    assert_derivatives(structure.from_estimation, estimation)
    matrix = structure.matrix(values)
    for k, p in enumerate(structure.parameters):
        if p.kind == "lnsd":
            expected = 0.5 * np.log(matrix[p.i, p.i])
        else:
            expected = np.arctanh(matrix[p.i, p.j] / np.sqrt(matrix[p.i, p.i] * matrix[p.j, p.j]))
        assert estimation[k] == pytest.approx(expected)


@structures
@pytest.mark.parametrize("scale", SCALES)
def test_optimisation_scales(structure: CovarianceStructure, scale: OptimisationScale) -> None:
    values = positive_values(structure, 3)
    parameters = structure.to_optimisation(values, scale)
    root = structure.matrix(parameters)
    result = root @ root if scale == "square_root" else expm(root)
    np.testing.assert_allclose(result, structure.matrix(values), rtol=1e-9, atol=1e-10)
    mapped = structure.from_optimisation(parameters, scale)
    np.testing.assert_allclose(mapped.values, values, rtol=1e-9, atol=1e-10)
    again = structure.values_from_optimisation(parameters, scale)
    np.testing.assert_allclose(again, values, rtol=1e-9, atol=1e-10)
    assert_derivatives(lambda x: structure.from_optimisation(x, scale), parameters)


@pytest.mark.parametrize("scale", SCALES)
def test_derivatives_where_eigenvalues_coincide(scale: OptimisationScale) -> None:
    structure = Unstructured(3)
    at = structure.project(0.7 * np.eye(3))
    assert_derivatives(lambda x: structure.from_optimisation(x, scale), at)


@structures
def test_gradient_matrix_is_the_member_with_that_gradient(structure: CovarianceStructure) -> None:
    gradient = np.random.default_rng(4).normal(size=structure.parameter_count)
    member = structure.gradient_matrix(gradient)
    found = np.einsum("ab,kba->k", member, structure.basis)
    np.testing.assert_allclose(found, gradient, atol=1e-12)
    np.testing.assert_allclose(structure.matrix(structure.project(member)), member, atol=1e-12)


@structures
def test_singular_and_zero_matrices_have_finite_parameters(structure: CovarianceStructure) -> None:
    zero = np.zeros(structure.parameter_count)
    assert np.all(np.isfinite(structure.to_estimation(zero)))
    np.testing.assert_allclose(structure.to_optimisation(zero, "square_root"), zero, atol=0)
    assert np.all(np.isfinite(structure.to_optimisation(zero, "logarithm")))
    perfect = structure.project(np.ones((structure.size, structure.size)))
    assert np.all(np.isfinite(structure.to_estimation(perfect)))


def test_invalid_matrices_are_told() -> None:
    assert not Unstructured(2).is_valid(np.array([1.0, 1.0, 1.5]))
    assert not Independent(2).is_valid(np.array([1.0, -0.1]))
    assert not Exchangeable(3).is_valid(np.array([1.0, -0.6]))
    with pytest.raises(ValueError, match="-1"):
        Identity(-1)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_expectation_maximisation_keeps_the_family_and_definiteness(size: int, seed: int) -> None:
    """The step is the mean of outer products of normal vectors given data of identity design."""
    rng = np.random.default_rng(seed)
    groups, count = 7, 3
    outcome = rng.normal(size=(groups, size))
    for kind in KINDS:
        structure = kind(size)
        values = positive_values(structure, seed)
        current = structure.matrix(values)
        # y_j = u_j + e_j with residual variance 1 / count: A = count I, B = count y_j.
        marginal = np.linalg.inv(np.eye(size) / count + current)
        score = -0.5 * (groups * marginal - marginal @ outcome.T @ outcome @ marginal)
        gradient = np.einsum("ab,kba->k", score, structure.basis)
        stepped = structure.expectation_maximisation_step(values, gradient, groups)
        gain = current @ marginal
        expected = gain @ outcome.T @ outcome @ gain.T / groups + current - gain @ current
        np.testing.assert_allclose(stepped, structure.project(expected), rtol=1e-8, atol=1e-10)
        assert structure.is_valid(stepped)


def test_several_equations_keep_their_parameters_apart() -> None:
    first, second = Unstructured(2), Identity(3)
    parameters = np.array([0.1, 0.3, -0.2, 0.5])
    joint = block_diagonal(
        [first.from_estimation(parameters[:3]), second.from_estimation(parameters[3:])]
    )
    assert_derivatives(
        lambda x: block_diagonal([first.from_estimation(x[:3]), second.from_estimation(x[3:])]),
        parameters,
    )
    assert len(joint.values) == 4


def test_pull_back_is_the_chain_rule() -> None:
    structure = Unstructured(2)
    rng = np.random.default_rng(5)
    quadratic = rng.normal(size=(3, 3))
    quadratic = quadratic + quadratic.T
    linear = rng.normal(size=3)

    def value(x: Array) -> float:
        phi = structure.values_from_estimation(x)
        return float(linear @ phi + 0.5 * phi @ quadratic @ phi)

    at = np.array([0.2, -0.1, 0.4])
    mapped = structure.from_estimation(at)
    gradient, hessian = mapped.pull_back(linear + quadratic @ mapped.values, quadratic)
    step = 1e-4
    unit = step * np.eye(3)
    for i in range(3):
        slope = (value(at + unit[i]) - value(at - unit[i])) / (2 * step)
        assert gradient[i] == pytest.approx(slope, rel=1e-6)
        for j in range(3):
            corners = [value(at + a * unit[i] + b * unit[j]) for a in (1, -1) for b in (1, -1)]
            bend = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
            assert hessian[i, j] == pytest.approx(bend, rel=1e-5, abs=1e-5)
