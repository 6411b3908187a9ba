"""Cross-products of a linearised model.

Working columns (``linear.coordinates``) are linear combinations ``M T`` of the linearisation's
columns T, whitened; within groups ``M T (M T)'`` follows from the sums of products of T.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.coordinates import (
    LevelCoordinates,
    equation_coordinates,
    joined_equations,
)
from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.fixed_design import FixedDesign
from statalike.engine.nested_groups import NestedGroups
from statalike.engine.nonlinear.linearisation import Linearisation

Array = NDArray[np.float64]

WELL_CONDITIONED = 1e5
NO_VARIATION = 1e-13


@dataclass(frozen=True)
class WorkingCoordinates:
    """``matrix`` M (w, c) takes columns T (c, m) to working ones: the random effects, innermost
    level first, the orthonormal fixed design, and the outcome.
    """

    design: FixedDesign
    levels: tuple[LevelCoordinates, ...]
    matrix: Array


def working_coordinates(
    linearisation: Linearisation, columns: Array, gram: Array
) -> WorkingCoordinates:
    """Coordinates for a linearisation whose columns, perhaps weighted, are ``columns`` (c, m) with
    cross-products ``gram`` (c, c).

    Coefficients on the fixed design are changes of the fixed effects.  Raises
    :class:`EstimationError` without more observations than these, and for an outcome that is a
    linear combination of the columns but for rounding.
    """
    observations = linearisation.observations
    places = linearisation.fixed_positions
    p, count = len(places), columns.shape[1]
    if count <= p:
        raise EstimationError("insufficient_observations", f"{count} observations for {p} effects")
    factor = _triangular_factor(columns, gram, places)
    levels = []
    for level, size, positions, triangles in zip(
        observations.model.levels,
        observations.groups.counts,
        linearisation.effect_positions,
        linearisation.triangles,
        strict=True,
    ):
        squares = np.diagonal(gram) / size
        equations = [
            equation_coordinates(block.structure, squares[own], triangle)
            for block, own, triangle in zip(level.blocks, positions, triangles, strict=True)
        ]
        levels.append(joined_equations(equations, ()))
    rows: list[Array] = []
    for number in range(len(levels) - 1, -1, -1):
        own = np.concatenate(linearisation.effect_positions[number])
        part = np.zeros((len(own), len(columns)))
        part[np.arange(len(own)), own] = 1.0 / levels[number].scales
        rows.append(part)
    top = np.zeros((p + 1, len(columns)))
    if p:
        top[:p, places] = np.linalg.inv(factor).T
    top[p, -1] = 1.0
    across = top[:p] @ gram[:, -1]
    whole = float(gram[-1, -1])
    if not whole - across @ across > NO_VARIATION * whole:
        raise EstimationError("no_residual_variation", "the outcome has no residual variation")
    design = FixedDesign(
        columns[:p] if p == len(linearisation.fixed) else columns[places],
        factor,
        factor,
        np.zeros(p),
        columns[-1],
    )
    return WorkingCoordinates(design, tuple(levels), np.concatenate([*rows, top]))


def _triangular_factor(columns: Array, gram: Array, places: NDArray[np.intp]) -> Array:
    """R (p, p) upper triangular with ``X'X = R'R``."""
    own = gram[np.ix_(places, places)]
    if not len(own):
        return own
    lengths = np.sqrt(np.diagonal(own))
    scaled = own / np.outer(lengths, lengths)
    eigenvalues = np.linalg.eigvalsh(scaled)
    if eigenvalues[0] * WELL_CONDITIONED > eigenvalues[-1]:
        return np.asarray(np.linalg.cholesky(scaled).T * lengths, dtype=np.float64)
    triangle = np.linalg.qr((columns[places] / lengths[:, None]).T, mode="r")
    return np.asarray(triangle * lengths, dtype=np.float64)


def linearised_products(
    linearisation: Linearisation, coordinates: WorkingCoordinates, columns: Array, gram: Array
) -> CrossProducts:
    """The cross-products of whitened ``columns`` (c, m) with cross-products ``gram`` (c, c)."""
    groups = linearisation.observations.groups
    matrix, levels = coordinates.matrix, coordinates.levels
    first = len(matrix) - len(coordinates.design.factor) - 1
    top = matrix[first:]
    root = top @ gram @ top.T
    blocks: list[Array] = [root[:, :, None]]
    sums = [_group_sums(columns, groups)] if levels else []
    for number in range(len(levels) - 2, -1, -1):
        starts = groups.run_starts(number + 1, number)
        sums.insert(0, np.add.reduceat(sums[0], starts, axis=2))
    for level, own_sums in zip(levels, sums, strict=True):
        first -= level.effect_count
        own, right = matrix[first : first + level.effect_count], matrix[first:]
        half = np.tensordot(own, own_sums, axes=1)
        blocks.append(np.matmul(right, half))
    return CrossProducts(columns.shape[1], coordinates.design, groups, levels, tuple(blocks))


def _group_sums(columns: Array, groups: NestedGroups) -> Array:
    """``sum T T'`` within innermost groups, (c, c, G)."""
    assert groups.starts is not None
    count = len(columns)
    result = np.empty((count, count, groups.counts[-1]))
    for i, row in enumerate(columns):
        np.add.reduceat(row * columns[i:], groups.starts, axis=1, out=result[i, i:])
        result[i + 1 :, i] = result[i, i + 1 :]
    return result
