"""The data of a crossed-effects model reduced once.

Every equation becomes one or two *terms*: m units with q effects each whose covariance matrix is
``I (x) D``.  The categories of a factor within the groups of its level are the units of one term;
when their effects are exchangeable, with variance v and covariance c, the groups are the units of a
second, since ``D = (v - c) I + c J``: V stays linear in the parameters, and a covariance may be
negative.

The term with most effects is kept apart, as it can be eliminated unit by unit.  Of it are needed
``Z'Z`` of each unit and its few cross-products with the others; cross-products among the others are
one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure, Exchangeable, Identity
from statalike.engine.errors import EstimationError
from statalike.engine.linear.coordinates import level_coordinates
from statalike.engine.linear.cross_products import root_block
from statalike.engine.linear.crossed_cells import CellProducts, cell_products
from statalike.engine.linear.crossed_model import CrossedEffectsModel, RandomFactor
from statalike.engine.linear.fixed_design import FixedDesign, orthonormalise
from statalike.engine.linear.model import Level
from statalike.engine.linear.variance_parameters import VarianceParameters
from statalike.engine.nested_groups import NestedGroups, nested_groups

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# Numbers of cells up to which pairs of units are counted in a table.
COUNTED_CELLS = 20_000_000


@dataclass(frozen=True)
class Term:
    """``unit`` (n,) numbers the ``units`` m; ``columns`` are the q columns of the design, or None
    for the indicator of the unit.  ``smallest`` is the variance that counts as zero.
    """

    unit: Positions
    units: int
    columns: tuple[Array, ...] | None
    smallest: float
    separable: bool = True

    @property
    def size(self) -> int:
        return 1 if self.columns is None else len(self.columns)

    @property
    def effects(self) -> int:
        return self.units * self.size


@dataclass(frozen=True)
class EquationTerms:
    """Which terms an equation became, and how its parameters act on them.

    ``directions[k]`` are pairs of a term and the derivative (q, q) of its D in the k-th working
    parameter.  ``transform`` takes effects to working coordinates.  ``repetitions`` is the number
    of independent vectors of effects.  ``categories`` (m,) and ``groups`` (m,) say which category
    in which group of the level each unit of a factor is.
    """

    structure: CovarianceStructure
    terms: tuple[int, ...]
    directions: tuple[tuple[tuple[int, Array], ...], ...]
    to_reported: Array
    transform: Array
    repetitions: int
    categories: Positions | None = None
    groups: Positions | None = None


@dataclass(frozen=True)
class CrossedProducts:
    """Cross-products of the terms, one of them ``apart``, with T = [Q, r].

    ``own`` (G, q, q) are ``Z'Z`` of the units of the term apart, ``own_right`` (G q, p + 1) their
    cross-products with T, ``cells`` those with the other terms.  ``others`` (m, m) and
    ``others_right`` (m, p + 1) are of the other terms side by side, ``places[t]`` where each of
    them stands; ``right`` (p + 1, p + 1) is T'T.
    """

    observations: int
    design: FixedDesign
    groups: NestedGroups
    equations: tuple[tuple[EquationTerms, ...], ...]
    terms: tuple[Term, ...]
    apart: int | None
    places: dict[int, slice]
    own: Array
    own_right: Array
    cells: CellProducts
    others: Array
    others_right: Array
    right: Array

    @property
    def fixed_count(self) -> int:
        return len(self.design.factor)

    @property
    def directions(self) -> list[tuple[tuple[int, Array], ...]]:
        """Of each working parameter of the model."""
        return [way for level in self.equations for eq in level for way in eq.directions]


def reduce_crossed_model(model: CrossedEffectsModel) -> CrossedProducts:
    """Reduce a crossed-effects model; see :class:`CrossedProducts`."""
    groups = nested_groups([level.groups for level in model.levels])
    design = orthonormalise(model.outcome, model.fixed)
    terms: list[Term] = []
    equations = tuple(
        tuple(
            _factor_terms(effects, groups, number, terms)
            if isinstance(effects, RandomFactor)
            else _covariate_terms(Level(level.groups, (effects,)), groups, number, terms)
            for effects in level.effects
        )
        for number, level in enumerate(model.levels)
    )
    separable = [t for t, term in enumerate(terms) if term.separable]
    apart = max(separable, key=lambda t: terms[t].effects, default=None)
    places: dict[int, slice] = {}
    width = 0
    for t, term in enumerate(terms):
        if t != apart:
            places[t] = slice(width, width + term.effects)
            width += term.effects
    right = [*design.rows, design.residual]
    unscale = np.asarray(np.linalg.inv(design.within), dtype=np.float64)
    others, others_right = np.zeros((width, width)), np.zeros((width, len(right)))
    for t, place in places.items():
        others_right[place] = _with_right(terms[t], right, unscale)
        for s, other in places.items():
            if s < t:
                block = _dense_block(terms[s], terms[t])
                others[other, place], others[place, other] = block, block.T
        _add_own(others[place, place], _own(terms[t]))
    if apart is None:
        none = np.zeros(0, dtype=np.intp)
        own, own_right = np.zeros((0, 1, 1)), np.zeros((0, len(right)))
        cells = cell_products(none, none, np.zeros(0), (0, width), 1)
    else:
        own = _own(terms[apart])
        own_right = _with_right(terms[apart], right, unscale)
        cells = _cells(
            terms[apart], [(terms[t], place.start) for t, place in places.items()], width
        )
    if not (np.isfinite(own).all() and np.isfinite(others).all()):
        raise EstimationError("not_finite", "the data contain values that are not finite")
    return CrossedProducts(
        model.observations,
        design,
        groups,
        equations,
        tuple(terms),
        apart,
        places,
        own,
        own_right,
        cells,
        others,
        others_right,
        root_block(design)[:, :, 0],
    )


def crossed_parameters(products: CrossedProducts) -> VarianceParameters:
    """The variance parameters of all equations, in order."""
    return VarianceParameters.of(
        [(eq.structure, eq.to_reported) for level in products.equations for eq in level]
    )


def working_parameters(
    products: CrossedProducts, covariances: Sequence[Sequence[Array]], residual_variance: float
) -> Array:
    """The working parameters (K,) of covariance matrices by level and equation; of a factor's the
    leading 1 x 1 or 2 x 2 block suffices.
    """
    relative = [
        equation.structure.project(np.asarray(matrix))
        if equation.categories is None
        else np.asarray(matrix)[0, : equation.structure.parameter_count]
        for equations, matrices in zip(products.equations, covariances, strict=True)
        for equation, matrix in zip(equations, matrices, strict=True)
    ]
    return crossed_parameters(products).to_working @ np.concatenate(relative) / residual_variance


ZERO = 1e-10


def _factor_terms(
    factor: RandomFactor, groups: NestedGroups, level: int, terms: list[Term]
) -> EquationTerms:
    group = groups.group(level)
    count = groups.counts[level]
    categories = np.asarray(factor.categories, dtype=np.intp)
    size = factor.structure.size
    key = categories if count == 1 else group * size + categories
    if count * size <= max(4 * len(key), COUNTED_CELLS):
        present = np.flatnonzero(np.bincount(key, minlength=count * size))
        number = np.zeros(count * size, dtype=np.intp)
        number[present] = np.arange(len(present))
        unit = key if len(present) == count * size else number[key]
    else:
        present, unit = np.unique(key, return_inverse=True)
    scale = len(key) / len(present)
    one = np.array([[1.0 / scale]])
    exchangeable = isinstance(factor.structure, Exchangeable) and size > 1
    place = len(terms)
    terms.append(Term(unit, len(present), None, ZERO / scale, separable=not exchangeable))
    places: tuple[int, ...] = (place,)
    directions: tuple[tuple[tuple[int, Array], ...], ...] = (((place, one),),)
    if exchangeable:
        terms.append(Term(group, count, None, ZERO / scale, separable=False))
        places = (place, place + 1)
        directions = (*directions, ((place, -one), (place + 1, one)))
    parameters = len(directions)
    return EquationTerms(
        factor.structure if exchangeable else Identity(1),
        places,
        directions,
        np.eye(parameters) / scale,
        np.eye(1),
        count if exchangeable else len(present),
        present % size,
        present // size,
    )


def _covariate_terms(
    level: Level, groups: NestedGroups, number: int, terms: list[Term]
) -> EquationTerms:
    count = groups.counts[number]
    coordinates = level_coordinates(level, count)
    (equation,) = coordinates.equations
    place = len(terms)
    columns = tuple(
        column / scale
        for column, scale in zip(coordinates.columns, coordinates.scales, strict=True)
    )
    terms.append(Term(groups.group(number), count, columns, ZERO))
    return EquationTerms(
        equation.structure,
        (place,),
        tuple(((place, basis),) for basis in coordinates.basis),
        equation.to_reported,
        coordinates.transform,
        count,
    )


def _sums(unit: Positions, units: int, left: Array | None, right: Array | None) -> Array:
    """Sums within units of the product of two columns (None: ones)."""
    if left is None or right is None:
        weights = right if left is None else left
    else:
        weights = left * right
    if weights is None:
        return np.bincount(unit, minlength=units).astype(np.float64)
    return np.asarray(np.bincount(unit, weights=weights, minlength=units), dtype=np.float64)


def _columns(term: Term) -> Sequence[Array | None]:
    return (None,) if term.columns is None else term.columns


def _own(term: Term) -> Array:
    """``Z'Z`` of each unit (m, q, q)."""
    result = np.empty((term.units, term.size, term.size))
    for i, left in enumerate(_columns(term)):
        for j, right in enumerate(_columns(term)[: i + 1]):
            result[:, i, j] = result[:, j, i] = _sums(term.unit, term.units, left, right)
    return result


