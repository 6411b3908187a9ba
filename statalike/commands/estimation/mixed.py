"""``mixed``: multilevel mixed-effects linear regression ([ME] mixed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statalike.commands.estimation.constraints import Constraints, read_constraints
from statalike.commands.estimation.data_signature import data_signature, signature_variables
from statalike.commands.estimation.degrees_of_freedom import (
    EstimationArrays,
    check_replay,
    fixed_effects_inference,
    post_degrees_of_freedom,
    requested_method,
)
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.fixed_design import (
    outcome_column,
    refuse_strings,
    settled_design,
)
from statalike.commands.estimation.initial_values import read_initial_values
from statalike.commands.estimation.iteration_display import IterationDisplay
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    RandomColumns,
    RandomEffectsEquation,
)
from statalike.commands.estimation.maximize_options import (
    MAXIMIZE_OPTIONS,
    convergence_rules,
    log_shown,
    trace_contents,
)
from statalike.commands.estimation.mixed_display import criterion_name, show_mixed
from statalike.commands.estimation.mixed_results import (
    EstimationRequest,
    group_sizes,
    parameter_stripes,
    stored_results,
)
from statalike.commands.estimation.mixed_scores import check_clusters, post_robust_variance
from statalike.commands.estimation.mixed_weights import (
    ModelWeights,
    WeightRequest,
    model_weights,
    post_copies,
    post_weights,
    read_weights,
    weighted_sample,
)
from statalike.commands.estimation.random_categories import RandomCategories, category_codes
from statalike.commands.estimation.random_effects import (
    RandomEquation,
    read_random_equation,
    settle_repeated_levels,
)
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.commands.estimation.residual_structure import (
    ResidualRequest,
    describe_residuals,
    read_residuals,
)
from statalike.commands.estimation.variance_estimator import (
    VarianceEstimator,
    requested_variance,
)
from statalike.commands.registry import command
from statalike.design.columns import Column
from statalike.design.design import Design
from statalike.design.sample import drop_missing, drop_missing_terms
from statalike.design.terms import Term, model_terms
from statalike.engine.collinearity import independent_columns
from statalike.engine.errors import EstimationError
from statalike.engine.linear.constrained import constrained_model, unconstrained_fit
from statalike.engine.linear.crossed_fit import fit_crossed_effects_model
from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.fit import (
    FitOptions,
    LinearMixedFit,
    Method,
    fit_linear_mixed_model,
)
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.weights import TotalWeights
from statalike.engine.newton_raphson import IterationRecord
from statalike.errors import StataError, last_estimates_not_found, no_observations
from statalike.evaluation import observations_mask, some_observations
from statalike.language.arguments import Arguments
from statalike.output.iteration_log import (
    DEGREES_OF_FREEDOM_HEADING,
    EM_HEADING,
    EM_START_HEADING,
    GRADIENT_HEADING,
    STANDARD_ERRORS_HEADING,
    iteration_line,
    section,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.state import State

EQUATION = (
    "level: [varlist(fv ts random)] "
    "[, COVariance(string) noCONStant FWeight(exp) PWeight(exp) COLlinear]"
)
MODEL_OPTIONS = (
    "MLe reml RESiduals(string) PWSCale(string) DFMethod(string) DFTable(string) SMALL "
    "vce(string) Robust CLuster(string) "
    "VARiance STDDEViations noRETable noFETable ESTMetric noHEADer noGRoup "
    "noSTDERR EMITERate(integer 20) EMTOLerance(real 1e-10) EMONLY EMLOG EMDOTS MATSQRT MATLOG "
    f"CONSTraints(string) noCNSReport {MAXIMIZE_OPTIONS} {DISPLAY_OPTIONS}"
)


@command(
    "mixed",
    "mixed",
    syntax=f"[varlist(fv ts)] [if] [in] [fweight pweight] [, noCONStant {MODEL_OPTIONS}]",
    equation=EQUATION,
    help="fit multilevel mixed-effects linear models",
    section="Estimation",
    by="each",
)
def mixed(state: State, arguments: Arguments) -> None:
    if not arguments.given:
        _replay(state, arguments)
        return
    options = arguments.options
    _check(options)
    request = _read_model(state, arguments)
    freedom = requested_method(options, request.restricted, request.level_names)
    sample = request.sample
    check_restrictions(options, request.weights, request.variance)
    design, matrix = settled_design(state, request.terms, sample, constant=request.constant)
    rules = convergence_rules(options, state.settings, refused=("bhhh",))
    constraints = _constraints(state, request, design, options)
    description = LinearMixedDescription(
        request.outcome,
        design,
        tuple(random_effects_equation(state, equation, sample) for equation in request.equations),
        indicators=request.needs_indicators,
    )
    if request.residuals is not None:
        codes = description.codes(state.data, sample)
        residuals = describe_residuals(request.residuals, state.data, sample, codes)
        description = replace(description, residuals=residuals)
    check_clusters(description, request.variance, state.data, sample)
    weights, totals = _weights(state, request, description)
    model = description.engine_model(state.data, sample, matrix, totals)
    if constraints is not None:
        model = constrained_model(model, constraints.space)
    names = parameter_stripes(description)
    initial = _initial_values(state, description, names, options)
    settings = replace(fit_options(options), rules=rules, initial=initial)
    fit = _fit(state, model, request, options, settings, names)
    if constraints is not None:
        fit = unconstrained_fit(fit, constraints.space)
    state.e = stored_results(
        description,
        fit,
        group_sizes(description, fit, state.data, sample),
        EstimationRequest(
            arguments.text,
            "logarithm" if options.get("matlog") else "square_root",
            bool(options.get("emonly")),
            " ".join(phase.technique for phase in rules.techniques),
        ),
        constraints,
    )
    variables = signature_variables(description, request.weight_variables(state))
    state.e.macros["datasignature"] = data_signature(state.data, variables, sample)
    state.e.macros["datasignaturevars"] = " ".join(variables)
    if request.weights is not None and weights is not None:
        post_weights(state.e, request.weights)
        post_copies(state.e, weights, description.codes(state.data, sample))
    if request.variance.robust:
        assert isinstance(model, LinearMixedModel)
        post_robust_variance(
            state.e, description, model, request.variance, state.data, sample, weights
        )
    if freedom is not None:
        _show_stage(state, options, DEGREES_OF_FREEDOM_HEADING)
        inference = fixed_effects_inference(
            state.e,
            freedom,
            description,
            EstimationArrays(
                lambda: model, lambda: description.codes(state.data, sample), fit.likelihood
            ),
        )
        post_degrees_of_freedom(state.e, freedom, inference)
    set_estimation_sample(state, sample)
    show_mixed(state, options)
    if not fit.converged and not options.get("emonly"):
        raise StataError(430, "convergence not achieved", keeps_results=True)


def _replay(state: State, arguments: Arguments) -> None:
    if state.e.macros.get("cmd") != "mixed":
        raise last_estimates_not_found()
    check_replay(state.e, arguments.options)
    show_mixed(state, arguments.options, replay=True)


@dataclass(frozen=True)
class _Request:
    """What the command line asks to be fitted, before the data have had their say."""

    outcome: Column
    terms: tuple[Term, ...]
    constant: bool
    equations: tuple[RandomEquation, ...]
    sample: np.ndarray
    residuals: ResidualRequest | None
    restricted: bool
    weights: WeightRequest | None
    variance: VarianceEstimator

    @property
    def level_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(equation.level for equation in self.equations))

    @property
    def needs_indicators(self) -> bool:
        """Whether categories must be columns of indicators."""
        structured = self.residuals is not None
        return structured or self.weights is not None or self.variance.robust

    def weight_variables(self, state: State) -> tuple[str, ...]:
        return self.weights.variables(state.data) if self.weights is not None else ()


def _check(options: Mapping[str, Any]) -> None:
    if options.get("reml") and options.get("mle"):
        raise StataError(198, "only one of mle or reml is allowed")
    if options.get("matsqrt") and options.get("matlog"):
        raise StataError(198, "only one of matsqrt or matlog is allowed")
    for name in ("emiterate", "emtolerance"):
        if float(options.get(name, 0)) < 0:
            raise StataError(198, f"{name}() must be nonnegative")
    if options.get("variance") and options.get("stddeviations"):
        raise StataError(198, "only one of variance or stddeviations is allowed")


def _read_model(state: State, arguments: Arguments) -> _Request:
    data = state.data
    first, *rest = model_terms(arguments.terms, data)
    outcome = outcome_column(first)
    equations = settle_repeated_levels(
        [read_random_equation(state, equation) for equation in arguments.equations]
    )
    sample = observations_mask(state, arguments.condition, arguments.observations)
    used = [first, *rest, *(term for equation in equations for term in equation.terms)]
    categories = [equation.categories for equation in equations if equation.categories]
    variables = [name for term in used for name in term.variables]
    refuse_strings(data, [*variables, *categories])
    sample = drop_missing_terms(data, sample, used)
    levels = [equation.level for equation in equations if equation.level != "_all"]
    residuals = _read_residuals(state, arguments.options)
    weights = read_weights(arguments, list(dict.fromkeys(e.level for e in equations)))
    variance = requested_variance(arguments.options, data)
    if weights is not None:
        sample = weighted_sample(state, weights, sample)
        if weights.sampling and not variance.robust:
            if arguments.options.get("vce") is not None:
                raise StataError(198, "vce(oim) not allowed with sampling weights")
            variance = VarianceEstimator("robust")
    needed = [*levels, *categories, *(residuals.variables if residuals else ())]
    needed += [variance.cluster] if variance.cluster else []
    sample = some_observations(drop_missing(data, sample, needed))
    return _Request(
        outcome,
        tuple(rest),
        not arguments.options.get("noconstant"),
        equations,
        sample,
        residuals,
        bool(arguments.options.get("reml")),
        weights,
        variance,
    )


def check_restrictions(
    options: Mapping[str, Any], weights: WeightRequest | None, variance: VarianceEstimator
) -> None:
    """r(101), r(198) for weights and variances together with what they do not go with."""
    for name in ("reml", "dfmethod", "emonly"):
        shown = f"{name}()" if name == "dfmethod" else name
        if options.get(name) and weights is not None:
            raise StataError(101, f"weights not allowed with option {shown}")
    for name in ("reml", "dfmethod"):
        shown = f"{name}()" if name == "dfmethod" else name
        if options.get(name) and variance.robust:
            raise StataError(198, f"vce({variance.kind}) not allowed with option {shown}")


def _weights(
    state: State, request: _Request, description: LinearMixedDescription
) -> tuple[ModelWeights | None, TotalWeights | None]:
    if request.weights is None:
        return None, None
    names = description.level_names
    codes = description.codes(state.data, request.sample)
    weights = model_weights(state, request.weights, request.sample, names, codes)
    if description.residuals is not None:
        description.residuals.check_weights(weights.observations, codes)
    return weights, weights.total(description.level_positions)


def _read_residuals(state: State, options: Mapping[str, Any]) -> ResidualRequest | None:
    typed = options.get("residuals")
    request = None if typed is None else read_residuals(str(typed), state.data)
    for name in ("emonly", "nostderr"):
        if request is not None and options.get(name):
            raise StataError(
                198, f"option {name} is allowed only with independent, homoskedastic residuals"
            )
    return request


def _constraints(
    state: State, request: _Request, design: Design, options: Mapping[str, Any]
) -> Constraints | None:
    """The constraints on the fixed effects."""
    typed = options.get("constraints")
    if typed is None:
        return None
    if options.get("dfmethod"):
        raise StataError(198, "option dfmethod() not allowed with option constraints()")
    if request.variance.robust:
        kind = request.variance.kind
        raise StataError(198, f"vce({kind}) not allowed with option constraints()")
    stripes = tuple(Stripe(request.outcome.name, name) for name in design.names)
    parameters = NamedMatrix.row(np.zeros(len(stripes)), stripes)
    return read_constraints(state, str(typed), parameters, design.estimated)


def _initial_values(
    state: State,
    description: LinearMixedDescription,
    names: tuple[Stripe, ...],
    options: Mapping[str, Any],
) -> np.ndarray | None:
    """Starting values of the variance parameters; the fixed effects follow from these."""
    typed = options.get("from")
    if typed is None:
        return None
    fixed = tuple(Stripe(description.outcome.name, name) for name in description.fixed.names)
    return read_initial_values(state, str(typed), (*fixed, *names))[len(fixed) :]


def random_effects_equation(
    state: State, equation: RandomEquation, sample: np.ndarray
) -> RandomEffectsEquation:
    """The random effects of one equation, collinear covariates left out with a note."""
    if equation.categories:
        _, count = category_codes(state.data, equation.categories, sample)
        return RandomCategories(equation.level, equation.categories, count, equation.structure)
    columns = equation.columns(state.data, sample)
    if len(columns) > 1 and not equation.collinear:
        matrix = Design(columns).matrix(state.data, slice(None) if sample.all() else sample)
        covariates = matrix[:, :-1] if equation.constant else matrix
        kept = independent_columns(covariates, constant=equation.constant)
        for column, keep in zip(columns, kept, strict=False):
            if not keep:
                state.console.print(
                    f"note: {effect_name(column)} omitted from the {equation.level} equation "
                    "because of collinearity."
                )
        used = np.append(kept, True) if equation.constant else kept
        columns = tuple(column for column, keep in zip(columns, used, strict=True) if keep)
    return RandomColumns(equation.level, columns, equation.structure)


def _fit(
    state: State,
    model: LinearMixedModel | CrossedEffectsModel,
    request: _Request,
    options: Mapping[str, Any],
    settings: FitOptions,
    names: tuple[Stripe, ...],
) -> LinearMixedFit:
    criterion = criterion_name(request.restricted, request.variance.robust)
    log = _IterationLog(state, criterion, options, names)
    starting = settings.initial is None
    try:
        method: Method = "reml" if request.restricted else "ml"
        if isinstance(model, CrossedEffectsModel):
            log.begin(starting, False)
            fit = fit_crossed_effects_model(
                model, method, settings, log.em_iteration, log.iteration
            )
        else:
            structured = model.errors is not None or model.weights is not None
            log.begin(bool(model.levels) and starting, structured and starting)
            fit = fit_linear_mixed_model(model, method, settings, log.em_iteration, log.iteration)
    except EstimationError as error:
        raise estimation_failure(error) from None
    log.end(fit)
    return fit


def fit_options(options: Mapping[str, Any]) -> FitOptions:
    """The engine's options from those of the command, without those of maximisation."""
    return FitOptions(
        em_iterations=int(options.get("emiterate", 20)),
        em_tolerance=float(options.get("emtolerance", 1e-10)),
        em_only=bool(options.get("emonly")),
        scale="logarithm" if options.get("matlog") else "square_root",
        standard_errors=not options.get("nostderr"),
        trace=trace_contents(options).matrices,
    )


