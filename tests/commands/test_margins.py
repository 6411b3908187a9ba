"""``margins`` against calculations of its own: explicit matrices, differences, quadrature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, special

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.mixed_sessions import column, pupils, with_data
from tests.commands.reference_logs import agrees, run, steps, tokens
from tests.shared import needs_shared


@pytest.fixture(scope="module")
def regression() -> Session:
    made = pupils()
    made.run("regress y i.a##i.b c.x##c.x z i.a#c.z", quietly=True)
    return made


@pytest.fixture(scope="module")
def binary() -> Session:
    """A logistic model with a random intercept and a random coefficient of x."""
    rng = np.random.default_rng(5)
    n, groups = 600, 60
    g = np.repeat(np.arange(1.0, groups + 1), n // groups)
    x, z = rng.normal(size=n), rng.normal(size=n)
    a = rng.integers(1, 4, size=n).astype(float)
    code = g.astype(int) - 1
    u = rng.normal(size=(groups, 2))[code]
    eta = -0.3 + 0.6 * x + 0.4 * (a == 2) + u[:, 0] + 0.5 * u[:, 1] * x
    y = (rng.random(n) < special.expit(eta)).astype(float)
    rank = 1.0 + (eta + rng.logistic(size=n) > -1) + (eta + rng.logistic(size=n) > 1)
    made = with_data(y=y, x=x, z=z, a=a, g=g, rank=rank, w=eta + rng.normal(size=n))
    made.run("melogit y x i.a z || g: x, covariance(unstructured)", quietly=True)
    return made


def margins(made: Session, command: str) -> tuple[np.ndarray, np.ndarray]:
    """r(b) and the standard errors of a command."""
    made.run(command, quietly=True)
    r = made.state.r.matrices
    return r["b"].values[0], np.sqrt(np.diag(r["V"].values))


def estimates(made: Session) -> tuple[np.ndarray, np.ndarray]:
    matrices = made.state.e.matrices
    return matrices["b"].values[0].copy(), matrices["V"].values


def errors_by_differences(
    value: Callable[[np.ndarray], np.ndarray], b: np.ndarray, V: np.ndarray
) -> np.ndarray:
    """Standard errors of functions of b by central differences."""
    jacobian = np.zeros((len(value(b)), len(b)))
    for k in range(len(b)):
        step = np.zeros(len(b))
        step[k] = 1e-5
        jacobian[:, k] = (value(b + step) - value(b - step)) / 2e-5
    return np.sqrt(np.einsum("ij,jk,ik->i", jacobian, V, jacobian))


def regression_design(made: Session, **replaced: np.ndarray | float) -> np.ndarray:
    """The columns of ``regression`` in the order of e(b), with some variables replaced."""
    n = made.state.data.n
    x, z, a, b = (
        np.broadcast_to(replaced.get(name, column(made, name)), (n,))
        for name in ("x", "z", "a", "b")
    )
    levels = [a == k for k in (1, 2, 3)]
    both = [(a == i) & (b == j) for i in (1, 2, 3) for j in (0, 1)]
    columns = [*levels, b == 0, b == 1, *both, x, x * x, z, *(level * z for level in levels)]
    made_names = made.state.e.matrices["b"].columns
    X = np.stack([np.asarray(c, dtype=float) for c in [*columns, np.ones(n)]], axis=1)
    assert X.shape[1] == len(made_names)
    return X


# --- linear predictions -------------------------------------------------------------------------


def test_levels_of_a_factor_are_means_of_replaced_rows(regression: Session) -> None:
    found, errors = margins(regression, "margins a a#b")
    b, V = estimates(regression)
    rows = [regression_design(regression, a=float(k)).mean(axis=0) for k in (1, 2, 3)]
    rows += [
        regression_design(regression, a=float(k), b=float(m)).mean(axis=0)
        for k in (1, 2, 3)
        for m in (0, 1)
    ]
    L = np.array(rows)
    np.testing.assert_allclose(found, L @ b, rtol=1e-11)
    np.testing.assert_allclose(errors, np.sqrt(np.diag(L @ V @ L.T)), rtol=1e-9)
    names = [str(stripe) for stripe in regression.state.r.matrices["b"].columns]
    assert names[:4] == ["1bn.a", "2.a", "3.a", "1bn.a#0bn.b"]


def test_values_in_at_and_groups_of_over(regression: Session) -> None:
    found, errors = margins(regression, "margins, at(x=(-1 2) z=1) over(b)")
    b, V = estimates(regression)
    group = column(regression, "b")
    L = np.array(
        [
            regression_design(regression, x=x, z=1.0)[group == k].mean(axis=0)
            for x in (-1.0, 2.0)
            for k in (0, 1)
        ]
    )
    np.testing.assert_allclose(found, L @ b, rtol=1e-11)
    np.testing.assert_allclose(errors, np.sqrt(np.diag(L @ V @ L.T)), rtol=1e-9)
    at = regression.state.r.matrices["at"]
    assert at.shape[0] == 2
    assert at.values[0, [str(c) for c in at.columns].index("x")] == -1.0
    assert list(regression.state.r.matrices["_N"].values[0]) == [
        np.sum(group == k) for _ in range(2) for k in (0, 1)
    ]


def test_derivatives_and_discrete_changes(regression: Session) -> None:
    found, errors = margins(regression, "margins, dydx(x b)")
    b, V = estimates(regression)
    h = 1e-3
    x = column(regression, "x")
    slope = (regression_design(regression, x=x + h) - regression_design(regression, x=x - h)).mean(
        axis=0
    ) / (2 * h)
    change = (regression_design(regression, b=1.0) - regression_design(regression, b=0.0)).mean(
        axis=0
    )
    L = np.array([slope, change])
    np.testing.assert_allclose(found[[0, 2]], L @ b, rtol=1e-8)
    np.testing.assert_allclose(errors[[0, 2]], np.sqrt(np.diag(L @ V @ L.T)), rtol=1e-8)
    assert found[1] == 0.0
    names = [str(stripe) for stripe in regression.state.r.matrices["b"].columns]
    assert names == ["x", "0b.b", "1.b"]


def test_elasticities(regression: Session) -> None:
    """d(ln y)/d(ln x) = x f'/f, averaged; its standard error by differences in b."""
    data = regression.state.data
    x = column(regression, "x")
    n = data.n
    regression.run("regress y x if y > 0", quietly=True)
    kept = regression.state.data.marks[regression.state.e.sample or ""]
    own = x[kept]
    assert 0 < kept.sum() < n

    def elasticity(b: np.ndarray) -> np.ndarray:
        f = b[1] + b[0] * own
        return np.array([np.mean(own * b[0] / f), np.mean(b[0] / f), np.mean(own * b[0])])

    b, V = estimates(regression)
    expected, spread = elasticity(b), errors_by_differences(elasticity, b, V)
    for kind, value, error in zip(("eyex", "eydx", "dyex"), expected, spread, strict=True):
        found, errors = margins(regression, f"margins, {kind}(x)")
        np.testing.assert_allclose(found, [value], rtol=1e-9)
        np.testing.assert_allclose(errors, [error], rtol=1e-6)
    regression.run("regress y i.a##i.b c.x##c.x z i.a#c.z", quietly=True)


