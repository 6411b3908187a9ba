"""Where the estimates of a fit stand in e(b), and on which scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.outcomes import PreparedOutcome
from statalike.engine.generalized.fit import GeneralizedFit
from statalike.results.matrix import Stripe

RESIDUAL_VARIANCE = "var(e."


@dataclass(frozen=True)
class ReportedEstimates:
    """e(b) of a fit: names, ``values`` (k,), the position of each among the fit's estimates (-1
    where it was not estimated), and ``slopes`` (k,), its derivative in that estimate.

    A log standard deviation is reported as the variance ``var(e.y)``, after those of the random
    effects; a variance that several effects share stands there for each of them.
    """

    stripes: tuple[Stripe, ...]
    values: np.ndarray
    positions: np.ndarray
    slopes: np.ndarray

    def covariance(self, estimated: np.ndarray) -> np.ndarray:
        """The covariance matrix of the estimates (P, P) as that of e(b): zero where unknown."""
        known = np.where(np.isfinite(estimated), estimated, 0.0)
        V = known[np.ix_(self.positions, self.positions)] * np.outer(self.slopes, self.slopes)
        V[self.positions < 0, :] = 0.0
        V[:, self.positions < 0] = 0.0
        return V


def reported_estimates(
    description: GeneralizedDescription, prepared: PreparedOutcome, fit: GeneralizedFit
) -> ReportedEstimates:
    """The elements of e(b): coefficients, the family's parameters, variances and covariances."""
    entries = description.variance_entries()
    estimated = np.fromiter(description.fixed.estimated, dtype=bool)
    p, own = len(fit.coefficients), len(fit.own)
    coefficients = np.full(len(estimated), -1)
    coefficients[estimated] = np.arange(p)
    names = list(enumerate(prepared.parameter_names, p))
    plain = [(at, name) for at, name in names if not name.startswith(RESIDUAL_VARIANCE)]
    residual = [(at, name) for at, name in names if name.startswith(RESIDUAL_VARIANCE)]
    outcome = description.outcome.equation
    stripes = (
        *(Stripe(outcome, name) for name in description.fixed.names),
        *(Stripe("/", name) for _, name in plain),
        *(entry.stripe for entry in entries),
        *(Stripe("/", name) for _, name in residual),
    )
    positions = np.concatenate(
        [
            coefficients,
            [at for at, _ in plain],
            [p + own + entry.parameter for entry in entries],
            [at for at, _ in residual],
        ]
    ).astype(np.intp)
    values = np.where(positions >= 0, fit.estimates[positions], 0.0)
    slopes = np.ones(len(values))
    last = len(values) - len(residual)
    values[last:] = np.exp(2.0 * values[last:])
    slopes[last:] = 2.0 * values[last:]
    return ReportedEstimates(stripes, values, positions, slopes)
