"""Fourth derivatives of log densities, for the curvature of Laplace's approximation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.derivatives import Derivatives

Array = NDArray[np.float64]

# Central differences are then wrong by about 1e-9 of the sixth derivative and 1e-12 of the third.
STEP = 1e-4


@dataclass(frozen=True)
class FourthDerivatives:
    """Derivatives of an observation's log density (n,) in eta and in quantities m, k = 1, ..., M.

    ``eta`` is the fourth derivative in eta, ``eta_own[m - 1]`` the third in eta and first in m;
    ``own[m, k]`` with ``m <= k`` that in eta, m and k, ``own_bend[m, k]`` the second in eta and
    first in m and k.
    """

    eta: Array
    eta_own: tuple[Array, ...] = ()
    own: Mapping[tuple[int, int], Array] = field(default_factory=dict)
    own_bend: Mapping[tuple[int, int], Array] = field(default_factory=dict)


def differenced_fourth_derivatives(
    third_derivatives: Callable[[Array, Array], Derivatives], eta: Array, quantities: Array
) -> FourthDerivatives:
    """Central differences of exact third derivatives, a function of eta (n,) and the quantities
    (M, n)."""
    above = third_derivatives(eta + STEP, quantities)
    below = third_derivatives(eta - STEP, quantities)

    def difference(one: Array, other: Array) -> Array:
        return np.asarray((one - other) / (2.0 * STEP))

    in_eta = [difference(a, b) for a, b in zip(above.third, below.third, strict=True)]
    own, own_bend = {}, {}
    for k in range(1, len(quantities) + 1):
        moved = quantities.copy()
        moved[k - 1] += STEP
        ahead = third_derivatives(eta, moved).third
        moved[k - 1] = quantities[k - 1] - STEP
        behind = third_derivatives(eta, moved).third
        for m in range(1, k + 1):
            zero = np.zeros_like(eta)
            own[m, k] = difference(above.second.get((m, k), zero), below.second.get((m, k), zero))
            own_bend[m, k] = difference(ahead[m], behind[m])
    return FourthDerivatives(in_eta[0], tuple(in_eta[1:]), own, own_bend)
