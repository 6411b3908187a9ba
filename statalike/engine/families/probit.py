"""Binary and binomial outcomes with a probit link."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from statalike.engine.families.binomial import BinomialFamily
from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.links import PROBIT
from statalike.engine.families.normal_tails import (
    log_probability_below,
    probability_below_derivatives,
)


class BinomialProbit(BinomialFamily):
    """``p = Phi(eta)``; its complement is taken as ``Phi(-eta)``, so both tails are accurate."""

    link = PROBIT

    def linear_predictor(self, probability: Array) -> Array:
        return np.asarray(ndtri(probability))

    def kernel(self, successes: Array, failures: Array, eta: Array) -> Array:
        value = log_probability_below(eta)
        value *= successes
        value += failures * log_probability_below(-eta)
        return value

    def kernel_derivatives(
        self, successes: Array, failures: Array, eta: Array, third: bool
    ) -> Derivatives:
        above = probability_below_derivatives(eta, third)
        below = probability_below_derivatives(-eta, third)
        value = successes * above[0]
        value += failures * below[0]
        first = successes * above[1]
        first -= failures * below[1]
        second = successes * above[2]
        second += failures * below[2]
        last: tuple[Array, ...] = ()
        if third:
            last = (successes * above[3] - failures * below[3],)
        return Derivatives(value, (first,), {(0, 0): second}, last)


class BernoulliProbit(BinomialProbit):
    """``P(y = 1) = Phi(eta)`` for y of zeros and ones: ``Phi(s)`` with ``s = (2y - 1) eta``."""

    outcome_rows = ("outcome",)

    def trials(self, outcome: Array) -> Array:
        return np.ones_like(outcome[0])

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        return log_probability_below(eta * (2.0 * outcome[0] - 1.0))

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        sign = 2.0 * outcome[0] - 1.0
        value, first, second = probability_below_derivatives(eta * sign, False)
        first *= sign
        return Derivatives(value, (first,), {(0, 0): second})

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        sign = 2.0 * outcome[0] - 1.0
        value, first, second, third = probability_below_derivatives(eta * sign, True)
        first *= sign
        third *= sign
        return Derivatives(value, (first,), {(0, 0): second}, (third,))
