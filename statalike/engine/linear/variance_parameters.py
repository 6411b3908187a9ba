"""The variance parameters of a model on all their scales.

A model's *working* parameters are those its likelihood is evaluated in (``linear.coordinates``);
the *relative* ones are variances and covariances in the covariates' units over the residual
variance; from these the structures' own maps lead to the optimisation and estimation scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import (
    CovarianceStructure,
    OptimisationScale,
    Reparameterisation,
    block_diagonal,
)
from statalike.engine.linear.coordinates import LevelCoordinates

Array = NDArray[np.float64]

# In working coordinates, where a group's share of the design has unit length.
ZERO_VARIANCE = 1e-6
PERFECT_CORRELATION = 1e-8
DETERMINED = 1e-10
FLAT = 1e-10


@dataclass(frozen=True)
class VarianceParameters:
    """All equations of a model, in order; ``slices`` are their places in a parameter vector and
    ``to_working`` (K, K) takes relative parameters to working ones, ``to_relative`` back.  The
    ``values_from`` methods take parameters (..., K).
    """

    structures: tuple[CovarianceStructure, ...]
    slices: tuple[slice, ...]
    to_working: Array
    to_relative: Array

    @property
    def count(self) -> int:
        return len(self.to_working)

    @classmethod
    def of(cls, equations: Sequence[tuple[CovarianceStructure, Array]]) -> VarianceParameters:
        """The parameters of structures, each with the matrix that takes its working parameters to
        its reported ones.
        """
        bounds = np.cumsum([0, *(structure.parameter_count for structure, _ in equations)])
        count = int(bounds[-1])
        slices = tuple(slice(int(a), int(b)) for a, b in pairwise(bounds))
        to_relative, to_working = np.zeros((count, count)), np.zeros((count, count))
        for (_, to_reported), own in zip(equations, slices, strict=True):
            to_relative[own, own] = to_reported
            to_working[own, own] = np.linalg.inv(to_reported)
        structures = tuple(structure for structure, _ in equations)
        return cls(structures, slices, to_working, to_relative)

    def relative(self, matrices: Sequence[Array], residual_variance: float) -> Array:
        """Relative parameters of covariance matrices, one for each equation."""
        return self._joined(
            structure.project(np.asarray(matrix)) / residual_variance
            for structure, matrix in zip(self.structures, matrices, strict=True)
        )

    def matrices(self, values: Array) -> list[Array]:
        """Covariance matrices, one for each equation."""
        return [structure.matrix(values[own]) for structure, own in self._pairs()]

    def to_optimisation(self, values: Array, scale: OptimisationScale) -> Array:
        return self._joined(
            structure.to_optimisation(values[own], scale) for structure, own in self._pairs()
        )

    def from_optimisation(self, values: Array, scale: OptimisationScale) -> Reparameterisation:
        return block_diagonal(
            [structure.from_optimisation(values[own], scale) for structure, own in self._pairs()]
        )

    def values_from_optimisation(self, values: Array, scale: OptimisationScale) -> Array:
        return self._joined(
            structure.values_from_optimisation(values[..., own], scale)
            for structure, own in self._pairs()
        )

    def to_estimation(self, values: Array) -> Array:
        return self._joined(
            structure.to_estimation(values[own]) for structure, own in self._pairs()
        )

    def from_estimation(self, values: Array) -> Reparameterisation:
        return block_diagonal(
            [structure.from_estimation(values[own]) for structure, own in self._pairs()]
        )

    def values_from_estimation(self, values: Array) -> Array:
        return self._joined(
            structure.values_from_estimation(values[..., own]) for structure, own in self._pairs()
        )

    def flat_at_zero(self, working: Array, score: Array, value: float) -> NDArray[np.bool_]:
        """Which variances are zero though the likelihood would be the same with others, a mask
        (K,): where ``value`` has its maximum at the boundary, its derivatives ``score`` (K,) in the
        working parameters are negative.
        """
        return (np.abs(working) < ZERO_VARIANCE) & (np.abs(score) <= FLAT * (abs(value) + 1.0))

    def at_boundary(self, working: Array, flat: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which parameters stand at the boundary of their space, a mask (K,).

        A variance does where it is zero beside the residual variance (in working coordinates, so
        that units do not matter) and not ``flat`` there; a correlation where it is one, or one of
        its variances is zero.
        """
        mask = np.zeros(self.count, dtype=bool)
        if not self.count:
            return mask
        estimates = self.to_estimation(self.to_relative @ working)
        for structure, own in self._pairs():
            first, second = structure.variances_of_parameters
            zero = (np.abs(working[own]) < ZERO_VARIANCE) & ~flat[own]
            for k, parameter in enumerate(structure.parameters):
                place = own.start + k
                if parameter.kind == "lnsd":
                    mask[place] = zero[k]
                else:
                    one = np.abs(np.tanh(estimates[place])) > 1.0 - PERFECT_CORRELATION
                    mask[place] = one or zero[first[k]] or zero[second[k]]
        return mask

    def least_information(self, working: Array, flat: NDArray[np.bool_]) -> Array:
        """The information (K,) on parameters below which the likelihood does not determine them.

        That on the logarithm of a small variance falls with its square; where it is ``flat`` at
        zero, none is enough.
        """
        least = np.where(flat, np.inf, 0.0)
        for structure, own in self._pairs():
            positions = own.start + np.array(structure.variance_positions, dtype=np.intp)
            enough = DETERMINED * np.minimum(1.0, working[positions] ** 2)
            least[positions] = np.maximum(least[positions], enough)
        return least

    def _pairs(self) -> Iterator[tuple[CovarianceStructure, slice]]:
        return zip(self.structures, self.slices, strict=True)

    @staticmethod
    def _joined(parts: Iterable[Array]) -> Array:
        pieces = list(parts)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=-1)


def variance_parameters(levels: Sequence[LevelCoordinates]) -> VarianceParameters:
    """The parameters of the equations of all levels, outermost first."""
    return VarianceParameters.of(
        [(equation.structure, equation.to_reported) for lv in levels for equation in lv.equations]
    )
