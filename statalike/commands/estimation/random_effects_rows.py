"""Variances, covariances, standard deviations and correlations from the parameters in e(b).

Standard errors are by the delta method from the log standard deviations and atanh correlations in
e(b).  Intervals of variances and standard deviations are those of the log standard deviation,
intervals of correlations those of the atanh, transformed; intervals of covariances are symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    RandomEffectsEquation,
    random_parameters,
)
from statalike.commands.estimation.random_categories import RandomCategories
from statalike.commands.estimation.residual_rows import reported_residuals, residual_block
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.output.random_effects_table import RandomEffectsBlock, RandomEffectsRow
from statalike.results.matrix import Stripe
from statalike.results.stores import Results


def random_effects_blocks(
    results: Results,
    description: LinearMixedDescription,
    level: float,
    *,
    standard_deviations: bool,
) -> tuple[RandomEffectsBlock, ...]:
    """The blocks of the random-effects table: one for each equation, then the residual."""
    values = random_parameters(results)
    first = int(results.scalars["k_f"])
    variance = results.matrices["V"].values[first:, first:]
    critical = two_sided_critical_value(level)
    blocks: list[RandomEffectsBlock] = []
    position = 0
    for equation in description.equations:
        if equation.empty:
            blocks.append(RandomEffectsBlock(f"{equation.level}:"))
            continue
        count = equation.covariance().parameter_count
        own = slice(position, position + count)
        rows = _equation_rows(
            equation, values[own], variance[own, own], critical, standard_deviations
        )
        heading = f"{equation.level}: {equation.structure_title}"
        blocks.append(RandomEffectsBlock(heading, tuple(rows)))
        position += count
    residual = residual_block(
        description.residuals,
        values[position:],
        variance[position:, position:],
        critical,
        standard_deviations=standard_deviations,
    )
    return (*blocks, residual)


def reported_parameters(
    results: Results, description: LinearMixedDescription, *, standard_deviations: bool
) -> tuple[tuple[Stripe, ...], np.ndarray, np.ndarray]:
    """Names, values (m,) and covariance (m, m) of the parameters as the table reports them.

    The equation of a name is the level, for example ``id:sd(_cons)`` and ``Residual:sd(e)``.
    """
    values = random_parameters(results)
    first = int(results.scalars["k_f"])
    variance = results.matrices["V"].values[first:, first:]
    jacobian = np.zeros((len(values), len(values)))
    reported = np.zeros(len(values))
    names: list[Stripe] = []
    position = 0
    for equation in description.equations:
        if equation.empty:
            continue
        rows = parameter_rows(equation, standard_deviations=standard_deviations)
        names += [Stripe(equation.level, name) for name in rows]
        own = slice(position, position + len(rows))
        if standard_deviations:
            kinds = [parameter.kind for parameter in equation.covariance().parameters]
            spread = np.array([kind == "lnsd" for kind in kinds])
            with np.errstate(over="ignore"):
                estimates = np.where(spread, np.exp(values[own]), np.tanh(values[own]))
            slopes = np.where(spread, estimates, 1 - estimates**2)
            reported[own], jacobian[own, own] = estimates, np.diag(slopes)
        else:
            mapped = equation.covariance().from_estimation(values[own])
            reported[own], jacobian[own, own] = mapped.values, mapped.jacobian
        position = own.stop
    for k, found in enumerate(
        reported_residuals(
            description.residuals, values[position:], standard_deviations=standard_deviations
        ),
        position,
    ):
        reported[k], jacobian[k, position:] = found.estimate, found.gradient
        names.append(Stripe("Residual", found.name.replace("(Residual)", "(e)")))
    return tuple(names), reported, delta_method(jacobian, variance)


def delta_method(jacobian: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """``J V J'``, with zeros for what depends on parameters of unknown variance, zero in e(V)."""
    unknown = np.diag(variance) == 0
    known = ~(jacobian[:, unknown] != 0).any(axis=1)
    covariance = jacobian @ variance @ jacobian.T
    return np.asarray(covariance * np.outer(known, known))


