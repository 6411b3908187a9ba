"""The likelihood of crossed effects, against the whole matrix V and against differences."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.covariance import Exchangeable
from statalike.engine.linear import crossed_cells
from statalike.engine.linear.crossed_cells import (
    CellProducts,
    DenseCells,
    SparseCells,
    WideSparseCells,
)
from statalike.engine.linear.crossed_likelihood import CrossedLikelihood
from statalike.engine.linear.crossed_products import crossed_parameters, reduce_crossed_model
from statalike.engine.linear.crossed_starting_values import exchangeable_step
from statalike.engine.linear.model import LinearMixedModel
from tests.engine.linear.crossed_models import NAMES, Array, crossed_model, with_indicators
from tests.engine.linear.dense import log_likelihood


def some_parameters(dense: LinearMixedModel, negative: bool = False) -> list[Array]:
    """Reported parameters of each equation, over the residual variance."""
    values = []
    for level in dense.levels:
        for equation in level.effects:
            structure = equation.structure
            if structure.name == "exchangeable":
                values.append(np.array([0.7, -0.1 if negative else 0.3]))
            elif structure.name == "unstructured":
                values.append(np.array([0.7, 0.5, -0.2]))
            else:
                values.append(np.linspace(0.4, 0.6, structure.parameter_count))
    return values


def dense_profile(dense: LinearMixedModel, values: list[Array], restricted: bool) -> float:
    """The dense likelihood at its best residual variance, from two evaluations' closed form."""
    own = iter(values)
    relative = [[e.structure.matrix(next(own)) for e in level.effects] for level in dense.levels]
    n = dense.observations - (dense.fixed.shape[1] if restricted else 0)

    def at(variance: float) -> float:
        matrices = [[variance * matrix for matrix in level] for level in relative]
        return log_likelihood(dense, matrices, variance, restricted)

    # L(s2) = k - n/2 log s2 - Q / (2 s2), so that Q = 2 (L(2) - L(1)) + n log 2 over 1/2.
    q = 2.0 * (2.0 * (at(2.0) - at(1.0)) + n * np.log(2.0))
    return at(q / n)


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_value_and_derivatives(name: str, negative: bool, restricted: bool) -> None:
    model = crossed_model(name)
    dense = with_indicators(model)
    values = some_parameters(dense, negative)
    products = reduce_crossed_model(model)
    likelihood = CrossedLikelihood(products, restricted)
    scales = crossed_parameters(products)
    working = scales.to_working @ np.concatenate(values)
    parts = likelihood.evaluate(working, 2)
    assert parts.profile_value == pytest.approx(dense_profile(dense, values, restricted), abs=1e-8)
    step = 1e-5
    moves = step * np.eye(len(working))
    gradient = [
        (
            likelihood.evaluate(working + move, 0).profile_value
            - likelihood.evaluate(working - move, 0).profile_value
        )
        / (2 * step)
        for move in moves
    ]
    np.testing.assert_allclose(parts.profile_gradient, gradient, atol=2e-7)
    hessian = [
        (
            likelihood.evaluate(working + move, 1).profile_gradient
            - likelihood.evaluate(working - move, 1).profile_gradient
        )
        / (2 * step)
        for move in moves
    ]
    np.testing.assert_allclose(parts.profile_hessian, hessian, atol=1e-7)


def test_a_variance_of_zero_is_as_good_as_none() -> None:
    model = crossed_model("three factors")
    products = reduce_crossed_model(model)
    likelihood = CrossedLikelihood(products, False)
    scales = crossed_parameters(products)
    dense = with_indicators(model)
    for zero in range(3):
        values = some_parameters(dense)
        values[zero] = np.zeros(1)
        found = likelihood.evaluate(scales.to_working @ np.concatenate(values), 2)
        assert found.profile_value == pytest.approx(dense_profile(dense, values, False), abs=1e-6)
        assert np.all(np.isfinite(found.profile_hessian))


def test_undefined_where_v_is_not_positive_definite() -> None:
    products = reduce_crossed_model(crossed_model("two factors"))
    found = CrossedLikelihood(products, False).evaluate(np.array([1.0, np.nan]), 1)
    assert np.isnan(found.profile_value)


@pytest.mark.parametrize("size", [1, 2])
def test_forms_of_the_cells_agree(size: int) -> None:
    rng = np.random.default_rng(0)
    groups, width = 7, 9
    dense = rng.normal(size=(groups * size, width))
    dense[rng.random(size=dense.shape) < 0.6] = 0.0
    rows, columns = np.nonzero(dense)
    entries = rows, columns, dense[rows, columns], dense.shape, size
    forms: list[CellProducts] = [
        DenseCells(dense.reshape(groups, size, width)),
        SparseCells(*entries),
        WideSparseCells(*entries),
    ]
    weights = rng.normal(size=(groups, size, size))
    weights = weights + weights.swapaxes(1, 2)
    matrix = rng.normal(size=(width, width))
    matrix = matrix + matrix.T
    stacked = dense.reshape(groups, size, width)
    right, left = rng.normal(size=(width, 2)), rng.normal(size=(groups * size, 2))
    for form in forms:
        np.testing.assert_allclose(
            form.weighted(weights), np.einsum("iaj,iab,ibk->jk", stacked, weights, stacked)
        )
        np.testing.assert_allclose(
            form.blocks(matrix), np.einsum("iaj,jk,ibk->iab", stacked, matrix, stacked)
        )
        np.testing.assert_allclose(form.times(right), dense @ right)
        np.testing.assert_allclose(form.transpose_times(left), dense.T @ left)
        np.testing.assert_allclose(form.column_squares(left[:, 0]), left[:, 0] @ dense**2)


@pytest.mark.parametrize("form", [SparseCells, WideSparseCells])
@pytest.mark.parametrize("name", ["two factors", "factor over slopes"])
def test_likelihood_on_sparse_cells(
    name: str, form: type[SparseCells], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = crossed_model(name)
    working = np.linspace(
        2.0, 3.0, sum(e.structure.parameter_count for lv in model.levels for e in lv.effects)
    )
    expected = CrossedLikelihood(reduce_crossed_model(model), True).evaluate(working, 2)
    monkeypatch.setattr(crossed_cells, "DENSE_COST", 1.0)
    if form is WideSparseCells:
        monkeypatch.setattr(crossed_cells, "MOST_PAIRS", 0)
    products = reduce_crossed_model(model)
    assert type(products.cells) is form
    found = CrossedLikelihood(products, True).evaluate(working, 2)
    assert found.profile_value == pytest.approx(expected.profile_value, abs=1e-9)
    np.testing.assert_allclose(found.profile_gradient, expected.profile_gradient, atol=1e-9)
    np.testing.assert_allclose(found.profile_hessian, expected.profile_hessian, atol=1e-9)


def test_em_step_of_exchangeable_effects() -> None:
    structure = Exchangeable(5)
    values, gradient = np.array([0.8, 0.2]), np.array([0.3, -0.4])
    np.testing.assert_allclose(
        exchangeable_step(structure, values, gradient, 12),
        structure.expectation_maximisation_step(values, gradient, 12),
    )
