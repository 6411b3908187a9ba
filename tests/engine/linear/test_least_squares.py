"""Least squares against NIST's certified values, and against fits without single observations.

NIST/ITL StRD, linear regression, https://www.itl.nist.gov/div898/strd/lls/lls.shtml: Norris,
Longley, Wampler1, Wampler2 and Wampler3.
"""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.errors import EstimationError
from statalike.engine.linear.influence import Influence, quadratic_forms
from statalike.engine.linear.least_squares import fit_least_squares, log_likelihood

NORRIS = """
.1 .2 338.8 337.4 118.1 118.2 888 884.6 9.2 10.1 228.1 226.5 668.5 666.3 998.5 996.3 449.1 448.6
778.9 777 559.2 558.2 .3 .4 .1 .6 778.1 775.5 668.8 666.9 339.3 338 448.9 447.5 10.8 11.6
557.7 556 228.3 228.1 998 995.8 888.8 887.6 119.6 120.2 .3 .3 .6 .3 557.6 556.8 339.3 339.1
888 887.2 998.5 999 778.9 779 10.2 11.1 117.6 118.3 228.9 229.2 668.4 669.1 449.2 448.9 .2 .5
"""
LONGLEY = """
60323 83.0 234289 2356 1590 107608 1947  61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949  61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951  63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953  63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955  67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957  66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959  69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961  70551 116.9 554894 4007 2827 130081 1962
"""
WAMPLER3 = """
760 -2042 2111 -1684 3888 1858 11379 17560 39287 64382 113159 175108 273291 400186 581243 811568
1121004 1506550 2002767 2611612 3369180
"""


def numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=float)


def standard_errors(outcome: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their standard errors."""
    fit = fit_least_squares(outcome, columns)
    variance = fit.residual_ss / (len(outcome) - columns.shape[1])
    return fit.coefficients, np.sqrt(variance * np.diag(fit.unscaled_covariance))


def test_norris() -> None:
    y, x = numbers(NORRIS).reshape(-1, 2).T
    columns = np.column_stack((x, np.ones(36)))
    b, errors = standard_errors(y, columns)
    assert b == pytest.approx([1.00211681802045, -0.262323073774029], rel=1e-12)
    assert errors == pytest.approx([0.429796848199937e-3, 0.232818234301152], rel=1e-11)
    fit = fit_least_squares(y, columns)
    assert fit.total_ss == pytest.approx(np.square(y - y.mean()).sum())


def test_longley() -> None:
    data = numbers(LONGLEY).reshape(16, 7)
    b, errors = standard_errors(data[:, 0], np.column_stack((data[:, 1:], np.ones(16))))
    assert b == pytest.approx(
        [
            15.0618722713733,
            -0.358191792925910e-1,
            -2.02022980381683,
            -1.03322686717359,
            -0.511041056535807e-1,
            1829.15146461355,
            -3482258.63459582,
        ],
        rel=1e-9,
    )
    assert errors == pytest.approx(
        [
            84.9149257747669,
            0.334910077722432e-1,
            0.488399681651699,
            0.214274163161675,
            0.226073200069370,
            455.478499142212,
            890420.383607373,
        ],
        rel=1e-9,
    )


def powers(x: np.ndarray) -> np.ndarray:
    return np.column_stack([x**power for power in range(6)])


def test_wampler() -> None:
    x = np.arange(21.0)
    fit = fit_least_squares(powers(x).sum(axis=1), powers(x))
    assert fit.coefficients == pytest.approx(np.ones(6), rel=1e-8)
    fit = fit_least_squares(powers(x) @ 0.1 ** np.arange(6), powers(x))
    assert fit.coefficients == pytest.approx(0.1 ** np.arange(6), rel=1e-9)
    b, errors = standard_errors(numbers(WAMPLER3), powers(x))
    assert b == pytest.approx(np.ones(6), rel=1e-7)
    certified = [
        2152.32624678170,
        2363.55173469681,
        779.343524331583,
        101.475507550350,
        5.64566512170752,
        0.112324854679312,
    ]
    assert errors == pytest.approx(certified, rel=1e-9)


def made_up(seed: int, n: int = 20, p: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    columns = np.column_stack((random.normal(size=(n, p - 1)), np.ones(n)))
    return columns @ random.normal(size=p) + random.normal(size=n), columns


def test_frequency_weights_are_repeated_observations() -> None:
    y, columns = made_up(1)
    weights = np.array([1.0, 2.0, 3.0, 1.0] * 5)
    times = weights.astype(int)
    weighted = fit_least_squares(y, columns, weights)
    repeated = fit_least_squares(np.repeat(y, times), np.repeat(columns, times, axis=0))
    assert weighted.coefficients == pytest.approx(repeated.coefficients, rel=1e-12)
    assert weighted.residual_ss == pytest.approx(repeated.residual_ss, rel=1e-12)
    assert weighted.total_ss == pytest.approx(repeated.total_ss, rel=1e-12)
    assert weighted.unscaled_covariance == pytest.approx(repeated.unscaled_covariance, rel=1e-10)


def test_a_constant_outcome_and_a_perfect_fit_leave_nothing() -> None:
    _, columns = made_up(2)
    assert fit_least_squares(np.full(20, 0.1), columns).total_ss == 0
    assert fit_least_squares(columns @ np.array([0.1, 3, 7]), columns).residual_ss == 0


def test_the_likelihood_of_analytic_weights() -> None:
    """The density of independent normal errors with variances s^2 / w."""
    y, columns = made_up(3)
    weights = np.random.default_rng(4).uniform(0.5, 2, 20)
    fit = fit_least_squares(y, columns, weights)
    variance = fit.residual_ss / 20 / weights
    residuals = y - columns @ fit.coefficients
    density = -0.5 * (np.log(2 * np.pi * variance) + residuals**2 / variance)
    assert log_likelihood(fit.residual_ss, weights, 20) == pytest.approx(density.sum())
    assert np.isnan(log_likelihood(0.0, None, 20))


def test_influence_is_what_leaving_an_observation_out_changes() -> None:
    y, columns = made_up(5)
    fit = fit_least_squares(y, columns)
    n, p = columns.shape
    variance = fit.residual_ss / (n - p)
    leverages = quadratic_forms(columns, fit.unscaled_covariance)
    assert leverages == pytest.approx(fit.leverages)
    influence = Influence(fit.residuals, leverages, variance, n, p)
    for i in range(n):
        others = np.arange(n) != i
        without = fit_least_squares(y[others], columns[others])
        own_variance = without.residual_ss / (n - 1 - p)
        change = fit.coefficients - without.coefficients
        distance = change @ columns.T @ columns @ change / (p * variance)
        assert influence.cooks_distances()[i] == pytest.approx(distance)
        shift = columns[i] @ change
        assert influence.dfits()[i] == pytest.approx(shift / np.sqrt(own_variance * leverages[i]))
        error = np.sqrt(own_variance * (1 - leverages[i]))
        assert influence.studentized_residuals()[i] == pytest.approx(fit.residuals[i] / error)
        ratio = np.linalg.det(own_variance * without.unscaled_covariance) / np.linalg.det(
            variance * fit.unscaled_covariance
        )
        assert influence.covariance_ratios()[i] == pytest.approx(ratio)


def test_values_that_are_not_finite_and_dependent_columns_are_refused() -> None:
    y, columns = made_up(6)
    with pytest.raises(EstimationError):
        fit_least_squares(np.where(np.arange(20) == 3, np.nan, y), columns)
    with pytest.raises(EstimationError):
        fit_least_squares(y, np.column_stack((columns, columns[:, 0])))
