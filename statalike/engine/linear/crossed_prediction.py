"""Best linear unbiased predictions of crossed random effects, at given parameters.

With ``G = (D^-1 + Z'Z)^-1`` the predictions are ``G Z'(y - X b)`` and their errors have covariance
``s2 G``; by restricted likelihood the uncertainty of b is added ([ME] mixed postestimation, Methods
and formulas).  In the notation of :mod:`statalike.engine.linear.crossed_elimination` the blocks of
G are ``R N R`` of the other terms and, for the units of the term apart,
``K + K C R N R C' K``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_elimination import CrossedElimination, eliminate_crossed
from statalike.engine.linear.crossed_model import CrossedEffectsModel, RandomFactor
from statalike.engine.linear.crossed_nesting import (
    NestedEquivalent,
    nested_covariances,
    nested_equivalent,
)
from statalike.engine.linear.crossed_products import (
    CrossedProducts,
    EquationTerms,
    reduce_crossed_model,
)
from statalike.engine.linear.prediction import LevelEffects, predict_random_effects
from statalike.engine.nested_groups import nested_groups

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class FactorEffects:
    """Predicted effects of the ``size`` categories of a factor in the G groups of a level.

    ``groups`` (m,) and ``categories`` (m,) are the cells that have observations, in ascending
    order, with their ``effects`` (m,) and ``standard_errors`` (m,).  A category that a group does
    not meet has the group's ``unmet_effects`` (G,) and ``unmet_standard_errors`` (G,): its
    conditional mean given the others, and the spread of its prediction error.
    """

    size: int
    groups: Positions
    categories: Positions
    effects: Array
    standard_errors: Array
    unmet_effects: Array
    unmet_standard_errors: Array

    def effects_of(self, groups: Positions, categories: Positions) -> Array:
        """The effects (k,) of categories in groups."""
        keys, wanted = self.groups * self.size + self.categories, groups * self.size + categories
        position = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        met = keys[position] == wanted
        return np.where(met, self.effects[position], self.unmet_effects[groups])

    def category(self, number: int) -> tuple[Array, Array]:
        """The effects (G,) and standard errors (G,) of one category in every group."""
        effects, errors = self.unmet_effects.copy(), self.unmet_standard_errors.copy()
        own = self.categories == number
        effects[self.groups[own]] = self.effects[own]
        errors[self.groups[own]] = self.standard_errors[own]
        return effects, errors


CrossedEffectsPrediction: TypeAlias = LevelEffects | FactorEffects


def predict_crossed_effects(
    model: CrossedEffectsModel,
    coefficients: Array,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    restricted: bool,
) -> list[list[CrossedEffectsPrediction]]:
    """Predictions for each equation of each level, outermost level first.

    Arguments as of :func:`statalike.engine.linear.prediction.predict_random_effects`, except that
    of a factor's covariance matrix the leading 1 x 1 or 2 x 2 block suffices.
    """
    if not residual_variance > 0.0:
        raise EstimationError("nonconformable", f"residual variance {residual_variance}")
    equivalent = nested_equivalent(model)
    if equivalent is not None:
        levels = predict_random_effects(
            equivalent.model,
            coefficients,
            nested_covariances(equivalent, covariances),
            residual_variance,
            restricted,
        )
        return _of_nested(model, equivalent, levels, covariances, residual_variance)
    products = reduce_crossed_model(model)
    eliminated = eliminate_crossed(products, _relative(products, covariances, residual_variance))
    if eliminated is None:
        raise EstimationError("likelihood_undefined", "the covariance matrix is not positive")
    design = products.design
    shift = np.zeros(products.fixed_count + 1)
    shift[-1] = 1.0
    shift[:-1] = -design.factor @ (np.asarray(coefficients) - design.least_squares)
    terms = _TermEffects(products, eliminated, shift, residual_variance, restricted)
    results: list[list[CrossedEffectsPrediction]] = []
    for number, (level, equations) in enumerate(zip(model.levels, products.equations, strict=True)):
        own: list[CrossedEffectsPrediction] = []
        for given, equation, matrix in zip(
            level.effects, equations, covariances[number], strict=True
        ):
            if isinstance(given, RandomFactor):
                groups = products.groups.counts[number]
                prior = np.asarray(matrix) / residual_variance
                own.append(terms.of_factor(equation, given.structure.size, groups, prior))
            else:
                own.append(terms.of_covariates(equation, products.groups.group(number)))
        results.append(own)
    return results


def _of_nested(
    model: CrossedEffectsModel,
    equivalent: NestedEquivalent,
    levels: Sequence[LevelEffects],
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
) -> list[list[CrossedEffectsPrediction]]:
    """The predictions of the nested equivalent, by the equations of the crossed-effects model."""
    groups = nested_groups([level.groups for level in model.levels])
    found: dict[tuple[int, int], CrossedEffectsPrediction] = {}
    for level, predicted, equations in zip(
        equivalent.model.levels, levels, equivalent.equations, strict=True
    ):
        start = 0
        for effects, (number, position) in zip(level.effects, equations, strict=True):
            columns = slice(start, start + effects.structure.size)
            start = columns.stop
            given = model.levels[number].effects[position]
            group = groups.group(number)
            key = group
            if isinstance(given, RandomFactor):
                key = group * given.structure.size + np.asarray(given.categories, dtype=np.intp)
            cells, first = np.unique(key, return_index=True)
            units = predicted.group[first]
            values = predicted.effects[units, columns]
            errors = predicted.standard_errors[units, columns]
            if not isinstance(given, RandomFactor):
                found[number, position] = LevelEffects(group, values, errors)
                continue
            size, count = given.structure.size, groups.counts[number]
            spread = np.sqrt(max(float(covariances[number][position][0, 0]), 0.0))
            found[number, position] = FactorEffects(
                size,
                cells // size,
                cells % size,
                values[:, 0],
                errors[:, 0],
                np.zeros(count),
                np.full(count, spread),
            )
    return [
        [found[number, position] for position in range(len(level.effects))]
        for number, level in enumerate(model.levels)
    ]


def _relative(
    products: CrossedProducts, covariances: Sequence[Sequence[Array]], residual_variance: float
) -> list[Array]:
    """D of each term, in working coordinates and units of the residual variance."""
    result = [np.zeros((term.size, term.size)) for term in products.terms]
    for equations, matrices in zip(products.equations, covariances, strict=True):
        for equation, matrix in zip(equations, matrices, strict=True):
            relative = np.asarray(matrix) / residual_variance
            if equation.categories is None:
                moved = equation.transform @ relative @ equation.transform.T
                result[equation.terms[0]] = moved
            elif len(equation.terms) == 1:
                result[equation.terms[0]] = relative[:1, :1]
            else:
                result[equation.terms[0]] = relative[:1, :1] - relative[:1, 1:2]
                result[equation.terms[1]] = relative[:1, 1:2]
    return result


class _TermEffects:
    """Predictions and standard errors of the units of each term."""

    def __init__(
        self,
        products: CrossedProducts,
        eliminated: CrossedElimination,
        shift: Array,
        residual_variance: float,
        restricted: bool,
    ) -> None:
        self._products, self._eliminated, self._shift = products, eliminated, shift
        self._unit = residual_variance
        p = products.fixed_count
        root = eliminated.root
        # G of the other terms (m, m), and G Z'T.
        self._covariance = root.both_sides(eliminated.inverse())
        self._other_slopes = eliminated.solution
        size, groups = products.own.shape[1], len(products.own)
        rest = products.own_right - products.cells.times(eliminated.solution)
        self._apart_slopes = np.matmul(eliminated.k, rest.reshape(groups, size, rest.shape[1]))
        self._fixed_errors = (
            np.linalg.inv(eliminated.crossproduct[:p, :p]) if restricted else np.zeros((p, p))
        )

    def _slopes(self, term: int) -> Array:
        """G Z'T of a term (units, q, p + 1)."""
        if term == self._products.apart:
            return np.asarray(self._apart_slopes)
        rows = self._other_slopes[self._products.places[term]]
        return rows.reshape(-1, self._products.terms[term].size, rows.shape[1])

    def _blocks(self, term: int) -> Array:
        """The blocks of G (units, q, q) of a term."""
        products, size = self._products, self._products.terms[term].size
        if term == products.apart:
            k = self._eliminated.k
            explained = products.cells.blocks(self._covariance)
            return np.asarray(k + np.matmul(np.matmul(k, explained), k))
        place = products.places[term]
        block = self._covariance[place, place]
        units = np.arange(products.terms[term].units)
        return np.asarray(block.reshape(len(units), size, len(units), size)[units, :, units, :])

    def _with_fixed(self, slopes: Array, variances: Array) -> tuple[Array, Array]:
        """Predictions and their standard errors, with what the coefficients add to relative
        error variances; slopes (..., p + 1).
        """
        fixed = slopes[..., :-1]
        spread = variances + np.sum((fixed @ self._fixed_errors) * fixed, axis=-1)
        return slopes @ self._shift, np.sqrt(self._unit * np.maximum(spread, 0.0))

    def of_covariates(self, equation: EquationTerms, group: Positions) -> LevelEffects:
        """Effects in the covariates' units; ``group`` (n,) of each observation."""
        (term,) = equation.terms
        inverse = np.linalg.inv(equation.transform)
        slopes = np.matmul(inverse, self._slopes(term))
        turned = np.matmul(np.matmul(inverse, self._blocks(term)), inverse.T)
        return LevelEffects(group, *self._with_fixed(slopes, np.diagonal(turned, axis1=1, axis2=2)))

    def of_factor(
        self, equation: EquationTerms, size: int, groups: int, prior: Array
    ) -> FactorEffects:
        """Effects of a factor of ``size`` categories in so many groups.

        ``prior`` is the leading block of their relative covariance matrix.
        """
        assert equation.categories is not None and equation.groups is not None
        own = equation.terms[0]
        slopes, variances = self._slopes(own)[:, 0], self._blocks(own)[:, 0, 0]
        unmet_slopes = np.zeros((groups, slopes.shape[1]))
        unmet_variances = np.full(groups, float(prior[0, 0]))
        if len(equation.terms) > 1:
            common = equation.terms[1]
            unmet_slopes, common_variances = self._slopes(common)[:, 0], self._blocks(common)
            unmet_variances = (prior[0, 0] - prior[0, 1]) + common_variances[:, 0, 0]
            place, other = self._products.places[own], self._products.places[common]
            between = self._covariance[place, other][
                np.arange(len(equation.groups)), equation.groups
            ]
            slopes = slopes + unmet_slopes[equation.groups]
            variances = variances + 2.0 * between + common_variances[equation.groups, 0, 0]
        return FactorEffects(
            size,
            equation.groups,
            equation.categories,
            *self._with_fixed(slopes, variances),
            *self._with_fixed(unmet_slopes, unmet_variances),
        )
