"""Reading, fitting and posting a generalized mixed model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.commands.data.stset import declared_survival, survival_lines
from statalike.commands.estimation.data_signature import data_signature
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.fixed_design import (
    outcome_column,
    refuse_strings,
    settled_design,
)
from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.display import show_generalized
from statalike.commands.estimation.generalized.named_commands import NamedCommand
from statalike.commands.estimation.generalized.option_rules import (
    check_entry,
    check_model_options,
    check_ratios,
)
from statalike.commands.estimation.generalized.outcomes import (
    EXTREME,
    Distribution,
    OutcomeRequest,
    PreparedOutcome,
    prepare_outcome,
)
from statalike.commands.estimation.generalized.reported_estimates import reported_estimates
from statalike.commands.estimation.generalized.results import stored_results
from statalike.commands.estimation.generalized.stage_display import StageDisplay
from statalike.commands.estimation.maximize_options import convergence_rules, log_shown
from statalike.commands.estimation.mixed import estimation_failure, random_effects_equation
from statalike.commands.estimation.mixed_display import criterion_name
from statalike.commands.estimation.mixed_results import post_model_test, rank_of_variance
from statalike.commands.estimation.mixed_weights import (
    ModelWeights,
    model_weights,
    post_copies,
    post_weights,
    read_weights,
    weighted_sample,
)
from statalike.commands.estimation.random_effects import (
    read_random_equation,
    settle_repeated_levels,
)
from statalike.commands.estimation.variance_estimator import (
    VarianceEstimator,
    cluster_codes,
    requested_variance,
)
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.sample import drop_missing, drop_missing_terms
from statalike.design.terms import Term, model_terms
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel
from statalike.engine.generalized.fit import (
    GeneralizedFit,
    GeneralizedFitOptions,
    fit_generalized_mixed_model,
)
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.generalized.objective import IntegrationMethod
from statalike.engine.nested_groups import nested_groups
from statalike.engine.robust_variance import robust_variance
from statalike.errors import StataError, last_estimates_not_found
from statalike.evaluation import observations_mask, some_observations
from statalike.language.arguments import Arguments
from statalike.output.iteration_log import (
    FIXED_EFFECTS_HEADING,
    FULL_MODEL_HEADING,
    STARTING_VALUES_HEADING,
    grid_node_line,
    section,
)
from statalike.results.matrix import NamedMatrix
from statalike.state import State

EQUATION = (
    "level: [varlist(fv ts random)] [, COVariance(string) noCONStant FWeight(exp) PWeight(exp)]"
)
MODEL_OPTIONS = (
    "vce(string) Robust CLuster(string) OFFset(varname numeric) EXPosure(varname numeric) "
    "INTMethod(string) INTPoints(integer 7) noTABle noHEADer noGRoup noCNSReport "
    "ITERate(numlist max=1) TOLerance(real 1e-6) LTOLerance(real 1e-7) NRTOLerance(real 1e-5) "
    "NONRTOLerance DIFficult noLOg LOg " + DISPLAY_OPTIONS
)
UNSUPPORTED = (
    "CONSTraints(string) TECHnique(string) TRace GRADient SHOWSTEP HESSian SHOWTOLerance "
    "FROM(string) COLlinear STARTValues(string) STARTGrid STARTGrid(string) noESTimate "
    "DNUMerical ASIS EVALType(string)"
)
METHODS: dict[str, IntegrationMethod] = {
    "mv": "mvaghermite",
    "mc": "mcaghermite",
    "pc": "pcaghermite",
    "gh": "ghermite",
    "lap": "laplace",
    "pclap": "pclaplace",
}
PINHEIRO_CHAO = ("pcaghermite", "pclaplace")


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
    family, link = distribution.family, distribution.link
    data = state.data
    check_ratios(options, family, link, distribution.metric)
    if distribution.model == "survival":
        declared = declared_survival(data)
        if declared.shown and not options.get("noshow"):
            state.console.print()
            state.console.print_lines(survival_lines(declared))
    terms = model_terms(arguments.terms, data)
    column, distribution, rest = _outcome(distribution, terms)
    equations = settle_repeated_levels(
        [read_random_equation(state, equation) for equation in arguments.equations]
    )
    categories = [equation.categories for equation in equations if equation.categories]
    method = integration_method(options, family, link, bool(categories))
    check_model_options(named.name, options, family, method, bool(equations))
    if categories and options.get("intmethod") is None:
        state.console.print(
            "note: crossed random-effects model specified; option intmethod(laplace)"
        )
        state.console.print("      implied.")
    sample = observations_mask(state, arguments.condition, arguments.observations)
    used = [*rest, *(term for equation in equations for term in equation.terms)]
    variables = [name for term in used for name in term.variables]
    variables += [name for name in column.variables if name in data]
    refuse_strings(data, [*variables, *categories])
    sample = drop_missing_terms(data, sample, used)
    level_names = list(dict.fromkeys(equation.level for equation in equations))
    request = read_weights(arguments, level_names)
    variance = requested_variance(options, data)
    if request is not None:
        if categories:
            raise StataError(198, "weights not allowed with crossed random effects")
        if method in ("laplace", "pclaplace"):
            raise StataError(198, f"weights not allowed with intmethod({method})")
        sample = weighted_sample(state, request, sample)
        if request.sampling and not variance.robust:
            variance = VarianceEstimator("robust")
    offset, exposure = _offset(options)
    needed = [name for name in level_names if name != "_all"] + categories
    needed += [name for name in (offset, variance.cluster) if name]
    sample = some_observations(drop_missing(data, sample, needed))
    outcome = OutcomeRequest.of(column, distribution)
    sample = _outcome_sample(state, outcome, sample)
    outcome = _settled_limits(outcome, data, sample)
    prepared = prepare_outcome(outcome, data, sample)
    _check_exposure(state, offset, exposure, sample)
    check_entry(outcome, prepared, _first_records(state, distribution, sample))
    # The cutpoints of an ordinal outcome take the place of the constant.
    constant = not options.get("noconstant") and family != "ordinal"
    design, matrix = settled_design(state, rest, sample, constant=constant)
    description = GeneralizedDescription(
        outcome,
        design,
        tuple(random_effects_equation(state, equation, sample) for equation in equations),
        offset,
        exposure,
    )
    weights = None
    if request is not None:
        codes = description.codes(data, sample)
        weights = model_weights(state, request, sample, level_names, codes)
    fit = _fit(state, description, prepared, matrix, weights, sample, options, method, variance)
    state.e = stored_results(
        description,
        prepared,
        fit,
        named,
        arguments.text,
        (method, int(options.get("intpoints", 7))),
        nested_groups(description.codes(data, sample)).sizes,
    )
    signed = list(description.variables)
    state.e.macros["datasignature"] = data_signature(data, signed, sample)
    state.e.macros["datasignaturevars"] = " ".join(signed)
    if request is not None and weights is not None:
        post_weights(state.e, request)
        post_copies(state.e, weights, description.codes(data, sample))
    if variance.robust:
        _post_robust_variance(state, description, prepared, fit, variance, sample, weights)
    set_estimation_sample(state, sample)
    show_generalized(state, options)
    if not fit.converged:
        raise StataError(430, "convergence not achieved", keeps_results=True)


def _outcome(
    distribution: Distribution, terms: Sequence[Term]
) -> tuple[Column, Distribution, list[Term]]:
    """The outcome variable, the distribution with the second one of interval data, and the other
    terms of a variable list; r(100), r(102)."""
    if distribution.model == "survival":
        return Column.parse("_t"), distribution, list(terms)
    if not terms:
        raise StataError(100, "varlist required")
    column = outcome_column(terms[0])
    if distribution.model != "interval":
        return column, distribution, list(terms[1:])
    if len(terms) < 2:
        raise StataError(102, "too few variables specified")
    upper = outcome_column(terms[1]).name
    return column, replace(distribution, upper=upper), list(terms[2:])


def _settled_limits(outcome: OutcomeRequest, data: Dataset, sample: np.ndarray) -> OutcomeRequest:
    """Limits of a tobit model that are the least or greatest outcome, as numbers."""
    if EXTREME not in (outcome.lower, outcome.upper):
        return outcome
    values = outcome.column.evaluate(data, sample)
    lower = f"{values.min():.16g}" if outcome.lower == EXTREME else outcome.lower
    upper = f"{values.max():.16g}" if outcome.upper == EXTREME else outcome.upper
    return replace(outcome, lower=lower, upper=upper)


def _outcome_sample(state: State, outcome: OutcomeRequest, sample: np.ndarray) -> np.ndarray:
    """The sample less observations whose outcome is missing; r(2000)."""
    data = state.data
    if outcome.model == "interval":
        known = np.zeros(data.n, dtype=bool)
        for name in (outcome.column.name, outcome.upper):
            known |= data.numbers(name) < MISSING
        return some_observations(sample & known)
    needed = [*outcome.column.variables]
    needed += [outcome.trials] if outcome.trials in data else []
    if outcome.model == "survival":
        needed = ["_t", "_t0", "_d"]
        sample = sample & (data.numbers("_st") == 1)
    return some_observations(drop_missing(data, sample, needed))


def integration_method(
    options: Mapping[str, Any], family: str, link: str, crossed: bool
) -> IntegrationMethod:
    """The method that ``intmethod()`` names, Laplace's for crossed effects; r(198)."""
    standard = "laplace" if crossed else "mvaghermite"
    typed = str(options.get("intmethod") or standard).strip()
    found: IntegrationMethod | None = None
    for short, full in METHODS.items():
        if typed.startswith(short) and full.startswith(typed):
            found = full
    if found is None:
        raise StataError(198, f"intmethod({typed}) not allowed")
    if found in PINHEIRO_CHAO and (family, link) not in (
        ("bernoulli", "logit"),
        ("binomial", "logit"),
        ("poisson", "log"),
    ):
        raise StataError(198, f"intmethod({found}) not allowed with this family and link")
    if crossed and found not in ("laplace", "pclaplace"):
        raise StataError(198, f"intmethod({found}) not yet supported with crossed random effects")
    points = int(options.get("intpoints", 7))
    if not 1 <= points <= 195:
        raise StataError(198, "intpoints() must be between 1 and 195")
    return found


