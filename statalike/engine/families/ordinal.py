"""Ordered categories: logit, probit and complementary log-log links.

Category k of K is observed when ``kappa_(k-1) < eta + error <= kappa_k``, with probability
``F(kappa_k - eta) - F(kappa_(k-1) - eta)``, the outermost cutpoints being infinite
([ME] meologit and [ME] meoprobit, Methods and formulas).  F is the logistic or normal distribution
function, or ``1 - exp(-exp(x))``.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from statalike.engine.families.distribution_interval import (
    IntervalDerivatives,
    extreme_value_interval_derivatives,
    log_extreme_value_interval,
    log_normal_interval,
    normal_interval_derivatives,
)
from statalike.engine.families.family import Array, Derivatives, Family, Positions


class OrdinalFamily(Family):
    """Outcomes 0, ..., K - 1; own parameters are the K - 1 cutpoints, in ascending order.

    A density has two quantities: the cutpoint above its category, infinite for the last one, and
    the cutpoint below, minus infinity for the first.
    """

    def __init__(self, categories: int) -> None:
        self.categories = categories

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return tuple(f"cut{number}" for number in range(1, self.categories))

    @property
    def quantity_count(self) -> int:
        return 2

    def quantity_positions(self, outcome: Array) -> Positions:
        category = outcome[0].astype(np.intp)
        above = np.where(category < self.categories - 1, category, -1)
        return np.stack([above, category - 1])

    def quantities(self, parameters: Array, positions: Positions) -> Array:
        ends = np.array([[np.inf], [-np.inf]])
        if not parameters.size:
            return np.broadcast_to(ends, positions.shape).copy()
        return np.where(positions >= 0, parameters[positions], ends)

    def is_valid(self, parameters: Array) -> bool:
        return bool(np.all(np.isfinite(parameters)) and np.all(np.diff(parameters) > 0.0))

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        counts = np.bincount(outcome[0].astype(np.intp), weights, self.categories)
        # A category nobody is in still needs room between its cutpoints.
        shares = np.cumsum(np.maximum(counts, 0.1))
        return 0.0, self.distribution_inverse(shares[:-1] / shares[-1])

    @abstractmethod
    def distribution_function(self, x: Array) -> Array:
        """F."""

    @abstractmethod
    def density_function(self, x: Array) -> Array:
        """F'."""

    @abstractmethod
    def distribution_inverse(self, probability: Array) -> Array:
        """The inverse of F."""

    def probabilities(self, eta: Array, cutpoints: Array) -> Array:
        """Probabilities (K, ..., n) of each category at eta (..., n)."""
        found = []
        for category in range(self.categories):
            outcome = np.full((1, eta.shape[-1]), float(category))
            quantities = self.quantities(cutpoints, self.quantity_positions(outcome))
            found.append(np.exp(self.log_density(outcome, eta, quantities)))
        return np.stack(found)

    def probability_slopes(self, eta: Array, cutpoints: Array) -> Array:
        """Derivatives of :meth:`probabilities` in eta, (K, ..., n)."""
        below = np.zeros((self.categories + 1, *eta.shape))
        for number, cutpoint in enumerate(cutpoints, 1):
            below[number] = self.density_function(cutpoint - eta)
        return below[:-1] - below[1:]

    def distribution(self, eta: Array, quantities: Array) -> Array:
        """Probability of a category no higher than the observed one (..., n)."""
        return self.distribution_function(quantities[0] - eta)


