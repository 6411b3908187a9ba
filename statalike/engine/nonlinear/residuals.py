"""Residuals of a nonlinear mixed model: a variance function and a correlation structure.

Within a group the residuals have the covariance matrix ``s2 S C S``: s2 a common scale, S diagonal
with the variance function g and C a correlation matrix ([ME] menl, Methods and formulas,
Variance-components parameters).
"""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class ConstantVariance:
    """``g = 1``."""


@dataclass(frozen=True)
class LinearVariance:
    """``g = sqrt(v)`` for a positive covariate v (n,)."""

    covariate: Array


@dataclass(frozen=True)
class PowerVariance:
    """``g = c + |v|^delta``, or ``|v|^delta`` without ``constant``.

    v is the ``covariate`` (n,), or the predicted mean where that is None.
    """

    covariate: Array | None
    constant: bool = True
    strata: Strata | None = None


@dataclass(frozen=True)
class ExponentialVariance:
    """``g = exp(gamma v)``, v as for :class:`PowerVariance`."""

    covariate: Array | None
    strata: Strata | None = None


@dataclass(frozen=True)
class DistinctVariances:
    """A standard deviation for each kind of residual, relative to that of kind 0.

    It serves variances by index, by levels of a by-variable, or by both.
    """

    kinds: Strata


VarianceFunction = (
    ConstantVariance | LinearVariance | PowerVariance | ExponentialVariance | DistinctVariances
)


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