def test_statistics_of_at(regression: Session) -> None:
    """Fractional indicators for factors, percentiles for measures."""
    b, _ = estimates(regression)
    a = column(regression, "a")
    shares = np.array([np.mean(a == k) for k in (1, 2, 3)])
    middle = float(np.median(column(regression, "x")))
    found, _ = margins(regression, "margins b, at((mean) a (median) x (zero) z)")
    expected = []
    for m in (0.0, 1.0):
        cells = [
            regression_design(regression, a=k, b=m, x=middle, z=0.0)[0] for k in (1.0, 2.0, 3.0)
        ]
        expected.append(shares @ np.array(cells) @ b)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    whole, _ = margins(regression, "margins, at(a=generate(a)) at((asobserved) _all)")
    np.testing.assert_allclose(whole[0], whole[1], rtol=1e-12)
    balanced, _ = margins(regression, "margins, asbalanced at(x=0 z=0)")
    cells = [
        regression_design(regression, a=float(k), b=float(m), x=0.0, z=0.0)[0] @ b
        for k in (1, 2, 3)
        for m in (0, 1)
    ]
    np.testing.assert_allclose(balanced, [np.mean(cells)], rtol=1e-11)


def test_weights_and_observations(regression: Session) -> None:
    b, _ = estimates(regression)
    weights, group = column(regression, "school"), column(regression, "b")
    found, _ = margins(regression, "margins [fweight=school] if b == 1")
    X = regression_design(regression)
    chosen = group == 1
    np.testing.assert_allclose(found, [np.average(X[chosen] @ b, weights=weights[chosen])])
    assert regression.state.r.scalars["N"] == weights[chosen].sum()
    found, _ = margins(regression, "margins, subpop(b)")
    np.testing.assert_allclose(found, [np.mean(X[chosen] @ b)])
    assert regression.state.r.scalars["N_sub"] == chosen.sum()
    assert regression.state.r.scalars["N"] == len(chosen)


