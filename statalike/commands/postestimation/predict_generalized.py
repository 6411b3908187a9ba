"""``predict`` after ``meglm``, ``melogit`` and the other generalized mixed commands."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.generalized.description import (
    GeneralizedDescription,
    stored_description,
)
from statalike.commands.estimation.generalized.outcomes import PreparedOutcome, prepare_outcome
from statalike.commands.postestimation.generalized_estimates import (
    estimated_point,
    spread_effects,
)
from statalike.commands.postestimation.predict import (
    OF_GENERALIZED_MODELS,
    PredictRequest,
    new_names,
    predictor,
)
from statalike.commands.postestimation.spread_effects import fitted_sample
from statalike.data.missing import MISSING
from statalike.engine.families.family import Array
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily, Residual
from statalike.engine.families.ordinal import OrdinalFamily
from statalike.engine.generalized.posterior import Estimate
from statalike.engine.generalized.quadrature_rules import gauss_hermite
from statalike.errors import StataError
from statalike.state import State

STATISTICS = (
    "mu",
    "pr",
    "eta",
    "xb",
    "stdp",
    "density",
    "distribution",
    "residuals",
    "pearson",
    "deviance",
    "anscombe",
    "reffects",
)
RESIDUALS = ("residuals", "pearson", "deviance", "anscombe")
LABELS = {
    "mu": "Predicted mean",
    "pr": "Predicted probability",
    "eta": "Linear prediction",
    "xb": "Linear prediction, fixed portion",
    "stdp": "S.E. of the linear prediction, fixed portion",
    "density": "Density",
    "distribution": "Distribution function",
    "residuals": "Residuals",
    "pearson": "Pearson residuals",
    "deviance": "Deviance residuals",
    "anscombe": "Anscombe residuals",
}
ORDINAL = "ordinal"


def predict_generalized(request: PredictRequest) -> None:
    """One statistic, or the random effects."""
    state = request.state
    description = stored_description(state.e)
    chosen = [name for name in STATISTICS if request.flag(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {' or '.join(chosen[:2])} is allowed")
    ordinal = description.outcome.family == ORDINAL
    statistic = chosen[0] if chosen else ""
    _check_options(request, statistic, ordinal)
    if statistic == "reffects":
        _add_effects(request, description)
        return
    if not statistic:
        statistic = "pr" if ordinal else "mu"
        state.console.print(f"(option {statistic} assumed)")
    if ordinal and statistic not in ("pr", "eta", "xb", "stdp"):
        raise StataError(198, f"option {statistic} not allowed after an ordinal outcome")
    if statistic == "pr" and description.outcome.family not in ("bernoulli", ORDINAL):
        raise StataError(198, "option pr not allowed with this family")
    if ordinal and statistic == "pr":
        _add_category_probabilities(request, description)
        return
    name = new_names((request.single_name(),), 1, state)[0]
    values = _statistic(request, description, statistic)
    request.report_missing(request.add(name, values, LABELS[statistic]))


predictor("meglm", OF_GENERALIZED_MODELS)(predict_generalized)
predictor("gsem", OF_GENERALIZED_MODELS)(predict_generalized)


def _check_options(request: PredictRequest, statistic: str, ordinal: bool) -> None:
    """r(198) for options that the statistic would not obey."""
    fixed = ("conditional", "marginal", "fixedonly", "intpoints")
    idle: dict[str, tuple[str, ...]] = {
        "xb": fixed,
        "stdp": (*fixed, "nooffset"),
        "reffects": ("conditional", "marginal", "fixedonly", "nooffset"),
    }
    refused = list(idle.get(statistic, ()))
    if statistic != "reffects":
        if request.text("reses"):
            raise StataError(198, "option reses() requires option reffects")
        refused += ["ebmeans", "ebmodes"]
    if not (ordinal and statistic in ("", "pr")):
        refused.append("outcome")
    for name in refused:
        if request.arguments.options.get(name):
            what = f"option {statistic}" if statistic else "this statistic"
            raise StataError(198, f"option {name} not allowed with {what}")
    if request.flag("ebmeans") and request.flag("ebmodes"):
        raise StataError(198, "only one of ebmeans or ebmodes is allowed")


def conditioning(request: PredictRequest) -> str:
    """``mean``, ``mode``, ``fixed`` or ``marginal``: the random effects of a prediction; r(198)."""
    typed = request.text("conditional").strip()
    if request.flag("fixedonly"):
        typed = typed or "fixedonly"
    if request.flag("marginal"):
        if typed:
            raise StataError(198, "only one of conditional() or marginal is allowed")
        return "marginal"
    if not typed:
        return "mean"
    for full, kind in (("ebmeans", "mean"), ("ebmodes", "mode"), ("fixedonly", "fixed")):
        if len(typed) >= 3 and full.startswith(typed):
            return kind
    raise StataError(198, f"conditional({typed}) not allowed")


def _statistic(
    request: PredictRequest, description: GeneralizedDescription, statistic: str
) -> Array:
    state = request.state
    fixed = fixed_predictor(request, description)
    if statistic == "xb":
        return fixed
    if statistic == "stdp":
        return _standard_error(state, description)
    kind = conditioning(request)
    if kind == "marginal":
        if statistic != "mu" and not (statistic == "pr"):
            raise StataError(198, f"option {statistic} not allowed with option marginal")
        return _marginal(request, description, fixed)
    eta = _linear_predictor(request, description, fixed, kind)
    if statistic == "eta":
        return eta
    known = eta < MISSING
    if statistic in (*RESIDUALS, "density", "distribution"):
        outcome_values = description.outcome.column.evaluate(state.data)
        known &= outcome_values < MISSING
    result = np.full(state.data.n, MISSING)
    if known.any():
        result[known] = _of_linear_predictor(state, description, statistic, eta[known], known)
    return result


def _of_linear_predictor(
    state: State, description: GeneralizedDescription, statistic: str, eta: Array, rows: np.ndarray
) -> Array:
    prepared = _prepared(state, description, rows)
    family, outcome = prepared.family, prepared.rows
    if not isinstance(family, GeneralizedLinearFamily):
        raise StataError(198, f"option {statistic} not yet supported with this family")
    own = estimated_point(state.e, description).own
    quantities = family.quantities(own, family.quantity_positions(outcome))
    if statistic in ("mu", "pr"):
        return family.mean(outcome, eta)
    if statistic == "density":
        return np.exp(family.log_density(outcome, eta.copy(), quantities))
    if statistic == "distribution":
        return family.distribution(outcome, eta, quantities)
    if statistic == "residuals":
        return np.asarray(outcome[0] - family.mean(outcome, eta))
    kinds: dict[str, Residual] = {
        "pearson": "pearson",
        "deviance": "deviance",
        "anscombe": "anscombe",
    }
    kind = kinds[statistic]
    if kind not in family.residual_kinds:
        raise StataError(198, f"option {statistic} not allowed with this family")
    return family.residual(kind, outcome, eta, quantities)


def _prepared(
    state: State, description: GeneralizedDescription, rows: np.ndarray
) -> PreparedOutcome:
    """The outcome on some rows; where it is missing only the rows' number matters."""
    sample = fitted_sample(state)
    whole = prepare_outcome(description.outcome, state.data, sample)
    if description.outcome.family == "bernoulli":
        values = description.outcome.column.evaluate(state.data)[rows]
        return PreparedOutcome(whole.family, (values != 0).astype(np.float64)[None])
    values = description.outcome.column.evaluate(state.data)[rows]
    values = np.where(values < MISSING, values, 0.0)
    found = [values]
    if description.outcome.family == "binomial":
        try:
            trials = np.full(len(values), float(description.outcome.trials))
        except ValueError:
            trials = state.data.numbers(description.outcome.trials)[rows].astype(np.float64)
        found.append(trials)
    return PreparedOutcome(whole.family, np.stack(found))


