"""Linear regression of panel data: within, between and random-effects GLS estimators.

[XT] xtreg, Methods and formulas; Swamy and Arora (1972); Baltagi (2013), Econometric Analysis of
Panel Data, sections 2.2 and 2.3, 9.2 for unbalanced panels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.collinearity import independent_columns
from statalike.engine.errors import EstimationError
from statalike.engine.linear.least_squares import LeastSquaresFit, fit_least_squares

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PanelFit:
    """A fit of ``y = X b + a + u + e``, the constant a last among the coefficients (k + 1,).

    ``fit`` is the least-squares fit of the transformed data, ``transformed`` (m, k + 1) their
    columns, ``units`` (m,) the panel of each of their rows.  ``residual_df`` are the degrees of
    freedom left; ``sigma_u`` and ``sigma_e`` the standard deviations of u and e, nan where the
    estimator has none.  ``r_squared`` are squared correlations within, between and overall.
    ``correlation`` is that of u with X b.  ``pooled_ss`` is the residual sum of squares without u.
    """

    fit: LeastSquaresFit
    transformed: Array
    units: NDArray[np.intp]
    residual_df: float
    sigma_u: float
    sigma_e: float
    r_squared: tuple[float, float, float]
    correlation: float = float("nan")
    pooled_ss: float = float("nan")
    theta: Array | None = None

    @property
    def covariance(self) -> Array:
        """``s^2 (X'X)^-1`` of the transformed data, (k + 1, k + 1)."""
        variance = self.fit.residual_ss / self.residual_df
        return np.asarray(self.fit.unscaled_covariance * variance)


def group_means(values: Array, groups: NDArray[np.intp]) -> Array:
    """The mean of each group, numbered from 0, of the rows of ``values`` (n,) or (n, k)."""
    sizes = np.bincount(groups).astype(np.float64)
    if values.ndim == 1:
        return np.bincount(groups, weights=values) / sizes
    columns = [np.bincount(groups, weights=column) / sizes for column in values.T]
    return np.column_stack(columns) if columns else np.zeros((len(sizes), 0))


def within_fit(outcome: Array, columns: Array, groups: NDArray[np.intp]) -> PanelFit:
    """The fixed-effects estimator: deviations from group means, overall means added back.

    ``columns`` (n, k) have no constant.  Of n observations in G groups N - G - k degrees of
    freedom are left.
    """
    means, centre = group_means(columns, groups), columns.mean(axis=0)
    y_means, y_centre = group_means(outcome, groups), float(outcome.mean())
    ones = np.ones((len(outcome), 1))
    design = np.hstack([columns - means[groups] + centre, ones])
    fit = fit_least_squares(outcome - y_means[groups] + y_centre, design)
    slopes, constant = fit.coefficients[:-1], float(fit.coefficients[-1])
    effects = y_means - means @ slopes - constant
    residual_df = float(len(outcome) - len(y_means) - columns.shape[1])
    pooled = fit_least_squares(outcome, np.hstack([columns, ones]))
    return PanelFit(
        fit,
        design,
        groups,
        residual_df,
        float(effects.std(ddof=1)) if len(effects) > 1 else float("nan"),
        float(np.sqrt(fit.residual_ss / residual_df)) if residual_df > 0 else float("nan"),
        squared_correlations(outcome, columns, groups, slopes),
        _correlation(effects[groups], columns @ slopes),
        pooled.residual_ss,
    )


def between_fit(outcome: Array, columns: Array, groups: NDArray[np.intp]) -> PanelFit:
    """Least squares on the group means, each group once."""
    means, y_means = group_means(columns, groups), group_means(outcome, groups)
    design = np.hstack([means, np.ones((len(y_means), 1))])
    fit = fit_least_squares(y_means, design)
    residual_df = float(len(y_means) - design.shape[1])
    spread = float(np.sqrt(fit.residual_ss / residual_df)) if residual_df > 0 else float("nan")
    return PanelFit(
        fit,
        design,
        np.arange(len(y_means)),
        residual_df,
        spread,
        float("nan"),
        squared_correlations(outcome, columns, groups, fit.coefficients[:-1]),
    )


def varying_columns(transformed: Array, columns: Array) -> NDArray[np.bool_]:
    """Which columns (k,) still vary when ``columns`` (n, k) have become ``transformed`` (m, k), and
    do not depend on those before them."""
    sizes = np.sqrt(np.square(columns).sum(axis=0))
    kept: NDArray[np.bool_] = np.sqrt(np.square(transformed).sum(axis=0)) > 1e-9 * sizes
    if kept.any():
        kept[kept] = independent_columns(transformed[:, kept], constant=False)
    return kept


def within_varying(columns: Array, groups: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which columns (k,) vary within groups."""
    return varying_columns(columns - group_means(columns, groups)[groups], columns)


def between_varying(columns: Array, groups: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which columns (k,) vary between groups."""
    means = group_means(columns, groups)
    return varying_columns(means - means.mean(axis=0), columns)


def random_effects_fit(outcome: Array, columns: Array, groups: NDArray[np.intp]) -> PanelFit:
    """Feasible GLS with the variances of Swamy and Arora.

    ``sigma_e^2`` comes from the within residuals, ``sigma_u^2`` from the between residuals,
    ``SSR_b/(G - k - 1) - sigma_e^2/T`` with T the harmonic mean of the group sizes, and no less
    than zero, each of the columns that vary there; then each group's means are taken off in the
    share ``theta_i = 1 - sqrt(sigma_e^2/(T_i sigma_u^2 + sigma_e^2))``.  Raises
    :class:`EstimationError` ``insufficient_observations`` where a variance cannot be estimated.
    """
    within = within_fit(outcome, columns[:, within_varying(columns, groups)], groups)
    between = between_fit(outcome, columns[:, between_varying(columns, groups)], groups)
    if not (np.isfinite(within.sigma_e) and np.isfinite(between.sigma_u)):
        raise EstimationError("insufficient_observations", "insufficient observations")
    sizes = np.bincount(groups).astype(np.float64)
    harmonic = len(sizes) / float(np.sum(1.0 / sizes))
    variance_e = within.sigma_e**2
    variance_u = max(between.sigma_u**2 - variance_e / harmonic, 0.0)
    theta = 1.0 - np.sqrt(variance_e / (sizes * variance_u + variance_e))
    share = theta[groups]
    full = np.hstack([columns, np.ones((len(outcome), 1))])
    design = full - share[:, None] * group_means(full, groups)[groups]
    fit = fit_least_squares(
        outcome - share * group_means(outcome, groups)[groups], design, centred=False
    )
    return PanelFit(
        fit,
        design,
        groups,
        float(len(outcome) - full.shape[1]),
        float(np.sqrt(variance_u)),
        float(np.sqrt(variance_e)),
        squared_correlations(outcome, columns, groups, fit.coefficients[:-1]),
        theta=theta,
    )


def squared_correlations(
    outcome: Array, columns: Array, groups: NDArray[np.intp], slopes: Array
) -> tuple[float, float, float]:
    """Squared correlations of y and X b: within groups, of group means, and overall."""
    predictor = columns @ slopes
    y_means, x_means = group_means(outcome, groups), group_means(predictor, groups)
    pairs = (
        (outcome - y_means[groups], predictor - x_means[groups]),
        (y_means, x_means),
        (outcome, predictor),
    )
    within, between, overall = (_correlation(*pair) ** 2 for pair in pairs)
    return within, between, overall


def _correlation(x: Array, y: Array) -> float:
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0
