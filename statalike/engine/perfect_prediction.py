"""Covariates that determine a binary outcome, whose coefficients would be infinite.

Three cases are told apart for one covariate by itself ([R] logit, Model identification): one of two
values goes with one outcome only; outcomes are separated by a threshold; or they are but for the
observations at the threshold itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PerfectPrediction:
    """How a covariate predicts the outcome.

    ``value``: where it is not ``threshold`` the outcome is success or failure (``success``);
    ``separated``: success is where it is above ``threshold``, or at most as large unless
    ``success``; ``touching``: the same but for the observations at ``threshold`` itself.
    ``predicted`` (n,) are the observations whose outcome it determines.
    """

    kind: Literal["value", "separated", "touching"]
    threshold: float
    success: bool
    predicted: NDArray[np.bool_]


def perfect_prediction(covariate: Array, outcome: Array) -> PerfectPrediction | None:
    """How ``covariate`` (n,) predicts ``outcome`` (n,), 0 or 1; None where it does not."""
    positive = outcome > 0
    least, greatest = float(covariate.min()), float(covariate.max())
    if least == greatest or positive.all() or not positive.any():
        return None
    lowest_success, highest_success = _range(covariate[positive])
    lowest_failure, highest_failure = _range(covariate[~positive])
    if lowest_success > highest_failure:
        predicted = np.ones(len(outcome), dtype=bool)
        return PerfectPrediction("separated", highest_failure, True, predicted)
    if lowest_failure > highest_success:
        predicted = np.ones(len(outcome), dtype=bool)
        return PerfectPrediction("separated", highest_success, False, predicted)
    if np.all((covariate == least) | (covariate == greatest)):
        for threshold in (least, greatest):
            others = covariate != threshold
            if positive[others].all() or not positive[others].any():
                return PerfectPrediction("value", threshold, bool(positive[others][0]), others)
        return None
    if lowest_success == highest_failure:
        return PerfectPrediction("touching", lowest_success, True, covariate != lowest_success)
    if lowest_failure == highest_success:
        return PerfectPrediction("touching", highest_success, False, covariate != highest_success)
    return None


def _range(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())
