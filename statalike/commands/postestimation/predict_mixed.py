"""``predict`` after ``mixed`` ([ME] mixed postestimation)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.data_signature import data_signature, signature_variables
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    covariance_matrices,
    described_by,
    residual_parameters,
    residual_variance,
)
from statalike.commands.estimation.mixed_scores import highest_level_groups, parameter_scores
from statalike.commands.estimation.mixed_weights import model_weights, stored_weights
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.commands.postestimation.predict import PredictRequest, new_names, predictor
from statalike.data.missing import MISSING
from statalike.design.sample import drop_missing
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.prediction import LevelEffects, predict_random_effects
from statalike.engine.linear.whitening import standardised_residuals
from statalike.engine.nested_groups import nested_groups
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
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
    sample = _sample(state)
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
    check_unchanged(state, description, sample)
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


def _sample(state: State) -> np.ndarray:
    sample = estimation_sample(state)
    if sample is None or not sample.any():
        raise StataError(
            459,
            "estimation sample not found; this prediction needs the data of the estimation",
        )
    return sample


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


@dataclass(frozen=True)
class SpreadEffects:
    """Random effects of one level for every observation: ``row`` (n,) of its group, -1 for none.

    ``effects`` and ``standard_errors`` are (G, q).
    """

    row: np.ndarray
    effects: np.ndarray
    standard_errors: np.ndarray

    def values(self, table: np.ndarray, column: int) -> np.ndarray:
        """One effect or standard error for every observation (n,)."""
        known = self.row >= 0
        return np.where(known, table[np.maximum(self.row, 0), column], MISSING)


def spread_effects(state: State, description: LinearMixedDescription) -> list[SpreadEffects]:
    """Predicted random effects of each level, carried to all observations of its groups.

    They are computed on the estimation sample; observations of the same groups outside it, such
    as those appended for prediction, share them.
    """
    sample = _sample(state)
    check_unchanged(state, description, sample)
    results = state.e
    k_f = int(results.scalars["k_f"])
    b = results.matrices["b"].values[0, :k_f][description.fixed.estimated]
    model = _weighted_model(state, description, sample)
    predicted = predict_random_effects(
        model,
        b,
        covariance_matrices(results, description),
        residual_variance(results),
        results.macros["method"] == "REML",
        residual_parameters(results)[1:],
    )
    return _carried(state, description, sample, predicted)


def _weighted_model(
    state: State, description: LinearMixedDescription, sample: np.ndarray
) -> LinearMixedModel:
    """The arrays of the estimation, with the weights that it had."""
    request = stored_weights(state.e, description.level_names)
    totals = None
    if request is not None:
        codes = description.codes(state.data, sample)
        weights = model_weights(state, request, sample, description.level_names, codes)
        totals = weights.total(description.level_positions)
    return description.engine_model(state.data, sample, weights=totals)


def _carried(
    state: State,
    description: LinearMixedDescription,
    sample: np.ndarray,
    predicted: list[LevelEffects],
) -> list[SpreadEffects]:
    data = state.data
    named = [name for name in description.level_names if name != "_all"]
    present = drop_missing(data, np.ones(data.n, dtype=bool), named)
    groups = nested_groups(description.codes(data, present))
    inside = sample[present]
    spread: list[SpreadEffects] = []
    for (name, _), effects in zip(description.levels, predicted, strict=True):
        path = groups.group(description.level_names.index(name))
        row_of_path = np.full(int(path.max()) + 1, -1)
        row_of_path[path[inside]] = effects.group
        row = np.full(data.n, -1)
        row[present] = row_of_path[path]
        spread.append(SpreadEffects(row, effects.effects, effects.standard_errors))
    return spread


def check_unchanged(state: State, description: LinearMixedDescription, sample: np.ndarray) -> None:
    """r(459) when observations of the estimation sample have changed or gone."""
    signature = state.e.macros.get("datasignature")
    used = state.e.macros.get("datasignaturevars", "").split()
    names = signature_variables(description, used)
    known = all(name in state.data for name in names)
    if signature and not (known and signature == data_signature(state.data, names, sample)):
        raise StataError(459, "data have changed since estimation")


def random_part(state: State, description: LinearMixedDescription, levels: int) -> np.ndarray:
    """Zu for every observation (n,), of the first ``levels`` levels."""
    data = state.data
    total = np.zeros(data.n)
    for (_, equations), spread in zip(
        description.levels[:levels], spread_effects(state, description), strict=False
    ):
        column = 0
        for equation in equations:
            for covariate in equation.columns:
                effect = spread.values(spread.effects, column)
                values = covariate.evaluate(data)
                missing = (effect >= MISSING) | (values >= MISSING)
                product = np.where(missing, 0.0, effect) * np.where(missing, 0.0, values)
                total = _plus(total, np.where(missing, MISSING, product))
                column += 1
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
    effects = [
        (level, column_number, column)
        for level in wanted
        for column_number, column in enumerate(
            column for equation in description.levels[level][1] for column in equation.columns
        )
    ]
    new = new_names(request.names, len(effects), state)
    errors: tuple[str, ...] = ()
    if request.text("reses"):
        errors = new_names(tuple(request.text("reses").split()), len(effects), state)
        if set(errors) & set(new):
            raise StataError(198, "reses() names repeat those of the random effects")
    spread = spread_effects(state, description)
    missing = 0
    for new_list, table, label in (
        (new, "effects", "BLUP r.e. for"),
        (errors, "standard_errors", "BLUP r.e. std. err. for"),
    ):
        for name, (level, number, column) in zip(new_list, effects, strict=False):
            of_level = spread[level]
            values = of_level.values(getattr(of_level, table), number)
            text = f"{label} {names[level]}: {effect_name(column)}"
            missing = max(missing, request.add(name, values, text))
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
    stripes = state.e.matrices["b"].columns
    new = new_names(request.names, len(stripes), state)
    sample = _sample(state)
    check_unchanged(state, description, sample)
    rows = np.flatnonzero(sample)
    highest = highest_level_groups(description.codes(state.data, sample), len(rows))
    model = _weighted_model(state, description, sample)
    scores = parameter_scores(state.e, description, model, highest)
    last = np.zeros(len(scores), dtype=np.intp)
    np.maximum.at(last, highest, rows)
    for name, stripe, values in zip(new, stripes, scores.T, strict=True):
        spread = np.full(state.data.n, MISSING)
        spread[last] = values
        request.add(name, spread, f"score for {stripe}")
