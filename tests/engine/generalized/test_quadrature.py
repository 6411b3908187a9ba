"""The likelihood by quadrature and by Laplace's method, against integration by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.generalized.model import Array, GeneralizedMixedModel
from statalike.engine.generalized.objective import IntegratedLikelihood, integrated_likelihood
from statalike.engine.generalized.quadrature_rules import gauss_hermite
from statalike.engine.generalized.sorted_model import sort_model
from statalike.engine.linear.model import Level, RandomEffects
from tests.engine.generalized.simulated_models import logistic_density, logistic_model

METHODS = ("mvaghermite", "mcaghermite", "ghermite", "laplace")
STRUCTURES: dict[str, tuple[CovarianceStructure, ...]] = {
    "intercept": (Identity(1),),
    "independent": (Independent(2),),
    "identity": (Identity(2),),
    "exchangeable": (Exchangeable(2),),
    "unstructured": (Unstructured(2),),
    "three levels": (Unstructured(2), Identity(1)),
    "slopes below": (Identity(1), Unstructured(2)),
}


def likelihood_of(
    model: GeneralizedMixedModel, method: str = "mvaghermite", points: int = 7
) -> IntegratedLikelihood:
    return integrated_likelihood(sort_model(model), method, points)  # type: ignore[arg-type]


def parameters_of(likelihood: IntegratedLikelihood) -> Array:
    layout = likelihood.layout
    random = np.random.default_rng(3)
    spread = 0.6 + 0.2 * random.random(layout.random_count)
    return np.concatenate([[0.3, 0.6, -0.5], spread])


@pytest.mark.parametrize("points", [5, 7, 12, 31])
def test_rule_integrates_polynomials_exactly(points: int) -> None:
    rule = gauss_hermite(points, 1)
    moments = {2: 1.0, 4: 3.0, 6: 15.0, 8: 105.0}
    for power, expected in moments.items():
        found = np.sum(np.exp(rule.log_weights) * rule.abscissas[0] ** power)
        assert found == pytest.approx(expected, rel=1e-12)
    assert np.sum(np.exp(rule.log_weights)) == pytest.approx(1.0, rel=1e-13)


def test_product_rule_has_every_combination() -> None:
    rule = gauss_hermite(3, 2)
    assert rule.abscissas.shape == (2, 9)
    covariance = (np.exp(rule.log_weights) * rule.abscissas) @ rule.abscissas.T
    assert covariance == pytest.approx(np.eye(2), abs=1e-13)


def test_random_intercept_against_integration() -> None:
    model = logistic_model((Identity(1),))
    likelihood = likelihood_of(model, points=31)
    parameters = parameters_of(likelihood)
    scale = parameters[3]
    eta = model.fixed @ parameters[:3]
    total = 0.0
    for group in np.unique(model.levels[0].groups):
        own = model.levels[0].groups == group

        def integrand(v: float, own: Array = own) -> float:
            density = logistic_density(model.outcome[0, own], eta[own] + scale * v)
            return float(density * np.exp(-0.5 * v * v) / np.sqrt(2.0 * np.pi))

        total += np.log(integrate.quad(integrand, -12.0, 12.0, epsabs=0.0, epsrel=1e-12)[0])
    assert likelihood(parameters, False)[0] == pytest.approx(total, rel=1e-10)


def test_two_correlated_effects_against_integration() -> None:
    model = logistic_model((Unstructured(2),), groups=(3,), size=8)
    likelihood = likelihood_of(model, points=41)
    parameters = parameters_of(likelihood)
    root = np.array([[parameters[3], 0.0], parameters[4:6]])
    eta = model.fixed @ parameters[:3]
    grid, step = np.linspace(-9.0, 9.0, 721, retstep=True)
    v = np.stack(np.meshgrid(grid, grid, indexing="ij"))
    prior = np.exp(-0.5 * np.sum(v**2, axis=0)) / (2.0 * np.pi)
    u = np.tensordot(root, v, axes=1)
    total = 0.0
    for group in range(3):
        own = model.levels[0].groups == group
        z = model.fixed[own, :2]
        moved = eta[own][:, None, None] + np.tensordot(z, u, axes=1)
        density = logistic_density(model.outcome[0, own], np.moveaxis(moved, 0, -1))
        total += np.log(np.sum(density * prior) * step**2)
    assert likelihood(parameters, False)[0] == pytest.approx(total, rel=1e-9)


def test_three_levels_against_nested_integration() -> None:
    model = logistic_model((Identity(1), Identity(1)), groups=(2, 3), size=4)
    likelihood = likelihood_of(model, points=31)
    parameters = parameters_of(likelihood)
    outer, inner = parameters[3:]
    eta = model.fixed @ parameters[:3]
    grid, step = np.linspace(-9.0, 9.0, 1201, retstep=True)
    weight = np.exp(-0.5 * grid**2) / np.sqrt(2.0 * np.pi) * step
    total = 0.0
    for group in range(2):
        product = np.ones(len(grid))
        for cell in np.unique(model.levels[1].groups[model.levels[0].groups == group]):
            own = model.levels[1].groups == cell
            moved = eta[own] + outer * grid[:, None, None] + inner * grid[None, :, None]
            product *= logistic_density(model.outcome[0, own], moved) @ weight
        total += np.log(product @ weight)
    assert likelihood(parameters, False)[0] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("structures", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_methods_agree_with_many_points(structures: tuple[CovarianceStructure, ...]) -> None:
    model = logistic_model(structures, size=8)
    exact = likelihood_of(model, points=25)
    parameters = parameters_of(exact)
    value = exact(parameters, False)[0]
    assert likelihood_of(model)(parameters, False)[0] == pytest.approx(value, abs=2e-3)
    curvature = likelihood_of(model, "mcaghermite", 25)
    assert curvature(parameters, False)[0] == pytest.approx(value, abs=1e-6)
    plain = likelihood_of(model, "ghermite", 25)
    assert plain(parameters, False)[0] == pytest.approx(value, abs=1e-3)
    laplace = likelihood_of(model, "laplace")
    assert laplace(parameters, False)[0] == pytest.approx(value, abs=0.7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("structures", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_derivatives_against_differences(
    structures: tuple[CovarianceStructure, ...], method: str
) -> None:
    model = logistic_model(structures)
    likelihood = likelihood_of(model, method)
    parameters = parameters_of(likelihood)
    point = likelihood.defined_point(parameters)
    assert point is not None
    _, nodes = likelihood.value_at(point, likelihood.prior)
    gradient, hessian = likelihood.derivatives_at(parameters, nodes, final=True)

    def value(at: Array) -> float:
        moved = likelihood.defined_point(at)
        assert moved is not None
        if method == "laplace":
            return likelihood.value_at(moved, nodes)[0]
        return likelihood.likelihood.value(moved, nodes)  # type: ignore[attr-defined]

    def slope(at: Array) -> Array:
        return likelihood.derivatives_at(at, nodes, final=False)[0]

    step = 1e-5
    moves = step * np.eye(len(parameters))
    differences = [(value(parameters + m) - value(parameters - m)) / (2 * step) for m in moves]
    assert gradient == pytest.approx(np.array(differences), abs=1e-6)
    bends = np.stack([(slope(parameters + m) - slope(parameters - m)) / (2 * step) for m in moves])
    assert hessian == pytest.approx(bends, abs=2e-5)


def test_laplace_finds_the_mode() -> None:
    model = logistic_model((Identity(1), Identity(1)), groups=(1, 4), size=6)
    likelihood = likelihood_of(model, "laplace")
    parameters = parameters_of(likelihood)
    point = likelihood.defined_point(parameters)
    assert point is not None
    value, nodes = likelihood.value_at(point, likelihood.prior)
    eta = model.fixed @ parameters[:3]
    cells = model.levels[1].groups

    def negative(v: Array) -> float:
        moved = eta + parameters[3] * v[0] + parameters[4] * v[1:][cells]
        signed = np.where(model.outcome[0] == 1.0, moved, -moved)
        return float(np.sum(np.log1p(np.exp(-signed))) + 0.5 * v @ v)

    found = optimize.minimize(negative, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    modes = np.concatenate([nodes.means[0][0], nodes.means[1][0]])
    assert modes == pytest.approx(found.x, abs=1e-5)
    p = 1.0 / (1.0 + np.exp(-(eta + parameters[3] * modes[0] + parameters[4] * modes[1:][cells])))
    design = np.column_stack([np.full(len(eta), parameters[3]), parameters[4] * np.eye(4)[cells]])
    curvature = design.T @ (design * (p * (1.0 - p))[:, None]) + np.eye(5)
    expected = -negative(modes) - 0.5 * np.linalg.slogdet(curvature)[1]
    assert value == pytest.approx(expected, rel=1e-11)


def test_order_of_observations_does_not_matter() -> None:
    model = logistic_model((Identity(1), Unstructured(2)))
    order = np.random.default_rng(7).permutation(model.observations)
    levels = tuple(
        Level(
            level.groups[order],
            tuple(RandomEffects(e.covariates[order], e.structure) for e in level.effects),
        )
        for level in model.levels
    )
    shuffled = GeneralizedMixedModel(
        model.family, model.outcome[:, order], model.fixed[order], levels
    )
    likelihood = likelihood_of(model)
    parameters = parameters_of(likelihood)
    expected = likelihood(parameters, True)
    found = likelihood_of(shuffled)(parameters, True)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert found[1] == pytest.approx(expected[1], abs=1e-9)
    assert found[2] == pytest.approx(expected[2], abs=1e-8)


@pytest.mark.parametrize("level", ["observations", "inner", "outer"])
def test_weights_are_replications(level: str) -> None:
    model = logistic_model((Identity(1), Identity(1)), groups=(3, 2), size=3)
    outer, inner = model.levels[0].groups, model.levels[1].groups
    n = model.observations
    weights, inner_weights, outer_weights = np.ones(n), np.ones(n), np.ones(n)
    rows = np.arange(n)
    if level == "observations":
        weights[:4] = 3.0
        rows = np.repeat(rows, weights.astype(int))
        outer_codes, inner_codes = outer[rows], inner[rows]
    elif level == "inner":
        inner_weights[inner == 2] = 2.0
        extra = np.flatnonzero(inner == 2)
        rows = np.concatenate([rows, extra])
        outer_codes = outer[rows]
        inner_codes = np.concatenate([inner, np.full(len(extra), 99)])
    else:
        outer_weights[outer == 1] = 2.0
        extra = np.flatnonzero(outer == 1)
        rows = np.concatenate([rows, extra])
        outer_codes = np.concatenate([outer, np.full(len(extra), 98)])
        inner_codes = np.concatenate([inner, inner[extra] + 100])
    weighted = GeneralizedMixedModel(
        model.family,
        model.outcome,
        model.fixed,
        model.levels,
        weights=weights,
        group_weights=(outer_weights, inner_weights),
    )
    one = np.ones((len(rows), 1))
    replicated = GeneralizedMixedModel(
        model.family,
        model.outcome[:, rows],
        model.fixed[rows],
        (
            Level(outer_codes, (RandomEffects(one, Identity(1)),)),
            Level(inner_codes, (RandomEffects(one, Identity(1)),)),
        ),
    )
    first, second = likelihood_of(weighted, points=25), likelihood_of(replicated, points=25)
    parameters = parameters_of(first)
    expected = second(parameters, True)
    found = first(parameters, True)
    assert found[0] == pytest.approx(expected[0], rel=1e-9)
    assert found[1] == pytest.approx(expected[1], abs=1e-6)
    assert found[2] == pytest.approx(expected[2], abs=1e-5)
