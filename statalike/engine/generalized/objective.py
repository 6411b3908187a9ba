"""Log likelihoods of generalized mixed models as an optimiser sees them: functions of free
parameters, with the random effects integrated out by one method or another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.family import Family
from statalike.engine.generalized.adaptation import adapt_to_moments
from statalike.engine.generalized.laplace import LaplaceLikelihood
from statalike.engine.generalized.likelihood_derivatives import LikelihoodDerivatives
from statalike.engine.generalized.nodes import Grid, Nodes, prior_nodes
from statalike.engine.generalized.point import ParameterLayout, Point
from statalike.engine.generalized.quadrature import QuadratureLikelihood
from statalike.engine.generalized.quadrature_rules import gauss_hermite
from statalike.engine.generalized.sorted_model import SortedModel

Array = NDArray[np.float64]

IntegrationMethod = Literal[
    "mvaghermite", "mcaghermite", "pcaghermite", "ghermite", "laplace", "pclaplace"
]

# The gradient of Laplace's approximation is exact to about 1e-13 of itself.
FORWARD_STEP = 1e-6
CENTRAL_STEP = 1e-4
MOST_FINER_NODES = 5_000


class ModelledOutcome(Protocol):
    """What all models have."""

    @property
    def family(self) -> Family: ...

    @property
    def observations(self) -> int: ...


class IntegratedLikelihood(ABC):
    """A log likelihood with value, gradient and Hessian in free parameters (layout.count,).

    ``nodes`` are those of the latest point whose derivatives were asked for, from which the search
    for the nodes of another begins.
    """

    def __init__(self, model: ModelledOutcome, layout: ParameterLayout, prior: Nodes) -> None:
        self.family = model.family
        self.observations = model.observations
        self.layout = layout
        self.prior = prior
        self.nodes = prior

    #: the sorted data of a model of nested levels, None for one of crossed effects
    data: SortedModel | None = None

    def __call__(self, parameters: Array, derivatives: bool) -> tuple[float, Array, Array]:
        none = np.zeros(0)
        point = self.defined_point(parameters)
        if point is None:
            return float("nan"), none, none
        value, nodes = self.value_at(point, self.nodes)
        if not np.isfinite(value) and self.nodes is not self.prior:
            value, nodes = self.value_at(point, self.prior)
        if not np.isfinite(value):
            return float("nan"), none, none
        if not derivatives:
            return value, none, none
        self.nodes = nodes
        return value, *self.derivatives_at(parameters, nodes, final=False)

    def gradient(self, parameters: Array) -> tuple[float, Array]:
        """Value and gradient (layout.count,), for quasi-Newton methods."""
        value, scores = self._value_and_scores(parameters)
        return value, scores.sum(axis=0)

    def scores(self, parameters: Array) -> Array:
        """Gradients of the outermost groups (G_1, layout.count), for the method of BHHH."""
        return self._value_and_scores(parameters)[1]

    def _value_and_scores(self, parameters: Array) -> tuple[float, Array]:
        point = self.defined_point(parameters)
        value = float("nan") if point is None else self(parameters, False)[0]
        if point is None or not np.isfinite(value):
            return float("nan"), np.full((1, len(parameters)), np.nan)
        value, self.nodes = self.value_at(point, self.nodes)
        direct = self.group_gradients(parameters, self.nodes)
        fixed = self.layout.fixed_count
        free = self.layout.point(parameters)[1].jacobian.T @ direct[fixed:]
        return value, np.concatenate([direct[:fixed], free]).T

    def defined_point(self, parameters: Array) -> Point | None:
        """The point of free parameters; None where a parameter or a covariance matrix is not
        within bounds."""
        if not np.all(np.isfinite(parameters)):
            return None
        point, _ = self.layout.point(parameters)
        defined = all(np.all(np.isfinite(root)) for root in point.roots)
        return point if defined and self.family.is_valid(point.own) else None

    @abstractmethod
    def value_at(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        """The log likelihood, with the nodes it was found at, from nearby nodes."""

    @abstractmethod
    def derivatives_at(self, parameters: Array, nodes: Nodes, final: bool) -> tuple[Array, Array]:
        """Gradient and Hessian at the nodes of the parameters; ``final`` asks for the accuracy
        that standard errors need."""

    @abstractmethod
    def group_gradients(self, parameters: Array, nodes: Nodes) -> Array:
        """Gradients of the outermost groups in the direct parameters, (direct_count, G_1)."""


class DifferentiatedLikelihood(IntegratedLikelihood):
    """A likelihood with exact derivatives in the direct parameters.

    Those found last are kept: standard errors and scores are wanted where the search ended.
    """

    _latest: tuple[Array, Nodes, LikelihoodDerivatives] | None = None

    @abstractmethod
    def direct_derivatives(
        self, point: Point, nodes: Nodes, hessian: bool
    ) -> LikelihoodDerivatives:
        """Derivatives in the direct parameters."""

    def derivatives_at(self, parameters: Array, nodes: Nodes, final: bool) -> tuple[Array, Array]:
        mapped = self.layout.point(parameters)[1]
        found = self._derivatives(parameters, nodes, True)
        assert found.hessian is not None
        return self.layout.pull_back(mapped, found.gradient, found.hessian)

    def group_gradients(self, parameters: Array, nodes: Nodes) -> Array:
        return self._derivatives(parameters, nodes, False).group_gradients

    def _derivatives(self, parameters: Array, nodes: Nodes, hessian: bool) -> LikelihoodDerivatives:
        if self._latest is not None:
            known, at, found = self._latest
            enough = found.hessian is not None or not hessian
            if enough and at is nodes and np.array_equal(known, parameters):
                return found
        found = self.direct_derivatives(self.layout.point(parameters)[0], nodes, hessian)
        self._latest = parameters.copy(), nodes, found
        return found


class QuadratureObjective(DifferentiatedLikelihood):
    """Gauss-Hermite quadrature, by one of its methods."""

    def __init__(self, data: SortedModel, points: int, method: IntegrationMethod) -> None:
        grid = Grid(tuple(gauss_hermite(points, count) for count in data.effect_counts))
        self.likelihood = QuadratureLikelihood(data, grid)
        self.data = data
        prior = prior_nodes(data.groups, data.effect_counts)
        super().__init__(data.model, self.likelihood.layout, prior)
        self._method = method
        self._points = points
        self._modes = LaplaceLikelihood(data)

    def value_at(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        if self._method == "ghermite":
            return self.likelihood.value(point, self.prior), self.prior
        if self._method == "mvaghermite":
            return adapt_to_moments(self.likelihood, point, nodes, self._modes.value)
        approximation, found = self._modes.value(point, nodes)
        if not np.isfinite(approximation):
            return float("nan"), nodes
        return self.likelihood.value(point, found), found

    def finer_value(self, point: Point, nodes: Nodes) -> float:
        """The log likelihood with about twice the points around the same means, nan where they
        would be too many: what it differs by tells how good the quadrature is."""
        counts, points = self.likelihood.data.effect_counts, 2 * self._points - 1
        if points ** sum(counts) > MOST_FINER_NODES:
            return float("nan")
        grid = Grid(tuple(gauss_hermite(points, count) for count in counts))
        return QuadratureLikelihood(self.likelihood.data, grid).value(point, nodes)

    def nearby_value(self, parameters: Array) -> float:
        """The log likelihood at the present nodes (:class:`AdaptedObjective`)."""
        point = self.defined_point(parameters)
        return float("nan") if point is None else self.likelihood.value(point, self.nodes)

    def direct_derivatives(
        self, point: Point, nodes: Nodes, hessian: bool
    ) -> LikelihoodDerivatives:
        return self.likelihood.derivatives(point, nodes, hessian)


@dataclass(frozen=True)
class GradientAt:
    """An approximate log likelihood, its gradient in the direct parameters by outermost group
    (direct_count, G_1), and the nodes it was found at."""

    value: float
    group_gradients: Array
    nodes: Nodes


class DifferencedLikelihood(IntegratedLikelihood):
    """A likelihood with an exact gradient, of which its Hessian has differences."""

    @abstractmethod
    def gradient_at(self, point: Point, nodes: Nodes, nearby: bool) -> GradientAt:
        """Value and gradient; ``nearby`` says that ``nodes`` are those of a point next to it."""

    def derivatives_at(self, parameters: Array, nodes: Nodes, final: bool) -> tuple[Array, Array]:
        here = self._gradient(parameters, nodes, False)
        hessian = np.empty((len(parameters), len(parameters)))
        for k, parameter in enumerate(parameters):
            step = (CENTRAL_STEP if final else FORWARD_STEP) * (1.0 + abs(parameter))
            move = np.zeros(len(parameters))
            move[k] = step
            ahead = self._gradient(parameters + move, nodes, True)
            if final:
                behind = self._gradient(parameters - move, nodes, True)
                hessian[k] = (ahead - behind) / (2.0 * step)
            else:
                hessian[k] = (ahead - here) / step
        return here, 0.5 * (hessian + hessian.T)

    def _gradient(self, parameters: Array, nodes: Nodes, nearby: bool) -> Array:
        point, mapped = self.layout.point(parameters)
        found = self.gradient_at(point, nodes, nearby)
        if not np.isfinite(found.value):
            return np.full(len(parameters), np.nan)
        direct = found.group_gradients.sum(axis=1)
        fixed = self.layout.fixed_count
        return np.concatenate([direct[:fixed], direct[fixed:] @ mapped.jacobian])

    def group_gradients(self, parameters: Array, nodes: Nodes) -> Array:
        point, _ = self.layout.point(parameters)
        return self.gradient_at(point, nodes, False).group_gradients


class LaplaceObjective(DifferentiatedLikelihood):
    """Laplace's approximation for nested levels."""

    def __init__(self, data: SortedModel) -> None:
        self.likelihood = LaplaceLikelihood(data)
        self.data = data
        prior = prior_nodes(data.groups, data.effect_counts)
        super().__init__(data.model, self.likelihood.layout, prior)

    def value_at(self, point: Point, nodes: Nodes) -> tuple[float, Nodes]:
        return self.likelihood.value(point, nodes)

    def direct_derivatives(
        self, point: Point, nodes: Nodes, hessian: bool
    ) -> LikelihoodDerivatives:
        return self.likelihood.derivatives(point, nodes, hessian)


def integrated_likelihood(
    data: SortedModel, method: IntegrationMethod, points: int
) -> IntegratedLikelihood:
    """The likelihood of a sorted model by a method of integration, ``points`` a dimension.

    Adaptive quadrature with one point is Laplace's method ([ME] meglm, Methods and formulas).
    """
    if method in ("laplace", "pclaplace") or (points == 1 and method != "ghermite"):
        return LaplaceObjective(data)
    return QuadratureObjective(data, points, method)
