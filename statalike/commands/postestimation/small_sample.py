"""Small-sample inference about the active estimates of ``mixed``, for tests and combinations."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.commands.estimation.degrees_of_freedom import (
    DegreesOfFreedomMethod,
    EstimationArrays,
    ExactInference,
    FixedEffectsInference,
    fixed_effects_inference,
    method_of,
)
from statalike.commands.estimation.linear_mixed import described_by
from statalike.data.missing import MISSING
from statalike.engine.wald_test import WaldStatistic
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.results.restrictions import LinearRestrictions
from statalike.state import State


def inference_by(state: State, method: DegreesOfFreedomMethod) -> FixedEffectsInference:
    """Inference about the active estimates of ``mixed`` by a method, from the estimation data.

    r(459) when these have changed; r(198) when the method does not suit the model.
    """
    description = described_by(state.e)
    sample = estimation_sample(state)
    if sample is None or not sample.any():
        raise StataError(
            459,
            "estimation sample not found; degrees of freedom need the data of the estimation",
        )
    check_unchanged(state.data, state.e, sample)
    return fixed_effects_inference(
        state.e,
        method,
        description,
        EstimationArrays(
            lambda: description.engine_model(state.data, sample),
            lambda: description.codes(state.data, sample),
        ),
    )


def active_inference(state: State, arguments: Arguments) -> FixedEffectsInference | None:
    """What option ``small`` asks for, by the method in e(); None without the option.

    r(198) when the active estimates have no method, or with option ``df()``.
    """
    if not arguments.flag("small"):
        return None
    if arguments.typed("df"):
        raise StataError(198, "only one of small or df() is allowed")
    method = method_of(state.e)
    if method is None:
        raise StataError(198, "option small requires that mixed was fit with option dfmethod()")
    if method.approximate:
        return inference_by(state, method)
    return ExactInference(state.e, state.e.matrices["df"].values[0])


def fixed_weights(inference: FixedEffectsInference, weights: np.ndarray) -> np.ndarray:
    """The part of weights (..., k) that belongs to fixed effects; r(198) when there is another."""
    count = len(inference.coefficients)
    if np.any(weights[..., count:]):
        raise StataError(198, "option small is only for hypotheses about fixed effects")
    return np.asarray(weights[..., :count])


def small_sample_test(
    inference: FixedEffectsInference, restrictions: LinearRestrictions
) -> WaldStatistic:
    """An F test of restrictions on fixed effects.

    r(198) when the method has no denominator degrees of freedom for them.
    """
    found = inference.test(fixed_weights(inference, restrictions.weights), restrictions.constants)
    if found.df and not found.denominator < MISSING:
        raise _unavailable("test")
    return WaldStatistic(found.statistic, found.df, found.p, found.denominator, found.dropped)


def variance_and_df(inference: FixedEffectsInference, weights: np.ndarray) -> tuple[float, float]:
    """The variance of a combination (k,) of fixed effects, and its degrees of freedom; r(198)."""
    own = fixed_weights(inference, weights)
    variance = float(own @ inference.standard_covariance @ own)
    df = inference.combination(own)
    if variance > 0 and not df < MISSING:
        raise _unavailable("combination")
    return variance, df


def _unavailable(what: str) -> StataError:
    return StataError(
        198,
        f"degrees of freedom are not available for this {what}",
        hint="estat df, method() post changes the method",
    )
