"""Derivatives of log densities against differences, and densities far from the outcome."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from statalike.engine.families.family import Derivatives
from tests.engine.families.examples import EXAMPLES, Example, slopes

Array = NDArray[np.float64]

examples = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)


def shifted(example: Example, eta: Array, predictor: int, by: float) -> tuple[Array, Array]:
    """eta and quantities with one predictor moved."""
    quantities = example.quantities()
    if predictor == 0:
        return eta + by, quantities
    moved = quantities.copy()
    moved[predictor - 1] += by
    return eta, moved


def present(example: Example, predictor: int) -> NDArray[np.bool_]:
    """Where a predictor exists: a cutpoint at infinity cannot be moved."""
    if predictor == 0:
        return np.ones(example.outcome.shape[-1], dtype=bool)
    return example.family.quantity_positions(example.outcome)[predictor - 1] >= 0


def close(found: Array, expected: Array, scale: Array) -> None:
    # Derivatives of the incomplete gamma function in its shape lose some digits far in the tail.
    worst = np.max(np.abs(found - expected) / (1.0 + np.abs(expected) + scale))
    assert worst < 1e-5, (worst, found, expected)


@examples
@settings(max_examples=15, deadline=None)
@given(centre=st.floats(-6.0, 6.0))
def test_derivatives_are_those_of_the_log_density(example: Example, centre: float) -> None:
    family, outcome = example.family, example.outcome
    eta = centre + np.linspace(-1.0, 1.0, 3 * outcome.shape[-1]).reshape(3, -1)
    quantities = example.quantities()
    found = family.third_derivatives(outcome, eta, quantities)
    value = family.log_density(outcome, eta, quantities)
    np.testing.assert_allclose(found.value, value, rtol=1e-12, atol=1e-12)
    plain = family.derivatives(outcome, eta, quantities)
    for one, other in zip(plain.first, found.first, strict=True):
        np.testing.assert_array_equal(one, other)
    assert plain.second.keys() == found.second.keys()

    def at(predictor: int, by: float) -> Derivatives:
        return family.derivatives(outcome, *shifted(example, eta, predictor, by))

    def density_at(by: float) -> Array:
        return family.log_density(outcome, *shifted(example, eta, predictor, by))

    def curvature_at(by: float) -> Array:
        return at(predictor, by).second[0, 0]

    def first_at(by: float) -> Array:
        return at(predictor, by).first[also]

    step = 0.004
    for predictor in range(1 + family.quantity_count):
        here = present(example, predictor)
        expected = slopes(density_at, step)
        close(found.first[predictor][:, here], expected[:, here], np.abs(value[:, here]))
        expected = slopes(curvature_at, step)
        size = np.abs(found.second[0, 0])
        close(found.third[predictor][:, here], expected[:, here], size[:, here])
        for also in range(predictor, 1 + family.quantity_count):
            both = here & present(example, also)
            expected = slopes(first_at, step)
            analytic = np.asarray(found.second.get((predictor, also), np.zeros(eta.shape)))
            size = np.abs(found.first[also])
            close(analytic[:, both], expected[:, both], size[:, both])


@examples
@pytest.mark.parametrize("size", [30.0, 1e3])
def test_far_away_densities_have_no_nan_and_no_warning(example: Example, size: float) -> None:
    family, outcome = example.family, example.outcome
    eta = size * np.array([[-1.0], [1.0]]) * np.ones(outcome.shape[-1])
    quantities = example.quantities()
    value = family.log_density(outcome, eta, quantities)
    assert not np.any(np.isnan(value)) and np.all(value < np.inf)
    found = family.third_derivatives(outcome, eta, quantities)
    np.testing.assert_allclose(found.value, value, rtol=1e-9, atol=1e-9)
    for part in (*found.first, *found.second.values(), *found.third):
        assert np.all(np.isfinite(part))


@examples
def test_starting_values_are_where_the_likelihood_is_defined(example: Example) -> None:
    family, outcome = example.family, example.outcome
    weights = np.linspace(0.5, 2.0, outcome.shape[-1])
    constant, own = family.starting_values(outcome, weights)
    assert own.shape == (family.parameter_count,)
    assert family.is_valid(own)
    eta = np.full(outcome.shape[-1], constant)
    assert np.all(np.isfinite(family.log_density(outcome, eta, example.quantities(own))))


def test_only_ascending_cutpoints_are_valid() -> None:
    family = next(example.family for example in EXAMPLES if example.name == "ordinal logit")
    assert family.is_valid(np.array([-1.0, 0.0, 0.5]))
    assert not family.is_valid(np.array([-1.0, 0.5, 0.5]))
    assert not family.is_valid(np.array([-1.0, np.nan, 0.5]))
