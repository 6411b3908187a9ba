"""Binary and binomial outcomes with a logit link."""

from __future__ import annotations

import numpy as np

from statalike.engine.families.binomial import BinomialFamily
from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.fourth_derivatives import FourthDerivatives
from statalike.engine.families.links import LOGIT

# exp overflows above 709; beyond this a logistic tail is exponential to the last bit.
LARGEST_ETA = 700.0


class BinomialLogit(BinomialFamily):
    """``p = 1 / (1 + exp(-eta))``.

    With ``e = exp(-|eta|)`` the logs of p and 1 - p are ``min(eta, 0) - log(1 + e)`` and
    ``-max(eta, 0) - log(1 + e)``: no cancellation in either tail.
    """

    link = LOGIT

    def linear_predictor(self, probability: Array) -> Array:
        return np.asarray(np.log(probability / (1.0 - probability)))

    def kernel(self, successes: Array, failures: Array, eta: Array) -> Array:
        value = np.abs(eta)
        np.negative(value, out=value)
        np.exp(value, out=value)
        np.log1p(value, out=value)
        value *= -(successes + failures)
        value += successes * np.minimum(eta, 0.0)
        value -= failures * np.maximum(eta, 0.0)
        return value

    def kernel_derivatives(
        self, successes: Array, failures: Array, eta: Array, third: bool
    ) -> Derivatives:
        trials = successes + failures
        smaller = np.abs(eta)
        np.negative(smaller, out=smaller)
        np.exp(smaller, out=smaller)
        log = np.log1p(smaller, out=smaller)
        # The logs of the probabilities of a success and a failure, each without cancellation.
        probability = np.minimum(eta, 0.0)
        probability -= log
        log += np.maximum(eta, 0.0)
        complement = np.negative(log, out=log)
        value = successes * probability
        value += failures * complement
        np.exp(probability, out=probability)
        np.exp(complement, out=complement)
        first = successes * complement
        first -= failures * probability
        second = probability * complement
        second *= -trials
        if not third:
            return Derivatives(value, (first,), {(0, 0): second})
        complement -= probability
        complement *= second
        return Derivatives(value, (first,), {(0, 0): second}, (complement,))

    def fourth_derivatives(
        self, outcome: Array, eta: Array, quantities: Array, third: Derivatives
    ) -> FourthDerivatives:
        # The derivative of -r p (1 - p) (1 - 2p) is -r p (1 - p) {1 - 6 p (1 - p)}.
        curvature = third.second[0, 0]
        return FourthDerivatives(curvature * (1.0 + (6.0 / self.trials(outcome)) * curvature))


class BernoulliLogit(BinomialLogit):
    """``P(y = 1) = 1 / (1 + exp(-eta))`` for y of zeros and ones.

    With ``s = (1 - 2y) eta`` the log density is ``-log(1 + exp(s))``, accurate in both tails.
    """

    outcome_rows = ("outcome",)

    def trials(self, outcome: Array) -> Array:
        return np.ones_like(outcome[0])

    def log_density(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        signed = eta * (1.0 - 2.0 * outcome[0])
        np.minimum(signed, LARGEST_ETA, out=signed)
        np.exp(signed, out=signed)
        np.log1p(signed, out=signed)
        return np.negative(signed, out=signed)

    def derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        sign = 1.0 - 2.0 * outcome[0]
        odds = eta * sign
        np.minimum(odds, LARGEST_ETA, out=odds)
        np.exp(odds, out=odds)
        value = np.log1p(odds)
        np.negative(value, out=value)
        complement = 1.0 + odds
        np.reciprocal(complement, out=complement)
        odds *= complement  # now the probability of the other outcome
        complement *= odds
        np.negative(complement, out=complement)
        odds *= -sign
        return Derivatives(value, (odds,), {(0, 0): complement})

    def third_derivatives(self, outcome: Array, eta: Array, quantities: Array) -> Derivatives:
        found = self.derivatives(outcome, eta, quantities)
        curvature = found.second[0, 0]
        # The derivative of -p (1 - p) is -p (1 - p) (1 - 2p), p the probability of a one.
        third = curvature * (1.0 - 2.0 * (outcome[0] - found.first[0]))
        return Derivatives(found.value, found.first, found.second, (third,))
