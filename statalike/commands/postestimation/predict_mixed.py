"""``predict`` after ``mixed`` ([ME] mixed postestimation)."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    described_by,
    residual_parameters,
    residual_variance,
)
from statalike.commands.estimation.mixed_scores import highest_level_groups, parameter_scores
from statalike.commands.postestimation.predict import (
    PredictRequest,
    add_group_scores,
    effect_names,
    new_names,
    predictor,
)
from statalike.commands.postestimation.spread_effects import (
    fitted_sample,
    spread_effects,
    stored_total_weights,
)
from statalike.data.missing import MISSING
from statalike.engine.linear.whitening import standardised_residuals
from statalike.errors import StataError
from statalike.state import State

STATISTICS = ("xb", "stdp", "fitted", "residuals", "rstandard", "reffects", "scores")


@predictor("mixed")
def predict_mixed(request: PredictRequest) -> None:
    chosen = [name for name in STATISTICS if request.flag(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {' or '.join(chosen[:2])} is allowed")
    statistic = chosen[0] if chosen else ""
    if request.text("reses") and statistic != "reffects":
        raise StataError(198, "option reses() requires option reffects")
    if statistic == "reffects":
        _add_effects(request)
        return
    if statistic == "scores":
        _add_scores(request)
        return
    if request.text("relevel") and statistic not in ("fitted", "residuals", "rstandard"):
        raise StataError(198, "option relevel() not allowed with this statistic")
    name = new_names((request.single_name(),), 1, request.state)[0]
    if not statistic:
        request.state.console.print("(option xb assumed)")
    values, label = _statistic(request, statistic or "xb")
    request.report_missing(request.add(name, values, label))


def _statistic(request: PredictRequest, statistic: str) -> tuple[np.ndarray, str]:
    state = request.state
    description = described_by(state.e)
    linear = linear_predictor(state, description)
    if statistic == "xb":
        return linear, "Linear prediction, fixed portion"
    if statistic == "stdp":
        return _standard_error(state, description), "S.E. of the linear prediction, fixed portion"
    through = _level_position(request, description)
    fitted = _plus(linear, random_part(state, description, through))
    if statistic == "fitted":
        return fitted, "Fitted values"
    outcome = description.outcome.evaluate(state.data)
    residuals = _plus(outcome, -np.where(fitted < MISSING, fitted, 0.0))
    residuals = np.where(fitted < MISSING, residuals, MISSING)
    if statistic == "residuals":
        return residuals, "Residuals"
    sample = fitted_sample(state)
    standardised = _standardised(state, description, residuals, sample)
    return (
        np.where((residuals < MISSING) & sample, standardised, MISSING),
        "Standardized residuals",
    )


def _standardised(
    state: State, description: LinearMixedDescription, residuals: np.ndarray, sample: np.ndarray
) -> np.ndarray:
    """Residuals (n,) times the inverse square root of their covariance matrix."""
    variance = residual_variance(state.e)
    if description.residuals is None:
        return residuals / np.sqrt(variance)
    check_unchanged(state.data, state.e, sample)
    codes = description.codes(state.data, sample)
    errors = description.residuals.errors(state.data, sample, codes)
    result = np.zeros(len(residuals))
    result[sample] = standardised_residuals(
        errors, residual_parameters(state.e)[1:], variance, residuals[sample]
    )
    return result


def linear_predictor(state: State, description: LinearMixedDescription) -> np.ndarray:
    """Xb for every observation (n,), missing where a covariate is."""
    results = state.e
    b = results.matrices["b"].values[0, : int(results.scalars["k_f"])]
    matrix, missing = description.fixed.complete_matrix(state.data)
    return np.where(missing, MISSING, matrix @ b[description.fixed.estimated])


def _standard_error(state: State, description: LinearMixedDescription) -> np.ndarray:
    results = state.e
    estimated = np.flatnonzero(description.fixed.estimated)
    V = results.matrices["V"].values[np.ix_(estimated, estimated)]
    matrix, missing = description.fixed.complete_matrix(state.data)
    spread = np.sqrt(np.maximum(np.einsum("ij,ij->i", matrix @ V, matrix), 0.0))
    return np.where(missing, MISSING, spread)


def _plus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    missing = (a >= MISSING) | (b >= MISSING)
    return np.where(missing, MISSING, np.where(missing, 0.0, a) + np.where(missing, 0.0, b))


def _level_position(request: PredictRequest, description: LinearMixedDescription) -> int:
    """The number of levels that count: all of them without ``relevel()``."""
    names = [name for name, _ in description.levels]
    return level_position(request.state, request.text("relevel"), names) + 1


def level_position(state: State, typed: str, names: list[str]) -> int:
    """The position of the level named in ``relevel()``; the last one when nothing is; r(198)."""
    typed = typed.strip()
    if not typed:
        return len(names) - 1
    name = typed if typed == "_all" else state.data.unabbreviate(typed)
    if name not in names:
        raise StataError(198, f"{typed} is not a level variable in this model")
    return names.index(name)


def random_part(state: State, description: LinearMixedDescription, levels: int) -> np.ndarray:
    """Zu for every observation (n,), of the first ``levels`` levels."""
    total = np.zeros(state.data.n)
    for equations in spread_effects(state, description)[:levels]:
        for equation in equations:
            total = _plus(total, equation.contribution(state.data))
    return total


def _add_effects(request: PredictRequest) -> None:
    """``reffects`` and ``reses()``: one variable for each random effect."""
    state = request.state
    description = described_by(state.e)
    only = request.text("relevel").strip()
    names = [name for name, _ in description.levels]
    if not names:
        raise StataError(321, "the model has no random effects")
    wanted = range(len(names))
    if only:
        position = level_position(state, only, names)
        wanted = range(position, position + 1)
    count = sum(equation.count for level in wanted for equation in description.levels[level][1])
    new, errors = effect_names(request, count)
    spread = spread_effects(state, description)
    every = [
        (f"{names[level]}: {name}", values, spreads)
        for level in wanted
        for equation in spread[level]
        for name, values, spreads in equation.every_effect()
    ]
    missing = 0
    for name, (what, values, _) in zip(new, every, strict=True):
        missing = max(missing, request.add(name, values, f"BLUP r.e. for {what}"))
    for name, (what, _, spreads) in zip(errors, every, strict=False):
        missing = max(missing, request.add(name, spreads, f"BLUP r.e. std. err. for {what}"))
    request.report_missing(missing)


def _add_scores(request: PredictRequest) -> None:
    """``scores``: one variable for each parameter of e(b), with the score of each highest-level
    group in its last observation.
    """
    state = request.state
    if state.e.macros["method"] == "REML":
        raise StataError(198, "option scores not allowed after REML estimation")
    if request.text("relevel"):
        raise StataError(198, "option relevel() not allowed with this statistic")
    description = described_by(state.e)
    new = new_names(request.names, len(state.e.matrices["b"].columns), state)
    sample = fitted_sample(state)
    check_unchanged(state.data, state.e, sample)
    highest = highest_level_groups(description.codes(state.data, sample), int(sample.sum()))
    weights = stored_total_weights(state, description, sample)
    model = description.nested_model(state.data, sample, weights=weights)
    scores = parameter_scores(state.e, description, model, highest)
    group = np.full(state.data.n, -1)
    group[sample] = highest
    add_group_scores(request, new, list(scores.T), group)
