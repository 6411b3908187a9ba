"""The likelihood with structured residuals, and its gradient in the residual parameters.

The gradient is exact: with ``V = Lambda + Z D Z'`` and ``r = V^-1 (y - X b)``,
``d log |V| = tr(V^-1 dLambda)`` and ``d (e' V^-1 e) = -r' dLambda r``; for the restricted
likelihood ``P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1`` takes the place of ``V^-1``.  Both
matrices are needed within groups only, where they follow from the predictions of the random
effects: whitened,
``V^-1`` is ``I - Z W Z'`` with W the covariance of the prediction errors, and r is the residual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.likelihood import LEAST_SHARE, LikelihoodParts, LinearLikelihood
from statalike.engine.linear.marginal_derivatives import (
    MarginalDerivatives,
    marginal_derivatives,
)
from statalike.engine.linear.markov_products import MarkovData, markov_products
from statalike.engine.linear.prediction import JointPrediction, inward_predictions
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.residual_moments import starting_residuals
from statalike.engine.linear.whitening import WhitenedData, WhitenedGroups, Whitening

Array = NDArray[np.float64]

REMEMBERED = 8


class MarginalLikelihood(LinearLikelihood):
    """The likelihood of a model without random effects; there are no working parameters."""

    def __init__(
        self, products: CrossProducts, restricted: bool, residual_log_determinant: float
    ) -> None:
        self.products = products
        self.restricted = restricted
        self._fixed = products.fixed_count
        self._bases = []
        self.degrees_of_freedom = products.count - (self._fixed if restricted else 0)
        self._constant = residual_log_determinant
        if restricted:
            self._constant += products.design.log_determinant
        residual = products.design.residual
        self._least_sum = LEAST_SHARE * float(residual @ residual)
        self._crossproduct = products.blocks[0][:, :, 0]

    def values(self, points: Array) -> tuple[Array, Array]:
        s = np.broadcast_to(self._crossproduct, (len(points), *self._crossproduct.shape))
        return self._summary(np.zeros(len(points)), s)

    def evaluate(self, parameters: Array, order: int) -> LikelihoodParts:
        least_squares = self._generalised_least_squares(self._crossproduct)
        log_determinant = self._constant
        if self.restricted:
            log_determinant += 2.0 * float(np.sum(np.log(np.diagonal(least_squares.root))))
        none, square = np.zeros(0), np.zeros((0, 0))
        return LikelihoodParts(
            self.degrees_of_freedom, least_squares, log_determinant, none, square, none, square
        )


class LikelihoodAt:
    """The likelihood at fixed residual parameters: ``linear`` in the others."""

    def __init__(
        self,
        data: WhitenedData | MarkovData,
        errors: ResidualErrors,
        residual: Array,
        restricted: bool,
        marginal: MarginalDerivatives | None = None,
    ) -> None:
        self._marginal = marginal
        self._data = data
        self._family = errors.family
        self._residual = residual
        self._restricted = restricted
        self.linear: LinearLikelihood
        if data.products.levels:
            self.linear = LinearLikelihood(
                data.products, restricted, data.innermost, data.log_determinant
            )
        else:
            self.linear = MarginalLikelihood(data.products, restricted, data.log_determinant)

    def differentiated(
        self,
        parts: LikelihoodParts,
        mapping: Callable[[Array], tuple[Array, Array]],
        coordinates: Array,
    ) -> LikelihoodParts | None:
        """``parts`` with exact first and second derivatives in ``coordinates`` of the residual
        parameters, see :class:`MarginalDerivatives`; None for a model that has no such.
        """
        if self._marginal is None or isinstance(self._data, MarkovData):
            return None
        whitened = self._data.whitened()
        return self._marginal.parts(self._residual, whitened, parts, mapping, coordinates)

    def residual_gradient(self, working: Array, parts: LikelihoodParts, precision: float) -> Array:
        """The derivative of ``-(log_determinant + precision * sum_of_squares) / 2`` in the
        residual parameters, at working parameters where ``parts`` were evaluated.
        """
        data = self._data
        products = data.products
        coefficients = parts.least_squares.coefficients
        covariances = self.linear.covariances(working) if products.levels else []
        inward = [joint for _, joint in inward_predictions(products, covariances, -coefficients)]
        if isinstance(data, MarkovData):
            fixed_covariance = parts.least_squares.covariance if self._restricted else None
            predictions = inward[0] if inward else []
            change = data.gradient(predictions, coefficients, precision, fixed_covariance)
            return -0.5 * change
        joints = [joint[-1] for joint in inward]
        gradient = np.zeros(self._family.count)
        for part in data.whitened():
            weights = self._weights(part, joints, parts, precision)
            size = part.groups
            gradient += self._family.contract(
                self._residual, size.by, size.times, part.covariance, weights
            )
        return -0.5 * gradient

    def _weights(
        self,
        part: WhitenedGroups,
        joints: list[JointPrediction],
        parts: LikelihoodParts,
        precision: float,
    ) -> Array:
        """N (U, t, t) with ``sum tr(N dLambda)`` the change of log determinant and sum."""
        size = part.groups
        root = parts.least_squares.root if self._restricted else None
        coefficients = parts.least_squares.coefficients
        left, right = explained_products(part, joints, coefficients, precision, root)
        t = left.shape[1]
        if len(size.members) == 1:
            explained = np.matmul(left, right.transpose(0, 2, 1)).sum(axis=0)
            explained = explained[None]
        else:
            products = np.matmul(left.transpose(2, 1, 0), right.transpose(2, 0, 1))
            explained = np.add.reduceat(products, size.starts, axis=0)
        core = np.eye(t) * size.multiplicity[:, None, None] - explained
        core = 0.5 * (core + core.swapaxes(1, 2))
        return np.asarray(part.inverse.swapaxes(1, 2) @ core @ part.inverse)


def explained_products(
    part: WhitenedGroups,
    joints: Sequence[JointPrediction],
    coefficients: Array,
    precision: float,
    root: Array | None = None,
) -> tuple[Array, Array]:
    """Columns (m, t, G) whose outer products add up, for each group, to what V^-1 (or P) and
    ``precision r r'`` take from the identity.

    ``joints`` are the innermost level's predictions, first with all levels and then with fewer;
    ``coefficients`` (p,) on the orthonormal design; ``root`` is the Cholesky factor of
    ``Q' V^-1 Q`` for the restricted likelihood.
    """
    size = part.groups
    p = len(coefficients)
    q = len(part.columns) - p - 1
    effects, fixed, outcome = part.columns[:q], part.columns[q : q + p], part.columns[q + p]
    residual = outcome - np.tensordot(coefficients, fixed, axes=1)
    left: list[Array] = []
    right: list[Array] = []
    if joints:
        joint, owner = joints[0], size.owners[-1]
        residual = residual - np.einsum("jtg,jg->tg", effects, joint.effects[:, 0, owner])
        for level, share in size.shares:
            covariance = joints[level].covariance[:, :, owner] * share
            left += list(np.einsum("itg,ijg->jtg", effects, covariance))
            right += list(effects)
    if root is not None and p:
        if joints:
            fixed = fixed - np.einsum("jtg,jxg->xtg", effects, joint.slopes[:, :, owner])
        turned = np.tensordot(np.linalg.inv(root), fixed, axes=1)
        left += list(turned)
        right += list(turned)
    left.append(residual * precision)
    right.append(residual)
    return np.stack(left), np.stack(right)


class ResidualLikelihood:
    """The (restricted) likelihood as a function of residual parameters and the working parameters
    of the levels.
    """

    def __init__(self, products: CrossProducts, errors: ResidualErrors, restricted: bool) -> None:
        self.errors = errors
        self.restricted = restricted
        self.degrees_of_freedom = products.count - products.fixed_count * restricted
        self._products = products
        self._whitening = markov_products(products, errors) or Whitening(products, errors)
        self._marginal: MarginalDerivatives | None = None
        if isinstance(self._whitening, Whitening) and not products.levels:
            self._marginal = marginal_derivatives(
                self._whitening.sizes, errors.family, restricted, errors.times is not None
            )
        self._latest: dict[bytes, LikelihoodAt | None] = {}

    @property
    def family(self) -> ResidualFamily:
        """The residual parameters."""
        return self.errors.family

    def start(self) -> tuple[Array, LinearLikelihood]:
        """Residual parameters to begin from, correlations drawn towards zero until Lambda is
        positive definite, and the likelihood in the others there.
        """
        products, family = self._products, self.errors.family
        residual = products.design.residual
        if products.weights is not None:
            residual = residual / np.sqrt(products.weights.observations)
        start = starting_residuals(self.errors, residual, bool(products.levels))
        own = slice(family.ratio_count, None)
        candidates = [start]
        for share in (0.9, 0.75, 0.5, 0.25):
            drawn = start.copy()
            drawn[own] *= share
            candidates.append(drawn)
        for search in (*candidates, family.start()):
            residual = family.from_search(search)[0]
            found = self.at(residual)
            if found is not None:
                return residual, found.linear
        raise EstimationError("likelihood_undefined", "the residual covariance is singular")

    def at(self, residual: Array) -> LikelihoodAt | None:
        """The likelihood at residual parameters; None where Lambda is not positive definite."""
        key = residual.tobytes()
        if key in self._latest:
            return self._latest[key]
        data = self._whitening.at(residual)
        found = None
        if data is not None:
            found = LikelihoodAt(data, self.errors, residual, self.restricted, self._marginal)
        while len(self._latest) >= REMEMBERED:
            self._latest.pop(next(iter(self._latest)))
        self._latest[key] = found
        return found

    def values(self, residual: Array, working: Array) -> tuple[Array, Array]:
        """``log_determinant`` and ``sum_of_squares`` (m,) at m points: residual (m, R) and working
        (m, K) parameters.
        """
        return values_by_residual(
            lambda row: None if (found := self.at(row)) is None else found.linear,
            residual,
            working,
        )


def values_by_residual(
    at: Callable[[Array], LinearLikelihood | None], residual: Array, working: Array
) -> tuple[Array, Array]:
    """``log_determinant`` and ``sum_of_squares`` (m,) at points (m, R) and (m, K), with one
    likelihood ``at`` each distinct row of residual parameters; nan where it is None.
    """
    log_determinants = np.full(len(residual), np.nan)
    sums = np.full(len(residual), np.nan)
    distinct, kind = np.unique(residual, axis=0, return_inverse=True)
    kind = kind.ravel()
    for number, row in enumerate(distinct):
        likelihood = at(row)
        if likelihood is not None:
            own = kind == number
            log_determinants[own], sums[own] = likelihood.values(working[own])
    return log_determinants, sums
