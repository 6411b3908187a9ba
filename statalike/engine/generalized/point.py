"""The parameters at which a generalized mixed model's likelihood is evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import Reparameterisation, block_diagonal
from statalike.engine.generalized.cholesky_scale import CholeskyScale
from statalike.engine.linear.model import Level

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """Fixed effects (p,), the family's own parameters (r,), and the Cholesky factor L_l (q_l, q_l)
    of the covariance matrix of each level's random effects."""

    coefficients: Array
    own: Array
    roots: tuple[Array, ...]


@dataclass(frozen=True)
class RootEntry:
    """One entry of L_l that is not zero by structure: its level, row and column."""

    level: int
    row: int
    column: int


class ParameterLayout:
    """How a vector of free parameters is made of (coefficients, own, random-effects parameters).

    The *direct* parameters of a likelihood have the entries of the Cholesky factors in place of
    the random-effects parameters.
    """

    def __init__(self, coefficients: int, own: int, levels: Sequence[Level]) -> None:
        self.coefficients = coefficients
        self.own = own
        self.scales = [
            [CholeskyScale(equation.structure) for equation in level.effects] for level in levels
        ]
        self.entries: list[RootEntry] = []
        self.sizes: list[int] = []
        for number, equations in enumerate(self.scales):
            offset = 0
            for scale in equations:
                self.entries.extend(
                    RootEntry(number, offset + i, offset + j) for i, j in scale.entries
                )
                offset += scale.structure.size
            self.sizes.append(offset)

    @property
    def fixed_count(self) -> int:
        """Parameters before those of random effects."""
        return self.coefficients + self.own

    @property
    def random_count(self) -> int:
        return sum(scale.count for equations in self.scales for scale in equations)

    @property
    def count(self) -> int:
        return self.fixed_count + self.random_count

    @property
    def direct_count(self) -> int:
        return self.fixed_count + len(self.entries)

    def point(self, parameters: Array) -> tuple[Point, Reparameterisation]:
        """The point of free parameters (count,), and the map from those of the random effects to
        the entries of the Cholesky factors."""
        start = self.fixed_count
        parts: list[Reparameterisation] = []
        for scale in (scale for equations in self.scales for scale in equations):
            parts.append(scale.factor(parameters[start : start + scale.count]))
            start += scale.count
        mapped = block_diagonal(parts)
        roots = [np.zeros((size, size)) for size in self.sizes]
        for entry, value in zip(self.entries, mapped.values, strict=True):
            roots[entry.level][entry.row, entry.column] = value
        return (
            Point(
                parameters[: self.coefficients],
                parameters[self.coefficients : self.fixed_count],
                tuple(roots),
            ),
            mapped,
        )

    def reported(self, parameters: Array) -> Reparameterisation:
        """Variances and covariances phi, equation by equation, of free parameters (count,)."""
        start = self.fixed_count
        parts: list[Reparameterisation] = []
        for scale in (scale for equations in self.scales for scale in equations):
            parts.append(scale.reported(parameters[start : start + scale.count]))
            start += scale.count
        return block_diagonal(parts)

    def start(self, coefficients: Array, own: Array, reported: Sequence[Array]) -> Array:
        """Free parameters of coefficients, own parameters and phi by equation."""
        scales = [scale for equations in self.scales for scale in equations]
        random = [scale.start(phi) for scale, phi in zip(scales, reported, strict=True)]
        return np.concatenate([coefficients, own, *random])

    def pull_back(
        self, mapped: Reparameterisation, gradient: Array, hessian: Array
    ) -> tuple[Array, Array]:
        """Gradient (..., count) and Hessian in free parameters from those in direct ones."""
        fixed, free = self.fixed_count, self.count
        jacobian = np.zeros((self.direct_count, free))
        jacobian[:fixed, :fixed] = np.eye(fixed)
        jacobian[fixed:, fixed:] = mapped.jacobian
        found = jacobian.T @ hessian @ jacobian
        found[fixed:, fixed:] += np.tensordot(gradient[fixed:], mapped.curvature, axes=1)
        return gradient @ jacobian, found