def _add_own(block: Array, own: Array) -> None:
    """Put the matrices (m, q, q) on the diagonal of ``block`` (m q, m q)."""
    units, size, _ = own.shape
    position = np.arange(units)
    block.reshape(units, size, units, size)[position, :, position, :] = own


def _with_right(term: Term, right: Sequence[Array], unscale: Array) -> Array:
    """``Z'[Q, r]`` (m q, p + 1)."""
    result = np.empty((term.units, term.size, len(right)))
    for i, left in enumerate(_columns(term)):
        for j, column in enumerate(right):
            result[:, i, j] = _sums(term.unit, term.units, left, column)
    rows = np.asarray(result.reshape(term.effects, len(right)))
    if len(right) > 1:
        rows[:, :-1] = rows[:, :-1] @ unscale
    return rows


def _dense_block(left: Term, right: Term) -> Array:
    """``Z_left' Z_right`` as one matrix."""
    result = np.empty((left.units, left.size, right.units, right.size))
    key = left.unit * right.units + right.unit
    for i, a in enumerate(_columns(left)):
        for j, b in enumerate(_columns(right)):
            total = _sums(key, left.units * right.units, a, b)
            result[:, i, :, j] = total.reshape(left.units, right.units)
    return result.reshape(left.effects, right.effects)


def _cells(apart: Term, others: Sequence[tuple[Term, int]], width: int) -> CellProducts:
    """The cross-products of the term apart with others that begin at the columns given."""
    rows: list[Positions] = []
    columns: list[Positions] = []
    values: list[Array] = []
    for term, start in others:
        cells = apart.units * term.units
        key = apart.unit * term.units + term.unit
        if cells <= COUNTED_CELLS:
            present = np.flatnonzero(np.bincount(key, minlength=cells))
            number = np.empty(cells, dtype=np.intp)
            number[present] = np.arange(len(present))
            position = number[key]
        else:
            present, position = np.unique(key, return_inverse=True)
        first, second = present // term.units, present % term.units
        for i, a in enumerate(_columns(apart)):
            for j, b in enumerate(_columns(term)):
                rows.append(first * apart.size + i)
                columns.append(start + second * term.size + j)
                values.append(_sums(position, len(present), a, b))
    if not rows:
        none = np.zeros(0, dtype=np.intp)
        return cell_products(none, none, np.zeros(0), (apart.effects, width), apart.size)
    row, column, value = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    order = np.argsort(row, kind="stable")
    return cell_products(
        row[order], column[order], value[order], (apart.effects, width), apart.size
    )
