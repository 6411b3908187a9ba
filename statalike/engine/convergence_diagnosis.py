"""Whether a maximum found by an optimiser can be trusted, and which parameters make it doubtful.

From the gradient g and the Hessian H of the log likelihood at the estimates.  At a maximum inside
the parameter space g is zero and -H, the information, positive definite; how nearly singular it
is, scaled to a unit diagonal so that units do not matter, tells how well the parameters can be
told apart (Belsley, Kuh and Welsch 1980, Regression Diagnostics, section 3.2).  ``g (-H)^-1 g'``,
the scaled gradient, is twice what another Newton step is expected to gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Stata's bound of the scaled gradient, nrtolerance()
LARGEST_SCALED_GRADIENT = 1e-5
LARGEST_RELATIVE_GRADIENT = 1e-3
#: of the scaled information; beyond it standard errors have lost half their digits
LARGEST_CONDITION = 1e8
#: share of a direction that makes a parameter responsible for it
RESPONSIBLE = 0.3


@dataclass(frozen=True)
class ConvergenceDiagnosis:
    """What the derivatives at the estimates tell about q parameters.

    ``relative_gradient`` (q,) is ``|g| max(|b|, 1) / max(|log L|, 1)``, the relative change of the
    log likelihood per relative change of a parameter.  ``scaled_gradient`` and ``condition``, the
    ratio of the largest eigenvalue of the scaled information to the smallest, leave out
    parameters at the boundary; they are nan and inf where the information is not positive
    definite.  ``flat`` (q,) marks the parameters responsible for a large condition number, those
    that make up the direction of least curvature.
    """

    relative_gradient: Array
    scaled_gradient: float
    condition: float
    at_boundary: Mask
    flat: Mask

    @property
    def steep(self) -> Mask:
        """Where the gradient is too large for a maximum; at the boundary it may be anything."""
        return (self.relative_gradient > LARGEST_RELATIVE_GRADIENT) & ~self.at_boundary

    @property
    def trustworthy(self) -> bool:
        """Whether the estimates are a maximum at which standard errors mean something."""
        small = self.scaled_gradient <= LARGEST_SCALED_GRADIENT
        conditioned = self.condition <= LARGEST_CONDITION
        return bool(small and conditioned and not self.steep.any())


def diagnose(
    estimates: Array,
    value: float,
    gradient: Array,
    hessian: Array,
    at_boundary: Mask,
    undetermined: Mask | None = None,
) -> ConvergenceDiagnosis:
    """Judge a maximum: ``estimates`` (q,), log likelihood ``value``, ``gradient`` (q,),
    ``hessian`` (q, q), which parameters are ``at_boundary`` (q,), and which are known to be
    ``undetermined`` (q,).
    """
    relative = np.abs(gradient) * np.maximum(np.abs(estimates), 1.0) / max(abs(value), 1.0)
    flat = np.zeros(len(estimates), dtype=bool)
    inside = np.flatnonzero(~at_boundary)
    if not len(inside):
        return ConvergenceDiagnosis(relative, 0.0, 1.0, at_boundary, flat)
    information = -hessian[np.ix_(inside, inside)]
    diagonal = np.diagonal(information)
    without = ~(diagonal > 0.0)
    if undetermined is not None:
        without |= undetermined[inside]
    if without.any() or not np.all(np.isfinite(information)):
        flat[inside[without]] = True
        return ConvergenceDiagnosis(relative, float("nan"), float("inf"), at_boundary, flat)
    size = np.sqrt(diagonal)
    eigenvalues, vectors = np.linalg.eigh(information / np.outer(size, size))
    least = float(eigenvalues[0])
    condition = float(eigenvalues[-1]) / least if least > 0.0 else float("inf")
    if condition > LARGEST_CONDITION:
        weight = np.abs(vectors[:, 0])
        flat[inside[weight > RESPONSIBLE * np.max(weight)]] = True
    turned = vectors.T @ (gradient[inside] / size)
    scaled = float(np.sum(turned**2 / eigenvalues)) if least > 0.0 else float("nan")
    return ConvergenceDiagnosis(relative, scaled, condition, at_boundary, flat)
