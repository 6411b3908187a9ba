"""Least squares from a command line to e(): what ``regress`` and ``anova`` have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.data.weights import evaluated_weights
from statalike.commands.estimation.coefficient_rows import expanded
from statalike.commands.estimation.distributions import f_tail
from statalike.commands.estimation.fixed_design import refuse_strings, settled_design
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.design import Design
from statalike.design.sample import drop_missing, drop_missing_terms
from statalike.design.terms import Term
from statalike.engine.errors import EstimationError
from statalike.engine.linear.least_squares import (
    LeastSquaresFit,
    fit_least_squares,
    log_likelihood,
)
from statalike.errors import StataError, insufficient_observations
from statalike.evaluation import observations_mask, some_observations
from statalike.language.arguments import Arguments
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class ObservationWeights:
    """Weights of the observations in a sample, (n,): analytic and sampling weights are scaled to
    sum to their number.  ``sum`` is that of the weights as typed.
    """

    kind: str
    text: str
    values: np.ndarray
    sum: float


@dataclass(frozen=True)
class RegressionSample:
    """The observations of a regression, a mask over all of them, and their weights."""

    rows: np.ndarray
    weights: ObservationWeights | None

    @property
    def observations(self) -> float:
        """How many observations the sample counts as."""
        if self.weights is None or self.weights.kind in ("aweight", "pweight"):
            return float(np.count_nonzero(self.rows))
        return float(np.floor(self.weights.sum))

    @property
    def values(self) -> np.ndarray | None:
        return None if self.weights is None else self.weights.values

    @property
    def likelihood_weights(self) -> np.ndarray | None:
        """The weights that precision is proportional to; none where they count observations."""
        analytic = self.weights is not None and self.weights.kind in ("aweight", "pweight")
        return self.values if analytic else None


@dataclass(frozen=True)
class LinearRegression:
    """A fitted regression: ``matrix`` (n, p) holds the estimated columns of the design, and
    ``centred`` tells that the total is measured about the mean.
    """

    outcome: Column
    design: Design
    matrix: np.ndarray
    sample: RegressionSample
    fit: LeastSquaresFit
    centred: bool

    @property
    def residual_df(self) -> float:
        return self.sample.observations - self.matrix.shape[1]

    @property
    def model_df(self) -> int:
        return self.matrix.shape[1] - (1 if self.centred else 0)

    @property
    def residual_variance(self) -> float:
        """e'We / (N - p); missing when nothing is left to estimate it from."""
        return self.fit.residual_ss / self.residual_df if self.residual_df > 0 else MISSING


def regression_sample(
    state: State, arguments: Arguments, terms: Sequence[Term], variables: Sequence[str] = ()
) -> RegressionSample:
    """The observations that have everything the terms and further ``variables`` need; r(2000)."""
    data = state.data
    refuse_strings(data, (name for term in terms for name in term.variables))
    rows = observations_mask(state, arguments.condition, arguments.observations)
    rows = drop_missing(data, drop_missing_terms(data, rows, terms), variables)
    given = arguments.weight
    if given is None:
        return RegressionSample(some_observations(rows), None)
    values, rows = evaluated_weights(state, given, rows)
    values = values[some_observations(rows)].astype(np.float64)
    if np.any(values < 0):
        raise StataError(402, "negative weights not yet supported")
    total = float(values.sum())
    if given.kind in ("aweight", "pweight"):
        values = values * (len(values) / total)
    return RegressionSample(rows, ObservationWeights(given.kind, given.text, values, total))


def fit_regression(
    state: State,
    outcome: Column,
    terms: Sequence[Term],
    sample: RegressionSample,
    *,
    constant: bool = True,
    total_about_mean: bool = False,
    notes: bool = True,
) -> LinearRegression:
    """The least-squares fit; ``total_about_mean`` measures the total about the mean although there
    is no constant among the columns; ``notes`` say what is omitted.  r(2001) for a single
    observation.
    """
    rows: np.ndarray | slice = slice(None) if sample.rows.all() else sample.rows
    if np.count_nonzero(sample.rows) < 2:
        raise insufficient_observations()
    design, matrix = settled_design(state, terms, sample.rows, constant=constant, notes=notes)
    y = outcome.evaluate(state.data, rows)
    centred = constant or total_about_mean
    try:
        fit = fit_least_squares(y, matrix, sample.values, centred=centred)
    except EstimationError as error:
        raise StataError(459, error.message) from None
    return LinearRegression(outcome, design, matrix, sample, fit, centred)


