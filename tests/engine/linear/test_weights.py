"""Weighted pseudolikelihoods: against numerical integration, copies of the data and differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.fit import FitOptions, LinearMixedFit, fit_linear_mixed_model
from statalike.engine.linear.likelihood import LinearLikelihood
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.prediction import predict_random_effects
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.residual_fit import JointObjective
from statalike.engine.linear.residual_likelihood import ResidualLikelihood
from statalike.engine.linear.variance_parameters import variance_parameters
from statalike.engine.linear.weights import TotalWeights
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    IndependentResiduals,
    ResidualStructure,
    UnstructuredResiduals,
)
from tests.engine.linear.weighted import Pupils, part_of, pseudolikelihood, pupils

Array = NDArray[np.float64]

TIGHT = ConvergenceRules(parameter_tolerance=1e-12, value_tolerance=1e-15)
EXACT = FitOptions(finite_differences=False, rules=TIGHT)
STRUCTURES: dict[str, CovarianceStructure] = {
    "identity": Identity(2),
    "independent": Independent(2),
    "exchangeable": Exchangeable(2),
    "unstructured": Unstructured(2),
}


def integrated(data: Pupils, coefficients: Array, deviations: tuple[float, float, float]) -> float:
    """Random intercepts of schools and classes integrated out by Gauss-Hermite quadrature."""
    of_schools, of_classes, residual = deviations
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    logs = np.log(weights / np.sqrt(2 * np.pi))
    mean = coefficients[0] * data.x + coefficients[1]
    total = 0.0
    for school in np.unique(data.school):
        given_school = np.zeros(len(nodes))
        for klass in np.unique(data.klass[data.school == school]):
            rows = data.klass == klass
            # Axes: the school's effect, that of the class, pupils.
            effect = of_schools * nodes[:, None] + of_classes * nodes
            density = stats.norm.logpdf(data.y[rows], mean[rows] + effect[:, :, None], residual)
            exponent = density @ data.pupil_weight[rows]
            given_school += data.class_weight[rows][0] * _log_sum(exponent + logs)
        weight = data.school_weight[data.school == school][0]
        total += weight * float(_log_sum(given_school + logs))
    return total


def _log_sum(values: Array) -> Array:
    return np.asarray(np.logaddexp.reduce(values, axis=-1))


def test_pseudolikelihood_is_the_nested_integral() -> None:
    data = pupils(3, whole=False, schools=3)
    model = data.model(classes=Identity(1))
    coefficients = np.array([0.8, 1.3])
    # Effects have to be small for quadrature that does not adapt.
    deviations = (0.5, 0.4, 1.2)
    found = pseudolikelihood(model, coefficients, np.log(deviations))
    assert found == pytest.approx(integrated(data, coefficients, deviations), rel=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_weights_are_copies(structure: CovarianceStructure) -> None:
    data = pupils()
    model = data.model(classes=structure)
    found = fit_linear_mixed_model(model, options=EXACT)
    copies = data.expanded().model(weighted=False, classes=structure)
    wanted = fit_linear_mixed_model(copies, options=EXACT)
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    assert found.linear.log_likelihood == pytest.approx(wanted.linear.log_likelihood, rel=1e-12)
    agree(found, wanted, 1e-7)


def agree(found: LinearMixedFit, wanted: LinearMixedFit, tolerance: float) -> None:
    for name in (
        "coefficients",
        "coefficient_covariance",
        "estimates",
        "parameter_covariance",
    ):
        np.testing.assert_allclose(
            getattr(found, name),
            getattr(wanted, name),
            rtol=tolerance,
            atol=tolerance,
            err_msg=name,
        )


def test_weights_of_one_level_are_copies_where_designs_repeat() -> None:
    """Classes of equal design are pooled, and count with their weights."""
    data = pupils(5)
    data = replace(
        data,
        school=data.klass,
        school_weight=data.class_weight,
        class_weight=np.ones(len(data.y)),
        pupil_weight=np.ones(len(data.y)),
    )

    def intercepts(of: Pupils, weighted: bool) -> LinearMixedModel:
        model = of.model(weighted)
        if model.weights is None:
            return replace(model, levels=model.levels[:1])
        own = TotalWeights(model.weights.observations, model.weights.levels[:1])
        return replace(model, levels=model.levels[:1], weights=own)

    found = fit_linear_mixed_model(intercepts(data, True), options=EXACT)
    wanted = fit_linear_mixed_model(intercepts(data.expanded(), False), options=EXACT)
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    agree(found, wanted, 1e-7)


@pytest.mark.parametrize("schools", STRUCTURES.values(), ids=STRUCTURES)
@pytest.mark.parametrize("classes", STRUCTURES.values(), ids=STRUCTURES)
def test_derivatives(schools: CovarianceStructure, classes: CovarianceStructure) -> None:
    model = pupils(2, whole=False).model(schools=schools, classes=classes)
    products = reduce_to_cross_products(model)
    likelihood = LinearLikelihood(products, False)
    scales = variance_parameters(products.levels)
    # Covariance matrices well inside the positive definite ones.
    reported = [
        structure.project(np.array([[0.7, 0.1], [0.1, 0.4]])) for structure in (schools, classes)
    ]
    at = scales.to_working @ np.concatenate(reported)
    parts = likelihood.evaluate(at, 2)
    step = 1e-5 * np.abs(at)
    moves = np.diag(step)
    above = [likelihood.evaluate(at + move, 1) for move in moves]
    below = [likelihood.evaluate(at - move, 1) for move in moves]
    slopes = [(a.profile_value - b.profile_value) for a, b in zip(above, below, strict=True)]
    np.testing.assert_allclose(parts.profile_gradient, slopes / (2 * step), rtol=1e-6, atol=1e-6)
    curved = [a.profile_gradient - b.profile_gradient for a, b in zip(above, below, strict=True)]
    np.testing.assert_allclose(
        parts.profile_hessian, np.array(curved) / (2 * step)[:, None], rtol=1e-5, atol=1e-5
    )
    together, squares = likelihood.values(np.stack([at, at + moves[0]]))
    np.testing.assert_allclose(together, [parts.log_determinant, above[0].log_determinant])
    np.testing.assert_allclose(squares, [parts.sum_of_squares, above[0].sum_of_squares])


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_scale_of_the_outermost_weights(factor: float) -> None:
    """They multiply the pseudolikelihood, and leave its maximum where it is."""
    data = pupils(4, whole=False)
    scaled = replace(data, school_weight=factor * data.school_weight)
    first = fit_linear_mixed_model(data.model(), options=EXACT)
    second = fit_linear_mixed_model(scaled.model(), options=EXACT)
    assert second.converged
    assert second.log_likelihood == pytest.approx(factor * first.log_likelihood, rel=1e-7)
    np.testing.assert_allclose(second.coefficients, first.coefficients, rtol=1e-6)
    np.testing.assert_allclose(second.estimates, first.estimates, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        second.coefficient_covariance, first.coefficient_covariance / factor, rtol=1e-5
    )


def test_weights_of_very_different_size() -> None:
    """A school that hardly counts is as good as none."""
    data = pupils(6, whole=False)
    rows = data.school != 2
    tiny = replace(data, school_weight=np.where(rows, data.school_weight, 1e-12))
    found = fit_linear_mixed_model(tiny.model(), options=EXACT)
    without = fit_linear_mixed_model(data.rows(rows).model(), options=EXACT)
    agree(found, without, 1e-6)


def test_weights_of_one_are_no_weights() -> None:
    data = pupils(7)
    one = np.ones(len(data.y))
    model = data.model(weighted=False)
    weighted = replace(model, weights=TotalWeights(one, (one, one)))
    agree(fit_linear_mixed_model(weighted), fit_linear_mixed_model(model), 1e-9)


def test_predictions_are_those_of_each_copy() -> None:
    data = pupils(8)
    copies = data.expanded()
    fit = fit_linear_mixed_model(data.model(), options=EXACT)

    def predicted(of: Pupils, weighted: bool) -> list[Array]:
        levels = predict_random_effects(
            of.model(weighted), fit.coefficients, fit.covariances, fit.residual_variance, False
        )
        return [
            np.column_stack([level.effects, level.standard_errors])[level.group] for level in levels
        ]

    for own, of_copies in zip(predicted(data, True), predicted(copies, False), strict=True):
        for row in range(0, len(data.y), 7):
            same = (copies.y == data.y[row]) & (copies.x == data.x[row])
            assert same.any()
            np.testing.assert_allclose(of_copies[same], own[[row] * same.sum()], atol=1e-10)


ERRORS: dict[str, ResidualStructure] = {
    "independent": IndependentResiduals(),
    "ar": AutoregressiveResiduals(1),
    "unstructured": UnstructuredResiduals(6, 5),
}


def structured(name: str, depth: int, *, whole: bool = False) -> LinearMixedModel:
    """A weighted model with the innermost ``depth`` of its levels and structured residuals."""
    data = pupils(9, whole=whole)
    order = np.lexsort((data.x, data.klass))
    data = data.rows(order)
    starts = np.flatnonzero(np.diff(data.klass, prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    times = (np.arange(len(order)) - np.repeat(starts, sizes)).astype(np.float64)
    by = None
    if name == "independent":
        by = (np.arange(len(order)) % 2).astype(np.intp)
    else:
        data = replace(data, pupil_weight=(data.klass % 3 + 1).astype(np.float64))
    model = data.model()
    assert model.weights is not None
    family = ResidualFamily(ERRORS[name], 1 if by is None else 2)
    groups = (data.school, data.klass)
    return replace(
        model,
        levels=model.levels[2 - depth :],
        errors=ResidualErrors(family, groups, times if by is None else None, by),
        weights=TotalWeights(model.weights.observations, model.weights.levels[2 - depth :]),
    )


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("name", ERRORS)
def test_gradient_with_structured_residuals(name: str, depth: int) -> None:
    model = structured(name, depth)
    products = reduce_to_cross_products(model)
    assert model.errors is not None
    likelihood = ResidualLikelihood(products, model.errors, False)
    objective = JointObjective(likelihood, variance_parameters(products.levels), "square_root")
    working = {0: [], 1: [0.6, 0.1, 0.4], 2: [0.5, 0.6, 0.1, 0.4]}[depth]
    search = np.linspace(0.1, 0.2, model.errors.family.count)
    at = objective.parameters(np.array(working), model.errors.family.from_search(search)[0])
    gradient = objective(at, True)[1]
    for k in range(len(at)):
        move = np.zeros(len(at))
        move[k] = 1e-5
        change = objective(at + move, False)[0] - objective(at - move, False)[0]
        assert gradient[k] == pytest.approx(change / 2e-5, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_group_weights_with_structured_residuals_are_copies(depth: int) -> None:
    """Whole classes and schools are copied, pooled or not."""
    model = structured("ar", depth, whole=True)
    assert model.errors is not None
    assert model.errors.times is not None
    weights = model.weights
    assert weights is not None
    school, klass = model.errors.groups
    one = np.ones(len(model.outcome))
    data = Pupils(
        np.asarray(school),
        np.asarray(klass),
        np.arange(len(one), dtype=np.float64),
        model.outcome,
        one,
        (klass % 2 + 1).astype(np.float64),
        (school % 3 + 1).astype(np.float64),
    )
    copies = data.expanded()
    rows = copies.x.astype(int)
    expanded = replace(
        part_of(replace(model, weights=None), rows),
        errors=ResidualErrors(
            model.errors.family, (copies.school, copies.klass), model.errors.times[rows]
        ),
    )
    codes = (copies.school, copies.klass)[2 - depth :]
    levels = [replace(level, groups=c) for level, c in zip(expanded.levels, codes, strict=True)]
    weighted = replace(
        model, weights=TotalWeights(data.weights.observations, data.weights.levels[2 - depth :])
    )
    found = fit_linear_mixed_model(weighted, options=EXACT)
    wanted = fit_linear_mixed_model(replace(expanded, levels=tuple(levels)), options=EXACT)
    assert found.converged
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-11)
    agree(found, wanted, 1e-5)


def test_bad_weights() -> None:
    data = pupils()
    model = data.model()
    with pytest.raises(EstimationError):
        TotalWeights(np.zeros(3), ())
    with pytest.raises(EstimationError):
        TotalWeights(np.ones(3), (np.ones(4),))
    with pytest.raises(EstimationError):
        replace(model, weights=TotalWeights(np.ones(3), (np.ones(3), np.ones(3))))
    uneven = TotalWeights(data.pupil_weight, (data.pupil_weight, data.pupil_weight))
    with pytest.raises(EstimationError):
        reduce_to_cross_products(replace(model, weights=uneven))
    with pytest.raises(EstimationError):
        fit_linear_mixed_model(model, "reml")
    with pytest.raises(EstimationError):
        fit_linear_mixed_model(replace(structured("ar", 1), weights=model.weights))
