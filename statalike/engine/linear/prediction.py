"""Best linear unbiased predictions of random effects, and fitted values, at given parameters.

With everything in units of the residual variance and the levels eliminated from the inside
(``linear.elimination``), the prediction at the outermost level is ``K B_e`` with
``e = y - X b``, and each lower one follows by substitution: ``u = K (B_e - B_outer u_outer)``.
Prediction errors have the covariance ``K + Y W Y'``, ``Y = K B_outer`` and W that of the outer
effects; by restricted likelihood the uncertainty of b is added ([ME] mixed postestimation,
Methods and formulas).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import CrossProducts, reduce_to_cross_products
from statalike.engine.linear.elimination import NodeColumns, UpperElimination, eliminate_level
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.whitening import Whitening
from statalike.engine.stacked_matrices import multiply, multiply_common, transpose_multiply

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LevelEffects:
    """Predicted random effects of one level.

    ``group`` (n,) is the row of each observation's group; ``effects`` (G, q) and
    ``standard_errors`` (G, q) have the level's equations side by side.
    """

    group: NDArray[np.intp]
    effects: Array
    standard_errors: Array


def predict_random_effects(
    model: LinearMixedModel,
    coefficients: Array,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    restricted: bool,
    residual_parameters: Array | None = None,
) -> list[LevelEffects]:
    """Predictions for each level, outermost first, on the model's data.

    ``coefficients`` (p,); ``covariances[level][equation]`` (q, q), positive semidefinite.
    ``restricted`` counts the uncertainty of the coefficients in the standard errors; otherwise
    they are taken as known.  ``residual_parameters`` are those of the model's structured errors.
    """
    if not residual_variance > 0.0:
        raise EstimationError("nonconformable", f"residual variance {residual_variance}")
    if not model.levels:
        return []
    products = reduce_to_cross_products(model)
    if model.errors is not None and residual_parameters is not None:
        whitened = Whitening(products, model.errors, pool=False).at(residual_parameters)
        if whitened is None:
            raise EstimationError("nonconformable", "residual covariance is not positive definite")
        products = whitened.products
    crossproduct, levels = eliminated_levels(
        products, _working_covariances(products, covariances, residual_variance)
    )
    return predictions_of_levels(
        products, crossproduct, levels, coefficients, residual_variance, restricted
    )


def predictions_of_levels(
    products: CrossProducts,
    crossproduct: Array,
    levels: Sequence[UpperElimination],
    coefficients: Array,
    residual_variance: float,
    restricted: bool,
) -> list[LevelEffects]:
    """Predictions from levels that :func:`eliminated_levels` has eliminated.

    With weights they are the modes of the random effects in the pseudolikelihood, given what an
    observation or a group of weight w says w times.
    """
    levels = _with_own_weights(products, levels)
    design = products.design
    shift = -design.factor @ (np.asarray(coefficients) - design.least_squares)
    errors = _coefficient_covariance(crossproduct) if restricted else None
    return [
        _original(
            products,
            number,
            joint.effects[: joint.own],
            joint.slopes[: joint.own],
            joint.covariance[: joint.own, : joint.own],
            errors,
            residual_variance,
        )
        for number, joint in enumerate(joint_predictions(products, levels, shift))
    ]


@dataclass(frozen=True)
class JointPrediction:
    """The effects of one level and all above it, its own first, for each of its groups.

    In working coordinates and units of the residual variance: predictions ``effects`` (c, 1, G),
    their dependence on the fixed effects ``slopes`` (c, p, G), the ``covariance`` of prediction
    errors (c, c, G); ``own`` of the effects are the level's.
    """

    own: int
    effects: Array
    slopes: Array
    covariance: Array


def joint_predictions(
    products: CrossProducts, levels: Sequence[UpperElimination], shift: Array
) -> Iterator[JointPrediction]:
    """Predictions level by level, outermost first, of ``r + Q shift`` for the least-squares
    residual r and the orthonormal fixed design Q.
    """
    combination = np.append(shift, 1.0)[None, :]
    effects = np.zeros((0, 1, 1))
    slopes = np.zeros((0, products.fixed_count, 1))
    covariance = np.zeros((0, 0, 1))
    width = 0
    for number, level in enumerate(levels):
        b, half = level.b, level.half
        k = transpose_multiply(half, half)
        parent = products.groups.parents[number]
        effects, slopes = effects[:, :, parent], slopes[:, :, parent]
        covariance = covariance[:, :, parent]
        outer = multiply(k, b[:, :width]) if width else np.zeros((len(k), 0, k.shape[2]))
        tail = multiply(k, b[:, width:])
        own = np.matmul(combination, tail)
        own_slopes = tail[:, : products.fixed_count]
        own_covariance = k
        if width:
            own = own - multiply(outer, effects)
            own_slopes = own_slopes - multiply(outer, slopes)
            across = -multiply(outer, covariance)
            own_covariance = k - multiply(across, outer.swapaxes(0, 1))
            covariance = np.concatenate(
                [
                    np.concatenate([own_covariance, across], axis=1),
                    np.concatenate([across.swapaxes(0, 1), covariance], axis=1),
                ]
            )
        else:
            covariance = own_covariance
        effects = np.concatenate([own, effects])
        slopes = np.concatenate([own_slopes, slopes])
        width += len(k)
        yield JointPrediction(len(k), effects, slopes, covariance)


def inward_predictions(
    products: CrossProducts, covariances: Sequence[Array], shift: Array
) -> Iterator[tuple[list[UpperElimination], list[JointPrediction]]]:
    """The levels and their predictions, then those without the outermost level, and so on inwards.

    Levels left out keep their places, with no variance.  A model without weights needs the first
    only; with weights, each level has a log determinant of its own (``linear.weights``).
    """
    covariances = list(covariances)
    for outermost in range(len(covariances)):
        _, levels = eliminated_levels(products, covariances)
        yield levels, list(joint_predictions(products, levels, shift))
        if products.weights is None:
            return
        covariances[outermost] = np.zeros_like(covariances[outermost])


def fitted_values(
    model: LinearMixedModel,
    coefficients: Array,
    effects: Sequence[LevelEffects],
    through_level: int | None = None,
) -> Array:
    """``X b`` plus the predicted random effects of levels 0 to ``through_level`` (all if None,
    none if -1), (n,).
    """
    values = np.asarray(model.fixed @ coefficients, dtype=np.float64)
    last = len(model.levels) - 1 if through_level is None else through_level
    for level, predicted in list(zip(model.levels, effects, strict=True))[: last + 1]:
        column = 0
        for equation in level.effects:
            for covariate in equation.covariates.T:
                values += covariate * predicted.effects[:, column][predicted.group]
                column += 1
    return values


def eliminated_levels(
    products: CrossProducts, covariances: Sequence[Array]
) -> tuple[Array, list[UpperElimination]]:
    """S, and each level with the lower ones eliminated, outermost first.

    ``covariances`` are D of each level (q, q), in working coordinates and units of the residual
    variance.
    """
    nodes = NodeColumns(products)
    blocks = [block.copy() for block in products.blocks]
    levels: list[UpperElimination] = []
    for node in range(nodes.depth, 0, -1):
        eliminated = eliminate_level(blocks[node], covariances[node - 1])
        levels.append(eliminated)
        for above in range(node):
            blocks[above] -= nodes.to_node(above, eliminated.reduced, eliminated.reduced, node)
    return blocks[0][:, :, 0], levels[::-1]


def _with_own_weights(
    products: CrossProducts, levels: Sequence[UpperElimination]
) -> Sequence[UpperElimination]:
    """The levels in their effects u instead of ``sqrt(W) u`` (see ``linear.weights``)."""
    if products.weights is None:
        return levels
    result: list[UpperElimination] = []
    for number, level in enumerate(levels):
        own = products.weights.levels[number]
        b = np.empty_like(level.b)
        width = 0
        for above in range(number - 1, -1, -1):
            size = products.levels[above].effect_count
            ancestors = products.groups.ancestors(number, above)
            ratio = own / products.weights.levels[above][ancestors]
            b[:, width : width + size] = level.b[:, width : width + size] / np.sqrt(ratio)
            width += size
        b[:, width:] = level.b[:, width:] / np.sqrt(own)
        result.append(replace(level, b=b))
    return result


def _working_covariances(
    products: CrossProducts, covariances: Sequence[Sequence[Array]], residual_variance: float
) -> list[Array]:
    result: list[Array] = []
    for level, matrices in zip(products.levels, covariances, strict=True):
        covariance = np.zeros((level.effect_count, level.effect_count))
        row = 0
        for matrix in matrices:
            own = slice(row, row + len(matrix))
            covariance[own, own] = matrix
            row = own.stop
        result.append(level.transform @ covariance @ level.transform.T / residual_variance)
    return result


def _coefficient_covariance(crossproduct: Array) -> Array:
    """``(Q'V^-1 Q)^-1`` from S."""
    count = len(crossproduct) - 1
    return np.asarray(np.linalg.inv(crossproduct[:count, :count]), dtype=np.float64)


def _original(
    products: CrossProducts,
    number: int,
    own: Array,
    slopes: Array,
    covariance: Array,
    errors: Array | None,
    residual_variance: float,
) -> LevelEffects:
    """Predictions and their standard errors in the covariates' own units."""
    inverse = np.asarray(np.linalg.inv(products.levels[number].transform), dtype=np.float64)
    effects = (inverse @ own[:, 0]).T
    turned = multiply_common(inverse, covariance)
    variances = np.einsum("abg,ab->ag", turned, inverse)
    if errors is not None and len(errors):
        spread = multiply_common(inverse, slopes)
        moved = np.matmul(errors, spread)
        variances = variances + np.sum(spread * moved, axis=1)
    errors_of_effects = np.sqrt(residual_variance * np.maximum(variances, 0.0)).T
    return LevelEffects(products.groups.group(number), effects, errors_of_effects)
