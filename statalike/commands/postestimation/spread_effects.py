"""Predicted random effects of a fitted ``mixed`` model carried to observations.

They are computed on the estimation sample; observations of the same groups outside it, such as
those appended for prediction, share them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.commands.estimation.linear_mixed import (
    EquationsByLevel,
    LinearMixedDescription,
    RandomEffectsEquation,
    covariance_matrices,
    residual_parameters,
    residual_variance,
)
from statalike.commands.estimation.mixed_weights import (
    ModelWeights,
    model_weights,
    stored_weights,
)
from statalike.commands.estimation.random_categories import RandomCategories, category_names
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.sample import drop_missing
from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.crossed_prediction import (
    CrossedEffectsPrediction,
    FactorEffects,
    predict_crossed_effects,
)
from statalike.engine.linear.model import LinearMixedModel, RandomEffects
from statalike.engine.linear.prediction import LevelEffects, predict_random_effects
from statalike.engine.linear.weights import TotalWeights
from statalike.engine.nested_groups import nested_groups
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.state import State

Effect: TypeAlias = tuple[str, np.ndarray, np.ndarray]


def fitted_sample(state: State) -> np.ndarray:
    """The estimation sample, a mask (n,); r(459) where there is none."""
    sample = estimation_sample(state)
    if sample is None or not sample.any():
        raise StataError(
            459,
            "estimation sample not found; this prediction needs the data of the estimation",
        )
    return sample


def stored_model_weights(
    state: State, description: EquationsByLevel, sample: np.ndarray
) -> ModelWeights | None:
    """The weights that the estimation had, level by level; None where it had none."""
    request = stored_weights(state.e, description.level_names)
    if request is None:
        return None
    codes = description.codes(state.data, sample)
    return model_weights(state, request, sample, description.level_names, codes)


def stored_total_weights(
    state: State, description: LinearMixedDescription, sample: np.ndarray
) -> TotalWeights | None:
    """The weights that the estimation had, None where it had none."""
    weights = stored_model_weights(state, description, sample)
    return None if weights is None else weights.total(description.level_positions)


@dataclass(frozen=True)
class SpreadCoefficients:
    """Random coefficients of ``columns``: ``row`` (n,) of each observation's group, -1 for none;
    ``effects`` and ``standard_errors`` are (G, q).
    """

    columns: tuple[Column, ...]
    row: np.ndarray
    effects: np.ndarray
    standard_errors: np.ndarray

    def contribution(self, data: Dataset) -> np.ndarray:
        """Zu of the equation for every observation (n,), missing where it is not known."""
        total = np.zeros(data.n)
        for number, column in enumerate(self.columns):
            effect = _by_row(self.row, self.effects[:, number])
            values = column.evaluate(data)
            missing = (effect >= MISSING) | (values >= MISSING)
            product = np.where(missing, 0.0, effect) * np.where(missing, 0.0, values)
            total = np.where(missing | (total >= MISSING), MISSING, total + product)
        return total

    def every_effect(self) -> Iterator[Effect]:
        """Of each effect its name, and for every observation its value and standard error."""
        for number, column in enumerate(self.columns):
            yield (
                effect_name(column),
                _by_row(self.row, self.effects[:, number]),
                _by_row(self.row, self.standard_errors[:, number]),
            )


@dataclass(frozen=True)
class SpreadCategories:
    """Effects of the categories of a variable, whose ``names`` they have: ``row`` (n,) of each
    observation's group and its ``category`` (n,), both -1 for none.
    """

    names: tuple[str, ...]
    row: np.ndarray
    category: np.ndarray
    effects: FactorEffects

    def contribution(self, data: Dataset) -> np.ndarray:
        """The effect of each observation's own category (n,), missing where it is not known."""
        known = (self.row >= 0) & (self.category >= 0)
        result = np.full(data.n, MISSING)
        result[known] = self.effects.effects_of(self.row[known], self.category[known])
        return result

    def every_effect(self) -> Iterator[Effect]:
        """Of each category its name, and for every observation its value and standard error."""
        for number, name in enumerate(self.names):
            effects, errors = self.effects.category(number)
            yield name, _by_row(self.row, effects), _by_row(self.row, errors)


SpreadEffects: TypeAlias = SpreadCoefficients | SpreadCategories


