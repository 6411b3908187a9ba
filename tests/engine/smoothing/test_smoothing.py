"""Smoothers against SciPy, statsmodels and plain computations point by point."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.interpolate import CubicSpline

from statalike.engine.smoothing.kernel_density import (
    KERNELS,
    kernel_density,
    optimal_bandwidth,
)
from statalike.engine.smoothing.lowess import lowess
from statalike.engine.smoothing.median_spline import median_bands, median_spline
from statalike.engine.smoothing.polynomial_fit import fit_polynomial

RANDOM = np.random.default_rng(7)
X = np.sort(RANDOM.uniform(0, 10, 61))
Y = np.sin(X) + RANDOM.normal(0, 0.3, 61)


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_kernels_are_densities(kernel: str) -> None:
    total, _ = integrate.quad(lambda z: float(KERNELS[kernel](np.array([z]))[0]), -9, 9, limit=400)
    assert total == pytest.approx(1, abs=1e-6)


def test_gaussian_density_is_that_of_scipy() -> None:
    points = np.linspace(-2, 12, 40)
    weights = RANDOM.integers(1, 4, len(X)).astype(float)
    spread = np.sqrt(np.cov(X, aweights=weights, ddof=1))
    theirs = stats.gaussian_kde(X, bw_method=float(0.4 / spread), weights=weights)
    scale = float(np.sqrt(theirs.covariance[0, 0]))
    ours = kernel_density(X, points, scale, "gaussian", weights)
    np.testing.assert_allclose(ours, theirs(points), rtol=1e-10)


@pytest.mark.parametrize(("ours", "theirs"), [("epan2", "epa"), ("biweight", "biw")])
def test_compact_kernels_are_those_of_statsmodels(ours: str, theirs: str) -> None:
    from statsmodels.nonparametric.kde import KDEUnivariate

    fitted = KDEUnivariate(X).fit(kernel=theirs, bw=1.3, fft=False, cut=0, gridsize=61)
    mine = kernel_density(X, fitted.support, 1.3, ours)
    np.testing.assert_allclose(mine, fitted.density, rtol=1e-6)


def test_bandwidth() -> None:
    assert optimal_bandwidth(32, 2.0, 10.0) == pytest.approx(0.9 * 2.0 / 2)
    assert optimal_bandwidth(32, 2.0, 1.349) == pytest.approx(0.9 / 2)
    assert optimal_bandwidth(32, 2.0, 0.0) == pytest.approx(0.9)


def _lowess_by_points(bandwidth: float, local_means: bool, tricube: bool) -> np.ndarray:
    """Each window by itself, with NumPy's own polynomial fit."""
    n = len(X)
    k = int(np.floor((n * bandwidth - 0.5) / 2))
    found = []
    for i in range(n):
        window = slice(max(0, i - k), min(i + k, n - 1) + 1)
        x, y = X[window], Y[window]
        reach = 1.0001 * max(X[window][-1] - X[i], X[i] - X[window][0])
        w = (1 - (np.abs(x - X[i]) / reach) ** 3) ** 3 if tricube else np.ones(len(x))
        line = np.polyfit(x, y, 0 if local_means else 1, w=np.sqrt(w))
        found.append(np.polyval(line, X[i]))
    return np.array(found)


@pytest.mark.parametrize("bandwidth", [0.2, 0.8])
@pytest.mark.parametrize("local_means", [False, True])
@pytest.mark.parametrize("tricube", [False, True])
def test_lowess_point_by_point(bandwidth: float, local_means: bool, tricube: bool) -> None:
    ours = lowess(Y, X, bandwidth, local_means=local_means, tricube=tricube)
    np.testing.assert_allclose(
        ours, _lowess_by_points(bandwidth, local_means, tricube), rtol=1e-9, atol=1e-12
    )


def test_lowess_is_near_that_of_statsmodels_inside() -> None:
    """Theirs takes the nearest neighbours: the same windows for equal distances, ends apart."""
    from statsmodels.nonparametric.smoothers_lowess import lowess as theirs

    x = np.arange(101.0)
    y = np.cos(x / 15) + RANDOM.normal(0, 0.1, 101)
    ours = lowess(y, x, 0.31)
    window = 2 * int((101 * 0.31 - 0.5) // 2) + 1
    other = theirs(y, x, frac=(window + 0.1) / 101, it=0, return_sorted=False)
    np.testing.assert_allclose(ours[20:80], other[20:80], atol=1e-4)


def test_lowess_of_equal_x_is_their_mean() -> None:
    np.testing.assert_allclose(lowess(np.array([1.0, 2.0, 6.0]), np.ones(3), 2.0), 3.0)


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_polynomial_is_the_regression_of_statsmodels(degree: int, weighted: bool) -> None:
    import statsmodels.api as sm

    points = np.linspace(0, 10, 9)
    weights = RANDOM.uniform(0.5, 2, len(X)) if weighted else None
    scaled = np.ones(len(X)) if weights is None else weights * len(X) / weights.sum()
    design = np.vander(X, degree + 1, increasing=True)
    fitted = sm.WLS(Y, design, weights=scaled).fit()
    theirs = fitted.get_prediction(np.vander(points, degree + 1, increasing=True))
    ours = fit_polynomial(Y, X, points, degree, weights)
    frame = theirs.summary_frame(alpha=0.1)
    np.testing.assert_allclose(ours.fitted, frame["mean"], rtol=1e-9)
    np.testing.assert_allclose(ours.mean_error, frame["mean_se"], rtol=1e-8)
    np.testing.assert_allclose(ours.limits(90)[0], frame["mean_ci_lower"], rtol=1e-8)
    np.testing.assert_allclose(ours.limits(90, forecast=True)[1], frame["obs_ci_upper"], rtol=1e-8)


def test_polynomial_of_constant_x_is_the_mean() -> None:
    curve = fit_polynomial(Y, np.full(len(Y), 3.0), np.array([3.0]), 2)
    assert curve.fitted[0] == pytest.approx(Y.mean())
    assert curve.degrees == len(Y) - 1


def test_median_bands_and_their_spline() -> None:
    x, y = median_bands(np.array([1.0, 5, 3, 9, 7]), np.array([0.0, 1, 2, 8, 10]), 2)
    np.testing.assert_array_equal(x, [1, 9])
    np.testing.assert_array_equal(y, [3, 8])
    knots, heights = median_bands(Y, X, 6)
    grid, curve = median_spline(Y, X, 6, points=4)
    np.testing.assert_allclose(grid[::4], knots)
    np.testing.assert_allclose(curve[::4], heights)
    np.testing.assert_allclose(curve, CubicSpline(knots, heights, bc_type="natural")(grid))
