"""Fitting a nonlinear mixed model by the alternating algorithm of Lindstrom and Bates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.expectation_maximisation import EMRecord
from statalike.engine.linear.fit import VarianceParameter
from statalike.engine.newton_raphson import IterationRecord
from statalike.engine.nonlinear.alternation import (
    AlternationEnd,
    AlternationRecord,
    NonlinearFitOptions,
    NonlinearFitProgress,
    alternate,
)
from statalike.engine.nonlinear.grouped_observations import (
    GroupedObservations,
    grouped_observations,
)
from statalike.engine.nonlinear.inference import infer
from statalike.engine.nonlinear.least_squares import nonlinear_least_squares
from statalike.engine.nonlinear.linearisation import Linearisation, linearise
from statalike.engine.nonlinear.model import Method, NonlinearMixedModel
from statalike.engine.nonlinear.parameters import (
    from_estimates,
    parameters_of,
    random_effects_scales,
    to_estimates,
)
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener
from statalike.engine.nonlinear.residuals import NonlinearResidualParameter
from statalike.engine.nonlinear.starting_point import least_squares_start
from statalike.engine.nonlinear.starting_values import (
    Start,
    expectation_maximisation,
    start_at,
    start_without_effects,
)

Array = NDArray[np.float64]

__all__ = [
    "AlternationRecord",
    "NonlinearFitOptions",
    "NonlinearFitProgress",
    "NonlinearMixedFit",
    "NonlinearStart",
    "fit_nonlinear_mixed_model",
]

LEAST_SQUARES_ITERATIONS = 300

Algorithm = Literal["lindstrom_bates", "generalised_least_squares", "least_squares"]


@dataclass(frozen=True)
class NonlinearStart:
    """Where a fit begins.

    ``fixed`` (p,) begin nonlinear least squares, unless ``keep_fixed`` or ``variance`` are given:
    with the former they are kept while EM finds the variance parameters; ``variance`` (K,), in the
    order and on the scale of :attr:`NonlinearMixedFit.estimates`, takes the place of EM too.
    """

    fixed: Array
    keep_fixed: bool = False
    variance: Array | None = None


@dataclass(frozen=True)
class NonlinearMixedFit:
    """Estimates of a nonlinear mixed model.

    ``fixed`` (p,) with ``fixed_covariance`` (p, p); ``covariances[level][block]`` and the scale
    ``residual_variance`` s2.  ``estimates`` (K,) are the variance parameters on the estimation
    scale named by ``parameters``: the random effects' level by level and block by block, the log
    scale, then the residuals', of the variance function before those of the correlations.
    ``parameter_covariance`` (K, K) is from the observed information of the linearised model with
    the fixed effects profiled out, nan where it is not determined (``singular``) or was not
    computed; the covariances of both kinds of estimates are zero.  ``effects[level]`` (G, q_l) are
    the empirical Bayes modes, columns in the order of the level's blocks; ``groups[level]`` (n,)
    the row each observation has there.  ``at_boundary`` (K,) marks zero variances and correlations
    of one.  ``rank`` is that of the fixed effects' information.
    """

    method: Method
    algorithm: Algorithm
    observations: int
    fixed: Array
    fixed_covariance: Array
    rank: int
    covariances: tuple[tuple[Array, ...], ...]
    residual_variance: float
    parameters: tuple[VarianceParameter | NonlinearResidualParameter, ...]
    estimates: Array
    parameter_covariance: Array
    singular: bool
    at_boundary: NDArray[np.bool_]
    log_likelihood: float
    converged: bool
    iterations: tuple[AlternationRecord, ...]
    em: EMRecord
    effects: tuple[Array, ...]
    groups: tuple[NDArray[np.intp], ...]
    group_sizes: tuple[NDArray[np.intp], ...]


def fit_nonlinear_mixed_model(
    model: NonlinearMixedModel,
    start: NonlinearStart | Array | None = None,
    options: NonlinearFitOptions | None = None,
    progress: NonlinearFitProgress | None = None,
) -> NonlinearMixedFit:
    """Fit ``model`` ([ME] menl, Methods and formulas, Inference based on linearization).

    ``start`` as an array (p,) begins nonlinear least squares; None is zeros.  Raises
    :class:`EstimationError`; never fails for want of convergence, which ``converged`` tells.
    """
    options, progress = options or NonlinearFitOptions(), progress or NonlinearFitProgress()
    if start is None:
        start = np.zeros(model.fixed_count)
    if not isinstance(start, NonlinearStart):
        start = NonlinearStart(np.asarray(start, dtype=np.float64))
    if len(start.fixed) != model.fixed_count:
        raise EstimationError(
            "nonconformable", f"{len(start.fixed)} values for {model.fixed_count} fixed effects"
        )
    observations = grouped_observations(model)
    whitener = ResidualWhitener(observations)
    with np.errstate(all="ignore"):
        if not model.levels and whitener.trivial:
            return _least_squares(observations, whitener, start, options, progress)
        beginning = _begin(observations, whitener, start, options, progress)
        end = alternate(observations, whitener, beginning, options, progress)
        return _completed(observations, whitener, beginning, end, options, progress)


def _begin(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    start: NonlinearStart,
    options: NonlinearFitOptions,
    progress: NonlinearFitProgress,
) -> Start:
    """Starting values for the alternation."""
    model = observations.model
    none = observations.no_effects()
    if start.variance is not None:
        given = from_estimates(model, start.variance)
        here = _defined(linearise(observations, start.fixed, none))
        return start_at(observations, whitener, here, given)
    if progress.starting_values is not None:
        progress.starting_values(bool(model.levels))
    if start.keep_fixed:
        here = _defined(linearise(observations, start.fixed, none))
    else:
        rules = replace(options.rules, iterations=LEAST_SQUARES_ITERATIONS)
        here = least_squares_start(observations, start.fixed, rules).linearisation
    if not model.levels:
        return start_without_effects(observations, whitener, here)
    return expectation_maximisation(
        observations,
        whitener,
        here,
        start.keep_fixed,
        options.em_iterations,
        options.em_tolerance,
        progress.em_iteration,
    )


def _defined(linearisation: Linearisation) -> Linearisation:
    if not linearisation.usable:
        raise EstimationError("likelihood_undefined", "the mean is not defined at the start")
    return linearisation


def _least_squares(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    start: NonlinearStart,
    options: NonlinearFitOptions,
    progress: NonlinearFitProgress,
) -> NonlinearMixedFit:
    """Nonlinear regression, in the form of a mixed model's fit."""
    model = observations.model
    here = linearise(observations, start.fixed, ())
    if start.variance is None and not start.keep_fixed and not (here.usable and start.fixed.any()):
        few = replace(options.rules, iterations=LEAST_SQUARES_ITERATIONS)
        here = least_squares_start(observations, start.fixed, few).linearisation
    _defined(here)
    if progress.alternation is not None:
        progress.alternation()
    records: list[AlternationRecord] = []

    def report(record: IterationRecord) -> None:
        estimates = np.zeros(1)
        records.append(
            AlternationRecord(
                record.iteration, record.value, record.parameters, estimates, (record,)
            )
        )
        if progress.iteration is not None:
            progress.iteration(records[-1])

    found = nonlinear_least_squares(observations, here, options.rules, report)
    beginning = start_without_effects(observations, whitener, found.linearisation)
    end = AlternationEnd(
        beginning.model,
        beginning.estimates,
        found.linearisation.mean,
        beginning.log_likelihood,
        found.converged,
        tuple(records),
    )
    fit = _completed(observations, whitener, beginning, end, options, progress)
    return replace(fit, algorithm="least_squares", method=model.method)


