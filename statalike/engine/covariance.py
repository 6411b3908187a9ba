"""Covariance structures of random effects and the scales on which they are parameterised.

A structure of size q is a linear family of symmetric matrices ``D = sum_k phi_k B_k``: the
*reported* parameters ``phi`` are the distinct variances followed by the distinct covariances, and
``B_k`` is a fixed basis.  Three further scales cover the reported one:

- *estimation*: log standard deviations in the order of the effects, then the inverse hyperbolic
  tangents of the correlations in the order (1,2), (1,3), ..., (2,3), ...;
- *square root*: the parameters, in the same basis, of the symmetric L with ``D = L L``;
- *logarithm*: those of the symmetric L with ``D = exp(L)``.

The last two serve optimisation ([ME] mixed, Methods and formulas).  A map into the reported scale
comes with its first and second derivatives as a :class:`Reparameterisation`, so that a likelihood
needs derivatives in ``phi`` only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OptimisationScale = Literal["square_root", "logarithm"]

SMALLEST_VARIANCE = 1e-300
LARGEST_CORRELATION = 1.0 - 1e-15


@dataclass(frozen=True)
class CovarianceParameter:
    """One parameter on the estimation scale.

    ``kind`` is ``"lnsd"`` (then ``i == j``) or ``"atanhcorr"``; ``i`` and ``j`` are the positions
    of the random effects it belongs to, from 0.  In a structure whose effects share a parameter
    they are the first positions it stands for.
    """

    kind: Literal["lnsd", "atanhcorr"]
    i: int
    j: int


@dataclass(frozen=True)
class Reparameterisation:
    """Reported parameters as a function of K other parameters x.

    ``values`` is phi (K,); ``jacobian[m, k]`` is d phi_m / d x_k; ``curvature[m, k, l]`` is
    d2 phi_m / d x_k d x_l.
    """

    values: Array
    jacobian: Array
    curvature: Array

    def pull_back(self, gradient: Array, hessian: Array) -> tuple[Array, Array]:
        """Gradient and Hessian in x of a function whose derivatives in phi are given."""
        curved = hessian_of_linear_combination(gradient, self.curvature)
        return self.jacobian.T @ gradient, self.jacobian.T @ hessian @ self.jacobian + curved


def hessian_of_linear_combination(weights: Array, curvature: Array) -> Array:
    """``sum_m weights[m] curvature[m]``, the curved part of a chain rule."""
    count = len(weights)
    return np.asarray((weights @ curvature.reshape(count, -1)).reshape(curvature.shape[1:]))


def block_diagonal(parts: list[Reparameterisation]) -> Reparameterisation:
    """The joint map of several structures with separate parameters."""
    if len(parts) == 1:
        return parts[0]
    total = sum(len(part.values) for part in parts)
    jacobian = np.zeros((total, total))
    curvature = np.zeros((total, total, total))
    start = 0
    for part in parts:
        own = slice(start, start + len(part.values))
        jacobian[own, own] = part.jacobian
        curvature[own, own, own] = part.curvature
        start = own.stop
    values = np.concatenate([part.values for part in parts]) if parts else np.zeros(0)
    return Reparameterisation(values, jacobian, curvature)


def block_diagonal_matrix(blocks: Sequence[Array]) -> Array:
    """Square matrices along the diagonal of one that is zero elsewhere."""
    size = sum(len(block) for block in blocks)
    whole = np.zeros((size, size))
    start = 0
    for block in blocks:
        end = start + len(block)
        whole[start:end, start:end] = block
        start = end
    return whole


@dataclass(frozen=True)
class CovarianceStructure(ABC):
    """A linear family of q by q covariance matrices; ``size`` is q."""

    size: int
    name: ClassVar[str]

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"a covariance matrix cannot have size {self.size}")

    @cached_property
    @abstractmethod
    def parameters(self) -> tuple[CovarianceParameter, ...]:
        """The parameters of the estimation scale, in order."""

    @cached_property
    @abstractmethod
    def basis(self) -> Array:
        """The matrices B_k, shape (K, q, q)."""

    @abstractmethod
    def project(self, matrix: Array) -> Array:
        """Parameters phi of the member of the family nearest to a symmetric matrix.

        For a mean of outer products of random effects this is the maximisation step of EM.
        """

    @abstractmethod
    def from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Reparameterisation:
        """The map from the square root or logarithm scale to phi."""

    @abstractmethod
    def values_from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Array:
        """phi alone, of :meth:`from_optimisation`, for parameters (..., K)."""

    @abstractmethod
    def to_optimisation(self, values: Array, scale: OptimisationScale) -> Array:
        """Square root or logarithm parameters of the matrix with parameters phi."""

    @abstractmethod
    def gradient_matrix(self, gradient: Array) -> Array:
        """The member G of the family with ``tr(G B_k) = gradient[k]`` for every k."""

    @property
    def parameter_count(self) -> int:
        return len(self.parameters)

    def matrix(self, values: Array) -> Array:
        """``D = sum_k phi_k B_k`` of parameters phi (..., K), shape (..., q, q)."""
        return np.asarray(np.tensordot(values, self.basis, axes=1))

    def is_valid(self, values: Array) -> bool:
        """Whether phi gives a positive semidefinite matrix, to rounding error."""
        if not self.size:
            return True
        eigenvalues = np.linalg.eigvalsh(self.matrix(values))
        return bool(eigenvalues[0] >= -1e-12 * max(abs(float(eigenvalues[-1])), 1e-300))

    @cached_property
    def variance_positions(self) -> tuple[int, ...]:
        """Positions in phi of the variances (the others are covariances)."""
        return tuple(k for k, p in enumerate(self.parameters) if p.kind == "lnsd")

    def _variance_position_of_effect(self, effect: int) -> int:
        positions = self.variance_positions
        return positions[effect] if effect < len(positions) else positions[0]

    def values_from_estimation(self, parameters: Array) -> Array:
        """phi alone, of :meth:`from_estimation`, for parameters (..., K)."""
        first, second = self.variances_of_parameters
        values = np.exp(parameters[..., first] + parameters[..., second])
        for k, parameter in enumerate(self.parameters):
            if parameter.kind == "atanhcorr":
                values[..., k] *= np.tanh(parameters[..., k])
        return np.asarray(values)

    @cached_property
    def variances_of_parameters(self) -> tuple[list[int], list[int]]:
        """For each parameter the positions in phi of the two variances it belongs to."""
        first = [self._variance_position_of_effect(p.i) for p in self.parameters]
        return first, [self._variance_position_of_effect(p.j) for p in self.parameters]

    def from_estimation(self, parameters: Array) -> Reparameterisation:
        """The map from log standard deviations and atanh correlations to phi."""
        count = self.parameter_count
        values = np.zeros(count)
        jacobian = np.zeros((count, count))
        curvature = np.zeros((count, count, count))
        for k, parameter in enumerate(self.parameters):
            a = self._variance_position_of_effect(parameter.i)
            b = self._variance_position_of_effect(parameter.j)
            scale = np.exp(parameters[a] + parameters[b])
            if parameter.kind == "lnsd":
                values[k], jacobian[k, k], curvature[k, k, k] = scale, 2 * scale, 4 * scale
                continue
            correlation = np.tanh(parameters[k])
            slope = 1.0 / np.cosh(parameters[k]) ** 2
            values[k] = scale * correlation
            # Effects that share a variance parameter (a == b) add their derivatives up.
            for first in (a, b):
                jacobian[k, first] += scale * correlation
                curvature[k, first, k] += scale * slope
                curvature[k, k, first] += scale * slope
                for second in (a, b):
                    curvature[k, first, second] += scale * correlation
            jacobian[k, k] = scale * slope
            curvature[k, k, k] = -2.0 * correlation * scale * slope
        return Reparameterisation(values, jacobian, curvature)

    def to_estimation(self, values: Array) -> Array:
        """Log standard deviations and atanh correlations of the matrix with parameters phi.

        A variance of zero gives the logarithm of the smallest variance told apart from it, and a
        correlation of one the largest finite inverse hyperbolic tangent.
        """
        result = np.zeros(self.parameter_count)
        for k, parameter in enumerate(self.parameters):
            if parameter.kind == "lnsd":
                result[k] = 0.5 * np.log(max(values[k], SMALLEST_VARIANCE))
                continue
            first = max(values[self._variance_position_of_effect(parameter.i)], SMALLEST_VARIANCE)
            second = max(values[self._variance_position_of_effect(parameter.j)], SMALLEST_VARIANCE)
            correlation = values[k] / (np.sqrt(first) * np.sqrt(second))
            bound = LARGEST_CORRELATION
            result[k] = np.arctanh(min(max(correlation, -bound), bound))
        return result

    def expectation_maximisation_step(self, values: Array, gradient: Array, groups: float) -> Array:
        """Parameters phi after one EM step from phi.

        For ``groups`` random-effect vectors with covariance D (in units of the residual
        variance), Fisher's identity gives the mean of their expected outer products as
        ``D + (2/groups) D G D``, G the derivative of the log likelihood with respect to D; the
        step projects it onto the family.  ``gradient`` is the derivative in phi.
        """
        current = self.matrix(values)
        moved = current @ self.gradient_matrix(gradient) @ current
        return self.project(current + (2.0 / groups) * moved)


class CommutingStructure(CovarianceStructure):
    """A family whose members share eigenvectors, so that functions act on eigenvalues alone.

    ``eigenvalue_map`` (K, K) takes phi to the distinct eigenvalues.
    """

    @cached_property
    @abstractmethod
    def eigenvalue_map(self) -> Array: ...

    @cached_property
    def _inverse_map(self) -> Array:
        return np.asarray(np.linalg.inv(self.eigenvalue_map), dtype=np.float64)

    @cached_property
    def _eigenvalue_products(self) -> Array:
        rows = self.eigenvalue_map
        return np.asarray(rows[:, :, None] * rows[:, None, :]).reshape(len(rows), len(rows) ** 2)

    def from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Reparameterisation:
        forward, inverse = self.eigenvalue_map, self._inverse_map
        roots = forward @ parameters
        if scale == "square_root":
            value, slope, bend = roots * roots, 2.0 * roots, np.full_like(roots, 2.0)
        else:
            value = np.exp(roots)
            slope = bend = value
        count = len(parameters)
        curvature = ((inverse * bend) @ self._eigenvalue_products).reshape(count, count, count)
        return Reparameterisation(inverse @ value, (inverse * slope) @ forward, curvature)

    def values_from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Array:
        roots = parameters @ self.eigenvalue_map.T
        squared = roots * roots if scale == "square_root" else np.exp(roots)
        return np.asarray(squared @ self._inverse_map.T)

    def to_optimisation(self, values: Array, scale: OptimisationScale) -> Array:
        eigenvalues = self.eigenvalue_map @ values
        if scale == "square_root":
            transformed = np.sqrt(np.maximum(eigenvalues, 0.0))
        else:
            transformed = np.log(np.maximum(eigenvalues, _logarithm_floor(eigenvalues)))
        return np.asarray(self._inverse_map @ transformed)


def _logarithm_floor(eigenvalues: Array) -> float:
    largest = float(np.max(eigenvalues, initial=0.0))
    return max(1e-12 * largest, 1e-20)


class Identity(CommutingStructure):
    """Equal variances, no covariances: one parameter."""

    name = "identity"

    @cached_property
    def parameters(self) -> tuple[CovarianceParameter, ...]:
        return (CovarianceParameter("lnsd", 0, 0),) if self.size else ()

    @cached_property
    def basis(self) -> Array:
        return np.eye(self.size)[None][: self.parameter_count]

    @cached_property
    def eigenvalue_map(self) -> Array:
        return np.eye(self.parameter_count)

    def project(self, matrix: Array) -> Array:
        return np.atleast_1d(np.mean(np.diagonal(matrix))) if self.size else np.zeros(0)

    def gradient_matrix(self, gradient: Array) -> Array:
        return np.eye(self.size) * (gradient[0] / self.size) if self.size else np.zeros((0, 0))


class Independent(CommutingStructure):
    """A variance for each effect, no covariances: q parameters."""

    name = "independent"

    @cached_property
    def parameters(self) -> tuple[CovarianceParameter, ...]:
        return tuple(CovarianceParameter("lnsd", i, i) for i in range(self.size))

    @cached_property
    def basis(self) -> Array:
        basis = np.zeros((self.size, self.size, self.size))
        position = np.arange(self.size)
        basis[position, position, position] = 1.0
        return basis

    @cached_property
    def eigenvalue_map(self) -> Array:
        return np.eye(self.size)

    def project(self, matrix: Array) -> Array:
        return np.array(np.diagonal(matrix))

    def gradient_matrix(self, gradient: Array) -> Array:
        return np.diag(gradient)


class Exchangeable(CommutingStructure):
    """One variance and one covariance: two parameters, or one when q is 1."""

    name = "exchangeable"

    @cached_property
    def parameters(self) -> tuple[CovarianceParameter, ...]:
        variance = CovarianceParameter("lnsd", 0, 0)
        return (variance, CovarianceParameter("atanhcorr", 0, 1))[: min(self.size, 2)]

    @cached_property
    def basis(self) -> Array:
        identity = np.eye(self.size)
        return np.stack([identity, 1.0 - identity])[: self.parameter_count]

    @cached_property
    def eigenvalue_map(self) -> Array:
        if self.size < 2:
            return np.eye(self.size)
        return np.array([[1.0, -1.0], [1.0, self.size - 1.0]])

    def project(self, matrix: Array) -> Array:
        if self.size < 2:
            return np.array(np.diagonal(matrix))
        trace = float(np.trace(matrix))
        others = self.size * (self.size - 1)
        return np.array([trace / self.size, (float(np.sum(matrix)) - trace) / others])

    def gradient_matrix(self, gradient: Array) -> Array:
        if self.size < 2:
            return np.diag(gradient)
        identity = np.eye(self.size)
        others = self.size * (self.size - 1)
        shared = (1.0 - identity) * (gradient[1] / others)
        return np.asarray(identity * (gradient[0] / self.size) + shared)


class Unstructured(CovarianceStructure):
    """All variances and covariances distinct: q(q + 1)/2 parameters."""

    name = "unstructured"

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        above = np.triu_indices(self.size, 1)
        diagonal = np.arange(self.size)
        return np.concatenate([diagonal, above[0]]), np.concatenate([diagonal, above[1]])

    @cached_property
    def parameters(self) -> tuple[CovarianceParameter, ...]:
        rows, columns = self._pairs
        return tuple(
            CovarianceParameter("lnsd" if i == j else "atanhcorr", int(i), int(j))
            for i, j in zip(rows, columns, strict=True)
        )

    @cached_property
    def basis(self) -> Array:
        rows, columns = self._pairs
        basis = np.zeros((len(rows), self.size, self.size))
        position = np.arange(len(rows))
        basis[position, rows, columns] = 1.0
        basis[position, columns, rows] = 1.0
        return basis

    def matrix(self, values: Array) -> Array:
        rows, columns = self._pairs
        result = np.empty((*values.shape[:-1], self.size, self.size))
        result[..., rows, columns] = values
        result[..., columns, rows] = values
        return result

    def project(self, matrix: Array) -> Array:
        rows, columns = self._pairs
        return np.asarray((matrix[rows, columns] + matrix[columns, rows]) / 2.0)

    def gradient_matrix(self, gradient: Array) -> Array:
        rows, columns = self._pairs
        return self.matrix(gradient * np.where(rows == columns, 1.0, 0.5))

    @cached_property
    def _square_curvature(self) -> Array:
        products = self.basis[:, None] @ self.basis[None]
        rows, columns = self._pairs
        both = products + products.swapaxes(0, 1)
        return np.asarray(np.moveaxis(both[:, :, rows, columns], 2, 0))

    def from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Reparameterisation:
        rows, columns = self._pairs
        root = self.matrix(parameters)
        if scale == "square_root" or not self.size:
            curvature = self._square_curvature
            # d(L L) is linear in L, so the Jacobian is the curvature applied to L itself.
            return Reparameterisation(
                (root @ root)[rows, columns], curvature @ parameters, curvature
            )
        return self._from_logarithm(root)

    def values_from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Array:
        root = self.matrix(parameters)
        rows, columns = self._pairs
        if scale == "square_root":
            return np.asarray((root @ root)[..., rows, columns])
        eigenvalues, vectors = np.linalg.eigh(root)
        scaled = vectors * np.exp(eigenvalues)[..., None, :]
        return np.asarray((scaled @ vectors.swapaxes(-1, -2))[..., rows, columns])

    def _from_logarithm(self, root: Array) -> Reparameterisation:
        """Daleckii-Krein derivatives of exp(L) by divided differences of the exponential.

        A divided difference over x0, x1, x2 is the corner of the exponential of the bidiagonal
        matrix with those entries and ones above them, which stays accurate when they coincide.
        """
        from scipy.linalg import expm

        rows, columns = self._pairs
        size = self.size
        eigenvalues, vectors = np.linalg.eigh(root)
        bidiagonal = np.zeros((size, size, size, 3, 3))
        bidiagonal[..., 0, 0] = eigenvalues[:, None, None]
        bidiagonal[..., 1, 1] = eigenvalues[None, :, None]
        bidiagonal[..., 2, 2] = eigenvalues[None, None, :]
        bidiagonal[..., 0, 1] = bidiagonal[..., 1, 2] = 1.0
        differences = expm(bidiagonal)
        first, second = differences[:, :, 0, 0, 1], differences[..., 0, 2]
        turned = vectors.T @ self.basis @ vectors
        slope = vectors @ (first * turned) @ vectors.T
        paths = np.einsum("kim,imj,lmj->klij", turned, second, turned)
        bend = vectors @ (paths + paths.swapaxes(0, 1)) @ vectors.T
        value = (vectors * np.exp(eigenvalues)) @ vectors.T
        return Reparameterisation(
            value[rows, columns],
            slope[:, rows, columns].T,
            np.moveaxis(bend[:, :, rows, columns], 2, 0),
        )

    def to_optimisation(self, values: Array, scale: OptimisationScale) -> Array:
        eigenvalues, vectors = np.linalg.eigh(self.matrix(values))
        if scale == "square_root":
            transformed = np.sqrt(np.maximum(eigenvalues, 0.0))
        else:
            transformed = np.log(np.maximum(eigenvalues, _logarithm_floor(eigenvalues)))
        return self.project((vectors * transformed) @ vectors.T)
