"""Named contrasts: R's coefficients, weighted means, orthogonality."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.contrast_coefficients import (
    adjacent_contrasts,
    grand_mean_contrasts,
    helmert_contrasts,
    polynomial_contrasts,
    reference_contrasts,
    reverse_adjacent_contrasts,
    reverse_helmert_contrasts,
)

EQUAL = np.ones(4)

#: R 4.3, contr.poly(5) and contr.poly(4, scores = c(1, 2, 4, 8)), transposed
POLYNOMIALS_5 = [
    [-0.632455532, -0.316227766, 0.0, 0.316227766, 0.632455532],
    [0.534522484, -0.267261242, -0.534522484, -0.267261242, 0.534522484],
    [-0.316227766, 0.632455532, 0.0, -0.632455532, 0.316227766],
    [0.119522861, -0.478091444, 0.717137166, -0.478091444, 0.119522861],
]
POLYNOMIALS_1248 = [
    [-0.5128776445, -0.3263766829, 0.0466252404, 0.7926290870],
    [0.529627141, -0.105925428, -0.767959355, 0.344257642],
    [-0.4543694674, 0.7951465679, -0.3975732840, 0.0567961834],
]


def test_polynomials_are_those_of_r_scaled_to_means() -> None:
    """R's rows have length one; these weight squared values by 1/k."""
    five = polynomial_contrasts(np.arange(5.0), np.ones(5))
    np.testing.assert_allclose(five * np.sqrt(5), POLYNOMIALS_5, atol=1e-9)
    uneven = polynomial_contrasts(np.array([1.0, 2.0, 4.0, 8.0]), EQUAL)
    np.testing.assert_allclose(uneven * 2, POLYNOMIALS_1248, atol=1e-9)


def test_weighted_polynomials_are_coefficients_of_a_weighted_regression() -> None:
    points, weights = np.array([0.0, 1.0, 3.0, 7.0]), np.array([3.0, 1.0, 2.0, 6.0])
    rows = polynomial_contrasts(points, weights)
    shares = weights / weights.sum()
    values = rows / shares
    np.testing.assert_allclose((values * shares) @ values.T, np.eye(3), atol=1e-12)
    line = 2.0 + 5.0 * points
    assert abs(rows[1] @ line) < 1e-12
    assert rows[0] @ line == pytest.approx(5.0 * np.sqrt(np.cov(points, aweights=weights, ddof=0)))


def test_helmert() -> None:
    forward = helmert_contrasts(EQUAL)
    np.testing.assert_allclose(
        forward,
        np.array([[1.0, -1 / 3, -1 / 3, -1 / 3], [0, 1, -0.5, -0.5], [0, 0, 1, -1]]),
        atol=1e-15,
    )
    np.testing.assert_allclose(
        reverse_helmert_contrasts(EQUAL),
        np.array([[-1.0, 1, 0, 0], [-0.5, -0.5, 1, 0], [-1 / 3, -1 / 3, -1 / 3, 1]]),
        atol=1e-15,
    )
    weighted = helmert_contrasts(np.array([5.0, 1.0, 3.0]))
    np.testing.assert_allclose(weighted, np.array([[1.0, -0.25, -0.75], [0, 1, -1]]))


def test_differences() -> None:
    np.testing.assert_array_equal(reference_contrasts(3, 1), [[1, -1, 0], [0, -1, 1]])
    np.testing.assert_array_equal(adjacent_contrasts(3), [[1, -1, 0], [0, 1, -1]])
    np.testing.assert_array_equal(reverse_adjacent_contrasts(3), [[-1, 1, 0], [0, -1, 1]])
    np.testing.assert_allclose(
        grand_mean_contrasts(np.array([1.0, 3.0])), [[0.75, -0.75], [-0.25, 0.25]]
    )


@pytest.mark.parametrize("count", [2, 3, 7])
def test_contrasts_add_up_to_zero(count: int) -> None:
    weights = np.arange(1.0, count + 1.0)
    for rows in (
        reference_contrasts(count, 0),
        adjacent_contrasts(count),
        grand_mean_contrasts(weights),
        helmert_contrasts(weights),
        reverse_helmert_contrasts(weights),
        polynomial_contrasts(weights**2, weights),
    ):
        np.testing.assert_allclose(rows.sum(axis=1), 0.0, atol=1e-12)
        assert np.linalg.matrix_rank(rows) == count - 1
