"""Time-series operators L, F, D, S on a variable of declared time-series or panel data."""

from __future__ import annotations

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.periods import Periods, lag_polynomial
from statalike.errors import invalid_syntax


def lagged(data: Dataset, variable: str, operators: str) -> np.ndarray:
    """A variable (n,) under operators such as ``L2`` or ``LD``; missing where a lag is.

    r(111) when no time variable is set.
    """
    polynomial = lag_polynomial(operators)
    if polynomial is None:
        raise invalid_syntax()
    values = data.variable(variable).numbers()
    periods = Periods(data)
    total = np.zeros(data.n)
    missing = np.zeros(data.n, dtype=bool)
    for lag, coefficient in polynomial.items():
        source = periods.source(lag) if lag else np.arange(data.n)
        term = values[source]
        absent = (source < 0) | (term >= MISSING)
        missing |= absent
        total += coefficient * np.where(absent, 0.0, term)
    total[missing] = MISSING
    return total
