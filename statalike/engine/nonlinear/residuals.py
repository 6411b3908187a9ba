"""Residuals of a nonlinear mixed model: a variance function and a correlation structure.

Within a group the residuals have the covariance matrix ``s2 S C S``: s2 a common scale, S diagonal
with the variance function g and C a correlation matrix ([ME] menl, Methods and formulas,
Variance-components parameters).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.residual_structures import (
    CorrelationKind,
    IndependentResiduals,
    ResidualStructure,
)

Array = NDArray[np.float64]
Codes = NDArray[np.integer]
Positions = NDArray[np.intp]

VarianceParameterKind = Literal["delta", "gamma", "ln_cons", "lnsd_ratio"]


@dataclass(frozen=True)
class NonlinearResidualParameter:
    """A parameter of the residuals on the estimation scale.

    ``lnsigma`` is the logarithm of the scale s.  ``delta`` and ``ln_cons`` are the power and the
    logarithm of the constant of a power function, ``gamma`` the coefficient of an exponential one,
    all of them those of ``stratum`` (from 0).  ``lnsd_ratio`` is the logarithm of the standard
    deviation of kind ``i`` (from 1) relative to that of kind 0.  ``corr`` is the correlation of
    residuals one unit of time apart itself.  Of the other kinds see
    :class:`~statalike.engine.residual_structures.CorrelationParameter`; their ``stratum`` is the
    by-level from 0.
    """

    kind: Literal["lnsigma", "corr"] | VarianceParameterKind | CorrelationKind
    stratum: int = 0
    i: int = 0
    j: int = 0


@dataclass(frozen=True)
class Strata:
    """Which stratum (from 0) each observation belongs to, (n,), and how many there are."""

    codes: Codes
    count: int


class VarianceFunction(ABC):
    """g as a function of parameters, of a covariate v and of strata of the observations."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        """Its K parameters, in order."""

    @abstractmethod
    def log_scale(self, parameters: Array, mean: Array) -> Array:
        """``log g`` (m,) at ``parameters`` (K,) and predicted ``mean`` (m,)."""

    @abstractmethod
    def slopes(self, parameters: Array, mean: Array) -> Array:
        """The derivatives of ``log g`` in the parameters, (K, m)."""

    @abstractmethod
    def start(self, mean: Array) -> Array:
        """Parameters (K,) to begin from."""

    @abstractmethod
    def chosen(self, rows: Positions) -> VarianceFunction:
        """The same function of the observations at ``rows``."""

    @property
    def depends_on_mean(self) -> bool:
        """Whether v is the predicted mean."""
        return False


@dataclass(frozen=True)
class ConstantVariance(VarianceFunction):
    """``g = 1``."""

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        return ()

    def log_scale(self, parameters: Array, mean: Array) -> Array:
        return np.zeros(len(mean))

    def slopes(self, parameters: Array, mean: Array) -> Array:
        return np.zeros((0, len(mean)))

    def start(self, mean: Array) -> Array:
        return np.zeros(0)

    def chosen(self, rows: Positions) -> ConstantVariance:
        return self


@dataclass(frozen=True)
class LinearVariance(VarianceFunction):
    """``g = sqrt(v)`` for a positive covariate v (n,)."""

    covariate: Array

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        return ()

    def log_scale(self, parameters: Array, mean: Array) -> Array:
        return np.asarray(0.5 * np.log(self.covariate))

    def slopes(self, parameters: Array, mean: Array) -> Array:
        return np.zeros((0, len(mean)))

    def start(self, mean: Array) -> Array:
        return np.zeros(0)

    def chosen(self, rows: Positions) -> LinearVariance:
        return replace(self, covariate=self.covariate[rows])


@dataclass(frozen=True)
class PowerVariance(VarianceFunction):
    """``g = c + |v|^delta``, or ``|v|^delta`` without ``constant``.

    v is the ``covariate`` (n,), or the predicted mean where that is None.  With ``strata`` each has
    parameters of its own: delta of the first, its ``log c``, delta of the second, and so on.
    """

    covariate: Array | None
    constant: bool = True
    strata: Strata | None = None

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        kinds: tuple[VarianceParameterKind, ...] = ("delta", "ln_cons")
        return tuple(
            NonlinearResidualParameter(kind, stratum)
            for stratum in range(_count(self.strata))
            for kind in kinds[: 1 + self.constant]
        )

    @property
    def depends_on_mean(self) -> bool:
        return self.covariate is None

    def _terms(self, parameters: Array, mean: Array) -> tuple[Array, Array, Array]:
        """``log |v|``, ``|v|^delta`` and c."""
        values = np.abs(mean if self.covariate is None else self.covariate)
        by_stratum = parameters.reshape(_count(self.strata), -1)
        delta = _of_strata(by_stratum[:, 0], self.strata)
        with np.errstate(all="ignore"):
            power = values**delta
            constant = np.exp(by_stratum[:, 1]) if self.constant else np.zeros(len(by_stratum))
            return np.log(values), power, _of_strata(constant, self.strata)

    def log_scale(self, parameters: Array, mean: Array) -> Array:
        logarithm, power, constant = self._terms(parameters, mean)
        with np.errstate(all="ignore"):
            result = np.broadcast_to(np.log(constant + power), mean.shape)
            # At a power of zero, too, a v of zero has no variance of its own.
            return result if self.constant else np.where(np.isfinite(logarithm), result, -np.inf)

    def slopes(self, parameters: Array, mean: Array) -> Array:
        logarithm, power, constant = self._terms(parameters, mean)
        scale = constant + power
        with np.errstate(all="ignore"):
            # |v|^delta log |v| vanishes with v where delta is positive.
            own = np.where(np.isfinite(logarithm), power * logarithm, 0.0) / scale
            rows = [own, np.broadcast_to(constant / scale, own.shape)][: 1 + self.constant]
        return _separate(np.stack(rows), self.strata)

    def start(self, mean: Array) -> Array:
        """With a constant, a square root and a constant of its size: at a power of zero the two
        could not be told from the scale.
        """
        if not self.constant:
            return np.zeros(len(self.parameters))
        values = np.abs(mean if self.covariate is None else self.covariate)
        size = float(np.mean(np.sqrt(values)))
        return np.tile([0.5, np.log(size if size > 0.0 else 1.0)], _count(self.strata))

    def chosen(self, rows: Positions) -> PowerVariance:
        return replace(
            self, covariate=_chosen(self.covariate, rows), strata=_chosen_strata(self.strata, rows)
        )


@dataclass(frozen=True)
class ExponentialVariance(VarianceFunction):
    """``g = exp(gamma v)``, v and strata as for :class:`PowerVariance`."""

    covariate: Array | None
    strata: Strata | None = None

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        return tuple(
            NonlinearResidualParameter("gamma", stratum) for stratum in range(_count(self.strata))
        )

    @property
    def depends_on_mean(self) -> bool:
        return self.covariate is None

    def log_scale(self, parameters: Array, mean: Array) -> Array:
        values = mean if self.covariate is None else self.covariate
        return np.asarray(_of_strata(parameters, self.strata) * values)

    def slopes(self, parameters: Array, mean: Array) -> Array:
        values = mean if self.covariate is None else self.covariate
        return _separate(values[None], self.strata)

    def start(self, mean: Array) -> Array:
        return np.zeros(_count(self.strata))

    def chosen(self, rows: Positions) -> ExponentialVariance:
        return replace(
            self, covariate=_chosen(self.covariate, rows), strata=_chosen_strata(self.strata, rows)
        )


@dataclass(frozen=True)
class DistinctVariances(VarianceFunction):
    """A standard deviation for each kind of residual, relative to that of kind 0.

    It serves variances by index, by levels of a by-variable, or by both.
    """

    kinds: Strata

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        return tuple(
            NonlinearResidualParameter("lnsd_ratio", 0, kind) for kind in range(1, self.kinds.count)
        )

    def log_scale(self, parameters: Array, mean: Array) -> Array:
        return np.asarray(np.concatenate([[0.0], parameters])[self.kinds.codes])

    def slopes(self, parameters: Array, mean: Array) -> Array:
        kinds = np.arange(1, self.kinds.count)
        return np.asarray(self.kinds.codes == kinds[:, None], dtype=np.float64)

    def start(self, mean: Array) -> Array:
        return np.zeros(self.kinds.count - 1)

    def chosen(self, rows: Positions) -> DistinctVariances:
        return DistinctVariances(Strata(self.kinds.codes[rows], self.kinds.count))


def _count(strata: Strata | None) -> int:
    return 1 if strata is None else strata.count


def _of_strata(values: Array, strata: Strata | None) -> Array:
    """The value of each observation's stratum."""
    return values if strata is None else np.asarray(values[strata.codes])


