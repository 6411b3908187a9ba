"""Small simulated models with two levels of groups and structured residuals."""

from __future__ import annotations

import numpy as np

from statalike.engine.covariance import Independent, Unstructured
from statalike.engine.nonlinear.model import (
    EffectsBlock,
    GroupingLevel,
    Method,
    NonlinearMixedModel,
)
from statalike.engine.nonlinear.residuals import (
    ConstantVariance,
    DistinctVariances,
    ExponentialVariance,
    LinearVariance,
    PowerVariance,
    ResidualCorrelation,
    ResidualModel,
    Strata,
)
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    BandedResiduals,
    ExchangeableResiduals,
    ExponentialResiduals,
    MovingAverageResiduals,
    ToeplitzResiduals,
    UnstructuredResiduals,
)
from tests.engine.nonlinear.examples import Array, constant, cubic_decay, group_parameters

INNER, VISITS = 9, 4
N = INNER * VISITS
OUTER_CODES = np.repeat([0, 0, 1, 1, 2, 2, 3, 3, 3], VISITS)
INNER_CODES = np.repeat(np.arange(INNER), VISITS)
TIMES = np.tile(np.array([0.5, 1.5, 2.5, 4.5]), INNER) + 0.1 * INNER_CODES
VISIT = np.tile(np.arange(VISITS), INNER)
TREATED = Strata(INNER_CODES % 2, 2)
WEIGHT: Array = np.linspace(1.0, 4.5, N)

STRUCTURES: dict[str, ResidualModel] = {
    "constant": ResidualModel(),
    "linear": ResidualModel(LinearVariance(WEIGHT)),
    "power of the mean": ResidualModel(PowerVariance(None)),
    "power by stratum": ResidualModel(PowerVariance(WEIGHT, constant=False, strata=TREATED)),
    "exponential": ResidualModel(ExponentialVariance(WEIGHT, TREATED)),
    "distinct": ResidualModel(DistinctVariances(Strata(VISIT, VISITS))),
    "exchangeable by treatment": ResidualModel(
        ConstantVariance(), ResidualCorrelation(ExchangeableResiduals(), INNER_CODES, by=TREATED)
    ),
    "autoregressive": ResidualModel(
        ExponentialVariance(None),
        ResidualCorrelation(AutoregressiveResiduals(2), INNER_CODES, VISIT.astype(float)),
    ),
    "moving average": ResidualModel(
        ConstantVariance(),
        ResidualCorrelation(MovingAverageResiduals(1), INNER_CODES, VISIT.astype(float)),
    ),
    "continuous time": ResidualModel(
        PowerVariance(None), ResidualCorrelation(ExponentialResiduals(), INNER_CODES, TIMES)
    ),
    "toeplitz": ResidualModel(
        ConstantVariance(),
        ResidualCorrelation(ToeplitzResiduals((1, 2)), INNER_CODES, VISIT.astype(float)),
    ),
    "banded": ResidualModel(
        ConstantVariance(),
        ResidualCorrelation(BandedResiduals(VISITS, 1), INNER_CODES, VISIT.astype(float)),
    ),
    "unstructured": ResidualModel(
        DistinctVariances(Strata(VISIT, VISITS)),
        ResidualCorrelation(
            UnstructuredResiduals(VISITS, VISITS - 1), INNER_CODES, VISIT.astype(float)
        ),
    ),
}


def simulated(
    residuals: ResidualModel, method: Method = "ml", levels: int = 2
) -> NonlinearMixedModel:
    """``phi1 + phi2 t^3 exp(-phi3 t)`` with effects on phi1 and phi2 at up to two levels."""
    rng = np.random.default_rng(11)
    one = constant(N)
    count = (0, 1, 3)[levels]
    mean = group_parameters(cubic_decay(TIMES), [one] * 3, [None] * 3, count)
    if levels:
        mean.effects[0, :, 0] = 1.0
    if levels == 2:
        mean.effects[0, :, 1] = mean.effects[1, :, 2] = 1.0
    outer = rng.normal(size=(4, 1)) * 0.6
    inner = rng.normal(size=(INNER, 2)) * np.array([0.4, 0.3])
    effects = np.concatenate([outer[OUTER_CODES], inner[INNER_CODES]], axis=1)[:, :count]
    outcome = mean.evaluate(np.array([3.0, 1.0, 0.9]), effects) + 0.3 * rng.normal(size=N)
    structure = (
        (),
        (GroupingLevel(OUTER_CODES, (EffectsBlock((0,), Independent(1)),)),),
        (
            GroupingLevel(OUTER_CODES, (EffectsBlock((0,), Independent(1)),)),
            GroupingLevel(INNER_CODES, (EffectsBlock((1, 2), Unstructured(2)),)),
        ),
    )[levels]
    return NonlinearMixedModel(outcome, mean, 3, structure, count, residuals, method)
