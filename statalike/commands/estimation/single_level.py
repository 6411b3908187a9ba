"""``logit``, ``probit``, ``cloglog``, ``poisson``, ``nbreg``, ``ologit``, ``oprobit``: one level.

([R] logit, [R] probit, [R] cloglog, [R] poisson, [R] nbreg, [R] ologit, [R] oprobit)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statalike.commands.estimation.coefficient_rows import expanded
from statalike.commands.estimation.data_signature import data_signature
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.distributions import chi2_tail
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.generalized.model_request import (
    ModelRequest,
    read_model_request,
)
from statalike.commands.estimation.generalized.outcomes import Distribution
from statalike.commands.estimation.generalized.settled_model import SettledModel, settled_model
from statalike.commands.estimation.generalized.stage_display import StageDisplay
from statalike.commands.estimation.iteration_display import IterationDisplay
from statalike.commands.estimation.maximize_options import (
    MAXIMIZE_OPTIONS,
    convergence_rules,
    log_shown,
    trace_contents,
)
from statalike.commands.estimation.mixed_display import criterion_name
from statalike.commands.estimation.mixed_results import post_model_test, rank_of_variance
from statalike.commands.estimation.single_level_display import show_single_level
from statalike.commands.estimation.variance_estimator import cluster_codes
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.engine.generalized.fixed_effects import FixedEffectsObjective
from statalike.engine.newton_raphson import IterationRecord, Optimum, maximise
from statalike.engine.robust_variance import robust_variance
from statalike.errors import StataError, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class SingleLevelCommand:
    """A command, the distribution it stands for, and whether its iterations begin from the model
    with a constant only."""

    name: str
    minimum: str
    title: str
    family: str
    link: str
    from_constant: bool
    options: str
    help: str


COMMANDS = (
    SingleLevelCommand(
        "logit", "logit", "Logistic regression", "bernoulli", "logit", True, "OR ASIS",
        "logistic regression",
    ),
    SingleLevelCommand(
        "logistic", "logistic", "Logistic regression", "bernoulli", "logit", True, "OR COEF ASIS",
        "logistic regression, showing odds ratios",
    ),
    SingleLevelCommand(
        "probit", "prob", "Probit regression", "bernoulli", "probit", True, "ASIS",
        "probit regression",
    ),
    SingleLevelCommand(
        "cloglog", "cloglog", "Complementary log-log regression", "bernoulli", "cloglog", False,
        "EForm ASIS", "complementary log-log regression",
    ),
    SingleLevelCommand(
        "poisson", "poisson", "Poisson regression", "poisson", "log", False,
        "IRr EXPosure(varname numeric)", "Poisson regression",
    ),
    SingleLevelCommand(
        "nbreg", "nbreg", "Negative binomial regression", "nbinomial", "log", False,
        "IRr EXPosure(varname numeric) Dispersion(string)", "negative binomial regression",
    ),
    SingleLevelCommand(
        "ologit", "olog", "Ordered logistic regression", "ordinal", "logit", True, "OR",
        "ordered logistic regression",
    ),
    SingleLevelCommand(
        "oprobit", "oprob", "Ordered probit regression", "ordinal", "probit", True, "",
        "ordered probit regression",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SingleLevelFit:
    """Parameters at the maximum, the inverse of the negative Hessian and the scores there, with the
    log likelihood of the model that has a constant only."""

    parameters: np.ndarray
    covariance: np.ndarray
    scores: np.ndarray
    optimum: Optimum
    null: float


def _handler(named: SingleLevelCommand) -> Callable[[State, Arguments], None]:
    def handle(state: State, arguments: Arguments) -> None:
        if arguments.given:
            _estimate(state, arguments, named)
        elif state.e.macros.get("cmd") == named.name:
            show_single_level(state, arguments.options)
        else:
            raise last_estimates_not_found()

    handle.__doc__ = f"{named.title}: estimate, or show the estimates again."
    return handle


for _named in COMMANDS:
    _constant = "" if _named.family == "ordinal" else "noCONStant "
    command(
        _named.name,
        _named.minimum,
        syntax="[varlist(fv ts)] [if] [in] [fweight pweight iweight] [, "
        f"{_constant}OFFset(varname numeric) vce(string) Robust CLuster(string) COLlinear "
        f"noHEADer noTABle {_named.options} {MAXIMIZE_OPTIONS} {DISPLAY_OPTIONS}]",
        unsupported="CONSTraints(string) noCNSReport",
        help=_named.help,
        section="Estimation",
        by="each",
    )(_handler(_named))


def _estimate(state: State, arguments: Arguments, named: SingleLevelCommand) -> None:
    """Fit, post e() and show it; r(430) after a search that did not converge."""
    options = arguments.options
    if options.get("from") is not None:
        raise StataError(198, "option from() not yet supported")
    dispersion = str(options.get("dispersion") or "mean")
    full = next((word for word in ("mean", "constant") if word.startswith(dispersion)), "")
    if not full:
        raise StataError(198, f"dispersion({dispersion}) not allowed")
    distribution = Distribution(named.family, named.link, dispersion=full)
    request = read_model_request(state, arguments, distribution)
    model = settled_model(state, request, options)
    fit = _fit(state, model, request, named, options)
    _post(state, model, request, named, fit, arguments)
    show_single_level(state, options)
    if not fit.optimum.converged:
        raise StataError(430, "convergence not achieved", keeps_results=True)


def _objective(state: State, model: SettledModel, matrix: np.ndarray) -> FixedEffectsObjective:
    weights = None if model.weights is None else model.weights.observations
    offset = model.description.offset_values(state.data, model.sample)
    return FixedEffectsObjective(
        model.prepared.family, model.prepared.rows, matrix, offset, weights
    )


def _fit(
    state: State,
    model: SettledModel,
    request: ModelRequest,
    named: SingleLevelCommand,
    options: Mapping[str, Any],
) -> SingleLevelFit:
    """Newton-Raphson; the model with a constant only is fitted before, for comparison."""
    columns = [column for column in model.description.fixed.columns if not column.omitted]
    constants = [position for position, column in enumerate(columns) if column.constant]
    constant = constants[0] if constants else None
    rules = convergence_rules(options, state.settings)
    objective = _objective(state, model, model.matrix)
    own = len(model.prepared.parameter_names)
    criterion = criterion_name(False, request.variance.robust)
    null, start = float("nan"), objective.start(constant)
    if constant is not None or model.description.outcome.family == "ordinal":
        alone = _objective(state, model, np.ascontiguousarray(model.matrix[:, constants]))
        silent = replace(rules, lengthen=True)
        smaller = maximise(alone, alone.start(0 if constants else None), silent, lambda _: None)
        null = smaller.value
        if named.from_constant:
            start = np.zeros(len(columns) + own)
            start[constants] = smaller.parameters[: len(constants)]
            start[len(columns) :] = smaller.parameters[len(constants) :]
    names = model.mapped.distinct
    shown = log_shown(state, options)
    display = IterationDisplay(state.console, names, trace_contents(options), criterion)
    if named.name == "nbreg":
        full_model = StageDisplay(state, options, "Fitting full model:", criterion, names)

    def tell(record: IterationRecord) -> None:
        if named.name == "nbreg":
            full_model(record)
        elif shown:
            if record.iteration == 0:
                state.console.print()
            display.show(record)

    try:
        optimum = maximise(objective, start, rules, tell)
    except FloatingPointError as error:
        raise StataError(1400, str(error) or "numerical overflow") from None
    _, _, hessian = objective(optimum.parameters, True)
    covariance = np.linalg.pinv(-hessian, hermitian=True)
    return SingleLevelFit(
        optimum.parameters, covariance, objective.scores(optimum.parameters), optimum, null
    )


def _post(
    state: State,
    model: SettledModel,
    request: ModelRequest,
    named: SingleLevelCommand,
    fit: SingleLevelFit,
    arguments: Arguments,
) -> None:
    """Store e() under the names of [R] logit, Stored results."""
    description, sample = model.description, model.sample
    design, outcome = description.fixed, description.outcome
    weights = None if model.weights is None else model.weights.observations
    kind = arguments.weight.kind if arguments.weight else ""
    counted = weights is not None and kind in ("fweight", "iweight")
    n = float(weights.sum()) if counted and weights is not None else float(sample.sum())
    own = model.prepared.parameter_names
    estimated = [*design.estimated, *([True] * len(own))]
    stripes = (
        *(Stripe(outcome.column.name, name) for name in design.names),
        *(Stripe("/", name) for name in own),
    )
    covariance, variance = fit.covariance, request.variance
    scalars: dict[str, float] = {"N": n, "ll": fit.optimum.value}
    macros: dict[str, str] = {"cmdline": arguments.text, "cmd": named.name}
    if variance.robust:
        codes = None
        if variance.cluster:
            codes = cluster_codes(state.data, variance.cluster, sample, np.arange(len(fit.scores)))
        frequencies = weights if kind == "fweight" else None
        found = robust_variance(covariance, fit.scores, codes, frequencies)
        covariance = found.covariance
        macros |= {"vce": variance.kind, "vcetype": "Robust"}
        if variance.cluster:
            scalars["N_clust"] = float(found.units)
            macros["clustvar"] = variance.cluster
    else:
        macros["vce"] = "oim"
    b, V = expanded(fit.parameters, covariance, estimated)
    results = Results(scalars=scalars, macros=macros)
    results.matrices["b"] = NamedMatrix.row(b, stripes)
    results.matrices["V"] = NamedMatrix.square(V, stripes)
    post_model_test(results, design)
    _post_comparison(results, fit, robust=variance.robust)
    results.scalars |= {
        "k": float(len(stripes)),
        "k_eq": 1.0 + len(own),
        "k_dv": 1.0,
        "k_eq_model": 1.0,
        "rank": float(rank_of_variance(V)),
        "ic": float(fit.optimum.iterations),
        "rc": 0.0 if fit.optimum.converged else 430.0,
        "converged": float(fit.optimum.converged),
    }
    results.macros |= {
        "depvar": outcome.column.name,
        "title": named.title,
        "model": named.name,
        "family": outcome.family,
        "link": outcome.link,
        "ivars": "",
        "redim": "",
        "vartypes": "",
        "opt": "moptimize",
        "which": "max",
        "technique": "nr",
        "properties": "b V",
        "predict": "meglm_p",
    }
    if description.offset:
        name = description.offset
        results.macros["offset"] = f"ln({name})" if description.exposure else name
    if arguments.weight:
        results.macros |= {"wtype": kind, "wexp": f"= {arguments.weight.text}"}
    if named.name == "nbreg":
        results.macros["dispersion"] = outcome.dispersion
        if not variance.robust:
            _post_overdispersion(state, model, results)
    if model.prepared.categories.size:
        results.matrices["cat"] = NamedMatrix.plain(model.prepared.categories[None])
        results.scalars["k_cat"] = float(model.prepared.categories.size)
    signed = [*description.variables]
    results.macros["datasignature"] = data_signature(state.data, signed, sample)
    results.macros["datasignaturevars"] = " ".join(signed)
    state.e = results
    set_estimation_sample(state, sample)


def _post_comparison(results: Results, fit: SingleLevelFit, *, robust: bool) -> None:
    """The likelihood-ratio test against the constant-only model, or with robust variances Wald's,
    and the pseudo R2, 1 - ll/ll_0."""
    scalars = results.scalars
    results.macros["chi2type"] = "Wald"
    if not np.isfinite(fit.null):
        return
    scalars["ll_0"] = fit.null
    scalars["r2_p"] = 1 - fit.optimum.value / fit.null if fit.null else MISSING
    if robust:
        return
    df = scalars["df_m"]
    results.macros["chi2type"] = "LR"
    scalars["chi2"] = max(2 * (fit.optimum.value - fit.null), 0.0)
    scalars["p"] = chi2_tail(df, scalars["chi2"]) if df else MISSING


def _post_overdispersion(state: State, model: SettledModel, results: Results) -> None:
    """The likelihood-ratio test against the Poisson model, whose dispersion is at the boundary."""
    from statalike.engine.families.poisson import Poisson

    weights = None if model.weights is None else model.weights.observations
    offset = model.description.offset_values(state.data, model.sample)
    poisson = FixedEffectsObjective(Poisson(), model.prepared.rows, model.matrix, offset, weights)
    columns = [column for column in model.description.fixed.columns if not column.omitted]
    constants = [position for position, column in enumerate(columns) if column.constant]
    rules = replace(convergence_rules({}, state.settings), lengthen=True)
    start = poisson.start(constants[0] if constants else None)
    ll = maximise(poisson, start, rules, lambda _: None).value
    statistic = max(2 * (results.scalars["ll"] - ll), 0.0)
    results.scalars |= {
        "ll_c": ll,
        "chi2_c": statistic,
        "p_c": 1.0 if statistic < 1e-5 else 0.5 * chi2_tail(1, statistic),
    }
    results.macros["chi2_ct"] = "LR"
