"""Working coordinates of the random effects of one level.

Cross-products of raw covariates lose digits when a column is large beside its variation (a
calendar year) or in extreme units.  Each equation's design is therefore replaced by
``Z' = Z W^-1`` and its effects by ``u' = W u``, whose covariance ``W D W'`` stays linear in the
structure's parameters.  Those are rescaled too, to working parameters of a size near one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure, Unstructured
from statalike.engine.linear.model import Level

Array = NDArray[np.float64]

WELL_CONDITIONED = 1e4


@dataclass(frozen=True)
class EquationCoordinates:
    """``transform`` is W (q, q); ``basis`` (K, q, q) has ``W D W' = sum_k working_k basis_k``;
    ``to_reported`` (K, K) takes working parameters to the structure's reported ones.
    """

    structure: CovarianceStructure
    transform: Array
    basis: Array
    to_reported: Array


@dataclass(frozen=True)
class LevelCoordinates:
    """The equations of a level side by side.

    ``columns[j] / scales[j]`` is column j of Z'; ``transform`` (q, q) is block diagonal in the
    equations' W, and ``basis`` (K, q, q) spans the covariance of the whole level.
    """

    equations: tuple[EquationCoordinates, ...]
    columns: tuple[Array, ...]
    scales: Array
    transform: Array
    basis: Array

    @property
    def effect_count(self) -> int:
        return len(self.scales)


def level_coordinates(level: Level, groups: int) -> LevelCoordinates:
    """Choose working coordinates for a level with so many groups.

    The design is ``Z'_j = columns[j] / scales[j]``: unless an equation's columns are nearly
    dependent, ``columns`` are the covariates themselves and only cross-products need scaling.
    """
    columns: list[Array] = []
    equations: list[tuple[EquationCoordinates, Array]] = []
    for effects in level.effects:
        rows = np.asarray(effects.covariates, dtype=np.float64).T
        working, triangle = orthogonal_if_needed(rows)
        squares = np.array([row @ row for row in working]) / groups
        columns.extend(working)
        equations.append(equation_coordinates(effects.structure, squares, triangle))
    return joined_equations(equations, tuple(columns))


def equation_coordinates(
    structure: CovarianceStructure, squares: Array, triangle: Array
) -> tuple[EquationCoordinates, Array]:
    """Coordinates of an equation whose columns, ``Z T^-1`` for the ``triangle`` T (q, q), have the
    mean ``squares`` (q,) in a group, and the scale of each.
    """
    squares = np.where(squares > 0.0, squares, 1.0)
    free = structure.name in ("independent", "unstructured")
    if not free:
        squares = np.full_like(squares, np.mean(squares))
    scale = np.sqrt(squares)
    transform = scale[:, None] * triangle
    if isinstance(structure, Unstructured):
        inverse = np.linalg.inv(transform)
        back = inverse @ structure.basis @ inverse.T
        to_reported = np.stack([structure.project(part) for part in back], axis=1)
        basis = structure.basis
    else:
        unit = squares if free else squares[:1]
        unit = np.concatenate([unit, unit])[: structure.parameter_count]
        basis = transform @ structure.basis @ transform.T / unit[:, None, None]
        to_reported = np.diag(1.0 / unit)
    return EquationCoordinates(structure, transform, basis, to_reported), scale


def joined_equations(
    equations: Sequence[tuple[EquationCoordinates, Array]], columns: tuple[Array, ...]
) -> LevelCoordinates:
    """The coordinates of a level from those of its equations, and its columns before scaling."""
    own = tuple(equation for equation, _ in equations)
    scales = np.concatenate([scale for _, scale in equations])
    if len(own) == 1:
        return LevelCoordinates(own, columns, scales, own[0].transform, own[0].basis)
    size = len(scales)
    transform = np.zeros((size, size))
    basis = np.zeros((sum(len(e.basis) for e in own), size, size))
    row = parameter = 0
    for equation in own:
        place = slice(row, row + len(equation.transform))
        transform[place, place] = equation.transform
        basis[parameter : parameter + len(equation.basis), place, place] = equation.basis
        row = place.stop
        parameter += len(equation.basis)
    return LevelCoordinates(own, columns, scales, transform, basis)


def orthogonal_if_needed(rows: Array) -> tuple[Array, Array]:
    """Columns of the design, orthogonal if they were nearly dependent, and T with Z = Z' T.

    The steps are elementwise, so that equal rows of the design stay equal to the last bit and
    groups with the same design keep being recognised.
    """
    count = len(rows)
    if count == 1 or count > 32:
        return rows, np.eye(count)
    gram = rows @ rows.T
    lengths = np.sqrt(np.diagonal(gram))
    if not np.all(lengths > 0.0):
        return rows, np.eye(count)
    eigenvalues = np.linalg.eigvalsh(gram / np.outer(lengths, lengths))
    if eigenvalues[0] * WELL_CONDITIONED > eigenvalues[-1]:
        return rows, np.eye(count)
    working = np.array(rows)
    triangle = np.eye(count)
    for j in range(1, count):
        original = float(working[j] @ working[j])
        for _ in range(2):
            for i in range(j):
                square = float(working[i] @ working[i])
                if square > 0.0:
                    share = float(working[i] @ working[j]) / square
                    working[j] -= share * working[i]
                    triangle[i, j] += share
        if float(working[j] @ working[j]) < 1e-24 * original:
            working[j] = 0.0
    return working, triangle
