"""``menl``: nonlinear mixed-effects regression ([ME] menl)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statalike.commands.estimation.data_signature import data_signature
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.distributions import chi2_tail
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.fixed_design import refuse_strings, settled_design
from statalike.commands.estimation.maximize_options import log_shown
from statalike.commands.estimation.mixed_results import BOUNDARY
from statalike.commands.estimation.nonlinear.covariance_blocks import covariance_blocks
from statalike.commands.estimation.nonlinear.description import (
    CovarianceBlock,
    NonlinearDescription,
    path_codes,
)
from statalike.commands.estimation.nonlinear.display import show_nonlinear
from statalike.commands.estimation.nonlinear.fit_options import FIT_OPTIONS, fit_options
from statalike.commands.estimation.nonlinear.iteration_log import NonlinearIterationLog
from statalike.commands.estimation.nonlinear.residual_description import (
    describe_residuals,
    lowest_groups,
)
from statalike.commands.estimation.nonlinear.residual_request import (
    ResidualRequest,
    read_residual_request,
)
from statalike.commands.estimation.nonlinear.results import (
    GroupSizes,
    ModelCounts,
    ModelTexts,
    criterion,
    stored_results,
)
from statalike.commands.estimation.nonlinear.sample import (
    NonlinearSample,
    model_variables,
    nonlinear_sample,
    report_time,
)
from statalike.commands.estimation.nonlinear.starting_values import starting_values
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.engine.errors import EstimationError
from statalike.engine.nonlinear.fit import (
    NonlinearFitProgress,
    NonlinearMixedFit,
    NonlinearStart,
    fit_nonlinear_mixed_model,
)
from statalike.engine.nonlinear.model import Method, NonlinearMixedModel
from statalike.errors import StataError, last_estimates_not_found, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.language.ast import Definition, Expression, InitialCondition
from statalike.language.nonlinear_parser import (
    parse_definition,
    parse_initial_condition,
    parse_substitutable,
)
from statalike.nonlinear.legend import legend_texts
from statalike.nonlinear.specification import NonlinearSpecification, nonlinear_specification
from statalike.state import State

REPORTING_OPTIONS = (
    f"VARiance STDDEViations noRETable noFETable ESTMetric noLEGend noHEADer noGRoup "
    f"{DISPLAY_OPTIONS}"
)


@command(
    "menl",
    syntax=(
        "[varlist(max=1 default=none)] [=anything] [if] [in] [, MLE REML "
        "define(string asis repeated) COVariance(string repeated) INITial(string asis) "
        "RESCOVariance(string) RESVARiance(string) RESCORRelation(string) TSORDer(varname) "
        "tsinit(string asis repeated) TSMISSing noSTDERR LRTEST noTSSHOW "
        f"{REPORTING_OPTIONS} {FIT_OPTIONS}]"
    ),
    help="nonlinear mixed-effects regression",
    section="Estimation",
)
def menl(state: State, arguments: Arguments) -> None:
    if not arguments.varlist and not arguments.assignment_text:
        if state.e.macros.get("cmd") != "menl":
            raise last_estimates_not_found()
        show_nonlinear(state, arguments.options)
        return
    _check(arguments)
    options = arguments.options
    request = _read(state, arguments)
    sample = nonlinear_sample(
        state,
        request.specification,
        observations_mask(state, arguments.condition, arguments.observations),
        request.residuals.variables,
        order=request.order,
        keep_missing=bool(options.get("tsmissing")) and bool(request.specification.lagged),
    )
    if not options.get("notsshow"):
        used = model_variables(request.specification, state)
        report_time(state, sample, bool(used.operated or request.specification.lagged))
    description = _describe(state, request, sample)
    functions = description.functions(state, sample)
    model = description.engine_model(state, sample, functions)
    start = starting_values(state, description, options.get("initial"))
    fit = _fit(state, model, start, options)
    outcome = model.outcome
    state.e = stored_results(
        description, fit, _counts(description, sample, outcome), request.texts, sample.data
    )
    if options.get("lrtest"):
        _post_comparison(state, model, start, fit, options)
    variables = [
        request.specification.outcome,
        *model_variables(request.specification, state).plain,
    ]
    variables += [name for path in description.paths for name in path]
    variables = list(dict.fromkeys([*variables, *description.residuals.variables]))
    state.e.macros["varlist"] = " ".join(variables)
    state.e.macros["datasignature"] = data_signature(state.data, variables, sample.chosen)
    state.e.macros["datasignaturevars"] = " ".join(variables)
    set_estimation_sample(state, sample.chosen)
    show_nonlinear(state, options)


@dataclass(frozen=True)
class _Request:
    """What the command line asks to be fitted."""

    specification: NonlinearSpecification
    blocks: tuple[CovarianceBlock, ...]
    residuals: ResidualRequest
    texts: ModelTexts
    order: str
    method: Method


def _check(arguments: Arguments) -> None:
    options = arguments.options
    if not arguments.varlist:
        raise StataError(100, "varlist required")
    if not arguments.assignment_text:
        raise StataError(
            198, "invalid syntax", hint="menl needs an expression: menl y = {b0} + {U[id]}"
        )
    for one, other in (("mle", "reml"), ("variance", "stddeviations"), ("log", "nolog")):
        if options.get(one) and options.get(other):
            raise StataError(198, f"only one of {one} or {other} is allowed")
    if options.get("coeflegend") and options.get("estmetric"):
        raise StataError(198, "options coeflegend and estmetric may not be combined")


def _read(state: State, arguments: Arguments) -> _Request:
    """Parse the expressions and options and resolve what they refer to."""
    options, data = arguments.options, state.data
    (outcome,) = arguments.varlist
    refuse_strings(data, [outcome])
    typed_mean = arguments.assignment_text.strip()
    mean: Expression = parse_substitutable(typed_mean)
    definitions: list[Definition] = []
    sources: list[tuple[str, Expression]] = []
    typed: dict[str, str] = {}
    for text in options.get("define") or ():
        definition = parse_definition(text)
        definitions.append(definition)
        sources.append((text, definition))
        typed[definition.name] = text.partition(":")[2].strip()
    sources.append((typed_mean, mean))
    conditions: list[InitialCondition] = []
    initial: dict[str, str] = {}
    for text in options.get("tsinit") or ():
        condition = parse_initial_condition(text)
        conditions.append(condition)
        sources.append((text, condition.expression))
        initial[condition.name] = text[condition.expression.span[0] :].strip()
    specification = nonlinear_specification(outcome, mean, definitions, conditions, data)
    order = str(options.get("tsorder") or "")
    blocks = covariance_blocks(options.get("covariance") or (), specification.effects, data)
    texts = ModelTexts(
        arguments.text,
        typed_mean,
        typed,
        initial,
        legend_texts(sources, specification),
        order,
        bool(options.get("tsmissing")),
    )
    residuals = read_residual_request(options, data)
    _check_time_options(specification, options)
    refuse_strings(data, residuals.variables)
    method: Method = "reml" if options.get("reml") else "ml"
    return _Request(specification, blocks, residuals, texts, order, method)


def _check_time_options(specification: NonlinearSpecification, options: Mapping[str, Any]) -> None:
    if options.get("tsmissing") and not specification.lagged:
        raise StataError(
            198, "option tsmissing requires lagged named expressions, such as L.{name:}"
        )
    for name in specification.initial:
        if name not in specification.lagged:
            raise StataError(
                198,
                f"tsinit({{{name}:}}) not allowed",
                hint=f"the model has no lag L.{{{name}:}}",
            )


def _describe(state: State, request: _Request, sample: NonlinearSample) -> NonlinearDescription:
    """The model with the columns and residuals that the sample makes of it."""
    specification = request.specification
    columns = {
        name: settled_design(
            state,
            declared.terms.terms,
            sample.chosen,
            constant=declared.terms.constant,
            data=sample.data,
        )[0].columns
        for name, declared in specification.combinations.items()
    }
    paths = tuple(dict.fromkeys(block.path for block in request.blocks))
    codes = [path_codes(sample.data, sample.chosen, path) for path in paths]
    residuals = describe_residuals(request.residuals, sample.data, sample.positions, codes)
    if residuals.group and paths:
        state.console.print(
            f"\nnote: group variable {residuals.group} nested in {'>'.join(paths[-1])} assumed."
        )
    return NonlinearDescription(specification, columns, request.blocks, residuals, request.method)


def _counts(
    description: NonlinearDescription, sample: NonlinearSample, outcome: np.ndarray
) -> ModelCounts:
    """The observations and the rows of the grouping table."""
    data, chosen = sample.data, sample.chosen
    codes = [path_codes(data, chosen, path) for path in description.paths]
    groups = [
        GroupSizes(">".join(path), _sizes(code))
        for path, code in zip(description.paths, codes, strict=True)
    ]
    residuals = description.residuals
    if residuals.group:
        own = lowest_groups(data, sample.positions, codes, residuals.group)
        groups.append(GroupSizes(residuals.group, _sizes(own)))
    missing = np.isnan(outcome)
    if missing.any() and groups:
        innermost = codes[-1] if codes else np.zeros(len(outcome), dtype=np.intp)
        groups.append(GroupSizes(description.outcome, _sizes(innermost[~missing])))
    return ModelCounts(len(outcome), int(missing.sum()), groups)


def _sizes(codes: np.ndarray) -> np.ndarray:
    return np.unique(codes, return_counts=True)[1]


# --- fitting -----------------------------------------------------------------------------------


def _fit(
    state: State, model: NonlinearMixedModel, start: NonlinearStart, options: Mapping[str, Any]
) -> NonlinearMixedFit:
    name = criterion(model.method == "reml", bool(model.levels))
    log = NonlinearIterationLog(
        state.console,
        name,
        shown=log_shown(state, options),
        em=bool(options.get("emlog")),
        marginal=not model.levels,
    )
    settings = fit_options(options, state.settings, iid=_independent(model))
    try:
        fit = fit_nonlinear_mixed_model(model, start, settings, log.progress())
    except EstimationError as error:
        raise _failure(error) from None
    log.end()
    return fit


def _independent(model: NonlinearMixedModel) -> bool:
    """Whether the model is one of nonlinear least squares."""
    return not model.levels and not model.residuals.parameters


def _failure(error: EstimationError) -> StataError:
    """The message and return code for a model that the engine cannot estimate."""
    match error.kind:
        case "no_observations":
            return no_observations()
        case "insufficient_observations":
            return StataError(2001, "insufficient observations")
        case "likelihood_undefined":
            return StataError(
                480,
                "starting values invalid or some RHS variables have missing values",
                hint="give other starting values by initial() or in the expression, as in {b=1}",
            )
        case "no_residual_variation":
            return StataError(459, "the outcome does not vary around its mean")
        case _:
            return StataError(459, error.message)


def _post_comparison(
    state: State,
    model: NonlinearMixedModel,
    start: NonlinearStart,
    fit: NonlinearMixedFit,
    options: Mapping[str, Any],
) -> None:
    """The likelihood-ratio test against the same model without random effects."""
    df = len(fit.estimates) - 1 - len(model.residuals.parameters)
    if not df:
        return
    without = replace(model, levels=(), effect_count=0, mean_function=_WithoutEffects(model))
    settings = fit_options(options, state.settings, iid=_independent(without))
    try:
        compared = fit_nonlinear_mixed_model(
            without,
            NonlinearStart(fit.fixed),
            replace(settings, standard_errors=False),
            NonlinearFitProgress(),
        )
    except EstimationError:
        return
    statistic = max(2.0 * (fit.log_likelihood - compared.log_likelihood), 0.0)
    tail = chi2_tail(df, statistic) if statistic < MISSING else MISSING
    if df == 1:
        tail = 1.0 if statistic <= BOUNDARY else 0.5 * tail
    state.e.scalars.update(
        {"ll_c": compared.log_likelihood, "chi2_c": statistic, "df_c": float(df), "p_c": tail}
    )


class _WithoutEffects:
    """The mean function of a model at random effects of zero, with no effects of its own."""

    def __init__(self, model: NonlinearMixedModel) -> None:
        self._function = model.mean_function
        self._zeros = np.zeros((len(model.outcome), model.effect_count))

    def evaluate(self, fixed: np.ndarray, effects: np.ndarray) -> np.ndarray:
        """The mean (n,)."""
        return self._function.evaluate(fixed, self._zeros)

    def derivatives(self, fixed: np.ndarray, effects: np.ndarray) -> Any:
        """The mean and its derivatives in the parameters."""
        found = self._function.derivatives(fixed, self._zeros)
        return replace(found, effects=effects)
