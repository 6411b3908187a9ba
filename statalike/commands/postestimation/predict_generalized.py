"""``predict`` after ``meglm``, ``melogit`` and the other generalized mixed commands."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.generalized.description import (
    GeneralizedDescription,
    stored_description,
)
from statalike.commands.postestimation.generalized_predictors import (
    RandomPart,
    conditional_predictor,
    conditioning,
    fixed_predictor,
    points_note,
    posterior_rules,
    prior_standard_deviation,
    standard_error,
)
from statalike.commands.postestimation.outcome_statistics import (
    EstimatedOutcome,
    OutcomeStatistic,
    category_statistics,
    estimated_outcome,
    generalized_linear_statistic,
    ordinal_statistic,
    survival_statistic,
)
from statalike.commands.postestimation.predict import (
    OF_GENERALIZED_MODELS,
    PredictRequest,
    new_names,
    predictor,
)
from statalike.commands.postestimation.predict_generalized_effects import add_effects, add_scores
from statalike.commands.postestimation.statistics_within_limits import statistic_within_limits
from statalike.data.missing import MISSING
from statalike.engine.families.family import Array
from statalike.errors import StataError, option_not_allowed

OF_EVERY_MODEL = ("eta", "xb", "stdp", "reffects", "scores")
OF_OUTCOMES = ("mu", "density", "distribution", "pearson", "deviance", "anscombe")
OF_SURVIVAL = ("mean", "median", "hazard", "surv", "density", "distribution")
WITHIN_LIMITS = ("pr", "e", "ystar")
#: options that say how a statistic is made, and those that go with random effects or scores
OF_POSTERIORS = ("means", "modes", "ebmeans", "ebmodes", "intpoints", "iterate", "tolerance")
OF_STATISTICS = (*OF_POSTERIORS, "conditional", "marginal", "fixedonly", "nooffset", "outcome")
OF_EFFECTS = (*OF_POSTERIORS, "reses")
#: the options of statistics that have not all of them
ALLOWED = {"reffects": OF_EFFECTS, "scores": (), "xb": ("nooffset",), "stdp": ()}
LABELS = {
    "eta": "Linear prediction",
    "xb": "Linear prediction, fixed portion",
    "stdp": "S.E. of the linear prediction, fixed portion",
}


def predict_generalized(request: PredictRequest) -> None:
    """One statistic, the probabilities of categories, the random effects, or scores."""
    state = request.state
    description = stored_description(state.e)
    statistic = _chosen_statistic(request, description)
    _check_options(request, description, statistic)
    if statistic == "reffects":
        add_effects(request, description)
        return
    if statistic == "scores":
        add_scores(request, description)
        return
    if not statistic:
        statistic = _default_statistic(request, description)
        state.console.print(f"(option {statistic} assumed)")
    if description.outcome.family == "ordinal" and statistic in ("mu", "pr"):
        _add_category_probabilities(request, description)
        return
    name = new_names((request.single_name(),), 1, state)[0]
    if statistic in ("xb", "stdp"):
        values = (
            fixed_predictor(request, description)
            if statistic == "xb"
            else standard_error(state, description)
        )
        request.report_missing(request.add(name, values, LABELS[statistic]))
        return
    random = RandomPart(conditioning(request, description), posterior_rules(request))
    label = LABELS.get(statistic, "")
    if statistic == "eta" and random.kind == "marginal":
        # Random effects have mean zero.
        values = fixed_predictor(request, description)
    elif statistic == "eta":
        values = conditional_predictor(request, description, random)
    else:
        outcome = estimated_outcome(state, description, random.rules.points)
        made = _outcome_statistic(request, description, statistic, outcome)
        label = made.label
        (values,) = _values(request, description, random, statistic, [made])
    request.report_missing(request.add(name, values, _label(label, random)))


predictor("meglm", OF_GENERALIZED_MODELS)(predict_generalized)
predictor("gsem", OF_GENERALIZED_MODELS)(predict_generalized)


def _statistics(description: GeneralizedDescription) -> tuple[str, ...]:
    """The statistics that the model has."""
    outcome = description.outcome
    if outcome.model == "survival":
        return (*OF_EVERY_MODEL, *OF_SURVIVAL)
    if outcome.model:
        return (*OF_EVERY_MODEL, *WITHIN_LIMITS)
    if outcome.family == "ordinal":
        return (*OF_EVERY_MODEL, "mu", "pr", "density", "distribution")
    found = (*OF_EVERY_MODEL, *OF_OUTCOMES)
    if outcome.family == "bernoulli":
        return (*found, "pr")
    return (*found, "residuals") if outcome.family == "gaussian" else found


def _default_statistic(request: PredictRequest, description: GeneralizedDescription) -> str:
    outcome = description.outcome
    if outcome.model:
        return "mean" if outcome.model == "survival" else "eta"
    named = request.state.e.macros.get("cmd2", "")
    if outcome.family == "bernoulli" and not named:
        return "pr"
    return "pr" if outcome.family == "ordinal" and named != "meglm" else "mu"


def _chosen_statistic(request: PredictRequest, description: GeneralizedDescription) -> str:
    """The one statistic of the command line, empty without any; r(198)."""
    every = dict.fromkeys([*OF_EVERY_MODEL, *OF_OUTCOMES, *OF_SURVIVAL, *WITHIN_LIMITS])
    typed = [name for name in (*every, "residuals") if request.flag(name)]
    if len(typed) > 1:
        raise StataError(198, f"only one of {' or '.join(typed[:2])} is allowed")
    if not typed:
        return ""
    (statistic,) = typed
    if statistic not in _statistics(description):
        raise option_not_allowed(statistic)
    limited = description.outcome.model in ("tobit", "interval")
    if statistic == "pr" and (request.arguments.options["pr"] is True) == limited:
        raise StataError(198, "option pr incorrectly specified")
    return statistic


def _check_options(
    request: PredictRequest, description: GeneralizedDescription, statistic: str
) -> None:
    """r(198) for an option that does not go with what is predicted."""
    if request.text("reses") and statistic != "reffects":
        raise StataError(198, "option reses() requires option reffects")
    allowed = ALLOWED.get(statistic, OF_STATISTICS)
    for name in (*OF_STATISTICS, "reses"):
        if request.arguments.options.get(name) and name not in allowed:
            raise option_not_allowed(name)
    ordinal = description.outcome.family == "ordinal"
    if request.text("outcome") and not (ordinal and statistic in ("", "mu", "pr")):
        raise option_not_allowed("outcome")


def _outcome_statistic(
    request: PredictRequest,
    description: GeneralizedDescription,
    statistic: str,
    outcome: EstimatedOutcome,
) -> OutcomeStatistic:
    if description.outcome.model == "survival":
        return survival_statistic(statistic, outcome)
    if description.outcome.model:
        limits = request.text(statistic)
        return statistic_within_limits(request.state, statistic, limits, outcome)
    if description.outcome.family == "ordinal":
        return ordinal_statistic(statistic, outcome)
    return generalized_linear_statistic(statistic, outcome)


def _values(
    request: PredictRequest,
    description: GeneralizedDescription,
    random: RandomPart,
    name: str,
    statistics: list[OutcomeStatistic],
) -> list[Array]:
    """Values (n,) of statistics of one kind, missing where they are not known; r(198)."""
    first = statistics[0]
    if random.kind == "marginal":
        if first.integrated is None:
            raise StataError(198, f"option marginal not allowed with option {name}")
        if first.by_quadrature and first.shows_points:
            request.state.console.print(points_note(random.rules))
        predictors = [
            fixed_predictor(request, description),
            prior_standard_deviation(request.state, description),
        ]
    else:
        shown = first.shows_points
        predictors = [conditional_predictor(request, description, random, shown)]
    known = np.all([values < MISSING for values in predictors], axis=0)
    predictors = [np.where(known, values, 0.0) for values in predictors]
    found: list[Array] = []
    for statistic in statistics:
        function = statistic.given if len(predictors) == 1 else statistic.integrated
        assert function is not None
        with np.errstate(all="ignore"):
            values = function(*predictors)
        found.append(np.where(known & statistic.known & np.isfinite(values), values, MISSING))
    return found


def _label(label: str, random: RandomPart) -> str:
    """A variable's label; that of a marginal statistic says so."""
    return marginal_label(label) if random.kind == "marginal" else label


