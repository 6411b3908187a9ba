"""``mixed`` on data that determine a model badly or not at all: a right answer, or a word of it."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.session import Session
from tests.commands.mixed_sessions import coefficients, failure, with_data

G, M = 12, 5
WARNING = "Warning: standard errors of some parameters cannot be computed"


def groups(seed: int = 3, count: int = G, size: int = M) -> dict[str, np.ndarray]:
    """An outcome with random intercepts of variance one."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(count), size)
    x = rng.normal(size=count * size)
    y = 1 + 2 * x + rng.normal(size=count)[g] + rng.normal(size=count * size)
    return {"y": y, "x": x, "g": g.astype(float), "o": np.arange(float(count * size))}


def data(**columns: np.ndarray) -> Session:
    return with_data(**{**groups(), **columns})


def test_groups_of_one_leave_both_variances_without_standard_errors() -> None:
    """Only the sum of the variances is determined, and the likelihood is that of a regression."""
    made = with_data(**groups(count=40, size=1))
    printed = made.output("capture noisily mixed y x || g:")
    assert WARNING in printed
    b = coefficients(made)
    y, x = groups(count=40, size=1)["y"], groups(count=40, size=1)["x"]
    X = np.column_stack([x, np.ones(40)])
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert np.exp(2 * b[2]) + np.exp(2 * b[3]) == pytest.approx(residual @ residual / 40, rel=1e-6)
    assert made.state.e.scalars["ll"] == pytest.approx(made.state.e.scalars["ll_c"], abs=1e-7)
    assert not made.state.e.matrices["V"].values[2:, 2:].any()
    made.run("estat convergence", quietly=True)
    assert made.state.r.scalars["trustworthy"] == 0
    np.testing.assert_array_equal(made.state.r.matrices["flat"].values, [[1, 1]])


def test_a_level_of_single_observations_is_flat_beside_one_that_is_not() -> None:
    made = data()
    printed = made.output("capture noisily mixed y x || g: || o:, nolog")
    assert WARNING in printed
    variances = np.diag(made.state.e.matrices["V"].values)[2:]
    np.testing.assert_array_equal(variances > 0, [True, False, False])
    made.run("estat convergence", quietly=True)
    np.testing.assert_array_equal(made.state.r.matrices["flat"].values, [[0, 1, 1]])
    free = coefficients(made, "mixed y x || g:, nolog")
    ll = made.state.e.scalars["ll"]
    made.run("capture mixed y x || g: || o:, nolog", quietly=True)
    assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-6)
    np.testing.assert_allclose(coefficients(made)[:3], free[:3], rtol=1e-3)


def test_a_single_group() -> None:
    made = with_data(**groups(count=1, size=30))
    made.run("mixed y x || g:, nolog", quietly=True)
    assert np.exp(2 * coefficients(made)[2]) < 1e-10
    made.run("estat convergence", quietly=True)
    assert made.state.r.scalars["trustworthy"] == 1
    np.testing.assert_array_equal(made.state.r.matrices["boundary"].values, [[1, 0]])
    # The restricted likelihood leaves out the group's mean, and with it all that tells of groups.
    printed = made.output("capture noisily mixed y x || g:, reml nolog")
    assert WARNING in printed
    assert made.state.e.matrices["V"].values[2, 2] == 0


@pytest.mark.parametrize("scale", ["", "matlog"])
@pytest.mark.parametrize("method", ["ml", "reml"])
def test_a_variance_of_zero_is_marked_as_at_the_boundary(method: str, scale: str) -> None:
    rng = np.random.default_rng(8)
    x, noise = (rng.normal(size=(G, M)) for _ in range(2))
    x, noise = x - x.mean(1, keepdims=True), noise - noise.mean(1, keepdims=True)
    made = data(y=(1 + 2 * x + noise).ravel(), x=x.ravel())
    option = "mle" if method == "ml" else "reml"
    printed = made.output(f"mixed y x || g:, nolog {option} {scale}")
    assert "Prob >= chibar2 = 1.0000" in printed and "Warning" not in printed
    assert np.exp(2 * coefficients(made)[2]) < 1e-6
    np.testing.assert_array_equal(made.state.e.matrices["boundary"].values, [[1, 0]])
    assert made.state.e.scalars["ll"] == pytest.approx(made.state.e.scalars["ll_c"], abs=1e-5)
    assert "at the boundary" in made.output("estat convergence")