def test_empty_cells_are_not_estimable() -> None:
    made = pupils()
    made.run("drop if a == 3 & b == 1", quietly=True)
    made.run("regress y i.a##i.b x", quietly=True)
    text = made.output("margins b a#b")
    assert text.count("(not estimable)") == 2
    assert list(made.state.r.matrices["error"].values[0]) == [0, 8, 0, 0, 0, 0, 0, 8]
    assert "(not estimable)" not in made.output("margins b, noestimcheck")
    found, _ = margins(made, "margins b, emptycells(reweight)")
    b, _ = estimates(made)
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    a, x = column(made, "a"), column(made, "x")
    kept = a != 3
    at = dict(zip(names, b, strict=True))
    expected = np.mean(
        at["_cons"] + at["1.b"] + at["x"] * x[kept] + (a[kept] == 2) * (at["2.a"] + at["2.a#1.b"])
    )
    np.testing.assert_allclose(found[1], expected, rtol=1e-11)


def test_mixed_uses_the_normal_and_regress_t(regression: Session) -> None:
    text = regression.output("margins")
    assert "P>|t|" in text and "Model VCE: OLS" in text
    made = pupils()
    made.run("mixed y x i.a || school:", quietly=True)
    text = made.output("margins a")
    assert "P>|z|" in text and "Model VCE" not in text
    assert "Expression: Linear prediction, fixed portion, predict()" in text
    assert "P>|t|" in made.output("margins a, df(10)")


def test_posted_margins_are_estimates(regression: Session) -> None:
    before = regression.state.e
    regression.run("margins b, post", quietly=True)
    difference = np.diff(regression.state.e.matrices["b"].values[0])
    regression.run("lincom 1.b - 0bn.b", quietly=True)
    np.testing.assert_allclose(regression.state.r.scalars["estimate"], difference[0])
    assert "_b[0bn.b]" in _again(regression, before, "margins b, post coeflegend")
    regression.state.e = before


def _again(made: Session, results: object, command: str) -> str:
    made.state.e = results  # type: ignore[assignment]
    return made.output(command)


# --- generalized models -------------------------------------------------------------------------


def logistic_margin(
    made: Session, nodes: Callable[[np.ndarray, np.ndarray], np.ndarray], **replaced: float
) -> Callable[[np.ndarray], np.ndarray]:
    """The mean of integrated probabilities as a function of e(b)."""
    x = np.broadcast_to(replaced.get("x", column(made, "x")), (made.state.data.n,))
    z = column(made, "z")
    a = np.broadcast_to(replaced.get("a", column(made, "a")), (made.state.data.n,))
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    place = {name: k for k, name in enumerate(names)}

    def value(b: np.ndarray) -> np.ndarray:
        def of(name: str) -> float:
            return float(b[place[name]])

        eta = of("y:_cons") + of("y:x") * x + of("y:z") * z
        eta = eta + of("y:2.a") * (a == 2) + of("y:3.a") * (a == 3)
        variance = of("/var(_cons[g])") + of("/var(x[g])") * x**2
        variance = variance + 2 * of("/cov(x[g],_cons[g])") * x
        return np.array([np.mean(nodes(eta, variance))])

    return value


