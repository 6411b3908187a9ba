"""Moments and percentiles of one variable, weighted or not ([R] summarize, Methods)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.data.missing import MISSING

PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
EXTREMES = 4


@dataclass(frozen=True)
class Summary:
    """Moments of a sample.

    ``n`` is the number of observations, for frequency weights their sum.  ``weight`` is the sum
    of the weights as given, ``total`` the weighted sum of the values.  What is not defined is
    ``.``.
    """

    n: int
    weight: float
    mean: float = MISSING
    variance: float = MISSING
    minimum: float = MISSING
    maximum: float = MISSING
    total: float = 0.0

    @property
    def standard_deviation(self) -> float:
        return float(np.sqrt(self.variance)) if self.variance < MISSING else MISSING


@dataclass(frozen=True)
class Detail:
    """Shape of a sample: skewness, kurtosis, percentiles and the most extreme values.

    ``smallest`` ascend from the minimum, ``largest`` ascend to the maximum; both have four
    entries, ``.`` where there are fewer observations.
    """

    skewness: float
    kurtosis: float
    percentiles: tuple[float, ...]
    smallest: tuple[float, ...]
    largest: tuple[float, ...]


def summary(values: np.ndarray, weights: np.ndarray | None, kind: str = "") -> Summary:
    """Moments of ``values`` (m,), none of them missing.

    With weights w (m,), all positive: frequency weights stand for repeated observations; analytic
    weights are scaled to sum to m, so that the variance is sum(w (x - mean)²)/(m - 1); importance
    weights are used as they are, with divisor sum(w) - 1.
    """
    m = len(values)
    if not m:
        return Summary(0, 0.0)
    low, high = float(values.min()), float(values.max())
    if weights is None:
        weight, count = float(m), m
        total = float(values.sum())
        mean = total / m
        squares = float(np.square(values - mean).sum())
    else:
        weight = float(weights.sum())
        count = round(weight) if kind == "fweight" else m
        total = float((weights * values).sum())
        if not weight:  # as importance weights may add up to
            return Summary(count, weight, MISSING, MISSING, low, high, total)
        mean = total / weight
        squares = float((weights * np.square(values - mean)).sum())
        if kind == "aweight":
            squares *= m / weight
    degrees = (weight if kind == "iweight" else count) - 1
    variance = squares / degrees if degrees > 0 else MISSING
    return Summary(count, weight, mean, variance, low, high, total)


def detail(values: np.ndarray, weights: np.ndarray | None) -> Detail:
    """Skewness m3 m2^(-3/2), kurtosis m4 m2^(-2), percentiles and extremes of ``values`` (m,).

    Moments have the sum of the weights as divisor.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    w = np.ones(len(values)) if weights is None else weights[order]
    deviations = ordered - (w * ordered).sum() / w.sum()
    moments = [float((w * deviations**power).sum() / w.sum()) for power in (2, 3, 4)]
    spread = moments[0] > 0
    missing = [MISSING] * max(EXTREMES - len(ordered), 0)
    return Detail(
        moments[1] / moments[0] ** 1.5 if spread else MISSING,
        moments[2] / moments[0] ** 2 if spread else MISSING,
        tuple(percentiles(ordered, w, PERCENTILES).tolist()),
        (*ordered[:EXTREMES].tolist(), *missing),
        (*missing, *ordered[-EXTREMES:].tolist()),
    )


def percentiles(ordered: np.ndarray, weights: np.ndarray, points: tuple[float, ...]) -> np.ndarray:
    """Percentiles of ascending values (m,): the value at which the cumulated weight first exceeds
    P = (sum of weights) p/100, or its mean with the next one where the cumulated weight is P."""
    cumulated = np.cumsum(weights)
    wanted = cumulated[-1] * np.asarray(points) / 100
    first = np.searchsorted(cumulated, wanted * (1 + 1e-14), side="right")
    first = np.minimum(first, len(ordered) - 1)
    before = np.maximum(first - 1, 0)
    exact = (first > 0) & np.isclose(cumulated[before], wanted, rtol=1e-13, atol=0)
    found: np.ndarray = np.where(exact, (ordered[before] + ordered[first]) / 2, ordered[first])
    return found
