"""The margins themselves: weighted means of statistics, and their derivatives by e(b).

Observations are taken in blocks, in which columns are kept that neither ``at()`` nor a level of the
list of margins changes; so memory does not grow with the number of margins or observations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.postestimation.margins.at_points import PointValues, point_values
from statalike.commands.postestimation.margins.effects import evaluate_effect
from statalike.commands.postestimation.margins.observations import ObservationGroup
from statalike.commands.postestimation.margins.plan import Margin, MarginsPlan
from statalike.commands.postestimation.margins.statistics import (
    Array,
    Evaluation,
    Statistic,
    weighted_sum,
)
from statalike.design.columns import Column
from statalike.design.covariate_values import CovariateValues
from statalike.state import State

BLOCK = 1 << 16


@dataclass(frozen=True)
class MarginsEstimates:
    """Margins (m,), their derivatives (m, k) by e(b), and the observations (m,) each averages.

    ``points`` are the values of each ``at()`` in each group; ``averages`` says whether covariates
    vary between the observations of some margin.
    """

    margins: tuple[Margin, ...]
    values: Array
    jacobian: Array
    counts: Array
    points: tuple[tuple[PointValues, ...], ...]
    averages: bool


def estimate_margins(
    state: State,
    plan: MarginsPlan,
    *,
    derivatives: bool = True,
    statistics: Sequence[Statistic] | None = None,
) -> MarginsEstimates:
    """All margins of a plan; ``statistics`` take the place of its own, with derivatives by their
    own coefficients.
    """
    chosen = plan.statistics if statistics is None else tuple(statistics)
    margins = plan.margins()
    size = chosen[0].size
    values, counts = np.zeros(len(margins)), np.zeros(len(margins))
    jacobian = np.zeros((len(margins), size))
    points: list[tuple[PointValues, ...]] = []
    averages = False
    for number, group in enumerate(plan.sample.groups):
        own = [k for k, margin in enumerate(margins) if margin.group == number]
        totals = np.zeros(len(margins))
        settings, blocks = _group_blocks(state, plan, group, chosen)
        points.append(settings)
        for rows, block in blocks:
            weights = group.weights[rows]
            for k in own:
                found, used = _evaluation(plan, margins[k], chosen, settings, block, rows, weights)
                averages = averages or len(found.values) > 1
                totals[k] += used.sum()
                counts[k] += np.count_nonzero(used)
                values[k] += weighted_sum(used, found.values)
                if derivatives:
                    jacobian[k] += found.gradient(used)
        with np.errstate(divide="ignore", invalid="ignore"):
            values[own] /= totals[own]
            jacobian[own] /= totals[own][:, None]
    return MarginsEstimates(tuple(margins), values, jacobian, counts, tuple(points), averages)


def margin_shares(state: State, plan: MarginsPlan, margin: Margin) -> Array:
    """What each observation (n,) of the data adds to a margin beyond its own weight times the
    margin: ``w (f - margin) / sum of w``, the influence of the observation on the mean.
    """
    group = plan.sample.groups[margin.group]
    settings, blocks = _group_blocks(state, plan, group, plan.statistics)
    shares = np.zeros(state.data.n)
    total = mean = 0.0
    for rows, block in blocks:
        weights = group.weights[rows]
        found, used = _evaluation(plan, margin, plan.statistics, settings, block, rows, weights)
        positions = group.positions[rows]
        shares[positions] = found.values
        total += used.sum()
        mean += weighted_sum(used, found.values)
    shares[group.positions] -= mean / total
    shares[group.positions] *= group.weights / total
    return shares


def needed_columns(statistics: Iterable[Statistic]) -> tuple[Column, ...]:
    """The columns that statistics evaluate, each once."""
    return tuple({column.name: column for s in statistics for column in s.needed}.values())


def _group_blocks(
    state: State, plan: MarginsPlan, group: ObservationGroup, statistics: Sequence[Statistic]
) -> tuple[tuple[PointValues, ...], Iterator[tuple[slice, CovariateValues]]]:
    """The values of every point in a group, and its observations in blocks."""
    observed = plan.sample.values(state, group, needed_columns(statistics))
    evaluate = plan.sample.evaluator(state, group)
    settings = tuple(
        point_values(point, observed, group.weights, plan.covariates, evaluate)
        for point in plan.points
    )
    n = len(group.positions)
    cuts = (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))
    return settings, ((rows, observed.rows(rows)) for rows in cuts)


def _evaluation(
    plan: MarginsPlan,
    margin: Margin,
    statistics: Sequence[Statistic],
    settings: Sequence[PointValues],
    block: CovariateValues,
    rows: slice,
    weights: Array,
) -> tuple[Evaluation, Array]:
    """What a margin is the mean of in a block of observations, and with which weights (n,)."""
    statistic = statistics[margin.statistic if len(statistics) > 1 else 0]
    point = settings[margin.point]
    measures = {
        name: values if len(values) == 1 else values[rows]
        for name, values in point.measures.items()
    }
    term = plan.terms[margin.term]
    levels = dict(zip(term.factors, term.cells[margin.cell], strict=True))
    indicators = {name: own for name, own in point.indicators.items() if name not in levels}
    measures |= {name: np.array([float(level)]) for name, level in levels.items()}
    values = block.replaced(measures, indicators)
    if plan.reweighting is not None:
        weights = weights * plan.reweighting.occurring(values, len(weights))
    if margin.effect < 0:
        return statistic.evaluate(values), weights
    effect = plan.effects[margin.effect]
    if effect.is_base:
        return Evaluation(np.zeros(1), lambda _: np.zeros(statistic.size)), weights
    return evaluate_effect(effect, statistic, values), weights
