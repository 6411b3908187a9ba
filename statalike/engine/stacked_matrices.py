"""Small matrices, one for each group, stored with the groups along the last axis.

An array of shape (i, j, G) holds G matrices of i by j; leading axes, if any, hold further stacks
of that form, for instance one for each of several parameter values.  Operations run over the
groups at once: for small matrices by loops over rows and columns, each a pass over contiguous
groups, for larger ones by NumPy's stacked linear algebra.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL = 8


def groups_first(stack: Array) -> Array:
    """(..., i, j, G) to (..., G, i, j)."""
    return np.ascontiguousarray(np.moveaxis(stack, -1, -3))


def groups_last(stack: Array) -> Array:
    """(..., G, i, j) to (..., i, j, G)."""
    return np.ascontiguousarray(np.moveaxis(stack, -3, -1))


def multiply(left: Array, right: Array) -> Array:
    """Matrix products: (i, j, G) and (j, k, G) to (i, k, G)."""
    inner = left.shape[-2]
    if inner > SMALL or (inner > 1 and right.shape[-1] == 1):
        return groups_last(np.matmul(groups_first(left), groups_first(right)))
    total = left[..., :, 0, None, :] * right[..., None, 0, :, :]
    for j in range(1, inner):
        total += left[..., :, j, None, :] * right[..., None, j, :, :]
    return np.asarray(total)


def transpose_multiply(left: Array, right: Array) -> Array:
    """``left' right`` for each group: (j, i, G) and (j, k, G) to (i, k, G)."""
    return multiply(left.swapaxes(-3, -2), right)


def multiply_common(matrix: Array, stack: Array) -> Array:
    """The same (..., i, j) matrix times each of (..., j, k, G)."""
    shape = stack.shape
    flat = np.ascontiguousarray(stack).reshape(*shape[:-2], shape[-2] * shape[-1])
    product = np.matmul(matrix, flat)
    return np.asarray(product.reshape(*product.shape[:-1], *shape[-2:]))


def add_identity(stack: Array) -> None:
    """Add the identity to each matrix (q, q, G), in place."""
    position = np.arange(stack.shape[-2])
    stack[..., position, position, :] += 1.0


def lower_cholesky(stack: Array) -> Array:
    """Cholesky factors L (q, q, G), ``L L'`` the given positive definite matrices.

    Only the lower triangle is read; entries above the diagonal are undefined for small matrices.
    """
    size = stack.shape[-2]
    if size == 1:
        return np.sqrt(stack)
    if size > SMALL:
        return groups_last(np.asarray(np.linalg.cholesky(groups_first(stack)), dtype=np.float64))
    factor = np.empty_like(stack)
    for j in range(size):
        pivot = stack[..., j, j, :]
        for k in range(j):
            pivot = pivot - factor[..., j, k, :] ** 2
        diagonal = np.sqrt(pivot, out=factor[..., j, j, :])
        for i in range(j + 1, size):
            entry = stack[..., i, j, :]
            for k in range(j):
                entry = entry - factor[..., i, k, :] * factor[..., j, k, :]
            np.divide(entry, diagonal, out=factor[..., i, j, :])
    return factor


def solve_lower(factor: Array, right: Array) -> Array:
    """``L^-1 B``: (q, q, G) and (q, k, G) to (q, k, G)."""
    size = factor.shape[-2]
    if size == 1:
        return np.asarray(right / factor)
    if size > SMALL:
        solution = np.linalg.solve(np.tril(groups_first(factor)), groups_first(right))
        return groups_last(np.asarray(solution, dtype=np.float64))
    leading = factor.shape[:-3] if factor.ndim >= right.ndim else right.shape[:-3]
    result = np.empty((*leading, *right.shape[-3:]))
    for i in range(size):
        row = right[..., i, :, :]
        for k in range(i):
            row = row - factor[..., i, k, None, :] * result[..., k, :, :]
        np.divide(row, factor[..., i, i, None, :], out=result[..., i, :, :])
    return result


def lower_inverse(factor: Array) -> Array:
    """``L^-1`` of small lower triangular matrices (q, q, G); the upper triangle is undefined."""
    size = factor.shape[-2]
    if size == 1:
        return np.asarray(1.0 / factor)
    inverse = np.empty_like(factor)
    for i in range(size):
        diagonal = np.divide(1.0, factor[..., i, i, :], out=inverse[..., i, i, :])
        for j in range(i):
            entry = factor[..., i, j, :] * inverse[..., j, j, :]
            for k in range(j + 1, i):
                entry += factor[..., i, k, :] * inverse[..., k, j, :]
            np.multiply(entry, -diagonal, out=inverse[..., i, j, :])
    return inverse


