"""Where the search for the estimates of a generalized mixed model begins.

Coefficients and the family's own parameters come from the model without random effects, variances
are one unless a covariate's units make that absurd; values that are given take the place of these,
and a grid of variances and covariances is searched where that is asked for or nothing else is
feasible ([ME] meglm, startvalues() and startgrid()).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.objective import IntegratedLikelihood
from statalike.engine.linear_constraints import ConstrainedSpace

Array = NDArray[np.float64]

StartingMethod = Literal["zero", "constantonly", "fixedonly"]

GRID_VALUES = (0.1, 1.0, 10.0)
# Of a covariate with a root mean square up to this, or down to its inverse, the effect begins with
# a variance of one; of others with that at which its contribution has a variance of one.
LARGEST_SIZE = 100.0


@dataclass(frozen=True)
class GridAxis:
    """``values`` to be tried for the estimate at ``position`` (coefficients, own, phi)."""

    position: int
    values: tuple[float, ...] = GRID_VALUES


@dataclass(frozen=True)
class StartingValues:
    """How to begin: ``zero`` with coefficients and own parameters of zero, ``constantonly`` with
    the model that has a constant only, ``fixedonly`` with the one without random effects, whose
    iterations ``iterations`` limits.

    ``given`` (P,) are values of all estimates, nan where none is given; ``grid`` asks for a search
    over all combinations of its axes, None for one over the variances where it is needed.
    """

    method: StartingMethod = "fixedonly"
    iterations: int | None = None
    given: Array | None = None
    grid: tuple[GridAxis, ...] | None = None


def feasible_start(
    objective: IntegratedLikelihood,
    coefficients: Array,
    own: Array,
    values: StartingValues,
    sizes: Sequence[Array],
    space: ConstrainedSpace | None,
    on_grid_node: Callable[[int, float], None] | None,
) -> Array:
    """Free parameters at which the likelihood is defined, the best of those tried.

    ``sizes`` are root mean squares of the covariates of each equation, (q,); ``space`` are the
    free parameters that satisfy the constraints.  Raises :class:`EstimationError`
    ``likelihood_undefined`` where there are none.
    """
    layout = objective.layout
    structures = [scale.structure for equations in layout.scales for scale in equations]
    unit = [
        structure.project(np.diag(_starting_variances(structure, of_equation)))
        for structure, of_equation in zip(structures, sizes, strict=True)
    ]
    estimates = np.concatenate([coefficients, own, *unit])
    if values.given is not None:
        estimates = np.where(np.isnan(values.given), estimates, values.given)

    def free(estimates: Array) -> Array | None:
        try:
            start = layout.start(
                estimates[: layout.coefficients],
                estimates[layout.coefficients : layout.fixed_count],
                _by_structure(structures, estimates[layout.fixed_count :]),
            )
        except np.linalg.LinAlgError:
            return None
        return start if space is None else space.parameters(space.reduced(start))

    def value_of(start: Array | None) -> float:
        return float("nan") if start is None else objective(start, False)[0]

    best = free(estimates)
    value = value_of(best)
    if on_grid_node is not None and np.isfinite(value):
        on_grid_node(0, value)
    if best is not None and np.isfinite(value) and values.grid is None:
        return best
    axes = values.grid or _variance_axes(structures, layout.fixed_count)
    for number, node in enumerate(itertools.product(*(axis.values for axis in axes)), 1):
        trial = estimates.copy()
        trial[[axis.position for axis in axes]] = node
        start = free(trial)
        found = value_of(start)
        if on_grid_node is not None:
            on_grid_node(number, found)
        if np.isfinite(found) and not value >= found:
            best, value = start, found
    if best is None or not np.isfinite(value):
        raise EstimationError("likelihood_undefined", "no feasible starting values")
    return best


def _starting_variances(structure: CovarianceStructure, sizes: Array) -> Array:
    if len(structure.variance_positions) < len(sizes):
        # What effects share has to do for the largest covariate.
        sizes = np.full_like(sizes, sizes.max())
    ordinary = (sizes <= LARGEST_SIZE) & (sizes >= 1.0 / LARGEST_SIZE)
    return np.where(ordinary, 1.0, np.maximum(sizes, np.finfo(np.float64).tiny ** 0.5) ** -2.0)


def _by_structure(structures: Sequence[CovarianceStructure], values: Array) -> list[Array]:
    ends = np.cumsum([structure.parameter_count for structure in structures])
    return [np.asarray(part) for part in np.split(values, ends[:-1])] if structures else []


def _variance_axes(structures: Sequence[CovarianceStructure], first: int) -> tuple[GridAxis, ...]:
    """The usual values for each variance; ``first`` is the position of the first."""
    axes: list[GridAxis] = []
    for structure in structures:
        axes += [GridAxis(first + position) for position in structure.variance_positions]
        first += structure.parameter_count
    return tuple(axes)