def _completed(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    beginning: Start,
    end: AlternationEnd,
    options: NonlinearFitOptions,
    progress: NonlinearFitProgress,
) -> NonlinearMixedFit:
    """The fit where the alternation ended, with standard errors."""
    model = observations.model
    if options.standard_errors and progress.standard_errors is not None:
        progress.standard_errors()
    linearisation = end.model.linearisation
    inference = infer(whitener, end.model, end.mean, end.estimates, options.standard_errors)
    estimates = inference.estimates
    scales = random_effects_scales(model)
    matrices = iter(scales.matrices(estimates.scale * estimates.relative))
    covariances = tuple(tuple(next(matrices) for _ in level.blocks) for level in model.levels)
    fixed_covariance = np.zeros((model.fixed_count, model.fixed_count))
    fixed_covariance[np.ix_(linearisation.kept, linearisation.kept)] = inference.fixed_covariance
    return NonlinearMixedFit(
        method=model.method,
        algorithm="lindstrom_bates" if model.levels else "generalised_least_squares",
        observations=observations.count,
        fixed=linearisation.fixed,
        fixed_covariance=fixed_covariance,
        rank=int(linearisation.kept.sum()),
        covariances=covariances,
        residual_variance=estimates.scale,
        parameters=parameters_of(model),
        estimates=to_estimates(model, estimates),
        parameter_covariance=inference.parameter_covariance,
        singular=inference.singular,
        at_boundary=inference.at_boundary,
        log_likelihood=inference.log_likelihood,
        converged=end.converged,
        iterations=end.records,
        em=beginning.em,
        effects=observations.of_all_groups(linearisation.effects),
        groups=observations.members,
        group_sizes=observations.all_sizes,
    )
