"""Residual correlation structures: dense formulas, derivatives, and the scale of the search."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.engine.autoregression import (
    autocorrelations,
    moving_average_autocorrelations,
    partial_autocorrelations,
    stationary_coefficients,
)
from statalike.engine.linear.residual_errors import ResidualFamily
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    BandedResiduals,
    ExchangeableResiduals,
    ExponentialResiduals,
    IndependentResiduals,
    MovingAverageResiduals,
    ResidualStructure,
    ToeplitzResiduals,
    UnstructuredResiduals,
)

TIMES = np.array([[0.0, 1, 2, 4, 7], [0, 2, 3, 4, 5]])

STRUCTURES: dict[str, ResidualStructure] = {
    "independent": IndependentResiduals(),
    "exchangeable": ExchangeableResiduals(),
    "exponential": ExponentialResiduals(),
    "ar 1": AutoregressiveResiduals(1),
    "ar 3": AutoregressiveResiduals(3),
    "ma 1": MovingAverageResiduals(1),
    "ma 2": MovingAverageResiduals(2),
    "toeplitz 3": ToeplitzResiduals((1, 2, 3)),
    "unstructured": UnstructuredResiduals(8, 7),
    "banded 2": BandedResiduals(8, 2),
    "banded 0": BandedResiduals(8, 0),
}

structures = pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())


def somewhere(structure: ResidualStructure, seed: int = 1) -> np.ndarray:
    """Search parameters near the starting ones."""
    rng = np.random.default_rng(seed)
    return structure.start() + 0.15 * rng.normal(size=structure.parameter_count)


def slopes(
    function: Callable[[np.ndarray], np.ndarray], at: np.ndarray, step: float = 1e-6
) -> np.ndarray:
    """Central differences of a vector function, the parameter first."""
    moves = step * np.eye(len(at))
    return np.array([(function(at + m) - function(at - m)) / (2 * step) for m in moves])


@structures
def test_derivatives(structure: ResidualStructure) -> None:
    c = structure.from_search(somewhere(structure))[0]
    found = structure.derivatives(c, TIMES)
    assert found.shape == (structure.parameter_count, 2, 5, 5)
    if len(c):
        expected = slopes(lambda x: structure.correlation(x, TIMES), c)
        np.testing.assert_allclose(found, expected, atol=1e-8)


@structures
def test_search_parameters_lead_there_and_back(structure: ResidualStructure) -> None:
    psi = somewhere(structure)
    c, jacobian = structure.from_search(psi)
    np.testing.assert_allclose(structure.to_search(c), psi, atol=1e-10)
    if len(psi):
        expected = slopes(lambda x: structure.from_search(x)[0], psi).T
        np.testing.assert_allclose(jacobian, expected, atol=1e-8)


@structures
def test_a_correlation_matrix(structure: ResidualStructure) -> None:
    found = structure.correlation(structure.from_search(somewhere(structure))[0], TIMES)
    np.testing.assert_allclose(np.diagonal(found, axis1=1, axis2=2), 1.0)
    np.testing.assert_allclose(found, found.swapaxes(1, 2))
    assert np.all(np.linalg.eigvalsh(found) > 0)


def test_autoregression_of_order_1_is_a_power() -> None:
    found = AutoregressiveResiduals(1).correlation(np.array([np.arctanh(-0.6)]), TIMES)
    lags = np.abs(TIMES[:, :, None] - TIMES[:, None, :])
    np.testing.assert_allclose(found, (-0.6) ** lags)


def test_exponential_at_real_times() -> None:
    times = np.array([[0.0, 0.3, 1.7]])
    found = ExponentialResiduals().correlation(np.array([np.log(0.4 / 0.6)]), times)
    np.testing.assert_allclose(found[0, 0], [1.0, 0.4**0.3, 0.4**1.7])


def test_autocorrelations_of_an_autoregression_by_its_infinite_moving_average() -> None:
    phi = np.array([0.5, -0.3, 0.2])
    weights = np.zeros(2000)
    weights[0] = 1.0
    for k in range(1, len(weights)):
        before = weights[max(k - 3, 0) : k][::-1]
        weights[k] = phi[: len(before)] @ before
    covariances = np.array([weights[: len(weights) - k] @ weights[k:] for k in range(9)])
    np.testing.assert_allclose(autocorrelations(phi, 8)[0], covariances / covariances[0])


def test_autocorrelations_of_moving_averages() -> None:
    found = moving_average_autocorrelations(np.array([0.5, 0.25]), 4)[0]
    total = 1 + 0.25 + 0.0625
    np.testing.assert_allclose(found, [1, (0.5 + 0.125) / total, 0.25 / total, 0, 0])


@given(st.lists(st.floats(-0.95, 0.95), min_size=1, max_size=5))
def test_partial_autocorrelations_of_coefficients(partial: list[float]) -> None:
    phi, _ = stationary_coefficients(np.array(partial))
    np.testing.assert_allclose(partial_autocorrelations(phi), partial, atol=1e-6)
    roots = np.roots(np.concatenate([[1.0], -phi]))
    assert np.all(np.abs(roots) < 1.0)


def test_explosive_autoregressions_are_undefined() -> None:
    found = AutoregressiveResiduals(2).correlation(np.array([0.9, 0.3]), TIMES)
    assert np.all(np.isnan(found))


def test_banded_matrices_are_zero_outside_the_band() -> None:
    structure = BandedResiduals(5, 1)
    found = structure.correlation(structure.from_search(np.full(4, 0.5))[0], np.arange(5.0)[None])
    rows, columns = np.triu_indices(5, 2)
    np.testing.assert_array_equal(found[0, rows, columns], 0.0)
    assert np.all(np.abs(np.diagonal(found[0], 1)) > 0.3)


def test_moments_that_are_no_correlation_matrix_are_shrunk() -> None:
    structure = BandedResiduals(4, 1)
    moments = np.full((4, 4), 0.9)
    psi = structure.search_from_moments(moments)
    found = structure.correlation(structure.from_search(psi)[0], np.arange(4.0)[None])
    assert np.linalg.eigvalsh(found[0])[0] > 0
    assert np.all(np.diagonal(found[0], 1) > 0.2)


@structures
@pytest.mark.parametrize("by_count", [1, 3])
def test_family(structure: ResidualStructure, by_count: int) -> None:
    family = ResidualFamily(structure, by_count)
    rng = np.random.default_rng(2)
    parameters = family.from_search(family.start() + 0.15 * rng.normal(size=family.count))[0]
    by = np.array([0, by_count - 1])
    matrix = family.covariance(parameters, by, TIMES)
    deviations = family.deviations(parameters)
    kinds = family.kinds(by, TIMES)
    spread = np.sqrt(np.diagonal(matrix, axis1=1, axis2=2))
    np.testing.assert_allclose(spread, deviations[kinds])
    if not family.count:
        return
    expected = slopes(lambda x: family.covariance(x, by, TIMES), parameters)
    found = family.derivatives(parameters, by, TIMES)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    weights = rng.normal(size=matrix.shape)
    weights = weights + weights.swapaxes(1, 2)
    np.testing.assert_allclose(
        family.contract(parameters, by, TIMES, matrix, weights),
        np.einsum("uij,kuij->k", weights, found),
        atol=1e-10,
    )
