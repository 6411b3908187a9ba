"""Fixed effects at which nonlinear least squares can begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.linearisation import Linearisation, linearise

Array = NDArray[np.float64]


def starting_point(observations: GroupedObservations, fixed: Array) -> Linearisation:
    """The linearisation at ``fixed``."""
    return linearise(observations, fixed, observations.no_effects())