def _offset(options: Mapping[str, Any]) -> tuple[str, bool]:
    offset, exposure = options.get("offset"), options.get("exposure")
    if offset and exposure:
        raise StataError(198, "only one of offset() or exposure() is allowed")
    return str(offset or exposure or ""), bool(exposure)


def _check_exposure(state: State, offset: str, exposure: bool, sample: np.ndarray) -> None:
    if exposure and np.any(state.data.numbers(offset)[sample] <= 0):
        raise StataError(459, f"exposure() must be greater than zero: {offset}")


def _fit(
    state: State,
    description: GeneralizedDescription,
    prepared: PreparedOutcome,
    matrix: np.ndarray,
    weights: ModelWeights | None,
    sample: np.ndarray,
    options: Mapping[str, Any],
    method: IntegrationMethod,
    variance: VarianceEstimator,
) -> GeneralizedFit:
    criterion = criterion_name(False, variance.robust)
    shown = log_shown(state, options)

    def grid_node(number: int, value: float) -> None:
        if not shown:
            return
        if number <= 1:
            state.console.print_lines(section(STARTING_VALUES_HEADING))
            state.console.print()
        state.console.print(grid_node_line(number, value, criterion=criterion))

    columns = [column for column in description.fixed.columns if not column.omitted]
    constants = [k for k, column in enumerate(columns) if column.constant]
    try:
        model: GeneralizedMixedModel | CrossedGeneralizedModel
        if description.crossed:
            model = description.crossed_model(state.data, sample, prepared, matrix)
        else:
            model = description.engine_model(state.data, sample, prepared, matrix, weights)
        return fit_generalized_mixed_model(
            model,
            GeneralizedFitOptions(
                method, int(options.get("intpoints", 7)), convergence_rules(options, state.settings)
            ),
            constants[0] if constants else None,
            StageDisplay(state, options, FIXED_EFFECTS_HEADING, criterion),
            grid_node,
            StageDisplay(state, options, FULL_MODEL_HEADING, criterion),
        )
    except EstimationError as error:
        raise estimation_failure(error) from None


