"""Binary outcomes with a logit link."""

from __future__ import annotations

import numpy as np

from statalike.engine.families.family import Array, Derivatives, Family

# exp overflows above 709; beyond this a logistic tail is exponential to the last bit.
LARGEST_ETA = 700.0


class BernoulliLogit(Family):
    """``P(y = 1) = 1 / (1 + exp(-eta))`` for y of zeros and ones.

    With ``s = (1 - 2y) eta`` the log density is ``-log(1 + exp(s))``, accurate in both tails.
    """

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

    def starting_values(self, outcome: Array, weights: Array) -> tuple[float, Array]:
        successes = float(weights @ outcome[0])
        share = (successes + 0.5) / (float(np.sum(weights)) + 1.0)
        return float(np.log(share / (1.0 - share))), np.zeros(0)