def effect_name(column: Column) -> str:
    """A covariate as the random-effects table names it: marks of factors and ``c.`` left out."""
    pieces = []
    for piece in column.name.split("#"):
        prefix, point, variable = piece.rpartition(".")
        prefix = prefix.rstrip("bno") if prefix[:1].isdigit() else prefix.removeprefix("c")
        pieces.append(f"{prefix}.{variable}" if point and prefix else variable)
    return "#".join(pieces)


def effect_names(equation: RandomEffectsEquation) -> list[str]:
    """The random effects of an equation as the table names them: ``R.x`` for all categories."""
    if isinstance(equation, RandomCategories):
        return list(equation.names)
    return [effect_name(column) for column in equation.columns]


def parameter_rows(equation: RandomEffectsEquation, *, standard_deviations: bool) -> list[str]:
    """The names of an equation's parameters as the table shows them."""
    names = effect_names(equation)
    spread = "sd" if standard_deviations else "var"
    joint = "corr" if standard_deviations else "cov"
    structure = equation.effective_structure
    if structure == "identity":
        return [f"{spread}({' '.join(names)})"]
    if structure == "exchangeable":
        return [f"{spread}({' '.join(names)})", f"{joint}({' '.join(names)})"]
    rows = [f"{spread}({name})" for name in names]
    if structure == "unstructured":
        rows += [
            f"{joint}({names[i]},{names[j]})"
            for i in range(len(names))
            for j in range(i + 1, len(names))
        ]
    return rows


def _equation_rows(
    equation: RandomEffectsEquation,
    values: np.ndarray,
    variance: np.ndarray,
    critical: float,
    standard_deviations: bool,
) -> list[RandomEffectsRow]:
    names = parameter_rows(equation, standard_deviations=standard_deviations)
    parameters = equation.covariance().parameters
    rows: list[RandomEffectsRow] = []
    if not standard_deviations:
        structure = equation.covariance()
        mapped = structure.from_estimation(values)
        delta = delta_method(mapped.jacobian, variance)
    for k, (name, parameter) in enumerate(zip(names, parameters, strict=True)):
        if parameter.kind == "lnsd":
            rows.append(_spread_row(name, values[k], variance[k, k], critical, standard_deviations))
        elif standard_deviations:
            rows.append(_correlation_row(name, values[k], variance[k, k], critical))
        else:
            rows.append(_covariance_row(name, mapped.values[k], delta[k, k], critical))
    return rows


def _spread_row(
    name: str, log_sd: float, variance: float, critical: float, standard_deviation: bool
) -> RandomEffectsRow:
    power = 1.0 if standard_deviation else 2.0
    estimate = np.exp(power * log_sd)
    if not _known([variance]):
        return RandomEffectsRow(name, float(estimate))
    error = np.sqrt(variance)
    with np.errstate(over="ignore"):
        lower, upper = np.exp(power * (log_sd + np.array([-1, 1]) * critical * error))
    return RandomEffectsRow(
        name,
        float(estimate),
        float(power * estimate * error),
        _settled(lower),
        _settled(upper),
    )


def _correlation_row(name: str, atanh: float, variance: float, critical: float) -> RandomEffectsRow:
    estimate = np.tanh(atanh)
    if not _known([variance]):
        return RandomEffectsRow(name, float(estimate))
    error = np.sqrt(variance)
    lower, upper = np.tanh(atanh + np.array([-1, 1]) * critical * error)
    return RandomEffectsRow(
        name, float(estimate), float((1 - estimate**2) * error), float(lower), float(upper)
    )


def _covariance_row(
    name: str, estimate: float, variance: float, critical: float
) -> RandomEffectsRow:
    if not _known([variance]):
        return RandomEffectsRow(name, float(estimate))
    error = float(np.sqrt(variance))
    return RandomEffectsRow(
        name, float(estimate), error, estimate - critical * error, estimate + critical * error
    )


def _known(variances: Sequence[float]) -> bool:
    return all(0 < variance < MISSING for variance in variances)


def _settled(value: float) -> float:
    return float(value) if np.isfinite(value) and value < MISSING else MISSING