class OrdinalLogit(OrdinalFamily):
    """The logistic distribution function ``F(x) = 1 / (1 + exp(-x))``.

    With the interval's width ``d = kappa_k - kappa_(k-1)``, ``a = kappa_(k-1) - eta`` and
    ``b = kappa_k - eta`` the log probability is
    ``log(1 - exp(-d)) - log(1 + exp(a)) - log(1 + exp(-b))``, whose first term is free of eta.
    """

    def distribution_function(self, x: Array) -> Array:
        return np.asarray(expit(x))

    def density_function(self, x: Array) -> Array:
        return np.asarray(expit(x) * expit(-x))

    def distribution_inverse(self, probability: Array) -> Array:
        return np.asarray(logit(probability))

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        above, below = quantities
        value = _log_one_plus_exp(below - eta)
        value += _log_one_plus_exp(eta - above)
        return np.subtract(_log_share(below, above), value, out=value)

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(eta, quantities, True)

    @staticmethod
    def _derivatives(eta: Array, quantities: Array, third: bool) -> Derivatives:
        above, below = quantities
        from_below, beyond = below - eta, eta - above
        value = _log_one_plus_exp(from_below)
        value += _log_one_plus_exp(beyond)
        np.subtract(_log_share(below, above), value, out=value)
        at_below, at_above = expit(from_below, out=from_below), expit(beyond, out=beyond)
        density_below, density_above = at_below * (1.0 - at_below), at_above * (1.0 - at_above)
        # 1 / (exp(d) - 1) and its derivative in d, free of eta
        share = np.exp(_log_share(below, above))
        narrow = (1.0 - share) / share
        spread = narrow / share
        second = {
            (0, 0): -(density_below + density_above),
            (0, 1): density_above,
            (0, 2): density_below,
            (1, 1): -density_above - spread,
            (2, 2): -density_below - spread,
            (1, 2): np.broadcast_to(spread, eta.shape),
        }
        first = (at_below - at_above, at_above + narrow, -at_below - narrow)
        last: tuple[Array, ...] = ()
        if third:
            bend_below = density_below * (1.0 - 2.0 * at_below)
            bend_above = density_above * (2.0 * at_above - 1.0)
            last = (bend_below + bend_above, -bend_above, -bend_below)
        return Derivatives(value, first, second, last)


class OrdinalProbit(OrdinalFamily):
    """The standard normal distribution function."""

    def distribution_function(self, x: Array) -> Array:
        return np.asarray(ndtr(x))

    def density_function(self, x: Array) -> Array:
        return np.exp(-0.5 * np.square(x)) / np.sqrt(2.0 * np.pi)

    def distribution_inverse(self, probability: Array) -> Array:
        return np.asarray(ndtri(probability))

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        return log_normal_interval(quantities[1] - eta, quantities[0] - eta)

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        below, above = quantities[1] - eta, quantities[0] - eta
        return _in_predictors(normal_interval_derivatives(below, above, False))

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        below, above = quantities[1] - eta, quantities[0] - eta
        return _in_predictors(normal_interval_derivatives(below, above, True))


class OrdinalCloglog(OrdinalFamily):
    """The extreme-value distribution function ``F(x) = 1 - exp(-exp(x))``."""

    def distribution_function(self, x: Array) -> Array:
        return -np.expm1(-np.exp(np.minimum(x, 700.0)))

    def density_function(self, x: Array) -> Array:
        hazard = np.exp(np.minimum(x, 700.0))
        return hazard * np.exp(-hazard)

    def distribution_inverse(self, probability: Array) -> Array:
        return np.log(-np.log1p(-probability))

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        above, below = quantities
        return log_extreme_value_interval(below - eta, above - eta, _log_share(below, above))

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(eta, quantities, False)

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        return self._derivatives(eta, quantities, True)

    @staticmethod
    def _derivatives(eta: Array, quantities: Array, third: bool) -> Derivatives:
        above, below = quantities
        share = _log_share(below, above)
        return _in_predictors(
            extreme_value_interval_derivatives(below - eta, above - eta, share, third)
        )


def _log_one_plus_exp(x: Array) -> Array:
    """``log(1 + exp(x))``, to full relative accuracy, also at minus infinity."""
    value = np.abs(x)
    np.negative(value, out=value)
    np.exp(value, out=value)
    np.log1p(value, out=value)
    value += np.maximum(x, 0.0)
    return value


def _log_share(below: Array, above: Array) -> Array:
    """``log{1 - exp(below - above)}`` (n,)."""
    width = np.minimum(below - above, -1e-300)
    near = width > -0.7
    # Maechler (2012), Accurately computing log(1 - exp(-|a|)): the form that does not cancel.
    return np.where(
        near,
        np.log(-np.expm1(np.where(near, width, -1.0))),
        np.log1p(-np.exp(np.where(near, -1.0, width))),
    )


def _in_predictors(found: IntervalDerivatives) -> Derivatives:
    """Derivatives in eta, which shifts both ends to the left, the end above and the end below."""
    second = {
        (0, 0): found.shift_shift,
        (0, 1): -found.shift_upper,
        (0, 2): -found.shift_lower,
        (1, 1): found.upper_upper,
        (2, 2): found.lower_lower,
        (1, 2): found.upper_lower,
    }
    third: tuple[Array, ...] = ()
    if found.shift_shift_upper is not None and found.shift_shift_lower is not None:
        upper, lower = found.shift_shift_upper, found.shift_shift_lower
        third = (-(upper + lower), upper, lower)
    return Derivatives(found.value, (-found.shift, found.upper, found.lower), second, third)
