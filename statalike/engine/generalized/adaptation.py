"""Moving quadrature nodes to the posterior of the random effects."""

from __future__ import annotations

import numpy as np

from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.point import Point
from statalike.engine.generalized.quadrature import QuadratureLikelihood

# Each update squares the nodes' error or nearly so: the log likelihood is then right to more digits
# than are printed.
TOLERANCE = 1e-8
MAXIMUM_UPDATES = 100


def adapt_to_moments(
    likelihood: QuadratureLikelihood,
    point: Point,
    nodes: Nodes,
    tolerance: float = TOLERANCE,
    updates: int = MAXIMUM_UPDATES,
) -> tuple[float, Nodes]:
    """Nodes whose posterior means and covariances, by the rule itself, are those they stand for.

    Mean-variance adaptation ([ME] meglm, Methods and formulas, Adaptive Gauss-Hermite
    quadrature): moments are updated until the log likelihood changes by less than ``tolerance``
    of itself, ``updates`` times at most.  Returns the log likelihood with the nodes it was found
    at.
    """
    previous = np.nan
    value = np.nan
    for _ in range(max(updates, 1)):
        value, moved = likelihood.value_and_moments(point, nodes)
        if not np.isfinite(value) or abs(value - previous) <= tolerance * (abs(value) + 1.0):
            break
        previous, nodes = value, moved
    return value, nodes