def by_rule(points: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    abscissas, weights = np.polynomial.hermite_e.hermegauss(points)
    weights = weights / weights.sum()

    def integrated(eta: np.ndarray, variance: np.ndarray) -> np.ndarray:
        return special.expit(eta[:, None] + np.sqrt(variance)[:, None] * abscissas) @ weights

    return integrated


def test_marginal_means_integrate_over_random_coefficients(binary: Session) -> None:
    """The estimation's rule of seven points by default; standard errors by differences of e(b)."""
    found, errors = margins(binary, "margins, at(x=.5)")
    b, V = estimates(binary)
    value = logistic_margin(binary, by_rule(7), x=0.5)
    np.testing.assert_allclose(found, value(b), rtol=1e-11)
    np.testing.assert_allclose(errors, errors_by_differences(value, b, V), rtol=1e-6)
    # The mean of predict is the margin.
    binary.run("predict double marginal_mean, marginal", quietly=True)
    found, _ = margins(binary, "margins")
    np.testing.assert_allclose(found, [column(binary, "marginal_mean").mean()], rtol=1e-12)


def test_many_points_agree_with_adaptive_integration(binary: Session) -> None:
    found, _ = margins(binary, "margins a, at(x=1 z=0) predict(mu intpoints(80))")
    b, _ = estimates(binary)

    def exact(eta: np.ndarray, variance: np.ndarray) -> np.ndarray:
        def integrand(v: float) -> float:
            density = np.exp(-0.5 * v * v) / np.sqrt(2 * np.pi)
            return float(special.expit(eta[0] + np.sqrt(variance[0]) * v) * density)

        value = integrate.quad(integrand, -12, 12, epsabs=1e-12, epsrel=1e-12)[0]
        return np.full(len(eta), value)

    for k in (1, 2, 3):
        value = logistic_margin(binary, exact, x=1.0, a=float(k))
        at_zero = _with_z_zero(binary, value, b)
        np.testing.assert_allclose(found[k - 1], at_zero, atol=1e-8)


def _with_z_zero(made: Session, value: Callable[[np.ndarray], np.ndarray], b: np.ndarray) -> float:
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    without = b.copy()
    without[names.index("y:z")] = 0.0
    return float(value(without)[0])


def test_marginal_effects_by_differences(binary: Session) -> None:
    """x acts through its coefficient and through the variance of the random part."""
    found, errors = margins(binary, "margins, dydx(x) at(x=.5)")
    b, V = estimates(binary)
    h = 1e-4

    def slope(at: np.ndarray) -> np.ndarray:
        ends = [logistic_margin(binary, by_rule(7), x=0.5 + s * h)(at) for s in (-1, 1)]
        return (ends[1] - ends[0]) / (2 * h)

    np.testing.assert_allclose(found, slope(b), rtol=1e-6)
    np.testing.assert_allclose(errors, errors_by_differences(slope, b, V), rtol=1e-4)


def test_monte_carlo_of_marginal_probabilities(binary: Session) -> None:
    found, _ = margins(binary, "margins, at(x=1 z=0 a=1) predict(mu intpoints(40))")
    b, _ = estimates(binary)
    names = [str(stripe) for stripe in binary.state.e.matrices["b"].columns]
    of = dict(zip(names, b, strict=True))
    D = np.array(
        [
            [of["/var(x[g])"], of["/cov(x[g],_cons[g])"]],
            [of["/cov(x[g],_cons[g])"], of["/var(_cons[g])"]],
        ]
    )
    u = np.random.default_rng(3).multivariate_normal(np.zeros(2), D, size=400_000)
    drawn = special.expit(of["y:_cons"] + of["y:x"] + u.sum(axis=1))
    assert abs(found[0] - drawn.mean()) < 4 * drawn.std() / np.sqrt(len(drawn))


def test_statistics_without_random_effects(binary: Session) -> None:
    found, errors = margins(binary, "margins, predict(mu fixedonly)")
    b, V = estimates(binary)
    value = logistic_margin(binary, lambda eta, _: special.expit(eta))
    np.testing.assert_allclose(found, value(b), rtol=1e-12)
    np.testing.assert_allclose(errors, errors_by_differences(value, b, V), rtol=1e-6)
    text = binary.output("margins, predict(mu fixedonly)")
    assert "Predicted mean, fixed portion only, predict(mu fixedonly)" in text


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("meologit rank x i.a || g:", "predict(pr outcome(2))"),
        ("meoprobit rank x i.a || g:", "predict(pr outcome(3)) dydx(x)"),
        ("meprobit y x i.a || g:", ""),
        ("mecloglog y x i.a || g:", "dydx(x)"),
        ("meglm w x i.a || g:", ""),
        ("metobit w x i.a || g:, ll(-1)", "predict(pr(-1,1))"),
        ("metobit w x i.a || g:, ll(-1)", "predict(e(.,1)) dydx(x)"),
        ("metobit w x i.a || g:, ll(-1)", "predict(ystar(-1,.) fixedonly)"),
    ],
)
def test_standard_errors_of_outcomes_by_moved_estimates(
    binary: Session, model: str, options: str
) -> None:
    """Differences of the margin when an element of e(b) is moved, whatever the outcome."""
    before = binary.state.e
    binary.run(model, quietly=True)
    command = f"margins a, {options}"
    _, errors = margins(binary, command)
    results = binary.state.e
    b, V = estimates(binary)

    def value(at: np.ndarray) -> np.ndarray:
        moved = results.copy()
        moved.matrices["b"] = results.matrices["b"].with_values(at[None])
        binary.state.e = moved
        binary.run(f"{command} nose", quietly=True)
        return np.asarray(binary.state.r.matrices["b"].values[0])

    spread = errors_by_differences(value, b, V)
    binary.state.e = before
    np.testing.assert_allclose(errors, spread, rtol=2e-5)


