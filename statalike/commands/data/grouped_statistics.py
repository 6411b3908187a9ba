"""Statistics of one variable within groups, by their names, with weights ([D] collapse; [R]
tabstat).

With frequency weights f a value counts f times.  Analytic weights are scaled to add up to the
number n of values of a group; sampling and importance weights are used as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statalike.commands.data import group_statistics as unweighted
from statalike.data.missing import MISSING
from statalike.errors import StataError

_PERCENTILE = re.compile(r"p(\d\d?)\Z")


@dataclass
class GroupedValues:
    """``values`` (m,), none missing, in ``groups`` groups numbered by ``codes`` (m,); ``weights``
    (m,) are positive."""

    values: np.ndarray
    codes: np.ndarray
    groups: int
    weights: np.ndarray | None = None
    kind: str = ""

    def statistic(self, name: str) -> np.ndarray:
        """One number for each group (groups,), ``.`` where it is not defined; r(198) for a name
        that is none."""
        percentile = _PERCENTILE.match(name)
        if percentile and int(percentile[1]):
            return self.percentile(float(percentile[1]))
        if name not in STATISTICS:
            raise StataError(198, f"unknown statistic: {name}")
        return STATISTICS[name](self)

    @cached_property
    def numbers(self) -> np.ndarray:
        """How many values each group has, without regard to weights."""
        return unweighted.counts(self.codes, self.groups)

    @cached_property
    def scaled(self) -> np.ndarray:
        """The weights as sums use them (m,)."""
        if self.weights is None:
            return np.ones(len(self.values))
        if self.kind != "aweight":
            return self.weights
        sums = unweighted.totals(self.weights, self.codes, self.groups)
        ratio = np.divide(self.numbers, sums, out=np.ones(self.groups), where=sums > 0)
        return self.weights * ratio[self.codes]

    @cached_property
    def size(self) -> np.ndarray:
        """The sum of the weights of each group, the number of values without."""
        return unweighted.totals(self.scaled, self.codes, self.groups)

    def sums(self) -> np.ndarray:
        return unweighted.totals(self.scaled * self.values, self.codes, self.groups)

    @cached_property
    def mean(self) -> np.ndarray:
        return _ratio(self.sums(), self.size)

    def moment(self, power: int) -> np.ndarray:
        """The mean power of the deviations from the group's mean."""
        deviations = self.values - self.mean[self.codes]
        total = unweighted.totals(self.scaled * deviations**power, self.codes, self.groups)
        return _ratio(total, self.size)

    def variance(self) -> np.ndarray:
        if self.kind == "pweight":
            raise StataError(135, "not possible with pweights")
        freedom = self.size - 1
        squares = np.where(self.size > 0, self.moment(2), 0.0) * self.size
        return _ratio(squares, np.where(self.numbers > 1, freedom, 0.0))

    def deviation(self) -> np.ndarray:
        return _root(self.variance())

    def standard_error(self) -> np.ndarray:
        return _where(_root(_ratio(self.variance(), self.size)), self.variance())

    def percentile(self, percent: float) -> np.ndarray:
        """The value at which the cumulated weight first exceeds P = (sum of weights) p/100, or its
        mean with the next one where it is P."""
        if not len(self.values):
            return np.full(self.groups, MISSING)
        order = np.lexsort((self.values, self.codes))
        ordered = self.values[order]
        cumulated = np.cumsum(self.scaled[order])
        last = np.cumsum(self.numbers).astype(np.intp) - 1
        before = np.append(0.0, cumulated)[last + 1 - self.numbers.astype(np.intp)]
        target = before + self.size * percent / 100
        slack = 1e-12 * np.maximum(target, 1.0)
        at = np.minimum(np.searchsorted(cumulated, target + slack, side="right"), last)
        reached = np.maximum(at - 1, 0)
        first = last + 1 - self.numbers.astype(np.intp)
        exact = (at > first) & (np.abs(cumulated[reached] - target) <= slack)
        found = np.where(exact, (ordered[reached] + ordered[at]) / 2, ordered[at])
        return np.where(self.numbers > 0, found, MISSING)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    known = (below > 0) & (above < MISSING)
    return np.divide(above, below, out=np.full(len(above), MISSING), where=known)


def _root(values: np.ndarray) -> np.ndarray:
    return np.where(values < MISSING, np.sqrt(np.where(values < MISSING, values, 0.0)), MISSING)


def _where(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known < MISSING, values, MISSING)


def _standardised(of: GroupedValues, power: int) -> np.ndarray:
    """Skewness and kurtosis: a moment over the power of the standard deviation, divisor n."""
    spread = of.moment(2)
    usable = np.where((spread > 0) & (spread < MISSING), spread, 0.0)
    return _ratio(of.moment(power), usable ** (power / 2))


def _difference(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    return np.where(high < MISSING, high - np.where(high < MISSING, low, 0.0), MISSING)


def _minima(of: GroupedValues) -> np.ndarray:
    return unweighted.minima(of.values, of.codes, of.groups)


def _maxima(of: GroupedValues) -> np.ndarray:
    return unweighted.maxima(of.values, of.codes, of.groups)


def _count(of: GroupedValues) -> np.ndarray:
    return of.numbers if of.kind == "aweight" else of.size


#: every statistic by the name that commands know it under
STATISTICS: dict[str, Callable[[GroupedValues], np.ndarray]] = {
    "mean": lambda of: of.mean,
    "count": _count,
    "sum": lambda of: of.sums(),
    "rawsum": lambda of: unweighted.totals(of.values, of.codes, of.groups),
    "max": _maxima,
    "min": _minima,
    "range": lambda of: _difference(_maxima(of), _minima(of)),
    "sd": lambda of: of.deviation(),
    "variance": lambda of: of.variance(),
    "cv": lambda of: _where(
        _ratio(of.deviation(), np.where(of.mean == 0, np.nan, np.abs(of.mean)))
        * np.sign(np.where(of.mean < MISSING, of.mean, 1.0)),
        of.deviation(),
    ),
    "semean": lambda of: of.standard_error(),
    "skewness": lambda of: _standardised(of, 3),
    "kurtosis": lambda of: _standardised(of, 4),
    "median": lambda of: of.percentile(50),
    "iqr": lambda of: _difference(of.percentile(75), of.percentile(25)),
}
