"""The Cholesky factor of a random-effects covariance matrix as a function of free parameters.

Random effects are ``u = L v`` with v standard normal and ``D = L L'``, L lower triangular.
Structures whose factor is linear in its entries (identity, independent, unstructured) are searched
in those entries, so that a variance of zero is an interior point; the others through their reported
parameters phi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import (
    CommutingStructure,
    CovarianceStructure,
    Identity,
    Independent,
    Reparameterisation,
    Unstructured,
)
from statalike.engine.patterned_covariance import Patterned

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CholeskyScale:
    """Maps free parameters x (K,) to the E entries of L that are not zero by structure.

    ``entries`` are their (row, column) pairs, row by row.
    """

    structure: CovarianceStructure

    @property
    def entries(self) -> list[tuple[int, int]]:
        q = self.structure.size
        if self._diagonal:
            return [(i, i) for i in range(q)]
        return [(i, j) for i in range(q) for j in range(i + 1)]

    @property
    def _diagonal(self) -> bool:
        if isinstance(self.structure, Patterned):
            return not np.any(self.structure.basis[:, ~np.eye(self.structure.size, dtype=bool)])
        return isinstance(self.structure, Identity | Independent) or self.structure.size == 1

    @property
    def count(self) -> int:
        return self.structure.parameter_count

    def factor(self, parameters: Array) -> Reparameterisation:
        """The entries of L with first and second derivatives; nan where D is not definite."""
        entries = self.entries
        linear = self._linear_map()
        if linear is not None:
            curvature = np.zeros((len(entries), self.count, self.count))
            return Reparameterisation(linear @ parameters, linear, curvature)
        reported = self._reported(parameters)
        return _cholesky_derivatives(self.structure, reported, entries)

    def reported(self, parameters: Array) -> Reparameterisation:
        """phi (variances, then covariances) with first and second derivatives."""
        linear = self._linear_map()
        if linear is None:
            return self._reported(parameters)
        q, count = self.structure.size, self.count
        matrices = np.zeros((count, q, q))
        rows, columns = np.array(self.entries).T
        matrices[:, rows, columns] = linear.T
        root = np.tensordot(parameters, matrices, axes=1)
        project = self.structure.project
        jacobian = np.stack([project(m @ root.T + root @ m.T) for m in matrices], axis=1)
        curvature = np.empty((len(jacobian), count, count))
        for a, first in enumerate(matrices):
            for b, second in enumerate(matrices):
                curvature[:, a, b] = project(first @ second.T + second @ first.T)
        return Reparameterisation(project(root @ root.T), jacobian, curvature)

    def start(self, reported: Array) -> Array:
        """Free parameters of phi; raises ``LinAlgError`` where D is not positive definite."""
        linear = self._linear_map()
        if linear is None:
            if isinstance(self.structure, CommutingStructure):
                return self.structure.to_optimisation(reported, "logarithm")
            return np.array(reported, dtype=np.float64)
        root = np.linalg.cholesky(self.structure.matrix(reported))
        rows, columns = np.array(self.entries).T
        return np.asarray(np.linalg.lstsq(linear, root[rows, columns], rcond=None)[0])

    def _reported(self, parameters: Array) -> Reparameterisation:
        if isinstance(self.structure, CommutingStructure):
            return self.structure.from_optimisation(parameters, "logarithm")
        count = self.count
        return Reparameterisation(parameters, np.eye(count), np.zeros((count, count, count)))

    def _linear_map(self) -> Array | None:
        """The matrix (E, K) that takes x to the entries of L, None where they are not linear.

        Patterned matrices are searched in their variances and covariances, which may have to
        satisfy constraints.
        """
        if isinstance(self.structure, Patterned):
            return None
        if isinstance(self.structure, Unstructured):
            return np.eye(len(self.entries))
        if isinstance(self.structure, Identity):
            return np.ones((self.structure.size, 1))
        if self._diagonal and self.count == self.structure.size:
            return np.eye(self.count)
        return None


def _cholesky_derivatives(
    structure: CovarianceStructure, reported: Reparameterisation, entries: list[tuple[int, int]]
) -> Reparameterisation:
    """Derivatives of L where ``L L' = D(phi(x))``.

    With ``Phi(M)`` the lower triangle of M with its diagonal halved, ``dL = L Phi(L^-1 dD L^-T)``
    and ``d2L = L Phi(L^-1 (d2D - dL_a dL_b' - dL_b dL_a') L^-T)`` (Smith 1995, Differentiation of
    the Cholesky algorithm, Journal of Computational and Graphical Statistics 4: 134-147).
    """
    count, rows = reported.jacobian.shape[1], [i for i, _ in entries]
    columns = [j for _, j in entries]
    try:
        root = np.linalg.cholesky(structure.matrix(reported.values))
    except np.linalg.LinAlgError:
        undefined = np.full(len(entries), np.nan)
        return Reparameterisation(
            undefined, np.zeros((len(entries), count)), np.zeros((len(entries), count, count))
        )
    inverse = np.linalg.inv(root)

    def lower(matrix: Array) -> Array:
        scaled = inverse @ matrix @ inverse.T
        return np.asarray(root @ (np.tril(scaled) - 0.5 * np.diag(np.diagonal(scaled))))

    basis = structure.basis
    slopes = [lower(np.tensordot(reported.jacobian[:, k], basis, axes=1)) for k in range(count)]
    jacobian = np.stack([slope[rows, columns] for slope in slopes], axis=1)
    curvature = np.empty((len(entries), count, count))
    for a in range(count):
        for b in range(a + 1):
            bend = np.tensordot(reported.curvature[:, a, b], basis, axes=1)
            crossed = slopes[a] @ slopes[b].T
            found = lower(bend - crossed - crossed.T)[rows, columns]
            curvature[:, a, b] = curvature[:, b, a] = found
    return Reparameterisation(np.asarray(root[rows, columns]), jacobian, curvature)
