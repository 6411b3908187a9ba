"""A likelihood without random effects, in the form of those that integrate them out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.fixed_effects import FixedEffectsObjective
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.nodes import Nodes
from statalike.engine.generalized.objective import IntegratedLikelihood
from statalike.engine.generalized.point import ParameterLayout, Point

Array = NDArray[np.float64]


class LikelihoodWithoutRandomEffects(IntegratedLikelihood):
    """Observations are independent: each is a group of its own, and there are no nodes."""

    def __init__(self, model: GeneralizedMixedModel) -> None:
        layout = ParameterLayout(model.fixed_count, model.family.parameter_count, ())
        super().__init__(model, layout, Nodes((), ()))
        self._objective = FixedEffectsObjective(
            model.family, model.outcome, model.fixed, model.offset, model.weights
        )

    def value_at(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        parameters = np.concatenate([point.coefficients, point.own])
        return self._objective(parameters, False)[0], nodes

    def derivatives_at(self, parameters: Array, nodes: Nodes, final: bool) -> tuple[Array, Array]:
        return self._objective(parameters, True)[1:]

    def group_gradients(self, parameters: Array, nodes: Nodes) -> Array:
        return self._objective.scores(parameters).T