def _by_row(row: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(row >= 0, values[np.maximum(row, 0)], MISSING)


def spread_effects(
    state: State, description: LinearMixedDescription
) -> list[tuple[SpreadEffects, ...]]:
    """Predicted random effects of each equation of each level, for all observations."""
    sample = fitted_sample(state)
    check_unchanged(state.data, state.e, sample)
    data = state.data
    predicted = _predictions(state, description, sample)
    named = [name for name in description.level_names if name != "_all"]
    present = drop_missing(data, np.ones(data.n, dtype=bool), named)
    groups = nested_groups(description.codes(data, present))
    inside = sample[present]
    spread: list[tuple[SpreadEffects, ...]] = []
    for (name, equations), (group, effects) in zip(description.levels, predicted, strict=True):
        path = groups.group(description.level_names.index(name))
        row_of_path = np.full(int(path.max()) + 1, -1)
        row_of_path[path[inside]] = group
        row = np.full(data.n, -1)
        row[present] = row_of_path[path]
        spread.append(
            tuple(
                _spread(data, sample, equation, row, own)
                for equation, own in zip(equations, effects, strict=True)
            )
        )
    return spread


def _spread(
    data: Dataset,
    sample: np.ndarray,
    equation: RandomEffectsEquation,
    row: np.ndarray,
    effects: CrossedEffectsPrediction,
) -> SpreadEffects:
    if isinstance(equation, RandomCategories):
        assert isinstance(effects, FactorEffects)
        values = data.numbers(equation.variable)
        known = np.unique(values[sample])
        position = np.minimum(np.searchsorted(known, values), len(known) - 1)
        category = np.where(known[position] == values, position, -1)
        names = category_names(data, equation.variable, sample)
        return SpreadCategories(names, row, category, effects)
    assert isinstance(effects, LevelEffects)
    return SpreadCoefficients(equation.columns, row, effects.effects, effects.standard_errors)


LevelPredictions: TypeAlias = tuple[np.ndarray, Sequence[CrossedEffectsPrediction]]


def _predictions(
    state: State, description: LinearMixedDescription, sample: np.ndarray
) -> list[LevelPredictions]:
    """Of each level the group (n,) of the observations of the sample, and what is predicted for
    each of its equations.
    """
    results = state.e
    k_f = int(results.scalars["k_f"])
    b = results.matrices["b"].values[0, :k_f][description.fixed.estimated]
    weights = stored_total_weights(state, description, sample)
    model = description.engine_model(state.data, sample, weights=weights)
    matrices = covariance_matrices(results, description)
    variance = residual_variance(results)
    restricted = results.macros["method"] == "REML"
    if isinstance(model, CrossedEffectsModel):
        groups = nested_groups([level.groups for level in model.levels])
        found = predict_crossed_effects(model, b, matrices, variance, restricted)
        return [(groups.group(number), equations) for number, equations in enumerate(found)]
    levels = predict_random_effects(
        model, b, matrices, variance, restricted, residual_parameters(results)[1:]
    )
    return [
        (predicted.group, _by_equation(model, number, equations, predicted))
        for number, ((_, equations), predicted) in enumerate(
            zip(description.levels, levels, strict=True)
        )
    ]


def _by_equation(
    model: LinearMixedModel,
    number: int,
    equations: Sequence[RandomEffectsEquation],
    predicted: LevelEffects,
) -> list[CrossedEffectsPrediction]:
    """The effects of a level (G, q) equation by equation; columns of categories are these again."""
    result: list[CrossedEffectsPrediction] = []
    start = 0
    for equation, own in zip(equations, model.levels[number].effects, strict=True):
        columns = slice(start, start + own.structure.size)
        start = columns.stop
        effects, errors = predicted.effects[:, columns], predicted.standard_errors[:, columns]
        if isinstance(equation, RandomCategories):
            result.append(_of_categories(own, effects, errors))
        else:
            result.append(LevelEffects(predicted.group, effects, errors))
    return result


def _of_categories(own: RandomEffects, effects: np.ndarray, errors: np.ndarray) -> FactorEffects:
    groups, size = len(effects), own.structure.size
    return FactorEffects(
        size,
        np.repeat(np.arange(groups), size),
        np.tile(np.arange(size), groups),
        effects.ravel(),
        errors.ravel(),
        np.zeros(groups),
        np.zeros(groups),
    )