def _separate(rows: Array, strata: Strata | None) -> Array:
    """Rows (k, m) repeated for each stratum, zero outside it."""
    if strata is None:
        return rows
    inside = strata.codes == np.arange(strata.count)[:, None]
    return np.asarray((inside[:, None] * rows).reshape(-1, rows.shape[1]))


def _chosen(values: Array | None, rows: Positions) -> Array | None:
    return None if values is None else values[rows]


def _chosen_strata(strata: Strata | None, rows: Positions) -> Strata | None:
    return None if strata is None else Strata(strata.codes[rows], strata.count)


@dataclass(frozen=True)
class ResidualCorrelation:
    """Correlations of the residuals within the groups ``groups`` (n,), which are nested in those of
    every level.

    ``times`` (n,) where the structure needs them (positions from 0 for banded and unstructured
    ones); ``by`` for parameters that differ between by-levels, constant within groups.
    """

    structure: ResidualStructure
    groups: Codes
    times: Array | None = None
    by: Strata | None = None

    @property
    def by_count(self) -> int:
        return _count(self.by)

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        """The structure's correlation parameters for each by-level."""
        return tuple(
            NonlinearResidualParameter(c.kind, by, c.i, c.j)
            for by in range(self.by_count)
            for c in self.structure.parameters
        )

    def chosen(self, rows: Positions) -> ResidualCorrelation:
        """That of the observations at ``rows``."""
        return replace(
            self,
            groups=self.groups[rows],
            times=_chosen(self.times, rows),
            by=_chosen_strata(self.by, rows),
        )


