"""The variance parameters of ``menl`` as its table reports them, with their names in ``estat sd``.

Each is a function of the parameters in e(b).  Intervals of variances, standard deviations and of
the constant of a power function are built on the log scale, those of correlations on the atanh
scale; covariances, powers and the correlation of CTAR1 have symmetric ones ([ME] menl).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.nonlinear.description import CovarianceBlock, stored_blocks
from statalike.commands.estimation.nonlinear.residual_description import (
    ResidualDescription,
    level_label,
    stored_residuals,
)
from statalike.commands.estimation.residual_rows import ReportedResidual, Transformation
from statalike.data.dataset import Dataset
from statalike.output.random_effects_table import RandomEffectsBlock
from statalike.results.matrix import Stripe
from statalike.results.stores import Results


@dataclass(frozen=True)
class ReportedBlock:
    """Parameters under one heading; ``equation`` is theirs in the results of ``estat sd``."""

    heading: str
    subheading: str
    equation: str
    parameters: tuple[ReportedResidual, ...]


def reported_blocks(
    results: Results, data: Dataset, *, standard_deviations: bool
) -> list[ReportedBlock]:
    """All of them: a block for each covariance matrix of random effects, then the residuals."""
    first = int(results.scalars["k_f"])
    values = results.matrices["b"].values[0, first:]
    found: list[ReportedBlock] = []
    position = 0
    for block in stored_blocks(results):
        parameters = tuple(_of_block(block, values, position, standard_deviations))
        heading = f"{block.path_text}: {block.effective_structure.capitalize()}"
        found.append(ReportedBlock(heading, "", f"/{block.path_text}", parameters))
        position += len(parameters)
    residuals = stored_residuals(results)
    return [*found, *_residual_blocks(residuals, values, position, data, standard_deviations)]


def table_blocks(
    results: Results, data: Dataset, level: float, *, standard_deviations: bool
) -> tuple[RandomEffectsBlock, ...]:
    """The blocks of the random-effects table."""
    first = int(results.scalars["k_f"])
    variance = results.matrices["V"].values[first:, first:]
    critical = two_sided_critical_value(level)
    return tuple(
        RandomEffectsBlock(
            block.heading,
            tuple(parameter.row(variance, critical) for parameter in block.parameters),
            block.subheading,
        )
        for block in reported_blocks(results, data, standard_deviations=standard_deviations)
    )


def reported_stripes(blocks: list[ReportedBlock]) -> tuple[Stripe, ...]:
    """The names of the parameters as ``estat sd`` stores them."""
    return tuple(
        Stripe(block.equation, parameter.name.replace("(Residual)", "(e)"))
        for block in blocks
        for parameter in block.parameters
    )


def _of_block(
    block: CovarianceBlock, values: np.ndarray, position: int, standard_deviations: bool
) -> Iterator[ReportedResidual]:
    structure = block.covariance()
    count = structure.parameter_count
    own = slice(position, position + count)
    mapped = structure.from_estimation(values[own])
    shared = block.effective_structure in ("identity", "exchangeable")
    everything = " ".join(block.effects)
    spread = "sd" if standard_deviations else "var"
    joint = "corr" if standard_deviations else "cov"
    for k, parameter in enumerate(structure.parameters):
        x = float(values[position + k])
        weights = np.zeros(len(values))
        transformation: Transformation
        if parameter.kind == "lnsd":
            name = f"{spread}({everything if shared else block.effects[parameter.i]})"
            transformation = "sd" if standard_deviations else "variance"
            weights[position + k] = 1.0
        else:
            pair = f"{block.effects[parameter.i]},{block.effects[parameter.j]}"
            name = f"{joint}({everything if shared else pair})"
            if standard_deviations:
                transformation = "tanh"
                weights[position + k] = 1.0
            else:
                transformation = "identity"
                x = float(mapped.values[k])
                weights[own] = mapped.jacobian[k]
        yield ReportedResidual(name, transformation, x, weights)


# --- residuals ---------------------------------------------------------------------------------


def _residual_blocks(
    residuals: ResidualDescription,
    values: np.ndarray,
    scale: int,
    data: Dataset,
    standard_deviations: bool,
) -> list[ReportedBlock]:
    """``scale`` is the position of ``lnsigma`` among the values."""
    variance, correlation = _variance_rows(residuals, values, scale, data, standard_deviations), []
    parameters = residuals.parameters()
    for k, parameter in enumerate(parameters, scale + 1):
        if parameter.kind in ("delta", "ln_cons", "gamma", "lnsd_ratio"):
            continue
        weights = np.zeros(len(values))
        weights[k] = 1.0
        transformation: Transformation = "tanh" if parameter.kind == "atanhcorr" else "identity"
        start = ""
        if residuals.by:
            start = f"{level_label(data, residuals.by, residuals.by_values[parameter.stratum])}: "
        name = start + _correlation_name(residuals, parameter.kind, parameter.i, parameter.j)
        correlation.append(ReportedResidual(name, transformation, float(values[k]), weights))
    if residuals.plain:
        return [ReportedBlock("", "", "/Residual", tuple(variance))]
    of_time = f"time {residuals.time}" if residuals.time else ""
    by = f"by {residuals.by}" if residuals.by else ""
    places = ", ".join(part for part in (of_time, by) if part)
    joint = (
        residuals.function == "identity"
        or residuals.kinds_by
        or (residuals.function == "distinct" and residuals.kind_variable == residuals.index)
    )
    if joint:
        title = "Independent" if residuals.structure == "identity" else residuals.correlation_title
        if residuals.kinds_by and not by:
            places = f"by {residuals.kind_variable}"
        heading = f"Residual: {title}{',' if places else ''}"
        rows = (*variance, *correlation)
        return [ReportedBlock(heading, places, "/Residual", rows)]
    of_variance = residuals.variable or residuals.kind_variable
    function = f"{residuals.function.capitalize()} {of_variance}"
    if residuals.strata:
        function += f", strata {residuals.strata}"
    blocks = [ReportedBlock("Residual variance:", function, "/Residual", tuple(variance))]
    if correlation:
        title = residuals.correlation_title
        structure = f"{title}, {places}" if places else title
        blocks.append(
            ReportedBlock("Residual correlation:", structure, "/Residual", tuple(correlation))
        )
    return blocks


def _correlation_name(residuals: ResidualDescription, kind: str, i: int, j: int) -> str:
    if kind in ("ar", "ma"):
        return f"{'phi' if kind == 'ar' else 'theta'}{i}"
    if residuals.structure == "toeplitz":
        return f"corr{i}"
    if residuals.structure in ("banded", "unstructured"):
        first, second = (int(residuals.levels[position - 1]) for position in (i, j))
        return f"corr(e{first},e{second})"
    return "corr"


def _variance_rows(
    residuals: ResidualDescription,
    values: np.ndarray,
    scale: int,
    data: Dataset,
    standard_deviations: bool,
) -> list[ReportedResidual]:
    """The scale, or the variances where there are several, and the variance function."""
    kind = "sd" if standard_deviations else "var"
    spread: Transformation = "sd" if standard_deviations else "variance"
    base = np.zeros(len(values))
    base[scale] = 1.0
    if residuals.function == "identity":
        name = f"{kind}({'Residual' if residuals.plain else 'e'})"
        return [ReportedResidual(name, spread, float(values[scale]), base)]
    if residuals.function == "distinct":
        rows: list[ReportedResidual] = []
        for number, value in enumerate(residuals.kind_values):
            weights = base.copy()
            if number:
                weights[scale + number] = 1.0
            if residuals.kinds_by:
                name = f"{level_label(data, residuals.kind_variable, value)}: {kind}(e)"
            else:
                name = f"{kind}(e{value:g})"
            rows.append(ReportedResidual(name, spread, float(weights @ values), weights))
        return rows
    name = "sigma" if standard_deviations else "sigma2"
    rows = [ReportedResidual(name, spread, float(values[scale]), base)]
    for k, parameter in enumerate(residuals.parameters(), scale + 1):
        if parameter.kind not in ("delta", "ln_cons", "gamma"):
            continue
        weights = np.zeros(len(values))
        weights[k] = 1.0
        start = ""
        if residuals.strata:
            value = residuals.strata_values[parameter.stratum]
            start = f"{level_label(data, residuals.strata, value)}: "
        logged = parameter.kind == "ln_cons"
        own: Transformation = "sd" if logged else "identity"
        name = start + ("_cons" if logged else parameter.kind)
        rows.append(ReportedResidual(name, own, float(values[k]), weights))
    return rows
