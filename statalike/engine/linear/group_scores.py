"""The score of each highest-level group: what it adds to the derivative of the log likelihood.

With ``e = y - X b``, ``r = V^-1 e`` and everything in units of the residual variance s2, a group
adds

- ``X'r / s2`` to the derivative in b;
- ``-n + e'r / s2`` to that in log s, and what s does through the relative covariance matrices;
- ``-(F - (Z'r)(Z'r)' / s2) / 2``, summed over its groups of a level, to that in their covariance
  matrix, where ``F = Z'V^-1 Z``;
- ``-(tr(V^-1 dLambda) - r' dLambda r / s2) / 2`` to that in a residual parameter.

``r`` is the residual after the predictions of all random effects, and ``V^-1`` is known from the
covariances of their errors.  With weights, sums of squares are those of weighted columns
(``linear.weights``); the log determinants ``sum W log |I + A D|`` of all levels add up to
``sum (W - W_above) log |V|``, V without the levels above, so that there is an F for each.
See [ME] mixed, Methods and formulas, for their use in robust variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import CrossProducts, reduce_to_cross_products
from statalike.engine.linear.elimination import UpperElimination
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.prediction import JointPrediction, inward_predictions
from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.linear.residual_likelihood import explained_products
from statalike.engine.linear.variance_parameters import variance_parameters
from statalike.engine.linear.whitening import WhitenedGroups, Whitening, working_columns
from statalike.engine.stacked_matrices import multiply

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class _Rows:
    """Working columns (c, m) of some observations, whitened where residuals have a structure; the
    highest-level ``group`` (m,) of each, and its groups ``owners[l]`` (m,) at every level.
    """

    columns: Array
    group: Positions
    owners: tuple[Positions, ...]


def group_scores(
    model: LinearMixedModel, coefficients: Array, estimates: Array, groups: Positions
) -> Array:
    """Scores (G, p + K + 1 + R) of groups numbered 0 to G - 1.

    ``coefficients`` (p,); ``estimates`` (K + 1 + R,) are the variance parameters on the estimation
    scale: those of the levels' structures, the log residual standard deviation, and the residual
    parameters.  ``groups`` (n,) are those of the observations; groups of the outermost level lie
    within them.  Scores of a weighted model are those of its pseudolikelihood.
    """
    products = reduce_to_cross_products(model)
    scales = variance_parameters(products.levels)
    p, count = model.fixed_count, scales.count
    errors = model.errors
    if len(estimates) != count + 1 + (errors.family.count if errors is not None else 0):
        raise EstimationError("nonconformable", f"{len(estimates)} variance parameters")
    parts: Sequence[WhitenedGroups] = ()
    if errors is None:
        owners = tuple(products.groups.group(level) for level in range(products.groups.levels))
        rows = [_Rows(working_columns(products), groups, owners)]
    else:
        whitened = Whitening(products, errors, pool=False).at(estimates[count + 1 :])
        if whitened is None:
            raise EstimationError("nonconformable", "residual covariance is not positive definite")
        products, parts = whitened.products, whitened.whitened()
        rows = [_rows_of(part, groups) for part in parts]
    precision = float(np.exp(-2.0 * estimates[count]))
    reported = scales.from_estimation(estimates[:count])
    working = scales.to_working @ reported.values * precision
    orthonormal = products.design.factor @ (coefficients - products.design.least_squares)
    inward = list(inward_predictions(products, _level_covariances(products, working), -orthonormal))
    number = int(groups.max()) + 1
    sums = _Sums(products, number)
    for part in rows:
        sums.add(part, orthonormal, inward[0][1][-1].effects[:, 0] if inward else None)
    covariances = _covariance_scores(products, inward, sums, precision)
    weights = None if products.weights is None else products.weights.observations
    result = np.empty((number, p + len(estimates)))
    result[:, :p] = precision * sums.fixed.T @ products.design.factor
    result[:, p : p + count] = covariances @ (scales.to_working @ reported.jacobian * precision)
    result[:, p + count] = precision * sums.squares - 2.0 * covariances @ working
    result[:, p + count] -= np.bincount(groups, weights, minlength=number)
    if errors is not None:
        joints = [predictions[-1] for _, predictions in inward]
        result[:, p + count + 1 :] = _residual_scores(
            errors, estimates[count + 1 :], parts, joints, orthonormal, precision, weights, groups
        )
    return result


def _rows_of(part: WhitenedGroups, groups: Positions) -> _Rows:
    size = part.groups
    assert size.first is not None
    times = part.columns.shape[1]
    return _Rows(
        part.columns.reshape(len(part.columns), -1),
        np.tile(groups[size.first], times),
        tuple(np.tile(owner, times) for owner in size.owners),
    )


def _level_covariances(products: CrossProducts, working: Array) -> list[Array]:
    """D of each level (q, q) at working parameters (K,)."""
    bounds = np.cumsum([0, *(len(level.basis) for level in products.levels)])
    return [
        np.tensordot(working[start:stop], level.basis, axes=1)
        for level, start, stop in zip(products.levels, bounds, bounds[1:], strict=False)
    ]


class _Sums:
    """``Q'r`` (p, G) and ``e'r`` (G,) of the highest-level groups, and for each level ``Z'r``
    (q, G_l) and the highest-level group of each of its groups.
    """

    def __init__(self, products: CrossProducts, groups: int) -> None:
        self.groups = groups
        self.fixed = np.zeros((products.fixed_count, groups))
        self.squares = np.zeros(groups)
        counts = products.groups.counts
        self.effects = [
            np.zeros((level.effect_count, count))
            for level, count in zip(products.levels, counts, strict=True)
        ]
        self.highest = [np.zeros(count, dtype=np.intp) for count in counts]

    def add(self, rows: _Rows, coefficients: Array, predictions: Array | None) -> None:
        """Add what some observations contribute, given the innermost level's ``predictions``
        (c, G) of its own effects and all above.
        """
        columns, p = rows.columns, len(coefficients)
        q = len(columns) - p - 1
        fixed = columns[q : q + p]
        errors = columns[-1] - coefficients @ fixed
        residual = errors
        if predictions is not None:
            residual = errors - np.einsum("jm,jm->m", columns[:q], predictions[:, rows.owners[-1]])
        self.fixed += _sums(fixed * residual, rows.group, self.groups)
        self.squares += np.bincount(rows.group, errors * residual, minlength=self.groups)
        first = q
        for level, owner in enumerate(rows.owners):
            effects = self.effects[level]
            own = columns[first - len(effects) : first]
            effects += _sums(own * residual, owner, effects.shape[1])
            self.highest[level][owner] = rows.group
            first -= len(effects)


def _sums(values: Array, group: Positions, count: int) -> Array:
    """Sums of (q, m) values by group, (q, G)."""
    result = np.empty((len(values), count))
    for row, total in zip(values, result, strict=True):
        total[:] = np.bincount(group, row, minlength=count)
    return result


def _covariance_scores(
    products: CrossProducts,
    inward: Sequence[tuple[list[UpperElimination], list[JointPrediction]]],
    sums: _Sums,
    precision: float,
) -> Array:
    """Scores in the working parameters, (G, K)."""
    result: list[Array] = []
    for number, coordinates in enumerate(products.levels):
        moments = sums.effects[number]
        change = -precision * moments[:, None] * moments[None]
        for outermost, (levels, joints) in enumerate(inward[: number + 1]):
            change += _projection(levels[number], joints[number]) * _share(
                products, number, outermost
            )
        for part in coordinates.basis:
            values = -0.5 * np.tensordot(part, change, axes=2)
            result.append(_sums(values[None], sums.highest[number], sums.groups)[0])
    return np.stack(result, axis=1) if result else np.zeros((sums.groups, 0))


def _projection(level: UpperElimination, joint: JointPrediction) -> Array:
    """``F = Z'V^-1 Z`` (q, q, G) for the effects of a level."""
    width = len(joint.covariance) - joint.own
    columns = np.concatenate([level.a, level.b[:, :width]], axis=1)
    explained = multiply(multiply(columns, joint.covariance), columns.swapaxes(0, 1))
    return np.asarray(level.a - explained)


