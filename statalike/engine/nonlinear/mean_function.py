"""The conditional mean of a nonlinear mixed model, as a function that can be differentiated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanDerivatives:
    """``values`` (n,) of the mean and its derivatives in the fixed effects, ``fixed`` (n, p), and
    in each observation's own random effects, ``effects`` (n, q).
    """

    values: Array
    fixed: Array
    effects: Array


class MeanFunction(Protocol):
    """The mean of each of n observations given p fixed effects and q random effects.

    ``effects[i, k]`` is the value of random effect k in the group that observation i belongs to.
    Where the mean is not defined it is nan or infinite; nothing is raised.
    """

    def evaluate(self, fixed: Array, effects: Array) -> Array:
        """The mean (n,) at ``fixed`` (p,) and ``effects`` (n, q)."""

    def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
        """The mean and its first derivatives at the same."""
