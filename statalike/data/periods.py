"""Declared time: which observation is k periods before another, and the operators L, F, D, S.

``tsset`` and ``xtset`` keep the time variable, the panel variable and the period in the
dataset's characteristics ``_TStvar``, ``_TSpanel`` and ``_TSdelta``.  Lags count periods of
time, not observations, so that gaps give missing values.  ([U] 11.4.4.)
"""

from __future__ import annotations

import re

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import is_missing
from statalike.errors import StataError

Polynomial = dict[int, float]
_TOKEN = re.compile(r"([lfds])(\d*)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"([+-]?)([0-9a-f]+\.[0-9a-f]+)x([+-][0-9a-f]+)\Z", re.IGNORECASE)


def read_delta(text: str) -> float:
    """The period that ``_TSdelta`` tells: a number in the format %21x or in decimals, else 1."""
    text = text.strip()
    digits = _HEXADECIMAL.match(text)
    if digits:
        sign, mantissa, exponent = digits.groups()
        return float.fromhex(f"{sign}0x{mantissa}p{int(exponent, 16)}")
    try:
        return float(text)
    except ValueError:
        return 1.0


class Periods:
    """The observations of a dataset in order of panel and time.

    r(111) when no time variable is set.
    """

    def __init__(self, dataset: Dataset) -> None:
        settings = dataset.characteristics.get("_dta", {})
        time_name = settings.get("_TStvar", "")
        if time_name not in dataset.variables:
            raise StataError(111, "time variable not set, use tsset varname ...")
        panel_name = settings.get("_TSpanel", "")
        delta = read_delta(settings.get("_TSdelta", ""))
        time = dataset.variables[time_name].numbers()
        known = ~is_missing(time)
        panels = np.zeros(dataset.n, dtype=np.int64)
        if panel_name in dataset.variables:
            panel = dataset.variables[panel_name].numbers()
            known &= ~is_missing(panel)
            panels = np.unique(panel, return_inverse=True)[1].astype(np.int64)
        self._n = dataset.n
        self._rows = np.flatnonzero(known)
        self._delta = delta
        self._times = time[self._rows]
        self._panels = panels[self._rows]
        self._distinct, ranks = np.unique(self._times, return_inverse=True)
        self._keys = self._panels * len(self._distinct) + ranks
        self._order = np.argsort(self._keys, kind="stable")

    def source(self, lag: int) -> np.ndarray:
        """For every observation the one ``lag`` periods earlier, or -1; shape (n,)."""
        result = np.full(self._n, -1, dtype=np.int64)
        if not self._rows.size:
            return result
        wanted = self._times - lag * self._delta
        rank = _nearest(self._distinct, wanted)
        exists = np.abs(self._distinct[rank] - wanted) <= 1e-6 * self._delta
        keys = self._panels * len(self._distinct) + rank
        sorted_keys = self._keys[self._order]
        at = np.minimum(np.searchsorted(sorted_keys, keys), len(keys) - 1)
        exists &= sorted_keys[at] == keys
        result[self._rows] = np.where(exists, self._rows[self._order[at]], -1)
        return result


def _nearest(increasing: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The positions of the values nearest to those wanted."""
    above = np.minimum(np.searchsorted(increasing, wanted), len(increasing) - 1)
    below = np.maximum(above - 1, 0)
    nearer = np.abs(increasing[below] - wanted) < np.abs(increasing[above] - wanted)
    return np.where(nearer, below, above)


def lag_polynomial(operators: str) -> Polynomial | None:
    """``L2``, ``d``, ``FS12`` as coefficients of lags: ``D`` is {0: 1, 1: -1}; None if it is none.

    Lk shifts by k, Fk by -k, Dk is (1 - L)^k and Sk is 1 - L^k.
    """
    polynomial: Polynomial = {0: 1.0}
    at = 0
    while at < len(operators):
        token = _TOKEN.match(operators, at)
        if not token:
            return None
        at = token.end()
        letter, k = token[1].lower(), int(token[2] or 1)
        if letter == "l":
            polynomial = _times(polynomial, {k: 1.0})
        elif letter == "f":
            polynomial = _times(polynomial, {-k: 1.0})
        elif letter == "s":
            polynomial = _times(polynomial, {0: 1.0, k: -1.0} if k else {})
        else:
            for _ in range(k):
                polynomial = _times(polynomial, {0: 1.0, 1: -1.0})
    return polynomial


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    product: Polynomial = {}
    for lag, coefficient in left.items():
        for other, factor in right.items():
            product[lag + other] = product.get(lag + other, 0.0) + coefficient * factor
    return dict(sorted(product.items()))
