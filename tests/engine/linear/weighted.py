"""Weighted multilevel data, the data they stand for, and pseudolikelihoods at any parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure, Identity, Unstructured
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.information import log_likelihood
from statalike.engine.linear.likelihood import LinearLikelihood
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.linear.residual_likelihood import MarginalLikelihood, ResidualLikelihood
from statalike.engine.linear.variance_parameters import variance_parameters
from statalike.engine.linear.weights import TotalWeights

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Pupils:
    """Pupils in classes in schools, with weights of pupils, classes and schools, all (n,).

    Weights are conditional on the groups above and constant within their groups.
    """

    school: Positions
    klass: Positions
    x: Array
    y: Array
    pupil_weight: Array
    class_weight: Array
    school_weight: Array

    @property
    def weights(self) -> TotalWeights:
        schools = self.school_weight
        classes = schools * self.class_weight
        return TotalWeights(classes * self.pupil_weight, (schools, classes))

    def rows(self, chosen: Positions | NDArray[np.bool_]) -> Pupils:
        return Pupils(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def model(
        self,
        weighted: bool = True,
        schools: CovarianceStructure | None = None,
        classes: CovarianceStructure | None = None,
    ) -> LinearMixedModel:
        """Intercepts of schools, intercepts and slopes of classes unless told otherwise."""
        design = np.column_stack([self.x, np.ones_like(self.x)])

        def level(groups: Positions, structure: CovarianceStructure) -> Level:
            return Level(groups, (RandomEffects(design[:, 2 - structure.size :], structure),))

        levels = (
            level(self.school, schools or Identity(1)),
            level(self.klass, classes or Unstructured(2)),
        )
        return LinearMixedModel(self.y, design, levels, weights=self.weights if weighted else None)

    def expanded(self) -> Pupils:
        """The data that whole weights stand for: copies of schools, classes and pupils."""
        rows: list[int] = []
        schools: list[int] = []
        classes: list[int] = []
        for school in np.unique(self.school):
            inside = np.flatnonzero(self.school == school)
            for copy in range(int(self.school_weight[inside[0]])):
                for klass in np.unique(self.klass[inside]):
                    members = inside[self.klass[inside] == klass]
                    for _ in range(int(self.class_weight[members[0]])):
                        number = max(classes, default=0) + 1
                        pupils = np.repeat(members, self.pupil_weight[members].astype(int))
                        rows += pupils.tolist()
                        schools += [100 * int(school) + copy] * len(pupils)
                        classes += [number] * len(pupils)
        found = self.rows(np.array(rows))
        one = np.ones(len(rows))
        return replace(
            found,
            school=np.array(schools),
            klass=np.array(classes),
            pupil_weight=one,
            class_weight=one,
            school_weight=one,
        )


def pupils(seed: int = 1, *, whole: bool = True, schools: int = 8) -> Pupils:
    """Simulated pupils, in random order; weights whole numbers or any."""
    rng = np.random.default_rng(seed)
    klass = np.repeat(np.arange(4 * schools), rng.integers(2, 7, 4 * schools))
    school = klass // 4
    n = len(klass)
    x = rng.normal(size=n)
    slopes, intercepts = 0.5 * rng.normal(size=4 * schools), rng.normal(size=4 * schools)
    y = 1 + x + rng.normal(size=schools)[school] + intercepts[klass] + slopes[klass] * x
    y = y + rng.normal(size=n)

    def weights(count: int) -> Array:
        if whole:
            return rng.integers(1, 4, count).astype(np.float64)
        return np.asarray(rng.uniform(0.3, 2.5, count))

    made = Pupils(
        school, klass, x, y, weights(n), weights(4 * schools)[klass], weights(schools)[school]
    )
    return made.rows(rng.permutation(n))


def pseudolikelihood(model: LinearMixedModel, coefficients: Array, estimates: Array) -> float:
    """The log pseudolikelihood as the engine sees it, at any coefficients (p,) and variance
    parameters on the estimation scale.
    """
    products = reduce_to_cross_products(model)
    scales = variance_parameters(products.levels)
    count = scales.count
    reported = scales.from_estimation(estimates[:count]).values
    working = scales.to_working @ reported * np.exp(-2.0 * estimates[count])
    linear: LinearLikelihood
    if not model.levels and model.errors is None:
        linear = MarginalLikelihood(products, False, 0.0)
    elif model.errors is None:
        linear = LinearLikelihood(products, False)
    else:
        found = ResidualLikelihood(products, model.errors, False).at(estimates[count + 1 :])
        assert found is not None
        linear = found.linear
    parts = linear.evaluate(working, 0)
    least_squares = parts.least_squares
    design = products.design
    shift = design.factor @ (coefficients - design.least_squares) - least_squares.coefficients
    squares = parts.sum_of_squares + float(np.sum((least_squares.root.T @ shift) ** 2))
    value = log_likelihood(products.count, parts.log_determinant, squares, estimates[count])
    return float(value)


def part_of(model: LinearMixedModel, rows: NDArray[np.bool_]) -> LinearMixedModel:
    """The model of some observations only."""
    levels = tuple(
        Level(
            level.groups[rows],
            tuple(RandomEffects(e.covariates[rows], e.structure) for e in level.effects),
        )
        for level in model.levels
    )
    errors, weights = model.errors, model.weights
    if errors is not None:
        errors = ResidualErrors(
            errors.family,
            tuple(groups[rows] for groups in errors.groups),
            None if errors.times is None else errors.times[rows],
            None if errors.by is None else errors.by[rows],
        )
    if weights is not None:
        weights = TotalWeights(
            weights.observations[rows], tuple(own[rows] for own in weights.levels)
        )
    return LinearMixedModel(model.outcome[rows], model.fixed[rows], levels, errors, weights)