def _share(products: CrossProducts, number: int, outermost: int) -> Array | float:
    """How often a group of a level counts in the log determinant from ``outermost`` inwards."""
    if products.weights is None:
        return 1.0
    totals, groups = products.weights.levels, products.groups
    own = totals[outermost][groups.ancestors(number, outermost)]
    if not outermost:
        return own
    return own - totals[outermost - 1][groups.ancestors(number, outermost - 1)]


def _residual_scores(
    errors: ResidualErrors,
    parameters: Array,
    parts: Sequence[WhitenedGroups],
    joints: Sequence[JointPrediction],
    coefficients: Array,
    precision: float,
    weights: Array | None,
    groups: Positions,
) -> Array:
    """Scores in the residual parameters, (G, R)."""
    family = errors.family
    result = np.zeros((int(groups.max()) + 1, family.count))
    for part in parts:
        size = part.groups
        assert size.first is not None
        left, right = explained_products(part, joints, coefficients, precision)
        core = -np.matmul(left.transpose(2, 1, 0), right.transpose(2, 0, 1))
        diagonal = np.arange(core.shape[1])
        core[:, diagonal, diagonal] += 1.0 if weights is None else weights[size.first][:, None]
        inverse = part.inverse[size.pattern]
        core = inverse.swapaxes(1, 2) @ core @ inverse
        slopes = family.derivatives(parameters, size.by, size.times)
        for k, slope in enumerate(slopes):
            values = -0.5 * np.einsum("gab,gab->g", core, slope[size.pattern])
            result[:, k] += np.bincount(groups[size.first], values, minlength=len(result))
    return result