def fixed_predictor(request: PredictRequest, description: GeneralizedDescription) -> Array:
    """Xb with the offset, unless ``nooffset``, for every observation; missing where unknown."""
    state = request.state
    b = state.e.matrices["b"].values[0, : len(description.fixed.names)]
    estimated = np.fromiter(description.fixed.estimated, dtype=bool)
    matrix, missing = description.fixed.complete_matrix(state.data)
    values = matrix @ b[estimated]
    if description.offset and not request.flag("nooffset"):
        known = state.data.numbers(description.offset) < MISSING
        offset = description.offset_values(state.data, known)
        assert offset is not None
        values[known] += offset
        missing |= ~known
    return np.where(missing, MISSING, values)


def _standard_error(state: State, description: GeneralizedDescription) -> Array:
    estimated = np.flatnonzero(np.fromiter(description.fixed.estimated, dtype=bool))
    V = state.e.matrices["V"].values[np.ix_(estimated, estimated)]
    matrix, missing = description.fixed.complete_matrix(state.data)
    spread = np.sqrt(np.maximum(np.einsum("ij,ij->i", matrix @ V, matrix), 0.0))
    return np.where(missing, MISSING, spread)


def _linear_predictor(
    request: PredictRequest, description: GeneralizedDescription, fixed: Array, kind: str
) -> Array:
    """Xb + Zu at the posterior means or modes, or without random effects."""
    if kind == "fixed" or not description.levels:
        return fixed
    estimate: Estimate = "mode" if kind == "mode" or description.crossed else "mean"
    console = request.state.console
    console.print(
        "(predictions based on fixed effects and posterior "
        f"{'means' if estimate == 'mean' else 'modes'} of random effects)"
    )
    points = _points(request)
    if estimate == "mean":
        console.print(f"(using {points} quadrature points)")
    missing = fixed >= MISSING
    total = np.where(missing, 0.0, fixed)
    for effect in spread_effects(request.state, description, estimate, points):
        absent = (effect.values >= MISSING) | (effect.covariate >= MISSING)
        # A covariate of zero needs no effect.
        absent &= effect.covariate != 0.0
        missing |= absent
        product = np.where(absent, 0.0, effect.values) * np.where(absent, 0.0, effect.covariate)
        total += np.where(effect.covariate == 0.0, 0.0, product)
    return np.where(missing, MISSING, total)


