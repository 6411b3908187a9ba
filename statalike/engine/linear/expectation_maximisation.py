"""EM iterations for the covariance parameters of a linear mixed model.

Fixed effects and the residual variance are set to their maximisers at every iteration
([ME] mixed, Methods and formulas).  The expectation step is taken from the gradient of the
profile likelihood, which by Fisher's identity holds the same sums of expected outer products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.likelihood import LinearLikelihood, MixedLikelihood

Array = NDArray[np.float64]


ACCELERATED_AFTER = 3


@dataclass(frozen=True)
class EMRecord:
    """Log likelihoods of the iterations, from the starting values on, and whether they settled."""

    values: tuple[float, ...]
    converged: bool


def expectation_maximisation(
    likelihood: LinearLikelihood,
    start: Array,
    iterations: int,
    tolerance: float,
    on_iteration: Callable[[int, float], None] | None = None,
    accelerate: Callable[[Array], tuple[Array, bool]] | None = None,
) -> tuple[Array, EMRecord]:
    """EM for nested levels; see :func:`iterate_expectation_maximisation`."""
    step = partial(expectation_maximisation_step, likelihood)
    return iterate_expectation_maximisation(
        likelihood, step, start, iterations, tolerance, on_iteration, accelerate
    )


def iterate_expectation_maximisation(
    likelihood: MixedLikelihood,
    step: Callable[[Array, Array], Array],
    start: Array,
    iterations: int,
    tolerance: float,
    on_iteration: Callable[[int, float], None] | None = None,
    accelerate: Callable[[Array], tuple[Array, bool]] | None = None,
) -> tuple[Array, EMRecord]:
    """Working parameters after at most ``iterations`` steps.

    Stops when the log likelihood changes by less than ``tolerance`` relative to its size.  EM is
    sure at first but slow near the end where groups tell little about their effects:
    ``accelerate`` is called once, after three iterations, and may end them.  ``step`` takes
    parameters and the gradient of the profile likelihood to the parameters that follow.
    """
    parameters = start
    values: list[float] = []
    for iteration in range(iterations):
        parts = likelihood.evaluate(parameters, 1)
        value = parts.profile_value
        if not np.isfinite(value):
            break
        values.append(value)
        if on_iteration is not None:
            on_iteration(iteration, value)
        parameters = step(parameters, parts.profile_gradient)
        if len(values) > 1 and abs(values[-1] - values[-2]) < tolerance * abs(values[-2]):
            return parameters, EMRecord(tuple(values), True)
        if accelerate is not None and iteration == ACCELERATED_AFTER - 1:
            parameters, arrived = accelerate(parameters)
            if arrived:
                return parameters, EMRecord(tuple(values), True)
    return parameters, EMRecord(tuple(values), False)


def expectation_maximisation_step(
    likelihood: LinearLikelihood, parameters: Array, gradient: Array
) -> Array:
    """Working parameters (K,) after one step, from the gradient of the profile likelihood."""
    result = np.empty_like(parameters)
    start = 0
    products = likelihood.products
    for number, level in enumerate(products.levels):
        weights = products.level_weights(number)
        groups = products.groups.counts[number] if weights is None else float(weights.sum())
        for equation in level.equations:
            structure = equation.structure
            own = slice(start, start + structure.parameter_count)
            result[own] = structure.expectation_maximisation_step(
                parameters[own], gradient[own], groups
            )
            start = own.stop
    return result