def _first_records(state: State, distribution: Distribution, sample: np.ndarray) -> np.ndarray:
    """Which observations (n,) of the sample are first records of subjects."""
    count = int(sample.sum())
    if distribution.model != "survival":
        return np.zeros(count, dtype=bool)
    identifier = declared_survival(state.data).identifier
    if not identifier:
        return np.ones(count, dtype=bool)
    subject = np.unique(state.data.variable(identifier).values[sample], return_inverse=True)[1]
    start = state.data.numbers("_t0")[sample]
    earliest = np.full(int(subject.max()) + 1, np.inf)
    np.minimum.at(earliest, subject.ravel(), start)
    return np.asarray(start == earliest[subject.ravel()])


def _post_robust_variance(
    state: State,
    description: GeneralizedDescription,
    prepared: PreparedOutcome,
    fit: GeneralizedFit,
    variance: VarianceEstimator,
    sample: np.ndarray,
    weights: ModelWeights | None,
) -> None:
    """Replace e(V) by the robust one, from the scores of highest-level groups; r(459)."""
    results = state.e
    scores = fit.group_scores.T
    highest = nested_groups(description.codes(state.data, sample)).group(0)
    top = description.level_names[0]
    clusters = frequencies = None
    if variance.cluster and variance.cluster != top:
        clusters = cluster_codes(state.data, variance.cluster, sample, highest)
    elif weights is not None and any(weights.frequencies):
        frequencies = np.ones(len(scores))
        frequencies[highest] = weights.copies[0]
    known = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0)
    found = robust_variance(known, scores, clusters, frequencies)
    V = results.matrices["V"]
    results.matrices["V_modelbased"] = V
    reported = reported_estimates(description, prepared, fit)
    covariance = reported.covariance(found.covariance)
    results.matrices["V"] = NamedMatrix.square(covariance, V.columns)
    for name in ("ll_c", "chi2_c", "df_c", "p_c"):
        results.scalars.pop(name, None)
    results.scalars["rank"] = float(rank_of_variance(covariance))
    results.scalars["N_clust"] = float(found.units)
    results.macros["vce"] = variance.kind
    results.macros["vcetype"] = "Robust"
    results.macros["clustvar"] = variance.cluster or top
    post_model_test(results, description.fixed)
