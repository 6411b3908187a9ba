"""Further functions of ``egen`` ([D] egen), each as arrays in, an array out."""

from __future__ import annotations

import itertools

import numpy as np

from statalike.commands.data import group_statistics as statistics
from statalike.data.missing import MISSING
from statalike.errors import StataError


def _moments(
    values: np.ndarray, codes: np.ndarray, groups: int, power: int
) -> tuple[np.ndarray, np.ndarray]:
    """Central moments of order 2 and ``power`` with divisor n, (groups,) each."""
    n = statistics.counts(codes, groups)
    deviations = values - statistics.means(values, codes, groups)[codes]
    with np.errstate(all="ignore"):
        second = statistics.totals(deviations**2, codes, groups) / n
        higher = statistics.totals(deviations**power, codes, groups) / n
    return second, higher


def _settled(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, MISSING)


def skewness(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """m3 / m2^(3/2) in each group, (groups,)."""
    second, third = _moments(values, codes, groups, 3)
    with np.errstate(all="ignore"):
        return _settled(third / second**1.5)


def kurtosis(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """m4 / m2² in each group, (groups,)."""
    second, fourth = _moments(values, codes, groups, 4)
    with np.errstate(all="ignore"):
        return _settled(fourth / second**2)


def median_deviation(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """The median of absolute deviations from the group's median, (groups,)."""
    medians = statistics.percentiles(values, codes, groups, 50)
    return statistics.percentiles(np.abs(values - medians[codes]), codes, groups, 50)


def mean_deviation(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """The mean of absolute deviations from the group's mean, (groups,)."""
    means = statistics.means(values, codes, groups)
    return statistics.means(np.abs(values - means[codes]), codes, groups)


def modes(values: np.ndarray, codes: np.ndarray, groups: int, choice: str) -> np.ndarray:
    """The commonest value in each group, (groups,).

    ``choice``: where several are, ``min`` or ``max`` of them; otherwise the group has none.
    """
    result = np.full(groups, MISSING)
    if not len(values):
        return result
    order = np.lexsort((values, codes))
    value, code = values[order], codes[order]
    starts = np.flatnonzero(np.append(True, (value[1:] != value[:-1]) | (code[1:] != code[:-1])))
    sizes = np.diff(np.append(starts, len(value)))
    value, code = value[starts], code[starts]
    most = np.zeros(groups, dtype=np.intp)
    np.maximum.at(most, code, sizes)
    commonest = sizes == most[code]
    value, code = value[commonest], code[commonest]
    ties = np.bincount(code, minlength=groups)
    first = np.unique(code, return_index=True)[1]
    if choice == "max":
        result[code] = value
    else:
        result[code[first]] = value[first]
    if not choice:
        result[ties > 1] = MISSING
    return result


def cut_points(values: np.ndarray, points: tuple[float, ...]) -> np.ndarray:
    """The greatest point not above each value (m,); missing outside the first and the last."""
    if any(a >= b for a, b in itertools.pairwise(points)):
        raise StataError(124, "at() must be in ascending order")
    limits = np.array(points)
    place = np.searchsorted(limits, values, side="right") - 1
    inside = (place >= 0) & (place < len(limits) - 1) & (values < MISSING)
    return np.where(inside, limits[np.clip(place, 0, len(limits) - 1)], MISSING)


def cut_groups(values: np.ndarray, number: int) -> np.ndarray:
    """Groups 0, 1, ... of about equal size by the order of the values (m,), ties together."""
    result = np.full(len(values), MISSING)
    there = values < MISSING
    known = values[there]
    if len(known):
        ordered = np.sort(known)
        steps = np.ceil(np.arange(1, number) * len(known) / number).astype(np.intp)
        limits = ordered[np.clip(steps, 0, len(known) - 1)]
        result[there] = np.searchsorted(np.unique(limits), known, side="right")
    return result


def repeating(pattern: tuple[float, ...], n: int) -> np.ndarray:
    """``fill()``: the numbers of a pattern continued over n rows.

    A pattern that repeats itself goes on repeating; otherwise the differences of its last numbers
    go on.
    """
    k = len(pattern)
    if k < 2:
        raise StataError(198, "fill() needs at least two numbers")
    half = k // 2
    if k % 2 == 0 and pattern[:half] == pattern[half:]:
        return np.resize(np.array(pattern[:half]), n)
    if k % 2 == 0 and half > 1:
        steps = {b - a for a, b in zip(pattern[:half], pattern[half:], strict=True)}
        if len(steps) == 1:
            blocks = np.arange(n) // half
            return np.resize(np.array(pattern[:half]), n) + blocks * steps.pop()
    step = pattern[-1] - pattern[-2]
    return np.concatenate(
        [np.array(pattern), pattern[-1] + step * np.arange(1, max(n - k, 0) + 1)]
    )[:n]


def sequence(n: int, first: int, last: int, block: int) -> np.ndarray:
    """``seq()``: from ``first`` to ``last``, each ``block`` times, over and over, (n,)."""
    step = 1 if last >= first else -1
    length = abs(last - first) + 1
    return first + step * ((np.arange(n) // block) % length).astype(float)
