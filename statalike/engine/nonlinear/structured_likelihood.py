"""The likelihood of a linearised model, and its gradient in the residual parameters.

With ``V = Lambda + Z D Z'`` and ``N = V^-1 - precision r r'``, ``r = V^-1 (y - X b)``, the change
of ``log |V| + precision (y - X b)' r`` is ``tr(N dLambda)``; for the restricted likelihood ``P``
takes the place of ``V^-1`` (see ``linear.residual_likelihood``).  Whitened, N is ``I - sum l r'``
over columns l and r of each observation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.innermost import innermost_level
from statalike.engine.linear.likelihood import LikelihoodParts, LinearLikelihood
from statalike.engine.linear.prediction import inward_predictions
from statalike.engine.linear.residual_likelihood import (
    MarginalLikelihood,
    explained_products,
    values_by_residual,
)
from statalike.engine.linear.whitening import GroupsOfOneSize, WhitenedGroups
from statalike.engine.nonlinear.linearisation import Linearisation
from statalike.engine.nonlinear.linearised_products import (
    linearised_products,
    working_coordinates,
)
from statalike.engine.nonlinear.residual_whitening import (
    CorrelatedGroups,
    ResidualWhitener,
    Whitening,
)
from statalike.engine.nonlinear.residuals import ResidualModel

Array = NDArray[np.float64]

REMEMBERED = 4


class StructuredLikelihoodAt:
    """The likelihood at fixed residual parameters; ``columns`` (c, m) are whitened and ``matrix``
    takes them to working columns.
    """

    def __init__(
        self,
        whitener: ResidualWhitener,
        residual: Array,
        mean: Array,
        whitening: Whitening,
        columns: Array,
        matrix: Array,
        products: CrossProducts,
        restricted: bool,
    ) -> None:
        self._whitener = whitener
        self._residual = residual
        self._mean = mean
        self._whitening = whitening
        self._columns = columns
        self._matrix = matrix
        self._restricted = restricted
        self.linear: LinearLikelihood
        if products.levels:
            # Designs hardly ever repeat between groups, so that looking for it would not pay.
            innermost = innermost_level(products.blocks[-1], pool=False)
            self.linear = LinearLikelihood(
                products, restricted, innermost, whitening.log_determinant
            )
        else:
            self.linear = MarginalLikelihood(products, restricted, whitening.log_determinant)

    def differentiated(
        self,
        parts: LikelihoodParts,
        mapping: Callable[[Array], tuple[Array, Array]],
        coordinates: Array,
    ) -> LikelihoodParts | None:
        """Exact second derivatives in the residual parameters are not to be had."""
        return None

    def residual_gradient(self, working: Array, parts: LikelihoodParts, precision: float) -> Array:
        """The derivative of ``-(log_determinant + precision * sum_of_squares) / 2`` in the
        residual parameters, at working parameters where ``parts`` were evaluated.
        """
        left, right = self._explained(working, parts, precision)
        model = self._whitener.model
        own = len(model.variance.parameters)
        gradient = np.zeros(len(self._residual))
        weights: list[Array] = []
        if self._whitening.correlated:
            share = np.empty(left.shape[1])
            for part in self._whitening.correlated:
                share[part.groups.rows], core = _within_groups(part, left, right)
                weights.append(core)
            self._whitener.correlation_gradient(self._residual, weights, gradient)
        else:
            share = 1.0 - np.einsum("mi,mi->i", left, right)
        if own:
            slopes = model.variance.slopes(self._residual[:own], self._mean)
            gradient[:own] = 2.0 * (slopes @ share)
        return -0.5 * gradient

    def _explained(
        self, working: Array, parts: LikelihoodParts, precision: float
    ) -> tuple[Array, Array]:
        """Columns l and r (c, m)."""
        products = self.linear.products
        coefficients = parts.least_squares.coefficients
        joints = []
        owners = []
        if products.levels:
            covariances = self.linear.covariances(working)
            inward = inward_predictions(products, covariances, -coefficients)
            joints = [next(inward)[1][-1]]
            owners = [products.groups.group(level) for level in range(len(products.levels))]
        count = self._columns.shape[1]
        none = np.zeros(0, dtype=np.intp)
        columns = (self._matrix @ self._columns)[:, None, :]
        size = GroupsOfOneSize(
            columns,
            none,
            np.zeros((0, 1)),
            none,
            none,
            np.zeros(0),
            tuple(owners),
            (),
            ((0, np.ones(count)),),
            None,
        )
        part = WhitenedGroups(size, np.zeros((0, 1, 1)), np.zeros((0, 1, 1)), columns)
        root = parts.least_squares.root if self._restricted else None
        left, right = explained_products(part, joints, coefficients, precision, root)
        return left[:, 0], right[:, 0]


def _within_groups(part: CorrelatedGroups, left: Array, right: Array) -> tuple[Array, Array]:
    """The diagonal of ``S^-1 Lambda N`` (G, t) and, by pattern, ``L^-T N_w L^-1`` (U, t, t), for
    ``N_w = I - sum l r'``.
    """
    own_left, own_right = part.gathered(left), part.gathered(right)
    inverse_transposed = part.inverse.swapaxes(1, 2)
    first = part.multiplied(inverse_transposed, own_left)
    second = part.multiplied(part.factor, own_right)
    diagonal = 1.0 - np.einsum("gtc,gtc->gt", first, second)
    explained = np.matmul(own_left, own_right.swapaxes(1, 2))
    groups = part.groups
    total = np.add.reduceat(explained, groups.starts, axis=0)
    core = np.eye(explained.shape[1]) * groups.members[:, None, None] - total
    core = 0.5 * (core + core.swapaxes(1, 2))
    return diagonal, np.asarray(inverse_transposed @ core @ part.inverse)


class LinearisedLikelihood:
    """The (restricted) likelihood of a linearised model as a function of residual parameters and of
    the working parameters of the levels.

    ``mean`` (m,) is what the variance function takes for the predicted mean; working coordinates
    are those of the data weighted by the variance function at the residual parameters ``start``,
    which must be feasible.
    """

    def __init__(
        self,
        whitener: ResidualWhitener,
        linearisation: Linearisation,
        start: Array,
        mean: Array,
    ) -> None:
        self._whitener = whitener
        self._mean = mean
        self._linearisation = linearisation
        columns, gram = linearisation.columns, linearisation.gram
        self.restricted = linearisation.observations.model.method == "reml"
        first = None if whitener.trivial else whitener.at(start, mean)
        if first is not None:
            columns = columns * first.inverse_scale
            gram = columns @ columns.T
        self.coordinates = working_coordinates(linearisation, columns, gram)
        fixed = len(linearisation.fixed_positions)
        self.degrees_of_freedom: float = columns.shape[1] - fixed * self.restricted
        self._latest: dict[bytes, StructuredLikelihoodAt | None] = {}

    @property
    def family(self) -> ResidualModel:
        """The residual parameters."""
        return self._whitener.model

    def at(self, residual: Array) -> StructuredLikelihoodAt | None:
        """The likelihood at residual parameters; None where they are not feasible."""
        key = residual.tobytes()
        if key in self._latest:
            return self._latest[key]
        found: StructuredLikelihoodAt | None = None
        whitening = self._whitener.at(residual, self._mean)
        if whitening is not None:
            here = self._linearisation
            columns, gram = here.columns, here.gram
            if not self._whitener.trivial:
                columns = whitening(columns)
                gram = columns @ columns.T
            products = linearised_products(here, self.coordinates, columns, gram)
            found = StructuredLikelihoodAt(
                self._whitener,
                residual,
                self._mean,
                whitening,
                columns,
                self.coordinates.matrix,
                products,
                self.restricted,
            )
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
