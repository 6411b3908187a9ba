"""The linearised model with matrices of all observations, for comparison."""

from __future__ import annotations

import numpy as np

from statalike.engine.nonlinear.linearisation import Linearisation
from statalike.engine.nonlinear.model import NonlinearMixedModel
from statalike.engine.nonlinear.residuals import ResidualModel
from statalike.engine.nonlinear.variance_step import VarianceEstimates
from tests.engine.nonlinear.examples import Array


def residual_covariance(residuals: ResidualModel, parameters: Array, mean: Array) -> Array:
    """Lambda (n, n), element by element from the definitions."""
    count = len(residuals.variance.parameters)
    scale = np.exp(residuals.variance.log_scale(parameters[:count], mean))
    n = len(mean)
    result = np.eye(n)
    correlation = residuals.correlation
    if correlation is not None:
        times = np.zeros(n) if correlation.times is None else correlation.times
        for group in np.unique(correlation.groups):
            rows = np.flatnonzero(correlation.groups == group)
            rows = rows[np.argsort(times[rows], kind="stable")]
            by = 0 if correlation.by is None else int(correlation.by.codes[rows[0]])
            own = parameters[residuals.correlations_of(by)]
            result[np.ix_(rows, rows)] = correlation.structure.correlation(own, times[rows][None])[
                0
            ]
    return np.asarray(scale[:, None] * result * scale)


def covariance(
    model: NonlinearMixedModel, here: Linearisation, values: VarianceEstimates, mean: Array
) -> Array:
    """V relative to the scale."""
    result = residual_covariance(model.residuals, values.residual, mean)
    start = 0
    for level in model.levels:
        same = level.groups[:, None] == level.groups[None, :]
        for block in level.blocks:
            stop = start + block.structure.parameter_count
            own = here.effects_design[:, list(block.columns)]
            matrix = block.structure.matrix(values.relative[start:stop])
            result = result + same * (own @ matrix @ own.T)
            start = stop
    return np.asarray(result)


def log_likelihood(
    model: NonlinearMixedModel,
    here: Linearisation,
    values: VarianceEstimates,
    mean: Array,
    hold_fixed: bool = False,
) -> float:
    """The (restricted) log likelihood with only the fixed effects profiled out, or held."""
    v = values.scale * covariance(model, here, values, mean)
    inverse = np.linalg.inv(v)
    x = here.fixed_design
    information = x.T @ inverse @ x
    error = here.outcome
    if not hold_fixed:
        error = error - x @ np.linalg.solve(information, x.T @ inverse @ error)
    value = np.linalg.slogdet(v)[1] + error @ inverse @ error
    n = len(error)
    if model.method == "reml":
        value += np.linalg.slogdet(information)[1]
        n -= x.shape[1]
    return float(-0.5 * (value + n * np.log(2.0 * np.pi)))
