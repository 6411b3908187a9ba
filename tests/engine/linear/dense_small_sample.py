"""The formulas of small-sample inference with the whole matrix V, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.model import LinearMixedModel
from tests.engine.linear.dense import covariance_of_outcome, log_likelihood

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DenseSmallSample:
    """F, P_i, Q_ij and W of [ME] mixed, Denominator degrees of freedom; the residual variance is
    the last parameter.
    """

    phi: Array
    p: list[Array]
    q: list[list[Array]]
    w: Array

    @property
    def adjusted(self) -> Array:
        """Equation 16 without the R_ij."""
        count = len(self.p)
        total = np.zeros_like(self.phi)
        for i in range(count):
            for j in range(count):
                total += self.w[i, j] * (self.q[i][j] - self.p[i] @ self.phi @ self.p[j])
        return np.asarray(self.phi + 2 * self.phi @ total @ self.phi)

    def satterthwaite(self, c: Array) -> float:
        """Equation 15; the derivative of F is -F P_i F."""
        d = np.array([-c @ self.phi @ p @ self.phi @ c for p in self.p])
        return float(2 * (c @ self.phi @ c) ** 2 / (d @ self.w @ d))

    def fai_cornelius(self, combinations: Array) -> float:
        count = len(combinations)
        _, vectors = np.linalg.eigh(combinations @ self.phi @ combinations.T)
        freedom = [self.satterthwaite(vector @ combinations) for vector in vectors.T]
        expectation = sum(v / (v - 2) for v in freedom if v > 2)
        return 2 * expectation / (expectation - count)

    def kenward_roger(self, combinations: Array) -> tuple[float, float]:
        """Denominator degrees of freedom and scale factor, Kenward and Roger (1997, 987)."""
        phi, count = self.phi, len(combinations)
        theta = combinations.T @ np.linalg.solve(combinations @ phi @ combinations.T, combinations)
        a1 = a2 = 0.0
        for i, first in enumerate(self.p):
            for j, second in enumerate(self.p):
                left, right = theta @ phi @ first @ phi, theta @ phi @ second @ phi
                a1 += self.w[i, j] * np.trace(left) * np.trace(right)
                a2 += self.w[i, j] * np.trace(left @ right)
        b = (a1 + 6 * a2) / (2 * count)
        g = ((count + 1) * a1 - (count + 4) * a2) / ((count + 2) * a2)
        base = 3 * count + 2 * (1 - g)
        c1, c2, c3 = g / base, (count - g) / base, (count + 2 - g) / base
        mean = 1 / (1 - a2 / count)
        variance = 2 / count * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        rho = variance / (2 * mean**2)
        freedom = 4 + (count + 2) / (count * rho - 1)
        return freedom, freedom / (mean * (freedom - 2))


def dense_small_sample(
    model: LinearMixedModel,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    observed: bool = False,
) -> DenseSmallSample:
    """All quantities at given parameters; W from equation 17, or from differences of the dense
    log likelihood.
    """
    x = model.fixed
    inverse = np.linalg.inv(covariance_of_outcome(model, covariances, residual_variance))
    phi: Array = np.asarray(np.linalg.inv(x.T @ inverse @ x), dtype=np.float64)
    slopes = _slopes(model)
    of_inverse = [-inverse @ slope @ inverse for slope in slopes]
    v = np.linalg.inv(inverse)
    p = [x.T @ part @ x for part in of_inverse]
    q = [[x.T @ first @ v @ second @ x for second in of_inverse] for first in of_inverse]
    count = len(slopes)
    double = np.empty((count, count))
    for i in range(count):
        for j in range(count):
            double[i, j] = np.trace(of_inverse[i] @ v @ of_inverse[j] @ v) - np.trace(
                2 * phi @ q[i][j] - phi @ p[i] @ phi @ p[j]
            )
    information = 0.5 * double
    if observed:
        information = _observed_information(model, covariances, residual_variance)
    weights: Array = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return DenseSmallSample(phi, p, q, weights)


def _slopes(model: LinearMixedModel) -> list[Array]:
    """Derivatives of V in the structures' variances and covariances, and the residual variance."""
    zeros = [
        [np.zeros((e.structure.size, e.structure.size)) for e in level.effects]
        for level in model.levels
    ]
    slopes = []
    for number, level in enumerate(model.levels):
        for position, equation in enumerate(level.effects):
            for part in equation.structure.basis:
                matrices = [list(own) for own in zeros]
                matrices[number][position] = part
                slopes.append(covariance_of_outcome(model, matrices, 0.0))
    return [*slopes, np.eye(model.observations)]


def _observed_information(
    model: LinearMixedModel, covariances: Sequence[Sequence[Array]], residual_variance: float
) -> Array:
    parameters = [
        value
        for level, own in zip(model.levels, covariances, strict=True)
        for equation, matrix in zip(level.effects, own, strict=True)
        for value in equation.structure.project(matrix)
    ]
    start = np.array([*parameters, residual_variance])

    def value(point: Array) -> float:
        remaining = point
        matrices = []
        for level in model.levels:
            own = []
            for equation in level.effects:
                count = equation.structure.parameter_count
                own.append(equation.structure.matrix(remaining[:count]))
                remaining = remaining[count:]
            matrices.append(own)
        return log_likelihood(model, matrices, float(remaining[0]), restricted=True)

    count = len(start)
    steps = 1e-3 * np.maximum(np.abs(start), 0.1)
    hessian = np.empty((count, count))
    for i in range(count):
        for j in range(count):
            a, b = steps[i] * np.eye(count)[i], steps[j] * np.eye(count)[j]
            corners = value(start + a + b) - value(start + a - b)
            corners += value(start - a - b) - value(start - a + b)
            hessian[i, j] = corners / (4 * steps[i] * steps[j])
    return -hessian
