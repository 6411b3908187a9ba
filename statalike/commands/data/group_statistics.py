"""Statistics within groups: arrays in, one number per group or per observation out.

Throughout, ``values`` (m,) have no missing values, ``codes`` (m,) number their groups from 0 and
``groups`` is the number of groups.  A group without values gets ``.``.
"""

from __future__ import annotations

import numpy as np

from statalike.data.missing import MISSING


def counts(codes: np.ndarray, groups: int) -> np.ndarray:
    """Observations in each group, (groups,)."""
    return np.bincount(codes, minlength=groups).astype(np.float64)


def totals(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Sums, 0 where there is nothing to add, (groups,)."""
    return np.bincount(codes, weights=values, minlength=groups).astype(np.float64)


def means(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    n = counts(codes, groups)
    sums = totals(values, codes, groups)
    found: np.ndarray = np.divide(sums, n, out=np.full(groups, MISSING), where=n > 0)
    return found


def standard_deviations(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Square roots of the sums of squared deviations over n - 1; ``.`` for n < 2."""
    n = counts(codes, groups)
    deviations = values - means(values, codes, groups)[codes]
    squares = totals(np.square(deviations), codes, groups)
    variances = np.divide(squares, n - 1, out=np.full(groups, MISSING), where=n > 1)
    return np.where(n > 1, np.sqrt(variances), MISSING)


def minima(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    least = np.full(groups, np.inf)
    np.minimum.at(least, codes, values)
    return np.where(np.isinf(least), MISSING, least)


def maxima(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    most = np.full(groups, -np.inf)
    np.maximum.at(most, codes, values)
    return np.where(np.isinf(most), MISSING, most)


def percentiles(values: np.ndarray, codes: np.ndarray, groups: int, p: float) -> np.ndarray:
    """With P = n p/100: the mean of the P-th and the next value where P is whole, else the value
    of rank P rounded up, (groups,)."""
    if not len(values):
        return np.full(groups, MISSING)
    ordered = values[np.lexsort((values, codes))]
    n = np.bincount(codes, minlength=groups)
    start = np.cumsum(n) - n
    rank = n * p / 100
    below = np.floor(rank + 1e-9).astype(np.int64)
    whole = (np.abs(rank - below) < 1e-9) & (below >= 1) & (below < n)
    last = np.maximum(n - 1, 0)
    position = np.minimum(start + np.minimum(below, last), len(ordered) - 1)
    before = np.maximum(position - 1, 0)
    found = np.where(whole, (ordered[before] + ordered[position]) / 2, ordered[position])
    return np.where(n > 0, found, MISSING)


def ranks(values: np.ndarray, codes: np.ndarray, ties: str = "mean") -> np.ndarray:
    """The rank (m,) of each value in its group.

    ``ties``: ``mean`` ranks, ``track`` (1 + how many are lower), ``field`` (1 + how many are
    higher) or ``unique`` (ties in the order of the observations).
    """
    m = len(values)
    if not m:
        return np.zeros(0)
    keys = -values if ties == "field" else values
    order = np.lexsort((keys, codes))
    ordered, group = keys[order], codes[order]
    place = np.arange(m)
    new_group = np.ones(m, dtype=bool)
    new_group[1:] = group[1:] != group[:-1]
    start = np.maximum.accumulate(np.where(new_group, place, 0))
    new_value = new_group.copy()
    new_value[1:] |= ordered[1:] != ordered[:-1]
    first = np.maximum.accumulate(np.where(new_value, place, 0))
    if ties == "unique":
        sorted_ranks = place - start + 1.0
    else:
        sorted_ranks = first - start + 1.0
        if ties == "mean":
            size = np.diff(np.append(np.flatnonzero(new_value), m))
            sorted_ranks += (np.repeat(size, size) - 1) / 2
    result = np.empty(m)
    result[order] = sorted_ranks
    return result


def combined_codes(columns: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """Groups of rows that agree in all columns, numbered in the order of the columns' values."""
    if not columns or not len(columns[0]):
        return np.zeros(len(columns[0]) if columns else 0, dtype=np.int64), 0
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    groups = 1
    for column in columns:
        distinct, place = np.unique(column, return_inverse=True)
        if groups == 1:
            codes, groups = place, len(distinct)
            continue
        known, codes = np.unique(codes * len(distinct) + place, return_inverse=True)
        groups = len(known)
    return codes, groups
