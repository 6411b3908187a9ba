"""The estimates of ``menl`` in e() applied to data: the model on its sample, and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.commands.estimation.nonlinear.description import (
    NonlinearDescription,
    path_codes,
    stored_description,
)
from statalike.commands.estimation.nonlinear.sample import NonlinearSample, nonlinear_sample
from statalike.data.missing import MISSING
from statalike.design.sample import drop_missing
from statalike.engine.errors import EstimationError
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.model import NonlinearMixedModel
from statalike.engine.nonlinear.prediction import (
    PREDICTION_RULES,
    EmpiricalBayes,
    predict_effects,
)
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class SpreadEffects:
    """Predicted random effects (n, q) of every observation's groups with their standard errors,
    nan in groups that the estimation sample did not meet.
    """

    values: np.ndarray
    standard_errors: np.ndarray


@dataclass(frozen=True)
class FittedNonlinearModel:
    """A fitted model and the data in memory."""

    state: State
    description: NonlinearDescription
    rules: ConvergenceRules = PREDICTION_RULES

    @property
    def results(self) -> Results:
        """e()."""
        return self.state.e

    @cached_property
    def fixed(self) -> np.ndarray:
        """The estimated fixed-effects parameters (p,)."""
        k_f = len(self.description.fixed)
        return np.asarray(self.results.matrices["b"].values[0, :k_f][self.description.estimated])

    @cached_property
    def estimates(self) -> np.ndarray:
        """The variance parameters (K,)."""
        return np.asarray(self.results.matrices["b"].values[0, len(self.description.fixed) :])

    @cached_property
    def everything(self) -> NonlinearSample:
        """All observations of which the mean can be computed."""
        return self._observations(outcome_needed=False)

    @cached_property
    def sample(self) -> NonlinearSample:
        """The estimation sample; r(459) where there is none."""
        chosen = estimation_sample(self.state)
        if chosen is None or not chosen.any():
            raise StataError(
                459,
                "estimation sample not found; this prediction needs the data of the estimation",
            )
        check_unchanged(self.state.data, self.results, chosen)
        whole = self._observations(outcome_needed=True)
        return NonlinearSample(whole.data, whole.chosen & chosen, whole.initial)

    def _observations(self, *, outcome_needed: bool) -> NonlinearSample:
        macros = self.results.macros
        return nonlinear_sample(
            self.state,
            self.description.specification,
            np.ones(self.state.data.n, dtype=bool),
            self.description.residuals.variables if outcome_needed else (),
            order=macros.get("tsorder", ""),
            keep_missing="tsmissing" in macros,
            outcome_needed=outcome_needed,
        )

    @cached_property
    def model(self) -> NonlinearMixedModel:
        """The engine's model of the estimation sample."""
        functions = self.description.functions(self.state, self.sample)
        return self.description.engine_model(self.state, self.sample, functions)

    @cached_property
    def predicted(self) -> EmpiricalBayes:
        """The random effects of the groups of the estimation sample."""
        try:
            return predict_effects(self.model, self.fixed, self.estimates, self.rules)
        except EstimationError:
            raise StataError(480, "random effects cannot be predicted") from None

    def spread_effects(self) -> SpreadEffects:
        """The predictions carried to every observation of the same groups."""
        data = self.state.data
        q = len(self.description.effects)
        values = np.full((data.n, q), np.nan)
        errors = np.full((data.n, q), np.nan)
        position = 0
        for level, path in enumerate(self.description.paths):
            effects = self.predicted.effects[level]
            own = slice(position, position + effects.shape[1])
            position = own.stop
            known = drop_missing(data, np.ones(data.n, dtype=bool), path)
            codes = path_codes(data, known, path)
            of_group = np.full(int(codes.max(initial=-1)) + 1, -1)
            of_group[codes[self.sample.chosen[known]]] = self.predicted.groups[level]
            group = of_group[codes]
            rows = np.flatnonzero(known)[group >= 0]
            values[rows, own] = effects[group[group >= 0]]
            errors[rows, own] = self.predicted.standard_errors[level][group[group >= 0]]
        return SpreadEffects(values, errors)

    def effects_down_to(self, levels: int) -> np.ndarray:
        """The effects (n, q) of so many levels, outermost first, and zero for the others."""
        if not levels:
            return np.zeros((self.state.data.n, len(self.description.effects)))
        effects = self.spread_effects().values.copy()
        kept = [
            name
            for block in self.description.blocks
            if block.path in self.description.paths[:levels]
            for name in block.effects
        ]
        dropped = [k for k, name in enumerate(self.description.effects) if name not in kept]
        effects[:, dropped] = 0.0
        return effects

    def values(self, name: str, levels: int) -> np.ndarray:
        """A named expression, or the mean by the outcome's name, for every observation (n,) with
        the random effects of so many levels; missing where it cannot be computed.
        """
        effects = self.effects_down_to(levels)[self.everything.chosen]
        functions = self.description.functions(self.state, self.everything)
        found = functions.values(name, self.fixed, effects)
        result = np.full(self.state.data.n, MISSING)
        result[self.everything.chosen] = np.where(np.isfinite(found), found, MISSING)
        return result


def fitted_nonlinear_model(
    state: State, rules: ConvergenceRules = PREDICTION_RULES
) -> FittedNonlinearModel:
    """The model whose estimates e() holds."""
    return FittedNonlinearModel(state, stored_description(state.e, state.data), rules)
