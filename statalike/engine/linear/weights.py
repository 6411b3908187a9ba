"""Sampling and frequency weights of a linear mixed model, taken into its columns.

The weighted log pseudolikelihood of nested levels (Rabe-Hesketh and Skrondal 2006, section 2.2;
[ME] mixed, Methods and formulas, equation 14) is

    sum_k w_k log int exp{ sum_j w_jk log int exp{ sum_i w_ijk log f(y_ijk | u_jk, u_k) } f(u_jk) }
    f(u_k)

with the weights of each level conditional on the groups above.  Write W for the *total* weight of a
group, the product of its own weight and those of the groups it lies in, and v for that of an
observation.  Then the pseudolikelihood has the sum of squares of an ordinary mixed model of

    sqrt(v) y,   sqrt(v) X,   sqrt(v / W_l) Z_l

in place of y, X and Z_l, whose effects are ``sqrt(W_l) u_l`` and have the same covariance matrix,
with ``sum v`` in place of the number of observations; in its log determinant, the sum of the
groups' ``log |I + A D|``, each group counts W times.  Frequency weights stand for copies, which is
the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class TotalWeights:
    """``observations`` v (n,), and for each level with random effects the W of each observation's
    group (n,); all positive.
    """

    observations: Array
    levels: tuple[Array, ...]

    def __post_init__(self) -> None:
        for weights in (self.observations, *self.levels):
            if weights.shape != self.observations.shape:
                raise EstimationError("nonconformable", "weights of different lengths")
            if not np.all((weights > 0.0) & np.isfinite(weights)):
                raise EstimationError("nonconformable", "weights must be positive and finite")


@dataclass(frozen=True)
class GroupWeights:
    """The total weights of a reduced model: ``observations`` (n,), and ``levels[l]`` (G_l,)."""

    observations: Array
    levels: tuple[Array, ...]

    @property
    def total(self) -> float:
        """What takes the place of the number of observations."""
        return float(self.observations.sum())


def weighted_rows(matrix: Array, weights: Array) -> Array:
    """Each row of a matrix (n, q) times the square root of its weight, in Fortran order."""
    return np.asfortranarray(matrix * np.sqrt(weights)[:, None])


def weights_of_groups(weights: Array, group: Positions, count: int) -> Array:
    """One weight for each group (G,), from those of the observations (n,).

    Raises :class:`EstimationError` where they differ within a group.
    """
    result = np.zeros(count)
    result[group] = weights
    if np.any(np.abs(result[group] - weights) > 1e-9 * weights):
        raise EstimationError("nonconformable", "weights vary within a group")
    return result
