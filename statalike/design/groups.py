"""Groups at nested levels: from level variables to integer codes."""

from __future__ import annotations

import numpy as np

from statalike.data.dataset import Dataset


def group_codes(data: Dataset, variable: str, rows: np.ndarray) -> np.ndarray:
    """Integer codes (n,) of a level variable on the chosen rows, in the order of its values.

    ``_all`` is one group that holds every observation.
    """
    if variable == "_all":
        return np.zeros(int(rows.sum()), dtype=np.intp)
    column = data.variable(variable)
    values = column.values[rows]
    if values.dtype.kind in "iu" and values.size:
        low, high = int(values.min()), int(values.max())
        if high - low < 4 * len(values) + 1000:
            return values.astype(np.intp) - low
    if values.dtype.kind == "f" and values.size:
        steps = np.diff(values)
        if (steps >= 0).all():
            return np.concatenate(([0], np.cumsum(steps > 0)))
    return np.unique(values, return_inverse=True)[1].astype(np.intp)
