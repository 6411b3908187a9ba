"""``predict, reffects`` and ``predict, scores`` after generalized mixed models."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.estimation.generalized.outcomes import prepare_outcome
from statalike.commands.estimation.generalized.reported_estimates import RESIDUAL_VARIANCE
from statalike.commands.estimation.linear_mixed import RandomColumns, RandomEffectsEquation
from statalike.commands.postestimation.generalized_estimates import (
    estimated_point,
    spread_effects,
)
from statalike.commands.postestimation.generalized_predictors import (
    conditioning,
    points_note,
    posterior_rules,
)
from statalike.commands.postestimation.predict import (
    PredictRequest,
    add_group_scores,
    effect_names,
    new_names,
)
from statalike.commands.postestimation.spread_effects import (
    fitted_sample,
    stored_model_weights,
)
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.group_scores import group_scores
from statalike.engine.generalized.objective import IntegrationMethod
from statalike.engine.generalized.posterior import Estimate
from statalike.errors import StataError
from statalike.results.stores import Results
from statalike.state import State


def add_effects(request: PredictRequest, description: GeneralizedDescription) -> None:
    """``reffects`` and ``reses()``: one variable for each random effect."""
    state = request.state
    if not description.levels:
        raise StataError(321, "the model has no random effects")
    rules = posterior_rules(request)
    estimate: Estimate = "mode" if conditioning(request, description) == "mode" else "mean"
    count = sum(
        max(len(equation.columns), 1)
        for _, equations in description.levels
        for equation in equations
    )
    new, errors = effect_names(request, count)
    state.console.print(f"(calculating posterior {estimate}s of random effects)")
    if estimate == "mean":
        state.console.print(points_note(rules))
    missing = 0
    effects = spread_effects(state, description, estimate, rules)
    for name, effect in zip(new, effects, strict=True):
        label = f"Empirical Bayes {estimate}s for {effect.name}"
        missing = max(missing, request.add(name, effect.values, label))
    for name, effect in zip(errors, effects, strict=False):
        label = f"Std. err. of empirical Bayes {estimate}s for {effect.name}"
        missing = max(missing, request.add(name, effect.standard_errors, label))
    request.report_missing(missing)


def add_scores(request: PredictRequest, description: GeneralizedDescription) -> None:
    """``scores``: one variable for each parameter of e(b), with the score of each highest-level
    group in its last observation.
    """
    new = new_names(request.names, len(request.state.e.matrices["b"].columns), request.state)
    scores, group = scores_of_groups(request.state, description)
    add_group_scores(request, new, scores, group)


def scores_of_groups(
    state: State, description: GeneralizedDescription
) -> tuple[list[np.ndarray], np.ndarray]:
    """Scores (G,) of the highest-level groups in each element of e(b), and the group (n,) of each
    observation, -1 outside the estimation sample; r(198), r(430), r(459).
    """
    if description.crossed:
        raise StataError(198, "option scores not yet supported with crossed random effects")
    sample = fitted_sample(state)
    check_unchanged(state.data, state.e, sample)
    weights = stored_model_weights(state, description, sample)
    prepared = prepare_outcome(description.outcome, state.data, sample)
    separate = _with_separate_variances(description)
    model = separate.engine_model(state.data, sample, prepared, weights=weights)
    point = estimated_point(state.e, description)
    try:
        scores, highest = group_scores(
            model,
            point.coefficients,
            point.own,
            _variances(state.e, separate),
            cast(IntegrationMethod, state.e.macros["intmethod"]),
            int(state.e.macros["n_quad"]),
        )
    except (EstimationError, np.linalg.LinAlgError):
        raise StataError(430, "scores could not be found at the estimates") from None
    group = np.full(state.data.n, -1)
    group[sample] = highest
    return _columns_of_estimates(state.e, separate, scores), group


def _with_separate_variances(description: GeneralizedDescription) -> GeneralizedDescription:
    """The model in which no two variances or covariances of e(b) are one parameter: a score is the
    derivative in each of them.
    """

    def separate(equation: RandomEffectsEquation) -> RandomEffectsEquation:
        wider = {"identity": "independent", "exchangeable": "unstructured"}
        assert isinstance(equation, RandomColumns)
        return replace(equation, structure=wider.get(equation.structure, equation.structure))

    return replace(
        description, equations=tuple(separate(equation) for equation in description.equations)
    )


def _variances(results: Results, description: GeneralizedDescription) -> list[np.ndarray]:
    """The variances and covariances of each equation, in the order of its structure."""
    b = results.matrices["b"]
    stored = {str(stripe): float(v) for stripe, v in zip(b.columns, b.values[0], strict=True)}
    entries = description.variance_entries()
    found = np.zeros(len(entries))
    for entry in entries:
        found[entry.parameter] = stored[str(entry.stripe)]
    counts = [
        equation.covariance().parameter_count
        for _, equations in description.levels
        for equation in equations
    ]
    return np.split(found, np.cumsum(counts)[:-1])


def _columns_of_estimates(
    results: Results, description: GeneralizedDescription, scores: np.ndarray
) -> list[np.ndarray]:
    """Scores (G,) in each element of e(b); zero where it was not estimated.

    A residual variance is the square of the family's parameter, whose logarithm scores are in.
    """
    stripes = results.matrices["b"].columns
    values = results.matrices["b"].values[0]
    coefficients = len(description.fixed.names)
    estimated = np.flatnonzero(description.fixed.estimated)
    entries = {str(entry.stripe): entry for entry in description.variance_entries()}
    own = len(estimated)
    after = scores.shape[1] - len(entries)
    columns = [np.zeros(len(scores)) for _ in stripes]
    for position, column in enumerate(estimated):
        columns[column] = scores[:, position]
    for at, stripe in enumerate(stripes[coefficients:], coefficients):
        entry = entries.get(str(stripe))
        if entry is not None:
            columns[at] = scores[:, after + entry.parameter]
            continue
        columns[at] = scores[:, own]
        if stripe.name.startswith(RESIDUAL_VARIANCE):
            columns[at] = columns[at] / (2.0 * values[at])
        own += 1
    return columns
