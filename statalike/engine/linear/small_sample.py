"""Small-sample inference about fixed effects after restricted maximum likelihood.

``V = s2 I + sum_l Z_l D_l Z_l'`` is linear in its variances and covariances s_i, so that with
``A = X'V^-1 X`` and ``F = A^-1`` the matrices of [ME] mixed, Methods and formulas, Denominator
degrees of freedom (Kenward and Roger 1997, Biometrics 53: 983-997) are derivatives of A and of the
log determinant,

    P_i = dA/ds_i,   Q_ij + Q_ji = d2A/ds_i ds_j,   tr(V^-1 V_i V^-1 V_j) = -d2 log|V|/ds_i ds_j,

which the nested elimination of random effects gives (``linear.derivatives``); no matrix of the
length of the data is formed.  R_ij, which holds second derivatives of V, vanishes.

Everything here is in units of the residual variance and in coordinates of the fixed effects in
which F is the identity; A depends on the relative covariances w = D/s2 through
``A = S(D/s2)/s2``, whence the derivatives in s2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.fixed_design import FixedDesign, orthonormalise
from statalike.engine.linear.likelihood import FixedDerivatives, LinearLikelihood
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.variance_parameters import variance_parameters

Array = NDArray[np.float64]

Information = Literal["expected", "observed"]

SINGULAR = 1e-13


@dataclass(frozen=True)
class FTest:
    """``statistic`` on ``df`` and ``denominator`` degrees of freedom; nan where undefined."""

    statistic: float
    df: int
    denominator: float


@dataclass(frozen=True)
class SmallSampleInference:
    """What tests of the fixed effects b (p,) need.

    ``covariance`` (p, p) is F, the large-sample covariance; ``adjusted`` (p, p) is that of Kenward
    and Roger (equation 16).  ``turn`` U (p, p) has ``F = s2 U'U``; ``slopes`` (K + 1, p, p) are
    the P_i turned by U, and ``weights`` W (K + 1, K + 1) the covariance of the variance
    parameters, nan where the information is singular.
    """

    covariance: Array
    adjusted: Array
    turn: Array
    slopes: Array
    weights: Array

    def degrees_of_freedom(self, combinations: Array) -> Array:
        """Satterthwaite's degrees of freedom (equation 15) of each row of ``combinations``
        (m, p); the same as Kenward and Roger's.  nan for a combination without variance.
        """
        turned = np.asarray(combinations) @ self.turn.T
        gradients = np.sum((turned @ self.slopes) * turned, axis=2)
        spread = np.sum(gradients * (self.weights @ gradients), axis=0)
        size = np.sum(turned * turned, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(size > 0.0, 2.0 * size**2 / spread, np.nan))

    def satterthwaite(self, combinations: Array, distances: Array) -> FTest:
        """Test that ``combinations`` b (l of them, independent) are zero, ``distances`` (l,)
        apart: Fai and Cornelius (1996, J. Stat. Comput. Simul. 54: 363-378).
        """
        count = len(combinations)
        variance = combinations @ self.covariance @ combinations.T
        eigenvalues, vectors = np.linalg.eigh(variance)
        squares = (vectors.T @ distances) ** 2 / eigenvalues
        freedom = self.degrees_of_freedom(vectors.T @ combinations)
        statistic = float(np.sum(squares)) / count
        if count == 1:
            return FTest(statistic, 1, float(freedom[0]))
        if not np.all(np.isfinite(freedom)):
            return FTest(statistic, count, float("nan"))
        usable = freedom[freedom > 2.0]
        expectation = float(np.sum(usable / (usable - 2.0)))
        if not expectation > count:
            return FTest(statistic, count, float("nan"))
        return FTest(statistic, count, 2.0 * expectation / (expectation - count))

    def kenward_roger(self, combinations: Array, distances: Array) -> FTest:
        """The same by the scaled F test of Kenward and Roger (1997, 987)."""
        count = len(combinations)
        variance = combinations @ self.adjusted @ combinations.T
        wald = float(distances @ np.linalg.solve(variance, distances))
        if count == 1:
            return FTest(wald, 1, float(self.degrees_of_freedom(combinations)[0]))
        directions = np.linalg.qr((combinations @ self.turn.T).T)[0]
        restricted = directions.T @ self.slopes @ directions
        traces = np.trace(restricted, axis1=1, axis2=2)
        products = _traces_of_products(restricted)
        denominator, scale = _scaled_f(
            count, float(traces @ self.weights @ traces), float(np.sum(self.weights * products))
        )
        return FTest(scale * wald / count, count, denominator)


def _scaled_f(count: int, a1: float, a2: float) -> tuple[float, float]:
    """Denominator degrees of freedom and scale factor from Kenward and Roger's A1 and A2."""
    if not (np.isfinite(a1) and np.isfinite(a2) and a2 > 0.0):
        return float("nan"), float("nan")
    b = (a1 + 6.0 * a2) / (2.0 * count)
    g = ((count + 1) * a1 - (count + 4) * a2) / ((count + 2) * a2)
    base = 3.0 * count + 2.0 * (1.0 - g)
    c1, c2, c3 = g / base, (count - g) / base, (count + 2.0 - g) / base
    mean = 1.0 / (1.0 - a2 / count)
    variance = 2.0 / count * (1.0 + c1 * b) / ((1.0 - c2 * b) ** 2 * (1.0 - c3 * b))
    rho = variance / (2.0 * mean**2)
    freedom = 4.0 + (count + 2.0) / (count * rho - 1.0)
    return freedom, freedom / (mean * (freedom - 2.0))


