"""The data of a linear regression, made again from e() and the dataset in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statalike.commands.estimation.data_signature import check_unchanged
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.design import Design, design_from_names
from statalike.engine.linear.influence import quadratic_forms
from statalike.errors import StataError, last_estimates_not_found
from statalike.evaluation import estimation_sample
from statalike.results.stores import Results
from statalike.state import State


@dataclass
class RegressionData:
    """What ``regress`` was fitted to, over all n observations.

    ``matrix`` (n, p) has the estimated columns, zero where one is missing; ``complete`` (n,) tells
    where none is; ``sample`` (n,) is e(sample), nowhere true when it is not known.
    """

    results: Results
    design: Design
    matrix: np.ndarray
    complete: np.ndarray
    sample: np.ndarray
    outcome: np.ndarray

    @property
    def coefficients(self) -> np.ndarray:
        return np.asarray(self.results.matrices["b"].values[0, self.design.estimated])

    @property
    def covariance(self) -> np.ndarray:
        estimated = np.flatnonzero(self.design.estimated)
        return np.asarray(self.results.matrices["V"].values[np.ix_(estimated, estimated)])

    @property
    def residual_variance(self) -> float:
        return self.results.scalars["rmse"] ** 2

    @property
    def observations(self) -> float:
        return self.results.scalars["N"]

    @cached_property
    def linear_prediction(self) -> np.ndarray:
        """Xb (n,)."""
        return np.asarray(self.matrix @ self.coefficients)

    @cached_property
    def prediction_variance(self) -> np.ndarray:
        """x'Vx for each row x, (n,)."""
        return np.maximum(quadratic_forms(self.matrix, self.covariance), 0.0)

    def changes_of(self, variable: str) -> np.ndarray:
        """The residuals (n,) of a covariate regressed on the others, over their length: how much
        an observation tells of its coefficient; r(111) for what is no covariate."""
        names = [
            name
            for name, used in zip(self.design.names, self.design.estimated, strict=True)
            if used
        ]
        if variable not in names:
            raise StataError(111, f"{variable} not found among the covariates")
        column = self.covariance[:, names.index(variable)]
        spread = np.sqrt(column[names.index(variable)])
        return np.asarray(self.matrix @ column / spread / np.sqrt(self.residual_variance))


def active_regression(state: State, subcommand: str) -> Results:
    """e() of ``regress`` or ``anova``; r(301), r(321)."""
    estimator = state.e.macros.get("cmd")
    if estimator is None:
        raise last_estimates_not_found()
    if estimator not in ("regress", "anova"):
        raise StataError(321, f"{subcommand} is not allowed after {estimator}")
    return state.e


def regression_data(state: State, *, sample: bool) -> RegressionData:
    """The data of the active regression; for a ``sample`` that is lost or changed r(459)."""
    results, data = state.e, state.data
    design = design_from_names(stripe.name for stripe in results.matrices["b"].columns)
    rows = estimation_sample(state)
    if sample:
        if rows is None or not rows.any():
            raise StataError(459, "estimation sample not found; this needs its data")
        check_unchanged(data, results, rows)
    matrix, missing = design.complete_matrix(data)
    outcome = Column.parse(results.macros["depvar"])
    known = all(name in data for name in outcome.variables)
    return RegressionData(
        results,
        design,
        matrix,
        ~missing,
        np.zeros(data.n, dtype=bool) if rows is None else rows,
        outcome.evaluate(data) if known else np.full(data.n, MISSING),
    )