def regression_results(found: LinearRegression, command: str, arguments: Arguments) -> Results:
    """e() of a fit with the variances of ordinary least squares."""
    sample, fit = found.sample, found.fit
    n = sample.observations
    model_df, residual_df, variance = found.model_df, found.residual_df, found.residual_variance
    model_ss = max(fit.total_ss - fit.residual_ss, 0.0)
    f = r_squared = adjusted = MISSING
    if 0 < variance < MISSING:
        f = model_ss / model_df / variance if model_df else 0.0
    if fit.total_ss > 0:
        r_squared = model_ss / fit.total_ss
        total_df = n - (1 if found.centred else 0)
        if residual_df > 0:
            adjusted = 1 - (1 - r_squared) * total_df / residual_df
    likelihood = log_likelihood(fit.residual_ss, sample.likelihood_weights, n)
    null = log_likelihood(fit.total_ss, sample.likelihood_weights, n)
    results = Results(
        scalars={
            "N": n,
            "df_m": float(model_df),
            "df_r": residual_df,
            "F": f,
            "r2": r_squared,
            "rmse": float(np.sqrt(variance)) if variance < MISSING else MISSING,
            "mss": model_ss,
            "rss": fit.residual_ss,
            "r2_a": adjusted,
            "ll": _settled(likelihood),
            "ll_0": _settled(null),
            "rank": float(found.matrix.shape[1]),
        },
        macros={
            "cmdline": arguments.text,
            "vce": "ols",
            "depvar": found.outcome.name,
            "cmd": command,
            "properties": "b V",
            "predict": "regres_p",
            "model": "ols",
            "estat_cmd": "regress_estat",
        },
    )
    if sample.weights is not None:
        results.macros["wtype"] = sample.weights.kind
        results.macros["wexp"] = f"= {sample.weights.text}"
    scale = variance if variance < MISSING else 0.0
    post_estimates(results, found, fit.unscaled_covariance * scale)
    return results


def post_estimates(results: Results, found: LinearRegression, covariance: np.ndarray) -> None:
    """e(b) and e(V), with zeros where a column was not estimated."""
    b, V = expanded(found.fit.coefficients, covariance, found.design.estimated)
    stripes = tuple(Stripe("", name) for name in found.design.names)
    results.matrices["b"] = NamedMatrix.row(b, stripes)
    results.matrices["V"] = NamedMatrix.square(V, stripes)


def f_test_p(scalars: Mapping[str, float]) -> float:
    """The p-value of e(F); missing when it cannot be computed."""
    f, df, denominator = scalars["F"], scalars["df_m"], scalars["df_r"]
    if not (f < MISSING and df > 0 and 0 < denominator < MISSING):
        return MISSING
    return f_tail(df, denominator, f)


def standardised_coefficients(found: LinearRegression) -> np.ndarray:
    """Coefficients times the ratio of the standard deviations of covariate and outcome, (k,); zero
    where a column was not estimated, missing for the constant."""
    weights = found.sample.values
    w = np.ones(len(found.matrix)) if weights is None else weights
    means = w @ found.matrix / w.sum()
    spread = np.sqrt(w @ np.square(found.matrix - means))
    outcome = found.matrix @ found.fit.coefficients + found.fit.residuals
    own = np.sqrt(float(w @ np.square(outcome - w @ outcome / w.sum())))
    beta = np.zeros(len(found.design.columns))
    scaled = found.fit.coefficients * spread / own if own > 0 else np.full(len(spread), MISSING)
    beta[found.design.estimated] = scaled
    constants = [column.constant for column in found.design.columns]
    return np.where(constants, MISSING, beta)


def regression_variables(found: LinearRegression, data: Dataset) -> tuple[str, ...]:
    """The variables of the outcome and the design, each once."""
    names = (*found.outcome.variables, *found.design.variables)
    return tuple(name for name in dict.fromkeys(names) if name in data)


def _settled(value: float) -> float:
    return value if np.isfinite(value) else MISSING
