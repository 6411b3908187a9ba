"""Covariance matrices with equal, vanishing and given entries."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.generalized.cholesky_scale import CholeskyScale
from statalike.engine.patterned_covariance import (
    Patterned,
    equal_entries_pattern,
    fixed_pattern,
    fixed_values,
    pattern_of,
)

NAN = np.nan


@pytest.mark.parametrize(
    "structure", [Identity(3), Independent(3), Exchangeable(3), Unstructured(3)]
)
def test_named_structures_are_patterns(structure: CovarianceStructure) -> None:
    pattern = pattern_of(structure)
    np.testing.assert_array_equal(pattern.basis, structure.basis)
    assert pattern.parameters == structure.parameters


def test_equal_entries_share_a_parameter() -> None:
    pattern = equal_entries_pattern(np.array([[1.0, 9, 9], [2, 1, 9], [NAN, 2, NAN]]))
    np.testing.assert_array_equal(
        pattern.matrix(np.array([5.0, 7.0, 0.5, 0.25])),
        [[5.0, 0.5, 0.25], [0.5, 5.0, 0.5], [0.25, 0.5, 7.0]],
    )


def test_entries_fixed_at_zero_are_no_parameters() -> None:
    given = np.array([[0.5, 3.0], [0.0, NAN]])
    pattern = fixed_pattern(given)
    assert pattern.parameter_count == 2
    np.testing.assert_array_equal(fixed_values(pattern, given), [0.5, NAN])


def test_only_the_lower_triangle_is_read() -> None:
    lower = np.array([[1.0, 0.0], [0.3, 2.0]])
    np.testing.assert_array_equal(fixed_values(fixed_pattern(lower), lower), [1.0, 2.0, 0.3])


def test_projection_is_the_nearest_member() -> None:
    pattern = equal_entries_pattern(np.array([[1.0, 0], [2, 1]]))
    random = np.random.default_rng(3)
    matrix = random.standard_normal((2, 2))
    matrix = matrix + matrix.T
    phi = pattern.project(matrix)

    def distance(values: np.ndarray) -> float:
        return float(np.sum((pattern.matrix(values) - matrix) ** 2))

    for move in 0.01 * random.standard_normal((8, 2)):
        assert distance(phi + move) > distance(phi)
    gradient = random.standard_normal(2)
    member = pattern.gradient_matrix(gradient)
    traces = [np.trace(member @ basis) for basis in pattern.basis]
    np.testing.assert_allclose(traces, gradient)


def test_a_variance_cannot_be_zero() -> None:
    with pytest.raises(ValueError, match="variance"):
        Patterned(2, (0, 1, -1))
    with pytest.raises(ValueError, match="label"):
        Patterned(2, (0,))


@pytest.mark.parametrize(
    "pattern",
    [
        equal_entries_pattern(np.array([[1.0, 0, 0], [2, 1, 0], [3, 3, 4]])),
        fixed_pattern(np.diag([1.0, 2.0, 3.0])),
    ],
)
def test_cholesky_factor_against_differences(pattern: Patterned) -> None:
    scale = CholeskyScale(pattern)
    phi = np.array([1.5, 0.8, 0.2, 0.1][: pattern.parameter_count])
    found = scale.factor(phi)
    rows, columns = np.array(scale.entries).T
    root = np.zeros((3, 3))
    root[rows, columns] = found.values
    np.testing.assert_allclose(root @ root.T, pattern.matrix(phi), atol=1e-12)
    for k in range(len(phi)):
        move = 1e-6 * np.eye(len(phi))[k]
        ahead, behind = scale.factor(phi + move), scale.factor(phi - move)
        np.testing.assert_allclose(
            (ahead.values - behind.values) / 2e-6, found.jacobian[:, k], atol=1e-8
        )
        np.testing.assert_allclose(
            (ahead.jacobian - behind.jacobian) / 2e-6, found.curvature[:, k], atol=1e-7
        )
    np.testing.assert_allclose(scale.start(phi), phi)
