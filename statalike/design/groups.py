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
    if values.dtype.kind in "iuf" and values.size:
        if values.dtype.kind == "f" and (values[1:] >= values[:-1]).all():
            return np.concatenate(([0], np.cumsum(values[1:] > values[:-1])))
        low, high = values.min(), values.max()
        if float(high) - float(low) < 4 * len(values) + 1000:
            codes = values.astype(np.intp)
            if values.dtype.kind != "f" or bool((codes == values).all()):
                return codes - int(low)
    return np.unique(values, return_inverse=True)[1].astype(np.intp)
