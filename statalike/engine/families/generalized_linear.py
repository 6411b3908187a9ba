"""Families whose mean is an inverse link of the linear predictor: predictions and residuals.

Formulas: [ME] meglm postestimation, Methods and formulas.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

import numpy as np
from scipy.special import hyp2f1

from statalike.engine.families.family import Array, Family
from statalike.engine.families.links import InverseLink

Residual = Literal["pearson", "deviance", "anscombe"]


class GeneralizedLinearFamily(Family):
    """A family with an inverse link.

    ``outcome`` (c, n) and ``eta`` (..., n) are as in the likelihood; where a prediction does not
    need the observed outcome its first row may hold anything.
    """

    link: InverseLink

    #: kinds of residuals that are defined
    residual_kinds: tuple[Residual, ...] = ("pearson", "deviance", "anscombe")

    def mean(self, outcome: Array, eta: Array) -> Array:
        """Expected outcome (..., n)."""
        return self.link.mean(eta)

    def mean_slope(self, outcome: Array, eta: Array) -> Array:
        """Derivative of :meth:`mean` in eta (..., n)."""
        return self.link.slope(eta)

    @abstractmethod
    def variance_function(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        """V(mean), by whose root a Pearson residual is divided: without a scale parameter."""

    @abstractmethod
    def variance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        """Variance of the outcome given eta (..., n)."""

    @abstractmethod
    def distribution(self, outcome: Array, eta: Array, quantities: Array) -> Array:
        """Probability of an outcome no greater than the observed one (..., n)."""

    def squared_deviance(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        """Squared deviance residuals (..., n)."""
        raise NotImplementedError("deviance residuals are not defined")

    def anscombe_residual(self, outcome: Array, mean: Array, quantities: Array) -> Array:
        """Anscombe residuals (..., n)."""
        raise NotImplementedError("Anscombe residuals are not defined")

    def residual(self, kind: Residual, outcome: Array, eta: Array, quantities: Array) -> Array:
        """Residuals (..., n) of a kind among ``residual_kinds``."""
        mean = self.mean(outcome, eta)
        if kind == "anscombe":
            return self.anscombe_residual(outcome, mean, quantities)
        raw = outcome[0] - mean
        if kind == "pearson":
            return np.asarray(raw / np.sqrt(self.variance_function(outcome, mean, quantities)))
        squared = self.squared_deviance(outcome, mean, quantities)
        # Rounding can leave a square slightly below zero where outcome and mean agree.
        return np.asarray(np.sign(raw) * np.sqrt(np.maximum(squared, 0.0)))


def anscombe_integral(share: Array) -> Array:
    """``H(t) = 2F1(2/3, 1/3; 5/3; t)`` for t up to 1, by which ``(3/2) t^(2/3) H(t)`` is the
    integral of ``(x (1 - x))^(-1/3)`` from 0 to t."""
    return np.asarray(hyp2f1(2.0 / 3.0, 1.0 / 3.0, 5.0 / 3.0, share))
