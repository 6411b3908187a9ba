"""Where the search for the variance parameters begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.likelihood import LinearLikelihood, MixedLikelihood
from statalike.engine.linear.variance_parameters import VarianceParameters

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


def with_initial_values(
    likelihood: MixedLikelihood, scales: VarianceParameters, working: Array, initial: Array
) -> Array:
    """Working parameters with those that are given in the place of the ``working`` ones.

    ``initial`` (K + 1,) are values on the estimation scale, the log residual standard deviation
    last, nan where none is given.  Raises :class:`EstimationError` where they are not feasible.
    """
    variance = likelihood.evaluate(working, 0).residual_variance
    reported = variance * (scales.to_relative @ working)
    computed = np.append(scales.to_estimation(reported), 0.5 * np.log(variance))
    estimates = np.where(np.isnan(initial), computed, initial)
    relative = scales.values_from_estimation(estimates[:-1]) * np.exp(-2.0 * estimates[-1])
    result = np.asarray(scales.to_working @ relative)
    if not (
        np.all(np.isfinite(result))
        and np.isfinite(likelihood.evaluate(result, 0).profile_value)
        and all(
            structure.is_valid(relative[own])
            for structure, own in zip(scales.structures, scales.slices, strict=True)
        )
    ):
        raise EstimationError("likelihood_undefined", "initial values are not feasible")
    return result
