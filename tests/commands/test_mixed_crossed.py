"""Crossed random effects, ``R.varname``: estimation and what follows it."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.newton_raphson import IterationRecord
from statalike.session import Session
from tests.commands.mixed_sessions import (
    DenseModel,
    coefficients,
    column,
    failure,
    indicators,
    with_data,
)
from tests.commands.reference_logs import disagreements
from tests.shared import needs_shared

CROSSED = "mixed y x || _all: R.code || item:"
ALONE = "R.varname must be the only term of its random-effects equation"
TEXT = "string variables not allowed in varlist;\nname is a string variable"
WITH_INDICATORS = "mixed y x || _all: ibn.code, noconstant covariance(identity) || item:"


def crossed(seed: int = 5, observations: int = 90) -> Session:
    """``y`` with effects of ``rater`` (-1, 0.5, 2, 7; as ``code`` 1 to 4) and ``item`` (1 to 9),
    which cross; items come in the 3 groups of ``batch``.
    """
    rng = np.random.default_rng(seed)
    rater = rng.integers(0, 4, observations)
    item = rng.integers(0, 9, observations)
    x = rng.normal(size=observations)
    y = 1 + 2 * x + rng.normal(size=4)[rater] + 1.5 * rng.normal(size=9)[item]
    y += np.array([-2.0, 0.0, 3.0])[item % 3]
    y += rng.normal(size=observations)
    return with_data(
        y=y,
        x=x,
        rater=np.array([-1.0, 0.5, 2.0, 7.0])[rater],
        code=rater + 1.0,
        item=item + 1.0,
        batch=item % 3 + 1.0,
    )


def dense(made: Session, *variables: str, exchangeable: tuple[str, ...] = ()) -> DenseModel:
    """The model of effects of the categories of variables at the parameters in e(b)."""
    parameters = coefficients(made)[2:]
    designs, blocks = [], []
    for name in variables:
        designs.append(indicators(column(made, name)))
        count = designs[-1].shape[1]
        variance, parameters = parameters[0], parameters[1:]
        block = np.exp(2 * variance) * np.eye(count)
        if name in exchangeable:
            correlation, parameters = parameters[0], parameters[1:]
            block = np.exp(2 * variance) * (
                np.tanh(correlation) + (1 - np.tanh(correlation)) * np.eye(count)
            )
        blocks.append(block)
    size = sum(len(block) for block in blocks)
    G, start = np.zeros((size, size)), 0
    for block in blocks:
        G[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    x = column(made, "x")
    X = np.column_stack([x, np.ones_like(x)])
    return DenseModel(column(made, "y"), X, np.hstack(designs), G, float(np.exp(2 * parameters[0])))


# --- known results ------------------------------------------------------------------------------


@needs_shared
def test_reference_logs() -> None:
    # A row of the table of the last command looks like a command itself.
    assert not disagreements("mixed/11-crossed-effects", leave_out=("estimates stats", "432"))
    assert not disagreements("me/08-crossed-random-effects")


# --- estimation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reml", ["", ", reml"])
@pytest.mark.parametrize(
    "equations",
    [
        "|| _all: R.rater || _all: R.item",
        "|| _all: R.rater || item:",
        "|| _all: R.rater, covariance(identity) || item: R.item",
        "|| batch: R.item || batch: x, noconstant || batch: R.rater",
    ],
)
def test_estimates_are_those_of_the_dense_model(equations: str, reml: str) -> None:
    made = crossed()
    found = coefficients(made, f"mixed y x {equations}{reml}")
    if "batch" in equations:
        assert made.state.e.macros["redim"] == "9 1 4"
        assert made.state.e.macros["revars"] == "R.item x R.rater"
        return
    model = dense(made, "rater", "item")
    b, covariance = model.coefficients()
    np.testing.assert_allclose(found[:2], b, rtol=1e-7)
    V = made.state.e.matrices["V"].values
    np.testing.assert_allclose(V[:2, :2], covariance, rtol=1e-6)
    ll = model.log_likelihood(restricted=bool(reml))
    assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-8)


def test_stored_results() -> None:
    made = crossed()
    coefficients(made, "mixed y x || _all: R.rater, cov(exchangeable) || _all: R.item || batch:")
    macros, scalars = made.state.e.macros, made.state.e.scalars
    assert macros["ivars"] == "_all _all batch"
    assert macros["revars"] == "R.rater R.item _cons"
    assert macros["redim"] == "4 9 1"
    assert macros["vartypes"] == "Exchangeable Identity Identity"
    assert macros["datasignaturevars"].split() == ["y", "x", "batch", "rater", "item"]
    assert (scalars["k_rs"], scalars["k_rc"], scalars["df_c"]) == (3, 1, 4)
    np.testing.assert_array_equal(made.state.e.matrices["N_g"].values, [[1, 3]])
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    assert names[2:] == [
        "lns1_1_1:_cons",
        "atr1_1_1_2:_cons",
        "lns1_2_1:_cons",
        "lns2_1_1:_cons",
        "lnsig_e:_cons",
    ]


def test_output() -> None:
    made = crossed()
    printed = made.output("mixed y x || batch: R.rater, cov(ex) || item:, nolog")
    for words in (
        "batch: Exchangeable          |",
        "var(R.rater) |",
        "cov(R.rater) |",
        "item: Identity               |",
        "Grouping information",
        "LR test vs. linear model: chi2(3) =",
    ):
        assert words in printed
    again = made.output("mixed")
    assert again == printed
    assert "sd(R.rater) |" in made.output("mixed, stddeviations")
    assert "corr(R.rater) |" in made.output("estat sd")
    assert "_b[atr1_1_1_2:_cons]" in made.output("mixed, coeflegend")
    assert "atr1_1_1_2" in made.output("mixed, estmetric")
    made.run("estimates store crossed", quietly=True)
    made.run("mixed y x || item:", quietly=True)
    made.run("estimates restore crossed", quietly=True)
    assert made.output("mixed") == printed
    assert "batch" in made.output("estat group")


def test_one_crossed_factor_is_a_level() -> None:
    made = crossed()
    level = coefficients(made, "mixed y x || item:")
    np.testing.assert_allclose(coefficients(made, "mixed y x || _all: R.item"), level, rtol=1e-9)
    np.testing.assert_allclose(coefficients(made, "mixed y x || item: R.item"), level, rtol=1e-9)
    assert "chibar2(01)" in made.output("mixed")


def test_exchangeable_effects_are_two_levels() -> None:
    """[ME] mixed, example 11."""
    made = crossed()
    made.run("mixed y x || batch: R.item, covariance(exchangeable)", quietly=True)
    blocks = coefficients(made)
    made.run("mixed y x || batch: || item:", quietly=True)
    levels = coefficients(made)
    variance, covariance = np.exp(2 * blocks[2]), np.tanh(blocks[3]) * np.exp(2 * blocks[2])
    outer, inner = np.exp(2 * levels[2:4])
    np.testing.assert_allclose(variance, outer + inner, rtol=1e-4)
    assert covariance > 0
    np.testing.assert_allclose(covariance, outer, rtol=1e-3)


@pytest.mark.parametrize(
    "options",
    ["", ", reml", ", residuals(independent, by(batch))", ", residuals(exchangeable) reml"],
)
def test_as_a_column_for_every_category(options: str) -> None:
    made = crossed()
    found = coefficients(made, CROSSED + options)
    # Differences are taken in other coordinates.
    np.testing.assert_allclose(found, coefficients(made, WITH_INDICATORS + options), atol=2e-3)


@pytest.mark.parametrize(
    "rest",
    [
        "[fw=copies] || batch: {}",
        "[pw=copies] || batch: {} || item:",
        "|| batch: {} vce(robust)",
        "|| batch: {} vce(cluster batch)",
    ],
)
def test_weights_and_robust_variances_as_with_columns(rest: str) -> None:
    made = crossed()
    made.run("generate copies = 1 + mod(_n, 3)", quietly=True)
    found = []
    for effects in ("R.code, cov(identity)", "ibn.code, noconstant cov(identity)"):
        b = coefficients(made, f"mixed y x {rest.format(effects)}")
        made.run("capture drop f", quietly=True)
        made.run("predict double f, fitted", quietly=True)
        found.append((b, made.state.e.matrices["V"].values, column(made, "f")))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def test_scores() -> None:
    made = crossed()
    found = []
    for effects in ("R.code", "ibn.code, noconstant covariance(identity)"):
        coefficients(made, f"mixed y x || batch: {effects}")
        made.run("capture drop s*", quietly=True)
        made.run("predict double s*, scores", quietly=True)
        found.append([column(made, f"s{i}") for i in range(1, 5)])
    np.testing.assert_allclose(found[0], found[1], atol=0.05)


# --- predictions --------------------------------------------------------------------------------


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("exchangeable", [(), ("rater",)])
def test_predictions_are_conditional_means(restricted: bool, exchangeable: tuple[str, ...]) -> None:
    made = crossed()
    structure = "exchangeable" if exchangeable else "identity"
    reml = ", reml" if restricted else ""
    if exchangeable and restricted:
        pytest.skip("the covariance takes the place of the constant")
    made.run(f"mixed y x || _all: R.rater, cov({structure}) || _all: R.item {reml}", quietly=True)
    model = dense(made, "rater", "item", exchangeable=exchangeable)
    b, _ = model.coefficients()
    carried = model.G @ model.Z.T @ np.linalg.inv(model.V)
    u = carried @ (model.y - model.X @ b)
    errors = np.sqrt(np.diag(model.G - carried @ model.Z @ model.G))
    if restricted:
        _, _, inverse = model.henderson()
        errors = np.sqrt(np.diag(inverse)[2:])
    made.run("predict double u*, reffects reses(s*)", quietly=True)
    for i in range(13):
        np.testing.assert_allclose(column(made, f"u{i + 1}"), u[i], atol=1e-6)
        np.testing.assert_allclose(column(made, f"s{i + 1}"), errors[i], atol=1e-6)
    for statistic in ("fitted", "residuals", "rstandard"):
        made.run(f"predict double {statistic}, {statistic}", quietly=True)
    fitted = model.X @ b + model.Z @ u
    np.testing.assert_allclose(column(made, "fitted"), fitted, atol=1e-6)
    np.testing.assert_allclose(column(made, "residuals"), model.y - fitted, atol=1e-6)
    np.testing.assert_allclose(
        column(made, "rstandard"), (model.y - fitted) / np.sqrt(model.s2), atol=1e-6
    )


def test_labels_and_levels() -> None:
    made = crossed()
    made.run("mixed y x || _all: R.rater || item:", quietly=True)
    made.run("predict r*, reffects", quietly=True)
    labels = [made.state.data.variable(f"r{i}").label for i in range(1, 6)]
    assert labels == [
        "BLUP r.e. for _all: -1.rater",
        "BLUP r.e. for _all: .5.rater",
        "BLUP r.e. for _all: 2.rater",
        "BLUP r.e. for _all: 7.rater",
        "BLUP r.e. for item: _cons",
    ]
    made.run("predict double top, fitted relevel(_all)", quietly=True)
    made.run("predict double whole, fitted", quietly=True)
    made.run("predict double of_item, reffects relevel(item)", quietly=True)
    np.testing.assert_allclose(column(made, "whole") - column(made, "top"), column(made, "of_item"))
    made.run("predict double xb, xb", quietly=True)
    rater = np.unique(column(made, "rater"), return_inverse=True)[1]
    effects = np.array([column(made, f"r{i}")[0] for i in range(1, 5)])
    np.testing.assert_allclose(column(made, "top") - column(made, "xb"), effects[rater], atol=1e-6)
    assert failure(made, "predict a b, reffects relevel(_all)").code == 102


def test_out_of_sample() -> None:
    made = crossed()
    made.run("mixed y x if _n > 20 || batch: R.rater || item:", quietly=True)
    made.run("set obs 94", quietly=True)
    for command in (
        "replace x = 0 in 91/94",
        "replace rater = 7 in 91/92",
        "replace rater = 3 in 93",
        "replace batch = 1 in 91/94",
        "replace item = 1 in 91",
        "replace item = 77 in 92",
        "replace item = 1 in 93/94",
        "predict double f, fitted",
        "predict double top, fitted relevel(batch)",
    ):
        made.run(command, quietly=True)
    missing = column(made, "f") > 1e300
    assert list(np.flatnonzero(missing)) == [91, 92, 93]
    # An item that is new, but not its batch.
    assert list(np.flatnonzero(column(made, "top") > 1e300)) == [92, 93]
    assert not missing[:20].any()


def test_categories_that_a_group_does_not_meet() -> None:
    """Their independent effects are zero, with the standard deviation as standard error."""
    made = crossed()
    coefficients(made, "mixed y x || batch: R.item")
    made.run("predict double u*, reffects reses(s*)", quietly=True)
    deviation = np.exp(coefficients(made)[2])
    for batch in (1, 2, 3):
        own = column(made, "batch") == batch
        for item in range(1, 10):
            effects, errors = column(made, f"u{item}")[own], column(made, f"s{item}")[own]
            if (item - 1) % 3 + 1 == batch:
                assert np.all(effects != 0)
                assert np.all(errors < deviation)
            else:
                np.testing.assert_array_equal(effects, 0)
                np.testing.assert_allclose(errors, deviation)


def test_predictions_beside_structured_residuals() -> None:
    made = crossed()
    options = ", residuals(exchangeable) reml"
    for name, model in (("u", CROSSED), ("v", WITH_INDICATORS)):
        made.run(model + options, quietly=True)
        made.run(f"predict double {name}*, reffects reses({name}s*)", quietly=True)
        made.run(f"predict double {name}f, fitted", quietly=True)
    for name in ("1", "3", "4", "s1", "s3", "f"):
        np.testing.assert_allclose(column(made, f"u{name}"), column(made, f"v{name}"), atol=5e-3)


def test_changed_data() -> None:
    made = crossed()
    coefficients(made, "mixed y x || _all: R.rater || item:")
    made.run("replace rater = 2 in 1/3", quietly=True)
    assert failure(made, "predict f, fitted").code == 459
    assert failure(made, "estat df, method(anova)").code == 459


# --- postestimation -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["kroger", "satterthwaite", "satterthwaite, oim", "anova"])
def test_degrees_of_freedom_are_those_of_columns(method: str) -> None:
    made = crossed()
    reml = ", reml tolerance(1e-12) ltolerance(1e-14)"
    found = []
    for model in (CROSSED, WITH_INDICATORS):
        coefficients(made, f"{model}{reml} dfmethod({method})")
        matrices = made.state.e.matrices
        found.append((matrices["df"].values, matrices.get("V_df")))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=2e-3)
    if found[0][1] is not None and found[1][1] is not None:
        np.testing.assert_allclose(found[0][1].values, found[1][1].values, rtol=1e-3, atol=1e-6)


def test_inference_by_kenward_and_roger() -> None:
    made = crossed()
    printed = made.output("mixed y x || _all: R.rater || item:, reml dfmethod(kroger) nolog")
    assert "DF method: Kenward" in printed
    assert "P>|t|" in printed
    assert "F(  1," in made.output("test x, small")
    assert "Satterthwaite" in made.output("estat df, method(satterthwaite residual anova)")
    freedom = made.state.r.matrices["df"].values
    # With 13 categories that sum to two constants.
    np.testing.assert_array_equal(freedom[1:], [[88, 88], [90 - 13, 8]])
    assert failure(made, "mixed y x || _all: R.rater || item:, dfmethod(kroger)").code == 198


def test_statistics_after_estimation() -> None:
    made = crossed()
    coefficients(made, "mixed y x || batch: R.rater, cov(ex) || item:")
    leading = np.exp(2 * coefficients(made)[2])
    covariance = np.tanh(coefficients(made)[3]) * leading
    expected = np.full((4, 4), covariance) + (leading - covariance) * np.eye(4)
    printed = made.output("estat recovariance")
    np.testing.assert_allclose(made.state.r.matrices["Cov3"].values, expected)
    assert "7.rater" in printed
    assert failure(made, "estat icc").code == 321
    coefficients(made, "mixed y x || _all: R.rater || item:")
    made.run("estat wcorrelation, covariance", quietly=True)
    rows = np.flatnonzero(column(made, "item") == column(made, "item")[0])
    V = dense(made, "rater", "item").V[np.ix_(rows, rows)]
    matrices = made.state.r.matrices
    np.testing.assert_allclose(matrices["Cov"].values, V, rtol=1e-10)
    Z, G, R = (matrices[name].values for name in "ZGR")
    np.testing.assert_allclose(Z @ G @ Z.T + R, V, rtol=1e-10)


def test_correlations_of_exchangeable_categories() -> None:
    made = crossed()
    coefficients(made, "mixed y x || _all: R.rater, cov(ex) || _all: R.item")
    made.run("estat wcorrelation, covariance all nosort", quietly=True)
    V = dense(made, "rater", "item", exchangeable=("rater",)).V
    np.testing.assert_allclose(made.state.r.matrices["Cov"].values, V, atol=1e-10)


# --- degenerate and refused ---------------------------------------------------------------------


def test_missing_categories_leave_the_sample() -> None:
    made = crossed()
    made.run("replace rater = . in 1/7", quietly=True)
    coefficients(made, "mixed y x || _all: R.rater || item:")
    assert made.state.e.scalars["N"] == 83


@pytest.mark.parametrize(
    "equations",
    [
        "|| _all: R.one",
        "|| _all: R.number",
        "|| _all: R.one || item:",
        "|| _all: R.rater || _all: R.again",
        "|| item: R.item, covariance(exchangeable)",
        "|| _all: R.rater || item:, noconstant",
        "|| _all: R.one, covariance(exchangeable)",
    ],
)
def test_degenerate_models_are_fitted(equations: str) -> None:
    made = crossed()
    for command in ("generate one = 1", "generate number = _n", "generate again = 10 - rater"):
        made.run(command, quietly=True)
    with made.state.console.quiet():
        made.run(f"capture mixed y x {equations}")
    assert made.state.e.macros["cmd"] == "mixed"
    linear = made.state.e.scalars["ll_c"]
    assert made.state.e.scalars["ll"] >= linear - 1e-6
    made.run("predict f, fitted", quietly=True)
    assert np.isfinite(column(made, "f")).all()


@pytest.mark.parametrize(
    ("equations", "code", "message"),
    [
        ("|| _all: R.rater, cov(un)", 198, "covariance(unstructured) not allowed with R.rater"),
        ("|| _all: R.rater, cov(ind)", 198, "covariance(independent) not allowed with R.rater"),
        ("|| _all: R.rater R.item", 198, ALONE),
        ("|| _all: R.rater x", 198, ALONE),
        ("|| _all: R.(rater item)", 198, ALONE),
        ("|| _all: R.rater#item", 198, None),
        ("|| _all: R.nosuch", 111, "variable nosuch not found"),
        ("|| _all: R.name", 109, TEXT),
        ("R.rater || item:", 198, None),
        ("|| _all: R.rater || item: || _all: R.item", 198, None),
    ],
)  # fmt: skip
def test_refused(equations: str, code: int, message: str | None) -> None:
    made = crossed()
    made.run('generate str4 name = "a"', quietly=True)
    error = failure(made, f"mixed y x {equations}")
    assert error.code == code
    if message is not None:
        assert error.message == message


def test_an_interrupt_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made = crossed()
    before = coefficients(made, "mixed y x || item:")

    def interrupt(self: object, record: IterationRecord) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("statalike.commands.estimation.mixed._IterationLog.iteration", interrupt)
    with pytest.raises(KeyboardInterrupt), made.state.console.quiet():
        made.run("mixed y x || _all: R.rater || item:")
    np.testing.assert_array_equal(coefficients(made), before)
    assert made.state.e.macros["cmdline"] == "mixed y x || item:"
