"""The alternation of Lindstrom and Bates (1990).

An iteration is penalised least squares in fixed and random effects given the variance parameters,
then the maximum of the linearised model's likelihood in these ([ME] menl, Methods and formulas,
Inference based on linearization).  Where the variance function depends on the mean, it takes the
mean predicted after the first of these steps, and holds it till the next iteration's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statalike.engine.newton_raphson import ConvergenceRules, IterationRecord
from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.parameters import to_estimates
from statalike.engine.nonlinear.penalised_least_squares import (
    penalised_least_squares,
    relative_change,
)
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener
from statalike.engine.nonlinear.starting_values import Start
from statalike.engine.nonlinear.variance_step import (
    LinearisedModel,
    VarianceEstimates,
    linearised_model,
    variance_step,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NonlinearFitOptions:
    """How to fit; the defaults are menl's.

    The alternation ends when the parameters or the log likelihood of successive iterations are
    within ``rules``' tolerances, of which the scaled gradient serves nonlinear least squares
    alone.  ``penalised_rules`` are those of a PNLS (or GNLS) step, ``linear_rules`` of an LME (or
    ML, REML) step.
    """

    rules: ConvergenceRules = field(default_factory=lambda: ConvergenceRules(iterations=300))
    penalised_rules: ConvergenceRules = field(
        default_factory=lambda: ConvergenceRules(iterations=5)
    )
    linear_rules: ConvergenceRules = field(default_factory=lambda: ConvergenceRules(iterations=5))
    em_iterations: int = 25
    em_tolerance: float = 1e-10
    standard_errors: bool = True


@dataclass(frozen=True)
class AlternationRecord:
    """One iteration of the alternating algorithm (of nonlinear least squares, one of its own).

    ``log_likelihood`` is that of the linearised model; ``fixed`` (p,) and ``estimates`` (K,) are
    where it arrived; ``penalised`` and ``linear`` are the records of its two steps, the values of
    the former minus half the penalised sum of squares over s2.
    """

    iteration: int
    log_likelihood: float
    fixed: Array
    estimates: Array
    penalised: tuple[IterationRecord, ...] = ()
    linear: tuple[IterationRecord, ...] = ()


@dataclass(frozen=True)
class NonlinearFitProgress:
    """What to call as a fit proceeds; each may be None.

    ``starting_values`` is called before they are sought, if they are, with whether it is by EM;
    ``alternation`` before the first iteration, if there is any; ``standard_errors`` before these.
    """

    starting_values: Callable[[bool], None] | None = None
    em_iteration: Callable[[int, float], None] | None = None
    alternation: Callable[[], None] | None = None
    iteration: Callable[[AlternationRecord], None] | None = None
    standard_errors: Callable[[], None] | None = None


@dataclass(frozen=True)
class AlternationEnd:
    """Where the alternation ended: the linearised ``model``, whose variance function took ``mean``
    (m,) for the predicted one, and the variance ``estimates`` that maximise its likelihood.
    """

    model: LinearisedModel
    estimates: VarianceEstimates
    mean: Array
    log_likelihood: float
    converged: bool
    records: tuple[AlternationRecord, ...]


def alternate(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    start: Start,
    options: NonlinearFitOptions,
    progress: NonlinearFitProgress,
) -> AlternationEnd:
    """Alternate from ``start`` until the parameters or the likelihood stay within their tolerance
    from one iteration to the next.
    """
    rules = options.rules
    model, estimates, value = start.model, start.estimates, start.log_likelihood
    mean = start.linearisation.mean
    records: list[AlternationRecord] = []
    converged = False
    if rules.iterations and progress.alternation is not None:
        progress.alternation()
    parameters = np.append(start.linearisation.fixed, to_estimates(observations.model, estimates))
    for iteration in range(1, rules.iterations + 1):
        penalised = penalised_least_squares(
            observations,
            whitener,
            model.linearisation,
            estimates,
            mean,
            options.penalised_rules,
            model.linear(estimates.residual).products,
        )
        mean = penalised.linearisation.mean
        model = linearised_model(whitener, penalised.linearisation, estimates.residual, mean)
        step = variance_step(model, estimates, options.linear_rules)
        estimates = step.estimates
        before, value_before = parameters, value
        fixed, value = penalised.linearisation.fixed, step.parts.profile_value
        current = to_estimates(observations.model, estimates)
        parameters = np.append(fixed, current)
        record = AlternationRecord(iteration, value, fixed, current, penalised.log, step.log)
        records.append(record)
        if progress.iteration is not None:
            progress.iteration(record)
        gained = abs(value - value_before) / (abs(value_before) + 1.0)
        moved = relative_change(before, parameters)
        if gained <= rules.value_tolerance or moved <= rules.parameter_tolerance:
            converged = True
            break
    return AlternationEnd(model, estimates, mean, value, converged, tuple(records))
