"""``predict`` after ``xtreg``: linear predictor, effects of panels and residuals."""

from __future__ import annotations

import numpy as np

from statalike.commands.postestimation.predict import PredictRequest, predictor
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.design import design_from_names
from statalike.design.groups import group_codes
from statalike.engine.linear.panel_regression import group_means
from statalike.errors import StataError, option_not_allowed
from statalike.evaluation import estimation_sample

LABELS = {
    "xb": "Linear prediction",
    "stdp": "S.E. of the prediction",
    "u": "u[{panel}]",
    "e": "e[{panel},t]",
    "ue": "u[{panel}] + e[{panel},t]",
    "xbu": "Xb + u[{panel}]",
}


@predictor("xtreg", "xb stdp u e ue xbu")
def predict_xtreg(request: PredictRequest) -> None:
    """``xb``, ``stdp``; ``u``, ``e``, ``ue`` and ``xbu`` need the estimation sample.

    After fixed effects u is the mean of y - Xb of the panel; after random effects that mean times
    sigma_u^2 / (sigma_u^2 + sigma_e^2/T).
    """
    state, results = request.state, request.state.e
    typed = [name for name in LABELS if request.flag(name)]
    if len(typed) > 1:
        raise StataError(198, f"only one of {' or '.join(typed[:2])} is allowed")
    statistic = typed[0] if typed else "xb"
    if not typed:
        state.console.print("(option xb assumed; fitted values)")
    if results.macros["model"] == "be" and statistic not in ("xb", "stdp"):
        raise option_not_allowed(statistic)
    design = design_from_names(stripe.name for stripe in results.matrices["b"].columns)
    b = results.matrices["b"].values[0][design.estimated]
    matrix, missing = design.complete_matrix(state.data)
    values = np.where(missing, MISSING, matrix @ b)
    if statistic == "stdp":
        chosen = np.flatnonzero(design.estimated)
        V = results.matrices["V"].values[np.ix_(chosen, chosen)]
        squares = np.einsum("ij,jk,ik->i", matrix, V, matrix)
        values = np.where(missing, MISSING, np.sqrt(np.maximum(squares, 0.0)))
    elif statistic != "xb":
        values = _with_effects(request, statistic, values)
    label = LABELS[statistic].format(panel=results.macros["ivar"])
    request.report_missing(request.add(request.single_name(), values, label))


def _with_effects(request: PredictRequest, statistic: str, predicted: np.ndarray) -> np.ndarray:
    """Effects and residuals on the estimation sample; missing elsewhere."""
    state, results = request.state, request.state.e
    sample = estimation_sample(state)
    if sample is None:
        raise StataError(459, "the estimation sample is needed")
    rows = sample & (predicted < MISSING)
    outcome = Column.parse(results.macros["depvar"]).evaluate(state.data, rows)
    panels = np.unique(group_codes(state.data, results.macros["ivar"], rows), return_inverse=True)[
        1
    ].reshape(-1)
    combined = outcome - predicted[rows]
    effects = group_means(combined, panels)
    if results.macros["model"] == "re":
        variance_u, variance_e = (results.scalars[f"sigma_{name}"] ** 2 for name in "ue")
        sizes = np.bincount(panels)
        effects = effects * variance_u / (variance_u + variance_e / sizes)
    found = {
        "u": effects[panels],
        "e": combined - effects[panels],
        "ue": combined,
        "xbu": predicted[rows] + effects[panels],
    }[statistic]
    values = np.full(state.data.n, MISSING)
    values[rows] = found
    return values
