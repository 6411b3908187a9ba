"""Cross-products of data with residuals that form a Markov process, whitened in closed form.

Where residuals at distance d have the correlation ``phi(d)`` with ``phi(d + d') = phi(d) phi(d')``,
as autoregressive residuals of order 1 and exponential ones do, a residual depends on the earlier
ones of its group through the last alone.  With the column c of an observation and that of the one
before it in its group, p, the whitened column is ``(c - phi p) / sqrt(1 - phi^2)`` times the
reciprocal of its relative standard deviation (Jones 1993, Longitudinal Data with Serial
Correlation, chapter 3; Pinheiro and Bates 2000, section 5.3); the first observation of a group has
no predecessor, so that p and phi are zero.  Sums of products of whitened columns are then, with
``c - phi p = (c - p) + (1 - phi) p``, combinations

    [(c - p)(c - p)' + (1 - phi) ((c - p) p' + p (c - p)') + (1 - phi)^2 p p'] / (1 - phi^2)

of sums that do not depend on the parameters, three for each distance that occurs: like a model
with independent residuals, the data are reduced once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.innermost import InnermostLevel, innermost_level
from statalike.engine.linear.prediction import JointPrediction
from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.linear.whitening import residual_blocks, working_columns

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# With more kinds of steps than this, sums for each by matrix products would be many small ones.
FEW_KINDS = 64
# Times measured exactly have nearly as many distances as observations; of large data sets these
# many sums of the fixed design would be no reduction.
LARGEST_SUMS = 30_000_000


@dataclass(frozen=True)
class Steps:
    """Observations in the order of their groups and times, and the K kinds of steps between them.

    ``order`` (n,) sorts the observations, None when they are sorted; ``first`` (n,) marks those
    that begin a group of residuals and ``kind`` (n,) is the kind of the step to each.  A kind is
    told by its by-level ``by`` (K,) and its ``distance`` (K,), infinite for first observations;
    ``count`` (K,) observations have it.
    """

    order: Positions | None
    first: NDArray[np.bool_]
    kind: Positions
    by: Positions
    distance: Array
    count: Array


@dataclass(frozen=True)
class GroupedProducts:
    """Sums for one level, three for each kind of step that a group has, side by side.

    ``sums`` (q, w, 3 C) are of products of the level's columns with these and all columns further
    right; ``term`` (3 C,) numbers the kind and the sum, ``owner`` (3 C,) is the group, whose sums
    begin at ``starts`` (G,).  ``regular`` tells that all groups have all kinds.
    """

    sums: Array
    term: Positions
    owner: Positions
    starts: Positions
    regular: bool

    def combined(self, coefficients: Array) -> Array:
        """The sums of each group combined, (q, w, G), with ``coefficients`` (3 K,)."""
        if self.regular:
            rows, columns, _ = self.sums.shape
            return np.asarray(self.sums.reshape(rows, columns, len(self.starts), -1) @ coefficients)
        weighted = self.sums * coefficients[self.term]
        return np.asarray(np.add.reduceat(weighted, self.starts, axis=2))

    def contracted(self, weights: Array, terms: int) -> Array:
        """``sum_ij weights_ij sums_ij`` over groups, for ``weights`` (q, w, G): (3 K,)."""
        if self.regular:
            return np.asarray(weights.ravel() @ self.sums.reshape(weights.size, -1))
        total = np.einsum("ijc,ijc->c", self.sums, weights[:, :, self.owner])
        return np.asarray(np.bincount(self.term, total, minlength=terms), dtype=np.float64)


@dataclass(frozen=True)
class MarkovData:
    """The data at some residual parameters: whitened cross-products and ``sum log |Lambda|``.

    ``slopes()`` are the derivatives in the residual parameters of the coefficients of the sums,
    (R, 3 K), and of ``sum log |Lambda|``, (R,).  ``innermost`` is None for a model without random
    effects.
    """

    products: CrossProducts
    log_determinant: float
    innermost: InnermostLevel | None
    levels: tuple[GroupedProducts, ...]
    slopes: Callable[[], tuple[Array, Array]]

    def gradient(
        self,
        predictions: Sequence[JointPrediction],
        coefficients: Array,
        precision: float,
        fixed_covariance: Array | None,
    ) -> Array:
        """The derivative of log determinant and ``precision`` times sum of squares, (R,).

        ``predictions`` are those of every level, outermost first, at the fixed effects
        ``coefficients`` (p,); ``fixed_covariance`` (p, p) is ``(Q'V^-1 Q)^-1`` for the restricted
        likelihood.  With M the whitened products of the columns ``[Z, Q, r]`` of a group, u its
        predicted effects and W the covariance of their errors, the log determinant changes by
        ``tr(W dM_ZZ)`` and the sum of squares by ``v' dM v``, ``v = [-u, -b, 1]``: of the
        coefficients and effects that minimise it the sum does not change.
        """
        p = len(coefficients)
        tail = np.append(-coefficients, 1.0)
        coefficient_slopes, log_determinant_gradient = self.slopes()
        terms = coefficient_slopes.shape[1]
        root = precision * np.outer(tail, tail)
        if fixed_covariance is not None:
            root[:p, :p] += fixed_covariance
        total = self.levels[0].contracted(root[:, :, None], terms)
        for level, joint in zip(self.levels[1:], predictions, strict=True):
            own, count = joint.own, joint.effects.shape[0]
            groups = joint.effects.shape[2]
            row = np.empty((count + p + 1, groups))
            row[:count] = -joint.effects[:, 0]
            row[count:] = tail[:, None]
            weights = precision * row[:own, None] * row
            weights[:, :count] += joint.covariance[:own]
            if fixed_covariance is not None:
                spread = np.matmul(fixed_covariance, joint.slopes[:own])
                weights[:, :count] += np.einsum("ipg,jpg->ijg", spread, joint.slopes)
                weights[:, count : count + p] -= spread
            # Products with columns further right stand for themselves and their transposes.
            weights[:, own:] *= 2.0
            total += level.contracted(weights, terms)
        return log_determinant_gradient + coefficient_slopes @ total


class MarkovProducts:
    """The data of a model prepared so that any residual parameters can be tried."""

    def __init__(self, products: CrossProducts, errors: ResidualErrors, steps: Steps) -> None:
        self._products = products
        self._family = errors.family
        self._steps = steps
        columns = working_columns(products)
        if steps.order is not None:
            columns = columns[:, steps.order]
        before = np.zeros_like(columns)
        before[:, 1:] = columns[:, :-1]
        before[:, steps.first] = 0.0
        change = columns - before
        count = len(steps.count)
        effects = len(columns) - products.fixed_count - 1
        self._levels = [_whole(change[effects:], before[effects:], steps.kind, count)]
        last = effects
        for number, level in enumerate(products.levels):
            group = products.groups.group(number)
            if steps.order is not None:
                group = group[steps.order]
            first = last - level.effect_count
            self._levels.append(
                _by_group(change[first:], before[first:], last - first, group, steps.kind, count)
            )
            last = first

    def at(self, parameters: Array) -> MarkovData | None:
        """The data whitened at residual parameters, None where Lambda is not positive definite."""
        family, steps = self._family, self._steps
        deviations = family.deviations(parameters)
        correlation = np.empty(len(steps.by))
        slope = np.empty(len(steps.by))
        for level in range(family.by_count):
            chosen = steps.by == level
            own = parameters[family.correlations_of(level)]
            found = family.structure.decay(own, steps.distance[chosen])
            correlation[chosen], slope[chosen] = found
        rest = 1.0 - correlation
        spread = rest * (1.0 + correlation)
        if not (np.all(spread > 0.0) and np.all(np.isfinite(deviations) & (deviations > 0.0))):
            return None
        variances = deviations[steps.by] ** 2
        coefficients = np.empty((len(rest), 3))
        coefficients[:, 0] = 1.0 / (variances * spread)
        np.multiply(coefficients[:, 0], rest, out=coefficients[:, 1])
        np.multiply(coefficients[:, 1], rest, out=coefficients[:, 2])
        flat = coefficients.ravel()
        blocks = tuple(level.combined(flat) for level in self._levels)
        return MarkovData(
            replace(self._products, blocks=blocks),
            float(steps.count @ np.log(spread * variances)),
            innermost_level(blocks[-1], pool=False) if len(blocks) > 1 else None,
            tuple(self._levels),
            partial(self._slopes, correlation, slope, coefficients),
        )

    def _slopes(self, correlation: Array, slope: Array, coefficients: Array) -> tuple[Array, Array]:
        family, steps = self._family, self._steps
        rest = 1.0 - correlation
        moved = 2.0 * correlation / (rest * (1.0 + correlation))
        turned = np.stack([moved, moved * rest - 1.0, (moved * rest - 2.0) * rest], axis=1)
        turned *= (slope * coefficients[:, 0])[:, None]
        slopes = np.zeros((family.count, *coefficients.shape))
        gradient = np.zeros(family.count)
        for level in range(family.by_count):
            chosen = steps.by == level
            if level:
                slopes[level - 1, chosen] = -2.0 * coefficients[chosen]
                gradient[level - 1] = 2.0 * float(steps.count[chosen].sum())
            position = family.correlations_of(level).start
            slopes[position, chosen] = turned[chosen]
            gradient[position] = -float(steps.count[chosen] @ (moved * slope)[chosen])
        return slopes.reshape(family.count, -1), gradient


def markov_products(products: CrossProducts, errors: ResidualErrors) -> MarkovProducts | None:
    """The reduced data, None where residuals are no Markov process, observations have weights or
    there are too many sums.
    """
    if products.weights is not None or not errors.family.structure.markov:
        return None
    steps = steps_of(errors, products.observations)
    if 3 * len(steps.count) * (products.fixed_count + 1) ** 2 > LARGEST_SUMS:
        return None
    return MarkovProducts(products, errors, steps)


def steps_of(errors: ResidualErrors, count: int) -> Steps:
    """The steps of a model with ``count`` observations."""
    block = residual_blocks(errors, count)
    times = np.zeros(count) if errors.times is None else errors.times
    by = np.zeros(count, dtype=np.intp) if errors.by is None else errors.by
    order: Positions | None = None
    same, distance = block[1:] == block[:-1], np.diff(times)
    if np.any(block[1:] < block[:-1]) or np.any(same & (distance < 0.0)):
        order = np.lexsort((times, block))
        block, by = block[order], by[order]
        same, distance = block[1:] == block[:-1], np.diff(times[order])
    first = np.concatenate([[True], ~same])
    distance = np.concatenate([[np.inf], distance])
    distance[first] = np.inf
    # A sort of the values alone and a search are faster than a sort that keeps positions.
    values = np.unique(distance)
    pair = by * len(values) + np.searchsorted(values, distance)
    kinds = np.unique(pair)
    kind = np.searchsorted(kinds, pair)
    numbers = np.bincount(kind, minlength=len(kinds)).astype(np.float64)
    return Steps(order, first, kind, kinds // len(values), values[kinds % len(values)], numbers)


def _whole(change: Array, before: Array, kind: Positions, kinds: int) -> GroupedProducts:
    """The sums over all observations: for the fixed design and the outcome."""
    width = len(change)
    if kinds > FEW_KINDS:
        return _by_group(change, before, width, np.zeros_like(kind), kind, kinds)
    sums = np.zeros((width, width, kinds, 3))
    if kinds > 1:
        order = np.argsort(kind.astype(np.min_scalar_type(kinds)), kind="stable")
        change, before = change[:, order], before[:, order]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=kinds))])
    for k in range(kinds):
        own = slice(bounds[k], bounds[k + 1])
        step, last = change[:, own], before[:, own]
        across = step @ last.T
        sums[:, :, k, 0] = step @ step.T
        sums[:, :, k, 1] = across + across.T
        sums[:, :, k, 2] = last @ last.T
    terms = np.arange(3 * kinds)
    nothing = np.zeros(1, dtype=np.intp)
    return GroupedProducts(
        sums.reshape(width, width, -1), terms, np.zeros_like(terms), nothing, True
    )


def _by_group(
    change: Array, before: Array, own: int, group: Positions, kind: Positions, kinds: int
) -> GroupedProducts:
    """The sums within groups of products of the first ``own`` columns with all."""
    key = group * kinds + kind
    if np.any(key[1:] < key[:-1]):
        order = np.argsort(key, kind="stable")
        key, change, before = key[order], change[:, order], before[:, order]
    begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    present = key[begins]
    sums = np.empty((own, len(change), len(begins), 3))
    for i in range(own):
        for j in range(len(change)):
            if i > j:
                sums[i, j] = sums[j, i]
                continue
            sums[i, j, :, 0] = np.add.reduceat(change[i] * change[j], begins)
            across = change[i] * before[j]
            across += before[i] * change[j]
            sums[i, j, :, 1] = np.add.reduceat(across, begins)
            sums[i, j, :, 2] = np.add.reduceat(before[i] * before[j], begins)
    owner = present // kinds
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    three = np.arange(3)
    return GroupedProducts(
        sums.reshape(own, len(change), -1),
        np.ravel(3 * (present % kinds)[:, None] + three),
        np.repeat(owner, 3),
        3 * starts,
        len(present) == kinds * len(starts),
    )
