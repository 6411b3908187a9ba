"""Small-sample inference about fixed effects with structured residuals.

V is not linear in the parameters of most residual structures, so that P_i, Q_ij and the traces of
``linear.small_sample`` are computed as they are defined, from V and its first derivatives within
the outermost groups, many of one size at once; R_ij is left out.  Apart from it nothing depends on
the scale of the parameters: they are the variances and covariances of the random effects, the
residual variance, and the residual parameters on their estimation scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.fixed_design import FixedDesign, orthonormalise
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.residual_errors import ResidualErrors
from statalike.engine.linear.small_sample import (
    SmallSampleInference,
    assembled,
    expected_weights,
)
from statalike.engine.linear.whitening import residual_blocks, rows_by_size
from statalike.engine.nested_groups import nested_groups

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

# Groups are taken in parts so that the derivatives of V stay this small.
PART_ENTRIES = 4_000_000


def residual_small_sample_inference(
    model: LinearMixedModel,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    residual: Array,
    parameter_covariance: Array | None = None,
) -> SmallSampleInference:
    """Small-sample inference at given parameters, ``residual`` (R,) those of the residuals after
    their variance.

    W is the inverse of the expected information unless ``parameter_covariance`` (K + 1 + R,
    K + 1 + R) is given, from the observed information on the estimation scale.
    """
    assert model.errors is not None
    design = orthonormalise(model.outcome, model.fixed)
    sums = _Sums(model, design, covariances, residual_variance, residual)
    root = np.linalg.cholesky(sums.fixed)
    inverse = np.linalg.inv(root)
    slopes = inverse @ sums.slopes @ inverse.T
    seconds = inverse @ (sums.products + sums.products.swapaxes(2, 3)) @ inverse.T
    if parameter_covariance is None:
        weights = expected_weights(slopes, seconds, sums.traces)
    else:
        jacobian = _natural_jacobian(model, covariances, residual_variance, len(residual))
        weights = jacobian @ parameter_covariance @ jacobian.T
    turn = inverse @ np.linalg.inv(design.factor).T
    return assembled(weights, slopes, seconds, turn, 1.0)


def _natural_jacobian(
    model: LinearMixedModel,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    residual_count: int,
) -> Array:
    """Derivatives of variances and covariances in the parameters on the estimation scale."""
    parts: list[Array] = []
    for level, matrices in zip(model.levels, covariances, strict=True):
        for equation, matrix in zip(level.effects, matrices, strict=True):
            structure = equation.structure
            estimation = structure.to_estimation(structure.project(np.asarray(matrix)))
            parts.append(structure.from_estimation(estimation).jacobian)
    parts += [np.array([[2.0 * residual_variance]]), np.eye(residual_count)]
    size = sum(len(part) for part in parts)
    result = np.zeros((size, size))
    start = 0
    for part in parts:
        own = slice(start, start + len(part))
        result[own, own] = part
        start = own.stop
    return result


class _Sums:
    """``fixed`` X'V^-1 X, ``slopes`` P_i, ``products`` Q_ij and ``traces`` tr(V^-1 V_i V^-1 V_j),
    in the orthonormal fixed design, summed over the outermost groups.
    """

    def __init__(
        self,
        model: LinearMixedModel,
        design: FixedDesign,
        covariances: Sequence[Sequence[Array]],
        residual_variance: float,
        residual: Array,
    ) -> None:
        assert model.errors is not None
        self._model = model
        self._errors: ResidualErrors = model.errors
        self._covariances = covariances
        self._variance = residual_variance
        self._residual = residual
        n, p = model.observations, model.fixed_count
        self._basis = np.linalg.solve(design.within.T, design.rows).T
        self._inner = residual_blocks(self._errors, n)
        self._groups: list[Positions] = []
        outermost = self._inner
        if model.levels:
            groups = nested_groups([level.groups for level in model.levels])
            self._groups = [groups.group(level) for level in range(groups.levels)]
            outermost = self._groups[0]
        counts = [e.structure.parameter_count for level in model.levels for e in level.effects]
        count = sum(counts) + 1 + len(residual)
        self.fixed = np.zeros((p, p))
        self.slopes = np.zeros((count, p, p))
        self.products = np.zeros((count, count, p, p))
        self.traces = np.zeros((count, count))
        self._slot = np.full(n, -1)
        self._place = np.zeros(n, dtype=np.intp)
        for rows in rows_by_size(outermost, np.arange(n, dtype=np.float64)):
            together = max(1, PART_ENTRIES // (count * rows.shape[1] ** 2))
            for start in range(0, len(rows), together):
                self._add(rows[start : start + together], count)

    def _add(self, rows: Positions, count: int) -> None:
        """Add groups with the observations ``rows`` (G, t)."""
        v, derivatives = self._outcome_covariance(rows, count)
        inverse = np.linalg.inv(np.linalg.cholesky(v))
        x = inverse @ self._basis[rows]
        whitened = inverse @ derivatives @ inverse.swapaxes(1, 2)
        moved = whitened @ x
        p = x.shape[2]
        self.fixed += np.tensordot(x, x, axes=((0, 1), (0, 1)))
        self.slopes -= np.tensordot(moved, x, axes=((1, 2), (0, 1)))
        flat = moved.transpose(0, 3, 1, 2).reshape(count * p, -1)
        product = (flat @ flat.T).reshape(count, p, count, p)
        self.products += product.swapaxes(1, 2)
        flat = whitened.reshape(count, -1)
        self.traces += flat @ flat.T

    def _outcome_covariance(self, rows: Positions, count: int) -> tuple[Array, Array]:
        """V (G, t, t) and its derivatives (count, G, t, t)."""
        groups, size = rows.shape
        v = np.zeros((groups, size, size))
        derivatives = np.zeros((count, groups, size, size))
        position = 0
        for level, group, matrices in zip(
            self._model.levels, self._groups, self._covariances, strict=True
        ):
            together = group[rows][:, :, None] == group[rows][:, None, :]
            for equation, matrix in zip(level.effects, matrices, strict=True):
                z = equation.covariates[rows]
                v += together * (z @ np.asarray(matrix) @ z.swapaxes(1, 2))
                for basis in equation.structure.basis:
                    derivatives[position] = together * (z @ basis @ z.swapaxes(1, 2))
                    position += 1
        relative = self._residual_part(rows, derivatives[position + 1 :])
        derivatives[position] = relative
        return v + self._variance * relative, derivatives

    def _residual_part(self, rows: Positions, derivatives: Array) -> Array:
        """Lambda (G, t, t); ``derivatives`` (R, G, t, t) are filled with those of s2 Lambda."""
        errors, family = self._errors, self._errors.family
        result = np.zeros((*rows.shape, rows.shape[1]))
        self._slot[:] = -1
        self._slot[rows] = np.arange(len(rows))[:, None]
        self._place[rows] = np.arange(rows.shape[1])
        n = len(self._slot)
        times = np.zeros(n) if errors.times is None else errors.times
        by = np.zeros(n, dtype=np.intp) if errors.by is None else errors.by
        chosen = np.flatnonzero(self._slot >= 0)
        for found in rows_by_size(self._inner[chosen], times[chosen]):
            inner = chosen[found]
            at_by, at_times = by[inner[:, 0]], times[inner]
            where = (
                self._slot[inner][:, :, None],
                self._place[inner][:, :, None],
                self._place[inner][:, None, :],
            )
            result[where] = family.covariance(self._residual, at_by, at_times)
            if len(derivatives):
                derivatives[:, *where] = self._variance * family.derivatives(
                    self._residual, at_by, at_times
                )
        return result
