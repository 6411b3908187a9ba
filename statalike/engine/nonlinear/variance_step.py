"""Variance parameters given a linearisation: the LME (or ML, REML) step of the alternation.

The (restricted) likelihood of the linearised model, profiled in the fixed effects and the scale, is
maximised by Newton and Raphson's method ([ME] menl, Methods and formulas, equations 28 to 30).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.likelihood import LikelihoodParts, LinearLikelihood
from statalike.engine.linear.profile import ProfileObjective
from statalike.engine.linear.residual_fit import JointObjective
from statalike.engine.linear.variance_parameters import VarianceParameters, variance_parameters
from statalike.engine.newton_raphson import (
    ConvergenceRules,
    IterationRecord,
    Optimum,
    maximise,
)
from statalike.engine.nonlinear.linearisation import Linearisation
from statalike.engine.nonlinear.residual_whitening import ResidualWhitener
from statalike.engine.nonlinear.structured_likelihood import LinearisedLikelihood

Array = NDArray[np.float64]

# In working coordinates, where a group's share of the design has unit length.  At a variance of
# exactly zero the derivative in its square root vanishes, and a search would never leave it.
LEAST_VARIANCE = 1e-8


@dataclass(frozen=True)
class VarianceEstimates:
    """Random-effects covariance parameters ``relative`` (K,) to the scale, the ``scale`` s2 and the
    ``residual`` parameters (R,).
    """

    relative: Array
    scale: float
    residual: Array


@dataclass(frozen=True)
class LinearisedModel:
    """The likelihood of a linearisation with the coordinates of its parameters."""

    linearisation: Linearisation
    likelihood: LinearisedLikelihood
    scales: VarianceParameters

    def linear(self, residual: Array) -> LinearLikelihood:
        """The likelihood in the random effects' parameters."""
        found = self.likelihood.at(residual)
        if found is None:
            raise EstimationError("likelihood_undefined", "the residual covariance is singular")
        return found.linear

    def parts(self, estimates: VarianceEstimates, order: int = 0) -> LikelihoodParts:
        """The likelihood at variance estimates."""
        working = self.scales.to_working @ estimates.relative
        return self.linear(estimates.residual).evaluate(working, order)


@dataclass(frozen=True)
class VarianceStep:
    """Where the step arrived: ``working`` parameters are ``estimates.relative`` in the model's
    working coordinates, ``parts`` the likelihood there.
    """

    estimates: VarianceEstimates
    working: Array
    parts: LikelihoodParts
    optimum: Optimum | None

    @property
    def log(self) -> tuple[IterationRecord, ...]:
        return () if self.optimum is None else tuple(self.optimum.log)


def linearised_model(
    whitener: ResidualWhitener,
    linearisation: Linearisation,
    residual: Array,
    mean: Array,
) -> LinearisedModel:
    """Prepare the likelihood of a linearisation, for residual parameters near ``residual``."""
    likelihood = LinearisedLikelihood(whitener, linearisation, residual, mean)
    scales = variance_parameters(likelihood.coordinates.levels)
    return LinearisedModel(linearisation, likelihood, scales)


def variance_step(
    model: LinearisedModel,
    start: VarianceEstimates,
    rules: ConvergenceRules,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> VarianceStep:
    """Maximise the likelihood of a linearised model from ``start``.

    Raises :class:`EstimationError` where it is not defined there.
    """
    scales = model.scales
    working = _away_from_zero(scales, scales.to_working @ start.relative)
    optimum: Optimum | None = None
    residual = start.residual
    try:
        if len(residual):
            joint = JointObjective(model.likelihood, scales, "square_root")
            optimum = maximise(joint, joint.parameters(working, residual), rules, on_iteration)
            point = joint.at(optimum.parameters)
            if point is None:
                raise FloatingPointError("the likelihood is not defined")
            working, residual, parts = point.working, point.residual, point.parts
        elif scales.count:
            objective = ProfileObjective(model.linear(residual), scales, "square_root")
            optimum = maximise(objective, objective.start(working), rules, on_iteration)
            working, parts = objective.parts_at(optimum.parameters)
        else:
            parts = model.linear(residual).evaluate(working, 0)
    except FloatingPointError as error:
        raise EstimationError("likelihood_undefined", str(error)) from None
    if not np.isfinite(parts.profile_value):
        raise EstimationError("likelihood_undefined", "the likelihood is not defined")
    estimates = VarianceEstimates(scales.to_relative @ working, parts.residual_variance, residual)
    return VarianceStep(estimates, working, parts, optimum)


def _away_from_zero(scales: VarianceParameters, working: Array) -> Array:
    """Working parameters whose covariance matrices have no eigenvalue of zero."""
    result = working.copy()
    for structure, own in zip(scales.structures, scales.slices, strict=True):
        matrix = structure.matrix(working[own])
        if np.linalg.eigvalsh(matrix)[0] < LEAST_VARIANCE:
            result[own] += structure.project(LEAST_VARIANCE * np.eye(structure.size))
    return result
