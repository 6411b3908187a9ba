"""Models without random effects: exact derivatives in residual parameters, and fits with gaps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.fit import fit_linear_mixed_model
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.residual_likelihood import ResidualLikelihood
from statalike.engine.linear.weights import TotalWeights
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    BandedResiduals,
    ExchangeableResiduals,
    MovingAverageResiduals,
    ResidualStructure,
    ToeplitzResiduals,
    UnstructuredResiduals,
)

Array = NDArray[np.float64]

STRUCTURES: dict[str, ResidualStructure] = {
    "exchangeable": ExchangeableResiduals(),
    "ar2": AutoregressiveResiduals(2),
    "ma2": MovingAverageResiduals(2),
    "toeplitz": ToeplitzResiduals((1, 2)),
    "unstructured": UnstructuredResiduals(6, 5),
    "banded": BandedResiduals(6, 1),
}


def make(
    structure: ResidualStructure, by_count: int, share: float, weighted: bool = False
) -> LinearMixedModel:
    """80 people at 6 times, ``share`` of them observed."""
    people = 80
    rng = np.random.default_rng(12)
    person, time = np.repeat(np.arange(people), 6), np.tile(np.arange(6.0), people)
    kept = rng.random(len(time)) < share
    person, time = person[kept], time[kept]
    n = len(time)
    fixed = np.column_stack([rng.normal(size=n), np.ones(n)])
    outcome = fixed @ [1.0, 2.0] + rng.normal(size=people)[person] + rng.normal(size=n)
    times = None if structure.name == "exchangeable" else time
    errors = ResidualErrors(
        ResidualFamily(structure, by_count), (person,), times, person % by_count
    )
    weights = TotalWeights(rng.uniform(0.5, 3.0, people)[person], ()) if weighted else None
    return LinearMixedModel(outcome, fixed, (), errors, weights)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
@pytest.mark.parametrize("by_count", [1, 3])
@pytest.mark.parametrize("method", ["ml", "reml", "weighted"])
@pytest.mark.parametrize("share", [0.5, 1.0], ids=["gaps", "balanced"])
def test_second_derivatives_are_differences_of_the_gradient(
    structure: ResidualStructure, by_count: int, method: str, share: float
) -> None:
    """The gradient has a test of its own against the whole matrix V."""
    model = make(structure, by_count, share, method == "weighted")
    assert model.errors is not None
    family = model.errors.family
    rng = np.random.default_rng(2)
    search = family.start() + 0.2 * rng.random(family.count)
    products = reduce_to_cross_products(model)
    likelihood = ResidualLikelihood(products, model.errors, method == "reml")

    def gradient(at: Array) -> Array:
        parameters, slopes = family.from_search(at)
        here = likelihood.at(parameters)
        assert here is not None
        parts = here.linear.evaluate(np.zeros(0), 0)
        precision = parts.degrees_of_freedom / parts.sum_of_squares
        return slopes.T @ here.residual_gradient(np.zeros(0), parts, precision)

    here = likelihood.at(family.from_search(search)[0])
    assert here is not None
    evaluated = here.linear.evaluate(np.zeros(0), 0)
    exact = here.differentiated(evaluated, family.from_search, search)
    assert exact is not None
    np.testing.assert_allclose(exact.profile_gradient, gradient(search), rtol=1e-8, atol=1e-8)
    for k in range(family.count):
        move = np.zeros(family.count)
        move[k] = 1e-4
        slope = (gradient(search + move) - gradient(search - move)) / 2e-4
        scale = float(np.abs(slope).max())
        np.testing.assert_allclose(exact.profile_hessian[k], slope, rtol=1e-5, atol=1e-6 * scale)


# Log likelihoods of nlme 3.1.162, gls(method = "ML"), with the correlation structures corARMA(p=2),
# corARMA(q=2), and corSymm with varIdent(~ 1 | t).
@pytest.mark.parametrize(
    ("structure", "value"),
    [
        (AutoregressiveResiduals(2), -1639.204895),
        (MovingAverageResiduals(2), -1662.98426742),
        (UnstructuredResiduals(8, 7), -1564.53847718),
    ],
    ids=["ar2", "ma2", "unstructured"],
)
def test_maxima_with_most_times_missing(structure: ResidualStructure, value: float) -> None:
    """300 groups with 40 percent of 8 times, deviations rising from 1 to 2, AR(1) of 0.7."""
    rng = np.random.default_rng(1)
    deviations = np.linspace(1, 2, 8)
    lags = np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    factor = np.linalg.cholesky(deviations[:, None] * 0.7**lags * deviations)
    errors = rng.standard_normal((300, 8)) @ factor.T
    effects = 0.8 * rng.standard_normal(300)
    group, time = np.repeat(np.arange(300), 8), np.tile(np.arange(8.0), 300)
    x = rng.standard_normal(2400)
    y = 1 + 0.5 * x + 0.1 * (time + 1) + errors.ravel() + 0.5 * effects[group]
    rng.uniform(-0.3, 0.3, 2400)
    kept = rng.random(2400) < 0.4
    fixed = np.column_stack([x, time, np.ones(2400)])[kept]
    family = ResidualFamily(structure)
    model = LinearMixedModel(y[kept], fixed, (), ResidualErrors(family, (group[kept],), time[kept]))
    fit = fit_linear_mixed_model(model)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(value, abs=2e-5)
