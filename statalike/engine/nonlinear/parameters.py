"""The variance parameters of a nonlinear mixed model, in the order of its estimates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.fit import VarianceParameter
from statalike.engine.linear.variance_parameters import VarianceParameters
from statalike.engine.nonlinear.model import NonlinearMixedModel
from statalike.engine.nonlinear.residuals import NonlinearResidualParameter
from statalike.engine.nonlinear.variance_step import VarianceEstimates

Array = NDArray[np.float64]


def parameters_of(
    model: NonlinearMixedModel,
) -> tuple[VarianceParameter | NonlinearResidualParameter, ...]:
    """Those of the random effects level by level and block by block, the log scale of the
    residuals, and the other parameters of these.
    """
    random = tuple(
        VarianceParameter(number, position, p.kind, p.i, p.j)
        for number, level in enumerate(model.levels)
        for position, block in enumerate(level.blocks)
        for p in block.structure.parameters
    )
    scale = NonlinearResidualParameter("lnsigma")
    return (*random, scale, *model.residuals.reported_parameters)


def random_effects_scales(model: NonlinearMixedModel) -> VarianceParameters:
    """The random effects' parameters on all their scales, in the effects' own units."""
    return VarianceParameters.of(
        [
            (block.structure, np.eye(block.structure.parameter_count))
            for level in model.levels
            for block in level.blocks
        ]
    )


def to_estimates(model: NonlinearMixedModel, values: VarianceEstimates) -> Array:
    """The parameters (K,) in the order of :func:`parameters_of`."""
    scales = random_effects_scales(model)
    random = np.zeros(0)
    if scales.count:
        random = scales.to_estimation(values.scale * values.relative)
    residual = model.residuals.to_reported(values.residual)[0]
    return np.concatenate([random, [0.5 * np.log(values.scale)], residual])


def from_estimates(model: NonlinearMixedModel, estimates: Array) -> VarianceEstimates:
    """The values of such parameters.

    Raises :class:`EstimationError` where they are no covariance matrices.
    """
    scales = random_effects_scales(model)
    if len(estimates) != len(parameters_of(model)):
        raise EstimationError("nonconformable", f"{len(estimates)} variance parameters")
    with np.errstate(all="ignore"):
        scale = float(np.exp(2.0 * estimates[scales.count]))
        relative = np.zeros(0)
        if scales.count:
            relative = scales.values_from_estimation(estimates[: scales.count]) / scale
    residual = model.residuals.from_reported(estimates[scales.count + 1 :])
    finite = np.isfinite(scale) and scale > 0.0
    finite = finite and bool(np.isfinite(relative).all() and np.isfinite(residual).all())
    if not finite or not all(
        structure.is_valid(relative[own])
        for structure, own in zip(scales.structures, scales.slices, strict=True)
    ):
        raise EstimationError("likelihood_undefined", "initial values are not feasible")
    return VarianceEstimates(relative, scale, residual)
