"""Observations transformed so that structured residuals become independent, then reduced.

With ``Lambda = L L'`` for the residuals of a group, ``L^-1 y``, ``L^-1 X`` and ``L^-1 Z`` follow a
model with independent residuals ([ME] mixed, Methods and formulas); its cross-products are those of
``linear.cross_products``.  Groups with the same by-level and the same times share L.  Groups that
share their random-effects design too enter the likelihood only through sums of outer products of
``vec [X, y]``, so that many of them are replaced, once, by as few as these products have rank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.innermost import RANK_TOLERANCE, InnermostLevel
from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.linear.weights import weights_of_groups
from statalike.engine.nested_groups import nested_groups
from statalike.engine.stacked_matrices import semidefinite_root, solve_root_transpose

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

WORTH_POOLING = 0.7


@dataclass(frozen=True)
class GroupsOfOneSize:
    """G groups of t residuals, in U patterns.

    ``columns`` (c, t, G) are the working columns: random effects, innermost level first, then the
    orthonormal fixed design and the outcome's residual.  Groups of a pattern are neighbours,
    beginning at ``starts`` (U,), ``members`` (U,) of them; ``multiplicity`` (U,) is how many
    groups of the data a pattern has, or the sum of the weights of their residuals.  ``owners[l]``
    (G,) are their groups at level l, for pooled groups their own numbers, and ``distinct[l]`` tells
    that no two have the same.  ``shares`` has, for levels at which it is not zero, how much more
    often a group counts (G,) in the log determinant there than at the level above: without weights
    only at the outermost.  ``first`` (G,) are first observations, None of pooled groups.
    """

    columns: Array
    by: Positions
    times: Array
    starts: Positions
    members: Positions
    multiplicity: Array
    owners: tuple[Positions, ...]
    distinct: tuple[bool, ...]
    shares: tuple[tuple[int, Array], ...]
    first: Positions | None

    @property
    def pattern(self) -> Positions:
        return np.repeat(np.arange(len(self.members)), self.members)


@dataclass(frozen=True)
class WhitenedGroups:
    """One size of groups at some residual parameters.

    ``covariance`` Lambda and ``inverse`` L^-1 (U, t, t); ``columns`` (c, t, G) are whitened.
    """

    groups: GroupsOfOneSize
    covariance: Array
    inverse: Array
    columns: Array


@dataclass(frozen=True)
class WhitenedData:
    """All groups at some residual parameters: their cross-products and ``sum log |Lambda|``.

    ``innermost`` is the innermost level with groups pooled, None when they are not; ``whitened()``
    are the groups themselves.
    """

    products: CrossProducts
    log_determinant: float
    whitened: Callable[[], Sequence[WhitenedGroups]]
    innermost: InnermostLevel | None


class Whitening:
    """The data of a model prepared so that any residual parameters can be tried.

    ``products`` are the model's with independent residuals.  ``pool`` allows pooling.
    """

    def __init__(self, products: CrossProducts, errors: ResidualErrors, pool: bool = True) -> None:
        self._products = products
        self._family = errors.family
        depth = len(products.levels)
        self._offsets = np.cumsum([0, *(lv.effect_count for lv in products.levels[::-1])])
        self.pooled = False
        prepared = _Preparation(products, errors)
        self.sizes: tuple[GroupsOfOneSize, ...] = ()
        if pool and depth <= 1 and prepared.poolable:
            sizes = prepared.sizes(pool=True)
            kept = sum(size.columns.shape[2] for size in sizes)
            if kept <= WORTH_POOLING * prepared.group_count:
                self.sizes, self.pooled = sizes, True
        if not self.pooled:
            self.sizes = prepared.sizes(pool=False)
        if self.pooled and depth:
            own = products.groups
            count = sum(size.columns.shape[2] for size in self.sizes)
            groups = replace(own, parents=(np.zeros(count, dtype=np.intp),))
            self._products = replace(products, groups=groups)
        self._of_levels: list[tuple[Array, ...]] = []
        if errors.family.structure.by_observation and not self.pooled:
            self._of_levels = [self._blocks([part]) for part in _by_levels(self.sizes[0])]

    def at(self, parameters: Array) -> WhitenedData | None:
        """The data whitened at residual parameters, None where Lambda is not positive definite."""
        if self._of_levels:
            return self._combined(parameters)
        whitened: list[WhitenedGroups] = []
        log_determinant = 0.0
        for size in self.sizes:
            found = self._whitened(size, parameters)
            if found is None:
                return None
            diagonal = np.diagonal(found.inverse, axis1=1, axis2=2)
            logarithms = np.log(diagonal).sum(axis=1)
            log_determinant -= 2.0 * float(logarithms @ size.multiplicity)
            whitened.append(found)
        blocks = self._blocks(whitened)
        products = replace(self._products, blocks=blocks)
        innermost = self._pooled_level(blocks[-1]) if self.pooled and len(blocks) > 1 else None
        return WhitenedData(products, log_determinant, lambda: whitened, innermost)

    def _combined(self, parameters: Array) -> WhitenedData | None:
        """Without correlations: cross-products of each by-level, in proportion to precision."""
        size = self.sizes[0]
        deviations = self._family.deviations(parameters)[size.by]
        precisions = deviations**-2.0
        if not np.all(np.isfinite(precisions) & (precisions > 0.0)):
            return None
        blocks = tuple(
            sum((w * part for w, part in zip(precisions, parts, strict=True)), start=np.zeros(1))
            for parts in zip(*self._of_levels, strict=True)
        )

        def whitened() -> list[WhitenedGroups]:
            found = self._whitened(size, parameters)
            assert found is not None
            return [found]

        log_determinant = 2.0 * float(np.log(deviations) @ size.multiplicity)
        return WhitenedData(replace(self._products, blocks=blocks), log_determinant, whitened, None)

    def _whitened(self, size: GroupsOfOneSize, parameters: Array) -> WhitenedGroups | None:
        covariance = self._family.covariance(parameters, size.by, size.times)
        t = covariance.shape[1]
        if t == 1:
            if not np.all(covariance > 0.0):
                return None
            inverse = 1.0 / np.sqrt(covariance)
            columns = size.columns * inverse[:, 0, 0][size.pattern]
            return WhitenedGroups(size, covariance, inverse, columns)
        if not np.all(np.isfinite(covariance)):
            return None
        try:
            factor = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            return None
        inverse = np.asarray(np.linalg.inv(factor), dtype=np.float64)
        if len(inverse) == 1:
            columns = np.matmul(inverse[0], size.columns)
        else:
            stacked = np.ascontiguousarray(size.columns.transpose(2, 1, 0))
            stacked = np.matmul(inverse[size.pattern], stacked)
            columns = np.ascontiguousarray(stacked.transpose(2, 1, 0))
        return WhitenedGroups(size, covariance, inverse, columns)

    def _blocks(self, whitened: Sequence[WhitenedGroups]) -> tuple[Array, ...]:
        levels = self._products.levels
        depth = len(levels)
        offsets = self._offsets
        width = int(offsets[-1]) + self._products.fixed_count + 1
        counts = list(self._products.groups.counts) if depth else []
        if self.pooled and depth:
            counts = [len(self._products.groups.parents[0])]
        root = np.zeros((width - offsets[-1], width - offsets[-1]))
        blocks: list[Array] = [root[:, :, None]]
        for number in range(depth):
            own = levels[number].effect_count
            blocks.append(np.zeros((own, width - offsets[depth - 1 - number], counts[number])))
        for part in whitened:
            flat = part.columns[offsets[-1] :].reshape(len(root), -1)
            root += flat @ flat.T
            for number in range(depth):
                first = int(offsets[depth - 1 - number])
                right = part.columns[first:]
                owner = part.groups.owners[number]
                for i in range(levels[number].effect_count):
                    sums = np.einsum("tg,jtg->jg", part.columns[first + i], right)
                    target = blocks[number + 1][i]
                    if part.groups.distinct[number]:
                        target[:, owner] += sums
                    else:
                        for row, values in zip(target, sums, strict=True):
                            row += np.bincount(owner, values, minlength=len(row))
        return tuple(blocks)

    def _pooled_level(self, block: Array) -> InnermostLevel:
        first, pattern, multiplicity = [], [], []
        groups = patterns = 0
        for size in self.sizes:
            first.append(groups + size.starts)
            pattern.append(patterns + size.pattern)
            multiplicity.append(np.add.reduceat(size.shares[0][1], size.starts))
            groups += size.columns.shape[2]
            patterns += len(size.members)
        own = len(block)
        designs = block[:, :own, np.concatenate(first)]
        owner = np.concatenate(pattern)
        root, inverses = semidefinite_root(designs, RANK_TOLERANCE)
        if patterns == 1:
            right = solve_root_transpose(root, inverses, block[:, own:])
        else:
            right = solve_root_transpose(root[:, :, owner], inverses[:, owner], block[:, own:])
        return InnermostLevel(root, right, np.concatenate(multiplicity), owner)


def _by_levels(size: GroupsOfOneSize) -> list[WhitenedGroups]:
    """The observations of each pattern by themselves, as they are."""
    result: list[WhitenedGroups] = []
    one = np.ones((1, 1, 1))
    for start, members in zip(size.starts, size.members, strict=True):
        rows = slice(start, start + members)
        part = replace(
            size,
            columns=size.columns[:, :, rows],
            owners=tuple(owner[rows] for owner in size.owners),
            shares=tuple((level, share[rows]) for level, share in size.shares),
        )
        result.append(WhitenedGroups(part, one, one, part.columns))
    return result


class _Preparation:
    """Observations sorted into groups and, within them, by time."""

    def __init__(self, products: CrossProducts, errors: ResidualErrors) -> None:
        family = errors.family
        self._structure = family.structure
        self._effects = sum(level.effect_count for level in products.levels)
        n = products.observations
        self._columns = working_columns(products)
        self._times = np.zeros(n) if errors.times is None else errors.times
        self._by = np.zeros(n, dtype=np.intp) if errors.by is None else errors.by
        block = residual_blocks(errors, n)
        levels = range(len(products.levels))
        self._groups = [products.groups.group(level) for level in levels]
        self._rows = rows_by_size(block, self._times)
        self._weights = products.weights
        if self._weights is not None:
            weights_of_groups(self._weights.observations, block, int(block.max()) + 1)
        self.group_count = sum(len(rows) for rows in self._rows)
        innermost = products.groups.counts[-1] if levels else self.group_count
        self.poolable = innermost == self.group_count

    def sizes(self, pool: bool) -> tuple[GroupsOfOneSize, ...]:
        result: list[GroupsOfOneSize] = []
        counted = 0
        for rows in self._rows:
            size = self._of_size(rows)
            if pool:
                size = self._pooled(size, counted)
            result.append(size)
            counted += size.columns.shape[2]
        return tuple(result)

    def _of_size(self, rows: Positions) -> GroupsOfOneSize:
        times, by = self._times[rows], self._by[rows[:, 0]]
        if self._structure.stationary:
            times = times - times[:, :1]
        first, pattern, members = distinct_rows(np.column_stack([by, times]))
        order = np.argsort(pattern, kind="stable")
        rows = rows[order]
        owners = tuple(group[rows[:, 0]] for group in self._groups)
        starts = np.cumsum(members) - members
        multiplicity = members.astype(np.float64)
        if self._weights is not None:
            multiplicity = np.add.reduceat(self._weights.observations[rows[:, 0]], starts)
        return GroupsOfOneSize(
            np.ascontiguousarray(self._columns[:, rows.T]),
            by[first],
            times[first],
            starts,
            members,
            multiplicity,
            owners,
            tuple(len(np.unique(owner)) == len(owner) for owner in owners),
            self._shares(owners, len(rows)),
            rows[:, 0],
        )

    def _shares(self, owners: tuple[Positions, ...], groups: int) -> tuple[tuple[int, Array], ...]:
        if self._weights is None or not owners:
            return ((0, np.ones(groups)),)
        totals = [
            weights[owner] for weights, owner in zip(self._weights.levels, owners, strict=True)
        ]
        more = [own - above for above, own in pairwise(totals)]
        inner = [(level, share) for level, share in enumerate(more, 1) if np.any(share)]
        return ((0, totals[0]), *inner)

    def _pooled(self, size: GroupsOfOneSize, counted: int) -> GroupsOfOneSize:
        """Groups with the same pattern and the same random-effects design pooled."""
        q = self._effects
        width, t, groups = size.columns.shape
        keys = np.column_stack([size.pattern, size.columns[:q].reshape(q * t, groups).T])
        first, design, members = distinct_rows(keys)
        multiplicity, weights = members.astype(np.float64), size.shares[0][1]
        shares = np.bincount(design, weights)
        if self._weights is not None:
            assert size.first is not None
            own = self._weights.observations[size.first]
            multiplicity = np.bincount(design, own).astype(np.float64)
        capacity = t * (width - q)
        if np.minimum(members, capacity).sum() > WORTH_POOLING * groups:
            return self._by_design(size, first, design, members, multiplicity, counted)
        kept: list[Array] = []
        order = np.argsort(design, kind="stable")
        bounds = np.concatenate([[0], np.cumsum(members)])
        for u in range(len(first)):
            chosen = size.columns[:, :, order[bounds[u] : bounds[u + 1]]]
            if members[u] > capacity:
                flat = chosen[q:].reshape(capacity, -1).T
                triangular: Array = np.asarray(np.linalg.qr(flat, mode="r"))
                triangle = triangular.T.reshape(width - q, t, -1)
                pooled = np.empty((width, t, triangle.shape[2]))
                pooled[:q], pooled[q:] = chosen[:q, :, :1], triangle
                chosen = pooled
            kept.append(chosen)
        counts = np.array([part.shape[2] for part in kept])
        pattern = size.pattern[first]
        return GroupsOfOneSize(
            np.ascontiguousarray(np.concatenate(kept, axis=2)),
            size.by[pattern],
            size.times[pattern],
            np.cumsum(counts) - counts,
            counts,
            multiplicity,
            (counted + np.arange(int(counts.sum())),),
            (True,),
            ((0, np.repeat(shares / counts, counts)),),
            None,
        )

    def _by_design(
        self,
        size: GroupsOfOneSize,
        first: Positions,
        design: Positions,
        members: Positions,
        multiplicity: Array,
        counted: int,
    ) -> GroupsOfOneSize:
        """Not pooled, but with a pattern for each random-effects design."""
        order = np.argsort(design, kind="stable")
        pattern = size.pattern[first]
        return GroupsOfOneSize(
            np.ascontiguousarray(size.columns[:, :, order]),
            size.by[pattern],
            size.times[pattern],
            np.cumsum(members) - members,
            members,
            multiplicity,
            (counted + np.arange(len(order)),),
            (True,),
            ((0, size.shares[0][1][order]),),
            None if size.first is None else size.first[order],
        )


def standardised_residuals(
    errors: ResidualErrors, parameters: Array, residual_variance: float, residual: Array
) -> Array:
    """``L^-1 e / s`` within groups ordered by time, (n,), for ``Lambda = L L'``."""
    n = len(residual)
    times = np.zeros(n) if errors.times is None else errors.times
    by = np.zeros(n, dtype=np.intp) if errors.by is None else errors.by
    result = np.empty(n)
    for rows in rows_by_size(residual_blocks(errors, n), times):
        covariance = errors.family.covariance(parameters, by[rows[:, 0]], times[rows])
        factor = np.linalg.cholesky(residual_variance * covariance)
        result[rows] = np.linalg.solve(factor, residual[rows][..., None])[..., 0]
    return result


