"""Statistics of outcomes as functions of the linear predictor, after generalized mixed models.

Which there are depends on the model: means, densities and residuals after generalized linear ones,
probabilities of categories after ordinal ones, survivor functions and hazards of survival times,
probabilities and means within limits after ``metobit`` and ``meintreg``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.outcomes import OutcomeRequest, outcome_family
from statalike.commands.postestimation.generalized_estimates import estimated_point
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.engine.families.family import Array, Family
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily, Residual
from statalike.engine.families.ordinal import OrdinalFamily
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.generalized.marginal_prediction import (
    has_closed_form,
    marginal_hazard,
    marginal_mean,
    marginal_mean_time,
    prior_expectation,
)
from statalike.errors import StataError
from statalike.state import State

Mask = NDArray[np.bool_]

LABELS = {
    "mu": "Predicted mean",
    "pr": "Predicted probability",
    "density": "Density",
    "distribution": "Distribution function",
    "residuals": "Residuals",
    "pearson": "Pearson residuals",
    "deviance": "Deviance residuals",
    "anscombe": "Anscombe residuals",
    "mean": "Predicted mean",
    "median": "Predicted median",
    "hazard": "Predicted hazard",
    "surv": "Predicted survivor function",
}
RESIDUALS: tuple[Residual, ...] = ("pearson", "deviance", "anscombe")
# What an unknown outcome is computed with; the result is missing.
PLACEHOLDER = 1.0


@dataclass(frozen=True)
class OutcomeStatistic:
    """A statistic for each of the n observations of the data.

    ``given`` takes linear predictors (n,) to its values.  ``integrated``, None where random effects
    cannot be integrated out, takes fixed parts of linear predictors and standard deviations of Zu
    to its marginal values, ``by_quadrature`` or in closed form.  ``known`` (n,) says where
    everything else that it needs is known.  ``shows_points`` says whether a note tells the number
    of quadrature points, as it does in Stata after some of the statistics.
    """

    label: str
    given: Callable[[Array], Array]
    integrated: Callable[[Array, Array], Array] | None
    known: Mask
    by_quadrature: bool = True
    shows_points: bool = True


@dataclass(frozen=True)
class EstimatedOutcome:
    """An outcome's distribution at the estimates in e(), and its values in the data.

    ``own`` are the family's parameters, ``categories`` the values of an ordinal outcome, and
    ``points`` the quadrature points of marginal statistics.
    """

    data: Dataset
    request: OutcomeRequest
    own: Array
    points: int
    categories: Array = field(default_factory=lambda: np.zeros(0))

    @cached_property
    def family(self) -> Family:
        return outcome_family(self.request, len(self.categories))

    def observed(self) -> tuple[Array, Mask]:
        """The outcome (n,), as the family has it, and where it is known."""
        if self.request.model == "survival":
            values = self.data.numbers("_t").astype(np.float64)
            known = (values < MISSING) & (values > 0.0)
        else:
            values = np.asarray(self.request.column.evaluate(self.data), dtype=np.float64)
            known = values < MISSING
        if self.request.family == "bernoulli":
            values = (values != 0.0).astype(np.float64)
        if self.request.family == "ordinal":
            position = np.searchsorted(self.categories, values)
            position = np.minimum(position, len(self.categories) - 1)
            known &= self.categories[position] == values
            values = position.astype(np.float64)
            return np.where(known, values, 0.0), known
        return np.where(known, values, PLACEHOLDER), known

    def rows(self, values: Array) -> tuple[Array, Mask]:
        """The family's outcome rows (c, n) with the first given, and where the others are known."""
        known = np.ones(len(values), dtype=bool)
        if self.request.family != "binomial":
            return values[None], known
        try:
            trials = np.full(len(values), float(self.request.trials))
        except ValueError:
            trials = self.data.numbers(self.request.trials).astype(np.float64)
            known = trials < MISSING
        return np.stack([values, np.where(known, trials, PLACEHOLDER)]), known

    def quantities(self, rows: Array) -> Array:
        """The family's quantities (M, n)."""
        return self.family.quantities(self.own, self.family.quantity_positions(rows))

    def expected(self, given: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
        """The expectation of a statistic over the random effects, by quadrature."""
        return lambda fixed, deviation: prior_expectation(given, fixed, deviation, self.points)


def estimated_outcome(
    state: State, description: GeneralizedDescription, points: int
) -> EstimatedOutcome:
    """The outcome of the model in e()."""
    categories = state.e.matrices.get("cat")
    return EstimatedOutcome(
        state.data,
        description.outcome,
        estimated_point(state.e, description).own,
        points,
        np.zeros(0) if categories is None else categories.values[0],
    )


def generalized_linear_statistic(name: str, outcome: EstimatedOutcome) -> OutcomeStatistic:
    """mu, pr, density, distribution or a kind of residuals; r(198)."""
    family = outcome.family
    assert isinstance(family, GeneralizedLinearFamily)
    label = LABELS[name]
    if name in ("mu", "pr"):
        rows, known = outcome.rows(np.full(outcome.data.n, PLACEHOLDER))
    else:
        values, observed = outcome.observed()
        rows, known = outcome.rows(values)
        known &= observed
    quantities = outcome.quantities(rows)
    closed = has_closed_form(family)

    def marginal(fixed: Array, deviation: Array) -> Array:
        return marginal_mean(family, rows, fixed, deviation, outcome.points)

    if name in ("mu", "pr"):
        return OutcomeStatistic(
            label, lambda eta: family.mean(rows, eta), marginal, known, not closed
        )
    if name == "residuals":
        return OutcomeStatistic(
            label,
            lambda eta: rows[0] - family.mean(rows, eta),
            lambda fixed, deviation: rows[0] - marginal(fixed, deviation),
            known,
            not closed,
        )
    if name in ("density", "distribution"):

        def of_outcome(eta: Array) -> Array:
            if name == "distribution":
                return family.distribution(rows, eta, quantities)
            return np.exp(family.log_density(rows, eta.copy(), quantities))

        return OutcomeStatistic(label, of_outcome, outcome.expected(of_outcome), known)
    (kind,) = [kind for kind in RESIDUALS if kind == name]
    if kind not in family.residual_kinds:
        raise StataError(198, f"option {name} not allowed with this family")
    return OutcomeStatistic(
        label, lambda eta: family.residual(kind, rows, eta, quantities), None, known
    )


def category_statistics(outcome: EstimatedOutcome, wanted: list[int]) -> list[OutcomeStatistic]:
    """The probabilities of some categories of an ordinal outcome."""
    family = outcome.family
    assert isinstance(family, OrdinalFamily)
    everywhere = np.ones(outcome.data.n, dtype=bool)
    name = outcome.request.column.name

    def probability(category: int) -> OutcomeStatistic:
        rows = np.full((1, outcome.data.n), float(category))
        quantities = outcome.quantities(rows)

        def given(eta: Array) -> Array:
            return np.exp(family.log_density(rows, eta.copy(), quantities))

        label = f"Pr({name}=={outcome.categories[category]:g})"
        return OutcomeStatistic(label, given, outcome.expected(given), everywhere)

    return [probability(category) for category in wanted]


def ordinal_statistic(name: str, outcome: EstimatedOutcome) -> OutcomeStatistic:
    """The probability of the observed category (density), or of it and all below (distribution)."""
    family = outcome.family
    assert isinstance(family, OrdinalFamily)
    values, known = outcome.observed()
    rows = values[None]
    quantities = outcome.quantities(rows)

    def given(eta: Array) -> Array:
        if name == "distribution":
            return family.distribution(eta, quantities)
        return np.exp(family.log_density(rows, eta.copy(), quantities))

    return OutcomeStatistic(LABELS[name], given, outcome.expected(given), known)


def survival_statistic(name: str, outcome: EstimatedOutcome) -> OutcomeStatistic:
    """mean, median, hazard, surv, density or distribution of survival times, at the time _t."""
    family = outcome.family
    assert isinstance(family, SurvivalFamily)
    label, n = LABELS[name], outcome.data.n
    if name in ("mean", "median"):
        everywhere = np.ones(n, dtype=bool)
        quantities = outcome.quantities(np.ones((3, n)))
        if name == "median":
            return OutcomeStatistic(
                label, lambda eta: family.median(eta, quantities), None, everywhere
            )
        return OutcomeStatistic(
            label,
            lambda eta: family.mean(eta, quantities),
            lambda fixed, deviation: marginal_mean_time(family, fixed, quantities, deviation),
            everywhere,
            by_quadrature=False,
        )
    time, known = outcome.observed()
    quantities = outcome.quantities(np.stack([time] * 3))
    if name == "hazard":
        return OutcomeStatistic(
            label,
            lambda eta: family.hazard(time, eta, quantities),
            lambda fixed, deviation: marginal_hazard(
                family, time, fixed, quantities, deviation, outcome.points
            ),
            known,
            shows_points=False,
        )

    def given(eta: Array) -> Array:
        if name == "surv":
            return np.exp(family.log_survivor(time, eta, quantities))
        if name == "density":
            return family.density(time, eta, quantities)
        return family.distribution(time, eta, quantities)

    return OutcomeStatistic(label, given, outcome.expected(given), known)
