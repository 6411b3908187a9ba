"""The residual parameters as the random-effects table reports them.

Each reported parameter is a function f of a linear combination x of the parameters in e(b) (or, for
covariances, of the parameters themselves); its interval is that of x, transformed, so that
variances stay positive and correlations between their bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from statalike.commands.estimation.residual_structure import ResidualDescription
from statalike.data.missing import MISSING
from statalike.output.random_effects_table import RandomEffectsBlock, RandomEffectsRow

Transformation = Literal["variance", "sd", "tanh", "logistic", "identity"]


@dataclass(frozen=True)
class ReportedResidual:
    """``f(x)`` with ``x`` and its derivatives ``weights`` (k_res,) in the residual parameters."""

    name: str
    transformation: Transformation
    x: float
    weights: np.ndarray

    def value(self, x: float) -> float:
        with np.errstate(over="ignore"):
            match self.transformation:
                case "variance":
                    return float(np.exp(2.0 * x))
                case "sd":
                    return float(np.exp(x))
                case "tanh":
                    return float(np.tanh(x))
                case "logistic":
                    return float(1.0 / (1.0 + np.exp(-x)))
        return x

    @property
    def estimate(self) -> float:
        return self.value(self.x)

    @property
    def gradient(self) -> np.ndarray:
        f = self.estimate
        slopes = {"variance": 2.0 * f, "sd": f, "tanh": 1.0 - f * f, "logistic": f * (1.0 - f)}
        return self.weights * slopes.get(self.transformation, 1.0)

    def row(self, variance: np.ndarray, critical: float) -> RandomEffectsRow:
        spread = float(self.weights @ variance @ self.weights)
        if not 0.0 < spread < MISSING:
            return RandomEffectsRow(self.name, self.estimate)
        error = float(np.sqrt(self.gradient @ variance @ self.gradient))
        ends = [self.value(self.x + side * critical * np.sqrt(spread)) for side in (-1, 1)]
        lower, upper = (end if np.isfinite(end) and end < MISSING else MISSING for end in ends)
        return RandomEffectsRow(self.name, self.estimate, error, lower, upper)


def reported_residuals(
    residuals: ResidualDescription | None, values: np.ndarray, *, standard_deviations: bool
) -> list[ReportedResidual]:
    """All residual parameters, in the order of the table; ``values`` (k_res,) from e(b) on."""
    spread: Transformation = "sd" if standard_deviations else "variance"
    kind = "sd" if standard_deviations else "var"
    if residuals is None:
        return [ReportedResidual(f"{kind}(Residual)", spread, float(values[0]), np.ones(1))]
    family = residuals.family()
    times = family.structure.deviation_count
    names = [f"e{value:g}" for value in residuals.times] if times > 1 else ["e"]
    result: list[ReportedResidual] = []
    for by in range(family.by_count):
        start = f"{residuals.labels[by]}: " if residuals.labels else ""
        deviations: list[ReportedResidual] = []
        for i in range(times):
            weights = np.zeros(len(values))
            weights[0] = 1.0
            if by or i:
                weights[by * times + i] = 1.0
            deviations.append(
                ReportedResidual(
                    f"{start}{kind}({names[i]})", spread, float(weights @ values), weights
                )
            )
        correlations: list[ReportedResidual] = []
        for k, parameter in enumerate(family.parameters, 1):
            if parameter.by != by or parameter.kind == "lnsd_ratio":
                continue
            own = np.zeros(len(values))
            own[k] = 1.0
            x = float(values[k])
            match parameter.kind:
                case "ar":
                    found = ReportedResidual(f"phi{parameter.i}", "identity", x, own)
                case "ma":
                    found = ReportedResidual(f"theta{parameter.i}", "identity", x, own)
                case "logitcorr":
                    found = ReportedResidual("rho", "logistic", x, own)
                case _ if residuals.structure == "toeplitz":
                    found = ReportedResidual(f"rho{parameter.i}", "tanh", x, own)
                case _ if residuals.structure == "ar":
                    found = ReportedResidual("rho", "tanh", x, own)
                case _:
                    i, j = (parameter.i - 1, parameter.j - 1) if times > 1 else (0, 0)
                    pair = f"{names[i]},{names[j]}" if times > 1 else "e"
                    if standard_deviations:
                        found = ReportedResidual(f"corr({pair})", "tanh", x, own)
                    else:
                        both = deviations[i].weights + deviations[j].weights
                        scale = float(np.exp(both @ values))
                        slope = both * np.tanh(x) * scale + own * scale / np.cosh(x) ** 2
                        found = ReportedResidual(
                            f"cov({pair})", "identity", float(np.tanh(x) * scale), slope
                        )
            correlations.append(
                ReportedResidual(start + found.name, found.transformation, found.x, found.weights)
            )
        first = residuals.structure in ("exchangeable", "banded", "unstructured")
        result += [*deviations, *correlations] if first else [*correlations, *deviations]
    return result


def residual_block(
    residuals: ResidualDescription | None,
    values: np.ndarray,
    variance: np.ndarray,
    critical: float,
    *,
    standard_deviations: bool,
) -> RandomEffectsBlock:
    """The last block of the table."""
    rows = tuple(
        found.row(variance, critical)
        for found in reported_residuals(residuals, values, standard_deviations=standard_deviations)
    )
    if residuals is None:
        return RandomEffectsBlock("", rows)
    heading = f"Residual: {residuals.title}"
    if residuals.by:
        return RandomEffectsBlock(f"{heading},", rows, f"by {residuals.by}")
    return RandomEffectsBlock(heading, rows)
