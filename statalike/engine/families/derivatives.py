"""Log densities of observations with their derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Derivatives:
    """Log densities (..., n) with derivatives in the predictors.

    ``first[a]`` is the derivative in predictor a, ``second[a, b]`` with ``a <= b`` that in
    predictors a and b; a pair whose derivative is zero everywhere may be left out.  ``third``, of
    :meth:`Family.third_derivatives` only, holds ``third[a]``: the derivative of ``second[0, 0]``
    in predictor a.
    """

    value: Array
    first: tuple[Array, ...]
    second: Mapping[tuple[int, int], Array]
    third: tuple[Array, ...] = ()