def test_a_correlation_of_one_is_marked() -> None:
    rng = np.random.default_rng(6)
    base = groups(count=30, size=8)
    u = rng.normal(size=30)[base["g"].astype(int)]
    y = 1 + base["x"] + u * (1 + base["x"]) + 0.3 * rng.normal(size=240)
    made = with_data(**{**base, "y": y})
    made.run("mixed y x || g: x, cov(un) nolog", quietly=True)
    np.testing.assert_array_equal(made.state.e.matrices["boundary"].values, [[0, 0, 1, 0]])
    made.run("estat convergence", quietly=True)
    assert made.state.r.scalars["trustworthy"] == 1


@pytest.mark.parametrize("factor", [1e-8, 1e8])
@pytest.mark.parametrize("technique", ["nr", "bfgs"])
def test_units_of_covariates_do_not_matter(factor: float, technique: str) -> None:
    made = data(scaled=groups()["x"] * factor)
    tight = f"technique({technique}) nrtolerance(1e-9) nolog"
    plain = coefficients(made, f"mixed y x || g: x, cov(un) {tight}")
    ll = made.state.e.scalars["ll"]
    scaled = coefficients(made, f"mixed y scaled || g: scaled, cov(un) {tight}")
    assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-6)
    assert scaled[0] * factor == pytest.approx(plain[0], rel=1e-5)
    assert scaled[2] + np.log(factor) == pytest.approx(plain[2], abs=1e-3)
    assert scaled[-1] == pytest.approx(plain[-1], abs=1e-5)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_of_the_outcome_do_not_matter(factor: float) -> None:
    made = data(scaled=groups()["y"] * factor)
    plain = coefficients(made, "mixed y x || g:, nolog")
    scaled = coefficients(made, "mixed scaled x || g:, nolog")
    np.testing.assert_allclose(scaled[:2] / factor, plain[:2], rtol=1e-6)
    np.testing.assert_allclose(scaled[2:] - np.log(factor), plain[2:], atol=1e-5)


@pytest.mark.parametrize("offset", [1e6, 1e9])
def test_a_huge_offset_costs_no_digits_that_matter(offset: float) -> None:
    made = data(moved=groups()["y"] + offset)
    plain = coefficients(made, "mixed y x || g:, nolog")
    ll = made.state.e.scalars["ll"]
    moved = coefficients(made, "mixed moved x || g:, nolog")
    assert moved[1] - offset == pytest.approx(plain[1], abs=1e-6)
    np.testing.assert_allclose(moved[[0, 2, 3]], plain[[0, 2, 3]], rtol=1e-5)
    assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-4)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_outcome_has_no_likelihood(value: float) -> None:
    made = data(y=np.full(G * M, value))
    assert failure(made, "mixed y x || g:").code == 459
    assert failure(made, "mixed y || g:, reml").code == 459
    assert not made.state.e.matrices


def test_an_outcome_that_covariates_or_groups_explain_entirely() -> None:
    made = data(line=1 + 2 * groups()["x"])
    assert failure(made, "mixed line x || g:").code == 459
    assert failure(made, "mixed line || g: x").code == 1400
    of_groups = failure(made, "mixed g || g:")
    assert of_groups.code == 1400 and "constant within groups" in of_groups.hint


