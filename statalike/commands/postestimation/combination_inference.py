"""Inference about linear combinations of e(b): variances, degrees of freedom and joint tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.degrees_of_freedom import FixedEffectsInference
from statalike.commands.postestimation.hypotheses import (
    estimated_coefficients,
    residual_degrees_of_freedom,
)
from statalike.commands.postestimation.small_sample import active_inference, fixed_weights
from statalike.data.missing import MISSING
from statalike.engine.wald_test import wald_test
from statalike.language.arguments import Arguments
from statalike.state import State


@dataclass(frozen=True)
class JointStatistic:
    """A test of several combinations; numbers are missing where they are not known.

    ``denominator`` is missing for chi-squared.  ``testable`` is False when a combination is not
    estimable.
    """

    statistic: float
    df: float
    p: float
    denominator: float
    testable: bool = True


@dataclass(frozen=True)
class Combinations:
    """Combinations (m, k) of e(b): estimates, variances and degrees of freedom (m,), infinite for
    the normal distribution and nan where not known, and which are estimable.

    ``covariance`` (m, m) is that of the estimates; rows that are not estimable are zero.
    """

    weights: np.ndarray
    estimates: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    estimable: np.ndarray

    @property
    def variances(self) -> np.ndarray:
        return np.diag(self.covariance)

    @property
    def by_t(self) -> bool:
        """Whether inference goes by t rather than by the normal distribution."""
        return not bool(np.all(self.df == np.inf)) if len(self.df) else False


class CombinationInference:
    """Inference about combinations of e(b) by e(V) and e(df_r), ``df()`` or ``small``; r(198)."""

    def __init__(self, state: State, arguments: Arguments) -> None:
        self._inference: FixedEffectsInference | None = active_inference(state, arguments)
        self._b = estimated_coefficients(state.e).values[0]
        self._covariance = state.e.matrices["V"].values
        self.residual = residual_degrees_of_freedom(state.e, arguments)
        if self._inference is not None or not 0 < self.residual < MISSING:
            self.residual = MISSING

    @property
    def small(self) -> bool:
        return self._inference is not None

    @property
    def by_f(self) -> bool:
        """Whether joint tests are F rather than chi-squared."""
        return self.small or self.residual < MISSING

    def about(self, weights: np.ndarray, estimable: np.ndarray) -> Combinations:
        """Estimates and variances of combinations (m, k)."""
        used = np.where(estimable[:, None], weights, 0.0)
        if self._inference is None:
            covariance = used @ self._covariance @ used.T
            df = np.full(len(used), self.residual if self.residual < MISSING else np.inf)
        else:
            own = fixed_weights(self._inference, used)
            covariance = own @ self._inference.standard_covariance @ own.T
            found = [self._inference.combination(row) if row.any() else MISSING for row in own]
            df = np.array([value if value < MISSING else np.nan for value in found])
        return Combinations(weights, used @ self._b, covariance, df, estimable)

    def test(self, combinations: Combinations, members: Sequence[int]) -> JointStatistic:
        """Test that the chosen combinations are all zero."""
        chosen = list(members)
        if not combinations.estimable[chosen].all():
            return JointStatistic(MISSING, MISSING, MISSING, MISSING, testable=False)
        weights = combinations.weights[chosen]
        constants = np.zeros(len(weights))
        if self._inference is not None:
            found = self._inference.test(fixed_weights(self._inference, weights), constants)
            return JointStatistic(
                found.statistic, found.df, found.p, found.denominator, testable=found.df > 0
            )
        denominator = self.residual if self.residual < MISSING else None
        wald = wald_test(self._b, self._covariance, weights, constants, denominator)
        if not wald.df:
            return JointStatistic(MISSING, 0, MISSING, MISSING, testable=False)
        return JointStatistic(
            wald.statistic, wald.df, wald.p, MISSING if denominator is None else denominator
        )
