"""``predict`` after ``menl`` ([ME] menl postestimation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from statalike.commands.estimation.nonlinear.fitted import (
    FittedNonlinearModel,
    fitted_nonlinear_model,
)
from statalike.commands.postestimation.predict import (
    PredictRequest,
    effect_names,
    new_names,
    predictor,
)
from statalike.commands.postestimation.predict_mixed import level_position
from statalike.data.missing import MISSING
from statalike.engine.nonlinear.prediction import (
    PREDICTION_RULES,
    observation_effects,
    standardised_residuals,
)
from statalike.errors import StataError, suggestion
from statalike.language.nonlinear_parser import parse_predictions

_STATISTICS = ("yhat", "mu", "residuals", "rstandard")
_LABELS = {
    "yhat": "Mean prediction",
    "mu": "Mean prediction",
    "residuals": "Residuals",
    "rstandard": "Standardized residuals",
}


@predictor(
    "menl",
    "yhat mu residuals rstandard reffects reses relevel fixedonly parameters iterate tolerance",
)
def predict_nonlinear(request: PredictRequest) -> None:
    chosen = [name for name in _STATISTICS if request.flag(name)]
    effects = request.flag("reffects") or bool(request.text("reses"))
    parameters = request.arguments.options.get("parameters") is not None
    several = len(chosen) + effects + parameters > 1
    if several or (request.names[0].startswith("(") and (chosen or effects or parameters)):
        raise StataError(198, "only one statistic is allowed")
    if request.flag("fixedonly"):
        for name in ("relevel", "iterate", "tolerance"):
            if request.arguments.options.get(name) is not None:
                raise StataError(198, f"options fixedonly and {name}() may not be combined")
        if effects:
            raise StataError(198, "options fixedonly and reffects may not be combined")
    fitted = _fitted(request)
    if effects:
        _add_effects(request, fitted)
    elif parameters or request.names[0].startswith("("):
        _add_expressions(request, fitted)
    else:
        statistic = chosen[0] if chosen else "yhat"
        name = request.single_name()
        request.add(name, _statistic(request, fitted, statistic), _LABELS[statistic])


def _fitted(request: PredictRequest) -> FittedNonlinearModel:
    rules = PREDICTION_RULES
    iterations = request.arguments.options.get("iterate")
    tolerance = request.arguments.options.get("tolerance")
    if iterations is not None:
        rules = replace(rules, iterations=int(iterations[0]))
    if tolerance is not None:
        rules = replace(rules, parameter_tolerance=float(tolerance[0]))
    return fitted_nonlinear_model(request.state, rules)


def _levels(request: PredictRequest, fitted: FittedNonlinearModel) -> int:
    """How many levels' random effects count, from the outermost one down."""
    if request.flag("fixedonly"):
        return 0
    return _level(request, fitted) + 1


def _level(request: PredictRequest, fitted: FittedNonlinearModel) -> int:
    names = [path[-1] for path in fitted.description.paths]
    return level_position(request.state, request.text("relevel"), names)


def _statistic(request: PredictRequest, fitted: FittedNonlinearModel, statistic: str) -> np.ndarray:
    description = fitted.description
    if statistic == "rstandard":
        levels = _levels(request, fitted)
        model = fitted.model
        effects = np.zeros((len(model.outcome), model.effect_count))
        if levels:
            effects = observation_effects(model, fitted.predicted.effects, levels)
        own = standardised_residuals(model, fitted.fixed, fitted.estimates, effects)
        result = np.full(request.state.data.n, MISSING)
        result[fitted.sample.chosen] = np.where(np.isfinite(own), own, MISSING)
        return result
    mean = fitted.values(description.outcome, _levels(request, fitted))
    if statistic != "residuals":
        return mean
    outcome = request.state.data.numbers(description.outcome)
    missing = (mean >= MISSING) | (outcome >= MISSING)
    return np.where(missing, MISSING, outcome - np.where(missing, 0.0, mean))


def _add_expressions(request: PredictRequest, fitted: FittedNonlinearModel) -> None:
    """Named expressions: all of them, some by name, or each with its variable."""
    known = sorted(fitted.description.specification.named)
    wanted: Sequence[str]
    if request.names[0].startswith("("):
        typed = parse_predictions(" ".join(request.names))
        variables = new_names(tuple(item.variable for item in typed), len(typed), request.state)
        wanted = [item.name for item in typed]
    else:
        given = request.text("parameters")
        chosen = [word.strip("{}:") for word in given.split()] if given != "True" else []
        wanted = chosen or known
        variables = new_names(request.names, len(wanted), request.state)
    for name in wanted:
        if name not in known:
            raise StataError(111, f"expression {{{name}:}} not found", hint=suggestion(name, known))
    levels = _levels(request, fitted)
    found = [fitted.values(name, levels) for name in wanted]
    for variable, name, values in zip(variables, wanted, found, strict=True):
        request.add(variable, values, f"Prediction of {{{name}:}}")


def _add_effects(request: PredictRequest, fitted: FittedNonlinearModel) -> None:
    """``reffects`` and ``reses()``: one variable for each random effect."""
    description = fitted.description
    if not description.blocks:
        raise StataError(321, "the model has no random effects")
    paths = description.paths
    if request.text("relevel"):
        paths = (paths[_level(request, fitted)],)
    wanted = [
        (f"{name}[{block.path_text}]", description.effects.index(name))
        for block in description.blocks
        if block.path in paths
        for name in block.effects
    ]
    if request.flag("reffects"):
        new, errors = effect_names(request, len(wanted))
    else:
        raise StataError(198, "option reses() requires option reffects")
    spread = fitted.spread_effects()
    for names, values, what in (
        (new, spread.values, "BLUP r.e. for"),
        (errors, spread.standard_errors, "BLUP r.e. std. err. for"),
    ):
        for name, (label, k) in zip(names, wanted, strict=False):
            own = np.where(np.isfinite(values[:, k]), values[:, k], MISSING)
            request.add(name, own, f"{what} {label}")