def marginal_label(label: str) -> str:
    """``Marginal predicted mean``."""
    starts_with_word = label[1:2].islower() and "(" not in label
    return f"Marginal {label[0].lower() + label[1:] if starts_with_word else label}"


def _add_category_probabilities(
    request: PredictRequest, description: GeneralizedDescription
) -> None:
    """Probabilities of ordinal categories: of all, or of that of ``outcome()``."""
    state = request.state
    random = RandomPart(conditioning(request, description), posterior_rules(request))
    outcome = estimated_outcome(state, description, random.rules.points)
    categories = outcome.categories
    wanted = list(range(len(categories)))
    typed = request.text("outcome").strip()
    if typed:
        wanted = [category_position(typed, categories)]
    elif len(request.names) == 1 and not request.names[0].endswith("*"):
        state.console.print(f"(outcome {categories[0]:g} assumed)")
        wanted = [0]
    names = new_names(request.names, len(wanted), state)
    statistics = category_statistics(outcome, wanted)
    found = _values(request, description, random, "pr", statistics)
    missing = 0
    for name, statistic, values in zip(names, statistics, found, strict=True):
        missing = max(missing, request.add(name, values, _label(statistic.label, random)))
    request.report_missing(missing)


def category_position(typed: str, categories: np.ndarray) -> int:
    """The category that ``outcome()`` names: by value, or ``#2`` by position; r(198)."""
    by_position = typed.startswith("#")
    try:
        number = float(typed.removeprefix("#"))
    except ValueError:
        raise StataError(198, f"outcome({typed}) not found") from None
    if by_position and 1 <= number <= len(categories):
        return int(number) - 1
    found = np.flatnonzero(categories == number)
    if by_position or not len(found):
        raise StataError(198, f"outcome({typed}) not found")
    return int(found[0])
