"""What the likelihood of a generalized mixed model needs to know of its outcome's distribution.

The density of an observation depends on its linear predictor eta and on up to M further
*quantities*, each of which is one of the family's own parameters: the log of a dispersion, the
cutpoints on either side of an ordinal category.  ``quantity_positions`` says which parameter each
quantity of each observation is, so that a likelihood can sum derivatives by parameter without
knowing what they mean.  Predictor 0 is eta, predictor m the m-th quantity.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.derivatives import Derivatives
from statalike.engine.families.fourth_derivatives import (
    FourthDerivatives,
    differenced_fourth_derivatives,
)
from statalike.engine.families.working_regression import WorkingRegression

__all__ = ["Array", "Derivatives", "Family", "Positions"]

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


class Family(ABC):
    """A distribution of the outcome given the linear predictor, with its link.

    An outcome is an array (c, n) whose c rows the family lays down (``outcome_rows``): the counts
    and trials of a binomial outcome, the times, entry times and failures of a survival outcome.
    ``eta`` may have any leading axes, (..., n): one for each node of a quadrature rule.
    """

    #: names of the rows of an outcome, for messages
    outcome_rows: tuple[str, ...] = ("outcome",)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The family's own parameters, in the order of its estimates."""
        return ()

    @property
    def parameter_count(self) -> int:
        return len(self.parameter_names)

    @property
    def quantity_count(self) -> int:
        """M, the number of quantities beside eta on which a density depends."""
        return self.parameter_count

    def quantity_positions(self, outcome: Array) -> Positions:
        """Which parameter each quantity is, (M, n); -1 where it is none (:meth:`quantities`)."""
        n = outcome.shape[-1]
        every = np.arange(self.parameter_count, dtype=np.intp)[:, None]
        return np.broadcast_to(every, (self.parameter_count, n))

    def quantities(self, parameters: Array, positions: Positions) -> Array:
        """Values (M, n) of the quantities; what -1 stands for is the family's to say."""
        return np.asarray(parameters[positions], dtype=np.float64)

    def prepared(self, outcome: Array) -> Array:
        """The outcome with what of its density depends on nothing else, in rows of their own after
        those of ``outcome_rows``.  Likelihoods ask for it once; all methods take either."""
        return outcome

    @abstractmethod
    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        """Log densities (..., n), constants of the outcome included."""

    @abstractmethod
    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        """Log densities with first and second derivatives."""

    def predictor_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        """:meth:`derivatives` of which those in eta are enough, to find posterior modes."""
        return self.derivatives(outcome, eta, quantities)

    @abstractmethod
    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        """:meth:`derivatives` and the derivatives of ``second[0, 0]``, for Laplace's method."""

    def fourth_derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: Derivatives
    ) -> FourthDerivatives:
        """The derivatives that follow ``third``, those of :meth:`third_derivatives`, at eta (n,):
        differences of these unless a family knows better."""
        return differenced_fourth_derivatives(
            lambda moved, own: self.third_derivatives(outcome, moved, own), eta, quantities
        )

    @abstractmethod
    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        """A constant eta and own parameters to begin from, where the likelihood is defined."""

    def working_regression(self, outcome: Array, weights: Array) -> WorkingRegression | None:
        """A linear regression that gives coefficients to begin from; none: begin from zero."""
        return None

    def own_given(self, outcome: Array, eta: Array, weights: Array) -> Array:
        """Own parameters to begin from where eta (n,) is known."""
        return self.starting_values(outcome, weights)[1]

    def is_valid(self, parameters: Array) -> bool:
        """Whether own parameters are within bounds (cutpoints in order, for example)."""
        return bool(np.all(np.isfinite(parameters)))