def residual_covariance(
    errors: ResidualErrors, parameters: Array, residual_variance: float, count: int
) -> Array:
    """``s2 Lambda`` of all residuals together, (n, n)."""
    times = np.zeros(count) if errors.times is None else errors.times
    by = np.zeros(count, dtype=np.intp) if errors.by is None else errors.by
    result = np.zeros((count, count))
    for rows in rows_by_size(residual_blocks(errors, count), times):
        covariance = errors.family.covariance(parameters, by[rows[:, 0]], times[rows])
        result[rows[:, :, None], rows[:, None, :]] = residual_variance * covariance
    return result


def rows_by_size(block: Positions, times: Array) -> list[Positions]:
    """Observations (G, t) of the G blocks of each size t, in the order of ``times``."""
    n = len(block)
    order = None if _ascending(block, times) else np.lexsort((times, block))
    if order is not None:
        block = block[order]
    starts = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]]))
    lengths = np.diff(starts, append=n)
    result: list[Positions] = []
    for t in np.flatnonzero(np.bincount(lengths)):
        rows = starts[lengths == t][:, None] + np.arange(t)
        result.append(rows if order is None else order[rows])
    return result


def residual_blocks(errors: ResidualErrors, count: int) -> Positions:
    """The numbers of the blocks within which residuals may be correlated, (n,)."""
    if errors.family.structure.by_observation:
        return np.arange(count)
    return nested_groups(errors.groups).innermost_group


