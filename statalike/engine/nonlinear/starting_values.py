"""EM for the variance parameters of a nonlinear mixed model, before the alternation.

Each iteration takes one EM step of the covariance matrices in the linearised model (Bates and
Pinheiro 1998), then moves fixed effects and random effects by a step of Gauss and Newton's; the
residual parameters stay as they begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.expectation_maximisation import (
    EMRecord,
    expectation_maximisation_step,
)
from statalike.engine.linear.starting_values import starting_values
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.linearisation import Linearisation, linearise
from statalike.engine.nonlinear.penalised_least_squares import (
    gauss_newton_step,
    penalised_least_squares,
)
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener
from statalike.engine.nonlinear.variance_step import (
    LinearisedModel,
    VarianceEstimates,
    linearised_model,
)

Array = NDArray[np.float64]

ONE_STEP = ConvergenceRules(iterations=1)


@dataclass(frozen=True)
class Start:
    """Where the alternation begins; ``log_likelihood`` is that of the linearised ``model``."""

    model: LinearisedModel
    estimates: VarianceEstimates
    log_likelihood: float
    em: EMRecord

    @property
    def linearisation(self) -> Linearisation:
        return self.model.linearisation


def start_at(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    linearisation: Linearisation,
    estimates: VarianceEstimates,
) -> Start:
    """A start at variance estimates that are given."""
    mean = linearisation.mean
    model = linearised_model(whitener, linearisation, estimates.residual, mean)
    parts = model.parts(estimates)
    return Start(model, estimates, parts.profile_value, EMRecord((), True))


def start_without_effects(
    observations: GroupedObservations, whitener: ResidualWhitener, linearisation: Linearisation
) -> Start:
    """A marginal model's start: residual parameters as they begin."""
    mean = linearisation.mean
    residual = whitener.model.start(mean)
    model = linearised_model(whitener, linearisation, residual, mean)
    parts = model.linear(residual).evaluate(np.zeros(0), 0)
    estimates = VarianceEstimates(np.zeros(0), parts.residual_variance, residual)
    return Start(model, estimates, parts.profile_value, EMRecord((), True))


def expectation_maximisation(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    linearisation: Linearisation,
    hold_fixed: bool,
    iterations: int,
    tolerance: float,
    on_iteration: Callable[[int, float], None] | None = None,
) -> Start:
    """EM from a linearisation, in which random effects are zero.

    With ``hold_fixed`` the model stays linearised about the same fixed effects, whatever those of
    the linearised model are.  It ends after ``iterations``, or when the log likelihood changes by
    less than ``tolerance`` relative to its size.
    """
    here = linearisation
    mean = here.mean
    residual = whitener.model.start(mean)
    model = linearised_model(whitener, here, residual, mean)
    working = starting_values(model.linear(residual))
    relative = model.scales.to_relative @ working
    values: list[float] = []
    converged = False
    for iteration in range(iterations):
        working = model.scales.to_working @ relative
        likelihood = model.linear(residual)
        parts = likelihood.evaluate(working, 1)
        value = parts.profile_value
        if not np.isfinite(value):
            break
        values.append(value)
        if on_iteration is not None:
            on_iteration(iteration, value)
        if len(values) > 1 and abs(value - values[-2]) < tolerance * abs(values[-2]):
            converged = True
            break
        working = expectation_maximisation_step(likelihood, working, parts.profile_gradient)
        relative = model.scales.to_relative @ working
        estimates = VarianceEstimates(relative, parts.residual_variance, residual)
        if hold_fixed:
            effects = gauss_newton_step(likelihood.products, relative).effects
            moved = linearise(observations, here.fixed, effects)
            here = moved if moved.usable else here
        else:
            here = penalised_least_squares(
                observations, whitener, here, estimates, mean, ONE_STEP, likelihood.products
            ).linearisation
        model = linearised_model(whitener, here, residual, mean)
    parts = model.linear(residual).evaluate(model.scales.to_working @ relative, 0)
    if not np.isfinite(parts.profile_value):
        raise EstimationError("likelihood_undefined", "the likelihood is not defined at the start")
    estimates = VarianceEstimates(relative, parts.residual_variance, residual)
    return Start(model, estimates, parts.profile_value, EMRecord(tuple(values), converged))
