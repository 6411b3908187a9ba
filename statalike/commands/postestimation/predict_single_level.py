"""``predict`` after one-level models: what generalized mixed models predict without effects."""

from __future__ import annotations

from statalike.commands.estimation.single_level import COMMANDS
from statalike.commands.postestimation.predict import PredictRequest, predictor
from statalike.commands.postestimation.predict_generalized import predict_generalized

_OPTIONS = "mu pr eta xb stdp residuals pearson deviance anscombe scores outcome nooffset"


def predict_single_level(request: PredictRequest) -> None:
    """Means, probabilities, the linear predictor, its standard error and residuals."""
    predict_generalized(request)


for _named in COMMANDS:
    predictor(_named.name, _OPTIONS)(predict_single_level)
