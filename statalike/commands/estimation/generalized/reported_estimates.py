"""Where the estimates of a fit stand in e(b), and on which scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.outcomes import PreparedOutcome
from statalike.engine.generalized.fit import GeneralizedFit
from statalike.results.matrix import Stripe

RESIDUAL_VARIANCE = "var(e."


def distinct_names(stripes: tuple[Stripe, ...], positions: np.ndarray) -> tuple[Stripe, ...]:
    """For each estimate of a fit the first of the names that it has in e(b).

    ``positions`` (k,) are those of the elements of e(b) among the estimates, -1 for none.
    """
    found, places = np.unique(positions, return_index=True)
    return tuple(stripes[place] for place in places[found >= 0].tolist())


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

    @property
    def distinct(self) -> tuple[Stripe, ...]:
        """The name of each estimate of the fit."""
        return distinct_names(self.stripes, self.positions)

    def covariance(self, estimated: np.ndarray) -> np.ndarray:
        """The covariance matrix of the estimates (P, P) as that of e(b): zero where unknown."""
        known = np.where(np.isfinite(estimated), estimated, 0.0)
        V = known[np.ix_(self.positions, self.positions)] * np.outer(self.slopes, self.slopes)
        V[self.positions < 0, :] = 0.0
        V[:, self.positions < 0] = 0.0
        return V


@dataclass(frozen=True)
class ParameterMap:
    """The names of e(b), and the position of each among the estimates of a fit (-1 where it is not
    estimated); the last ``residual`` of them are variances of which the fit has log standard
    deviations.
    """

    stripes: tuple[Stripe, ...]
    positions: np.ndarray
    residual: int

    @property
    def count(self) -> int:
        """The estimates of a fit."""
        return int(self.positions.max(initial=-1)) + 1

    @property
    def distinct(self) -> tuple[Stripe, ...]:
        """The name of each estimate of a fit."""
        return distinct_names(self.stripes, self.positions)

    @property
    def variances(self) -> np.ndarray:
        """Which elements of e(b) are residual variances: a mask (k,)."""
        return np.arange(len(self.stripes)) >= len(self.stripes) - self.residual

    def estimates(self, values: np.ndarray) -> np.ndarray:
        """The estimates (P,) of a fit that ``values`` of e(b) (k,) stand for, nan where unknown."""
        found = np.full(self.count, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = np.where(self.variances, 0.5 * np.log(values), values)
        known = (self.positions >= 0) & np.isfinite(scaled)
        found[self.positions[known]] = scaled[known]
        return found


def parameter_map(description: GeneralizedDescription, prepared: PreparedOutcome) -> ParameterMap:
    """What e(b) will hold: coefficients, own parameters, variances and covariances."""
    entries = description.variance_entries()
    estimated = np.fromiter(description.fixed.estimated, dtype=bool)
    p, own = int(estimated.sum()), len(prepared.parameter_names)
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
    return ParameterMap(stripes, positions, len(residual))


def reported_estimates(mapped: ParameterMap, fit: GeneralizedFit) -> ReportedEstimates:
    """The elements of e(b) with their values."""
    values = np.where(mapped.positions >= 0, fit.estimates[mapped.positions], 0.0)
    slopes = np.ones(len(values))
    of_residuals = mapped.variances
    values[of_residuals] = np.exp(2.0 * values[of_residuals])
    slopes[of_residuals] = 2.0 * values[of_residuals]
    return ReportedEstimates(mapped.stripes, values, mapped.positions, slopes)