def _points(request: PredictRequest) -> int:
    """Quadrature points: those of the option, or of the estimation."""
    given = request.arguments.options.get("intpoints")
    if given is None:
        return int(request.state.e.macros["n_quad"])
    points = int(given[0])
    if not 1 <= points <= 195:
        raise StataError(198, "intpoints() must be between 1 and 195")
    return points


def prior_standard_deviation(state: State, description: GeneralizedDescription) -> Array:
    """The standard deviation ``sqrt(z'Dz)`` of Zu for every observation, missing where unknown."""
    point = estimated_point(state.e, description)
    variance = np.zeros(state.data.n)
    missing = np.zeros(state.data.n, dtype=bool)
    number = 0
    for _, equations in description.levels:
        columns: list[np.ndarray] = []
        for equation in equations:
            if equation.columns:
                own = [column.evaluate(state.data) for column in equation.columns]
            else:
                own = [np.ones(state.data.n)]
            columns += own
            if description.crossed:
                scaled = np.stack(columns, axis=1) @ point.roots[number]
                missing |= np.any(np.stack(columns, axis=1) >= MISSING, axis=1)
                variance += np.sum(scaled**2, axis=1)
                columns = []
                number += 1
        if not description.crossed:
            stacked = np.stack(columns, axis=1)
            missing |= np.any(stacked >= MISSING, axis=1)
            clean = np.where(stacked < MISSING, stacked, 0.0)
            variance += np.sum((clean @ point.roots[number]) ** 2, axis=1)
            number += 1
    return np.where(missing, MISSING, np.sqrt(variance))


