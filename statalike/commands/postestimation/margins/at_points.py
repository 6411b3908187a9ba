"""``at()``: the values at which ``margins`` fixes covariates, one combination after another.

A point is what is asked for (``x`` at its mean); it becomes values on a group of observations,
which decide what the mean is ([R] margins, option ``at()``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from statalike.commands.data.summary_statistics import percentiles
from statalike.commands.postestimation.margins.covariates import ModelCovariates
from statalike.design.covariate_values import Array, CovariateValues, Indicators
from statalike.errors import StataError
from statalike.language.ast import AtSetting, Expression, Operated, VariableItem, VariableRange
from statalike.language.numlist import expanded_numbers
from statalike.language.parser import parse_at_settings
from statalike.language.unparse import expression_text

STATISTICS_OF_ALL = ("mean", "asobserved")
STATISTICS_OF_MEASURES = ("median", "min", "max", "zero")
STATISTICS_OF_FACTORS = ("base", "asbalanced")
_PERCENTILE = re.compile(r"p([1-9]\d?)")


@dataclass(frozen=True)
class Fixing:
    """What one covariate is fixed at: a statistic, a value, or an expression of the data.

    ``shares`` are the indicators that ``2.group=.3`` gives, by level.
    """

    statistic: str = ""
    value: float = np.nan
    expression: Expression | None = None
    shares: Mapping[int, float] = field(default_factory=dict)


#: what covariates are fixed at, by name; the others are as observed
AtPoint = Mapping[str, Fixing]


@dataclass(frozen=True)
class FixedCovariate:
    """A covariate, or the indicator of a level of a factor, at a point: for the legend and r(at).

    ``value`` is missing (nan) for what varies between observations; ``note`` is the statistic it
    comes from, or the expression.
    """

    name: str
    value: float
    note: str = ""


def read_at_points(
    specifications: Sequence[str],
    covariates: ModelCovariates,
    *,
    at_means: bool = False,
    as_balanced: bool = False,
) -> tuple[AtPoint, ...]:
    """The points of all ``at()`` options in turn; one without any when there are none.

    Within one option the covariate that stands first in the model varies slowest.  Raises r(322)
    for what is no covariate, r(198) for a statistic that a covariate cannot have.
    """
    usual: dict[str, Fixing] = {}
    if at_means:
        usual = {name: Fixing("mean") for name in covariates.names}
    if as_balanced:
        usual |= {name: Fixing("asbalanced") for name in covariates.factors}
    points: list[AtPoint] = []
    for text in specifications or [""]:
        chosen = _read(text, covariates) if text.strip() else {}
        named = {name: chosen[name] for name in covariates.names if name in chosen}
        for combination in itertools.product(*named.values()):
            fixed = usual | dict(zip(named, combination, strict=True))
            ordered = {name: fixed[name] for name in covariates.names if name in fixed}
            points.append({n: f for n, f in ordered.items() if f.statistic != "asobserved"})
    return tuple(points)


def _read(text: str, covariates: ModelCovariates) -> dict[str, list[Fixing]]:
    chosen: dict[str, list[Fixing]] = {}
    shares: dict[str, dict[int, float]] = {}
    assigned: set[str] = set()
    for setting in parse_at_settings(text):
        if setting.values or setting.expression is not None:
            name, level = _assigned_covariate(setting.covariate, covariates)
            if level is not None:
                (share,) = expanded_numbers(setting.values)
                shares.setdefault(name, {})[level] = share
                continue
            fixings = _assigned(name, setting, covariates)
            chosen[name] = [*chosen[name], *fixings] if name in assigned else fixings
            assigned.add(name)
            continue
        statistic = setting.statistic or "mean"
        _check_statistic(statistic)
        group = _group_word(setting.covariate)
        for name in covariates.chosen(setting.covariate, "at"):
            if not _suits(statistic, name, covariates):
                if group:
                    continue
                raise StataError(
                    198, f"invalid at() option;\n({statistic}) not allowed with variable {name}"
                )
            if name not in assigned:
                chosen[name] = [Fixing(statistic)]
    for name, own in shares.items():
        if not np.isclose(sum(own.values()), 1.0):
            missing = [level for level in covariates.levels[name] if level not in own]
            if len(missing) != 1 or sum(own.values()) > 1.0:
                raise StataError(198, "invalid at() option;\nindicators must sum to one")
            own[missing[0]] = 1.0 - sum(own.values())
        chosen[name] = [Fixing(shares=own)]
    return chosen


def _group_word(item: VariableItem) -> bool:
    return getattr(item, "text", "") in ("_all", "_factor", "_continuous")


def _assigned_covariate(item: VariableItem, covariates: ModelCovariates) -> tuple[str, int | None]:
    """The one covariate of ``x=1``, and the level of ``2.group=.3``."""
    if isinstance(item, VariableRange):
        raise StataError(198, "invalid at() option;\nonly one variable may stand before =")
    level = None
    if isinstance(item, Operated) and item.operators.rstrip("bn").isdigit():
        level = int(item.operators.rstrip("bn"))
        item = item.variables[0]
    names = covariates.chosen(item, "at")
    if len(names) != 1:
        raise StataError(198, "invalid at() option;\nonly one variable may stand before =")
    if level is not None and level not in covariates.levels.get(names[0], ()):
        raise StataError(
            322, f"invalid at() option;\nlevel {level}.{names[0]} not found in list of covariates"
        )
    return names[0], level


def _assigned(name: str, setting: AtSetting, covariates: ModelCovariates) -> list[Fixing]:
    if setting.expression is not None:
        return [Fixing(expression=setting.expression)]
    values = expanded_numbers(setting.values)
    if name in covariates.factors:
        known = covariates.levels[name]
        for value in values:
            if value not in known:
                raise StataError(
                    322,
                    f"invalid at() option;\nlevel {value:g} of factor {name} not found in list of "
                    "covariates",
                )
    return [Fixing(value=value) for value in values]


def _check_statistic(statistic: str) -> None:
    every = (*STATISTICS_OF_ALL, *STATISTICS_OF_MEASURES, *STATISTICS_OF_FACTORS)
    if statistic not in every and not _PERCENTILE.fullmatch(statistic):
        raise StataError(198, f"invalid at() option;\n({statistic}) invalid statistic")


def _suits(statistic: str, name: str, covariates: ModelCovariates) -> bool:
    if statistic in STATISTICS_OF_ALL:
        return True
    return (statistic in STATISTICS_OF_FACTORS) == (name in covariates.factors)


@dataclass(frozen=True)
class PointValues:
    """A point on a group of observations: the values it gives to covariates, and how it reads."""

    measures: Mapping[str, Array]
    indicators: Mapping[str, Indicators]
    legend: tuple[FixedCovariate, ...]


def point_values(
    point: AtPoint,
    values: CovariateValues,
    weights: Array,
    covariates: ModelCovariates,
    evaluate: Callable[[Expression], Array],
) -> PointValues:
    """The point on observations with these ``values`` and ``weights`` (n,).

    ``evaluate`` gives an expression of ``generate()`` on them.
    """
    measures: dict[str, Array] = {}
    indicators: dict[str, dict[int, Array]] = {}
    legend: list[FixedCovariate] = []
    for name, fixing in point.items():
        own = values.measures[name]
        levels = covariates.levels.get(name, ())
        if fixing.expression is not None:
            measures[name] = evaluate(fixing.expression)
            legend.append(FixedCovariate(name, np.nan, expression_text(fixing.expression)))
        elif fixing.shares or (levels and fixing.statistic in ("mean", "asbalanced")):
            shares = _shares(fixing, own, weights, levels)
            indicators[name] = {level: np.array([share]) for level, share in shares.items()}
            note = f"({fixing.statistic})" if fixing.statistic else ""
            if fixing.statistic == "asbalanced":
                legend.append(FixedCovariate(name, np.nan, note))
            else:
                legend += [
                    FixedCovariate(f"{level}.{name}", share, note)
                    for level, share in shares.items()
                ]
        else:
            value = _value(fixing, own, weights, covariates.bases.get(name, 0))
            measures[name] = np.array([value])
            note = f"({fixing.statistic})" if fixing.statistic else ""
            legend.append(FixedCovariate(name, value, note))
    return PointValues(measures, indicators, tuple(legend))


def _shares(fixing: Fixing, own: Array, weights: Array, levels: Sequence[int]) -> dict[int, float]:
    if fixing.shares:
        return {level: fixing.shares.get(level, 0.0) for level in levels}
    if fixing.statistic == "asbalanced":
        return {level: 1.0 / len(levels) for level in levels}
    total = weights.sum()
    return {level: float(weights[own == level].sum() / total) for level in levels}


def _value(fixing: Fixing, own: Array, weights: Array, base: int) -> float:
    match fixing.statistic:
        case "":
            return fixing.value
        case "mean":
            return float(weights @ own / weights.sum())
        case "zero":
            return 0.0
        case "base":
            return float(base)
        case "min":
            return float(own[weights != 0].min())
        case "max":
            return float(own[weights != 0].max())
    found = _PERCENTILE.fullmatch(fixing.statistic)
    point = float(found[1]) if found else 50.0
    order = np.argsort(own, kind="stable")
    return float(percentiles(own[order], weights[order], (point,))[0])