def log_determinant_sum(factor: Array, multiplicity: Array | None = None) -> Array:
    """Sum over groups of ``log |L L'|``, each group counted ``multiplicity`` times: (...)."""
    size = factor.shape[-2]
    if size == 1:
        diagonal = factor[..., 0, 0, :]
    else:
        position = np.arange(size)
        diagonal = factor[..., position, position, :]
        if size <= SMALL:
            diagonal = np.multiply.reduce(diagonal, axis=-2)
    logarithms = np.log(diagonal)
    if diagonal.ndim == factor.ndim - 1:
        logarithms = logarithms.sum(axis=-2)
    if multiplicity is not None:
        return np.asarray(2.0 * (logarithms @ multiplicity))
    return np.asarray(2.0 * logarithms.sum(axis=-1))


def semidefinite_root(stack: Array, tolerance: float) -> tuple[Array, Array]:
    """R (q, q, G) with ``R' R`` the given positive semidefinite matrices, and the inverses (q, G)
    of its pivots, zero for rows of zeros.

    A pivot below ``tolerance`` of its diagonal entry counts as zero: the group has no information
    on that direction.  Small matrices have upper triangular R; for larger ones the rows of R are
    orthogonal and the pivots their squared lengths.
    """
    size, groups = stack.shape[0], stack.shape[2]
    if size > SMALL:
        eigenvalues, vectors = np.linalg.eigh(groups_first(stack))
        kept = eigenvalues > tolerance * np.maximum(eigenvalues[:, -1:], 0.0)
        kept &= eigenvalues > 0.0
        safe = np.where(kept, eigenvalues, 1.0)
        rows = np.where(kept, np.sqrt(safe), 0.0)[:, :, None] * vectors.swapaxes(1, 2)
        return groups_last(rows), np.ascontiguousarray(np.where(kept, 1.0 / safe, 0.0).T)
    root = np.zeros((size, size, groups))
    inverses = np.empty((size, groups))
    for j in range(size):
        pivot = stack[j, j]
        for k in range(j):
            pivot = pivot - root[k, j] ** 2
        present = pivot > tolerance * stack[j, j]
        everywhere = bool(present.all())
        root[j, j] = np.sqrt(pivot if everywhere else np.where(present, pivot, 1.0))
        np.divide(1.0, root[j, j], out=inverses[j])
        if not everywhere:
            inverses[j] *= present
            root[j, j] *= present
        for i in range(j + 1, size):
            entry = stack[j, i]
            for k in range(j):
                entry = entry - root[k, j] * root[k, i]
            np.multiply(entry, inverses[j], out=root[j, i])
    return root, inverses


def solve_root_transpose(root: Array, inverses: Array, right: Array) -> Array:
    """B_r with ``R' B_r = B`` for B in the range of R', zero in the rows where R is zero."""
    size = root.shape[0]
    if size > SMALL:
        return multiply(root, right) * inverses[:, None, :]
    result = np.empty(right.shape)
    for j in range(size):
        row = right[j]
        for k in range(j):
            row = row - root[k, j] * result[k]
        np.multiply(row, inverses[j], out=result[j])
    return result


def sum_to_parents(left: Array, right: Array, starts: NDArray[np.intp] | None) -> Array:
    """``sum left' right`` over the groups of each parent.

    ``left`` (q, i, G), ``right`` (q, k, G); ``starts`` are the positions at which the parents'
    runs of groups begin, or None when all groups have one parent.  Shape (i, k, parents).
    """
    if starts is None or len(starts) == 1:
        products = np.matmul(left, right.swapaxes(-1, -2))
        total = products[..., 0, :, :] if left.shape[-3] == 1 else products.sum(axis=-3)
        return np.asarray(total[..., None])
    product = left[..., 0, :, None, :] * right[..., 0, None, :, :]
    for c in range(1, left.shape[-3]):
        product += left[..., c, :, None, :] * right[..., c, None, :, :]
    if len(starts) < product.shape[-1]:
        product = np.add.reduceat(product, starts, axis=-1)
    return np.asarray(product)