_MESSAGES = {
    "no_observations": (2000, "no observations"),
    "insufficient_observations": (2001, "insufficient observations"),
    "no_residual_variation": (459, "the outcome does not vary around the fixed effects"),
    "likelihood_undefined": (1400, "initial values not feasible"),
    "inconsistent_constraints": (412, "redundant or inconsistent constraints"),
    "not_finite": (459, "the data contain values too large to be used"),
    "collinear_fixed_effects": (459, "the fixed-effects covariates are collinear"),
    "nonconformable": (503, "conformability error"),
}


UNDEFINED_HINT = (
    "the likelihood has no maximum when nothing is left for residuals, as when the outcome is "
    "constant within groups"
)


def estimation_failure(error: EstimationError) -> StataError:
    """The message and return code for a model that the engine cannot estimate."""
    if error.kind == "no_observations":
        return no_observations()
    code, message = _MESSAGES[error.kind]
    hint = UNDEFINED_HINT if error.kind == "likelihood_undefined" else ""
    return StataError(code, message, hint=hint)


def _show_stage(state: State, options: Mapping[str, Any], heading: str) -> None:
    """A line of the iteration log that says what is being computed."""
    if log_shown(state, options):
        state.console.print_lines(section(heading))


class _IterationLog:
    """Prints the log of a fit as it goes on."""

    def __init__(
        self, state: State, criterion: str, options: Mapping[str, Any], names: tuple[Stripe, ...]
    ) -> None:
        self._console = state.console
        self._shown = log_shown(state, options)
        self._em_shown = bool(options.get("emlog") or options.get("emonly"))
        self._dots = bool(options.get("emdots"))
        self._standard_errors = not options.get("nostderr")
        self._criterion = criterion
        # The residual variance is profiled out; residual parameters of their own follow it.
        profiled = tuple(name for name in names if name.equation != "lnsig_e")
        self._iterations = IterationDisplay(
            state.console, profiled, trace_contents(options), criterion
        )

    def begin(self, random_effects: bool, only_start: bool) -> None:
        if self._shown and only_start:
            self._console.print_lines(section(EM_START_HEADING))
        elif self._shown and random_effects:
            self._console.print_lines(section(EM_HEADING))

    def em_iteration(self, number: int, value: float) -> None:
        if not self._shown:
            return
        if self._dots:
            self._console.print(".", end="")
        elif self._em_shown:
            self._console.print(iteration_line(number, value, criterion=self._criterion))

    def iteration(self, record: IterationRecord) -> None:
        if not self._shown:
            return
        if record.iteration == 0:
            self._console.finish_line()
            self._console.print_lines(section(GRADIENT_HEADING))
        self._iterations.show(record)

    def end(self, fit: LinearMixedFit) -> None:
        if not self._shown:
            return
        self._console.finish_line()
        if fit.optimum is not None and self._standard_errors:
            self._console.print_lines(section(STANDARD_ERRORS_HEADING))
