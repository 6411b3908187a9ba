"""``predict`` after ``regress`` and ``anova`` ([R] regress postestimation)."""

from __future__ import annotations

import numpy as np

from statalike.commands.postestimation.predict import (
    OF_REGRESSION,
    PredictRequest,
    new_names,
    predictor,
)
from statalike.commands.postestimation.regression_data import RegressionData, regression_data
from statalike.data.missing import MISSING
from statalike.engine.linear.influence import Influence
from statalike.errors import StataError

LABELS = {
    "xb": "Linear prediction",
    "residuals": "Residuals",
    "stdp": "S.E. of the prediction",
    "stdf": "S.E. of the forecast",
    "stdr": "S.E. of the residual",
    "leverage": "Leverage",
    "rstandard": "Standardized residuals",
    "rstudent": "Studentized residuals",
    "cooksd": "Cook's D",
    "dfits": "Dfits",
    "welsch": "Welsch distance",
    "covratio": "Covratio",
    "dfbeta": "Dfbeta",
}
#: what tells of an observation's influence on the fit, and so has a meaning in its sample only
IN_SAMPLE = ("rstudent", "cooksd", "dfits", "welsch", "covratio", "dfbeta")
NEED_ORDINARY_VARIANCES = (*IN_SAMPLE, "stdf", "stdr", "leverage", "rstandard")


@predictor("regress", OF_REGRESSION)
@predictor("anova", OF_REGRESSION)
def predict_regress(request: PredictRequest) -> None:
    chosen = [name for name in ("hat", *LABELS) if request.arguments.options.get(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {' or '.join(chosen[:2])} is allowed")
    statistic = "leverage" if chosen == ["hat"] else chosen[0] if chosen else "xb"
    results = request.state.e
    if statistic in NEED_ORDINARY_VARIANCES:
        if "vcetype" in results.macros:
            raise StataError(198, f"option {statistic} not allowed after robust estimation")
        if statistic != "stdf" and results.macros.get("wtype", "fweight") != "fweight":
            raise StataError(198, f"option {statistic} not yet supported with weights")
    name = new_names((request.single_name(),), 1, request.state)[0]
    if not chosen:
        request.state.console.print("(option xb assumed; fitted values)")
    data = regression_data(request.state, sample=statistic in IN_SAMPLE)
    values = _values(request, data, statistic)
    known = data.complete
    if statistic in IN_SAMPLE:
        known = known & data.sample
    values = np.where(known & np.isfinite(values), values, MISSING)
    request.report_missing(request.add(name, values, LABELS[statistic]))


def _values(request: PredictRequest, data: RegressionData, statistic: str) -> np.ndarray:
    """The statistic for every observation (n,); what it is where data are missing is of no use."""
    if statistic == "xb":
        return data.linear_prediction
    if statistic == "stdp":
        return np.sqrt(data.prediction_variance)
    variance = data.residual_variance
    if statistic == "stdf":
        return np.sqrt(variance + data.prediction_variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        leverage = data.prediction_variance / variance
        if statistic == "leverage":
            return leverage
        if statistic == "stdr":
            return np.sqrt(variance * (1 - leverage))
        outcome = data.outcome
        data.complete &= outcome < MISSING
        residuals = np.where(data.complete, outcome - data.linear_prediction, 0.0)
        if statistic == "residuals":
            return residuals
        influence = Influence(
            residuals, leverage, variance, data.observations, data.matrix.shape[1]
        )
        if statistic == "dfbeta":
            own = data.changes_of(str(request.arguments.option("dfbeta")))
            return influence.studentized_residuals() * own / np.sqrt(1 - leverage)
        return _diagnostic(influence, statistic)


def _diagnostic(influence: Influence, statistic: str) -> np.ndarray:
    match statistic:
        case "rstandard":
            return influence.standardized_residuals()
        case "rstudent":
            return influence.studentized_residuals()
        case "cooksd":
            return influence.cooks_distances()
        case "dfits":
            return influence.dfits()
        case "welsch":
            return influence.welsch_distances()
        case _:
            return influence.covariance_ratios()
