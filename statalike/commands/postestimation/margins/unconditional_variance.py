"""``vce(unconditional)``: variances of margins over repeated samples of covariates too.

A margin is a mean of f(x, b) over observations, with b the solution of ``sum of scores = 0``.  Its
linearisation (Binder 1983; Korn and Graubard 1999, Analysis of Health Surveys, 4.1) gives each
independent unit c the influence

    z_c = sum over its observations of w (f - margin) / sum of w  +  J V s_c,

with s_c the scores of the unit, V the inverse of the negative Hessian and J the derivatives of the
margin by b; the variance is ``U / (U - 1) sum of z z'`` over the U units ([R] margins, Methods and
formulas).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from statalike.commands.estimation.generalized.description import stored_description
from statalike.commands.estimation.linear_mixed import described_by
from statalike.commands.estimation.mixed_scores import highest_level_groups, parameter_scores
from statalike.commands.postestimation.margins.estimation import MarginsEstimates, margin_shares
from statalike.commands.postestimation.margins.plan import MarginsPlan
from statalike.commands.postestimation.predict_generalized_effects import scores_of_groups
from statalike.commands.postestimation.regression_data import regression_data
from statalike.commands.postestimation.spread_effects import (
    fitted_sample,
    stored_total_weights,
)
from statalike.design.groups import group_codes
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_expression
from statalike.language.values import as_numbers
from statalike.state import State

#: influences (U, k) of independent units on e(b), and the unit (n,) of each observation, or -1
Influence = tuple[np.ndarray, np.ndarray]


def unconditional_variance(
    state: State, plan: MarginsPlan, estimates: MarginsEstimates
) -> np.ndarray:
    """The covariance matrix (m, m) of margins; r(198) unless e(V) is robust."""
    if "Robust" not in state.e.macros.get("vcetype", ""):
        raise StataError(
            198,
            "vce(unconditional) requires that the model be fit with a robust variance",
            hint="fit it with vce(robust) or vce(cluster clustvar)",
        )
    estimator = state.e.macros["cmd"]
    influences, unit = _INFLUENCES[estimator](state)
    influences, unit = _in_clusters(state, influences, unit)
    total = influences @ estimates.jacobian.T
    known = unit >= 0
    for k, margin in enumerate(estimates.margins):
        if margin.effect >= 0 and plan.effects[margin.effect].is_base:
            continue
        shares = margin_shares(state, plan, margin)
        total[:, k] += np.bincount(unit[known], shares[known], minlength=len(total))
    units = len(total)
    return np.asarray(units / (units - 1.0) * (total.T @ total))


def _of_regression(state: State) -> Influence:
    """``(X'WX)^-1 w x e`` of each observation."""
    data = regression_data(state, sample=True)
    rows = np.flatnonzero(data.sample)
    X = data.matrix[rows]
    weights = np.ones(len(rows))
    text = state.e.macros.get("wexp", "").removeprefix("=").strip()
    if text:
        found = as_numbers(evaluate(parse_expression(text), StateContext(state)), state.data.n)
        weights = found[rows].astype(np.float64)
    scores = X * (weights * (data.outcome - data.linear_prediction)[rows])[:, None]
    influences = np.zeros((len(rows), len(state.e.matrices["b"].columns)))
    estimated = np.flatnonzero(data.design.estimated)
    influences[:, estimated] = np.linalg.solve((X * weights[:, None]).T @ X, scores.T).T
    unit = np.full(state.data.n, -1)
    unit[rows] = np.arange(len(rows))
    return influences, unit


def _of_mixed(state: State) -> Influence:
    description = described_by(state.e)
    sample = fitted_sample(state)
    rows = np.flatnonzero(sample)
    highest = highest_level_groups(description.codes(state.data, sample), len(rows))
    weights = stored_total_weights(state, description, sample)
    model = description.nested_model(state.data, sample, weights=weights)
    scores = parameter_scores(state.e, description, model, highest)
    unit = np.full(state.data.n, -1)
    unit[rows] = highest
    return scores @ state.e.matrices["V_modelbased"].values, unit


def _of_generalized(state: State) -> Influence:
    columns, unit = scores_of_groups(state, stored_description(state.e))
    return np.stack(columns, axis=1) @ state.e.matrices["V_modelbased"].values, unit


_INFLUENCES: dict[str, Callable[[State], Influence]] = {
    "regress": _of_regression,
    "mixed": _of_mixed,
    "meglm": _of_generalized,
    "gsem": _of_generalized,
}


def _in_clusters(state: State, influences: np.ndarray, unit: np.ndarray) -> Influence:
    """Influences added up within the clusters of e(clustvar)."""
    name = state.e.macros.get("clustvar")
    if name is None:
        return influences, unit
    known = unit >= 0
    codes = np.unique(group_codes(state.data, name, known), return_inverse=True)[1].ravel()
    cluster_of_unit = np.zeros(len(influences), dtype=np.intp)
    cluster_of_unit[unit[known]] = codes
    total = np.zeros((int(codes.max()) + 1, influences.shape[1]))
    np.add.at(total, cluster_of_unit, influences)
    cluster = np.full(len(unit), -1)
    cluster[known] = codes
    return total, cluster
