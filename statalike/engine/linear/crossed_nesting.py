"""Crossed-effects models that are nested after all, as levels.

``|| _all: R.id`` has an independent effect for each id, as ``|| id:`` does ([ME] mixed,
Crossed-effects models); when the units of all equations are nested in each other the model is one
of nested levels, and estimated as such at a cost linear in the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import Identity
from statalike.engine.linear.crossed_model import CrossedEffectsModel, RandomFactor
from statalike.engine.linear.fit import LinearMixedFit
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.nested_groups import NestedGroups, nested_groups

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class NestedEquivalent:
    """The same model in nested levels.

    ``equations[level][position]`` is the level and the position of that equation in the
    crossed-effects model.
    """

    model: LinearMixedModel
    equations: tuple[tuple[tuple[int, int], ...], ...]


def nested_equivalent(model: CrossedEffectsModel) -> NestedEquivalent | None:
    """The model in nested levels, or None where its effects are crossed or exchangeable."""
    groups = nested_groups([level.groups for level in model.levels])
    found: list[tuple[int, Positions, tuple[int, int], RandomEffects]] = []
    for number, level in enumerate(model.levels):
        for position, effects in enumerate(level.effects):
            if isinstance(effects, RandomFactor):
                if not isinstance(effects.structure, Identity):
                    return None
                unit = _cells(effects, groups, number)
                design = RandomEffects(np.ones((model.observations, 1)), Identity(1))
            else:
                unit, design = groups.group(number), effects
            found.append((int(unit.max()) + 1, unit, (number, position), design))
    found.sort(key=lambda entry: entry[0])
    levels: list[Level] = []
    equations: list[tuple[tuple[int, int], ...]] = []
    above: tuple[int, Positions] | None = None
    for count, unit, where, design in found:
        if above is not None:
            parent = np.empty(count, dtype=np.intp)
            parent[unit] = above[1]
            if not np.array_equal(parent[unit], above[1]):
                return None
        if above is not None and above[0] == count:
            levels[-1] = replace(levels[-1], effects=(*levels[-1].effects, design))
            equations[-1] = (*equations[-1], where)
        else:
            levels.append(Level(unit, (design,)))
            equations.append((where,))
            above = count, unit
    nested = LinearMixedModel(model.outcome, model.fixed, tuple(levels))
    return NestedEquivalent(nested, tuple(equations))


def _cells(factor: RandomFactor, groups: NestedGroups, level: int) -> Positions:
    categories = np.asarray(factor.categories, dtype=np.intp)
    key = groups.group(level) * factor.structure.size + categories
    if groups.counts[level] * factor.structure.size <= 8 * len(key) + 1024:
        present = np.cumsum(np.bincount(key) > 0) - 1
        return np.asarray(present[key])
    return np.unique(key, return_inverse=True)[1].astype(np.intp)


def nested_covariances(
    equivalent: NestedEquivalent, covariances: Sequence[Sequence[Array]]
) -> list[list[Array]]:
    """The covariance matrices of a crossed-effects model's equations, by the equivalent's levels
    and equations; a factor's become 1 x 1.
    """
    return [
        [
            np.asarray(covariances[number][position])[:size, :size]
            for (number, position), size in zip(
                equations, (effects.structure.size for effects in level.effects), strict=True
            )
        ]
        for level, equations in zip(equivalent.model.levels, equivalent.equations, strict=True)
    ]


def in_original_order(
    fit: LinearMixedFit, equivalent: NestedEquivalent, model: CrossedEffectsModel
) -> LinearMixedFit:
    """The fit of the nested equivalent with parameters as the crossed-effects model has them."""
    names = []
    for parameter in fit.parameters:
        if parameter.level < 0:
            names.append(parameter)
            continue
        level, equation = equivalent.equations[parameter.level][parameter.equation]
        names.append(replace(parameter, level=level, equation=equation))
    # The sort is stable, and the residual comes last.
    order = sorted(
        range(len(names)),
        key=lambda k: (names[k].level < 0, names[k].level, names[k].equation),
    )
    matrices = {
        where: fit.covariances[level][position]
        for level, equations in enumerate(equivalent.equations)
        for position, where in enumerate(equations)
    }
    known = bool(len(fit.gradient))
    return replace(
        fit,
        gradient=fit.gradient[order] if known else fit.gradient,
        hessian=fit.hessian[np.ix_(order, order)] if known else fit.hessian,
        at_boundary=fit.at_boundary[order[:-1]],
        parameters=tuple(names[k] for k in order),
        estimates=fit.estimates[order],
        parameter_covariance=fit.parameter_covariance[np.ix_(order, order)],
        covariances=tuple(
            tuple(matrices[number, position] for position in range(len(level.effects)))
            for number, level in enumerate(model.levels)
        ),
        group_sizes=nested_groups([level.groups for level in model.levels]).sizes,
    )
