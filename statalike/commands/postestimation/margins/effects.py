"""Effects of covariates on a statistic: derivatives, elasticities and discrete changes.

A derivative by a continuous covariate is a difference over five points of values that are exact, at
a distance at which its error is about 1e-12 of the effect (Abramowitz and Stegun 1965, 25.3.6); as
derivatives by coefficients are differences of exact ones in the same way, standard errors have
that accuracy too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.postestimation.margins.statistics import (
    Array,
    Evaluation,
    Statistic,
    combination,
)
from statalike.design.covariate_values import CovariateValues

#: weights of the statistic at the covariate plus so many steps
FIVE_POINTS = ((-2.0, 1.0 / 12.0), (-1.0, -8.0 / 12.0), (1.0, 8.0 / 12.0), (2.0, -1.0 / 12.0))
#: steps in standard deviations of the covariate; a linear statistic is exact at any
STEP, LINEAR_STEP = 1e-3, 0.25


@dataclass(frozen=True)
class Effect:
    """The effect of one covariate: ``kind`` is dydx, eyex, dyex or eydx.

    ``level`` is that of a factor, compared with ``base``, or with it as a continuous indicator when
    ``base`` is None.  ``scale`` is the standard deviation of a continuous covariate.
    """

    kind: str
    covariate: str
    level: int | None = None
    base: int | None = None
    scale: float = 1.0

    @property
    def is_base(self) -> bool:
        return self.level is not None and self.level == self.base

    @property
    def name(self) -> str:
        """``x``, ``2.group``, ``1b.group``: as in r(b)."""
        if self.level is None:
            return self.covariate
        return f"{self.level}{'b' if self.is_base else ''}.{self.covariate}"


def evaluate_effect(effect: Effect, statistic: Statistic, values: CovariateValues) -> Evaluation:
    """The effect on the statistic, for every observation."""
    if effect.level is not None and effect.base is not None:
        return _discrete_change(effect, statistic, values)
    change = _derivative(effect, statistic, values)
    factor: Array | float = 1.0
    if effect.kind in ("dyex", "eyex"):
        factor = _covariate(effect, values)
    if effect.kind in ("dydx", "dyex"):
        return combination([(change, factor)])
    # d ln(y) is dy / y, whose derivatives by coefficients are those of a quotient.
    level = statistic.evaluate(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = factor / level.values
        second = -factor * change.values / np.square(level.values)
    quotient = combination([(change, first), (level, second)])
    return Evaluation(np.atleast_1d(change.values * first), quotient.gradient)


def _discrete_change(effect: Effect, statistic: Statistic, values: CovariateValues) -> Evaluation:
    ends = []
    for level in (effect.level, effect.base):
        assert level is not None
        changed = values.replaced({effect.covariate: np.array([float(level)])})
        ends.append(statistic.evaluate(changed))
    if effect.kind == "dydx":
        return combination([(ends[0], 1.0), (ends[1], -1.0)])
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = combination(
            [(ends[0], 1.0 / ends[0].values), (ends[1], -1.0 / ends[1].values)]
        )
        logs = np.log(ends[0].values) - np.log(ends[1].values)
    return Evaluation(np.atleast_1d(logs), difference.gradient)


def _derivative(effect: Effect, statistic: Statistic, values: CovariateValues) -> Evaluation:
    step = effect.scale * (LINEAR_STEP if statistic.linear else STEP)
    parts: list[tuple[Evaluation, Array | float]] = []
    for steps, weight in FIVE_POINTS:
        moved = _moved(effect, values, steps * step)
        parts.append((statistic.evaluate(moved), weight / step))
    return combination(parts)


def _covariate(effect: Effect, values: CovariateValues) -> Array:
    if effect.level is None:
        return values.measures[effect.covariate]
    return _indicators(effect, values)[effect.level]


def _moved(effect: Effect, values: CovariateValues, distance: float) -> CovariateValues:
    if effect.level is None:
        return values.replaced({effect.covariate: values.measures[effect.covariate] + distance})
    own = _indicators(effect, values)
    own[effect.level] = own[effect.level] + distance
    return values.replaced(indicators={effect.covariate: own})


def _indicators(effect: Effect, values: CovariateValues) -> dict[int, Array]:
    """The indicator of each level of a factor, (n,) or (1,)."""
    given = values.indicators.get(effect.covariate)
    if given is not None:
        return dict(given)
    own = values.measures[effect.covariate]
    levels = {int(level) for level in np.unique(own)} | {effect.level or 0}
    return {level: (own == level).astype(np.float64) for level in levels}
