"""Where the search for the variance parameters begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.likelihood import LinearLikelihood

Array = NDArray[np.float64]

# Pinheiro and Bates (2000, section 3.1.1) start from relative precisions of 3/8 of the root mean
# square of each column of Z within groups, which has unit length in working coordinates.
STARTING_VARIANCE = 1.0 / 0.375**2


def starting_values(likelihood: LinearLikelihood) -> Array:
    """Working parameters: diagonal covariances of the size of the design."""
    parts: list[Array] = []
    for level in likelihood.products.levels:
        for equation in level.equations:
            structure = equation.structure
            parts.append(structure.project(STARTING_VARIANCE * np.eye(structure.size)))
    return np.concatenate(parts)