def test_ordinal_models_have_a_margin_for_each_category(binary: Session) -> None:
    before = binary.state.e
    binary.run("meologit rank x || g:", quietly=True)
    text = binary.output("margins")
    values = binary.state.r.matrices["b"].values[0]
    binary.state.e = before
    assert "2._predict: Marginal Pr(rank==2), predict(pr outcome(2))" in text
    np.testing.assert_allclose(values.sum(), 1.0, rtol=1e-12)


def test_expressions(binary: Session) -> None:
    odds, errors = margins(binary, "margins a, expression(exp(xb()))")
    level, spread = margins(binary, "margins a, at(x=0 z=0) predict(xb)")
    at_zero, errors = margins(binary, "margins a, at(x=0 z=0) expression(exp(xb()))")
    np.testing.assert_allclose(at_zero, np.exp(level), rtol=1e-11)
    np.testing.assert_allclose(errors, np.exp(level) * spread, rtol=1e-9)
    assert len(odds) == 3
    doubled, errors = margins(binary, "margins, expression(2*predict(mu) + _b[x]*0 + z*0)")
    single, spread = margins(binary, "margins")
    np.testing.assert_allclose(doubled, 2 * single, rtol=1e-11)
    np.testing.assert_allclose(errors, 2 * spread, rtol=1e-8)


