"""Models at the edge of what can be estimated, and those that cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from statalike.engine.covariance import Independent
from statalike.engine.errors import EstimationError
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.fit import (
    NonlinearFitOptions,
    NonlinearStart,
    fit_nonlinear_mixed_model,
)
from statalike.engine.nonlinear.mean_function import MeanDerivatives, MeanFunction
from statalike.engine.nonlinear.model import EffectsBlock, GroupingLevel, NonlinearMixedModel
from statalike.engine.nonlinear.residuals import PowerVariance, ResidualModel
from tests.engine.nonlinear.examples import Array, constant, group_parameters, logistic, one_level
from tests.engine.nonlinear.simulated import STRUCTURES, TIMES, N, simulated


@dataclass(frozen=True)
class Exponential:
    """``exp((b1 + b2) t) + u``, in which only the sum of the parameters is determined."""

    time: Array

    def evaluate(self, fixed: Array, effects: Array) -> Array:
        return np.asarray(np.exp(fixed.sum() * self.time) + effects.sum(axis=1))

    def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
        values = np.exp(fixed.sum() * self.time)
        slope = (self.time * values)[:, None]
        return MeanDerivatives(
            values + effects.sum(axis=1), np.repeat(slope, 2, axis=1), np.ones(effects.shape)
        )


def exponential(n: int = 40, spread: float = 0.5) -> NonlinearMixedModel:
    rng = np.random.default_rng(5)
    time, groups = np.tile(np.arange(1.0, 6.0), n // 5), np.repeat(np.arange(n // 5), 5)
    effects = spread * rng.normal(size=n // 5)
    outcome = np.exp(0.3 * time) + effects[groups] + 0.2 * rng.normal(size=n)
    return NonlinearMixedModel(outcome, Exponential(time), 2, one_level(groups, 1), 1)


def test_parameters_that_are_not_determined_stay() -> None:
    fit = fit_nonlinear_mixed_model(exponential(), np.array([0.1, 0.1]))
    assert fit.rank == 1
    assert fit.converged
    assert fit.fixed.sum() == pytest.approx(0.3, abs=0.02)
    assert fit.fixed[1] == 0.1
    assert np.all(fit.fixed_covariance[1] == 0.0)
    assert fit.fixed_covariance[0, 0] > 0.0


def test_overflow_at_the_start_is_an_error_or_searched_around() -> None:
    model = exponential()
    with pytest.raises(EstimationError) as caught:
        fit_nonlinear_mixed_model(model, NonlinearStart(np.array([800.0, 800.0]), True))
    assert caught.value.kind == "likelihood_undefined"
    fit = fit_nonlinear_mixed_model(model, np.array([800.0, 0.0]))
    assert fit.fixed.sum() != 0.0


def test_mean_defined_nowhere_is_an_error() -> None:
    class Nowhere:
        def evaluate(self, fixed: Array, effects: Array) -> Array:
            return np.full(N, np.nan)

        def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
            return MeanDerivatives(
                np.full(N, np.nan), np.full((N, 3), np.nan), np.full((N, 3), np.nan)
            )

    model = replace(simulated(ResidualModel()), mean_function=Nowhere())
    with pytest.raises(EstimationError) as caught:
        fit_nonlinear_mixed_model(model)
    assert caught.value.kind == "likelihood_undefined"


def test_effects_that_vanish() -> None:
    rng = np.random.default_rng(8)
    groups = np.tile(np.arange(4), 9)
    noise = 0.2 * rng.normal(size=36)
    noise -= (np.bincount(groups, noise) / 9.0)[groups]
    outcome = np.exp(0.3 * TIMES) + noise
    model = NonlinearMixedModel(outcome, Exponential(TIMES), 2, one_level(groups, 1), 1)
    fit = fit_nonlinear_mixed_model(model, np.array([0.2, 0.0]))
    assert fit.converged
    assert fit.at_boundary.tolist() == [True, False]
    assert fit.covariances[0][0][0, 0] < 1e-6
    error = outcome - np.exp(fit.fixed.sum() * TIMES)
    assert fit.residual_variance == pytest.approx(error @ error / 36, rel=1e-6)
    assert fit.parameter_covariance[1, 1] == pytest.approx(0.5 / 36, rel=1e-3)


def test_one_group_and_groups_of_one_observation() -> None:
    model = exponential()
    single = replace(model, levels=one_level(np.zeros(40, dtype=int), 1))
    assert np.isfinite(fit_nonlinear_mixed_model(single, np.array([0.2, 0.0])).log_likelihood)
    apart = replace(model, levels=one_level(np.arange(40), 1))
    try:
        fit = fit_nonlinear_mixed_model(apart, np.array([0.2, 0.0]))
        assert np.isfinite(fit.log_likelihood)
    except EstimationError as error:
        assert error.kind == "likelihood_undefined"


def test_no_observations_and_wrong_shapes() -> None:
    model = exponential()
    with pytest.raises(EstimationError) as caught:
        replace(model, outcome=np.full(40, np.nan))
    assert caught.value.kind == "no_observations"
    for bad in (
        lambda: replace(model, levels=one_level(np.zeros(3, dtype=int), 1)),
        lambda: replace(model, effect_count=2),
        lambda: replace(
            model,
            levels=(GroupingLevel(np.zeros(40, int), (EffectsBlock((0,), Independent(2)),)),),
        ),
        lambda: replace(model, levels=(GroupingLevel(np.zeros(40, int), ()),), effect_count=0),
        lambda: fit_nonlinear_mixed_model(model, np.zeros(3)),
        lambda: fit_nonlinear_mixed_model(model, NonlinearStart(np.zeros(2), variance=np.zeros(7))),
    ):
        with pytest.raises(EstimationError) as caught:
            bad()
        assert caught.value.kind == "nonconformable"


def test_mean_of_zero_with_a_power_of_it() -> None:
    model = replace(exponential(), residuals=ResidualModel(PowerVariance(np.zeros(40), False)))
    with pytest.raises(EstimationError) as caught:
        fit_nonlinear_mixed_model(model, np.array([0.2, 0.0]))
    assert caught.value.kind == "likelihood_undefined"


def test_iterate_zero_is_the_likelihood_at_the_start() -> None:
    options = NonlinearFitOptions(ConvergenceRules(iterations=0), standard_errors=False)
    fit = fit_nonlinear_mixed_model(exponential(), np.array([0.2, 0.0]), options)
    assert not fit.converged
    assert fit.iterations == ()
    assert np.isfinite(fit.log_likelihood)
    assert np.all(np.isnan(fit.parameter_covariance))


def test_interrupts_pass_through() -> None:
    @dataclass
    class Interrupted:
        inner: Exponential
        calls: int = 0

        def evaluate(self, fixed: Array, effects: Array) -> Array:
            return self.inner.evaluate(fixed, effects)

        def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
            self.calls += 1
            if self.calls == 10:
                raise KeyboardInterrupt
            return self.inner.derivatives(fixed, effects)

    model = exponential()
    assert isinstance(model.mean_function, Exponential)
    with pytest.raises(KeyboardInterrupt):
        fit_nonlinear_mixed_model(
            replace(model, mean_function=Interrupted(model.mean_function)), np.array([0.2, 0.0])
        )


@pytest.mark.parametrize("name", ["constant", "power of the mean", "autoregressive"])
def test_order_of_observations_does_not_matter(name: str) -> None:
    model = simulated(STRUCTURES[name], levels=1)
    rows = np.random.default_rng(1).permutation(N)
    mean = model.mean_function
    shuffled = replace(
        model,
        outcome=model.outcome[rows],
        mean_function=_Shuffled(mean, rows),
        levels=tuple(replace(level, groups=level.groups[rows]) for level in model.levels),
        residuals=model.residuals.chosen(rows),
    )
    start = np.array([3.0, 1.0, 0.9])
    first, second = (fit_nonlinear_mixed_model(m, start) for m in (model, shuffled))
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-8)
    assert second.fixed == pytest.approx(first.fixed, rel=1e-6)
    assert second.estimates == pytest.approx(first.estimates, abs=1e-5)
    assert second.effects[0] == pytest.approx(first.effects[0], abs=1e-6)


@dataclass(frozen=True)
class _Shuffled:
    inner: MeanFunction
    rows: NDArray[np.intp]

    def _unshuffled(self, effects: Array) -> Array:
        result = np.empty_like(effects)
        result[self.rows] = effects
        return result

    def evaluate(self, fixed: Array, effects: Array) -> Array:
        return self.inner.evaluate(fixed, self._unshuffled(effects))[self.rows]

    def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
        found = self.inner.derivatives(fixed, self._unshuffled(effects))
        return MeanDerivatives(
            found.values[self.rows], found.fixed[self.rows], found.effects[self.rows]
        )


def test_missing_outcomes_leave_the_rest_as_it_is() -> None:
    model = simulated(STRUCTURES["autoregressive"], levels=1)
    longer = np.append(model.outcome, [np.nan, np.nan])
    mean = model.mean_function

    class Extended:
        def evaluate(self, fixed: Array, effects: Array) -> Array:
            return np.append(mean.evaluate(fixed, effects[:N]), [7.0, 7.0])

        def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
            found = mean.derivatives(fixed, effects[:N])
            pad = [(0, 2), (0, 0)]
            return MeanDerivatives(
                np.append(found.values, [7.0, 7.0]),
                np.pad(found.fixed, pad),
                np.pad(found.effects, pad),
            )

    more = np.append(np.arange(N), [0, 1])
    extended = replace(
        model,
        outcome=longer,
        mean_function=Extended(),
        levels=tuple(replace(lv, groups=np.append(lv.groups, [0, 9])) for lv in model.levels),
        residuals=model.residuals.chosen(more),
    )
    start = np.array([3.0, 1.0, 0.9])
    first, second = (fit_nonlinear_mixed_model(m, start) for m in (model, extended))
    assert second.observations == N
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-10)
    assert len(second.effects[0]) == len(first.effects[0]) + 1
    assert np.all(second.effects[0][-1] == 0.0)


def test_units_of_the_outcome_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    age, groups = np.tile(np.linspace(100.0, 1600.0, 7), 6), np.repeat(np.arange(6), 7)
    mean = group_parameters(logistic(age), [constant(42)] * 3, [0, None, None])
    effects = (25.0 * rng.normal(size=6))[groups][:, None]
    outcome = mean.evaluate(np.array([190.0, 720.0, 340.0]), effects) + 5.0 * rng.normal(size=42)
    model = NonlinearMixedModel(outcome, mean, 3, one_level(groups, 1), 1)
    fit = fit_nonlinear_mixed_model(model)
    other = fit_nonlinear_mixed_model(replace(model, outcome=1e-3 * outcome))
    assert other.fixed[0] == pytest.approx(1e-3 * fit.fixed[0], rel=1e-6)
    assert other.fixed[1:] == pytest.approx(fit.fixed[1:], rel=1e-6)
    assert other.log_likelihood == pytest.approx(fit.log_likelihood + 42 * np.log(1e3), abs=1e-6)