def small_sample_inference(
    model: LinearMixedModel,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    information: Information = "expected",
    likelihood: LinearLikelihood | None = None,
) -> SmallSampleInference:
    """Small-sample inference for ``model`` at given parameters.

    ``covariances[level][equation]`` (q, q) and ``residual_variance`` are estimates by restricted
    likelihood; W is the inverse of the expected (equation 17) or of the observed information.
    ``likelihood`` is that of the model where it is at hand, for example from its fit.
    """
    if not residual_variance > 0.0:
        raise EstimationError("nonconformable", f"residual variance {residual_variance}")
    if model.errors is not None:
        raise EstimationError("nonconformable", "structured residuals have parameters of their own")
    if not model.levels:
        return _without_random_effects(model, residual_variance, information)
    if likelihood is None:
        likelihood = LinearLikelihood(reduce_to_cross_products(model), restricted=True)
    products = likelihood.products
    scales = variance_parameters(products.levels)
    matrices = [np.asarray(matrix) for level in covariances for matrix in level]
    working = scales.to_working @ scales.relative(matrices, residual_variance)
    return inference_from_derivatives(
        likelihood.fixed_derivatives(working),
        working,
        products.observations,
        products.design,
        residual_variance,
        information,
    )


def inference_from_derivatives(
    found: FixedDerivatives,
    working: Array,
    observations: int,
    design: FixedDesign,
    residual_variance: float,
    information: Information,
) -> SmallSampleInference:
    """The inference from the derivatives of a restricted likelihood in its ``working`` parameters
    (K,), which are linear in the relative covariances.
    """
    identity = np.eye(len(design.factor))
    natural = _NaturalDerivatives(
        _first_in_natural(working, identity, found.fixed_first),
        _second_in_natural(working, identity, found.fixed_first, found.fixed_second),
        _log_second_in_natural(working, observations, found.log_gradient, found.log_hessian),
        _second_in_natural(
            working,
            np.array(found.least_squares.sum_of_squares / residual_variance),
            found.sum_of_squares_gradient / residual_variance,
            found.sum_of_squares_hessian / residual_variance,
        ),
    )
    turn = np.linalg.solve(found.least_squares.root, np.linalg.inv(design.factor).T)
    return _inference(natural, turn, residual_variance, information)


def _inference(
    natural: _NaturalDerivatives, turn: Array, residual_variance: float, information: Information
) -> SmallSampleInference:
    slopes, seconds = natural.fixed_first, natural.fixed_second
    products = _traces_of_products(slopes)
    traces = np.trace(seconds, axis1=2, axis2=3)
    if information == "expected":
        double = products - traces - natural.log_determinant
    else:
        double = natural.log_determinant + traces - products + natural.sum_of_squares
    return assembled(2.0 * _inverse(double), slopes, seconds, turn, residual_variance)