def _marginal(request: PredictRequest, description: GeneralizedDescription, fixed: Array) -> Array:
    """The mean integrated over the distribution of the random effects.

    Zu is normal with variance ``z'Dz``, so that a one-dimensional rule integrates it.
    """
    state = request.state
    spread = prior_standard_deviation(state, description)
    known = (fixed < MISSING) & (spread < MISSING)
    rule = gauss_hermite(max(_points(request), 30), 1)
    result = np.full(state.data.n, MISSING)
    eta = fixed[known] + rule.abscissas[0][:, None] * spread[known]
    means = _of_linear_predictor(state, description, "mu", eta, known)
    result[known] = np.exp(rule.log_weights) @ means
    return result


def _add_effects(request: PredictRequest, description: GeneralizedDescription) -> None:
    """``reffects`` and ``reses()``: one variable for each random effect."""
    state = request.state
    if not description.levels:
        raise StataError(321, "the model has no random effects")
    estimate: Estimate = "mode" if request.flag("ebmodes") or description.crossed else "mean"
    count = sum(
        equation.count if equation.columns else 1
        for _, equations in description.levels
        for equation in equations
    )
    new = new_names(request.names, count, state)
    errors: tuple[str, ...] = ()
    if request.text("reses"):
        errors = new_names(tuple(request.text("reses").split()), count, state)
        if set(errors) & set(new):
            raise StataError(198, "reses() names repeat those of the random effects")
    state.console.print(f"(calculating posterior {estimate}s of random effects)")
    points = _points(request)
    if estimate == "mean":
        state.console.print(f"(using {points} quadrature points)")
    missing = 0
    effects = spread_effects(state, description, estimate, points)
    for name, effect in zip(new, effects, strict=True):
        label = f"Empirical Bayes {estimate}s for {effect.name}"
        missing = max(missing, request.add(name, effect.values, label))
    for name, effect in zip(errors, effects, strict=False):
        label = f"Std. err. of empirical Bayes {estimate}s for {effect.name}"
        missing = max(missing, request.add(name, effect.standard_errors, label))
    request.report_missing(missing)


def _add_category_probabilities(
    request: PredictRequest, description: GeneralizedDescription
) -> None:
    """Probabilities of ordinal categories: of all, or of that of ``outcome()``."""
    state = request.state
    categories = state.e.matrices["cat"].values[0]
    prepared = prepare_outcome(description.outcome, state.data, fitted_sample(state))
    family = prepared.family
    assert isinstance(family, OrdinalFamily)
    wanted = list(range(len(categories)))
    typed = request.text("outcome").strip()
    if typed:
        wanted = [_category(typed, categories)]
    elif len(request.names) == 1 and not request.names[0].endswith("*"):
        state.console.print(f"(outcome {categories[0]:g} assumed)")
        wanted = [0]
    names = new_names(request.names, len(wanted), state)
    fixed = fixed_predictor(request, description)
    kind = conditioning(request)
    cutpoints = estimated_point(state.e, description).own
    if kind == "marginal":
        spread = prior_standard_deviation(state, description)
        known = (fixed < MISSING) & (spread < MISSING)
        rule = gauss_hermite(max(_points(request), 30), 1)
        eta = fixed[known] + rule.abscissas[0][:, None] * spread[known]
        weights = np.exp(rule.log_weights)
        found = np.tensordot(weights, family.probabilities(eta, cutpoints), axes=([0], [1]))
    else:
        eta = _linear_predictor(request, description, fixed, kind)
        known = eta < MISSING
        found = family.probabilities(eta[known], cutpoints)
    missing = 0
    outcome = description.outcome.column.name
    for name, position in zip(names, wanted, strict=True):
        values = np.full(state.data.n, MISSING)
        values[known] = found[position]
        label = f"Pr({outcome}=={categories[position]:g})"
        missing = max(missing, request.add(name, values, label))
    request.report_missing(missing)


def _category(typed: str, categories: np.ndarray) -> int:
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
