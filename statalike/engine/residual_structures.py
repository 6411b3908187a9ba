"""Correlation structures of residuals within a group, as functions of their times.

The covariance matrix of a group's residuals, relative to the variance of the first kind of
residual, is ``Lambda = D R D``: D holds relative standard deviations and R correlations.  A
structure gives R and its derivatives in correlation parameters c for a stack of patterns of times,
on the scale on which the parameters are estimated and their intervals are built, and an
unconstrained scale psi to search on ([ME] mixed, Residual-error structures).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import toeplitz

from statalike.engine.autoregression import (
    autocorrelations,
    moving_average_autocorrelations,
    partial_autocorrelations,
    stationary_coefficients,
)

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

CorrelationKind = Literal["atanhcorr", "logitcorr", "ar", "ma"]


@dataclass(frozen=True)
class CorrelationParameter:
    """``kind``: the inverse hyperbolic tangent of a correlation, the logit of one, or a
    coefficient of an autoregressive or moving-average process as it is.

    ``i`` is the lag or the order of a coefficient, 1 for the only correlation of a structure;
    correlations of an unstructured matrix are between the ``i``-th and ``j``-th times, from 1.
    """

    kind: CorrelationKind
    i: int = 1
    j: int = 0


@dataclass(frozen=True)
class ResidualStructure(ABC):
    """A family of correlation matrices; the fields of a member are its order and its times.

    ``stationary`` families depend on differences of times alone; ``by_observation`` ones have no
    correlations at all.  Those of a ``markov`` process have one parameter and a correlation that
    decays with the distance, see :meth:`decay`.
    """

    name: ClassVar[str]
    stationary: ClassVar[bool] = True
    by_observation: ClassVar[bool] = False

    @property
    @abstractmethod
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        """The correlation parameters c, in order."""

    @abstractmethod
    def correlation(self, parameters: Array, times: Array) -> Array:
        """R (U, t, t) at U patterns of times (U, t); nan where c is outside its range."""

    @abstractmethod
    def derivatives(self, parameters: Array, times: Array) -> Array:
        """dR / dc, (K, U, t, t)."""

    def contracted(self, parameters: Array, times: Array, weights: Array) -> Array:
        """``sum_u tr(N_u dR_u / dc)`` (K,) for N (U, t, t)."""
        slopes = self.derivatives(parameters, times)
        return np.asarray(slopes.reshape(len(slopes), -1) @ weights.ravel())

    @abstractmethod
    def start(self) -> Array:
        """psi (K,) of residuals that are nearly independent."""

    @property
    def parameter_count(self) -> int:
        return len(self.parameters)

    @property
    def deviation_count(self) -> int:
        """How many standard deviations there are: one, or one for each time."""
        return 1

    @property
    def markov(self) -> bool:
        return False

    def decay(self, parameters: Array, distances: Array) -> tuple[Array, Array]:
        """phi at ``distances`` (K,) and its derivative in the parameter, both (K,).

        ``phi(d + d') = phi(d) phi(d')``; at an infinite distance both are zero.
        """
        raise NotImplementedError(f"{self.name} residuals are no Markov process")

    def deviation_positions(self, times: Array) -> Positions:
        """Which of the standard deviations belongs to each of ``times``."""
        return np.zeros(times.shape, dtype=np.intp)

    def from_search(self, psi: Array) -> tuple[Array, Array]:
        """c and dc/dpsi (K, K)."""
        return psi, np.eye(len(psi))

    def to_search(self, parameters: Array) -> Array:
        return parameters

    def search_from_moments(self, moments: Array) -> Array:
        """psi near a matrix of correlations: (p, p) between times, or (1, L) at lags 1 to L."""
        return self.start()


def lags_of(times: Array) -> Array:
    """``|t_i - t_j|`` for patterns (U, t), shape (U, t, t)."""
    return np.asarray(np.abs(times[:, :, None] - times[:, None, :]))


def integer_lags(times: Array) -> Positions:
    return lags_of(times).astype(np.intp)


@dataclass(frozen=True)
class IndependentResiduals(ResidualStructure):
    """No correlations; of interest with standard deviations that differ."""

    name = "independent"
    by_observation = True

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        return ()

    def correlation(self, parameters: Array, times: Array) -> Array:
        return np.broadcast_to(np.eye(times.shape[1]), (*times.shape, times.shape[1])).copy()

    def derivatives(self, parameters: Array, times: Array) -> Array:
        return np.zeros((0, *times.shape, times.shape[1]))

    def start(self) -> Array:
        return np.zeros(0)


@dataclass(frozen=True)
class ExchangeableResiduals(ResidualStructure):
    """One correlation between any two residuals of a group."""

    name = "exchangeable"

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        return (CorrelationParameter("atanhcorr"),)

    def correlation(self, parameters: Array, times: Array) -> Array:
        size = times.shape[1]
        matrix = np.full((size, size), np.tanh(parameters[0]))
        np.fill_diagonal(matrix, 1.0)
        return np.broadcast_to(matrix, (len(times), size, size)).copy()

    def derivatives(self, parameters: Array, times: Array) -> Array:
        size = times.shape[1]
        slope = (1.0 - np.eye(size)) / np.cosh(parameters[0]) ** 2
        return np.broadcast_to(slope, (1, len(times), size, size))

    def start(self) -> Array:
        return np.array([0.05])


@dataclass(frozen=True)
class ExponentialResiduals(ResidualStructure):
    """``rho^|t - s|`` with rho between 0 and 1, for real times."""

    unit: float = 1.0
    name = "exponential"

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        return (CorrelationParameter("logitcorr"),)

    def correlation(self, parameters: Array, times: Array) -> Array:
        return np.asarray(np.exp(-np.logaddexp(0.0, -parameters[0]) * lags_of(times)))

    def derivatives(self, parameters: Array, times: Array) -> Array:
        left_over = 1.0 / (1.0 + np.exp(parameters[0]))
        lags = lags_of(times)
        return np.asarray(lags * left_over * self.correlation(parameters, times))[None]

    @property
    def markov(self) -> bool:
        return True

    def decay(self, parameters: Array, distances: Array) -> tuple[Array, Array]:
        finite = np.where(np.isfinite(distances), distances, 0.0)
        phi = np.exp(-np.logaddexp(0.0, -parameters[0]) * distances)
        return phi, finite * phi / (1.0 + np.exp(parameters[0]))

    def start(self) -> Array:
        """A correlation of 0.3 at the typical distance ``unit`` of neighbours."""
        rho = min(0.3 ** (1.0 / self.unit), 1.0 - 1e-9)
        return np.array([np.log(rho) - np.log1p(-rho)])


@dataclass(frozen=True)
class AutoregressiveResiduals(ResidualStructure):
    """A stationary autoregressive process at integer times, gaps allowed.

    The parameter of order 1 is the inverse hyperbolic tangent of the correlation of neighbours;
    of higher orders, the coefficients, searched for by their partial autocorrelations.
    """

    order: int = 1
    name = "ar"

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        if self.order == 1:
            return (CorrelationParameter("atanhcorr"),)
        return tuple(CorrelationParameter("ar", i) for i in range(1, self.order + 1))

    def correlation(self, parameters: Array, times: Array) -> Array:
        lags = integer_lags(times)
        if self.order == 1:
            powers = np.tanh(parameters[0]) ** np.arange(int(lags.max()) + 1)
            return np.asarray(powers[lags])
        if not np.all(np.abs(partial_autocorrelations(parameters)) < 1.0):
            return np.full(lags.shape, np.nan)
        return np.asarray(autocorrelations(parameters, int(lags.max()))[0][lags])

    def derivatives(self, parameters: Array, times: Array) -> Array:
        lags = integer_lags(times)
        if self.order == 1:
            rho, k = np.tanh(parameters[0]), np.arange(int(lags.max()) + 1)
            slopes = k * rho ** np.maximum(k - 1, 0) / np.cosh(parameters[0]) ** 2
            return np.asarray(slopes[lags])[None]
        return np.asarray(autocorrelations(parameters, int(lags.max()))[1][:, lags])

    @property
    def markov(self) -> bool:
        return self.order == 1

    def decay(self, parameters: Array, distances: Array) -> tuple[Array, Array]:
        rho = np.tanh(parameters[0])
        finite = np.where(np.isfinite(distances), distances, 1.0)
        linked = np.isfinite(distances)
        slope = finite * rho ** (finite - 1.0) / np.cosh(parameters[0]) ** 2
        return np.asarray(rho**finite * linked), np.asarray(slope * linked)

    def start(self) -> Array:
        start = np.zeros(self.order)
        start[0] = 0.05
        return start

    def from_search(self, psi: Array) -> tuple[Array, Array]:
        if self.order == 1:
            return super().from_search(psi)
        coefficients, slopes = stationary_coefficients(np.tanh(psi))
        return coefficients, slopes / np.cosh(psi) ** 2

    def to_search(self, parameters: Array) -> Array:
        if self.order == 1:
            return parameters
        return np.asarray(np.arctanh(partial_autocorrelations(parameters)))


@dataclass(frozen=True)
class MovingAverageResiduals(ResidualStructure):
    """An invertible moving-average process at integer times, gaps allowed.

    The coefficients, with their signs changed, are searched for as if they were those of a
    stationary autoregression: at other coefficients with the same correlations the likelihood
    would have stationary points of its own.
    """

    order: int = 1
    name = "ma"

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        return tuple(CorrelationParameter("ma", i) for i in range(1, self.order + 1))

    def correlation(self, parameters: Array, times: Array) -> Array:
        lags = integer_lags(times)
        found = moving_average_autocorrelations(parameters, int(lags.max()))[0]
        return np.asarray(found[lags])

    def derivatives(self, parameters: Array, times: Array) -> Array:
        lags = integer_lags(times)
        found = moving_average_autocorrelations(parameters, int(lags.max()))[1]
        return np.asarray(found[:, lags])

    def start(self) -> Array:
        start = np.zeros(self.order)
        start[0] = -0.05
        return start

    def from_search(self, psi: Array) -> tuple[Array, Array]:
        coefficients, slopes = stationary_coefficients(np.tanh(psi))
        return -coefficients, -slopes / np.cosh(psi) ** 2

    def to_search(self, parameters: Array) -> Array:
        return np.asarray(np.arctanh(partial_autocorrelations(-parameters)))

    def search_from_moments(self, moments: Array) -> Array:
        """The last row of the Cholesky factor of a long process's covariance matrix tends to the
        invertible coefficients (Bauer 1955, Arch. Elektr. Uebertragung 9: 285-290).
        """
        length = 40 * self.order
        for share in (1.0, 0.95, 0.9, 0.75, 0.5, 0.25):
            row = np.zeros(length)
            row[: self.order + 1] = [1.0, *(share * moments[0])]
            try:
                factor = np.linalg.cholesky(toeplitz(row))
            except np.linalg.LinAlgError:
                continue
            last = factor[-1, -1 - self.order :][::-1]
            partial = partial_autocorrelations(-last[1:] / last[0])
            return np.asarray(np.arctanh(np.clip(partial, -0.95, 0.95)))
        return self.start()


@dataclass(frozen=True)
class ToeplitzResiduals(ResidualStructure):
    """A correlation for each of ``lags`` (ascending); none at other lags."""

    lags: tuple[int, ...] = ()
    name = "toeplitz"

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        return tuple(CorrelationParameter("atanhcorr", lag) for lag in self.lags)

    def _by_lag(self, values: Array, times: Array, at_zero: float) -> Array:
        lags = integer_lags(times)
        table = np.zeros(max(int(lags.max()), max(self.lags, default=0)) + 1)
        table[list(self.lags)] = values
        table[0] = at_zero
        return np.asarray(table[lags])

    def correlation(self, parameters: Array, times: Array) -> Array:
        return self._by_lag(np.tanh(parameters), times, 1.0)

    def derivatives(self, parameters: Array, times: Array) -> Array:
        slopes = np.diag(1.0 / np.cosh(parameters) ** 2)
        return np.stack([self._by_lag(row, times, 0.0) for row in slopes])

    def start(self) -> Array:
        return np.zeros(len(self.lags))

    def search_from_moments(self, moments: Array) -> Array:
        found = np.clip(moments[0, np.array(self.lags) - 1], -0.98, 0.98)
        return np.asarray(np.arctanh(found))


@dataclass(frozen=True)
class BandedResiduals(ResidualStructure):
    """A standard deviation for each of ``size`` times and a correlation for each pair of them at
    most ``order`` positions apart.  Times are positions 0 to ``size - 1``.

    The search is over the rows below the diagonal of the Cholesky factor of R, relative to its
    diagonal: a banded matrix has a banded factor.
    """

    size: int = 1
    order: int = 0
    name = "banded"
    stationary = False

    @cached_property
    def _pairs(self) -> tuple[Positions, Positions]:
        rows, columns = np.triu_indices(self.size, 1)
        within = columns - rows <= self.order
        return rows[within], columns[within]

    @property
    def parameters(self) -> tuple[CorrelationParameter, ...]:
        rows, columns = self._pairs
        return tuple(
            CorrelationParameter("atanhcorr", int(i) + 1, int(j) + 1)
            for i, j in zip(rows, columns, strict=True)
        )

    @property
    def parameter_count(self) -> int:
        return len(self._pairs[0])

    @property
    def deviation_count(self) -> int:
        return self.size

    def deviation_positions(self, times: Array) -> Positions:
        return np.asarray(times, dtype=np.intp)

    def _whole(self, values: Array) -> Array:
        rows, columns = self._pairs
        matrix = np.zeros((self.size, self.size))
        matrix[rows, columns] = matrix[columns, rows] = values
        return matrix

    def correlation(self, parameters: Array, times: Array) -> Array:
        whole = self._whole(np.tanh(parameters)) + np.eye(self.size)
        at = self.deviation_positions(times)
        return np.asarray(whole[at[:, :, None], at[:, None, :]])

    def derivatives(self, parameters: Array, times: Array) -> Array:
        rows, columns = self._pairs
        at = self.deviation_positions(times)
        left, right = at[:, :, None], at[:, None, :]
        i, j = rows[:, None, None, None], columns[:, None, None, None]
        hit = ((left == i) & (right == j)) | ((left == j) & (right == i))
        return np.asarray(hit / np.cosh(parameters)[:, None, None, None] ** 2)

    def contracted(self, parameters: Array, times: Array, weights: Array) -> Array:
        rows, columns = self._pairs
        at = self.deviation_positions(times)
        cell = at[:, :, None] * self.size + at[:, None, :]
        total = np.bincount(cell.ravel(), weights.ravel(), minlength=self.size**2)
        whole = total.reshape(self.size, self.size)
        return np.asarray((whole + whole.T)[rows, columns] / np.cosh(parameters) ** 2)

    def start(self) -> Array:
        return np.zeros(self.parameter_count)

    def from_search(self, psi: Array) -> tuple[Array, Array]:
        rows, columns = self._pairs
        factor = np.eye(self.size)
        factor[columns, rows] = psi
        length = np.sqrt(np.sum(factor**2, axis=1))
        unit = factor / length[:, None]
        inner = unit @ unit.T
        correlation = np.clip(inner[rows, columns], -1.0 + 1e-15, 1.0 - 1e-15)
        # An entry in column j of row i of the factor, whose length stays 1, turns that row.
        turned = (unit[:, rows] - unit[columns, rows] * inner[:, columns]) / length[columns]
        slopes = (rows[:, None] == columns) * turned[columns]
        slopes += (columns[:, None] == columns) * turned[rows]
        return np.arctanh(correlation), slopes / (1.0 - correlation**2)[:, None]

    def to_search(self, parameters: Array) -> Array:
        rows, columns = self._pairs
        factor = np.linalg.cholesky(self._whole(np.tanh(parameters)) + np.eye(self.size))
        return np.asarray((factor / np.diagonal(factor)[:, None])[columns, rows])

    def search_from_moments(self, moments: Array) -> Array:
        rows, columns = self._pairs
        found = np.clip(moments[rows, columns], -0.99, 0.99)
        for share in (1.0, 0.95, 0.9, 0.75, 0.5, 0.25):
            try:
                return self.to_search(np.arctanh(share * found))
            except np.linalg.LinAlgError:
                continue
        return self.start()


@dataclass(frozen=True)
class UnstructuredResiduals(BandedResiduals):
    """Every standard deviation and every correlation distinct."""

    name = "unstructured"
