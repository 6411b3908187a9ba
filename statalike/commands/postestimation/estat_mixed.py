"""``estat recovariance``, ``icc`` and ``group`` after ``mixed``."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.estimation.generalized.description import is_generalized
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    RandomEffectsEquation,
    covariance_matrices,
    described_by,
    random_parameters,
)
from statalike.commands.estimation.mixed_display import group_summaries
from statalike.commands.estimation.random_categories import (
    RandomCategories,
    category_names,
    whole_covariance,
)
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.commands.postestimation.correlations import correlations
from statalike.commands.postestimation.estat_nonlinear import (
    is_nonlinear,
    nonlinear_group,
    nonlinear_recovariance,
)
from statalike.commands.postestimation.generalized_icc import generalized_icc
from statalike.commands.postestimation.intraclass_correlations import show_intraclass_correlations
from statalike.commands.postestimation.predict_mixed import level_position
from statalike.commands.postestimation.spread_effects import fitted_sample
from statalike.commands.registry import command
from statalike.engine.covariance import block_diagonal_matrix
from statalike.errors import StataError, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.output.estimation_header import grouping_information
from statalike.output.matrix_display import RuledMatrix, ruled_matrix
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


def active_mixed(state: State, subcommand: str) -> LinearMixedDescription:
    """The model of the active estimates; r(301), r(321) when they are not those of ``mixed``."""
    estimator = state.e.macros.get("cmd")
    if estimator is None:
        raise last_estimates_not_found()
    if estimator != "mixed":
        raise StataError(321, f"estat {subcommand} is not allowed after {estimator}")
    return described_by(state.e)


@command("estat", "estat", form="family", help="statistics after estimation")
def estat(state: State, text: str) -> None:
    """Chooses ``estat icc`` and the like."""


@command(
    "estat recovariance",
    "estat recov",
    syntax="[, RELevel(string) CORRelation Format(string)]",
    unsupported="TITle(string) NOBLank LINEs(string) ROWtitle(string) TWidth(integer 12)",
    help="covariance matrices of the random effects",
    section="Postestimation",
)
def estat_recovariance(state: State, arguments: Arguments) -> None:
    if is_nonlinear(state.e):
        nonlinear_recovariance(state, arguments)
        return
    description = active_mixed(state, "recovariance")
    names = [name for name, _ in description.levels]
    if not names:
        raise StataError(321, "the model has no random effects")
    wanted = range(len(names))
    only = str(arguments.options.get("relevel") or "")
    if only:
        position = level_position(state, only, names)
        wanted = range(position, position + 1)
    correlation = bool(arguments.options.get("correlation"))
    matrices = covariance_matrices(state.e, description)
    results = Results(scalars={"relevels": float(len(names))})
    for level in wanted:
        equations = description.levels[level][1]
        effects = tuple(
            Stripe("", name)
            for equation in equations
            for name in _covariance_names(state, equation)
        )
        covariance = block_diagonal_matrix(
            [
                whole_covariance(matrix, equation.count)
                if isinstance(equation, RandomCategories)
                else matrix
                for equation, matrix in zip(equations, matrices[level], strict=True)
            ]
        )
        number = len(names) - level + 1
        results.matrices[f"Cov{number}"] = NamedMatrix.square(covariance, effects)
        shown = covariance
        if correlation:
            shown = correlations(covariance)
            results.matrices[f"Corr{number}"] = NamedMatrix.square(shown, effects)
        kind = "correlation" if correlation else "covariance"
        state.console.print(f"\nRandom-effects {kind} matrix for level {names[level]}\n")
        labels = [stripe.name for stripe in effects]
        state.console.print_lines(
            ruled_matrix(
                RuledMatrix(
                    shown,
                    labels,
                    labels,
                    display_format=str(arguments.options.get("format") or "%9.0g"),
                    lower=True,
                    rule_to_end=True,
                ),
                state.settings.linesize,
            )
        )
    state.r = results


def _covariance_names(state: State, equation: RandomEffectsEquation) -> list[str]:
    if isinstance(equation, RandomCategories):
        return list(category_names(state.data, equation.variable, fitted_sample(state)))
    return [effect_name(column) for column in equation.columns]


@command(
    "estat group",
    "estat gr",
    syntax="",
    help="how the observations fall into groups",
    section="Postestimation",
)
def estat_group(state: State, arguments: Arguments) -> None:
    if is_nonlinear(state.e):
        nonlinear_group(state)
        return
    if not is_generalized(state.e):
        active_mixed(state, "group")
    state.console.print()
    state.console.print_lines(grouping_information(group_summaries(state.e)))


@command(
    "estat icc",
    "estat icc",
    syntax="[, Level(cilevel)]",
    help="intraclass correlations",
    section="Postestimation",
)
def estat_icc(state: State, arguments: Arguments) -> None:
    if is_generalized(state.e):
        generalized_icc(state, arguments)
        return
    description = active_mixed(state, "icc")
    results = state.e
    if not description.levels:
        raise StataError(321, "the model has no random effects")
    if description.residuals is not None:
        raise StataError(321, "estat icc is allowed only with independent, homoskedastic residuals")
    if description.crossed or any(name == "_all" for name, _ in description.levels):
        raise StataError(321, "estat icc is not allowed after crossed-effects models")
    if not all(
        any(column.constant for equation in equations for column in equation.columns)
        for _, equations in description.levels
    ):
        raise StataError(321, "estat icc is not allowed without a random intercept at every level")
    level = confidence_level(arguments.options, state.settings)
    rows, gradient_rows = intercept_variances(results, description)
    first = int(results.scalars["k_f"])
    V = results.matrices["V"].values[first:, first:]
    names = [name for name, _ in description.levels]
    columns = [column for equation in description.equations for column in equation.columns]
    conditional = any(not column.constant for column in columns)
    show_intraclass_correlations(state, names, rows, gradient_rows, V, level, conditional)


def intercept_variances(
    results: Results, description: LinearMixedDescription
) -> tuple[list[float], list[np.ndarray]]:
    """Variances of the intercepts, outermost level first, then of the residual; their gradients.

    Gradients are with respect to the parameters in e(b) after the fixed effects.
    """
    values = random_parameters(results)
    count = len(values)
    variances: list[float] = []
    gradients: list[np.ndarray] = []
    position = 0
    for _, equations in description.levels:
        variance, gradient = 0.0, np.zeros(count)
        for equation in equations:
            structure = equation.covariance()
            own = slice(position, position + structure.parameter_count)
            mapped = structure.from_estimation(values[own])
            for i, column in enumerate(equation.columns):
                if column.constant:
                    weights = structure.basis[:, i, i]
                    variance += float(weights @ mapped.values)
                    gradient[own] += weights @ mapped.jacobian
            position = own.stop
        variances.append(variance)
        gradients.append(gradient)
    residual = float(np.exp(2 * values[-1]))
    gradient = np.zeros(count)
    gradient[-1] = 2 * residual
    return [*variances, residual], [*gradients, gradient]
