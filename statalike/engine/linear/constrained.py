"""Linear mixed models whose fixed effects satisfy linear constraints.

With b = T c + a the model ``y = X b + Z u + e`` is ``y - X a = X T c + Z u + e``, a model without
constraints in c ([ME] mixed, Methods and formulas, Fixed-effects constraints).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.fit import LinearMixedFit
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear_constraints import ConstrainedSpace

Model = TypeVar("Model", bound=LinearMixedModel | CrossedEffectsModel)


def constrained_model(model: Model, space: ConstrainedSpace) -> Model:
    """The model in the reduced fixed effects c."""
    return replace(
        model,
        outcome=model.outcome - model.fixed @ space.origin,
        fixed=np.asfortranarray(model.fixed @ space.basis),
    )


def unconstrained_fit(fit: LinearMixedFit, space: ConstrainedSpace) -> LinearMixedFit:
    """A fit of :func:`constrained_model` with coefficients b and their covariance."""
    return replace(
        fit,
        coefficients=space.parameters(fit.coefficients),
        coefficient_covariance=space.covariance(fit.coefficient_covariance),
    )
