"""Reading, fitting and posting a generalized mixed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.commands.data.stset import declared_survival, survival_lines
from statalike.commands.estimation.data_signature import data_signature
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.generalized.display import show_generalized
from statalike.commands.estimation.generalized.model_request import (
    ModelRequest,
    read_model_request,
)
from statalike.commands.estimation.generalized.named_commands import NamedCommand
from statalike.commands.estimation.generalized.option_rules import check_ratios
from statalike.commands.estimation.generalized.outcomes import Distribution
from statalike.commands.estimation.generalized.parameter_constraints import (
    ParameterConstraints,
    parameter_constraints,
)
from statalike.commands.estimation.generalized.reported_estimates import (
    reported_estimates,
)
from statalike.commands.estimation.generalized.results import FitRequest, stored_results
from statalike.commands.estimation.generalized.settled_model import SettledModel, settled_model
from statalike.commands.estimation.generalized.stage_display import StageDisplay
from statalike.commands.estimation.generalized.starting_options import starting_values
from statalike.commands.estimation.generalized.variance import (
    post_outer_product_variance,
    post_robust_variance,
)
from statalike.commands.estimation.maximize_options import (
    MAXIMIZE_OPTIONS,
    convergence_rules,
    log_shown,
)
from statalike.commands.estimation.mixed import estimation_failure
from statalike.commands.estimation.mixed_display import criterion_name
from statalike.commands.estimation.mixed_weights import (
    post_copies,
    post_weights,
)
from statalike.data.missing import MISSING
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.fit import (
    GeneralizedFit,
    GeneralizedFitOptions,
    fit_generalized_mixed_model,
)
from statalike.engine.nested_groups import nested_groups
from statalike.engine.newton_raphson import IterationRecord
from statalike.errors import StataError, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.output.iteration_log import (
    CONSTANT_ONLY_HEADING,
    FIXED_EFFECTS_HEADING,
    FULL_MODEL_HEADING,
    STARTING_VALUES_HEADING,
    UNSCALED_VALUES_HEADING,
    grid_node_line,
    section,
)
from statalike.state import State

EQUATION = (
    "level: [varlist(fv ts random)] "
    "[, COVariance(string) noCONStant FWeight(exp) IWeight(exp) PWeight(exp)]"
)
MODEL_OPTIONS = (
    "vce(string) Robust CLuster(string) CONSTraints(string) INTMethod(string) "
    "INTPoints(integer 7) noTABle noHEADer noGRoup noCNSReport STARTValues(string) STARTGrid "
    "STARTGrid(string repeated) noESTimate DNUMerical COLlinear "
    f"{MAXIMIZE_OPTIONS} {DISPLAY_OPTIONS}"
)
#: methods of integration whose nodes follow the posterior
ADAPTED = ("mvaghermite", "mcaghermite", "pcaghermite")
UNSUPPORTED = "EVALType(string)"


def replay(state: State, arguments: Arguments, named: NamedCommand) -> None:
    """Show the results again."""
    if state.e.macros.get("cmd2") != named.name:
        raise last_estimates_not_found()
    macros = state.e.macros
    check_ratios(arguments.options, macros["family"], macros["link"], macros.get("frm2", ""))
    show_generalized(state, arguments.options, replay=True)


def estimate(
    state: State, arguments: Arguments, named: NamedCommand, distribution: Distribution
) -> None:
    """Fit the model of a command line, post e() and show it."""
    options = arguments.options
    check_ratios(options, distribution.family, distribution.link, distribution.metric)
    if distribution.model == "survival":
        declared = declared_survival(state.data)
        if declared.shown and not options.get("noshow"):
            state.console.print()
            state.console.print_lines(survival_lines(declared))
    request = read_model_request(state, arguments, distribution)
    model = settled_model(state, request, options)
    typed = options.get("constraints")
    constraints = parameter_constraints(
        state, None if typed is None else str(typed), model.mapped, model.held
    )
    rules = convergence_rules(options, state.settings)
    if options.get("noestimate"):
        rules = replace(rules, iterations=0)
    settings = GeneralizedFitOptions(
        request.method,
        int(options.get("intpoints", 7)),
        rules,
        starting_values(state, options, model.mapped),
        None if constraints is None else constraints.engine,
        bool(options.get("dnumerical")),
    )
    fit = _fit(state, model, request, options, settings)
    _post(state, model, request, fit, named, arguments.text, settings, constraints)
    if options.get("noestimate"):
        show_generalized(state, {**options, "coeflegend": True, "noheader": True})
        return
    show_generalized(state, options)
    if not fit.converged:
        raise StataError(430, "convergence not achieved", keeps_results=True)


def _post(
    state: State,
    model: SettledModel,
    request: ModelRequest,
    fit: GeneralizedFit,
    named: NamedCommand,
    command_line: str,
    settings: GeneralizedFitOptions,
    constraints: ParameterConstraints | None,
) -> None:
    """Store e(), with the variance that was asked for."""
    description, sample = model.description, model.sample
    codes = description.codes(state.data, sample)
    reported = reported_estimates(model.mapped, fit)
    technique = " ".join(phase.technique for phase in settings.rules.techniques)
    state.e = stored_results(
        description,
        model.prepared,
        fit,
        reported,
        named,
        FitRequest(command_line, settings.method, settings.points, technique, constraints),
        nested_groups(codes).sizes if codes else (),
    )
    signed = list(description.variables)
    state.e.macros["datasignature"] = data_signature(state.data, signed, sample)
    state.e.macros["datasignaturevars"] = " ".join(signed)
    if request.weights is not None and model.weights is not None:
        post_weights(state.e, request.weights)
        post_copies(state.e, model.weights, codes)
    variance, weights = request.variance, model.weights
    if variance.robust:
        post_robust_variance(state, description, reported, fit, variance, sample, weights)
    elif variance.kind == "opg":
        post_outer_product_variance(state, description, reported, fit, sample, weights)
    set_estimation_sample(state, sample)


def _fit(
    state: State,
    model: SettledModel,
    request: ModelRequest,
    options: Mapping[str, Any],
    settings: GeneralizedFitOptions,
) -> GeneralizedFit:
    criterion = criterion_name(False, request.variance.robust)
    shown = log_shown(state, options)
    grid_nodes: list[int] = []

    def grid_node(number: int, value: float) -> None:
        if not shown:
            return
        if not grid_nodes:
            state.console.print_lines(section(STARTING_VALUES_HEADING))
            state.console.print()
        grid_nodes.append(number)
        shown_value = value if np.isfinite(value) else MISSING
        state.console.print(grid_node_line(number, shown_value, criterion=criterion))

    columns = [column for column in model.description.fixed.columns if not column.omitted]
    constants = [k for k, column in enumerate(columns) if column.constant]
    names = model.mapped.distinct
    first_names = names[: len(columns) + len(model.prepared.parameter_names)]
    heading = FIXED_EFFECTS_HEADING
    if settings.start.method == "constantonly":
        heading = CONSTANT_ONLY_HEADING
        alone = [names[k] for k in constants]
        first_names = (*alone, *first_names[len(columns) :])
    full_options = {**options, "nolog": True} if options.get("noestimate") else options
    full_model = StageDisplay(state, full_options, FULL_MODEL_HEADING, criterion, names)
    # Stata's log shows the starting values of Poisson models twice.
    twice = request.outcome.family == "poisson" and settings.method in ADAPTED

    def full_iteration(record: IterationRecord) -> None:
        if record.iteration == 0 and twice and log_shown(state, full_options):
            state.console.print_lines(section(UNSCALED_VALUES_HEADING))
            state.console.print()
            state.console.print(grid_node_line(0, record.value, criterion=criterion))
        full_model(record)

    try:
        return fit_generalized_mixed_model(
            model.engine_model(state),
            settings,
            constants[0] if constants else None,
            StageDisplay(state, options, heading, criterion, first_names),
            grid_node,
            full_iteration,
        )
    except EstimationError as error:
        raise estimation_failure(error) from None