def working_columns(products: CrossProducts) -> Array:
    """Working columns (c, n): random effects, innermost level first, Q, and the residual."""
    rows: list[Array] = []
    for level in products.levels[::-1]:
        rows += [column / scale for column, scale in zip(level.columns, level.scales, strict=True)]
    design = products.design
    if products.fixed_count:
        rows += list(np.linalg.inv(design.within).T @ design.rows)
    rows.append(design.residual)
    return np.stack(rows)


def _ascending(block: Positions, times: Array) -> bool:
    step = np.diff(block)
    return bool(np.all((step > 0) | ((step == 0) & (np.diff(times) >= 0.0))))


def distinct_rows(keys: Array) -> tuple[Positions, Positions, Positions]:
    """Of (G, m) keys: the first row of each kind, the kind of each row, and rows of each kind."""
    keys = np.ascontiguousarray(keys, dtype=np.float64)
    if len(keys) == 1 or bool(np.all(keys[1:] == keys[:1])):
        everywhere = np.zeros(len(keys), dtype=np.intp)
        return everywhere[:1], everywhere, np.array([len(keys)])
    rows = (keys + 0.0).view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1])))[:, 0]
    _, first, kind, counts = np.unique(
        rows, return_index=True, return_inverse=True, return_counts=True
    )
    return first, kind, counts
