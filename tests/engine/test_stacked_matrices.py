"""The stacked operations against NumPy's, one matrix at a time, small and large."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine import stacked_matrices as stacked

Array = NDArray[np.float64]

sizes = pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 9, 12])
leading_axes = pytest.mark.parametrize("leading", [(), (4,)], ids=["plain", "points"])


def each(stack: Array) -> Array:
    return np.moveaxis(stack, -1, -3)


def positive(size: int, groups: int, leading: tuple[int, ...] = (), seed: int = 0) -> Array:
    root = np.random.default_rng(seed).normal(size=(*leading, groups, size, size + 2))
    return np.moveaxis(root @ root.swapaxes(-1, -2), -3, -1)


@sizes
@leading_axes
@pytest.mark.parametrize("groups", [1, 6])
def test_products(size: int, leading: tuple[int, ...], groups: int) -> None:
    rng = np.random.default_rng(1)
    left = rng.normal(size=(*leading, 3, size, groups))
    right = rng.normal(size=(*leading, size, 4, groups))
    np.testing.assert_allclose(each(stacked.multiply(left, right)), each(left) @ each(right))
    other = rng.normal(size=(*leading, size, 3, groups))
    expected = each(other).swapaxes(-1, -2) @ each(right)
    np.testing.assert_allclose(each(stacked.transpose_multiply(other, right)), expected)
    common = rng.normal(size=(*leading, 5, size))
    expected = common[..., None, :, :] @ each(right)
    np.testing.assert_allclose(each(stacked.multiply_common(common, right)), expected)


@sizes
@leading_axes
def test_cholesky_and_triangular_solutions(size: int, leading: tuple[int, ...]) -> None:
    stack = positive(size, 6, leading)
    factor = stacked.lower_cholesky(stack)
    lower = np.tril(each(factor))
    np.testing.assert_allclose(lower @ lower.swapaxes(-1, -2), each(stack), atol=1e-10)
    right = np.random.default_rng(2).normal(size=(size, 3, 6))
    solution = stacked.solve_lower(factor, right)
    np.testing.assert_allclose(each(solution), np.linalg.solve(lower, each(right)), atol=1e-8)
    determinant = stacked.log_determinant_sum(factor)
    expected = np.linalg.slogdet(each(stack))[1]
    np.testing.assert_allclose(determinant, expected.sum(axis=-1))
    times = np.arange(1.0, 7.0)
    np.testing.assert_allclose(stacked.log_determinant_sum(factor, times), expected @ times)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
@leading_axes
def test_triangular_inverse(size: int, leading: tuple[int, ...]) -> None:
    factor = stacked.lower_cholesky(positive(size, 6, leading))
    inverse = np.tril(each(stacked.lower_inverse(factor)))
    identity = inverse @ np.tril(each(factor))
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(size), identity.shape), atol=1e-9)


@sizes
def test_roots_of_singular_matrices(size: int) -> None:
    """Groups of rank 0, 1, ..., size: R'R is the matrix and b solves R'b = B."""
    rng = np.random.default_rng(3)
    designs = [rng.normal(size=(rank, size)) for rank in range(size + 1)]
    stack = np.stack([z.T @ z for z in designs], axis=-1)
    right = np.stack([z.T @ rng.normal(size=(len(z), 2)) for z in designs], axis=-1)
    root, inverses = stacked.semidefinite_root(stack, 1e-12)
    rows = each(root)
    np.testing.assert_allclose(rows.swapaxes(-1, -2) @ rows, each(stack), atol=1e-6)
    solution = stacked.solve_root_transpose(root, inverses, right)
    product = rows.swapaxes(-1, -2) @ each(solution)
    np.testing.assert_allclose(product, each(right), atol=1e-5)
    assert np.all(root[:, :, 0] == 0.0) and np.all(solution[:, :, 0] == 0.0)
    assert np.all(inverses[:, -1] > 0.0)


@leading_axes
@pytest.mark.parametrize("starts", [None, [0], [0, 2, 3], [0, 1, 2, 3, 4, 5]])
def test_sums_over_children(leading: tuple[int, ...], starts: list[int] | None) -> None:
    rng = np.random.default_rng(4)
    left, right = rng.normal(size=(2, *leading, 3, 2, 6))
    positions = None if starts is None else np.array(starts)
    products = each(left).swapaxes(-1, -2) @ each(right)
    bounds = [*(starts or [0]), 6]
    expected = np.stack(
        [products[..., a:b, :, :].sum(axis=-3) for a, b in pairwise(bounds)],
        axis=-1,
    )
    np.testing.assert_allclose(stacked.sum_to_parents(left, right, positions), expected)


def test_identity_is_added_in_place() -> None:
    stack = np.zeros((2, 3, 3, 4))
    stacked.add_identity(stack)
    np.testing.assert_array_equal(each(stack), np.broadcast_to(np.eye(3), (2, 4, 3, 3)))
