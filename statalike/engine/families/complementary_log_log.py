"""Binary and binomial outcomes with a complementary log-log link."""

from __future__ import annotations

import numpy as np

from statalike.engine.families.binomial import BinomialFamily
from statalike.engine.families.family import Array, Derivatives
from statalike.engine.families.links import CLOGLOG, LARGEST_EXPONENT


class BinomialCloglog(BinomialFamily):
    """``p = 1 - exp(-m)`` with ``m = exp(eta)``.

    ``log(1 - p) = -m`` and ``log p = eta + log((1 - exp(-m)) / m)``, whose last term vanishes
    with m.  The derivative of ``log p`` in eta is ``g = m / (exp(m) - 1)``, and that of g is
    ``g (1 - m - g)``.
    """

    link = CLOGLOG

    def linear_predictor(self, probability: Array) -> Array:
        return np.asarray(np.log(-np.log1p(-probability)))

    def kernel(self, successes: Array, failures: Array, eta: Array) -> Array:
        odds, share, _ = _shares(eta)
        np.log(share, out=share)
        share += np.clip(eta, None, LARGEST_EXPONENT)
        share *= successes
        odds *= failures
        share -= odds
        return share

    def kernel_derivatives(
        self, successes: Array, failures: Array, eta: Array, third: bool
    ) -> Derivatives:
        odds, share, survivor = _shares(eta)
        slope = np.divide(survivor, share, out=survivor)
        value = np.log(share, out=share)
        value += np.minimum(eta, LARGEST_EXPONENT)
        value *= successes
        lost = failures * odds
        value -= lost
        first = successes * slope
        first -= lost
        bend = 1.0 - odds
        bend -= slope
        curvature = slope * bend
        second = successes * curvature
        second -= lost
        if not third:
            return Derivatives(value, (first,), {(0, 0): second})
        last = successes * (curvature * bend - slope * (odds + curvature))
        last -= lost
        return Derivatives(value, (first,), {(0, 0): second}, (last,))


class BernoulliCloglog(BinomialCloglog):
    """``P(y = 1) = 1 - exp(-exp(eta))`` for y of zeros and ones."""

    outcome_rows = ("outcome",)

    def trials(self, outcome: Array) -> Array:
        return np.ones_like(outcome[0])


def _shares(eta: Array) -> tuple[Array, Array, Array]:
    """``m = exp(eta)``, ``(1 - exp(-m)) / m`` and ``exp(-m)``, with m between 1e-300 and 1e304."""
    odds = np.clip(eta, -690.0, LARGEST_EXPONENT)
    np.exp(odds, out=odds)
    survivor = np.negative(odds)
    share = np.expm1(survivor)
    np.exp(survivor, out=survivor)
    share /= odds
    np.negative(share, out=share)
    return odds, share, survivor
