"""Moving quadrature nodes to the posterior of the random effects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.quadrature import QuadratureLikelihood

# Each update squares the nodes' error or nearly so: the log likelihood is then right to more digits
# than are printed.
TOLERANCE = 1e-8
MAXIMUM_UPDATES = 100
# Between nodes whose spread is more than some three times that of the posterior hardly any of its
# mass is found, and the moments that the rule gives are those of the nearest node.
LEAST_NARROWING = 0.3


def adapt_to_moments(
    likelihood: QuadratureLikelihood,
    point: Point,
    nodes: Nodes,
    find_modes: Callable[[Point, Nodes], tuple[float, Nodes]],
    tolerance: float = TOLERANCE,
    updates: int = MAXIMUM_UPDATES,
) -> tuple[float, Nodes]:
    """Nodes whose posterior means and covariances, by the rule itself, are those they stand for.

    Mean-variance adaptation ([ME] meglm, Methods and formulas, Adaptive Gauss-Hermite
    quadrature): moments are updated until the log likelihood changes by less than ``tolerance``
    of itself, ``updates`` times at most.  Returns the log likelihood with the nodes it was found
    at.

    Where the posterior of a group is so narrow, or so far away, that the rule cannot tell its
    moments, adaptation begins again from its mode and the curvature there: ``find_modes`` gives
    Laplace's approximation, not finite where it is not defined, and nodes at the modes.
    """
    previous = np.nan
    value = np.nan
    told = False
    for _ in range(max(updates, 1)):
        value, moved = likelihood.value_and_moments(point, nodes)
        if not told and np.isfinite(value) and _is_lost(nodes, moved):
            told = True
            approximation, at_modes = find_modes(point, nodes)
            if np.isfinite(approximation):
                previous, nodes = np.nan, at_modes
                continue
        if not np.isfinite(value) or abs(value - previous) <= tolerance * (abs(value) + 1.0):
            break
        previous, nodes = value, moved
    return value, nodes


def _is_lost(nodes: Nodes, moved: Nodes) -> bool:
    """Whether a standard deviation shrank by more than a rule can follow."""
    for before, after in zip(nodes.loadings, moved.loadings, strict=True):
        old, new = np.einsum("qrg,qrg->qg", before, before), np.einsum("qrg,qrg->qg", after, after)
        if np.any(new < LEAST_NARROWING**2 * old):
            return True
    return False