def test_more_parameters_than_observations() -> None:
    rng = np.random.default_rng(6)
    columns = {f"z{i}": rng.normal(size=6) for i in range(8)}
    made = with_data(y=rng.normal(size=6), g=np.array([1.0, 1, 1, 2, 2, 2]), **columns)
    assert failure(made, "mixed y z0-z7 || g:").code == 2001
    assert failure(made, "mixed y z0-z4 || g:, reml").code == 2001
    # Random effects that explain all outcomes drive the residual variance to zero.
    assert failure(made, "mixed y z0 || g: z1-z5, nolog iterate(30)").code in (430, 1400)


def test_missing_values_everywhere() -> None:
    half = groups()
    half["y"][::2] = MISSING
    half["x"][1::2] = MISSING
    made = with_data(**half, none=np.full(G * M, MISSING))
    assert failure(made, "mixed y x || g:").code == 2000
    assert failure(made, "mixed none || g:").code == 2000
    assert failure(made, "mixed y || none:").code == 2000
    made.run("mixed y || g:, nolog", quietly=True)
    assert made.state.e.scalars["N"] == G * M / 2


def test_cells_without_observations_are_said_and_shown() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.integers(1, 4, size=G * M), rng.integers(1, 3, size=G * M)
    b[a == 2] = 1
    made = data(a=a.astype(float), b=b.astype(float))
    printed = made.output("mixed y i.a##i.b x || g:, nolog")
    assert "note: 2.a#2.b identifies no observations in the sample." in printed
    assert "(empty)" in printed
    assert made.state.e.scalars["rank"] == 8
    made.run("mixed y x || g: i.a#i.b, nolog", quietly=True)
    assert "2.a#2.b" not in made.state.e.macros["revars"]


def test_strings_may_be_groups_and_nothing_else() -> None:
    base = groups()
    made = with_data(**base, s=[f"s{int(v)}" for v in base["g"]])
    numbered = coefficients(made, "mixed y x || g:, nolog")
    np.testing.assert_allclose(coefficients(made, "mixed y x || s:, nolog"), numbered, rtol=1e-6)
    for command in ("mixed s x || g:", "mixed y s || g:", "mixed y || g: s", "mixed y i.s || g:"):
        assert failure(made, command).code == 109


def test_collinear_random_slopes() -> None:
    base = groups()
    made = data(z=3 * base["x"])
    printed = made.output("mixed y x || g: x z, cov(un) nolog")
    assert "note: z omitted from the g equation because of collinearity." in printed
    assert made.state.e.macros["revars"] == "x _cons"
    made.run("capture mixed y x || g: x z, collinear cov(un) nolog", quietly=True)
    assert made.state.return_code == 430
    made.run("estat convergence", quietly=True)
    assert made.state.r.scalars["trustworthy"] == 0


def test_many_observations_in_one_group_and_as_many_groups_as_observations() -> None:
    rng = np.random.default_rng(2)
    n = 100_000
    x = rng.normal(size=n)
    made = with_data(y=x + rng.normal(size=n), x=x, one=np.ones(n), each=np.arange(float(n)))
    made.run("mixed y x || one:, nolog", quietly=True)
    assert made.state.e.scalars["converged"] == 1
    printed = made.output("capture noisily mixed y x || each:, nolog")
    assert WARNING in printed


def test_derivatives_are_kept_for_the_variance_parameters() -> None:
    made = data()
    made.run("mixed y x || g: x, cov(un) nolog", quietly=True)
    names = [str(stripe) for stripe in made.state.e.matrices["gradient"].columns]
    assert names == ["lns1_1_1:_cons", "lns1_1_2:_cons", "atr1_1_1_2:_cons", "lnsig_e:_cons"]
    information = -made.state.e.matrices["hessian"].values
    V = made.state.e.matrices["V"].values[2:, 2:]
    np.testing.assert_allclose(V @ information, np.eye(4), atol=1e-6)
    made.run("mixed y x || g:, nolog emonly", quietly=True)
    assert failure(made, "estat convergence").code == 321
    assert failure(with_data(y=[1.0]), "estat convergence").code == 301
