"""Sampling weights of two-level models scaled within groups ([ME] mixed, Methods and formulas).

Weights of observations given their group are determined up to a factor that may differ between
groups; each method fixes it in another way.  See Pfeffermann et al. (1998) for the first two and
Graubard and Korn (1996) for the third.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Scaling = Literal["size", "effective", "gk"]


def scaled_weights(
    scaling: Scaling, observations: Array, groups: Array, group: NDArray[np.intp]
) -> tuple[Array, Array]:
    """Weights of observations and of groups, both (n,), after scaling.

    ``observations`` w (n,) are those within groups, ``groups`` (n,) those of each observation's
    group, ``group`` (n,) their numbers from 0.  With sums within the group, ``size`` makes w
    ``n w / sum w`` and ``effective`` makes it ``w sum w / sum w^2``; ``gk`` makes the weight of
    the group the mean of the products of both, and w one.
    """
    sizes = np.bincount(group)
    if scaling == "gk":
        means = np.bincount(group, observations * groups) / sizes
        return np.ones_like(observations), means[group]
    total = np.bincount(group, observations)
    if scaling == "size":
        factor = sizes / total
    else:
        factor = total / np.bincount(group, observations**2)
    return observations * factor[group], groups
