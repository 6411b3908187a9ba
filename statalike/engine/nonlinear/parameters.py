"""The variance parameters of a nonlinear mixed model, in the order of its estimates."""

from __future__ import annotations

from statalike.engine.linear.fit import VarianceParameter
from statalike.engine.nonlinear.model import NonlinearMixedModel
from statalike.engine.nonlinear.residuals import NonlinearResidualParameter


def parameters_of(
    model: NonlinearMixedModel,
) -> tuple[VarianceParameter | NonlinearResidualParameter, ...]:
    """Those of the random effects level by level and block by block, the log scale of the
    residuals, and the other parameters of these.
    """
    raise NotImplementedError