def test_blocks_of_observations_make_no_difference(
    binary: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = margins(binary, "margins a, at(x=(0 1)) over(y)")
    monkeypatch.setattr("statalike.commands.postestimation.margins.estimation.BLOCK", 37)
    pieces = margins(binary, "margins a, at(x=(0 1)) over(y)")
    np.testing.assert_allclose(pieces[0], whole[0], rtol=1e-12)
    np.testing.assert_allclose(pieces[1], whole[1], rtol=1e-10)


# --- unconditional variances ---------------------------------------------------------------------


def test_unconditional_variance_of_a_mean() -> None:
    """With a constant alone the margin is the mean, whose variance is s2/n; with a covariate the
    mean of predictions is the mean of the outcome still."""
    made = pupils()
    y = column(made, "y")
    for model in ("regress y, vce(robust)", "regress y x z, vce(robust)"):
        made.run(model, quietly=True)
        found, errors = margins(made, "margins, vce(unconditional)")
        np.testing.assert_allclose(found, [y.mean()], rtol=1e-10)
        np.testing.assert_allclose(errors, [y.std(ddof=1) / np.sqrt(len(y))], rtol=1e-8)
    text = made.output("margins, vce(unconditional)")
    assert "Unconditional" in text and "Model VCE" not in text


def test_unconditional_variance_by_leaving_clusters_out() -> None:
    """Near to the jackknife over clusters, which takes covariates as sampled."""
    made = pupils(regions=12)
    made.run("egen cluster = group(region school)", quietly=True)
    for model in (
        "regress y x i.a {}, vce(cluster cluster)",
        "mixed y x i.a {} || cluster:, vce(robust)",
    ):
        made.run(model.format(""), quietly=True)
        _, errors = margins(made, "margins, at(x=1) vce(unconditional)")
        left: list[float] = []
        count = int(column(made, "cluster").max())
        for k in range(1, count + 1):
            made.run(model.format(f"if cluster != {k}"), quietly=True)
            left.append(float(margins(made, "margins, at(x=1)")[0][0]))
        spread = np.sqrt((count - 1) / count * np.sum((np.array(left) - np.mean(left)) ** 2))
        np.testing.assert_allclose(errors, [spread], rtol=0.06)


def test_unconditional_variance_after_generalized_models(binary: Session) -> None:
    """Larger than by the delta method, which takes covariates as fixed, by their share."""
    before = binary.state.e
    binary.run("melogit y x i.a || g:, vce(robust)", quietly=True)
    _, delta = margins(binary, "margins")
    _, errors = margins(binary, "margins, vce(unconditional)")
    binary.state.e = before
    assert 0.8 * delta[0] < errors[0] < 1.5 * delta[0]
    assert errors[0] != delta[0]


# --- Stata's own --------------------------------------------------------------------------------


@needs_shared
def test_reference_log_of_mean_survival_times() -> None:
    made = Session()
    for step in steps("mestreg-postestimation/01-conditional-and-marginal-mean-survival"):
        printed = run(made, step.command)
        if step.command.startswith("margins"):
            pairs = zip(tokens(printed), tokens(step.printed), strict=True)
            assert all(agrees(own, expected) for own, expected in pairs)
            return
    raise AssertionError("the log has no margins")


# --- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("margins x", 322, "factor x not found in list of covariates"),
        ("margins, at(w=1)", 322, "invalid at() option;\nvariable w not found"),
        ("margins, at(a=9)", 322, "invalid at() option;\nlevel 9 of factor a"),
        ("margins, at((median) a)", 198, "invalid at() option;\n(median) not allowed"),
        ("margins, at((middle) x)", 198, "invalid at() option;\n(middle) invalid"),
        ("margins, at(x=)", 198, "invalid syntax"),
        ("margins, dydx(w)", 322, "invalid dydx() option;\nvariable w not found"),
        ("margins, dydx(x) eyex(x)", 198, "only one of dydx() or eyex() is allowed"),
        ("margins, eyex(a)", 198, "option eyex() does not allow factor variables"),
        ("margins, predict(stdp)", 322, "prediction is a function of possibly stochastic"),
        ("margins, predict(mu conditional(ebmeans))", 322, "option conditional(ebmeans)"),
        ("margins, vce(unconditional)", 198, "vce(unconditional) requires that the model be fit"),
        ("margins, vce(robust)", 198, "vcetype robust not allowed"),
        ("margins, df(-1)", 198, "df() must be positive"),
        ("margins, emptycells(maybe)", 198, "option emptycells() incorrectly specified"),
        ("margins if x > 100", 2000, "no observations"),
        ("margins, expression(predict(mu) predict(xb)) predict(mu)", 198, "only one of predict()"),
    ],
)
def test_mistakes_change_nothing(binary: Session, command: str, code: int, message: str) -> None:
    before = binary.state.r
    with pytest.raises(StataError) as caught:
        binary.run(command, quietly=True)
    assert caught.value.code == code
    assert caught.value.message.startswith(message)
    assert binary.state.r is before or binary.state.r.matrices.keys() == before.matrices.keys()


