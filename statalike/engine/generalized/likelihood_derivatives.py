"""Derivatives of an integrated likelihood as its optimiser and its scores need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LikelihoodDerivatives:
    """Derivatives in the direct parameters (see :class:`ParameterLayout`): the gradients of the
    outermost groups (direct_count, G_1), and the Hessian, None where it was not asked for."""

    group_gradients: Array
    hessian: Array | None

    @property
    def gradient(self) -> Array:
        return np.asarray(self.group_gradients.sum(axis=1))
