"""Covariance matrices with equal or vanishing entries wherever the user says so.

These are the structures ``fixed()`` and ``pattern()`` of [ME] meglm: entries held at given values
are parameters of their own that linear constraints fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import (
    CovarianceParameter,
    CovarianceStructure,
    OptimisationScale,
    Reparameterisation,
)

Array = NDArray[np.float64]

ZERO = -1


@dataclass(frozen=True)
class Patterned(CovarianceStructure):
    """A covariance matrix whose entries with the same label are equal.

    ``labels`` are those of the lower triangle row by row, (1,1), (2,1), (2,2), (3,1), ...;
    entries labelled ``ZERO`` are zero.  Parameters stand in the order of the variances they first
    belong to, then of the covariances.  It has the reported scale only.
    """

    labels: tuple[int, ...] = ()
    name: ClassVar[str] = "pattern"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.labels) != self.size * (self.size + 1) // 2:
            raise ValueError("a label is needed for each entry of the lower triangle")
        if any(self._label_matrix[i, i] == ZERO for i in range(self.size)):
            raise ValueError("a variance cannot be zero")

    @cached_property
    def _label_matrix(self) -> NDArray[np.intp]:
        matrix = np.empty((self.size, self.size), dtype=np.intp)
        rows, columns = np.tril_indices(self.size)
        matrix[rows, columns] = matrix[columns, rows] = self.labels
        return matrix

    @cached_property
    def _ordered_labels(self) -> tuple[int, ...]:
        matrix = self._label_matrix
        above = matrix[np.triu_indices(self.size, 1)].tolist()
        ordered = dict.fromkeys([*np.diagonal(matrix).tolist(), *above])
        return tuple(label for label in ordered if label != ZERO)

    @cached_property
    def parameters(self) -> tuple[CovarianceParameter, ...]:
        found: list[CovarianceParameter] = []
        for basis in self.basis:
            effects = np.flatnonzero(np.diagonal(basis))
            if effects.size:
                found.append(CovarianceParameter("lnsd", int(effects[0]), int(effects[0])))
            else:
                i, j = np.argwhere(np.triu(basis))[0]
                found.append(CovarianceParameter("atanhcorr", int(i), int(j)))
        return tuple(found)

    @cached_property
    def basis(self) -> Array:
        matrices = [self._label_matrix == label for label in self._ordered_labels]
        shape = (len(matrices), self.size, self.size)
        return np.array(matrices, dtype=np.float64).reshape(shape)

    def project(self, matrix: Array) -> Array:
        counts = np.sum(self.basis, axis=(1, 2))
        return np.asarray(np.tensordot(self.basis, matrix, axes=2) / counts)

    def gradient_matrix(self, gradient: Array) -> Array:
        counts = np.sum(self.basis, axis=(1, 2))
        return self.matrix(gradient / counts)

    def from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Reparameterisation:
        raise NotImplementedError("patterned matrices have the reported scale only")

    def values_from_optimisation(self, parameters: Array, scale: OptimisationScale) -> Array:
        raise NotImplementedError("patterned matrices have the reported scale only")

    def to_optimisation(self, values: Array, scale: OptimisationScale) -> Array:
        raise NotImplementedError("patterned matrices have the reported scale only")


def pattern_of(structure: CovarianceStructure) -> Patterned:
    """The same family of matrices, with the same parameters in the same order."""
    labels = np.full((structure.size, structure.size), ZERO)
    for number, basis in enumerate(structure.basis):
        labels[basis != 0.0] = number
    rows, columns = np.tril_indices(structure.size)
    return Patterned(structure.size, tuple(labels[rows, columns].tolist()))


def fixed_pattern(values: Array) -> Patterned:
    """The structure of ``fixed(M)`` for M (q, q): a parameter for each entry of the lower triangle
    but those fixed at zero; nan entries are free.
    """
    rows, columns = np.tril_indices(len(values))
    labels = np.where(values[rows, columns] == 0.0, ZERO, np.arange(len(rows)))
    return Patterned(len(values), tuple(labels.tolist()))


def equal_entries_pattern(values: Array) -> Patterned:
    """The structure of ``pattern(M)``: entries of the lower triangle of M (q, q) that are equal
    share a parameter, nan ones have one of their own.
    """
    rows, columns = np.tril_indices(len(values))
    given = values[rows, columns]
    labels = np.arange(len(given))
    for value in np.unique(given[~np.isnan(given)]):
        places = np.flatnonzero(given == value)
        labels[places] = places[0]
    return Patterned(len(values), tuple(labels.tolist()))


def fixed_values(structure: Patterned, values: Array) -> Array:
    """phi (K,) that ``fixed(M)`` holds its parameters at, nan where they are free."""
    symmetric = np.tril(values) + np.tril(values, -1).T
    return np.array([symmetric[p.i, p.j] for p in structure.parameters], dtype=np.float64)
