"""Which linear functions of the coefficients of a linear predictor are estimable.

Columns that were left out of the design for their redundancy are linear combinations of those that
were estimated, ``X_o = X_e C``.  With all columns, ``l'b`` is estimable when l is in the row space
of ``X = [X_e, X_o] = X_e [I, C]`` (Searle 1971, Linear Models, section 5.4), that is when
``l_o = C' l_e``.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def dependence_of_columns(blocks: Iterable[Array], estimated: NDArray[np.bool_]) -> Array:
    """C (e, o) from all columns (n_i, k) of blocks of observations.

    ``estimated`` (k,) marks the e columns that are taken to be independent.  The blocks are reduced
    to a triangle one after the other, which keeps the accuracy of the QR decomposition of them all.
    """
    order = np.concatenate([np.flatnonzero(estimated), np.flatnonzero(~estimated)])
    triangle: Array = np.zeros((0, len(order)))
    for block in blocks:
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, block[:, order]]), mode="r"))
    count = int(estimated.sum())
    independent, dependent = triangle[:, :count], triangle[:, count:]
    return np.asarray(np.linalg.lstsq(independent, dependent, rcond=1e-13)[0])


def estimable(
    combinations: Array, dependence: Array, estimated: NDArray[np.bool_], tolerance: float
) -> NDArray[np.bool_]:
    """Whether each row l of ``combinations`` (m, k) is estimable: a mask (m,).

    It is when ``max |l_o - C' l_e| / (|l_o| + 1)`` does not exceed the tolerance.
    """
    omitted = combinations[:, ~estimated]
    distance = np.abs(omitted - combinations[:, estimated] @ dependence) / (np.abs(omitted) + 1.0)
    return np.asarray(np.max(distance, axis=1, initial=0.0) <= tolerance)