@dataclass(frozen=True)
class ResidualModel:
    """The residuals: independent with one variance unless said otherwise.

    Variances that differ between times or by-levels are :class:`DistinctVariances`, of whatever
    structure the correlations are: here correlation structures have no variances of their own.
    """

    variance: VarianceFunction = field(default_factory=ConstantVariance)
    correlation: ResidualCorrelation | None = None

    @property
    def independent(self) -> bool:
        """Whether there are no correlations."""
        return self.correlation is None or isinstance(
            self.correlation.structure, IndependentResiduals
        )

    @property
    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        """Those of the variance function, then those of the correlations."""
        correlation = () if self.correlation is None else self.correlation.parameters
        return (*self.variance.parameters, *correlation)

    def chosen(self, rows: Positions | None) -> ResidualModel:
        """That of the observations at ``rows``, of all where that is None."""
        if rows is None:
            return self
        correlation = None if self.correlation is None else self.correlation.chosen(rows)
        return ResidualModel(self.variance.chosen(rows), correlation)

    @property
    def reported_parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        """The parameters as they are reported: a correlation itself for its logit."""
        return tuple(
            replace(parameter, kind="corr") if parameter.kind == "logitcorr" else parameter
            for parameter in self.parameters
        )

    def to_reported(self, parameters: Array) -> tuple[Array, Array]:
        """Reported values and their derivatives, each in its own parameter."""
        values, slopes = parameters.copy(), np.ones(len(parameters))
        logits = self._logits
        values[logits] = 1.0 / (1.0 + np.exp(-parameters[logits]))
        slopes[logits] = values[logits] * (1.0 - values[logits])
        return values, slopes

    def from_reported(self, values: Array) -> Array:
        """Parameters of reported values; nan for a correlation outside its range."""
        parameters, logits = values.copy(), self._logits
        with np.errstate(all="ignore"):
            parameters[logits] = np.log(values[logits]) - np.log1p(-values[logits])
        return parameters

    @property
    def _logits(self) -> NDArray[np.bool_]:
        return np.array([parameter.kind == "logitcorr" for parameter in self.parameters], bool)

    def start(self, mean: Array) -> Array:
        """Parameters to begin from, given the predicted mean."""
        parts = [self.variance.start(mean)]
        if self.correlation is not None:
            structure = self.correlation.structure
            parts += [structure.from_search(structure.start())[0]] * self.correlation.by_count
        return np.concatenate(parts)

    def from_search(self, search: Array) -> tuple[Array, Array]:
        """Parameters and their derivatives in unconstrained search parameters."""
        result, slopes = search.copy(), np.eye(len(search))
        for own in self._correlation_slices():
            assert self.correlation is not None
            result[own], slopes[own, own] = self.correlation.structure.from_search(search[own])
        return result, slopes

    def to_search(self, parameters: Array) -> Array:
        """Search parameters of parameters."""
        result = parameters.copy()
        for own in self._correlation_slices():
            assert self.correlation is not None
            result[own] = self.correlation.structure.to_search(parameters[own])
        return result

    def correlations_of(self, by: int) -> slice:
        """Where the correlation parameters of a by-level are."""
        assert self.correlation is not None
        size = self.correlation.structure.parameter_count
        start = len(self.variance.parameters) + by * size
        return slice(start, start + size)

    def _correlation_slices(self) -> list[slice]:
        if self.correlation is None:
            return []
        return [self.correlations_of(by) for by in range(self.correlation.by_count)]
