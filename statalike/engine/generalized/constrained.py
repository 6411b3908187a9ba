"""Generalized mixed models whose parameters satisfy linear constraints.

Constraints are on coefficients, the family's own parameters, and the variances and covariances of
the random effects: ``R b = r`` with b in the order of
:attr:`statalike.engine.generalized.fit.GeneralizedFit.estimates`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.objective import IntegratedLikelihood
from statalike.engine.linear.model import RandomEffects
from statalike.engine.linear_constraints import (
    ConstrainedObjective,
    ConstrainedSpace,
    constrained_space,
)
from statalike.engine.newton_raphson import AdaptedObjective
from statalike.engine.patterned_covariance import pattern_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LinearConstraints:
    """``weights`` (m, P) b = ``constants`` (m,), independent of each other."""

    weights: Array
    constants: Array

    def on_variances(self, fixed_count: int) -> bool:
        """Whether any concerns parameters after the first ``fixed_count``."""
        return bool(np.any(self.weights[:, fixed_count:]))

    def space(self) -> ConstrainedSpace:
        """The parameters (P,) that satisfy them."""
        return constrained_space(self.weights, self.constants)

    def fixed_effects_space(self, fixed_count: int) -> ConstrainedSpace | None:
        """The first ``fixed_count`` parameters that satisfy those which concern these alone."""
        alone = ~np.any(self.weights[:, fixed_count:], axis=1)
        if not alone.any():
            return None
        return constrained_space(self.weights[alone, :fixed_count], self.constants[alone])


def with_variances_as_parameters(
    model: GeneralizedMixedModel | CrossedGeneralizedModel,
) -> GeneralizedMixedModel | CrossedGeneralizedModel:
    """The same model, searched in its variances and covariances themselves."""

    def patterned(effects: RandomEffects) -> RandomEffects:
        return replace(effects, structure=pattern_of(effects.structure))

    if isinstance(model, CrossedGeneralizedModel):
        terms = tuple(replace(term, effects=patterned(term.effects)) for term in model.terms)
        return replace(model, terms=terms)
    levels = tuple(
        replace(level, effects=tuple(patterned(effects) for effects in level.effects))
        for level in model.levels
    )
    return replace(model, levels=levels)


class ConstrainedLikelihood(ConstrainedObjective):
    """An integrated likelihood of the parameters that constraints leave free."""

    def __init__(self, likelihood: IntegratedLikelihood, space: ConstrainedSpace) -> None:
        super().__init__(likelihood, space)
        self._likelihood = likelihood

    def nearby_value(self, reduced: Array) -> float:
        """The value by the approximation of the latest point (:class:`AdaptedObjective`)."""
        parameters = self._space.parameters(reduced)
        if isinstance(self._likelihood, AdaptedObjective):
            return self._likelihood.nearby_value(parameters)
        return self._likelihood(parameters, False)[0]