def test_without_estimates() -> None:
    with pytest.raises(StataError) as caught:
        pupils().run("margins", quietly=True)
    assert caught.value.code == 301


# --- comparisons --------------------------------------------------------------------------------


def test_contrasts_are_differences_of_margins(regression: Session) -> None:
    margins(regression, "margins a, at(x=(0 1))")
    b = regression.state.r.matrices["b"].values[0].reshape(2, 3)
    V = regression.state.r.matrices["V"].values
    found, errors = margins(regression, "margins r.a, at(x=(0 1))")
    np.testing.assert_allclose(found, (b[:, 1:] - b[:, :1]).T.ravel(), rtol=1e-9)
    weights = np.zeros(6)
    weights[[1, 0]] = 1, -1
    np.testing.assert_allclose(errors[0], np.sqrt(weights @ V @ weights), rtol=1e-8)
    text = regression.output("margins r.a, at(x=(0 1)) contrast(nowald pveffects)")
    assert "Contrasts of predictive margins" in text
    assert "a@_at" in text and "(2 vs 1) 1" in text and "P>F" not in text
    across, errors = margins(regression, "margins a, at(x=(0 1)) contrast(atcontrast(r))")
    assert not errors.any()
    # x is in no interaction, so that these are zero, without noise.
    np.testing.assert_array_equal(across, [0.0, 0.0])


def test_simple_effects_and_effects_of_covariates(regression: Session) -> None:
    margins(regression, "margins a#b")
    b = regression.state.r.matrices["b"].values[0].reshape(3, 2)
    found, _ = margins(regression, "margins b@a, contrast(effects)")
    np.testing.assert_allclose(found, b[:, 1] - b[:, 0], rtol=1e-9)
    margins(regression, "margins a, dydx(z)")
    slopes = regression.state.r.matrices["b"].values[0]
    found, _ = margins(regression, "margins ar.a, dydx(z)")
    np.testing.assert_allclose(found, np.diff(slopes), rtol=1e-8)
    text = regression.output("margins ar.a, dydx(z) contrast(nowald effects)")
    assert "|   Contrast Delta-method" in text


def test_pairwise_comparisons(regression: Session) -> None:
    margins(regression, "margins a")
    b = regression.state.r.matrices["b"].values[0]
    regression.run("margins a, pwcompare(effects)", quietly=True)
    r = regression.state.r.matrices
    np.testing.assert_allclose(
        r["b_vs"].values[0], [b[1] - b[0], b[2] - b[0], b[2] - b[1]], rtol=1e-9
    )
    unadjusted = r["table_vs"].values[3]
    regression.run("margins a, pwcompare mcompare(bonferroni)", quietly=True)
    adjusted = regression.state.r.matrices["table_vs"].values[3]
    np.testing.assert_allclose(adjusted, np.minimum(1, 3 * unadjusted), rtol=1e-9)
    text = regression.output("margins a, pwcompare(pv) mcompare(bonferroni)")
    assert "Number of" in text and "Bonferroni" in text
    assert "3 vs 2" in text


def test_comparisons_without_margins_to_compare(regression: Session) -> None:
    text = regression.output("margins, dydx(x) pwcompare(effects)")
    assert text.startswith("note: ignoring pwcompare options because there are no margins")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("margins r.a, pwcompare", 198),
        ("margins a, pwcompare contrast", 198),
        ("margins r.a, nose", 198),
        ("margins a, contrast(atcontrast(zz))", 198),
        ("margins a, pwcompare(groups)", 198),
        ("margins r.a, mcompare(tukey)", 198),
    ],
)
def test_mistaken_comparisons(regression: Session, command: str, code: int) -> None:
    with pytest.raises(StataError) as caught:
        regression.run(command, quietly=True)
    assert caught.value.code == code
