"""Best linear unbiased predictions of crossed random effects, at given parameters.

With ``G = (D^-1 + Z'Z)^-1`` the predictions are ``G Z'(y - X b)`` and their errors have covariance
``s2 G``; by restricted likelihood the uncertainty of b is added ([ME] mixed postestimation, Methods
and formulas).  In the notation of :mod:`statalike.engine.linear.crossed_elimination` the blocks of
G are ``R N R`` of the other terms and, for the units of the term apart,
``K + K C R N R C' K``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_elimination import CrossedElimination, eliminate_crossed
from statalike.engine.linear.crossed_model import CrossedEffectsModel, RandomFactor
from statalike.engine.linear.crossed_products import (
    CrossedProducts,
    EquationTerms,
    reduce_crossed_model,
)
from statalike.engine.linear.prediction import LevelEffects

Array = NDArray[np.float64]


def predict_crossed_effects(
    model: CrossedEffectsModel,
    coefficients: Array,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    restricted: bool,
) -> list[LevelEffects]:
    """Predictions for each level, outermost first.

    Arguments as of :func:`statalike.engine.linear.prediction.predict_random_effects`, except that
    of a factor's covariance matrix the leading 1 x 1 or 2 x 2 block suffices.  The effects of a
    group are those of the equations side by side, a factor's in the order of its categories; a
    category that a group does not meet has its conditional mean given the others.
    """
    if not residual_variance > 0.0:
        raise EstimationError("nonconformable", f"residual variance {residual_variance}")
    products = reduce_crossed_model(model)
    eliminated = eliminate_crossed(products, _relative(products, covariances, residual_variance))
    if eliminated is None:
        raise EstimationError("likelihood_undefined", "the covariance matrix is not positive")
    design = products.design
    shift = np.zeros(products.fixed_count + 1)
    shift[-1] = 1.0
    shift[:-1] = -design.factor @ (np.asarray(coefficients) - design.least_squares)
    terms = _TermEffects(products, eliminated, shift, restricted)
    results: list[LevelEffects] = []
    for number, (level, equations) in enumerate(zip(model.levels, products.equations, strict=True)):
        groups = products.groups.counts[number]
        effects: list[Array] = []
        variances: list[Array] = []
        for given, equation, matrix in zip(
            level.effects, equations, covariances[number], strict=True
        ):
            if isinstance(given, RandomFactor):
                shape = (groups, given.structure.size)
                prior = np.asarray(matrix) / residual_variance
                effect, variance = terms.of_factor(equation, shape, prior)
            else:
                effect, variance = terms.of_covariates(equation)
            effects.append(effect)
            variances.append(variance)
        results.append(
            LevelEffects(
                products.groups.group(number),
                np.hstack(effects),
                np.sqrt(residual_variance * np.maximum(np.hstack(variances), 0.0)),
            )
        )
    return results


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
    """Predictions and relative error covariances of the units of each term."""

    def __init__(
        self,
        products: CrossedProducts,
        eliminated: CrossedElimination,
        shift: Array,
        restricted: bool,
    ) -> None:
        self._products, self._eliminated, self._shift = products, eliminated, shift
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
        """Predictions, and variances with what the coefficients add; slopes (..., p + 1)."""
        fixed = slopes[..., :-1]
        spread = np.sum((fixed @ self._fixed_errors) * fixed, axis=-1)
        return slopes @ self._shift, variances + spread

    def of_covariates(self, equation: EquationTerms) -> tuple[Array, Array]:
        """Effects (G, q) in the covariates' units and their relative error variances."""
        (term,) = equation.terms
        inverse = np.linalg.inv(equation.transform)
        slopes = np.matmul(inverse, self._slopes(term))
        turned = np.matmul(np.matmul(inverse, self._blocks(term)), inverse.T)
        return self._with_fixed(slopes, np.diagonal(turned, axis1=1, axis2=2))

    def of_factor(
        self, equation: EquationTerms, shape: tuple[int, int], prior: Array
    ) -> tuple[Array, Array]:
        """Effects (G, q) of a factor's categories and their relative error variances.

        ``prior`` is the leading block of their relative covariance matrix.
        """
        assert equation.categories is not None and equation.groups is not None
        width = self._eliminated.crossproduct.shape[0]
        own = equation.terms[0]
        unit_slopes = self._slopes(own)[:, 0]
        unit_variances = self._blocks(own)[:, 0, 0]
        slopes = np.zeros((*shape, width))
        variances = np.full(shape, float(prior[0, 0]))
        if len(equation.terms) > 1:
            common = equation.terms[1]
            common_slopes, common_variances = self._slopes(common)[:, 0], self._blocks(common)
            slopes[:] = common_slopes[:, None]
            variances[:] = (prior[0, 0] - prior[0, 1]) + common_variances[:, 0]
            place, other = self._products.places[own], self._products.places[common]
            between = self._covariance[place, other][
                np.arange(len(equation.groups)), equation.groups
            ]
            unit_slopes = unit_slopes + common_slopes[equation.groups]
            unit_variances = (
                unit_variances + 2.0 * between + common_variances[equation.groups, 0, 0]
            )
        slopes[equation.groups, equation.categories] = unit_slopes
        variances[equation.groups, equation.categories] = unit_variances
        return self._with_fixed(slopes, variances)
