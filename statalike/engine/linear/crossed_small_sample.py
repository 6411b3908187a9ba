"""Small-sample inference about fixed effects beside crossed random effects.

The derivatives that Satterthwaite's and Kenward and Roger's methods need come from the elimination
of ``linear.crossed_elimination``; for what is made of them see ``linear.small_sample``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statalike.engine.errors import EstimationError
from statalike.engine.linear.crossed_likelihood import CrossedLikelihood
from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.crossed_nesting import nested_covariances, nested_equivalent
from statalike.engine.linear.crossed_products import reduce_crossed_model, working_parameters
from statalike.engine.linear.small_sample import (
    Information,
    SmallSampleInference,
    inference_from_derivatives,
    small_sample_inference,
)

Array = NDArray[np.float64]


def crossed_small_sample_inference(
    model: CrossedEffectsModel,
    covariances: Sequence[Sequence[Array]],
    residual_variance: float,
    information: Information = "expected",
) -> SmallSampleInference:
    """:func:`statalike.engine.linear.small_sample.small_sample_inference` for crossed effects.

    Of a factor's covariance matrix the leading 1 x 1 or 2 x 2 block suffices.
    """
    if not residual_variance > 0.0:
        raise EstimationError("nonconformable", f"residual variance {residual_variance}")
    equivalent = nested_equivalent(model)
    if equivalent is not None:
        matrices = nested_covariances(equivalent, covariances)
        return small_sample_inference(equivalent.model, matrices, residual_variance, information)
    products = reduce_crossed_model(model)
    working = working_parameters(products, covariances, residual_variance)
    found = CrossedLikelihood(products, restricted=True).fixed_derivatives(working)
    return inference_from_derivatives(
        found, working, products.observations, products.design, residual_variance, information
    )