def expected_weights(slopes: Array, seconds: Array, traces: Array) -> Array:
    """W from equation 17, ``traces`` being ``tr(V^-1 V_i V^-1 V_j)`` (K, K)."""
    double = traces - np.trace(seconds, axis1=2, axis2=3) + _traces_of_products(slopes)
    return 2.0 * _inverse(double)


def assembled(
    weights: Array, slopes: Array, seconds: Array, turn: Array, unit: float
) -> SmallSampleInference:
    """The inference from W (K, K), and from P_i (K, p, p) and Q_ij + Q_ji (K, K, p, p) turned by U
    (p, p) with ``F = unit U'U``.
    """
    bias = 0.5 * np.tensordot(weights, seconds, axes=2)
    bias -= np.sum(slopes @ np.tensordot(weights, slopes, axes=1), axis=0)
    whole = np.eye(len(turn)) + bias + bias.T
    return SmallSampleInference(
        unit * turn.T @ turn,
        unit * turn.T @ whole @ turn,
        turn,
        slopes,
        weights,
    )


@dataclass(frozen=True)
class _NaturalDerivatives:
    """Derivatives in the variances and covariances, the residual variance last.

    ``fixed_first`` (K + 1, p, p) and ``fixed_second`` (K + 1, K + 1, p, p) are those of A;
    ``log_determinant`` and ``sum_of_squares`` (K + 1, K + 1) are second derivatives of ``log |V|``
    and of the generalised sum of squares.
    """

    fixed_first: Array
    fixed_second: Array
    log_determinant: Array
    sum_of_squares: Array


def _without_random_effects(
    model: LinearMixedModel, residual_variance: float, information: Information
) -> SmallSampleInference:
    design = orthonormalise(model.outcome, model.fixed)
    identity = np.eye(model.fixed_count)
    square = float(design.residual @ design.residual) / residual_variance
    natural = _NaturalDerivatives(
        -identity[None],
        2.0 * identity[None, None],
        np.array([[-float(model.observations)]]),
        np.array([[2.0 * square]]),
    )
    turn = np.asarray(np.linalg.inv(design.factor).T)
    return _inference(natural, turn, residual_variance, information)


def _first_in_natural(working: Array, value: Array, first: Array) -> Array:
    """First derivatives of ``f(D/s2)/s2`` from f and its derivatives (K, ...) at s2 = 1."""
    last = -(value + np.tensordot(working, first, axes=1))
    return np.concatenate([first, last[None]])


def _second_in_natural(working: Array, value: Array, first: Array, second: Array) -> Array:
    """Second derivatives of ``f(D/s2)/s2`` from f and its derivatives (K, K, ...) at s2 = 1."""
    count = len(working)
    turned = np.tensordot(working, second, axes=1)
    result = np.empty((count + 1, count + 1, *np.shape(value)))
    result[:count, :count] = second
    result[:count, count] = result[count, :count] = -2.0 * first - turned
    slope = np.tensordot(working, first, axes=1)
    result[count, count] = 2.0 * value + 4.0 * slope + np.tensordot(working, turned, axes=1)
    return result


def _log_second_in_natural(working: Array, observations: int, first: Array, second: Array) -> Array:
    """Second derivatives of ``n log s2 + f(D/s2)`` at s2 = 1."""
    count = len(working)
    turned = second @ working
    result = np.empty((count + 1, count + 1))
    result[:count, :count] = second
    result[:count, count] = result[count, :count] = -first - turned
    result[count, count] = -observations + 2.0 * working @ first + working @ turned
    return result


def _traces_of_products(stack: Array) -> Array:
    """``tr(P_i P_j)`` of symmetric matrices (K, p, p)."""
    flat = stack.reshape(len(stack), -1)
    return np.asarray(flat @ flat.T)


def _inverse(information: Array) -> Array:
    """The inverse of a positive definite matrix, nan where it is not."""
    diagonal = np.diagonal(information)
    if np.all(np.isfinite(information)) and np.all(diagonal > 0.0):
        size = np.sqrt(diagonal)
        eigenvalues, vectors = np.linalg.eigh(information / np.outer(size, size))
        if eigenvalues[0] > SINGULAR:
            return np.asarray((vectors / eigenvalues) @ vectors.T / np.outer(size, size))
    return np.full(information.shape, np.nan)
